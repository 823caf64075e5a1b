//! The private record of a draw: everything that its commitment seals, from which its leaves are
//! recomputed. Sealed under the draw's own data key in the journal entry of the commitment.
//!
//! Two lines: a header (key, request, counts, tag proofs) and the people, so that a list or a view
//! parses a kilobyte and not a pool. People are rows and not objects, because there are thousands.

use std::collections::BTreeMap;

use super::judged::Judged;
use crate::codec::{Hash, Json, Object, ShapeError, object, to_hex};
use crate::draw::identity::DrawKey;
use crate::draw::pool::{Candidate, Excluded};
use crate::draw::request::Request;
use crate::draw::vrf::Proof;
use crate::service::calls::terms::CallTerms;

/// The largest record that is read, in bytes.
const RECORD_LIMIT: usize = 1 << 30;

/// The part of a record that a view needs.
#[derive(Clone)]
pub struct Header {
    /// The draw key.
    pub key: DrawKey,
    /// The request.
    pub request: Request,
    /// Excluded people by rule.
    pub excluded: BTreeMap<String, u32>,
    /// Proof of the plan tag.
    pub plan_proof: Proof,
    /// Proof of the package tag.
    pub package_proof: Proof,
    /// What people were judged by beyond request and registry; `None` under profiles of version 1.
    pub judged: Option<Judged>,
    /// The terms of its calls; `None`: this draw has none.
    pub calls: Option<CallTerms>,
}

/// What a commitment seals.
#[derive(Clone)]
pub struct DrawRecord {
    /// Key, request, counts, proofs.
    pub header: Header,
    /// Candidates by pool position.
    pub candidates: Vec<Candidate>,
    /// Excluded people, ascending by number.
    pub excluded: Vec<Excluded>,
    /// Pairs of candidates related to each other, by number, ascending.
    pub related: Vec<(String, String)>,
}

impl Header {
    fn to_json(&self) -> Json {
        let count = |(rule, count): (&String, &u32)| {
            Json::from(Object::new().with("rule", rule.as_str()).with("count", *count))
        };
        Object::new()
            .with("v", 1u32)
            .with("draw_key", to_hex(&self.key.0))
            .with("request", self.request.to_json())
            .with("excluded", self.excluded.iter().map(count).collect::<Json>())
            .with("plan_proof", self.plan_proof.to_hex())
            .with("package_proof", self.package_proof.to_hex())
            .with_some("judged", self.judged.as_ref().map(Judged::to_json))
            .with_some("calls", self.calls.as_ref().map(CallTerms::to_json))
            .into()
    }

    /// Reads the header of a record's bytes, leaving the people unread.
    pub fn of(bytes: &[u8]) -> Result<Self, ShapeError> {
        object(&line(bytes, 0)?, "header", |f| {
            f.int("v", 1..=1)?;
            let mut proof =
                |key: &str| Proof::from_hex(f.str(key)?).map_err(|_| ShapeError::new(key, "must be a proof"));
            Ok(Self {
                plan_proof: proof("plan_proof")?,
                package_proof: proof("package_proof")?,
                judged: match f.optional("judged") {
                    Some(_) => Some(f.object("judged", Judged::read)?),
                    None => None,
                },
                key: DrawKey(*f.hash("draw_key")?.as_bytes()),
                request: Request::from_json(f.required("request")?, "request")?,
                excluded: f
                    .each("excluded", |item, path| {
                        object(item, path, |f| Ok((f.str("rule")?.to_owned(), f.u32("count", u32::MAX)?)))
                    })?
                    .into_iter()
                    .collect(),
                calls: match f.optional("calls") {
                    Some(terms) => Some(CallTerms::from_json(terms, "calls")?),
                    None => None,
                },
            })
        })
    }
}

impl DrawRecord {
    /// Two lines of canonical JSON, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let people = Object::new()
            .with("candidates", self.candidates.iter().map(candidate).collect::<Json>())
            .with("excluded", self.excluded.iter().map(excluded).collect::<Json>());
        let pairs = self.related.iter().map(|(one, other)| texts(&[one.clone(), other.clone()]));
        // Left out where there are none, as in records of profiles of version 1.
        let related = (!self.related.is_empty()).then(|| pairs.collect::<Json>());
        let people = people.with_some("related", related);
        let mut bytes = self.header.to_json().canonical();
        bytes.push(b'\n');
        bytes.extend(Json::from(people).canonical());
        bytes
    }

    /// Numbers of the candidates related to one, ascending.
    pub fn related_to(&self, number: &str) -> Vec<String> {
        let other = |(one, two): &(String, String)| match (one == number, two == number) {
            (true, _) => Some(two.clone()),
            (_, true) => Some(one.clone()),
            _ => None,
        };
        let mut related: Vec<String> = self.related.iter().filter_map(other).collect();
        related.sort();
        related
    }

    /// Reads what [`DrawRecord::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ShapeError> {
        let header = Header::of(bytes)?;
        object(&line(bytes, 1)?, "people", |f| {
            let candidates = f.each("candidates", read_candidate)?;
            let excluded = f.each("excluded", read_excluded)?;
            let related =
                if f.optional("related").is_some() { f.each("related", read_pair)? } else { Vec::new() };
            Ok(Self { header, candidates, excluded, related })
        })
    }
}

/// One line of a record. Canonical JSON has no newline of its own.
fn line(bytes: &[u8], n: usize) -> Result<Json, ShapeError> {
    let line = bytes.splitn(2, |byte| *byte == b'\n').nth(n).unwrap_or_default();
    Json::parse_canonical(line, RECORD_LIMIT).map_err(|e| ShapeError::new("", e.to_string()))
}

fn candidate(person: &Candidate) -> Json {
    Json::from_iter([
        Json::from(person.number.as_str()),
        Json::from(person.image),
        Json::from(person.registry),
        Json::from(person.groups),
        Json::from(u32::from(person.lots)),
        Json::from(person.unit.clone().unwrap_or_default()),
        texts(&person.further_units),
    ])
}

fn read_candidate(json: &Json, path: &str) -> Result<Candidate, ShapeError> {
    let wrong = || ShapeError::new(path, "not a candidate");
    let Some([number, image, registry, groups, lots, unit, further]) = json.as_list() else {
        return Err(wrong());
    };
    let unit = unit.as_str().ok_or_else(wrong)?;
    Ok(Candidate {
        number: number.as_str().ok_or_else(wrong)?.to_owned(),
        image: image.as_str().and_then(Hash::from_hex).ok_or_else(wrong)?,
        registry: int(registry).ok_or_else(wrong)?,
        groups: int(groups).ok_or_else(wrong)?,
        lots: int(lots).ok_or_else(wrong)?,
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
        further_units: read_texts(further).ok_or_else(wrong)?,
    })
}

fn excluded(person: &Excluded) -> Json {
    Json::from_iter([
        Json::from(person.number.as_str()),
        Json::from(person.image),
        Json::from(person.registry),
        texts(&person.rules),
    ])
}

fn read_excluded(json: &Json, path: &str) -> Result<Excluded, ShapeError> {
    let wrong = || ShapeError::new(path, "not an exclusion");
    let Some([number, image, registry, rules]) = json.as_list() else { return Err(wrong()) };
    Ok(Excluded {
        number: number.as_str().ok_or_else(wrong)?.to_owned(),
        image: image.as_str().and_then(Hash::from_hex).ok_or_else(wrong)?,
        registry: int(registry).ok_or_else(wrong)?,
        rules: read_texts(rules).ok_or_else(wrong)?,
    })
}

fn read_pair(json: &Json, path: &str) -> Result<(String, String), ShapeError> {
    let wrong = || ShapeError::new(path, "not a pair of numbers");
    match read_texts(json).as_deref() {
        Some([one, other]) => Ok((one.clone(), other.clone())),
        _ => Err(wrong()),
    }
}

fn texts(items: &[String]) -> Json {
    items.iter().map(|item| Json::from(item.as_str())).collect()
}

fn read_texts(json: &Json) -> Option<Vec<String>> {
    json.as_list()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn int<T: TryFrom<i64>>(json: &Json) -> Option<T> {
    json.as_int().and_then(|n| T::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::request::tests::sample;
    use crate::rules::people_facts::{Involved, Part};
    use crate::time::Date;

    #[test]
    fn a_record_reads_back() {
        let record = DrawRecord {
            header: Header {
                key: DrawKey([7; 32]),
                request: sample(),
                excluded: [("age_limit".to_owned(), 1)].into(),
                plan_proof: Proof([1; 80]),
                package_proof: Proof([2; 80]),
                judged: None,
                calls: Some(crate::service::calls::terms::tests::terms()),
            },
            candidates: vec![Candidate {
                number: "E1".into(),
                image: Hash([1; 32]),
                registry: 5,
                groups: 3,
                lots: 1,
                unit: None,
                further_units: vec!["U".into()],
            }],
            excluded: vec![Excluded {
                number: "E2".into(),
                image: Hash([2; 32]),
                registry: 6,
                rules: vec!["age_limit".into()],
            }],
            related: Vec::new(),
        };
        let plain = String::from_utf8(record.to_bytes()).unwrap();
        assert!(!plain.contains("judged") && !plain.contains("related"), "as it always was");
        let judged = Judged {
            before: 7,
            day: Date::parse("2026-11-26").unwrap(),
            hours: 4,
            package: Some("K1".into()),
            involved: Some(vec![Involved {
                part: Part::Design,
                number: Some("E9".into()),
                id_hash: None,
                name_hash: Some(Hash([9; 32])),
            }]),
            barred: vec!["E7".into()],
            registry_profile: Hash([8; 32]),
        };
        let related = vec![("E1".to_owned(), "E3".to_owned())];
        let header = Header { judged: Some(judged.clone()), ..record.header.clone() };
        let full = DrawRecord { header, related: related.clone(), ..record.clone() };
        let read = DrawRecord::from_bytes(&full.to_bytes()).unwrap();
        assert_eq!((read.header.judged, read.related), (Some(judged), related));
        let again = DrawRecord::from_bytes(&record.to_bytes()).unwrap();
        assert_eq!(again.to_bytes(), record.to_bytes());
        assert_eq!(again.candidates, record.candidates);
        assert_eq!(Header::of(&record.to_bytes()).unwrap().request, record.header.request);
        assert_eq!(Header::of(&record.to_bytes()).unwrap().calls, record.header.calls);
    }
}
