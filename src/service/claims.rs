//! Claims along a crosswalk (专业对照): which lead to one code, to none or to several; and moving those
//! that lead to exactly one, proposed by one account, confirmed by another.
//!
//! A migration moves experts in batches: each expert is an entry of their own, a batch and the
//! progress of the case are one write, so it can stop anywhere and go on. Claims that lead to none or
//! to several are left for a person to decide; the report names them.
//!
//! *Invariant:* running a migration again changes nothing more: what is left is found anew from the
//! records each time.
//!
//! *Deliberately not here:* deciding claims (applications and changes).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, NewCase, another_person, scoped};
use super::changes::Changes;
use super::idempotency::{IdempotencyKey, IdempotencyRow};
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::scheme_book::Walk;
use super::schemes::{no_scheme, no_walk};
use crate::codec::{Json, Object, ShapeError, object};
use crate::codes::Speciality;
use crate::registry::claim_migration::CLAIM_MIGRATION;
use crate::registry::{ClaimDecision, Draft, Expert, Mapping};
use crate::store;
use crate::store::case::CaseFilter;

/// Letter of a migration's id.
const LETTER: char = 'M';
/// The longest reason, in characters.
const REASON_MAX: usize = 500;
/// Experts of one write.
const BATCH: usize = 200;
/// Experts of one request; a greater migration goes on with the next.
const PER_REQUEST: usize = 5_000;
/// Numbers that an item of the report shows; the file has all.
const NUMBERS_SHOWN: usize = 100;
/// Experts that are named as not moved.
const FAILED_MAX: usize = 1_000;
/// Journal kind of an expert whose claims moved.
const MOVED: &str = "expert.claims_moved";

/// Claims of one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportItem {
    /// `scheme:code`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What the crosswalk says of it.
    pub mapping: Mapping,
    /// Where it leads, `scheme:code`.
    pub targets: Vec<String>,
    /// How many experts claim it.
    pub experts: usize,
    /// Their numbers, ascending.
    pub numbers: Vec<String>,
}

/// What a crosswalk means for the claims of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Experts with a claim of the old scheme.
    pub experts: usize,
    /// Claims that lead to exactly one code.
    pub unique: usize,
    /// Claims that lead to none.
    pub none: usize,
    /// Claims that lead to several.
    pub several: usize,
    /// By code, ascending.
    pub items: Vec<ReportItem>,
}

/// A migration as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationView {
    /// Id of the case.
    pub id: String,
    /// `proposed`, `running`, `done`, `rejected`, `withdrawn`.
    pub state: String,
    /// From this scheme.
    pub from: String,
    /// To this one.
    pub to: String,
    /// Why.
    pub reason: String,
    /// The account that proposed it.
    pub proposed_by: String,
    /// Why it was rejected.
    pub answer: Option<String>,
    /// Experts moved.
    pub moved: i64,
    /// Experts that cannot be moved: number and the first rule against it.
    pub failed: Vec<(String, String)>,
    /// The account that did the newest act.
    pub by: String,
    /// Unix seconds.
    pub updated: i64,
}

impl Service {
    /// What a crosswalk means for the claims of the registry, by code.
    pub fn crosswalk_report(&self, actor: &Actor, from: &str, to: &str) -> Result<Report, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let book = self.book()?;
        let walk = book.walk(from, to).ok_or_else(no_walk)?;
        let table = &book.scheme(from).ok_or_else(no_scheme)?.table;
        let mut claimed: BTreeMap<Speciality, Vec<String>> = BTreeMap::new();
        let mut people = BTreeSet::new();
        for indexed in self.current_index()?.all() {
            let expert = &indexed.expert;
            if !actor.covers(expert.regions().first().map(|region| region.as_str())) {
                continue;
            }
            for speciality in claims_of(expert, from) {
                people.insert(expert.number().as_str().to_owned());
                claimed.entry(speciality).or_default().push(expert.number().as_str().to_owned());
            }
        }
        let mut report = Report { experts: people.len(), unique: 0, none: 0, several: 0, items: Vec::new() };
        for (speciality, mut numbers) in claimed {
            numbers.sort();
            let mapping = walk.rows.mapping(speciality.code());
            match mapping {
                Mapping::Unique => report.unique += numbers.len(),
                Mapping::None => report.none += numbers.len(),
                Mapping::Several => report.several += numbers.len(),
            }
            let targets = walk.rows.targets(speciality.code()).iter().map(|code| format!("{to}:{code}"));
            report.items.push(ReportItem {
                code: speciality.as_str().to_owned(),
                name: table.name(speciality.code()).unwrap_or_default().to_owned(),
                mapping,
                targets: targets.collect(),
                experts: numbers.len(),
                numbers,
            });
        }
        Ok(report)
    }

    /// Proposes to move all claims that lead to exactly one code.
    pub fn propose_migration(
        &self,
        actor: &Actor,
        from: &str,
        to: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<MigrationView, Refusal> {
        check_whole(actor, Action::ProposeDecision)?;
        line("reason", reason, REASON_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.once(
            actor,
            Some(key),
            |id| self.migration(actor, id),
            || {
                self.book()?.walk(from, to).ok_or_else(no_walk)?;
                let subject = format!("{from}/{to}");
                let open = CaseFilter {
                    kinds: vec![CLAIM_MIGRATION.name.to_owned()],
                    states: vec!["proposed".to_owned(), "running".to_owned()],
                    subject: Some(subject.clone()),
                    ..CaseFilter::default()
                };
                if self.store.read(|conn| store::case::count(conn, &open))? > 0 {
                    let en = "a migration along this crosswalk is open already";
                    return Err(Refusal::new(
                        Kind::Conflict,
                        "already_proposed",
                        "该对照已有未办结的迁移",
                        en,
                    ));
                }
                let body = body(from, to, reason, &actor.account);
                let case = self.begin_case(
                    actor,
                    &actor.parties(),
                    "propose",
                    NewCase {
                        lifecycle: &CLAIM_MIGRATION,
                        letter: LETTER,
                        subject: Some(&subject),
                        region: None,
                        parent: None,
                        owner: Some(&actor.account),
                        due: None,
                        body: body.into(),
                        sealed_for: None,
                    },
                )?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 201));
                self.write_changes("propose migration", changes.case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// Confirms a migration that another account proposed, and begins to carry it out.
    pub fn confirm_migration(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<MigrationView, Refusal> {
        check_whole(actor, Action::ConfirmDecision)?;
        self.once(
            actor,
            Some(key),
            |id| self.migration(actor, id),
            || {
                let mut case = self.case(actor, &CLAIM_MIGRATION, id)?;
                another_person(actor, &view(&case)?.proposed_by)?;
                self.step_case(actor, &actor.parties(), &CLAIM_MIGRATION, &mut case, "confirm")?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 200));
                self.write_changes("confirm migration", changes.case(self.case_change(&case)?))?;
                self.move_claims(actor, case, None)
            },
        )
    }

    /// Goes on with a migration that was confirmed.
    pub fn continue_migration(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<MigrationView, Refusal> {
        check_whole(actor, Action::ConfirmDecision)?;
        self.once(
            actor,
            Some(key),
            |id| self.migration(actor, id),
            || {
                let case = self.case(actor, &CLAIM_MIGRATION, id)?;
                CLAIM_MIGRATION
                    .step(&case.state, "proceed", &actor.parties())
                    .map_err(super::cases::no_step)?;
                let idempotency = self.idempotency_row(actor, Some(key), &case.id, 200);
                self.move_claims(actor, case, Some(idempotency))
            },
        )
    }

    /// Rejects a migration that another account proposed.
    pub fn reject_migration(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<MigrationView, Refusal> {
        check_whole(actor, Action::ConfirmDecision)?;
        line("reason", reason, REASON_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.end_migration(actor, id, Some(reason), key)
    }

    /// Withdraws a migration; only the account that proposed it.
    pub fn withdraw_migration(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<MigrationView, Refusal> {
        check_whole(actor, Action::ProposeDecision)?;
        self.end_migration(actor, id, None, key)
    }

    fn end_migration(
        &self,
        actor: &Actor,
        id: &str,
        reason: Option<&str>,
        key: &IdempotencyKey,
    ) -> Result<MigrationView, Refusal> {
        self.once(
            actor,
            Some(key),
            |id| self.migration(actor, id),
            || {
                let mut case = self.case(actor, &CLAIM_MIGRATION, id)?;
                let proposal = view(&case)?;
                self.end_proposal(actor, &CLAIM_MIGRATION, &mut case, &proposal.proposed_by, reason)?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 200));
                self.write_changes("end migration", changes.case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// One migration.
    pub fn migration_of(&self, actor: &Actor, id: &str) -> Result<MigrationView, Refusal> {
        actor.check(Action::ReadCases)?;
        self.migration(actor, id)
    }

    /// A page of migrations.
    pub fn migrations(
        &self,
        actor: &Actor,
        state: Option<String>,
        paging: &Paging,
    ) -> Result<Listed<MigrationView>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: vec![CLAIM_MIGRATION.name.to_owned()],
            states: state.into_iter().collect(),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, scoped(actor, filter), paging)?;
        let items = page.items.iter().map(view).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    fn migration(&self, actor: &Actor, id: &str) -> Result<MigrationView, Refusal> {
        view(&self.case(actor, &CLAIM_MIGRATION, id)?)
    }

    /// Moves the next experts, batch by batch, and finishes the case when nobody is left.
    fn move_claims(
        &self,
        actor: &Actor,
        mut case: Case,
        mut idempotency: Option<IdempotencyRow>,
    ) -> Result<MigrationView, Refusal> {
        let book = self.book()?;
        let mut progress = view(&case)?;
        let walk = book.walk(&progress.from, &progress.to).ok_or_else(no_walk)?.clone();
        let mut todo = self.movable(&progress, &walk)?;
        let more = todo.len() > PER_REQUEST;
        todo.truncate(PER_REQUEST);
        for numbers in todo.chunks(BATCH) {
            let mut changes = idempotency.take().map_or_else(Changes::default, Changes::once);
            for number in numbers {
                let (record, key) = self.expert_record(number)?;
                let mut draft = record.expert.draft();
                move_draft(&mut draft, &progress.from, &progress.to, &walk);
                match record.expert.amended(&draft) {
                    Ok(moved) => {
                        let change =
                            self.expert_change(actor, &moved, record.version + 1, MOVED, Some(key))?;
                        changes = changes.expert(change);
                        progress.moved += 1;
                    }
                    Err(problems) => {
                        let rule = problems.first().map_or("rule", |problem| problem.rule);
                        progress.failed.push((number.clone(), rule.to_owned()));
                    }
                }
            }
            self.step_case(actor, &actor.parties(), &CLAIM_MIGRATION, &mut case, "proceed")?;
            case.body = progress.body();
            self.write_changes("move claims", changes.case(self.case_change(&case)?))?;
        }
        if !more || progress.failed.len() > FAILED_MAX {
            self.step_case(actor, &actor.parties(), &CLAIM_MIGRATION, &mut case, "finish")?;
            case.body = progress.body();
            let changes = idempotency.take().map_or_else(Changes::default, Changes::once);
            self.write_changes("finish migration", changes.case(self.case_change(&case)?))?;
        }
        view(&case)
    }

    /// The experts with a claim that leads to exactly one code, without those that failed before.
    fn movable(&self, progress: &MigrationView, walk: &Arc<Walk>) -> Result<Vec<String>, Refusal> {
        let index = self.current_index()?;
        let failed: BTreeSet<&str> = progress.failed.iter().map(|(number, _)| number.as_str()).collect();
        let moves = |expert: &Expert| {
            !failed.contains(expert.number().as_str())
                && claims_of(expert, &progress.from)
                    .iter()
                    .any(|claim| walk.rows.mapping(claim.code()) == Mapping::Unique)
        };
        let found = index.all().filter(|indexed| moves(&indexed.expert));
        let mut numbers: Vec<String> =
            found.map(|indexed| indexed.expert.number().as_str().to_owned()).collect();
        numbers.sort();
        Ok(numbers)
    }
}

impl Report {
    /// The part of the items behind a code, with the numbers shortened; and where the next part begins.
    pub fn page(mut self, limit: usize, after: Option<&str>) -> (Report, Option<String>) {
        self.items.retain(|item| after.is_none_or(|after| item.code.as_str() > after));
        let more = self.items.len() > limit;
        self.items.truncate(limit);
        self.items.iter_mut().for_each(|item| item.numbers.truncate(NUMBERS_SHOWN));
        let next = self.items.last().filter(|_| more).map(|item| item.code.clone());
        (self, next)
    }
}

impl MigrationView {
    fn body(&self) -> Json {
        let failed = |(number, rule): &(String, String)| {
            Json::from(Object::new().with("number", number.as_str()).with("rule", rule.as_str()))
        };
        body(&self.from, &self.to, &self.reason, &self.proposed_by)
            .with("moved", self.moved)
            .with("failed", self.failed.iter().map(failed).collect::<Json>())
            .into()
    }
}

fn body(from: &str, to: &str, reason: &str, proposed_by: &str) -> Object {
    Object::new().with("from", from).with("to", to).with("reason", reason).with("proposed_by", proposed_by)
}

/// The claims of a scheme that are approved or still open; what was rejected stays as it was.
fn claims_of(expert: &Expert, scheme: &str) -> Vec<Speciality> {
    let counts = |decision| decision != ClaimDecision::Rejected;
    let claims = expert.claims().into_iter().filter(|claim| counts(claim.decision));
    claims.map(|claim| claim.speciality).filter(|speciality| speciality.scheme() == scheme).collect()
}

/// Puts the new codes into a draft; where two claims lead to one code, the first stays.
fn move_draft(draft: &mut Draft, from: &str, to: &str, walk: &Walk) {
    let moved = |written: &String| {
        let old = Speciality::parse(written).ok().filter(|old| old.scheme() == from);
        match old.as_ref().map(|old| walk.rows.targets(old.code())) {
            Some([one]) => format!("{to}:{one}"),
            _ => written.clone(),
        }
    };
    let mut seen = BTreeSet::new();
    draft.specialities =
        draft.specialities.iter().map(moved).filter(|code| seen.insert(code.clone())).collect();
    let rejected = ClaimDecision::Rejected.as_str();
    for claim in &mut draft.claims {
        if claim.decision != rejected {
            claim.speciality = moved(&claim.speciality);
        }
    }
    let mut seen = BTreeSet::new();
    draft.claims.retain(|claim| seen.insert(claim.speciality.clone()));
    if let Some(relaxation) = &mut draft.relaxation {
        let mut seen = BTreeSet::new();
        let codes = relaxation.specialities.iter().map(moved);
        relaxation.specialities = codes.filter(|code| seen.insert(code.clone())).collect();
    }
}

/// A migration is the whole registry's: an account that is narrowed to a region has no part in it.
fn check_whole(actor: &Actor, action: Action) -> Result<(), Refusal> {
    actor.check(action)?;
    if actor.covers(None) { Ok(()) } else { Err(Refusal::forbidden()) }
}

fn view(case: &Case) -> Result<MigrationView, Refusal> {
    let read = || -> Result<MigrationView, ShapeError> {
        object(&case.body, "", |f| {
            Ok(MigrationView {
                id: case.id.clone(),
                state: case.state.clone(),
                from: f.str("from")?.to_owned(),
                to: f.str("to")?.to_owned(),
                reason: f.str("reason")?.to_owned(),
                proposed_by: f.str("proposed_by")?.to_owned(),
                answer: match f.optional("answer") {
                    Some(_) => Some(f.str("answer")?.to_owned()),
                    None => None,
                },
                moved: match f.optional("moved") {
                    Some(_) => f.int("moved", 0..=i64::MAX)?,
                    None => 0,
                },
                failed: match f.optional("failed") {
                    Some(_) => f.each("failed", |item, path| {
                        object(item, path, |f| Ok((f.str("number")?.to_owned(), f.str("rule")?.to_owned())))
                    })?,
                    None => Vec::new(),
                },
                by: case.by.clone(),
                updated: case.updated,
            })
        })
    };
    read().map_err(Refusal::internal)
}
