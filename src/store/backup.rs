//! Copies of a database as a whole, taken while it is in use.
//!
//! SQLite is copied by `VACUUM INTO`: one consistent snapshot without stopping the writer.
//! PostgreSQL has its own tools (`pg_dump`), which the command line calls.

use std::path::Path;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::connection::{Conn, Database, Purpose};
use super::error::StoreError;

/// Copies a SQLite database into a new file. Errors: [`StoreError::Url`] for a PostgreSQL database,
/// [`StoreError::Database`] when the file exists or cannot be written.
pub fn copy_sqlite(database: &Database, target: &Path, timeout: Duration) -> Result<(), StoreError> {
    if !matches!(database, Database::Sqlite(_)) {
        return Err(StoreError::Url("only a SQLite database is one file to copy".into()));
    }
    let Some(target) = target.to_str() else {
        return Err(StoreError::Database("the target's name is not UTF-8".into()));
    };
    let mut conn = Conn::open(database, Purpose::Write, timeout)?;
    conn.run(|inner| diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(target).execute(inner))?;
    Ok(())
}
