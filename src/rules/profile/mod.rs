//! Profiles (规则档案): a dated file of JSON that says which rules apply, with which numbers and
//! from which legal source. Its digest H("profile"; file bytes) stands in every commitment.
//!
//! What the texts of the law do not say, or what nobody has compared with them, is visible in a
//! rule's `status`, and the owner of a deployment corrects it in the file, without a new build.
//!
//! Version 1 has the ten rules of [`Rule::V1`]. Version 2 (`api-spec/profile-v2.md`) has all of them,
//! each with its own parameters and whether it applies; it is compiled from a chain of TOML sources
//! (`profile_source`, which is not part of the pure core).
//!
//! *Invariants:* a profile lists exactly the rules of its version: one that the code does not know is
//! refused, and so is a file that leaves one out. What a draw under version 1 came to, it comes to still.
//! Booleans, null and fractions do not exist in the file (`codec::Json`); the spelling need not be
//! canonical, because the digest is over the bytes.

mod contributions;
mod read;
mod terms;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::{Hash, Json, JsonError, LabelledHash, ShapeError};
use crate::codes::Region;
use crate::time::Date;

use super::parameters::Parameters;
use super::registry_profile::Mark;
use super::rule::Rule;

pub use contributions::{Contributions, Occasion, Stakes};
pub use terms::{Fees, Terms};

/// The longest profile, in bytes.
pub const PROFILE_LIMIT: usize = 65_535;

/// The embedded profiles: name and file bytes.
pub const PROFILES: [(&str, &[u8]); 2] = [
    ("national-2017", include_bytes!("../data/national-2017.json")),
    ("hunan-2023", include_bytes!("../data/hunan-2023.json")),
];

/// The embedded profile of that name; `None` for another name.
pub fn embedded(name: &str) -> Option<Profile> {
    let (_, bytes) = PROFILES.into_iter().find(|(known, _)| *known == name)?;
    // A test reads every embedded file.
    Profile::parse(bytes).ok()
}

/// A dated set of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    bytes: Vec<u8>,
    version: u32,
    name: String,
    title: String,
    note: Option<String>,
    jurisdiction: Jurisdiction,
    valid_from: Date,
    valid_to: Option<Date>,
    chain: Vec<Link>,
    unit_cap: u32,
    lots: u32,
    margin: u32,
    window_minutes: u32,
    pool_published: bool,
    terms: Option<Box<Terms>>,
    parameters: Box<Parameters>,
    rules: BTreeMap<Rule, RuleEntry>,
}

/// A source that a profile was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its edition.
    pub edition: String,
    /// SHA-256 of its text.
    pub digest: Hash,
}

/// Where a profile applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jurisdiction {
    /// The whole country, `CN`.
    Country,
    /// A region, by its code.
    Region(Region),
}

/// One rule's entry in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleEntry {
    /// The profile's wording.
    pub title: String,
    /// The legal source.
    pub source: Arc<str>,
    /// How sure the source is.
    pub status: Mark,
    /// What happens when data is missing.
    pub unknown: UnknownPolicy,
    /// Whether the rule applies here; of version 1 every rule does.
    pub applies: bool,
    /// Whether the law says "in principle" (原则上), so that a reason and an approver let a plan pass.
    pub overridable: bool,
    /// What a reader should know.
    pub note: Option<String>,
}

/// How sure a rule's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `C`: seen in the instrument's own text.
    Text,
    /// `C2`: seen in a secondary source.
    Secondary,
    /// `Knn`: general knowledge only, nn percent sure.
    Knowledge(u8),
}

/// What happens to an expert for whom a rule answers unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownPolicy {
    /// Excluded, as if failed.
    Exclude,
    /// Not excluded for that.
    Allow,
}

/// Why bytes are not a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not JSON of this project.
    #[error("profile: {0}")]
    Json(#[from] JsonError),
    /// A field is missing, unknown or out of range.
    #[error("profile: {0}")]
    Shape(#[from] ShapeError),
    /// A rule that no version knows.
    #[error("profile: unknown rule {0}")]
    UnknownRule(String),
    /// A rule that the version of the file does not have.
    #[error("profile: rule {0} needs version 2 of the form")]
    LaterVersion(&'static str),
    /// A rule listed twice.
    #[error("profile: rule {0} is listed twice")]
    RuleTwice(&'static str),
    /// A rule that this version applies and the file leaves out.
    #[error("profile: rule {0} is missing")]
    RuleMissing(&'static str),
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// The first [`ProfileError`].
    pub fn parse(bytes: &[u8]) -> Result<Profile, ProfileError> {
        read::profile(&Json::parse(bytes, PROFILE_LIMIT)?, bytes)
    }

    /// H("profile"; file bytes).
    pub fn digest(&self) -> Hash {
        LabelledHash::new("profile").variable(&self.bytes).finish()
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Short name, `[a-z0-9-]{1,64}`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Title, in Chinese.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What a reader of the profile should know: choices that no law makes, doubts.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Where it applies.
    pub fn jurisdiction(&self) -> Jurisdiction {
        self.jurisdiction
    }

    /// First day on which it applies.
    pub fn valid_from(&self) -> Date {
        self.valid_from
    }

    /// Last day; `None`: open.
    pub fn valid_to(&self) -> Option<Date> {
        self.valid_to
    }

    /// Whether it applies on a day. Judging does not ask: whoever chooses the profile does.
    pub fn applies_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// An expert must have completed fewer years of life than this on the review day.
    pub fn max_age(&self) -> u32 {
        self.parameters.max_age
    }

    /// How many years before the review an employment still counts.
    pub fn employment_years(&self) -> u32 {
        self.parameters.employment_years
    }

    /// At most so many members of one unit in a panel.
    pub fn unit_cap(&self) -> u32 {
        self.unit_cap
    }

    /// L, the greatest number of lots of a candidate, 1–8.
    pub fn lots(&self) -> u32 {
        self.lots
    }

    /// How many beyond the panel are invited.
    pub fn margin(&self) -> u32 {
        self.margin
    }

    /// How long an invitation may be answered, in minutes.
    pub fn window_minutes(&self) -> u32 {
        self.window_minutes
    }

    /// Whether the anonymous pool is published at unsealing.
    pub fn pool_published(&self) -> bool {
        self.pool_published
    }

    /// 1 or 2: the version of the form.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The sources it was compiled from, the nation's first; of version 1 none.
    pub fn chain(&self) -> &[Link] {
        &self.chain
    }

    /// The parameters of the rules.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Terms of the process that are no rule's; of version 1 none.
    pub fn terms(&self) -> Option<&Terms> {
        self.terms.as_deref()
    }

    /// The contributions that a draw needs beside the operator's: the first row that fits. `None`: the
    /// operator's alone. `stakes`: what is known of the project; a draw without a plan has none.
    pub fn contributions(&self, stakes: Option<&Stakes>) -> Option<&Contributions> {
        self.terms()?.contributions.iter().find(|row| row.fits(stakes))
    }

    /// Whether a rule applies.
    pub fn applies(&self, rule: Rule) -> bool {
        self.rules.get(&rule).is_some_and(|entry| entry.applies)
    }

    /// A rule's entry; every rule of the profile's version has one.
    pub fn rule(&self, rule: Rule) -> Option<&RuleEntry> {
        self.rules.get(&rule)
    }

    /// All entries.
    pub fn rules(&self) -> impl Iterator<Item = (Rule, &RuleEntry)> {
        self.rules.iter().map(|(rule, entry)| (*rule, entry))
    }
}

impl Status {
    /// Reads `C`, `C2` or `K` and two digits.
    pub fn parse(text: &str) -> Option<Status> {
        match text {
            "C" => Some(Status::Text),
            "C2" => Some(Status::Secondary),
            _ => {
                let digits = text.strip_prefix('K')?;
                let sound = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
                if sound { digits.parse().ok().map(Status::Knowledge) } else { None }
            }
        }
    }
}

impl Jurisdiction {
    pub(super) fn parse(text: &str) -> Option<Jurisdiction> {
        if text == "CN" {
            return Some(Jurisdiction::Country);
        }
        Region::parse(text).ok().map(Jurisdiction::Region)
    }
}

#[cfg(test)]
mod tests;
