//! The directory of a witness's keys: `cosigner.pem` (Ed25519, PKCS#8 v1), `vrf.key`, `name`, and beside them
//! the mark (`mark`) that says how far the journal had come and whose it is.
//!
//! Made in a folder of its own and put in place by one rename, so keys are whole or not there; mode 0600 in a
//! directory of mode 0700; a key that others may read is refused.
//!
//! *Invariant:* the mark is never behind what the keys have signed. So a data directory that was emptied, lost or
//! restored from a copy is found out. What cannot be found out: both directories restored together, or
//! keys copied to a second machine. Neither may be done.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::{Zeroize, Zeroizing};

use super::record::BEGINNING;
use crate::codec::{Hash, from_hex, to_hex};
use crate::draw::vrf::VrfSecret;
use crate::log::{Algorithm, KeyName, VerifierKey, key_digest};
use crate::ports::Entropy;

const COSIGNER: &str = "cosigner.pem";
const VRF: &str = "vrf.key";
const NAME: &str = "name";
const MARK: &str = "mark";
const MARK_HEADER: &str = "expert-draw/witness-mark-v1";

/// Why keys or their mark cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A file's mode lets others read it.
    #[error("密钥文件 {0} 的权限过宽，请执行 chmod 600 (mode too open, run chmod 600)")]
    Mode(PathBuf),
    /// A file's content is not what it should be.
    #[error("文件 {0} 内容无效 (invalid content)")]
    Content(PathBuf),
    /// The folder has something in it, but no keys.
    #[error(
        "目录 {0} 不为空，但没有完整的见证密钥，不会覆盖 (not empty and without whole keys: nothing is overwritten)"
    )]
    Occupied(PathBuf),
    /// No name for a cosigner.
    #[error("见证名称无效：不含空格和加号，例如 witness.example/hunan-audit (not a key name)")]
    Name,
}

/// The keys of a witness.
pub struct WitnessKeys {
    dir: PathBuf,
    cosigner: SigningKey,
    public: VerifierKey,
    /// The VRF key of contributions.
    pub vrf: VrfSecret,
}

/// How far the journal had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Drawn when the keys were made; the journal names it in its first record.
    pub id: String,
    /// Records.
    pub count: u64,
    /// Digest of the last one.
    pub digest: Hash,
}

impl WitnessKeys {
    /// Whether a directory has keys.
    pub fn exist(dir: &Path) -> bool {
        dir.join(NAME).exists()
    }

    /// Makes new keys, with a mark that says: nothing was signed yet. Without a name the cosigner is called
    /// `expert-draw-witness/` and 8 hex digits of its key. Nothing is overwritten.
    pub fn create(dir: &Path, name: Option<&str>, entropy: &dyn Entropy) -> Result<Self, KeysError> {
        let empty = match fs::read_dir(dir) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !empty {
            return Err(KeysError::Occupied(dir.to_owned()));
        }
        let at = |path: &Path, source| KeysError::Io { path: path.to_owned(), source };
        let parent = parent(dir);
        fs::create_dir_all(&parent).map_err(|source| at(&parent, source))?;
        let mut draft = dir.file_name().unwrap_or_default().to_owned();
        draft.push(format!(".{}.new", std::process::id()));
        let draft = parent.join(draft);
        fs::DirBuilder::new().mode(0o700).create(&draft).map_err(|source| at(&draft, source))?;
        let (mut cosigner, mut vrf, mut id) = ([0u8; 32], [0u8; 32], [0u8; 16]);
        entropy.fill(&mut cosigner);
        entropy.fill(&mut vrf);
        entropy.fill(&mut id);
        let public = SigningKey::from_bytes(&cosigner).verifying_key().to_bytes();
        let digest = key_digest(&public).to_hex();
        let usual = format!("expert-draw-witness/{}", digest.get(..8).unwrap_or_default());
        let name = KeyName::new(name.unwrap_or(&usual)).map_err(|_| KeysError::Name)?;
        let pair = KeypairBytes { secret_key: cosigner, public_key: None };
        let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeysError::Content(draft.join(COSIGNER)))?;
        let hex = Zeroizing::new(format!("{}\n", to_hex(&vrf)));
        cosigner.zeroize();
        vrf.zeroize();
        let mark = Mark { id: to_hex(&id), count: 0, digest: BEGINNING }.to_text();
        let files = [(COSIGNER, pem.as_str()), (VRF, &hex), (MARK, &mark), (NAME, &format!("{name}\n"))];
        for (file, text) in files {
            write(&draft.join(file), text.as_bytes()).map_err(|source| at(&draft.join(file), source))?;
        }
        let placed = sync(&draft).and_then(|()| fs::rename(&draft, dir)).and_then(|()| sync(&parent));
        placed.map_err(|source| at(dir, source))?;
        Self::load(dir)
    }

    /// Reads a directory of keys.
    pub fn load(dir: &Path) -> Result<Self, KeysError> {
        let wrong = |file: &str| KeysError::Content(dir.join(file));
        let pem = read(&dir.join(COSIGNER))?;
        let pair = KeypairBytes::from_pkcs8_pem(&pem).map_err(|_| wrong(COSIGNER))?;
        let seed = Zeroizing::new(pair.secret_key);
        let cosigner = SigningKey::from_bytes(&seed);
        let bytes = Zeroizing::new(from_hex(read(&dir.join(VRF))?.trim_end()).ok_or_else(|| wrong(VRF))?);
        let vrf = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong(VRF))?);
        if *vrf == *seed {
            return Err(wrong(VRF));
        }
        let name = KeyName::new(read(&dir.join(NAME))?.trim_end()).map_err(|_| wrong(NAME))?;
        let public = cosigner.verifying_key().to_bytes();
        let public = VerifierKey::new(name, Algorithm::CosignatureV1, public).map_err(|_| wrong(COSIGNER))?;
        Ok(Self { dir: dir.to_owned(), cosigner, public, vrf: VrfSecret::from_seed(*vrf) })
    }

    /// Where they lie.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The cosigner's public key.
    pub fn cosigner(&self) -> &VerifierKey {
        &self.public
    }

    /// An Ed25519 signature with the cosigning key.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.cosigner.sign(message).to_bytes()
    }

    /// Digest by which statements name the VRF key.
    pub fn vrf_digest(&self) -> Hash {
        key_digest(self.vrf.public().as_bytes())
    }

    /// The mark.
    pub fn mark(&self) -> Result<Mark, KeysError> {
        let path = self.dir.join(MARK);
        Mark::parse(&read(&path)?).ok_or(KeysError::Content(path))
    }

    /// Replaces the mark, durably.
    pub fn set_mark(&self, mark: &Mark) -> io::Result<()> {
        let draft = self.dir.join("mark.new");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => write(&draft, mark.to_text().as_bytes())?,
        }
        fs::rename(&draft, self.dir.join(MARK))?;
        sync(&self.dir)
    }
}

impl Mark {
    fn to_text(&self) -> String {
        format!("{MARK_HEADER}\n{}\n{}\n{}\n", self.id, self.count, self.digest.to_hex())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (Some(MARK_HEADER), Some(id), Some(count), Some(digest), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return None;
        };
        Some(Self { id: id.to_owned(), count: count.parse().ok()?, digest: Hash::from_hex(digest)? })
    }
}

/// The folder that a path lies in.
pub(super) fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Makes what happened to a folder's names survive a power cut.
pub(super) fn sync(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let io = |source| KeysError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(io)?.mode() & 0o077 != 0 {
        return Err(KeysError::Mode(path.to_owned()));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(io)
}
