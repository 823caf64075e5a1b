//! What is due in a draw's calls: a settlement when the window has closed or everybody has answered, the next
//! round when a seat is open. Done after an answer, by the clock, and when asked; twice is as good as once.

use super::turn::{Act, Decided};
use super::view::CallsView;
use crate::draw::calls::Call;
use crate::service::actor::{Action, Actor};
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::Refusal;
use crate::service::{ITSELF, Service};
use crate::store::{self, Page};

impl Service {
    /// Everything that is due now in one draw's calls, asked for by somebody who runs it; then how they
    /// stand. Nothing that is not due happens, whoever asks.
    pub fn advance_calls_for(
        &self,
        actor: &Actor,
        id: &str,
        _key: &IdempotencyKey,
    ) -> Result<CallsView, Refusal> {
        actor.check(Action::RunCalls)?;
        self.draw_row(actor, id)?;
        self.calls_of(id)?;
        self.advance_calls(id)?;
        self.calls(actor, id)
    }

    /// Everything that is due now in one draw's calls; answers how many statements were made.
    pub(in crate::service) fn advance_calls(&self, id: &str) -> Result<u64, Refusal> {
        let mut made = 0;
        while self.advance_once(id)? {
            made += 1;
        }
        Ok(made)
    }

    fn advance_once(&self, id: &str) -> Result<bool, Refusal> {
        self.turn(
            id,
            || Ok(()),
            |turn, ()| {
                // After the report there is nobody to call (87号令 art 49), whoever of the line left.
                if turn.row.state == state::REVIEWED || !state::STANDING.contains(&turn.row.state.as_str()) {
                    return Ok(Decided::Nothing(false));
                }
                let now = self.clock.now().0;
                let (name, call) = if let Some(settled) = turn.book.due_settlement(now) {
                    ("settle calls", Call::Settled(settled))
                } else if let Some(invited) = turn.book.due_invitation(now) {
                    ("invite", Call::Invited(invited))
                } else {
                    return Ok(Decided::Nothing(false));
                };
                Ok(Decided::Say(Box::new(Act::new(name, ITSELF, call)), true))
            },
        )
    }

    /// As [`Service::advance_calls`], where what was asked for stands already: a fault here is written to the
    /// operator's log and left to the clock.
    pub(in crate::service) fn advance_calls_or_leave(&self, id: &str) {
        if let Err(refusal) = self.advance_calls(id) {
            tracing::warn!(draw = id, %refusal, cause = refusal.cause, "calls are left to the clock");
        }
    }

    /// The step of the clock: every draw whose calls are due.
    pub(in crate::service) fn due_calls(&self) -> Result<u64, Refusal> {
        let (mut made, mut after) = (0, None);
        loop {
            let (now, page) = (self.clock.now().0, Page { after: after.clone(), limit: Page::MAX });
            let rows = self.store.read(|conn| store::draw_calls::list(conn, Some(now), &page))?;
            let Some(last) = rows.last() else { return Ok(made) };
            after = Some(last.draw.clone());
            for row in &rows {
                match self.advance_calls(&row.draw) {
                    Ok(statements) => made += statements,
                    // Committed and not drawn yet: finishing it begins its calls.
                    Err(refusal) if refusal.code == "no_calls" => {}
                    Err(refusal) => {
                        tracing::warn!(draw = row.draw, %refusal, cause = refusal.cause, "calls do not go on");
                    }
                }
            }
        }
    }
}
