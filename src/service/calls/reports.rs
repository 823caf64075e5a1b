//! What a gateway reports: that a message arrived, or cannot; what the person answered, or takes back.
//!
//! A report is a receipt signed by the gateway. What it says becomes a statement that carries the receipt's
//! SHA-256, and the receipt is kept with it, sealed. A report may come twice, late, and in any order:
//! *invariant:* whatever comes again changes nothing and is answered as before.
//!
//! The window is this service's clock against the writer's time, not the gateway's word: a report that
//! comes after the window has closed counts as no answer, however early the person answered. The answer
//! says so, and the gateway may tell the person (`reply`).

use super::message_state;
use super::turn::{Act, Decided};
use crate::codec::{Json, Object};
use crate::draw::calls::{Answer, Answered, AnsweredBy, Call, Delivered, Reason, Vacated, VacatedBy, Why};
use crate::outside::message::INVITATION;
use crate::outside::wire::{Report, ReportError, Said};
use crate::service::Service;
use crate::service::draws::state;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, outbox::Message};

/// Who acts when a gateway reports.
const GATEWAY: &str = "gateway";

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    /// It is recorded.
    Recorded,
    /// It was recorded before.
    Repeated,
    /// It came after the window had closed.
    TooLate,
    /// Another answer stands, or the person is out.
    Otherwise,
    /// The person has accepted another review at this time; nothing is recorded.
    SlotTaken,
    /// The review is off.
    Ended,
}

impl ReportOutcome {
    /// The word in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Repeated => "repeated",
            Self::TooLate => "too_late",
            Self::Otherwise => "otherwise",
            Self::SlotTaken => "slot_taken",
            Self::Ended => "ended",
        }
    }

    /// What the gateway may tell the person.
    fn reply(self) -> Option<&'static str> {
        match self {
            Self::Recorded | Self::Repeated => None,
            Self::TooLate => Some("答复时限已过，本次答复未计入。"),
            Self::Otherwise => Some("此前已有答复，不能更改。"),
            Self::SlotTaken => {
                Some("您同一时段已接受其他评审，本次答复未计入；请答复不参加，或先退出另一评审。")
            }
            Self::Ended => Some("该次评审已取消，无需答复。"),
        }
    }
}

/// The answer to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What the report comes to.
    pub outcome: ReportOutcome,
    /// What the gateway may tell the person.
    pub reply: Option<&'static str>,
}

impl Service {
    /// Takes a gateway's report: `named` is the digest of its key, `signature` as in the header.
    pub fn take_report(&self, named: &str, signature: &str, body: &[u8]) -> Result<Reported, Refusal> {
        let key = self.gateways.iter().find(|key| key.digest().to_hex() == named).ok_or_else(unsigned)?;
        let report = Report::read(key, named, signature, body).map_err(|error| match error {
            ReportError::Signature => unsigned(),
            ReportError::Form(_) => {
                let en = "signed, and not a report of gateway-v1";
                Refusal::field("body", "", "report", "不是 gateway-v1 规定的回执", en)
            }
        })?;
        let message = self.store.read(|conn| store::outbox::find(conn, &report.key))?;
        let message = message.ok_or_else(|| Refusal::not_found("消息", "message"))?;
        let outcome = match &report.said {
            Said::Answered { .. } | Said::Withdrawn if message.kind != INVITATION => ReportOutcome::Otherwise,
            Said::Answered { accepted, reason } => {
                let reason = self.reason(reason.as_deref())?;
                self.answered_by_channel(&message, &report, *accepted, reason)?
            }
            Said::Withdrawn => self.withdrawn_by_channel(&message, &report)?,
            Said::Delivered => self.delivered(&message, &report)?,
            Said::Undeliverable => self.arrived(&message, &report, message_state::FAILED)?,
        };
        if outcome == ReportOutcome::Recorded {
            self.advance_calls_or_leave(&message.draw);
        }
        Ok(Reported { outcome, reply: outcome.reply() })
    }

    fn reason(&self, word: Option<&str>) -> Result<Option<Reason>, Refusal> {
        let Some(word) = word else { return Ok(None) };
        let known = Reason::parse(word).ok_or_else(|| {
            Refusal::field(
                "reason",
                word,
                "unknown_reason",
                "理由不在规定清单内",
                "the reason is not on the list",
            )
        })?;
        Ok(Some(known))
    }

    fn answered_by_channel(
        &self,
        message: &Message,
        report: &Report,
        accepted: bool,
        reason: Option<Reason>,
    ) -> Result<ReportOutcome, Refusal> {
        let position = place(message);
        let number = self.number_at(message)?;
        let outcome = self.turn(
            &message.draw,
            || self.slot_of(&number, &message.draw),
            |turn, (engaged_at, taken)| {
                let Some(person) = turn.trail.people.get(&position) else {
                    return Ok(Decided::Nothing(ReportOutcome::Otherwise));
                };
                let answer = if accepted { Answer::Accepted } else { Answer::Declined };
                if let Some(told) = person.answered {
                    let same = told.answer == answer && told.by == AnsweredBy::Channel;
                    let outcome = if same { ReportOutcome::Repeated } else { ReportOutcome::Otherwise };
                    return Ok(Decided::Nothing(outcome));
                }
                if turn.trail.ended.is_some() {
                    return Ok(Decided::Nothing(ReportOutcome::Ended));
                }
                if person.closes < self.clock.now().0 || person.out.is_some() {
                    return Ok(Decided::Nothing(ReportOutcome::TooLate));
                }
                if accepted && taken {
                    return Ok(Decided::Nothing(ReportOutcome::SlotTaken));
                }
                let said = Answered {
                    alpha: turn.alpha,
                    round: person.round,
                    position,
                    answer,
                    by: AnsweredBy::Channel,
                    reason,
                    receipt: Some(report.digest()),
                };
                let mut act = Act::new("answer", GATEWAY, Call::Answered(said));
                act.image = Some(receipt(report));
                act.engaged_at = accepted.then_some(engaged_at);
                Ok(Decided::Say(Box::new(act), ReportOutcome::Recorded))
            },
        );
        late_if_closed(outcome)
    }

    fn withdrawn_by_channel(&self, message: &Message, report: &Report) -> Result<ReportOutcome, Refusal> {
        let position = place(message);
        self.turn(
            &message.draw,
            || Ok(()),
            |turn, ()| {
                let person = turn.trail.people.get(&position);
                match person.and_then(|person| person.vacated) {
                    Some((Why::Withdrawn, VacatedBy::Channel, _)) => {
                        return Ok(Decided::Nothing(ReportOutcome::Repeated));
                    }
                    Some(_) => return Ok(Decided::Nothing(ReportOutcome::Otherwise)),
                    None => {}
                }
                if turn.trail.ended.is_some() || turn.row.state == state::REVIEWED {
                    return Ok(Decided::Nothing(ReportOutcome::Ended));
                }
                // Who has signed in leaves by the desk of the venue.
                if person.is_some_and(|person| person.out.is_some())
                    || self.is_present(&turn.row.id, position)?
                {
                    return Ok(Decided::Nothing(ReportOutcome::Otherwise));
                }
                if !turn.book.accepted(position) {
                    // Reports come in any order: the acceptance may be still on its way.
                    let en = "nothing was accepted yet; report again later";
                    return Err(Refusal::new(Kind::Conflict, "not_accepted", "尚未记录接受，请稍后再报", en));
                }
                let said = Vacated {
                    alpha: turn.alpha,
                    position,
                    why: Why::Withdrawn,
                    by: VacatedBy::Channel,
                    receipt: Some(report.digest()),
                    actor: None,
                    approver: None,
                };
                let mut act = Act::new("withdraw", GATEWAY, Call::Vacated(said));
                act.image = Some(receipt(report));
                Ok(Decided::Say(Box::new(act), ReportOutcome::Recorded))
            },
        )
    }

    /// An invitation that arrived within its window is said in the log: then "no answer" is not the
    /// operator's word. Everything else is a private record.
    fn delivered(&self, message: &Message, report: &Report) -> Result<ReportOutcome, Refusal> {
        if message.state == message_state::DELIVERED {
            return Ok(ReportOutcome::Repeated);
        }
        let position = place(message);
        let said = self.turn(
            &message.draw,
            || Ok(()),
            |turn, ()| {
                let in_time = turn.book.window().is_some_and(|window| {
                    i64::from(window.round) == message.round && self.clock.now().0 <= window.closes
                });
                let invited = turn
                    .trail
                    .people
                    .get(&position)
                    .filter(|person| i64::from(person.round) == message.round);
                if message.kind != INVITATION || !in_time || turn.trail.ended.is_some() {
                    return Ok(Decided::Nothing(None));
                }
                match invited {
                    None => Ok(Decided::Nothing(None)),
                    Some(person) if person.delivered.is_some() => {
                        Ok(Decided::Nothing(Some(ReportOutcome::Repeated)))
                    }
                    Some(person) => {
                        let said = Delivered {
                            alpha: turn.alpha,
                            round: person.round,
                            position,
                            receipt: report.digest(),
                        };
                        let mut act = Act::new("deliver", GATEWAY, Call::Delivered(said));
                        act.image = Some(receipt(report));
                        act.message = Some((message.id.clone(), message_state::DELIVERED));
                        Ok(Decided::Say(Box::new(act), Some(ReportOutcome::Recorded)))
                    }
                }
            },
        )?;
        match said {
            Some(outcome) => Ok(outcome),
            None => self.arrived(message, report, message_state::DELIVERED),
        }
    }

    /// Writes down that a message arrived, or cannot.
    fn arrived(
        &self,
        message: &Message,
        report: &Report,
        state: &'static str,
    ) -> Result<ReportOutcome, Refusal> {
        let final_states = [message_state::DELIVERED, message_state::FAILED];
        if final_states.contains(&message.state.as_str()) {
            return Ok(ReportOutcome::Repeated);
        }
        let key = self.subject_key(&message.draw, true)?;
        let kind =
            if state == message_state::DELIVERED { "message.delivered" } else { "message.undeliverable" };
        let record = Object::new()
            .with("v", 1u32)
            .with("message", message.id.as_str())
            .with("receipt", receipt(report));
        let recorded = self.calls_record(&message.draw, &key, GATEWAY, kind, record);
        let id = message.id.clone();
        let outcome = self.store.write("message arrived", move |tx| {
            let Some(row) = store::outbox::find(tx, &id)? else { return Ok(ReportOutcome::Otherwise) };
            if final_states.contains(&row.state.as_str()) {
                return Ok(ReportOutcome::Repeated);
            }
            tx.append(recorded.append.clone())?;
            let trouble = (state == message_state::FAILED).then(|| "undeliverable".to_owned());
            let row = Message { state: state.to_owned(), trouble, changed: tx.time().0, ..row };
            store::outbox::update(tx, &row)?;
            Ok::<_, Refusal>(ReportOutcome::Recorded)
        })?;
        Ok(outcome)
    }

    fn number_at(&self, message: &Message) -> Result<String, Refusal> {
        let engagements = self.engagements()?;
        let number = engagements.trail(&message.draw).and_then(|trail| trail.number(place(message)));
        number.map(str::to_owned).ok_or_else(|| Refusal::not_found("消息", "message"))
    }
}

/// The receipt as it is kept.
fn receipt(report: &Report) -> Json {
    Json::parse(&report.receipt(), usize::MAX).unwrap_or_else(|_| Object::new().into())
}

/// The pool position of a message.
fn place(message: &Message) -> u32 {
    u32::try_from(message.position).unwrap_or(u32::MAX)
}

/// What was decided in time and written too late is too late.
fn late_if_closed(outcome: Result<ReportOutcome, Refusal>) -> Result<ReportOutcome, Refusal> {
    match outcome {
        Err(refusal) if ["window_closed", "no_open_invitation"].contains(&refusal.code) => {
            Ok(ReportOutcome::TooLate)
        }
        other => other,
    }
}

/// No good signature; one text for every reason.
fn unsigned() -> Refusal {
    let en = "not signed by a gateway of this service";
    Refusal::new(Kind::Unauthenticated, "unauthenticated", "签名无效：不是本系统所认的通知平台", en)
}
