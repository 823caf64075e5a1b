//! Units (工作单位): recorded, listed. Statement `registry.unit` {image}; the image is
//! `registry::image`'s, sealed under a data key of the unit's code.

use super::Service;
use super::actor::{Action, Actor};
use super::experts::within;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use crate::codec::Object;
use crate::codes::Region;
use crate::registry::{Imaged, Problem, UnitDraft};
use crate::store::{self, Append, StoreError, WriteError};

/// Statement type of a unit.
pub(super) const REGISTRY_UNIT: &str = "registry.unit";
/// Journal kind, and what images are sealed as.
const RECORDED: &str = "unit.recorded";

/// A unit as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitView {
    /// Credit code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Region of its seat.
    pub region: String,
}

impl Service {
    /// Records a unit.
    pub fn record_unit(
        &self,
        actor: &Actor,
        draft: &UnitDraft,
        given: Option<&IdempotencyKey>,
    ) -> Result<UnitView, Refusal> {
        actor.check(Action::KeepRegistry)?;
        self.once(
            actor,
            given,
            |code| self.unit_view(code),
            || {
                let unit = draft.check().map_err(Refusal::invalid)?;
                let code = unit.code().as_str();
                let row = store::unit::Unit {
                    code: code.to_owned(),
                    name: unit.name().to_owned(),
                    region: unit.region().as_str().to_owned(),
                    entry: 0,
                };
                let key = self.subject_key(code, false)?;
                let image = unit.seal(self.random(), self.random());
                let entry = Append {
                    actor: actor.account.clone(),
                    kind: RECORDED.into(),
                    subject: code.to_owned(),
                    statement: Object::new().with("type", REGISTRY_UNIT).with("image", image.digest()),
                    image: Some(self.sealer().seal(&key, RECORDED, &image.to_bytes())),
                    registry: true,
                };
                let idempotency = self.idempotency_row(actor, given, code, 201);
                let shown = view(row.clone());
                let written = self.store.write("record unit", move |tx| {
                    idempotency.insert(tx)?;
                    // The row first: a unit that exists is named so, not by its data key.
                    let entry = tx.append(entry.clone())?.entry();
                    store::unit::insert(tx, &store::unit::Unit { entry, ..row.clone() })?;
                    key.store(tx)
                });
                match written {
                    Ok(()) => Ok(shown),
                    Err(WriteError::Call(StoreError::Conflict(key))) if key == "unit.code" => {
                        let (zh, en) = ("该单位已在库", "this unit is recorded already");
                        let problem = Problem::new("code", "", "already_recorded", zh, en);
                        let refusal = Refusal::new(Kind::Conflict, "already_recorded", zh, en);
                        Err(Refusal { problems: vec![problem], ..refusal })
                    }
                    Err(WriteError::Call(error) | WriteError::Store(error)) => Err(error.into()),
                }
            },
        )
    }

    /// One unit.
    pub fn unit(&self, actor: &Actor, code: &str) -> Result<UnitView, Refusal> {
        actor.check(Action::ReadRegistry)?;
        self.unit_view(code)
    }

    /// A page of units, all or those with their seat within a region.
    pub fn units(
        &self,
        actor: &Actor,
        region: Option<Region>,
        paging: &Paging,
    ) -> Result<Listed<UnitView>, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let prefix = region.map(within);
        let page = self.store.read(|conn| {
            paging.read(|page| store::unit::list(conn, prefix.as_deref(), page), |row| &row.code, view)
        })?;
        Ok(page)
    }

    fn unit_view(&self, code: &str) -> Result<UnitView, Refusal> {
        let found = self.store.read(|conn| store::unit::find(conn, code))?;
        found.map(view).ok_or_else(|| Refusal::not_found("单位", "unit"))
    }
}

fn view(row: store::unit::Unit) -> UnitView {
    UnitView { code: row.code, name: row.name, region: row.region }
}
