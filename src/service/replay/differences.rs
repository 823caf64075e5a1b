//! Where a sealed record and what the rules come to differ, person by person, each difference by name
//! (`api-spec/audit-v1.md` §6).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::draw::pool::{Candidate, Excluded};
use crate::service::draws::prepare::People;
use crate::service::draws::record::DrawRecord;
use crate::service::erased::Erased;
use crate::store::Finding;

/// One thing that a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Stable name, one of [`NAMES`].
    pub name: &'static str,
    /// Log index: of the commitment, or of the entry that is meant.
    pub index: u64,
    /// The draw's id; empty where it is about none.
    pub draw: String,
    /// What differs, with expert numbers and without names.
    pub what: String,
}

/// Every name.
pub const NAMES: [&str; 14] = [
    "image",
    "not_replayed",
    "draw_record",
    "registry_state",
    "judged_by",
    "contributors",
    "pool_dropped",
    "pool_slipped_in",
    "pool_person",
    "lots",
    "exclusion",
    "relations",
    "panel_rule",
    "brief_change",
];

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.draw.is_empty() {
            write!(f, "entry {}: {} ({})", self.index, self.what, self.name)
        } else {
            write!(f, "entry {}: draw {}: {} ({})", self.index, self.draw, self.what, self.name)
        }
    }
}

impl From<Difference> for Finding {
    fn from(difference: Difference) -> Self {
        Self::at("replay", difference.index, difference.to_string())
    }
}

/// Name and words of one difference.
pub(super) type Told = (&'static str, String);

/// Where record and rebuilt people differ, and how many of the record were erased since.
pub(super) fn differences(
    record: &DrawRecord,
    rebuilt: &People,
    erased: Option<&Erased>,
) -> (Vec<Told>, u64) {
    let gone: BTreeSet<&str> = erased.iter().flat_map(|erased| erased.subjects()).collect();
    let mut found = Vec::new();
    let inside = |people: &[Candidate]| -> BTreeMap<String, Candidate> {
        let left = people.iter().filter(|person| !gone.contains(person.number.as_str()));
        left.map(|person| (person.number.clone(), person.clone())).collect()
    };
    let outside = |people: &[Excluded]| -> BTreeMap<String, Excluded> {
        let left = people.iter().filter(|person| !gone.contains(person.number.as_str()));
        left.map(|person| (person.number.clone(), person.clone())).collect()
    };
    candidates(&mut found, &inside(&record.candidates), &inside(&rebuilt.candidates));
    exclusions(&mut found, &outside(&record.excluded), &outside(&rebuilt.excluded));
    let numbers = record.candidates.iter().map(|person| &person.number);
    let numbers = numbers.chain(record.excluded.iter().map(|person| &person.number));
    let erased = numbers.filter(|number| gone.contains(number.as_str())).count() as u64;
    // Whom an erased person was related to cannot be found again.
    if erased == 0 {
        if record.related != rebuilt.related {
            found.push(("relations", "the pairs of related candidates differ".to_owned()));
        }
        if record.header.excluded != rebuilt.counts() {
            found.push(("exclusion", "the counts by rule differ".to_owned()));
        }
    }
    (found, erased)
}

fn candidates(
    found: &mut Vec<Told>,
    sealed: &BTreeMap<String, Candidate>,
    rebuilt: &BTreeMap<String, Candidate>,
) {
    for (number, person) in sealed {
        match rebuilt.get(number) {
            None => found
                .push(("pool_slipped_in", format!("candidate {number}: the rules come to something else"))),
            Some(other) if other == person => {}
            Some(other) if (Candidate { lots: person.lots, ..other.clone() }) == *person => {
                let (had, due) = (person.lots, other.lots);
                found.push((
                    "lots",
                    format!("candidate {number}: drew with {had} lots, the table gives {due}"),
                ));
            }
            Some(_) => found.push(("pool_person", format!("candidate {number}: differs"))),
        }
    }
    for number in rebuilt.keys().filter(|number| !sealed.contains_key(*number)) {
        found.push(("pool_dropped", format!("candidate {number}: is missing from the record")));
    }
}

fn exclusions(
    found: &mut Vec<Told>,
    sealed: &BTreeMap<String, Excluded>,
    rebuilt: &BTreeMap<String, Excluded>,
) {
    let mut say = |number: &str, what: &str| {
        found.push(("exclusion", format!("excluded person {number}: {what}")));
    };
    for (number, person) in sealed {
        match rebuilt.get(number) {
            None => say(number, "the rules come to something else"),
            Some(other) if other != person => say(number, "differs"),
            Some(_) => {}
        }
    }
    for number in rebuilt.keys().filter(|number| !sealed.contains_key(*number)) {
        say(number, "is missing from the record");
    }
}
