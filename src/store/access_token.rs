//! Sessions and API tokens of accounts, as hashes.
//!
//! `used` is written at most once a minute and is no part of the record that the journal holds: it is
//! when a session was last heard of, and altering it can only end a session early or let one that is
//! neither ended nor expired go on.

use diesel::prelude::*;

use super::Page;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::access_token;
use super::tx::Tx;

/// One session or token.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = access_token, treat_none_as_default_value = false)]
pub struct AccessToken {
    /// Its id, the key.
    pub id: String,
    /// The account.
    pub account: String,
    /// `session` or `token`.
    pub kind: String,
    /// Hash of the secret, 32 bytes, unique.
    pub hash: Vec<u8>,
    /// What a token is for.
    pub label: Option<String>,
    /// What a token may do, words with blanks between; none: all that the account may.
    pub scopes: Option<String>,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds from which it is no longer taken.
    pub expires: i64,
    /// Unix seconds at which it was ended.
    pub ended: Option<i64>,
    /// Unix seconds of its last use.
    pub used: i64,
    /// The journal entry of the newest change.
    pub entry: i64,
}

/// Adds one. Error: [`StoreError::Conflict`] on `access_token.id` or `access_token.hash`.
pub fn insert(tx: &mut Tx<'_>, new: &AccessToken) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(access_token::table).values(new).execute(inner))?;
    Ok(())
}

/// Ends one. Error: [`StoreError::Stale`] if there is none or it has ended already.
pub fn end(tx: &mut Tx<'_>, id: &str, time: i64, entry: i64) -> Result<(), StoreError> {
    let target = access_token::table.filter(access_token::id.eq(id)).filter(access_token::ended.is_null());
    let changes = (access_token::ended.eq(Some(time)), access_token::entry.eq(entry));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changes).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("access token {id}"))) }
}

/// Remembers a use.
pub fn used(tx: &mut Tx<'_>, id: &str, time: i64) -> Result<(), StoreError> {
    let target = access_token::table.filter(access_token::id.eq(id)).filter(access_token::used.lt(time));
    tx.conn().run(|inner| diesel::update(target).set(access_token::used.eq(time)).execute(inner))?;
    Ok(())
}

/// The one with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<AccessToken>, StoreError> {
    conn.run(|inner| {
        access_token::table
            .filter(access_token::id.eq(id))
            .select(AccessToken::as_select())
            .first(inner)
            .optional()
    })
}

/// The one whose secret has this hash, ended and expired ones included.
pub fn by_hash(conn: &mut Conn, hash: &[u8]) -> Result<Option<AccessToken>, StoreError> {
    conn.run(|inner| {
        access_token::table
            .filter(access_token::hash.eq(hash))
            .select(AccessToken::as_select())
            .first(inner)
            .optional()
    })
}

/// A page of all, in the order of their ids.
pub fn list(conn: &mut Conn, page: &Page) -> Result<Vec<AccessToken>, StoreError> {
    sorted(conn, None, page)
}

/// A page of those of one account and kind that have neither ended nor expired, and were used after
/// `used_since`.
pub fn open(
    conn: &mut Conn,
    account: &str,
    kind: &str,
    now: i64,
    used_since: i64,
    page: &Page,
) -> Result<Vec<AccessToken>, StoreError> {
    sorted(conn, Some((account, kind, now, used_since)), page)
}

fn sorted(
    conn: &mut Conn,
    of: Option<(&str, &str, i64, i64)>,
    page: &Page,
) -> Result<Vec<AccessToken>, StoreError> {
    let mut rows: Vec<AccessToken> = conn.run(|inner| {
        let mut query = access_token::table.select(AccessToken::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(access_token::id.gt(after));
        }
        if let Some((account, kind, now, used_since)) = of {
            query = query.filter(access_token::account.eq(account)).filter(access_token::kind.eq(kind));
            query = query.filter(access_token::ended.is_null()).filter(access_token::expires.gt(now));
            query = query.filter(access_token::used.gt(used_since));
        }
        query.order(access_token::id).limit(page.rows()).load(inner)
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}
