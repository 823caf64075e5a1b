//! A file of rows, whatever its form: CSV in UTF-8 or GB 18030, or the sheet of an XLSX workbook.
//!
//! Rows are handed over one by one; neither the text of a CSV file nor the cells of a sheet are held
//! together. The form is told by the first bytes, the encoding by the bytes of the whole file
//! ([`encoding_of`]), and both are stated in the report. A row whose bytes are not of the encoding is
//! a bad row (`not_decodable`), not the end of the file: its line is named.
//!
//! *Limits:* [`COLUMNS_MAX`] columns, [`CELL_MAX`] bytes in a cell; rows are the caller's to count.
//!
//! *Deliberately not here:* what the columns mean (`headings`), what values mean (`cells`).

use std::io::Cursor;

use calamine::{Data, DataRef, Reader, Xlsx};
use encoding_rs::GB18030;

use super::super::refusal::{Kind, Refusal};
use super::zip::{self, NoArchive};

/// The most columns of a file.
pub const COLUMNS_MAX: usize = 256;
/// The most bytes of a cell.
pub const CELL_MAX: usize = 32_767;
/// From here on a spreadsheet's number has lost digits: it keeps fifteen.
const DIGITS_LOST: f64 = 1e15;

/// How the text of a CSV file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB 18030, of which GBK and GB 2312 are parts.
    Gb18030,
}

impl TextEncoding {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gb18030 => "gb18030",
        }
    }

    /// Reads the word, also those of the parts of GB 18030.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "gb18030" | "gbk" | "gb2312" => Some(Self::Gb18030),
            _ => None,
        }
    }
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileForm {
    /// CSV in an encoding.
    Csv(TextEncoding),
    /// XLSX, with the number of the sheet read, from 1.
    Xlsx(usize),
}

impl FileForm {
    /// `csv utf-8`, `csv gb18030`, `xlsx`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Csv(TextEncoding::Utf8) => "csv utf-8",
            Self::Csv(TextEncoding::Gb18030) => "csv gb18030",
            Self::Xlsx(_) => "xlsx",
        }
    }
}

/// Something that reading a cell already shows to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellFault {
    /// The bytes are not of the file's encoding.
    NotDecodable,
    /// A number with more digits than a spreadsheet keeps.
    LostDigits,
    /// An error value such as `#N/A`.
    ErrorValue,
    /// Longer than [`CELL_MAX`].
    TooLong,
}

/// One row.
pub(super) struct Record {
    /// Line of the file or row of the sheet, from 1.
    pub line: u64,
    /// The cells as text; empty where a fault leaves nothing to read.
    pub cells: Vec<String>,
    /// What is wrong with cells, by position.
    pub faults: Vec<(usize, CellFault)>,
    /// The bytes as they stood, where they are not those of `cells`.
    bytes: Option<csv::ByteRecord>,
}

impl Record {
    /// Whether it is a line of text, in which no cell is left out.
    pub fn is_text(&self) -> bool {
        self.bytes.is_some()
    }

    /// The row as it stood, for a file of rejects.
    pub fn raw(&self) -> Vec<Vec<u8>> {
        match &self.bytes {
            Some(bytes) => bytes.iter().map(<[u8]>::to_vec).collect(),
            None => self.cells.iter().map(|cell| cell.clone().into_bytes()).collect(),
        }
    }
}

/// What is asked of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The encoding of a CSV file; `None`: found out.
    pub encoding: Option<TextEncoding>,
    /// Name of the sheet of a workbook; `None`: the first.
    pub sheet: Option<String>,
}

/// Reads a file row by row, empty rows left out.
pub(super) fn read(
    file: &[u8],
    reading: &Reading,
    each: &mut dyn FnMut(Record) -> Result<(), Refusal>,
) -> Result<FileForm, Refusal> {
    if file.starts_with(b"PK\x03\x04") {
        return read_xlsx(file, reading.sheet.as_deref(), each).map(FileForm::Xlsx);
    }
    if file.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        let (zh, en) = (
            "这是 .xls 或加密的工作簿，请另存为不加密的 .xlsx",
            "this is an .xls or an encrypted workbook: save it as a plain .xlsx",
        );
        return Err(Refusal::new(Kind::Invalid, "old_workbook", zh, en));
    }
    if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        let (zh, en) = ("UTF-16 文本，请另存为 CSV UTF-8", "this is UTF-16: save it as CSV UTF-8");
        return Err(Refusal::new(Kind::Invalid, "utf16", zh, en));
    }
    let encoding = reading.encoding.unwrap_or_else(|| encoding_of(file));
    read_csv(file, encoding, each)?;
    Ok(FileForm::Csv(encoding))
}

/// UTF-8 if the file says so or is so; otherwise the one of the two in which more lines can be read,
/// so that one torn line does not decide about the others.
pub(super) fn encoding_of(file: &[u8]) -> TextEncoding {
    if file.starts_with("\u{feff}".as_bytes()) || std::str::from_utf8(file).is_ok() {
        return TextEncoding::Utf8;
    }
    let (mut utf8, mut gb) = (0usize, 0usize);
    for line in file.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
        utf8 += usize::from(std::str::from_utf8(line).is_ok());
        gb += usize::from(GB18030.decode_without_bom_handling_and_without_replacement(line).is_some());
    }
    if utf8 >= gb { TextEncoding::Utf8 } else { TextEncoding::Gb18030 }
}

fn read_csv(
    file: &[u8],
    encoding: TextEncoding,
    each: &mut dyn FnMut(Record) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let text = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    // Neither quote nor separator nor line end can be the second byte of a character of GB 18030, so
    // the fields are those of the bytes.
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(delimiter(text))
        .from_reader(text);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut bytes = csv::ByteRecord::new();
    while reader.read_byte_record(&mut bytes).map_err(|error| unreadable(&error))? {
        let line = lines.reach(bytes.position().map_or(0, csv::Position::byte));
        let (mut cells, mut faults) = (Vec::with_capacity(bytes.len()), Vec::new());
        for (at, cell) in bytes.iter().enumerate() {
            match decoded(cell, encoding) {
                _ if cell.len() > CELL_MAX => {
                    faults.push((at, CellFault::TooLong));
                    cells.push(String::new());
                }
                Some(text) => cells.push(text),
                None => {
                    faults.push((at, CellFault::NotDecodable));
                    cells.push(String::new());
                }
            }
        }
        if faults.is_empty() && cells.iter().all(|cell| cell.trim().is_empty()) && !cells.is_empty() {
            continue;
        }
        each(Record { line, cells, faults, bytes: Some(bytes.clone()) })?;
    }
    Ok(())
}

fn decoded(cell: &[u8], encoding: TextEncoding) -> Option<String> {
    match encoding {
        TextEncoding::Utf8 => std::str::from_utf8(cell).ok().map(str::to_owned),
        TextEncoding::Gb18030 => {
            GB18030.decode_without_bom_handling_and_without_replacement(cell).map(|text| text.into_owned())
        }
    }
}

/// Comma, semicolon or tab: what the first line has most of.
fn delimiter(text: &[u8]) -> u8 {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
    let others = [b'\t', b';'].into_iter().max_by_key(|wanted| count(*wanted));
    others.filter(|wanted| count(*wanted) > count(b',')).unwrap_or(b',')
}

/// Reads a sheet; answers its number.
fn read_xlsx(
    file: &[u8],
    sheet: Option<&str>,
    each: &mut dyn FnMut(Record) -> Result<(), Refusal>,
) -> Result<usize, Refusal> {
    zip::check(file).map_err(|why| no_archive(&why))?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).map_err(|error| not_xlsx(&error))?;
    let names = book.sheet_names();
    let number = match sheet {
        None => 0,
        Some(wanted) => names.iter().position(|name| name == wanted).ok_or_else(|| no_sheet(names.len()))?,
    };
    let name = names.get(number).cloned().ok_or_else(|| no_sheet(0))?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| not_xlsx(&error))?;
    let mut row = Row::default();
    while let Some(cell) = cells.next_cell().map_err(|error| not_xlsx(&error))? {
        let (line, column) = cell.get_position();
        if row.number != Some(line) {
            row.hand_over(each)?;
            row.number = Some(line);
        }
        let value = cell.get_value();
        if matches!(value, DataRef::Empty) {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            let zh = format!("每个文件不得超过 {COLUMNS_MAX} 列");
            let en = format!("a file has at most {COLUMNS_MAX} columns");
            return Err(Refusal::new(Kind::Invalid, "too_many_columns", zh, en));
        }
        row.put(column, &Data::from(value.clone()));
    }
    row.hand_over(each)?;
    Ok(number + 1)
}

/// The row of a sheet that is being collected.
#[derive(Default)]
struct Row {
    number: Option<u32>,
    cells: Vec<String>,
    faults: Vec<(usize, CellFault)>,
}

impl Row {
    fn put(&mut self, column: usize, value: &Data) {
        while self.cells.len() <= column {
            self.cells.push(String::new());
        }
        let (text, fault) = match shown(value) {
            (text, _) if text.len() > CELL_MAX => (String::new(), Some(CellFault::TooLong)),
            other => other,
        };
        self.faults.extend(fault.map(|fault| (column, fault)));
        if let Some(place) = self.cells.get_mut(column) {
            *place = text;
        }
    }

    fn hand_over(&mut self, each: &mut dyn FnMut(Record) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let (cells, faults) = (std::mem::take(&mut self.cells), std::mem::take(&mut self.faults));
        let Some(number) = self.number.take() else { return Ok(()) };
        if faults.is_empty() && cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        each(Record { line: u64::from(number) + 1, cells, faults, bytes: None })
    }
}

/// A value of a sheet as text: whole numbers without a point, days as `YYYY-MM-DD`.
fn shown(value: &Data) -> (String, Option<CellFault>) {
    let text = match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) if number.abs() >= DIGITS_LOST || !number.is_finite() => {
            return (number.to_string(), Some(CellFault::LostDigits));
        }
        Data::Float(number) => number.to_string(),
        Data::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        Data::DateTime(day) => {
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::Error(_) => return (String::new(), Some(CellFault::ErrorValue)),
    };
    (text, None)
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

fn unreadable(error: &csv::Error) -> Refusal {
    let line = error.position().map_or(0, csv::Position::line);
    let (zh, en) = (format!("第 {line} 行无法按 CSV 读取"), format!("line {line} cannot be read as CSV"));
    Refusal::new(Kind::Invalid, "not_csv", zh, en)
}

fn not_xlsx(error: &calamine::XlsxError) -> Refusal {
    let (zh, en) = ("无法按 XLSX 工作簿读取", "cannot be read as an XLSX workbook");
    // The library's message may quote the file; only its kind is for the log.
    let cause = format!("{error:?}").chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    Refusal { cause: Some(cause), ..Refusal::new(Kind::Invalid, "not_xlsx", zh, en) }
}

fn no_sheet(sheets: usize) -> Refusal {
    let zh = format!("工作簿中没有这个工作表（共 {sheets} 个）");
    let en = format!("the workbook has no such sheet (it has {sheets})");
    Refusal::new(Kind::Invalid, "no_such_sheet", zh, en)
}

fn no_archive(why: &NoArchive) -> Refusal {
    let (code, zh, en) = match why {
        NoArchive::Shape => {
            ("not_xlsx", "无法按 XLSX 工作簿读取".to_owned(), "cannot be read as an XLSX workbook".to_owned())
        }
        NoArchive::Method => (
            "not_xlsx",
            "工作簿已加密或使用了不支持的压缩方式".to_owned(),
            "the workbook is encrypted or packed by an unknown method".to_owned(),
        ),
        NoArchive::TooLarge => {
            let mib = zip::UNPACKED_MAX >> 20;
            (
                "unpacks_too_large",
                format!("工作簿解压后不得超过 {mib} MiB，压缩比不得超过 {}:1", zip::RATIO_MAX),
                format!("a workbook unpacks to at most {mib} MiB, and no more than {} to 1", zip::RATIO_MAX),
            )
        }
    };
    Refusal::new(Kind::Invalid, code, zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(file: &[u8], reading: &Reading) -> (FileForm, Vec<(u64, Vec<String>)>) {
        let mut found = Vec::new();
        let form = read(file, reading, &mut |record| {
            found.push((record.line, record.cells));
            Ok(())
        });
        (form.unwrap(), found)
    }

    #[test]
    fn a_row_has_the_line_on_which_it_begins_whatever_ends_the_lines() {
        for (text, expected) in [
            ("h\na\nb\n", [1, 2, 3]),
            ("h\r\na\r\nb\r\n", [1, 2, 3]),
            ("h\n\n\na\n\nb", [1, 4, 6]),
            ("\u{feff}h\r\n\"a\r\na\"\r\nb", [1, 2, 4]),
        ] {
            let found = rows(text.as_bytes(), &Reading::default()).1;
            assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_encoding_is_found_and_one_torn_line_does_not_decide() {
        let text = "姓名,单位\n王小明,岳阳某大学\n李四,长沙某院\n";
        let gb = GB18030.encode(text).0.into_owned();
        let utf8 = rows(text.as_bytes(), &Reading::default());
        let found = rows(&gb, &Reading::default());
        assert_eq!(utf8.0, FileForm::Csv(TextEncoding::Utf8));
        assert_eq!(found.0, FileForm::Csv(TextEncoding::Gb18030));
        assert_eq!(found.1, utf8.1);
        let mut torn = text.as_bytes().to_vec();
        torn.extend_from_slice(b"\xff\xff,x\n");
        let mut faults = Vec::new();
        let form = read(&torn, &Reading::default(), &mut |record| {
            faults.push(record.faults.clone());
            assert!(record.line < 4 || record.raw()[0] == b"\xff\xff");
            Ok(())
        });
        assert_eq!(form.unwrap(), FileForm::Csv(TextEncoding::Utf8));
        assert_eq!(faults[3], [(0, CellFault::NotDecodable)]);
        assert!(faults[..3].iter().all(Vec::is_empty));
    }

    #[test]
    fn the_separator_is_what_the_heading_has_most_of() {
        for text in ["a,b\n1,2", "a;b\n1;2", "a\tb\n1\t2"] {
            assert_eq!(rows(text.as_bytes(), &Reading::default()).1[1].1, ["1", "2"]);
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused_by_name() {
        let code = |file: &[u8]| read(file, &Reading::default(), &mut |_| Ok(())).unwrap_err().code;
        assert_eq!(code(b"PK\x03\x04 torn"), "not_xlsx");
        assert_eq!(code(b"\xd0\xcf\x11\xe0 old"), "old_workbook");
        assert_eq!(code(b"\xff\xfeh\0"), "utf16");
    }

    #[test]
    fn a_sheet_gives_numbers_days_and_texts_as_texts() {
        use super::super::super::tables::{Cell, Table};
        let mut table = Table::new("名单", ["a", "b", "c"]);
        let day = crate::time::Date::parse("2025-01-02").unwrap();
        table.push(vec!["=1".into(), Cell::Number(13_800_000_000), day.into()]);
        table.push(vec![Cell::Empty, Cell::Number(430_602_197_001_011), Cell::Empty]);
        table.push(vec![Cell::Empty, Cell::Number(1_000_000_000_000_000), Cell::Empty]);
        let mut seen = Vec::new();
        let form = read(&table.to_xlsx().unwrap(), &Reading::default(), &mut |record| {
            seen.push((record.line, record.cells, record.faults));
            Ok(())
        });
        assert_eq!(form.unwrap(), FileForm::Xlsx(1));
        assert_eq!(seen[1].1, ["=1", "13800000000", "2025-01-02"]);
        assert_eq!(seen[2].1, ["", "430602197001011"]);
        assert_eq!(seen[3].2, [(1, CellFault::LostDigits)]);
        let other = Reading { sheet: Some("别的".into()), ..Reading::default() };
        let refused = read(&table.to_xlsx().unwrap(), &other, &mut |_| Ok(())).unwrap_err();
        assert_eq!(refused.code, "no_such_sheet");
    }
}
