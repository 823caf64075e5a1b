//! From committed to drawn: the operator's contribution, then the result; each a write of its own.
//!
//! Nothing is free any more after the commitment, so this may stop anywhere and be done again: the
//! VRF gives the same bytes, the walk the same panel. The service does it at start for every draw
//! that is still committed.

use super::commit::UNCALLED_SECONDS;
use super::{DrawView, state, steps, wrong_state};
use crate::codec::Hash;
use crate::draw::calls::CallBook;
use crate::draw::commitment::Commitment;
use crate::draw::decide;
use crate::draw::pool::{self, Leaf};
use crate::draw::seed::{self, Contribution};
use crate::draw::statements::{Contributed, Drawn};
use crate::log::key_digest;
use crate::service::actor::Actor;
use crate::service::archive::draw_entries;
use crate::service::contributions::Trail;
use crate::service::refusal::Refusal;
use crate::service::{ITSELF, Service};
use crate::store::{self, Append, Page};

impl Service {
    /// Finishes every draw that is committed and not ended.
    pub(crate) fn finish_committed(&self) -> Result<(), Refusal> {
        let filter = store::draw::DrawFilter { state: Some(state::COMMITTED.into()), ..Default::default() };
        let mut after = None;
        loop {
            let page = Page { after: after.clone(), limit: Page::MAX };
            let rows = self.store.read(|conn| store::draw::list(conn, &filter, &page))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for row in &rows {
                // One draw that cannot be finished (its deadline passed, or another process ended it)
                // must not keep the service from starting: it stays open to a void.
                if let Err(refusal) = self.finish(&row.id) {
                    tracing::warn!(draw = row.id, %refusal, cause = refusal.cause, "a committed draw stays open");
                }
            }
        }
    }

    /// Takes every draw with calls that is committed or drawn to its first invitations: what they will be
    /// is fixed, and whoever is judged next has to know them.
    pub(crate) fn finish_uncalled(&self) -> Result<(), Refusal> {
        let since = self.clock.now().0 - UNCALLED_SECONDS;
        for id in self.store.read(|conn| store::draw_calls::uncalled(conn, since))? {
            let row = self.store.read(|conn| store::draw::find(conn, &id))?;
            match row.map(|row| row.state).as_deref() {
                Some(state::COMMITTED) => {
                    if let Err(refusal) = self.finish(&id) {
                        tracing::warn!(draw = id, %refusal, cause = refusal.cause, "a committed draw stays open");
                    }
                }
                _ => self.advance_calls_or_leave(&id),
            }
        }
        Ok(())
    }

    pub(in crate::service) fn finish_and_view(&self, actor: &Actor, id: &str) -> Result<DrawView, Refusal> {
        let row = self.draw_row(actor, id)?;
        if row.state == state::COMMITTED {
            self.finish(id)?;
        } else if row.state == state::DRAWN
            && self.store.read(|conn| store::draw_calls::find(conn, id))?.is_some()
        {
            // Another request took it to its result and has not invited yet: an answer is the same,
            // whichever of them came first.
            self.advance_calls_or_leave(id);
        }
        self.draw(actor, id)
    }

    /// Takes one committed draw to its result, from what the journal holds; one that waits for others as
    /// far as it can go.
    pub(super) fn finish(&self, id: &str) -> Result<(), Refusal> {
        let trail = self.store.read(|conn| Trail::read(conn, id))?;
        if trail.is_some_and(|trail| trail.is_shared()) {
            return self.advance(id);
        }
        let committed = self.store.read(|conn| self.archive().committed(conn, id))?;
        if pool::root(&committed.leaves) != committed.commitment.pool_root {
            return Err(Refusal::internal(format!(
                "draw {id}: the sealed record does not give the committed pool"
            )));
        }
        let contribution = committed.entry_of(Contributed::TYPE);
        let terms = (&committed.commitment, committed.commitment.deadline);
        self.conclude(id, committed.alpha, terms, &committed.leaves, contribution)
    }

    /// The result of a draw whose contributions are all there.
    pub(in crate::service) fn conclude_shared(
        &self,
        id: &str,
        alpha: &Hash,
        parts: &[(u64, Contribution)],
    ) -> Result<(), Refusal> {
        let committed = self.store.read(|conn| self.archive().committed(conn, id))?;
        if pool::root(&committed.leaves) != committed.commitment.pool_root {
            let what = "the sealed record does not give the committed pool";
            return Err(Refusal::internal(format!("draw {id}: {what}")));
        }
        self.decide(id, alpha, &committed.commitment, &committed.leaves, parts)
    }

    /// Contributes, unless that was done, and writes the result.
    pub(super) fn conclude(
        &self,
        id: &str,
        alpha: Hash,
        (commitment, deadline): (&Commitment, i64),
        leaves: &[Leaf],
        contribution: Option<u64>,
    ) -> Result<(), Refusal> {
        // The key that the commitment names, whichever is in force by now.
        let operator = commitment.operator_key();
        let operator =
            operator.ok_or_else(|| Refusal::internal("a commitment without the operator's key"))?;
        let held = self.keys.vrf(&operator)?;
        let (vrf, public) = (held.vrf()?, held.vrf()?.public());
        let proof = vrf.prove(alpha.as_bytes());
        let beta = public.verify(alpha.as_bytes(), &proof).map_err(Refusal::internal)?;
        let contribution = match contribution {
            Some(index) => index,
            None => {
                let contributed = Contributed { alpha, key: key_digest(public.as_bytes()), proof };
                self.write_contribution(id, &contributed, deadline)?
            }
        };
        self.decide(id, &alpha, commitment, leaves, &[(contribution, Contribution::Operator(beta.0))])
    }

    /// The seed of the contributions in committed order, and the panel that follows.
    fn decide(
        &self,
        id: &str,
        alpha: &Hash,
        commitment: &Commitment,
        leaves: &[Leaf],
        parts: &[(u64, Contribution)],
    ) -> Result<(), Refusal> {
        let values: Vec<Contribution> = parts.iter().map(|(_, value)| value.clone()).collect();
        let seed = seed::seed(alpha, &values).map_err(Refusal::internal)?;
        let decision = decide::panel(commitment, leaves, &seed).map_err(Refusal::internal)?;
        let drawn = Drawn {
            alpha: *alpha,
            contributions: parts.iter().map(|(index, _)| *index).collect(),
            seed,
            seats: decision.seats,
            branches: decision.branches,
        };
        let kept = !commitment.kept.is_empty() && {
            let book = CallBook::of_drawn(commitment, leaves, &drawn).map_err(Refusal::internal)?;
            book.may_be_unsealed()
        };
        self.write_result(id, drawn, kept)?;
        if self.store.read(|conn| store::draw_calls::find(conn, id))?.is_some() {
            self.advance_calls_or_leave(id);
        }
        Ok(())
    }

    /// Writes the contribution once and answers its index, whoever wrote it.
    fn write_contribution(&self, id: &str, contributed: &Contributed, deadline: i64) -> Result<u64, Refusal> {
        let (id, contributed) = (id.to_owned(), contributed.clone());
        let written = self.store.write("contribute", move |tx| {
            let row = store::draw::find(tx, &id)?.ok_or_else(|| Refusal::internal("draw gone"))?;
            if row.state != state::COMMITTED {
                return Err(wrong_state("抽取已不在承诺状态", "the draw is no longer committed"));
            }
            let committed = row.committed_entry.unwrap_or_default().unsigned_abs();
            // Another call of the same group may have said it just now.
            let mut earlier = draw_entries(tx, &id, committed)?;
            earlier.extend(tx.pending().iter().filter(|entry| entry.subject == id).cloned());
            if let Some(entry) = earlier.iter().find(|entry| entry.kind == Contributed::TYPE) {
                return Ok(entry.index());
            }
            if tx.time().0 > deadline {
                let en =
                    "the deadline of the contributions has passed; void it with reason contribution_missing";
                return Err(wrong_state("随机贡献的期限已过，请以 contribution_missing 作废", en));
            }
            let index = tx.next_index();
            let known = tx.key_book().and_then(|book| book.find(&contributed.key).cloned());
            if !known.is_some_and(|key| key.may_contribute_at(index)) {
                let en =
                    "the key that the commitment names was compromised; void it after the deadline with contribution_missing";
                return Err(wrong_state("承诺所用密钥已泄露停用，请在期限过后以 contribution_missing 作废", en));
            }
            let appended = tx.append(Append {
                actor: ITSELF.into(),
                kind: Contributed::TYPE.into(),
                subject: id.clone(),
                statement: contributed.fields().with("type", Contributed::TYPE),
                image: None,
                registry: false,
            })?;
            Ok(appended.index)
        })?;
        Ok(written)
    }

    /// Writes the result. `kept`: every seat has a member whom an earlier attempt kept, so nobody is called.
    fn write_result(&self, id: &str, drawn: Drawn, kept: bool) -> Result<(), Refusal> {
        let id = id.to_owned();
        self.store.write("draw", move |tx| {
            let mut row = store::draw::find(tx, &id)?.ok_or_else(|| Refusal::internal("draw gone"))?;
            if row.state != state::COMMITTED {
                // Another process, or the start of this one, was first; the result is the same.
                return Ok::<_, Refusal>(());
            }
            let appended = tx.append(Append {
                actor: ITSELF.into(),
                kind: Drawn::TYPE.into(),
                subject: id.clone(),
                statement: drawn.fields().with("type", Drawn::TYPE),
                image: None,
                registry: false,
            })?;
            let version = row.version;
            let calls = store::draw_calls::find(tx, &id)?.filter(|_| kept);
            let (to, event) =
                if calls.is_some() { (state::FILLED, "draw_kept") } else { (state::DRAWN, "draw") };
            if let Some(calls) = calls {
                store::draw_calls::update(tx, &store::draw_calls::DrawCalls { due: None, ..calls })?;
            }
            row.state = to.into();
            row.drawn_entry = Some(appended.entry());
            row.version += 1;
            row.updated = tx.time().0;
            steps::step(tx, (state::COMMITTED, version), &row, event)?;
            Ok(())
        })?;
        Ok(())
    }
}
