//! What one act changes, written together: experts, cases, rows of other aggregates.
//!
//! Everything is made outside the writer (sealed, salted); in the writer the versions are compared,
//! the entries appended and the rows written, in one transaction. An act that touches several records
//! either happens whole or not at all.

use std::sync::Arc;

use super::Service;
use super::cases::CaseChange;
use super::experts::{ExpertChange, registered};
use super::idempotency::IdempotencyRow;
use super::refusal::Refusal;
use crate::store::{self, StoreError, Tx, WriteError};

/// A further part of a change: entries and rows of an aggregate that has no list of its own here.
/// Runs in the writer, perhaps twice, so it must have no effect outside the transaction.
pub(super) type Part = Arc<dyn Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + Sync>;

/// What one act changes.
#[derive(Clone, Default)]
pub(super) struct Changes {
    idempotency: Option<IdempotencyRow>,
    experts: Vec<ExpertChange>,
    cases: Vec<CaseChange>,
    parts: Vec<Part>,
}

impl Changes {
    /// With the row of its Idempotency-Key.
    pub fn once(idempotency: IdempotencyRow) -> Self {
        Self { idempotency: Some(idempotency), ..Self::default() }
    }

    /// A change of an expert.
    pub fn expert(mut self, change: ExpertChange) -> Self {
        self.experts.push(change);
        self
    }

    /// A change of a case.
    pub fn case(mut self, change: CaseChange) -> Self {
        self.cases.push(change);
        self
    }

    /// Anything else.
    pub fn part(
        mut self,
        part: impl Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        self.parts.push(Arc::new(part));
        self
    }

    /// All of it as a part of another write.
    pub(super) fn into_part(self) -> Part {
        Arc::new(move |tx| self.apply(tx))
    }

    /// Everything of it, within a transaction.
    pub(super) fn apply(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if let Some(idempotency) = &self.idempotency {
            idempotency.insert(tx)?;
        }
        for change in &self.experts {
            change.key.store(tx)?;
            let mut row = change.row.clone();
            row.row.entry = tx.append(change.entry.clone())?.entry();
            match row.row.version {
                1 => store::expert::insert(tx, &row)?,
                version => store::expert::update(tx, &row, version - 1)?,
            }
        }
        let mut begun = Vec::new();
        for change in &self.cases {
            change.key.store(tx)?;
            let mut row = change.row.clone();
            row.entry = tx.append(change.entry.clone())?.entry();
            match row.version {
                1 => begun.push(row),
                version => store::case::update(tx, &row, version - 1)?,
            }
        }
        store::case::insert_many(tx, &begun)?;
        self.parts.iter().try_for_each(|part| part(tx))
    }
}

impl CaseChange {
    /// Writes this change alone, for writes that decide within the transaction which changes there are.
    pub(super) fn apply(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.key.store(tx)?;
        let mut row = self.row.clone();
        row.entry = tx.append(self.entry.clone())?.entry();
        match row.version {
            1 => store::case::insert_many(tx, &[row]),
            version => store::case::update(tx, &row, version - 1),
        }
    }
}

impl Service {
    /// Writes a change, whole or not at all.
    pub(super) fn write_changes(&self, name: &'static str, changes: Changes) -> Result<(), Refusal> {
        match self.store.write(name, move |tx| changes.apply(tx)) {
            Ok(()) => Ok(()),
            Err(WriteError::Call(StoreError::Conflict(key))) if key == "expert.id_hash" => Err(registered()),
            Err(WriteError::Call(error) | WriteError::Store(error)) => Err(error.into()),
        }
    }
}
