//! The directory of private keys: four signing and VRF keys, the sealing key, the key of uniqueness
//! hashes, and an SM2 key where a second signature is wanted.
//!
//! One file each, mode 0600 in a directory of mode 0700, outside the repository; `keys/` of the
//! repository holds public keys and trust policies only. Ed25519 keys are PKCS#8 **v1** PEM, which
//! OpenSSL 3.0 reads (v2 it does not); the others are 64 hexadecimal digits and a newline. The signing and
//! VRF keys have generations ([`ring`]), the sealing key has its own ([`sealing`]); signing keys may lie in
//! a PKCS#11 token ([`token`]).
//!
//! *Invariants:* all keys are pairwise distinct; a key readable by others than its owner is refused; a key
//! that the log says is retired signs nothing. Which key is in force is the log's word, told through
//! `LogSigner::follow`.

pub mod ring;
pub mod sealing;
pub mod sm2;
pub mod token;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::{Zeroize, Zeroizing};

use crate::codec::{Hash, from_hex, to_hex};
use crate::draw::vrf::VrfPublic;
use crate::log::opened::LogOpened;
use crate::log::{Algorithm, KeyBook, KeyRegistered, KeyUse, Origin, RegisteredKey, VerifierKey, key_digest};
use crate::ports::{Entropy, LogSigner, SecondSigner, SignError};
use ring::{Held, Ring};
use sealing::SealingKeys;
use sm2::Sm2Signer;
use token::{Token, TokenConfig};

const ORIGIN_FILE: &str = "origin";
const JURISDICTION_FILE: &str = "jurisdiction";
const HEX_FILES: [&str; 2] = ["sealing.key", "uniqueness.key"];

/// Every private key of one log.
pub struct Keys {
    origin: Origin,
    jurisdiction: String,
    ring: Ring,
    log_key: VerifierKey,
    statements_key: VerifierKey,
    /// The keys as the log tells them; `None` before it was read.
    book: RwLock<Option<Arc<KeyBook>>>,
    sm2: Option<Sm2Signer>,
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
    /// A key that is needed is not there.
    #[error("密钥目录和密码设备中没有所需密钥 {0} {1} (this key is not at hand)")]
    Missing(&'static str, Hash),
    /// The key was retired.
    #[error("密钥 {0} 已停用，不得再用于签名 (this key was retired and signs no more)")]
    Retired(Hash),
    /// The token of PKCS#11, in words of two languages.
    #[error("PKCS#11：{0}")]
    Token(String),
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
        Self::create_with(dir, origin, jurisdiction, entropy, None)
    }

    /// As [`Keys::create`], the signing keys in a token if there is one.
    pub fn create_with(
        dir: &Path,
        origin: &str,
        jurisdiction: &str,
        entropy: &dyn Entropy,
        token: Option<&TokenConfig>,
    ) -> Result<Self, KeysError> {
        parse_origin(origin)?;
        if dir.join(ORIGIN_FILE).exists() {
            return Err(KeysError::Exists(dir.to_owned()));
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source| KeysError::Io { path: dir.to_owned(), source })?;
        let open = token.map(Token::open).transpose()?;
        for usage in ring::USES {
            match open.as_ref().filter(|_| !usage.is_vrf()) {
                // Those of a first start that was interrupted lie ready in the token.
                Some(token) if !token.keys(usage)?.is_empty() => {}
                Some(token) => drop(token.generate(usage, 1)?),
                None => ring::make(dir, usage, 1, entropy)?,
            }
        }
        for name in HEX_FILES {
            let mut seed = [0u8; 32];
            entropy.fill(&mut seed);
            let text = Zeroizing::new(format!("{}\n", to_hex(&seed)));
            seed.zeroize();
            write_new(&dir.join(name), text.as_bytes())?;
        }
        write_new(&dir.join(JURISDICTION_FILE), format!("{jurisdiction}\n").as_bytes())?;
        // The origin comes last: a directory that has it is whole.
        write_new(&dir.join(ORIGIN_FILE), format!("{origin}\n").as_bytes())?;
        Self::load_with(dir, token)
    }

    /// Whether a directory holds whole keys.
    pub fn exist(dir: &Path) -> bool {
        dir.join(ORIGIN_FILE).exists()
    }

    /// Reads a directory of keys and checks modes, contents and distinctness.
    pub fn load(dir: &Path) -> Result<Self, KeysError> {
        Self::load_with(dir, None)
    }

    /// As [`Keys::load`], with the signing keys of a token.
    pub fn load_with(dir: &Path, token: Option<&TokenConfig>) -> Result<Self, KeysError> {
        let line = |name: &str| Ok::<_, KeysError>(read(&dir.join(name))?.trim_end().to_owned());
        let origin = parse_origin(&line(ORIGIN_FILE)?)?;
        let token = token.map(Token::open).transpose()?;
        let mut seen = BTreeSet::new();
        let ring = Ring::load(dir, token, &mut |seed| seen.insert(*seed))?;
        let uniqueness = read_hex(&dir.join("uniqueness.key"))?;
        let sealing = SealingKeys::load(dir)?;
        let sm2 = Sm2Signer::load(dir, &origin)?;
        let mut others: Vec<[u8; 32]> = sealing.all().into_iter().map(|key| **key).collect();
        others.push(*uniqueness);
        others.extend(sm2.as_ref().map(Sm2Signer::secret_bytes));
        let distinct = others.iter().all(|key| seen.insert(*key));
        others.zeroize();
        if !distinct {
            return Err(KeysError::NotDistinct);
        }
        let first = |usage: KeyUse, name| {
            let held = ring.first(usage).ok_or(KeysError::Origin)?;
            VerifierKey::new(name, Algorithm::Ed25519, held.public).map_err(|_| KeysError::Origin)
        };
        Ok(Self {
            jurisdiction: line(JURISDICTION_FILE)?,
            log_key: first(KeyUse::Log, origin.log_key_name().clone())?,
            statements_key: first(KeyUse::Statements, origin.statements_key_name())?,
            origin,
            ring,
            book: RwLock::default(),
            sm2,
            sealing: Arc::new(sealing),
            uniqueness,
        })
    }

    /// The content of entry 0 of the log that these keys open.
    pub fn log_opened(&self) -> LogOpened {
        let first = |usage| self.ring.first(usage).map_or([0; 32], |held| held.public);
        LogOpened {
            jurisdiction: self.jurisdiction.clone(),
            log: first(KeyUse::Log),
            statements: first(KeyUse::Statements),
            draw_vrf: first(KeyUse::DrawVrf),
            tag_vrf: first(KeyUse::TagVrf),
        }
    }

    /// The keys as the log tells them, as of its last entry that this process saw.
    pub fn book(&self) -> Option<Arc<KeyBook>> {
        self.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The public key of a use that is in force now.
    pub fn in_force(&self, usage: KeyUse) -> [u8; 32] {
        let book = self.book();
        let said = book.as_ref().and_then(|book| book.in_force(usage, u64::MAX)).map(|key| key.key);
        said.or_else(|| self.ring.first(usage).map(|held| held.public)).unwrap_or_default()
    }

    /// The draw or tag key that a digest names. Errors: not at hand; retired as compromised (other
    /// reasons do not stop a draw that was committed before, `api-spec/log-v2.md` §2.5).
    pub fn vrf(&self, digest: &Hash) -> Result<Arc<Held>, KeysError> {
        if self.book().is_some_and(|book| book.find(digest).is_some_and(RegisteredKey::is_compromised)) {
            return Err(KeysError::Retired(*digest));
        }
        let held = self.ring.find(digest).ok_or(KeysError::Missing("vrf", *digest))?;
        held.vrf()?;
        Ok(held)
    }

    /// The public VRF key of a use that is in force now.
    pub fn vrf_in_force(&self, usage: KeyUse) -> Result<VrfPublic, KeysError> {
        let key = self.in_force(usage);
        VrfPublic::from_bytes(key).map_err(|_| KeysError::Missing(usage.name(), key_digest(&key)))
    }

    /// Every key at hand.
    pub fn held(&self) -> Vec<Arc<Held>> {
        self.ring.all()
    }

    /// The next key of a use, made now or lying ready, on disk and synced, with what registers it.
    /// Whether it was made now.
    pub fn prepare(&self, usage: KeyUse, entropy: &dyn Entropy) -> Result<(KeyRegistered, bool), KeysError> {
        let book = self.book();
        let is_known = |digest: &Hash| book.as_ref().is_some_and(|book| book.find(digest).is_some());
        let (held, made) = self.ring.prepare(usage, &is_known, entropy)?;
        let text = KeyRegistered::possession_text(self.origin.as_str(), usage, &held.public);
        let proof = held.possession(text.as_bytes())?;
        let said = KeyRegistered { usage, key: held.public, proof: Some(proof), name: None, witness: None };
        Ok((said, made))
    }

    /// The trust policy (C2SP tlog-policy) that pins this log's keys of checkpoints, the oldest first, and
    /// asks for no witness: all but those that were found out. One that only succeeded stays, for the
    /// checkpoints that it signed; that it signs no later ones, the entries about keys tell.
    pub fn trust_policy(&self) -> String {
        self.trust_policy_at(u64::MAX)
    }

    /// The trust policy as of a tree size.
    pub fn trust_policy_at(&self, size: u64) -> String {
        let mut keys = vec![self.log_key.to_string()];
        if let Some(book) = self.book() {
            let pinned = book.log_keys().filter(|key| key.index < size);
            keys = pinned.filter_map(|key| self.verifier(key)).collect();
        }
        let lines: String = keys.iter().map(|key| format!("log {key}\n")).collect();
        format!(
            "# 信任策略 (C2SP tlog-policy): 只固定本日志的检查点公钥, 未要求见证人\n\
             # Trust policy: pins the key of this log's checkpoints, asks for no witness.\n\
             {lines}quorum none\n"
        )
    }

    /// The vkey of a signing key of this log; `None` for keys of other uses.
    pub fn verifier(&self, key: &RegisteredKey) -> Option<String> {
        let name = match key.usage {
            KeyUse::Log => self.origin.log_key_name().clone(),
            KeyUse::Statements => self.origin.statements_key_name(),
            _ => return None,
        };
        VerifierKey::new(name, Algorithm::Ed25519, key.key).ok().map(|key| key.to_string())
    }

    /// The vkey of a use that is in force: `log` or `statements`.
    pub fn vkey_in_force(&self, usage: KeyUse) -> String {
        let name = if usage == KeyUse::Log {
            self.origin.log_key_name().clone()
        } else {
            self.origin.statements_key_name()
        };
        let key = VerifierKey::new(name, Algorithm::Ed25519, self.in_force(usage));
        key.map(|key| key.to_string()).unwrap_or_default()
    }

    /// The SM2 key of second signatures, if there is one.
    pub fn sm2(&self) -> Option<&Sm2Signer> {
        self.sm2.as_ref()
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

    fn log_key(&self) -> &VerifierKey {
        &self.log_key
    }

    fn statements_key(&self) -> &VerifierKey {
        &self.statements_key
    }

    fn holds(&self, key: &VerifierKey) -> bool {
        self.ring.find(&key_digest(key.key_bytes())).is_some()
    }

    fn sign(&self, key: &VerifierKey, text: &[u8]) -> Result<[u8; 64], SignError> {
        let failed = |error: KeysError| SignError(error.to_string());
        let digest = key_digest(key.key_bytes());
        let retired = |key: &RegisteredKey| key.retired.is_some();
        if self.book().is_some_and(|book| book.find(&digest).is_some_and(retired)) {
            return Err(failed(KeysError::Retired(digest)));
        }
        let held = self.ring.find(&digest).ok_or_else(|| failed(KeysError::Missing("ed25519", digest)))?;
        held.sign(text).map_err(failed)
    }

    fn follow(&self, book: &KeyBook) {
        let mut known = self.book.write().unwrap_or_else(PoisonError::into_inner);
        // A log only grows: who read it earlier and comes later brings nothing new.
        if known.as_ref().is_none_or(|known| known.entries().len() <= book.entries().len()) {
            *known = Some(Arc::new(book.clone()));
        }
    }

    fn second(&self) -> Option<&dyn SecondSigner> {
        self.sm2.as_ref().map(|signer| signer as &dyn SecondSigner)
    }
}

fn parse_origin(text: &str) -> Result<Origin, KeysError> {
    Origin::new(text).map_err(|_| KeysError::Origin)
}

/// Makes a file, whole or not at all: written and synced under another name, then given its own. A file
/// that is there is never replaced; a torn one of a crash has the other name and is written anew.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let write = || {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".new");
        let aside = PathBuf::from(aside);
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // Unlike a rename, a link refuses a name that is taken.
        fs::hard_link(&aside, path)?;
        fs::remove_file(&aside)?;
        path.parent().map_or(Ok(()), |dir| fs::File::open(dir)?.sync_all())
    };
    write().map_err(|source| KeysError::Io { path: path.to_owned(), source })
}

/// 64 hexadecimal digits and a newline.
fn read_hex(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let wrong = || KeysError::Content(path.to_owned());
    let bytes = Zeroizing::new(from_hex(read(path)?.trim_end()).ok_or_else(wrong)?);
    Ok(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?))
}

/// Reads a key file that only its owner may read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let io = |source| KeysError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(io)?.mode() & 0o077 != 0 {
        return Err(KeysError::Mode(path.to_owned()));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(io)
}
