//! What the rules are told about a person beyond the record: keyed hashes to find them among key
//! persons of units, relatives likewise, what they are engaged for, and their part in the project.
//!
//! *Invariants:* nobody is named here: hashes are keyed by the service; `None` is "not known". Both an
//! accepted seat and an invitation that is still open take their hours.
//!
//! *Deliberately not here:* who makes the hashes and follows the invitations (`service`).

use std::collections::BTreeMap;

use crate::codec::Hash;
use crate::codes::CreditCode;
use crate::registry::Expert;
use crate::time::{Date, Timestamp};

use super::facts::words;

/// A relative as declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KinFacts {
    /// Keyed hash of the name, if one was declared.
    pub name_hash: Option<Hash>,
    /// Units that the relative leads, owns or works for.
    pub units: Vec<CreditCode>,
}

/// How a person is found elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonKeys {
    /// Keyed hash of the identity document.
    pub id_hash: Hash,
    /// Keyed hash of the name.
    pub name_hash: Hash,
    /// Declared relatives; empty: none were declared, which is not the same as having none.
    pub kin: Vec<KinFacts>,
}

/// Hours that a person has promised, or may yet promise: an accepted seat or an open invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Start of the review.
    pub from: Timestamp,
    /// Its expected end.
    pub to: Timestamp,
    /// Whether it is a seat, and so stands among the reviews too.
    pub seated: bool,
}

/// A review in which a person sat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastReview {
    /// Its day.
    pub day: Date,
    /// The purchaser.
    pub purchaser: CreditCode,
    /// The agency.
    pub agency: CreditCode,
}

words! {
    /// Why somebody is out of a package for good.
    Out {
        /// Drawn before, and neither kept nor innocent of what ended that attempt.
        Drawn = "drawn" "曾被抽中" "drawn before",
        /// Refused or did not answer.
        Refused = "refused" "曾拒绝或未答复" "refused",
        /// Recused, or had to.
        Recused = "recused" "曾回避" "recused",
        /// Broke the rules of review.
        Violated = "violated" "曾违规" "in breach",
    }
}

/// What a person is and was engaged for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engagements {
    /// Hours that are taken.
    pub slots: Vec<Slot>,
    /// Reviews.
    pub reviews: Vec<PastReview>,
    /// Packages, by id, that the person is out of, and why.
    pub out_of: Vec<(String, Out)>,
}

/// Everybody's engagements as of one entry of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngagementBook {
    people: BTreeMap<String, Engagements>,
}

impl EngagementBook {
    /// Takes a person's engagements in the place of what was known.
    pub fn put(&mut self, number: String, engagements: Engagements) {
        self.people.insert(number, engagements);
    }

    /// A person's engagements; `None`: none at all.
    pub fn find(&self, number: &str) -> Option<&Engagements> {
        self.people.get(number)
    }
}

words! {
    /// What somebody had to do with a project before (前期工作), or with a supplier.
    Part {
        /// 论证
        Demonstration = "demonstration" "论证" "demonstration",
        /// 需求编制
        Requirements = "requirements" "需求编制" "requirements",
        /// 设计
        Design = "design" "设计" "design",
        /// 市场调查
        MarketSurvey = "market_survey" "市场调查" "market survey",
        /// 进口产品论证
        ImportArgument = "import_argument" "进口产品论证" "argument for imports",
        /// 其他可能影响公正的关系, with a written reason
        OtherRelation = "other_relation" "其他利害关系" "another relation",
    }
}

/// Somebody who had a part in the project, by any of three keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Involved {
    /// The part.
    pub part: Part,
    /// Expert number.
    pub number: Option<String>,
    /// Keyed hash of the identity document.
    pub id_hash: Option<Hash>,
    /// Keyed hash of the name; a name alone does not tell namesakes apart.
    pub name_hash: Option<Hash>,
}

/// One person, as far as rules ask.
#[derive(Clone, Copy, Debug)]
pub struct PersonFacts<'a> {
    /// The record.
    pub expert: &'a Expert,
    /// How the person is found elsewhere; `None`: not known.
    pub keys: Option<&'a PersonKeys>,
    /// Engagements; `None`: nobody follows them.
    pub engagements: Option<&'a Engagements>,
    /// Lots of the person's tier; `None`: no tier.
    pub tier_lots: Option<u32>,
}

impl<'a> PersonFacts<'a> {
    /// The facts of a record alone.
    pub fn of_record(expert: &'a Expert) -> Self {
        Self { expert, keys: None, engagements: None, tier_lots: None }
    }
}
