//! Cases (办件): applications, changes, decisions, conduct records, campaigns and their items.
//!
//! One table for all kinds: what lists, scopes and due dates need. What a case says is sealed in the
//! journal entry that `entry` names; the row is a function of that record (`service::cases`).

use diesel::prelude::*;

use super::Page;
use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::prefix_end;
use super::schema::case_file;
use super::tx::Tx;

/// The row of a case.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = case_file, primary_key(id), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct CaseRow {
    /// Its id, the key.
    pub id: String,
    /// Which life cycle it follows.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// What it is about: an expert's number, a unit's code, …
    pub subject: Option<String>,
    /// The region that scopes it.
    pub region: Option<String>,
    /// The case that it is a part of.
    pub parent: Option<String>,
    /// The account whose turn or property it is.
    pub owner: Option<String>,
    /// Unix seconds until when something has to happen.
    pub due: Option<i64>,
    /// Grows by one with every change.
    pub version: i64,
    /// The journal entry of the newest change.
    pub entry: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
}

/// Which cases; an empty filter lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Of these kinds; empty: any.
    pub kinds: Vec<String>,
    /// In these states; empty: any.
    pub states: Vec<String>,
    /// About this.
    pub subject: Option<String>,
    /// In a region whose code begins so.
    pub region_prefix: Option<String>,
    /// Part of this case.
    pub parent: Option<String>,
    /// Of this account.
    pub owner: Option<String>,
    /// Due at this time or before.
    pub due_by: Option<i64>,
}

/// Adds cases. Error: [`StoreError::Conflict`] on `case_file.id`.
pub fn insert_many(tx: &mut Tx<'_>, new: &[CaseRow]) -> Result<(), StoreError> {
    insert_rows!(tx.conn(), case_file::table, new)
}

/// Replaces a case whose version is still `expected`. Error: [`StoreError::Stale`] otherwise.
pub fn update(tx: &mut Tx<'_>, changed: &CaseRow, expected: i64) -> Result<(), StoreError> {
    let target =
        case_file::table.filter(case_file::id.eq(&changed.id)).filter(case_file::version.eq(expected));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changed).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("case {}", changed.id))) }
}

/// The case with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<CaseRow>, StoreError> {
    conn.run(|inner| {
        case_file::table.filter(case_file::id.eq(id)).select(CaseRow::as_select()).first(inner).optional()
    })
}

/// A page of cases in the order of their ids.
pub fn list(conn: &mut Conn, filter: &CaseFilter, page: &Page) -> Result<Vec<CaseRow>, StoreError> {
    let mut rows: Vec<CaseRow> = conn.run(|inner| {
        let mut query = filtered(filter).select(CaseRow::as_select());
        if let Some(after) = &page.after {
            query = query.filter(case_file::id.gt(after));
        }
        query.order(case_file::id).limit(page.rows()).load(inner)
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

/// How many cases there are.
pub fn count(conn: &mut Conn, filter: &CaseFilter) -> Result<u64, StoreError> {
    let count: i64 = conn.run(|inner| filtered(filter).count().get_result(inner))?;
    Ok(count.unsigned_abs())
}

type Filtered<'a> = case_file::BoxedQuery<'a, <super::inner::Inner as diesel::Connection>::Backend>;

fn filtered(filter: &CaseFilter) -> Filtered<'_> {
    let mut query = case_file::table.into_boxed();
    if !filter.kinds.is_empty() {
        query = query.filter(case_file::kind.eq_any(&filter.kinds));
    }
    if !filter.states.is_empty() {
        query = query.filter(case_file::state.eq_any(&filter.states));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(case_file::subject.eq(subject));
    }
    if let Some(prefix) = &filter.region_prefix {
        query = query.filter(case_file::region.ge(prefix)).filter(case_file::region.lt(prefix_end(prefix)));
    }
    if let Some(parent) = &filter.parent {
        query = query.filter(case_file::parent.eq(parent));
    }
    if let Some(owner) = &filter.owner {
        query = query.filter(case_file::owner.eq(owner));
    }
    if let Some(due) = filter.due_by {
        query = query.filter(case_file::due.le(due));
    }
    query
}
