//! The journal on disk: `DATA/journal`, only ever appended to, and the mark beside the keys that follows it.
//!
//! Order of one write, and why: (1) the line is appended and flushed: what will be said is kept; (2) the mark
//! is replaced and flushed: a journal without this line is now found out; (3) only then may the caller let
//! the signature out. A crash before (1) is done leaves a torn last line, which is cut off at the start; a crash
//! before (2) leaves one record more than the mark counts, which is taken in: nobody was told, and nothing
//! else was signed in its place.
//!
//! *Invariants:* at most one process per data directory and per key directory (file locks, which end with the
//! process); after a failed write nothing more is written until the journal is read again; a journal that is
//! missing, shorter than the mark counts, altered, or another witness's is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::keys::{KeysError, Mark, WitnessKeys, parent, sync};
use super::record::{BEGINNING, Record};
use super::state::State;
use crate::codec::{Hash, to_hex};

const JOURNAL: &str = "journal";
const LOCK: &str = "lock";

/// Why a witness does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Keys or mark.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Another process has it.
    #[error("{0} 正被另一进程使用 (in use by another process)")]
    InUse(PathBuf),
    /// The journal that there was is gone.
    #[error(
        "{0} 没有见证记录，但密钥旁的标记说明曾有 {1} 条。拒绝启动：没有记录就可能对同一日志见证两个互相矛盾的历史。\
         请恢复数据目录；若已无法恢复，请停用此密钥并建立新的见证。\n\
         The journal is gone, and the mark beside the keys counts {1} records: refusing to start. Bring the data \
         directory back; if it is lost, retire these keys and set up a new witness."
    )]
    Missing(PathBuf, u64),
    /// The journal is not the one that the mark speaks of.
    #[error(
        "{path} 与密钥旁的标记不符：{what}。拒绝启动：请恢复最新的数据目录；若已无法恢复，请停用此密钥。\n\
         The journal is not the one that the mark beside the keys speaks of ({what}): refusing to start."
    )]
    NotThis {
        /// The journal.
        path: PathBuf,
        /// What differs.
        what: String,
    },
}

/// The places where a test may end the process, in the order of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is written.
    BeforeStore,
    /// Half of the line is written.
    HalfWritten,
    /// The line is on disk, the mark not.
    Unmarked,
    /// All is on disk, nobody is told.
    AfterStore,
}

/// Ends the process at the nth pass of a step; for tests only.
#[derive(Debug)]
pub struct Failpoint {
    step: Step,
    left: AtomicU64,
}

impl Failpoint {
    /// Reads `witness_before_store`, `witness_half_written`, `witness_unmarked` or `witness_after_store`, with
    /// `:N` for the nth pass; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, nth) = text.split_once(':').unwrap_or((text, "1"));
        let step = match place {
            "witness_before_store" => Step::BeforeStore,
            "witness_half_written" => Step::HalfWritten,
            "witness_unmarked" => Step::Unmarked,
            "witness_after_store" => Step::AfterStore,
            _ => return None,
        };
        Some(Self { step, left: AtomicU64::new(nth.parse().ok()?) })
    }

    fn fires(&self, step: Step) -> bool {
        self.step == step && self.left.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    mark: Mark,
    broken: bool,
    failpoint: Option<Failpoint>,
    _locks: [File; 2],
}

impl Journal {
    /// Opens or, for keys that have signed nothing, begins the journal, and answers what it adds up to.
    pub fn open(
        data: &Path,
        keys: &WitnessKeys,
        failpoint: Option<Failpoint>,
    ) -> Result<(Self, State), OpenError> {
        let keys_lock = lock(keys.dir())?;
        let mark = keys.mark()?;
        let path = data.join(JOURNAL);
        let io = |source| OpenError::Io { path: path.clone(), source };
        let there = path.try_exists().map_err(io)?;
        if !there && mark.count > 0 {
            return Err(OpenError::Missing(path, mark.count));
        }
        if !there {
            fs::create_dir_all(data).map_err(io)?;
        }
        let data_lock = lock(data)?;
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io)?;
        if !there {
            sync(data).and_then(|()| sync(&parent(data))).map_err(io)?;
        }
        let read = Reading::of(&file, &mark).map_err(io)?;
        read.check(&path, keys, &mark)?;
        let mut journal = Self { file, mark, broken: false, failpoint, _locks: [keys_lock, data_lock] };
        journal.file.set_len(read.whole).and_then(|()| journal.file.sync_all()).map_err(io)?;
        journal.file.seek(SeekFrom::End(0)).map_err(io)?;
        if read.count == 0 {
            let opened = opened(keys, &journal.mark.id);
            journal.append(&opened, keys).map_err(io)?;
        } else if read.count > journal.mark.count {
            journal.mark = Mark { count: read.count, digest: read.digest, ..journal.mark };
            keys.set_mark(&journal.mark).map_err(io)?;
        }
        Ok((journal, read.state))
    }

    /// Keeps a record, durably. After an error nothing more is kept until the journal is opened anew: what the disk
    /// holds is not known.
    pub fn append(&mut self, record: &Record, keys: &WitnessKeys) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        self.broken = true;
        let (line, digest) = record.line(&self.mark.digest);
        self.pass(Step::BeforeStore);
        if self.failpoint.as_ref().is_some_and(|point| point.fires(Step::HalfWritten)) {
            let half = line.get(..line.len() / 2).unwrap_or_default();
            self.file.write_all(half).and_then(|()| self.file.sync_all())?;
            std::process::abort();
        }
        self.file.write_all(&line)?;
        self.file.sync_all()?;
        self.pass(Step::Unmarked);
        let mark = Mark { id: self.mark.id.clone(), count: self.mark.count + 1, digest };
        keys.set_mark(&mark)?;
        self.mark = mark;
        self.pass(Step::AfterStore);
        self.broken = false;
        Ok(())
    }

    fn pass(&self, step: Step) {
        if self.failpoint.as_ref().is_some_and(|point| point.fires(step)) {
            std::process::abort();
        }
    }
}

/// What was found on disk.
struct Reading {
    state: State,
    first: Option<Record>,
    count: u64,
    digest: Hash,
    /// Digest at the count of the mark.
    at_mark: Option<Hash>,
    /// Bytes of whole records.
    whole: u64,
    /// Bytes behind them.
    torn: u64,
    contradiction: Option<String>,
}

impl Reading {
    fn of(file: &File, mark: &Mark) -> io::Result<Self> {
        let mut read = Self {
            state: State::default(),
            first: None,
            count: 0,
            digest: BEGINNING,
            at_mark: None,
            whole: 0,
            torn: 0,
            contradiction: None,
        };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        read.at_mark = (mark.count == 0).then_some(BEGINNING);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            let bare = line.strip_suffix(b"\n");
            let Some((record, digest)) = bare.and_then(|bare| Record::from_line(bare, &read.digest)) else {
                break;
            };
            if read.count == 0 {
                read.first = Some(record);
            } else if let Err(why) = read.state.apply(&record) {
                read.contradiction = Some(format!("record {}: {why}", read.count + 1));
                break;
            }
            (read.count, read.digest, read.whole) = (read.count + 1, digest, read.whole + length);
            if read.count == mark.count {
                read.at_mark = Some(digest);
            }
        }
        read.torn = file.metadata()?.len().saturating_sub(read.whole);
        Ok(read)
    }

    /// Holds it against the mark. One record more than it counts, or a torn one, is what a crash leaves.
    fn check(&self, path: &Path, keys: &WitnessKeys, mark: &Mark) -> Result<(), OpenError> {
        let wrong = |what: String| Err(OpenError::NotThis { path: path.to_owned(), what });
        if let Some(why) = &self.contradiction {
            return wrong(why.clone());
        }
        if self.count < mark.count {
            return wrong(format!("{} < {}", self.count, mark.count));
        }
        if self.at_mark != Some(mark.digest) {
            return wrong(format!("digest of record {}", mark.count));
        }
        let more = self.count - mark.count;
        if more > 1 || (more == 1 && self.torn > 0) {
            return wrong(format!("{more} records and {} bytes more than the mark counts", self.torn));
        }
        match &self.first {
            Some(first) if *first != opened(keys, &mark.id) => wrong("keys of another witness".into()),
            _ => Ok(()),
        }
    }
}

fn opened(keys: &WitnessKeys, id: &str) -> Record {
    let vrf = to_hex(keys.vrf.public().as_bytes());
    Record::Opened { id: id.to_owned(), cosigner: keys.cosigner().to_string(), vrf }
}

/// Takes the lock of a directory; it ends with the process.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|source| OpenError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse(dir.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}
