//! The request (抽取申请): what the agency asked for, sworn to before any randomness exists.
//!
//! The commitment carries only salted digests: H("request"; salt 32 ‖ canonical request) for those
//! who may see everything, and H("names"; salt 32 ‖ canonical group list) so that the group names
//! can be opened to the public without the suppliers (`api-spec/draw-v1.md` §3.1).
//!
//! *Invariant:* a [`Request`] read here is within every limit; what its codes mean is the service's
//! and the registry's business.

use super::tags::is_number;
use crate::codec::{Fields, Hash, Json, LabelledHash, Object, ShapeError, object};

/// The most seat groups of one draw.
pub const GROUP_LIMIT: usize = 32;
/// The most seats of one draw, over all groups.
pub const SEAT_LIMIT: u32 = 64;
/// The most suppliers of one package.
pub const SUPPLIER_LIMIT: usize = 64;
/// The most regions named by one group, either way.
pub const REGION_LIMIT: usize = 64;
const NAME_LIMIT: usize = 400;

/// An organisation: unified social credit code (GB 32100) and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Organisation {
    /// Code, 18 characters.
    pub code: String,
    /// Name.
    pub name: String,
}

/// What one seat group asks for: a speciality, regions of review, a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRequest {
    /// `scheme:code`, e.g. `ndrc316:A0832`.
    pub speciality: String,
    /// Region codes within which an expert's review region must lie; never empty.
    pub within: Vec<String>,
    /// Region codes that do not count although they lie within.
    pub except: Vec<String>,
    /// Seats, 1 to 64.
    pub seats: u32,
    /// Site number (评审场所), 1 to 32.
    pub site: u32,
}

/// The request of one draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Plan number (采购计划编号).
    pub plan: String,
    /// Package number within the plan (包号).
    pub package: String,
    /// Purchaser (采购人).
    pub purchaser: Organisation,
    /// Agency (采购代理机构).
    pub agency: Organisation,
    /// Suppliers (供应商), ascending by code.
    pub suppliers: Vec<Organisation>,
    /// Start of the review, Unix seconds.
    pub review_start: i64,
    /// Seat groups in order of their numbers.
    pub groups: Vec<GroupRequest>,
}

impl Request {
    /// The canonical JSON value.
    pub fn to_json(&self) -> Json {
        Object::new()
            .with("v", 1u32)
            .with("plan", self.plan.as_str())
            .with("package", self.package.as_str())
            .with("purchaser", organisation(&self.purchaser))
            .with("agency", organisation(&self.agency))
            .with("suppliers", self.suppliers.iter().map(organisation).collect::<Json>())
            .with("review_start", self.review_start)
            .with("groups", self.groups.iter().map(group).collect::<Json>())
            .into()
    }

    /// Reads a request; the error names field and rule.
    pub fn from_json(json: &Json, path: &str) -> Result<Self, ShapeError> {
        let request = object(json, path, |f| {
            f.int("v", 1..=1)?;
            Ok(Self {
                plan: number(f, "plan")?,
                package: number(f, "package")?,
                purchaser: read_organisation(f.required("purchaser")?, &f.at("purchaser"))?,
                agency: read_organisation(f.required("agency")?, &f.at("agency"))?,
                suppliers: f.each("suppliers", read_organisation)?,
                review_start: f.int("review_start", 0..=crate::codec::json::MAX_INTEGER)?,
                groups: f.each("groups", read_group)?,
            })
        })?;
        let seats: u32 = request.groups.iter().map(|g| g.seats).sum();
        let wrong = |field: &str, rule: &str| Err(ShapeError::new(format!("{path}.{field}"), rule));
        if request.groups.is_empty() || request.groups.len() > GROUP_LIMIT {
            return wrong("groups", "1 to 32 groups");
        }
        if seats > SEAT_LIMIT {
            return wrong("groups", "at most 64 seats over all groups");
        }
        if request.suppliers.len() > SUPPLIER_LIMIT {
            return wrong("suppliers", "at most 64 suppliers");
        }
        if !request.suppliers.is_sorted_by(|a, b| a.code < b.code) {
            return wrong("suppliers", "must be strictly ascending by code, none twice");
        }
        Ok(request)
    }

    /// H("request"; salt 32 ‖ canonical request).
    pub fn digest(&self, salt: &[u8; 32]) -> Hash {
        LabelledHash::new("request").fixed(salt).variable(&self.to_json().canonical()).finish()
    }

    /// The group list that opens to the public: the same objects as in the request.
    pub fn names(&self) -> Json {
        names_json(&self.groups)
    }
}

/// The canonical list of groups.
pub fn names_json(groups: &[GroupRequest]) -> Json {
    groups.iter().map(group).collect()
}

/// Reads an opened list of groups.
pub fn names_from_json(json: &Json, path: &str) -> Result<Vec<GroupRequest>, ShapeError> {
    let items = json.as_list().ok_or_else(|| ShapeError::new(path, "must be an array"))?;
    items.iter().enumerate().map(|(i, item)| read_group(item, &format!("{path}[{i}]"))).collect()
}

/// H("names"; salt 32 ‖ canonical group list).
pub fn names_digest(salt: &[u8; 32], groups: &[GroupRequest]) -> Hash {
    LabelledHash::new("names").fixed(salt).variable(&names_json(groups).canonical()).finish()
}

fn number(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    if is_number(text) {
        Ok(text.to_owned())
    } else {
        Err(f.wrong(key, "must be a number [0-9A-Z]+(-[0-9A-Z]+)*"))
    }
}

fn organisation(organisation: &Organisation) -> Json {
    Object::new().with("code", organisation.code.as_str()).with("name", organisation.name.as_str()).into()
}

fn read_organisation(json: &Json, path: &str) -> Result<Organisation, ShapeError> {
    object(json, path, |f| Ok(Organisation { code: text(f, "code")?, name: text(f, "name")? }))
}

fn group(group: &GroupRequest) -> Json {
    let codes = |codes: &[String]| codes.iter().map(|code| Json::from(code.as_str())).collect::<Json>();
    Object::new()
        .with("speciality", group.speciality.as_str())
        .with("within", codes(&group.within))
        .with("except", codes(&group.except))
        .with("seats", group.seats)
        .with("site", group.site)
        .into()
}

fn read_group(json: &Json, path: &str) -> Result<GroupRequest, ShapeError> {
    object(json, path, |f| {
        let mut regions = |key: &str, least: usize| {
            let codes = f.each(key, |code, at| {
                let text = code.as_str().filter(|t| t.len() == 6 && t.bytes().all(|b| b.is_ascii_digit()));
                text.map(str::to_owned)
                    .ok_or_else(|| ShapeError::new(at, "must be a region code of 6 digits"))
            })?;
            let within = (least..=REGION_LIMIT).contains(&codes.len()) && codes.is_sorted_by(|a, b| a < b);
            if within {
                Ok(codes)
            } else {
                Err(f.wrong(key, format!("{least} to 64 codes, strictly ascending")))
            }
        };
        Ok(GroupRequest {
            within: regions("within", 1)?,
            except: regions("except", 0)?,
            speciality: text(f, "speciality")?,
            seats: u32::try_from(f.int("seats", 1..=64)?).unwrap_or(0),
            site: u32::try_from(f.int("site", 1..=32)?).unwrap_or(0),
        })
    })
}

fn text(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    let allowed = !text.is_empty() && text.len() <= NAME_LIMIT && !text.chars().any(char::is_control);
    if allowed { Ok(text.to_owned()) } else { Err(f.wrong(key, "1 to 400 bytes without control characters")) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Request {
        let organisation = |code: &str| Organisation { code: code.into(), name: format!("单位{code}") };
        Request {
            plan: "430600-2026-17".into(),
            package: "2".into(),
            purchaser: organisation("A"),
            agency: organisation("B"),
            suppliers: vec![organisation("C"), organisation("D")],
            review_start: 1_790_000_000,
            groups: vec![GroupRequest {
                speciality: "ndrc316:A0832".into(),
                within: vec!["430000".into()],
                except: vec!["430600".into()],
                seats: 2,
                site: 1,
            }],
        }
    }

    #[test]
    fn a_request_reads_back_and_its_digest_depends_on_every_part() {
        let request = sample();
        assert_eq!(Request::from_json(&request.to_json(), "request"), Ok(request.clone()));
        let changed = Request { review_start: request.review_start + 1, ..request.clone() };
        assert_ne!(request.digest(&[0; 32]), changed.digest(&[0; 32]));
        assert_ne!(request.digest(&[0; 32]), request.digest(&[1; 32]));
    }

    #[test]
    fn what_breaks_a_limit_is_named() {
        let refused = |change: &dyn Fn(&mut Request)| {
            let mut request = sample();
            change(&mut request);
            Request::from_json(&request.to_json(), "request").unwrap_err().path
        };
        assert_eq!(refused(&|r| r.plan = "01".into()), "request.plan");
        assert_eq!(refused(&|r| r.groups[0].seats = 65), "request.groups[0].seats");
        assert_eq!(refused(&|r| r.groups = vec![r.groups[0].clone(); 33]), "request.groups");
        assert_eq!(refused(&|r| r.suppliers.reverse()), "request.suppliers");
        assert_eq!(refused(&|r| r.groups[0].within.clear()), "request.groups[0].within");
    }
}
