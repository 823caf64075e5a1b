//! What an evidence file opens, by audience (`api-spec/evidence-v1.md` §3): shape only; that the
//! openings fit the commitment is checked in `verify/openings.rs`.

use super::bundle::Audience;
use crate::codec::{Fields, Hash, Json, Object, ShapeError, object, to_hex};
use crate::draw::request::{GroupRequest, Request, names_from_json, names_json};
use crate::draw::statements::proof;
use crate::draw::vrf::Proof;

/// Number of the package and the proofs of its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageOpening {
    /// Plan number.
    pub plan: String,
    /// Package number.
    pub package: String,
    /// Proof of the plan tag.
    pub plan_proof: Proof,
    /// Proof of the package tag.
    pub package_proof: Proof,
}

/// Group names and their salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesOpening {
    /// Salt of the names digest.
    pub salt: Hash,
    /// The groups in order.
    pub groups: Vec<GroupRequest>,
}

/// One member of the panel, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatedOpening {
    /// Draw salt.
    pub draw_salt: Hash,
    /// Expert number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Salt of the card.
    pub card_salt: Hash,
    /// Digest of the private facts.
    pub rest: Hash,
    /// Index of the registry entry.
    pub registry: u64,
}

/// One candidate, by number, without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateOpening {
    /// Expert number.
    pub number: String,
    /// Image digest.
    pub image: Hash,
    /// Index of the registry entry.
    pub registry: u64,
    /// Employer listed first.
    pub unit: Option<String>,
    /// Further employers, ascending.
    pub further_units: Vec<String>,
    /// Numbers of related candidates, ascending.
    pub relations: Vec<String>,
}

/// One excluded person, by number, with the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedOpening {
    /// Expert number.
    pub number: String,
    /// Image digest.
    pub image: Hash,
    /// Index of the registry entry.
    pub registry: u64,
    /// Names of the rules, ascending.
    pub rules: Vec<String>,
}

/// What only an auditor is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditorOpenings {
    /// The request.
    pub request: Request,
    /// The draw key.
    pub draw_key: Hash,
    /// Candidates by position.
    pub candidates: Vec<CandidateOpening>,
    /// Excluded people by number.
    pub excluded: Vec<ExcludedOpening>,
}

/// All openings of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openings {
    /// Package number with tag proofs.
    pub package: PackageOpening,
    /// Group names.
    pub names: NamesOpening,
    /// The panel in drawn order.
    pub seated: Vec<SeatedOpening>,
    /// Auditor's part; present exactly in an auditor's file.
    pub auditor: Option<AuditorOpenings>,
}

impl Openings {
    /// The JSON value.
    pub fn to_json(&self) -> Json {
        let package = Object::new()
            .with("plan", self.package.plan.as_str())
            .with("package", self.package.package.as_str())
            .with("plan_proof", to_hex(&self.package.plan_proof.0))
            .with("package_proof", to_hex(&self.package.package_proof.0));
        let names =
            Object::new().with("salt", self.names.salt).with("groups", names_json(&self.names.groups));
        let mut all = Object::new()
            .with("package", package)
            .with("names", names)
            .with("seated", self.seated.iter().map(seated).collect::<Json>());
        if let Some(auditor) = &self.auditor {
            all = all
                .with("request", auditor.request.to_json())
                .with("draw_key", auditor.draw_key)
                .with("candidates", auditor.candidates.iter().map(candidate).collect::<Json>())
                .with("excluded", auditor.excluded.iter().map(excluded).collect::<Json>());
        }
        all.into()
    }

    /// Reads openings for an audience: the public has no auditor's part, the auditor must have it.
    pub fn read(json: &Json, path: &str, audience: Audience) -> Result<Self, ShapeError> {
        object(json, path, |f| {
            let auditor = match audience {
                Audience::Public => None,
                Audience::Auditor => Some(AuditorOpenings {
                    request: Request::from_json(f.required("request")?, &f.at("request"))?,
                    draw_key: f.hash("draw_key")?,
                    candidates: f.each("candidates", |item, at| object(item, at, read_candidate))?,
                    excluded: f.each("excluded", |item, at| object(item, at, read_excluded))?,
                }),
            };
            let package = f.object("package", |f| {
                Ok(PackageOpening {
                    plan: f.str("plan")?.to_owned(),
                    package: f.str("package")?.to_owned(),
                    plan_proof: proof(f, "plan_proof")?,
                    package_proof: proof(f, "package_proof")?,
                })
            })?;
            let names = f.object("names", |f| {
                let groups = names_from_json(f.required("groups")?, &f.at("groups"))?;
                Ok(NamesOpening { salt: f.hash("salt")?, groups })
            })?;
            let seated = f.each("seated", |item, at| object(item, at, read_seated))?;
            Ok(Self { package, names, seated, auditor })
        })
    }
}

fn seated(member: &SeatedOpening) -> Json {
    Object::new()
        .with("draw_salt", member.draw_salt)
        .with("number", member.number.as_str())
        .with("name", member.name.as_str())
        .with("card_salt", member.card_salt)
        .with("rest", member.rest)
        .with("registry", member.registry)
        .into()
}

fn read_seated(f: &mut Fields<'_>) -> Result<SeatedOpening, ShapeError> {
    Ok(SeatedOpening {
        draw_salt: f.hash("draw_salt")?,
        number: f.str("number")?.to_owned(),
        name: f.str("name")?.to_owned(),
        card_salt: f.hash("card_salt")?,
        rest: f.hash("rest")?,
        registry: f.u64("registry")?,
    })
}

fn candidate(person: &CandidateOpening) -> Json {
    Object::new()
        .with("number", person.number.as_str())
        .with("image", person.image)
        .with("registry", person.registry)
        .with_some("unit", person.unit.as_deref())
        .with("further_units", texts(&person.further_units))
        .with("relations", texts(&person.relations))
        .into()
}

fn read_candidate(f: &mut Fields<'_>) -> Result<CandidateOpening, ShapeError> {
    let unit = if f.optional("unit").is_some() { Some(f.str("unit")?.to_owned()) } else { None };
    Ok(CandidateOpening {
        number: f.str("number")?.to_owned(),
        image: f.hash("image")?,
        registry: f.u64("registry")?,
        unit,
        further_units: ascending(f, "further_units")?,
        relations: ascending(f, "relations")?,
    })
}

fn excluded(person: &ExcludedOpening) -> Json {
    Object::new()
        .with("number", person.number.as_str())
        .with("image", person.image)
        .with("registry", person.registry)
        .with("rules", texts(&person.rules))
        .into()
}

fn read_excluded(f: &mut Fields<'_>) -> Result<ExcludedOpening, ShapeError> {
    let rules = ascending(f, "rules")?;
    if rules.is_empty() {
        return Err(f.wrong("rules", "at least one rule"));
    }
    let number = f.str("number")?.to_owned();
    Ok(ExcludedOpening { number, image: f.hash("image")?, registry: f.u64("registry")?, rules })
}

fn texts(items: &[String]) -> Json {
    items.iter().map(|item| Json::from(item.as_str())).collect()
}

/// A list of strings, strictly ascending by bytes.
fn ascending(f: &mut Fields<'_>, key: &str) -> Result<Vec<String>, ShapeError> {
    let items = f.each(key, |item, path| {
        item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
    })?;
    if items.is_sorted_by(|a, b| a < b) { Ok(items) } else { Err(f.wrong(key, "must be strictly ascending")) }
}
