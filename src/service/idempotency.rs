//! Idempotency: the same key with the same request gives the same resource, once.
//!
//! The row is written with the change and names the resource; answers are rendered anew, not stored.

use super::Service;
use super::actor::Actor;
use super::refusal::{Kind, Refusal};
use crate::codec::Hash;
use crate::store::{self, StoreError, Tx};

/// An `Idempotency-Key` and the digest of the request that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    key: String,
    request: Hash,
}

impl IdempotencyKey {
    /// The longest key, in characters.
    pub const LIMIT: usize = 64;

    /// A key of 1 to 64 visible ASCII characters; `request` is a digest of method, path and body.
    pub fn new(key: &str, request: Hash) -> Option<Self> {
        let fits = (1..=Self::LIMIT).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self { key: key.to_owned(), request })
    }
}

/// The row that a change writes, if it came with a key.
#[derive(Clone)]
pub(super) struct IdempotencyRow {
    account: String,
    key: Option<IdempotencyKey>,
    resource: String,
    status: i64,
}

impl IdempotencyRow {
    /// Writes the row inside the change.
    pub(super) fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Some(key) = &self.key else { return Ok(()) };
        let row = store::idempotency::Idempotency {
            account: self.account.clone(),
            key: key.key.clone(),
            request: key.request.0.to_vec(),
            resource: self.resource.clone(),
            status: self.status,
            created: tx.time().0,
        };
        store::idempotency::insert(tx, &row)
    }
}

impl Service {
    /// The resource that this key made before; a refusal when it came with another request.
    pub(super) fn replayed(&self, actor: &Actor, key: &IdempotencyKey) -> Result<Option<String>, Refusal> {
        let row = self.store.read(|conn| store::idempotency::find(conn, &actor.account, &key.key))?;
        match row {
            Some(row) if row.request == key.request.0 => Ok(Some(row.resource)),
            Some(_) => Err(Refusal::new(
                Kind::Conflict,
                "idempotency_key_reused",
                "该 Idempotency-Key 已用于另一请求",
                "this Idempotency-Key was used for another request",
            )),
            None => Ok(None),
        }
    }

    /// Does a change once per key: answers `again` for a key that made its resource before, also when
    /// the first request is only just being served.
    pub(super) fn once<T>(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        again: impl Fn(&str) -> Result<T, Refusal>,
        change: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Some(key) = key else { return change() };
        if let Some(resource) = self.replayed(actor, key)? {
            return again(&resource);
        }
        match change() {
            Err(refusal) if refusal.kind == Kind::Conflict => match self.replayed(actor, key)? {
                Some(resource) => again(&resource),
                None => Err(refusal),
            },
            other => other,
        }
    }

    /// The row for a change by this account that makes `resource`.
    pub(super) fn idempotency_row(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        resource: &str,
        status: i64,
    ) -> IdempotencyRow {
        IdempotencyRow {
            account: actor.account.clone(),
            key: key.cloned(),
            resource: resource.to_owned(),
            status,
        }
    }
}
