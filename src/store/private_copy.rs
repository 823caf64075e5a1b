//! A copy of what a replay of pools needs, and of nothing else, in a new SQLite file: the journal with the
//! images that the caller keeps, their data keys (wrapped anew by the caller), loaded profiles, rows of
//! draws, and rows of the cases that say what was erased. From either database.
//!
//! *Invariants:* accounts, tokens, messages and who acted are not copied; the file is whole or it is not
//! there under its name; a file that exists is never overwritten.
//!
//! *Deliberately not here:* what is worth keeping, and under which key (`service::private_export`).

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::bulk::insert_rows;
use super::case::{CaseFilter, CaseRow};
use super::connection::{Conn, Database, Purpose};
use super::draw::{Draw, DrawFilter};
use super::error::StoreError;
use super::journal::Entry;
use super::schema::{case_file, draw, journal, profile, subject_key};
use super::subject_key::SubjectKey;
use super::{Page, head, migrate};

/// Rows read and written at once.
const BATCH: u32 = 500;

/// What the caller decides.
pub trait Choice<E> {
    /// Whether the image of an entry is kept; its subject's data key is kept with it.
    fn keeps(&self, entry: &Entry) -> bool;
    /// A data key, wrapped for whoever opens the copy. Errors: the caller's.
    fn rewrapped(&self, key: &SubjectKey) -> Result<SubjectKey, E>;
    /// Kinds of cases whose rows are copied.
    fn cases(&self) -> Vec<String>;
    /// Hears how many entries of how many are copied.
    fn progress(&mut self, done: u64, of: u64);
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The head that the copy ends with.
    pub head: head::Head,
    /// Images kept.
    pub images: u64,
    /// Data keys.
    pub keys: u64,
}

/// Copies from one snapshot. Errors: [`StoreError::Database`] when the target exists or cannot be written,
/// and the caller's own.
pub fn copy<E: From<StoreError>>(
    from: &mut Conn,
    target: &Path,
    timeout: Duration,
    choice: &mut dyn Choice<E>,
) -> Result<Copied, E> {
    if target.exists() {
        return Err(StoreError::Database(format!("{} exists", target.display())).into());
    }
    let draft = target.with_extension("part");
    let _ = std::fs::remove_file(&draft);
    let copied = {
        let mut to = Conn::open(&Database::Sqlite(draft.clone()), Purpose::Write, timeout)?;
        migrate::up(&mut to)?;
        // Rows of draws stand without their packages.
        to.run(|inner| inner.batch_execute("PRAGMA foreign_keys = OFF;"))?;
        to.begin()?;
        let copied = rows(from, &mut to, choice)?;
        to.commit()?;
        // One file, readable from a medium that cannot be written.
        to.run(|inner| inner.batch_execute("PRAGMA journal_mode = DELETE;"))?;
        copied
    };
    let io = |error: std::io::Error| StoreError::Database(format!("{}: {error}", target.display()));
    std::fs::File::open(&draft).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&draft, target).map_err(io)?;
    Ok(copied)
}

fn rows<E: From<StoreError>>(
    from: &mut Conn,
    to: &mut Conn,
    choice: &mut dyn Choice<E>,
) -> Result<Copied, E> {
    let head = head::read(from)?;
    let (mut next, mut images, mut subjects) = (0, 0, BTreeSet::new());
    while next < head.size {
        let mut entries = super::journal::range(from, next, BATCH)?;
        let Some(last) = entries.last() else { break };
        next = last.index() + 1;
        for entry in &mut entries {
            // Who acted is nobody's business in a replay.
            entry.actor.clear();
            if entry.image.is_some() && choice.keeps(entry) {
                images += 1;
                subjects.insert(entry.subject.clone());
            } else {
                entry.image = None;
            }
        }
        insert_rows!(to, journal::table, &entries)?;
        choice.progress(next.min(head.size), head.size);
    }
    let profiles = super::profile::all(from)?;
    insert_rows!(to, profile::table, &profiles)?;
    let mut keys = 0;
    for subject in &subjects {
        if let Some(key) = super::subject_key::find(from, subject)? {
            let key = choice.rewrapped(&key)?;
            insert_rows!(to, subject_key::table, &[key])?;
            keys += 1;
        }
    }
    draws(from, to)?;
    cases(from, to, choice.cases())?;
    head::create(to, &head)?;
    Ok(Copied { head, images, keys })
}

fn draws(from: &mut Conn, to: &mut Conn) -> Result<(), StoreError> {
    let mut page = Page { after: None, limit: Page::MAX };
    loop {
        let rows = super::draw::list(from, &DrawFilter::default(), &page)?;
        let Some(last) = rows.last() else { return Ok(()) };
        page.after = Some(last.id.clone());
        let rows: Vec<Draw> = rows.into_iter().map(|row| Draw { proposal: None, ..row }).collect();
        insert_rows!(to, draw::table, &rows)?;
    }
}

fn cases(from: &mut Conn, to: &mut Conn, kinds: Vec<String>) -> Result<(), StoreError> {
    let filter = CaseFilter { kinds, ..CaseFilter::default() };
    let mut page = Page { after: None, limit: Page::MAX };
    loop {
        let rows = super::case::list(from, &filter, &page)?;
        let Some(last) = rows.last() else { return Ok(()) };
        page.after = Some(last.id.clone());
        let rows: Vec<CaseRow> = rows.into_iter().map(|row| CaseRow { owner: None, ..row }).collect();
        insert_rows!(to, case_file::table, &rows)?;
    }
}
