//! From the order to the seats (席位): the lexicographically first full panel (评审小组).
//!
//! Walk the drawn order; seat a candidate exactly when the panel can still be completed by later
//! ones, so that every group is filled exactly, no unit (工作单位) exceeds the cap and no two members
//! are in conflict. A panel is found whenever one exists, and nobody is ever taken back.
//! Specification: `api-spec/draw-v1.md`, "The seats".
//!
//! *Invariant:* panel, groups, number of branches and refusal are fixed by the specification to the
//! last number. Everything clever below (the short list, the memo, the undo log) changes time only;
//! `literal`, among the tests, does the same without any of it.
//!
//! Not here: who may be in the pool, and lots ([`super::lots`]).

mod calls;
mod explain;
mod flow;
mod relations;
mod search;
mod shortlist;
mod walk;

#[cfg(test)]
pub(in crate::draw) mod brute;
#[cfg(test)]
pub(in crate::draw) mod literal;
#[cfg(test)]
pub(in crate::draw) mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::collections::BTreeSet;

pub use calls::{margin, open_groups};

/// A salted tag of a unit or of a relation, 16 bytes.
pub type Tag = [u8; 16];

/// The most branches of one walk; the next one ends it ([`NoPanel::Limit`]).
pub const BRANCH_LIMIT: u64 = 1_000_000;
/// The most seats of one plan over all its groups.
pub const MAX_SEATS: u32 = 64;
/// The most groups of one plan.
pub const MAX_GROUPS: usize = 32;
/// The most relation tags of one candidate.
pub const MAX_RELATIONS: usize = 8;

/// What is to be seated: seats per group and the unit cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seats of group 1, 2, … (1 to 32 groups, at least 1 seat each, at most 64 in all).
    pub seats: Vec<u32>,
    /// The most members of one unit, at least 1.
    pub unit_cap: u32,
}

/// One pool position, as its leaf shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Bit g − 1 set: can fill group g. Never 0.
    pub groups: u32,
    /// The unit's tag.
    pub unit: Tag,
    /// Relation tags, strictly ascending, at most 8. Two people conflict when they share one, or
    /// when one's relation tag is the other's unit tag.
    pub relations: Box<[Tag]>,
}

/// A member seated beforehand (set F): kept from an earlier attempt, or remaining after calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Pool position.
    pub position: u32,
    /// The groups they may still fill, as a mask: those of their site, or only their group after
    /// sign-in. It replaces the mask of the leaf; it need not be part of that.
    pub groups: u32,
}

/// One member and the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seated {
    /// Pool position.
    pub position: u32,
    /// Group number, from 1.
    pub group: u8,
}

/// A full panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// The members in drawn order, those seated beforehand among them.
    pub seated: Vec<Seated>,
    /// Branches counted over the whole walk.
    pub branches: u64,
}

/// Why groups and cap alone allow no full panel (conflicts left aside), after Hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The inclusion-minimal set of groups with the largest shortage, ascending, from 1.
    pub groups: Vec<u8>,
    /// Seats of these groups that stay empty at best, at least 1.
    pub shortage: u32,
    /// Seats of these groups.
    pub needed: u32,
    /// Members seated beforehand who can fill one of these groups.
    pub seated: u32,
    /// Other available people who can fill one of these groups.
    pub candidates: u32,
    /// The units with more of them than the cap leaves room for, ascending by tag.
    pub binding_units: Vec<Tag>,
    /// The smallest cap with which groups and cap allow a full panel; `None` when no cap does, so
    /// that only fewer seats (by `shortage`) help.
    pub relaxed_cap: Option<u32>,
}

/// Why there is no panel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPanel {
    /// Plan, pool, order, fixed or removed members are not what their types say; the text says where.
    #[error("not a walk: {0}")]
    Input(&'static str),
    /// Those seated beforehand exceed the cap among themselves or do not fit into the groups.
    #[error("the members seated beforehand do not fit the plan")]
    Fixed,
    /// Groups and cap alone allow no full panel.
    #[error("{} of {} seats stay empty in groups {:?}", .0.shortage, .0.needed, .0.groups)]
    Infeasible(Explanation),
    /// Groups and cap would allow a panel, conflicts between people do not.
    #[error("conflicts between people leave no full panel ({branches} branches)")]
    Relations {
        /// Branches counted over the whole walk.
        branches: u64,
    },
    /// More than [`BRANCH_LIMIT`] branches: the outcome is the computed void `relations`.
    #[error("more branches than the limit")]
    Limit,
}

/// The panel of a draw: pool positions in drawn `order`, nobody seated beforehand.
pub fn panel(plan: &Plan, pool: &[Candidate], order: &[u32]) -> Result<Panel, NoPanel> {
    complete(plan, pool, order, &[], &BTreeSet::new())
}

/// The panel with `fixed` seated beforehand (F) and `out` removed (U): F plus the lexicographically
/// first completion from the others in drawn order.
///
/// F counts for caps and conflicts; conflicts inside F are not examined. `order` holds every pool
/// position once; F and U share nobody.
pub fn complete(
    plan: &Plan,
    pool: &[Candidate],
    order: &[u32],
    fixed: &[Fixed],
    out: &BTreeSet<u32>,
) -> Result<Panel, NoPanel> {
    complete_within(plan, pool, order, fixed, out, BRANCH_LIMIT)
}

/// Those who sit in every full panel: pool positions, ascending.
///
/// A walk in pool order finds a panel or refuses; then each of its members outside F is left out in
/// a walk of its own, and is forced when that finds none. Branches count anew in each walk; at the
/// limit of any of them the answer is [`NoPanel::Limit`].
pub fn forced(plan: &Plan, pool: &[Candidate]) -> Result<Vec<u32>, NoPanel> {
    forced_with(plan, pool, &[])
}

/// [`forced`] with members seated beforehand, who are not themselves examined.
pub fn forced_with(plan: &Plan, pool: &[Candidate], fixed: &[Fixed]) -> Result<Vec<u32>, NoPanel> {
    forced_within(plan, pool, fixed, BRANCH_LIMIT)
}

/// [`complete`] with a limit of branches.
fn complete_within(
    plan: &Plan,
    pool: &[Candidate],
    order: &[u32],
    fixed: &[Fixed],
    out: &BTreeSet<u32>,
    limit: u64,
) -> Result<Panel, NoPanel> {
    let job = walk::Job { plan, pool, order, fixed, out, limit };
    job.check()?;
    let list = shortlist::build(&job, 0);
    walk::walk(&job, &list)
}

/// [`forced_with`] with a limit of branches.
fn forced_within(plan: &Plan, pool: &[Candidate], fixed: &[Fixed], limit: u64) -> Result<Vec<u32>, NoPanel> {
    let order: Vec<u32> = (0u32..).take(pool.len()).collect();
    let nobody = BTreeSet::new();
    let job = walk::Job { plan, pool, order: &order, fixed, out: &nobody, limit };
    job.check()?;
    // One short list serves all walks: it has room for one person to be missing.
    let list = shortlist::build(&job, 1);
    let mut members: Vec<u32> = walk::walk(&job, &list)?.seated.iter().map(|s| s.position).collect();
    members.retain(|position| fixed.iter().all(|f| f.position != *position));
    let mut forced = Vec::new();
    for member in members {
        let out = BTreeSet::from([member]);
        match walk::walk(&walk::Job { out: &out, ..job }, &list) {
            Ok(_) => {}
            Err(NoPanel::Infeasible(_) | NoPanel::Relations { .. }) => forced.push(member),
            Err(other) => return Err(other),
        }
    }
    Ok(forced)
}
