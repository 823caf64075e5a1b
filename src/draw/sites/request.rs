//! What was asked of a draw of sites, sworn to by a salted digest (`api-spec/sites-v1.md` §3).

use super::{Limits, PICKS_LIMIT};
use crate::codec::{Fields, Hash, Json, LabelledHash, Object, ShapeError, object};
use crate::draw::tags::is_number;

/// The request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesRequest {
    /// Plan number (采购计划编号).
    pub plan: String,
    /// Package number within the plan.
    pub package: String,
    /// Start of the review, Unix seconds.
    pub review_start: i64,
    /// Its expected end, Unix seconds.
    pub review_end: i64,
    /// Region codes in which venues count, strictly ascending, 1 to 64.
    pub within: Vec<String>,
    /// The host's city, whose venues do not count; none: every city counts.
    pub host: Option<String>,
    /// How many, and within which limits.
    pub limits: Limits,
}

impl SitesRequest {
    /// The canonical JSON value.
    pub fn to_json(&self) -> Json {
        Object::new()
            .with("v", 1u32)
            .with("plan", self.plan.as_str())
            .with("package", self.package.as_str())
            .with("review_start", self.review_start)
            .with("review_end", self.review_end)
            .with("within", self.within.iter().map(|code| Json::from(code.as_str())).collect::<Json>())
            .with_some("host", self.host.clone())
            .with("limits", limits_json(&self.limits))
            .into()
    }

    /// Reads a request; the error names field and rule.
    pub fn from_json(json: &Json, path: &str) -> Result<Self, ShapeError> {
        object(json, path, |f| {
            f.int("v", 1..=1)?;
            let request = Self {
                plan: number(f, "plan")?,
                package: number(f, "package")?,
                review_start: f.int("review_start", 0..=crate::codec::json::MAX_INTEGER)?,
                review_end: f.int("review_end", 0..=crate::codec::json::MAX_INTEGER)?,
                within: f.each("within", |item, at| region(item).ok_or_else(|| wrong_region(at)))?,
                host: match f.optional("host") {
                    Some(item) => Some(region(item).ok_or_else(|| wrong_region(&f.at("host")))?),
                    None => None,
                },
                limits: read_limits(f)?,
            };
            if request.review_end <= request.review_start {
                return Err(f.wrong("review_end", "must be after review_start"));
            }
            if !(1..=64).contains(&request.within.len()) || !request.within.is_sorted_by(|a, b| a < b) {
                return Err(f.wrong("within", "1 to 64 codes, strictly ascending"));
            }
            Ok(request)
        })
    }

    /// H("sites-request"; salt 32 ‖ canonical request).
    pub fn digest(&self, salt: &[u8; 32]) -> Hash {
        LabelledHash::new("sites-request").fixed(salt).variable(&self.to_json().canonical()).finish()
    }
}

/// Limits as a request and a commitment write them.
pub(super) fn limits_json(limits: &Limits) -> Object {
    Object::new()
        .with("picks", limits.picks)
        .with("workstations", limits.workstations)
        .with("min_cities", limits.min_cities)
        .with("max_per_city", limits.max_per_city)
}

/// Reads what [`limits_json`] writes.
pub(super) fn read_limits(f: &mut Fields<'_>) -> Result<Limits, ShapeError> {
    f.object("limits", |f| {
        let between = |f: &mut Fields<'_>, key: &str, least: i64, most: u32| {
            f.int(key, least..=i64::from(most)).map(|n| u32::try_from(n).unwrap_or(0))
        };
        let limits = Limits {
            picks: between(f, "picks", 1, PICKS_LIMIT)?,
            workstations: between(f, "workstations", 1, u32::from(u16::MAX))?,
            min_cities: between(f, "min_cities", 0, PICKS_LIMIT)?,
            max_per_city: between(f, "max_per_city", 1, PICKS_LIMIT)?,
        };
        if limits.min_cities > limits.picks {
            return Err(f.wrong("min_cities", "at most as many as picks"));
        }
        Ok(limits)
    })
}

fn number(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    if is_number(text) {
        Ok(text.to_owned())
    } else {
        Err(f.wrong(key, "must be a number [0-9A-Z]+(-[0-9A-Z]+)*"))
    }
}

fn region(item: &Json) -> Option<String> {
    item.as_str().filter(|t| t.len() == 6 && t.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
}

fn wrong_region(path: &str) -> ShapeError {
    ShapeError::new(path, "must be a region code of 6 digits")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> SitesRequest {
        SitesRequest {
            plan: "430600-2026-17".into(),
            package: "2".into(),
            review_start: 1_790_000_000,
            review_end: 1_790_014_400,
            within: vec!["430100".into(), "430600".into()],
            host: Some("430600".into()),
            limits: Limits { picks: 2, workstations: 3, min_cities: 2, max_per_city: 1 },
        }
    }

    #[test]
    fn a_request_reads_back_and_its_digest_depends_on_every_part() {
        let request = sample();
        assert_eq!(SitesRequest::from_json(&request.to_json(), "request"), Ok(request.clone()));
        let other = SitesRequest { host: None, ..request.clone() };
        assert_eq!(SitesRequest::from_json(&other.to_json(), "request"), Ok(other.clone()));
        assert_ne!(request.digest(&[0; 32]), other.digest(&[0; 32]));
        assert_ne!(request.digest(&[0; 32]), request.digest(&[1; 32]));
    }

    #[test]
    fn what_breaks_a_limit_is_named() {
        let refused = |change: &dyn Fn(&mut SitesRequest)| {
            let mut request = sample();
            change(&mut request);
            SitesRequest::from_json(&request.to_json(), "request").unwrap_err().path
        };
        assert_eq!(refused(&|r| r.within.reverse()), "request.within");
        assert_eq!(refused(&|r| r.review_end = r.review_start), "request.review_end");
        assert_eq!(refused(&|r| r.limits.min_cities = 3), "request.limits.min_cities");
        assert_eq!(refused(&|r| r.limits.picks = 32), "request.limits.picks");
        assert_eq!(refused(&|r| r.host = Some("x".into())), "request.host");
    }
}
