//! The trail of one draw's calls: what the log said about whom, folded without judging it.
//!
//! It answers what happened to somebody (views, slots, past reviews) in memory that grows with the people
//! invited, not with the pool; what may happen next is the [`CallBook`]'s alone.
//!
//! *Invariant:* the fold takes statements of this log as they stand; whether they may stand was decided by
//! the book under the writer's lock, and is decided anew by every verifier.
//!
//! [`CallBook`]: crate::draw::calls::CallBook

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::terms::CallTerms;
use crate::codec::ShapeError;
use crate::draw::calls::{Answer, AnsweredBy, Call, Outcome, Reason, Shortfall, StopReason, VacatedBy, Why};
use crate::draw::commitment::Commitment;
use crate::draw::identity::DrawKey;
use crate::draw::request::Request;
use crate::draw::seats::Seated;
use crate::draw::statements::{Drawn, Unsealed, Void};
use crate::log::Statement;
use crate::outside::message;
use crate::registry::ExpertNumber;
use crate::service::draws::record::DrawRecord;

/// How a draw ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Ended {
    /// Voided.
    Voided,
    /// Stopped.
    Stopped(StopReason),
    /// Unsealed after the announcement.
    Unsealed,
}

/// An answer as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) struct Told {
    pub answer: Answer,
    pub by: AnsweredBy,
    pub reason: Option<Reason>,
    pub time: i64,
    /// The journal entry.
    pub entry: u64,
}

/// What happened to one invited (or kept) person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::service) struct Person {
    /// Round of the invitation; 0 for a kept member.
    pub round: u32,
    /// When the invitation was made.
    pub invited: i64,
    /// Until when an answer counted.
    pub closes: i64,
    /// The site that they were told.
    pub site: Option<u32>,
    /// When the channel delivered the invitation.
    pub delivered: Option<i64>,
    /// The answer.
    pub answered: Option<Told>,
    /// Accepted before this draw (kept from the attempt before).
    pub kept: bool,
    /// Went out after having accepted.
    pub vacated: Option<(Why, VacatedBy, i64)>,
    /// The journal entry of that.
    pub vacated_entry: Option<u64>,
    /// Why they are out.
    pub out: Option<Why>,
    /// Signed in.
    pub signed_in: Option<i64>,
    /// A seat notice was caused.
    pub told_seat: bool,
    /// A standby notice was caused.
    pub told_standby: bool,
}

impl Person {
    /// Whether they have accepted and are not out.
    pub fn accepted(&self) -> bool {
        let accepted = self.kept || self.answered.is_some_and(|told| told.answer == Answer::Accepted);
        accepted && self.out.is_none()
    }
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) struct Round {
    pub round: u32,
    pub opened: i64,
    pub closes: i64,
    pub settled: Option<i64>,
    pub invitees: BTreeSet<u32>,
}

/// A message that a statement causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) struct Caused {
    pub position: u32,
    pub kind: &'static str,
    pub round: u32,
}

/// The trail of one draw.
#[derive(Clone)]
pub(in crate::service) struct Trail {
    pub id: String,
    /// Id of the package.
    pub package: String,
    pub request: Arc<Request>,
    pub terms: Arc<CallTerms>,
    key: DrawKey,
    /// Numbers and masks by pool position; once the draw has ended, of those only who were invited or kept.
    pool: Arc<BTreeMap<u32, (String, u32)>>,
    sites: Vec<u32>,
    /// The present panel.
    pub panel: Vec<Seated>,
    pub people: BTreeMap<u32, Person>,
    pub rounds: Vec<Round>,
    pub shortfall: Option<Shortfall>,
    pub ended: Option<Ended>,
    /// When the panel last changed.
    pub seated_at: i64,
    /// Index of the newest entry folded.
    pub at: u64,
}

impl Trail {
    /// The trail of a committed draw with calls, before its result.
    pub fn new(
        id: &str,
        package: &str,
        commitment: &Commitment,
        record: DrawRecord,
        terms: CallTerms,
        at: u64,
    ) -> Self {
        let pool = record.candidates.into_iter().map(|person| (person.number, person.groups));
        let pool = (0u32..).zip(pool).collect();
        let mut trail = Self {
            id: id.to_owned(),
            package: package.to_owned(),
            request: Arc::new(record.header.request),
            terms: Arc::new(terms),
            key: record.header.key,
            pool: Arc::new(pool),
            sites: commitment.groups.iter().map(|group| group.site).collect(),
            panel: Vec::new(),
            people: BTreeMap::new(),
            rounds: Vec::new(),
            shortfall: None,
            ended: None,
            seated_at: 0,
            at,
        };
        for kept in commitment.kept.iter().filter(|_| commitment.attempt > 1) {
            let person = Person { kept: true, ..Person::default() };
            trail.people.insert(kept.position(), person);
        }
        trail
    }

    /// Takes the next statement of the draw.
    pub fn fold(&mut self, index: u64, statement: &Statement) -> Result<(), ShapeError> {
        let (kind, time, body) = (statement.kind(), statement.time(), statement.body_json());
        self.at = index;
        match kind {
            Drawn::TYPE => self.panel = Drawn::read(&body)?.seats,
            Void::CONFIRMED => self.ended = Some(Ended::Voided),
            Unsealed::TYPE => self.ended = Some(Ended::Unsealed),
            _ => {
                if let Some(call) = Call::read(kind, &body) {
                    self.call(&call?, index, time);
                }
            }
        }
        if self.ended.is_some() && self.pool.len() > self.people.len() {
            let involved = self.pool.iter().filter(|(position, _)| self.people.contains_key(position));
            self.pool = Arc::new(involved.map(|(position, person)| (*position, person.clone())).collect());
        }
        Ok(())
    }

    /// Takes a statement of calls.
    pub fn call(&mut self, call: &Call, entry: u64, time: i64) {
        match call {
            Call::Invited(said) => {
                for invitee in &said.invitees {
                    let person = Person {
                        round: said.round,
                        invited: time,
                        closes: said.closes,
                        site: invitee.site,
                        ..Person::default()
                    };
                    self.people.insert(invitee.position, person);
                }
                let invitees = said.invitees.iter().map(|invitee| invitee.position).collect();
                let (round, closes) = (said.round, said.closes);
                self.rounds.push(Round { round, opened: time, closes, settled: None, invitees });
            }
            Call::Delivered(said) => self.person(said.position).delivered = Some(time),
            Call::Answered(said) => {
                let person = self.person(said.position);
                person.answered =
                    Some(Told { answer: said.answer, by: said.by, reason: said.reason, time, entry });
                if said.answer == Answer::Declined {
                    person.out = Some(Why::Declined);
                }
            }
            Call::Vacated(said) => {
                let person = self.person(said.position);
                person.vacated = Some((said.why, said.by, time));
                person.vacated_entry = Some(entry);
                person.out = Some(said.why);
            }
            Call::Settled(said) => {
                for out in &said.out {
                    self.person(out.position).out = Some(out.why);
                }
                if let Some(round) = self.rounds.last_mut().filter(|round| round.settled.is_none()) {
                    round.settled = Some(time);
                }
                match &said.outcome {
                    Outcome::Shortfall(shortfall) => self.shortfall = Some(*shortfall),
                    Outcome::Seats { seats, .. } => {
                        self.panel = seats.clone();
                        self.seated_at = time;
                        for caused in self.notices() {
                            let site = self.seat_of(caused.position).and_then(|seat| self.site_of(seat));
                            let person = self.person(caused.position);
                            match caused.kind {
                                message::SEAT => person.told_seat = true,
                                _ => person.told_standby = true,
                            }
                            person.site = person.site.or(site);
                        }
                    }
                }
            }
            Call::SignedIn(said) => self.person(said.position).signed_in = Some(time),
            Call::Stopped(said) => self.ended = Some(Ended::Stopped(said.reason)),
        }
    }

    fn person(&mut self, position: u32) -> &mut Person {
        self.people.entry(position).or_default()
    }

    /// The messages that a statement causes, as the trail stands after it.
    pub fn caused(before: &Self, call: &Call, entry: u64, time: i64) -> (Self, Vec<Caused>) {
        let mut after = before.clone();
        after.call(call, entry, time);
        let round = after.round();
        let caused = match call {
            Call::Invited(said) => {
                let invitation = |position| Caused { position, kind: message::INVITATION, round };
                said.invitees.iter().map(|invitee| invitation(invitee.position)).collect()
            }
            Call::Settled(_) => {
                // Noticed in the fold; told apart by what was told before.
                let told = |person: Option<&Person>| {
                    person.map_or((false, false), |p| (p.told_seat, p.told_standby))
                };
                let mut caused = Vec::new();
                for (position, person) in &after.people {
                    let (before, now) = (told(before.people.get(position)), told(Some(person)));
                    if now.0 && !before.0 {
                        caused.push(Caused { position: *position, kind: message::SEAT, round });
                    } else if now.1 && !before.1 {
                        caused.push(Caused { position: *position, kind: message::STANDBY, round });
                    }
                }
                caused
            }
            Call::Stopped(said) => before.cancelled(said.reason == StopReason::Shortfall),
            _ => Vec::new(),
        };
        (after, caused)
    }

    /// Who is told that nothing comes of it: everybody who has accepted or may still answer. After a
    /// shortfall the members stay, because a supplementary draw may keep them.
    pub fn cancelled(&self, members_stay: bool) -> Vec<Caused> {
        let round = self.round();
        let waits = |position: u32| self.open_round().is_some_and(|open| open.invitees.contains(&position));
        let engaged = self.people.iter().filter(|(position, person)| {
            let stays = members_stay && self.seat_of(**position).is_some();
            person.out.is_none()
                && (person.accepted() && !stays || person.answered.is_none() && waits(**position))
        });
        engaged.map(|(position, _)| Caused { position: *position, kind: message::CANCELLED, round }).collect()
    }

    /// Who has accepted and was not yet told of a seat, or of being standby.
    fn notices(&self) -> Vec<Caused> {
        let round = self.round();
        let mut notices = Vec::new();
        for (position, person) in self.people.iter().filter(|(_, person)| person.accepted()) {
            let kind = match self.seat_of(*position) {
                Some(_) if !person.told_seat => message::SEAT,
                None if !person.told_standby => message::STANDBY,
                _ => continue,
            };
            notices.push(Caused { position: *position, kind, round });
        }
        notices
    }

    /// Number of the newest round; 0 before the first.
    pub fn round(&self) -> u32 {
        self.rounds.last().map_or(0, |round| round.round)
    }

    /// The round whose window was not settled yet.
    pub fn open_round(&self) -> Option<&Round> {
        self.rounds.last().filter(|round| round.settled.is_none() && self.ended.is_none())
    }

    /// The seat of a position in the present panel.
    pub fn seat_of(&self, position: u32) -> Option<Seated> {
        self.panel.iter().find(|seat| seat.position == position).copied()
    }

    /// The site of a seat's group.
    pub fn site_of(&self, seat: Seated) -> Option<u32> {
        usize::from(seat.group).checked_sub(1).and_then(|group| self.sites.get(group)).copied()
    }

    /// The expert at a position.
    pub fn number(&self, position: u32) -> Option<&str> {
        self.pool.get(&position).map(|(number, _)| number.as_str())
    }

    /// The position of an expert who was invited or kept.
    pub fn position(&self, number: &str) -> Option<u32> {
        self.people.keys().copied().find(|position| self.number(*position) == Some(number))
    }

    /// The cities where somebody may be needed: of their site once they were told, else of all groups
    /// that they can fill.
    pub fn cities(&self, position: u32) -> Vec<String> {
        let told = self.people.get(&position).and_then(|person| person.site);
        let mask = self.pool.get(&position).map_or(0, |(_, mask)| *mask);
        let of_mask =
            self.sites.iter().zip(0u32..).filter(|(_, bit)| mask >> bit & 1 == 1).map(|(site, _)| *site);
        let mut sites: Vec<u32> = told.map_or_else(|| of_mask.collect(), |site| vec![site]);
        sites.sort_unstable();
        let mut cities: Vec<String> = Vec::new();
        for site in sites {
            let city = self.terms.city(site);
            if !cities.contains(&city) {
                cities.push(city);
            }
        }
        cities
    }

    /// The id of a message: the same for every attempt, without meaning to whoever has not the draw key.
    pub fn message_id(&self, caused: &Caused) -> String {
        let Caused { position, kind, round } = caused;
        opaque('M', self.key.calls_salt(&format!("message\n{kind}\n{round}\n{position}")))
    }

    /// The id by which an expert names their invitation to this draw.
    pub fn invitation_id(&self, number: &str) -> String {
        opaque('I', self.key.calls_salt(&format!("invitation\n{number}")))
    }
}

/// A letter and 16 characters of Crockford's base 32, of the first ten bytes.
fn opaque(letter: char, bytes: [u8; 32]) -> String {
    let mut first = [0; 10];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    let number = ExpertNumber::from_random(first);
    format!("{letter}{}", number.as_str().trim_start_matches('E'))
}
