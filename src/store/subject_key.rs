//! Wrapped data keys, one per subject (person, draw). The only rows that are changed or deleted
//! without their journal entry changing: rotation re-wraps, erasure deletes.

use diesel::prelude::*;

use super::Page;
use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::subject_key;
use super::tx::Tx;

/// One wrapped key.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = subject_key, treat_none_as_default_value = false)]
pub struct SubjectKey {
    /// Whose key, the key of the row.
    pub subject: String,
    /// The data key under the sealing key.
    pub wrapped: Vec<u8>,
}

/// Adds keys. Error: [`StoreError::Conflict`] on `subject_key.subject`.
pub fn insert_many(tx: &mut Tx<'_>, new: &[SubjectKey]) -> Result<(), StoreError> {
    insert_rows!(tx.conn(), subject_key::table, new)
}

/// Adds a key, as [`insert_many`].
pub fn insert(tx: &mut Tx<'_>, new: &SubjectKey) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(new))
}

/// The wrapped key of a subject; `None` if there never was one or it was erased.
pub fn find(conn: &mut Conn, subject: &str) -> Result<Option<Vec<u8>>, StoreError> {
    conn.run(|inner| {
        subject_key::table
            .filter(subject_key::subject.eq(subject))
            .select(subject_key::wrapped)
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

/// Puts a key under another sealing key. Error: [`StoreError::Stale`] if it was erased.
pub fn rewrap(tx: &mut Tx<'_>, changed: &SubjectKey) -> Result<(), StoreError> {
    let target = subject_key::table.filter(subject_key::subject.eq(&changed.subject));
    let updated = tx
        .conn()
        .run(|inner| diesel::update(target).set(subject_key::wrapped.eq(&changed.wrapped)).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("key of {}", changed.subject))) }
}

/// Erases a key for good; `false` if there was none.
pub fn erase(tx: &mut Tx<'_>, subject: &str) -> Result<bool, StoreError> {
    let target = subject_key::table.filter(subject_key::subject.eq(subject));
    Ok(tx.conn().run(|inner| diesel::delete(target).execute(inner))? == 1)
}
