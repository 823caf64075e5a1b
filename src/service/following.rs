//! How the drawing index follows the journal: batch by batch, experts and units as of their entries, each
//! image held against the digest that its statement carries. Whoever was erased leaves; somebody whose
//! data key is gone without an erasure is a fault, never left out quietly.

use std::sync::{PoisonError, RwLockReadGuard};

use super::Service;
use super::erased::Erased;
use super::index::{DrawingIndex, Indexed};
use super::refusal::Refusal;
use super::units;
use crate::evidence::said::REGISTRY_EXPERT;
use crate::log::Statement;
use crate::registry::{Expert, Unit};
use crate::store::{self, Conn};

/// Journal entries read at once while the index follows.
const BATCH: u32 = 2_000;

impl Service {
    /// The drawing index, after it has followed the journal to its present end.
    pub(super) fn current_index(&self) -> Result<RwLockReadGuard<'_, DrawingIndex>, Refusal> {
        let head = self.store.read(store::head::read)?;
        {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            if index.position() == head.last_registry_entry {
                return Ok(index);
            }
        }
        {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            while index.next() < head.size {
                let from = index.next();
                let (found, next, position) =
                    self.store.read(|conn| self.registry_entries(conn, from, head.size))?;
                for followed in found {
                    match followed {
                        Followed::Stands(indexed) => index.apply(*indexed),
                        Followed::Closed(number) => index.reserve(&number),
                        Followed::Erased(number) => index.forget(&number),
                        Followed::Unit(unit) => index.apply_unit(unit.code(), unit.merged_into()),
                    }
                }
                index.advanced(next, position);
            }
        }
        Ok(self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One batch of journal entries from `from`: experts and units as of their entries, where the next batch
    /// begins, and the newest registry entry seen.
    fn registry_entries(
        &self,
        conn: &mut Conn,
        from: u64,
        end: u64,
    ) -> Result<(Vec<Followed>, u64, Option<u64>), Refusal> {
        let (mut found, mut position) = (Vec::new(), None);
        let entries = store::journal::range(conn, from, BATCH)?;
        // Read only when something does not open.
        let mut erased = None;
        let mut next = end;
        if let Some(last) = entries.last() {
            next = last.index() + 1;
        }
        for entry in &entries {
            if entry.registry {
                position = Some(entry.index());
            }
            if is_expert(entry) {
                found.extend(self.followed(conn, entry, &mut erased)?);
            } else if says(entry, units::REGISTRY_UNIT) {
                let unit: Unit = self.archive().image(conn, entry)?.1.open().map_err(Refusal::internal)?;
                found.push(Followed::Unit(Box::new(unit)));
            }
        }
        Ok((found, next, position))
    }

    /// What one entry makes of an expert: the facts, nobody any more, or a place kept for somebody whose
    /// erasure closed it. Somebody whose data key is gone without one cannot be left out quietly.
    fn followed(
        &self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
        erased: &mut Option<Erased>,
    ) -> Result<Option<Followed>, Refusal> {
        match self.archive().tombstone(conn, entry) {
            Ok(Some(_)) => return Ok(Some(Followed::Erased(entry.subject.clone()))),
            Ok(None) => {}
            Err(refusal) => return Err(refusal),
        }
        match self.indexed(conn, entry) {
            Ok(indexed) => Ok(Some(Followed::Stands(Box::new(indexed)))),
            Err(refusal) => {
                if erased.is_none() {
                    *erased = Some(self.archive().erased(conn)?);
                }
                let closed = erased.as_ref().is_some_and(|e| e.covers(&entry.subject, entry.index()));
                if closed { Ok(Some(Followed::Closed(entry.subject.clone()))) } else { Err(refusal) }
            }
        }
    }

    /// An expert as of one entry, its image checked against the digest that the statement carries.
    fn indexed(&self, conn: &mut Conn, entry: &store::journal::Entry) -> Result<Indexed, Refusal> {
        let (image, sealed) = self.archive().image(conn, entry)?;
        let expert = sealed.open::<Expert>().map_err(Refusal::internal)?;
        Ok(Indexed { expert, image, registry: entry.index() })
    }
}

/// What an entry makes of an expert in the index.
enum Followed {
    Stands(Box<Indexed>),
    /// A unit, perhaps merged into another.
    Unit(Box<Unit>),
    /// An entry that an erasure closed; the person's tombstone follows.
    Closed(String),
    Erased(String),
}

/// Whether an entry holds an expert's image. Bureau words for the kind differ; the statement decides.
pub(super) fn is_expert(entry: &store::journal::Entry) -> bool {
    says(entry, REGISTRY_EXPERT)
}

/// Whether an entry of the registry is of a statement type.
fn says(entry: &store::journal::Entry, kind: &str) -> bool {
    entry.registry && Statement::parse(&entry.statement).is_ok_and(|statement| statement.kind() == kind)
}
