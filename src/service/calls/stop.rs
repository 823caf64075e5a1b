//! A draw with calls is stopped without a valid panel: proposed by one account, confirmed by another. Its
//! names stay sealed for ever; whoever waited is told that nothing comes of it.
//!
//! The proposal is a private record (`calls.recorded`) and a line in the row that the clock looks at; the
//! stop itself is the statement `draw.stopped` with both accounts.

use super::turn::{Act, Decided, no_calls, not_now};
use super::view::CallsView;
use crate::codec::{Json, Object, object};
use crate::draw::calls::{Call, CallBook, StopReason, Stopped};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::store::draw_calls::DrawCalls;
use crate::store::outbox::Message;
use crate::store::{self, StoreError, Tx};

/// Journal kind of a proposal.
const PROPOSED: &str = "calls.stop_proposed";

impl Service {
    /// Proposes to stop a draw, for a reason of the fixed list.
    pub fn propose_stop(
        &self,
        actor: &Actor,
        id: &str,
        reason: StopReason,
        key: &IdempotencyKey,
    ) -> Result<CallsView, Refusal> {
        actor.check(Action::ProposeVoid)?;
        self.draw_row(actor, id)?;
        let change = || {
            let turn = self.calls_of(id)?;
            may_stop(&turn.row.state)?;
            let said =
                Stopped { alpha: turn.alpha, reason, actor: actor.account.clone(), approver: String::new() };
            let mut after = CallBook::clone(&turn.book);
            after.apply(&Call::Stopped(said), self.clock.now().0).map_err(|violation| not_now(&violation))?;
            let data_key = self.subject_key(id, true)?;
            let proposal = Object::new().with("reason", reason.name()).with("actor", actor.account.as_str());
            let text = String::from_utf8_lossy(&Json::from(proposal.clone()).canonical()).into_owned();
            let recorded =
                self.calls_record(id, &data_key, &actor.account, PROPOSED, proposal.with("v", 1u32));
            let idempotency = self.idempotency_row(actor, Some(key), id, 200);
            let draw = id.to_owned();
            self.store.write("propose stop", move |tx| {
                let row = store::draw::find(tx, &draw)?.ok_or_else(no_calls)?;
                may_stop(&row.state)?;
                let calls = store::draw_calls::find(tx, &draw)?.ok_or_else(no_calls)?;
                tx.append(recorded.append.clone())?;
                store::draw_calls::update(tx, &DrawCalls { proposal: Some(text.clone()), ..calls })?;
                idempotency.insert(tx)?;
                Ok::<_, Refusal>(())
            })?;
            Ok(())
        };
        self.once(actor, Some(key), |_| Ok(()), change)?;
        self.calls(actor, id)
    }

    /// Confirms the stop that another account proposed; the draw ends.
    pub fn confirm_stop(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<CallsView, Refusal> {
        actor.check(Action::ConfirmVoid)?;
        self.draw_row(actor, id)?;
        let change = || {
            self.turn(
                id,
                || self.stop_proposal(id),
                |turn, proposal| {
                    may_stop(&turn.row.state)?;
                    let (reason, proposer) = proposal.ok_or_else(|| {
                        let en = "nobody proposed to stop this draw";
                        Refusal::new(Kind::Conflict, "wrong_state", "尚无终止申请", en)
                    })?;
                    if proposer == actor.account {
                        let en = "another account than the proposer's must confirm";
                        let zh = "终止须由申请人以外的另一账号确认";
                        return Err(Refusal::new(Kind::Forbidden, "same_person", zh, en));
                    }
                    let approver = actor.account.clone();
                    let said = Stopped { alpha: turn.alpha, reason, actor: proposer, approver };
                    let mut act = Act::new("stop draw", actor.account.clone(), Call::Stopped(said));
                    act.idempotency = Some(self.idempotency_row(actor, Some(key), id, 200));
                    Ok(Decided::Say(Box::new(act), ()))
                },
            )
        };
        self.once(actor, Some(key), |_| Ok(()), change)?;
        self.calls(actor, id)
    }

    /// The stop that waits for a second person: reason and proposer.
    pub(super) fn stop_proposal(&self, id: &str) -> Result<Option<(StopReason, String)>, Refusal> {
        let calls = self.store.read(|conn| store::draw_calls::find(conn, id))?.ok_or_else(no_calls)?;
        Ok(calls.proposal.as_deref().and_then(read))
    }
}

/// What the end of a draw by another way (void, unsealing) means for its calls.
pub(in crate::service) struct EndingCalls {
    draw: String,
    version: i64,
    filled: bool,
    cancelled: Vec<Message>,
}

impl EndingCalls {
    /// The version of the draw to which this belongs.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Whether, at that version, every seat has a member who accepted and no round is open.
    pub fn filled(&self) -> bool {
        self.filled
    }

    /// Part of the write that ends the draw: the clock has nothing to do any more, and after a void whoever
    /// waited is told.
    pub fn end(&self, tx: &mut Tx<'_>, state_after: &str, entry: i64) -> Result<(), StoreError> {
        if let Some(calls) = store::draw_calls::find(tx, &self.draw)? {
            store::draw_calls::update(tx, &DrawCalls { due: None, proposal: None, ..calls })?;
        }
        if state_after == state::VOIDED {
            let mut messages = self.cancelled.clone();
            for message in &mut messages {
                (message.entry, message.next_try, message.changed) = (entry, tx.time().0, tx.time().0);
            }
            store::outbox::insert_many(tx, &messages)?;
        }
        Ok(())
    }
}

impl Service {
    /// What an ending has to know of a draw's calls; `None`: it has none.
    pub(in crate::service) fn calls_if_any(&self, id: &str) -> Result<Option<EndingCalls>, Refusal> {
        if self.store.read(|conn| store::draw_calls::find(conn, id))?.is_none() {
            return Ok(None);
        }
        let (version, filled) = match self.calls_of(id) {
            Ok(turn) => (turn.row.version, turn.book.may_be_unsealed()),
            // Committed and not drawn yet.
            Err(refusal) if refusal.code == "no_calls" => {
                let row = self.store.read(|conn| store::draw::find(conn, id))?;
                (row.ok_or_else(no_calls)?.version, false)
            }
            Err(refusal) => return Err(refusal),
        };
        let engagements = self.engagements()?;
        let cancelled = engagements.trail(id).map_or_else(Vec::new, |trail| {
            trail.cancelled(false).iter().map(|caused| super::row(trail, caused)).collect()
        });
        Ok(Some(EndingCalls { draw: id.to_owned(), version, filled, cancelled }))
    }
}

fn may_stop(found: &str) -> Result<(), Refusal> {
    if state::STANDING.contains(&found) {
        return Ok(());
    }
    let en = "the draw has ended or has no result yet";
    Err(Refusal::new(Kind::Conflict, "wrong_state", "抽取已结束或尚无结果", en))
}

fn read(text: &str) -> Option<(StopReason, String)> {
    let json = Json::parse(text.as_bytes(), 4_096).ok()?;
    let read = object(&json, "", |f| Ok((f.str("reason")?.to_owned(), f.str("actor")?.to_owned())));
    read.ok().and_then(|(reason, actor)| Some((StopReason::parse(&reason)?, actor)))
}
