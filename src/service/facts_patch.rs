//! Facts of a record as they are sent in applications and changes: a merge patch (RFC 7396) over the
//! written form of a [`Draft`], so that every field of a record can be sent, saved half-written, and
//! shown again in the same words.
//!
//! *Invariant:* a field that no draft has, or that has another shape, is named with its place; values
//! are checked later, by the draft's own rules.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use crate::codec::Json;
use crate::registry::{Draft, Problem};

/// What is sent of a record: fields to set and fields to clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsPatch {
    /// Fields with their values, in the written form of a record.
    pub set: BTreeMap<String, Json>,
    /// Fields to clear.
    pub clear: Vec<String>,
}

impl FactsPatch {
    /// The draft after the patch.
    ///
    /// # Errors
    /// The first field without the shape of a record's, under `facts.`.
    pub fn apply(&self, draft: &Draft) -> Result<Draft, Refusal> {
        let mut fields = fields_of(draft);
        for name in &self.clear {
            fields.remove(name);
        }
        for (name, value) in &self.set {
            fields.insert(name.clone(), value.clone());
        }
        read(fields).map_err(|problem| Refusal::invalid(vec![problem]))
    }
}

/// The fields of a record in its written form, without the version.
pub(super) fn fields_of(draft: &Draft) -> BTreeMap<String, Json> {
    let Json::Map(mut fields) = draft.to_json() else { return BTreeMap::new() };
    fields.remove("v");
    fields
}

/// A draft of fields in the written form. Lists that version 2 always writes may be absent.
pub(super) fn read(mut fields: BTreeMap<String, Json>) -> Result<Draft, Problem> {
    if fields.contains_key("v") {
        return Err(Problem::new("facts.v", "", "unknown_field", "未知字段", "unknown field"));
    }
    fields.insert("v".to_owned(), Json::from(2u32));
    for list in ["past", "specialities", "regions", "declared_units"] {
        fields.entry(list.to_owned()).or_insert_with(|| Json::List(Vec::new()));
    }
    Draft::from_json(&Json::Map(fields)).map_err(|error| {
        let rule = if error.rule == "unknown field" { "unknown_field" } else { "shape" };
        let zh = format!("形式不符：{}", error.rule);
        Problem::new(format!("facts.{}", error.path), "", rule, zh, error.rule)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_sets_clears_and_names_what_does_not_fit() {
        let draft = Draft { name: "甲".into(), mail: "a@b.cn".into(), ..Draft::default() };
        let set = |name: &str, value: Json| FactsPatch {
            set: BTreeMap::from([(name.to_owned(), value)]),
            clear: vec!["mail".to_owned()],
        };
        let patched = set("phone", "13800000000".into()).apply(&draft).unwrap();
        assert_eq!(
            (patched.name.as_str(), patched.phone.as_str(), patched.mail.as_str()),
            ("甲", "13800000000", "")
        );
        for (name, value, field, rule) in [
            ("nickname", Json::from("x"), "facts.nickname", "unknown_field"),
            ("phone", Json::from(1u32), "facts.phone", "shape"),
            ("v", Json::from(1u32), "facts.v", "unknown_field"),
        ] {
            let problems = set(name, value).apply(&draft).err().unwrap().problems;
            assert_eq!((problems[0].field.as_str(), problems[0].rule), (field, rule));
        }
        assert!(FactsPatch::default().apply(&draft).unwrap() == draft);
    }
}
