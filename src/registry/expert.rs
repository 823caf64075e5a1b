//! An expert (评审专家) of the registry: valid facts, readable field by field, changed only as a whole.
//!
//! To amend an expert take [`Expert::draft`], change it, and [`Expert::amended`] checks every rule
//! anew (`expert_changes`). `Debug` shows the number alone.

use std::fmt;

use crate::codes::{CreditCode, Region, Sex, Speciality};
use crate::time::Date;

use super::identity::Identity;
use super::particulars::Particulars;
use super::standing::Standing;

/// The greatest lengths of lists and texts.
pub mod limits {
    /// Characters of a person's name.
    pub const NAME: usize = 64;
    /// Characters of a unit's name.
    pub const UNIT_NAME: usize = 128;
    /// Present employers. One is the unit, and a pool leaf has room for eight relation tags
    /// (`api-spec/draw-v1.md`).
    pub const EMPLOYMENTS: usize = 8;
    /// Former employers.
    pub const PAST: usize = 32;
    /// Specialities; at least 1.
    pub const SPECIALITIES: usize = 16;
    /// Review regions; at least 1.
    pub const REGIONS: usize = 8;
    /// Units from whose projects the expert recuses.
    pub const DECLARED_UNITS: usize = 64;
    /// Further phones.
    pub const FURTHER_PHONES: usize = 4;
    /// Bytes of a mail address.
    pub const MAIL: usize = 254;
    /// Characters of an address.
    pub const ADDRESS: usize = 128;
    /// Characters of a name of a school, title, certificate, training, document, and of an item of evidence.
    pub const TEXT: usize = 64;
    /// Characters of a number of a certificate, of a degree, of a document's kind.
    pub const SHORT: usize = 32;
    /// Characters of a reason.
    pub const REASON: usize = 200;
    /// Educations.
    pub const EDUCATIONS: usize = 8;
    /// Titles.
    pub const TITLES: usize = 8;
    /// Professional certificates.
    pub const CERTIFICATES: usize = 16;
    /// Claims that say more than "approved".
    pub const CLAIMS: usize = 32;
    /// Items of evidence of a claim.
    pub const EVIDENCE: usize = 8;
    /// Relatives.
    pub const RELATIVES: usize = 32;
    /// Units of one relative.
    pub const RELATIVE_UNITS: usize = 8;
    /// Trainings.
    pub const TRAININGS: usize = 32;
    /// Documents, the photo among them.
    pub const DOCUMENTS: usize = 64;
    /// Leaves.
    pub const LEAVES: usize = 64;
    /// Employers of a change that is not decided yet.
    pub const PENDING_UNITS: usize = 8;
}

/// An expert's number in the registry: `E` and 16 characters of Crockford's base 32 in lower case,
/// 80 random bits. It says nothing about the person, nor about when they came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpertNumber(String);

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl ExpertNumber {
    /// The number of ten random bytes.
    pub fn from_random(bytes: [u8; 10]) -> ExpertNumber {
        let bits = bytes.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        let digit = |position: u32| {
            let value = usize::try_from(bits >> (5 * position) & 31).unwrap_or(0);
            char::from(CROCKFORD.get(value).copied().unwrap_or(b'0'))
        };
        ExpertNumber(std::iter::once('E').chain((0..16).rev().map(digit)).collect())
    }

    /// Reads exactly this spelling; `None` for any other text.
    pub fn parse(text: &str) -> Option<ExpertNumber> {
        let digits = text.strip_prefix('E')?;
        let sound = digits.len() == 16 && digits.bytes().all(|b| CROCKFORD.contains(&b));
        sound.then(|| ExpertNumber(text.to_owned()))
    }

    /// The 17 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExpertNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ExpertNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The level of a professional title (职称), the only thing about titles that rules use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TitleLevel {
    /// 无
    None,
    /// 初级
    Junior,
    /// 中级
    Intermediate,
    /// 副高级
    DeputySenior,
    /// 正高级
    Senior,
}

impl TitleLevel {
    /// All five, ascending.
    pub const ALL: [TitleLevel; 5] =
        [Self::None, Self::Junior, Self::Intermediate, Self::DeputySenior, Self::Senior];

    /// `senior`, `deputy_senior`, `intermediate`, `junior`, `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Junior => "junior",
            Self::Intermediate => "intermediate",
            Self::DeputySenior => "deputy_senior",
            Self::Senior => "senior",
        }
    }

    /// Reads what [`TitleLevel::as_str`] writes.
    pub fn parse(text: &str) -> Option<TitleLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// In Chinese.
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::None => "无",
            Self::Junior => "初级",
            Self::Intermediate => "中级",
            Self::DeputySenior => "副高级",
            Self::Senior => "正高级",
        }
    }
}

/// A present employer (工作单位).
#[derive(Clone, PartialEq, Eq)]
pub struct Employment {
    /// Its credit code.
    pub unit: CreditCode,
    /// Its full name, 1–128 characters.
    pub name: String,
    /// First day.
    pub since: Date,
}

/// A former employer.
#[derive(Clone, PartialEq, Eq)]
pub struct PastEmployment {
    /// Its credit code.
    pub unit: CreditCode,
    /// Its full name, 1–128 characters, if known.
    pub name: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day, never before the first.
    pub to: Date,
}

/// The facts that a draft establishes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub name: String,
    pub identity: Identity,
    pub phone: String,
    pub employments: Option<Vec<Employment>>,
    pub past: Vec<PastEmployment>,
    pub title_level: TitleLevel,
    pub field_since: Date,
    pub specialities: Vec<Speciality>,
    pub regions: Vec<Region>,
    pub declared_units: Vec<CreditCode>,
    pub term_from: Date,
    pub term_to: Date,
    /// `None`: no more is known than the above.
    pub particulars: Option<Box<Particulars>>,
}

/// An expert.
#[derive(Clone, PartialEq, Eq)]
pub struct Expert {
    pub(super) number: ExpertNumber,
    pub(super) facts: Facts,
    pub(super) standing: Standing,
}

impl Expert {
    pub(super) fn of(number: ExpertNumber, facts: Facts, standing: Standing) -> Expert {
        Expert { number, facts, standing }
    }

    /// The number in the registry.
    pub fn number(&self) -> &ExpertNumber {
        &self.number
    }

    /// 姓名, 1–64 characters.
    pub fn name(&self) -> &str {
        &self.facts.name
    }

    /// The identity document, birth date, sex.
    pub fn identity(&self) -> &Identity {
        &self.facts.identity
    }

    /// Kind of the identity document, three digits of GA/T 517.
    pub fn id_kind(&self) -> &str {
        self.facts.identity.kind()
    }

    /// Number of the identity document (公民身份号码 for kind `111`).
    pub fn id_number(&self) -> &str {
        self.facts.identity.number()
    }

    /// Birth date.
    pub fn birth(&self) -> Date {
        self.facts.identity.birth()
    }

    /// Sex.
    pub fn sex(&self) -> Sex {
        self.facts.identity.sex()
    }

    /// 手机号.
    pub fn phone(&self) -> &str {
        &self.facts.phone
    }

    /// Present employers, the unit first, at most 8; `None`: not known; empty: known to have none.
    pub fn employments(&self) -> Option<&[Employment]> {
        self.facts.employments.as_deref()
    }

    /// *The unit*: the employer listed first; `None` if there is none or it is not known.
    pub fn unit(&self) -> Option<&Employment> {
        self.employments()?.first()
    }

    /// Former employers, at most 32.
    pub fn past(&self) -> &[PastEmployment] {
        &self.facts.past
    }

    /// Level of the professional title.
    pub fn title_level(&self) -> TitleLevel {
        self.facts.title_level
    }

    /// The day since when the expert works in the field.
    pub fn field_since(&self) -> Date {
        self.facts.field_since
    }

    /// Approved, that is drawable specialities, at most 16, none twice; none at all only of somebody
    /// with claims of which none is approved.
    pub fn specialities(&self) -> &[Speciality] {
        &self.facts.specialities
    }

    /// Review regions, 1–8, the main one first, none twice.
    pub fn regions(&self) -> &[Region] {
        &self.facts.regions
    }

    /// Units from whose projects the expert recuses, at most 64, none twice.
    pub fn declared_units(&self) -> &[CreditCode] {
        &self.facts.declared_units
    }

    /// The standing as last decided; on a day: [`Standing::on`].
    pub fn standing(&self) -> Standing {
        self.standing.clone()
    }

    /// First day of the term of appointment.
    pub fn term_from(&self) -> Date {
        self.facts.term_from
    }

    /// Last day of the term, never before the first.
    pub fn term_to(&self) -> Date {
        self.facts.term_to
    }
}

impl fmt::Debug for Employment {
    /// Says nothing: the unit of a person is private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Employment(…)")
    }
}

impl fmt::Debug for PastEmployment {
    /// Says nothing: the units of a person are private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PastEmployment(…)")
    }
}

impl fmt::Debug for Expert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expert({}, {})", self.number, self.standing.kind().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples;
    use super::super::standing::{DismissalReason, Event};
    use super::*;

    #[test]
    fn a_number_is_one_spelling_of_its_eighty_bits() {
        assert_eq!(ExpertNumber::from_random([0; 10]).as_str(), "E0000000000000000");
        assert_eq!(ExpertNumber::from_random([0xff; 10]).as_str(), "Ezzzzzzzzzzzzzzzz");
        let counting = ExpertNumber::from_random([0, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]);
        assert_eq!(counting.as_str(), "E0123456789abcdef");
        assert_eq!(ExpertNumber::parse(counting.as_str()), Some(counting));
        for bad in [
            "",
            "E",
            "0123456789abcdef",
            "E0123456789abcde",
            "E0123456789abcdeF",
            "Ei123456789abcdef",
            "e0123456789abcdef",
        ] {
            assert_eq!(ExpertNumber::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn amending_keeps_number_and_standing_and_checks_again() {
        let number = ExpertNumber::from_random([9; 10]);
        let expert = samples::draft().check(number.clone()).unwrap();
        let today = Date::parse("2026-11-24").unwrap();
        let expert = expert.decided(Event::Dismiss(DismissalReason::OwnRequest), today).unwrap();
        let mut draft = expert.draft();
        draft.phone = "07308888888".into();
        let amended = expert.amended(&draft).unwrap();
        assert_eq!((amended.number(), amended.standing()), (&number, expert.standing()));
        assert_eq!(amended.phone(), "07308888888");
        draft.regions.clear();
        assert_eq!(expert.amended(&draft).unwrap_err()[0].field, "regions");
    }

    #[test]
    fn debugging_output_shows_no_person() {
        let expert = samples::draft().check(ExpertNumber::from_random([9; 10])).unwrap();
        assert_eq!(format!("{expert:?}"), format!("Expert({}, active)", expert.number()));
    }
}
