//! Imports: a file of experts (CSV or XLSX), checked whole before anything is written, then one
//! transaction.
//!
//! Every bad row is reported with line, field, class of value and rule; a file with a bad row is
//! not imported at all, unless the caller asks to skip bad rows (and keeps the rejects). A person
//! who stands twice, in the file or in the registry, is a bad row. Each row becomes an entry like
//! any registration (`experts`); the transaction is one, so an import is there or it is not. A dry run
//! does everything but the writing.
//!
//! | file | holds |
//! |---|---|
//! | `zip` | what a workbook declares, before it is inflated |
//! | `source` | rows of a file, whatever its form and encoding |
//! | `headings` | which column means what |
//! | `cells` | values in the registry's spelling |
//! | `report` | what is wrong, as a table without values; the rejects |
//!
//! *Limits:* [`ROWS_MAX`] rows per file unless the caller says otherwise, `source`'s for columns and cells,
//! `zip`'s for workbooks. Other writers wait while the transaction runs.

mod cells;
mod headings;
mod report;
mod source;
mod zip;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{Action, Actor, Role};
use super::experts::ExpertChange;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use super::scheme_book::Book;
use super::{ITSELF, Service};
use crate::registry::{Expert, ExpertNumber, Problem};
use crate::store;
use cells::CellReader;
use headings::Headings;
pub use headings::{HELPERS, Heading, IGNORED, letters};
pub use report::{BadRow, ImportReport};
use source::Record;
pub use source::{CELL_MAX, COLUMNS_MAX, FileForm, Reading, TextEncoding};

/// The most rows of one file.
pub const ROWS_MAX: usize = 200_000;
/// A heading is looked for in so many rows; above it there may be a title.
const TITLE_ROWS: usize = 10;
/// Rows that are looked up in the registry together.
const CHUNK: usize = 1_000;

/// How to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// Leave bad rows out instead of refusing the file.
    pub skip_bad: bool,
    /// Write nothing, only report.
    pub dry_run: bool,
    /// The most rows taken.
    pub max_rows: usize,
    /// Encoding and sheet.
    pub reading: Reading,
    /// Headings mapped by hand: heading → field, or [`IGNORED`].
    pub map: Vec<(String, String)>,
    /// Put before specialities that are written without a scheme.
    pub scheme: Option<String>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            skip_bad: false,
            dry_run: false,
            max_rows: ROWS_MAX,
            reading: Reading::default(),
            map: Vec::new(),
            scheme: None,
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Rows read and checked so far.
    Checked(usize),
    /// Rows sealed so far, of all good ones.
    Sealed(usize, usize),
    /// The transaction begins, with so many rows.
    Writing(usize),
}

impl Service {
    /// Imports experts for an account.
    pub fn import_experts(
        &self,
        actor: &Actor,
        file: &[u8],
        options: &ImportOptions,
        key: Option<&IdempotencyKey>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, Refusal> {
        actor.check(Action::KeepRegistry)?;
        if options.dry_run {
            return self.import(actor, file, options, None, progress);
        }
        self.once(actor, key, ImportReport::again, || {
            self.check_direct_entry()?;
            self.import(actor, file, options, key, progress)
        })
    }

    /// Imports experts on behalf of whoever holds the keys and the database (the command line).
    pub fn import_experts_at_console(
        &self,
        file: &[u8],
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, Refusal> {
        let actor = Actor::of_role(ITSELF, Role::Bureau);
        self.import(&actor, file, options, None, progress)
    }

    fn import(
        &self,
        actor: &Actor,
        file: &[u8],
        options: &ImportOptions,
        given: Option<&IdempotencyKey>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, Refusal> {
        let (checked, form) = self.check_file(actor, file, options, progress)?;
        let mut report = ImportReport {
            rows: checked.rows,
            imported: 0,
            good: checked.good.len(),
            bad_rows: checked.bad.len(),
            bad: checked.bad.into_values().collect(),
            header: checked.header,
            form: Some(form),
            headings: checked.headings.map(|headings| headings.all).unwrap_or_default(),
            dry_run: options.dry_run,
        };
        if options.dry_run || checked.good.is_empty() || (report.bad_rows > 0 && !options.skip_bad) {
            return Ok(report);
        }
        let total = checked.good.len();
        let mut changes = Vec::with_capacity(total);
        for (position, expert) in checked.good.into_iter().enumerate() {
            if position.is_multiple_of(1000) {
                progress(Progress::Sealed(position, total));
            }
            changes.push(self.expert_change(actor, &expert, 1, "expert.registered", None)?);
        }
        progress(Progress::Writing(total));
        let idempotency = self.idempotency_row(actor, given, &report.resource(total), 200);
        let changes: Arc<[ExpertChange]> = changes.into();
        self.store.write("import experts", move |tx| {
            idempotency.insert(tx)?;
            let mut rows = Vec::with_capacity(changes.len());
            for change in changes.iter() {
                let mut row = change.row.clone();
                row.row.entry = tx.append(change.entry.clone())?.entry();
                rows.push(row);
            }
            if let Some(first) = changes.first() {
                first.key.check(tx)?;
            }
            let keys: Vec<_> = changes.iter().filter_map(|change| change.key.row()).collect();
            store::subject_key::insert_many(tx, &keys)?;
            store::expert::insert_many(tx, &rows)?;
            Ok::<_, Refusal>(())
        })?;
        report.imported = total;
        Ok(report)
    }

    /// Reads and checks every row; people who stand twice, in the file or in the registry, are bad
    /// rows.
    fn check_file(
        &self,
        actor: &Actor,
        file: &[u8],
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Checked, FileForm), Refusal> {
        if let Some(scheme) = &options.scheme
            && self.book()?.scheme(scheme).is_none()
        {
            let (zh, en) = ("没有这一分类标准", "there is no such scheme");
            return Err(Refusal::field("scheme", "", "unknown_scheme", zh, en));
        }
        let reader = CellReader::new(options.scheme.clone());
        let mut checked = Checked::default();
        let mut first: Vec<Record> = Vec::new();
        let mut chunk: Vec<Record> = Vec::with_capacity(CHUNK);
        let form = source::read(file, &options.reading, &mut |record| {
            if checked.headings.is_some() {
                chunk.push(record);
            } else {
                first.push(record);
                if first.len() == TITLE_ROWS {
                    chunk = checked.find_heading(std::mem::take(&mut first), options)?;
                }
            }
            if chunk.len() >= CHUNK {
                self.check_chunk(actor, &mut checked, &reader, std::mem::take(&mut chunk), options)?;
                progress(Progress::Checked(checked.rows));
            }
            Ok(())
        })?;
        if checked.headings.is_none() {
            chunk = checked.find_heading(first, options)?;
        }
        self.check_chunk(actor, &mut checked, &reader, chunk, options)?;
        progress(Progress::Checked(checked.rows));
        if checked.rows == 0 {
            return Err(Refusal::new(Kind::Invalid, "no_rows", "文件没有数据行", "the file has no rows"));
        }
        Ok((checked, form))
    }

    fn check_chunk(
        &self,
        actor: &Actor,
        checked: &mut Checked,
        reader: &CellReader,
        chunk: Vec<Record>,
        options: &ImportOptions,
    ) -> Result<(), Refusal> {
        let Some(headings) = &checked.headings else { return Ok(()) };
        let book = self.book()?;
        let (mut good, mut bad) = (Vec::with_capacity(chunk.len()), Vec::new());
        for record in chunk {
            checked.rows += 1;
            if checked.rows > options.max_rows {
                let rows = options.max_rows;
                let (zh, en) =
                    (format!("每个文件不得超过 {rows} 行"), format!("at most {rows} rows per file"));
                return Err(Refusal::new(Kind::Invalid, "too_many_rows", zh, en));
            }
            let expert = check_row(headings, reader, &record, ExpertNumber::from_random(self.random()));
            let expert = expert.and_then(|expert| within_region(actor, expert));
            let expert = expert.and_then(|expert| known_specialities(&book, expert));
            match expert {
                Ok(expert) => {
                    let id_hash = self.id_hash(&expert);
                    match checked.seen.get(&id_hash) {
                        Some(earlier) => {
                            let (zh, en) = (
                                format!("与第 {earlier} 行为同一人"),
                                format!("the same person as on line {earlier}"),
                            );
                            let problem = Problem::new("id_number", expert.id_number(), "duplicate", zh, en);
                            bad.push(BadRow::of(&record, vec![problem]));
                        }
                        None => {
                            checked.seen.insert(id_hash, record.line);
                            good.push((id_hash, record, expert));
                        }
                    }
                }
                Err(problems) => bad.push(BadRow::of(&record, problems)),
            }
        }
        let hashes: Vec<&[u8]> = good.iter().map(|(id_hash, ..)| id_hash.as_slice()).collect();
        let known = self.store.read(|conn| store::expert::known(conn, &hashes))?;
        for (id_hash, record, expert) in good {
            if known.contains(id_hash.as_slice()) {
                let (zh, en) = ("该身份证号已在库", "this id number is registered already");
                let problem = Problem::new("id_number", expert.id_number(), "already_registered", zh, en);
                bad.push(BadRow::of(&record, vec![problem]));
            } else {
                checked.good.push(expert);
            }
        }
        checked.bad.extend(bad.into_iter().map(|row| (row.line, row)));
        Ok(())
    }
}

/// A file after its check.
#[derive(Default)]
struct Checked {
    rows: usize,
    header: Vec<Vec<u8>>,
    headings: Option<Headings>,
    good: Vec<Expert>,
    bad: BTreeMap<u64, BadRow>,
    /// Where each person stands.
    seen: BTreeMap<[u8; 32], u64>,
}

impl Checked {
    /// Takes the row among the first that looks most like a heading; answers the rows below it.
    fn find_heading(&mut self, first: Vec<Record>, options: &ImportOptions) -> Result<Vec<Record>, Refusal> {
        let known = |record: &Record| Headings::known(&record.cells, &options.map);
        // A row of people knows no heading; of two equal rows the upper one is the heading.
        let best = first.iter().enumerate().max_by_key(|(at, record)| (known(record), usize::MAX - at));
        let heading = best.map_or(0, |(at, record)| if known(record) >= 2 { at } else { 0 });
        let mut rows = first.into_iter().skip(heading);
        let header = rows.next();
        if header.as_ref().is_some_and(|header| !header.faults.is_empty()) {
            let (zh, en) = ("表头无法读取", "the heading cannot be read");
            return Err(Refusal::field("header", "", "not_decodable", zh, en));
        }
        let cells = header.as_ref().map(|header| header.cells.clone()).unwrap_or_default();
        self.header = header.as_ref().map(Record::raw).unwrap_or_default();
        self.headings = Some(Headings::read(&cells, &options.map).map_err(Refusal::invalid)?);
        Ok(rows.collect())
    }
}

/// One row as an expert, or all that is wrong with it, each problem once.
fn check_row(
    headings: &Headings,
    reader: &CellReader,
    record: &Record,
    number: ExpertNumber,
) -> Result<Expert, Vec<Problem>> {
    let (width, found) = (headings.all.len(), record.cells.len());
    let beyond = record.cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
    // A sheet leaves empty cells at the end out; a line of a CSV file does not.
    if beyond || (record.is_text() && found < width) {
        let (zh, en) =
            (format!("应有 {width} 列，现有 {found} 列"), format!("must have {width} cells, has {found}"));
        return Err(vec![Problem::new("record", "", "cells", zh, en)]);
    }
    let (cells, mut problems) = reader.row(&headings.all, record);
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    match headings.columns.read(&cells, number) {
        Ok(expert) if problems.is_empty() => Ok(expert),
        Ok(_) => Err(problems),
        Err(others) => {
            // What could not be read at all is not also missing.
            let named: Vec<String> = problems.iter().map(|problem| problem.field.clone()).collect();
            problems.extend(others.into_iter().filter(|other| !named.contains(&other.field)));
            Err(problems)
        }
    }
}

/// Specialities stand in a scheme that is loaded.
fn known_specialities(book: &Book, expert: Expert) -> Result<Expert, Vec<Problem>> {
    let claims: Vec<String> = expert.specialities().iter().map(ToString::to_string).collect();
    let unknown = book.problems("specialities", &claims);
    if unknown.is_empty() { Ok(expert) } else { Err(unknown) }
}

/// An account of a city or county registers only there.
fn within_region(actor: &Actor, expert: Expert) -> Result<Expert, Vec<Problem>> {
    let main = expert.regions().first().map(|region| region.as_str());
    if actor.covers(main) {
        return Ok(expert);
    }
    let (zh, en) =
        ("主评审区域不在本账号辖区内", "the main review region lies outside this account's region");
    Err(vec![Problem::new("regions[0]", main.unwrap_or_default(), "outside_region", zh, en)])
}
