//! A row of an import file, read into a [`Draft`] and checked.
//!
//! Columns may come in any order under their English or Chinese headings; every column must be
//! there once, and no other. Within a cell a list is separated by `;` (or `；`), a former employment
//! is `code:from:to`. An empty employer is *not known*; an expert without employer has one of
//! [`NONE_MARKS`] there. Blanks around cells and list entries do not count.
//!
//! *Deliberately not here:* the CSV syntax itself (the crate `csv` in `service`), line numbers,
//! experts that stand twice in one file (only the caller sees all rows).

use super::draft::Draft;
use super::draft_parts::{DraftEmployment, DraftPast};
use super::expert::{Expert, ExpertNumber, TitleLevel};
use super::problem::Problem;

/// What stands in `employer_code` for an expert known to have no employer.
pub const NONE_MARKS: [&str; 2] = ["-", "无"];

/// The columns: name, then Chinese headings that mean it.
const COLUMNS: [(&str, &[&str]); 15] = [
    ("name", &["姓名"]),
    ("id_kind", &["证件类型"]),
    ("id_number", &["证件号码", "身份证号", "身份证号码"]),
    ("phone", &["手机号", "手机号码", "联系电话"]),
    ("employer_code", &["工作单位代码", "统一社会信用代码"]),
    ("employer_name", &["工作单位", "工作单位名称"]),
    ("employed_since", &["入职日期"]),
    ("past_employments", &["工作经历"]),
    ("title_level", &["职称级别", "职称等级"]),
    ("field_since", &["从业起始日期", "从业日期"]),
    ("specialities", &["评审专业", "专业"]),
    ("regions", &["评审区域", "区域"]),
    ("declared_units", &["回避单位"]),
    ("term_from", &["聘期起", "聘期开始"]),
    ("term_to", &["聘期止", "聘期结束"]),
];

/// Where each column stands in the records of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Position in the record of each entry of `COLUMNS`.
    positions: [usize; COLUMNS.len()],
    /// Cells of the heading.
    width: usize,
}

impl Columns {
    /// The English headings, in the order in which a file is written.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COLUMNS.iter().map(|(name, _)| *name)
    }

    /// The column that a heading means, Chinese or English; `None`: none.
    pub fn named(heading: &str) -> Option<&'static str> {
        let heading = heading.trim_start_matches('\u{feff}').trim();
        let means = |(name, aliases): &&(&'static str, &[&str])| {
            name.eq_ignore_ascii_case(heading) || aliases.contains(&heading)
        };
        COLUMNS.iter().find(means).map(|(name, _)| *name)
    }

    /// Reads the heading. A byte order mark before the first cell does not count.
    ///
    /// # Errors
    /// `unknown_column`, `duplicate_column`, `missing_column`, each problem's field being the column
    /// (for an unknown one `column[position]`: what stands there may be a person's name).
    pub fn from_header<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Columns, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut found = [None; COLUMNS.len()];
        let mut width = 0;
        for (position, cell) in cells.into_iter().enumerate() {
            width = position + 1;
            let heading = cell.trim_start_matches('\u{feff}').trim();
            let known = COLUMNS.iter().zip(found.iter_mut()).find(|((name, aliases), _)| {
                name.eq_ignore_ascii_case(heading) || aliases.contains(&heading)
            });
            match known {
                Some((_, place @ None)) => *place = Some(position),
                Some(((name, _), Some(_))) => {
                    problems.push(Problem::new(
                        *name,
                        cell,
                        "duplicate_column",
                        "列重复",
                        "the column stands twice",
                    ));
                }
                None => {
                    let field = format!("column[{position}]");
                    problems.push(Problem::new(field, cell, "unknown_column", "未知的列", "unknown column"));
                }
            }
        }
        for ((name, aliases), place) in COLUMNS.iter().zip(&found) {
            if place.is_none() {
                let zh = format!("缺少列：{}", aliases.first().unwrap_or(name));
                problems.push(Problem::new(*name, "", "missing_column", zh, "the column is missing"));
            }
        }
        if problems.is_empty() {
            Ok(Columns { positions: found.map(Option::unwrap_or_default), width })
        } else {
            Err(problems)
        }
    }

    /// Reads one record and checks it; the expert gets `number`.
    ///
    /// # Errors
    /// All problems, each field being a column's name (`past_employments[0].to`).
    pub fn read(&self, record: &[&str], number: ExpertNumber) -> Result<Expert, Vec<Problem>> {
        let (draft, mut problems) = self.draft(record)?;
        match draft.check(number) {
            Ok(expert) if problems.is_empty() => Ok(expert),
            Ok(_) => Err(problems),
            Err(others) => {
                problems.extend(others.into_iter().map(in_columns));
                Err(problems)
            }
        }
    }

    /// Reads one record without checking its values. Former employments that are not `code:from:to`
    /// are left out of the draft and reported beside it (`past_form`).
    ///
    /// # Errors
    /// `cells` for another number of cells than the heading has.
    pub fn draft(&self, record: &[&str]) -> Result<(Draft, Vec<Problem>), Vec<Problem>> {
        if record.len() != self.width {
            let zh = format!("应有 {} 列，现有 {} 列", self.width, record.len());
            let en = format!("must have {} cells, has {}", self.width, record.len());
            return Err(vec![Problem::new("record", "", "cells", zh, en)]);
        }
        let cell = |wanted: &str| {
            let place = COLUMNS.iter().zip(&self.positions).find(|((name, _), _)| *name == wanted);
            place.and_then(|(_, position)| record.get(*position)).map_or("", |cell| cell.trim())
        };
        let owned = |wanted: &str| cell(wanted).to_owned();
        let list = |wanted: &str| split(cell(wanted)).map(str::to_owned).collect::<Vec<_>>();
        let (past, problems) = read_past(cell("past_employments"));
        let employment = DraftEmployment {
            unit: owned("employer_code"),
            name: owned("employer_name"),
            since: owned("employed_since"),
        };
        let draft = Draft {
            name: owned("name"),
            id_kind: known_word(cell("id_kind"), &[("居民身份证", "111"), ("身份证", "111")]),
            id_number: owned("id_number"),
            phone: owned("phone"),
            employments: employments(employment),
            past,
            title_level: known_word(
                cell("title_level"),
                &[
                    ("正高级", TitleLevel::Senior.as_str()),
                    ("正高", TitleLevel::Senior.as_str()),
                    ("副高级", TitleLevel::DeputySenior.as_str()),
                    ("副高", TitleLevel::DeputySenior.as_str()),
                    ("中级", TitleLevel::Intermediate.as_str()),
                ],
            ),
            field_since: owned("field_since"),
            specialities: list("specialities"),
            regions: list("regions"),
            declared_units: list("declared_units"),
            term_from: owned("term_from"),
            term_to: owned("term_to"),
            ..Draft::default()
        };
        Ok((draft, problems))
    }
}

/// All three cells empty: not known. A mark and nothing else: none. Anything else is an employment,
/// and what is missing in it will be reported.
fn employments(written: DraftEmployment) -> Option<Vec<DraftEmployment>> {
    if written == DraftEmployment::default() {
        return None;
    }
    let alone = written.name.is_empty() && written.since.is_empty();
    if alone && NONE_MARKS.contains(&written.unit.as_str()) { Some(Vec::new()) } else { Some(vec![written]) }
}

fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '；']).map(str::trim).filter(|entry| !entry.is_empty())
}

fn read_past(cell: &str) -> (Vec<DraftPast>, Vec<Problem>) {
    let (mut past, mut problems) = (Vec::new(), Vec::new());
    for (position, entry) in split(cell).enumerate() {
        let parts: Vec<&str> = entry.split(':').map(str::trim).collect();
        if let [unit, from, to] = parts.as_slice() {
            past.push(DraftPast {
                unit: (*unit).to_owned(),
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                ..DraftPast::default()
            });
        } else {
            let field = format!("past_employments[{position}]");
            problems.push(Problem::new(
                field,
                entry,
                "past_form",
                "应写作 代码:起:止",
                "is written code:from:to",
            ));
        }
    }
    (past, problems)
}

fn known_word(cell: &str, words: &[(&str, &str)]) -> String {
    words.iter().find(|(word, _)| *word == cell).map_or(cell, |(_, meaning)| meaning).to_owned()
}

/// The same problem under the column where the value stands.
fn in_columns(problem: Problem) -> Problem {
    let field = match problem.field.as_str() {
        "employments[0].unit" => "employer_code".to_owned(),
        "employments[0].name" => "employer_name".to_owned(),
        "employments[0].since" => "employed_since".to_owned(),
        other => match other.strip_prefix("past") {
            Some(rest) => format!("past_employments{rest}"),
            None => other.to_owned(),
        },
    };
    Problem { field, ..problem }
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::{self, credit_code, id_number};
    use super::*;

    fn number() -> ExpertNumber {
        ExpertNumber::from_random([7; 10])
    }

    fn columns() -> Columns {
        Columns::from_header(Columns::names()).unwrap()
    }

    /// The sample draft as a row, in the order of [`Columns::names`].
    fn row() -> Vec<String> {
        let past = format!("{}:1995-07-01:2015-08-31", credit_code(2));
        let cells = [
            "王小明",
            "111",
            &id_number("19700101"),
            "13800000000",
            &credit_code(1),
            "岳阳某大学",
            "2015-09-01",
            &past,
            "senior",
            "1995-07-01",
            "ndrc316:A0832;ndrc316:C0602",
            "430600; 430100",
            &credit_code(3),
            "2025-01-01",
            "2027-12-31",
        ];
        cells.map(str::to_owned).to_vec()
    }

    fn read(row: &[String]) -> Result<Expert, Vec<Problem>> {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        columns().read(&cells, number())
    }

    fn problems(change: impl FnOnce(&mut Vec<String>)) -> Vec<(String, &'static str)> {
        let mut row = row();
        change(&mut row);
        read(&row).err().unwrap_or_default().into_iter().map(|p| (p.field, p.rule)).collect()
    }

    #[test]
    fn a_row_is_the_expert_of_the_same_draft() {
        assert!(read(&row()).unwrap() == samples::draft().check(number()).unwrap());
    }

    #[test]
    fn chinese_headings_in_another_order_mean_the_same() {
        let header = [
            "\u{feff}聘期止",
            "姓名",
            "证件类型",
            "身份证号",
            "手机号",
            "工作单位代码",
            "工作单位",
            "入职日期",
            "工作经历",
            "职称级别",
            "从业起始日期",
            "评审专业",
            "评审区域",
            "回避单位",
            "聘期起",
        ];
        let mut cells = row();
        cells.rotate_right(1);
        (cells[2], cells[9]) = ("身份证".into(), "正高".into());
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let read = Columns::from_header(header).unwrap().read(&cells, number()).unwrap();
        assert!(read == samples::draft().check(number()).unwrap());
    }

    #[test]
    fn a_heading_with_unknown_doubled_or_missing_columns_is_refused() {
        let header = Columns::names().map(|n| if n == "phone" { "姓名" } else { n }).chain(["王小明"]);
        let found = Columns::from_header(header).unwrap_err();
        let found: Vec<_> = found.iter().map(|p| (p.field.as_str(), p.rule)).collect();
        let expected =
            [("name", "duplicate_column"), ("column[15]", "unknown_column"), ("phone", "missing_column")];
        assert_eq!(found, expected);
    }

    #[test]
    fn all_problems_of_a_row_are_named_by_column_and_rule() {
        let found = problems(|row| {
            row[2] = "990000197001010011".into();
            row[4] = "91990000".into();
            row[7] = "x:2020-01-01:2019-01-01".into();
            row[11] = "430600;430600".into();
        });
        let expected = [
            ("id_number", "check_character"),
            ("employer_code", "length"),
            ("past_employments[0].unit", "length"),
            ("past_employments[0].to", "order"),
            ("regions[1]", "duplicate"),
        ];
        assert_eq!(found.iter().map(|(f, r)| (f.as_str(), *r)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_row_of_another_width_and_a_misshapen_employment_are_refused() {
        assert_eq!(problems(|row| drop(row.pop())), [("record".to_owned(), "cells")]);
        assert_eq!(problems(|row| row.push(String::new())), [("record".to_owned(), "cells")]);
        let found = problems(|row| (row[0], row[7]) = (String::new(), "2015".into()));
        assert_eq!(found, [("past_employments[0]".to_owned(), "past_form"), ("name".to_owned(), "required")]);
    }

    #[test]
    fn an_empty_employer_is_unknown_and_a_mark_is_none() {
        let with = |code: &str| {
            let mut row = row();
            row[4] = code.into();
            (row[5], row[6]) = (String::new(), String::new());
            read(&row)
        };
        assert_eq!(with("").unwrap().employments(), None);
        assert_eq!(with("无").unwrap().employments(), Some(&[][..]));
        assert_eq!(with("-").unwrap().employments(), Some(&[][..]));
        let fields: Vec<_> = with(&credit_code(1)).unwrap_err().into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["employer_name", "employed_since"]);
    }

    #[cfg(feature = "server")]
    #[test]
    fn every_row_of_the_synthetic_pool_is_an_expert() {
        let mut file = Vec::new();
        let today = crate::time::Date::parse("2026-11-24").unwrap();
        crate::pool_sample::write_sample(&mut file, 500, 1, today).unwrap();
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let columns = Columns::from_header(reader.headers().unwrap()).unwrap();
        for record in reader.records() {
            let record = record.unwrap();
            let cells: Vec<&str> = record.iter().collect();
            if let Err(problems) = columns.read(&cells, number()) {
                panic!("{problems:?}");
            }
        }
    }
}
