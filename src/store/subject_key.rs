//! Wrapped data keys, one per subject (person, draw). The only rows that are changed or deleted
//! without their journal entry changing: rotation re-wraps, erasure deletes.

use diesel::prelude::*;

use super::Page;
use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::{case_file, subject_key};
use super::tx::Tx;

/// One wrapped key.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = subject_key, treat_none_as_default_value = false)]
pub struct SubjectKey {
    /// Whose key, the key of the row.
    pub subject: String,
    /// The data key under the sealing key.
    pub wrapped: Vec<u8>,
    /// Which generation of the sealing key, from 1.
    pub generation: i64,
}

/// The kind of the cases that record rotations of the sealing key; one case is one generation more.
pub const ROTATION: &str = "sealing_rotation";

/// The generation of the sealing key in force: 1 and one more for every rotation that was begun.
pub fn generation(conn: &mut Conn) -> Result<i64, StoreError> {
    let rotations: i64 =
        conn.run(|inner| case_file::table.filter(case_file::kind.eq(ROTATION)).count().get_result(inner))?;
    Ok(1 + rotations)
}

/// Adds keys. Error: [`StoreError::Conflict`] on `subject_key.subject`.
pub fn insert_many(tx: &mut Tx<'_>, new: &[SubjectKey]) -> Result<(), StoreError> {
    insert_rows!(tx.conn(), subject_key::table, new)
}

/// Adds a key, as [`insert_many`].
pub fn insert(tx: &mut Tx<'_>, new: &SubjectKey) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(new))
}

/// The wrapped key of a subject with its generation; `None` if there never was one or it was erased.
pub fn find(conn: &mut Conn, subject: &str) -> Result<Option<SubjectKey>, StoreError> {
    conn.run(|inner| {
        subject_key::table
            .filter(subject_key::subject.eq(subject))
            .select(SubjectKey::as_select())
            .first(inner)
            .optional()
    })
}

/// A page of keys in the order of their subjects: for the index at start and for rotation.
pub fn list(conn: &mut Conn, page: &Page) -> Result<Vec<SubjectKey>, StoreError> {
    let mut keys: Vec<SubjectKey> = conn.run(|inner| {
        let mut query = subject_key::table.select(SubjectKey::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(subject_key::subject.gt(after));
        }
        query.order(subject_key::subject).limit(page.rows()).load(inner)
    })?;
    keys.sort_by(|a, b| a.subject.cmp(&b.subject));
    Ok(keys)
}

/// Keys that are wrapped under an earlier generation than this one, at most `limit`.
pub fn behind(conn: &mut Conn, generation: i64, limit: u32) -> Result<Vec<SubjectKey>, StoreError> {
    conn.run(|inner| {
        subject_key::table
            .filter(subject_key::generation.lt(generation))
            .order((subject_key::generation, subject_key::subject))
            .limit(i64::from(limit))
            .select(SubjectKey::as_select())
            .load(inner)
    })
}

/// How many keys there are, and how many of them are wrapped under an earlier generation.
pub fn counts(conn: &mut Conn, generation: i64) -> Result<(u64, u64), StoreError> {
    let (all, behind): (i64, i64) = conn.run(|inner| {
        let all = subject_key::table.count().get_result(inner)?;
        let behind = subject_key::table.filter(subject_key::generation.lt(generation));
        Ok((all, behind.count().get_result(inner)?))
    })?;
    Ok((all.unsigned_abs(), behind.unsigned_abs()))
}

/// Puts a key under another sealing key, unless it is no longer the one that was read (erased, or
/// done by another process): then nothing is changed and the answer is `false`.
pub fn rewrap(tx: &mut Tx<'_>, changed: &SubjectKey, was: &[u8]) -> Result<bool, StoreError> {
    let target = subject_key::table
        .filter(subject_key::subject.eq(&changed.subject))
        .filter(subject_key::wrapped.eq(was));
    let set = (subject_key::wrapped.eq(&changed.wrapped), subject_key::generation.eq(changed.generation));
    Ok(tx.conn().run(|inner| diesel::update(target).set(set).execute(inner))? == 1)
}

/// Erases a key for good; `false` if there was none.
pub fn erase(tx: &mut Tx<'_>, subject: &str) -> Result<bool, StoreError> {
    let target = subject_key::table.filter(subject_key::subject.eq(subject));
    Ok(tx.conn().run(|inner| diesel::delete(target).execute(inner))? == 1)
}
