//! The one connection type over both databases. What diesel derives for it has no documentation of
//! its own, so the derive stands alone here.
//!
//! Its limits, met and kept to: no `establish` of its own, no multi-row insert, no `on_conflict`.
#![allow(missing_docs)]

use diesel::{MultiConnection, PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(MultiConnection)]
pub enum Inner {
    /// To a SQLite file.
    Sqlite(SqliteConnection),
    /// To a PostgreSQL server.
    Postgres(PgConnection),
}
