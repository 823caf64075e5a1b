//! Settlement: all vacancies of a closed window at once, by the walk of draw-v1 §7.10.
//!
//! *Invariant:* F, U and the walk depend on who accepted, who is out, and what sites and groups are
//! fixed; not on the order or the time of anything within a window.

use std::collections::{BTreeMap, BTreeSet};

use super::book::CallBook;
use super::statements::{NewlyOut, Outcome, Settled};
use super::violation::Violation;
use super::words::{Shortfall, Why};
use crate::draw::seats::{self, Fixed, NoPanel};

impl CallBook {
    /// The settlement that is due at `now`: after the open window has closed or all its invitees have
    /// answered; with no round open, as soon as somebody went out.
    pub fn due_settlement(&self, now: i64) -> Option<Settled> {
        self.may_settle(now).ok()?;
        Some(self.settlement())
    }

    /// Whether a settlement may stand at a time.
    pub(super) fn may_settle(&self, time: i64) -> Result<(), Violation> {
        if self.stopped.is_some() {
            return Err(Violation::Stopped);
        }
        if self.shortfall.is_some() {
            return Err(Violation::AfterShortfall);
        }
        match &self.open {
            Some(open) if time <= open.closes && open.invitees.values().any(|invitee| !invitee.answered) => {
                Err(Violation::WindowOpen(open.closes))
            }
            None if !self.is_unsettled() => Err(Violation::NothingToSettle),
            _ => Ok(()),
        }
    }

    /// Who is newly out, with why.
    pub(super) fn newly_out(&self) -> BTreeMap<u32, Why> {
        let gone = self.gone.iter().filter(|(_, gone)| !gone.settled).map(|(p, gone)| (*p, gone.why));
        let invitees = self.open.iter().flat_map(|open| &open.invitees);
        let silent = invitees.filter(|(_, invitee)| !invitee.answered).map(|(p, _)| (*p, Why::NoAnswer));
        gone.chain(silent).collect()
    }

    /// The groups that a member may fill in a settlement: theirs alone once it is fixed, those of their
    /// site once they were told, else all that they can.
    fn mask(&self, position: u32) -> u32 {
        let person = usize::try_from(position).ok().and_then(|position| self.pool.get(position));
        let own = person.map_or(0, |person| person.groups);
        if let Some(group) = self.groups.get(&position) {
            return group.checked_sub(1).and_then(|bit| 1u32.checked_shl(bit)).unwrap_or(0) & own;
        }
        match self.told.get(&position) {
            Some(site) => own & self.groups_at(*site),
            None => own,
        }
    }

    fn groups_at(&self, site: u32) -> u32 {
        let of_site = self.sites.iter().zip(0u32..).filter(|(own, _)| **own == site);
        of_site.fold(0, |mask, (_, bit)| mask | 1u32.checked_shl(bit).unwrap_or(0))
    }

    /// The settlement of everything up to now.
    pub(super) fn settlement(&self) -> Settled {
        let newly = self.newly_out();
        let out: BTreeSet<u32> = self.gone.keys().chain(newly.keys()).copied().collect();
        let members = self.panel.iter().map(|seat| seat.position).filter(|p| !out.contains(p));
        let fixed: Vec<Fixed> =
            members.map(|position| Fixed { position, groups: self.mask(position) }).collect();
        let outcome = match seats::complete(&self.plan, &self.pool, &self.order, &fixed, &out) {
            Ok(panel) => Outcome::Seats { seats: panel.seated, branches: panel.branches },
            Err(NoPanel::Relations { .. }) => Outcome::Shortfall(Shortfall::Relations),
            Err(NoPanel::Limit) => Outcome::Shortfall(Shortfall::Limit),
            // F is part of a panel that fits, so the other two cannot be; they too mean: no panel.
            Err(NoPanel::Infeasible(_) | NoPanel::Fixed | NoPanel::Input(_)) => {
                Outcome::Shortfall(Shortfall::Infeasible)
            }
        };
        let out = newly.into_iter().map(|(position, why)| NewlyOut { position, why }).collect();
        Settled { alpha: self.alpha, round: self.round, out, outcome }
    }
}
