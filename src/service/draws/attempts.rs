//! Which attempt a draw of a package is, and whether there may be one.
//!
//! *Invariants:* one draw of a package is open at a time. Of the draws that ended by somebody's
//! decision when the outcome could be known (a void; a stop that no computed shortfall forced,
//! `api-spec/draw-v2.md` §6.5) one may have a successor, and no more: whoever could stop and draw
//! again at will would draw until the list suits. A shortfall is computed and nobody's choice, so
//! what follows one is not counted.

use super::{state, wrong_state};
use crate::codec::Hash;
use crate::draw::calls::{StopReason, Stopped};
use crate::log::Statement;
use crate::service::Service;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, Conn};

/// The most draws of one package that end by a decision: one may be repeated. Experts and sites alike.
pub(in crate::service) const MOST_DECIDED: u32 = 2;

/// The refusal of a draw beyond [`MOST_DECIDED`].
pub(in crate::service) fn used_up(zh: &str, en: &str) -> Refusal {
    Refusal::new(Kind::Conflict, "attempts_used_up", zh, en)
}

impl Service {
    /// The number of the next attempt on a package and the alpha of the one before; `resumed` is the
    /// draw that waits for acceptance and becomes this attempt.
    pub(super) fn draw_attempt(
        &self,
        package: &str,
        resumed: Option<&store::draw::Draw>,
    ) -> Result<(u32, Option<Hash>), Refusal> {
        self.store.read(|conn| {
            let mut attempts = store::draw::of_package(conn, package)?;
            attempts.retain(|draw| {
                draw.state != state::WITHDRAWN && resumed.is_none_or(|resumed| resumed.id != draw.id)
            });
            attempts.sort_by_key(|draw| draw.attempt);
            let Some(last) = attempts.last() else { return Ok((1, None)) };
            if state::STANDING.contains(&last.state.as_str()) || last.state == state::UNSEALED {
                return Err(wrong_state("该包已完成抽取", "this package has been drawn already"));
            }
            if ![state::VOIDED, state::STOPPED].contains(&last.state.as_str()) {
                return Err(wrong_state("该包已有进行中的抽取", "this package has an open draw"));
            }
            let mut decided = 0;
            for draw in &attempts {
                decided += u32::from(ended_by_decision(conn, draw)?);
            }
            if decided >= MOST_DECIDED {
                return Err(used_up(
                    "该包已有一次作废或中止后的重新抽取，不得再次重抽",
                    "this package has had its one repeat after a void or a stop; there is no further one",
                ));
            }
            let next = u32::try_from(last.attempt).unwrap_or(u32::MAX).saturating_add(1);
            let alpha = last.alpha.as_deref().and_then(Hash::from_slice);
            Ok((next, Some(alpha.ok_or_else(|| Refusal::internal("ended draw without alpha"))?)))
        })
    }
}

/// Whether a draw was voided, or stopped for another reason than a shortfall.
fn ended_by_decision(conn: &mut Conn, draw: &store::draw::Draw) -> Result<bool, Refusal> {
    if draw.state != state::STOPPED {
        return Ok(draw.state == state::VOIDED);
    }
    let index = draw.ended_entry.unwrap_or_default().unsigned_abs();
    let entry = store::journal::find(conn, index)?.ok_or_else(|| Refusal::internal("stop without entry"))?;
    let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
    let stopped = Stopped::read(&statement.body_json()).map_err(Refusal::internal)?;
    Ok(stopped.reason != StopReason::Shortfall)
}
