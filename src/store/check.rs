//! The check at every start and of `fsck`: is the database what was signed?
//!
//! Everything is recomputed from the statements: leaf hashes, tree, tiles, head. The other tables
//! are the service's to compare with a replay; it gets every entry in order through a hook.
//!
//! *Invariant:* the check only reads, in one snapshot, and reports all it finds, not the first.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::check_entry;
use super::connection::Conn;
use super::error::StoreError;
use super::head::{self, Head};
use super::journal::{self, Entry};
use super::signing::{LogKeys, may_be_about_a_key};
use super::{publish, tile};
use crate::codec::Hash;
use crate::log::{Checkpoint, Frontier, NodeSource, SignatureLine, SignedNote, Statement, append_tiles};
use crate::ports::LogSigner;
use crate::time::Timestamp;

/// Entries read and checked together.
const PAGE: u32 = 4096;
/// Several processes write one log; their clocks may differ by this much.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

/// Something that is not as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of the rule: `leaf-hash`, `signature`, `root`, …
    pub code: &'static str,
    /// The entry concerned.
    pub index: Option<u64>,
    /// What is wrong, in a sentence.
    pub what: String,
}

impl Finding {
    /// A finding about one entry.
    pub fn at(code: &'static str, index: u64, what: impl Into<String>) -> Self {
        Self { code, index: Some(index), what: what.into() }
    }

    /// A finding about the whole.
    pub fn of(code: &'static str, what: impl Into<String>) -> Self {
        Self { code, index: None, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "entry {index}: {} ({})", self.what, self.code),
            None => write!(f, "{} ({})", self.what, self.code),
        }
    }
}

/// How much to recompute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Everything, statement signatures included.
    #[default]
    Full,
    /// Everything but the statement signatures, which cost most of the time.
    Hashes,
}

/// What to check against.
pub struct Against<'a> {
    /// Origin and keys.
    pub signer: &'a dyn LogSigner,
    /// The time now.
    pub now: Timestamp,
    /// The checkpoint published outside the database.
    pub checkpoint_path: Option<&'a Path>,
    /// How much to recompute.
    pub depth: Depth,
}

/// Follows a check.
pub trait Follow {
    /// So many entries of so many are done.
    fn progress(&mut self, done: u64, total: u64) {
        let _ = (done, total);
    }

    /// Every entry in order; what is answered joins the findings.
    fn entry(&mut self, entry: &Entry) -> Vec<Finding> {
        let _ = entry;
        Vec::new()
    }
}

/// Follows nothing.
impl Follow for () {}

/// Checks everything this module's comment names. Empty if the database is what was signed.
/// Error: the database could not be read.
pub fn check(
    conn: &mut Conn,
    against: &Against<'_>,
    follow: &mut dyn Follow,
) -> Result<Vec<Finding>, StoreError> {
    // Read before the snapshot is taken: another process may publish while this one looks.
    let published = against.checkpoint_path.map(|path| (path, publish::read(path)));
    let head = head::read(conn)?;
    let mut walk = Walk::new(against)?;
    loop {
        let page = journal::range(conn, walk.next_row, PAGE)?;
        let Some(last) = page.last() else { break };
        walk.next_row = last.index() + 1;
        walk.page(&page, against, follow);
        walk.second(conn, &page, against)?;
        follow.progress(walk.leaves.len() as u64, head.size);
    }
    walk.head(&head, against);
    walk.tiles(conn)?;
    if let Some((path, published)) = published {
        walk.published(path, published, against);
    }
    if against.now.0 < walk.time - CLOCK_TOLERANCE_SECONDS {
        let last = Timestamp(walk.time);
        walk.found.push(Finding::of(
            "clock",
            format!("the clock says {}, but the last entry is of {last}", against.now),
        ));
    }
    Ok(walk.found)
}

/// Threads for work that is all computing.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The tiles of the empty tree.
struct Nothing;

impl NodeSource for Nothing {
    type Error = StoreError;

    fn tile(&self, _: u8, _: u64, _: u16) -> Result<Vec<Hash>, StoreError> {
        Ok(Vec::new())
    }
}

/// What is gathered along the journal.
struct Walk {
    found: Vec<Finding>,
    keys: LogKeys,
    next_row: u64,
    leaves: Vec<Hash>,
    time: i64,
    last_registry_entry: Option<u64>,
    /// Statement type → whether its entries are flagged as registry entries.
    flags: BTreeMap<String, bool>,
}

impl Walk {
    fn new(against: &Against<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            found: Vec::new(),
            keys: LogKeys::new(against.signer)?,
            next_row: 0,
            leaves: Vec::new(),
            time: 0,
            last_registry_entry: None,
            flags: BTreeMap::new(),
        })
    }

    /// Takes in what a page says about keys, before its signatures are looked at: every key is judged by
    /// index, so later entries change nothing for earlier ones.
    fn keys(&mut self, page: &[Entry]) {
        for entry in page {
            if entry.idx != 0 && !may_be_about_a_key(&entry.statement) {
                continue;
            }
            let Ok(statement) = Statement::parse(&entry.statement) else { continue };
            match self.keys.apply(entry.index(), &statement) {
                Ok(true) if entry.idx != 0 && entry.kind != statement.kind() => {
                    self.found.push(Finding::at(
                        "key",
                        entry.index(),
                        "the row's kind is not the statement's",
                    ));
                }
                Ok(_) => {}
                Err(rule) => {
                    let what = format!("the statement about a key breaks a rule: {rule}");
                    self.found.push(Finding::at("key", entry.index(), what));
                }
            }
        }
    }

    /// The second lines that stand beside a page, where their key is at hand.
    fn second(&mut self, conn: &mut Conn, page: &[Entry], against: &Against<'_>) -> Result<(), StoreError> {
        let (Some(first), Some(last), Some(signer)) = (page.first(), page.last(), against.signer.second())
        else {
            return Ok(());
        };
        let lines: BTreeMap<i64, String> =
            journal::second_lines(conn, first.index(), last.index())?.into_iter().collect();
        for entry in page.iter().filter(|_| against.depth == Depth::Full) {
            let Some(line) = lines.get(&entry.idx) else { continue };
            let text = [entry.statement.as_slice(), b"\n"].concat();
            if !SignatureLine::parse(line).is_some_and(|line| signer.accepts_statement(&text, &line)) {
                let what = "the second signature line does not verify";
                self.found.push(Finding::at("second-signature", entry.index(), what));
            }
        }
        Ok(())
    }

    fn page(&mut self, page: &[Entry], against: &Against<'_>, follow: &mut dyn Follow) {
        self.keys(page);
        let part = page.len().div_ceil(threads()).max(64);
        let keys = (against.depth == Depth::Full).then_some(&self.keys);
        let origin = against.signer.origin();
        let read = |entries: &[Entry]| -> Vec<_> {
            entries.iter().map(|entry| check_entry::check(entry, origin, keys)).collect()
        };
        let checked: Vec<_> = std::thread::scope(|scope| {
            let parts: Vec<_> = page.chunks(part).map(|part| scope.spawn(move || read(part))).collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
        });
        if checked.len() != page.len() {
            self.found.push(Finding::at("statement", self.leaves.len() as u64, "could not be checked"));
        }
        for (entry, checked) in page.iter().zip(checked) {
            self.found.extend(checked.found);
            self.order(entry, checked.kind);
            self.found.extend(follow.entry(entry));
            self.leaves.push(checked.leaf_hash);
        }
    }

    /// What an entry must be after the one before it.
    fn order(&mut self, entry: &Entry, kind: Option<String>) {
        let expected = self.leaves.len() as u64;
        if entry.idx != head::column(expected) {
            self.found.push(Finding::at("gap", entry.index(), format!("expected entry {expected} here")));
        }
        if entry.time < self.time {
            self.found.push(Finding::at("time", entry.index(), "is earlier than the entry before it"));
        }
        self.time = self.time.max(entry.time);
        if entry.registry {
            self.last_registry_entry = Some(entry.index());
        }
        let Some(kind) = kind else { return };
        // A type either changes pools or does not.
        let flag = *self.flags.entry(kind.clone()).or_insert(entry.registry);
        // A case (`registry.record`) is no expert and no unit: it moves no pool.
        let moves_pools = kind.starts_with("registry.") && kind != "registry.record";
        if flag != entry.registry || (moves_pools && !entry.registry) {
            self.found.push(Finding::at(
                "registry-flag",
                entry.index(),
                format!("the flag does not fit the type {kind}"),
            ));
        }
    }

    fn head(&mut self, head: &Head, against: &Against<'_>) {
        let mut tree = Frontier::new();
        tree.extend(self.leaves.iter().copied());
        let rules = [
            ("origin", head.origin == against.signer.origin(), "the log is another one than the keys'"),
            ("size", head.size == tree.size(), "the head's size is not the number of entries"),
            ("root", head.root == tree.root(), "the head's root is not the root of the statements"),
            ("peaks", head.frontier == tree, "the head's peaks are not those of the statements"),
            ("head-time", head.time.0 == self.time, "the head's time is not the last entry's"),
            (
                "last-registry-entry",
                head.last_registry_entry == self.last_registry_entry,
                "the head's newest registry entry is not the journal's",
            ),
            (
                "last-key-entry",
                head.last_key_entry == self.keys.newest(),
                "the head's newest entry about a key is not the journal's",
            ),
        ];
        self.found.extend(
            rules.iter().filter(|(_, holds, _)| !holds).map(|(code, _, what)| Finding::of(code, *what)),
        );
        let signed = SignedNote::parse(head.checkpoint.as_bytes())
            .ok()
            .filter(|note| self.keys.sign(note, head.size))
            .and_then(|note| Checkpoint::from_note(&note).ok());
        match signed {
            None => self
                .found
                .push(Finding::of("checkpoint", "the head's checkpoint is not signed by the log's key")),
            Some(signed) => {
                let same = signed.origin.as_str() == against.signer.origin()
                    && (signed.size, signed.root) == (tree.size(), tree.root());
                if !same {
                    let what = format!(
                        "the tree of the {} entries is not the one that was signed ({} entries)",
                        tree.size(),
                        signed.size
                    );
                    self.found.push(Finding::of("checkpoint", what));
                }
            }
        }
    }

    fn tiles(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let updates = append_tiles(&Nothing, 0, &self.leaves).unwrap_or_default();
        let mut expected: BTreeMap<_, Vec<u8>> = updates
            .into_iter()
            .map(|tile| {
                let hashes = tile.hashes.iter().flat_map(|hash| hash.0).collect();
                ((i64::from(tile.level), head::column(tile.index)), hashes)
            })
            .collect();
        let found = &mut self.found;
        tile::all(conn, |level, index, hashes| {
            if expected.remove(&(level, index)) != Some(hashes) {
                found
                    .push(Finding::of("tile", format!("tile {level}/{index} is not that of the statements")));
            }
        })?;
        let missing = expected.into_keys();
        found.extend(
            missing.map(|(level, index)| Finding::of("tile", format!("tile {level}/{index} is missing"))),
        );
        Ok(())
    }

    /// The file is never ahead of the database, and what it says is a prefix of the tree.
    fn published(&mut self, path: &Path, published: publish::Read, against: &Against<'_>) {
        let shown = path.display();
        let (note, published) = match published {
            Ok(Some(read)) => read,
            Ok(None) => return,
            Err(error) => {
                self.found.push(Finding::of(
                    "published",
                    format!("the published checkpoint {shown} cannot be read: {error}"),
                ));
                return;
            }
        };
        // One that is ahead may be signed by a key that these entries do not know to be retired.
        let ahead = published.size > self.leaves.len() as u64;
        let signed = self.keys.sign(&note, published.size)
            || ahead && self.keys.log_keys().iter().any(|key| note.verify(key).is_ok());
        if !signed || published.origin.as_str() != against.signer.origin() {
            self.found.push(Finding::of(
                "published",
                format!("the published checkpoint {shown} is not signed by this log"),
            ));
            return;
        }
        let size = usize::try_from(published.size).unwrap_or(usize::MAX);
        match self.leaves.get(..size) {
            None => {
                let what = format!(
                    "the database holds {} entries, but {} were published ({shown}): it was restored from an older \
                     backup. Restore a newer one; or, if those entries are lost for good, report it to the auditors \
                     and witnesses and move that file aside",
                    self.leaves.len(),
                    published.size
                );
                self.found.push(Finding::of("behind-published", what));
            }
            Some(prefix) => {
                let mut tree = Frontier::new();
                tree.extend(prefix.iter().copied());
                if tree.root() != published.root {
                    let what = format!(
                        "the first {} entries are not those that were published ({shown})",
                        published.size
                    );
                    self.found.push(Finding::of("published", what));
                }
            }
        }
    }
}
