//! What people were judged by beyond the request and the registry: sealed with the commitment, so that a
//! replay judges by the same. Profiles of version 1 ask for none of it, and their records have none.

use crate::codec::{Fields, Hash, Json, Object, ShapeError, object};
use crate::rules::people_facts::{Involved, Part};
use crate::rules::{Project, REVIEW_HOURS};
use crate::time::Date;

/// The inputs of one judging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Entries of the journal below this were followed for engagements and tiers.
    pub before: u64,
    /// The day for which tiers were computed.
    pub day: Date,
    /// Expected hours of the review.
    pub hours: u32,
    /// Id of the package whose earlier attempts count.
    pub package: Option<String>,
    /// Who had a part in the project; `None`: not stated.
    pub involved: Option<Vec<Involved>>,
    /// Numbers of experts who may not sit again.
    pub barred: Vec<String>,
    /// Digest of the registry profile whose table of tiers was used.
    pub registry_profile: Hash,
}

impl Judged {
    /// The inputs that a project brings.
    pub fn of(project: &Project, before: u64, day: Date, registry_profile: Hash) -> Judged {
        let seconds = project.review_end.0.saturating_sub(project.review_start.0).max(0);
        Judged {
            before,
            day,
            hours: u32::try_from(seconds / 3600).unwrap_or(REVIEW_HOURS),
            package: project.package.clone(),
            involved: project.involved.clone(),
            barred: project.barred.clone(),
            registry_profile,
        }
    }

    /// A project of a request with these inputs.
    pub fn complete(&self, project: Project) -> Project {
        Project {
            package: self.package.clone(),
            involved: self.involved.clone(),
            barred: self.barred.clone(),
            ..project
        }
        .lasting(self.hours)
    }

    pub(super) fn to_json(&self) -> Json {
        let involved = |person: &Involved| {
            Json::from(
                Object::new()
                    .with("part", person.part.as_str())
                    .with_some("number", person.number.as_deref())
                    .with_some("id_hash", person.id_hash)
                    .with_some("name_hash", person.name_hash),
            )
        };
        let people = self.involved.as_ref().map(|people| people.iter().map(involved).collect::<Json>());
        let numbers = || self.barred.iter().map(|number| Json::from(number.as_str())).collect::<Json>();
        let barred = (!self.barred.is_empty()).then(numbers);
        Object::new()
            .with("before", self.before)
            .with("day", self.day.to_string())
            .with("hours", self.hours)
            .with_some("package", self.package.as_deref())
            .with_some("involved", people)
            .with_some("barred", barred)
            .with("registry_profile", self.registry_profile)
            .into()
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Judged, ShapeError> {
        let day = Date::parse(f.str("day")?).map_err(|error| f.wrong("day", error.to_string()))?;
        let involved = match f.optional("involved") {
            None => None,
            Some(_) => Some(f.each("involved", |json, path| object(json, path, read_involved))?),
        };
        Ok(Judged {
            before: f.u64("before")?,
            day,
            hours: f.u32("hours", u32::MAX)?,
            package: if f.optional("package").is_some() { Some(f.str("package")?.to_owned()) } else { None },
            involved,
            barred: match f.optional("barred") {
                None => Vec::new(),
                Some(_) => f.each("barred", |json, path| {
                    let number = json.as_str().map(str::to_owned);
                    number.ok_or_else(|| ShapeError::new(path, "must be a string"))
                })?,
            },
            registry_profile: f.hash("registry_profile")?,
        })
    }
}

fn read_involved(f: &mut Fields<'_>) -> Result<Involved, ShapeError> {
    let hash = |f: &mut Fields<'_>, key: &str| {
        if f.optional(key).is_some() { f.hash(key).map(Some) } else { Ok(None) }
    };
    Ok(Involved {
        part: Part::parse(f.str("part")?).ok_or_else(|| f.wrong("part", "unknown word"))?,
        number: if f.optional("number").is_some() { Some(f.str("number")?.to_owned()) } else { None },
        id_hash: hash(f, "id_hash")?,
        name_hash: hash(f, "name_hash")?,
    })
}
