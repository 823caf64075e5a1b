//! Schemes and crosswalks that a bureau has loaded. Rows are added and never changed; what a text
//! says is sealed in the journal entry that the row names.

use diesel::prelude::*;

use super::Page;
use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::scheme;
use super::tx::Tx;

/// One scheme or crosswalk.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = scheme, primary_key(id), treat_none_as_default_value = false)]
pub struct Scheme {
    /// The id of a scheme, or two with a slash between them; the key.
    pub id: String,
    /// The journal entry that holds its text.
    pub entry: i64,
    /// Unix seconds.
    pub created: i64,
}

/// Adds one. Error: [`StoreError::Conflict`] on `scheme.id`.
pub fn insert(tx: &mut Tx<'_>, new: &Scheme) -> Result<(), StoreError> {
    insert_rows!(tx.conn(), scheme::table, std::slice::from_ref(new))
}

/// A page in the order of their ids.
pub fn list(conn: &mut Conn, page: &Page) -> Result<Vec<Scheme>, StoreError> {
    let mut rows: Vec<Scheme> = conn.run(|inner| {
        let mut query = scheme::table.select(Scheme::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(scheme::id.gt(after));
        }
        query.order(scheme::id).limit(page.rows()).load(inner)
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}
