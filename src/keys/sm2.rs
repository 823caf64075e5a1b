//! An SM2 key (GB/T 32918) whose signature over SM3 stands as a second line under every note, for readers
//! who have to ask for the national algorithms (国密).
//!
//! The line is of a type that C2SP readers do not know and pass over (`api-spec/log-v2.md` §6): algorithm
//! byte 0xff and the name of the scheme. It proves nothing to the verifier of this project, and nothing
//! rests on it; whoever wants it pins the vkey that `keys show` prints.
//!
//! *Invariants:* there is a second line exactly when `sm2.key` lies in the directory; signing is
//! deterministic (RFC 6979), the user id is the usual `1234567812345678`.

use std::path::Path;

use sm2::dsa::signature::{Signer, Verifier};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::sec1::ToSec1Point;
use zeroize::{Zeroize, Zeroizing};

use super::{KeysError, read_hex, write_new};
use crate::codec::to_hex;
use crate::log::{KeyName, Origin, SignatureLine, foreign_key_id, foreign_vkey};
use crate::ports::{Entropy, SecondSigner, SignError};

/// Name of the scheme, behind the algorithm byte 0xff.
pub const SCHEME: &str = "expert-draw/sm2-sm3-v1";
/// The signer's id of GB/T 35276 where none is agreed.
const USER_ID: &str = "1234567812345678";
const FILE: &str = "sm2.key";

/// The key and the two names under which it signs.
pub struct Sm2Signer {
    key: SigningKey,
    secret: Zeroizing<[u8; 32]>,
    public: Vec<u8>,
    checkpoints: KeyName,
    statements: KeyName,
}

impl Sm2Signer {
    /// The key of a directory, if it has one.
    pub(super) fn load(dir: &Path, origin: &Origin) -> Result<Option<Self>, KeysError> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let secret = read_hex(&path)?;
        Self::new(&secret, origin).map(Some).ok_or(KeysError::Content(path))
    }

    /// Makes the key of a directory. Error: there is one already.
    pub fn create(dir: &Path, origin: &Origin, entropy: &dyn Entropy) -> Result<Self, KeysError> {
        let path = dir.join(FILE);
        if path.exists() {
            return Err(KeysError::Exists(path));
        }
        // Nearly every number is a key.
        let (secret, signer) = loop {
            let mut secret = Zeroizing::new([0u8; 32]);
            entropy.fill(&mut *secret);
            if let Some(signer) = Self::new(&secret, origin) {
                break (secret, signer);
            }
        };
        let mut text = format!("{}\n", to_hex(&*secret));
        let written = write_new(&path, text.as_bytes());
        text.zeroize();
        written.map(|()| signer)
    }

    fn new(secret: &Zeroizing<[u8; 32]>, origin: &Origin) -> Option<Self> {
        let key = SigningKey::from_slice(USER_ID, secret.as_slice()).ok()?;
        let public = key.verifying_key().as_affine().to_sec1_point(false).as_bytes().to_vec();
        Some(Self {
            key,
            secret: secret.clone(),
            public,
            checkpoints: KeyName::new(format!("{origin}/sm2")).ok()?,
            statements: KeyName::new(format!("{origin}/statements/sm2")).ok()?,
        })
    }

    /// For the check that keys are distinct.
    pub(super) fn secret_bytes(&self) -> [u8; 32] {
        *self.secret
    }

    /// The vkeys of checkpoints and of statements.
    pub fn vkeys(&self) -> [String; 2] {
        [&self.checkpoints, &self.statements].map(|name| foreign_vkey(name, SCHEME, &self.public))
    }

    fn line(&self, name: &KeyName, text: &[u8]) -> Result<SignatureLine, SignError> {
        let signed: Result<Signature, _> = self.key.try_sign(text);
        let signature =
            signed.map_err(|error| SignError(format!("SM2 签名失败 (SM2 signing failed): {error}")))?;
        Ok(SignatureLine {
            name: name.clone(),
            key_id: foreign_key_id(name, SCHEME, &self.public),
            signature: signature.to_bytes().to_vec(),
        })
    }
}

impl SecondSigner for Sm2Signer {
    fn checkpoint_line(&self, text: &[u8]) -> Result<SignatureLine, SignError> {
        self.line(&self.checkpoints, text)
    }

    fn statement_line(&self, text: &[u8]) -> Result<SignatureLine, SignError> {
        self.line(&self.statements, text)
    }

    fn accepts_statement(&self, text: &[u8], line: &SignatureLine) -> bool {
        line.name == self.statements
            && line.key_id == foreign_key_id(&self.statements, SCHEME, &self.public)
            && verifies(USER_ID, &self.public, text, &line.signature)
    }
}

/// Whether an SM2 signature (r ‖ s) over a text verifies under a public point (uncompressed).
fn verifies(user_id: &str, public: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(user_id, public);
    let signature = Signature::from_slice(signature);
    key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(text, &signature).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::from_hex;

    #[test]
    fn the_published_signature_of_the_recommended_curve_verifies() {
        // GB/T 32918.5-2017 Annex A.2: user id, key and signature of the message "message digest". Z and e in
        // between are SM3 (GB/T 32905).
        let secret = from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").unwrap();
        let public = from_hex(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
             ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
        )
        .unwrap();
        let signature = from_hex(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
             b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
        )
        .unwrap();
        assert!(verifies(USER_ID, &public, b"message digest", &signature));
        assert!(!verifies(USER_ID, &public, b"message digests", &signature));
        assert!(!verifies("1234567812345679", &public, b"message digest", &signature));
        let key = SigningKey::from_slice(USER_ID, &secret).unwrap();
        assert_eq!(key.verifying_key().as_affine().to_sec1_point(false).as_bytes(), public);
    }

    #[test]
    fn both_lines_verify_and_neither_can_be_taken_for_the_other() {
        let origin = Origin::new("log.example/x").unwrap();
        let signer = Sm2Signer::new(&Zeroizing::new([7; 32]), &origin).unwrap();
        let line = signer.statement_line(b"text\n").unwrap();
        assert!(signer.accepts_statement(b"text\n", &line));
        assert!(!signer.accepts_statement(b"texts\n", &line));
        let of_checkpoint = signer.checkpoint_line(b"text\n").unwrap();
        assert!(!signer.accepts_statement(b"text\n", &of_checkpoint));
        let renamed = SignatureLine { name: line.name.clone(), ..of_checkpoint };
        assert!(!signer.accepts_statement(b"text\n", &renamed));
        let [checkpoints, statements] = signer.vkeys();
        assert!(checkpoints.starts_with("log.example/x/sm2+"), "{checkpoints}");
        assert!(statements.starts_with("log.example/x/statements/sm2+"), "{statements}");
        let other = Sm2Signer::new(&Zeroizing::new([8; 32]), &origin).unwrap();
        assert!(!other.accepts_statement(b"text\n", &line));
    }
}
