//! The texts that other parties sign: lines, so that `openssl pkeyutl -verify -rawin` checks them
//! (`api-spec/draw-v3.md` §§2–4).
//!
//! *Invariant:* every text begins with its own first line and names the log, so that no signature made
//! for one purpose or one log can be shown as made for another.

use crate::codec::{Hash, LabelledHash, to_hex};
use crate::draw::vrf::{Beta, Proof};
use crate::log::{Origin, signed};

/// Whether an Ed25519 signature over a text verifies strictly (`api-spec/log-v1.md` §1.4).
pub fn verifies(key: &[u8; 32], text: &str, signature: &[u8; 64]) -> bool {
    signed(key, text.as_bytes(), signature)
}

/// H("nonce"; key digest 32 ‖ package tag 64 ‖ u32 attempt ‖ nonce 32).
pub fn nonce_commitment(key: &Hash, package_tag: &Beta, attempt: u32, nonce: &[u8; 32]) -> Hash {
    LabelledHash::new("nonce").fixed(key.as_bytes()).fixed(&package_tag.0).u32(attempt).fixed(nonce).finish()
}

/// What a supervisor signs to commit to a nonce.
pub fn nonce_text(log: &Origin, package_tag: &Beta, attempt: u32, commitment: &Hash) -> String {
    let (log, tag) = (log.as_str(), to_hex(&package_tag.0));
    format!("expert-draw/nonce-v1\n{log}\n{tag}\n{attempt}\n{}\n", commitment.to_hex())
}

/// What a supervisor signs to reveal a nonce.
pub fn reveal_text(log: &Origin, alpha: &Hash, nonce: &[u8; 32]) -> String {
    format!("expert-draw/reveal-v1\n{}\n{}\n{}\n", log.as_str(), alpha.to_hex(), to_hex(nonce))
}

/// What a witness signs with its contribution.
pub struct AnswerText<'a> {
    /// Log index of the commitment.
    pub index: u64,
    /// The draw.
    pub alpha: &'a Hash,
    /// Digest of the witness's VRF key.
    pub key: &'a Hash,
    /// Proof over alpha.
    pub proof: &'a Proof,
    /// Size of the head that it has cosigned.
    pub size: u64,
    /// Root of that head.
    pub root: &'a Hash,
    /// Its clock, Unix seconds.
    pub answered: i64,
}

impl AnswerText<'_> {
    /// The text.
    pub fn text(&self, log: &Origin) -> String {
        let Self { index, size, answered, .. } = self;
        let (alpha, key, root) = (self.alpha.to_hex(), self.key.to_hex(), self.root.to_hex());
        let (log, proof) = (log.as_str(), self.proof.to_hex());
        format!(
            "expert-draw/answer-v1\n{log}\n{index}\n{alpha}\n{key}\n{proof}\n{size}\n{root}\n{answered}\n"
        )
    }
}

/// What a contributor signs who will never contribute to a draw.
pub fn not_released_text(log: &Origin, alpha: &Hash, key: &Hash, stated: i64) -> String {
    let (alpha, key) = (alpha.to_hex(), key.to_hex());
    format!("expert-draw/not-released-v1\n{}\n{alpha}\n{key}\n{stated}\n", log.as_str())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    #[test]
    fn a_signature_holds_for_its_text_its_log_and_its_purpose_only() {
        let secret = SigningKey::from_bytes(&[7; 32]);
        let key = secret.verifying_key().to_bytes();
        let log = Origin::new("draw.example/430600").unwrap();
        let alpha = Hash([1; 32]);
        let text = reveal_text(&log, &alpha, &[2; 32]);
        let mut signature = secret.sign(text.as_bytes()).to_bytes();
        assert!(verifies(&key, &text, &signature));
        let other = Origin::new("draw.example/430100").unwrap();
        assert!(!verifies(&key, &reveal_text(&other, &alpha, &[2; 32]), &signature));
        assert!(!verifies(&key, &not_released_text(&log, &alpha, &Hash([2; 32]), 1), &signature));
        signature[40] ^= 1;
        assert!(!verifies(&key, &text, &signature));
    }
}
