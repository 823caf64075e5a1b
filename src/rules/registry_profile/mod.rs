//! Registry profiles (专家库规则档案): a dated file of JSON with every number and choice by which the
//! registry selects, keeps and dismisses experts. The rules of a draw stand in another file
//! ([`super::Profile`]), whose form draw-v1 freezes; this one may grow.
//!
//! One section of the file is one file here: a type, and `read(&mut Fields)`, called once in
//! [`RegistryProfile::parse`]. Every parameter carries its source and how sure that is ([`Mark`]); a
//! choice of the owner of a deployment is marked `P`, never dressed up as law.
//!
//! *Invariants:* an unknown field, a missing one or one out of its range is refused with its place;
//! nothing has a default in code. A profile is never edited: another text under a known name is
//! refused when it is loaded (`service::rules_in_force`).
//!
//! *Deliberately not here:* what a condition means (`rules::conditions`), today's date.

mod conditions;
mod conduct_points;
mod entry;
mod keeping;
mod performance;
pub(super) mod read;
mod sanctions;
mod tiers;

use crate::codec::{Hash, Json, JsonError, LabelledHash, ShapeError, object};
use crate::time::Date;

use super::profile::Jurisdiction;

pub use conditions::{Condition, ConditionRule, Conditions, Scarce};
pub use conduct_points::{ConductPoints, PointsItem};
pub use entry::{Channel, EntryRules, EntryTest, Material, MaterialRule, Review};
pub use keeping::{Keeping, Term};
pub use performance::{PerformanceRules, Question, WrongAnswer};
pub use read::{Flag, Mark, Number, Rule, Text};
pub use sanctions::{Reentry, ReentryRule, SuspensionEnd, SuspensionRule};
pub use tiers::{LOTS_MAX, TierRow, TierRules};

/// The longest registry profile, in bytes.
pub const REGISTRY_PROFILE_LIMIT: usize = 262_144;

/// The embedded registry profiles: name and file bytes.
pub const REGISTRY_PROFILES: [(&str, &[u8]); 3] = [
    ("registry-national-2017", include_bytes!("../data/registry-national-2017.json")),
    ("registry-hunan-2023", include_bytes!("../data/registry-hunan-2023.json")),
    ("registry-fujian-2025", include_bytes!("../data/registry-fujian-2025.json")),
];

/// The embedded registry profile of that name; `None` for another name.
pub fn embedded_registry(name: &str) -> Option<RegistryProfile> {
    let (_, bytes) = REGISTRY_PROFILES.into_iter().find(|(known, _)| *known == name)?;
    // A test reads every embedded file.
    RegistryProfile::parse(bytes).ok()
}

/// A dated set of rules of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryProfile {
    bytes: Vec<u8>,
    name: String,
    title: String,
    note: Option<String>,
    jurisdiction: Jurisdiction,
    valid_from: Date,
    valid_to: Option<Date>,
    /// 选聘条件: the conditions of 财库〔2016〕198号 art. 6 as they apply here.
    pub conditions: Conditions,
    /// 申请、审核、入库.
    pub entry: EntryRules,
    /// 变更审核.
    pub changes: Review,
    /// 聘期、提醒、确认.
    pub keeping: Keeping,
    /// 暂停的档次: each length with how it ends.
    pub suspensions: Vec<SuspensionRule>,
    /// 解聘后重新入库.
    pub reentry: Reentry,
    /// 记分: what each record counts.
    pub conduct_points: ConductPoints,
    /// 阶梯.
    pub tiers: TierRules,
    /// 履职评价.
    pub performance: PerformanceRules,
}

/// Why bytes are not a registry profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryProfileError {
    /// Not JSON of this project.
    #[error("registry profile: {0}")]
    Json(#[from] JsonError),
    /// A field is missing, unknown or out of range.
    #[error("registry profile: {0}")]
    Shape(#[from] ShapeError),
}

impl RegistryProfile {
    /// Reads a registry profile.
    ///
    /// # Errors
    /// The first [`RegistryProfileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RegistryProfileError> {
        let json = Json::parse(bytes, REGISTRY_PROFILE_LIMIT)?;
        Ok(object(&json, "", |f| {
            f.int("v", 1..=1)?;
            let name = read::name(f, "name")?;
            let jurisdiction = Jurisdiction::parse(f.str("jurisdiction")?)
                .ok_or_else(|| f.wrong("jurisdiction", "must be CN or a region code"))?;
            let valid_from = read::date(f, "valid_from")?;
            let valid_to =
                if f.optional("valid_to").is_some() { Some(read::date(f, "valid_to")?) } else { None };
            if valid_to.is_some_and(|last| last < valid_from) {
                return Err(f.wrong("valid_to", "lies before valid_from"));
            }
            Ok(Self {
                bytes: bytes.to_vec(),
                name,
                title: read::line(f, "title")?,
                note: if f.optional("note").is_some() { Some(read::line(f, "note")?) } else { None },
                jurisdiction,
                valid_from,
                valid_to,
                conditions: f.object("conditions", Conditions::read)?,
                entry: f.object("entry", EntryRules::read)?,
                changes: f.object("changes", Review::read)?,
                keeping: f.object("keeping", Keeping::read)?,
                suspensions: sanctions::suspensions(f, "suspensions")?,
                reentry: f.object("reentry", Reentry::read)?,
                conduct_points: f.object("conduct_points", ConductPoints::read)?,
                tiers: f.object("tiers", TierRules::read)?,
                performance: f.object("performance", PerformanceRules::read)?,
            })
        })?)
    }

    /// H("registry-profile"; file bytes).
    pub fn digest(&self) -> Hash {
        LabelledHash::new("registry-profile").variable(&self.bytes).finish()
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

    /// What a reader should know: choices that no law makes, doubts.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str) -> Result<RegistryProfile, RegistryProfileError> {
        let text = String::from_utf8(REGISTRY_PROFILES[0].1.to_vec()).unwrap();
        assert!(text.contains(from), "{from}");
        RegistryProfile::parse(text.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn every_embedded_registry_profile_is_read_under_its_own_name() {
        for (name, bytes) in REGISTRY_PROFILES {
            let profile = RegistryProfile::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(profile.name(), name);
            assert_eq!(embedded_registry(name), Some(profile));
        }
        assert_eq!(embedded_registry("registry-moon-2030"), None);
    }

    #[test]
    fn the_numbers_are_those_of_their_sources() {
        let of = |name: &str| embedded_registry(name).unwrap().conditions;
        let (national, hunan, fujian) =
            (of("registry-national-2017"), of("registry-hunan-2023"), of("registry-fujian-2025"));
        // 198号 art 6(2): intermediate and 8 years, or senior; 6(5): under 70; 6(6): 3 years.
        for conditions in [&national, &hunan, &fujian] {
            assert_eq!((conditions.years_intermediate.value, conditions.years_senior.value), (8, 0));
            assert_eq!(conditions.clean_years.value, 3);
        }
        assert_eq!((national.age_entry.value, national.age_renewal.value), (70, 70));
        // 湘财购〔2023〕22号: 68 at most is under 69, scarce 70 at most is under 71; doctor 4, master 6.
        assert_eq!((hunan.age_entry.value, hunan.age_renewal.value), (69, 69));
        let scarce = hunan.scarce.unwrap();
        assert_eq!((scarce.age.value, scarce.years_doctor.value, scarce.years_master.value), (71, 4, 6));
        assert_eq!((fujian.age_entry.value, fujian.age_renewal.value), (65, 70));
    }

    #[test]
    fn fields_unknown_missing_or_out_of_range_are_refused_with_their_place() {
        for (from, to, place) in [
            ("\"v\": 1", "\"v\": 2", "v"),
            ("\"v\": 1", "\"v\": 1, \"extra\": 1", "extra"),
            ("\"jurisdiction\": \"CN\"", "\"jurisdiction\": \"999999\"", "jurisdiction"),
            ("\"value\": 70", "\"value\": 7", "conditions.age_entry.value"),
            ("\"name\": \"credit\"", "\"name\": \"wealth\"", "conditions.rules[0].name"),
            ("\"name\": \"title\"", "\"name\": \"credit\"", "conditions.rules"),
            ("\"status\": \"C2\"", "\"status\": \"C9\"", "conditions.rules[0].status"),
            ("\"kind\": \"cv\"", "\"kind\": \"photo\"", "entry.material"),
            ("\"months\": 3", "\"months\": 0", "suspensions[0].months"),
            ("\"reentry\"", "\"reentries\"", "reentry"),
        ] {
            match changed(from, to) {
                Err(RegistryProfileError::Shape(error)) => assert_eq!(error.path, place, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_digest_is_over_the_bytes_and_is_not_a_draw_profile_s() {
        let profile = embedded_registry("registry-hunan-2023").unwrap();
        assert_eq!(
            profile.digest(),
            LabelledHash::new("registry-profile").variable(REGISTRY_PROFILES[1].1).finish()
        );
        assert_ne!(profile.digest(), LabelledHash::new("profile").variable(profile.bytes()).finish());
    }
}
