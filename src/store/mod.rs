//! The store: the only room that knows a database. Tables, journal, the writer, the start check.
//!
//! [`Store::write`] is the one way to change anything: a call makes its changes and its journal
//! entries through a [`Tx`], and the writer commits both together with the log's tree, signatures
//! and head. [`Store::read`] sees one snapshot and cannot write. What each change means is the
//! service's business; there is one file per aggregate here, with rows and plain operations.
//!
//! *Invariants:* diesel does not leave this module; the order of every list comes from comparing
//! bytes, never from a database's collation; no outcome without its entry (one transaction holds
//! state, journal, Merkle head and signatures).
//!
//! Deliberately not here: permissions, sealing, the meaning of states, retry of calls.

pub mod access_token;
pub mod account;
pub mod backup;
mod bulk;
mod call;
pub mod case;
mod check;
mod check_entry;
mod connection;
pub mod draw;
pub mod draw_calls;
mod error;
pub mod expert;
mod failpoints;
pub mod files;
pub mod head;
pub mod idempotency;
mod inner;
pub mod journal;
mod migrate;
mod open;
pub mod outbox;
pub mod package;
pub mod private_copy;
pub mod profile;
mod publish;
mod queue;
mod reader;
mod schema;
pub mod scheme;
pub mod sign_in;
pub mod signing;
pub mod subject_key;
pub mod tile;
mod tx;
pub mod unit;
pub mod witness;
mod writer;

pub use check::{Against, Depth, Finding, Follow, check};
pub use connection::{Conn, Database};
pub use error::{StoreError, WriteError};
pub use failpoints::{Failpoint, Failpoints, Fault};
pub use open::{Store, StoreConfig, migrate, revert_all};
pub use reader::Reader;
pub use tx::{Append, Appended, Tx};
pub use writer::Hook;

/// At most this many rows of a page that begins after a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The key of the last row already seen; `None` for the first page.
    pub after: Option<String>,
    /// Rows wanted, 1 to [`Page::MAX`].
    pub limit: u32,
}

impl Page {
    /// The most rows of one page.
    pub const MAX: u32 = 1000;

    /// The first page.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The page after a key.
    pub fn after(key: impl Into<String>, limit: u32) -> Self {
        Self { after: Some(key.into()), limit }
    }

    fn rows(&self) -> i64 {
        i64::from(self.limit.clamp(1, Self::MAX))
    }
}

/// The first text after all that begin with a prefix, for ranges on keys compared by bytes.
fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}
