//! The book of one draw's calls: its state, and what the service and a reader ask it.
//!
//! *Invariant:* the state is a fold of statements in log order ([`CallBook::apply`]); everything that is
//! due next (`due_invitation`, `due_settlement`) follows from it and the time alone.
//!
//! Deliberately absent: a way to seat, remove or prefer anybody.

use std::collections::{BTreeMap, BTreeSet};

use super::statements::{Invited, Invitee};
use super::words::{Shortfall, StopReason, Why};
use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Kept};
use crate::draw::decide;
use crate::draw::lots::LotsError;
use crate::draw::pool::Leaf;
use crate::draw::seats::{self, Candidate, Plan, Seated};
use crate::draw::statements::Drawn;

/// On whose word somebody is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A channel's signed receipt: of the answer, or of the delivery that was not answered.
    Receipt,
    /// The expert's own, on the service's own pages.
    OwnPage,
    /// Staff, confirmed by a second person.
    TwoPeople,
    /// The operator's alone.
    Operator,
}

impl Word {
    /// The word in reports and vectors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::OwnPage => "own_page",
            Self::TwoPeople => "two_people",
            Self::Operator => "operator",
        }
    }
}

/// How somebody went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub why: Why,
    pub word: Word,
    /// Whether a settlement has named them.
    pub settled: bool,
}

/// How far an invitee of the open round has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub answered: bool,
    pub delivered: bool,
}

/// The open round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Round {
    pub closes: i64,
    pub invitees: BTreeMap<u32, Progress>,
}

/// The open round as its reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Number of the round.
    pub round: u32,
    /// Until when answers count, Unix seconds, inclusive.
    pub closes: i64,
    /// Invitees who have not answered.
    pub unanswered: u32,
}

/// A member who has accepted and is not out: whom a supplementary draw may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Pool position in this draw.
    pub position: u32,
    /// Site that they were told, if any.
    pub site: Option<u32>,
    /// Their group, once they signed in.
    pub group: Option<u32>,
}

/// The state of one draw's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallBook {
    pub(super) alpha: Hash,
    pub(super) plan: Plan,
    /// Site of group 1, 2, …
    pub(super) sites: Vec<u32>,
    pub(super) margin: usize,
    /// Length of a window in seconds.
    pub(super) window: i64,
    pub(super) pool: Vec<Candidate>,
    pub(super) order: Vec<u32>,
    pub(super) panel: Vec<Seated>,
    pub(super) accepted: BTreeSet<u32>,
    pub(super) gone: BTreeMap<u32, Gone>,
    /// Everybody ever invited.
    pub(super) invited: BTreeSet<u32>,
    /// Sites that were told.
    pub(super) told: BTreeMap<u32, u32>,
    /// Groups that are fixed: signed in, or kept so.
    pub(super) groups: BTreeMap<u32, u32>,
    pub(super) signed: BTreeSet<u32>,
    /// Number of the newest round; 0 before the first.
    pub(super) round: u32,
    pub(super) open: Option<Round>,
    pub(super) shortfall: Option<Shortfall>,
    pub(super) stopped: Option<StopReason>,
}

impl CallBook {
    /// The book of a drawn panel, before anybody is invited. `order` is the drawn order (draw-v1 §6.2),
    /// `panel` the seats of `draw.drawn`.
    pub fn new(
        alpha: Hash,
        commitment: &Commitment,
        leaves: &[Leaf],
        order: Vec<u32>,
        panel: Vec<Seated>,
    ) -> Self {
        let mut book = Self {
            alpha,
            plan: decide::plan(commitment),
            sites: commitment.groups.iter().map(|group| group.site).collect(),
            margin: usize::try_from(commitment.margin).unwrap_or(usize::MAX),
            window: i64::from(commitment.window_minutes).saturating_mul(60),
            pool: decide::candidates(leaves),
            order,
            panel,
            accepted: BTreeSet::new(),
            gone: BTreeMap::new(),
            invited: BTreeSet::new(),
            told: BTreeMap::new(),
            groups: BTreeMap::new(),
            signed: BTreeSet::new(),
            round: 0,
            open: None,
            shortfall: None,
            stopped: None,
        };
        for kept in &commitment.kept {
            book.keep(kept, commitment.attempt > 1);
        }
        book
    }

    /// The book of a result, with the drawn order computed from its seed.
    pub fn of_drawn(commitment: &Commitment, leaves: &[Leaf], drawn: &Drawn) -> Result<Self, LotsError> {
        let order = decide::order(commitment, leaves, &drawn.seed)?;
        Ok(Self::new(drawn.alpha, commitment, leaves, order, drawn.seats.clone()))
    }

    /// A kept member. In a later attempt they accepted, and perhaps signed in, in the one before.
    fn keep(&mut self, kept: &Kept, accepted: bool) {
        let position = kept.position();
        match kept {
            Kept::Site { site, .. } => drop(self.told.insert(position, *site)),
            Kept::Group { group, .. } => {
                self.groups.insert(position, *group);
                self.told.extend(self.site_of_group(*group).map(|site| (position, site)));
                if accepted {
                    self.signed.insert(position);
                }
            }
        }
        if accepted {
            self.accepted.insert(position);
        }
    }

    /// The site of a group, by the group's number from 1.
    pub(super) fn site_of_group(&self, group: u32) -> Option<u32> {
        let index = usize::try_from(group.checked_sub(1)?).ok()?;
        self.sites.get(index).copied()
    }

    /// The present panel in drawn order: that of the last settlement that found one, or of the draw.
    pub fn panel(&self) -> &[Seated] {
        &self.panel
    }

    /// The seat that somebody holds in the present panel.
    pub fn seat_of(&self, position: u32) -> Option<Seated> {
        self.panel.iter().find(|seat| seat.position == position).copied()
    }

    /// The seats whose member has not accepted, or is out.
    pub fn open_seats(&self) -> Vec<Seated> {
        self.panel.iter().filter(|seat| !self.is_taken(seat)).copied().collect()
    }

    fn is_taken(&self, seat: &Seated) -> bool {
        self.accepted.contains(&seat.position) && !self.gone.contains_key(&seat.position)
    }

    /// Whether every seat of the present panel has a member who accepted and is not out.
    pub fn is_filled(&self) -> bool {
        self.panel.iter().all(|seat| self.is_taken(seat))
    }

    /// The final members: seats of the present panel whose member is not out.
    pub fn members(&self) -> Vec<Seated> {
        self.panel.iter().filter(|seat| !self.gone.contains_key(&seat.position)).copied().collect()
    }

    /// The members who have accepted and are not out, in drawn order: whom a successor may keep.
    pub fn remaining(&self) -> Vec<Remaining> {
        let seats = self.panel.iter().filter(|seat| self.is_taken(seat));
        let signed = |position: &u32| self.signed.contains(position);
        seats
            .map(|Seated { position, .. }| Remaining {
                position: *position,
                site: self.site_of(*position),
                group: self.groups.get(position).copied().filter(|_| signed(position)),
            })
            .collect()
    }

    /// Whether somebody has accepted an invitation, to the margin too, and is not out since.
    pub fn accepted(&self, position: u32) -> bool {
        self.accepted.contains(&position) && !self.gone.contains_key(&position)
    }

    /// Who has accepted and holds no seat: ready, if one becomes vacant. Ascending.
    pub fn standby(&self) -> Vec<u32> {
        let seated: BTreeSet<u32> = self.panel.iter().map(|seat| seat.position).collect();
        let ready = self.accepted.iter().filter(|p| !self.gone.contains_key(p) && !seated.contains(p));
        ready.copied().collect()
    }

    /// Whether somebody has ever been invited.
    pub fn was_invited(&self, position: u32) -> bool {
        self.invited.contains(&position)
    }

    /// Whether an invitee of the open round has answered; `None` for everybody else.
    pub fn has_answered(&self, position: u32) -> Option<bool> {
        self.open.as_ref()?.invitees.get(&position).map(|progress| progress.answered)
    }

    /// Everybody who is out so far, with why and on whose word, ascending.
    pub fn out(&self) -> Vec<(u32, Why, Word)> {
        self.gone.iter().map(|(position, gone)| (*position, gone.why, gone.word)).collect()
    }

    /// Why somebody is out, if they are.
    pub fn out_why(&self, position: u32) -> Option<Why> {
        self.gone.get(&position).map(|gone| gone.why)
    }

    /// The site that somebody was told: by an invitation, by a settlement that seated them after they
    /// had accepted, or as a kept member.
    pub fn site_of(&self, position: u32) -> Option<u32> {
        self.told.get(&position).copied()
    }

    /// Whether a member has signed in.
    pub fn signed_in(&self, position: u32) -> bool {
        self.signed.contains(&position)
    }

    /// The open round.
    pub fn window(&self) -> Option<Invitation> {
        let open = self.open.as_ref()?;
        let unanswered = open.invitees.values().filter(|progress| !progress.answered).count();
        let unanswered = u32::try_from(unanswered).unwrap_or(u32::MAX);
        Some(Invitation { round: self.round, closes: open.closes, unanswered })
    }

    /// Number of the newest round; 0 before the first.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Whether somebody went out whom no settlement has named yet.
    pub(super) fn is_unsettled(&self) -> bool {
        self.gone.values().any(|gone| !gone.settled)
    }

    /// Who is invited next, ascending by position: the members who have not accepted, with their site,
    /// and the margin, without. Nobody while a round is open, a vacancy waits for its settlement, a
    /// settlement found no panel or the draw was stopped.
    pub fn next_invitees(&self) -> Vec<Invitee> {
        let waits = self.open.is_some() || self.is_unsettled();
        if waits || self.shortfall.is_some() || self.stopped.is_some() {
            return Vec::new();
        }
        let mut invitees: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        for seat in self.panel.iter().filter(|seat| !self.is_taken(seat)) {
            invitees.insert(seat.position, self.site_of_group(u32::from(seat.group)));
        }
        let out: BTreeSet<u32> = self.gone.keys().copied().collect();
        let open = seats::open_groups(&self.panel, &self.accepted);
        let margin = seats::margin(&self.pool, &self.order, &self.panel, &out, open, self.margin);
        invitees.extend(margin.into_iter().map(|position| (position, None)));
        invitees.retain(|position, _| !self.invited.contains(position));
        invitees.into_iter().map(|(position, site)| Invitee { position, site }).collect()
    }

    /// The next round if it begins at `time`; `None` while there is nobody to invite.
    pub fn due_invitation(&self, time: i64) -> Option<Invited> {
        let invitees = self.next_invitees();
        let round = self.round.saturating_add(1);
        let closes = time.saturating_add(self.window);
        (!invitees.is_empty()).then_some(Invited { alpha: self.alpha, round, closes, invitees })
    }

    /// The shortfall that a settlement found, if any: then only vacancies, sign-ins and endings follow.
    pub fn shortfall(&self) -> Option<Shortfall> {
        self.shortfall
    }

    /// Why the draw was stopped, if it was.
    pub fn stopped(&self) -> Option<StopReason> {
        self.stopped
    }

    /// Whether the draw may be unsealed: filled, and no round open.
    pub fn may_be_unsealed(&self) -> bool {
        self.is_filled() && self.open.is_none() && self.stopped.is_none()
    }

    /// How many are out on the operator's word alone: without an answer and without a receipt that the
    /// invitation reached them, or recorded by one person of the staff.
    pub fn passed_over_on_operators_word(&self) -> u32 {
        self.count(Word::Operator)
    }

    /// How many are out by their own word on the service's own pages, which no outside receipt shows.
    pub fn out_on_own_pages(&self) -> u32 {
        self.count(Word::OwnPage)
    }

    fn count(&self, word: Word) -> u32 {
        let count = self.gone.values().filter(|gone| gone.word == word).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
