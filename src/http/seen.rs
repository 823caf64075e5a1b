//! One expert as an account sees it: the facts, each through the sight table (`service::sight`).
//!
//! *Invariant:* a field of the facts without a group here is not shown; a test holds the list against
//! the API document, so that a new field is given a group or fails.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::expert_bodies::ExpertFacts;
use super::problem::Problem;
use crate::service::experts::ExpertRecord;
use crate::service::sight::{Field, Sight, View, masked};

/// The fields of [`ExpertFacts`] by the group that decides who sees them.
const GROUPS: [(Field, &[&str]); 11] = [
    (Field::Number, &["number", "version", "entry"]),
    (
        Field::Codes,
        &[
            "specialities",
            "regions",
            "standing",
            "standing_today",
            "term_from",
            "term_to",
            "title_level",
            "field_since",
            "confirmed",
            "work_status",
        ],
    ),
    (Field::Name, &["name"]),
    (Field::Identity, &["id_kind", "id_number", "birth", "sex"]),
    (Field::Contacts, &["phone", "further_phones", "mail", "address"]),
    (Field::Employers, &["employments", "past", "pending_units"]),
    (
        Field::Qualifications,
        &[
            "educations",
            "titles",
            "equal_level",
            "certificates",
            "claims",
            "e_evaluation",
            "trainings",
            "relaxation",
            "appointment",
        ],
    ),
    (Field::Relatives, &["relatives"]),
    (Field::DeclaredUnits, &["declared_units"]),
    (Field::Leaves, &["leaves"]),
    (Field::Attachments, &["documents"]),
];

/// The group of a field of the facts.
fn group(name: &str) -> Option<Field> {
    GROUPS.iter().find(|(_, names)| names.contains(&name)).map(|(field, _)| *field)
}

/// An expert as one account sees it: fields that the account does not see are absent, masked ones
/// show their last four characters.
pub struct SeenExpert;

impl PartialSchema for SeenExpert {
    /// As the facts, but that no field has to be there.
    fn schema() -> RefOr<Schema> {
        let mut schema = ExpertFacts::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
        }
        schema
    }
}

impl ToSchema for SeenExpert {
    fn name() -> std::borrow::Cow<'static, str> {
        "SeenExpert".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ExpertFacts::schemas(schemas);
    }
}

/// The facts of a record as `sight` shows them.
pub(super) fn seen(record: &ExpertRecord, sight: &Sight) -> Result<Map<String, Value>, Problem> {
    let facts = serde_json::to_value(ExpertFacts::of(record)).map_err(Problem::internal)?;
    let Value::Object(facts) = facts else { return Err(Problem::internal("facts are an object")) };
    let shown = facts.into_iter().filter_map(|(name, value)| {
        match group(&name).map_or(View::No, |field| sight.sees(field)) {
            View::No => None,
            View::Masked => Some((name, hidden(value))),
            View::Purpose | View::Yes => Some((name, value)),
        }
    });
    Ok(shown.collect())
}

/// Every text in a value, masked.
fn hidden(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(masked(&text)),
        Value::Array(items) => items.into_iter().map(hidden).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, hidden(value))).collect(),
        Value::Number(_) | Value::Bool(_) | Value::Null => Value::Null,
    }
}

/// The names that the table above gives a group; for the test against the document.
#[doc(hidden)]
pub fn grouped() -> BTreeSet<&'static str> {
    GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_facts_has_a_group() {
        let document: Value = serde_json::from_str(&super::super::openapi::document()).unwrap();
        let schema = &document["components"]["schemas"]["SeenExpert"];
        let properties = schema["properties"].as_object().unwrap();
        assert!(properties.len() > 15, "{schema}");
        for name in properties.keys() {
            assert!(group(name).is_some(), "{name} has no group: nobody would see it");
        }
        assert!(schema.get("required").is_none_or(|list| list.as_array().unwrap().is_empty()));
    }

    #[test]
    fn no_field_stands_in_two_groups() {
        let count: usize = GROUPS.iter().map(|(_, names)| names.len()).sum();
        assert_eq!(grouped().len(), count);
    }
}
