//! Counters of sign-in: failed attempts, lockouts, the last time step whose code was taken, a second
//! factor that is not confirmed yet.
//!
//! The journal does not follow this table, as it does not follow idempotency keys: an attacker who
//! fails a thousand times must not make a thousand entries. A lockout and its lifting are changes of
//! the account and stand in the journal. Whoever can alter this table can at most grant further
//! attempts or let a code of the present 90 seconds be taken twice.

use diesel::prelude::*;

use super::connection::Conn;
use super::error::StoreError;
use super::schema::sign_in;
use super::tx::Tx;

/// The counters of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sign_in, primary_key(account), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct SignIn {
    /// The account, the key.
    pub account: String,
    /// Failed attempts since the last success or lockout.
    pub failures: i64,
    /// Lockouts since the last success.
    pub lockouts: i64,
    /// The last time step whose code was taken (RFC 6238 §5.2).
    pub step: i64,
    /// Secret of a second factor begun and not confirmed, sealed under the account's data key.
    pub pending: Option<Vec<u8>>,
}

/// The counters of an account; all nought if there are none.
pub fn find(conn: &mut Conn, account: &str) -> Result<SignIn, StoreError> {
    let found = conn.run(|inner| {
        sign_in::table
            .filter(sign_in::account.eq(account))
            .select(SignIn::as_select())
            .first(inner)
            .optional()
    })?;
    Ok(found.unwrap_or_else(|| SignIn { account: account.to_owned(), ..SignIn::default() }))
}

/// Writes the counters of an account. The head row is locked, so nobody else wrote since they were
/// read in the same call.
pub fn put(tx: &mut Tx<'_>, row: &SignIn) -> Result<(), StoreError> {
    let target = sign_in::table.filter(sign_in::account.eq(&row.account));
    let updated = tx.conn().run(|inner| diesel::update(target).set(row).execute(inner))?;
    if updated == 0 {
        tx.conn().run(|inner| diesel::insert_into(sign_in::table).values(row).execute(inner))?;
    }
    Ok(())
}
