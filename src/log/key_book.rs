//! Keys in generations: which key may sign, or is waited for, at which index (`api-spec/log-v2.md` §2).
//!
//! A fold of `log.opened`, `key.registered`, `key.retired` in the order of the log. Everything is judged
//! by index, never by time. VRF keys are opaque here: whether their points are valid and their proofs of
//! possession hold is asked through [`VrfCheck`], so that the log knows no curve.
//!
//! *Invariant:* of each of the operator's uses exactly one key is in force at every index above 0.

use ed25519_dalek::{Signature, VerifyingKey};

use super::key_statements::{KeyRegistered, KeyRetired, KeyUse, RetiredBecause};
use super::opened::LogOpened;
use super::statement::key_digest;
use crate::codec::Hash;

/// Why a statement about a key is refused (`api-spec/log-v2.md` §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// Not a valid key.
    #[error("not a valid key")]
    Key,
    /// Registered before.
    #[error("this key was registered before")]
    NotNew,
    /// No witness key with this digest.
    #[error("names no registered key of a witness")]
    Witness,
    /// The proof of possession does not verify.
    #[error("the proof of possession does not verify")]
    Proof,
    /// No key with this digest.
    #[error("no such key is registered")]
    UnknownKey,
    /// Retired already.
    #[error("this key was retired before")]
    RetiredBefore,
    /// The key in force: a successor comes first.
    #[error("this key is in force; a successor comes first")]
    InForce,
    /// `doubtful_from` is above the statement or not above the registration.
    #[error("doubtful_from lies outside the key's time")]
    DoubtfulFrom,
}

impl KeyRefusal {
    /// The word of the rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::NotNew => "not_new",
            Self::Witness => "witness",
            Self::Proof => "proof",
            Self::UnknownKey => "unknown_key",
            Self::RetiredBefore => "retired_before",
            Self::InForce => "in_force",
            Self::DoubtfulFrom => "doubtful_from",
        }
    }
}

/// What the book asks about VRF keys; the answers come from `draw::vrf`.
#[derive(Clone, Copy)]
pub struct VrfCheck {
    /// Whether bytes are a valid VRF key.
    pub is_key: fn(&[u8; 32]) -> bool,
    /// Whether a proof of 80 bytes over a text verifies under a key.
    pub proves: fn(&[u8; 32], &[u8], &[u8]) -> bool,
}

/// A registered key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredKey {
    /// What it is for.
    pub usage: KeyUse,
    /// The public key.
    pub key: [u8; 32],
    /// Its digest.
    pub digest: Hash,
    /// Index of the entry that registered it.
    pub index: u64,
    /// Who holds it, as the operator says; others' keys only.
    pub name: Option<String>,
    /// Digest of the witness's signing key; `witness_vrf` only.
    pub witness: Option<Hash>,
    /// Index of the entry that retired it, and why.
    pub retired: Option<(u64, RetiredBecause)>,
}

impl RegisteredKey {
    /// Whether it is registered below an index and not retired below it.
    pub fn is_live_at(&self, index: u64) -> bool {
        self.index < index && self.retired.is_none_or(|(retired, _)| retired >= index)
    }

    /// Whether it was retired because somebody else may hold it.
    pub fn is_compromised(&self) -> bool {
        matches!(self.retired, Some((_, RetiredBecause::Compromised { .. })))
    }

    /// Whether what it signed at this index is doubtful.
    pub fn is_doubtful_at(&self, index: u64) -> bool {
        matches!(self.retired, Some((_, RetiredBecause::Compromised { doubtful_from })) if doubtful_from <= index)
    }

    /// Whether it may still contribute at an index to a draw that was committed to it: it was not
    /// retired as compromised below that index.
    pub fn may_contribute_at(&self, index: u64) -> bool {
        !matches!(self.retired, Some((at, RetiredBecause::Compromised { .. })) if at < index)
    }
}

/// All keys of a log.
#[derive(Clone)]
pub struct KeyBook {
    log: String,
    vrf: VrfCheck,
    keys: Vec<RegisteredKey>,
}

impl KeyBook {
    /// The book after entry 0. Error: [`KeyRefusal::Key`].
    pub fn open(log: &str, opened: &LogOpened, vrf: VrfCheck) -> Result<Self, KeyRefusal> {
        let mut book = Self { log: log.to_owned(), vrf, keys: Vec::new() };
        for (usage, key) in [
            (KeyUse::Log, opened.log),
            (KeyUse::Statements, opened.statements),
            (KeyUse::DrawVrf, opened.draw_vrf),
            (KeyUse::TagVrf, opened.tag_vrf),
        ] {
            book.check_key(usage, &key)?;
            let digest = key_digest(&key);
            book.keys.push(RegisteredKey {
                usage,
                key,
                digest,
                index: 0,
                name: None,
                witness: None,
                retired: None,
            });
        }
        Ok(book)
    }

    /// Adds a `key.registered` at an index above all before.
    pub fn register(&mut self, index: u64, said: &KeyRegistered) -> Result<(), KeyRefusal> {
        self.check_key(said.usage, &said.key)?;
        let digest = key_digest(&said.key);
        if self.find(&digest).is_some() {
            return Err(KeyRefusal::NotNew);
        }
        if let Some(witness) = &said.witness
            && self.find(witness).is_none_or(|key| key.usage != KeyUse::Witness)
        {
            return Err(KeyRefusal::Witness);
        }
        if let Some(proof) = &said.proof {
            let text = KeyRegistered::possession_text(&self.log, said.usage, &said.key);
            let holds = if said.usage.is_vrf() {
                (self.vrf.proves)(&said.key, text.as_bytes(), proof)
            } else {
                signed(&said.key, text.as_bytes(), proof)
            };
            if !holds {
                return Err(KeyRefusal::Proof);
            }
        }
        let (usage, key, name, witness) = (said.usage, said.key, said.name.clone(), said.witness);
        self.keys.push(RegisteredKey { usage, key, digest, index, name, witness, retired: None });
        Ok(())
    }

    /// Adds a `key.retired` at an index above all before.
    pub fn retire(&mut self, index: u64, said: &KeyRetired) -> Result<(), KeyRefusal> {
        let known = self.find(&said.key).ok_or(KeyRefusal::UnknownKey)?;
        if known.retired.is_some() {
            return Err(KeyRefusal::RetiredBefore);
        }
        if known.usage.is_operators()
            && self.in_force(known.usage, index).is_some_and(|k| k.digest == said.key)
        {
            return Err(KeyRefusal::InForce);
        }
        if let RetiredBecause::Compromised { doubtful_from } = said.reason
            && (doubtful_from > index || doubtful_from <= known.index)
        {
            return Err(KeyRefusal::DoubtfulFrom);
        }
        if let Some(key) = self.keys.iter_mut().find(|key| key.digest == said.key) {
            key.retired = Some((index, said.reason));
        }
        Ok(())
    }

    /// The key in force at an index: of the operator's use, the one registered last below it.
    /// At index 0 it is the one that entry 0 registers.
    pub fn in_force(&self, usage: KeyUse, index: u64) -> Option<&RegisteredKey> {
        let below = |key: &&RegisteredKey| key.usage == usage && (key.index < index || key.index == 0);
        self.keys.iter().rev().find(below)
    }

    /// The log keys that sign a checkpoint of this size, the oldest first.
    pub fn of_checkpoint(&self, size: u64) -> impl Iterator<Item = &RegisteredKey> {
        self.keys.iter().filter(move |key| key.usage == KeyUse::Log && key.is_live_at(size))
    }

    /// The log keys that a policy may pin, the oldest first: all but those that were found out.
    pub fn log_keys(&self) -> impl Iterator<Item = &RegisteredKey> {
        self.keys.iter().filter(|key| key.usage == KeyUse::Log && !key.is_compromised())
    }

    /// A key by its digest.
    pub fn find(&self, digest: &Hash) -> Option<&RegisteredKey> {
        self.keys.iter().find(|key| key.digest == *digest)
    }

    /// Every key, in the order of registration.
    pub fn all(&self) -> &[RegisteredKey] {
        &self.keys
    }

    /// Indices of the entries that registered or retired a key, entry 0 left out, ascending.
    pub fn entries(&self) -> Vec<u64> {
        let registered = self.keys.iter().map(|key| key.index);
        let retired = self.keys.iter().filter_map(|key| key.retired.map(|(index, _)| index));
        let mut entries: Vec<u64> = registered.chain(retired).filter(|index| *index > 0).collect();
        entries.sort_unstable();
        entries
    }

    fn check_key(&self, usage: KeyUse, key: &[u8; 32]) -> Result<(), KeyRefusal> {
        let valid = if usage.is_vrf() { (self.vrf.is_key)(key) } else { is_ed25519_key(key) };
        if valid { Ok(()) } else { Err(KeyRefusal::Key) }
    }
}

impl std::fmt::Debug for KeyBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyBook").field("log", &self.log).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Whether bytes are an Ed25519 public key that a log may register: canonical and not of small order.
pub fn is_ed25519_key(key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|valid| !valid.is_weak() && valid.to_bytes() == *key)
}

/// Whether a bare Ed25519 signature verifies strictly (`api-spec/log-v1.md` §1.4).
pub fn signed(key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(key), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    const LOG: &str = "draw.example/430600";
    // The log knows no curve of VRFs; any bytes that begin with 9 stand for a valid key here.
    const VRF: VrfCheck = VrfCheck { is_key: |key| key[0] == 9, proves: |_, _, proof| proof[0] == 1 };

    fn secret(n: u8) -> SigningKey {
        SigningKey::from_bytes(&[n; 32])
    }

    fn public(n: u8) -> [u8; 32] {
        secret(n).verifying_key().to_bytes()
    }

    fn vrf(n: u8) -> [u8; 32] {
        [9, n].repeat(16).try_into().unwrap()
    }

    fn book() -> KeyBook {
        let opened = LogOpened {
            jurisdiction: "430600".into(),
            log: public(1),
            statements: public(2),
            draw_vrf: vrf(1),
            tag_vrf: vrf(2),
        };
        KeyBook::open(LOG, &opened, VRF).unwrap()
    }

    fn own(usage: KeyUse, n: u8) -> KeyRegistered {
        let text = KeyRegistered::possession_text(LOG, usage, &public(n));
        let proof = Some(secret(n).sign(text.as_bytes()).to_vec());
        KeyRegistered { usage, key: public(n), proof, name: None, witness: None }
    }

    fn retired(n: u8, reason: RetiredBecause) -> KeyRetired {
        KeyRetired { key: key_digest(&public(n)), reason }
    }

    #[test]
    fn a_key_is_in_force_above_the_entry_that_registers_it() {
        let mut book = book();
        book.register(5, &own(KeyUse::Statements, 3)).unwrap();
        let at = |index| book.in_force(KeyUse::Statements, index).unwrap().key;
        assert_eq!((at(0), at(5), at(6)), (public(2), public(2), public(3)));
        assert_eq!(book.in_force(KeyUse::Supervisor, 9), None);
    }

    #[test]
    fn a_checkpoint_is_signed_by_every_log_key_that_is_live() {
        let mut book = book();
        book.register(5, &own(KeyUse::Log, 3)).unwrap();
        book.retire(8, &retired(1, RetiredBecause::Succeeded)).unwrap();
        let of = |size| book.of_checkpoint(size).map(|key| key.key).collect::<Vec<_>>();
        assert_eq!(
            (of(5), of(6), of(8)),
            (vec![public(1)], vec![public(1), public(3)], vec![public(1), public(3)])
        );
        assert_eq!(of(9), vec![public(3)]);
    }

    #[test]
    fn a_key_is_registered_once_and_by_its_holder() {
        let mut book = book();
        assert_eq!(book.register(1, &own(KeyUse::Statements, 1)), Err(KeyRefusal::NotNew));
        let mut foreign = own(KeyUse::Statements, 3);
        foreign.usage = KeyUse::Log;
        assert_eq!(book.register(1, &foreign), Err(KeyRefusal::Proof));
        let mut weak = own(KeyUse::Statements, 3);
        weak.key = [0; 32];
        assert_eq!(book.register(1, &weak), Err(KeyRefusal::Key));
        let witness = KeyRegistered {
            usage: KeyUse::WitnessVrf,
            key: vrf(7),
            proof: None,
            name: Some("w".into()),
            witness: Some(key_digest(&public(4))),
        };
        assert_eq!(book.register(1, &witness), Err(KeyRefusal::Witness));
        let signer =
            KeyRegistered { usage: KeyUse::Witness, key: public(4), witness: None, ..witness.clone() };
        book.register(1, &signer).unwrap();
        book.register(2, &witness).unwrap();
        let vrf_proof = |first| KeyRegistered {
            usage: KeyUse::DrawVrf,
            key: vrf(8),
            proof: Some(vec![first; 80]),
            name: None,
            witness: None,
        };
        assert_eq!(book.register(3, &vrf_proof(0)), Err(KeyRefusal::Proof));
        book.register(3, &vrf_proof(1)).unwrap();
    }

    #[test]
    fn a_key_is_retired_once_after_its_successor_and_what_it_signed_can_be_doubtful() {
        let mut book = book();
        let compromised = retired(2, RetiredBecause::Compromised { doubtful_from: 4 });
        assert_eq!(book.retire(6, &compromised), Err(KeyRefusal::InForce));
        assert_eq!(book.retire(6, &retired(9, RetiredBecause::Retired)), Err(KeyRefusal::UnknownKey));
        book.register(5, &own(KeyUse::Statements, 3)).unwrap();
        for outside in [0, 7] {
            let wrong = retired(2, RetiredBecause::Compromised { doubtful_from: outside });
            assert_eq!(book.retire(6, &wrong), Err(KeyRefusal::DoubtfulFrom));
        }
        book.retire(6, &compromised).unwrap();
        assert_eq!(book.retire(7, &compromised), Err(KeyRefusal::RetiredBefore));
        let key = book.find(&key_digest(&public(2))).unwrap();
        assert!(key.is_live_at(6) && !key.is_live_at(7));
        assert!(!key.is_doubtful_at(3) && key.is_doubtful_at(4));
        assert!(key.may_contribute_at(6) && !key.may_contribute_at(7));
    }
}
