//! Imports: a CSV file of experts, checked whole before anything is written, then one transaction.
//!
//! Every bad row is reported with line, field, class of value and rule; a file with a bad row is
//! not imported at all, unless the caller asks to skip bad rows (and keeps the rejects). A person
//! who stands twice, in the file or in the registry, is a bad row. Each row becomes an entry like
//! any registration (`experts`); the transaction is one, so an import is there or it is not.
//!
//! *Limits:* [`ROWS_MAX`] rows per file unless the caller says otherwise. Other writers wait while the
//! transaction runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{Action, Actor, Role};
use super::experts::ExpertChange;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use super::scheme_book::Book;
use super::{ITSELF, Service};
use crate::registry::{Columns, Expert, ExpertNumber, Problem};
use crate::store;

/// The most rows of one file.
pub const ROWS_MAX: usize = 200_000;

/// How to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// Leave bad rows out instead of refusing the file.
    pub skip_bad: bool,
    /// The most rows taken.
    pub max_rows: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { skip_bad: false, max_rows: ROWS_MAX }
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

/// A row that cannot be imported.
#[derive(Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Line of the file on which the row begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The row as it stood, for a file of rejects. It is a person's: not to be logged or sent.
    pub cells: Vec<Vec<u8>>,
}

/// What became of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows in the file.
    pub rows: usize,
    /// Experts registered: all good rows or, if there are bad ones that were not to be skipped, none.
    pub imported: usize,
    /// Rows left out, or the reason why nothing was imported. Empty for a repeated request.
    pub bad: Vec<BadRow>,
    /// Number of bad rows.
    pub bad_rows: usize,
    /// The heading as it stood, for a file of rejects.
    pub header: Vec<Vec<u8>>,
}

impl Service {
    /// Imports experts for an account.
    pub fn import_experts(
        &self,
        actor: &Actor,
        csv: &[u8],
        options: ImportOptions,
        key: Option<&IdempotencyKey>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, Refusal> {
        actor.check(Action::KeepRegistry)?;
        self.once(actor, key, again, || self.import(actor, csv, options, key, progress))
    }

    /// Imports experts on behalf of whoever holds the keys and the database (the command line).
    pub fn import_experts_at_console(
        &self,
        csv: &[u8],
        options: ImportOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, Refusal> {
        let actor = Actor::of_role(ITSELF, Role::Bureau);
        self.import(&actor, csv, options, None, progress)
    }

    fn import(
        &self,
        actor: &Actor,
        csv: &[u8],
        options: ImportOptions,
        given: Option<&IdempotencyKey>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, Refusal> {
        let mut checked = self.check_file(csv, options.max_rows, progress)?;
        self.refuse_registered(csv, &mut checked)?;
        let mut report = ImportReport {
            rows: checked.rows,
            imported: 0,
            bad_rows: checked.bad.len(),
            bad: checked.bad.into_values().collect(),
            header: checked.header,
        };
        if checked.good.is_empty() || (report.bad_rows > 0 && !options.skip_bad) {
            return Ok(report);
        }
        let total = checked.good.len();
        let mut changes = Vec::with_capacity(total);
        for (position, row) in checked.good.into_values().enumerate() {
            if position.is_multiple_of(1000) {
                progress(Progress::Sealed(position, total));
            }
            changes.push(self.expert_change(actor, &row.expert, 1, "expert.registered", None)?);
        }
        progress(Progress::Writing(total));
        let resource = format!("{}/{}/{}", report.rows, total, report.bad_rows);
        let idempotency = self.idempotency_row(actor, given, &resource, 200);
        let changes: Arc<[ExpertChange]> = changes.into();
        self.store.write("import experts", move |tx| {
            idempotency.insert(tx)?;
            let mut rows = Vec::with_capacity(changes.len());
            for change in changes.iter() {
                let mut row = change.row.clone();
                row.row.entry = tx.append(change.entry.clone())?.entry();
                rows.push(row);
            }
            let keys: Vec<_> = changes.iter().filter_map(|change| change.key.row()).collect();
            store::subject_key::insert_many(tx, &keys)?;
            store::expert::insert_many(tx, &rows)?;
            Ok::<_, Refusal>(())
        })?;
        report.imported = total;
        Ok(report)
    }

    /// Reads and checks every row; people who stand twice in the file are bad rows.
    fn check_file(
        &self,
        csv: &[u8],
        max_rows: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Checked, Refusal> {
        let book = self.book()?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv);
        let header = reader.byte_headers().map_err(|error| unreadable(&error))?.clone();
        let heading: Option<Vec<&str>> = header.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
        let heading = heading.ok_or_else(|| Refusal::invalid(vec![not_utf8("header")]))?;
        let columns = Columns::from_header(heading).map_err(Refusal::invalid)?;
        let mut checked = Checked { header: cells(&header), ..Checked::default() };
        let mut lines = Lines { text: csv, at: 0, line: 1 };
        let mut seen: BTreeMap<[u8; 32], u64> = BTreeMap::new();
        for record in reader.byte_records() {
            let record = record.map_err(|error| unreadable(&error))?;
            checked.rows += 1;
            if checked.rows > max_rows {
                let (zh, en) =
                    (format!("每个文件不得超过 {max_rows} 行"), format!("at most {max_rows} rows per file"));
                return Err(Refusal::new(Kind::Invalid, "too_many_rows", zh, en));
            }
            if checked.rows.is_multiple_of(1000) {
                progress(Progress::Checked(checked.rows));
            }
            let at = record.position().map_or(0, csv::Position::byte);
            let line = lines.reach(at);
            match self.check_row(&book, &columns, &record) {
                Ok(expert) => {
                    let id_hash = self.id_hash(&expert);
                    let earlier = *seen.entry(id_hash).or_insert(line);
                    if earlier == line {
                        checked.good.insert(line, GoodRow { expert, id_hash, at });
                    } else {
                        let (zh, en) = (
                            format!("与第 {earlier} 行为同一人"),
                            format!("the same person as on line {earlier}"),
                        );
                        let problem = Problem::new("id_number", expert.id_number(), "duplicate", zh, en);
                        checked
                            .bad
                            .insert(line, BadRow { line, problems: vec![problem], cells: cells(&record) });
                    }
                }
                Err(problems) => {
                    checked.bad.insert(line, BadRow { line, problems, cells: cells(&record) });
                }
            }
        }
        progress(Progress::Checked(checked.rows));
        if checked.rows == 0 {
            return Err(Refusal::new(Kind::Invalid, "no_rows", "文件没有数据行", "the file has no rows"));
        }
        Ok(checked)
    }

    fn check_row(
        &self,
        book: &Book,
        columns: &Columns,
        record: &csv::ByteRecord,
    ) -> Result<Expert, Vec<Problem>> {
        let cells: Option<Vec<&str>> = record.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
        let cells = cells.ok_or_else(|| vec![not_utf8("record")])?;
        let expert = columns.read(&cells, ExpertNumber::from_random(self.random()))?;
        let claims: Vec<String> = expert.specialities().iter().map(ToString::to_string).collect();
        let unknown = book.problems("specialities", &claims);
        if unknown.is_empty() { Ok(expert) } else { Err(unknown) }
    }

    /// Moves people who are registered already to the bad rows.
    fn refuse_registered(&self, csv: &[u8], checked: &mut Checked) -> Result<(), Refusal> {
        let known: Vec<u64> = self.store.read(|conn| {
            if store::expert::count(conn)? == 0 {
                return Ok(Vec::new());
            }
            let mut known = Vec::new();
            for (line, row) in &checked.good {
                if store::expert::number_of(conn, &row.id_hash)?.is_some() {
                    known.push(*line);
                }
            }
            Ok::<_, Refusal>(known)
        })?;
        for line in known {
            let Some(row) = checked.good.remove(&line) else { continue };
            let (zh, en) = ("该身份证号已在库", "this id number is registered already");
            let problem = Problem::new("id_number", row.expert.id_number(), "already_registered", zh, en);
            checked.bad.insert(line, BadRow { line, problems: vec![problem], cells: cells_at(csv, row.at) });
        }
        Ok(())
    }
}

/// A file after its check; rows by line.
#[derive(Default)]
struct Checked {
    rows: usize,
    header: Vec<Vec<u8>>,
    good: BTreeMap<u64, GoodRow>,
    bad: BTreeMap<u64, BadRow>,
}

struct GoodRow {
    expert: Expert,
    id_hash: [u8; 32],
    /// Where the row begins in the file, in bytes.
    at: u64,
}

/// The row that begins at a byte, read again: rows are not kept beside what they were read into.
fn cells_at(csv: &[u8], at: u64) -> Vec<Vec<u8>> {
    let rest = usize::try_from(at).ok().and_then(|at| csv.get(at..)).unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(rest);
    let mut record = csv::ByteRecord::new();
    let read = reader.read_byte_record(&mut record).unwrap_or(false);
    if read { cells(&record) } else { Vec::new() }
}

/// Counts lines up to records. The reader's own count is one short in files with CR LF, because it
/// ends a record at the CR.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line, from 1, on which the record at or after byte `at` begins; `at` never goes back.
    fn reach(&mut self, at: u64) -> u64 {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        while let Some(byte) = self.text.get(self.at) {
            if self.at >= at && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

fn cells(record: &csv::ByteRecord) -> Vec<Vec<u8>> {
    record.iter().map(<[u8]>::to_vec).collect()
}

fn not_utf8(field: &str) -> Problem {
    let (zh, en) = ("不是 UTF-8 编码，请另存为 CSV UTF-8", "is not UTF-8: save the file as CSV UTF-8");
    Problem::new(field, "", "not_utf8", zh, en)
}

fn unreadable(error: &csv::Error) -> Refusal {
    let line = error.position().map_or(0, csv::Position::line);
    let (zh, en) = (format!("第 {line} 行无法按 CSV 读取"), format!("line {line} cannot be read as CSV"));
    Refusal::new(Kind::Invalid, "not_csv", zh, en)
}

/// What a repeated request is told: `rows/imported/bad` is its resource.
fn again(resource: &str) -> Result<ImportReport, Refusal> {
    let numbers: Option<Vec<usize>> = resource.split('/').map(|number| number.parse().ok()).collect();
    match numbers.as_deref() {
        Some([rows, imported, bad_rows]) => Ok(ImportReport {
            rows: *rows,
            imported: *imported,
            bad: Vec::new(),
            bad_rows: *bad_rows,
            header: Vec::new(),
        }),
        _ => Err(Refusal::internal(format!("the import {resource} does not read back"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_line_on_which_it_begins_whatever_ends_the_lines() {
        for (text, expected) in [
            ("h\na\nb\n", [2, 3]),
            ("h\r\na\r\nb\r\n", [2, 3]),
            ("h\n\n\na\n\nb", [4, 6]),
            ("h\r\n\"a\r\na\"\r\nb", [2, 4]),
        ] {
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
            let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
            let found: Vec<u64> = reader
                .byte_records()
                .map(|record| lines.reach(record.unwrap().position().unwrap().byte()))
                .collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
