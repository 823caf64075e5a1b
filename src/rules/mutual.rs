//! `no_mutual_relation`: which candidates are related to each other, so that the walk does not seat both
//! (广东省2025年办法 art 21; elsewhere a deployment's choice). They are found by what one of them declared:
//! a relative's name and units against the other's name and employers.
//!
//! Namesakes: with units declared, an employer must agree too. Without units a name counts only while few
//! candidates bear it; a name that many bear tells nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::Hash;
use crate::codes::CreditCode;

use super::people_facts::PersonFacts;
use super::same_units::SameUnits;

/// Up to so many candidates of one name a bare name counts.
const NAMESAKES: usize = 3;

/// Pairs of expert numbers, the smaller first, ascending; each pair once.
pub fn pairs(people: &[PersonFacts<'_>], same: &SameUnits) -> Vec<(String, String)> {
    let mut named: BTreeMap<Hash, Vec<&PersonFacts<'_>>> = BTreeMap::new();
    for person in people {
        if let Some(keys) = person.keys {
            named.entry(keys.name_hash).or_default().push(person);
        }
    }
    let mut found = BTreeSet::new();
    for person in people {
        for relative in person.keys.iter().flat_map(|keys| &keys.kin) {
            let Some(bearers) = relative.name_hash.and_then(|name| named.get(&name)) else { continue };
            for other in bearers {
                let meant = if relative.units.is_empty() {
                    bearers.len() <= NAMESAKES
                } else {
                    relative.units.iter().any(|unit| works_at(other, unit, same))
                };
                let (one, two) = (person.expert.number().as_str(), other.expert.number().as_str());
                if meant && one != two {
                    found.insert((one.min(two).to_owned(), one.max(two).to_owned()));
                }
            }
        }
    }
    found.into_iter().collect()
}

fn works_at(person: &PersonFacts<'_>, unit: &CreditCode, same: &SameUnits) -> bool {
    let present = person.expert.employments().unwrap_or_default().iter().map(|employment| &employment.unit);
    let past = person.expert.past().iter().map(|employment| &employment.unit);
    present.chain(past).any(|employer| same.same(employer, unit))
}
