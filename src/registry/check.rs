//! The checks that drafts share: each returns the valid value, or notes a problem and returns
//! nothing, so that a validation goes on and reports everything at once.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::codes::CodeError;
use crate::time::Date;

use super::problem::Problem;

/// Problems found so far.
#[derive(Default)]
pub(super) struct Check {
    problems: Vec<Problem>,
}

impl Check {
    /// Notes a problem with a value.
    pub fn refuse(&mut self, field: &str, value: &str, rule: &'static str, zh: &str, en: &str) {
        self.problems.push(Problem::new(field, value, rule, zh, en));
    }

    /// How many problems there are so far.
    pub fn found(&self) -> usize {
        self.problems.len()
    }

    /// A line of text: 1 to `max` characters, none of them a control character or an invisible
    /// direction or joining mark (two names must not look alike), no blanks at the ends.
    pub fn text(&mut self, field: &str, value: &str, max: usize) -> Option<String> {
        let count = value.chars().count();
        if count == 0 {
            self.refuse(field, value, "required", "必填", "required");
        } else if count > max {
            let (zh, en) = (format!("不得超过 {max} 个字符"), format!("must have at most {max} characters"));
            self.refuse(field, value, "length", &zh, &en);
        } else if value.chars().any(|c| c.is_control() || is_invisible(c)) {
            let (zh, en) = ("不得含控制字符或不可见字符", "must have no control or invisible characters");
            self.refuse(field, value, "characters", zh, en);
        } else if value.trim() != value {
            self.refuse(field, value, "blank_ends", "首尾不得有空格", "must not begin or end with a blank");
        } else {
            return Some(value.to_owned());
        }
        None
    }

    /// A code of a national standard.
    pub fn code<T: FromStr<Err = CodeError>>(&mut self, field: &str, value: &str) -> Option<T> {
        if value.is_empty() {
            self.refuse(field, value, "required", "必填", "required");
            return None;
        }
        match value.parse() {
            Ok(code) => Some(code),
            Err(error) => {
                self.refuse(field, value, code_rule(error), &error.message_zh(), &error.to_string());
                None
            }
        }
    }

    /// A date `YYYY-MM-DD`.
    pub fn date(&mut self, field: &str, value: &str) -> Option<Date> {
        if value.is_empty() {
            self.refuse(field, value, "required", "必填", "required");
            return None;
        }
        match Date::parse(value) {
            Ok(date) => Some(date),
            Err(error) => {
                self.refuse(field, value, "date", error.message_zh(), &error.to_string());
                None
            }
        }
    }

    /// Two dates in order, if both are there; the problem is put on the later one's field.
    pub fn order(
        &mut self,
        field: &str,
        value: &str,
        earlier: Option<Date>,
        later: Option<Date>,
        what: Order,
    ) {
        if let (Some(earlier), Some(later)) = (earlier, later)
            && later < earlier
        {
            self.refuse(field, value, "order", what.zh, what.en);
        }
    }

    /// The length of a list.
    pub fn count(&mut self, field: &str, found: usize, min: usize, max: usize) {
        if found < min || found > max {
            let zh = format!("应有 {min} 至 {max} 项，现有 {found} 项");
            let en = format!("must have {min} to {max} entries, has {found}");
            // A list has no class of its own; the number of entries is in the message.
            self.refuse(field, "", "count", &zh, &en);
        }
    }

    /// No value twice. `rule` is the name under which a repetition is refused.
    pub fn distinct<T: Ord>(&mut self, field: &str, rule: &'static str, values: &[(&str, Option<T>)]) {
        let mut seen = BTreeSet::new();
        for (position, (written, value)) in values.iter().enumerate() {
            if let Some(value) = value
                && !seen.insert(value)
            {
                let field = at(field, position);
                self.refuse(&field, written, rule, "与前面的项重复", "repeats an earlier entry");
            }
        }
    }

    /// The value if no problem was noted, else all problems. A value is missing only where a
    /// problem was noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(self.problems),
        }
    }
}

/// What [`Check::order`] says when it fails.
pub(super) struct Order {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

/// The place of a list entry.
pub(super) fn at(field: &str, position: usize) -> String {
    format!("{field}[{position}]")
}

/// All values, or nothing if one is missing.
pub(super) fn all<T>(values: Vec<Option<T>>) -> Option<Vec<T>> {
    values.into_iter().collect()
}

pub(super) fn code_rule(error: CodeError) -> &'static str {
    match error {
        CodeError::Length { .. } => "length",
        CodeError::Character { .. } => "characters",
        CodeError::CheckCharacter => "check_character",
        CodeError::Date => "birth_date",
        CodeError::UnknownRegion => "unknown_region",
        CodeError::UnknownScheme => "unknown_scheme",
        CodeError::UnknownSpeciality => "unknown_speciality",
        CodeError::UnknownEducation => "unknown_education",
    }
}

/// Zero-width, joining and direction marks, line and paragraph separators, byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
