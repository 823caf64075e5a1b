//! The log read whole: bundles fetched and parsed side by side, the tree built and keys judged in order,
//! signatures verified side by side again.
//!
//! *Invariant:* an entry counts only once its leaf is in the tree; whoever serves the files is not trusted.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::draws::Draws;
use super::finding::Finding;
use super::said::Told;
use super::source::Source;
use crate::codec::Hash;
use crate::draw::contributions::VRF_KEYS;
use crate::evidence::said::Said;
use crate::log::merkle::leaf_hash;
use crate::log::{
    Algorithm, GrownTree, KeyBook, KeyUse, Origin, SignedNote, Statement, TILE_WIDTH, TileName, TilePath,
    VerifierKey, unpack_entries,
};

/// Bundles that are read side by side before the next are.
const BATCH: u64 = 64;
/// Findings about single entries that are kept; more than so many say nothing new.
const KEPT: usize = 1_000;

/// Everything that is known of the entries once they are read.
pub struct Entries {
    /// The tree.
    pub tree: GrownTree,
    /// Time of each entry.
    pub times: Vec<i64>,
    /// The keys, once entry 0 was read.
    pub book: Option<KeyBook>,
    /// Entries about keys.
    pub about_keys: Vec<u64>,
    /// The draws.
    pub draws: Draws,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// One entry as it was read.
struct Entry {
    index: u64,
    leaf: Hash,
    /// The note: the statement's bytes, an empty line, the signature lines.
    note: Vec<u8>,
    /// The statement, or what is wrong with it.
    statement: Result<Statement, String>,
}

/// A statements key made ready, or why it cannot be.
type Signer = Result<Arc<VerifierKey>, String>;

/// Why the log cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source failed.
    #[error("{path}: {source}")]
    Io {
        /// Path of the file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file that the checkpoint promises is not there, or not of its form.
    #[error("{0}: 缺失或格式不符 (missing or not of its form)")]
    File(String),
    /// Somebody asked to stop.
    #[error("已中断，下次从断点继续 (interrupted; the next run goes on from here)")]
    Stopped,
}

/// How the reading goes.
pub struct Reading<'a> {
    /// Where from.
    pub source: &'a dyn Source,
    /// The log.
    pub origin: &'a Origin,
    /// Entries in the checkpoint.
    pub size: u64,
    /// Threads.
    pub jobs: usize,
    /// Signatures of entries below this size were verified before, if the root at it is this.
    pub known: Option<(u64, Hash)>,
    /// Hears entries done.
    pub progress: &'a (dyn Fn(u64) + Sync),
    /// Somebody asks to stop.
    pub stop: &'a AtomicBool,
}

/// Reads everything.
pub fn read(reading: &Reading<'_>, draws: Draws) -> Result<Entries, ReadError> {
    let (tree, times) = (GrownTree::default(), Vec::new());
    let mut all = Entries { tree, times, book: None, about_keys: Vec::new(), draws, findings: Vec::new() };
    let bundles = reading.size.div_ceil(u64::from(TILE_WIDTH));
    let mut next = 0;
    let name = reading.origin.statements_key_name();
    let mut signer: Option<([u8; 32], Signer)> = None;
    while next < bundles {
        if reading.stop.load(Ordering::SeqCst) {
            return Err(ReadError::Stopped);
        }
        let end = (next + BATCH).min(bundles);
        let numbers: Vec<u64> = (next..end).collect();
        let read = side_by_side(&numbers, reading.jobs, |number| bundle(reading, *number));
        // Runs of entries under one key, which is made ready once.
        let mut checks: Vec<(Entry, Signer)> = Vec::new();
        for entries in read {
            for entry in entries? {
                let key = all.take(reading, &entry);
                let known = reading.known.is_some_and(|(size, _)| entry.index < size);
                let (Some(key), false) = (key, known) else { continue };
                if signer.as_ref().is_none_or(|(bytes, _)| *bytes != key) {
                    let ready = VerifierKey::new(name.clone(), Algorithm::Ed25519, key);
                    signer = Some((key, ready.map(Arc::new).map_err(|error| error.to_string())));
                }
                if let Some((_, ready)) = &signer {
                    checks.push((entry, ready.clone()));
                }
            }
        }
        let wrong = side_by_side(&checks, reading.jobs, |(entry, key)| unsigned(entry, key));
        all.findings.extend(wrong.into_iter().flatten());
        all.findings.truncate(KEPT);
        next = end;
        (reading.progress)(all.tree.size());
    }
    if let Some((size, root)) = reading.known
        && all.tree.root(size) != Some(root)
    {
        let what = format!("the head of size {size} that was checked before is no head of this log");
        all.findings.push(Finding::new("history", what));
    }
    Ok(all)
}

impl Entries {
    /// The log that was read.
    pub fn draws_origin(&self) -> &Origin {
        self.draws.origin()
    }

    /// Takes the next entry; answers the statements key in force at its index.
    fn take(&mut self, reading: &Reading<'_>, entry: &Entry) -> Option<[u8; 32]> {
        self.tree.push(entry.leaf);
        let find = |name, what: String| Finding::new(name, what).at(entry.index);
        let statement = match &entry.statement {
            Ok(statement) => statement,
            Err(why) => {
                self.findings.push(find("statement", why.clone()));
                self.times.push(self.times.last().copied().unwrap_or_default());
                return None;
            }
        };
        let time = statement.time();
        if self.times.last().is_some_and(|before| time < *before) {
            self.findings.push(find("time", format!("{time}")));
        }
        self.times.push(time);
        if statement.log() != reading.origin {
            self.findings.push(find("statement", format!("belongs to {}", statement.log())));
        }
        let told = match Told::read(statement.kind(), &statement.body_json()) {
            Ok(told) => told,
            Err(error) => {
                self.findings.push(find("type", format!("{}: {error}", statement.kind())));
                Told::Opaque
            }
        };
        let opened = matches!(&told, Told::Draw(said) if matches!(said.as_ref(), Said::Opened(_)));
        if (entry.index == 0) != opened {
            self.findings.push(find("statement", "log.opened stands at index 0 and nowhere else".into()));
        }
        // What signs this entry is what was in force below it.
        let mut refused = None;
        if let Told::Draw(said) = &told {
            if matches!(said.as_ref(), Said::KeyRegistered(_) | Said::KeyRetired(_)) {
                self.about_keys.push(entry.index);
            }
            match (said.as_ref(), &mut self.book) {
                (Said::Opened(opened), book @ None) => {
                    match KeyBook::open(reading.origin.as_str(), opened, VRF_KEYS) {
                        Ok(opened) => *book = Some(opened),
                        Err(error) => refused = Some(error),
                    }
                }
                (Said::KeyRegistered(said), Some(book)) => refused = book.register(entry.index, said).err(),
                (Said::KeyRetired(said), Some(book)) => refused = book.retire(entry.index, said).err(),
                _ => {}
            }
        }
        if let Some(error) = refused {
            self.findings.push(find("key", format!("{error} ({})", error.name())));
        }
        let book = self.book.as_ref()?;
        let key = book.in_force(KeyUse::Statements, entry.index).map(|key| key.key);
        self.draws.follow(entry.index, time, &entry.leaf, told, book);
        key
    }
}

/// The entries of one bundle with their signature lines.
fn bundle(reading: &Reading<'_>, number: u64) -> Result<Vec<Entry>, ReadError> {
    let first = number * u64::from(TILE_WIDTH);
    let width = (reading.size - first).min(u64::from(TILE_WIDTH));
    let width = u16::try_from(width).unwrap_or(TILE_WIDTH);
    let path = TilePath::new(TileName::Entries, number, width)
        .ok_or_else(|| ReadError::File(format!("bundle {number}")))?
        .to_string();
    let signatures = path.replacen("tile/entries/", "signatures/", 1);
    let get = |path: &str| -> Result<Vec<u8>, ReadError> {
        let got = reading.source.get(path);
        let got = got.map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        got.ok_or_else(|| ReadError::File(path.to_owned()))
    };
    let (statements, lines) = (get(&path)?, get(&signatures)?);
    let statements = unpack_entries(&statements, width).map_err(|_| ReadError::File(path.clone()))?;
    let lines = unpack_entries(&lines, width).map_err(|_| ReadError::File(signatures))?;
    let entry = |((bytes, lines), index): ((&&[u8], &&[u8]), u64)| Entry {
        index,
        leaf: leaf_hash(bytes),
        note: [*bytes, b"\n\n", *lines].concat(),
        statement: Statement::parse(bytes).map_err(|error| error.to_string()),
    };
    Ok(statements.iter().zip(&lines).zip(first..).map(entry).collect())
}

/// What is wrong with the signature of an entry.
fn unsigned(entry: &Entry, key: &Signer) -> Option<Finding> {
    entry.statement.as_ref().ok()?;
    let verified = SignedNote::parse(&entry.note).map_err(|error| error.to_string()).and_then(|note| {
        let key = key.as_ref().map_err(Clone::clone)?;
        note.verify(key).map_err(|error| error.to_string())
    });
    verified.err().map(|what| Finding::new("signature", what).at(entry.index))
}

/// Does the same to every item on several threads; answers in the order of the items.
pub fn side_by_side<T: Sync, U: Send>(items: &[T], jobs: usize, work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, U)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1).min(items.len()) {
            scope.spawn(|| {
                loop {
                    // A few at a time, so that threads do not queue for the counter.
                    const STRIDE: usize = 8;
                    let from = next.fetch_add(STRIDE, Ordering::Relaxed);
                    let Some(some) = items.get(from..items.len().min(from + STRIDE)) else { return };
                    if some.is_empty() {
                        return;
                    }
                    let mut own: Vec<(usize, U)> =
                        some.iter().enumerate().map(|(n, item)| (from + n, work(item))).collect();
                    done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, value)| value).collect()
}
