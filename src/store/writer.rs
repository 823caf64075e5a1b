//! The writer: one thread, one connection, one group of calls per transaction (group commit).
//!
//! The order of effects is the design:
//! 1. BEGIN and take the head row, which is the lock between processes;
//! 2. run the calls; only if one fails, roll back and run each within its own savepoint;
//! 3. sign and insert all entries at once, extend tiles and tree, sign the checkpoint, move the head;
//! 4. COMMIT; if its outcome is unknown, ask the database under the lock;
//! 5. tell the followers, answer the callers, publish the checkpoint outside the database.
//!
//! *Invariant:* nobody is answered `Ok` before COMMIT has answered. A connection whose transaction
//! is not closed after a group is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::call::Job;
use super::connection::{Conn, Database, Purpose};
use super::error::StoreError;
use super::failpoints::Failpoints;
use super::head::{self, Head};
use super::journal::{self, Entry};
use super::publish::Publisher;
use super::queue::Queue;
use super::signing::LogKeys;
use super::tile;
use super::tx::{Finished, Tx};
use crate::codec::Hash;
use crate::log::Origin;
use crate::ports::{Clock, LogSigner};

/// The most calls in one transaction.
const GROUP: usize = 64;
/// From this many entries on, statements are signed by several threads.
const SIGN_TOGETHER: usize = 256;
/// Between two tries to reach the database after a broken COMMIT.
const RETRY: Duration = Duration::from_millis(100);

/// Called with the log's size after each commit; cheap, must not write.
pub type Hook = Box<dyn Fn(u64) + Send + Sync>;

/// What a group made of the log.
struct Made {
    head: Head,
    last_leaf: Vec<u8>,
    keys: Arc<LogKeys>,
}

/// The thread's own state.
pub(super) struct Writer {
    pub(super) database: Database,
    pub(super) timeout: Duration,
    pub(super) origin: Origin,
    pub(super) signer: Arc<dyn LogSigner>,
    /// The keys as of the last head that was seen under the lock.
    pub(super) keys: Arc<LogKeys>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) failpoints: Arc<Failpoints>,
    pub(super) hooks: Arc<Mutex<Vec<Hook>>>,
    pub(super) publisher: Option<Publisher>,
    pub(super) conn: Option<Conn>,
}

impl Writer {
    /// Serves the queue until it is closed and empty.
    pub(super) fn serve(mut self, queue: &Queue<Box<dyn Job>>) {
        loop {
            let mut jobs = queue.take(GROUP);
            if jobs.is_empty() {
                return;
            }
            // A panic here is not a call's but ours; the connection is gone with it.
            let outcome = catch_unwind(AssertUnwindSafe(|| self.group(&mut jobs)));
            let outcome = outcome.unwrap_or(Err(StoreError::Unknown));
            if let Ok(Some(head)) = &outcome {
                self.follow(head.size);
            }
            let failure = outcome.as_ref().err();
            if let Some(error) = failure {
                let names: Vec<_> = jobs.iter().map(|job| job.name()).collect();
                tracing::error!(%error, ?names, "a group of writes failed");
            }
            jobs.into_iter().for_each(|job| job.answer(failure.cloned()));
            if let (Ok(Some(head)), Some(publisher)) = (outcome, &self.publisher) {
                publisher.offer(head.size, head.checkpoint);
            }
        }
    }

    /// One transaction. The new head if entries were made.
    fn group(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Option<Head>, StoreError> {
        let (mut conn, mut head) = self.begin()?;
        let origin = self.origin.clone();
        let mut tx = Tx::new(&mut conn, &head, &origin, self.keys.clone(), self.clock.now());
        let mut stands = jobs.iter_mut().all(|job| job.run(&mut tx));
        if !stands && jobs.len() > 1 {
            drop(tx);
            self.undo(conn);
            (conn, head) = self.begin()?;
            tx = Tx::new(&mut conn, &head, &origin, self.keys.clone(), self.clock.now());
            stands = run_apart(jobs, &mut tx)?;
        }
        let Finished { entries, last_registry_entry, time, keys } = tx.finish();
        if !stands {
            // Every call has its own error already; there is nothing to commit.
            self.undo(conn);
            return Ok(None);
        }
        let made = if entries.is_empty() {
            None
        } else {
            let next = Head { time, last_registry_entry, last_key_entry: keys.newest(), ..head };
            Some(self.extend(&mut conn, next, entries, keys)?)
        };
        let made = self.commit(conn, made)?;
        if let Some(made) = &made {
            self.know(made.keys.clone());
        }
        Ok(made.map(|made| made.head))
    }

    /// BEGIN and the lock. A connection that went stale between groups is replaced once.
    fn begin(&mut self) -> Result<(Conn, Head), StoreError> {
        let mut fresh = self.conn.is_none();
        loop {
            let mut conn = match self.conn.take() {
                Some(conn) => conn,
                None => Conn::open(&self.database, Purpose::Write, self.timeout)?,
            };
            conn.take_failed();
            let started = Instant::now();
            match conn.begin().and_then(|()| head::lock(&mut conn)) {
                Ok(head) => {
                    if !self.keys.are_of(head.size, head.last_key_entry) {
                        // Another process registered or retired a key.
                        let keys = LogKeys::load(&mut conn, self.signer.as_ref())?;
                        self.know(Arc::new(keys));
                    }
                    return Ok((conn, head));
                }
                // Neither database tells a lock's time-out apart by code through diesel, the clock does.
                Err(_) if started.elapsed() + Duration::from_millis(20) >= self.timeout => {
                    self.undo(conn);
                    return Err(StoreError::Busy);
                }
                Err(error) if fresh => return Err(error),
                Err(_) => fresh = true,
            }
        }
    }

    /// Takes the keys of the log as they are now, and tells the signer.
    fn know(&mut self, keys: Arc<LogKeys>) {
        if !Arc::ptr_eq(&self.keys, &keys)
            && let Some(book) = keys.book()
        {
            self.signer.follow(book);
        }
        self.keys = keys;
    }

    /// ROLLBACK; the connection is kept if that leaves it clean.
    fn undo(&mut self, mut conn: Conn) {
        if conn.rollback().is_ok() && conn.is_idle() {
            self.conn = Some(conn);
        }
    }

    /// Signs, inserts, extends the tree, moves the head.
    fn extend(
        &self,
        conn: &mut Conn,
        mut head: Head,
        mut entries: Vec<Entry>,
        keys: Arc<LogKeys>,
    ) -> Result<Made, StoreError> {
        let second = sign(self.signer.as_ref(), &keys, &mut entries)?;
        journal::insert(conn, &entries)?;
        journal::insert_second(conn, second)?;
        let leaf_hashes: Vec<Hash> =
            entries.iter().filter_map(|entry| Hash::from_slice(&entry.leaf_hash)).collect();
        tile::extend(conn, head.size, &leaf_hashes)?;
        let last_leaf = leaf_hashes.last().map_or_else(Vec::new, |hash| hash.0.to_vec());
        head.frontier.extend(leaf_hashes);
        head.size = head.frontier.size();
        head.root = head.frontier.root();
        head.checkpoint = keys.checkpoint(self.signer.as_ref(), head.size, head.root)?;
        head::update(conn, &head)?;
        Ok(Made { head, last_leaf, keys })
    }

    /// COMMIT, and what follows from its answer.
    fn commit(&mut self, mut conn: Conn, made: Option<Made>) -> Result<Option<Made>, StoreError> {
        if self.failpoints.before_commit.fires() {
            drop(conn);
            return Err(StoreError::Database("failpoint before COMMIT".into()));
        }
        let committed = conn.commit().is_ok() && conn.is_idle() && !self.failpoints.after_commit.fires();
        if committed {
            self.conn = Some(conn);
            return Ok(made);
        }
        // Closed first: SQLite would hold its lock against the question.
        drop(conn);
        match self.settle(made.as_ref()) {
            Some(true) => Ok(made),
            Some(false) => Err(StoreError::Database("COMMIT failed; nothing was changed".into())),
            None => Err(StoreError::Unknown),
        }
    }

    /// Whether a group stands whose COMMIT gave no clear answer. Under the head row's lock the
    /// answer is final: the broken transaction would hold that lock if it still ran.
    fn settle(&mut self, made: Option<&Made>) -> Option<bool> {
        let made = made?;
        let deadline = Instant::now() + self.timeout;
        while !self.failpoints.reconnect.fires() {
            let asked = self.begin().and_then(|(mut conn, _)| {
                let answer = stands(&mut conn, made);
                self.undo(conn);
                answer
            });
            match asked {
                Ok(stands) => return Some(stands),
                Err(_) if Instant::now() < deadline => std::thread::sleep(RETRY),
                Err(_) => return None,
            }
        }
        None
    }

    fn follow(&self, size: u64) {
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        for hook in hooks.iter() {
            if catch_unwind(AssertUnwindSafe(|| hook(size))).is_err() {
                tracing::error!(size, "a follower of the log panicked");
            }
        }
    }
}

/// Runs each call within its own savepoint; `false` if none stands.
fn run_apart(jobs: &mut [Box<dyn Job>], tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let mut any = false;
    for job in jobs {
        let mark = tx.mark();
        tx.begin()?;
        if job.run(tx) {
            tx.commit()?;
            any = true;
        } else {
            tx.rollback()?;
            tx.forget_since(mark);
        }
    }
    Ok(any)
}

/// Whether a group's last leaf stands where it was put. It holds the log's time and digests salted
/// for it alone, so no other group has the same one there.
fn stands(conn: &mut Conn, made: &Made) -> Result<bool, StoreError> {
    let entry = journal::find(conn, made.head.size - 1)?;
    Ok(entry.is_some_and(|entry| entry.leaf_hash == made.last_leaf))
}

/// Signs what is unsigned; many statements by as many threads as there are cores. Answers the second
/// lines by index.
fn sign(
    signer: &dyn LogSigner,
    keys: &LogKeys,
    entries: &mut [Entry],
) -> Result<Vec<(i64, String)>, StoreError> {
    let threads = if entries.len() < SIGN_TOGETHER { 1 } else { super::check::threads() };
    let sign = |entries: &mut [Entry]| {
        let mut second = Vec::new();
        for entry in entries {
            let line = keys.entry(signer, entry)?;
            second.extend(line.map(|line| (entry.idx, line)));
        }
        Ok(second)
    };
    if threads == 1 {
        return sign(entries);
    }
    let parts: Vec<Result<_, StoreError>> = std::thread::scope(|scope| {
        let parts = entries.chunks_mut(entries.len().div_ceil(threads));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || sign(part))).collect();
        let failed = |_| Err(StoreError::Sign("a thread panicked".into()));
        parts.into_iter().map(|part| part.join().unwrap_or_else(failed)).collect()
    });
    let mut second = Vec::new();
    for part in parts {
        second.extend(part?);
    }
    Ok(second)
}
