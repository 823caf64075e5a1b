//! Profiles (规则档案): a dated file of JSON that says which rules apply, with which numbers and
//! from which legal source. Its digest H("profile"; file bytes) stands in every commitment.
//!
//! What the texts of the law do not say, or what nobody has compared with them, is visible in a
//! rule's `status`, and the owner of a deployment corrects it in the file, without a new build.
//!
//! *Invariant:* a profile lists exactly the rules of [`Rule`]: one that the code does not know, or
//! does not apply yet, is refused, and so is a file that leaves one out. Booleans, null and fractions
//! do not exist in the file (`codec::Json`); the spelling need not be canonical, because the digest
//! is over the bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::{Fields, Hash, Json, JsonError, LabelledHash, ShapeError, object};
use crate::codes::Region;
use crate::time::Date;

use super::rule::{NOT_YET_APPLIED, Rule};

/// The longest profile, in bytes.
pub const PROFILE_LIMIT: usize = 65_535;
const TEXT_LIMIT: usize = 1000;

/// The embedded profiles: name and file bytes.
pub const PROFILES: [(&str, &[u8]); 2] = [
    ("national-2017", include_bytes!("data/national-2017.json")),
    ("hunan-2023", include_bytes!("data/hunan-2023.json")),
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
    name: String,
    title: String,
    note: Option<String>,
    jurisdiction: Jurisdiction,
    valid_from: Date,
    valid_to: Option<Date>,
    max_age: u32,
    employment_years: u32,
    unit_cap: u32,
    lots: u32,
    margin: u32,
    window_minutes: u32,
    pool_published: bool,
    rules: BTreeMap<Rule, RuleEntry>,
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
    pub status: Status,
    /// What happens when data is missing.
    pub unknown: UnknownPolicy,
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
    /// A rule that a later version will apply; stating it now would promise what is not done.
    #[error("profile: rule {0} is not applied by this version")]
    NotYetApplied(String),
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
        let json = Json::parse(bytes, PROFILE_LIMIT)?;
        let mut listed = Vec::new();
        let mut profile = object(&json, "", |f| {
            f.int("v", 1..=1)?;
            listed = f.each("rules", read_rule)?;
            read_head(f, bytes)
        })?;
        for (name, entry) in listed {
            let Some(rule) = Rule::parse(&name) else {
                let later = NOT_YET_APPLIED.contains(&name.as_str());
                return Err(if later {
                    ProfileError::NotYetApplied(name)
                } else {
                    ProfileError::UnknownRule(name)
                });
            };
            if profile.rules.insert(rule, entry).is_some() {
                return Err(ProfileError::RuleTwice(rule.name()));
            }
        }
        match Rule::ALL.into_iter().find(|rule| !profile.rules.contains_key(rule)) {
            Some(missing) => Err(ProfileError::RuleMissing(missing.name())),
            None => Ok(profile),
        }
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
        self.max_age
    }

    /// How many years before the review an employment still counts.
    pub fn employment_years(&self) -> u32 {
        self.employment_years
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

    /// A rule's entry; every rule has one.
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

fn read_head(f: &mut Fields<'_>, bytes: &[u8]) -> Result<Profile, ShapeError> {
    let name = line(f, "name")?;
    if name.len() > 64 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(f.wrong("name", "must be [a-z0-9-]{1,64}"));
    }
    let valid_from = date(f, "valid_from")?;
    let valid_to = if f.optional("valid_to").is_some() { Some(date(f, "valid_to")?) } else { None };
    if valid_to.is_some_and(|last| last < valid_from) {
        return Err(f.wrong("valid_to", "lies before valid_from"));
    }
    let pool_published = match f.str("pool_published")? {
        "yes" => true,
        "no" => false,
        _ => return Err(f.wrong("pool_published", "must be yes or no")),
    };
    let jurisdiction = Jurisdiction::parse(f.str("jurisdiction")?);
    Ok(Profile {
        bytes: bytes.to_vec(),
        name,
        title: line(f, "title")?,
        note: if f.optional("note").is_some() { Some(line(f, "note")?) } else { None },
        jurisdiction: jurisdiction.ok_or_else(|| f.wrong("jurisdiction", "must be CN or a region code"))?,
        valid_from,
        valid_to,
        max_age: between(f, "max_age", 18, 150)?,
        employment_years: between(f, "employment_years", 1, 50)?,
        unit_cap: between(f, "unit_cap", 1, 255)?,
        lots: between(f, "lots", 1, 8)?,
        margin: between(f, "margin", 0, 255)?,
        window_minutes: between(f, "window_minutes", 1, 10_080)?,
        pool_published,
        rules: BTreeMap::new(),
    })
}

fn read_rule(item: &Json, path: &str) -> Result<(String, RuleEntry), ShapeError> {
    object(item, path, |f| {
        let status = Status::parse(f.str("status")?);
        let unknown = match f.str("unknown")? {
            "exclude" => UnknownPolicy::Exclude,
            "allow" => UnknownPolicy::Allow,
            _ => return Err(f.wrong("unknown", "must be exclude or allow")),
        };
        let entry = RuleEntry {
            title: line(f, "title")?,
            source: line(f, "source")?.into(),
            status: status.ok_or_else(|| f.wrong("status", "must be C, C2 or K and two digits"))?,
            unknown,
        };
        Ok((line(f, "name")?, entry))
    })
}

/// 1 to 1,000 characters without control characters.
fn line(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    if text.is_empty() || text.chars().count() > TEXT_LIMIT || text.chars().any(char::is_control) {
        return Err(f.wrong(key, "must have 1 to 1000 characters and no control characters"));
    }
    Ok(text.to_owned())
}

fn date(f: &mut Fields<'_>, key: &str) -> Result<Date, ShapeError> {
    Date::parse(f.str(key)?).map_err(|error| f.wrong(key, error.to_string()))
}

fn between(f: &mut Fields<'_>, key: &str, min: u32, max: u32) -> Result<u32, ShapeError> {
    match f.u32(key, max)? {
        n if n >= min => Ok(n),
        _ => Err(f.wrong(key, format!("must be an integer from {min} to {max}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn national() -> String {
        String::from_utf8(PROFILES[0].1.to_vec()).unwrap()
    }

    fn changed(from: &str, to: &str) -> Result<Profile, ProfileError> {
        let text = national();
        assert!(text.contains(from), "{from}");
        Profile::parse(text.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn every_embedded_profile_is_read_under_its_own_name() {
        for (name, bytes) in PROFILES {
            let profile = Profile::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(profile.name(), name);
            assert_eq!(embedded(name), Some(profile));
        }
        assert_eq!(embedded("moon-2030"), None);
    }

    #[test]
    fn the_numbers_are_those_of_their_sources() {
        let (national, hunan) = (embedded("national-2017").unwrap(), embedded("hunan-2023").unwrap());
        // 198号 art 6(5): under 70. 湘财购〔2023〕22号: 68 at most, that is under 69.
        assert_eq!((national.max_age(), hunan.max_age()), (70, 69));
        for profile in [&national, &hunan] {
            assert_eq!((profile.employment_years(), profile.unit_cap(), profile.lots()), (3, 1, 1));
            assert!(profile.rules().all(|(_, entry)| entry.unknown == UnknownPolicy::Exclude));
        }
        assert_eq!(hunan.jurisdiction(), Jurisdiction::Region(Region::parse("430000").unwrap()));
        assert!(!national.applies_on(Date::parse("2016-12-31").unwrap()));
        assert!(national.applies_on(Date::parse("2017-01-01").unwrap()));
    }

    #[test]
    fn the_digest_is_over_the_bytes_of_the_file() {
        let spaced = format!("{}\n", national());
        let (one, other) =
            (Profile::parse(national().as_bytes()).unwrap(), Profile::parse(spaced.as_bytes()).unwrap());
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.digest(), LabelledHash::new("profile").variable(PROFILES[0].1).finish());
    }

    #[test]
    fn rules_that_are_unknown_not_yet_applied_doubled_or_missing_are_refused() {
        let renamed = |to: &str| changed("\"age_limit\"", &format!("\"{to}\"")).unwrap_err();
        assert_eq!(renamed("height_limit"), ProfileError::UnknownRule("height_limit".into()));
        assert_eq!(renamed("conflict_kinship"), ProfileError::NotYetApplied("conflict_kinship".into()));
        assert_eq!(renamed("status_active"), ProfileError::RuleTwice("status_active"));
        let text = national();
        let (head, _) = text.split_once("\"rules\"").unwrap();
        let empty = format!("{head}\"rules\": []}}");
        assert_eq!(Profile::parse(empty.as_bytes()), Err(ProfileError::RuleMissing("status_active")));
    }

    #[test]
    fn fields_out_of_range_are_refused_with_their_place() {
        for (from, to, place) in [
            ("\"max_age\": 70", "\"max_age\": 17", "max_age"),
            ("\"lots\": 1", "\"lots\": 9", "lots"),
            ("\"lots\": 1", "\"lots\": 0", "lots"),
            ("\"unit_cap\": 1", "\"unit_cap\": 0", "unit_cap"),
            ("\"pool_published\": \"yes\"", "\"pool_published\": \"true\"", "pool_published"),
            ("\"valid_from\": \"2017-01-01\"", "\"valid_from\": \"2017\"", "valid_from"),
            ("\"valid_from\"", "\"valid_to\": \"2016-01-01\", \"valid_from\"", "valid_to"),
            ("\"jurisdiction\": \"CN\"", "\"jurisdiction\": \"999999\"", "jurisdiction"),
            ("\"name\": \"national-2017\"", "\"name\": \"National\"", "name"),
            ("\"status\": \"C2\"", "\"status\": \"K\"", "rules[0].status"),
            ("\"unknown\": \"exclude\"", "\"unknown\": \"ask\"", "rules[0].unknown"),
            ("\"v\": 1", "\"v\": 1, \"extra\": 1", "extra"),
        ] {
            match changed(from, to) {
                Err(ProfileError::Shape(error)) => assert_eq!(error.path, place),
                other => panic!("{to}: {other:?}"),
            }
        }
        assert!(matches!(changed("\"lots\": 1", "\"lots\": 1.0"), Err(ProfileError::Json(_))));
        assert!(matches!(changed("\"lots\": 1", "\"lots\": null"), Err(ProfileError::Json(_))));
    }

    #[test]
    fn a_status_has_one_spelling() {
        assert_eq!(Status::parse("C"), Some(Status::Text));
        assert_eq!(Status::parse("C2"), Some(Status::Secondary));
        assert_eq!(Status::parse("K85"), Some(Status::Knowledge(85)));
        for bad in ["", "c", "C3", "K", "K5", "K100", "K+5"] {
            assert_eq!(Status::parse(bad), None, "{bad}");
        }
    }
}
