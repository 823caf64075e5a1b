//! The written form of a [`Draft`]: canonical JSON, version 2. An image's rest is the same form
//! without the name (`image`); a case that prepares a record keeps it as it is here.
//!
//! Texts that were not given and lists with nothing in them are left out, but for `past`,
//! `specialities`, `regions` and `declared_units`, which version 1 always wrote. Employers that are
//! not known are left out; known to be none they are an empty list. Version 1 knows the fields of the
//! base alone and can still be read.
//!
//! *Invariant:* `from_json(to_json(d)) == d` for every draft, sound or not.

use crate::codec::{Fields, Json, MAX_INTEGER, Object, ShapeError, object};
use crate::time::Timestamp;

use super::draft::Draft;
use super::draft_parts::{
    Part, given, given_list, given_parts, list, optional_part, optional_parts, optional_text, optional_texts,
    parts,
};
use super::particulars::Leave;

impl Draft {
    /// The written form, name included.
    pub fn to_json(&self) -> Json {
        self.object().with_some("name", given(&self.name)).into()
    }

    /// Reads what [`Draft::to_json`] writes, version 1 included. The values are not checked.
    ///
    /// # Errors
    /// The first field that has not the shape, or that no draft has.
    pub fn from_json(json: &Json) -> Result<Draft, ShapeError> {
        object(json, "", |f| {
            let draft = Draft::fields(f)?;
            Ok(Draft { name: optional_text(f, "name")?, ..draft })
        })
    }

    /// Everything but the name.
    pub(super) fn object(&self) -> Object {
        Object::new()
            .with("v", 2u32)
            .with_some("id_kind", given(&self.id_kind))
            .with_some("id_number", given(&self.id_number))
            .with_some("birth", given(&self.birth))
            .with_some("sex", given(&self.sex))
            .with_some("phone", given(&self.phone))
            .with_some("employments", self.employments.as_deref().map(parts))
            .with("past", parts(&self.past))
            .with_some("title_level", given(&self.title_level))
            .with_some("field_since", given(&self.field_since))
            .with("specialities", list(&self.specialities))
            .with("regions", list(&self.regions))
            .with("declared_units", list(&self.declared_units))
            .with_some("term_from", given(&self.term_from))
            .with_some("term_to", given(&self.term_to))
            .with_some("further_phones", given_list(&self.further_phones))
            .with_some("mail", given(&self.mail))
            .with_some("address", given(&self.address))
            .with_some("work_status", given(&self.work_status))
            .with_some("educations", given_parts(&self.educations))
            .with_some("titles", given_parts(&self.titles))
            .with_some("equal_level", self.equal_level.as_ref().map(Part::write))
            .with_some("certificates", given_parts(&self.certificates))
            .with_some("claims", given_parts(&self.claims))
            .with_some("relatives", given_parts(&self.relatives))
            .with_some("e_evaluation", given(&self.e_evaluation))
            .with_some("trainings", given_parts(&self.trainings))
            .with_some("relaxation", self.relaxation.as_ref().map(Part::write))
            .with_some("documents", given_parts(&self.documents))
            .with_some("leaves", (!self.leaves.is_empty()).then(|| leaves(&self.leaves)))
            .with_some("pending_units", given_list(&self.pending_units))
            .with_some("confirmed", given(&self.confirmed))
            .with_some("appointment", self.appointment.as_ref().map(Part::write))
    }

    /// Reads everything but the name; of version 1 the base alone, so that any other field in it is
    /// refused as unknown.
    pub(super) fn fields(f: &mut Fields<'_>) -> Result<Draft, ShapeError> {
        let version = f.int("v", 1..=2)?;
        let base = Draft {
            id_kind: optional_text(f, "id_kind")?,
            id_number: optional_text(f, "id_number")?,
            birth: optional_text(f, "birth")?,
            // An integer in version 1.
            sex: match f.optional("sex").and_then(Json::as_int) {
                Some(code) if version == 1 => code.to_string(),
                _ => optional_text(f, "sex")?,
            },
            phone: optional_text(f, "phone")?,
            employments: match f.optional("employments") {
                Some(_) => Some(f.each("employments", Part::read)?),
                None => None,
            },
            past: optional_parts(f, "past")?,
            title_level: optional_text(f, "title_level")?,
            field_since: optional_text(f, "field_since")?,
            specialities: optional_texts(f, "specialities")?,
            regions: optional_texts(f, "regions")?,
            declared_units: optional_texts(f, "declared_units")?,
            term_from: optional_text(f, "term_from")?,
            term_to: optional_text(f, "term_to")?,
            ..Draft::default()
        };
        if version == 1 {
            return Ok(base);
        }
        Ok(Draft {
            further_phones: optional_texts(f, "further_phones")?,
            mail: optional_text(f, "mail")?,
            address: optional_text(f, "address")?,
            work_status: optional_text(f, "work_status")?,
            educations: optional_parts(f, "educations")?,
            titles: optional_parts(f, "titles")?,
            equal_level: optional_part(f, "equal_level")?,
            certificates: optional_parts(f, "certificates")?,
            claims: optional_parts(f, "claims")?,
            relatives: optional_parts(f, "relatives")?,
            e_evaluation: optional_text(f, "e_evaluation")?,
            trainings: optional_parts(f, "trainings")?,
            relaxation: optional_part(f, "relaxation")?,
            documents: optional_parts(f, "documents")?,
            leaves: match f.optional("leaves") {
                Some(_) => f.each("leaves", read_leave)?,
                None => Vec::new(),
            },
            pending_units: optional_texts(f, "pending_units")?,
            confirmed: optional_text(f, "confirmed")?,
            appointment: optional_part(f, "appointment")?,
            ..base
        })
    }
}

fn leaves(leaves: &[Leave]) -> Json {
    let leave = |leave: &Leave| Json::from(Object::new().with("from", leave.from.0).with("to", leave.to.0));
    leaves.iter().map(leave).collect()
}

fn read_leave(item: &Json, path: &str) -> Result<Leave, ShapeError> {
    object(item, path, |f| {
        let mut second = |key| f.int(key, -MAX_INTEGER..=MAX_INTEGER).map(Timestamp);
        Ok(Leave { from: second("from")?, to: second("to")? })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::draft::samples::{draft, full_draft};
    use super::super::draft_parts::*;
    use super::*;

    #[test]
    fn a_full_draft_and_an_empty_one_come_back() {
        for draft in [draft(), full_draft(), Draft::default()] {
            assert!(Draft::from_json(&draft.to_json()).unwrap() == draft);
        }
    }

    #[test]
    fn version_1_has_the_base_alone_and_unknown_fields_are_refused() {
        let with = |json: Json, key: &str, value: Json| {
            let Json::Map(mut map) = json else { panic!("no object") };
            map.insert(key.to_owned(), value);
            Json::Map(map)
        };
        let old = with(with(draft().to_json(), "v", Json::Int(1)), "sex", Json::Int(1));
        assert_eq!(Draft::from_json(&old).unwrap().sex, "1");
        let error = Draft::from_json(&with(old, "mail", "a@b.cn".into())).unwrap_err();
        assert_eq!(error.path, "mail");
        for (key, value) in [("v", Json::Int(3)), ("sex", Json::Int(1)), ("nickname", "x".into())] {
            assert_eq!(Draft::from_json(&with(draft().to_json(), key, value)).unwrap_err().path, key);
        }
        let titles = Json::List(vec![Object::new().with("rank", "1").into()]);
        assert_eq!(
            Draft::from_json(&with(draft().to_json(), "titles", titles)).unwrap_err().path,
            "titles[0].rank"
        );
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "\\PC{0,12}", "[a-z0-9:.-]{1,8}"]
    }

    fn texts() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(text(), 0..3)
    }

    fn many<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(item, 0..3)
    }

    /// A draft whose fields hold anything.
    fn any_draft() -> impl Strategy<Value = Draft> {
        let texts4 = || (text(), text(), text(), text());
        let base = (
            prop::collection::vec(text(), 15),
            prop::option::of(many((text(), text(), text()))),
            many(texts4()),
            (texts(), texts(), texts(), texts(), texts()),
        );
        let further = (
            many(texts4()),
            many((texts4(), text())),
            prop::option::of((text(), texts())),
            many((texts4(), texts())),
            many((text(), text(), texts())),
            prop::option::of((text(), text(), texts())),
            many((any::<i32>(), any::<i32>())),
            prop::option::of((text(), text())),
        );
        (base, further).prop_map(|((plain, employments, past, lists), further)| {
            let (four, titles, equal, claims, relatives, relaxation, leaves, appointment) = further;
            let mut plain = plain.into_iter();
            let mut next = || plain.next().unwrap();
            Draft {
                name: next(),
                id_kind: next(),
                id_number: next(),
                birth: next(),
                sex: next(),
                phone: next(),
                title_level: next(),
                field_since: next(),
                term_from: next(),
                term_to: next(),
                mail: next(),
                address: next(),
                work_status: next(),
                e_evaluation: next(),
                confirmed: next(),
                employments: employments.map(|list| {
                    list.into_iter()
                        .map(|(unit, name, since)| DraftEmployment { unit, name, since })
                        .collect()
                }),
                past: past
                    .into_iter()
                    .map(|(unit, name, from, to)| DraftPast { unit, name, from, to })
                    .collect(),
                specialities: lists.0,
                regions: lists.1,
                declared_units: lists.2,
                further_phones: lists.3,
                pending_units: lists.4,
                educations: (four.iter().cloned())
                    .map(|(code, school, degree, date)| DraftEducation { code, school, degree, date })
                    .collect(),
                certificates: (four.iter().cloned())
                    .map(|(name, number, issued, valid_to)| DraftCertificate {
                        name,
                        number,
                        issued,
                        valid_to,
                    })
                    .collect(),
                documents: (four.iter().cloned())
                    .map(|(kind, digest, name, _)| DraftDocument { kind, digest, name })
                    .collect(),
                trainings: four.into_iter().map(|(name, date, ..)| DraftTraining { name, date }).collect(),
                titles: (titles.into_iter())
                    .map(|((code, name, level, date), issuer)| DraftTitle { code, name, level, date, issuer })
                    .collect(),
                equal_level: equal.map(|(text, evidence)| DraftEqualLevel { text, evidence }),
                claims: (claims.into_iter())
                    .map(|((speciality, decision, decided, reason), evidence)| DraftClaim {
                        speciality,
                        evidence,
                        decision,
                        decided,
                        reason,
                    })
                    .collect(),
                relatives: (relatives.into_iter())
                    .map(|(relation, name, units)| DraftRelative { relation, name, units })
                    .collect(),
                relaxation: relaxation.map(|(reason, approved_by, specialities)| DraftRelaxation {
                    reason,
                    approved_by,
                    specialities,
                }),
                leaves: (leaves.into_iter())
                    .map(|(from, to)| Leave { from: Timestamp(from.into()), to: Timestamp(to.into()) })
                    .collect(),
                appointment: appointment.map(|(number, issued)| DraftAppointment { number, issued }),
            }
        })
    }

    proptest! {
        #[test]
        fn every_draft_comes_back_from_its_bytes(draft in any_draft()) {
            let bytes = draft.to_json().canonical();
            let read = Json::parse_canonical(&bytes, 1 << 20).unwrap();
            prop_assert!(Draft::from_json(&read).unwrap() == draft);
        }
    }
}
