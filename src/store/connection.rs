//! Connections: which database, how it is set up, and how its errors are named.
//!
//! *Invariants:* the URL names the kind of database, nothing is guessed; a commit is durable
//! (`synchronous=FULL`, `synchronous_commit` never off); a connection for reading cannot write.
//! diesel's own `establish` for several databases is not used: it would open SQLite for any text.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::{SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::error::StoreError;
use super::inner::Inner;

/// The database of a URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server: the URL as libpq takes it.
    Postgres(String),
}

impl Database {
    /// Reads `sqlite:///absolute/path`, `sqlite://relative/path` or `postgres://…`.
    /// Error: [`StoreError::Url`], which says what is accepted.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            // SQLite gives these names meanings of their own; no file is called so by intent.
            return match path {
                "" => Err(StoreError::Url("sqlite:// names no file".into())),
                _ if path.starts_with([':', '?']) => {
                    Err(StoreError::Url("sqlite:// must name a file; memory is not durable".into()))
                }
                _ => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(StoreError::Url(
            "accepted are sqlite:///absolute/path, sqlite://relative/path and postgres://…".into(),
        ))
    }
}

impl fmt::Display for Database {
    /// The URL without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
                write!(f, "postgres://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The writer thread, migrations.
    Write,
    /// Everything else.
    Read,
}

/// An open connection. Aggregates read through it; `Tx` leads to one that writes.
pub struct Conn {
    inner: Inner,
    failed: bool,
}

impl Conn {
    /// Opens and sets up a connection; waits for locks at most `timeout`.
    pub(super) fn open(database: &Database, purpose: Purpose, timeout: Duration) -> Result<Self, StoreError> {
        let timeout_ms = timeout.as_millis().max(1);
        let (inner, setup) = match database {
            Database::Sqlite(path) => {
                let mut setup = format!(
                    "PRAGMA busy_timeout = {timeout_ms}; PRAGMA cache_size = -65536; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; \
                     PRAGMA synchronous = FULL; PRAGMA case_sensitive_like = ON;"
                );
                match purpose {
                    Purpose::Write => setup.push_str("PRAGMA journal_mode = WAL;"),
                    Purpose::Read => setup.push_str("PRAGMA query_only = ON;"),
                }
                (Inner::Sqlite(open_sqlite(path, purpose)?), setup)
            }
            Database::Postgres(url) => {
                let mut setup = format!(
                    "SET lock_timeout = {timeout_ms}; \
                     SELECT set_config('synchronous_commit', 'on', false) \
                     WHERE current_setting('synchronous_commit') = 'off';"
                );
                setup.push_str(match purpose {
                    // The head row's lock gives the order; each statement must see what it locked.
                    Purpose::Write => "SET default_transaction_isolation = 'read committed';",
                    Purpose::Read => {
                        "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on;"
                    }
                });
                // libpq's message may repeat the password; only its last line says what is wrong.
                let connection = PgConnection::establish(url).map_err(|error| {
                    StoreError::Database(format!("cannot connect to {database}: {}", last_line(&error)))
                })?;
                (Inner::Postgres(connection), setup)
            }
        };
        let mut conn = Self { inner, failed: false };
        conn.run(|inner| inner.batch_execute(&setup))?;
        Ok(conn)
    }

    /// Runs statements and names their error. After an error within a transaction the connection
    /// remembers that it failed: PostgreSQL would answer COMMIT with a silent rollback.
    pub(super) fn run<T>(
        &mut self,
        statements: impl FnOnce(&mut Inner) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        statements(&mut self.inner).map_err(|error| {
            self.failed = true;
            named(&error)
        })
    }

    /// Whether a statement failed since the last call; forgets it.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }

    /// BEGIN, or SAVEPOINT within a transaction.
    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        self.run(<Inner as TransactionManager<Inner>>::begin_transaction)
    }

    /// COMMIT, or RELEASE SAVEPOINT.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        self.run(<Inner as TransactionManager<Inner>>::commit_transaction)
    }

    /// ROLLBACK, or ROLLBACK TO SAVEPOINT.
    pub(super) fn rollback(&mut self) -> Result<(), StoreError> {
        self.run(<Inner as TransactionManager<Inner>>::rollback_transaction)
    }

    /// Tries what only the writer may; for the test that a reader is refused.
    #[doc(hidden)]
    pub fn try_to_write(&mut self) -> Result<(), StoreError> {
        self.run(|inner| inner.batch_execute("UPDATE subject_key SET subject = subject"))
    }

    /// Asks the database for a sign of life.
    pub(super) fn ping(&mut self) -> Result<(), StoreError> {
        self.run(|inner| inner.batch_execute("SELECT 1"))
    }

    /// Whether no transaction is open and the connection is not known to be broken.
    pub(super) fn is_idle(&mut self) -> bool {
        let status = <Inner as TransactionManager<Inner>>::transaction_manager_status_mut(&mut self.inner);
        matches!(status.transaction_depth(), Ok(None))
    }
}

fn open_sqlite(path: &Path, purpose: Purpose) -> Result<SqliteConnection, StoreError> {
    let failed =
        |error: &dyn fmt::Display| StoreError::Database(format!("cannot open {}: {error}", path.display()));
    if purpose == Purpose::Write {
        make_private_file(path).map_err(|error| failed(&error))?;
    } else if !path.exists() {
        // SQLite would make an empty database.
        return Err(failed(&"no such file"));
    }
    let name = path.to_str().ok_or_else(|| failed(&"the name is not UTF-8"))?;
    // A leading ./ keeps names like `file:x` from being read as a URI.
    let name = if path.is_absolute() { name.to_owned() } else { format!("./{name}") };
    SqliteConnection::establish(&name).map_err(|error| failed(&error))
}

/// The database holds sealed personal data: nobody else on the machine reads it.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

fn named(error: &DieselError) -> StoreError {
    if let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error {
        // PostgreSQL names the constraint, SQLite its columns; the migrations make these alike.
        let columns = info.message().strip_prefix("UNIQUE constraint failed: ");
        let name = info.constraint_name().or(columns).unwrap_or_else(|| info.message());
        return StoreError::Conflict(name.to_owned());
    }
    StoreError::Database(error.to_string())
}

fn last_line(error: &impl fmt::Display) -> String {
    error.to_string().lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_database_or_is_refused() {
        assert_eq!(Database::parse("sqlite:///a/b.db").unwrap(), Database::Sqlite("/a/b.db".into()));
        assert_eq!(Database::parse("sqlite://a/b.db").unwrap(), Database::Sqlite("a/b.db".into()));
        assert!(matches!(Database::parse("postgres://h/d"), Ok(Database::Postgres(_))));
        for bad in [
            "",
            "a.db",
            "/a.db",
            "sqlite:a.db",
            "mysql://h/d",
            "sqlite://",
            "sqlite://:memory:",
            "postgres:/h",
        ] {
            let error = Database::parse(bad).unwrap_err();
            assert!(matches!(error, StoreError::Url(_)) && error.to_string().contains("sqlite://"), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let database = Database::parse("postgres://user:p@ss@host:5432/name?password=secret").unwrap();
        assert_eq!(format!("{database} {database:?}"), "postgres://host:5432/name postgres://host:5432/name");
    }
}
