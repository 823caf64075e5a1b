//! What a call of `Store::write` works with: a connection that may write, and the end of the log.
//!
//! *Invariants:* every statement of a group has the group's time, which is not before the last
//! entry's; an index handed out is final if the group commits, and nobody hears of it otherwise.
//! The lock on the head row is held, so what a call reads cannot change before it commits.

use std::fmt::Display;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::connection::Conn;
use super::error::StoreError;
use super::head::{Head, column};
use super::journal::Entry;
use super::signing::LogKeys;
use crate::codec::{Hash, Json, Object};
use crate::log::{KeyBook, KeyUse, Origin, Statement, merkle};
use crate::time::Timestamp;

/// An entry to be made.
#[derive(Clone, Debug)]
pub struct Append {
    /// Account that acts, or a name of the service's own.
    pub actor: String,
    /// What happened, in the service's words.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// The statement without its envelope: `type` and that type's fields. `v`, `log` and `time`
    /// are the writer's.
    pub statement: Object,
    /// The private after-image, sealed by the caller.
    pub image: Option<Vec<u8>>,
    /// Whether pools built before this entry are out of date.
    pub registry: bool,
}

/// An entry as it will stand if the group commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Leaf index.
    pub index: u64,
    /// Leaf hash.
    pub leaf_hash: Hash,
    /// The statement's time.
    pub time: Timestamp,
}

impl Appended {
    /// The index as the tables' `entry` columns hold it.
    pub fn entry(&self) -> i64 {
        column(self.index)
    }
}

/// One call's view of the transaction. Reads go through it as through any [`Conn`].
///
/// A store error ends the call: a call that goes on after one and returns `Ok` is undone all the
/// same, because PostgreSQL has then given the transaction up.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    head: &'a Head,
    origin: &'a Origin,
    time: Timestamp,
    entries: Vec<Entry>,
    last_registry_entry: Option<u64>,
    keys: Arc<LogKeys>,
}

/// Where a call begins, to come back to.
pub(super) struct Mark {
    entries: usize,
    last_registry_entry: Option<u64>,
    keys: Arc<LogKeys>,
}

/// What a group made.
pub(super) struct Finished {
    /// The entries, unsigned.
    pub(super) entries: Vec<Entry>,
    /// The newest registry entry.
    pub(super) last_registry_entry: Option<u64>,
    /// The group's time.
    pub(super) time: Timestamp,
    /// The keys after these entries.
    pub(super) keys: Arc<LogKeys>,
}

impl<'a> Tx<'a> {
    /// The end of the log under the lock, for a group with one time.
    pub(super) fn new(
        conn: &'a mut Conn,
        head: &'a Head,
        origin: &'a Origin,
        keys: Arc<LogKeys>,
        now: Timestamp,
    ) -> Self {
        let last_registry_entry = head.last_registry_entry;
        let time = now.max(head.time);
        Self { conn, head, origin, time, entries: Vec::new(), last_registry_entry, keys }
    }

    /// The time of every statement made here.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The index that the next `append` will have.
    pub fn next_index(&self) -> u64 {
        self.head.size + self.entries.len() as u64
    }

    /// The entries made in this group so far, which are not in the database yet.
    pub fn pending(&self) -> &[Entry] {
        &self.entries
    }

    /// The newest registry entry, those made here included.
    pub fn last_registry_entry(&self) -> Option<u64> {
        self.last_registry_entry
    }

    /// The keys of the log up to here, entries made in this group included; `None` for a log whose
    /// entry 0 registers none.
    pub fn key_book(&self) -> Option<&KeyBook> {
        self.keys.book()
    }

    /// Digest of the operator's key that is in force for the next entry.
    pub fn key_in_force(&self, usage: KeyUse) -> Option<Hash> {
        let book = self.keys.book()?;
        book.in_force(usage, self.next_index()).map(|key| key.digest)
    }

    /// The connection, where a deref does not reach.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    /// Adds an entry. Its index, leaf hash and time are known at once.
    /// Error: [`StoreError::Statement`] for fields that cannot be a statement, and for a statement about
    /// a key that breaks a rule of log-v2.
    pub fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        let wrong = |why: &dyn Display| StoreError::Statement(why.to_string());
        let Json::Map(mut body) = Json::from(append.statement) else { return Err(wrong(&"not an object")) };
        let Some(Json::Str(kind)) = body.remove("type") else { return Err(wrong(&"no type")) };
        let statement = Statement::new(kind, self.origin.clone(), self.time.0, body);
        let (index, parsed) = (self.next_index(), statement.map_err(|error| wrong(&error))?);
        if index == 0 || parsed.kind().starts_with("key.") {
            Arc::make_mut(&mut self.keys).apply(index, &parsed).map_err(|rule| wrong(&rule))?;
        }
        let statement = parsed.to_bytes();
        let leaf_hash = merkle::leaf_hash(&statement);
        if append.registry {
            self.last_registry_entry = Some(index);
        }
        self.entries.push(Entry {
            idx: column(index),
            time: self.time.0,
            actor: append.actor,
            kind: append.kind,
            subject: append.subject,
            registry: append.registry,
            statement,
            signature: Vec::new(),
            leaf_hash: leaf_hash.0.to_vec(),
            image: append.image,
        });
        Ok(Appended { index, leaf_hash, time: self.time })
    }

    /// Where a call begins.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            last_registry_entry: self.last_registry_entry,
            keys: self.keys.clone(),
        }
    }

    /// Forgets the entries made since a mark.
    pub(super) fn forget_since(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.last_registry_entry = mark.last_registry_entry;
        self.keys = mark.keys;
    }

    /// What was made.
    pub(super) fn finish(self) -> Finished {
        Finished {
            entries: self.entries,
            last_registry_entry: self.last_registry_entry,
            time: self.time,
            keys: self.keys,
        }
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}
