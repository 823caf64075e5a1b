//! From committed to drawn: the operator's contribution, then the result; each a write of its own.
//!
//! Nothing is free any more after the commitment, so this may stop anywhere and be done again: the
//! VRF gives the same bytes, the walk the same panel. The service does it at start for every draw
//! that is still committed.

use super::commit::wrong_state;
use super::record::DrawRecord;
use super::{DrawView, state};
use crate::codec::{Hash, Json};
use crate::draw::commitment::Commitment;
use crate::draw::decide;
use crate::draw::pool::{self, Leaf};
use crate::draw::seed::{self, Contribution};
use crate::draw::statements::{Contributed, Drawn};
use crate::log::{Statement, key_digest};
use crate::service::actor::Actor;
use crate::service::refusal::Refusal;
use crate::service::{ITSELF, Service};
use crate::store::{self, Append, Conn, Page, StoreError};

/// What the journal says about a committed draw.
pub(crate) struct Committed {
    pub row: store::draw::Draw,
    pub alpha: Hash,
    pub commitment: Commitment,
    pub record: DrawRecord,
    /// Leaves by position, rebuilt from the record.
    pub leaves: Vec<Leaf>,
    /// Entries of this draw from the commitment on, with their statements.
    pub entries: Vec<(u64, Statement)>,
}

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
                self.finish(&row.id)?;
            }
        }
    }

    pub(super) fn finish_and_view(&self, actor: &Actor, id: &str) -> Result<DrawView, Refusal> {
        let row = self.draw_row(actor, id)?;
        if row.state == state::COMMITTED {
            self.finish(id)?;
        }
        self.draw(actor, id)
    }

    /// Takes one committed draw to its result, from what the journal holds.
    fn finish(&self, id: &str) -> Result<(), Refusal> {
        let committed = self.store.read(|conn| self.committed(conn, id))?;
        let contribution = committed.entry_of(Contributed::TYPE);
        self.conclude(id, committed.alpha, &committed.commitment, &committed.leaves, contribution)
    }

    /// Contributes, unless that was done, and writes the result.
    pub(super) fn conclude(
        &self,
        id: &str,
        alpha: Hash,
        commitment: &Commitment,
        leaves: &[Leaf],
        contribution: Option<u64>,
    ) -> Result<(), Refusal> {
        let (vrf, public) = (&self.keys.draw_vrf, self.keys.draw_vrf.public());
        let proof = vrf.prove(alpha.as_bytes());
        let beta = public.verify(alpha.as_bytes(), &proof).map_err(Refusal::internal)?;
        let contribution = match contribution {
            Some(index) => index,
            None => {
                let contributed = Contributed { alpha, key: key_digest(public.as_bytes()), proof };
                self.write_contribution(id, &contributed)?
            }
        };
        let seed = seed::seed(&alpha, &[Contribution::Operator(beta.0)]).map_err(Refusal::internal)?;
        let decision = decide::panel(commitment, leaves, &seed).map_err(Refusal::internal)?;
        self.write_result(
            id,
            Drawn {
                alpha,
                contributions: vec![contribution],
                seed,
                seats: decision.seats,
                branches: decision.branches,
            },
        )
    }

    /// Writes the contribution once and answers its index, whoever wrote it.
    fn write_contribution(&self, id: &str, contributed: &Contributed) -> Result<u64, Refusal> {
        let (id, contributed) = (id.to_owned(), contributed.clone());
        let written = self.store.write("contribute", move |tx| {
            let row = store::draw::find(tx, &id)?.ok_or_else(|| Refusal::internal("draw gone"))?;
            if row.state != state::COMMITTED {
                return Err(wrong_state("抽取已不在承诺状态", "the draw is no longer committed"));
            }
            let earlier = draw_entries(tx, &id, 0)?;
            if let Some(entry) = earlier.iter().find(|entry| entry.kind == Contributed::TYPE) {
                return Ok(entry.index());
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

    fn write_result(&self, id: &str, drawn: Drawn) -> Result<(), Refusal> {
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
            row.state = state::DRAWN.into();
            row.drawn_entry = Some(appended.entry());
            row.version += 1;
            row.updated = tx.time().0;
            store::draw::update(tx, &row, version)?;
            Ok(())
        })?;
        Ok(())
    }

    /// Everything the journal holds of a committed draw, leaves rebuilt and held against the
    /// committed root.
    pub(crate) fn committed(&self, conn: &mut Conn, id: &str) -> Result<Committed, Refusal> {
        let row = store::draw::find(conn, id)?.ok_or_else(|| Refusal::not_found("抽取", "draw"))?;
        let (Some(alpha), Some(index)) =
            (row.alpha.as_deref().and_then(Hash::from_slice), row.committed_entry)
        else {
            return Err(wrong_state("抽取尚未承诺", "the draw is not committed yet"));
        };
        let from = u64::try_from(index).map_err(Refusal::internal)?;
        let journal = draw_entries(conn, id, from)?;
        let first = journal.first().filter(|entry| entry.index() == from);
        let first =
            first.ok_or_else(|| Refusal::internal(format!("entry {from} of draw {id} is missing")))?;
        let sealed = first.image.as_deref().ok_or_else(|| Refusal::internal("commitment without record"))?;
        let key = self.sealer().stored_key(conn, id)?;
        let record =
            DrawRecord::from_bytes(&key.open(Commitment::TYPE, sealed)?).map_err(Refusal::internal)?;
        let mut entries = Vec::new();
        for entry in &journal {
            entries.push((entry.index(), Statement::parse(&entry.statement).map_err(Refusal::internal)?));
        }
        let body = entries.first().map_or(Json::from(0u32), |(_, statement)| statement.body_json());
        let commitment = Commitment::read(&body).map_err(Refusal::internal)?;
        let pool = pool::build(&record.header.key, &record.candidates, &[]).map_err(Refusal::internal)?;
        if pool::root(&pool.leaves) != commitment.pool_root {
            return Err(Refusal::internal(format!(
                "draw {id}: the sealed record does not give the committed pool"
            )));
        }
        Ok(Committed { row, alpha, commitment, record, leaves: pool.leaves, entries })
    }
}

/// A draw's own entries from an index on; looks at it are about the draw too, and are left out.
pub(super) fn draw_entries(
    conn: &mut Conn,
    id: &str,
    from: u64,
) -> Result<Vec<store::journal::Entry>, StoreError> {
    const AT_ONCE: u32 = 500;
    let (mut all, mut next) = (Vec::new(), from);
    loop {
        let batch = store::journal::of_subject(conn, id, next, AT_ONCE)?;
        let Some(last) = batch.last() else { return Ok(all) };
        next = last.index() + 1;
        all.extend(batch.into_iter().filter(|entry| entry.kind.starts_with("draw.")));
    }
}

impl Committed {
    /// Index of the first entry of a type.
    pub fn entry_of(&self, kind: &str) -> Option<u64> {
        self.entries.iter().find(|(_, statement)| statement.kind() == kind).map(|(index, _)| *index)
    }

    /// The result, if there is one.
    pub fn drawn(&self) -> Result<Option<Drawn>, Refusal> {
        let drawn = self.entries.iter().find(|(_, statement)| statement.kind() == Drawn::TYPE);
        drawn.map(|(_, statement)| Drawn::read(&statement.body_json())).transpose().map_err(Refusal::internal)
    }
}
