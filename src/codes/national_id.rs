//! Citizen identification numbers (公民身份号码, GB 11643-1999): 6 digits of region, 8 of birth date,
//! 3 of sequence, one check character after ISO 7064 MOD 11-2.
//!
//! The region digits are never held against a table: they name the place of first registration,
//! often one that was dissolved decades ago, and no published table is complete.
//!
//! *Invariant:* the digits do not leave by accident. `Debug` hides them and there is no `Display`:
//! who wants them writes `as_str`, and can be found by that.

use std::fmt;

use super::CodeError;
use crate::time::Date;

/// A citizen identification number of 18 characters; a final `x` is stored as `X`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NationalId(String);

/// Sex as GB/T 2261.1-2003 codes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sex {
    /// 0 未知的性别
    Unknown,
    /// 1 男性
    Male,
    /// 2 女性
    Female,
    /// 9 未说明的性别
    Unstated,
}

impl Sex {
    /// The digit of GB/T 2261.1.
    pub fn code(self) -> u8 {
        match self {
            Sex::Unknown => 0,
            Sex::Male => 1,
            Sex::Female => 2,
            Sex::Unstated => 9,
        }
    }
}

impl NationalId {
    /// Reads 18 characters.
    ///
    /// # Errors
    /// [`CodeError::Length`], [`CodeError::Character`] (positions 1–17 are digits, 18 a digit or X),
    /// [`CodeError::Date`] (no such day, or outside 1900–2199), [`CodeError::CheckCharacter`].
    pub fn parse(text: &str) -> Result<NationalId, CodeError> {
        if text.chars().count() != 18 {
            return Err(CodeError::Length { expected: 18 });
        }
        for (position, character) in (1..).zip(text.chars()) {
            let last = position == 18 && matches!(character, 'X' | 'x');
            if !character.is_ascii_digit() && !last {
                return Err(CodeError::Character { position });
            }
        }
        let text = text.to_ascii_uppercase();
        birth_date(&text).ok_or(CodeError::Date)?;
        let (body, check) = text.split_at_checked(17).ok_or(CodeError::Length { expected: 18 })?;
        if NationalId::check_character(body).is_none_or(|right| !check.chars().eq([right])) {
            return Err(CodeError::CheckCharacter);
        }
        Ok(NationalId(text))
    }

    /// The check character that belongs behind 17 digits; `None` if they are not 17 digits.
    pub fn check_character(body: &str) -> Option<char> {
        if body.len() != 17 {
            return None;
        }
        // Horner's rule: each step doubles what came before it, which gives position i the weight
        // 2^(18-i) mod 11 that the standard tabulates as 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2.
        let mut sum = 0;
        for digit in body.chars() {
            sum = (sum + digit.to_digit(10)?) * 2 % 11;
        }
        match (12 - sum) % 11 {
            10 => Some('X'),
            digit => char::from_digit(digit, 10),
        }
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The birth date in it.
    pub fn birth_date(&self) -> Date {
        // Always there: `parse` refuses a number without one.
        birth_date(&self.0).unwrap_or(Date::MIN)
    }

    /// The sex in it: position 17 is odd for men.
    pub fn sex(&self) -> Sex {
        match self.0.as_bytes().get(16) {
            Some(digit) if digit % 2 == 1 => Sex::Male,
            _ => Sex::Female,
        }
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NationalId(…)")
    }
}

impl std::str::FromStr for NationalId {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<NationalId, CodeError> {
        NationalId::parse(text)
    }
}

fn birth_date(text: &str) -> Option<Date> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    Date::new(i32::try_from(number(6, 10)?).ok()?, number(10, 12)?, number(12, 14)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLES: [&str; 4] =
        ["11010519491231002X", "440524188001010014", "990000197001010018", "990000197001010026"];

    #[test]
    fn published_samples_are_read() {
        let woman = NationalId::parse("11010519491231002X").unwrap();
        assert_eq!((woman.birth_date().to_string().as_str(), woman.sex()), ("1949-12-31", Sex::Female));
        let man = NationalId::parse("990000197001010018").unwrap();
        assert_eq!((man.birth_date().to_string().as_str(), man.sex().code()), ("1970-01-01", 1));
        assert_eq!(NationalId::parse("990000197001010026").unwrap().sex(), Sex::Female);
        assert_eq!(NationalId::parse("11010519491231002x").unwrap(), woman);
    }

    #[test]
    fn the_standards_sample_of_1880_has_the_right_check_character_but_no_living_bearer() {
        // Printed in the standard with the birth date 1880-01-01: our dates begin in 1900.
        assert_eq!(NationalId::check_character("44052418800101001"), Some('4'));
        assert_eq!(NationalId::parse("440524188001010014"), Err(CodeError::Date));
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        for (text, error) in [
            ("", CodeError::Length { expected: 18 }),
            ("110105491231002", CodeError::Length { expected: 18 }),
            ("11010519491231002X ", CodeError::Length { expected: 18 }),
            ("1101051949123100２X", CodeError::Character { position: 17 }),
            ("X10105194912310020", CodeError::Character { position: 1 }),
            ("11010519491231002Y", CodeError::Character { position: 18 }),
            ("110105194913310020", CodeError::Date),
            ("110105194902300020", CodeError::Date),
            ("110105194912310021", CodeError::CheckCharacter),
        ] {
            assert_eq!(NationalId::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_digits_do_not_appear_in_debug_output() {
        let id = NationalId::parse("990000197001010018").unwrap();
        assert_eq!(format!("{id:?} {:?}", Some(&id)), "NationalId(…) Some(NationalId(…))");
    }

    #[test]
    fn changing_any_one_character_breaks_the_check() {
        for sample in SAMPLES {
            for position in 0..18 {
                for other in "0123456789X".chars() {
                    let mut text: Vec<char> = sample.chars().collect();
                    if text[position] == other {
                        continue;
                    }
                    text[position] = other;
                    let text: String = text.into_iter().collect();
                    assert!(NationalId::parse(&text).is_err(), "{text}");
                    let right = NationalId::check_character(&text[..17]);
                    assert!(right.is_none() || right != text.chars().last(), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_number_with_its_check_character_is_read_and_no_other_is(
            region in 0_u32..1_000_000, year in 1900..2200, month in 1_u32..13, day in 1_u32..29, serial in 0_u32..1000,
        ) {
            let body = format!("{region:06}{year:04}{month:02}{day:02}{serial:03}");
            let right = NationalId::check_character(&body).unwrap();
            for check in "0123456789X".chars() {
                let text = format!("{body}{check}");
                prop_assert_eq!(NationalId::parse(&text).is_ok(), check == right);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = NationalId::parse(&text);
        }
    }
}
