//! Experts (评审专家): what lists and filters need, nothing that names anybody.
//!
//! *Invariant:* specialities and review regions of an expert are sorted and change with the row.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::{expert, expert_region, expert_speciality};
use super::tx::Tx;
use super::{Page, prefix_end};

/// One expert with side tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expert {
    /// The row.
    pub row: ExpertRow,
    /// Specialities as `scheme:code`, ascending, none twice.
    pub specialities: Vec<String>,
    /// Codes of the regions in which the expert reviews, ascending, none twice.
    pub regions: Vec<String>,
}

/// The row of an expert.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = expert, primary_key(number), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ExpertRow {
    /// Expert number, the key.
    pub number: String,
    /// Keyed hash of the national id, 32 bytes, unique.
    pub id_hash: Vec<u8>,
    /// Standing, in the registry's words.
    pub standing: String,
    /// Code of the home region.
    pub region: String,
    /// Credit code of the employer; none for somebody without one.
    pub unit: Option<String>,
    /// Last day of the term, `YYYY-MM-DD`.
    pub term_to: String,
    /// Grows by one with every change.
    pub version: i64,
    /// The journal entry of the newest change.
    pub entry: i64,
    /// Level of the title, in the registry's words; empty: written before there was this column.
    pub title_level: String,
    /// First day of the term, `YYYY-MM-DD`.
    pub term_from: String,
    /// Day of the last yearly confirmation, `YYYY-MM-DD`.
    pub confirmed: Option<String>,
}

/// Which experts to list; an empty filter lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpertFilter {
    /// With this standing.
    pub standing: Option<String>,
    /// Reviewing in a region whose code begins so.
    pub region_prefix: Option<String>,
    /// With a speciality that begins so, the scheme included: `mof31:A01`.
    pub speciality_prefix: Option<String>,
    /// Employed by this unit.
    pub unit: Option<String>,
    /// With a main region whose code begins so.
    pub home_prefix: Option<String>,
    /// With a title of this level.
    pub title_level: Option<String>,
}

/// Adds an expert. Error: [`StoreError::Conflict`] on `expert.number` or `expert.id_hash`.
pub fn insert(tx: &mut Tx<'_>, new: &Expert) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(new))
}

/// Adds many experts at once, as [`insert`].
pub fn insert_many(tx: &mut Tx<'_>, new: &[Expert]) -> Result<(), StoreError> {
    // A slice at a time keeps the copies small beside what the caller holds.
    for part in new.chunks(10_000) {
        let rows: Vec<ExpertRow> = part.iter().map(|expert| expert.row.clone()).collect();
        insert_rows!(tx.conn(), expert::table, &rows)?;
        insert_sides(tx.conn(), part)?;
    }
    Ok(())
}

/// Replaces an expert whose version is still `expected`. Error: [`StoreError::Stale`] otherwise.
pub fn update(tx: &mut Tx<'_>, changed: &Expert, expected: i64) -> Result<(), StoreError> {
    let number = &changed.row.number;
    let updated = tx.conn().run(|inner| {
        let target = expert::table.filter(expert::number.eq(number)).filter(expert::version.eq(expected));
        let updated = diesel::update(target).set(&changed.row).execute(inner)?;
        if updated == 1 {
            let sides = expert_speciality::table.filter(expert_speciality::number.eq(number));
            diesel::delete(sides).execute(inner)?;
            let sides = expert_region::table.filter(expert_region::number.eq(number));
            diesel::delete(sides).execute(inner)?;
        }
        Ok(updated)
    })?;
    if updated != 1 {
        return Err(StoreError::Stale(format!("expert {number}")));
    }
    insert_sides(tx.conn(), std::slice::from_ref(changed))
}

/// The expert with a number.
pub fn find(conn: &mut Conn, number: &str) -> Result<Option<Expert>, StoreError> {
    let row = conn.run(|inner| {
        expert::table.filter(expert::number.eq(number)).select(ExpertRow::as_select()).first(inner).optional()
    })?;
    Ok(with_sides(conn, row.into_iter().collect())?.pop())
}

/// The number of the expert with this id hash.
pub fn number_of(conn: &mut Conn, id_hash: &[u8]) -> Result<Option<String>, StoreError> {
    conn.run(|inner| {
        expert::table.filter(expert::id_hash.eq(id_hash)).select(expert::number).first(inner).optional()
    })
}

/// Numbers of experts whose rows were written before there were all columns, in their order, at most
/// `limit` of those after a number. The row of an erased record has no term and stays empty.
pub fn unfilled(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    conn.run(|inner| {
        let rows = expert::table.filter(expert::title_level.eq("")).filter(expert::term_to.ne(""));
        let rows = rows.filter(expert::number.gt(after));
        rows.select(expert::number).order(expert::number).limit(limit).load(inner)
    })
}

/// Which of these id hashes belong to somebody registered.
pub fn known(conn: &mut Conn, id_hashes: &[&[u8]]) -> Result<BTreeSet<Vec<u8>>, StoreError> {
    let mut found = BTreeSet::new();
    for part in id_hashes.chunks(500) {
        let rows: Vec<Vec<u8>> = conn.run(|inner| {
            expert::table.filter(expert::id_hash.eq_any(part)).select(expert::id_hash).load(inner)
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// How many experts there are.
pub fn count(conn: &mut Conn) -> Result<u64, StoreError> {
    let count: i64 = conn.run(|inner| expert::table.count().get_result(inner))?;
    Ok(count.unsigned_abs())
}

/// A page of experts in the order of their numbers; the cursor is the number.
pub fn list(conn: &mut Conn, filter: &ExpertFilter, page: &Page) -> Result<Vec<Expert>, StoreError> {
    let rows = conn.run(|inner| {
        let mut query = expert::table.select(ExpertRow::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(expert::number.gt(after));
        }
        if let Some(standing) = &filter.standing {
            query = query.filter(expert::standing.eq(standing));
        }
        if let Some(unit) = &filter.unit {
            query = query.filter(expert::unit.eq(unit));
        }
        if let Some(prefix) = &filter.home_prefix {
            query = query.filter(expert::region.ge(prefix)).filter(expert::region.lt(prefix_end(prefix)));
        }
        if let Some(level) = &filter.title_level {
            query = query.filter(expert::title_level.eq(level));
        }
        if let Some(prefix) = &filter.region_prefix {
            query = query.filter(diesel::dsl::exists(
                expert_region::table
                    .filter(expert_region::number.eq(expert::number))
                    .filter(expert_region::code.ge(prefix))
                    .filter(expert_region::code.lt(prefix_end(prefix))),
            ));
        }
        if let Some(prefix) = &filter.speciality_prefix {
            query = query.filter(diesel::dsl::exists(
                expert_speciality::table
                    .filter(expert_speciality::number.eq(expert::number))
                    .filter(expert_speciality::code.ge(prefix))
                    .filter(expert_speciality::code.lt(prefix_end(prefix))),
            ));
        }
        query.order(expert::number).limit(page.rows()).load(inner)
    })?;
    let mut experts = with_sides(conn, rows)?;
    experts.sort_by(|a, b| a.row.number.cmp(&b.row.number));
    Ok(experts)
}

fn insert_sides(conn: &mut Conn, experts: &[Expert]) -> Result<(), StoreError> {
    let specialities: Vec<Speciality> = pairs(experts, |expert| &expert.specialities)
        .map(|(number, code)| Speciality { number, code })
        .collect();
    insert_rows!(conn, expert_speciality::table, &specialities)?;
    let regions: Vec<Region> =
        pairs(experts, |expert| &expert.regions).map(|(number, code)| Region { number, code }).collect();
    insert_rows!(conn, expert_region::table, &regions)
}

fn pairs<'a>(
    experts: &'a [Expert],
    codes: impl Fn(&'a Expert) -> &'a Vec<String> + 'a,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    experts
        .iter()
        .flat_map(move |expert| codes(expert).iter().map(|code| (expert.row.number.as_str(), code.as_str())))
}

/// Joins the side tables to rows, in the order of the rows.
fn with_sides(conn: &mut Conn, rows: Vec<ExpertRow>) -> Result<Vec<Expert>, StoreError> {
    type Pairs = Vec<(String, String)>;
    type Sides = BTreeMap<String, (Vec<String>, Vec<String>)>;
    let mut sides = Sides::new();
    for part in rows.chunks(500) {
        let numbers: Vec<&str> = part.iter().map(|row| row.number.as_str()).collect();
        let (specialities, regions): (Pairs, Pairs) = conn.run(|inner| {
            let specialities = expert_speciality::table.filter(expert_speciality::number.eq_any(&numbers));
            let regions = expert_region::table.filter(expert_region::number.eq_any(&numbers));
            Ok((specialities.load(inner)?, regions.load(inner)?))
        })?;
        specialities.into_iter().for_each(|(number, code)| sides.entry(number).or_default().0.push(code));
        regions.into_iter().for_each(|(number, code)| sides.entry(number).or_default().1.push(code));
    }
    let joined = rows.into_iter().map(|row| {
        let (mut specialities, mut regions) = sides.remove(&row.number).unwrap_or_default();
        specialities.sort();
        regions.sort();
        Expert { row, specialities, regions }
    });
    Ok(joined.collect())
}

#[derive(Insertable)]
#[diesel(table_name = expert_speciality, treat_none_as_default_value = false)]
struct Speciality<'a> {
    number: &'a str,
    code: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = expert_region, treat_none_as_default_value = false)]
struct Region<'a> {
    number: &'a str,
    code: &'a str,
}
