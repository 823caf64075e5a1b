//! What a commitment needs before anything is written: who is in the pool, who is excluded and why,
//! whether a full panel exists, and who would sit in every one.
//!
//! Everything here reads the drawing index at one position and runs outside the writer.

use std::collections::BTreeMap;

use super::request::Checked;
use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Contributor, Group};
use crate::draw::decide;
use crate::draw::identity::DrawKey;
use crate::draw::parts::{in_parts, part_length};
use crate::draw::pool::{self, Candidate, Excluded, Leaf, PoolError};
use crate::draw::request::names_digest;
use crate::draw::seats::{Explanation, NoPanel};
use crate::draw::tags::Tags;
use crate::rules::people_facts::{EngagementBook, Engagements, PersonFacts};
use crate::rules::{Judging, Outcome, Profile, Project, Requirement, Rule, mutual};
use crate::service::index::{DrawingIndex, Indexed};
use crate::service::tier_book::Lots;

/// Up to so many people one thread judges all.
const ALONE: usize = 4_096;

/// The people of a draw, by pool position, and the others with the rules against them.
#[derive(Clone)]
pub struct People {
    /// Registry position at which the people were judged.
    pub registry: u64,
    /// Leaves by position.
    pub leaves: Vec<Leaf>,
    /// Candidates by position.
    pub candidates: Vec<Candidate>,
    /// Excluded people, ascending by number.
    pub excluded: Vec<Excluded>,
    /// Pairs of candidates related to each other.
    pub related: Vec<(String, String)>,
}

/// What people are judged by beyond the registry: as of one entry of the journal.
pub struct Inputs<'a> {
    /// The project.
    pub project: &'a Project,
    /// What each seat group asks for.
    pub requirements: &'a [Requirement],
    /// Who is engaged when; `None`: nobody follows that.
    pub engagements: Option<&'a EngagementBook>,
    /// Lots by tier.
    pub lots: &'a Lots,
}

/// Why a pool cannot be drawn from.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// No full panel exists: which groups are short, by how much.
    Short(Box<Explanation>),
    /// Seats would suffice but for people in conflict with each other.
    Relations,
    /// The walk ended at its limit of branches.
    Limit,
    /// The walk was given what it cannot be: a fault of the service.
    Fault(String),
    /// The pool itself breaks a limit.
    Pool(PoolError),
}

/// Judges everybody who may match and builds the pool under a draw key. `None`: the registry is
/// empty, nothing was ever entered.
pub fn people(
    index: &DrawingIndex,
    profile: &Profile,
    inputs: &Inputs<'_>,
    key: &DrawKey,
) -> Option<Result<People, Unfit>> {
    let registry = index.position()?;
    let (mut inside, mut excluded, mut facts) = (Vec::new(), Vec::new(), Vec::new());
    // Merged records are one unit: for conflicts with the parties, and for the cap within a panel.
    let project = Project { same: index.same().clone(), ..inputs.project.clone() };
    let judging = Judging::new(&project, inputs.requirements, profile, index.units());
    let none = Engagements::default();
    let possible = index.possible(inputs.requirements);
    let parts = in_parts(&possible, part_length(possible.len(), ALONE), |_, part| {
        part.iter()
            .map(|indexed| {
                let number = indexed.expert.number().as_str();
                let person = PersonFacts {
                    expert: &indexed.expert,
                    keys: Some(&indexed.keys),
                    engagements: inputs.engagements.map(|book| book.find(number).unwrap_or(&none)),
                    tier_lots: inputs.lots.of(number),
                };
                judged(&judging, &project, indexed, person)
            })
            .collect::<Vec<_>>()
    });
    for one in parts.into_iter().flatten() {
        match one {
            One::NotMatching => {}
            One::Excluded(person) => excluded.push(person),
            One::Candidate(person, candidate) => {
                facts.push(person);
                inside.push(candidate);
            }
        }
    }
    excluded.sort_by(|a, b| a.number.cmp(&b.number));
    let related = if profile.applies(Rule::NoMutualRelation) {
        mutual::pairs(&facts, &project.same)
    } else {
        Vec::new()
    };
    Some(pool::build(key, &inside, &related).map_err(Unfit::Pool).map(|pool| {
        let candidates = pool.origin.iter().map(|origin| inside[*origin].clone()).collect();
        People { registry, leaves: pool.leaves, candidates, excluded, related }
    }))
}

/// Somebody who was judged.
enum One<'a> {
    NotMatching,
    Excluded(Excluded),
    Candidate(PersonFacts<'a>, Candidate),
}

fn judged<'a>(
    judging: &Judging<'_>,
    project: &Project,
    indexed: &'a Indexed,
    person: PersonFacts<'a>,
) -> One<'a> {
    let number = indexed.expert.number().as_str().to_owned();
    let (groups, lots, outcome) = judging.outcome(&person);
    match outcome {
        Outcome::NotMatching => One::NotMatching,
        Outcome::Excluded(rules) => {
            let mut rules: Vec<String> = rules.iter().map(|rule| rule.name().to_owned()).collect();
            rules.sort();
            rules.dedup();
            One::Excluded(Excluded { number, image: indexed.image, registry: indexed.registry, rules })
        }
        Outcome::Candidate => {
            let employments = indexed.expert.employments().unwrap_or_default();
            let mut units = employments.iter().map(|e| project.same.canonical(&e.unit).as_str().to_owned());
            let unit = units.next();
            let mut further_units: Vec<String> = units.filter(|code| Some(code) != unit.as_ref()).collect();
            further_units.sort();
            further_units.dedup();
            let candidate = Candidate {
                number,
                image: indexed.image,
                registry: indexed.registry,
                groups,
                lots: u8::try_from(lots).unwrap_or(1),
                unit,
                further_units,
            };
            One::Candidate(person, candidate)
        }
    }
}

impl People {
    /// How many people each rule excludes (one person may be excluded by several).
    pub fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for rule in self.excluded.iter().flat_map(|person| &person.rules) {
            *counts.entry(rule.clone()).or_default() += 1;
        }
        counts
    }
}

/// The part of a commitment that does not depend on the time of writing.
pub struct Terms<'a> {
    /// The request.
    pub checked: &'a Checked,
    /// Its people.
    pub people: &'a People,
    /// The draw key.
    pub key: &'a DrawKey,
    /// Tags of the package.
    pub tags: &'a Tags,
    /// The rules.
    pub profile: &'a Profile,
    /// Digest of the tag VRF key.
    pub tag_key: Hash,
    /// Digest of the draw VRF key.
    pub draw_vrf_key: Hash,
    /// Attempt, and alpha of the one before.
    pub attempt: (u32, Option<Hash>),
    /// Account that accepted forced seats.
    pub forced_accepted_by: Option<String>,
}

impl Terms<'_> {
    /// The commitment, still without its deadline (0).
    pub fn commitment(&self) -> Commitment {
        let request = &self.checked.request;
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Commitment {
            attempt: self.attempt.0,
            predecessor: self.attempt.1,
            package_tag: self.tags.package,
            plan_tag: self.tags.plan,
            tag_key: self.tag_key,
            request: request.digest(&self.key.request_salt()),
            names: names_digest(&self.key.names_salt(), &request.groups),
            profile: self.profile.digest(),
            registry: self.people.registry,
            groups: request.groups.iter().map(|g| Group { seats: g.seats, site: g.site }).collect(),
            unit_cap: self.profile.unit_cap(),
            lots: u8::try_from(self.profile.lots()).unwrap_or(1),
            margin: self.profile.margin(),
            window_minutes: self.profile.window_minutes(),
            pool_size: small(self.people.leaves.len()),
            pool_root: pool::root(&self.people.leaves),
            excluded: pool::excluded_digest(self.key, &self.people.excluded),
            kept: Vec::new(),
            forced_accepted_by: self.forced_accepted_by.clone(),
            contributions: vec![Contributor::Operator { key: self.draw_vrf_key }],
            deadline: 0,
        }
    }
}

/// Whether a full panel exists, and how many sit in every one.
pub fn forced(commitment: &Commitment, people: &People) -> Result<usize, Unfit> {
    match decide::forced_seats(commitment, &people.leaves) {
        Ok(forced) => Ok(forced.len()),
        Err(NoPanel::Infeasible(explanation)) => Err(Unfit::Short(Box::new(explanation))),
        Err(NoPanel::Relations { .. }) => Err(Unfit::Relations),
        Err(NoPanel::Limit) => Err(Unfit::Limit),
        // Nobody is kept in this version, and a pool built here is well-formed.
        Err(fault @ (NoPanel::Input(_) | NoPanel::Fixed)) => Err(Unfit::Fault(fault.to_string())),
    }
}
