//! One turn: read the book, decide, say it; again if somebody else spoke in between.
//!
//! What is decided is computed outside the writer from the book as of the draw's version; under the lock the
//! version is compared, what depends on the time is computed (the end of a window) or compared (an answer
//! in time), and statement, messages, the draw's state and the row that tells the clock are one write.
//!
//! *Invariant:* between two turns of one draw stands at most a wait: turns of a process stand in line by
//! draw, those of several processes are told apart by the version.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::trail::Trail;
use super::{Book, row};
use crate::codec::{Hash, Json};
use crate::draw::calls::{Call, CallBook, Violation};
use crate::draw::statements::Drawn;
use crate::service::Service;
use crate::service::archive::draw_entries;
use crate::service::changes::Part;
use crate::service::draws::state;
use crate::service::engagements;
use crate::service::idempotency::IdempotencyRow;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, Append, StoreError, outbox::Message};

/// How often a turn is taken again because somebody else spoke first.
const TURNS: u32 = 64;
/// Books kept ready.
const BOOKS: usize = 512;
const LINES: usize = 64;
const SPOKEN: &str = "calls_moved";

/// Books of open draws and the lines in which their turns stand.
pub struct Books {
    ready: Mutex<BTreeMap<String, (u64, Book)>>,
    lines: [Mutex<()>; LINES],
}

impl Default for Books {
    fn default() -> Self {
        Self { ready: Mutex::default(), lines: std::array::from_fn(|_| Mutex::default()) }
    }
}

/// A draw's calls as read for one turn.
pub(in crate::service) struct Turn {
    pub row: store::draw::Draw,
    pub alpha: Hash,
    pub trail: Arc<Trail>,
    pub book: Book,
}

/// What is to be said.
pub(in crate::service) struct Act {
    /// Name of the write.
    pub name: &'static str,
    /// Account that acts.
    pub actor: String,
    /// The statement; the end of a window is the writer's.
    pub call: Call,
    /// What is kept with it, sealed.
    pub image: Option<Json>,
    /// Written only if no engagement changed from this position on.
    pub engaged_at: Option<u64>,
    /// The row of the request's key.
    pub idempotency: Option<IdempotencyRow>,
    /// A message whose state changes with it: its id, and the state.
    pub message: Option<(String, &'static str)>,
    /// The draw's state from now on; `None`: the one that the book gives.
    pub state: Option<&'static str>,
    /// What is written with it: the case of the day.
    pub beside: Option<Part>,
}

impl Act {
    /// By an account, with nothing beside.
    pub fn new(name: &'static str, actor: impl Into<String>, call: Call) -> Self {
        Self {
            name,
            actor: actor.into(),
            call,
            image: None,
            engaged_at: None,
            idempotency: None,
            message: None,
            state: None,
            beside: None,
        }
    }
}

/// What a turn comes to.
pub(in crate::service) enum Decided<T> {
    /// Nothing is to be said.
    Nothing(T),
    /// This is to be said; then the answer.
    Say(Box<Act>, T),
}

impl Service {
    /// Takes a turn of a draw with calls: `before` reads what else is needed, `decide` looks at the book.
    /// Both run again when somebody else spoke first.
    pub(in crate::service) fn turn<B, T>(
        &self,
        draw: &str,
        before: impl Fn() -> Result<B, Refusal>,
        decide: impl Fn(&Turn, B) -> Result<Decided<T>, Refusal>,
    ) -> Result<T, Refusal> {
        let mut hasher = DefaultHasher::new();
        draw.hash(&mut hasher);
        let line = usize::try_from(hasher.finish() % LINES as u64).unwrap_or(0);
        for _ in 0..TURNS {
            let read = before()?;
            let _line = self.books.lines[line].lock().unwrap_or_else(PoisonError::into_inner);
            let turn = self.calls_of(draw)?;
            match decide(&turn, read)? {
                Decided::Nothing(answer) => return Ok(answer),
                Decided::Say(act, answer) => match self.say(&turn, *act) {
                    Ok(()) => return Ok(answer),
                    Err(refusal) if refusal.code == SPOKEN => {}
                    Err(refusal) => return Err(refusal),
                },
            }
        }
        Err(Refusal::new(Kind::Busy, "busy", "系统繁忙，请稍后重试", "the service is busy, try again"))
    }

    /// Row, trail and book of a draw with calls and a result.
    pub(in crate::service) fn calls_of(&self, draw: &str) -> Result<Turn, Refusal> {
        // The row first: a version older than the book is refused under the lock and read again, while a newer
        // one over an older book would let a decision pass that was made on too little.
        let row = self.store.read(|conn| store::draw::find(conn, draw))?;
        let row = row.ok_or_else(|| Refusal::not_found("抽取", "draw"))?;
        let trail = self.engagements()?.trail(draw).cloned().ok_or_else(no_calls)?;
        let alpha = row.alpha.as_deref().and_then(Hash::from_slice);
        let alpha = alpha.ok_or_else(|| Refusal::internal("a draw with calls and without alpha"))?;
        let book = self.book_of(draw)?;
        Ok(Turn { row, alpha, trail, book })
    }

    /// The book, after it has followed the journal to its present end.
    fn book_of(&self, draw: &str) -> Result<Book, Refusal> {
        let ready = self.books.ready.lock().unwrap_or_else(PoisonError::into_inner).get(draw).cloned();
        let (mut next, mut book) = match ready {
            Some(ready) => ready,
            None => {
                let committed = self.store.read(|conn| self.archive().committed(conn, draw))?;
                let drawn = committed.drawn()?.ok_or_else(no_calls)?;
                let at = committed.entry_of(Drawn::TYPE).unwrap_or_default();
                let book = CallBook::of_drawn(&committed.commitment, &committed.leaves, &drawn);
                (at + 1, Arc::new(book.map_err(Refusal::internal)?))
            }
        };
        let entries = self.store.read(|conn| draw_entries(conn, draw, next))?;
        for entry in &entries {
            next = entry.index() + 1;
            let statement = crate::log::Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            let Some(call) = Call::read(statement.kind(), &statement.body_json()) else { continue };
            let call = call.map_err(Refusal::internal)?;
            let wrong =
                |v: Violation| Refusal::internal(format!("draw {draw}, entry {}: {v}", entry.index()));
            Arc::make_mut(&mut book).apply(&call, statement.time()).map_err(wrong)?;
        }
        let mut ready = self.books.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= BOOKS && !ready.contains_key(draw) {
            ready.pop_first();
        }
        ready.insert(draw.to_owned(), (next, book.clone()));
        Ok(book)
    }

    fn say(&self, turn: &Turn, act: Act) -> Result<(), Refusal> {
        let now = self.clock.now().0;
        // What the draw will be if this stands; times are the writer's and change none of it.
        let mut after = CallBook::clone(&turn.book);
        after.apply(&act.call, now).map_err(|violation| not_now(&violation))?;
        let (_, caused) = Trail::caused(&turn.trail, &act.call, 0, now);
        let messages: Vec<Message> = caused.iter().map(|caused| row(&turn.trail, caused)).collect();
        let next_state = act.state.unwrap_or_else(|| state_after(&turn.row.state, &after));
        let due = due(&after);
        let key = self.subject_key(&turn.row.id, true)?;
        let image =
            act.image.as_ref().map(|json| self.sealer().seal(&key, act.call.kind(), &json.canonical()));
        let (before, book) = (turn.row.clone(), turn.book.clone());
        let stopped = matches!(act.call, Call::Stopped(_));
        self.store.write(act.name, move |tx| {
            let row = store::draw::find(tx, &before.id)?;
            let mut row = row.filter(|row| row.version == before.version).ok_or_else(spoken)?;
            let moved = match act.engaged_at {
                Some(position) => engagements::moved(tx, position)?,
                None => false,
            };
            if moved {
                return Err(spoken());
            }
            let time = tx.time().0;
            let (mut call, mut due) = (act.call.clone(), due);
            let mut last_use = None;
            match &mut call {
                Call::Invited(said) => {
                    *said = book.due_invitation(time).ok_or_else(spoken)?;
                    last_use = Some(said.closes);
                    due = Some(said.closes + 1);
                }
                // Decided in time, written too late: decided again, and refused.
                Call::Answered(_) | Call::Delivered(_) if book.window().is_none_or(|w| time > w.closes) => {
                    return Err(spoken());
                }
                _ => {}
            }
            if let Some(beside) = &act.beside {
                beside(tx).map_err(|error| match error {
                    // The day moved: read anew, as when somebody else spoke.
                    StoreError::Stale(_) => spoken(),
                    error => error.into(),
                })?;
            }
            let appended = tx.append(Append {
                actor: act.actor.clone(),
                kind: call.kind().to_owned(),
                subject: before.id.clone(),
                statement: call.fields().with("type", call.kind()),
                image: image.clone(),
                registry: false,
            })?;
            let mut messages = messages.clone();
            for message in &mut messages {
                message.entry = appended.entry();
                (message.next_try, message.changed) = (time, time);
                message.not_after = last_use.unwrap_or(message.not_after);
            }
            store::outbox::insert_many(tx, &messages)?;
            if let Some((id, state)) = &act.message
                && let Some(message) = store::outbox::find(tx, id)?
            {
                store::outbox::update(tx, &Message { state: (*state).to_owned(), changed: time, ..message })?;
            }
            let calls = store::draw_calls::find(tx, &before.id)?.ok_or_else(no_calls)?;
            let proposal = if stopped { None } else { calls.proposal.clone() };
            store::draw_calls::update(tx, &store::draw_calls::DrawCalls { due, proposal, ..calls })?;
            if stopped {
                row.ended_entry = Some(appended.entry());
            }
            row.state = next_state.to_owned();
            row.version += 1;
            row.updated = time;
            store::draw::update(tx, &row, before.version)?;
            if let Some(idempotency) = &act.idempotency {
                idempotency.insert(tx)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// The state of a draw after a statement of calls.
pub(in crate::service) fn state_after(before: &str, book: &CallBook) -> &'static str {
    let of_calls = [state::DRAWN, state::CALLING, state::FILLED];
    if book.stopped().is_some() {
        state::STOPPED
    } else if !of_calls.contains(&before) {
        // The day has begun: what becomes of it is the day's.
        state::ALL.iter().find(|known| **known == before).copied().unwrap_or(state::CALLING)
    } else if book.may_be_unsealed() {
        state::FILLED
    } else {
        state::CALLING
    }
}

/// From when on a step is due by the clock: 0 for at once.
pub(in crate::service) fn due(book: &CallBook) -> Option<i64> {
    if book.stopped().is_some() || book.shortfall().is_some() {
        return None;
    }
    match book.window() {
        Some(window) if window.unanswered > 0 => Some(window.closes + 1),
        Some(_) => Some(0),
        // Before the first second nothing has closed: what is due then is due without the clock.
        None if book.due_settlement(0).is_some() || !book.next_invitees().is_empty() => Some(0),
        None => None,
    }
}

/// Somebody spoke in between: read again.
fn spoken() -> Refusal {
    Refusal::new(Kind::Busy, SPOKEN, "通知状态已变更", "the calls moved")
}

/// The draw has no calls, or no result yet.
pub(super) fn no_calls() -> Refusal {
    let en = "this draw has no calls, or no result yet";
    Refusal::new(Kind::Conflict, "no_calls", "该抽取不经通知程序，或尚无结果", en)
}

/// Why a statement may not be said now, to whoever wanted to say it.
pub(super) fn not_now(violation: &Violation) -> Refusal {
    let of = |code, zh: &str, en: &str| Refusal::new(Kind::Conflict, code, zh, en);
    match violation {
        Violation::Late(_) => of("window_closed", "答复时限已过", "the window for answers has closed"),
        Violation::AnsweredBefore(_) => {
            of("answered_before", "已有答复，不能更改", "there is an answer already")
        }
        Violation::NoRound | Violation::Round(_) | Violation::NotInvited(_) => {
            of("no_open_invitation", "没有待答复的邀请", "no invitation waits for an answer")
        }
        Violation::NotAccepted(_) => of("not_accepted", "尚未接受邀请", "the invitation was not accepted"),
        Violation::IsOut(_) => of("is_out", "已不在该抽取之列", "out of this draw already"),
        Violation::NotSeated(_) => of("not_seated", "没有席位", "holds no seat"),
        Violation::SignedIn(_) => of("signed_in", "已签到", "has signed in"),
        Violation::Stopped => of("wrong_state", "抽取已终止", "the draw was stopped"),
        Violation::NoShortfall => of("no_shortfall", "尚未出现缺额", "no settlement found a shortfall"),
        other => Refusal {
            cause: Some(other.to_string()),
            ..of("calls_rule", "与通知规则不符", "against the rules of calls")
        },
    }
}
