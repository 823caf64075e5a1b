//! Accounts: who may sign in, in which role and with which rights, until when. Tokens and passwords
//! are kept as hashes, the second factor sealed; nothing of a row lets anybody in.

use diesel::prelude::*;

use super::connection::Conn;
use super::error::StoreError;
use super::schema::account;
use super::tx::Tx;
use super::{Page, prefix_end};

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = account, primary_key(id), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Account {
    /// Its id, the key.
    pub id: String,
    /// Role, in the service's words.
    pub role: String,
    /// Who it belongs to.
    pub name: String,
    /// Credit code of the unit whose data it may see; none where the role needs none.
    pub unit: Option<String>,
    /// Hash of the account's first token, 32 bytes, unique; none for an account with a login.
    pub token_hash: Option<Vec<u8>>,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds from which it no longer signs in.
    pub expires: i64,
    /// Unix seconds of its revocation.
    pub revoked: Option<i64>,
    /// The journal entry of the newest change.
    pub entry: i64,
    /// Rights of a bureau's account, words with blanks between; none: all of them.
    pub rights: Option<String>,
    /// Region code to which it is narrowed.
    pub region: Option<String>,
    /// Number of the expert whose account it is.
    pub expert: Option<String>,
    /// Login name, unique.
    pub login: Option<String>,
    /// Keyed hash of the person's id number, 32 bytes.
    pub person: Option<Vec<u8>>,
    /// Password hash as a PHC string.
    pub password: Option<String>,
    /// Unix seconds of the password.
    pub password_changed: Option<i64>,
    /// Whether the password has to be changed before anything else.
    pub must_change: bool,
    /// Secret of the second factor, sealed under the account's data key.
    pub totp: Option<Vec<u8>>,
    /// Whether it needs a second factor.
    pub totp_required: bool,
    /// Unix seconds since when somebody has locked it.
    pub locked: Option<i64>,
    /// Unix seconds until when it does not sign in after too many failures.
    pub locked_until: Option<i64>,
}

/// Adds an account. Error: [`StoreError::Conflict`] on `account.id`, `account.login` or
/// `account.token_hash`.
pub fn insert(tx: &mut Tx<'_>, new: &Account) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(account::table).values(new).execute(inner))?;
    Ok(())
}

/// Replaces an account whose newest entry is still `expected`. Error: [`StoreError::Stale`] otherwise.
pub fn update(tx: &mut Tx<'_>, changed: &Account, expected: i64) -> Result<(), StoreError> {
    let target = account::table.filter(account::id.eq(&changed.id)).filter(account::entry.eq(expected));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changed).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("account {}", changed.id))) }
}

/// The account with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Account>, StoreError> {
    conn.run(|inner| {
        account::table.filter(account::id.eq(id)).select(Account::as_select()).first(inner).optional()
    })
}

/// The account whose first token has this hash, revoked and expired ones included.
pub fn by_token(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<Account>, StoreError> {
    conn.run(|inner| {
        account::table
            .filter(account::token_hash.eq(token_hash))
            .select(Account::as_select())
            .first(inner)
            .optional()
    })
}

/// The account with a login name, revoked and expired ones included.
pub fn by_login(conn: &mut Conn, login: &str) -> Result<Option<Account>, StoreError> {
    conn.run(|inner| {
        account::table.filter(account::login.eq(login)).select(Account::as_select()).first(inner).optional()
    })
}

/// All accounts of a person, by the keyed hash of the id number.
pub fn of_person(conn: &mut Conn, person: &[u8]) -> Result<Vec<Account>, StoreError> {
    conn.run(|inner| {
        account::table.filter(account::person.eq(person)).select(Account::as_select()).load(inner)
    })
}

/// All accounts of a registered expert.
pub fn of_expert(conn: &mut Conn, number: &str) -> Result<Vec<Account>, StoreError> {
    conn.run(|inner| {
        account::table.filter(account::expert.eq(number)).select(Account::as_select()).load(inner)
    })
}

/// A page of accounts in the order of their ids.
pub fn list(conn: &mut Conn, page: &Page) -> Result<Vec<Account>, StoreError> {
    list_within(conn, None, page)
}

/// A page of the accounts whose region code begins so.
pub fn list_within(conn: &mut Conn, region: Option<&str>, page: &Page) -> Result<Vec<Account>, StoreError> {
    let mut accounts: Vec<Account> = conn.run(|inner| {
        let mut query = account::table.select(Account::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(account::id.gt(after));
        }
        if let Some(prefix) = region {
            query = query.filter(account::region.ge(prefix)).filter(account::region.lt(prefix_end(prefix)));
        }
        query.order(account::id).limit(page.rows()).load(inner)
    })?;
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(accounts)
}
