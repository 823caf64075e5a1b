//! Sealing: private records are encrypted under a data key of their subject, and the data keys are
//! wrapped under a sealing key, so that rotation re-wraps and erasure replaces one small row while
//! the journal stays append-only.
//!
//! AES-256-GCM-SIV (RFC 8452), nonces of 12 random bytes. Form: version byte 1 ‖ nonce 12 ‖
//! ciphertext. Associated data of a record: kind ‖ "\n" ‖ subject; of a wrapped key: subject. So no
//! sealed value can be moved to another row and still open.
//!
//! *Invariant:* random bytes are drawn before a write begins, because the writer may run a call twice.

use std::sync::Arc;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use zeroize::Zeroizing;

use super::refusal::Refusal;
use crate::codec::{Hash, Json, LabelledHash, Object, ShapeError, hmac_sha256, object, to_hex};
use crate::keys::sealing::{SealingKey, SealingKeys};
use crate::ports::Entropy;
use crate::store::subject_key::SubjectKey as Stored;
use crate::store::{self, Conn, StoreError, Tx};

const VERSION: u8 = 1;
const NONCE: usize = 12;

/// The data key of one subject, perhaps not yet stored.
#[derive(Clone)]
pub struct SubjectKey {
    subject: String,
    key: Zeroizing<[u8; 32]>,
    /// The wrapped key, to be stored with the first record of the subject.
    fresh: Option<(Vec<u8>, u32)>,
    sealing: Arc<SealingKeys>,
}

/// Seals and opens under the sealing keys.
pub struct Sealer<'a> {
    sealing: &'a Arc<SealingKeys>,
    entropy: &'a dyn Entropy,
}

impl<'a> Sealer<'a> {
    /// A sealer with the sealing keys and a source of nonces.
    pub fn new(sealing: &'a Arc<SealingKeys>, entropy: &'a dyn Entropy) -> Self {
        Self { sealing, entropy }
    }

    /// A new data key for a subject; [`SubjectKey::store`] keeps it.
    pub fn fresh_key(&self, subject: &str) -> SubjectKey {
        let mut key = Zeroizing::new([0u8; 32]);
        self.entropy.fill(&mut *key);
        let (generation, sealing) = self.sealing.current();
        let wrapped = self.encrypt(&sealing, subject.as_bytes(), &*key);
        SubjectKey {
            subject: subject.to_owned(),
            key,
            fresh: Some((wrapped, generation)),
            sealing: self.sealing.clone(),
        }
    }

    /// A wrapped key under the generation in force instead of its own; the data key stays the same, so
    /// nothing that it seals (entries, files) changes.
    pub fn rewrapped(&self, stored: &Stored) -> Result<Stored, Refusal> {
        self.rewrapped_for(stored, self.sealing)
    }

    /// The same under the generation in force of other sealing keys.
    pub fn rewrapped_for(&self, stored: &Stored, to: &SealingKeys) -> Result<Stored, Refusal> {
        let subject = stored.subject.as_bytes();
        let sealing = self.generation(stored.generation)?;
        let key = decrypt(&sealing, subject, &stored.wrapped)?;
        let (generation, sealing) = to.current();
        Ok(Stored {
            subject: stored.subject.clone(),
            wrapped: self.encrypt(&sealing, subject, &key),
            generation: i64::from(generation),
        })
    }

    fn generation(&self, generation: i64) -> Result<SealingKey, Refusal> {
        let generation = u32::try_from(generation).map_err(Refusal::internal)?;
        self.sealing.of(generation).map_err(Refusal::internal)
    }

    /// The stored data key of a subject; a refusal when it was erased or is not these sealing keys'.
    pub fn stored_key(&self, conn: &mut Conn, subject: &str) -> Result<SubjectKey, Refusal> {
        let stored = store::subject_key::find(conn, subject)?
            .ok_or_else(|| Refusal::internal(format!("no data key for subject {subject}")))?;
        let sealing = self.generation(stored.generation)?;
        let key = decrypt(&sealing, subject.as_bytes(), &stored.wrapped)?;
        let key = <[u8; 32]>::try_from(key.as_slice()).map_err(Refusal::internal)?;
        let sealing = self.sealing.clone();
        Ok(SubjectKey { subject: subject.to_owned(), key: Zeroizing::new(key), fresh: None, sealing })
    }

    /// Seals a record of a kind for the key's subject.
    pub fn seal(&self, key: &SubjectKey, kind: &str, plaintext: &[u8]) -> Vec<u8> {
        self.encrypt(&key.key, &key.context(kind), plaintext)
    }

    fn encrypt(&self, key: &[u8; 32], context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut nonce = [0u8; NONCE];
        self.entropy.fill(&mut nonce);
        let payload = Payload { msg: plaintext, aad: context };
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&nonce);
        // Encryption fails only for plaintexts beyond 64 GiB; records are far below.
        let nonce: Nonce = nonce.into();
        let ciphertext = Aes256GcmSiv::new(key.into()).encrypt(&nonce, payload);
        sealed.extend(ciphertext.unwrap_or_default());
        sealed
    }
}

impl SubjectKey {
    /// Stores the wrapped key if it is new; part of the write that stores the first record.
    pub fn store(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        match self.row() {
            Some(row) => {
                self.check(tx)?;
                store::subject_key::insert(tx, &row)
            }
            None => Ok(()),
        }
    }

    /// Stores the wrapped key in the place of the one that the subject had: what was sealed before
    /// opens no more (erasure).
    pub fn replace(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        store::subject_key::erase(tx, &self.subject)?;
        self.store(tx)
    }

    /// The same key for a record that is written where another part of the write stores it.
    pub fn stored_elsewhere(&self) -> Self {
        Self { fresh: None, ..self.clone() }
    }

    /// Under the lock: a new key is wrapped under the generation in force, so that a rotation that
    /// another process began leaves nobody behind. If it is not, the process learns of the new
    /// generation and the caller is asked to try again.
    pub fn check(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Some((_, generation)) = &self.fresh else { return Ok(()) };
        let current = store::subject_key::generation(tx)?;
        if i64::from(*generation) == current {
            return Ok(());
        }
        let known = u32::try_from(current).ok().map(|current| self.sealing.use_generation(current));
        if let Some(Err(error)) = known {
            tracing::error!(generation = current, %error, "the sealing key in force is not at hand");
        }
        Err(StoreError::Busy)
    }

    /// The row to be stored, if the key is new; for bulk writes, which [`SubjectKey::check`] one of
    /// their keys.
    pub fn row(&self) -> Option<Stored> {
        let (wrapped, generation) = self.fresh.clone()?;
        Some(Stored { subject: self.subject.clone(), wrapped, generation: i64::from(generation) })
    }

    /// A name for a content that is the same for equal contents of this subject and says nothing to
    /// whoever has not the data key: HMAC-SHA-256 under a key derived from it.
    pub fn name_of(&self, content: &[u8]) -> Hash {
        let naming = Zeroizing::new(hmac_sha256(&self.key, &[b"expert-draw/v1/attachment-name"]));
        Hash(hmac_sha256(&naming, &[content]))
    }

    /// Opens a sealed record of a kind.
    pub fn open(&self, kind: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        decrypt(&self.key, &self.context(kind), sealed)
    }

    fn context(&self, kind: &str) -> Vec<u8> {
        [kind.as_bytes(), b"\n", self.subject.as_bytes()].concat()
    }
}

fn decrypt(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let open = || {
        let (version, rest) = sealed.split_first()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: ciphertext, aad: context };
        let nonce: Nonce = (*nonce).into();
        if *version == VERSION { Aes256GcmSiv::new(key.into()).decrypt(&nonce, payload).ok() } else { None }
    };
    open().map(Zeroizing::new).ok_or_else(|| Refusal::internal("a sealed record does not open"))
}

/// A private record behind an opaque statement: H("record"; salt 32 ‖ var(canonical record)).
///
/// Used where the public is told only that something was recorded: accounts, looks, packages' plans.
#[derive(Clone)]
pub struct OpaqueRecord {
    /// Canonical `{"record":…,"salt":…}`, to be sealed.
    pub bytes: Vec<u8>,
    /// The digest that the statement carries.
    pub digest: Hash,
}

impl OpaqueRecord {
    /// A record under a fresh salt.
    pub fn new(record: &Json, entropy: &dyn Entropy) -> Self {
        let mut salt = [0u8; 32];
        entropy.fill(&mut salt);
        Self::with_salt(record, &salt)
    }

    fn with_salt(record: &Json, salt: &[u8; 32]) -> Self {
        let digest = LabelledHash::new("record").fixed(salt).variable(&record.canonical()).finish();
        let whole = Object::new().with("salt", to_hex(salt)).with("record", record.clone());
        Self { bytes: Json::from(whole).canonical(), digest }
    }

    /// Reads opened bytes back and answers the record.
    pub fn read(bytes: &[u8]) -> Result<(Json, Hash), ShapeError> {
        let json = Json::parse_canonical(bytes, 1 << 24).map_err(|e| ShapeError::new("", e.to_string()))?;
        let (salt, record) = object(&json, "", |f| Ok((f.hash("salt")?, f.required("record")?.clone())))?;
        let digest = Self::with_salt(&record, salt.as_bytes()).digest;
        Ok((record, digest))
    }

    /// The statement of a type that carries the digest.
    pub fn statement(&self, kind: &str) -> Object {
        Object::new().with("type", kind).with("image", self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededEntropy;

    #[test]
    fn a_sealed_record_opens_only_as_what_it_is() {
        let entropy = SeededEntropy::new(1);
        let keys = Arc::new(SealingKeys::only(Zeroizing::new([7; 32])));
        let sealer = Sealer::new(&keys, &entropy);
        let key = sealer.fresh_key("E1");
        let sealed = sealer.seal(&key, "expert", b"secret");
        assert_eq!(key.open("expert", &sealed).unwrap().as_slice(), b"secret");
        assert!(key.open("package", &sealed).is_err());
        assert!(sealer.fresh_key("E1").open("expert", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("expert", &changed).is_err(), "byte {at}");
        }
        assert_ne!(sealer.seal(&key, "expert", b"secret"), sealed);
    }

    #[test]
    fn an_opaque_record_reads_back_with_its_digest() {
        let record = Json::from(Object::new().with("role", "bureau"));
        let made = OpaqueRecord::new(&record, &SeededEntropy::new(2));
        assert_eq!(OpaqueRecord::read(&made.bytes).unwrap(), (record, made.digest));
    }
}
