//! After the draw: who is invited beyond the panel while calls are out.
//!
//! Replacements are the walk itself with F and U ([`super::complete`]); a panel that loses members
//! is completed, never drawn again. Specification: `api-spec/draw-v1.md`, "The seats", calls.
//!
//! Not here: windows, answers and receipts, which are the life cycle's.

use std::collections::BTreeSet;

use super::flow::bit;
use super::{Candidate, Seated};

/// The margin (候补邀请): the first `margin` people in drawn order outside panel and U who can fill a
/// group with an open seat; pool positions in drawn order, fewer if there are no more.
///
/// `open` is the mask of the groups with an open seat ([`open_groups`]).
pub fn margin(
    pool: &[Candidate],
    order: &[u32],
    panel: &[Seated],
    out: &BTreeSet<u32>,
    open: u32,
    margin: usize,
) -> Vec<u32> {
    let panel: BTreeSet<u32> = panel.iter().map(|seat| seat.position).collect();
    let can_fill = |position: &u32| pool.get(*position as usize).is_some_and(|p| p.groups & open != 0);
    let mut invited = order.iter().copied().filter(|p| !panel.contains(p) && !out.contains(p));
    if open == 0 { Vec::new() } else { invited.by_ref().filter(can_fill).take(margin).collect() }
}

/// The mask of the groups with an open seat: a seat is open until its member has accepted.
pub fn open_groups(panel: &[Seated], accepted: &BTreeSet<u32>) -> u32 {
    let open = panel.iter().filter(|seat| !accepted.contains(&seat.position));
    open.fold(0, |mask, seat| mask | seat.group.checked_sub(1).map_or(0, bit))
}
