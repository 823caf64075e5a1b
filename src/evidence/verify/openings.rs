//! Checks `openings.*`: that what a file opens is what the commitment had sealed.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::Keys;
use super::result::Life;
use super::{Answer, Draw};
use crate::draw::identity::{DrawKey, identity};
use crate::draw::pool::{self, Candidate, Excluded, Leaf};
use crate::draw::request::names_digest;
use crate::draw::tags;
use crate::evidence::openings::{AuditorOpenings, Openings};
use crate::evidence::said::Said;
use crate::registry::{card_digest, expert_card, image_digest};

const NO_AUDITOR_PART: &str = "the auditor's part is missing";

pub(super) fn package(draw: &Draw<'_>, keys: &Keys, open: &Openings) -> Answer<()> {
    let given = &open.package;
    if !tags::is_number(&given.plan) || !tags::is_number(&given.package) {
        return Err("plan or package is not in its only spelling".into());
    }
    let (plan, package) =
        tags::open(&keys.tag_vrf, &given.plan, &given.package, &given.plan_proof, &given.package_proof)
            .map_err(|e| format!("tag proof: {e}"))?;
    if (plan, package) != (draw.commitment.plan_tag, draw.commitment.package_tag) {
        return Err("the tags of the commitment are those of another package".into());
    }
    Ok(((), format!("{} package {}", given.plan, given.package)))
}

pub(super) fn names(draw: &Draw<'_>, open: &Openings) -> Answer<()> {
    let groups = &open.names.groups;
    if names_digest(open.names.salt.as_bytes(), groups) != draw.commitment.names {
        return Err("the group names are not those of the commitment".into());
    }
    let opened = groups.iter().map(|group| (group.seats, group.site));
    if !opened.eq(draw.commitment.groups.iter().map(|group| (group.seats, group.site))) {
        return Err("seats or sites differ from the commitment's".into());
    }
    let seen: Vec<String> = groups.iter().map(|g| format!("{}×{}", g.speciality, g.seats)).collect();
    Ok(((), seen.join(", ")))
}

pub(super) fn seated(draw: &Draw<'_>, open: &Openings, life: &Life, leaves: &[Leaf]) -> Answer<Vec<String>> {
    let seats = life.seats();
    if open.seated.len() != seats.len() {
        return Err(format!("{} seats, {} opened", seats.len(), open.seated.len()));
    }
    let mut numbers = BTreeSet::new();
    for (member, (position, _)) in open.seated.iter().zip(&seats) {
        let at = |reason: &str| format!("position {position}: {reason}");
        let card = card_digest(member.card_salt.as_bytes(), &expert_card(&member.number, &member.name));
        let image = image_digest(card, member.rest);
        let entry = draw.entries.0.iter().find(|entry| entry.index == member.registry);
        if !matches!(entry.map(|entry| &entry.said), Some(Said::Expert(recorded)) if *recorded == image) {
            return Err(at("the registry entry does not hold this card: the person is not in the registry"));
        }
        if member.registry > draw.commitment.registry {
            return Err(at("the registry entry is younger than the pool"));
        }
        if !numbers.insert(member.number.as_str()) {
            return Err(at("the same expert holds two seats"));
        }
        let commitment = identity(member.draw_salt.as_bytes(), &image, member.registry);
        let leaf = usize::try_from(*position).ok().and_then(|position| leaves.get(position));
        if leaf.map(|leaf| leaf.identity) != Some(commitment) {
            return Err(at("the card is not the one behind this place in the pool"));
        }
    }
    let names: Vec<String> = open.seated.iter().map(|member| member.name.clone()).collect();
    let seen = format!("{} members: {}", names.len(), names.join("、"));
    Ok((names, seen))
}

fn auditor(open: &Openings) -> Result<(&AuditorOpenings, DrawKey), String> {
    let part = open.auditor.as_ref().ok_or(NO_AUDITOR_PART)?;
    Ok((part, DrawKey(*part.draw_key.as_bytes())))
}

pub(super) fn request(draw: &Draw<'_>, open: &Openings) -> Answer<()> {
    let (part, key) = auditor(open)?;
    if part.request.digest(&key.request_salt()) != draw.commitment.request {
        return Err("the request is not that of the commitment".into());
    }
    if open.names.salt.as_bytes() != &key.names_salt() || open.names.groups != part.request.groups {
        return Err("the group names opened are not those of the request".into());
    }
    let same = (&open.package.plan, &open.package.package) == (&part.request.plan, &part.request.package);
    if !same {
        return Err("the package opened is not that of the request".into());
    }
    Ok(((), format!("{} suppliers", part.request.suppliers.len())))
}

pub(super) fn candidates(draw: &Draw<'_>, open: &Openings, leaves: &[Leaf]) -> Answer<()> {
    let (part, key) = auditor(open)?;
    if part.candidates.len() != leaves.len() {
        return Err(format!("{} candidates opened, {} in the pool", part.candidates.len(), leaves.len()));
    }
    let by_number: BTreeMap<&str, _> =
        part.candidates.iter().map(|person| (person.number.as_str(), person)).collect();
    if by_number.len() != leaves.len() {
        return Err("one number stands twice among the candidates".into());
    }
    let mut pairs = Vec::new();
    let mut people = Vec::with_capacity(leaves.len());
    for (person, leaf) in part.candidates.iter().zip(leaves) {
        if !(1..=draw.commitment.registry).contains(&person.registry) {
            return Err(format!("{}: the registry entry is none, or younger than the pool", person.number));
        }
        for other in &person.relations {
            let mutual = by_number.get(other.as_str()).is_some_and(|o| o.relations.contains(&person.number));
            if !mutual || *other == person.number {
                return Err(format!("{}: a relation that the other side does not have", person.number));
            }
            pairs.push((person.number.clone(), other.clone()));
        }
        people.push(Candidate {
            number: person.number.clone(),
            image: person.image,
            registry: person.registry,
            groups: leaf.groups,
            lots: leaf.lots,
            unit: person.unit.clone(),
            further_units: person.further_units.clone(),
        });
    }
    // Each pair is listed from both sides; one is enough.
    pairs.retain(|(one, other)| one < other);
    let rebuilt = pool::build(&key, &people, &pairs).map_err(|e| e.to_string())?;
    if !rebuilt.origin.iter().copied().eq(0..people.len()) {
        return Err("candidates are not listed by position".into());
    }
    if let Some(position) = rebuilt.leaves.iter().zip(leaves).position(|(ours, theirs)| ours != theirs) {
        return Err(format!("position {position}: the leaf is not the one of this candidate"));
    }
    // With this salt a card that `openings.seated` finds at a place is the candidate's of that place.
    for member in &open.seated {
        if member.draw_salt.as_bytes() != &key.candidate_salt(&member.number) {
            return Err(format!("{}: opened to the public with another salt", member.number));
        }
    }
    Ok(((), format!("{} leaves rebuilt", leaves.len())))
}

pub(super) fn excluded(draw: &Draw<'_>, open: &Openings) -> Answer<()> {
    let (part, key) = auditor(open)?;
    let people: Vec<Excluded> = part
        .excluded
        .iter()
        .map(|person| Excluded {
            number: person.number.clone(),
            image: person.image,
            registry: person.registry,
            rules: person.rules.clone(),
        })
        .collect();
    if !people.is_sorted_by(|a, b| a.number < b.number) {
        return Err("must be strictly ascending by number".into());
    }
    let known = 1..=draw.commitment.registry;
    if let Some(late) = people.iter().find(|person| !known.contains(&person.registry)) {
        return Err(format!("{}: the registry entry is none, or younger than the pool", late.number));
    }
    let candidates: BTreeSet<&str> = part.candidates.iter().map(|person| person.number.as_str()).collect();
    if let Some(both) = people.iter().find(|person| candidates.contains(person.number.as_str())) {
        return Err(format!("{}: both candidate and excluded", both.number));
    }
    if pool::excluded_digest(&key, &people) != draw.commitment.excluded {
        return Err("the table of exclusions is not that of the commitment".into());
    }
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for rule in part.excluded.iter().flat_map(|person| &person.rules) {
        *counts.entry(rule).or_default() += 1;
    }
    let seen: Vec<String> = counts.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    Ok(((), format!("{} excluded: {}", people.len(), seen.join(", "))))
}
