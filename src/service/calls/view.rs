//! How calls stand, without identity: for the agency whose draw it is, the bureau and the auditor. Who is
//! who has its own door (`open`).

use std::collections::BTreeMap;

use super::trail::Trail;
use super::turn::Turn;
use crate::draw::calls::{Answer, Shortfall, StopReason, Why};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::refusal::Refusal;
use crate::store;
use crate::time::Timestamp;

/// One seat group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCalls {
    /// Group number.
    pub group: u32,
    /// Its site.
    pub site: u32,
    /// Seats.
    pub seats: u32,
    /// Seats of the present panel whose member has accepted.
    pub filled: u32,
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundView {
    /// Number, from 1.
    pub round: u32,
    /// When it was opened.
    pub opened: Timestamp,
    /// Until when answers count.
    pub closes: Timestamp,
    /// When it was settled.
    pub settled: Option<Timestamp>,
    /// People invited.
    pub invited: u32,
    /// Who accepted.
    pub accepted: u32,
    /// Who declined.
    pub declined: u32,
}

/// One site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteView {
    /// Number.
    pub site: u32,
    /// Region code of the city.
    pub city: String,
    /// The place, if members are told it beforehand.
    pub place: Option<String>,
}

/// Messages by state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageCounts(
    /// State and count.
    pub BTreeMap<String, u32>,
);

/// Calls as agency and bureau see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallsView {
    /// Id of the draw.
    pub draw: String,
    /// State of the draw.
    pub state: String,
    /// Version of the draw.
    pub version: i64,
    /// Start of the review.
    pub start: Timestamp,
    /// Expected hours.
    pub hours: u32,
    /// Until when to sign in.
    pub sign_in_by: Timestamp,
    /// From when on a withdrawal is late.
    pub cutoff: Timestamp,
    /// Sites.
    pub sites: Vec<SiteView>,
    /// Seat groups.
    pub groups: Vec<GroupCalls>,
    /// Seats whose member has not accepted, or is out.
    pub open_seats: u32,
    /// Who accepted and has no seat so far.
    pub standby: u32,
    /// Rounds, the first first.
    pub rounds: Vec<RoundView>,
    /// People out so far, by reason.
    pub out: BTreeMap<&'static str, u32>,
    /// Out on the operator's word alone.
    pub on_operators_word: u32,
    /// Why a settlement found no full panel.
    pub shortfall: Option<Shortfall>,
    /// A stop that waits for a second person: reason and proposer.
    pub proposed_stop: Option<(StopReason, String)>,
    /// Why the draw was stopped.
    pub stopped: Option<StopReason>,
    /// Messages by state.
    pub messages: MessageCounts,
}

impl Service {
    /// How the calls of a draw stand.
    pub fn calls(&self, actor: &Actor, id: &str) -> Result<CallsView, Refusal> {
        actor.check(Action::ReadDraws)?;
        self.draw_row(actor, id)?;
        let turn = self.calls_of(id)?;
        let proposed_stop = self.stop_proposal(id)?;
        let messages = self.store.read(|conn| store::outbox::of_draw(conn, id))?;
        let mut counts = MessageCounts::default();
        for message in messages {
            *counts.0.entry(message.state).or_default() += 1;
        }
        Ok(view(&turn, proposed_stop, counts))
    }
}

fn view(turn: &Turn, proposed_stop: Option<(StopReason, String)>, messages: MessageCounts) -> CallsView {
    let (trail, book) = (&turn.trail, &turn.book);
    let open = book.open_seats();
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let groups = trail.request.groups.iter().zip(1u32..).map(|(group, number)| {
        let unfilled = open.iter().filter(|seat| u32::from(seat.group) == number).count();
        GroupCalls {
            group: number,
            site: group.site,
            seats: group.seats,
            filled: group.seats - small(unfilled),
        }
    });
    let sites = trail.terms.sites.iter().map(|site| SiteView {
        site: site.site,
        city: site.city.clone(),
        place: site.place.clone(),
    });
    let mut out: BTreeMap<&'static str, u32> = BTreeMap::new();
    for (_, why, _) in book.out() {
        *out.entry(Why::name(why)).or_default() += 1;
    }
    CallsView {
        draw: trail.id.clone(),
        state: turn.row.state.clone(),
        version: turn.row.version,
        start: Timestamp(trail.request.review_start),
        hours: trail.terms.hours,
        sign_in_by: Timestamp(trail.terms.sign_in_by),
        cutoff: Timestamp(trail.terms.cutoff(&trail.request)),
        sites: sites.collect(),
        groups: groups.collect(),
        open_seats: small(open.len()),
        standby: small(book.standby().len()),
        rounds: rounds(trail),
        out,
        on_operators_word: book.passed_over_on_operators_word(),
        shortfall: book.shortfall(),
        proposed_stop,
        stopped: book.stopped(),
        messages,
    }
}

fn rounds(trail: &Trail) -> Vec<RoundView> {
    let answered = |positions: &std::collections::BTreeSet<u32>, answer: Answer| {
        let told = positions.iter().filter_map(|position| trail.people.get(position)?.answered);
        u32::try_from(told.filter(|told| told.answer == answer).count()).unwrap_or(u32::MAX)
    };
    let round = |round: &super::trail::Round| RoundView {
        round: round.round,
        opened: Timestamp(round.opened),
        closes: Timestamp(round.closes),
        settled: round.settled.map(Timestamp),
        invited: u32::try_from(round.invitees.len()).unwrap_or(u32::MAX),
        accepted: answered(&round.invitees, Answer::Accepted),
        declined: answered(&round.invitees, Answer::Declined),
    };
    trail.rounds.iter().map(round).collect()
}
