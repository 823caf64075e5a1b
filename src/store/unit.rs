//! Units (工作单位): the legal persons that employ experts.

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::unit;
use super::tx::Tx;
use super::{Page, prefix_end};

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit, primary_key(code), treat_none_as_default_value = false)]
pub struct Unit {
    /// Unified social credit code (GB 32100), the key.
    pub code: String,
    /// Registered name.
    pub name: String,
    /// Region code.
    pub region: String,
    /// The journal entry of the newest change.
    pub entry: i64,
}

/// Adds units. Error: [`StoreError::Conflict`] on `unit.code`.
pub fn insert_many(tx: &mut Tx<'_>, new: &[Unit]) -> Result<(), StoreError> {
    insert_rows!(tx.conn(), unit::table, new)
}

/// Adds a unit, as [`insert_many`].
pub fn insert(tx: &mut Tx<'_>, new: &Unit) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(new))
}

/// Replaces a unit. Error: [`StoreError::Stale`] if there is none.
pub fn update(tx: &mut Tx<'_>, changed: &Unit) -> Result<(), StoreError> {
    let updated = tx.conn().run(|inner| {
        diesel::update(unit::table.filter(unit::code.eq(&changed.code))).set(changed).execute(inner)
    })?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("unit {}", changed.code))) }
}

/// The unit with a code.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<Unit>, StoreError> {
    conn.run(|inner| {
        unit::table.filter(unit::code.eq(code)).select(Unit::as_select()).first(inner).optional()
    })
}

/// A page of units in the order of their codes, all or those whose region code begins so.
pub fn list(conn: &mut Conn, region_prefix: Option<&str>, page: &Page) -> Result<Vec<Unit>, StoreError> {
    let mut units: Vec<Unit> = conn.run(|inner| {
        let mut query = unit::table.select(Unit::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(unit::code.gt(after));
        }
        if let Some(prefix) = region_prefix {
            query = query.filter(unit::region.ge(prefix)).filter(unit::region.lt(prefix_end(prefix)));
        }
        query.order(unit::code).limit(page.rows()).load(inner)
    })?;
    units.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(units)
}
