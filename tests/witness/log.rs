//! A log with its real key, and the forks that this key can sign too.

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::Hash;
use expert_draw::log::merkle::{consistency_proof, inclusion_proof, leaf_hash, root};
use expert_draw::log::{Algorithm, KeyName, SignatureLine, SignedNote, VerifierKey, sign_note};

pub const ORIGIN: &str = "draw.example/430600";

pub struct TestLog {
    pub origin: String,
    secret: SigningKey,
    pub key: VerifierKey,
    pub leaves: Vec<Vec<u8>>,
    hashes: Vec<Hash>,
}

impl TestLog {
    /// An empty log whose secret key is 32 times a byte.
    pub fn new(origin: &str, fill: u8) -> Self {
        let secret = SigningKey::from_bytes(&[fill; 32]);
        let public = secret.verifying_key().to_bytes();
        let key = VerifierKey::new(KeyName::new(origin).unwrap(), Algorithm::Ed25519, public).unwrap();
        Self { origin: origin.to_owned(), secret, key, leaves: Vec::new(), hashes: Vec::new() }
    }

    /// A log of numbered leaves.
    pub fn of(size: u64) -> Self {
        let mut log = Self::new(ORIGIN, 1);
        log.grow(size);
        log
    }

    /// Adds numbered leaves up to a size.
    pub fn grow(&mut self, size: u64) {
        for n in self.hashes.len() as u64..size {
            self.add(format!("leaf {n}").into_bytes());
        }
    }

    /// Adds a leaf and answers its index.
    pub fn add(&mut self, leaf: Vec<u8>) -> u64 {
        self.hashes.push(leaf_hash(&leaf));
        self.leaves.push(leaf);
        self.hashes.len() as u64 - 1
    }

    pub fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// Another history with the same key: alike below `at`, different from there on.
    pub fn forked_at(&self, at: u64) -> Self {
        let mut fork = Self::new(&self.origin, 0);
        fork.secret = self.secret.clone();
        fork.key = self.key.clone();
        for (n, leaf) in (0u64..).zip(&self.leaves) {
            fork.add(if n < at { leaf.clone() } else { [b"other ".as_slice(), leaf].concat() });
        }
        fork
    }

    pub fn root(&self, size: u64) -> Hash {
        root(&self.hashes[..size as usize])
    }

    pub fn text(&self, size: u64) -> String {
        text(&self.origin, size, &self.root(size))
    }

    pub fn note(&self, size: u64) -> SignedNote {
        self.sign(&self.text(size))
    }

    pub fn sign(&self, text: &str) -> SignedNote {
        sign_note(text, &self.key, |message| self.secret.sign(message).to_bytes()).unwrap()
    }

    /// Another key's line on a text: what a log with two keys adds.
    pub fn line(&self, text: &str) -> SignatureLine {
        self.sign(text).signatures()[0].clone()
    }

    pub fn proof(&self, old: u64, size: u64) -> Vec<Hash> {
        consistency_proof(&self.hashes[..size as usize], old).unwrap()
    }

    pub fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        inclusion_proof(&self.hashes[..size as usize], index).unwrap()
    }

    /// The body of an honest `add-checkpoint`.
    pub fn body(&self, old: u64, size: u64) -> Vec<u8> {
        body(old, &self.proof(old, size), &self.note(size).to_string())
    }
}

pub fn text(origin: &str, size: u64, root: &Hash) -> String {
    format!("{origin}\n{size}\n{}\n", base64(root))
}

pub fn body(old: u64, proof: &[Hash], note: &str) -> Vec<u8> {
    let lines: String = proof.iter().map(|hash| format!("{}\n", base64(hash))).collect();
    format!("old {old}\n{lines}\n{note}").into_bytes()
}

pub fn base64(hash: &Hash) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(hash.as_bytes())
}
