//! Bodies of units.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::registry::{self, DraftEdge, DraftFormerName, DraftPerson, UnitDraft};
use crate::service::units::{UnitEvent, UnitRecord, UnitView};
use crate::time::Timestamp;

/// A unit to record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitInput {
    /// Credit code (统一社会信用代码, GB 32100).
    code: String,
    /// Full name, 1–128 characters.
    name: String,
    /// Region of its seat (GB/T 2260).
    region: String,
    /// Names that it had; at most 64.
    former_names: Option<Vec<UnitFormerName>>,
    /// `purchaser`, `agency`, `supplier`, `employer`; several.
    kinds: Option<Vec<String>>,
    /// `agency` or `supervision`, if a condition of the profile keeps its staff out.
    excluded_kind: Option<String>,
    /// Credit code of the competent department (主管部门).
    department: Option<String>,
    /// Units above it; at most 64.
    parents: Option<Vec<UnitEdge>>,
    /// Units that it controls; at most 64.
    controls: Option<Vec<UnitEdge>>,
    /// Legal representative and other key persons; at most 64.
    persons: Option<Vec<UnitKeyPerson>>,
}

/// What is to be changed: fields that are absent stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitAmendment {
    /// As in a record.
    name: Option<String>,
    /// As in a record.
    region: Option<String>,
    /// As in a record.
    former_names: Option<Vec<UnitFormerName>>,
    /// As in a record.
    kinds: Option<Vec<String>>,
    /// As in a record; `null`: none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    excluded_kind: Option<Option<String>>,
    /// As in a record; `null`: none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    department: Option<Option<String>>,
    /// As in a record.
    parents: Option<Vec<UnitEdge>>,
    /// As in a record.
    controls: Option<Vec<UnitEdge>>,
    /// As in a record; all of them, id numbers included.
    persons: Option<Vec<UnitKeyPerson>>,
}

/// A former name.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFormerName {
    /// The name.
    name: String,
    /// Its last day, `YYYY-MM-DD`.
    until: String,
}

/// An edge to another unit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitEdge {
    /// Credit code.
    unit: String,
    /// First day.
    from: String,
    /// Last day; absent: it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Share in ten thousandths, 1 to 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10000)]
    share: Option<i64>,
}

/// A key person as sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitKeyPerson {
    /// `legal_representative`, `principal`, `director`, `supervisor` or `controller`.
    position: String,
    /// Name; sealed.
    name: String,
    /// Id number; hashed for matching, never kept.
    id_number: Option<String>,
    /// First day.
    from: String,
    /// Last day; absent: still.
    to: Option<String>,
}

impl std::fmt::Debug for UnitKeyPerson {
    /// Says nothing: it is a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPerson(…)")
    }
}

/// A unit as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unit {
    /// Credit code.
    code: String,
    /// Full name.
    name: String,
    /// Region of its seat.
    region: String,
    /// What it is.
    kinds: Vec<String>,
    /// The kind that keeps its staff out.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded_kind: Option<String>,
    /// The record that stays, of one that was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<String>,
    /// Grows with every change.
    version: i64,
}

/// A unit with everything but the names of persons.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitFacts {
    /// Credit code.
    code: String,
    /// The code that was asked for, if it was merged into this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
    /// Where a code that was asked for was merged into: this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<String>,
    /// Full name.
    name: String,
    /// Region of its seat.
    region: String,
    /// Names that it had.
    former_names: Vec<UnitFormerName>,
    /// What it is.
    kinds: Vec<String>,
    /// The kind that keeps its staff out.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded_kind: Option<String>,
    /// Credit code of the competent department.
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    /// Units above it.
    parents: Vec<UnitEdge>,
    /// Units that it controls.
    controls: Vec<UnitEdge>,
    /// Key persons, without names.
    persons: Vec<UnitPerson>,
    /// Codes that were merged into this one.
    merged: Vec<String>,
    /// Grows with every change.
    version: i64,
    /// Its changes, oldest first, those of merged records included.
    history: Vec<UnitChange>,
}

/// A key person as shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitPerson {
    /// What the person is there.
    position: String,
    /// Name, after a recorded look only.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// First day.
    from: String,
    /// Last day; absent: still.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Whether an id number is there to match by.
    by_id: bool,
}

/// Key persons with their names.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitPersons {
    /// In the order in which they were recorded.
    items: Vec<UnitPerson>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitChange {
    /// The code whose record changed.
    code: String,
    /// The journal entry.
    entry: i64,
    /// When.
    time: String,
    /// `unit.recorded`, `unit.amended` or `unit.merged`.
    kind: String,
    /// The account that did it.
    by: String,
    /// The fields that changed.
    changed: Vec<String>,
}

impl UnitInput {
    /// The draft of it.
    pub fn draft(self) -> UnitDraft {
        UnitDraft {
            code: self.code,
            name: self.name,
            region: self.region,
            former_names: names(self.former_names.unwrap_or_default()),
            kinds: self.kinds.unwrap_or_default(),
            excluded_kind: self.excluded_kind,
            department: self.department,
            parents: edges(self.parents.unwrap_or_default()),
            controls: edges(self.controls.unwrap_or_default()),
            persons: persons(self.persons.unwrap_or_default()),
            merged_into: None,
        }
    }
}

impl UnitAmendment {
    /// Puts what is given into a draft.
    pub fn apply(self, draft: &mut UnitDraft) {
        fn put<T>(place: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *place = given;
            }
        }
        put(&mut draft.name, self.name);
        put(&mut draft.region, self.region);
        put(&mut draft.former_names, self.former_names.map(names));
        put(&mut draft.kinds, self.kinds);
        put(&mut draft.excluded_kind, self.excluded_kind);
        put(&mut draft.department, self.department);
        put(&mut draft.parents, self.parents.map(edges));
        put(&mut draft.controls, self.controls.map(edges));
        put(&mut draft.persons, self.persons.map(persons));
    }
}

fn names(given: Vec<UnitFormerName>) -> Vec<DraftFormerName> {
    given.into_iter().map(|each| DraftFormerName { name: each.name, until: each.until }).collect()
}

fn edges(given: Vec<UnitEdge>) -> Vec<DraftEdge> {
    let edge =
        |each: UnitEdge| DraftEdge { unit: each.unit, from: each.from, to: each.to, share: each.share };
    given.into_iter().map(edge).collect()
}

fn persons(given: Vec<UnitKeyPerson>) -> Vec<DraftPerson> {
    let person = |each: UnitKeyPerson| DraftPerson {
        position: each.position,
        name: each.name,
        id_number: each.id_number,
        from: each.from,
        to: each.to,
        kept: None,
    };
    given.into_iter().map(person).collect()
}

impl From<UnitView> for Unit {
    fn from(view: UnitView) -> Self {
        Self {
            code: view.code,
            name: view.name,
            region: view.region,
            kinds: view.kinds,
            excluded_kind: view.excluded_kind,
            merged_into: view.merged_into,
            version: view.version,
        }
    }
}

impl From<UnitEvent> for UnitChange {
    fn from(event: UnitEvent) -> Self {
        Self {
            code: event.code,
            entry: event.entry,
            time: Timestamp(event.time).to_string(),
            kind: event.kind,
            by: event.by,
            changed: event.changed,
        }
    }
}

impl From<UnitRecord> for UnitFacts {
    fn from(record: UnitRecord) -> Self {
        let facts = record.unit.draft();
        let edge =
            |each: DraftEdge| UnitEdge { unit: each.unit, from: each.from, to: each.to, share: each.share };
        Self {
            merged_into: record.asked.as_ref().map(|_| facts.code.clone()),
            code: facts.code,
            asked: record.asked,
            name: facts.name,
            region: facts.region,
            former_names: (facts.former_names.into_iter())
                .map(|each| UnitFormerName { name: each.name, until: each.until })
                .collect(),
            kinds: facts.kinds,
            excluded_kind: facts.excluded_kind,
            department: facts.department,
            parents: facts.parents.into_iter().map(edge).collect(),
            controls: facts.controls.into_iter().map(edge).collect(),
            persons: record.unit.persons().iter().map(|each| person(each, false)).collect(),
            merged: record.merged,
            version: record.version,
            history: record.history.into_iter().map(UnitChange::from).collect(),
        }
    }
}

impl UnitPersons {
    /// The key persons of a unit with their names: only after the look was recorded.
    pub fn of(unit: &registry::Unit) -> Self {
        Self { items: unit.persons().iter().map(|each| person(each, true)).collect() }
    }
}

fn person(person: &registry::KeyPerson, named: bool) -> UnitPerson {
    UnitPerson {
        position: person.position.name().to_owned(),
        name: named.then(|| person.name.clone()),
        from: person.from.to_string(),
        to: person.to.map(|day| day.to_string()),
        by_id: person.id_hash.is_some(),
    }
}

/// Tells `null` from absence.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
