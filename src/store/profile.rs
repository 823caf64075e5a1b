//! Rule profiles as they were loaded: kept by digest, never changed.

use diesel::prelude::*;

use super::connection::Conn;
use super::error::StoreError;
use super::schema::profile;
use super::tx::Tx;

/// One loaded profile.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = profile, treat_none_as_default_value = false)]
pub struct Profile {
    /// Digest of the text, 64 hexadecimal characters, the key.
    pub digest: String,
    /// Its name.
    pub name: String,
    /// The file as loaded.
    pub text: String,
    /// The journal entry of its loading.
    pub entry: i64,
}

/// Adds a profile. Error: [`StoreError::Conflict`] on `profile.digest`.
pub fn insert(tx: &mut Tx<'_>, new: &Profile) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(profile::table).values(new).execute(inner))?;
    Ok(())
}

/// The profile with a digest.
pub fn find(conn: &mut Conn, digest: &str) -> Result<Option<Profile>, StoreError> {
    conn.run(|inner| {
        profile::table.filter(profile::digest.eq(digest)).select(Profile::as_select()).first(inner).optional()
    })
}

/// The profile loaded last.
pub fn newest(conn: &mut Conn) -> Result<Option<Profile>, StoreError> {
    conn.run(|inner| {
        profile::table.order(profile::entry.desc()).select(Profile::as_select()).first(inner).optional()
    })
}

/// All profiles in the order of their loading; there are few.
pub fn all(conn: &mut Conn) -> Result<Vec<Profile>, StoreError> {
    conn.run(|inner| profile::table.order(profile::entry).select(Profile::as_select()).load(inner))
}
