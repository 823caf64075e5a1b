//! Packages (包): recorded by their agency, seen by it, by the bureau and by auditors.
//!
//! Statement `package.recorded` {image}: that something was recorded, no more (who competes is not
//! public). The image is `registry::image`'s form, sealed under the package's own data key. Bureau
//! and auditor look at it with a purpose, recorded; an agency's own package needs none.

use super::Service;
use super::actor::{Action, Actor, Role};
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use crate::codec::{Hash, Object};
use crate::draw::calls::SignedIn;
use crate::log::Statement;
use crate::registry::{Imaged, Package, PackageDraft, PartyDraft, Problem, SealedImage};
use crate::store::package::PackageFilter;
use crate::store::{self, Append, Conn, StoreError, WriteError};
use crate::time::Timestamp;

/// Statement type, journal kind, and what images are sealed as.
pub(super) const RECORDED: &str = "package.recorded";
/// The state in which a package begins.
pub const STATE_RECORDED: &str = "recorded";

/// What lists show of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSummary {
    /// Its id.
    pub id: String,
    /// Number of the procurement plan.
    pub plan_no: String,
    /// Number within the plan.
    pub package_no: String,
    /// Credit code of the agency.
    pub agency: String,
    /// Credit code of the purchaser.
    pub purchaser: String,
    /// State.
    pub state: String,
    /// Grows with every change.
    pub version: i64,
    /// When it was recorded.
    pub created: Timestamp,
}

/// A package with everything that is sealed.
#[derive(Clone, Debug)]
pub struct PackageRecord {
    /// The row.
    pub summary: PackageSummary,
    /// The facts.
    pub package: Package,
}

/// Which packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackagesAsked {
    /// Credit code of an agency.
    pub agency: Option<String>,
    /// A state.
    pub state: Option<String>,
}

impl Service {
    /// Records a package of the actor's own agency; `created_by` of the draft is set here.
    pub fn record_package(
        &self,
        actor: &Actor,
        draft: &PackageDraft,
        given: Option<&IdempotencyKey>,
    ) -> Result<PackageRecord, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            given,
            |id| self.package_record(actor, id).map(record),
            || {
                let draft = PackageDraft { created_by: actor.account.clone(), ..draft.clone() };
                let package = draft.check().map_err(Refusal::invalid)?;
                if actor.unit.as_deref() != Some(package.agency().code.as_str()) {
                    let (zh, en) = ("须为本账号所属单位", "must be the unit of this account");
                    return Err(Refusal::field("agency.code", &draft.agency.code, "own_unit", zh, en));
                }
                self.write_package(actor, package, given)
            },
        )
    }

    /// One package with what is sealed. Bureau and auditor name a purpose; the look is recorded.
    pub fn package(&self, actor: &Actor, id: &str, purpose: Option<&str>) -> Result<PackageRecord, Refusal> {
        actor.check(Action::ReadDraws)?;
        self.package_row(actor, id)?;
        if actor.role != Role::Agency {
            self.record_look(actor, "package", id, purpose.unwrap_or_default())?;
        }
        self.package_record(actor, id).map(record)
    }

    /// Adds suppliers that became known later, until somebody signed in for the review. What is
    /// committed stays as it was; who checks conflicts at sign-in sees the full list.
    pub fn add_suppliers(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        suppliers: &[PartyDraft],
    ) -> Result<PackageRecord, Refusal> {
        actor.check(Action::RequestDraw)?;
        let (mut row, package) = self.package_record(actor, id)?;
        if row.version != version {
            return Err(StoreError::Stale(format!("package {id}")).into());
        }
        if suppliers.is_empty() {
            return Err(Refusal::field(
                "suppliers",
                "",
                "required",
                "至少一个供应商",
                "at least one supplier",
            ));
        }
        self.refuse_once_signed_in(id)?;
        let mut draft = package.draft();
        draft.suppliers.extend(suppliers.iter().cloned());
        let package = draft.check().map_err(Refusal::invalid)?;
        let key = self.subject_key(id, true)?;
        let image = package.seal(self.random(), self.random());
        let entry = Append {
            actor: actor.account.clone(),
            kind: RECORDED.into(),
            subject: id.to_owned(),
            statement: Object::new().with("type", RECORDED).with("image", image.digest()),
            image: Some(self.sealer().seal(&key, RECORDED, &image.to_bytes())),
            registry: false,
        };
        row.version += 1;
        let changed = row.clone();
        row.entry = self.store.write("add suppliers", move |tx| {
            let entry = tx.append(entry.clone())?.entry();
            store::package::update(tx, &store::package::Package { entry, ..changed.clone() }, version)?;
            Ok::<_, Refusal>(entry)
        })?;
        Ok(record((row, package)))
    }

    fn refuse_once_signed_in(&self, package: &str) -> Result<(), Refusal> {
        let signed = self.store.read(|conn| {
            for draw in store::draw::of_package(conn, package)? {
                let entries = super::archive::draw_entries(conn, &draw.id, 0)?;
                if draw.state == super::draws::state::UNSEALED
                    || entries.iter().any(|entry| entry.kind == SignedIn::TYPE)
                {
                    return Ok::<_, StoreError>(true);
                }
            }
            Ok(false)
        })?;
        if !signed {
            return Ok(());
        }
        let en = "somebody has signed in for the review; suppliers are not changed any more";
        Err(Refusal::new(Kind::Conflict, "signed_in", "评审专家已签到，不得再变更供应商", en))
    }

    /// A page of packages: an agency's own, or all that are asked for.
    pub fn packages(
        &self,
        actor: &Actor,
        asked: &PackagesAsked,
        paging: &Paging,
    ) -> Result<Listed<PackageSummary>, Refusal> {
        actor.check(Action::ReadDraws)?;
        let agency = match (actor.role, &actor.unit, &asked.agency) {
            (Role::Agency, Some(own), None) => Some(own.clone()),
            (_, _, Some(agency)) if actor.sees_agency(agency) => Some(agency.clone()),
            (Role::Agency, ..) | (_, _, Some(_)) => return Ok(Listed { items: Vec::new(), next: None }),
            (_, _, None) => None,
        };
        let filter = PackageFilter { agency, state: asked.state.clone() };
        let page = self.store.read(|conn| {
            paging.read(|page| store::package::list(conn, &filter, page), |row| &row.id, summary)
        })?;
        Ok(page)
    }

    /// The row and the facts of a package that this actor may see; the look is the caller's to record.
    pub(super) fn package_record(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<(store::package::Package, Package), Refusal> {
        self.store.read(|conn| {
            let row = visible(conn, actor, id)?;
            self.open_package(conn, row)
        })
    }

    /// The facts of a package for the service's own use; who asks is the caller's to check.
    pub(super) fn package_facts(&self, id: &str) -> Result<Package, Refusal> {
        self.store.read(|conn| {
            let row = store::package::find(conn, id)?.ok_or_else(|| Refusal::not_found("包", "package"))?;
            self.open_package(conn, row).map(|(_, package)| package)
        })
    }

    fn open_package(
        &self,
        conn: &mut Conn,
        row: store::package::Package,
    ) -> Result<(store::package::Package, Package), Refusal> {
        let id = row.id.as_str();
        let wrong = |what: &str| Refusal::internal(format!("package {id}: {what}"));
        let entry = store::journal::find(conn, row.entry.unsigned_abs())?.ok_or_else(|| wrong("no entry"))?;
        let sealed = entry.image.as_deref().ok_or_else(|| wrong("no image"))?;
        let key = self.sealer().stored_key(conn, id)?;
        let image = SealedImage::from_bytes(&key.open(&entry.kind, sealed)?).map_err(Refusal::internal)?;
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let said = statement.body().get("image").and_then(|json| json.as_str()).and_then(Hash::from_hex);
        if said != Some(image.digest()) {
            return Err(wrong("the private image is not the one that was signed"));
        }
        Ok((row, image.open::<Package>().map_err(Refusal::internal)?))
    }

    /// The row of a package that this actor may see.
    pub(super) fn package_row(&self, actor: &Actor, id: &str) -> Result<store::package::Package, Refusal> {
        self.store.read(|conn| visible(conn, actor, id))
    }

    fn write_package(
        &self,
        actor: &Actor,
        package: Package,
        given: Option<&IdempotencyKey>,
    ) -> Result<PackageRecord, Refusal> {
        let id = self.opaque_id('P');
        let mut row = store::package::Package {
            id: id.clone(),
            plan_no: package.plan_no().as_str().to_owned(),
            package_no: package.package_no().as_str().to_owned(),
            agency: package.agency().code.as_str().to_owned(),
            purchaser: package.purchaser().code.as_str().to_owned(),
            state: STATE_RECORDED.to_owned(),
            version: 1,
            entry: 0,
            created: 0,
        };
        let key = self.subject_key(&id, false)?;
        let image = package.seal(self.random(), self.random());
        let entry = Append {
            actor: actor.account.clone(),
            kind: RECORDED.into(),
            subject: id.clone(),
            statement: Object::new().with("type", RECORDED).with("image", image.digest()),
            image: Some(self.sealer().seal(&key, RECORDED, &image.to_bytes())),
            registry: false,
        };
        let idempotency = self.idempotency_row(actor, given, &id, 201);
        let new = row.clone();
        let written = self.store.write("record package", move |tx| {
            idempotency.insert(tx)?;
            key.store(tx)?;
            let appended = tx.append(entry.clone())?;
            let (entry, created) = (appended.entry(), appended.time.0);
            store::package::insert(tx, &store::package::Package { entry, created, ..new.clone() })?;
            Ok((entry, created))
        });
        match written {
            Ok((entry, created)) => {
                (row.entry, row.created) = (entry, created);
                Ok(record((row, package)))
            }
            Err(WriteError::Call(StoreError::Conflict(key))) if key.starts_with("package.plan_no") => {
                let (zh, en) = ("该采购计划的此包已录入", "this package of the plan is recorded already");
                let problem = Problem::new("package_no", "", "already_recorded", zh, en);
                Err(Refusal {
                    problems: vec![problem],
                    ..Refusal::new(Kind::Conflict, "already_recorded", zh, en)
                })
            }
            Err(WriteError::Call(error) | WriteError::Store(error)) => Err(error.into()),
        }
    }
}

/// Another agency's package is not there, for an agency.
fn visible(conn: &mut Conn, actor: &Actor, id: &str) -> Result<store::package::Package, Refusal> {
    let found = store::package::find(conn, id)?.filter(|row| actor.sees_agency(&row.agency));
    found.ok_or_else(|| Refusal::not_found("包", "package"))
}

fn record((row, package): (store::package::Package, Package)) -> PackageRecord {
    PackageRecord { summary: summary(row), package }
}

fn summary(row: store::package::Package) -> PackageSummary {
    PackageSummary {
        id: row.id,
        plan_no: row.plan_no,
        package_no: row.package_no,
        agency: row.agency,
        purchaser: row.purchaser,
        state: row.state,
        version: row.version,
        created: Timestamp(row.created),
    }
}
