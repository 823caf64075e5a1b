//! Units (单位): legal persons, with what leads to them.
//!
//! *Invariant:* a unit's links are sorted and change with its row.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::{unit, unit_link};
use super::tx::Tx;
use super::{Page, prefix_end};

/// One unit with its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The row.
    pub row: UnitRow,
    /// Kind and value of each link, ascending, none twice: `kind` (purchaser, …), `name` (present and
    /// former, ASCII in lower case), `parent`, `controls`, `department` (codes), `person` (keyed hash,
    /// hexadecimal).
    pub links: Vec<(String, String)>,
}

/// The row of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit, primary_key(code), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct UnitRow {
    /// Unified social credit code (GB 32100), the key.
    pub code: String,
    /// Registered name.
    pub name: String,
    /// Region code.
    pub region: String,
    /// The journal entry of the newest change.
    pub entry: i64,
    /// Grows by one with every change.
    pub version: i64,
    /// `agency` or `supervision`, where a condition keeps its staff out.
    pub excluded_kind: Option<String>,
    /// The record that stays, of one that was merged.
    pub merged_into: Option<String>,
}

/// Which units; an empty filter lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFilter {
    /// With its seat in a region whose code begins so.
    pub region_prefix: Option<String>,
    /// Whose name, or a former one, contains this (ASCII in lower case).
    pub name: Option<String>,
    /// With all of these links.
    pub links: Vec<(&'static str, String)>,
    /// Merged into this one.
    pub merged_into: Option<String>,
}

/// Adds units. Error: [`StoreError::Conflict`] on `unit.code`.
pub fn insert_many(tx: &mut Tx<'_>, new: &[Unit]) -> Result<(), StoreError> {
    let rows: Vec<UnitRow> = new.iter().map(|unit| unit.row.clone()).collect();
    insert_rows!(tx.conn(), unit::table, &rows)?;
    insert_links(tx.conn(), new)
}

/// Adds a unit, as [`insert_many`].
pub fn insert(tx: &mut Tx<'_>, new: &Unit) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(new))
}

/// Replaces a unit whose version is still `expected`. Error: [`StoreError::Stale`] otherwise.
pub fn update(tx: &mut Tx<'_>, changed: &Unit, expected: i64) -> Result<(), StoreError> {
    let code = &changed.row.code;
    let updated = tx.conn().run(|inner| {
        let target = unit::table.filter(unit::code.eq(code)).filter(unit::version.eq(expected));
        let updated = diesel::update(target).set(&changed.row).execute(inner)?;
        if updated == 1 {
            diesel::delete(unit_link::table.filter(unit_link::unit.eq(code))).execute(inner)?;
        }
        Ok(updated)
    })?;
    if updated != 1 {
        return Err(StoreError::Stale(format!("unit {code}")));
    }
    insert_links(tx.conn(), std::slice::from_ref(changed))
}

/// The unit with a code.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<Unit>, StoreError> {
    let row = conn.run(|inner| {
        unit::table.filter(unit::code.eq(code)).select(UnitRow::as_select()).first(inner).optional()
    })?;
    Ok(with_links(conn, row.into_iter().collect())?.pop())
}

/// A page of units in the order of their codes.
pub fn list(conn: &mut Conn, filter: &UnitFilter, page: &Page) -> Result<Vec<Unit>, StoreError> {
    let rows: Vec<UnitRow> = conn.run(|inner| {
        let mut query = unit::table.select(UnitRow::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(unit::code.gt(after));
        }
        if let Some(prefix) = &filter.region_prefix {
            query = query.filter(unit::region.ge(prefix)).filter(unit::region.lt(prefix_end(prefix)));
        }
        if let Some(into) = &filter.merged_into {
            query = query.filter(unit::merged_into.eq(into));
        }
        for (kind, value) in &filter.links {
            let link = unit_link::table.filter(unit_link::kind.eq(*kind)).filter(unit_link::value.eq(value));
            query = query.filter(unit::code.eq_any(link.select(unit_link::unit)));
        }
        if let Some(name) = &filter.name {
            let link = unit_link::table
                .filter(unit_link::kind.eq("name"))
                .filter(unit_link::value.like(containing(name)).escape('\\'));
            query = query.filter(unit::code.eq_any(link.select(unit_link::unit)));
        }
        query.order(unit::code).limit(page.rows()).load(inner)
    })?;
    let mut units = with_links(conn, rows)?;
    units.sort_by(|a, b| a.row.code.cmp(&b.row.code));
    Ok(units)
}

/// The pattern of what contains a text.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if ['%', '_', '\\'].contains(&c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn insert_links(conn: &mut Conn, units: &[Unit]) -> Result<(), StoreError> {
    let of = |unit: &'_ Unit| {
        let code = unit.row.code.clone();
        unit.links.clone().into_iter().map(move |(kind, value)| (code.clone(), kind, value))
    };
    let links: Vec<Link> =
        units.iter().flat_map(of).map(|(unit, kind, value)| Link { unit, kind, value }).collect();
    insert_rows!(conn, unit_link::table, &links)
}

/// Joins the links to rows, in the order of the rows.
fn with_links(conn: &mut Conn, rows: Vec<UnitRow>) -> Result<Vec<Unit>, StoreError> {
    let mut links: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for part in rows.chunks(500) {
        let codes: Vec<&str> = part.iter().map(|row| row.code.as_str()).collect();
        let found: Vec<(String, String, String)> =
            conn.run(|inner| unit_link::table.filter(unit_link::unit.eq_any(&codes)).load(inner))?;
        found.into_iter().for_each(|(unit, kind, value)| links.entry(unit).or_default().push((kind, value)));
    }
    let joined = rows.into_iter().map(|row| {
        let mut links = links.remove(&row.code).unwrap_or_default();
        links.sort();
        Unit { row, links }
    });
    Ok(joined.collect())
}

#[derive(Insertable)]
#[diesel(table_name = unit_link, treat_none_as_default_value = false)]
struct Link {
    unit: String,
    kind: String,
    value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_searched_for_is_no_pattern() {
        assert_eq!(containing("a%b_c\\"), "%a\\%b\\_c\\\\%");
    }
}
