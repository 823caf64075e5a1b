//! Specialities (评审专业), always written with their scheme: `ndrc316:A0832`.
//!
//! The same code means different things in different schemes (A08 is 工程施工 in one and 无形资产 in
//! the other), so the scheme is part of the code and nothing is ever compared across schemes.
//! All schemes grow by prefix: a letter, then two digits a level, at most four further levels, as in
//! 发改法规〔2018〕316号 and 财库〔2022〕31号.
//!
//! *Invariant:* a value has the **form** of a speciality and one spelling. Whether the code stands in
//! the table of its scheme is asked where tables are at hand (`registry::scheme`, the service's book
//! of schemes), so that what the journal holds can be read without any table.
//!
//! *Deliberately not here:* names, tables, crosswalks.

use std::fmt;

use super::CodeError;

/// The longest scheme id: a lower-case letter, then up to 15 of them or digits.
const SCHEME_MAX: usize = 16;
/// The longest code: a letter and four pairs of digits.
const CODE_MAX: usize = 9;
/// Scheme, colon, code.
const MAX: usize = SCHEME_MAX + 1 + CODE_MAX;

/// A speciality, well-formed. Ordered by its written form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speciality {
    /// The written form, zeros behind it: a shorter one comes before those that begin with it.
    text: [u8; MAX],
    /// Length of the written form.
    length: u8,
    /// Where the colon stands.
    colon: u8,
}

/// Whether a text has the form of a scheme's id: `[a-z][a-z0-9]{0,15}`.
pub fn is_scheme_id(text: &str) -> bool {
    text.len() <= SCHEME_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Whether a text has the form of a code within a scheme: a letter A–Z, then up to four pairs of digits.
pub fn is_speciality_code(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= CODE_MAX
        && text.len() % 2 == 1
        && bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && bytes.all(|b| b.is_ascii_digit())
}

impl Speciality {
    /// Reads `scheme:code`.
    ///
    /// # Errors
    /// [`CodeError::UnknownScheme`] (also without a colon), [`CodeError::UnknownSpeciality`]: no scheme
    /// can have such an id, no code such a form.
    pub fn parse(text: &str) -> Result<Speciality, CodeError> {
        let (scheme, code) = text.split_once(':').ok_or(CodeError::UnknownScheme)?;
        Speciality::of(scheme, code)
    }

    /// A code of a scheme.
    ///
    /// # Errors
    /// As [`Speciality::parse`].
    pub fn of(scheme: &str, code: &str) -> Result<Speciality, CodeError> {
        if !is_scheme_id(scheme) {
            return Err(CodeError::UnknownScheme);
        }
        if !is_speciality_code(code) {
            return Err(CodeError::UnknownSpeciality);
        }
        let mut text = [0; MAX];
        let written = scheme.bytes().chain([b':']).chain(code.bytes());
        text.iter_mut().zip(written).for_each(|(place, byte)| *place = byte);
        let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
        Ok(Speciality { text, length: short(scheme.len() + 1 + code.len()), colon: short(scheme.len()) })
    }

    /// The written form, `ndrc316:A0832`.
    pub fn as_str(&self) -> &str {
        // ASCII within its length by construction.
        let written = self.text.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default()
    }

    /// The id of the scheme, `ndrc316`.
    pub fn scheme(&self) -> &str {
        self.as_str().get(..usize::from(self.colon)).unwrap_or_default()
    }

    /// The code without its scheme, `A0832`.
    pub fn code(&self) -> &str {
        self.as_str().get(usize::from(self.colon) + 1..).unwrap_or_default()
    }

    /// The speciality directly above; `None` for a letter alone.
    pub fn parent(&self) -> Option<Speciality> {
        // A letter stands for a level by itself; each further level has two digits.
        let above = self.code().len().checked_sub(2)?;
        Speciality::of(self.scheme(), self.code().get(..above)?).ok()
    }

    /// This speciality, then those above it, up to the letter.
    pub fn ancestors(&self) -> impl Iterator<Item = Speciality> + use<> {
        std::iter::successors(Some(*self), Speciality::parent)
    }

    /// Whether an expert with `claim` serves where this speciality is asked for: the claim is the
    /// same or a finer one of the same scheme. A coarser claim does not serve.
    pub fn covers(&self, claim: &Speciality) -> bool {
        self.scheme() == claim.scheme() && claim.code().starts_with(self.code())
    }
}

impl fmt::Display for Speciality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Speciality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Speciality({})", self.as_str())
    }
}

impl std::str::FromStr for Speciality {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Speciality, CodeError> {
        Speciality::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speciality(text: &str) -> Speciality {
        Speciality::parse(text).unwrap()
    }

    #[test]
    fn a_code_belongs_to_its_scheme() {
        assert!(!speciality("ndrc316:A08").covers(&speciality("mof31:A08")));
        let software = speciality("ndrc316:A083203");
        assert_eq!((software.scheme(), software.code()), ("ndrc316", "A083203"));
        let above: Vec<String> = software.ancestors().map(|each| each.to_string()).collect();
        assert_eq!(above, ["ndrc316:A083203", "ndrc316:A0832", "ndrc316:A08", "ndrc316:A"]);
        let longest = speciality("a234567890123456:Z01020304");
        assert_eq!(longest.as_str(), "a234567890123456:Z01020304");
        assert_eq!(longest.ancestors().count(), 5);
    }

    #[test]
    fn order_is_that_of_the_written_form() {
        let mut texts = ["x2:A", "x:B01", "x:B", "x:A0102", "x:A01", "x1:A", "x:A"];
        let mut read: Vec<Speciality> = texts.iter().map(|text| speciality(text)).collect();
        read.sort();
        texts.sort_unstable();
        assert!(read.iter().map(Speciality::as_str).eq(texts));
    }

    #[test]
    fn a_requirement_is_met_by_the_same_or_a_finer_claim_only() {
        let asked = speciality("ndrc316:A0832");
        for (claim, met) in [
            ("ndrc316:A0832", true),
            ("ndrc316:A083203", true),
            ("ndrc316:A08", false),
            ("ndrc316:A0831", false),
            ("ndrc316:B0132", false),
        ] {
            assert_eq!(asked.covers(&speciality(claim)), met, "{claim}");
        }
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        for (text, error) in [
            ("", CodeError::UnknownScheme),
            ("A0832", CodeError::UnknownScheme),
            ("NDRC316:A0832", CodeError::UnknownScheme),
            ("3x:A0832", CodeError::UnknownScheme),
            ("a2345678901234567:A", CodeError::UnknownScheme),
            (":A", CodeError::UnknownScheme),
            ("ndrc316:", CodeError::UnknownSpeciality),
            ("ndrc316:a0832", CodeError::UnknownSpeciality),
            ("ndrc316:A083", CodeError::UnknownSpeciality),
            ("ndrc316:AB", CodeError::UnknownSpeciality),
            ("ndrc316:A0832 ", CodeError::UnknownSpeciality),
            ("ndrc316:A0102030405", CodeError::UnknownSpeciality),
            ("ndrc316:专", CodeError::UnknownSpeciality),
        ] {
            assert_eq!(Speciality::parse(text), Err(error), "{text}");
            assert!(!error.message_zh().is_empty());
        }
    }
}
