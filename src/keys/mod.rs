//! The directory of private keys: four signing and VRF keys, the sealing key, the key of uniqueness
//! hashes.
//!
//! One file each, mode 0600 in a directory of mode 0700, outside the repository; `keys/` of the
//! repository holds public keys and trust policies only. Ed25519 keys are PKCS#8 **v1** PEM, which
//! OpenSSL 3.0 reads (v2 it does not); the others are 64 hexadecimal digits and a newline.
//!
//! *Invariants:* all keys are pairwise distinct; a key readable by others than its owner is refused.
//! The sealing key has generations ([`sealing`]). Deliberately absent: rotation of log and VRF keys (a
//! later version of log-v1), PKCS#11.

pub mod sealing;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::{Zeroize, Zeroizing};

use crate::codec::{Hash, from_hex, to_hex};
use crate::draw::vrf::VrfSecret;
use crate::log::opened::LogOpened;
use crate::log::{Algorithm, Checkpoint, KeyName, Origin, VerifierKey, sign_note};
use crate::ports::{Entropy, LineSignature, LogSigner};
use sealing::SealingKeys;

const ORIGIN_FILE: &str = "origin";
const JURISDICTION_FILE: &str = "jurisdiction";
const PEM_FILES: [&str; 2] = ["log.pem", "statements.pem"];
const HEX_FILES: [&str; 4] = ["draw-vrf.key", "tag-vrf.key", "sealing.key", "uniqueness.key"];

/// Every private key of one log.
pub struct Keys {
    origin: Origin,
    jurisdiction: String,
    log: SigningKey,
    statements: SigningKey,
    log_key: VerifierKey,
    statements_key: VerifierKey,
    /// VRF key of the operator's contributions.
    pub draw_vrf: VrfSecret,
    /// VRF key of package tags.
    pub tag_vrf: VrfSecret,
    /// Keys that wrap the data keys of subjects, by generation.
    pub sealing: Arc<SealingKeys>,
    /// Key of the hashes by which equal id numbers are found.
    pub uniqueness: Zeroizing<[u8; 32]>,
}

/// Why keys cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file system said no.
    #[error("密钥文件 {path}: {source} (key file)")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A file's mode lets others read it.
    #[error("密钥文件 {0} 的权限过宽，请执行 chmod 600 (mode too open, run chmod 600)")]
    Mode(PathBuf),
    /// A file's content is no such key.
    #[error("密钥文件 {0} 内容无效 (not a valid key)")]
    Content(PathBuf),
    /// Two keys are the same.
    #[error("两个密钥文件内容相同，必须各不相同 (two keys are the same)")]
    NotDistinct,
    /// The origin is no log name.
    #[error("日志名称无效: 可用字母、数字、点、斜线，例如 draw.example/430600 (origin is not a log name)")]
    Origin,
    /// There are keys already.
    #[error("目录 {0} 已有密钥，不覆盖 (keys exist, they are never overwritten)")]
    Exists(PathBuf),
}

impl Keys {
    /// Makes a directory of new keys. Nothing is ever overwritten.
    pub fn create(
        dir: &Path,
        origin: &str,
        jurisdiction: &str,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeysError> {
        parse_origin(origin)?;
        if dir.join(ORIGIN_FILE).exists() {
            return Err(KeysError::Exists(dir.to_owned()));
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source| KeysError::Io { path: dir.to_owned(), source })?;
        for name in PEM_FILES.into_iter().chain(HEX_FILES) {
            let mut seed = [0u8; 32];
            entropy.fill(&mut seed);
            let path = dir.join(name);
            let text = if name.ends_with(".pem") {
                // `KeypairBytes` without a public key is PKCS#8 v1.
                let pair = KeypairBytes { secret_key: seed, public_key: None };
                pair.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeysError::Content(path.clone()))?
            } else {
                Zeroizing::new(format!("{}\n", to_hex(&seed)))
            };
            seed.zeroize();
            write_new(&path, text.as_bytes())?;
        }
        write_new(&dir.join(JURISDICTION_FILE), format!("{jurisdiction}\n").as_bytes())?;
        // The origin comes last: a directory that has it is whole.
        write_new(&dir.join(ORIGIN_FILE), format!("{origin}\n").as_bytes())?;
        let synced = fs::File::open(dir).and_then(|dir| dir.sync_all());
        synced.map_err(|source| KeysError::Io { path: dir.to_owned(), source })?;
        Self::load(dir)
    }

    /// Whether a directory holds whole keys.
    pub fn exist(dir: &Path) -> bool {
        dir.join(ORIGIN_FILE).exists()
    }

    /// Reads a directory of keys and checks modes, contents and distinctness.
    pub fn load(dir: &Path) -> Result<Self, KeysError> {
        let line = |name: &str| Ok::<_, KeysError>(read(&dir.join(name))?.trim_end().to_owned());
        let origin = parse_origin(&line(ORIGIN_FILE)?)?;
        let mut seen = BTreeSet::new();
        let mut seed = |name: &str| -> Result<Zeroizing<[u8; 32]>, KeysError> {
            let path = dir.join(name);
            let seed = if name.ends_with(".pem") {
                let text = read(&path)?;
                let pair = KeypairBytes::from_pkcs8_pem(&text);
                Zeroizing::new(pair.map_err(|_| KeysError::Content(path.clone()))?.secret_key)
            } else {
                read_hex(&path)?
            };
            if seen.insert(*seed) { Ok(seed) } else { Err(KeysError::NotDistinct) }
        };
        let log = SigningKey::from_bytes(&*seed("log.pem")?);
        let statements = SigningKey::from_bytes(&*seed("statements.pem")?);
        let verifier = |name: &KeyName, key: &SigningKey| {
            let public = key.verifying_key().to_bytes();
            VerifierKey::new(name.clone(), Algorithm::Ed25519, public).map_err(|_| KeysError::Origin)
        };
        let statements_name = origin.statements_key_name();
        let (draw_vrf, tag_vrf) = (seed("draw-vrf.key")?, seed("tag-vrf.key")?);
        let uniqueness = seed("uniqueness.key")?;
        let sealing = SealingKeys::load(dir)?;
        if !sealing.all().into_iter().all(|key| seen.insert(**key)) {
            return Err(KeysError::NotDistinct);
        }
        Ok(Self {
            jurisdiction: line(JURISDICTION_FILE)?,
            log_key: verifier(origin.log_key_name(), &log)?,
            statements_key: verifier(&statements_name, &statements)?,
            origin,
            log,
            statements,
            draw_vrf: VrfSecret::from_seed(*draw_vrf),
            tag_vrf: VrfSecret::from_seed(*tag_vrf),
            sealing: Arc::new(sealing),
            uniqueness,
        })
    }

    /// The content of entry 0 of the log that these keys open.
    pub fn log_opened(&self) -> LogOpened {
        LogOpened {
            jurisdiction: self.jurisdiction.clone(),
            log: *self.log_key.key_bytes(),
            statements: *self.statements_key.key_bytes(),
            draw_vrf: *self.draw_vrf.public().as_bytes(),
            tag_vrf: *self.tag_vrf.public().as_bytes(),
        }
    }

    /// The trust policy (C2SP tlog-policy) that pins this log's key and asks for no witness.
    pub fn trust_policy(&self) -> String {
        format!(
            "# 信任策略 (C2SP tlog-policy): 只固定本日志的检查点公钥, 未要求见证人\n\
             # Trust policy: pins the key of this log's checkpoints, asks for no witness.\n\
             log {}\nquorum none\n",
            self.log_key
        )
    }

    /// Region code of the bureau.
    pub fn jurisdiction(&self) -> &str {
        &self.jurisdiction
    }
}

impl LogSigner for Keys {
    fn origin(&self) -> &str {
        self.origin.as_str()
    }

    fn sign_checkpoint(&self, size: u64, root: Hash) -> String {
        let text = Checkpoint { origin: self.origin.clone(), size, root }.to_text();
        let note = sign_note(&text, &self.log_key, |message| self.log.sign(message).to_bytes());
        // The key was made from this very secret at load, so signing has no way to fail.
        note.map(|note| note.to_string()).unwrap_or_default()
    }

    fn sign_statement(&self, statement: &[u8]) -> LineSignature {
        let mut message = statement.to_vec();
        message.push(b'\n');
        let mut line = [0u8; 68];
        let (id, signature) = line.split_at_mut(4);
        id.copy_from_slice(&self.statements_key.id());
        signature.copy_from_slice(&self.statements.sign(&message).to_bytes());
        line
    }

    fn log_key(&self) -> &VerifierKey {
        &self.log_key
    }

    fn statements_key(&self) -> &VerifierKey {
        &self.statements_key
    }
}

fn parse_origin(text: &str) -> Result<Origin, KeysError> {
    Origin::new(text).map_err(|_| KeysError::Origin)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| KeysError::Io { path: path.to_owned(), source })
}

/// 64 hexadecimal digits and a newline.
fn read_hex(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let wrong = || KeysError::Content(path.to_owned());
    let bytes = Zeroizing::new(from_hex(read(path)?.trim_end()).ok_or_else(wrong)?);
    Ok(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?))
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let io = |source| KeysError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(io)?.mode() & 0o077 != 0 {
        return Err(KeysError::Mode(path.to_owned()));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(io)
}
