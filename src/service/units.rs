//! Units (单位): recorded, amended, found, with their history. Statement `registry.unit` {image}; the
//! image is `registry::unit_image`'s, sealed under a data key of the unit's code.
//!
//! Names of units are no secret; the names of key persons are: they stand in the image and are shown
//! after the look is recorded. Matching is by HMAC-SHA-256 under the uniqueness key, over `111`, line
//! feed, id number (so it equals an expert's `id_hash`) or over `name`, line feed, name.
//!
//! *Invariant:* a row and its links are a function of the newest image (`row`); a merged code answers
//! with the record that stays.
//!
//! *Deliberately not here:* merging (`unit_merges`); what units mean for a draw (`rules::same_units`).

use super::Service;
use super::actor::{Action, Actor};
use super::changes::Changes;
use super::experts::within;
use super::idempotency::{IdempotencyKey, IdempotencyRow};
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use crate::codec::{Hash, Object, to_hex};
use crate::codes::Region;
use crate::registry::{ExcludedKind, Imaged, Problem, Unit, UnitDraft};
use crate::store::unit::{UnitFilter, UnitRow};
use crate::store::{self, Append, Conn, StoreError};

/// Statement type of a unit.
pub(super) const REGISTRY_UNIT: &str = "registry.unit";
/// Journal kind of the first entry.
const RECORDED: &str = "unit.recorded";
/// Journal kind of an amendment.
const AMENDED: &str = "unit.amended";
/// The most entries of a history.
const HISTORY_MAX: u32 = 500;

/// A unit as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitView {
    /// Credit code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Region of its seat.
    pub region: String,
    /// What it is.
    pub kinds: Vec<String>,
    /// The kind that keeps its staff out.
    pub excluded_kind: Option<String>,
    /// The record that stays, of one that was merged.
    pub merged_into: Option<String>,
    /// Grows with every change.
    pub version: i64,
}

/// A unit with everything.
#[derive(Clone, Debug)]
pub struct UnitRecord {
    /// The facts; names of persons are not to be shown without a recorded look.
    pub unit: Unit,
    /// Grows with every change.
    pub version: i64,
    /// The code that was asked for, if it is another one that was merged into this.
    pub asked: Option<String>,
    /// Codes that were merged into this, ascending.
    pub merged: Vec<String>,
    /// Its entries, oldest first.
    pub history: Vec<UnitEvent>,
}

/// One change of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitEvent {
    /// The code whose record changed.
    pub code: String,
    /// The journal entry.
    pub entry: i64,
    /// Unix seconds.
    pub time: i64,
    /// `unit.recorded`, `unit.amended`, `unit.merged`.
    pub kind: String,
    /// The account that did it.
    pub by: String,
    /// The fields that changed.
    pub changed: Vec<String>,
}

/// Which units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitsAsked {
    /// With the seat in this region or a part of it.
    pub region: Option<Region>,
    /// Whose name, or a former one, contains this.
    pub name: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Directly below this unit.
    pub parent: Option<String>,
    /// Controlled by this unit: those that it names.
    pub department: Option<String>,
    /// Of which the expert with this number is a key person (same id number).
    pub key_person: Option<String>,
}

/// A change of one unit, ready for the writer.
#[derive(Clone)]
pub(super) struct UnitChange {
    entry: Append,
    row: store::unit::Unit,
    key: SubjectKey,
}

impl UnitChange {
    /// Appends the entry and writes the row; part of a write.
    pub fn apply(&self, tx: &mut store::Tx<'_>) -> Result<(), StoreError> {
        // The row first: a unit that exists is named so, not by its data key.
        let mut unit = self.row.clone();
        unit.row.entry = tx.append(self.entry.clone())?.entry();
        match unit.row.version {
            1 => store::unit::insert(tx, &unit)?,
            version => store::unit::update(tx, &unit, version - 1)?,
        }
        self.key.store(tx)
    }
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
                let unit = draft.check(&|text| self.keyed(text)).map_err(Refusal::invalid)?;
                if !actor.covers(Some(unit.region().as_str())) {
                    return Err(Refusal::forbidden());
                }
                let idempotency = self.idempotency_row(actor, given, unit.code().as_str(), 201);
                let change = self.unit_change(actor, &unit, 1, RECORDED)?;
                self.write_unit("record unit", change, idempotency)
            },
        )
    }

    /// Amends the facts of a unit: `amend` changes the draft of the version that was read.
    pub fn amend_unit(
        &self,
        actor: &Actor,
        code: &str,
        version: i64,
        amend: impl FnOnce(&mut UnitDraft),
    ) -> Result<UnitView, Refusal> {
        actor.check(Action::KeepRegistry)?;
        let (unit, row) = self.store.read(|conn| self.unit_at(conn, code))?;
        actor.check_region(Some(&row.region), "单位", "unit")?;
        if row.version != version {
            return Err(StoreError::Stale(format!("unit {code}")).into());
        }
        if row.merged_into.is_some() {
            return Err(merged_already());
        }
        let mut draft = unit.draft();
        amend(&mut draft);
        let amended = draft.check(&|text| self.keyed(text)).map_err(Refusal::invalid)?;
        if !actor.covers(Some(amended.region().as_str())) {
            return Err(Refusal::forbidden());
        }
        let change = self.unit_change(actor, &amended, version + 1, AMENDED)?;
        let idempotency = self.idempotency_row(actor, None, code, 200);
        self.write_unit("amend unit", change, idempotency)
    }

    /// One unit with its history; a merged code answers with the record that stays.
    pub fn unit(&self, actor: &Actor, code: &str) -> Result<UnitRecord, Refusal> {
        actor.check(Action::ReadRegistry)?;
        self.store.read(|conn| {
            let stays = self.standing_code(conn, code)?;
            let (unit, row) = self.unit_at(conn, &stays)?;
            let merged = merged_codes(conn, &stays)?;
            let mut history = Vec::new();
            for code in merged.iter().chain([&stays]) {
                history.extend(self.unit_history(conn, code)?);
            }
            history.sort_by_key(|event| event.entry);
            let asked = (stays != code).then(|| code.to_owned());
            Ok(UnitRecord { unit, version: row.version, asked, merged, history })
        })
    }

    /// A unit with the names of its key persons, after the look is recorded with its purpose.
    pub fn unit_persons(&self, actor: &Actor, code: &str, purpose: &str) -> Result<Unit, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let stays = self.store.read(|conn| self.standing_code(conn, code))?;
        self.record_look(actor, "unit_persons", &stays, purpose)?;
        Ok(self.store.read(|conn| self.unit_at(conn, &stays))?.0)
    }

    /// A page of units.
    pub fn units(
        &self,
        actor: &Actor,
        asked: &UnitsAsked,
        paging: &Paging,
    ) -> Result<Listed<UnitView>, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let mut links = Vec::new();
        if let Some(kind) = &asked.kind {
            links.push(("kind", kind.clone()));
        }
        if let Some(parent) = &asked.parent {
            links.push(("parent", parent.clone()));
        }
        if let Some(department) = &asked.department {
            links.push(("department", department.clone()));
        }
        if let Some(number) = &asked.key_person {
            let row = self.store.read(|conn| store::expert::find(conn, number))?;
            let row = row.ok_or_else(super::experts::no_expert)?;
            links.push(("person", to_hex(&row.row.id_hash)));
        }
        let filter = UnitFilter {
            region_prefix: asked.region.map(within),
            name: asked.name.as_ref().map(|name| name.to_ascii_lowercase()),
            links,
            merged_into: None,
        };
        let page = self.store.read(|conn| {
            paging.read(|page| store::unit::list(conn, &filter, page), |unit| &unit.row.code, view)
        })?;
        Ok(page)
    }

    /// The kinds for which a profile may keep the staff of a unit out (`agency`, `supervision`): as said of
    /// it, and `agency` for whatever is one; `None` for a unit that is not recorded.
    pub(super) fn excluded_kinds(&self, conn: &mut Conn, code: &str) -> Result<Option<Vec<String>>, Refusal> {
        let stays = match self.standing_code(conn, code) {
            Err(refusal) if refusal.kind == Kind::NotFound => return Ok(None),
            other => other?,
        };
        let Some(unit) = store::unit::find(conn, &stays)? else { return Ok(None) };
        let agency = ExcludedKind::Agency.name();
        let is_agency = unit.links.iter().any(|(kind, value)| kind == "kind" && value == agency);
        let mut kinds: Vec<String> = unit.row.excluded_kind.into_iter().collect();
        if is_agency && !kinds.iter().any(|kind| kind == agency) {
            kinds.push(agency.to_owned());
        }
        Ok(Some(kinds))
    }

    /// The keyed hash of a text about a key person.
    fn keyed(&self, text: &str) -> Hash {
        self.archive().keyed(text)
    }

    /// The code of the record that stays.
    pub(super) fn standing_code(&self, conn: &mut Conn, code: &str) -> Result<String, Refusal> {
        let mut code = code.to_owned();
        // Merges make no circle; the bound is for a table that somebody altered.
        for _ in 0..64 {
            let row = store::unit::find(conn, &code)?.ok_or_else(no_unit)?.row;
            match row.merged_into {
                Some(into) => code = into,
                None => return Ok(code),
            }
        }
        Err(Refusal::internal(format!("unit {code}: the merges make a circle")))
    }

    /// The newest facts of exactly this code.
    pub(super) fn unit_at(&self, conn: &mut Conn, code: &str) -> Result<(Unit, UnitRow), Refusal> {
        let row = store::unit::find(conn, code)?.ok_or_else(no_unit)?.row;
        let entry = store::journal::find(conn, row.entry.unsigned_abs())?
            .ok_or_else(|| Refusal::internal(format!("unit {code}: no entry {}", row.entry)))?;
        let unit = self.archive().image(conn, &entry)?.1.open().map_err(Refusal::internal)?;
        Ok((unit, row))
    }

    fn unit_history(&self, conn: &mut Conn, code: &str) -> Result<Vec<UnitEvent>, Refusal> {
        let (mut history, mut before): (Vec<UnitEvent>, Option<Unit>) = (Vec::new(), None);
        for entry in store::journal::of_subject(conn, code, 0, HISTORY_MAX)? {
            if !entry.kind.starts_with("unit.") {
                continue;
            }
            let unit: Unit = self.archive().image(conn, &entry)?.1.open().map_err(Refusal::internal)?;
            history.push(UnitEvent {
                code: code.to_owned(),
                entry: entry.idx,
                time: entry.time,
                kind: entry.kind.clone(),
                by: entry.actor.clone(),
                changed: before.as_ref().map(|before| changed(before, &unit)).unwrap_or_default(),
            });
            before = Some(unit);
        }
        Ok(history)
    }

    /// Everything of a change that can be made outside the writer.
    pub(super) fn unit_change(
        &self,
        actor: &Actor,
        unit: &Unit,
        version: i64,
        kind: &'static str,
    ) -> Result<UnitChange, Refusal> {
        let code = unit.code().as_str();
        let key = self.subject_key(code, version > 1)?;
        let image = unit.seal(self.random(), self.random());
        let entry = Append {
            actor: actor.account.clone(),
            kind: kind.to_owned(),
            subject: code.to_owned(),
            statement: Object::new().with("type", REGISTRY_UNIT).with("image", image.digest()),
            image: Some(self.sealer().seal(&key, kind, &image.to_bytes())),
            registry: true,
        };
        Ok(UnitChange { entry, row: row(unit, version), key })
    }

    fn write_unit(
        &self,
        name: &'static str,
        change: UnitChange,
        idempotency: IdempotencyRow,
    ) -> Result<UnitView, Refusal> {
        let shown = view(change.row.clone());
        let changes = Changes::once(idempotency).part(move |tx| change.apply(tx));
        match self.write_changes(name, changes) {
            Err(refusal) if refusal.code == "already_exists" => {
                let (zh, en) = ("该单位已在库", "this unit is recorded already");
                let problem = Problem::new("code", "", "already_recorded", zh, en);
                let refusal = Refusal::new(Kind::Conflict, "already_recorded", zh, en);
                Err(Refusal { problems: vec![problem], ..refusal })
            }
            Err(refusal) => Err(refusal),
            Ok(()) => Ok(shown),
        }
    }

    fn unit_view(&self, code: &str) -> Result<UnitView, Refusal> {
        let found = self.store.read(|conn| store::unit::find(conn, code))?;
        found.map(view).ok_or_else(no_unit)
    }
}

/// All codes merged into one, directly or by way of others, ascending.
fn merged_codes(conn: &mut Conn, code: &str) -> Result<Vec<String>, StoreError> {
    let (mut found, mut todo) = (Vec::new(), vec![code.to_owned()]);
    while let Some(code) = todo.pop() {
        let filter = UnitFilter { merged_into: Some(code), ..UnitFilter::default() };
        let mut after = None;
        loop {
            let page = store::Page { after, limit: store::Page::MAX };
            let units = store::unit::list(conn, &filter, &page)?;
            let Some(last) = units.last() else { break };
            after = Some(last.row.code.clone());
            for unit in units {
                if !found.contains(&unit.row.code) {
                    found.push(unit.row.code.clone());
                    todo.push(unit.row.code);
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The row and the links of a unit; `entry` is known in the writer only.
pub(super) fn row(unit: &Unit, version: i64) -> store::unit::Unit {
    let mut links = Vec::new();
    let mut link = |kind: &str, value: &str| links.push((kind.to_owned(), value.to_owned()));
    link("name", &unit.name().to_ascii_lowercase());
    unit.former_names().iter().for_each(|former| link("name", &former.name.to_ascii_lowercase()));
    unit.kinds().iter().for_each(|kind| link("kind", kind.name()));
    unit.department().into_iter().for_each(|code| link("department", code.as_str()));
    unit.parents().iter().for_each(|edge| link("parent", edge.unit.as_str()));
    unit.controls().iter().for_each(|edge| link("controls", edge.unit.as_str()));
    unit.persons().iter().filter_map(|person| person.id_hash).for_each(|hash| link("person", &hash.to_hex()));
    links.sort();
    links.dedup();
    let row = UnitRow {
        code: unit.code().as_str().to_owned(),
        name: unit.name().to_owned(),
        region: unit.region().as_str().to_owned(),
        entry: 0,
        version,
        excluded_kind: unit.excluded_kind().map(|kind| kind.name().to_owned()),
        merged_into: unit.merged_into().map(|code| code.as_str().to_owned()),
    };
    store::unit::Unit { row, links }
}

fn view(unit: store::unit::Unit) -> UnitView {
    let kinds = unit.links.into_iter().filter(|(kind, _)| kind == "kind").map(|(_, value)| value);
    UnitView {
        kinds: kinds.collect(),
        code: unit.row.code,
        name: unit.row.name,
        region: unit.row.region,
        excluded_kind: unit.row.excluded_kind,
        merged_into: unit.row.merged_into,
        version: unit.row.version,
    }
}

/// The names of the fields that differ, ascending.
fn changed(before: &Unit, after: &Unit) -> Vec<String> {
    let mut names = Vec::new();
    if before.name() != after.name() {
        names.push("name".to_owned());
    }
    let (before, after) = (before.rest(), after.rest());
    let empty = Default::default();
    let (before, after) = (before.as_map().unwrap_or(&empty), after.as_map().unwrap_or(&empty));
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    names.extend(keys.filter(|key| before.get(*key) != after.get(*key)).map(ToString::to_string));
    names.sort();
    names
}

/// What is said of a record that was merged.
pub(super) fn merged_already() -> Refusal {
    let en = "this unit was merged; its successor is the record to change";
    Refusal::new(Kind::Conflict, "unit_merged", "该单位记录已合并，请在合并后的单位上办理", en)
}

pub(super) fn no_unit() -> Refusal {
    Refusal::not_found("单位", "unit")
}
