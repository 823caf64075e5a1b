//! How the drawing index follows the journal: batch by batch, experts and units as of their entries, each
//! image held against the digest that its statement carries. Whoever was erased leaves; somebody whose
//! data key is gone without an erasure is a fault, never left out quietly.

use std::sync::{PoisonError, RwLockReadGuard};

use super::Service;
use super::archive::Archive;
use super::erased::Erased;
use super::index::{DrawingIndex, Indexed};
use super::refusal::Refusal;
use super::units;
use crate::codec::Hash;
use crate::evidence::said::REGISTRY_EXPERT;
use crate::log::Statement;
use crate::registry::{Expert, Unit};
use crate::rules::people_facts::{KinFacts, PersonKeys};
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
                    self.store.read(|conn| registry_entries(&self.archive(), conn, from, head.size))?;
                found.into_iter().for_each(|followed| followed.apply(&mut index));
                index.advanced(next, position);
            }
        }
        Ok(self.index.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One batch of journal entries from `from`: experts and units as of their entries, where the next batch
/// begins, and the newest registry entry seen.
fn registry_entries(
    archive: &Archive<'_>,
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
        found.extend(archive.followed(conn, entry, &mut erased)?);
    }
    Ok((found, next, position))
}

impl Archive<'_> {
    /// What one entry makes of the index: an expert's facts, nobody any more, a place kept for somebody
    /// whose erasure closed it, a unit; `None`: nothing. Somebody whose data key is gone without an
    /// erasure cannot be left out quietly.
    pub(super) fn followed(
        &self,
        conn: &mut Conn,
        entry: &store::journal::Entry,
        erased: &mut Option<Erased>,
    ) -> Result<Option<Followed>, Refusal> {
        if says(entry, units::REGISTRY_UNIT) {
            let unit: Unit = self.image(conn, entry)?.1.open().map_err(Refusal::internal)?;
            return Ok(Some(Followed::Unit(Box::new(unit))));
        }
        if !is_expert(entry) {
            return Ok(None);
        }
        if self.tombstone(conn, entry)?.is_some() {
            return Ok(Some(Followed::Erased(entry.subject.clone())));
        }
        match self.indexed(conn, entry) {
            Ok(indexed) => Ok(Some(Followed::Stands(Box::new(indexed)))),
            Err(refusal) => {
                if erased.is_none() {
                    *erased = Some(self.erased(conn)?);
                }
                let closed = erased.as_ref().is_some_and(|e| e.covers(&entry.subject, entry.index()));
                if closed { Ok(Some(Followed::Closed(entry.subject.clone()))) } else { Err(refusal) }
            }
        }
    }

    /// An expert as of one entry, its image checked against the digest that the statement carries.
    fn indexed(&self, conn: &mut Conn, entry: &store::journal::Entry) -> Result<Indexed, Refusal> {
        let (image, sealed) = self.image(conn, entry)?;
        let expert = sealed.open::<Expert>().map_err(Refusal::internal)?;
        let name = |name: &str| self.keyed(&format!("name\n{name}"));
        let kin = expert.particulars().relatives.iter().map(|relative| KinFacts {
            name_hash: relative.name.as_deref().map(name),
            units: relative.units.clone(),
        });
        let keys = PersonKeys {
            id_hash: Hash(self.id_hash(&expert)),
            name_hash: name(expert.name()),
            kin: kin.collect(),
        };
        Ok(Indexed { expert, keys, image, registry: entry.index() })
    }
}

/// What an entry makes of an expert in the index.
pub(super) enum Followed {
    /// An expert.
    Stands(Box<Indexed>),
    /// A unit, perhaps merged into another.
    Unit(Box<Unit>),
    /// An entry that an erasure closed; the person's tombstone follows.
    Closed(String),
    /// Somebody was erased.
    Erased(String),
}

impl Followed {
    /// Takes it into the index.
    pub(super) fn apply(self, index: &mut DrawingIndex) {
        match self {
            Self::Stands(indexed) => index.apply(*indexed),
            Self::Closed(number) => index.reserve(&number),
            Self::Erased(number) => index.forget(&number),
            Self::Unit(unit) => index.apply_unit(&unit),
        }
    }
}

/// Whether an entry holds an expert's image. Bureau words for the kind differ; the statement decides.
pub(super) fn is_expert(entry: &store::journal::Entry) -> bool {
    says(entry, REGISTRY_EXPERT)
}

/// Whether an entry is of a statement type; the signed statement decides, no column.
fn says(entry: &store::journal::Entry, kind: &str) -> bool {
    Statement::parse(&entry.statement).is_ok_and(|statement| statement.kind() == kind)
}
