//! Who sees what of a plan: an agency its own, a purchaser those of its own procurement, a bureau those
//! of its region, auditor and supervisor all; the system administrator and experts nothing.
//!
//! Names of self-selected members are shown to agency and purchaser, who wrote them; to everybody else
//! after a recorded look, until the plan is closed and the announcement has named them.

use super::body::{Act, Query, Widened, ids, queries, read, read_act, widened};
use super::findings::FindingView;
use crate::registry::Plan;
use crate::registry::plan_table::{CLOSED, PLAN};
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::case_body::{CaseLine, get, text};
use crate::service::cases::{Case, scoped};
use crate::service::listing::{Listed, Paging};
use crate::service::refusal::Refusal;
use crate::service::sites_draw::{SiteView, draw_of};
use crate::store;
use crate::store::case::CaseFilter;
use crate::time::Date;

/// Questions about one plan from which on it carries a warning, where the profile has no number.
const QUERIES_WARN: u32 = 5;

/// A plan in a list: nothing that names anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// Id.
    pub id: String,
    /// State.
    pub state: String,
    /// Id of the package.
    pub package: String,
    /// Credit code of the agency.
    pub agency: String,
    /// Credit code of the purchaser.
    pub purchaser: String,
    /// Region of the bureau.
    pub region: String,
    /// Grows with every change of the case; the ETag.
    pub version: i64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub updated: i64,
}

/// A plan as one account may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanView {
    /// What lists show.
    pub line: PlanLine,
    /// Version of the facts, from 1; a change after approval makes the next.
    pub plan_version: u32,
    /// The facts.
    pub plan: Plan,
    /// Whether names of self-selected members may be shown.
    pub names_shown: bool,
    /// What the rules said at submission.
    pub findings: Vec<FindingView>,
    /// Submitted by whom and when.
    pub submitted: Option<Act>,
    /// Confirmed by the purchaser.
    pub confirmed: Option<Act>,
    /// Approved by the bureau.
    pub approved: Option<Act>,
    /// Returned with reasons.
    pub returned: Option<Act>,
    /// A cancellation that waits for another person.
    pub cancelling: Option<Act>,
    /// How it ended.
    pub ended: Option<Act>,
    /// Questions about feasibility; for those who watch over it.
    pub queries: Option<Vec<Query>>,
    /// Too many questions: conditions may have been narrowed. For those who watch over it.
    pub narrowing_warning: Option<bool>,
    /// What the profile's rule widened.
    pub widened: Vec<Widened>,
    /// Applications of people recommended for entry.
    pub recommended: Vec<String>,
    /// Draws made from it, the first first.
    pub draws: Vec<String>,
    /// Sites that were drawn, by number.
    pub sites: Vec<SiteView>,
    /// The draw of sites that stands, for its evidence.
    pub sites_draw: Option<String>,
    /// Draws of sites that were ended.
    pub sites_ended: Vec<String>,
    /// The first day on which it may be drawn; `None`: any day, or not known.
    pub earliest_draw: Option<Date>,
    /// The plan whose failure this one follows.
    pub predecessor: Option<String>,
    /// The plan that follows this one.
    pub successor: Option<String>,
}

/// Which plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlansAsked {
    /// In this state.
    pub state: Option<String>,
    /// Of this package.
    pub package: Option<String>,
}

impl Service {
    /// One plan. Bureau, auditor and supervisor see names of self-selected members only with a purpose,
    /// which is recorded.
    pub fn plan_of(&self, actor: &Actor, id: &str, purpose: Option<&str>) -> Result<PlanView, Refusal> {
        actor.check(Action::ReadPlans)?;
        let case = self.plan_case(actor, id)?;
        if let (Some(purpose), false) = (purpose, wrote(actor)) {
            self.record_look(actor, "plan", id, purpose)?;
        }
        self.plan_view(actor, &case, purpose.is_some())
    }

    /// A page of plans.
    pub fn plans(
        &self,
        actor: &Actor,
        asked: &PlansAsked,
        paging: &Paging,
    ) -> Result<Listed<PlanLine>, Refusal> {
        actor.check(Action::ReadPlans)?;
        let own = actor.unit.clone().unwrap_or_default();
        let filter = CaseFilter {
            kinds: vec![PLAN.name.to_owned()],
            states: asked.state.clone().into_iter().collect(),
            parent: asked.package.clone(),
            owner: (actor.role == Role::Agency).then(|| own.clone()),
            subject: (actor.role == Role::Purchaser).then_some(own),
            ..CaseFilter::default()
        };
        let filter = scoped(actor, filter);
        let line = |row: store::case::CaseRow| line(&CaseLine::from(row));
        let page = self
            .store
            .read(|conn| paging.read(|page| store::case::list(conn, &filter, page), |row| &row.id, line))?;
        Ok(page)
    }

    /// The case of a plan that this account may see; "not found" for any other.
    pub(in crate::service) fn plan_case(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.case(actor, &PLAN, id)?;
        let own = actor.unit.as_deref();
        let sees = match actor.role {
            Role::Agency => own.is_some() && case.owner.as_deref() == own,
            Role::Purchaser => own.is_some() && case.subject.as_deref() == own,
            Role::Bureau | Role::Auditor | Role::Supervisor => true,
            Role::Expert | Role::Administrator | Role::Venue => false,
        };
        if sees { Ok(case) } else { Err(crate::service::cases::no_case()) }
    }

    /// A plan as it stands, for other parts of the service; who asks is theirs to check.
    pub(in crate::service) fn plan_file(&self, id: &str) -> Result<(Case, u32, Plan), Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let case = case.filter(|case| case.kind == PLAN.name).ok_or_else(crate::service::cases::no_case)?;
        let (version, plan) = read(&case)?;
        Ok((case, version, plan))
    }

    /// What a draw shows of the plan it was made from: its id, and who of the committee is self-selected
    /// (198号 art 20: marked in the announcement), by name once the draw is unsealed.
    pub(in crate::service) fn marks_of(
        &self,
        draw: &store::draw::Draw,
    ) -> Result<Option<(String, Vec<String>)>, Refusal> {
        let Some(case) = self.plan_of_draw(draw)? else { return Ok(None) };
        let (_, plan) = read(&case)?;
        let open = draw.state == crate::service::draws::state::UNSEALED;
        let names = plan.selected().iter().filter(|_| open).map(|member| member.name.clone());
        Ok(Some((case.id, names.collect())))
    }

    /// The plan that a draw was made from, if it was made from one.
    pub(in crate::service) fn plan_of_draw(&self, draw: &store::draw::Draw) -> Result<Option<Case>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![PLAN.name.to_owned()],
            parent: Some(draw.package.clone()),
            ..CaseFilter::default()
        };
        let cases = self.store.read(|conn| self.all_cases(conn, &filter))?;
        Ok(cases.into_iter().find(|case| ids(&case.body, "draws").contains(&draw.id)))
    }
}

impl Service {
    /// The view of a case for an account that may see it; `looked`: after a recorded look.
    pub(super) fn plan_view(&self, actor: &Actor, case: &Case, looked: bool) -> Result<PlanView, Refusal> {
        let (plan_version, plan) = read(case)?;
        let sites = self.sites_of(case)?;
        let earliest_draw = self.earliest_draw(case, &plan)?;
        let body = &case.body;
        let asked = queries(body);
        let watches = !wrote(actor);
        Ok(PlanView {
            line: line(&CaseLine::from(case)),
            plan_version,
            plan,
            names_shown: wrote(actor) || looked || case.state == CLOSED,
            findings: FindingView::list(get(body, "findings")),
            submitted: read_act(body, "submitted"),
            confirmed: read_act(body, "confirmed"),
            approved: read_act(body, "approved"),
            returned: read_act(body, "returned"),
            cancelling: read_act(body, "cancelling"),
            ended: read_act(body, "ended"),
            narrowing_warning: watches.then_some(asked.len() >= self.question_limit()),
            queries: watches.then_some(asked),
            widened: widened(body),
            recommended: ids(body, "recommended"),
            draws: ids(body, "draws"),
            sites,
            sites_draw: draw_of(body).map(str::to_owned),
            sites_ended: ids(body, "sites_ended"),
            earliest_draw,
            predecessor: text(body, &["predecessor"]).map(str::to_owned),
            successor: text(body, &["successor"]).map(str::to_owned),
        })
    }

    /// From so many questions about feasibility on, the plan carries a warning: conditions may have been
    /// narrowed until few remain (the profile's number; 项目规则 where it has none).
    fn question_limit(&self) -> usize {
        let limit = self.profile.terms().map_or(QUERIES_WARN, |terms| terms.question_limit.value);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

/// Whether the account's side wrote the plan.
fn wrote(actor: &Actor) -> bool {
    matches!(actor.role, Role::Agency | Role::Purchaser)
}

fn line(line: &CaseLine) -> PlanLine {
    PlanLine {
        id: line.id.clone(),
        state: line.state.clone(),
        package: line.parent.clone().unwrap_or_default(),
        agency: line.owner.clone().unwrap_or_default(),
        purchaser: line.subject.clone().unwrap_or_default(),
        region: line.region.clone().unwrap_or_default(),
        version: line.version,
        created: line.created,
        updated: line.updated,
    }
}
