//! Idempotency keys: which resource a request made. The answer is rendered anew, not stored.

use diesel::prelude::*;

use super::connection::Conn;
use super::error::StoreError;
use super::schema::idempotency;
use super::tx::Tx;

/// What one key did.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency)]
pub struct Idempotency {
    /// The account that sent it; part of the key.
    pub account: String,
    /// The Idempotency-Key; part of the key.
    pub key: String,
    /// Digest of the request, 32 bytes: the same key for another request is refused.
    pub request: Vec<u8>,
    /// The resource it made or changed.
    pub resource: String,
    /// HTTP status of the answer.
    pub status: i64,
    /// Unix seconds.
    pub created: i64,
}

/// Remembers a key, in the same transaction as its change.
/// Error: [`StoreError::Conflict`] on `idempotency.account, idempotency.key`.
pub fn insert(tx: &mut Tx<'_>, new: &Idempotency) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(idempotency::table).values(new).execute(inner))?;
    Ok(())
}

/// What a key did, if anything.
pub fn find(conn: &mut Conn, account: &str, key: &str) -> Result<Option<Idempotency>, StoreError> {
    conn.run(|inner| {
        idempotency::table
            .filter(idempotency::account.eq(account))
            .filter(idempotency::key.eq(key))
            .select(Idempotency::as_select())
            .first(inner)
            .optional()
    })
}

/// Forgets keys made before a time; answers how many.
pub fn forget_before(tx: &mut Tx<'_>, time: i64) -> Result<usize, StoreError> {
    let target = idempotency::table.filter(idempotency::created.lt(time));
    tx.conn().run(|inner| diesel::delete(target).execute(inner))
}
