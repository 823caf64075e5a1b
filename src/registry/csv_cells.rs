//! What stands in a cell of an import row: lists, entries with parts, words for codes. `csv_row` says
//! which column holds what.

use crate::codes::EducationLevel;

use super::csv_row::NONE_MARKS;
use super::draft_parts::{DraftCertificate, DraftEducation, DraftEmployment, DraftPast, DraftTitle};
use super::expert::TitleLevel;
use super::problem::Problem;

/// All three cells empty: not known. A mark and nothing else: none. Anything else is an employment,
/// and what is missing in it will be reported.
pub(super) fn employments(written: DraftEmployment) -> Option<Vec<DraftEmployment>> {
    if written == DraftEmployment::default() {
        return None;
    }
    let alone = written.name.is_empty() && written.since.is_empty();
    if alone && NONE_MARKS.contains(&written.unit.as_str()) { Some(Vec::new()) } else { Some(vec![written]) }
}

pub(super) fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '；']).map(str::trim).filter(|entry| !entry.is_empty())
}

pub(super) fn read_past(cell: &str) -> (Vec<DraftPast>, Vec<Problem>) {
    let (mut past, mut problems) = (Vec::new(), Vec::new());
    for (position, entry) in split(cell).enumerate() {
        let parts: Vec<&str> = entry.split([':', '：']).map(str::trim).collect();
        if let [unit, from, to, name @ ..] = parts.as_slice()
            && name.len() <= 1
        {
            past.push(DraftPast {
                unit: (*unit).to_owned(),
                name: name.first().copied().unwrap_or_default().to_owned(),
                from: (*from).to_owned(),
                to: (*to).to_owned(),
            });
        } else {
            let field = format!("past_employments[{position}]");
            problems.push(Problem::new(
                field,
                entry,
                "past_form",
                "应写作 代码:起:止，其后可加单位名称",
                "is written code:from:to, a name may follow",
            ));
        }
    }
    (past, problems)
}

/// The parts of an entry in a cell.
pub(super) struct Entry<'a>(pub Vec<&'a str>);

impl Entry<'_> {
    /// A part; empty if the entry ends before it.
    pub fn part(&self, position: usize) -> String {
        self.0.get(position).copied().unwrap_or_default().to_owned()
    }
}

pub(super) fn education(entry: &Entry<'_>) -> DraftEducation {
    let written = entry.part(0);
    // Files write 大学本科毕业 as often as 21.
    let named = EducationLevel::all().find(|level| {
        let stage = level.name().strip_suffix("教育").unwrap_or(level.name());
        level.name() == written || stage == written || stage.strip_prefix("大学") == Some(written.as_str())
    });
    let code = named.map_or(written, |level| level.as_str().to_owned());
    DraftEducation { code, school: entry.part(1), degree: entry.part(2), date: entry.part(3) }
}

pub(super) fn title(entry: &Entry<'_>) -> DraftTitle {
    DraftTitle {
        name: entry.part(0),
        level: level(&entry.part(1)),
        date: entry.part(2),
        issuer: entry.part(3),
        code: entry.part(4),
    }
}

pub(super) fn certificate(entry: &Entry<'_>) -> DraftCertificate {
    DraftCertificate {
        name: entry.part(0),
        number: entry.part(1),
        issued: entry.part(2),
        valid_to: entry.part(3),
    }
}

/// A title level, or what stands there.
pub(super) fn level(cell: &str) -> String {
    known_word(
        cell,
        &[
            ("正高级", TitleLevel::Senior.as_str()),
            ("正高", TitleLevel::Senior.as_str()),
            ("副高级", TitleLevel::DeputySenior.as_str()),
            ("副高", TitleLevel::DeputySenior.as_str()),
            ("中级", TitleLevel::Intermediate.as_str()),
            ("初级", TitleLevel::Junior.as_str()),
            ("无", TitleLevel::None.as_str()),
        ],
    )
}

pub(super) fn known_word(cell: &str, words: &[(&str, &str)]) -> String {
    words.iter().find(|(word, _)| *word == cell).map_or(cell, |(_, meaning)| meaning).to_owned()
}

/// The same problem under the column where the value stands.
pub(super) fn in_columns(problem: Problem) -> Problem {
    let field = match problem.field.as_str() {
        "employments[0].unit" => "employer_code".to_owned(),
        "employments[0].name" => "employer_name".to_owned(),
        "employments[0].since" => "employed_since".to_owned(),
        other => match other.strip_prefix("past") {
            Some(rest) => format!("past_employments{rest}"),
            None => match other {
                "equal_level.text" => "equal_level".to_owned(),
                "appointment.number" => "appointment_number".to_owned(),
                "appointment.issued" => "appointment_issued".to_owned(),
                other => match other.strip_prefix("equal_level.evidence") {
                    Some(rest) => format!("equal_level_evidence{rest}"),
                    None => other.to_owned(),
                },
            },
        },
    };
    Problem { field, ..problem }
}
