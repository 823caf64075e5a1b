//! Opening: migrate if allowed, refuse what is unknown or altered, start the writer.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use super::call::{Call, Job};
use super::check::{Against, Depth, Finding, Follow, check};
use super::connection::{Conn, Database, Purpose};
use super::error::{StoreError, WriteError};
use super::failpoints::Failpoints;
use super::head::{self, Head};
use super::migrate as schema;
use super::publish::{self, Publisher};
use super::queue::{NoPlace, Queue};
use super::reader::Reader;
use super::signing::LogKeys;
use super::tx::Tx;
use super::writer::{Hook, Writer};
use crate::codec::Hash;
use crate::log::{Frontier, Origin};
use crate::ports::{Clock, LogSigner};
use crate::time::Timestamp;

/// How to open a store.
#[derive(Clone)]
pub struct StoreConfig {
    /// Which database.
    pub database: Database,
    /// The log's keys.
    pub signer: Arc<dyn LogSigner>,
    /// The clock that stamps statements.
    pub clock: Arc<dyn Clock>,
    /// Where the newest checkpoint is published outside the database.
    pub checkpoint_path: Option<PathBuf>,
    /// Whether pending migrations may run; if not, an older schema is refused.
    pub migrate: bool,
    /// Read connections.
    pub readers: u32,
    /// Calls that may wait for the writer.
    pub queue: usize,
    /// How long a write waits for its turn, a read for a connection, a statement for a lock.
    pub timeout: Duration,
    /// How much is checked before anything is written.
    pub depth: Depth,
    /// Faults, for tests only.
    pub failpoints: Arc<Failpoints>,
}

impl StoreConfig {
    /// The usual settings: migrations allowed, full check, 8 readers, 1,024 waiting calls, 30 s.
    pub fn new(database: Database, signer: Arc<dyn LogSigner>, clock: Arc<dyn Clock>) -> Self {
        Self {
            database,
            signer,
            clock,
            checkpoint_path: None,
            migrate: true,
            readers: 8,
            queue: 1024,
            timeout: Duration::from_secs(30),
            depth: Depth::Full,
            failpoints: Arc::default(),
        }
    }
}

/// An open store. Dropping it serves the calls that wait, then ends the writer.
pub struct Store {
    reader: Reader,
    queue: Arc<Queue<Box<dyn Job>>>,
    hooks: Arc<Mutex<Vec<Hook>>>,
    timeout: Duration,
    writer: Option<JoinHandle<()>>,
    writer_id: ThreadId,
}

impl Store {
    /// Opens the database after a check. Errors: [`StoreError::Corrupt`] with the findings,
    /// [`StoreError::Schema`], [`StoreError::Database`].
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_following(config, &mut ())
    }

    /// As [`Store::open`]; somebody follows the check, sees every entry and may add findings.
    pub fn open_following(config: StoreConfig, follow: &mut dyn Follow) -> Result<Self, StoreError> {
        let origin = Origin::new(config.signer.origin())
            .map_err(|error| StoreError::Schema(format!("the keys' origin is not one: {error}")))?;
        let mut conn = Conn::open(&config.database, Purpose::Write, config.timeout)?;
        if config.migrate && matches!(schema::state(&mut conn)?, schema::Schema::Behind(_)) {
            schema::up(&mut conn)?;
        }
        schema::require_current(&mut conn)?;
        begin_log(&mut conn, config.signer.as_ref())?;
        let reader = Reader::open(&config.database, config.readers, config.timeout)?;
        let against = Against {
            signer: config.signer.as_ref(),
            now: config.clock.now(),
            checkpoint_path: config.checkpoint_path.as_deref(),
            depth: config.depth,
        };
        let found = reader.read(|conn| check(conn, &against, follow))?;
        if !found.is_empty() {
            return Err(StoreError::Corrupt(found));
        }
        let newest = head::read(&mut conn)?;
        let keys = LogKeys::load(&mut conn, config.signer.as_ref())?;
        // The signer hears of the keys first: one that was retired is not at hand any more.
        if let Some(book) = keys.book() {
            config.signer.follow(book);
        }
        let missing = keys.missing(config.signer.as_ref(), newest.size);
        if !missing.is_empty() {
            let what = |digest: &Hash| {
                let what = format!(
                    "the key {digest} is in force and is not at hand (现行密钥不在密钥目录或密码设备中)"
                );
                Finding::of("keys", what)
            };
            return Err(StoreError::Corrupt(missing.iter().map(what).collect()));
        }
        let publisher = match config.checkpoint_path {
            None => None,
            Some(path) => {
                // Before anything else is promised, the file is there and can be written.
                let failed =
                    |error| StoreError::Database(format!("cannot write {}: {error}", path.display()));
                publish::write(&path, newest.size, &newest.checkpoint).map_err(failed)?;
                Some(Publisher::start(path.clone()).map_err(failed)?)
            }
        };
        let queue = Arc::new(Queue::new(config.queue));
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer {
            database: config.database,
            timeout: config.timeout,
            origin,
            signer: config.signer,
            keys: Arc::new(keys),
            clock: config.clock,
            failpoints: config.failpoints,
            hooks: Arc::clone(&hooks),
            publisher,
            conn: Some(conn),
        };
        let theirs = Arc::clone(&queue);
        let writer = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || writer.serve(&theirs))
            .map_err(|error| StoreError::Database(format!("cannot start the writer: {error}")))?;
        let writer_id = writer.thread().id();
        Ok(Self { reader, queue, hooks, timeout: config.timeout, writer: Some(writer), writer_id })
    }

    /// The pool for reading, to be passed on.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Reads in one snapshot; see [`Reader::read`].
    pub fn read<T, E: From<StoreError>>(
        &self,
        reads: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.reader.read(reads)
    }

    /// Makes one change, waiting for its commit. The name is for the log.
    ///
    /// The call may run more than once, so it has no effect outside the transaction; it runs on the
    /// writer's thread, so it is short. It must not call `write` itself.
    ///
    /// Errors: [`WriteError::Call`] with what the call returned; [`StoreError::Busy`] if its turn
    /// does not come within the configured time; the store's other failures. Nothing was changed,
    /// except after [`StoreError::Unknown`].
    pub fn write<T, E, F>(&self, name: &'static str, call: F) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + Sync + 'static,
    {
        if std::thread::current().id() == self.writer_id {
            return Err(StoreError::Database(format!("\"{name}\" writes within a write")).into());
        }
        let deadline = Instant::now() + self.timeout;
        let (reply, answer) = sync_channel(1);
        let place = match self.queue.push(Box::new(Call { name, call, result: None, reply }), deadline) {
            Ok(place) => place,
            Err(NoPlace::Busy) => return Err(StoreError::Busy.into()),
            Err(NoPlace::Closed) => return Err(StoreError::Closed.into()),
        };
        match answer.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) if self.queue.give_up(place) => Err(StoreError::Busy.into()),
            // Its turn has come: now only the writer knows how it ends.
            Err(_) => answer.recv().unwrap_or_else(|_| Err(StoreError::Unknown.into())),
        }
    }

    /// Calls that wait for the writer now; for metrics and tests.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Calls a hook with the log's size after each commit of this process, on the writer's thread
    /// and before the callers are answered. It must be quick and must not write.
    pub fn after_commit(&self, hook: impl Fn(u64) + Send + Sync + 'static) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(hook));
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Runs pending migrations without opening the store.
pub fn migrate(database: &Database, timeout: Duration) -> Result<(), StoreError> {
    schema::up(&mut Conn::open(database, Purpose::Write, timeout)?)
}

/// Takes every migration back and with them all data. For tests of the migrations.
#[doc(hidden)]
pub fn revert_all(database: &Database, timeout: Duration) -> Result<(), StoreError> {
    schema::down(&mut Conn::open(database, Purpose::Write, timeout)?)
}

/// The head of the empty tree, once.
fn begin_log(conn: &mut Conn, signer: &dyn LogSigner) -> Result<(), StoreError> {
    if let Some(head) = head::find(conn)? {
        if head.origin != signer.origin() {
            let what =
                format!("the database is the log {}, the keys are of {}", head.origin, signer.origin());
            return Err(StoreError::Corrupt(vec![Finding::of("origin", what)]));
        }
        return Ok(());
    }
    let frontier = Frontier::new();
    let root = frontier.root();
    let head = Head {
        origin: signer.origin().to_owned(),
        size: 0,
        root,
        frontier,
        time: Timestamp(0),
        last_registry_entry: None,
        last_key_entry: None,
        checkpoint: LogKeys::new(signer)?.checkpoint(signer, 0, root)?,
    };
    match head::create(conn, &head) {
        // Another process was quicker.
        Err(StoreError::Conflict(_)) => Ok(()),
        other => other,
    }
}
