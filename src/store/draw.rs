//! Draws (抽取): attempts at a package and how far each has come.

use diesel::prelude::*;

use super::Page;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::{draw, package};
use super::tx::Tx;

/// One draw.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = draw, primary_key(id), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Draw {
    /// Its id, the key.
    pub id: String,
    /// Id of the package.
    pub package: String,
    /// Number of the attempt at that package, from 1; unique with `package`.
    pub attempt: i64,
    /// State, in the service's words.
    pub state: String,
    /// alpha, 32 bytes, once committed.
    pub alpha: Option<Vec<u8>>,
    /// The journal entry of the commitment.
    pub committed_entry: Option<i64>,
    /// The journal entry of the result.
    pub drawn_entry: Option<i64>,
    /// The journal entry that ended it otherwise.
    pub ended_entry: Option<i64>,
    /// Grows by one with every change.
    pub version: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
    /// A void that is proposed and not yet confirmed: reason and account, as the service writes them.
    pub proposal: Option<String>,
}

/// Which draws to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrawFilter {
    /// Of this package.
    pub package: Option<String>,
    /// Of packages of this agency.
    pub agency: Option<String>,
    /// In this state.
    pub state: Option<String>,
}

/// Adds a draw. Error: [`StoreError::Conflict`] on `draw.id` or `draw.package, draw.attempt`.
pub fn insert(tx: &mut Tx<'_>, new: &Draw) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(draw::table).values(new).execute(inner))?;
    Ok(())
}

/// Replaces a draw whose version is still `expected`. Error: [`StoreError::Stale`] otherwise.
pub fn update(tx: &mut Tx<'_>, changed: &Draw, expected: i64) -> Result<(), StoreError> {
    let target = draw::table.filter(draw::id.eq(&changed.id)).filter(draw::version.eq(expected));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changed).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("draw {}", changed.id))) }
}

/// The draw with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Draw>, StoreError> {
    conn.run(|inner| draw::table.filter(draw::id.eq(id)).select(Draw::as_select()).first(inner).optional())
}

/// All attempts at a package, the first first.
pub fn of_package(conn: &mut Conn, package: &str) -> Result<Vec<Draw>, StoreError> {
    conn.run(|inner| {
        draw::table
            .filter(draw::package.eq(package))
            .order(draw::attempt)
            .select(Draw::as_select())
            .load(inner)
    })
}

/// A page of draws in the order of their ids.
pub fn list(conn: &mut Conn, filter: &DrawFilter, page: &Page) -> Result<Vec<Draw>, StoreError> {
    let mut draws: Vec<Draw> = conn.run(|inner| {
        let mut query = draw::table.select(Draw::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(draw::id.gt(after));
        }
        if let Some(package) = &filter.package {
            query = query.filter(draw::package.eq(package));
        }
        if let Some(state) = &filter.state {
            query = query.filter(draw::state.eq(state));
        }
        if let Some(agency) = &filter.agency {
            query = query.filter(diesel::dsl::exists(
                package::table.filter(package::id.eq(draw::package)).filter(package::agency.eq(agency)),
            ));
        }
        query.order(draw::id).limit(page.rows()).load(inner)
    })?;
    draws.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(draws)
}
