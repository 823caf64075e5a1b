//! What stands in a cell, written as the registry writes it.
//!
//! A cell keeps its meaning and loses its dress: full-width digits, blanks, the apostrophe that guards
//! a formula, three ways to write a day, words for levels, names of regions. What is not understood
//! is left as it stands, for the registry's own check to refuse by its rule; only what the registry
//! cannot see any more is refused here: lost digits, bytes of another encoding, a sex or a birth date
//! beside an id number that says otherwise.
//!
//! Titles by name follow GB/T 8561 as remembered (domain.md 4.3, mark K75: to be confirmed against
//! the standard); a level that is given outright always goes first.

use std::collections::BTreeMap;

use super::super::tables::unguarded;
use super::headings::{Heading, chinese};
use super::source::{CELL_MAX, CellFault, Record};
use crate::codes::{NationalId, Region, Sex};
use crate::registry::{Columns, IDENTITY_CARD, Problem};
use crate::time::Date;

/// Words for levels of titles. 高级 alone is 副高: it is the lower of the two that it may mean.
const LEVELS: [(&str, &[&str]); 5] = [
    ("senior", &["正高", "正高级", "教授级", "高级(正高)", "正高职称"]),
    ("deputy_senior", &["副高", "副高级", "高级", "高级(副高)", "副高职称"]),
    ("intermediate", &["中级", "中级职称"]),
    ("junior", &["初级", "助理级", "员级", "初级职称"]),
    ("none", &["无", "无职称"]),
];

/// Titles by name [K75].
const TITLES: [(&str, &[&str]); 4] = [
    (
        "senior",
        &["教授", "研究员", "正高级工程师", "教授级高级工程师", "主任医师", "正高级会计师", "正高级经济师"],
    ),
    ("deputy_senior", &["副教授", "副研究员", "高级工程师", "副主任医师", "高级会计师", "高级经济师"]),
    ("intermediate", &["讲师", "助理研究员", "工程师", "主治医师", "会计师", "经济师"]),
    ("junior", &["助教", "实习研究员", "助理工程师", "技术员", "医师", "医士"]),
];

/// Fields that hold one day.
const DAYS: [&str; 6] =
    ["employed_since", "field_since", "term_from", "term_to", "birth", "appointment_issued"];
/// Fields that hold codes, where full-width characters and blanks mean nothing.
const CODES: [&str; 3] = ["id_number", "phone", "employer_code"];
/// Fields that hold lists.
const LISTS: [&str; 3] = ["specialities", "regions", "declared_units"];

/// Reads the cells of one file.
pub(super) struct CellReader {
    scheme: Option<String>,
    /// Regions by name and by full name; `None` for a name that several have.
    regions: BTreeMap<String, Option<&'static str>>,
    names: Vec<&'static str>,
}

impl CellReader {
    /// `scheme` is put before specialities that are written without one.
    pub fn new(scheme: Option<String>) -> Self {
        let mut regions: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
        for region in Region::all() {
            regions.insert(region.full_name(), Some(region.as_str()));
        }
        for region in Region::all() {
            regions
                .entry(region.name().to_owned())
                .and_modify(|known| *known = known.filter(|code| *code == region.as_str()))
                .or_insert(Some(region.as_str()));
        }
        Self { scheme, regions, names: Columns::names().chain(Columns::further_names()).collect() }
    }

    /// The registry's row of a record, in the order of [`Columns::names`] and [`Columns::further_names`], and what is wrong with it
    /// already.
    pub fn row(&self, headings: &[Heading], record: &Record) -> (Vec<String>, Vec<Problem>) {
        let mut row: BTreeMap<&str, String> = BTreeMap::new();
        let mut problems = Vec::new();
        for (at, heading) in headings.iter().enumerate() {
            let cell = unguarded(record.cells.get(at).map_or("", String::as_str)).trim();
            let fault = record.faults.iter().find(|(place, _)| *place == at).map(|(_, fault)| *fault);
            let fault = fault.or_else(|| lost_digits(heading.field, cell).then_some(CellFault::LostDigits));
            // A number is lost only where every digit counts.
            let fault =
                fault.filter(|fault| *fault != CellFault::LostDigits || CODES.contains(&heading.field));
            match fault {
                Some(fault) => problems.push(fault_problem(heading.field, cell, fault)),
                None => drop(row.insert(heading.field, self.value(heading.field, cell))),
            }
        }
        fill_in(&mut row);
        problems.extend(contradictions(&row));
        if row.get("id_kind").is_some_and(|kind| kind == IDENTITY_CARD) {
            // The number tells both, and was compared with them.
            row.remove("sex");
            row.remove("birth");
        }
        let cells = self.names.iter().map(|name| row.remove(*name).unwrap_or_default()).collect();
        (cells, problems)
    }

    fn value(&self, field: &str, cell: &str) -> String {
        match field {
            "name" | "employer_name" => cell.to_owned(),
            "title_level" => word(cell, &LEVELS).unwrap_or(cell).to_owned(),
            _ if CODES.contains(&field) => {
                let code: String = half_width(cell).chars().filter(|c| !c.is_whitespace()).collect();
                if field == "phone" { code } else { code.to_ascii_uppercase() }
            }
            _ if DAYS.contains(&field) => day(cell).map_or_else(|| cell.to_owned(), |day| day.to_string()),
            _ if LISTS.contains(&field) => {
                let entries = cell.split([';', '；', '、', ',', '，', '|', '\n']).map(str::trim);
                let entries: Vec<String> =
                    entries.filter(|entry| !entry.is_empty()).map(|entry| self.entry(field, entry)).collect();
                entries.join(";")
            }
            _ => cell.to_owned(),
        }
    }

    fn entry(&self, field: &str, entry: &str) -> String {
        let entry = half_width(entry);
        match (field, self.scheme.as_deref()) {
            ("regions", _) => match self.regions.get(entry.as_str()) {
                Some(Some(code)) => (*code).to_owned(),
                _ => entry,
            },
            ("specialities", Some(scheme)) if !entry.contains(':') => format!("{scheme}:{entry}"),
            _ => entry,
        }
    }
}

/// What follows from other columns: the kind of document, the term from 聘期, the level from 职称.
fn fill_in(row: &mut BTreeMap<&str, String>) {
    if row.get("id_kind").is_none_or(String::is_empty) {
        row.insert("id_kind", "111".to_owned());
    }
    if let Some((from, to)) = row.get("term").and_then(|term| term_of(term)) {
        for (field, day) in [("term_from", from), ("term_to", to)] {
            if row.get(field).is_none_or(String::is_empty) {
                row.insert(field, day.to_string());
            }
        }
    }
    if row.get("title_level").is_none_or(String::is_empty)
        && let Some(title) = row.get("title_name")
    {
        let level = word(title, &TITLES).or_else(|| word(title, &LEVELS)).unwrap_or(title).to_owned();
        row.insert("title_level", level);
    }
}

/// A sex or a birth date that the id number contradicts.
fn contradictions(row: &BTreeMap<&str, String>) -> Vec<Problem> {
    let text = |field: &str| row.get(field).map_or("", String::as_str);
    let Ok(id) = NationalId::parse(text("id_number")) else { return Vec::new() };
    let mut problems = Vec::new();
    let sex = match text("sex") {
        "男" | "男性" | "1" => Some(Sex::Male),
        "女" | "女性" | "2" => Some(Sex::Female),
        _ => None,
    };
    if sex.is_some_and(|sex| sex != id.sex()) {
        let (zh, en) = ("与证件号码所示性别不符", "is not the sex that the id number tells");
        problems.push(Problem::new("sex", text("sex"), "sex_differs", zh, en));
    }
    if day(text("birth")).is_some_and(|birth| birth != id.birth_date()) {
        let (zh, en) = ("与证件号码所示出生日期不符", "is not the birth date that the id number tells");
        problems.push(Problem::new("birth", text("birth"), "birth_differs", zh, en));
    }
    problems
}

/// Whether an id was a number once: in scientific notation, or its last digits became zeros.
fn lost_digits(field: &str, cell: &str) -> bool {
    if !CODES.contains(&field) {
        return false;
    }
    let scientific = cell.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        digits(mantissa) && mantissa.contains('.') && digits(exponent.trim_start_matches('+'))
    });
    let zeros = field == "id_number"
        && cell.len() == 18
        && cell.ends_with("000")
        && cell.bytes().all(|b| b.is_ascii_digit())
        && NationalId::parse(cell).is_err();
    scientific || zeros
}

fn fault_problem(field: &str, cell: &str, fault: CellFault) -> Problem {
    let (rule, zh, en) = match fault {
        CellFault::NotDecodable => (
            "not_decodable",
            "字节不符合文件编码".to_owned(),
            "the bytes are not of the file's encoding".to_owned(),
        ),
        CellFault::LostDigits => (
            "id_lost_digits",
            format!("{}曾被当作数字，末几位已丢失；请将该列设为文本后重新导出", chinese(field)),
            "was kept as a number and lost its last digits: make the column text and export again".to_owned(),
        ),
        CellFault::ErrorValue => {
            ("error_value", "单元格为错误值".to_owned(), "the cell holds an error value".to_owned())
        }
        CellFault::TooLong => {
            ("length", format!("不得超过 {CELL_MAX} 字节"), format!("must have at most {CELL_MAX} bytes"))
        }
    };
    Problem::new(field, cell, rule, zh, en)
}

/// A day: 2025-01-02, 2025/1/2, 2025.1.2, 2025年1月2日, 20250102, with or without a time of midnight,
/// or the serial number of a spreadsheet (five digits). A month alone is no day.
pub(super) fn day(cell: &str) -> Option<Date> {
    let cell = half_width(cell.trim());
    let cell = cell.split_once([' ', 'T']).map_or(cell.as_str(), |(day, time)| {
        if time.trim().bytes().all(|b| matches!(b, b'0' | b':' | b'.' | b'Z')) { day } else { cell.as_str() }
    });
    if cell.len() == 5 && cell.bytes().all(|b| b.is_ascii_digit()) {
        // Day 25569 is 1970-01-01 in a spreadsheet's count.
        let days: i64 = cell.parse().ok()?;
        return Some(Date::new(1970, 1, 1).ok()?.plus_days(days - 25_569));
    }
    if cell.len() == 8 && cell.bytes().all(|b| b.is_ascii_digit()) {
        return of_parts(cell.get(..4)?, cell.get(4..6)?, cell.get(6..)?);
    }
    let cell = cell.strip_suffix('日').unwrap_or(cell);
    let parts: Vec<&str> = cell.split(['-', '/', '.', '年', '月']).map(str::trim).collect();
    match parts.as_slice() {
        [year, month, day] => of_parts(year, month, day),
        _ => None,
    }
}

fn of_parts(year: &str, month: &str, day: &str) -> Option<Date> {
    let number = |text: &str, most: usize| {
        let digits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse::<u32>().ok() } else { None }
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(i32::try_from(number(year, 4)?).ok()?, number(month, 2)?, number(day, 2)?).ok()
}

/// 聘期 in one cell: two days joined by 至, ~, —, a wide hyphen or a hyphen between blanks.
fn term_of(cell: &str) -> Option<(Date, Date)> {
    let cell = half_width(cell);
    for joint in ["至", "到", "~", "～", "—", "–", " - "] {
        let parts: Vec<&str> = cell.split(joint).filter(|part| !part.trim().is_empty()).collect();
        if let [from, to] = parts.as_slice()
            && let (Some(from), Some(to)) = (day(from), day(to))
        {
            return Some((from, to));
        }
    }
    // 2025.1.1-2027.12.31
    let (from, to) = cell.split_once('-')?;
    Some((day(from)?, day(to)?))
}

fn word(cell: &str, words: &[(&'static str, &[&str])]) -> Option<&'static str> {
    let cell: String = half_width(cell).chars().filter(|c| !c.is_whitespace()).collect();
    words.iter().find(|(_, known)| known.contains(&cell.as_str())).map(|(meaning, _)| *meaning)
}

/// Full-width characters of ASCII as ASCII.
fn half_width(text: &str) -> String {
    let one = |c: char| match u32::from(c) {
        0x3000 => ' ',
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_in_every_usual_spelling_and_a_month_is_none() {
        let wanted = Date::parse("2025-01-02").unwrap();
        for text in [
            "2025-01-02",
            "2025/1/2",
            "2025.1.2",
            "2025年1月2日",
            "20250102",
            "2025-1-2 00:00:00",
            "２０２５年１月２日",
            "45659",
            "2025-01-02T00:00:00Z",
            " 2025 年 1 月 2 日",
        ] {
            assert_eq!(day(text), Some(wanted), "{text}");
        }
        for text in
            ["", "2025", "2025年1月", "2025.01", "2025-02-30", "25/1/2", "2025-01-02 08:00", "2025-+1-2"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_term_in_one_cell_is_two_days() {
        let wanted = (Date::parse("2025-01-01").unwrap(), Date::parse("2027-12-31").unwrap());
        for text in [
            "2025年1月1日至2027年12月31日",
            "2025-01-01～2027-12-31",
            "2025.1.1-2027.12.31",
            "2025-01-01 - 2027-12-31",
            "2025/1/1——2027/12/31",
        ] {
            assert_eq!(term_of(text), Some(wanted), "{text}");
        }
        assert_eq!(term_of("三年"), None);
        assert_eq!(term_of("2025-01-01"), None);
    }

    #[test]
    fn regions_by_name_and_specialities_without_a_scheme_become_codes() {
        let reader = CellReader::new(Some("ndrc316".to_owned()));
        assert_eq!(reader.value("regions", "岳阳市、湖南省长沙市;430000"), "430600;430100;430000");
        assert_eq!(reader.value("regions", "市辖区"), "市辖区", "a name that many have");
        assert_eq!(reader.value("specialities", "A0832，mof31:A01"), "ndrc316:A0832;mof31:A01");
        assert_eq!(CellReader::new(None).value("specialities", "A0832"), "A0832");
        assert_eq!(reader.value("phone", "１３８ 0000 0000"), "13800000000");
        assert_eq!(reader.value("title_level", "副高级"), "deputy_senior");
        assert_eq!(reader.value("title_level", "高级"), "deputy_senior");
    }

    #[test]
    fn an_id_that_was_a_number_is_told_from_one_that_is_mistyped() {
        assert!(lost_digits("id_number", "4.30602E+17"));
        assert!(lost_digits("id_number", "430602197001011000"));
        assert!(!lost_digits("id_number", "430602197001011234"));
        assert!(!lost_digits("name", "4.30602E+17"));
        assert!(lost_digits("employer_code", "9.1350E+17"));
        assert!(!lost_digits("employer_code", "91350100M000100Y43"));
    }
}
