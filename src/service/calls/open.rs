//! Calls opened to an auditor: who was invited, when, over which channel, what they answered, in whose
//! words, with the receipts. The look is recorded first, with its purpose.

use super::trail::Person;
use crate::codec::Json;
use crate::draw::calls::{Answer, AnsweredBy, Reason, Why};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::refusal::Refusal;
use crate::store::{self, outbox::Message};
use crate::time::Timestamp;

/// A message to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedMessage {
    /// Its key at the gateway.
    pub id: String,
    /// What it says.
    pub kind: String,
    /// State.
    pub state: String,
    /// How often it was tried.
    pub tries: i64,
    /// The channel that took it.
    pub channel: Option<String>,
    /// Class of the last trouble.
    pub trouble: Option<String>,
    /// When it last changed.
    pub changed: Timestamp,
}

/// One person of the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedPerson {
    /// Pool position.
    pub position: u32,
    /// Expert number.
    pub number: String,
    /// Name; none of somebody who was erased.
    pub name: Option<String>,
    /// Group of the seat in the present panel.
    pub group: Option<u8>,
    /// Site that they were told.
    pub site: Option<u32>,
    /// Round of the invitation; 0 for a member kept from an earlier attempt.
    pub round: u32,
    /// When they were invited, and until when an answer counted.
    pub window: (Timestamp, Timestamp),
    /// When the channel delivered the invitation.
    pub delivered: Option<Timestamp>,
    /// The answer: what, by which way, when, why.
    pub answered: Option<(Answer, AnsweredBy, Timestamp, Option<Reason>)>,
    /// Own words kept with the answer.
    pub note: Option<String>,
    /// The channel's signed receipt of the answer.
    pub receipt: Option<String>,
    /// Why they are out.
    pub out: Option<Why>,
    /// When they left after having accepted, whether that was late, and own words.
    pub left: Option<Left>,
    /// Messages to them.
    pub messages: Vec<OpenedMessage>,
}

/// Leaving after having accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// When.
    pub time: Timestamp,
    /// Whether the cut-off had passed.
    pub late: bool,
    /// Own words.
    pub note: Option<String>,
}

/// Everything about a draw's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedCalls {
    /// By pool position.
    pub people: Vec<OpenedPerson>,
}

impl Service {
    /// Opens a draw's calls to an auditor, for a purpose, recorded first.
    pub fn open_calls(&self, actor: &Actor, id: &str, purpose: &str) -> Result<OpenedCalls, Refusal> {
        actor.check(Action::AuditEvidence)?;
        self.draw_row(actor, id)?;
        let turn = self.calls_of(id)?;
        self.record_look(actor, "calls", id, purpose)?;
        let messages = self.store.read(|conn| store::outbox::of_draw(conn, id))?;
        let mut people = Vec::new();
        for (position, person) in &turn.trail.people {
            let number = turn.trail.number(*position).unwrap_or_default().to_owned();
            let name = {
                let index = self.current_index()?;
                index.find(&number).map(|indexed| indexed.expert.name().to_owned())
            };
            let (note, receipt) = self.kept_with_answer(id, person)?;
            let left = self.left(id, person, turn.trail.terms.cutoff(&turn.trail.request))?;
            let own = messages.iter().filter(|message| message.position == i64::from(*position));
            people.push(OpenedPerson {
                position: *position,
                number,
                name,
                group: turn.trail.seat_of(*position).map(|seat| seat.group),
                site: person.site,
                round: person.round,
                window: (Timestamp(person.invited), Timestamp(person.closes)),
                delivered: person.delivered.map(Timestamp),
                answered: person
                    .answered
                    .map(|told| (told.answer, told.by, Timestamp(told.time), told.reason)),
                note,
                receipt,
                out: person.out,
                left,
                messages: own.map(opened).collect(),
            });
        }
        Ok(OpenedCalls { people })
    }

    /// When and how somebody left who had accepted.
    fn left(&self, id: &str, person: &Person, cutoff: i64) -> Result<Option<Left>, Refusal> {
        let (Some((_, _, time)), Some(entry)) = (person.vacated, person.vacated_entry) else {
            return Ok(None);
        };
        let kept = self.kept(id, entry, crate::draw::calls::Vacated::TYPE)?;
        let kept = kept.as_ref().and_then(Json::as_map);
        let note = kept.and_then(|map| map.get("note")).and_then(Json::as_str).map(str::to_owned);
        Ok(Some(Left { time: Timestamp(time), late: time >= cutoff, note }))
    }

    /// What is sealed with an entry of a draw.
    fn kept(&self, id: &str, entry: u64, kind: &str) -> Result<Option<Json>, Refusal> {
        self.store.read(|conn| {
            let entry = store::journal::find(conn, entry)?;
            let Some(sealed) = entry.as_ref().and_then(|entry| entry.image.as_deref()) else {
                return Ok(None);
            };
            let bytes = self.sealer().stored_key(conn, id)?.open(kind, sealed)?;
            Json::parse(&bytes, 1 << 20).map(Some).map_err(Refusal::internal)
        })
    }

    /// The words and the receipt that are sealed with an answer.
    fn kept_with_answer(
        &self,
        id: &str,
        person: &Person,
    ) -> Result<(Option<String>, Option<String>), Refusal> {
        let Some(told) = person.answered else { return Ok((None, None)) };
        let Some(kept) = self.kept(id, told.entry, crate::draw::calls::Answered::TYPE)? else {
            return Ok((None, None));
        };
        if told.by == AnsweredBy::Channel {
            return Ok((None, Some(String::from_utf8_lossy(&kept.canonical()).into_owned())));
        }
        let note = kept.as_map().and_then(|map| map.get("note")).and_then(Json::as_str);
        Ok((note.map(str::to_owned), None))
    }
}

fn opened(message: &Message) -> OpenedMessage {
    OpenedMessage {
        id: message.id.clone(),
        kind: message.kind.clone(),
        state: message.state.clone(),
        tries: message.tries,
        channel: message.channel.clone(),
        trouble: message.trouble.clone(),
        changed: Timestamp(message.changed),
    }
}
