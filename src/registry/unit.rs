//! A unit (单位): a legal person that employs experts, procures, acts as an agency or supplies; its image
//! has the form of `image` (`unit_image`).
//!
//! Legal representative and key persons are matched by keyed hashes, which whoever holds the key makes
//! (the check asks for them); an id number is hashed and not kept. Edges to other units have dates.
//! Two records of one unit are merged: the one that goes names the one that stays, and both codes stay
//! answerable.
//!
//! Version 1 of the image (code, name, region) opens as a unit without the rest.
//!
//! *Deliberately not here:* the check (`unit_draft`); what follows from kinds and edges (`rules`); the tables.

use std::fmt;

use crate::codec::Hash;
use crate::codes::{CreditCode, Region};
use crate::time::Date;

use super::unit_draft::{DraftEdge, DraftFormerName, DraftPerson, UnitDraft};

/// The most former names, edges of a kind, and key persons.
pub const UNIT_LIST_MAX: usize = 64;
/// The whole of a share, in ten thousandths.
pub(super) const WHOLE: i64 = 10_000;

/// What a unit is in procurement; one may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitKind {
    /// 采购人.
    Purchaser,
    /// 采购代理机构.
    Agency,
    /// 供应商.
    Supplier,
    /// 专家所在单位.
    Employer,
}

impl UnitKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Purchaser, Self::Agency, Self::Supplier, Self::Employer];

    /// The word in the API and the image.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchaser => "purchaser",
            Self::Agency => "agency",
            Self::Supplier => "supplier",
            Self::Employer => "employer",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// A kind of unit whose staff a condition keeps out of the registry; which one does is the profile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExcludedKind {
    /// 采购代理机构: its staff may not review its projects (财政部令第87号 art 47), in some provinces not
    /// enter the registry at all.
    Agency,
    /// 财政部门政府采购监督管理: its staff never review (财库〔2016〕198号 art 16).
    Supervision,
}

impl ExcludedKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Agency, Self::Supervision];

    /// The word in the API and the image.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Supervision => "supervision",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// A name that a unit had.
#[derive(Clone, PartialEq, Eq)]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// Its last day.
    pub until: Date,
}

/// An edge to another unit, over a time.
#[derive(Clone, PartialEq, Eq)]
pub struct Edge {
    /// The other unit.
    pub unit: CreditCode,
    /// First day.
    pub from: Date,
    /// Last day; `None`: it lasts.
    pub to: Option<Date>,
    /// Share in ten thousandths, where it is known.
    pub share: Option<u32>,
}

/// What a key person is in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// 法定代表人.
    LegalRepresentative,
    /// 负责人.
    Principal,
    /// 董事.
    Director,
    /// 监事.
    Supervisor,
    /// 控股股东、实际控制人.
    Controller,
}

impl Position {
    /// Every position, those of 财库〔2016〕198号 art 16.
    pub const ALL: [Self; 5] =
        [Self::LegalRepresentative, Self::Principal, Self::Director, Self::Supervisor, Self::Controller];

    /// The word in the API and the image.
    pub fn name(self) -> &'static str {
        match self {
            Self::LegalRepresentative => "legal_representative",
            Self::Principal => "principal",
            Self::Director => "director",
            Self::Supervisor => "supervisor",
            Self::Controller => "controller",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|position| position.name() == word)
    }
}

/// A key person over a time. The name stands in the image only; matching is by the hashes.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPerson {
    /// What the person is there.
    pub position: Position,
    /// Name.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day; `None`: still.
    pub to: Option<Date>,
    /// Keyed hash over `111`, line feed, id number; equal to that of an expert of this number.
    pub id_hash: Option<Hash>,
    /// Keyed hash over `name`, line feed, name.
    pub name_hash: Hash,
}

/// A unit.
#[derive(Clone, PartialEq, Eq)]
pub struct Unit {
    pub(super) code: CreditCode,
    pub(super) name: String,
    pub(super) region: Region,
    pub(super) former_names: Vec<FormerName>,
    pub(super) kinds: Vec<UnitKind>,
    pub(super) excluded_kind: Option<ExcludedKind>,
    pub(super) department: Option<CreditCode>,
    pub(super) parents: Vec<Edge>,
    pub(super) controls: Vec<Edge>,
    pub(super) persons: Vec<KeyPerson>,
    pub(super) merged_into: Option<CreditCode>,
}

impl Unit {
    /// Credit code.
    pub fn code(&self) -> &CreditCode {
        &self.code
    }

    /// Full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Region of its seat.
    pub fn region(&self) -> Region {
        self.region
    }

    /// Names that it had.
    pub fn former_names(&self) -> &[FormerName] {
        &self.former_names
    }

    /// What it is, ascending.
    pub fn kinds(&self) -> &[UnitKind] {
        &self.kinds
    }

    /// The kind that keeps its staff out.
    pub fn excluded_kind(&self) -> Option<ExcludedKind> {
        self.excluded_kind
    }

    /// The competent department (主管部门, 主管预算单位).
    pub fn department(&self) -> Option<&CreditCode> {
        self.department.as_ref()
    }

    /// Units above it.
    pub fn parents(&self) -> &[Edge] {
        &self.parents
    }

    /// Units that it controls.
    pub fn controls(&self) -> &[Edge] {
        &self.controls
    }

    /// Legal representative and other key persons.
    pub fn persons(&self) -> &[KeyPerson] {
        &self.persons
    }

    /// The record that stays, of a unit that was merged.
    pub fn merged_into(&self) -> Option<&CreditCode> {
        self.merged_into.as_ref()
    }

    /// This unit as the record that goes in a merge.
    pub fn merged(&self, into: CreditCode) -> Unit {
        Unit { merged_into: Some(into), ..self.clone() }
    }

    /// The facts as written, to be amended.
    pub fn draft(&self) -> UnitDraft {
        let day = |date: &Date| date.to_string();
        let edge = |edge: &Edge| DraftEdge {
            unit: edge.unit.as_str().to_owned(),
            from: day(&edge.from),
            to: edge.to.as_ref().map(day),
            share: edge.share.map(i64::from),
        };
        UnitDraft {
            code: self.code.as_str().to_owned(),
            name: self.name.clone(),
            region: self.region.as_str().to_owned(),
            former_names: self
                .former_names
                .iter()
                .map(|former| DraftFormerName { name: former.name.clone(), until: day(&former.until) })
                .collect(),
            kinds: self.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            excluded_kind: self.excluded_kind.map(|kind| kind.name().to_owned()),
            department: self.department.as_ref().map(|code| code.as_str().to_owned()),
            parents: self.parents.iter().map(edge).collect(),
            controls: self.controls.iter().map(edge).collect(),
            persons: self
                .persons
                .iter()
                .map(|person| DraftPerson {
                    position: person.position.name().to_owned(),
                    name: person.name.clone(),
                    id_number: None,
                    from: day(&person.from),
                    to: person.to.as_ref().map(day),
                    kept: person.id_hash,
                })
                .collect(),
            merged_into: self.merged_into.as_ref().map(|code| code.as_str().to_owned()),
        }
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({})", self.code)
    }
}
