//! What can go wrong between a caller and the database.

use std::fmt;

use super::check::Finding;

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A unique key is taken; nothing was changed. The name is `table.column`, for keys of several
    /// columns joined by `", "`: `package.plan_no, package.package_no`.
    #[error("already there: {0}")]
    Conflict(String),
    /// A versioned row is gone or has another version than the caller read; nothing was changed.
    #[error("changed in the meantime: {0}")]
    Stale(String),
    /// The database refused or failed; nothing was changed. The text is for the log, not for users.
    #[error("database: {0}")]
    Database(String),
    /// No turn within the stated time; nothing was changed.
    #[error("busy: no turn within the time allowed; nothing was changed")]
    Busy,
    /// The connection broke during COMMIT and the database could not be asked since: the change
    /// may or may not stand. Repeat with the same Idempotency-Key to find out.
    #[error("outcome unknown: the database went away during COMMIT")]
    Unknown,
    /// The store is closing.
    #[error("closed")]
    Closed,
    /// The statement handed to `append` cannot be one: a programming error of the caller.
    #[error("not a statement: {0}")]
    Statement(String),
    /// Nothing was signed: a key is not at hand or the device that holds it fails; nothing was changed.
    #[error("not signed: {0}")]
    Sign(String),
    /// The call panicked; nothing was changed.
    #[error("the call panicked: {0}")]
    Panic(String),
    /// What is stored contradicts itself, its signatures, or the checkpoint published outside it.
    #[error("the database is not what was signed: {}", Listed(.0))]
    Corrupt(Vec<Finding>),
    /// The database's schema is not the one this program knows.
    #[error("schema: {0}")]
    Schema(String),
    /// Not a database that this program can open by name.
    #[error("database URL: {0}")]
    Url(String),
}

/// Why a write was not done: the call's own refusal, or the store's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError<E> {
    /// What the call returned; nothing it did stands.
    #[error("{0}")]
    Call(E),
    /// The store failed. Only after [`StoreError::Unknown`] may the change stand.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first findings, and how many more there are.
struct Listed<'a>(&'a [Finding]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        for (i, finding) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{finding}", if i == 0 { "" } else { "; " })?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more @ 1..) => write!(f, "; and {more} more"),
            _ => Ok(()),
        }
    }
}
