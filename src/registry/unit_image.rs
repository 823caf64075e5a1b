//! The image of a unit (`image` says what an image is): card {code, name}, rest the other facts.
//!
//! Version 2 is written; version 1 (code, name, region) opens too. What is read must be what this
//! program writes, so two images of one digest never differ in meaning.

use crate::codec::{Fields, Hash, Json, Object, ShapeError, object};
use crate::codes::CreditCode;

use super::image::{Imaged, first, text};
use super::unit::{Edge, ExcludedKind, FormerName, KeyPerson, Unit, WHOLE};
use super::unit_draft::{DraftEdge, DraftFormerName, DraftPerson, UnitDraft};

impl Imaged for Unit {
    fn card(&self) -> Json {
        Object::new().with("code", self.code.as_str()).with("name", self.name.as_str()).into()
    }

    fn rest(&self) -> Json {
        let edge = |edge: &Edge| {
            Json::from(
                Object::new()
                    .with("unit", edge.unit.as_str())
                    .with("from", edge.from.to_string())
                    .with_some("to", edge.to.map(|day| day.to_string()))
                    .with_some("share", edge.share),
            )
        };
        let former = |former: &FormerName| {
            Json::from(
                Object::new().with("name", former.name.as_str()).with("until", former.until.to_string()),
            )
        };
        let person = |person: &KeyPerson| {
            Json::from(
                Object::new()
                    .with("position", person.position.name())
                    .with("name", person.name.as_str())
                    .with("from", person.from.to_string())
                    .with_some("to", person.to.map(|day| day.to_string()))
                    .with_some("id_hash", person.id_hash)
                    .with("name_hash", person.name_hash),
            )
        };
        Object::new()
            .with("v", 2u32)
            .with("region", self.region.as_str())
            .with("former_names", self.former_names.iter().map(former).collect::<Json>())
            .with("kinds", self.kinds.iter().map(|kind| Json::from(kind.name())).collect::<Json>())
            .with_some("excluded_kind", self.excluded_kind.map(ExcludedKind::name))
            .with_some("department", self.department.as_ref().map(CreditCode::as_str))
            .with("parents", self.parents.iter().map(edge).collect::<Json>())
            .with("controls", self.controls.iter().map(edge).collect::<Json>())
            .with("persons", self.persons.iter().map(person).collect::<Json>())
            .with_some("merged_into", self.merged_into.as_ref().map(CreditCode::as_str))
            .into()
    }

    fn from_image(card: &Json, rest: &Json) -> Result<Unit, ShapeError> {
        let (code, name) = object(card, "card", |f| Ok((text(f, "code")?, text(f, "name")?)))?;
        let mut name_hashes = Vec::new();
        let (version, mut draft) = object(rest, "rest", |f| {
            let version = f.int("v", 1..=2)?;
            let draft = UnitDraft { code, name, region: text(f, "region")?, ..UnitDraft::default() };
            if version == 1 {
                return Ok((version, draft));
            }
            let draft = UnitDraft {
                former_names: f.each("former_names", |item, path| {
                    object(item, path, |f| {
                        Ok(DraftFormerName { name: text(f, "name")?, until: text(f, "until")? })
                    })
                })?,
                kinds: f.each("kinds", |item, path| {
                    item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
                })?,
                excluded_kind: some_text(f, "excluded_kind")?,
                department: some_text(f, "department")?,
                parents: f.each("parents", read_edge)?,
                controls: f.each("controls", read_edge)?,
                merged_into: some_text(f, "merged_into")?,
                ..draft
            };
            let persons = f.each("persons", read_person)?;
            name_hashes = persons.iter().map(|(_, hash)| *hash).collect();
            Ok((
                version,
                UnitDraft { persons: persons.into_iter().map(|(person, _)| person).collect(), ..draft },
            ))
        })?;
        // The hashes cannot be made here: each person carries its own through the check.
        let kept: Vec<Option<Hash>> = draft.persons.iter().map(|person| person.kept).collect();
        draft.persons.iter_mut().zip(&name_hashes).for_each(|(person, hash)| person.kept = Some(*hash));
        let checked = draft.check_by(&|person, _| (None, person.kept.unwrap_or(Hash([0; 32]))));
        let mut unit = checked.map_err(|problems| first(problems, "image"))?;
        unit.persons.iter_mut().zip(kept).for_each(|(person, id_hash)| person.id_hash = id_hash);
        if version == 1 || unit.rest() == *rest {
            Ok(unit)
        } else {
            Err(ShapeError::new("rest", "is not written as this program writes it"))
        }
    }
}

fn some_text(f: &mut Fields<'_>, key: &str) -> Result<Option<String>, ShapeError> {
    if f.optional(key).is_some() { text(f, key).map(Some) } else { Ok(None) }
}

fn read_edge(item: &Json, path: &str) -> Result<DraftEdge, ShapeError> {
    object(item, path, |f| {
        let share = if f.optional("share").is_some() { Some(f.int("share", 1..=WHOLE)?) } else { None };
        Ok(DraftEdge { unit: text(f, "unit")?, from: text(f, "from")?, to: some_text(f, "to")?, share })
    })
}

fn read_person(item: &Json, path: &str) -> Result<(DraftPerson, Hash), ShapeError> {
    object(item, path, |f| {
        let kept = if f.optional("id_hash").is_some() { Some(f.hash("id_hash")?) } else { None };
        let person = DraftPerson {
            position: text(f, "position")?,
            name: text(f, "name")?,
            id_number: None,
            from: text(f, "from")?,
            to: some_text(f, "to")?,
            kept,
        };
        Ok((person, f.hash("name_hash")?))
    })
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::{credit_code, id_number};
    use super::super::image::SealedImage;
    use super::*;
    use crate::codec::sha256;

    fn keyed(text: &str) -> Hash {
        sha256(&[b"key", text.as_bytes()])
    }

    fn draft() -> UnitDraft {
        UnitDraft {
            code: credit_code(1),
            name: "岳阳某大学".into(),
            region: "430600".into(),
            ..UnitDraft::default()
        }
    }

    fn full() -> UnitDraft {
        let edge = |serial, share| DraftEdge {
            unit: credit_code(serial),
            from: "2020-01-01".into(),
            to: Some("2025-12-31".into()),
            share,
        };
        UnitDraft {
            former_names: vec![DraftFormerName {
                name: "岳阳某学院".into(), until: "2010-08-31".into()
            }],
            kinds: vec!["employer".into(), "purchaser".into()],
            excluded_kind: Some("supervision".into()),
            department: Some(credit_code(2)),
            parents: vec![edge(3, None)],
            controls: vec![edge(4, Some(5_100)), DraftEdge { to: None, ..edge(5, Some(10_000)) }],
            persons: vec![
                DraftPerson {
                    position: "legal_representative".into(),
                    name: "王小明".into(),
                    id_number: Some(id_number("19700101")),
                    from: "2020-01-01".into(),
                    ..DraftPerson::default()
                },
                DraftPerson {
                    position: "director".into(),
                    name: "李某".into(),
                    from: "2020-01-01".into(),
                    to: Some("2021-01-01".into()),
                    ..DraftPerson::default()
                },
            ],
            ..draft()
        }
    }

    fn problems(change: impl FnOnce(&mut UnitDraft)) -> Vec<(String, &'static str)> {
        let mut draft = full();
        change(&mut draft);
        draft.check(&keyed).err().unwrap_or_default().into_iter().map(|p| (p.field, p.rule)).collect()
    }

    #[test]
    fn a_unit_comes_back_from_its_image() {
        for written in [draft(), full()] {
            let unit = written.check(&keyed).unwrap();
            for unit in [unit.clone(), unit.merged(CreditCode::parse(&credit_code(9)).unwrap())] {
                let bytes = unit.seal([1; 32], [2; 32]).to_bytes();
                assert!(SealedImage::from_bytes(&bytes).unwrap().open::<Unit>().unwrap() == unit);
                assert!(!String::from_utf8(bytes).unwrap().contains(&id_number("19700101")));
            }
        }
    }

    #[test]
    fn an_image_of_the_first_version_opens() {
        let rest = Object::new().with("region", "430600").with("v", 1u32).into();
        let unit = draft().check(&keyed).unwrap();
        assert!(Unit::from_image(&unit.card(), &rest).unwrap() == unit);
    }

    #[test]
    fn a_key_person_is_matched_by_id_and_by_name_and_keeps_the_hash_through_amendments() {
        let unit = full().check(&keyed).unwrap();
        let person = &unit.persons()[0];
        assert_eq!(person.id_hash, Some(keyed(&format!("111\n{}", id_number("19700101")))));
        assert_eq!((person.name_hash, unit.persons()[1].id_hash), (keyed("name\n王小明"), None));
        let amended = UnitDraft { name: "岳阳另一大学".into(), ..unit.draft() }.check(&keyed).unwrap();
        assert!(amended.persons() == unit.persons());
    }

    #[test]
    fn all_problems_of_a_unit_are_reported() {
        let broken = UnitDraft { code: "91".into(), region: "999999".into(), ..UnitDraft::default() };
        let found: Vec<_> =
            broken.check(&keyed).unwrap_err().into_iter().map(|p| (p.field, p.rule)).collect();
        let expected = [("code", "length"), ("name", "required"), ("region", "unknown_region")];
        assert!(found.iter().map(|(f, r)| (f.as_str(), *r)).eq(expected));
        let one = |field: &str, rule| vec![(field.to_owned(), rule)];
        assert_eq!(problems(|_| ()), []);
        assert_eq!(problems(|d| d.kinds[1] = "school".into()), one("kinds[1]", "kind"));
        assert_eq!(problems(|d| d.kinds[1] = "employer".into()), one("kinds[1]", "duplicate"));
        assert_eq!(problems(|d| d.excluded_kind = Some("x".into())), one("excluded_kind", "kind"));
        assert_eq!(problems(|d| d.department = Some(credit_code(1))), one("department", "itself"));
        assert_eq!(problems(|d| d.parents[0].unit = credit_code(1)), one("parents[0].unit", "itself"));
        assert_eq!(problems(|d| d.parents[0].to = Some("2019-01-01".into())), one("parents[0].to", "order"));
        assert_eq!(problems(|d| d.controls[0].share = Some(10_001)), one("controls[0].share", "range"));
        assert_eq!(
            problems(|d| d.persons[0].position = "boss".into()),
            one("persons[0].position", "position")
        );
        let id = |d: &mut UnitDraft| d.persons[0].id_number = Some("1".into());
        assert_eq!(problems(id), one("persons[0].id_number", "length"));
        assert_eq!(
            problems(|d| d.former_names[0].until = String::new()),
            one("former_names[0].until", "required")
        );
        let many = |d: &mut UnitDraft| d.parents = vec![d.parents[0].clone(); 65];
        assert_eq!(problems(many), one("parents", "count"));
    }

    #[test]
    fn an_image_with_another_field_is_no_unit() {
        let unit = draft().check(&keyed).unwrap();
        let rest = Object::new().with("region", "430600").with("v", 1u32).with("x", "y").into();
        assert_eq!(Unit::from_image(&unit.card(), &rest).unwrap_err().path, "rest.x");
    }
}
