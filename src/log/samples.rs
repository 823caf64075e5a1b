//! What the tests of this module share: numbered leaves, fixed keys, the vector files.

use ed25519_dalek::{Signer, SigningKey};

use super::key::{Algorithm, KeyName, VerifierKey};
use super::merkle::leaf_hash;
use crate::codec::{Hash, Json};

/// Hashes of `count` distinct leaves.
pub fn numbered(count: u64) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// A vector file under `tests/vectors/log`.
pub fn vector(name: &str) -> Json {
    let path = format!("{}/tests/vectors/log/{name}", env!("CARGO_MANIFEST_DIR"));
    Json::parse(&std::fs::read(path).unwrap(), 1 << 20).unwrap()
}

/// A field of an object.
pub fn field<'a>(json: &'a Json, name: &str) -> &'a Json {
    &json.as_map().unwrap()[name]
}

/// Two integer fields of an object.
pub fn ints(json: &Json, names: [&str; 2]) -> [u64; 2] {
    names.map(|name| field(json, name).as_int().unwrap() as u64)
}

/// A string field of an object.
pub fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    field(json, name).as_str().unwrap()
}

/// A key of the tests: the secret is 32 times the given byte.
pub struct TestKey {
    pub secret: SigningKey,
    pub public: VerifierKey,
}

impl TestKey {
    pub fn new(name: &str, algorithm: Algorithm, fill: u8) -> Self {
        let secret = SigningKey::from_bytes(&[fill; 32]);
        let name = KeyName::new(name).unwrap();
        let public = VerifierKey::new(name, algorithm, secret.verifying_key().to_bytes()).unwrap();
        Self { secret, public }
    }

    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}
