//! Unified social credit codes (统一社会信用代码, GB 32100-2015): 1 character of registering department,
//! 1 of organisation kind, 6 digits of region, 9 of organisation code (GB 11714), 1 check character.
//!
//! The inner check character of GB 11714 (position 17) is not checked: GB 32100 does not ask for
//! it, and codes without it have been issued.

use std::fmt;

use super::CodeError;

/// Digits and letters of GB 32100 in the order of their values 0–30; I O S V Z are left out.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The credit code of an organisation, 18 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(String);

impl CreditCode {
    /// Reads 18 characters; letters are upper case.
    ///
    /// # Errors
    /// [`CodeError::Length`], [`CodeError::Character`] (positions 3–8 are digits, the others of the
    /// alphabet of GB 32100), [`CodeError::CheckCharacter`].
    pub fn parse(text: &str) -> Result<CreditCode, CodeError> {
        if text.chars().count() != 18 {
            return Err(CodeError::Length { expected: 18 });
        }
        for (position, character) in (1..).zip(text.chars()) {
            let allowed = if (3..=8).contains(&position) {
                character.is_ascii_digit()
            } else {
                ALPHABET.contains(character)
            };
            if !allowed {
                return Err(CodeError::Character { position });
            }
        }
        let (body, check) = text.split_at_checked(17).ok_or(CodeError::Length { expected: 18 })?;
        if CreditCode::check_character(body).is_none_or(|right| !check.chars().eq([right])) {
            return Err(CodeError::CheckCharacter);
        }
        Ok(CreditCode(text.to_owned()))
    }

    /// The check character that belongs behind 17 characters; `None` if they are not 17 characters
    /// of the alphabet.
    pub fn check_character(body: &str) -> Option<char> {
        if body.len() != 17 {
            return None;
        }
        // Weight 3^(i-1) mod 31 at position i: 1 3 9 27 19 26 16 17 20 29 25 13 8 24 10 30 28.
        let (mut sum, mut weight) = (0, 1);
        for character in body.chars() {
            sum = (sum + ALPHABET.find(character)? * weight) % 31;
            weight = weight * 3 % 31;
        }
        ALPHABET.chars().nth((31 - sum) % 31)
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreditCode({})", self.0)
    }
}

impl std::str::FromStr for CreditCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<CreditCode, CodeError> {
        CreditCode::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLES: [&str; 2] = ["91350100M000100Y43", "91000000000000000K"];

    #[test]
    fn published_samples_are_read() {
        for sample in SAMPLES {
            let code = CreditCode::parse(sample).unwrap();
            assert_eq!((code.as_str(), code.to_string().as_str()), (sample, sample));
        }
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        for (text, error) in [
            ("", CodeError::Length { expected: 18 }),
            ("91350100M000100Y4", CodeError::Length { expected: 18 }),
            ("91350100m000100Y43", CodeError::Character { position: 9 }),
            ("91350100I000100Y43", CodeError::Character { position: 9 }),
            ("913501A0M000100Y43", CodeError::Character { position: 7 }),
            ("９1350100M000100Y43", CodeError::Character { position: 1 }),
            ("91350100M000100Y4Z", CodeError::Character { position: 18 }),
            ("91350100M000100Y44", CodeError::CheckCharacter),
        ] {
            assert_eq!(CreditCode::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn changing_any_one_character_breaks_the_check() {
        for sample in SAMPLES {
            for position in 0..18 {
                for other in ALPHABET.chars() {
                    let mut text: Vec<char> = sample.chars().collect();
                    if text[position] == other {
                        continue;
                    }
                    text[position] = other;
                    let text: String = text.into_iter().collect();
                    assert!(CreditCode::parse(&text).is_err(), "{text}");
                    assert_ne!(CreditCode::check_character(&text[..17]), text.chars().last(), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_code_with_its_check_character_is_read_and_no_other_is(
            body in "[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{9}",
        ) {
            let right = CreditCode::check_character(&body).unwrap();
            for check in ALPHABET.chars() {
                let text = format!("{body}{check}");
                prop_assert_eq!(CreditCode::parse(&text).is_ok(), check == right);
            }
        }

        #[test]
        fn swapping_two_neighbours_breaks_the_check(body in "91[0-9]{6}[0-9A-HJ-NP-RTUWXY]{9}", at in 0_usize..16) {
            let mut swapped: Vec<char> = body.chars().collect();
            swapped.swap(at, at + 1);
            let swapped: String = swapped.into_iter().collect();
            prop_assume!(swapped != body);
            prop_assert_ne!(CreditCode::check_character(&swapped), CreditCode::check_character(&body));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = CreditCode::parse(&text);
        }
    }
}
