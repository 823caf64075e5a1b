//! What an auditor with access takes away to replay pools offline (`audit --private`, `api-spec/audit-v1.md`
//! §6): a SQLite file with the journal, the sealed records of registry, cases and draws, and their data keys
//! wrapped under a key of its own; that key in another file.
//!
//! *Invariants:* no key of the log leaves; records of looks, accounts and messages do not; the export is a
//! look, recorded before it is made; what it holds is held against the public log before it is believed.
//!
//! *Deliberately not here:* the replay (`replay`), what is public (`crate::audit`).

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Service;
use super::actor::{Action, Actor};
use super::archive::Archive;
use super::cases::RECORDED;
use super::refusal::{Kind, Refusal};
use super::replay::{self, Difference, Going, Replayed};
use super::sealing::Sealer;
use crate::codec::{from_hex, to_hex};
use crate::evidence::said::{REGISTRY_EXPERT, REGISTRY_UNIT};
use crate::keys::sealing::SealingKeys;
use crate::keys::{Keys, read, write_new};
use crate::log::{GrownTree, KeyName, Origin, Statement, merkle};
use crate::ports::Entropy;
use crate::registry::privacy::{ERASURE, KEPT_OPENING};
use crate::store::private_copy::{Choice, Copied, copy};
use crate::store::subject_key::SubjectKey;
use crate::store::{self, Database, Reader};

/// The file within an export's directory.
pub const FILE: &str = "private.sqlite";
/// First line of the key file.
const HEAD: &str = "expert-draw/private-export-v1";
/// How long a lock is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Journal entries read at once.
const BATCH: u32 = 1_000;

/// What opens an export.
pub struct ExportKeys {
    pub(super) sealing: Arc<SealingKeys>,
    pub(super) uniqueness: Zeroizing<[u8; 32]>,
    pub(super) statements: KeyName,
}

/// An export that is open.
pub struct PrivateExport {
    reader: Reader,
    keys: ExportKeys,
    /// The tree over its entries, computed from the statements in the file.
    pub tree: GrownTree,
    /// What the file itself is wrong about.
    pub findings: Vec<Difference>,
}

/// Whether an entry's sealed record is needed to replay pools; its signed statement decides.
fn is_needed(kind: &str) -> bool {
    [REGISTRY_EXPERT, REGISTRY_UNIT, RECORDED].contains(&kind) || kind.starts_with("draw.")
}

struct Chosen<'a> {
    keys: &'a Keys,
    to: Arc<SealingKeys>,
    entropy: &'a dyn Entropy,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Choice<Refusal> for Chosen<'_> {
    fn keeps(&self, entry: &store::journal::Entry) -> bool {
        Statement::parse(&entry.statement).is_ok_and(|statement| is_needed(statement.kind()))
    }

    fn rewrapped(&self, key: &SubjectKey) -> Result<SubjectKey, Refusal> {
        Sealer::new(&self.keys.sealing, self.entropy).rewrapped_for(key, &self.to)
    }

    fn cases(&self) -> Vec<String> {
        vec![ERASURE.name.into(), KEPT_OPENING.name.into()]
    }

    fn progress(&mut self, done: u64, of: u64) {
        (self.progress)(done, of);
    }
}

impl Service {
    /// Records that everything a replay needs is handed out, to whom and why; [`export`] then makes it.
    pub fn record_private_export(&self, actor: &Actor, purpose: &str) -> Result<(), Refusal> {
        actor.check(Action::AuditEvidence)?;
        self.record_look(actor, "private_export", "log", purpose)
    }
}

/// Writes an export into a new directory, and its key into a new file outside of it.
///
/// # Errors
/// Nothing is overwritten; what cannot be written or read is a refusal, and then no whole export is there.
pub fn export(
    reader: &Reader,
    keys: &Keys,
    entropy: &dyn Entropy,
    out: &Path,
    key_file: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, Refusal> {
    let io = |path: &Path, error: std::io::Error| unusable(&format!("{}: {error}", path.display()));
    if key_file.exists() || out.join(FILE).exists() {
        return Err(unusable(&format!("{} / {}: exists", out.display(), key_file.display())));
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(out);
    made.map_err(|error| io(out, error))?;
    let folder = |path: &Path| fs::canonicalize(path).map_err(|error| io(path, error));
    let parent = key_file.parent().filter(|parent| !parent.as_os_str().is_empty());
    if folder(parent.unwrap_or(Path::new(".")))?.starts_with(folder(out)?) {
        return Err(unusable("the key does not lie beside what it opens: name a file elsewhere"));
    }
    let mut key = Zeroizing::new([0u8; 32]);
    entropy.fill(&mut *key);
    let text = Zeroizing::new(format!(
        "{HEAD}\nsealing {}\nuniqueness {}\n",
        to_hex(&*key),
        to_hex(&*keys.uniqueness)
    ));
    let mut chosen = Chosen { keys, to: Arc::new(SealingKeys::only(key)), entropy, progress };
    let copied = reader.read(|conn| copy(conn, &out.join(FILE), TIMEOUT, &mut chosen))?;
    let key_file = parent.map_or_else(|| Path::new(".").join(key_file), |_| key_file.to_owned());
    write_new(&key_file, text.as_bytes()).map_err(Refusal::internal)?;
    Ok(copied)
}

impl ExportKeys {
    fn read(path: &Path, origin: &str) -> Result<Self, Refusal> {
        let wrong = || unusable(&format!("{}: not the key file of an export", path.display()));
        let text = read(path).map_err(|error| unusable(&error.to_string()))?;
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(wrong());
        }
        let mut key = |name: &str| -> Result<Zeroizing<[u8; 32]>, Refusal> {
            let hex = lines.next().and_then(|line| line.strip_prefix(name)).ok_or_else(wrong)?;
            let bytes = Zeroizing::new(from_hex(hex.trim_start()).ok_or_else(wrong)?);
            Ok(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?))
        };
        let (sealing, uniqueness) = (key("sealing ")?, key("uniqueness ")?);
        let origin = Origin::new(origin).map_err(|_| unusable("the export names no log"))?;
        let sealing = Arc::new(SealingKeys::only(sealing));
        Ok(Self { sealing, uniqueness, statements: origin.statements_key_name() })
    }
}

impl PrivateExport {
    /// Opens an export and computes its root from the statements that it holds.
    ///
    /// # Errors
    /// When there is none, or the key is not of an export.
    pub fn open(folder: &Path, key_file: &Path) -> Result<Self, Refusal> {
        let file = folder.join(FILE);
        if !file.is_file() {
            return Err(unusable(&format!("{}: not there", file.display())));
        }
        let reader = Reader::open(&Database::Sqlite(file), 1, TIMEOUT)?;
        let (head, tree, findings) = reader.read(|conn| {
            let head = store::head::read(conn)?;
            let (mut tree, mut findings) = (GrownTree::default(), Vec::new());
            while tree.size() < head.size {
                let entries = store::journal::range(conn, tree.size(), BATCH)?;
                if entries.is_empty() {
                    break;
                }
                for entry in &entries {
                    let index = entry.index();
                    let mut say = |what: &str| {
                        let what = what.to_owned();
                        findings.push(Difference { name: "image", index, draw: String::new(), what });
                    };
                    if index != tree.size() {
                        say("an entry before it is missing");
                    }
                    tree.push(merkle::leaf_hash(&entry.statement));
                    if let Ok(statement) = Statement::parse(&entry.statement) {
                        // What names a draw is looked up by these columns.
                        if statement.kind().starts_with("draw.") && entry.kind != statement.kind() {
                            say("is filed under another kind than the statement says");
                        }
                    }
                }
            }
            Ok::<_, Refusal>((head, tree, findings))
        })?;
        let keys = ExportKeys::read(key_file, &head.origin)?;
        Ok(Self { reader, keys, tree, findings })
    }

    /// Rebuilds every pool from the export, but those of draws below the entry `done`, which were rebuilt
    /// before. `going` hears how far it is, in entries, and says whether to go on.
    pub fn replay(&self, entropy: &dyn Entropy, done: u64, going: Going<'_>) -> Result<Replayed, Refusal> {
        let archive = Archive::of_export(&self.keys, entropy);
        let mut replayed = replay::pools_of(&self.reader, archive, done, going)?;
        replayed.findings.splice(0..0, self.findings.iter().cloned());
        Ok(replayed)
    }

    /// Where the file lies within a directory.
    pub fn file(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }
}

fn unusable(what: &str) -> Refusal {
    Refusal::new(Kind::Invalid, "private_export", format!("私有导出无法使用：{what}"), what.to_owned())
}
