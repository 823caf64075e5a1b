//! Plans written: created, amended, formed anew after a committee could not be filled.

use super::LETTER;
use super::body::{first, read, replace};
use super::view::PlanView;
use crate::codec::{Json, Object, hmac_sha256, to_hex};
use crate::codes::NationalId;
use crate::registry::plan_table::{APPROVED, DRAWN, OPEN, PLAN};
use crate::registry::{Package, Plan, PlanDraft, Problem};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::case_body::{get, set, take};
use crate::service::cases::{Case, NewCase, all_rows};
use crate::service::changes::Changes;
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::service::sites_draw::draw_of;
use crate::store::case::CaseFilter;
use crate::store::{self, StoreError};

/// The furthest that a review may lie ahead, in seconds.
const AHEAD: i64 = 366 * 86_400;
/// Acts of a version that a new one does without.
const OF_A_VERSION: [&str; 6] = ["findings", "submitted", "confirmed", "approved", "returned", "cancelling"];

/// A plan as sent: the facts, and identity numbers that are hashed before anything is kept.
#[derive(Clone, Debug, Default)]
pub struct PlanInput {
    /// The facts; people involved stand in [`PlanDraft::involved`].
    pub draft: PlanDraft,
    /// Identity number of the person involved at the same place, if one was given.
    pub id_numbers: Vec<Option<String>>,
}

impl Service {
    /// Begins a plan for a package of the own agency that has no other open plan.
    pub fn create_plan(
        &self,
        actor: &Actor,
        input: &PlanInput,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_view(actor, &self.plan_case(actor, id)?, false),
            || {
                let (plan, package) = self.checked_plan(actor, input)?;
                let case = self.new_plan(actor, "create", &plan, &package, first(&plan))?;
                self.write_new_plan(actor, &case, key, None)?;
                self.plan_view(actor, &case, false)
            },
        )
    }

    /// Changes a plan. After approval that is a new version, which everybody has to agree to anew; once
    /// it was drawn only after every draw of it has ended without a result.
    pub fn amend_plan(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        input: &PlanInput,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        let mut case = self.plan_case(actor, id)?;
        if case.version != version {
            return Err(StoreError::Stale(format!("plan {id}")).into());
        }
        let (plan, _) = self.checked_plan(actor, input)?;
        let (number, before) = read(&case)?;
        if plan.package != before.package {
            let (zh, en) = ("不得更换所属的包", "must stay the package of the plan");
            return Err(Refusal::field("package", &plan.package, "package", zh, en));
        }
        let from = case.state.clone();
        if from == DRAWN {
            self.all_draws_ended(&before.package)?;
        }
        if draw_of(&case.body).is_some()
            && (plan.sites != before.sites
                || plan.review_start != before.review_start
                || plan.hours != before.hours)
        {
            let en = "end the drawn sites first: time and number of the sites are sworn to";
            return Err(Refusal::new(
                Kind::Conflict,
                "sites_drawn",
                "副场已抽取，变更时间或副场前须先终止",
                en,
            ));
        }
        self.step_case(actor, &actor.parties(), &PLAN, &mut case, "amend")?;
        let fresh = if [APPROVED, DRAWN].contains(&from.as_str()) { number + 1 } else { number };
        replace(&mut case, fresh, &plan);
        for key in OF_A_VERSION {
            // Reasons of a return stay until the next one, so that the next reader knows them.
            if key != "returned" || fresh != number {
                take(&mut case.body, key);
            }
        }
        case.region = Some(plan.region.as_str().to_owned());
        self.write_changes("amend plan", Changes::default().case(self.case_change(&case)?))?;
        self.plan_view(actor, &case, false)
    }

    /// Forms a committee anew (重新组建): a new plan in the place of one whose draws were stopped or voided
    /// (198号 art 17, 87号令 arts 49, 67). Who broke the rules there cannot sit again; the others may.
    pub fn reform_plan(
        &self,
        actor: &Actor,
        predecessor: &str,
        input: &PlanInput,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_view(actor, &self.plan_case(actor, id)?, false),
            || {
                let mut before = self.plan_case(actor, predecessor)?;
                let (_, old) = read(&before)?;
                let (plan, package) = self.checked_plan(actor, input)?;
                if plan.package != old.package {
                    let (zh, en) = ("须为原方案的包", "must be the package of the plan before");
                    return Err(Refusal::field("package", &plan.package, "package", zh, en));
                }
                self.step_case(actor, &actor.parties(), &PLAN, &mut before, "re_formed")?;
                self.all_draws_ended(&old.package)?;
                if draw_of(&before.body).is_some() {
                    return Err(sites_drawn());
                }
                let body = first(&plan).with("predecessor", before.id.as_str());
                let body = body.with_some("barred", get(&before.body, "barred").cloned());
                let case = self.new_plan(actor, "reform", &plan, &package, body)?;
                set(&mut before.body, "successor", case.id.as_str());
                self.write_new_plan(actor, &case, key, Some(&before))?;
                self.plan_view(actor, &case, false)
            },
        )
    }

    fn new_plan(
        &self,
        actor: &Actor,
        event: &'static str,
        plan: &Plan,
        package: &Package,
        body: Object,
    ) -> Result<Case, Refusal> {
        let new = NewCase {
            lifecycle: &PLAN,
            letter: LETTER,
            subject: Some(package.purchaser().code.as_str()),
            region: Some(plan.region.as_str()),
            parent: Some(&plan.package),
            owner: Some(package.agency().code.as_str()),
            due: None,
            body: body.into(),
            sealed_for: None,
        };
        self.begin_case(actor, &actor.parties(), event, new)
    }

    /// Writes a new plan, with what became of the one before; under the lock no other plan of the
    /// package is open.
    fn write_new_plan(
        &self,
        actor: &Actor,
        case: &Case,
        key: &IdempotencyKey,
        before: Option<&Case>,
    ) -> Result<(), Refusal> {
        let mut changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 201));
        if let Some(before) = before {
            changes = changes.case(self.case_change(before)?);
        }
        let open = CaseFilter {
            kinds: vec![PLAN.name.to_owned()],
            states: OPEN.map(str::to_owned).to_vec(),
            parent: case.parent.clone(),
            ..CaseFilter::default()
        };
        let only = move |tx: &mut store::Tx<'_>| match all_rows(tx, &open)?.len() {
            0 | 1 => Ok(()),
            _ => Err(StoreError::Conflict(ONE_PLAN.into())),
        };
        let changes = changes.case(self.case_change(case)?).part(only);
        self.write_changes("create plan", changes).map_err(|refusal| match refusal.kind {
            Kind::Conflict if refusal.cause.as_deref().is_some_and(|cause| cause.contains(ONE_PLAN)) => {
                let en = "this package has an open plan already";
                Refusal::new(Kind::Conflict, "plan_exists", "该包已有在办的抽取方案", en)
            }
            _ => refusal,
        })
    }

    /// The plan of an input, held against package, schemes and clock.
    fn checked_plan(&self, actor: &Actor, input: &PlanInput) -> Result<(Plan, Package), Refusal> {
        let mut draft = input.draft.clone();
        let mut problems = Vec::new();
        for (i, (person, id_number)) in draft.involved.iter_mut().zip(&input.id_numbers).enumerate() {
            let Some(id_number) = id_number else { continue };
            match NationalId::parse(id_number) {
                Ok(_) => person.id_hash = Some(to_hex(&self.document_hash(id_number))),
                Err(error) => {
                    let field = format!("involved[{i}].id_number");
                    problems.push(Problem::new(
                        field,
                        id_number,
                        "id_number",
                        error.message_zh(),
                        error.to_string(),
                    ));
                }
            }
        }
        let plan = match draft.check() {
            Ok(plan) if problems.is_empty() => plan,
            Ok(_) => return Err(Refusal::invalid(problems)),
            Err(further) => return Err(Refusal::invalid(problems.into_iter().chain(further).collect())),
        };
        let (_, package) = self.package_record(actor, &plan.package)?;
        let now = self.clock.now().0;
        if plan.review_start.0 <= now || plan.review_start.0 - now > AHEAD {
            let (zh, en) = ("评审开始时间须在现在之后一年以内", "must lie in the future, within a year");
            return Err(Refusal::field("review_start", "", "review_time", zh, en));
        }
        let book = self.book()?;
        for (i, group) in plan.groups.iter().enumerate() {
            if let Err(error) = book.knows(&group.speciality) {
                problems.push(Problem::new(
                    format!("groups[{i}].speciality"),
                    group.speciality.as_str(),
                    "unknown_speciality",
                    error.message_zh(),
                    error.to_string(),
                ));
            }
        }
        if problems.is_empty() { Ok((plan, package)) } else { Err(Refusal::invalid(problems)) }
    }

    /// The keyed hash of an identity card's number: equal to an expert's `id_hash`.
    fn document_hash(&self, id_number: &str) -> [u8; 32] {
        hmac_sha256(&self.keys.uniqueness, &[b"111\n", id_number.as_bytes()])
    }

    /// Refuses while a draw of the package stands or is under way.
    pub(in crate::service) fn all_draws_ended(&self, package: &str) -> Result<(), Refusal> {
        let draws = self.store.read(|conn| store::draw::of_package(conn, package))?;
        let stands = |draw: &store::draw::Draw| !state::ENDED_WITHOUT.contains(&draw.state.as_str());
        if !draws.iter().any(stands) {
            return Ok(());
        }
        let en = "a draw of this package stands or is under way; void or stop it first";
        Err(Refusal::new(Kind::Conflict, "draw_stands", "该包的抽取尚未作废、撤回或终止", en))
    }
}

fn sites_drawn() -> Refusal {
    let en = "end the drawn sites first: time and number of the sites are sworn to, workstations are held";
    Refusal::new(Kind::Conflict, "sites_drawn", "副场已抽取并占用工位，须先终止副场", en)
}

const ONE_PLAN: &str = "one open plan of a package";

/// The numbers of experts who may not be drawn for this package again.
pub(super) fn barred(body: &Json) -> Vec<String> {
    super::body::ids(body, "barred")
}
