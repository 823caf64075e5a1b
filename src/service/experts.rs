//! Experts (评审专家): registered, amended, looked at, listed.
//!
//! Each change is one write: statement `registry.expert` {image}, the sealed image, the row with its
//! side tables. The image's digest and form are `registry::image`'s; it is sealed under the person's
//! own data key. Lists show nothing that names anybody; one person's facts are shown after the look
//! is recorded.
//!
//! *Invariants:* one living person has one number: `id_hash` = HMAC-SHA-256 under the uniqueness key
//! over id kind ‖ "\n" ‖ id number is unique; an amendment names the version it was made from.
//!
//! *Deliberately not here:* changes of the standing (`decisions`: two people make them).

use super::Service;
use super::actor::{Action, Actor};
use super::idempotency::{IdempotencyKey, IdempotencyRow};
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use crate::codec::Object;
use crate::codes::Region;
use crate::evidence::said::REGISTRY_EXPERT;
use crate::registry::{self, Draft, Expert, ExpertNumber, Imaged, Problem};
use crate::store::expert::{ExpertFilter, ExpertRow};
use crate::store::{self, Append, StoreError, WriteError};
use crate::time::Date;

/// What lists show of an expert: nothing that names anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpertSummary {
    /// The number.
    pub number: String,
    /// Standing as last decided, a word of [`crate::registry::StandingKind`].
    pub standing: String,
    /// Main review region.
    pub region: String,
    /// All review regions, ascending.
    pub regions: Vec<String>,
    /// Specialities, ascending.
    pub specialities: Vec<String>,
    /// Credit code of the unit; `None`: none or not known.
    pub unit: Option<String>,
    /// Level of the title, a word of [`crate::registry::TitleLevel`].
    pub title_level: String,
    /// First day of the term, `YYYY-MM-DD`.
    pub term_from: String,
    /// Last day of the term, `YYYY-MM-DD`.
    pub term_to: String,
    /// Day of the last yearly confirmation, `YYYY-MM-DD`.
    pub confirmed: Option<String>,
    /// Grows with every change.
    pub version: i64,
}

/// Which experts; an empty filter lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpertsAsked {
    /// With this standing, as last decided.
    pub standing: Option<String>,
    /// Reviewing in this region or a part of it.
    pub region: Option<Region>,
    /// With a speciality that begins so, the scheme included.
    pub speciality: Option<String>,
    /// Credit code of the unit.
    pub unit: Option<String>,
    /// With a title of this level.
    pub title_level: Option<String>,
}

/// One expert, everything.
#[derive(Clone, Debug)]
pub struct ExpertRecord {
    /// The facts.
    pub expert: Expert,
    /// The day on which [`crate::registry::Standing::on`] was asked.
    pub today: Date,
    /// Grows with every change.
    pub version: i64,
    /// The journal entry of the newest change.
    pub entry: i64,
}

impl Service {
    /// Registers an expert.
    pub fn register_expert(
        &self,
        actor: &Actor,
        draft: &Draft,
        key: Option<&IdempotencyKey>,
    ) -> Result<ExpertSummary, Refusal> {
        actor.check(Action::KeepRegistry)?;
        self.once(
            actor,
            key,
            |number| self.summary(number),
            || {
                self.check_direct_entry()?;
                let number = ExpertNumber::from_random(self.random());
                let expert = self.known(draft, draft.check(number))?;
                if !actor.covers(expert.regions().first().map(|region| region.as_str())) {
                    let (zh, en) = ("主评审区域不在本账号辖区内", "the main region is not this account's");
                    return Err(Refusal::field("regions", "", "outside_region", zh, en));
                }
                let change = self.expert_change(actor, &expert, 1, "expert.registered", None)?;
                let idempotency = self.idempotency_row(actor, key, expert.number().as_str(), 201);
                self.write_expert("register expert", change, Some(idempotency))
            },
        )
    }

    /// Amends the facts of an expert: `amend` changes the draft of the version that was read.
    pub fn amend_expert(
        &self,
        actor: &Actor,
        number: &str,
        version: i64,
        amend: impl FnOnce(&mut Draft),
    ) -> Result<ExpertSummary, Refusal> {
        actor.check(Action::KeepRegistry)?;
        let (record, key) = self.expert_record(number)?;
        let region = record.expert.regions().first().map(|region| region.as_str());
        actor.check_region(region, "专家", "expert")?;
        if record.version != version {
            return Err(StoreError::Stale(format!("expert {number}")).into());
        }
        let mut draft = record.expert.draft();
        amend(&mut draft);
        self.check_amendment(&record.expert.draft(), &draft)?;
        let amended = self.known(&draft, record.expert.amended(&draft))?;
        let change = self.expert_change(actor, &amended, version + 1, "expert.amended", Some(key))?;
        self.write_expert("amend expert", change, None)
    }

    /// All facts of one expert, names included, after the look is recorded with its purpose.
    pub fn expert(&self, actor: &Actor, number: &str, purpose: &str) -> Result<ExpertRecord, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let summary = self.summary(number)?;
        if summary.standing == super::erasure::ERASED {
            return Err(Refusal::erased());
        }
        actor.check_region(Some(&summary.region), "专家", "expert")?;
        self.record_look(actor, "expert", number, purpose)?;
        Ok(self.expert_record(number)?.0)
    }

    /// A page of experts without names. Filters compare by prefix where codes have ancestors.
    pub fn experts(
        &self,
        actor: &Actor,
        asked: &ExpertsAsked,
        paging: &Paging,
    ) -> Result<Listed<ExpertSummary>, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let filter = ExpertFilter {
            standing: asked.standing.clone(),
            region_prefix: asked.region.map(within),
            speciality_prefix: asked.speciality.clone(),
            unit: asked.unit.clone(),
            // A bureau of a city or county keeps those whose main region lies there.
            home_prefix: actor.region.map(within),
            title_level: asked.title_level.clone(),
        };
        let page = self.store.read(|conn| {
            paging.read(|page| store::expert::list(conn, &filter, page), |row| &row.row.number, summary)
        })?;
        Ok(page)
    }

    /// The hash by which two entries of one person are found.
    pub(super) fn id_hash(&self, expert: &Expert) -> [u8; 32] {
        self.archive().id_hash(expert)
    }

    /// Everything of a change that can be made outside the writer; a new person gets a new data key.
    pub(super) fn expert_change(
        &self,
        actor: &Actor,
        expert: &Expert,
        version: i64,
        kind: &'static str,
        key: Option<SubjectKey>,
    ) -> Result<ExpertChange, Refusal> {
        let number = expert.number().as_str();
        let key = key.map_or_else(|| self.subject_key(number, false), Ok)?;
        let image = expert.seal(self.random(), self.random());
        let entry = Append {
            actor: actor.account.clone(),
            kind: kind.to_owned(),
            subject: number.to_owned(),
            statement: Object::new().with("type", REGISTRY_EXPERT).with("image", image.digest()),
            image: Some(self.sealer().seal(&key, kind, &image.to_bytes())),
            registry: true,
        };
        Ok(ExpertChange { entry, row: row(expert, &self.id_hash(expert), version), key })
    }

    fn write_expert(
        &self,
        name: &'static str,
        change: ExpertChange,
        idempotency: Option<IdempotencyRow>,
    ) -> Result<ExpertSummary, Refusal> {
        let shown = summary(change.row.clone());
        let written = self.store.write(name, move |tx| {
            if let Some(idempotency) = &idempotency {
                idempotency.insert(tx)?;
            }
            change.key.store(tx)?;
            let mut row = change.row.clone();
            row.row.entry = tx.append(change.entry.clone())?.entry();
            match row.row.version {
                1 => store::expert::insert(tx, &row),
                version => store::expert::update(tx, &row, version - 1),
            }
        });
        match written {
            Ok(()) => Ok(shown),
            Err(WriteError::Call(StoreError::Conflict(key))) if key == "expert.id_hash" => Err(registered()),
            Err(WriteError::Call(error) | WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// The newest facts of an expert with their data key.
    pub(super) fn expert_record(&self, number: &str) -> Result<(ExpertRecord, SubjectKey), Refusal> {
        self.store.read(|conn| {
            let row = store::expert::find(conn, number)?.ok_or_else(no_expert)?.row;
            if row.standing == super::erasure::ERASED {
                return Err(Refusal::erased());
            }
            let entry = store::journal::find(conn, row.entry.unsigned_abs())?
                .ok_or_else(|| Refusal::internal(format!("expert {number}: no entry {}", row.entry)))?;
            let (_, image) = self.archive().image(conn, &entry)?;
            let expert = image.open::<Expert>().map_err(Refusal::internal)?;
            let key = self.sealer().stored_key(conn, number)?;
            let today = Date::of(self.clock.now());
            Ok((ExpertRecord { expert, today, version: row.version, entry: row.entry }, key))
        })
    }

    /// Fills the columns of rows that an earlier version wrote, from the images that they stand for.
    /// What a row says follows from its image, so this changes nothing that the journal would have to
    /// tell. An image that cannot be read is left to the check (`fsck`), which names it.
    ///
    /// Every opening of the service does this first.
    pub fn fill_rows(&self) -> Result<(), Refusal> {
        let mut after = String::new();
        loop {
            let numbers = self.store.read(|conn| store::expert::unfilled(conn, &after, 500))?;
            let Some(last) = numbers.last() else { return Ok(()) };
            after.clone_from(last);
            let mut rows = Vec::new();
            for number in &numbers {
                let Ok((record, _)) = self.expert_record(number) else { continue };
                let mut filled = row(&record.expert, &self.id_hash(&record.expert), record.version);
                filled.row.entry = record.entry;
                rows.push(filled);
            }
            self.store.write("fill rows of experts", move |tx| {
                for row in &rows {
                    store::expert::update(tx, row, row.row.version)?;
                }
                Ok::<_, Refusal>(())
            })?;
        }
    }

    pub(super) fn summary(&self, number: &str) -> Result<ExpertSummary, Refusal> {
        let found = self.store.read(|conn| store::expert::find(conn, number))?;
        found.map(summary).ok_or_else(no_expert)
    }
}

/// A change of one expert, ready for the writer.
#[derive(Clone)]
pub(super) struct ExpertChange {
    /// The entry.
    pub entry: Append,
    /// The row; its `entry` is known in the writer only.
    pub row: store::expert::Expert,
    /// The person's data key, to be stored if it is new.
    pub key: SubjectKey,
}

/// What two people with one id number are told.
pub(super) fn registered() -> Refusal {
    let (zh, en) = ("该身份证号已在库", "this id number is registered already");
    let problem = Problem::new("id_number", "", "already_registered", zh, en);
    Refusal { problems: vec![problem], ..Refusal::new(Kind::Conflict, "already_registered", zh, en) }
}

/// What the codes of a region and its parts begin with: a province's two digits, a city's four.
pub fn within(region: Region) -> String {
    let code = region.as_str();
    code.strip_suffix("0000").or_else(|| code.strip_suffix("00")).unwrap_or(code).to_owned()
}

pub(super) fn row(expert: &Expert, id_hash: &[u8; 32], version: i64) -> store::expert::Expert {
    let codes = |mut codes: Vec<String>| {
        codes.sort();
        codes
    };
    store::expert::Expert {
        row: ExpertRow {
            number: expert.number().as_str().to_owned(),
            id_hash: id_hash.to_vec(),
            standing: expert.standing().kind().as_str().to_owned(),
            region: expert.regions().first().map(|region| region.as_str().to_owned()).unwrap_or_default(),
            unit: expert.unit().map(|employment| employment.unit.as_str().to_owned()),
            term_to: expert.term_to().to_string(),
            version,
            entry: 0,
            title_level: expert.title_level().as_str().to_owned(),
            term_from: expert.term_from().to_string(),
            confirmed: expert.confirmed().map(|day| day.to_string()),
        },
        specialities: codes(expert.specialities().iter().map(|s| s.as_str().to_owned()).collect()),
        regions: codes(expert.regions().iter().map(|r| r.as_str().to_owned()).collect()),
    }
}

fn summary(row: store::expert::Expert) -> ExpertSummary {
    ExpertSummary {
        number: row.row.number,
        standing: row.row.standing,
        region: row.row.region,
        regions: row.regions,
        specialities: row.specialities,
        unit: row.row.unit,
        title_level: row.row.title_level,
        term_from: row.row.term_from,
        term_to: row.row.term_to,
        confirmed: row.row.confirmed,
        version: row.row.version,
    }
}

pub(super) fn refused(refusal: registry::Refusal) -> Refusal {
    let zh = format!("{}（{}）", refusal.message_zh(), refusal.source());
    Refusal::new(Kind::Conflict, refusal.name(), zh, refusal.to_string())
}

pub(super) fn no_expert() -> Refusal {
    Refusal::not_found("专家", "expert")
}
