//! The private after-image (私有后像): what the store seals with an entry, and the digests by which
//! the public statement is bound to it (`api-spec/draw-v1.md` §2.1).
//!
//! card = H("card"; salt 32 ‖ canonical {number, name}), rest = H("rest"; salt 32 ‖ canonical private
//! facts), image = H("image"; card ‖ rest). The card can be opened without the rest: it is what an
//! unsealed panel shows.
//!
//! *Invariant:* reading is the inverse of writing; a byte more or less is refused, so two images of
//! one digest never differ in meaning.
//!
//! *Deliberately not here:* encryption (the store's), the making of salts (whoever has entropy).

use std::fmt;

use crate::codec::{Fields, Hash, Json, JsonError, LabelledHash, Object, ShapeError, object, to_hex};

use super::draft::Draft;
use super::expert::{Expert, ExpertNumber};
use super::standing_json::{read_standing, standing_json};

/// The longest image, in bytes. The limits of the records stay well below it.
pub const IMAGE_LIMIT: usize = 65_535;

/// An expert's card: what is opened of somebody who was seated.
pub fn expert_card(number: &str, name: &str) -> Json {
    Object::new().with("number", number).with("name", name).into()
}

/// H("card"; salt ‖ canonical card).
pub fn card_digest(salt: &[u8; 32], card: &Json) -> Hash {
    LabelledHash::new("card").fixed(salt).variable(&card.canonical()).finish()
}

/// H("rest"; salt ‖ canonical rest).
pub fn rest_digest(salt: &[u8; 32], rest: &Json) -> Hash {
    LabelledHash::new("rest").fixed(salt).variable(&rest.canonical()).finish()
}

/// H("image"; card digest ‖ rest digest).
pub fn image_digest(card: Hash, rest: Hash) -> Hash {
    LabelledHash::new("image").fixed(card.as_bytes()).fixed(rest.as_bytes()).finish()
}

/// A record that has an image: expert, unit, package.
pub trait Imaged: Sized {
    /// The part that may be opened: what the record is called.
    fn card(&self) -> Json;

    /// All other facts.
    fn rest(&self) -> Json;

    /// Reads both parts back.
    ///
    /// # Errors
    /// The first field that has not the shape or breaks a rule of the record.
    fn from_image(card: &Json, rest: &Json) -> Result<Self, ShapeError>;

    /// The image under two fresh salts, 32 random bytes each.
    fn seal(&self, card_salt: [u8; 32], rest_salt: [u8; 32]) -> SealedImage {
        SealedImage { card_salt, rest_salt, card: self.card(), rest: self.rest() }
    }
}

/// An image with its salts: the bytes that the store seals.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedImage {
    /// Salt of the card, 32 random bytes.
    pub card_salt: [u8; 32],
    /// Salt of the rest, 32 random bytes.
    pub rest_salt: [u8; 32],
    /// The card.
    pub card: Json,
    /// The rest.
    pub rest: Json,
}

impl SealedImage {
    /// Digest of the card.
    pub fn card_digest(&self) -> Hash {
        card_digest(&self.card_salt, &self.card)
    }

    /// Digest of the rest.
    pub fn rest_digest(&self) -> Hash {
        rest_digest(&self.rest_salt, &self.rest)
    }

    /// Digest of the image, which the public statement carries.
    pub fn digest(&self) -> Hash {
        image_digest(self.card_digest(), self.rest_digest())
    }

    /// Canonical JSON `{card, card_salt, rest, rest_salt, v}`; salts in hexadecimal.
    pub fn to_bytes(&self) -> Vec<u8> {
        let image = Object::new()
            .with("card", self.card.clone())
            .with("card_salt", to_hex(&self.card_salt))
            .with("rest", self.rest.clone())
            .with("rest_salt", to_hex(&self.rest_salt))
            .with("v", 1u32);
        Json::from(image).canonical()
    }

    /// Reads what [`SealedImage::to_bytes`] writes.
    ///
    /// # Errors
    /// [`ImageError`] for anything else, a longer or not canonical spelling included.
    pub fn from_bytes(bytes: &[u8]) -> Result<SealedImage, ImageError> {
        let json = Json::parse_canonical(bytes, IMAGE_LIMIT)?;
        let image = object(&json, "", |f| {
            f.int("v", 1..=1)?;
            Ok(SealedImage {
                card_salt: *f.hash("card_salt")?.as_bytes(),
                rest_salt: *f.hash("rest_salt")?.as_bytes(),
                card: f.required("card")?.clone(),
                rest: f.required("rest")?.clone(),
            })
        })?;
        Ok(image)
    }

    /// The record in it.
    ///
    /// # Errors
    /// As [`Imaged::from_image`].
    pub fn open<T: Imaged>(&self) -> Result<T, ShapeError> {
        T::from_image(&self.card, &self.rest)
    }
}

impl fmt::Debug for SealedImage {
    /// Shows the digest alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedImage({})", self.digest())
    }
}

/// Why bytes are not an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not canonical JSON within the limit.
    #[error("image: {0}")]
    Json(#[from] JsonError),
    /// Not the fields of an image.
    #[error("image: {0}")]
    Shape(#[from] ShapeError),
}

impl Imaged for Expert {
    fn card(&self) -> Json {
        expert_card(self.number().as_str(), self.name())
    }

    /// Version 2: the draft's written form without the name, with birth date, sex and standing.
    fn rest(&self) -> Json {
        self.draft()
            .object()
            .with("birth", self.birth().to_string())
            .with("sex", self.sex().code().to_string())
            .with("standing", standing_json(&self.standing()))
            .into()
    }

    fn from_image(card: &Json, rest: &Json) -> Result<Expert, ShapeError> {
        let (number, name) = object(card, "card", |f| {
            let number = ExpertNumber::parse(f.str("number")?);
            Ok((
                number.ok_or_else(|| f.wrong("number", "must be an expert number"))?,
                f.str("name")?.to_owned(),
            ))
        })?;
        let (version, draft, standing) = object(rest, "rest", |f| {
            let version = f.int("v", 1..=2)?;
            let draft = Draft { name, ..Draft::fields(f)? };
            Ok((version, draft, f.object("standing", read_standing)?))
        })?;
        let expert = draft.check_as(number, standing).map_err(|problems| first(problems, "rest"))?;
        let written = if version == 1 { as_version_1(expert.rest()) } else { expert.rest() };
        // Every meaning has one spelling, in each version.
        if written == *rest {
            Ok(expert)
        } else {
            Err(ShapeError::new("rest", "not the one spelling of these facts"))
        }
    }
}

/// How version 1 wrote facts that it could hold: another version, the sex as an integer.
fn as_version_1(rest: Json) -> Json {
    let Json::Map(mut map) = rest else { return rest };
    map.insert("v".to_owned(), Json::Int(1));
    if let Some(code) = map.get("sex").and_then(Json::as_str).and_then(|code| code.parse().ok()) {
        map.insert("sex".to_owned(), Json::Int(code));
    }
    Json::Map(map)
}

/// The first of several problems as an error at a place.
pub(super) fn first(problems: Vec<super::Problem>, path: &str) -> ShapeError {
    match problems.into_iter().next() {
        Some(problem) => ShapeError::new(format!("{path}.{}", problem.field), problem.rule),
        None => ShapeError::new(path, "not valid"),
    }
}

/// A string field, owned.
pub(super) fn text(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    f.str(key).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples;
    use super::super::draft_parts::{DraftClaim, DraftDocument, DraftEmployment, DraftPast, DraftRelative};
    use super::super::standing::{DismissalReason, Event, StaleReason, Until};
    use super::*;
    use crate::codec::sha256;
    use crate::time::Date;

    fn expert() -> Expert {
        samples::draft().check(ExpertNumber::from_random([7; 10])).unwrap()
    }

    fn reopened(expert: &Expert) -> Expert {
        let bytes = expert.seal([1; 32], [2; 32]).to_bytes();
        SealedImage::from_bytes(&bytes).unwrap().open().unwrap()
    }

    #[test]
    fn an_expert_comes_back_from_its_image_in_every_standing() {
        let today = Date::parse("2026-11-24").unwrap();
        assert!(reopened(&expert()) == expert());
        for event in [
            Event::Suspend(Until::Day(today)),
            Event::Suspend(Until::RequestAfter(today)),
            Event::Suspend(Until::Reinstated),
            Event::Dismiss(DismissalReason::BadConduct),
            Event::Ban,
            Event::MarkStale(StaleReason::NearLimit),
            Event::Decease,
            Event::Merge(ExpertNumber::from_random([8; 10])),
        ] {
            let expert = expert().decided(event.clone(), today).unwrap();
            assert!(reopened(&expert) == expert, "{event:?}");
        }
        let full = samples::full_draft().check(ExpertNumber::from_random([7; 10])).unwrap();
        assert!(reopened(&full) == full && full != expert());
        for employments in [None, Some(Vec::new())] {
            let draft = Draft { employments, ..samples::draft() };
            let expert = draft.check(ExpertNumber::from_random([7; 10])).unwrap();
            assert!(reopened(&expert) == expert);
        }
    }

    #[test]
    fn the_written_form_is_the_documented_one() {
        let expert = expert();
        let card = String::from_utf8(expert.card().canonical()).unwrap();
        assert_eq!(card, r#"{"name":"王小明","number":"E0w3ge1r70w3ge1r7"}"#);
        let rest = String::from_utf8(expert.rest().canonical()).unwrap();
        let expected = concat!(
            r#"{"birth":"1970-01-01","declared_units":["CODE3"],"employments":[{"name":"岳阳某大学","#,
            r#""since":"2015-09-01","unit":"CODE1"}],"field_since":"1995-07-01","id_kind":"111","#,
            r#""id_number":"ID","past":[{"from":"1995-07-01","to":"2015-08-31","unit":"CODE2"}],"#,
            r#""phone":"13800000000","regions":["430600","430100"],"sex":"1","#,
            r#""specialities":["ndrc316:A0832","ndrc316:C0602"],"standing":{"state":"active"},"#,
            r#""term_from":"2025-01-01","term_to":"2027-12-31","title_level":"senior","v":2}"#
        );
        let expected = (1..=3)
            .fold(expected.to_owned(), |text, n| text.replace(&format!("CODE{n}"), &samples::credit_code(n)))
            .replace("ID", &samples::id_number("19700101"));
        assert_eq!(rest, expected);
    }

    #[test]
    fn an_image_of_version_1_is_the_same_expert_with_claims_approved_without_evidence() {
        let expert = expert();
        let old = as_version_1(expert.rest());
        let text = String::from_utf8(old.canonical()).unwrap();
        assert!(text.contains(r#""sex":1,"#) && text.ends_with(r#""v":1}"#), "{text}");
        let read = Expert::from_image(&expert.card(), &old).unwrap();
        assert!(read == expert && read.claims().iter().all(|claim| claim.evidence.is_empty()));
        assert_eq!(read.claims().len(), 2);
        let Json::Map(mut map) = old else { panic!("no object") };
        map.insert("mail".to_owned(), "a@b.cn".into());
        let error = Expert::from_image(&expert.card(), &Json::Map(map)).unwrap_err();
        assert_eq!(error.path, "rest.mail");
    }

    #[test]
    fn another_document_comes_back_with_its_birth_date_and_sex() {
        let draft = Draft {
            id_kind: "414".into(),
            id_number: "E12345678".into(),
            birth: "1970-01-01".into(),
            sex: "2".into(),
            ..samples::draft()
        };
        let expert = draft.check(ExpertNumber::from_random([7; 10])).unwrap();
        assert!(reopened(&expert) == expert && expert.draft() == draft);
        assert_eq!((expert.birth().to_string().as_str(), expert.sex().code()), ("1970-01-01", 2));
    }

    #[test]
    fn digests_are_made_of_the_bytes_that_the_specification_names() {
        let image = expert().seal([1; 32], [2; 32]);
        let labelled = |label: &str, salt: u8, json: &Json| {
            let bytes = json.canonical();
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            sha256(&[b"expert-draw/v1/", label.as_bytes(), b"\n", &[salt; 32], &length, &bytes])
        };
        let (card, rest) = (labelled("card", 1, &image.card), labelled("rest", 2, &image.rest));
        assert_eq!((image.card_digest(), image.rest_digest()), (card, rest));
        let expected = sha256(&[b"expert-draw/v1/image\n", card.as_bytes(), rest.as_bytes()]);
        assert_eq!(image.digest(), expected);
    }

    #[test]
    fn what_was_not_written_by_us_is_refused_with_its_place() {
        let expert = expert();
        let (card, rest) = (expert.card(), expert.rest());
        let change = |json: &Json, key: &str, value: Option<Json>| {
            let mut map = json.as_map().unwrap().clone();
            match value {
                Some(value) => map.insert(key.to_owned(), value),
                None => map.remove(key),
            };
            Json::Map(map)
        };
        let standing = |state: Object| Some(Json::from(state));
        for (key, value, place) in [
            ("birth", Some("1971-01-01".into()), "rest.birth"),
            ("birth", None, "rest"),
            ("sex", Some("2".into()), "rest.sex"),
            ("sex", Some(Json::Int(1)), "rest.sex"),
            ("id_number", Some(samples::id_number("19710101").into()), "rest.birth"),
            ("mail", Some("".into()), "rest"),
            ("past", None, "rest"),
            ("phone", None, "rest.phone"),
            ("extra", Some("x".into()), "rest.extra"),
            ("v", Some(Json::Int(3)), "rest.v"),
            ("v", Some(Json::Int(1)), "rest"),
            ("regions", Some(Json::List(Vec::new())), "rest.regions"),
            ("past", Some("none".into()), "rest.past"),
            ("employments", Some(Json::List(vec![Json::Int(1)])), "rest.employments[0]"),
            ("standing", standing(Object::new().with("state", "away")), "rest.standing.state"),
            (
                "standing",
                standing(Object::new().with("state", "active").with("reason", 1u32)),
                "rest.standing.reason",
            ),
            (
                "standing",
                standing(Object::new().with("state", "dismissed").with("reason", 0u32)),
                "rest.standing.reason",
            ),
            (
                "standing",
                standing(Object::new().with("state", "suspended").with("returns", "itself")),
                "rest.standing.until",
            ),
        ] {
            let error = Expert::from_image(&card, &change(&rest, key, value)).unwrap_err();
            assert_eq!(error.path, place, "{key}: {error}");
        }
        for (key, value, place) in [
            ("number", Some("E1".into()), "card.number"),
            ("name", Some("".into()), "rest.name"),
            ("v", Some(Json::Int(1)), "card.v"),
        ] {
            let error = Expert::from_image(&change(&card, key, value), &rest).unwrap_err();
            assert_eq!(error.path, place);
        }
    }

    #[test]
    fn bytes_that_are_no_image_are_refused() {
        let mut bytes = expert().seal([1; 32], [2; 32]).to_bytes();
        assert!(matches!(SealedImage::from_bytes(b"{}"), Err(ImageError::Shape(_))));
        assert_eq!(
            SealedImage::from_bytes(&vec![b' '; IMAGE_LIMIT + 1]),
            Err(ImageError::Json(JsonError::TooLong { limit: IMAGE_LIMIT }))
        );
        bytes.push(b'\n');
        assert_eq!(SealedImage::from_bytes(&bytes), Err(ImageError::Json(JsonError::NotCanonical)));
    }

    #[test]
    fn the_longest_expert_that_is_accepted_fits_the_image_and_a_longer_one_is_refused() {
        let wide = "\u{20000}";
        let mut draft = samples::full_draft();
        draft.name = wide.repeat(64);
        draft.address = wide.repeat(128);
        draft.employments = Some(
            (0..8)
                .map(|n| DraftEmployment {
                    unit: samples::credit_code(n),
                    name: wide.repeat(128),
                    since: "2020-01-01".into(),
                })
                .collect(),
        );
        draft.past = vec![draft.past[0].clone(); 32];
        draft.declared_units = (0..64).map(samples::credit_code).collect();
        draft.relatives = vec![
            DraftRelative {
                relation: "collateral".into(),
                name: wide.repeat(64),
                units: (0..8).map(samples::credit_code).collect(),
            };
            32
        ];
        let size = |draft: &Draft| -> Result<usize, &'static str> {
            let expert = draft.check(ExpertNumber::from_random([7; 10])).map_err(|found| found[0].rule)?;
            Ok(expert.seal([1; 32], [2; 32]).to_bytes().len())
        };
        assert!(size(&draft).unwrap() < IMAGE_LIMIT / 2);
        let mut longest = 0;
        for entries in 1..=64 {
            draft.documents.push(DraftDocument {
                kind: "k".repeat(32),
                digest: "c".repeat(64),
                name: wide.repeat(64),
            });
            draft.documents.truncate(64);
            draft.past[entries / 2 % 32].name = wide.repeat(128);
            draft.claims.truncate(1);
            match size(&draft) {
                Ok(bytes) => longest = longest.max(bytes),
                Err(rule) => {
                    assert_eq!(rule, "size");
                    assert!(longest <= IMAGE_LIMIT && longest > IMAGE_LIMIT - 4096, "{longest}");
                    return;
                }
            }
        }
        panic!("never refused: {longest}");
    }

    #[test]
    fn so_few_long_entries_that_nobody_measures_them_fit_the_image() {
        let wide = "\u{20000}";
        let claim = |n: usize| DraftClaim {
            speciality: format!("ndrc316:A08{:02}", n + 1),
            evidence: vec![wide.repeat(64); 8],
            decision: "rejected".into(),
            reason: wide.repeat(200),
            ..DraftClaim::default()
        };
        let past = DraftPast { name: wide.repeat(128), ..samples::draft().past[0].clone() };
        let draft =
            Draft { claims: (0..2).map(claim).collect(), past: vec![past; 5], ..samples::full_draft() };
        let bytes =
            draft.check(ExpertNumber::from_random([7; 10])).unwrap().seal([1; 32], [2; 32]).to_bytes();
        assert!(bytes.len() < IMAGE_LIMIT / 2, "{}", bytes.len());
    }
}
