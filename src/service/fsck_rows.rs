//! `fsck`, the rows of accounts, sessions, tokens, units, schemes and packages: each must be what its newest
//! entry's sealed
//! record says. An account's role and a package's agency decide who sees what, so they are held
//! against what was signed like everything else.
//!
//! Deliberately not here: experts and draws (`fsck`), and rows of idempotency keys and of sign-in
//! counters, which are no part of the journal: altering one can only make a request be answered by
//! another resource of its account, or grant further attempts (`store::sign_in`).

use std::collections::BTreeMap;

use super::archive::Archive;
use super::refusal::Refusal;
use super::{accounts, packages, scheme_book, schemes, sessions, units};
use crate::codec::Json;
use crate::registry::{Package, Unit};
use crate::store::{self, Conn, Finding, Page, StoreError};

/// Newest entry of each subject.
type Newest = BTreeMap<String, i64>;

/// What the tables should hold, gathered along the journal.
#[derive(Default)]
pub(super) struct Rows {
    accounts: Newest,
    units: Newest,
    packages: Newest,
    /// Entries of sessions and tokens, whose subject is the account.
    access: Vec<u64>,
    schemes: Newest,
}

impl Rows {
    /// Remembers an entry if a table of this file follows it.
    pub(super) fn follow(&mut self, entry: &store::journal::Entry, kind: &str) {
        let newest = match kind {
            accounts::CHANGED if sessions::is_access(entry) => {
                self.access.push(entry.index());
                return;
            }
            accounts::CHANGED => &mut self.accounts,
            units::REGISTRY_UNIT => &mut self.units,
            packages::RECORDED => &mut self.packages,
            schemes::SCHEME => &mut self.schemes,
            _ => return,
        };
        let subject = entry.subject.strip_prefix(schemes::SUBJECT).unwrap_or(&entry.subject);
        newest.insert(subject.to_owned(), entry.idx);
    }

    /// Holds every row against its newest entry.
    pub(super) fn check(
        &self,
        conn: &mut Conn,
        archive: &Archive<'_>,
        found: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let mut account = Table { name: "account", newest: &self.accounts, conn, archive, found };
        account.walk(
            store::account::list,
            |row| (&row.id, row.entry),
            |archive, conn, entry, row| Ok(archive.opaque(conn, entry)? == accounts::record(row)),
        )?;
        self.access(conn, archive, found)?;
        let mut unit = Table { name: "unit", newest: &self.units, conn, archive, found };
        unit.walk(
            |conn, page| store::unit::list(conn, &store::unit::UnitFilter::default(), page),
            |unit| (&unit.row.code, unit.row.entry),
            |archive, conn, entry, row| {
                let unit: Unit = archive.image(conn, entry)?.1.open().map_err(Refusal::internal)?;
                let mut signed = units::row(&unit, row.row.version);
                signed.row.entry = entry.idx;
                Ok(signed == *row)
            },
        )?;
        let mut scheme = Table { name: "scheme", newest: &self.schemes, conn, archive, found };
        scheme.walk(
            store::scheme::list,
            |row| (&row.id, row.entry),
            |archive, conn, entry, row| {
                let kept = scheme_book::read(&archive.opaque(conn, entry)?).map_err(Refusal::internal)?;
                let signed = store::scheme::Scheme { id: kept.id, entry: entry.idx, created: kept.created };
                Ok(signed == *row)
            },
        )?;
        let mut package = Table { name: "package", newest: &self.packages, conn, archive, found };
        let all = store::package::PackageFilter::default();
        package.walk(
            |conn, page| store::package::list(conn, &all, page),
            |row| (&row.id, row.entry),
            |archive, conn, entry, row| {
                let package: Package = archive.image(conn, entry)?.1.open().map_err(Refusal::internal)?;
                let signed = store::package::Package {
                    id: entry.subject.clone(),
                    plan_no: package.plan_no().as_str().to_owned(),
                    package_no: package.package_no().as_str().to_owned(),
                    agency: package.agency().code.as_str().to_owned(),
                    purchaser: package.purchaser().code.as_str().to_owned(),
                    state: packages::STATE_RECORDED.to_owned(),
                    // Suppliers that came later made further versions of the one that was recorded.
                    version: row.version,
                    entry: entry.idx,
                    created: if row.version == 1 { entry.time } else { row.created },
                };
                Ok(signed == *row)
            },
        )
    }
}

impl Rows {
    /// Holds every session and token against the newest record of its id.
    fn access(
        &self,
        conn: &mut Conn,
        archive: &Archive<'_>,
        found: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let mut newest = BTreeMap::new();
        for index in &self.access {
            // A missing entry is the store's finding.
            let Some(entry) = store::journal::find(conn, *index)? else { continue };
            match archive.opaque(conn, &entry) {
                Ok(Json::Map(record)) => {
                    let id = record.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
                    newest.insert(id, (entry.idx, Json::Map(record)));
                }
                _ => {
                    let what = format!("entry {index}: the sealed record is not the one that was signed");
                    found.push(Finding::at("access_token", *index, what));
                }
            }
        }
        let mut after = None;
        loop {
            let rows = store::access_token::list(conn, &Page { after: after.clone(), limit: Page::MAX })?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id.clone());
            for row in &rows {
                let signed = newest.remove(&row.id);
                if signed != Some((row.entry, sessions::record(row))) {
                    let what = format!("access_token {}: the table differs from the signed record", row.id);
                    found.push(Finding::at("access_token", row.entry.unsigned_abs(), what));
                }
            }
        }
        for (id, (entry, _)) in newest {
            let what = format!("access_token {id}: is missing from the table");
            found.push(Finding::at("access_token", entry.unsigned_abs(), what));
        }
        Ok(())
    }
}

/// One table on its way through the check.
struct Table<'a, 'b> {
    name: &'static str,
    newest: &'a Newest,
    conn: &'a mut Conn,
    archive: &'a Archive<'b>,
    found: &'a mut Vec<Finding>,
}

impl Table<'_, '_> {
    /// Walks all rows: `list` gives a page, `key` a row's subject and newest entry, `same` says
    /// whether the row is what the entry's record says.
    fn walk<Row>(
        &mut self,
        list: impl Fn(&mut Conn, &Page) -> Result<Vec<Row>, StoreError>,
        key: impl Fn(&Row) -> (&String, i64),
        same: impl Fn(&Archive<'_>, &mut Conn, &store::journal::Entry, &Row) -> Result<bool, Refusal>,
    ) -> Result<(), Refusal> {
        let name = self.name;
        let (mut seen, mut after) = (0usize, None);
        loop {
            let rows = list(self.conn, &Page { after: after.clone(), limit: Page::MAX })?;
            let Some(last) = rows.last() else { break };
            after = Some(key(last).0.clone());
            seen += rows.len();
            for row in &rows {
                let (id, idx) = key(row);
                let wrong =
                    |what: &str| Finding::at(name, idx.unsigned_abs(), format!("{name} {id}: {what}"));
                if self.newest.get(id) != Some(&idx) {
                    self.found.push(wrong("the table names another entry as the newest"));
                    continue;
                }
                // A missing entry is the store's finding.
                let Some(entry) = store::journal::find(self.conn, idx.unsigned_abs())? else { continue };
                match same(self.archive, self.conn, &entry, row) {
                    Ok(true) => {}
                    Ok(false) => self.found.push(wrong("the table differs from the signed record")),
                    Err(_) => self.found.push(wrong("the sealed record is not the one that was signed")),
                }
            }
        }
        if seen != self.newest.len() {
            let what = format!("the table holds {seen} {name} rows, the journal {}", self.newest.len());
            self.found.push(Finding::of(name, what));
        }
        Ok(())
    }
}
