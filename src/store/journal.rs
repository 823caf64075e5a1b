//! The journal: one row per entry, the statement and what lies sealed beside it.
//!
//! *Invariant:* rows are only inserted, and only by the writer; triggers in both databases refuse
//! the rest. The entry's index is its leaf index in the log.

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::head::column;
use super::schema::journal;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
pub struct Entry {
    /// Leaf index, from 0 without gaps.
    pub idx: i64,
    /// Unix seconds, the statement's own `time`.
    pub time: i64,
    /// Account that acted, or a name of the service's own.
    pub actor: String,
    /// What happened, in the service's words; the statement's `type` may say less.
    pub kind: String,
    /// What it happened to: an expert's number, a draw's id, …
    pub subject: String,
    /// Whether pools built before this entry are out of date.
    pub registry: bool,
    /// The statement's canonical bytes, the leaf.
    pub statement: Vec<u8>,
    /// Key id and Ed25519 signature, 68 bytes.
    pub signature: Vec<u8>,
    /// SHA-256(0x00 ‖ statement).
    pub leaf_hash: Vec<u8>,
    /// The private after-image, sealed.
    pub image: Option<Vec<u8>>,
}

impl Entry {
    /// The leaf index.
    pub fn index(&self) -> u64 {
        self.idx.unsigned_abs()
    }
}

/// The entry at an index.
pub fn find(conn: &mut Conn, index: u64) -> Result<Option<Entry>, StoreError> {
    conn.run(|inner| journal::table.find(column(index)).select(Entry::as_select()).first(inner).optional())
}

/// At most `limit` entries from an index on, in order.
pub fn range(conn: &mut Conn, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    conn.run(|inner| {
        journal::table
            .filter(journal::idx.ge(column(from)))
            .order(journal::idx)
            .limit(i64::from(limit))
            .select(Entry::as_select())
            .load(inner)
    })
}

/// At most `limit` entries about a subject from an index on, in order.
pub fn of_subject(conn: &mut Conn, subject: &str, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    conn.run(|inner| {
        journal::table
            .filter(journal::subject.eq(subject))
            .filter(journal::idx.ge(column(from)))
            .order(journal::idx)
            .limit(i64::from(limit))
            .select(Entry::as_select())
            .load(inner)
    })
}

/// Adds entries in one go.
pub(super) fn insert(conn: &mut Conn, entries: &[Entry]) -> Result<(), StoreError> {
    insert_rows!(conn, journal::table, entries)
}
