//! Committing a draw: everything is prepared outside the writer at one registry position; the writer
//! appends only if that position is still the newest, otherwise the pool is built again.

use std::sync::Arc;

use super::explain;
use super::from_plan::FromPlan;
use super::inputs::Prepared;
use super::prepare::{People, Terms, forced, people};
use super::record::{DrawRecord, Header};
use super::request::{Checked, DrawDraft, check};
use super::view::planned_record;
use super::{DrawView, PLANNED, state, steps, wrong_state};
use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Kept};
use crate::draw::identity::DrawKey;
use crate::draw::pool::Leaf;
use crate::draw::seed;
use crate::draw::tags::{Tags, tags};
use crate::log::{KeyUse, key_digest};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::cases::CaseChange;
use crate::service::contributions::{Trail, Wanted, contributors};
use crate::service::engagements;
use crate::service::idempotency::IdempotencyKey;
use crate::service::plans::Approved;
use crate::service::refusal::{Kind, Refusal};
use crate::store::draw_calls::DrawCalls;
use crate::store::{self, Append, StoreError, Tx};

/// How often a pool is rebuilt when the registry moves under it.
const REBUILDS: u32 = 8;
/// Until when contributions count, after the commitment.
const DEADLINE_SECONDS: i64 = 86_400;
/// How long a draw that is not called yet is waited for.
pub(super) const UNCALLED_SECONDS: i64 = 600;
/// A draw that is about to be committed or planned.
struct Plan {
    id: String,
    package: String,
    package_version: i64,
    row: Option<store::draw::Draw>,
    attempt: (u32, Option<Hash>),
    /// The plan that it is made from.
    approved: Option<Approved>,
    /// What making it changes in that plan; nothing once it waits for acceptance.
    step: Option<CaseChange>,
}

impl Service {
    /// Requests a draw and goes as far as the profile allows: drawn, or planned when somebody would
    /// sit in every full panel and the bureau has to accept that.
    pub fn request_draw(
        &self,
        actor: &Actor,
        draft: &DrawDraft,
        key: &IdempotencyKey,
    ) -> Result<DrawView, Refusal> {
        actor.check(Action::RequestDraw)?;
        let change = || {
            let (row, package) = self.package_record(actor, &draft.package)?;
            self.refuse_without_plan(&row.id)?;
            let checked = check(draft, &package, &*self.book()?, self.clock.now())?;
            let plan = self.plan(&row, None)?;
            let id = plan.id.clone();
            self.commit(actor, checked, plan, Some(key), None)?;
            Ok(id)
        };
        let id = self.once(actor, Some(key), |id| Ok(id.to_owned()), change)?;
        self.finish_and_view(actor, &id)
    }

    /// Draws from an approved plan: the plan moves on in the same write as the commitment.
    pub(in crate::service) fn draw_approved(
        &self,
        actor: &Actor,
        approved: Approved,
        draft: &DrawDraft,
        from: FromPlan,
        key: &IdempotencyKey,
    ) -> Result<DrawView, Refusal> {
        let (row, package) = self.package_record(actor, &draft.package)?;
        approved.refuse_other_package(row.version)?;
        let checked = check(draft, &package, &*self.book()?, self.clock.now())?.of_plan(from);
        let mut plan = self.plan(&row, None)?;
        plan.step = Some(self.case_change(&approved.drawn_as(self, actor, &plan.id)?)?);
        plan.approved = Some(approved);
        let id = plan.id.clone();
        self.commit(actor, checked, plan, Some(key), None).map_err(Refusal::unversioned)?;
        self.finish_and_view(actor, &id)
    }

    /// Runs the same checks as a request and draws nothing: whether a full panel exists, and how many
    /// candidates would sit in every one. The question is recorded before it is answered, because
    /// asking again and again with other numbers tells how large the pool is.
    pub fn check_draw(&self, actor: &Actor, draft: &DrawDraft) -> Result<DrawForecast, Refusal> {
        actor.check(Action::ReadDraws)?;
        let (_, package) = self.package_record(actor, &draft.package)?;
        if actor.own_agency().is_some() {
            self.refuse_without_plan(&draft.package)?;
        }
        let checked = check(draft, &package, &*self.book()?, self.clock.now())?;
        self.record_look(actor, "forecast", &draft.package, "抽取预检")?;
        let key = DrawKey(self.random());
        let (people, commitment, _) = self.prepare(actor, &checked, &key, (1, None), None)?;
        let forced = forced(&commitment, &people).map_err(|unfit| explain::refuse(&unfit, actor))?;
        let counts = actor.may(Action::ReadCounts);
        Ok(DrawForecast {
            forced_seats: forced,
            pool_size: counts.then_some(people.leaves.len()),
            excluded: counts.then(|| people.counts().into_iter().collect()),
        })
    }

    /// Accepts forced seats by name of the rule; the draw then goes on.
    pub fn accept_forced_seats(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<DrawView, Refusal> {
        actor.check(Action::AcceptForcedSeats)?;
        self.once(actor, Some(key), |_| Ok(()), || self.accept_once(actor, id, key))?;
        self.finish_and_view(actor, id)
    }

    fn accept_once(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<(), Refusal> {
        let row = self.draw_row(actor, id)?;
        if row.state != state::PLANNED {
            return Err(wrong_state("抽取不在待确认状态", "the draw is not waiting for acceptance"));
        }
        let draft = self.planned_draft(&row)?;
        let (package_row, package) = self.package_record(actor, &row.package)?;
        let mut checked = check(&draft, &package, &*self.book()?, self.clock.now())?;
        let mut plan = self.plan(&package_row, Some(&row))?;
        if let Some((approved, from)) = self.approved_of(&row)? {
            checked = checked.of_plan(from);
            plan.approved = Some(approved);
        }
        plan.row = Some(row);
        self.commit(actor, checked, plan, Some(key), Some(actor.account.clone()))
    }

    /// A new attempt on a package, if it may have one; or the one that `resumed` was planned as.
    fn plan(
        &self,
        package: &store::package::Package,
        resumed: Option<&store::draw::Draw>,
    ) -> Result<Plan, Refusal> {
        let attempt = self.draw_attempt(&package.id, resumed)?;
        let id = resumed.map_or_else(|| self.opaque_id('D'), |draw| draw.id.clone());
        Ok(Plan {
            id,
            package: package.id.clone(),
            package_version: package.version,
            row: None,
            attempt,
            approved: None,
            step: None,
        })
    }

    /// The pool that a draw of a plan would have now; nothing is written and nobody is named.
    pub(in crate::service) fn pool_of(
        &self,
        draft: &DrawDraft,
        from: FromPlan,
    ) -> Result<Vec<Leaf>, Refusal> {
        let package = self.package_facts(&draft.package)?;
        let checked = check(draft, &package, &*self.book()?, self.clock.now())?.of_plan(from);
        let (_, book, lots) = self.inputs(&checked)?;
        let inputs = checked.inputs(book.as_ref(), &lots);
        let index = self.current_index()?;
        let people = people(&index, &self.profile, &inputs, &DrawKey(self.random()));
        match people {
            None => Ok(Vec::new()),
            Some(Ok(people)) => Ok(people.leaves),
            Some(Err(unfit)) => Err(explain::refuse(&unfit, &Actor::of_service())),
        }
    }

    /// Judges people and drafts the commitment at the index's position; answers up to which journal entry the
    /// engagements were known by which they were judged.
    fn prepare(
        &self,
        actor: &Actor,
        checked: &Checked,
        key: &DrawKey,
        attempt: (u32, Option<Hash>),
        accepted_by: Option<String>,
    ) -> Result<(People, Commitment, Prepared), Refusal> {
        let (prepared, book, lots) = self.inputs(checked)?;
        let inputs = checked.inputs(book.as_ref(), &lots);
        let index = self.current_index()?;
        let people = people(&index, &self.profile, &inputs, key)
            .ok_or_else(explain::empty_registry)?
            .map_err(|unfit| explain::refuse(&unfit, actor))?;
        drop(index);
        // One look at the keys: those that the commitment names make its tags.
        let (tag_key, draw_vrf_key) = (
            key_digest(&self.keys.in_force(KeyUse::TagVrf)),
            key_digest(&self.keys.in_force(KeyUse::DrawVrf)),
        );
        let tags = self.package_tags(checked, &tag_key)?;
        let terms = Terms {
            checked,
            people: &people,
            key,
            tags: &tags,
            profile: &self.profile,
            tag_key,
            draw_vrf_key,
            attempt,
            forced_accepted_by: accepted_by,
        };
        let mut commitment = terms.commitment();
        commitment.kept = kept(checked, &people);
        Ok((people, commitment, prepared))
    }

    fn package_tags(&self, checked: &Checked, tag_key: &Hash) -> Result<Tags, Refusal> {
        let (request, key) = (&checked.request, self.keys.vrf(tag_key)?);
        tags(key.vrf()?, &request.plan, &request.package).map_err(Refusal::internal)
    }

    /// Prepares and writes the commitment, or the plan that waits for acceptance.
    fn commit(
        &self,
        actor: &Actor,
        checked: Checked,
        plan: Plan,
        idempotency: Option<&IdempotencyKey>,
        accepted_by: Option<String>,
    ) -> Result<(), Refusal> {
        let plan = Arc::new(plan);
        for _ in 0..REBUILDS {
            let key = DrawKey(self.random());
            if checked.calls.is_some() {
                self.finish_uncalled()?;
            }
            let (people, mut commitment, Prepared { judged, engaged_at }) =
                self.prepare(actor, &checked, &key, plan.attempt, accepted_by.clone())?;
            if let Some(approved) = &plan.approved {
                self.refuse_unready(approved, &people, &commitment)?;
            }
            let forced = forced(&commitment, &people).map_err(|unfit| explain::refuse(&unfit, actor))?;
            if forced > 0 && accepted_by.is_none() {
                return self.write_plan(actor, &checked, &plan, idempotency);
            }
            if forced == 0 {
                // Accepted for an earlier registry; at this one nobody is forced any more.
                commitment.forced_accepted_by = None;
            }
            let tags = self.package_tags(&checked, &commitment.tag_key)?;
            let header = Header {
                key,
                request: checked.request.clone(),
                excluded: people.counts(),
                plan_proof: tags.plan_proof,
                package_proof: tags.package_proof,
                judged,
                calls: checked.calls.clone(),
            };
            let engaged_at = checked.calls.is_some().then_some(engaged_at);
            let leaves = people.leaves;
            let (candidates, excluded) = (people.candidates, people.excluded);
            let record = DrawRecord { header, candidates, excluded, related: people.related };
            let engaged = (engaged_at, checked.calls.is_some());
            let commitment = (commitment, self.wanted(&checked));
            match self.write_commitment(actor, commitment, &record, (&plan, engaged), idempotency) {
                Err(refusal) if refusal.code == REGISTRY_MOVED => {}
                Err(refusal) => return Err(refusal),
                // What was just committed is at hand: the result needs no second look at the journal.
                Ok((_, written)) if written.contributions.len() > 1 => return self.finish(&plan.id),
                Ok((alpha, written)) => {
                    return self.conclude(&plan.id, alpha, (&written, written.deadline), &leaves, None);
                }
            }
        }
        Err(Refusal::new(
            Kind::Busy,
            "registry_moving",
            "专家库正在频繁变更，请稍后重试",
            "the registry is changing, try again",
        ))
    }

    /// The contributions that the profile asks for beside the operator's, and who is at hand.
    fn wanted(&self, checked: &Checked) -> Option<Wanted> {
        let stakes = checked.plan.as_ref().map(|plan| &plan.stakes);
        let row = self.profile.contributions(stakes)?.clone();
        Some(Wanted { row, witnesses: self.witnesses.clone(), beacon: self.beacon.clone() })
    }

    fn write_commitment(
        &self,
        actor: &Actor,
        (commitment, wanted): (Commitment, Option<Wanted>),
        record: &DrawRecord,
        (plan, (engaged_at, called)): (&Arc<Plan>, (Option<u64>, bool)),
        idempotency: Option<&IdempotencyKey>,
    ) -> Result<(Hash, Commitment), Refusal> {
        let subject_key = self.subject_key(&plan.id, plan.row.is_some())?;
        let sealed = self.sealer().seal(&subject_key, Commitment::TYPE, &record.to_bytes());
        let (plan, account) = (plan.clone(), actor.account.clone());
        let idempotency = self.idempotency_row(actor, idempotency, &plan.id, 201);
        let committed = self.store.write("commit draw", move |tx| {
            if tx.last_registry_entry() != Some(commitment.registry) {
                return Err(Refusal::new(Kind::Busy, REGISTRY_MOVED, "专家库已变更", "the registry moved"));
            }
            if !names_keys_in_force(tx, &commitment) {
                // Another process may have rotated one; this one hears of it with the lock.
                return Err(Refusal::new(Kind::Busy, REGISTRY_MOVED, "密钥已更换", "a key succeeded"));
            }
            check_still_open(tx, &plan)?;
            if let Some(position) = engaged_at {
                check_engagements(tx, position)?;
            }
            let mut commitment = commitment.clone();
            commitment.deadline = tx.time().0 + DEADLINE_SECONDS;
            if let Some(wanted) = &wanted {
                commitment.deadline = tx.time().0 + i64::from(wanted.row.minutes) * 60;
                let book = tx.key_book().cloned();
                let book = book.ok_or_else(|| Refusal::internal("the log registers no keys"))?;
                let when = (tx.next_index(), tx.time().0);
                commitment.contributions = contributors(tx, &book, wanted, &commitment, when)?;
            }
            let appended = tx.append(Append {
                actor: account.clone(),
                kind: Commitment::TYPE.into(),
                subject: plan.id.clone(),
                statement: commitment.fields().with("type", Commitment::TYPE),
                image: Some(sealed.clone()),
                registry: false,
            })?;
            let alpha = seed::alpha(appended.index, &appended.leaf_hash);
            let row = plan.row_in(state::COMMITTED, tx.time().0, Some((alpha, appended.entry())));
            match &plan.row {
                Some(before) => steps::step(tx, (&before.state, before.version), &row, "accept")?,
                None => steps::begin(tx, &row, "commit")?,
            }
            if called {
                let calls = DrawCalls { draw: plan.id.clone(), due: Some(0), proposal: None };
                store::draw_calls::insert(tx, &calls)?;
            }
            subject_key.store(tx)?;
            plan.step_on(tx)?;
            idempotency.insert(tx)?;
            Ok((alpha, commitment))
        })?;
        Ok(committed)
    }

    /// Records a plan that waits for the bureau: the log learns that something was recorded, no more.
    fn write_plan(
        &self,
        actor: &Actor,
        checked: &Checked,
        plan: &Arc<Plan>,
        idempotency: Option<&IdempotencyKey>,
    ) -> Result<(), Refusal> {
        let subject_key = self.subject_key(&plan.id, false)?;
        let record = self.opaque_record(&planned_record(&checked.request, checked.calls.as_ref()));
        let sealed = self.sealer().seal(&subject_key, PLANNED, &record.bytes);
        let (plan, account) = (plan.clone(), actor.account.clone());
        let idempotency = self.idempotency_row(actor, idempotency, &plan.id, 202);
        self.store.write("plan draw", move |tx| {
            check_still_open(tx, &plan)?;
            tx.append(Append {
                actor: account.clone(),
                kind: PLANNED.into(),
                subject: plan.id.clone(),
                statement: record.statement(PLANNED),
                image: Some(sealed.clone()),
                registry: false,
            })?;
            steps::begin(tx, &plan.row_in(state::PLANNED, tx.time().0, None), "plan")?;
            subject_key.store(tx)?;
            plan.step_on(tx)?;
            idempotency.insert(tx)?;
            Ok(())
        })?;
        Ok(())
    }
}

/// The kept members of a supplementary draw by their positions in the new pool, ascending; who may sit
/// no more (a conflict that came to light) is in no pool and is not kept.
fn kept(checked: &Checked, people: &People) -> Vec<Kept> {
    let place = |person: &super::from_plan::KeptPerson| {
        let position = people.candidates.iter().position(|candidate| candidate.number == person.number)?;
        let position = u32::try_from(position).ok()?;
        Some(match person.place {
            super::from_plan::KeptPlace::Site(site) => Kept::Site { position, site },
            super::from_plan::KeptPlace::Group(group) => Kept::Group { position, group },
        })
    };
    let mut kept: Vec<Kept> =
        checked.plan.iter().flat_map(|plan| plan.kept.iter().filter_map(place)).collect();
    kept.sort_by_key(Kept::position);
    kept
}

/// What a request would meet, without making it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawForecast {
    /// Candidates who would sit in every full panel.
    pub forced_seats: usize,
    /// Candidates; for those who may see counts.
    pub pool_size: Option<usize>,
    /// Exclusions by rule; for those who may see counts.
    pub excluded: Option<Vec<(String, u32)>>,
}

const REGISTRY_MOVED: &str = "registry_moved";

impl Plan {
    /// Moves the plan on that the draw is made from, under the same lock.
    fn step_on(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.step.as_ref().map_or(Ok(()), |change| change.apply(tx))
    }

    fn row_in(&self, state: &str, time: i64, committed: Option<(Hash, i64)>) -> store::draw::Draw {
        let before = self.row.as_ref();
        store::draw::Draw {
            id: self.id.clone(),
            package: self.package.clone(),
            attempt: i64::from(self.attempt.0),
            state: state.into(),
            alpha: committed.map(|(alpha, _)| alpha.0.to_vec()),
            committed_entry: committed.map(|(_, entry)| entry),
            drawn_entry: None,
            ended_entry: None,
            version: before.map_or(1, |row| row.version + 1),
            created: before.map_or(time, |row| row.created),
            updated: time,
            proposal: None,
        }
    }
}

/// Under the lock: the operator's keys that a commitment names are those in force.
fn names_keys_in_force(tx: &Tx<'_>, commitment: &Commitment) -> bool {
    tx.key_in_force(KeyUse::TagVrf) == Some(commitment.tag_key)
        && commitment.operator_key().is_none_or(|key| tx.key_in_force(KeyUse::DrawVrf) == Some(key))
}

/// Under the lock: nobody was invited, answered or left since the people were judged, and no draw is on its
/// way to its first invitations (whom it will invite is fixed and in no book yet). A draw that has been on
/// that way for long is stuck and does not hold up the others; should it go on one day, somebody may have
/// two invitations at one time, and can accept one.
fn check_engagements(tx: &mut Tx<'_>, position: u64) -> Result<(), Refusal> {
    let since = tx.time().0 - UNCALLED_SECONDS;
    let mut on_its_way = false;
    for id in store::draw_calls::uncalled(tx, since)? {
        // One that waits for others' contributions may wait for long, and whom it will invite nobody knows yet.
        let waits = store::draw::find(tx, &id)?.is_some_and(|draw| draw.state == state::COMMITTED)
            && Trail::in_group(tx, &id)?.is_some_and(|trail| trail.is_shared());
        on_its_way |= !waits;
    }
    if on_its_way || engagements::moved(tx, position)? {
        return Err(Refusal::new(Kind::Busy, REGISTRY_MOVED, "邀请状态已变更", "engagements moved"));
    }
    Ok(())
}

/// Under the lock: the package is as it was read, and no other draw of it is open.
fn check_still_open(tx: &mut Tx<'_>, plan: &Plan) -> Result<(), Refusal> {
    let package = store::package::find(tx, &plan.package)?;
    if package.map(|package| package.version) != Some(plan.package_version) {
        return Err(Refusal::new(
            Kind::Stale,
            "changed_meanwhile",
            "包信息已变更",
            "the package was changed meanwhile",
        ));
    }
    let open =
        |draw: &store::draw::Draw| draw.id != plan.id && !state::ENDED_WITHOUT.contains(&draw.state.as_str());
    if store::draw::of_package(tx, &plan.package)?.iter().any(open) {
        return Err(wrong_state("该包已有进行中或已完成的抽取", "this package has an open or finished draw"));
    }
    Ok(())
}
