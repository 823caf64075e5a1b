//! The log's head row: size, root, right edge, newest checkpoint. The row is the lock between
//! processes: whoever writes touches it first.

use diesel::prelude::*;

use super::connection::Conn;
use super::error::StoreError;
use super::inner::Inner;
use super::schema::log_head;
use crate::codec::Hash;
use crate::log::Frontier;
use crate::time::Timestamp;

/// The newest state of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The log's origin line.
    pub origin: String,
    /// Number of entries, which is the next entry's index.
    pub size: u64,
    /// Root of the Merkle tree.
    pub root: Hash,
    /// The tree's right edge.
    pub frontier: Frontier,
    /// Time of the last entry; 0 before the first.
    pub time: Timestamp,
    /// The newest entry that changes what a pool is built from.
    pub last_registry_entry: Option<u64>,
    /// The newest entry that registers or retires a key.
    pub last_key_entry: Option<u64>,
    /// The signed checkpoint of this size and root.
    pub checkpoint: String,
}

/// The newest head. Error: [`StoreError::Corrupt`] if the row contradicts itself.
pub fn read(conn: &mut Conn) -> Result<Head, StoreError> {
    find(conn)?.ok_or_else(|| StoreError::Schema("the log has no head row".into()))
}

/// The newest head if the log has been begun.
pub(super) fn find(conn: &mut Conn) -> Result<Option<Head>, StoreError> {
    let row = conn.run(|inner| log_head::table.find(1).select(Row::as_select()).first(inner).optional())?;
    row.map(Row::into_head).transpose()
}

/// Takes the lock between processes, then reads what is under it.
pub(super) fn lock(conn: &mut Conn) -> Result<Head, StoreError> {
    conn.run(|inner| match inner {
        // A transaction that writes first has no older snapshot to fail on.
        Inner::Sqlite(conn) => {
            diesel::update(log_head::table.find(1)).set(log_head::id.eq(log_head::id)).execute(conn)
        }
        Inner::Postgres(conn) => {
            log_head::table.find(1).select(log_head::id).for_update().load::<i64>(conn).map(|rows| rows.len())
        }
    })?;
    read(conn)
}

/// Begins the log: the head of the empty tree.
pub(super) fn create(conn: &mut Conn, head: &Head) -> Result<(), StoreError> {
    let row = Row::from(head);
    conn.run(|inner| diesel::insert_into(log_head::table).values(&row).execute(inner))?;
    Ok(())
}

/// Moves the head forward; the caller holds the lock.
pub(super) fn update(conn: &mut Conn, head: &Head) -> Result<(), StoreError> {
    let row = Row::from(head);
    conn.run(|inner| diesel::update(log_head::table.find(1)).set(&row).execute(inner))?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = log_head, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: i64,
    origin: String,
    size: i64,
    root: Vec<u8>,
    peaks: Vec<u8>,
    time: i64,
    last_registry_entry: Option<i64>,
    checkpoint: String,
    last_key_entry: Option<i64>,
}

impl From<&Head> for Row {
    fn from(head: &Head) -> Self {
        Self {
            id: 1,
            origin: head.origin.clone(),
            size: column(head.size),
            root: head.root.0.to_vec(),
            peaks: head.frontier.to_bytes(),
            time: head.time.0,
            last_registry_entry: head.last_registry_entry.map(column),
            checkpoint: head.checkpoint.clone(),
            last_key_entry: head.last_key_entry.map(column),
        }
    }
}

impl Row {
    fn into_head(self) -> Result<Head, StoreError> {
        let wrong = |what: &str| StoreError::Schema(format!("the log's head row is misshapen: {what}"));
        let size = u64::try_from(self.size).map_err(|_| wrong("size"))?;
        let entry = |index: Option<i64>, name| {
            index.map(|index| u64::try_from(index).map_err(|_| wrong(name))).transpose()
        };
        Ok(Head {
            origin: self.origin,
            size,
            root: Hash::from_slice(&self.root).ok_or_else(|| wrong("root"))?,
            frontier: Frontier::from_bytes(size, &self.peaks).ok_or_else(|| wrong("peaks"))?,
            time: Timestamp(self.time),
            last_registry_entry: entry(self.last_registry_entry, "last_registry_entry")?,
            last_key_entry: entry(self.last_key_entry, "last_key_entry")?,
            checkpoint: self.checkpoint,
        })
    }
}

/// An index or size as a column holds it. Sizes end at 2^53 − 1, so nothing is cut.
pub(super) fn column(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
