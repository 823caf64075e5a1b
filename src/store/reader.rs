//! Reading: a pool of connections that cannot write. Also the way to read a database that the
//! check refuses, for `fsck` and for evidence of draws that stand.

use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool};

use super::connection::{Conn, Database, Purpose};
use super::error::StoreError;
use super::migrate;

/// A pool of read connections.
#[derive(Clone)]
pub struct Reader(Pool<Manager>);

impl Reader {
    /// Opens a pool on an existing database. Errors: [`StoreError::Database`] if it cannot be
    /// reached, [`StoreError::Schema`] if its schema is not this program's.
    pub fn open(database: &Database, connections: u32, timeout: Duration) -> Result<Self, StoreError> {
        let mut conn = Conn::open(database, Purpose::Read, timeout)?;
        migrate::require_current(&mut conn)?;
        drop(conn);
        let manager = Manager { database: database.clone(), timeout };
        let pool = Pool::builder()
            .max_size(connections.max(1))
            .min_idle(Some(1))
            .connection_timeout(timeout)
            .error_handler(Box::new(Reports))
            .build(manager)
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Self(pool))
    }

    /// Runs reads in one snapshot: what they see belongs together. The closure's own error type
    /// takes the store's errors in. Errors beside the closure's: [`StoreError::Busy`] when no
    /// connection is free in time.
    pub fn read<T, E: From<StoreError>>(
        &self,
        reads: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.0.get().map_err(|_| StoreError::Busy)?;
        conn.begin()?;
        let result = reads(&mut conn);
        // Nothing was written, so there is nothing to commit; a failure shows at the next check-out.
        let _ = conn.rollback();
        conn.take_failed();
        result
    }
}

/// Opens and judges connections for the pool.
#[derive(Debug)]
struct Manager {
    database: Database,
    timeout: Duration,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        Conn::open(&self.database, Purpose::Read, self.timeout)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), StoreError> {
        conn.ping()
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        // A closure that panicked, or a rollback that failed, leaves a transaction open.
        std::thread::panicking() || !conn.is_idle()
    }
}

/// The pool's own troubles go to the log, without the URL.
#[derive(Debug)]
struct Reports;

impl diesel::r2d2::HandleError<StoreError> for Reports {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "a read connection could not be made");
    }
}
