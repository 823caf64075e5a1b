//! The schema: migrations compiled into the program, and the refusal of a schema it does not know.
//!
//! *Invariant:* both databases know the same migrations by the same names (a test compares them).

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationVersion;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Conn;
use super::error::StoreError;
use super::inner::Inner;

fn sqlite() -> EmbeddedMigrations {
    const ALL: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
    ALL
}

fn postgres() -> EmbeddedMigrations {
    const ALL: EmbeddedMigrations = embed_migrations!("migrations/postgres");
    ALL
}

/// Any number that no other program on the same database uses for its advisory lock.
const LOCK: i64 = 0x6578_7065_7274;

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// As this program knows it.
    Current,
    /// Nothing there, or an earlier version: so many migrations to run.
    Behind(usize),
    /// Versions that this program does not know: it is older than the database.
    Unknown(Vec<String>),
}

/// Compares what has run with what this program knows. Makes diesel's own table if there is none,
/// so it needs a connection that may write.
pub(super) fn state(conn: &mut Conn) -> Result<Schema, StoreError> {
    let (known, applied) = with(conn, |migrations| Ok((migrations.known()?, migrations.applied()?)))?;
    Ok(compare(&known, &applied))
}

fn compare(known: &[String], applied: &[String]) -> Schema {
    let unknown: Vec<_> = applied.iter().filter(|version| !known.contains(version)).cloned().collect();
    let pending = known.iter().filter(|version| !applied.contains(version)).count();
    match (unknown.is_empty(), pending) {
        (false, _) => Schema::Unknown(unknown),
        (true, 0) => Schema::Current,
        (true, pending) => Schema::Behind(pending),
    }
}

/// Runs what is pending, each migration in its own transaction. Error: [`StoreError::Schema`].
pub(super) fn up(conn: &mut Conn) -> Result<(), StoreError> {
    with(conn, |migrations| migrations.up())
}

/// Takes every migration back; only tests do this.
pub(super) fn down(conn: &mut Conn) -> Result<(), StoreError> {
    with(conn, |migrations| migrations.down())
}

/// Refuses every schema but the current one. Error: [`StoreError::Schema`], with what to do.
pub(super) fn require_current(conn: &mut Conn) -> Result<(), StoreError> {
    let read = conn.run(|inner| applied::table.select(applied::version).load::<String>(inner));
    let Ok(applied) = read else {
        return Err(StoreError::Schema(
            "not a database of expert-draw, or one that was never migrated".into(),
        ));
    };
    let known = with(conn, |migrations| migrations.known())?;
    match compare(&known, &applied) {
        Schema::Current => Ok(()),
        Schema::Behind(n) => Err(StoreError::Schema(format!(
            "{n} migrations have not been run; back up, then start with migration allowed"
        ))),
        Schema::Unknown(versions) => Err(StoreError::Schema(format!(
            "the database is newer than this program: it holds the unknown versions {}",
            versions.join(", ")
        ))),
    }
}

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    applied (version) {
        version -> Text,
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Migrations of the database behind a connection.
trait Migrations {
    fn known(&mut self) -> Outcome<Vec<String>>;
    fn applied(&mut self) -> Outcome<Vec<String>>;
    fn up(&mut self) -> Outcome<()>;
    fn down(&mut self) -> Outcome<()>;
}

struct On<'a, C>(&'a mut C, fn() -> EmbeddedMigrations);

macro_rules! migrations_on {
    ($conn:ty, $backend:ty) => {
        impl Migrations for On<'_, $conn> {
            fn known(&mut self) -> Outcome<Vec<String>> {
                let source: Vec<Box<dyn diesel::migration::Migration<$backend>>> =
                    diesel::migration::MigrationSource::migrations(&(self.1)())?;
                Ok(source.iter().map(|migration| migration.name().version().to_string()).collect())
            }

            fn applied(&mut self) -> Outcome<Vec<String>> {
                let versions: Vec<MigrationVersion<'static>> = self.0.applied_migrations()?;
                Ok(versions.iter().map(ToString::to_string).collect())
            }

            fn up(&mut self) -> Outcome<()> {
                self.0.run_pending_migrations((self.1)()).map(|_| ())
            }

            fn down(&mut self) -> Outcome<()> {
                self.0.revert_all_migrations((self.1)()).map(|_| ())
            }
        }
    };
}
migrations_on!(diesel::SqliteConnection, diesel::sqlite::Sqlite);
migrations_on!(diesel::PgConnection, diesel::pg::Pg);

fn with<T>(conn: &mut Conn, work: impl FnOnce(&mut dyn Migrations) -> Outcome<T>) -> Result<T, StoreError> {
    let outcome = conn.run(|inner| {
        Ok(match inner {
            Inner::Sqlite(conn) => work(&mut On(conn, sqlite)),
            Inner::Postgres(conn) => {
                // Two processes may start at once on an empty database.
                conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
                let outcome = work(&mut On(&mut *conn, postgres));
                conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
                outcome
            }
        })
    })?;
    outcome.map_err(|error| StoreError::Schema(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn both_databases_have_the_same_migrations_by_name() {
        let names = |database: &str| {
            let root = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
            let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
            folders
                .map(|folder| {
                    let files = ["up.sql", "down.sql"].map(|file| folder.join(file).is_file());
                    (folder.file_name().unwrap().to_str().unwrap().to_owned(), files)
                })
                .collect::<BTreeMap<_, _>>()
        };
        let sqlite = names("sqlite");
        assert_eq!(sqlite, names("postgres"));
        assert!(!sqlite.is_empty() && sqlite.values().all(|files| *files == [true, true]));
    }
}
