//! Multi-row inserts, one way per database, because the connection over both has none.
//!
//! A macro, not a generic function: diesel's bounds for "insertable on either backend" are longer
//! than the two branches.

/// Rows in one INSERT statement: SQLite takes 32,766 variables, PostgreSQL 65,535.
pub(super) const CHUNK: usize = 500;
/// From this many rows on, PostgreSQL takes COPY.
pub(super) const COPY_FROM: usize = 200;

/// `insert_rows!(conn, table, rows)`: inserts a slice of rows in order; an empty one does nothing.
/// Error: as [`super::connection::Conn::run`].
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let rows: &[_] = $rows;
        $conn.run(|inner| match inner {
            $crate::store::inner::Inner::Sqlite(conn) => {
                for chunk in rows.chunks($crate::store::bulk::CHUNK) {
                    diesel::RunQueryDsl::execute(diesel::insert_into($table).values(chunk), conn)?;
                }
                Ok(())
            }
            $crate::store::inner::Inner::Postgres(conn) if rows.len() >= $crate::store::bulk::COPY_FROM => {
                diesel::ExecuteCopyFromDsl::execute(diesel::copy_from($table).from_insertable(rows), conn)?;
                Ok(())
            }
            $crate::store::inner::Inner::Postgres(conn) => {
                if !rows.is_empty() {
                    diesel::RunQueryDsl::execute(diesel::insert_into($table).values(rows), conn)?;
                }
                Ok(())
            }
        })
    }};
}
pub(super) use insert_rows;
