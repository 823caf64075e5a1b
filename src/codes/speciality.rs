//! Specialities (评审专业), always written with their scheme: `ndrc316:A0832`.
//!
//! The same code means different things in different schemes (A08 is 工程施工 in one and 无形资产 in
//! the other), so the scheme is part of the code and nothing is ever compared across schemes.
//! Both schemes grow by prefix: a letter, then two digits a level. Only codes of the embedded
//! tables exist; what the head of each table says about its source binds its use.
//!
//! *Deliberately not here:* a crosswalk between schemes; deeper levels of the tables.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use super::{CodeError, table};

/// A classification of specialities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// 公共资源交易评标专家专业分类标准 (发改法规〔2018〕316号): levels 1–3 and a few codes of level 4.
    Ndrc316,
    /// 政府采购品目分类目录 (财库〔2022〕31号): levels 1–2, not confirmed against the original.
    Mof31,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Scheme; 2] = [Scheme::Ndrc316, Scheme::Mof31];

    /// Reads `ndrc316` or `mof31`.
    ///
    /// # Errors
    /// [`CodeError::UnknownScheme`].
    pub fn parse(text: &str) -> Result<Scheme, CodeError> {
        Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == text).ok_or(CodeError::UnknownScheme)
    }

    /// What stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Ndrc316 => "ndrc316",
            Scheme::Mof31 => "mof31",
        }
    }

    /// Title and number of the instrument.
    pub fn title_zh(self) -> &'static str {
        match self {
            Scheme::Ndrc316 => "公共资源交易评标专家专业分类标准（发改法规〔2018〕316号）",
            Scheme::Mof31 => "政府采购品目分类目录（财库〔2022〕31号）",
        }
    }

    fn data(self) -> &'static str {
        match self {
            Scheme::Ndrc316 => include_str!("data/ndrc316.csv"),
            Scheme::Mof31 => include_str!("data/mof31.csv"),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A speciality that stands in the table of its scheme. Ordered by scheme, then code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speciality(&'static Entry);

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    scheme: Scheme,
    code: &'static str,
    name: &'static str,
    /// `scheme:code`.
    written: String,
}

/// Each scheme's codes, ascending.
type Table = BTreeMap<&'static str, Entry>;

static TABLES: LazyLock<BTreeMap<Scheme, Table>> = LazyLock::new(|| {
    let entry =
        |scheme, (code, name)| (code, Entry { scheme, code, name, written: format!("{scheme}:{code}") });
    let table = |scheme: Scheme| table::rows(scheme.data()).map(|row| entry(scheme, row)).collect();
    Scheme::ALL.into_iter().map(|scheme| (scheme, table(scheme))).collect()
});

impl Speciality {
    /// Reads `scheme:code`.
    ///
    /// # Errors
    /// [`CodeError::UnknownScheme`] (also without a colon), [`CodeError::UnknownSpeciality`].
    pub fn parse(text: &str) -> Result<Speciality, CodeError> {
        let (scheme, code) = text.split_once(':').ok_or(CodeError::UnknownScheme)?;
        Speciality::find(Scheme::parse(scheme)?, code).ok_or(CodeError::UnknownSpeciality)
    }

    /// All specialities of a scheme, ascending by code, each after its parent.
    pub fn all(scheme: Scheme) -> impl Iterator<Item = Speciality> {
        TABLES.get(&scheme).into_iter().flat_map(Table::values).map(Speciality)
    }

    /// The written form, `ndrc316:A0832`.
    pub fn as_str(&self) -> &'static str {
        &self.0.written
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// The code without its scheme, `A0832`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The name in the table, 信息工程.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The speciality directly above; `None` for a letter alone.
    pub fn parent(&self) -> Option<Speciality> {
        let above = match self.0.code.len() {
            // A letter stands for a level by itself; each further level has two digits.
            0 | 1 => return None,
            length => length - 2,
        };
        Speciality::find(self.0.scheme, self.0.code.get(..above)?)
    }

    /// This speciality, then those above it, up to the letter.
    pub fn ancestors(&self) -> impl Iterator<Item = Speciality> + use<> {
        std::iter::successors(Some(*self), Speciality::parent)
    }

    /// Whether an expert with `claim` serves where this speciality is asked for: the claim is the
    /// same or a finer one of the same scheme. A coarser claim does not serve.
    pub fn covers(&self, claim: &Speciality) -> bool {
        self.0.scheme == claim.0.scheme && claim.0.code.starts_with(self.0.code)
    }

    fn find(scheme: Scheme, code: &str) -> Option<Speciality> {
        TABLES.get(&scheme)?.get(code).map(Speciality)
    }
}

impl fmt::Display for Speciality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Speciality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Speciality({} {})", self.0.written, self.0.name)
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
    fn the_tables_are_sound_and_each_parent_exists() {
        for scheme in Scheme::ALL {
            table::assert_sound(scheme.data());
            assert_eq!(Speciality::all(scheme).count(), table::rows(scheme.data()).count());
            for each in Speciality::all(scheme) {
                let digits = each.code().strip_prefix(['A', 'B', 'C']).unwrap();
                assert!(digits.len() % 2 == 0 && digits.bytes().all(|b| b.is_ascii_digit()), "{each:?}");
                assert_eq!(each.parent().is_none(), digits.is_empty(), "{each:?}");
                assert_eq!(each.ancestors().count(), 1 + digits.len() / 2, "{each:?}");
                assert_eq!(speciality(each.as_str()), each);
            }
        }
    }

    #[test]
    fn the_tables_have_as_many_codes_as_the_instruments() {
        let count =
            |scheme, length| Speciality::all(scheme).filter(|each| each.code().len() == length).count();
        assert_eq!((count(Scheme::Ndrc316, 1), count(Scheme::Ndrc316, 3)), (3, 9 + 9 + 13));
        assert_eq!((count(Scheme::Ndrc316, 5), count(Scheme::Ndrc316, 7)), (313, 2));
        assert_eq!((count(Scheme::Mof31, 1), count(Scheme::Mof31, 3)), (3, 8 + 10 + 25));
        let data = Scheme::Mof31.data();
        assert!(data.lines().next().unwrap().ends_with("status: K85 not confirmed"));
    }

    #[test]
    fn a_code_belongs_to_its_scheme() {
        assert_eq!(speciality("ndrc316:A08").name(), "工程施工");
        assert_eq!(speciality("mof31:A08").name(), "无形资产");
        assert!(!speciality("ndrc316:A08").covers(&speciality("mof31:A08")));
        let software = speciality("ndrc316:A083203");
        assert_eq!(
            (software.scheme(), software.code(), software.name()),
            (Scheme::Ndrc316, "A083203", "软件系统开发")
        );
        let above: Vec<&str> = software.ancestors().map(|each| each.as_str()).collect();
        assert_eq!(above, ["ndrc316:A083203", "ndrc316:A0832", "ndrc316:A08", "ndrc316:A"]);
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
            ("gb2260:A0832", CodeError::UnknownScheme),
            ("ndrc316:", CodeError::UnknownSpeciality),
            ("ndrc316:a0832", CodeError::UnknownSpeciality),
            ("ndrc316:A083299", CodeError::UnknownSpeciality),
            ("ndrc316:A0832 ", CodeError::UnknownSpeciality),
            ("mof31:A0832", CodeError::UnknownSpeciality),
        ] {
            assert_eq!(Speciality::parse(text), Err(error), "{text}");
            assert!(!error.message_zh().is_empty());
        }
    }
}
