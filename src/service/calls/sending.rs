//! The sender: takes messages from the outbox, hands each to a channel, writes down what became of it.
//!
//! 1. *Take*: rows that wait get a lease (`next_try` moves ahead, `tries` grows) in one write. Nothing is sent yet.
//! 2. *Send*: the person is opened from the drawing index, the letter is handed over under the message's key.
//! 3. *Write down*: one private record per message (`message.sent`, `message.later`, `message.failed`,
//!    `message.expired`), and the row's state, in one write.
//!
//! A process that dies between 1 and 2 lost nothing: the lease ends and the row is taken again. One that
//! dies between 2 and 3 sends again under the same key: delivery to the channel is **at least once**, and it
//! is the gateway that removes doubles by the key (`api-spec/gateway-v1.md` §2). A channel without such memory
//! (SMTP) may then send twice; the mail carries one Message-ID.
//!
//! *Invariant:* phone and address exist in the letter only; neither row nor record nor log line has them.

use super::message_state;
use super::trail::{Ended, Trail};
use crate::codec::Object;
use crate::outside::message::{CANCELLED, INVITATION, SEAT, STANDBY};
use crate::outside::{Channel, Letter, Notice, Outcome};
use crate::service::refusal::Refusal;
use crate::service::{ITSELF, Service};
use crate::store::{self, outbox::Message};
use crate::time::Timestamp;

/// Messages taken at once.
const AT_ONCE: u32 = 8;
/// How long a taken message is left to whoever took it, in seconds. A channel that is slower for
/// [`AT_ONCE`] letters lets a second sender use the same keys, which is harmless; a process that dies with a
/// lease keeps a message waiting no longer than this.
const LEASE_S: i64 = 30;
/// The first wait after a failed try, in seconds; it doubles up to [`LONGEST_S`].
const FIRST_S: i64 = 15;
const LONGEST_S: i64 = 900;

/// What a run of the sender did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendReport {
    /// Messages that a channel took.
    pub sent: u64,
    /// Messages to be tried again.
    pub later: u64,
    /// Messages that cannot be sent.
    pub failed: u64,
    /// Messages whose use had ended.
    pub expired: u64,
}

/// What becomes of one message.
struct Became {
    message: Message,
    state: &'static str,
    kind: &'static str,
    trouble: Option<&'static str>,
    next_try: i64,
}

impl Service {
    /// Sends what waits and is due, until nothing is.
    pub fn send_waiting(&self, channel: &dyn Channel) -> Result<SendReport, Refusal> {
        let mut report = SendReport::default();
        loop {
            let taken = self.take_messages()?;
            if taken.is_empty() {
                return Ok(report);
            }
            let became: Vec<Became> = taken
                .into_iter()
                .map(|message| self.hand_over(channel, message))
                .collect::<Result<_, _>>()?;
            for one in &became {
                match one.state {
                    message_state::SENT => report.sent += 1,
                    message_state::WAITING => report.later += 1,
                    message_state::EXPIRED => report.expired += 1,
                    _ => report.failed += 1,
                }
            }
            self.write_down(channel.name(), became)?;
        }
    }

    /// Has somebody told after each commit of this process; it must be quick and must not write.
    pub fn after_commit(&self, told: impl Fn() + Send + Sync + 'static) {
        self.store.after_commit(move |_| told());
    }

    /// Gives the longest waiting messages a lease and answers them.
    fn take_messages(&self) -> Result<Vec<Message>, Refusal> {
        let now = self.clock.now().0;
        let waiting =
            |conn: &mut store::Conn, now| store::outbox::due(conn, message_state::WAITING, now, AT_ONCE);
        // Most of the time nothing waits, and a read disturbs nobody.
        if self.store.read(|conn| waiting(conn, now))?.is_empty() {
            return Ok(Vec::new());
        }
        let taken = self.store.write("take messages", move |tx| {
            // The clock, not the log's time, which another process may have moved ahead of it: a lease that
            // begins in the future would be taken twice.
            let mut taken = waiting(tx, now)?;
            for message in &mut taken {
                message.tries += 1;
                message.next_try = now + LEASE_S;
                message.changed = now;
                store::outbox::update(tx, message)?;
            }
            Ok::<_, Refusal>(taken)
        })?;
        Ok(taken)
    }

    fn hand_over(&self, channel: &dyn Channel, message: Message) -> Result<Became, Refusal> {
        let now = self.clock.now().0;
        if now > message.not_after {
            return Ok(became(message, message_state::EXPIRED, "message.expired", None));
        }
        let letter = match self.letter(&message)? {
            Ok(letter) => letter,
            Err(why) => return Ok(became(message, message_state::FAILED, "message.failed", Some(why))),
        };
        Ok(match channel.send(&letter) {
            Outcome::Taken => became(message, message_state::SENT, "message.sent", None),
            Outcome::Never(why) => became(message, message_state::FAILED, "message.failed", Some(why)),
            Outcome::Later(why) => {
                let doubled = u32::try_from(message.tries - 1).unwrap_or(u32::MAX).min(16);
                let wait = (FIRST_S << doubled).min(LONGEST_S);
                let later = became(message, message_state::WAITING, "message.later", Some(why));
                Became { next_try: now + wait, ..later }
            }
        })
    }

    /// The letter of a message; the inner error says why there is none to be sent any more.
    fn letter(&self, message: &Message) -> Result<Result<Letter, &'static str>, Refusal> {
        let trail = {
            let engagements = self.engagements()?;
            engagements.trail(&message.draw).cloned()
        };
        let trail = trail.ok_or_else(|| Refusal::internal(format!("message {} of no calls", message.id)))?;
        let position = u32::try_from(message.position).unwrap_or(u32::MAX);
        let notice = match notice(&trail, position, message) {
            Ok(notice) => notice,
            Err(why) => return Ok(Err(why)),
        };
        let number = trail.number(position).unwrap_or_default();
        let index = self.current_index()?;
        // As of now, not as of the pool: a new phone is the phone.
        let Some(indexed) = index.find(number) else { return Ok(Err("erased")) };
        let phone = Some(indexed.expert.phone().to_owned()).filter(|phone| !phone.is_empty());
        let mail = indexed.expert.particulars().mail.clone();
        Ok(Ok(Letter { key: message.id.clone(), notice, phone, mail }))
    }

    fn write_down(&self, channel: &'static str, became: Vec<Became>) -> Result<(), Refusal> {
        let mut prepared = Vec::with_capacity(became.len());
        for one in became {
            let key = self.subject_key(&one.message.draw, true)?;
            let record = Object::new()
                .with("v", 1u32)
                .with("message", one.message.id.as_str())
                .with("position", one.message.position)
                .with("notice", one.message.kind.as_str())
                .with("round", one.message.round)
                .with("try", one.message.tries)
                .with("channel", channel)
                .with_some("trouble", one.trouble);
            prepared.push((self.calls_record(&one.message.draw, &key, ITSELF, one.kind, record), one));
        }
        self.store.write("messages sent", move |tx| {
            for (recorded, one) in &prepared {
                let Some(row) = store::outbox::find(tx, &one.message.id)? else { continue };
                // Its arrival was reported meanwhile, or the lease ended and another sender has it.
                if row.state != message_state::WAITING || row.tries != one.message.tries {
                    continue;
                }
                tx.append(recorded.append.clone())?;
                let sent = one.state == message_state::SENT;
                let row = Message {
                    state: one.state.to_owned(),
                    next_try: one.next_try,
                    channel: sent.then(|| channel.to_owned()),
                    trouble: one.trouble.map(str::to_owned),
                    changed: tx.time().0,
                    ..row
                };
                store::outbox::update(tx, &row)?;
            }
            Ok::<_, Refusal>(())
        })?;
        Ok(())
    }
}

fn became(
    message: Message,
    state: &'static str,
    kind: &'static str,
    trouble: Option<&'static str>,
) -> Became {
    let next_try = message.next_try;
    Became { message, state, kind, trouble, next_try }
}

/// What a message says now; the error says why it is not sent any more.
fn notice(trail: &Trail, position: u32, message: &Message) -> Result<Notice, &'static str> {
    let when = trail.terms.when(&trail.request);
    let off = matches!(trail.ended, Some(Ended::Voided | Ended::Stopped(_)));
    let person = trail.people.get(&position).ok_or("not_invited")?;
    match message.kind.as_str() {
        CANCELLED => Ok(Notice::Cancelled { start: when.start }),
        _ if off => Err("off"),
        INVITATION if person.answered.is_some() || person.out.is_some() => Err("answered"),
        INVITATION => {
            let answer_by = Timestamp(person.closes);
            Ok(Notice::Invitation { when, cities: trail.cities(position), answer_by })
        }
        SEAT | STANDBY if !person.accepted() => Err("out"),
        SEAT => {
            let site = person.site.ok_or("no_site")?;
            Ok(Notice::Seat { when, city: trail.terms.city(site), place: trail.terms.place(site) })
        }
        STANDBY if trail.seat_of(position).is_some() => Err("seated"),
        STANDBY => Ok(Notice::Standby { when }),
        _ => Err("unknown_kind"),
    }
}
