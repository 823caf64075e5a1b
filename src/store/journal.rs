//! The journal: one row per entry, the statement and what lies sealed beside it.
//!
//! *Invariant:* rows are only inserted, and only by the writer; triggers in both databases refuse
//! the rest. The entry's index is its leaf index in the log.

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::head::column;
use super::schema::{entry_second, journal};

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

/// The condition of the index `journal_keys`, word for word: only then do both databases use it.
const KEYS: &str = "kind IN ('key.registered', 'key.retired')";

/// All entries that register or retire a key, in order.
pub(super) fn about_keys(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    conn.run(|inner| {
        journal::table
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(KEYS))
            .order(journal::idx)
            .select(Entry::as_select())
            .load(inner)
    })
}

/// The indices of all entries of a kind; reads the whole journal, for what runs without a service.
pub fn indices_of(conn: &mut Conn, kind: &str) -> Result<Vec<u64>, StoreError> {
    let found: Vec<i64> = conn.run(|inner| {
        journal::table.filter(journal::kind.eq(kind)).order(journal::idx).select(journal::idx).load(inner)
    })?;
    Ok(found.into_iter().map(i64::unsigned_abs).collect())
}

/// An entry without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Line {
    /// Leaf index.
    pub idx: i64,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
}

/// At most `limit` entries of draws (kinds that begin with `draw.`) from an index on and before
/// another, in order, without their bytes.
pub fn draw_lines(conn: &mut Conn, from: u64, end: u64, limit: u32) -> Result<Vec<Line>, StoreError> {
    conn.run(|inner| {
        journal::table
            .filter(journal::idx.ge(column(from)))
            .filter(journal::idx.lt(column(end)))
            .filter(journal::kind.ge("draw."))
            .filter(journal::kind.lt("draw/"))
            .order(journal::idx)
            .limit(i64::from(limit))
            .select((journal::idx, journal::kind, journal::subject))
            .load(inner)
    })
}

/// Whether an entry of one of these kinds stands at an index or later.
pub fn any_of(conn: &mut Conn, from: u64, kinds: &[&str]) -> Result<bool, StoreError> {
    conn.run(|inner| {
        diesel::select(diesel::dsl::exists(
            journal::table.filter(journal::idx.ge(column(from))).filter(journal::kind.eq_any(kinds.to_vec())),
        ))
        .get_result(inner)
    })
}

/// Journal kind of a look at a sealed field.
pub const LOOK: &str = "access.recorded";
/// Journal kind of the entry that says that an account reached its limit of looks.
pub const LOOK_LIMITED: &str = "access.limited";
/// The condition of the index `journal_looks`, word for word: only then do both databases use it.
const LOOKS: &str = "kind IN ('access.recorded', 'access.limited')";

/// Which looks; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// By this account.
    pub actor: Option<String>,
    /// At one of these; empty: at anything.
    pub subjects: Vec<String>,
    /// From this time on (Unix seconds).
    pub since: Option<i64>,
    /// Before this entry.
    pub before: Option<i64>,
}

/// At most `limit` looks, newest first, refused ones (`LOOK_LIMITED`) included.
pub fn looks(conn: &mut Conn, asked: &Looks, limit: u32) -> Result<Vec<Entry>, StoreError> {
    conn.run(|inner| {
        let mut query = journal::table
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(LOOKS))
            .select(Entry::as_select())
            .into_boxed();
        if let Some(actor) = &asked.actor {
            query = query.filter(journal::actor.eq(actor));
        }
        if !asked.subjects.is_empty() {
            query = query.filter(journal::subject.eq_any(&asked.subjects));
        }
        if let Some(since) = asked.since {
            query = query.filter(journal::time.ge(since));
        }
        if let Some(before) = asked.before {
            query = query.filter(journal::idx.lt(before));
        }
        query.order(journal::idx.desc()).limit(i64::from(limit)).load(inner)
    })
}

/// How often an account looked, and how often it was told that it looked too often, since a time.
pub fn count_looks(conn: &mut Conn, actor: &str, since: i64) -> Result<(u64, u64), StoreError> {
    let count = |conn: &mut Conn, kind: &str| -> Result<u64, StoreError> {
        let found: i64 = conn.run(|inner| {
            journal::table
                .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(LOOKS))
                .filter(journal::actor.eq(actor))
                .filter(journal::time.ge(since))
                .filter(journal::kind.eq(kind))
                .count()
                .get_result(inner)
        })?;
        Ok(found.unsigned_abs())
    };
    Ok((count(conn, LOOK)?, count(conn, LOOK_LIMITED)?))
}

/// Adds entries in one go.
pub(super) fn insert(conn: &mut Conn, entries: &[Entry]) -> Result<(), StoreError> {
    insert_rows!(conn, journal::table, entries)
}

/// The second signature line of an entry's note, where one was configured when it was made.
pub fn second_line(conn: &mut Conn, index: u64) -> Result<Option<String>, StoreError> {
    conn.run(|inner| {
        entry_second::table.find(column(index)).select(entry_second::line).first(inner).optional()
    })
}

/// The second lines of the entries from one index to another, both included, ascending by index.
pub fn second_lines(conn: &mut Conn, from: u64, end: u64) -> Result<Vec<(i64, String)>, StoreError> {
    conn.run(|inner| {
        entry_second::table
            .filter(entry_second::idx.ge(column(from)))
            .filter(entry_second::idx.le(column(end)))
            .order(entry_second::idx)
            .load(inner)
    })
}

#[derive(Insertable)]
#[diesel(table_name = entry_second, treat_none_as_default_value = false)]
struct Second {
    idx: i64,
    line: String,
}

/// Adds second lines in one go.
pub(super) fn insert_second(conn: &mut Conn, lines: Vec<(i64, String)>) -> Result<(), StoreError> {
    let rows: Vec<Second> = lines.into_iter().map(|(idx, line)| Second { idx, line }).collect();
    insert_rows!(conn, entry_second::table, &rows)
}
