//! The decision: what commitment, pool and seed make of each other. Anyone may compute it.
//!
//! This joins the committed plan (seats, unit cap, kept members) to the lots and the walk; it is
//! what the service writes into `draw.drawn` and what the verifier holds against it.

use std::collections::BTreeSet;

use super::commitment::{Commitment, Kept};
use super::lots;
use super::pool::Leaf;
use super::seats::{self, Candidate, Fixed, NoPanel, Plan, Seated};
use crate::codec::Hash;

/// A result: the panel in drawn order and the branches that the walk counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Seats in drawn order.
    pub seats: Vec<Seated>,
    /// Branches counted.
    pub branches: u64,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// No full panel, or the walk's limit.
    #[error("{0}")]
    NoPanel(#[from] NoPanel),
    /// Leaves that have more lots than L, or L beyond 1 to 8.
    #[error("lots: {0}")]
    Lots(#[from] lots::LotsError),
}

/// The panel that a seed gives.
pub fn panel(commitment: &Commitment, leaves: &[Leaf], seed: &Hash) -> Result<Decision, Undecided> {
    let order = order(commitment, leaves, seed)?;
    let (plan, fixed) = (plan(commitment), fixed(commitment, leaves));
    let panel = seats::complete(&plan, &candidates(leaves), &order, &fixed, &BTreeSet::new())?;
    Ok(Decision { seats: panel.seated, branches: panel.branches })
}

/// The drawn order of a pool under a seed: every position once (draw-v1 §6.2).
pub fn order(commitment: &Commitment, leaves: &[Leaf], seed: &Hash) -> Result<Vec<u32>, lots::LotsError> {
    let own: Vec<u8> = leaves.iter().map(|leaf| leaf.lots).collect();
    let tickets = lots::tickets(&lots::Seed(*seed.as_bytes()), &own, commitment.lots)?;
    Ok(lots::order(&tickets))
}

/// The positions of those who sit in every full panel, kept members apart; an error when there is
/// no full panel at all. The walk is in pool order and needs no randomness.
pub fn forced_seats(commitment: &Commitment, leaves: &[Leaf]) -> Result<Vec<u32>, NoPanel> {
    seats::forced_with(&plan(commitment), &candidates(leaves), &fixed(commitment, leaves))
}

/// The committed plan as the walk wants it.
pub(super) fn plan(commitment: &Commitment) -> Plan {
    Plan { seats: commitment.groups.iter().map(|group| group.seats).collect(), unit_cap: commitment.unit_cap }
}

/// The kept members with the groups that each may still fill: those of their site, or their one
/// group, as far as their leaf's mask says that they can.
fn fixed(commitment: &Commitment, leaves: &[Leaf]) -> Vec<Fixed> {
    let fixed = |kept: &Kept| {
        let groups = match kept {
            Kept::Site { site, .. } => commitment.groups_at(*site),
            Kept::Group { group, .. } => 1u32.checked_shl(group.saturating_sub(1)).unwrap_or(0),
        };
        let leaf = usize::try_from(kept.position()).ok().and_then(|position| leaves.get(position));
        Fixed { position: kept.position(), groups: groups & leaf.map_or(0, |leaf| leaf.groups) }
    };
    commitment.kept.iter().map(fixed).collect()
}

/// The leaves as the walk wants them.
pub(super) fn candidates(leaves: &[Leaf]) -> Vec<Candidate> {
    let candidate =
        |leaf: &Leaf| Candidate { groups: leaf.groups, unit: leaf.unit, relations: leaf.relations.clone() };
    leaves.iter().map(candidate).collect()
}
