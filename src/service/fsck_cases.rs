//! `fsck`, the rows of cases: each must be what the newest sealed record of its case says.
//!
//! A record that does not open because its subject was erased lawfully is no finding (see
//! [`super::fsck`]); one that does not open for another reason is.

use std::collections::BTreeMap;

use super::archive::Archive;
use super::cases::{Case, RECORDED, all_rows};
use super::erased::Erased;
use super::refusal::Refusal;
use crate::store::case::CaseFilter;
use crate::store::{self, Conn, Finding};

/// The entries of cases, gathered along the journal.
#[derive(Default)]
pub(super) struct Cases(Vec<u64>);

impl Cases {
    /// Remembers an entry if it is a case's.
    pub(super) fn follow(&mut self, entry: &store::journal::Entry, kind: &str) {
        if kind == RECORDED {
            self.0.push(entry.index());
        }
    }

    /// Holds every row against the newest record of its case; answers how many entries an erasure closed.
    pub(super) fn check(
        &self,
        conn: &mut Conn,
        archive: &Archive<'_>,
        erased: &Erased,
        found: &mut Vec<Finding>,
    ) -> Result<u64, Refusal> {
        let mut newest = BTreeMap::new();
        // What was erased, with the kind that its entry is of: all that can still be said of a row.
        let mut closed = BTreeMap::new();
        for index in &self.0 {
            // A missing entry is the store's finding.
            let Some(entry) = store::journal::find(conn, *index)? else { continue };
            let opened = archive.opaque(conn, &entry);
            match opened.and_then(|r| Case::read(&r, &entry.subject).map_err(Refusal::internal)) {
                Ok(case) => {
                    let mut row = case.row();
                    row.entry = entry.idx;
                    newest.insert(row.id.clone(), row);
                }
                Err(_) if erased.covers(&entry.subject, *index) => {
                    closed.insert(entry.idx, entry.kind);
                }
                Err(_) => {
                    let what = "the sealed record is not the one that was signed";
                    found.push(Finding::at("case", *index, format!("entry {index}: {what}")));
                }
            }
        }
        for row in all_rows(conn, &CaseFilter::default())? {
            let index = row.entry.unsigned_abs();
            let wrong = |what: &str| Finding::at("case", index, format!("case {}: {what}", row.id));
            match newest.remove(&row.id) {
                Some(signed) if signed == row => {}
                Some(_) => found.push(wrong("the table differs from the signed record")),
                None if closed
                    .get(&row.entry)
                    .is_some_and(|k| k.starts_with(&format!("case.{}.", row.kind))) => {}
                None => found.push(wrong("the journal has no such case")),
            }
        }
        for (id, row) in newest {
            let what = format!("case {id}: is missing from the table");
            found.push(Finding::at("case", row.entry.unsigned_abs(), what));
        }
        Ok(closed.len() as u64)
    }
}
