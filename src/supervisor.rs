//! A supervisor's own machine (监督员): makes nonces, commits to them before a draw, reveals them after its
//! commitment (`api-spec/draw-v3.md` §§2, 4). Offline: what it hands out is a body for the API, what it takes
//! in is a draw's public evidence file, which can be had while the draw waits.
//!
//! *Invariants:* a nonce is revealed for one draw only, whatever happens: the state file says so, durably,
//! before the reveal leaves. Nothing is revealed before the draw's commitment stands in a head that the
//! supervisor's own policy believes and its quorum has dated.
//!
//! *Deliberately not here:* the network, and keys of the operator.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::Zeroize;

use crate::codec::{Hash, Json, Object, ShapeError, from_hex, object, to_hex};
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::texts::{nonce_commitment, nonce_text, not_released_text, reveal_text};
use crate::draw::vrf::Beta;
use crate::evidence::Evidence;
use crate::evidence::verify::verify;
use crate::log::{Origin, Policy, SignedNote, Statement, key_digest};
use crate::ports::Entropy;

/// The longest state file, in bytes.
const STATE_LIMIT: usize = 16 << 20;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{0}: 内容无效 (not what it should be)")]
    Content(PathBuf),
    /// A file that others may read.
    #[error("{0}: 权限过宽，请执行 chmod 600 (mode too open, run chmod 600)")]
    Mode(PathBuf),
    /// No nonce of this supervisor is named by the draw.
    #[error("本次抽取的承诺没有列出本人的随机数 (the draw's commitment names no nonce of yours)")]
    NotNamed,
    /// The nonce was used for another draw.
    #[error("该随机数已用于另一次抽取 {0}，不再公开 (this nonce was used for another draw)")]
    Used(String),
    /// The supervisor has declared the other thing.
    #[error("已对本次抽取作出相反的声明，不再更改 (you have declared the opposite about this draw)")]
    Declared,
    /// The file fails before its commitment.
    #[error("证据文件未通过 {check}：{detail} (the evidence file fails)")]
    Refused {
        /// Name of the check.
        check: String,
        /// Why.
        detail: String,
    },
    /// The commitment is in no head that the quorum has dated.
    #[error(
        "承诺尚未进入达到信任策略见证数的检查点，请稍后重试 (the commitment is in no head with your policy's quorum yet)"
    )]
    NotDated,
    /// The log's name.
    #[error("日志名称无效 (not a log name)")]
    Origin,
}

/// A supervisor's key.
pub struct Supervisor {
    key: SigningKey,
}

impl Supervisor {
    /// Makes a key file, mode 0600; nothing is overwritten.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, SupervisorError> {
        let mut seed = [0; 32];
        entropy.fill(&mut seed);
        let pair = KeypairBytes { secret_key: seed, public_key: None };
        seed.zeroize();
        let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|_| content(path))?;
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(path);
        let written = made.and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|source| at(path, source))?;
        Self::load(path)
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, SupervisorError> {
        let mode = fs::metadata(path).map_err(|source| at(path, source))?.mode();
        if mode & 0o077 != 0 {
            return Err(SupervisorError::Mode(path.to_owned()));
        }
        let pem = fs::read_to_string(path).map_err(|source| at(path, source))?;
        let pair = KeypairBytes::from_pkcs8_pem(&pem).map_err(|_| content(path))?;
        Ok(Self { key: SigningKey::from_bytes(&pair.secret_key) })
    }

    /// The public key, for registration and for the auditor's file.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Its digest.
    pub fn digest(&self) -> Hash {
        key_digest(&self.public())
    }

    /// Makes a nonce and commits to it: the body of `POST /nonces`.
    pub fn commit(
        &self,
        state: &Path,
        log: &str,
        package_tag: &Beta,
        attempt: u32,
        entropy: &dyn Entropy,
    ) -> Result<Json, SupervisorError> {
        let origin = Origin::new(log).map_err(|_| SupervisorError::Origin)?;
        let mut nonce = [0; 32];
        entropy.fill(&mut nonce);
        let commitment = nonce_commitment(&self.digest(), package_tag, attempt, &nonce);
        let _held = hold(state)?;
        let mut book = Book::read(state)?;
        book.0.push(Kept { commitment, nonce, alpha: None, word: None });
        book.write(state)?;
        let text = nonce_text(&origin, package_tag, attempt, &commitment);
        Ok(Object::new()
            .with("key", self.digest())
            .with("commitment", commitment)
            .with("package_tag", to_hex(&package_tag.0))
            .with("attempt", attempt)
            .with("signature", self.sign(&text))
            .into())
    }

    /// Reveals the nonce that a draw waits for: the body of `POST /draws/{id}/reveals`. `evidence`: the
    /// draw's public evidence file.
    pub fn reveal(&self, state: &Path, evidence: &[u8], policy: &Policy) -> Result<Json, SupervisorError> {
        let (origin, alpha, nonce) = self.settle(state, evidence, policy, Word::Revealed)?;
        let text = reveal_text(&origin, &alpha, &nonce);
        Ok(Object::new()
            .with("key", self.digest())
            .with("nonce", to_hex(&nonce))
            .with("signature", self.sign(&text))
            .into())
    }

    /// Declares that nothing is released about a draw and never will be: the body of
    /// `POST /draws/{id}/not-released`.
    pub fn withhold(
        &self,
        state: &Path,
        evidence: &[u8],
        policy: &Policy,
        now: i64,
    ) -> Result<Json, SupervisorError> {
        let (origin, alpha, _) = self.settle(state, evidence, policy, Word::Withheld)?;
        let text = not_released_text(&origin, &alpha, &self.digest(), now);
        Ok(Object::new()
            .with("key", self.digest())
            .with("stated", now)
            .with("signature", self.sign(&text))
            .into())
    }

    fn sign(&self, text: &str) -> String {
        to_hex(&self.key.sign(text.as_bytes()).to_bytes())
    }

    /// Looks at the draw, and writes down which word is given about it, before it is.
    fn settle(
        &self,
        state: &Path,
        evidence: &[u8],
        policy: &Policy,
        word: Word,
    ) -> Result<(Origin, Hash, [u8; 32]), SupervisorError> {
        let (origin, alpha, commitment) = believed(evidence, policy)?;
        let own = self.digest();
        let named = commitment.contributions.iter().find_map(|wanted| match wanted {
            Contributor::Nonce { key, commitment } if *key == own => Some(*commitment),
            _ => None,
        });
        let named = named.ok_or(SupervisorError::NotNamed)?;
        let _held = hold(state)?;
        let mut book = Book::read(state)?;
        let kept = book.0.iter_mut().find(|kept| kept.commitment == named);
        let kept = kept.ok_or(SupervisorError::NotNamed)?;
        match (kept.alpha, kept.word) {
            (Some(before), _) if before != alpha => return Err(SupervisorError::Used(before.to_hex())),
            (Some(_), Some(before)) if before != word => return Err(SupervisorError::Declared),
            _ => {}
        }
        (kept.alpha, kept.word) = (Some(alpha), Some(word));
        let nonce = kept.nonce;
        book.write(state)?;
        Ok((origin, alpha, nonce))
    }
}

/// Log, alpha and commitment of an evidence file whose commitment the policy believes and its quorum has
/// dated.
fn believed(bytes: &[u8], policy: &Policy) -> Result<(Origin, Hash, Commitment), SupervisorError> {
    let report = verify(bytes, policy, None);
    for check in &report.checks {
        if !check.passed {
            let (check, detail) = (check.name.to_owned(), check.detail.clone());
            return Err(SupervisorError::Refused { check, detail });
        }
    }
    let dated = report.facts.shared.as_ref().is_some_and(|shared| shared.committed_by.is_some());
    if !dated && !policy.asks_for_no_witness() {
        return Err(SupervisorError::NotDated);
    }
    let refused = || SupervisorError::Refused { check: "file".into(), detail: "no commitment".into() };
    let evidence = Evidence::read(bytes).map_err(|_| refused())?;
    let commitment = evidence.entries.iter().find_map(|entry| {
        let note = SignedNote::parse(entry.note.as_bytes()).ok()?;
        let statement = Statement::parse(note.text().strip_suffix('\n')?.as_bytes()).ok()?;
        let is_it = statement.kind() == Commitment::TYPE;
        if is_it { Commitment::read(&statement.body_json()).ok() } else { None }
    });
    let origin = report.facts.origin.and_then(|origin| Origin::new(origin).ok()).ok_or_else(refused)?;
    Ok((origin, evidence.alpha, commitment.ok_or_else(refused)?))
}

/// What a supervisor has said about the draw that a nonce was for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Revealed,
    Withheld,
}

impl Word {
    fn name(self) -> &'static str {
        match self {
            Self::Revealed => "revealed",
            Self::Withheld => "withheld",
        }
    }
}

/// A nonce.
struct Kept {
    commitment: Hash,
    nonce: [u8; 32],
    alpha: Option<Hash>,
    word: Option<Word>,
}

/// The state file: every nonce, and what became of it.
struct Book(Vec<Kept>);

impl Book {
    fn read(path: &Path) -> Result<Self, SupervisorError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self(Vec::new())),
            Err(source) => return Err(at(path, source)),
        };
        let mode = fs::metadata(path).map_err(|source| at(path, source))?.mode();
        if mode & 0o077 != 0 {
            return Err(SupervisorError::Mode(path.to_owned()));
        }
        let json = Json::parse_canonical(&bytes, STATE_LIMIT).map_err(|_| content(path))?;
        let read = object(&json, "", |f| {
            f.int("v", 1..=1)?;
            f.each("nonces", |item, path| {
                object(item, path, |f| {
                    let alpha = if f.optional("alpha").is_some() { Some(f.hash("alpha")?) } else { None };
                    let word = match alpha {
                        None => None,
                        Some(_) => Some(match f.str("word")? {
                            "revealed" => Word::Revealed,
                            "withheld" => Word::Withheld,
                            _ => return Err(ShapeError::new(path, "word")),
                        }),
                    };
                    Ok(Kept { commitment: f.hash("commitment")?, nonce: f.hash("nonce")?.0, alpha, word })
                })
            })
        });
        read.map(Self).map_err(|_| content(path))
    }

    /// Replaces the file as a whole, durably.
    fn write(&self, path: &Path) -> Result<(), SupervisorError> {
        let one = |kept: &Kept| -> Json {
            Object::new()
                .with("commitment", kept.commitment)
                .with("nonce", to_hex(&kept.nonce))
                .with_some("alpha", kept.alpha)
                .with_some("word", kept.word.map(Word::name))
                .into()
        };
        let book = Object::new().with("v", 1u32).with("nonces", self.0.iter().map(one).collect::<Json>());
        let draft = path.with_extension("new");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let written = file.and_then(|mut file| {
            file.write_all(&Json::from(book).canonical())?;
            file.sync_all()?;
            fs::rename(&draft, path)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        });
        written.map_err(|source| at(path, source))
    }
}

/// Holds the state file until dropped: two runs at once would each lose the other's nonce. The lock lies beside
/// it, because the file itself is replaced.
fn hold(state: &Path) -> Result<File, SupervisorError> {
    let path = state.with_extension("lock");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
    let held = file.and_then(|file| file.lock().map(|()| file));
    held.map_err(|source| at(&path, source))
}

/// A package tag from hexadecimal.
pub fn package_tag(hex: &str) -> Option<Beta> {
    from_hex(hex).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok()).map(Beta)
}

fn at(path: &Path, source: io::Error) -> SupervisorError {
    SupervisorError::Io { path: path.to_owned(), source }
}

fn content(path: &Path) -> SupervisorError {
    SupervisorError::Content(path.to_owned())
}
