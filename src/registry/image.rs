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
use crate::time::Date;

use super::draft::{Draft, DraftEmployment, DraftPast};
use super::expert::{Expert, ExpertNumber};
use super::standing::{DismissalReason, Standing, StandingKind, Until};

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

    fn rest(&self) -> Json {
        let draft = self.draft();
        let employment = |e: DraftEmployment| {
            Json::from(Object::new().with("unit", e.unit).with("name", e.name).with("since", e.since))
        };
        let past = |p: DraftPast| {
            Json::from(Object::new().with("unit", p.unit).with("from", p.from).with("to", p.to))
        };
        Object::new()
            .with("v", 1u32)
            .with("id_kind", draft.id_kind)
            .with("id_number", draft.id_number)
            .with("phone", draft.phone)
            .with("birth", self.id().birth_date().to_string())
            .with("sex", u32::from(self.id().sex().code()))
            .with_some(
                "employments",
                draft.employments.map(|list| list.into_iter().map(employment).collect::<Json>()),
            )
            .with("past", draft.past.into_iter().map(past).collect::<Json>())
            .with("title_level", draft.title_level)
            .with("field_since", draft.field_since)
            .with("specialities", strings(draft.specialities))
            .with("regions", strings(draft.regions))
            .with("declared_units", strings(draft.declared_units))
            .with("standing", standing_json(self.standing()))
            .with("term_from", draft.term_from)
            .with("term_to", draft.term_to)
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
        let (draft, standing) = object(rest, "rest", |f| {
            f.int("v", 1..=1)?;
            // Both follow from the identity number; the comparison below holds them against it.
            f.str("birth")?;
            f.int("sex", 0..=9)?;
            let draft = Draft {
                name,
                id_kind: text(f, "id_kind")?,
                id_number: text(f, "id_number")?,
                phone: text(f, "phone")?,
                employments: match f.optional("employments") {
                    Some(_) => Some(f.each("employments", read_employment)?),
                    None => None,
                },
                past: f.each("past", read_past)?,
                title_level: text(f, "title_level")?,
                field_since: text(f, "field_since")?,
                specialities: f.each("specialities", read_string)?,
                regions: f.each("regions", read_string)?,
                declared_units: f.each("declared_units", read_string)?,
                term_from: text(f, "term_from")?,
                term_to: text(f, "term_to")?,
            };
            Ok((draft, f.object("standing", read_standing)?))
        })?;
        let expert = draft.check_as(number, standing).map_err(|problems| first(problems, "rest"))?;
        if expert.rest() == *rest {
            Ok(expert)
        } else {
            Err(ShapeError::new(
                "rest",
                "birth date, sex or spelling does not follow from the identity number",
            ))
        }
    }
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

fn strings(texts: Vec<String>) -> Json {
    texts.into_iter().map(Json::from).collect()
}

fn read_string(item: &Json, path: &str) -> Result<String, ShapeError> {
    item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
}

fn read_employment(item: &Json, path: &str) -> Result<DraftEmployment, ShapeError> {
    object(item, path, |f| {
        Ok(DraftEmployment { unit: text(f, "unit")?, name: text(f, "name")?, since: text(f, "since")? })
    })
}

fn read_past(item: &Json, path: &str) -> Result<DraftPast, ShapeError> {
    object(item, path, |f| {
        Ok(DraftPast { unit: text(f, "unit")?, from: text(f, "from")?, to: text(f, "to")? })
    })
}

/// `{state}`, with `returns` (`itself`, `request`, `decision`) and `until` when suspended, with
/// `reason` 1–4 when dismissed.
fn standing_json(standing: Standing) -> Json {
    let state = Object::new().with("state", standing.kind().as_str());
    let state = match standing {
        Standing::Active | Standing::Banned => state,
        Standing::Dismissed(reason) => state.with("reason", reason.number()),
        Standing::Suspended(until) => {
            let returns = match until {
                Until::Day(_) => "itself",
                Until::RequestAfter(_) => "request",
                Until::Reinstated => "decision",
            };
            state.with("returns", returns).with_some("until", until.day().map(|day| day.to_string()))
        }
    };
    state.into()
}

fn read_standing(f: &mut Fields<'_>) -> Result<Standing, ShapeError> {
    let kind = StandingKind::parse(f.str("state")?).ok_or_else(|| f.wrong("state", "unknown state"))?;
    Ok(match kind {
        StandingKind::Active => Standing::Active,
        StandingKind::Banned => Standing::Banned,
        StandingKind::Dismissed => {
            let reason = DismissalReason::from_number(f.u32("reason", 4)?);
            Standing::Dismissed(reason.ok_or_else(|| f.wrong("reason", "must be 1 to 4"))?)
        }
        StandingKind::Suspended => Standing::Suspended(match f.str("returns")? {
            "itself" => Until::Day(read_date(f, "until")?),
            "request" => Until::RequestAfter(read_date(f, "until")?),
            "decision" => Until::Reinstated,
            _ => return Err(f.wrong("returns", "must be itself, request or decision")),
        }),
    })
}

fn read_date(f: &mut Fields<'_>, key: &str) -> Result<Date, ShapeError> {
    let written = f.str(key)?;
    Date::parse(written).map_err(|error| f.wrong(key, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples;
    use super::super::standing::Event;
    use super::*;
    use crate::codec::sha256;

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
        ] {
            let expert = expert().decided(event, today).unwrap();
            assert!(reopened(&expert) == expert, "{event:?}");
        }
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
            r#""phone":"13800000000","regions":["430600","430100"],"sex":1,"#,
            r#""specialities":["ndrc316:A0832","ndrc316:C0602"],"standing":{"state":"active"},"#,
            r#""term_from":"2025-01-01","term_to":"2027-12-31","title_level":"senior","v":1}"#
        );
        let expected = (1..=3)
            .fold(expected.to_owned(), |text, n| text.replace(&format!("CODE{n}"), &samples::credit_code(n)))
            .replace("ID", &samples::id_number("19700101"));
        assert_eq!(rest, expected);
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
            ("birth", Some("1971-01-01".into()), "rest"),
            ("sex", Some(Json::Int(2)), "rest"),
            ("id_number", Some(samples::id_number("19710101").into()), "rest"),
            ("phone", None, "rest.phone"),
            ("extra", Some("x".into()), "rest.extra"),
            ("v", Some(Json::Int(2)), "rest.v"),
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
    fn the_longest_expert_fits_the_image() {
        let wide = "\u{20000}";
        let mut draft = samples::draft();
        draft.name = wide.repeat(64);
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
        let bytes =
            draft.check(ExpertNumber::from_random([7; 10])).unwrap().seal([1; 32], [2; 32]).to_bytes();
        assert!(bytes.len() < IMAGE_LIMIT / 2, "{}", bytes.len());
    }
}
