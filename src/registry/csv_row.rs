//! A row of an import file, read into a [`Draft`] and checked.
//!
//! Columns may come in any order under their English or Chinese headings; every column of the base
//! must be there once, those of the further facts may be, and no other. Within a cell a list is
//! separated by `;` (or `；`), the parts of an entry by `:` (or `：`), and what stands at its end may be
//! left out:
//!
//! | column | entry |
//! |---|---|
//! | `past_employments` | `code:from:to:name` |
//! | `educations` | `code:school:degree:date`; the code of GB/T 4658 or its name |
//! | `titles` | `name:level:date:issuer:code` |
//! | `certificates` | `name:number:issued:valid_to` |
//! | `trainings` | `name:date` |
//!
//! An empty employer is *not known*; an expert without employer has one of [`NONE_MARKS`] there.
//! Blanks around cells and list entries do not count.
//!
//! *Deliberately not here:* the CSV syntax itself (the crate `csv` in `service`), line numbers,
//! experts that stand twice in one file (only the caller sees all rows); claims, relatives, documents,
//! which have no form in a cell.

use super::csv_cells::{
    Entry, certificate, education, employments, in_columns, known_word, level, read_past, split, title,
};
use super::draft::Draft;
use super::draft_parts::{DraftAppointment, DraftEmployment, DraftEqualLevel, DraftTraining};
use super::expert::{Expert, ExpertNumber};
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

/// The columns that may be missing: the further facts.
const FURTHER: [(&str, &[&str]); 15] = [
    ("birth", &["出生日期", "出生年月日"]),
    ("sex", &["性别"]),
    ("further_phones", &["其他电话"]),
    ("mail", &["电子邮箱", "邮箱"]),
    ("address", &["通信地址", "通讯地址"]),
    ("work_status", &["在职状态", "工作状态"]),
    ("educations", &["学历"]),
    ("titles", &["职称明细"]),
    ("equal_level", &["同等专业水平"]),
    ("equal_level_evidence", &["同等专业水平证明"]),
    ("certificates", &["执业资格", "职业资格"]),
    ("e_evaluation", &["电子评审"]),
    ("trainings", &["培训"]),
    ("appointment_number", &["聘书编号"]),
    ("appointment_issued", &["聘书日期"]),
];

/// All columns, those of the base first.
fn all() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    COLUMNS.iter().chain(&FURTHER)
}

/// Where each column stands in the records of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Position in the record of each column of `all`.
    positions: [Option<usize>; COLUMNS.len() + FURTHER.len()],
    /// Cells of the heading.
    width: usize,
}

impl Columns {
    /// The English headings of the base, in the order in which a file is written.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COLUMNS.iter().map(|(name, _)| *name)
    }

    /// The English headings of the further facts, which a file may have or not.
    pub fn further_names() -> impl Iterator<Item = &'static str> {
        FURTHER.iter().map(|(name, _)| *name)
    }

    /// The column that a heading means, Chinese or English; `None`: none.
    pub fn named(heading: &str) -> Option<&'static str> {
        let heading = heading.trim_start_matches('\u{feff}').trim();
        let means = |(name, aliases): &&(&str, &[&str])| {
            name.eq_ignore_ascii_case(heading) || aliases.contains(&heading)
        };
        all().find(means).map(|(name, _)| *name)
    }

    /// Reads the heading. A byte order mark before the first cell does not count.
    ///
    /// # Errors
    /// `unknown_column`, `duplicate_column`, `missing_column`, each problem's field being the column
    /// (for an unknown one `column[position]`: what stands there may be a person's name).
    pub fn from_header<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Columns, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut found = [None; COLUMNS.len() + FURTHER.len()];
        let mut width = 0;
        for (position, cell) in cells.into_iter().enumerate() {
            width = position + 1;
            let column = Columns::named(cell);
            let known = all().zip(found.iter_mut()).find(|((name, _), _)| Some(*name) == column);
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
        if problems.is_empty() { Ok(Columns { positions: found, width }) } else { Err(problems) }
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
            let place = all().zip(&self.positions).find(|((name, _), _)| *name == wanted);
            let position = place.and_then(|(_, position)| *position);
            position.and_then(|position| record.get(position)).map_or("", |cell| cell.trim())
        };
        let owned = |wanted: &str| cell(wanted).to_owned();
        let list = |wanted: &str| split(cell(wanted)).map(str::to_owned).collect::<Vec<_>>();
        let (past, mut problems) = read_past(cell("past_employments"));
        let mut entries = |wanted: &str, most: usize| {
            let mut read = Vec::new();
            for (position, entry) in split(cell(wanted)).enumerate() {
                let parts: Vec<&str> = entry.split([':', '：']).map(str::trim).collect();
                if parts.len() > most {
                    let (zh, en) = (format!("至多 {most} 项"), format!("has at most {most} parts"));
                    problems.push(Problem::new(format!("{wanted}[{position}]"), entry, "parts", zh, en));
                } else {
                    read.push(Entry(parts));
                }
            }
            read
        };
        let educations = entries("educations", 4).iter().map(education).collect();
        let titles = entries("titles", 5).iter().map(title).collect();
        let certificates = entries("certificates", 4).iter().map(certificate).collect();
        let trainings = entries("trainings", 2);
        let training = |e: &Entry<'_>| DraftTraining { name: e.part(0), date: e.part(1) };
        let trainings = trainings.iter().map(training).collect();
        let equal_level =
            DraftEqualLevel { text: owned("equal_level"), evidence: list("equal_level_evidence") };
        let appointment =
            DraftAppointment { number: owned("appointment_number"), issued: owned("appointment_issued") };
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
            title_level: level(cell("title_level")),
            field_since: owned("field_since"),
            specialities: list("specialities"),
            regions: list("regions"),
            declared_units: list("declared_units"),
            term_from: owned("term_from"),
            term_to: owned("term_to"),
            birth: owned("birth"),
            sex: known_word(cell("sex"), &[("男", "1"), ("女", "2")]),
            further_phones: list("further_phones"),
            mail: owned("mail"),
            address: owned("address"),
            work_status: known_word(
                cell("work_status"),
                &[("在职", "employed"), ("退休", "retired"), ("自由职业", "free")],
            ),
            educations,
            titles,
            equal_level: (equal_level != DraftEqualLevel::default()).then_some(equal_level),
            certificates,
            e_evaluation: known_word(cell("e_evaluation"), &[("是", "yes"), ("否", "no")]),
            trainings,
            appointment: (appointment != DraftAppointment::default()).then_some(appointment),
            ..Draft::default()
        };
        Ok((draft, problems))
    }
}
