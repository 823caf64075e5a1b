//! Rules about a panel as a whole, asked of people who sit or shall sit together: members of one unit
//! (the cap of the profile), relations between members.
//!
//! A draw keeps both by construction (draw-v1 §7: unit tags and relation tags); a replay asks here whether
//! it did, and whoever seats people in another way can ask too.

use std::collections::BTreeMap;

use crate::codes::CreditCode;

use super::finding::{Detail, Finding};
use super::people_facts::PersonFacts;
use super::profile::Profile;
use super::rule::Rule;
use super::same_units::SameUnits;

/// What the rules about panels say of these members; `related` are pairs found among all candidates
/// ([`super::mutual::pairs`]).
pub fn findings(
    members: &[PersonFacts<'_>],
    related: &[(String, String)],
    profile: &Profile,
    same: &SameUnits,
) -> Vec<Finding> {
    let rules = [Rule::NoMutualRelation, Rule::OnePerLegalEntity];
    let applied = rules.into_iter().filter(|rule| profile.applies(*rule));
    applied
        .map(|rule| {
            let detail = match rule {
                Rule::NoMutualRelation => relations(members, related),
                _ => units(members, profile.unit_cap(), same),
            };
            let source = profile.rule(rule).map(|entry| entry.source.clone()).unwrap_or_default();
            Finding { rule, answer: detail.answer(), source, detail }
        })
        .collect()
}

/// `no_mutual_relation`.
fn relations(members: &[PersonFacts<'_>], related: &[(String, String)]) -> Detail {
    let sits = |number: &String| members.iter().any(|member| member.expert.number().as_str() == number);
    let declared = |member: &PersonFacts<'_>| member.keys.is_some_and(|keys| !keys.kin.is_empty());
    if related.iter().any(|(one, other)| sits(one) && sits(other)) {
        Detail::Related
    } else if members.iter().all(declared) {
        Detail::Met
    } else {
        Detail::KinUndeclared
    }
}

/// `one_per_legal_entity`: by the employer listed first; a further employer must be nobody else's.
fn units(members: &[PersonFacts<'_>], cap: u32, same: &SameUnits) -> Detail {
    let mut counts: BTreeMap<&CreditCode, u32> = BTreeMap::new();
    let mut further: BTreeMap<&CreditCode, u32> = BTreeMap::new();
    for member in members {
        let mut employers =
            member.expert.employments().unwrap_or_default().iter().map(|e| same.canonical(&e.unit));
        let first = employers.next();
        first.iter().for_each(|unit| *counts.entry(unit).or_default() += 1);
        let mut others: Vec<&CreditCode> = employers.filter(|unit| Some(*unit) != first).collect();
        others.sort();
        others.dedup();
        others.into_iter().for_each(|unit| *further.entry(unit).or_default() += 1);
    }
    let crossed = further.iter().any(|(unit, count)| *count > 1 || counts.contains_key(unit));
    if crossed || counts.values().any(|count| *count > cap) {
        Detail::SameUnit
    } else if members.iter().any(|member| member.expert.employments().is_none()) {
        Detail::EmployerUnknown
    } else {
        Detail::Met
    }
}
