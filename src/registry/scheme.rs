//! A speciality scheme (专业分类标准) as a tree, and a crosswalk (对照表) between two of them.
//!
//! The text of a scheme is UTF-8, comment lines first (`# source: …` is mandatory; `title`, `status`,
//! `date`, `supersedes` may follow; any other comment is a remark), then `code,name`, then one row per
//! code. Codes grow by prefix and each stands with its parent (发改法规〔2018〕316号 and
//! 财库〔2022〕31号: a letter, then pairs of digits). A crosswalk is written the same way with
//! `from,to`; one code may lead to several.
//!
//! Two schemes come with the product; their legal source and standing is in their own text.
//!
//! *Invariant:* a table is a tree without gaps; a scheme never changes: another text is another id.
//!
//! *Deliberately not here:* which schemes are loaded (the service's book).

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{CodeError, Speciality, is_scheme_id, is_speciality_code};
use crate::time::Date;

use super::check::{Check, code_rule};
use super::problem::Problem;

/// The longest text of a scheme or a crosswalk, in bytes.
pub const SCHEME_TEXT_MAX: usize = 8 << 20;
/// The most codes of a scheme, and rows of a crosswalk.
pub const SCHEME_ROWS_MAX: usize = 100_000;
/// The longest name of a code and the longest comment, in characters.
const NAME_MAX: usize = 200;
/// The most problems that are reported of one text.
const PROBLEMS_MAX: usize = 1_000;

/// The schemes that come with the product: id and text.
const EMBEDDED: [(&str, &str); 2] =
    [("mof31", include_str!("data/mof31.csv")), ("ndrc316", include_str!("data/ndrc316.csv"))];

/// What the comment lines at the head of a text say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Title of the instrument.
    pub title: Option<String>,
    /// Legal source and where the text was taken from.
    pub source: String,
    /// How far it can be relied on.
    pub status: Option<String>,
    /// The day as of which it stands.
    pub date: Option<Date>,
    /// The scheme whose newer version this is.
    pub supersedes: Option<String>,
}

/// A scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeTable {
    id: String,
    head: Head,
    /// Code and name, ascending.
    codes: Vec<(Box<str>, Box<str>)>,
}

/// A crosswalk between two schemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crosswalk {
    head: Head,
    /// Code of the one scheme to codes of the other, ascending.
    targets: BTreeMap<Box<str>, Vec<Box<str>>>,
}

/// What a crosswalk says of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mapping {
    /// Leads to one code.
    Unique,
    /// Leads to none.
    None,
    /// Leads to several: a person has to decide.
    Several,
}

impl Mapping {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::None => "none",
            Self::Several => "several",
        }
    }
}

impl SchemeTable {
    /// The schemes that come with the product.
    pub fn embedded() -> Vec<(SchemeTable, &'static str)> {
        // Their texts are read by a test; a text that were not sound would leave its scheme out.
        EMBEDDED.iter().filter_map(|(id, text)| Some((SchemeTable::read(id, text).ok()?, *text))).collect()
    }

    /// Reads the text of a scheme.
    ///
    /// # Errors
    /// All problems, at most a thousand; the field is `line N: column`, or the name of a comment.
    pub fn read(id: &str, text: &str) -> Result<SchemeTable, Vec<Problem>> {
        let mut check = Check::default();
        if !is_scheme_id(id) {
            let (zh, en) = (
                "应以小写字母开头，由 1 至 16 个小写字母和数字组成",
                "must be 1 to 16 lower-case letters and digits, a letter first",
            );
            check.refuse("id", id, "form", zh, en);
        }
        let (head, rows) = read_rows(&mut check, text, "code,name");
        if head.supersedes.as_deref() == Some(id) {
            check.refuse("supersedes", id, "itself", "不得取代自身", "cannot supersede itself");
        }
        let known: BTreeSet<&str> = rows.iter().map(|(_, code, _)| *code).collect();
        let mut codes: BTreeMap<Box<str>, Box<str>> = BTreeMap::new();
        for (line, code, name) in &rows {
            if check.found() >= PROBLEMS_MAX {
                break;
            }
            let at = |column: &str| format!("line {line}: {column}");
            if !is_speciality_code(code) {
                let (zh, en) = (
                    "应为一个大写字母及至多四组两位数字",
                    "must be a capital letter and up to four pairs of digits",
                );
                check.refuse(&at("code"), code, "form", zh, en);
                continue;
            }
            let above = code.len().checked_sub(2).and_then(|length| code.get(..length));
            if above.is_some_and(|above| !known.contains(above)) {
                let (zh, en) = ("上级代码不在文件中", "the code above it is not in the file");
                check.refuse(&at("code"), code, "parent", zh, en);
            }
            if let Some(name) = check.text(&at("name"), name, NAME_MAX)
                && codes.insert((*code).into(), name.into()).is_some()
            {
                check.refuse(&at("code"), code, "duplicate", "代码重复", "the code stands twice");
            }
        }
        let table = SchemeTable { id: id.to_owned(), head, codes: codes.into_iter().collect() };
        check.finish(Some(table))
    }

    /// The id that stands before the colon.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What its comments say.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Code and name of all, ascending, each after its parent.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes.iter().map(|(code, name)| (code.as_ref(), name.as_ref()))
    }

    /// How many codes.
    pub fn count(&self) -> usize {
        self.codes.len()
    }

    /// How many levels the deepest code has.
    pub fn levels(&self) -> usize {
        self.codes.iter().map(|(code, _)| 1 + code.len() / 2).max().unwrap_or(0)
    }

    /// The name of a code.
    pub fn name(&self, code: &str) -> Option<&str> {
        let at = self.codes.binary_search_by(|(known, _)| known.as_ref().cmp(code)).ok()?;
        self.codes.get(at).map(|(_, name)| name.as_ref())
    }

    /// How many codes stand directly below one.
    pub fn children(&self, code: &str) -> usize {
        let first = self.codes.partition_point(|(known, _)| known.as_ref() < code);
        let below = self.codes.get(first..).unwrap_or_default().iter();
        below
            .take_while(|(each, _)| each.starts_with(code))
            .filter(|(each, _)| each.len() == code.len() + 2)
            .count()
    }

    /// A code of this scheme as a speciality.
    pub fn speciality(&self, code: &str) -> Option<Speciality> {
        self.name(code)?;
        Speciality::of(&self.id, code).ok()
    }
}

impl Crosswalk {
    /// Reads the text of a crosswalk between two schemes.
    ///
    /// # Errors
    /// As [`SchemeTable::read`].
    pub fn read(from: &SchemeTable, to: &SchemeTable, text: &str) -> Result<Crosswalk, Vec<Problem>> {
        let mut check = Check::default();
        let (head, rows) = read_rows(&mut check, text, "from,to");
        let mut targets: BTreeMap<Box<str>, Vec<Box<str>>> = BTreeMap::new();
        for (line, old, new) in &rows {
            let (old, new): (&str, &str) = (old, new);
            if check.found() >= PROBLEMS_MAX {
                break;
            }
            let mut sound = true;
            for (column, table, code) in [("from", from, old), ("to", to, new)] {
                if table.name(code).is_none() {
                    let error = CodeError::UnknownSpeciality;
                    let field = format!("line {line}: {column}");
                    check.refuse(&field, code, code_rule(error), &error.message_zh(), &error.to_string());
                    sound = false;
                }
            }
            if !sound {
                continue;
            }
            let list = targets.entry(old.into()).or_default();
            if list.iter().any(|known| known.as_ref() == new) {
                let field = format!("line {line}: to");
                check.refuse(&field, new, "duplicate", "该行与前面的行重复", "repeats an earlier row");
            } else {
                list.push(new.into());
            }
        }
        targets.values_mut().for_each(|list| list.sort());
        check.finish(Some(Crosswalk { head, targets }))
    }

    /// What its comments say.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many rows.
    pub fn count(&self) -> usize {
        self.targets.values().map(Vec::len).sum()
    }

    /// The codes to which a code leads, ascending.
    pub fn targets(&self, code: &str) -> &[Box<str>] {
        self.targets.get(code).map(Vec::as_slice).unwrap_or_default()
    }

    /// What it says of a code.
    pub fn mapping(&self, code: &str) -> Mapping {
        match self.targets(code).len() {
            0 => Mapping::None,
            1 => Mapping::Unique,
            _ => Mapping::Several,
        }
    }
}

type Rows<'a> = Vec<(usize, &'a str, Box<str>)>;

/// The head and the rows of a text: line number from 1 and both cells.
fn read_rows<'a>(check: &mut Check, text: &'a str, header: &str) -> (Head, Rows<'a>) {
    let (mut head, mut rows, mut heading) = (Head::default(), Vec::new(), false);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > SCHEME_TEXT_MAX {
        check.refuse("file", "", "length", "文件不得超过 8 MiB", "at most 8 MiB");
        return (head, rows);
    }
    for (position, line) in text.lines().enumerate() {
        let number = position + 1;
        if let Some(comment) = line.strip_prefix('#') {
            if !heading {
                read_comment(check, &mut head, comment);
            }
        } else if line.is_empty() {
            continue;
        } else if !heading {
            heading = true;
            if line != header {
                let (zh, en) = (format!("表头应为 {header}"), format!("the heading must be {header}"));
                check.refuse(&format!("line {number}"), line, "header", &zh, &en);
                return (head, rows);
            }
        } else if rows.len() == SCHEME_ROWS_MAX {
            let (zh, en) = (
                format!("不得超过 {SCHEME_ROWS_MAX} 行"),
                format!("must have at most {SCHEME_ROWS_MAX} rows"),
            );
            check.refuse("file", "", "count", &zh, &en);
            break;
        } else if let Some((first, second)) = cells(line) {
            rows.push((number, first, second));
        } else if check.found() < PROBLEMS_MAX {
            check.refuse(&format!("line {number}"), line, "cells", "应有两列", "must have two cells");
        }
    }
    if head.source.is_empty() && check.found() == 0 {
        let (zh, en) = ("须有注明依据的首部注释行“# source: …”", "a comment line `# source: …` is required");
        check.refuse("source", "", "required", zh, en);
    }
    if rows.is_empty() && check.found() == 0 {
        check.refuse("file", "", "no_rows", "文件没有数据行", "the file has no rows");
    }
    (head, rows)
}

fn read_comment(check: &mut Check, head: &mut Head, comment: &str) {
    let Some((key, value)) = comment.split_once(':') else { return };
    let (key, value) = (key.trim(), value.trim());
    match key {
        "source" => head.source = check.text("source", value, 1_000).unwrap_or_default(),
        "title" => head.title = check.text("title", value, NAME_MAX),
        "status" => head.status = check.text("status", value, NAME_MAX),
        "date" => head.date = check.date("date", value),
        "supersedes" => {
            if is_scheme_id(value) {
                head.supersedes = Some(value.to_owned());
            } else {
                check.refuse("supersedes", value, "form", "不是分类标准的标识", "is no id of a scheme");
            }
        }
        // A remark.
        _ => {}
    }
}

/// The two cells of a line; the second may be quoted (RFC 4180).
fn cells(line: &str) -> Option<(&str, Box<str>)> {
    let (first, second) = line.split_once(',')?;
    let Some(quoted) = second.strip_prefix('"') else {
        return (!second.contains([',', '"'])).then(|| (first, second.into()));
    };
    let inner = quoted.strip_suffix('"')?;
    let plain = inner.replace("\"\"", "\u{0}");
    // A quote that is left over was not doubled.
    if plain.contains('"') { None } else { Some((first, plain.replace('\u{0}', "\"").into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "# source: 某厅〔2026〕1号\n# status: 试行\n# date: 2026-01-01\ncode,name\nA,货物\nA01,\"房屋, 构筑物\"\nA0101,房屋\nC,服务\n";

    fn rules(text: &str) -> Vec<(String, &'static str)> {
        SchemeTable::read("gp1", text).unwrap_err().into_iter().map(|p| (p.field, p.rule)).collect()
    }

    #[test]
    fn the_schemes_of_the_product_are_sound_and_as_long_as_their_instruments() {
        let tables = SchemeTable::embedded();
        assert_eq!(tables.len(), EMBEDDED.len());
        let find = |id| &tables.iter().find(|(table, _)| table.id() == id).unwrap().0;
        let count = |id, length| find(id).codes().filter(|(code, _)| code.len() == length).count();
        assert_eq!((count("ndrc316", 1), count("ndrc316", 3)), (3, 9 + 9 + 13));
        assert_eq!((count("ndrc316", 5), count("ndrc316", 7)), (313, 2));
        assert_eq!((count("mof31", 1), count("mof31", 3)), (3, 8 + 10 + 25));
        assert_eq!(
            (find("ndrc316").name("A08"), find("mof31").name("A08")),
            (Some("工程施工"), Some("无形资产"))
        );
        assert!(find("mof31").head().status.as_deref().unwrap().contains("K85"));
        for (table, text) in &tables {
            assert!(table.head().source.contains('〔') && table.head().title.is_some());
            let rows = text.lines().filter(|line| !line.starts_with('#')).count() - 1;
            assert_eq!(table.count(), rows);
        }
    }

    #[test]
    fn a_text_reads_as_the_tree_that_it_is() {
        let table = SchemeTable::read("gp1", SOUND).unwrap();
        assert_eq!((table.count(), table.levels(), table.head().source.as_str()), (4, 3, "某厅〔2026〕1号"));
        assert_eq!(table.name("A01"), Some("房屋, 构筑物"));
        assert_eq!(table.speciality("A0101").unwrap().as_str(), "gp1:A0101");
        assert_eq!((table.speciality("A0102"), table.name("B")), (None, None));
        let windows = SOUND.replace('\n', "\r\n");
        assert_eq!(SchemeTable::read("gp1", &format!("\u{feff}{windows}")).unwrap(), table);
    }

    #[test]
    fn every_rule_of_a_text_is_named_with_its_line() {
        let one = |field: &str, rule| vec![(field.to_owned(), rule)];
        assert_eq!(rules("code,name\nA,甲\n"), one("source", "required"));
        assert_eq!(rules("# source: x\ncode,name\n"), one("file", "no_rows"));
        assert_eq!(rules("# source: x\nname,code\nA,甲\n"), one("line 2", "header"));
        assert_eq!(rules(&format!("{SOUND}D01,丁\n")), one("line 9: code", "parent"));
        assert_eq!(rules(&format!("{SOUND}A,又\n")), one("line 9: code", "duplicate"));
        assert_eq!(rules(&format!("{SOUND}A011,x\n")), one("line 9: code", "form"));
        assert_eq!(rules(&format!("{SOUND}A0102,\n")), one("line 9: name", "required"));
        assert_eq!(rules(&format!("{SOUND}A0102,a,b\n")), one("line 9", "cells"));
        assert_eq!(rules(&format!("{SOUND}A0102,\"a\"b\"\n")), one("line 9", "cells"));
        assert_eq!(rules(&SOUND.replace("2026-01-01", "2026-13-01")), one("date", "date"));
        assert_eq!(rules(&format!("# supersedes: gp1\n{SOUND}")), one("supersedes", "itself"));
        assert_eq!(SchemeTable::read("GP", SOUND).unwrap_err()[0].rule, "form");
        let many: String = (0..2_000).map(|_| "a,x\n").collect();
        assert_eq!(rules(&format!("{SOUND}{many}")).len(), PROBLEMS_MAX);
    }

    #[test]
    fn a_crosswalk_leads_from_codes_that_exist_to_codes_that_exist() {
        let (old, new) = (SchemeTable::read("gp1", SOUND).unwrap(), SchemeTable::read("gp2", SOUND).unwrap());
        let text = "# source: 某厅\nfrom,to\nA01,A01\nA0101,C\nA0101,A0101\n";
        let walk = Crosswalk::read(&old, &new, text).unwrap();
        let mapping = |code| walk.mapping(code);
        assert_eq!(
            (mapping("A01"), mapping("A0101"), mapping("C")),
            (Mapping::Unique, Mapping::Several, Mapping::None)
        );
        assert_eq!(walk.targets("A0101").iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["A0101", "C"]);
        assert_eq!(walk.count(), 3);
        let broken = Crosswalk::read(&old, &new, &format!("{text}A01,A01\nB,C\nA,Z\n")).unwrap_err();
        let found: Vec<_> = broken.iter().map(|p| (p.field.as_str(), p.rule)).collect();
        let expected = [
            ("line 6: to", "duplicate"),
            ("line 7: from", "unknown_speciality"),
            ("line 8: to", "unknown_speciality"),
        ];
        assert_eq!(found, expected);
    }
}
