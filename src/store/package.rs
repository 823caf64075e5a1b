//! Packages (包): what panels are drawn for. Suppliers and other sealed facts lie in the journal.

use diesel::prelude::*;

use super::Page;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::package;
use super::tx::Tx;

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = package, primary_key(id))]
pub struct Package {
    /// Its id, the key.
    pub id: String,
    /// Number of the procurement plan; unique with `package_no`.
    pub plan_no: String,
    /// Number within the plan.
    pub package_no: String,
    /// Credit code of the agency (采购代理机构).
    pub agency: String,
    /// Credit code of the purchaser (采购人).
    pub purchaser: String,
    /// State, in the service's words.
    pub state: String,
    /// Grows by one with every change.
    pub version: i64,
    /// The journal entry of the newest change.
    pub entry: i64,
    /// Unix seconds.
    pub created: i64,
}

/// Which packages to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageFilter {
    /// Of this agency.
    pub agency: Option<String>,
    /// In this state.
    pub state: Option<String>,
}

/// Adds a package. Error: [`StoreError::Conflict`] on `package.id` or
/// `package.plan_no, package.package_no`.
pub fn insert(tx: &mut Tx<'_>, new: &Package) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(package::table).values(new).execute(inner))?;
    Ok(())
}

/// Replaces a package whose version is still `expected`. Error: [`StoreError::Stale`] otherwise.
pub fn update(tx: &mut Tx<'_>, changed: &Package, expected: i64) -> Result<(), StoreError> {
    let target = package::table.filter(package::id.eq(&changed.id)).filter(package::version.eq(expected));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changed).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("package {}", changed.id))) }
}

/// The package with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Package>, StoreError> {
    conn.run(|inner| {
        package::table.filter(package::id.eq(id)).select(Package::as_select()).first(inner).optional()
    })
}

/// The package with these numbers.
pub fn by_numbers(conn: &mut Conn, plan_no: &str, package_no: &str) -> Result<Option<Package>, StoreError> {
    conn.run(|inner| {
        package::table
            .filter(package::plan_no.eq(plan_no))
            .filter(package::package_no.eq(package_no))
            .select(Package::as_select())
            .first(inner)
            .optional()
    })
}

/// A page of packages in the order of their ids.
pub fn list(conn: &mut Conn, filter: &PackageFilter, page: &Page) -> Result<Vec<Package>, StoreError> {
    let mut packages: Vec<Package> = conn.run(|inner| {
        let mut query = package::table.select(Package::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(package::id.gt(after));
        }
        if let Some(agency) = &filter.agency {
            query = query.filter(package::agency.eq(agency));
        }
        if let Some(state) = &filter.state {
            query = query.filter(package::state.eq(state));
        }
        query.order(package::id).limit(page.rows()).load(inner)
    })?;
    packages.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(packages)
}
