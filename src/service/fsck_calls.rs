//! `fsck`, draws with calls: the state, the row of the clock and the outbox held against the journal.
//!
//! Which messages there must be follows from the statements; how far each has come, from the sealed
//! records of the attempts. A message that nobody caused, or one that is missing, is a finding.

use std::collections::BTreeMap;

use super::archive::Archive;
use super::calls::trail::Trail;
use super::calls::{CALLS_RECORDED, due, message_state};
use super::draws::state;
use super::refusal::Refusal;
use crate::codec::Json;
use crate::draw::calls::{Call, CallBook, Delivered};
use crate::draw::statements::{Unsealed, Void};
use crate::log::Statement;
use crate::outside::message::INVITATION;
use crate::registry::day::DAY;
use crate::store::journal::Entry;
use crate::store::outbox::Message;
use crate::store::{self, Conn, Finding};

/// The state that the calls of a draw give it, while nothing else has ended it.
pub(super) fn state_of(book: &CallBook) -> &'static str {
    if book.stopped().is_some() {
        state::STOPPED
    } else if book.may_be_unsealed() {
        state::FILLED
    } else {
        state::CALLING
    }
}

/// The state that a draw has reached by its day, beyond what its calls give it; `None` while somebody may
/// still sign in.
pub(super) fn reached_on_the_day(conn: &mut Conn, draw: &str) -> Result<Option<&'static str>, Refusal> {
    let filter = store::case::CaseFilter {
        kinds: vec![DAY.name.to_owned()],
        parent: Some(draw.to_owned()),
        ..store::case::CaseFilter::default()
    };
    let day = super::cases::all_rows(conn, &filter)?.pop();
    Ok(match day.as_ref().map(|row| row.state.as_str()) {
        Some("in_review" | "paused" | "failed" | "ended") => Some(state::IN_REVIEW),
        Some("reviewed" | "announced" | "archived") => Some(state::REVIEWED),
        _ => None,
    })
}

/// Holds row and outbox of one draw against the journal.
pub(super) fn check(
    conn: &mut Conn,
    archive: &Archive<'_>,
    row: &store::draw::Draw,
    found: &mut Vec<Finding>,
) -> Result<(), Refusal> {
    let index = row.committed_entry.unwrap_or_default().unsigned_abs();
    let calls = store::draw_calls::find(conn, &row.id)?;
    let messages = store::outbox::of_draw(conn, &row.id)?;
    let mut wrong =
        |what: String| found.push(Finding::at("calls", index, format!("draw {}: {what}", row.id)));
    let trail = if row.committed_entry.is_some() { archive.trail(conn, &row.id)? } else { None };
    let Some(trail) = trail else {
        if calls.is_some() || !messages.is_empty() {
            wrong("has no calls, and rows of calls".into());
        }
        return Ok(());
    };
    let Some(calls) = calls else {
        wrong("the row of the clock is missing".into());
        return Ok(());
    };
    let committed = archive.committed(conn, &row.id)?;
    let ended = [state::VOIDED, state::UNSEALED].contains(&row.state.as_str());
    let should = match committed.calls()? {
        _ if ended => None,
        Some(book) => due(&book),
        None => Some(0),
    };
    if calls.due != should {
        wrong(format!("the clock looks at {:?}, the journal says {should:?}", calls.due));
    }
    let entries = every_entry(conn, &row.id, index)?;
    let mut expected = caused(trail, &entries)?;
    follow_attempts(conn, archive, &entries, &mut expected)?;
    for message in messages {
        let is =
            (message.position, message.kind.as_str(), message.round, message.entry, message.state.as_str());
        match expected.remove(&message.id) {
            Some(should)
                if (
                    should.position,
                    should.kind.as_str(),
                    should.round,
                    should.entry,
                    should.state.as_str(),
                ) == is => {}
            Some(_) => wrong(format!("message {} differs from the journal", message.id)),
            None => wrong(format!("message {} is caused by nothing", message.id)),
        }
    }
    for id in expected.into_keys() {
        wrong(format!("message {id} is missing"));
    }
    Ok(())
}

/// Every entry about a draw, of whatever kind.
fn every_entry(conn: &mut Conn, id: &str, from: u64) -> Result<Vec<Entry>, Refusal> {
    const AT_ONCE: u32 = 500;
    let (mut all, mut next) = (Vec::new(), from);
    loop {
        let batch = store::journal::of_subject(conn, id, next, AT_ONCE)?;
        let Some(last) = batch.last() else { return Ok(all) };
        next = last.index() + 1;
        all.extend(batch);
    }
}

/// The messages that the statements cause, as they were written.
fn caused(mut trail: Trail, entries: &[Entry]) -> Result<BTreeMap<String, Message>, Refusal> {
    let mut expected = BTreeMap::new();
    for entry in entries {
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let call =
            Call::read(statement.kind(), &statement.body_json()).transpose().map_err(Refusal::internal)?;
        let caused = match (&call, statement.kind()) {
            (Some(call), _) => Trail::caused(&trail, call, entry.index(), entry.time).1,
            (None, Void::CONFIRMED) => trail.cancelled(false),
            _ => Vec::new(),
        };
        for one in caused {
            let mut message = super::calls::row(&trail, &one);
            message.entry = entry.idx;
            expected.insert(message.id.clone(), message);
        }
        if entry.kind.starts_with("draw.") && statement.kind() != Unsealed::TYPE {
            trail.fold(entry.index(), &statement).map_err(Refusal::internal)?;
        }
    }
    Ok(expected)
}

/// How far each message has come.
fn follow_attempts(
    conn: &mut Conn,
    archive: &Archive<'_>,
    entries: &[Entry],
    expected: &mut BTreeMap<String, Message>,
) -> Result<(), Refusal> {
    for entry in entries {
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        if statement.kind() == Delivered::TYPE {
            let said = Delivered::read(&statement.body_json()).map_err(Refusal::internal)?;
            let invitation = expected.values_mut().find(|message| {
                message.kind == INVITATION
                    && message.position == i64::from(said.position)
                    && message.round == i64::from(said.round)
            });
            if let Some(message) = invitation {
                message.state = message_state::DELIVERED.to_owned();
            }
            continue;
        }
        let reached = match entry.kind.as_str() {
            _ if statement.kind() != CALLS_RECORDED => continue,
            "message.sent" => message_state::SENT,
            "message.later" => message_state::WAITING,
            "message.failed" | "message.undeliverable" => message_state::FAILED,
            "message.expired" => message_state::EXPIRED,
            "message.delivered" => message_state::DELIVERED,
            _ => continue,
        };
        let record = archive.opaque(conn, entry)?;
        let id =
            record.as_map().and_then(|map| map.get("message")).and_then(Json::as_str).unwrap_or_default();
        if let Some(message) = expected.get_mut(id) {
            message.state = reached.to_owned();
        }
    }
    Ok(())
}
