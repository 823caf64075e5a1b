//! What a call of `Store::write` works with: a connection that may write, and the end of the log.
//!
//! *Invariants:* every statement of a group has the group's time, which is not before the last
//! entry's; an index handed out is final if the group commits, and nobody hears of it otherwise.
//! The lock on the head row is held, so what a call reads cannot change before it commits.

use std::fmt::Display;
use std::ops::{Deref, DerefMut};

use super::connection::Conn;
use super::error::StoreError;
use super::head::{Head, column};
use super::journal::Entry;
use crate::codec::{Hash, Json, Object};
use crate::log::{Origin, Statement, merkle};
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
}

impl<'a> Tx<'a> {
    /// The end of the log under the lock, for a group with one time.
    pub(super) fn new(conn: &'a mut Conn, head: &'a Head, origin: &'a Origin, now: Timestamp) -> Self {
        let last_registry_entry = head.last_registry_entry;
        Self { conn, head, origin, time: now.max(head.time), entries: Vec::new(), last_registry_entry }
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

    /// The connection, where a deref does not reach.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    /// Adds an entry. Its index, leaf hash and time are known at once.
    /// Error: [`StoreError::Statement`] for fields that cannot be a statement.
    pub fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        let wrong = |why: &dyn Display| StoreError::Statement(why.to_string());
        let Json::Map(mut body) = Json::from(append.statement) else { return Err(wrong(&"not an object")) };
        let Some(Json::Str(kind)) = body.remove("type") else { return Err(wrong(&"no type")) };
        let statement = Statement::new(kind, self.origin.clone(), self.time.0, body);
        let statement = statement.map_err(|error| wrong(&error))?.to_bytes();
        let (index, leaf_hash) = (self.next_index(), merkle::leaf_hash(&statement));
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

    /// Where a call begins, to come back to.
    pub(super) fn mark(&self) -> (usize, Option<u64>) {
        (self.entries.len(), self.last_registry_entry)
    }

    /// Forgets the entries made since a mark.
    pub(super) fn forget_since(&mut self, mark: (usize, Option<u64>)) {
        self.entries.truncate(mark.0);
        self.last_registry_entry = mark.1;
    }

    /// The entries made, unsigned, and the newest registry entry.
    pub(super) fn finish(self) -> (Vec<Entry>, Option<u64>, Timestamp) {
        (self.entries, self.last_registry_entry, self.time)
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
