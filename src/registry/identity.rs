//! Who somebody is: the identity document (kind of GA/T 517, number), the birth date, the sex.
//!
//! A resident identity card (`111`) is checked after GB 11643, and birth date and sex follow from its
//! number. The list of GA/T 517 is not at hand: any other three digits are taken as a kind, the
//! number as 4 to 32 visible ASCII characters, and birth date and sex must be given.
//!
//! *Invariant:* the number does not leave by accident: `Debug` hides everything.

use std::fmt;

use crate::codes::{NationalId, Sex};
use crate::time::Date;

use super::check::{Check, Order};

/// The kind of the resident identity card (居民身份证).
pub const IDENTITY_CARD: &str = "111";

/// Who somebody is.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(Known);

#[derive(Clone, PartialEq, Eq)]
enum Known {
    Card(NationalId),
    Other { kind: String, number: String, birth: Date, sex: Sex },
}

impl Identity {
    /// Three digits of GA/T 517.
    pub fn kind(&self) -> &str {
        match &self.0 {
            Known::Card(_) => IDENTITY_CARD,
            Known::Other { kind, .. } => kind,
        }
    }

    /// The number of the document.
    pub fn number(&self) -> &str {
        match &self.0 {
            Known::Card(id) => id.as_str(),
            Known::Other { number, .. } => number,
        }
    }

    /// The birth date: of the number, or as given.
    pub fn birth(&self) -> Date {
        match &self.0 {
            Known::Card(id) => id.birth_date(),
            Known::Other { birth, .. } => *birth,
        }
    }

    /// The sex: of the number, or as given.
    pub fn sex(&self) -> Sex {
        match &self.0 {
            Known::Card(id) => id.sex(),
            Known::Other { sex, .. } => *sex,
        }
    }

    /// Whether birth date and sex follow from the number.
    pub fn is_card(&self) -> bool {
        matches!(self.0, Known::Card(_))
    }

    /// Checks kind, number, birth date and sex as written; the last two may be missing for an
    /// identity card and must agree with it when they are not. Problems under `id_kind`,
    /// `id_number`, `birth`, `sex`.
    pub(super) fn check(
        check: &mut Check,
        kind: &str,
        number: &str,
        birth: &str,
        sex: &str,
    ) -> Option<Identity> {
        let card = kind == IDENTITY_CARD;
        let sound = kind.len() == 3 && kind.bytes().all(|b| b.is_ascii_digit());
        if !sound {
            let (zh, en) = (
                "应为 GA/T 517 的三位数字，居民身份证为 111",
                "must be three digits of GA/T 517, 111 for the identity card",
            );
            check.refuse("id_kind", kind, "id_kind", zh, en);
        }
        // Of an unsound kind the number is still checked as a card's: most mistakes are there.
        let id = if card || !sound { check.code::<NationalId>("id_number", number) } else { None };
        let number = if !card && sound { check_number(check, number) } else { None };
        let given_birth =
            if birth.is_empty() && (card || !sound) { None } else { Some(check.date("birth", birth)) };
        let given_sex = if sex.is_empty() && (card || !sound) { None } else { Some(check_sex(check, sex)) };
        if let Some(id) = id {
            let (zh, en) = ("与证件号码不符", "does not agree with the id number");
            if matches!(given_birth, Some(Some(given)) if given != id.birth_date()) {
                check.refuse("birth", birth, "derived", zh, en);
            }
            if matches!(given_sex, Some(Some(given)) if given != id.sex()) {
                check.refuse("sex", sex, "derived", zh, en);
            }
            return Some(Identity(Known::Card(id)));
        }
        let (birth, sex) = (given_birth??, given_sex??);
        Some(Identity(Known::Other { kind: kind.to_owned(), number: number?, birth, sex }))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// What a fact that lies before somebody's birth is told.
pub(super) const BORN_FIRST: Order = Order { zh: "早于出生日期", en: "lies before the birth date" };

fn check_number(check: &mut Check, number: &str) -> Option<String> {
    let long_enough = (4..=32).contains(&number.len());
    if long_enough && number.bytes().all(|b| b.is_ascii_graphic()) {
        return Some(number.to_owned());
    }
    let (rule, zh, en) = if number.is_empty() {
        ("required", "必填", "required")
    } else if number.bytes().all(|b| b.is_ascii_graphic()) {
        ("length", "应为 4 至 32 个字符", "must have 4 to 32 characters")
    } else {
        ("characters", "只能用半角可见字符", "must be visible ASCII characters")
    };
    check.refuse("id_number", number, rule, zh, en);
    None
}

fn check_sex(check: &mut Check, sex: &str) -> Option<Sex> {
    let found = [Sex::Unknown, Sex::Male, Sex::Female, Sex::Unstated]
        .into_iter()
        .find(|known| known.code().to_string() == sex);
    if found.is_none() {
        let rule = if sex.is_empty() { "required" } else { "sex" };
        let (zh, en) = ("应为 0、1、2 或 9（GB/T 2261.1）", "must be 0, 1, 2 or 9 (GB/T 2261.1)");
        check.refuse("sex", sex, rule, zh, en);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::id_number;
    use super::*;

    fn checked(
        kind: &str,
        number: &str,
        birth: &str,
        sex: &str,
    ) -> Result<Identity, Vec<(String, &'static str)>> {
        let mut check = Check::default();
        let identity = Identity::check(&mut check, kind, number, birth, sex);
        check.finish(identity).map_err(|found| found.into_iter().map(|p| (p.field, p.rule)).collect())
    }

    fn one<T>(field: &str, rule: &'static str) -> Result<T, Vec<(String, &'static str)>> {
        Err(vec![(field.to_owned(), rule)])
    }

    #[test]
    fn a_card_tells_birth_date_and_sex_and_may_not_be_contradicted() {
        let number = id_number("19700101");
        let card = checked("111", &number, "", "").unwrap();
        assert_eq!((card.birth().to_string().as_str(), card.sex()), ("1970-01-01", Sex::Male));
        assert!(card.is_card() && checked("111", &number, "1970-01-01", "1") == Ok(card));
        assert_eq!(checked("111", &number, "1970-01-02", ""), one("birth", "derived"));
        assert_eq!(checked("111", &number, "", "2"), one("sex", "derived"));
        assert_eq!(checked("111", "X", "", ""), one("id_number", "length"));
    }

    #[test]
    fn another_document_must_come_with_birth_date_and_sex() {
        let passport = checked("414", "E12345678", "1965-05-05", "2").unwrap();
        assert_eq!((passport.kind(), passport.number()), ("414", "E12345678"));
        assert_eq!((passport.birth().to_string().as_str(), passport.sex()), ("1965-05-05", Sex::Female));
        assert!(!passport.is_card());
        let missing = vec![("birth".to_owned(), "required"), ("sex".to_owned(), "required")];
        assert_eq!(checked("414", "E12345678", "", ""), Err(missing));
        assert_eq!(checked("414", "E12", "1965-05-05", "2"), one("id_number", "length"));
        assert_eq!(checked("414", "E1234 678", "1965-05-05", "2"), one("id_number", "characters"));
        assert_eq!(checked("414", "E12345678", "1965-05-05", "男"), one("sex", "sex"));
        assert_eq!(checked("41a", &id_number("19700101"), "", ""), one("id_kind", "id_kind"));
    }

    #[test]
    fn debugging_output_shows_nobody() {
        assert_eq!(format!("{:?}", checked("111", &id_number("19700101"), "", "").unwrap()), "Identity(…)");
    }
}
