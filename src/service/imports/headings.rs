//! Which column of a file means what: the registry's own headings, those of provincial exports, and
//! what the caller maps by hand.
//!
//! The registry reads one fixed row ([`Columns`]); here a file's columns are put in its order. A
//! heading that nobody knows is refused, unless the caller maps it to `-` (left out): a column that
//! is dropped quietly is how data get lost. A few columns that say nothing of their own (序号, 备注) or that follow from
//! others (性别, 出生日期) are known: the latter are compared with the id number.
//!
//! *Deliberately not here:* values (`cells`).

use crate::registry::{Columns, Problem};

use super::source::COLUMNS_MAX;

/// The field of a column that is left out.
pub const IGNORED: &str = "-";

/// Fields of a file that are no columns of the registry's row; they help to fill them.
pub const HELPERS: [&str; 5] = ["sex", "birth", "term", "title_name", IGNORED];

/// Columns without which no row can be right.
const REQUIRED: [&str; 6] = ["name", "id_number", "phone", "field_since", "specialities", "regions"];

/// Headings of provincial exports beside the registry's own (`Columns::named`).
const SYNONYMS: [(&str, &[&str]); 20] = [
    ("name", &["专家姓名", "姓名全称"]),
    ("id_kind", &["证件种类", "身份证件类型"]),
    ("id_number", &["公民身份号码", "居民身份证号", "居民身份证号码", "身份证件号码", "证件号"]),
    ("phone", &["手机", "电话", "移动电话", "联系方式", "手机电话"]),
    (
        "employer_code",
        &["单位信用代码", "单位统一社会信用代码", "工作单位统一社会信用代码", "社会信用代码", "单位代码"],
    ),
    ("employer_name", &["单位名称", "所在单位", "现工作单位", "单位"]),
    ("employed_since", &["入职时间", "到岗日期", "参加本单位工作日期", "现单位入职日期"]),
    ("past_employments", &["原工作单位", "曾任职单位"]),
    ("title_level", &["职称级别名称", "职称层级"]),
    ("field_since", &["从业时间", "参加工作时间", "参加工作日期", "专业工作起始日期"]),
    ("specialities", &["专业代码", "评审专业代码", "评标专业", "评审品目", "申报专业"]),
    ("regions", &["行政区划", "行政区划代码", "所属区域", "评审地区", "所在地区", "抽取区域"]),
    ("declared_units", &["回避单位代码", "需回避单位"]),
    ("term_from", &["聘期开始日期", "聘任起始日期", "聘用开始日期", "有效期起"]),
    ("term_to", &["聘期结束日期", "聘任截止日期", "聘用结束日期", "有效期止", "有效期至"]),
    ("term", &["聘期", "聘任期限", "聘用期限", "有效期"]),
    ("title_name", &["职称", "专业技术职称", "技术职称", "职称名称"]),
    ("sex", &["性别"]),
    ("birth", &["出生日期", "出生年月日", "生日"]),
    (IGNORED, &["序号", "编号", "备注", "年龄", "民族", "籍贯"]),
];

/// A heading as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What stood there.
    pub text: String,
    /// The field that it means; [`IGNORED`] for a column left out.
    pub field: &'static str,
}

/// The columns of one file.
pub(super) struct Headings {
    /// By position.
    pub all: Vec<Heading>,
    /// The reader of the registry's row.
    pub columns: Columns,
}

impl Headings {
    /// Reads a row as the heading. `map` is the caller's: heading → field.
    pub fn read(cells: &[String], map: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut problems = unknown_fields(map);
        let cells = trimmed(cells);
        if cells.len() > COLUMNS_MAX {
            let (zh, en) = (format!("不得超过 {COLUMNS_MAX} 列"), format!("at most {COLUMNS_MAX} columns"));
            return Err(vec![Problem::new("header", "", "too_many_columns", zh, en)]);
        }
        let mut all: Vec<Heading> = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            let field = meaning(cell, map).unwrap_or_else(|| {
                let (zh, en) = (
                    format!("未知的列（{} 列）；可映射到某一字段，或映射到 - 以略去", letters(at)),
                    format!("unknown column ({}): map it to a field, or to - to leave it out", letters(at)),
                );
                problems.push(Problem::new(format!("column[{at}]"), cell, "unknown_column", zh, en));
                IGNORED
            });
            if field != IGNORED && all.iter().any(|heading| heading.field == field) {
                let (zh, en) = ("列重复", "the column stands twice");
                problems.push(Problem::new(field, cell, "duplicate_column", zh, en));
            }
            all.push(Heading { text: shortened(cell), field });
        }
        let has = |field: &str| all.iter().any(|heading| heading.field == field);
        let missing = |wanted: &[&str]| !wanted.iter().any(|field| has(field));
        let alternatives = REQUIRED.iter().map(|field| vec![*field]).chain([
            vec!["title_level", "title_name"],
            vec!["term_from", "term"],
            vec!["term_to", "term"],
        ]);
        for wanted in alternatives.filter(|wanted| missing(wanted)) {
            let field = wanted.first().copied().unwrap_or_default();
            let zh = format!("缺少列：{}", chinese(field));
            problems.push(Problem::new(field, "", "missing_column", zh, "the column is missing"));
        }
        let columns = Columns::from_header(Columns::names().chain(Columns::further_names()))?;
        if problems.is_empty() { Ok(Self { all, columns }) } else { Err(problems) }
    }

    /// How many cells of a row mean something to the registry, to find the heading below a title.
    pub fn known(cells: &[String], map: &[(String, String)]) -> usize {
        trimmed(cells).iter().filter(|cell| meaning(cell, map).is_some()).count()
    }

    /// The position of the column that a problem's field is about.
    pub fn position(all: &[Heading], field: &str) -> Option<usize> {
        let name = field.split(['[', '.']).next().unwrap_or(field);
        let term = ["term_from", "term_to"].contains(&name).then_some("term");
        let title = (name == "title_level").then_some("title_name");
        let find = |wanted: &str| all.iter().position(|heading| heading.field == wanted);
        find(name).or_else(|| term.and_then(find)).or_else(|| title.and_then(find))
    }
}

/// The spreadsheet's letters of a column: A, B, …, Z, AA, …
pub fn letters(at: usize) -> String {
    let (mut rest, mut found) = (at + 1, Vec::new());
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        found.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    found.iter().rev().collect()
}

fn meaning(cell: &str, map: &[(String, String)]) -> Option<&'static str> {
    let plain = plain(cell);
    let mapped = map.iter().find(|(heading, _)| heading.trim() == cell.trim() || heading.trim() == plain);
    match mapped {
        Some((_, field)) => known_field(field),
        None if plain.is_empty() => Some(IGNORED),
        None => Columns::named(&plain).or_else(|| {
            SYNONYMS.iter().find(|(_, words)| words.contains(&plain.as_str())).map(|(field, _)| *field)
        }),
    }
}

fn known_field(field: &str) -> Option<&'static str> {
    Columns::names().chain(Columns::further_names()).chain(HELPERS).find(|known| *known == field)
}

/// Fields of the caller's mapping that do not exist.
fn unknown_fields(map: &[(String, String)]) -> Vec<Problem> {
    let unknown = map.iter().enumerate().filter(|(_, (_, field))| known_field(field).is_none());
    let problem = |(at, (_, field)): (usize, &(String, String))| {
        let (zh, en) = ("没有这个字段", "there is no such field");
        Problem::new(format!("map[{at}]"), field, "unknown_field", zh, en)
    };
    unknown.map(problem).collect()
}

/// Without marks of obligation, remarks in brackets, blanks, a byte order mark.
fn plain(cell: &str) -> String {
    let cell = cell.trim_start_matches('\u{feff}').trim().trim_start_matches(['*', '＊']);
    let cut = cell.find(['（', '(']).unwrap_or(cell.len());
    let kept = cell.get(..cut).unwrap_or(cell);
    let kept = if kept.trim().is_empty() { cell } else { kept };
    kept.trim_end_matches(['*', '＊', ':', '：']).chars().filter(|c| !c.is_whitespace()).collect()
}

/// The cells up to the last that is not empty.
fn trimmed(cells: &[String]) -> &[String] {
    let end = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    cells.get(..end).unwrap_or_default()
}

fn shortened(cell: &str) -> String {
    cell.trim().trim_start_matches('\u{feff}').chars().take(64).collect()
}

/// What a field is called.
pub(super) fn chinese(field: &str) -> &str {
    match field {
        "name" => "姓名",
        "id_kind" => "证件类型",
        "id_number" => "证件号码",
        "phone" => "手机号",
        "employer_code" => "工作单位代码",
        "employer_name" => "工作单位",
        "employed_since" => "入职日期",
        "past_employments" => "工作经历",
        "title_level" => "职称级别",
        "field_since" => "从业起始日期",
        "specialities" => "评审专业",
        "regions" => "评审区域",
        "declared_units" => "回避单位",
        "term_from" => "聘期起",
        "term_to" => "聘期止",
        "record" => "整行",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    const EXPORT: [&str; 14] = [
        "序号",
        "*姓名",
        "性别",
        "公民身份号码（18位）",
        "联系电话",
        "工作单位",
        "单位统一社会信用代码",
        "入职时间",
        "职称",
        "参加工作时间",
        "专业代码",
        "行政区划",
        "聘期",
        "备注",
    ];

    #[test]
    fn a_provincial_heading_is_read_and_the_helpers_fill_in() {
        let read = Headings::read(&owned(&EXPORT), &[]).ok().unwrap();
        let fields: Vec<&str> = read.all.iter().map(|heading| heading.field).collect();
        assert_eq!(
            fields,
            [
                "-",
                "name",
                "sex",
                "id_number",
                "phone",
                "employer_name",
                "employer_code",
                "employed_since",
                "title_name",
                "field_since",
                "specialities",
                "regions",
                "term",
                "-"
            ]
        );
        assert_eq!(Headings::position(&read.all, "term_to"), Some(12));
        assert_eq!(Headings::position(&read.all, "specialities[2]"), Some(10));
        assert_eq!(Headings::position(&read.all, "record"), None);
    }

    #[test]
    fn unknown_doubled_and_missing_columns_are_refused_and_a_mapping_helps() {
        let mut cells = owned(&EXPORT);
        cells[1] = "称呼".into();
        cells[13] = "联系方式".into();
        let rules = |map: &[(String, String)]| -> Vec<(String, &'static str)> {
            let found = Headings::read(&cells, map).err().unwrap_or_default();
            found.into_iter().map(|problem| (problem.field, problem.rule)).collect()
        };
        let expected =
            [("column[1]", "unknown_column"), ("phone", "duplicate_column"), ("name", "missing_column")];
        assert_eq!(rules(&[]), expected.map(|(field, rule)| (field.to_owned(), rule)));
        let map = |heading: &str, field: &str| (heading.to_owned(), field.to_owned());
        assert_eq!(rules(&[map("称呼", "name"), map("联系方式", "-")]), []);
        assert_eq!(rules(&[map("称呼", "nom"), map("联系方式", "-")])[0], ("map[0]".into(), "unknown_field"));
    }

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
