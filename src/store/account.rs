//! Accounts: who may sign in, in which role, until when. Tokens are kept as hashes only.

use diesel::prelude::*;

use super::Page;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::account;
use super::tx::Tx;

/// One account, which is one token.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = account, treat_none_as_default_value = false)]
pub struct Account {
    /// Its id, the key.
    pub id: String,
    /// Role, in the service's words.
    pub role: String,
    /// Who it belongs to.
    pub name: String,
    /// Credit code of the unit whose data it may see; none where the role needs none.
    pub unit: Option<String>,
    /// Hash of the token, 32 bytes, unique.
    pub token_hash: Vec<u8>,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds from which it no longer signs in.
    pub expires: i64,
    /// Unix seconds of its revocation.
    pub revoked: Option<i64>,
    /// The journal entry of the newest change.
    pub entry: i64,
}

/// Adds an account. Error: [`StoreError::Conflict`] on `account.id` or `account.token_hash`.
pub fn insert(tx: &mut Tx<'_>, new: &Account) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(account::table).values(new).execute(inner))?;
    Ok(())
}

/// Revokes an account. Error: [`StoreError::Stale`] if there is none or it is revoked already.
pub fn revoke(tx: &mut Tx<'_>, id: &str, time: i64, entry: i64) -> Result<(), StoreError> {
    let target = account::table.filter(account::id.eq(id)).filter(account::revoked.is_null());
    let changes = (account::revoked.eq(Some(time)), account::entry.eq(entry));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changes).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("account {id}"))) }
}

/// The account with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Account>, StoreError> {
    conn.run(|inner| {
        account::table.filter(account::id.eq(id)).select(Account::as_select()).first(inner).optional()
    })
}

/// The account whose token has this hash, revoked and expired ones included.
pub fn by_token(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Account>, StoreError> {
    conn.run(|inner| {
        account::table
            .filter(account::token_hash.eq(token_hash))
            .select(Account::as_select())
            .first(inner)
            .optional()
    })
}

/// A page of accounts in the order of their ids.
pub fn list(conn: &mut Conn, page: &Page) -> Result<Vec<Account>, StoreError> {
    let mut accounts: Vec<Account> = conn.run(|inner| {
        let mut query = account::table.select(Account::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(account::id.gt(after));
        }
        query.order(account::id).limit(page.rows()).load(inner)
    })?;
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(accounts)
}
