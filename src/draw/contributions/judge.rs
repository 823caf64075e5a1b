//! Whether a contribution is the one that a commitment waits for, by its maker (`api-spec/draw-v3.md`
//! §§2–4): the same questions for the service before it writes one and for the verifier after.
//!
//! *Deliberately not here:* time and order among several contributions, which are of the whole draw.

use super::statements::{Answer, BeaconRound, NonceCommitted, NotReleased, Reveal, Share};
use super::texts::{AnswerText, nonce_commitment, nonce_text, not_released_text, reveal_text, verifies};
use crate::codec::{Hash, sha256};
use crate::draw::beacon::{self, BeaconError, ChainInfo};
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::seed::Contribution;
use crate::draw::statements::Contributed;
use crate::draw::vrf::{VrfError, VrfPublic};
use crate::log::{KeyBook, Origin, RegisteredKey};

/// Why a contribution is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// By nobody whom the commitment names.
    #[error("is by nobody whom the commitment names")]
    Nobody,
    /// A key that no entry registers.
    #[error("names a key that no entry registers")]
    UnknownKey,
    /// The key was retired as compromised before.
    #[error("is by a key that was retired as compromised before")]
    Compromised,
    /// A nonce that does not open the commitment.
    #[error("the nonce is not the one that was committed")]
    Nonce,
    /// A signature that does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// A witness answers where the operator has not contributed.
    #[error("stands where the operator has not contributed")]
    NoOperator,
    /// A witness's head is too small, or larger than the log.
    #[error("the witness's head does not cover what it had to see, or comes after its answer")]
    Head,
    /// A witness's clock was past the deadline.
    #[error("the witness answered after the deadline")]
    Late,
    /// No chain to check a round by.
    #[error("there is no chain to check the round by")]
    NoChain,
    /// The VRF proof.
    #[error("the VRF proof: {0}")]
    Vrf(#[from] VrfError),
    /// The beacon's round.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
}

/// A draw, as far as its contributions are judged by it.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// The log.
    pub log: &'a Origin,
    /// The draw.
    pub alpha: &'a Hash,
    /// Log index of its commitment.
    pub index: u64,
    /// Its commitment.
    pub commitment: &'a Commitment,
    /// The log's keys.
    pub book: &'a KeyBook,
    /// The beacon's chain, if the commitment names one.
    pub chain: Option<&'a ChainInfo>,
}

impl Share {
    /// Whether this is the contribution of a party that a commitment names.
    pub fn is_by(&self, wanted: &Contributor) -> bool {
        match (self, wanted) {
            (Self::Nonce(said), Contributor::Nonce { key, .. }) => said.key == *key,
            (Self::Operator(said), Contributor::Operator { key }) => said.key == *key,
            (Self::Witness(said), Contributor::Witness { key }) => said.key == *key,
            (Self::Beacon(said), Contributor::Beacon { chain, round }) => {
                (said.chain, said.round) == (*chain, *round)
            }
            _ => false,
        }
    }
}

impl Judge<'_> {
    /// What a contribution at a log index adds to the seed. `operator`: index of the operator's own
    /// contribution, if it stands.
    pub fn share(&self, at: u64, share: &Share, operator: Option<u64>) -> Result<Contribution, Fault> {
        let wanted = self.commitment.contributions.iter().find(|wanted| share.is_by(wanted));
        match (share, wanted.ok_or(Fault::Nobody)?) {
            (Share::Nonce(said), Contributor::Nonce { commitment, .. }) => self.nonce(at, said, commitment),
            (Share::Operator(said), _) => self.operator(at, said),
            (Share::Witness(said), _) => self.witness(at, said, operator),
            (Share::Beacon(said), _) => self.beacon(said),
            _ => Err(Fault::Nobody),
        }
    }

    /// A key that may contribute at an index.
    fn key(&self, digest: &Hash, at: u64) -> Result<&RegisteredKey, Fault> {
        let key = self.book.find(digest).ok_or(Fault::UnknownKey)?;
        if key.may_contribute_at(at) { Ok(key) } else { Err(Fault::Compromised) }
    }

    fn nonce(&self, at: u64, said: &Reveal, committed: &Hash) -> Result<Contribution, Fault> {
        let key = self.key(&said.key, at)?;
        let (tag, attempt) = (&self.commitment.package_tag, self.commitment.attempt);
        if nonce_commitment(&said.key, tag, attempt, &said.nonce) != *committed {
            return Err(Fault::Nonce);
        }
        let text = reveal_text(self.log, self.alpha, &said.nonce);
        signed(key, &text, &said.signature)?;
        Ok(Contribution::Nonce(said.nonce))
    }

    fn operator(&self, at: u64, said: &Contributed) -> Result<Contribution, Fault> {
        let key = self.key(&said.key, at)?;
        let vrf = VrfPublic::from_bytes(key.key)?;
        Ok(Contribution::Operator(vrf.verify(self.alpha.as_bytes(), &said.proof)?.0))
    }

    fn witness(&self, at: u64, said: &Answer, operator: Option<u64>) -> Result<Contribution, Fault> {
        let vrf = self.key(&said.key, at)?;
        let signer = self.key(&vrf.witness.ok_or(Fault::Nobody)?, at)?;
        let text = AnswerText {
            index: self.index,
            alpha: self.alpha,
            key: &said.key,
            proof: &said.proof,
            size: said.size,
            root: &said.root,
            answered: said.answered,
        };
        signed(signer, &text.text(self.log), &said.signature)?;
        let operator = operator.ok_or(Fault::NoOperator)?;
        if said.size <= operator || said.size > at {
            return Err(Fault::Head);
        }
        if said.answered > self.commitment.deadline {
            return Err(Fault::Late);
        }
        let vrf = VrfPublic::from_bytes(vrf.key)?;
        Ok(Contribution::Witness(vrf.verify(self.alpha.as_bytes(), &said.proof)?.0))
    }

    fn beacon(&self, said: &BeaconRound) -> Result<Contribution, Fault> {
        let chain = self.chain.ok_or(Fault::NoChain)?;
        beacon::verify(chain, said.round, &said.signature, said.previous.as_deref())?;
        Ok(Contribution::Beacon(sha256(&[&said.signature]).0))
    }

    /// Whether a declaration that nothing is released is by a nonce's or a witness's party of the
    /// commitment.
    pub fn not_released(&self, at: u64, said: &NotReleased) -> Result<(), Fault> {
        let key = self.key(&said.key, at)?;
        let named = self.commitment.contributions.iter().find_map(|wanted| match wanted {
            Contributor::Nonce { key, .. } if *key == said.key => Some(said.key),
            Contributor::Witness { key: vrf } if *vrf == said.key => key.witness,
            _ => None,
        });
        let signer = self.key(&named.ok_or(Fault::Nobody)?, at)?;
        signed(signer, &not_released_text(self.log, self.alpha, &said.key, said.stated), &said.signature)
    }
}

/// Whether a supervisor's commitment is signed by the key that it names.
pub fn nonce_committed(log: &Origin, book: &KeyBook, said: &NonceCommitted) -> Result<(), Fault> {
    let key = book.find(&said.key).ok_or(Fault::UnknownKey)?;
    signed(key, &nonce_text(log, &said.package_tag, said.attempt, &said.commitment), &said.signature)
}

fn signed(key: &RegisteredKey, text: &str, signature: &[u8; 64]) -> Result<(), Fault> {
    if verifies(&key.key, text, signature) { Ok(()) } else { Err(Fault::Signature) }
}
