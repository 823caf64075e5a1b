//! What became of a file: numbers, and for each bad row line, column, rule and reason, as a table
//! that can be handed on, because it holds no value; the rejected rows themselves are another file.

use super::super::refusal::Refusal;
use super::super::tables::{Cell, Table};
use super::headings::{Heading, Headings, chinese, letters};
use super::source::{FileForm, Record, TextEncoding};
use crate::registry::Problem;

/// A row that cannot be imported.
#[derive(Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Line of the file (or row of the sheet) on which the row begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The row as it stood, for a file of rejects. It is a person's: not to be logged or sent on.
    pub cells: Vec<Vec<u8>>,
}

impl BadRow {
    pub(super) fn of(record: &Record, problems: Vec<Problem>) -> Self {
        Self { line: record.line, problems, cells: record.raw() }
    }
}

/// What became of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows in the file.
    pub rows: usize,
    /// Experts registered: all good rows or, if there are bad ones that were not to be skipped, none.
    pub imported: usize,
    /// Good rows: what a dry run would have registered with `skip_bad`.
    pub good: usize,
    /// Rows left out, or the reason why nothing was imported. Empty for a repeated request.
    pub bad: Vec<BadRow>,
    /// Number of bad rows.
    pub bad_rows: usize,
    /// The heading as it stood, for a file of rejects.
    pub header: Vec<Vec<u8>>,
    /// What the file was; `None` for a repeated request.
    pub form: Option<FileForm>,
    /// How its columns were understood.
    pub headings: Vec<Heading>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
}

impl ImportReport {
    /// What a repeated request finds.
    pub(super) fn resource(&self, imported: usize) -> String {
        format!("{}/{imported}/{}", self.rows, self.bad_rows)
    }

    /// What a repeated request is told: `rows/imported/bad` is its resource.
    pub(super) fn again(resource: &str) -> Result<Self, Refusal> {
        let numbers: Option<Vec<usize>> = resource.split('/').map(|number| number.parse().ok()).collect();
        match numbers.as_deref() {
            Some([rows, imported, bad_rows]) => Ok(Self {
                rows: *rows,
                imported: *imported,
                good: *imported,
                bad: Vec::new(),
                bad_rows: *bad_rows,
                header: Vec::new(),
                form: None,
                headings: Vec::new(),
                dry_run: false,
            }),
            _ => Err(Refusal::internal(format!("the import {resource} does not read back"))),
        }
    }

    /// All problems: a row for each, without values.
    pub fn table(&self) -> Table {
        let headings = ["行号", "列", "表头", "字段", "规则", "值的类别", "说明", "class", "message"];
        let mut table = Table::new("导入问题", headings);
        for row in &self.bad {
            for problem in &row.problems {
                let at = Headings::position(&self.headings, &problem.field);
                let heading = at.and_then(|at| self.headings.get(at)).map(|heading| heading.text.clone());
                table.push(vec![
                    Cell::Number(i64::try_from(row.line).unwrap_or(i64::MAX)),
                    at.map(letters).unwrap_or_default().into(),
                    heading.unwrap_or_else(|| chinese(&problem.field).to_owned()).into(),
                    problem.field.as_str().into(),
                    problem.rule.into(),
                    problem.class.zh().into(),
                    problem.message_zh.as_str().into(),
                    problem.class.en().into(),
                    problem.message_en.as_str().into(),
                ]);
            }
        }
        table
    }

    /// How often each rule was broken, most often first.
    pub fn by_rule(&self) -> Vec<(&'static str, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for problem in self.bad.iter().flat_map(|row| &row.problems) {
            *counts.entry(problem.rule).or_insert(0usize) += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
        counts
    }

    /// The rejected rows below their heading, as CSV in the file's own encoding: corrected, it can be
    /// imported. People's data.
    ///
    /// # Errors
    /// A fault of writing.
    pub fn rejects(&self) -> Result<Vec<u8>, Refusal> {
        // A spreadsheet is told by the mark that UTF-8 follows.
        let mut start = Vec::new();
        if self.form != Some(FileForm::Csv(TextEncoding::Gb18030)) {
            start.extend_from_slice("\u{feff}".as_bytes());
        }
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(start);
        out.write_byte_record(&self.header.iter().collect()).map_err(Refusal::internal)?;
        for row in &self.bad {
            out.write_byte_record(&row.cells.iter().collect()).map_err(Refusal::internal)?;
        }
        out.into_inner().map_err(|error| Refusal::internal(error.to_string()))
    }
}
