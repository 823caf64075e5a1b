//! Reading the parameters of a registry profile: a value, where it comes from, how sure that is.
//!
//! Form of a parameter: `{"value": 70, "source": "…", "status": "C2"}`; a flag's value is `yes` or
//! `no`, because the project's JSON has no booleans. `note` may stand beside any of them.

use std::sync::Arc;

use crate::codec::{Fields, Json, ShapeError, object};
use crate::time::Date;

use super::super::profile::Status;

const TEXT_LIMIT: usize = 2_000;

/// How sure a parameter's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `C`, `C2`, `Knn`: as in every profile.
    Source(Status),
    /// `P`: no instrument says so; the choice of whoever owns the deployment.
    Policy,
}

impl Mark {
    /// Reads `P`, `C`, `C2` or `K` and two digits.
    pub fn parse(text: &str) -> Option<Mark> {
        if text == "P" { Some(Mark::Policy) } else { Status::parse(text).map(Mark::Source) }
    }

    /// What [`Mark::parse`] reads.
    pub fn text(self) -> String {
        match self {
            Mark::Policy => "P".to_owned(),
            Mark::Source(Status::Text) => "C".to_owned(),
            Mark::Source(Status::Secondary) => "C2".to_owned(),
            Mark::Source(Status::Knowledge(percent)) => format!("K{percent:02}"),
        }
    }
}

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The article; `项目规则` where none is known.
    pub source: Arc<str>,
    /// How sure.
    pub mark: Mark,
}

/// A number with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: u32,
    /// Its source.
    pub rule: Rule,
}

/// A yes or no with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Whether.
    pub value: bool,
    /// Its source.
    pub rule: Rule,
}

/// A word or text with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: String,
    /// Its source.
    pub rule: Rule,
}

/// `source` and `status` of an object; takes a `note` beside them.
pub(in crate::rules) fn rule(f: &mut Fields<'_>) -> Result<Rule, ShapeError> {
    if f.optional("note").is_some() {
        line(f, "note")?;
    }
    let mark = Mark::parse(f.str("status")?);
    Ok(Rule {
        source: line(f, "source")?.into(),
        mark: mark.ok_or_else(|| f.wrong("status", "must be P, C, C2 or K and two digits"))?,
    })
}

/// A number within a range.
pub(in crate::rules) fn number(
    f: &mut Fields<'_>,
    key: &str,
    min: u32,
    max: u32,
) -> Result<Number, ShapeError> {
    f.object(key, |f| Ok(Number { value: between(f, "value", min, max)?, rule: rule(f)? }))
}

/// A yes or no.
pub(in crate::rules) fn flag(f: &mut Fields<'_>, key: &str) -> Result<Flag, ShapeError> {
    f.object(key, |f| Ok(Flag { value: yes_no(f, "value")?, rule: rule(f)? }))
}

/// A line of text.
pub(in crate::rules) fn text(f: &mut Fields<'_>, key: &str) -> Result<Text, ShapeError> {
    f.object(key, |f| Ok(Text { value: line(f, "value")?, rule: rule(f)? }))
}

/// A list of words, each known to `parse`; none twice.
pub(in crate::rules) fn words<T: PartialEq>(
    f: &mut Fields<'_>,
    key: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, ShapeError> {
    let mut found = Vec::new();
    for (position, item) in f.list(key)?.iter().enumerate() {
        let wrong = |rule: &str| ShapeError::new(format!("{}[{position}]", f.at(key)), rule);
        let word = item.as_str().and_then(&parse).ok_or_else(|| wrong("unknown word"))?;
        if found.contains(&word) {
            return Err(wrong("stands twice"));
        }
        found.push(word);
    }
    Ok(found)
}

/// A list of numbers within a range.
pub(in crate::rules) fn numbers(
    f: &mut Fields<'_>,
    key: &str,
    min: i64,
    max: i64,
) -> Result<Vec<u32>, ShapeError> {
    f.each(key, |item, path| {
        let number = item.as_int().filter(|n| (min..=max).contains(n)).and_then(|n| u32::try_from(n).ok());
        number.ok_or_else(|| ShapeError::new(path, format!("must be an integer from {min} to {max}")))
    })
}

/// An item of a list of objects.
pub(in crate::rules) fn item<'a, T>(
    json: &'a Json,
    path: &str,
    read: impl FnOnce(&mut Fields<'a>) -> Result<T, ShapeError>,
) -> Result<T, ShapeError> {
    object(json, path, read)
}

/// `[a-z0-9-]{1,64}`.
pub(in crate::rules) fn name(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let name = line(f, key)?;
    let sound = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if sound && name.len() <= 64 { Ok(name) } else { Err(f.wrong(key, "must be [a-z0-9-]{1,64}")) }
}

/// 1 to 2,000 characters without control characters.
pub(in crate::rules) fn line(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    if text.is_empty() || text.chars().count() > TEXT_LIMIT || text.chars().any(char::is_control) {
        return Err(f.wrong(key, "must have 1 to 2000 characters and no control characters"));
    }
    Ok(text.to_owned())
}

/// A date `YYYY-MM-DD`.
pub(in crate::rules) fn date(f: &mut Fields<'_>, key: &str) -> Result<Date, ShapeError> {
    Date::parse(f.str(key)?).map_err(|error| f.wrong(key, error.to_string()))
}

/// An integer within a range.
pub(in crate::rules) fn between(
    f: &mut Fields<'_>,
    key: &str,
    min: u32,
    max: u32,
) -> Result<u32, ShapeError> {
    match f.u32(key, max)? {
        n if n >= min => Ok(n),
        _ => Err(f.wrong(key, format!("must be an integer from {min} to {max}"))),
    }
}

/// `yes` or `no`.
pub(in crate::rules) fn yes_no(f: &mut Fields<'_>, key: &str) -> Result<bool, ShapeError> {
    match f.str(key)? {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(f.wrong(key, "must be yes or no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_as_it_is_written() {
        for text in ["P", "C", "C2", "K85", "K07"] {
            assert_eq!(Mark::parse(text).map(Mark::text).as_deref(), Some(text));
        }
        assert_eq!(Mark::parse("p"), None);
    }
}
