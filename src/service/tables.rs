//! Tables that leave the house: CSV and XLSX, made in memory from one [`Table`].
//!
//! *Invariants:*
//! - **No formula leaves.** A text that a spreadsheet would run (it begins with `=`, `+`, `-`, `@`, their
//!   full-width forms, a tab or a line break) gets an apostrophe in front in CSV ([`guarded`]); in XLSX
//!   every text is written as a string cell, which is never evaluated. [`unguarded`] takes the
//!   apostrophe away again, so what was exported can be imported.
//! - **The same table gives the same bytes**: no time of making, no author, no machine in the file.
//! - Nothing is guessed: what is longer than [`ROWS_MAX`] or [`COLUMNS_MAX`] is refused by name.
//!
//! *Deliberately not here:* files, media types (`http::table_file`), who may see what.

use encoding_rs::GB18030;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::refusal::{Kind, Refusal};
use crate::time::Date;

/// The most rows of a table, the heading not counted: what one sheet can hold is 1,048,576.
pub const ROWS_MAX: usize = 1_000_000;
/// The most columns.
pub const COLUMNS_MAX: usize = 256;
/// The longest text of a cell that a spreadsheet can hold, in UTF-16 units.
const CELL_MAX: usize = 32_767;
/// The greatest whole number that a spreadsheet's floating point keeps.
const EXACT_MAX: u64 = 1 << 53;

/// How the text of a CSV file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 after a byte order mark, without which spreadsheets take it for something else.
    Utf8Bom,
    /// UTF-8 alone, for programs.
    Utf8,
    /// GB 18030, for older spreadsheets and systems.
    Gb18030,
}

/// A value of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Any text; codes and numbers that are names (ids, phones) are texts.
    Text(String),
    /// A quantity.
    Number(i64),
    /// A day.
    Date(Date),
}

impl Cell {
    /// A text, or nothing if it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// What a CSV file and a reader of one see, before guarding.
    fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Date> for Cell {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

/// A column: its heading and how wide it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub heading: String,
    /// Width in narrow characters (a Chinese one is two); 0: as its longest cell needs, at most 48.
    pub width: u16,
}

impl Column {
    /// A column that is as wide as its cells need.
    pub fn of(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), width: 0 }
    }
}

/// A table with a heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it is: name of the sheet, heading of a printed page.
    pub title: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each as long as there are columns; what is missing is empty.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with these headings.
    pub fn new<'a>(title: impl Into<String>, headings: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            title: title.into(),
            columns: headings.into_iter().map(Column::of).collect(),
            rows: Vec::new(),
        }
    }

    /// With one more row.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// As a CSV file (RFC 4180: comma, CR LF, quoted where needed), formulas guarded.
    ///
    /// # Errors
    /// `table_too_large`.
    pub fn to_csv(&self, encoding: Encoding) -> Result<Vec<u8>, Refusal> {
        self.check()?;
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        out.write_record(self.columns.iter().map(|column| guarded(&column.heading)))
            .map_err(Refusal::internal)?;
        for row in &self.rows {
            let cells = (0..self.columns.len()).map(|at| match row.get(at) {
                Some(Cell::Text(text)) => guarded(text),
                Some(cell) => cell.shown(),
                None => String::new(),
            });
            out.write_record(cells).map_err(Refusal::internal)?;
        }
        let text = out.into_inner().map_err(|error| Refusal::internal(error.to_string()))?;
        Ok(encoded(text, encoding))
    }

    /// As an XLSX workbook of one sheet: heading frozen and repeated in print, one page wide.
    ///
    /// # Errors
    /// `table_too_large`.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, Refusal> {
        to_xlsx(std::slice::from_ref(self))
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.rows.len() <= ROWS_MAX && self.columns.len() <= COLUMNS_MAX {
            return Ok(());
        }
        let zh = format!("表格不得超过 {ROWS_MAX} 行、{COLUMNS_MAX} 列");
        let en = format!("a table has at most {ROWS_MAX} rows and {COLUMNS_MAX} columns");
        Err(Refusal::new(Kind::Invalid, "table_too_large", zh, en))
    }
}

/// Several tables as one workbook, a sheet each (a summary table beside its problem table).
///
/// # Errors
/// `table_too_large`.
pub fn to_xlsx(tables: &[Table]) -> Result<Vec<u8>, Refusal> {
    tables.iter().try_for_each(Table::check)?;
    workbook(tables).map_err(Refusal::internal)
}

/// A text that no spreadsheet runs: an apostrophe before what would begin a formula.
pub fn guarded(text: &str) -> String {
    if begins_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`guarded`] was given.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| begins_formula(rest)).unwrap_or(text)
}

fn begins_formula(text: &str) -> bool {
    // An apostrophe that already guards is guarded once more, or unguarding would lose it.
    let text = text.trim_start_matches('\'');
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'])
}

fn encoded(text: Vec<u8>, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text,
        Encoding::Utf8Bom => ["\u{feff}".as_bytes(), &text].concat(),
        // GB 18030 has every character of Unicode; nothing is replaced.
        Encoding::Gb18030 => GB18030.encode(&String::from_utf8_lossy(&text)).0.into_owned(),
    }
}

fn workbook(tables: &[Table]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // Bytes depend on the table alone.
    let fixed = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&fixed));
    let formats = Formats::new();
    let mut names: Vec<String> = Vec::new();
    for table in tables {
        let name = sheet_name(&table.title, &names);
        let sheet = book.add_worksheet();
        sheet.set_name(&name)?;
        write_sheet(sheet, table, &formats)?;
        names.push(name);
    }
    book.save_to_buffer()
}

struct Formats {
    heading: Format,
    text: Format,
    number: Format,
    date: Format,
}

impl Formats {
    fn new() -> Self {
        let cell =
            || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top).set_text_wrap();
        Self {
            heading: cell().set_bold().set_background_color(0x00F2_F2F2).set_align(FormatAlign::Center),
            text: cell().set_num_format("@"),
            number: cell().set_num_format("0"),
            date: cell().set_num_format("yyyy-mm-dd"),
        }
    }
}

fn write_sheet(sheet: &mut Worksheet, table: &Table, formats: &Formats) -> Result<(), XlsxError> {
    for (at, column) in (0u16..).zip(&table.columns) {
        sheet.write_string_with_format(0, at, shortened(&column.heading), &formats.heading)?;
        sheet.set_column_width(at, f64::from(width(table, usize::from(at), column)))?;
    }
    for (line, row) in (1u32..).zip(&table.rows) {
        for (at, cell) in (0u16..).zip(row.iter().take(table.columns.len())) {
            match cell {
                Cell::Empty => sheet.write_blank(line, at, &formats.text)?,
                Cell::Text(text) => {
                    sheet.write_string_with_format(line, at, shortened(text), &formats.text)?
                }
                Cell::Number(number) if number.unsigned_abs() <= EXACT_MAX => {
                    sheet.write_number_with_format(line, at, *number as f64, &formats.number)?
                }
                Cell::Date(date) if date.year() >= 1900 => {
                    let (year, month, day) = (date.year(), date.month(), date.day());
                    let day = ExcelDateTime::from_ymd(
                        u16::try_from(year).unwrap_or_default(),
                        u8::try_from(month).unwrap_or_default(),
                        u8::try_from(day).unwrap_or_default(),
                    )?;
                    sheet.write_datetime_with_format(line, at, &day, &formats.date)?
                }
                other => sheet.write_string_with_format(line, at, other.shown(), &formats.text)?,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    if !table.columns.is_empty() && !table.rows.is_empty() {
        let last = u16::try_from(table.columns.len() - 1).unwrap_or(u16::MAX);
        sheet.autofilter(0, 0, u32::try_from(table.rows.len()).unwrap_or(u32::MAX), last)?;
    }
    // A4, as wide as one page, as long as it needs.
    sheet.set_paper_size(9).set_print_fit_to_pages(1, 0).set_landscape();
    sheet.set_header(format!("&C{}", table.title.replace('&', "&&")));
    sheet.set_footer("&C第 &P 页，共 &N 页");
    Ok(())
}

/// Width in narrow characters: the column's own, or what the heading and the first rows need.
fn width(table: &Table, at: usize, column: &Column) -> u16 {
    if column.width > 0 {
        return column.width.min(255);
    }
    let cells = table.rows.iter().take(500).filter_map(|row| row.get(at)).map(Cell::shown);
    let longest = cells.map(|text| narrow(&text)).chain([narrow(&column.heading)]).max().unwrap_or(0);
    u16::try_from(longest + 2).unwrap_or(u16::MAX).clamp(6, 48)
}

/// Columns of a terminal or a sheet: a Chinese character is as wide as two Latin ones.
fn narrow(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

/// What one cell can hold; the rest is cut and said to be cut.
fn shortened(text: &str) -> String {
    if text.encode_utf16().count() <= CELL_MAX {
        return text.to_owned();
    }
    let mut units = 0;
    let kept = text.chars().take_while(|c| {
        units += c.len_utf16();
        units < CELL_MAX - 1
    });
    kept.chain(['…']).collect()
}

/// At most 31 characters, none that a sheet's name cannot have, none twice.
fn sheet_name(title: &str, taken: &[String]) -> String {
    let sound = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') && !c.is_control();
    let plain: String = title.chars().filter(sound).take(28).collect();
    let plain = if plain.trim().is_empty() { "表".to_owned() } else { plain };
    let known = |name: &str| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    if !known(&plain) {
        return plain;
    }
    let short: String = plain.chars().take(26).collect();
    (2..).map(|number| format!("{short} {number}")).find(|name| !known(name)).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;

    fn table() -> Table {
        let mut table = Table::new("专家/名单", ["姓名", "人数", "聘期止"]);
        let day = Date::parse("2027-12-31").unwrap();
        table.push(vec!["=1+1".into(), Cell::Number(-3), day.into()]);
        table.push(vec!["王,\"小\"明".into(), Cell::Empty]);
        table
    }

    #[test]
    fn a_formula_is_guarded_in_csv_and_comes_back_when_read() {
        let file = String::from_utf8(table().to_csv(Encoding::Utf8).unwrap()).unwrap();
        assert_eq!(file, "姓名,人数,聘期止\r\n'=1+1,-3,2027-12-31\r\n\"王,\"\"小\"\"明\",,\r\n");
        for text in ["=1", "+86-138", "-1", "@a", "＝1", "\ta", "\r\n", "'=1", "''-"] {
            assert_ne!(guarded(text), text, "{text:?}");
            assert!(guarded(text).starts_with('\''));
            assert_eq!(unguarded(&guarded(text)), text);
        }
        for text in ["", "王小明", "'", "'a", "1=2", "a-b"] {
            assert_eq!((guarded(text).as_str(), unguarded(text)), (text, text));
        }
    }

    #[test]
    fn a_byte_order_mark_or_gb18030_stands_where_it_was_asked_for() {
        let plain = table().to_csv(Encoding::Utf8).unwrap();
        assert_eq!(table().to_csv(Encoding::Utf8Bom).unwrap(), [&b"\xef\xbb\xbf"[..], &plain].concat());
        let old = table().to_csv(Encoding::Gb18030).unwrap();
        assert!(old.starts_with(b"\xd0\xd5\xc3\xfb,"), "姓名 in GB 18030");
        assert_eq!(
            GB18030.decode_without_bom_handling_and_without_replacement(&old).unwrap().as_bytes(),
            plain
        );
    }

    #[test]
    fn a_workbook_reads_back_and_its_texts_are_no_formulas() {
        let bytes = table().to_xlsx().unwrap();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        assert_eq!(book.sheet_names(), ["专家名单"]);
        let sheet = book.worksheet_range("专家名单").unwrap();
        assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("=1+1".into())));
        assert_eq!(sheet.get_value((1, 1)), Some(&Data::Float(-3.0)));
        assert!(matches!(sheet.get_value((1, 2)), Some(Data::DateTime(day)) if day.as_f64() == 46_752.0));
        assert_eq!(sheet.get_value((2, 0)), Some(&Data::String("王,\"小\"明".into())));
        let formulas = book.worksheet_formula("专家名单").unwrap();
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
    }

    #[test]
    fn the_same_table_gives_the_same_bytes() {
        assert_eq!(table().to_xlsx().unwrap(), table().to_xlsx().unwrap());
    }

    #[test]
    fn sheets_of_one_title_get_different_names_and_what_is_too_large_is_refused() {
        let book = to_xlsx(&[table(), table(), Table::new("", ["a"])]).unwrap();
        let book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
        assert_eq!(book.sheet_names(), ["专家名单", "专家名单 2", "表"]);
        let wide = Table { columns: vec![Column::of("a"); COLUMNS_MAX + 1], ..Table::default() };
        assert_eq!(wide.to_csv(Encoding::Utf8).unwrap_err().code, "table_too_large");
        assert_eq!(wide.to_xlsx().unwrap_err().code, "table_too_large");
    }

    #[test]
    fn a_text_longer_than_a_cell_is_cut_and_numbers_beyond_floats_stay_whole() {
        let mut table = Table::new("t", ["a", "b"]);
        table.push(vec!["长".repeat(40_000).into(), Cell::Number(i64::MAX)]);
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(table.to_xlsx().unwrap())).unwrap();
        let sheet = book.worksheet_range("t").unwrap();
        assert!(matches!(sheet.get_value((1, 0)), Some(Data::String(text)) if text.ends_with('…')));
        assert_eq!(sheet.get_value((1, 1)), Some(&Data::String(i64::MAX.to_string())));
    }
}
