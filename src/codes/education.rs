//! Levels of education (学历, GB/T 4658-2006): two digits, the first a stage, the second how it ended.
//!
//! The table is transcribed from secondary sources (head of `data/education.csv`). Tables that count
//! 01 研究生 … 08 其他 are not of this standard and are refused.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use super::{CodeError, table};

const DATA: &str = include_str!("data/education.csv");

static TABLE: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| table::rows(DATA).collect());

/// A level of education of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EducationLevel {
    code: &'static str,
    name: &'static str,
}

impl EducationLevel {
    /// Reads two digits.
    ///
    /// # Errors
    /// [`CodeError::Length`], [`CodeError::UnknownEducation`].
    pub fn parse(text: &str) -> Result<EducationLevel, CodeError> {
        if text.chars().count() != 2 {
            return Err(CodeError::Length { expected: 2 });
        }
        let (code, name) = TABLE.get_key_value(text).ok_or(CodeError::UnknownEducation)?;
        Ok(EducationLevel { code, name })
    }

    /// All levels of the table, ascending by code.
    pub fn all() -> impl Iterator<Item = EducationLevel> {
        TABLE.iter().map(|(code, name)| EducationLevel { code, name })
    }

    /// The two digits.
    pub fn as_str(&self) -> &'static str {
        self.code
    }

    /// In Chinese: 大学本科毕业.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for EducationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EducationLevel({} {})", self.code, self.name)
    }
}

impl std::str::FromStr for EducationLevel {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<EducationLevel, CodeError> {
        EducationLevel::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound_and_every_ending_has_its_stage() {
        table::assert_sound(DATA);
        for level in EducationLevel::all() {
            let stage = format!("{}0", &level.code[..1]);
            assert!(EducationLevel::parse(&stage).is_ok(), "{level:?}");
            assert_eq!(EducationLevel::parse(level.as_str()), Ok(level));
        }
    }

    #[test]
    fn codes_of_another_table_and_of_another_length_are_refused() {
        assert_eq!(EducationLevel::parse("21").unwrap().name(), "大学本科毕业");
        assert_eq!(EducationLevel::parse("01"), Err(CodeError::UnknownEducation));
        assert_eq!(EducationLevel::parse("50"), Err(CodeError::UnknownEducation));
        assert_eq!(EducationLevel::parse("2"), Err(CodeError::Length { expected: 2 }));
        assert_eq!(EducationLevel::parse("本科"), Err(CodeError::UnknownEducation));
    }
}
