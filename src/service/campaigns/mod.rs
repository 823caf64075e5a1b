//! Special check campaigns (专项核查清理): planned, run over a population in chunks, worked off item by
//! item or in batches, closed with a summary and a problem table.
//!
//! | file | holds |
//! |---|---|
//! | here | plan, lists, progress, close, cancel, urge |
//! | `run` | the population examined, chunk by chunk |
//! | `items` | decisions on items, proposed and confirmed |
//! | `report` | 汇总表 and 情况表 |
//!
//! *Invariants:* a chunk's items and the campaign's cursor and totals are one write, so a run that dies
//! goes on where it stopped and counts nobody twice; only those about whom something was found have
//! an item; standing changes only by a proposal that another account confirms.

mod items;
mod report;
mod run;

use std::collections::BTreeMap;

use super::actor::{Action, Actor, Role};
use super::case_body::{CaseFile, CaseLine, end_of, free_text, push, set};
use super::cases::{Case, NewCase, all_rows, no_case, scoped};
use super::changes::Changes;
use super::conduct::day;
use super::experts::within;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::{ITSELF, Service};
use crate::codec::{Json, Object};
use crate::codes::{CreditCode, Region};
use crate::registry::StandingKind;
use crate::registry::campaign::{CAMPAIGN, CHECK_ITEM, is_done};
use crate::registry::lifecycle::Party;
use crate::rules::special_check::all_names;
use crate::store;
use crate::store::case::CaseFilter;
use crate::time::{Date, Timestamp};

pub use items::{Decision, ItemsAsked};
pub use report::Report;

/// Days until an overdue campaign is urged again (项目规则).
const URGE_DAYS: i64 = 7;

/// A campaign as planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignDraft {
    /// Its title.
    pub title: String,
    /// The document it rests on.
    pub basis: String,
    /// Last day for the items.
    pub due: String,
    /// Whom to check.
    pub population: Population,
    /// Names of what to look for (`rules::special_check::all_names`); empty: everything.
    pub checks: Vec<String>,
}

/// Whom to check; an empty population is everybody who is in the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Main review region in this region or a part of it.
    pub region: Option<String>,
    /// With a speciality that begins so, the scheme included.
    pub speciality: Option<String>,
    /// With this standing; absent: everybody but dismissed, banned, deceased and merged.
    pub standing: Option<String>,
    /// Employed by this unit (credit code).
    pub unit: Option<String>,
    /// Whose term ends on this day or later.
    pub term_from: Option<String>,
    /// Whose term ends on this day or before.
    pub term_to: Option<String>,
}

/// A campaign with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The campaign.
    pub file: CaseFile,
    /// Items by state.
    pub states: BTreeMap<String, u64>,
    /// Items by main region, then by state.
    pub counties: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Service {
    /// Plans a campaign.
    pub fn plan_campaign(
        &self,
        actor: &Actor,
        draft: &CampaignDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::ReviewCases)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let one_line = |field: &str, value: &str| {
                    line(field, value, 200).map_err(|problem| Refusal::invalid(vec![problem]))
                };
                one_line("title", &draft.title)?;
                one_line("basis", &draft.basis)?;
                let due = day("due", &draft.due)?;
                if due < Date::of(self.clock.now()) {
                    return Err(Refusal::field(
                        "due",
                        &draft.due,
                        "future",
                        "不得早于今天",
                        "must not be past",
                    ));
                }
                let own = actor.region.map(|region| region.as_str().to_owned());
                let population = Population {
                    region: draft.population.region.clone().or(own),
                    ..draft.population.clone()
                };
                population.check()?;
                let known = all_names();
                let unknown =
                    draft.checks.iter().enumerate().find(|(_, name)| !known.contains(&name.as_str()));
                if let Some((place, name)) = unknown {
                    let (zh, en) = ("未知的核查项", "not a known check");
                    return Err(Refusal::field(&format!("checks[{place}]"), name, "check", zh, en));
                }
                actor.check_region(population.region.as_deref(), "区域", "region")?;
                let size = self.population_size(&population)?;
                let body = Object::new()
                    .with("title", draft.title.as_str())
                    .with("basis", draft.basis.as_str())
                    .with("due_day", due.to_string())
                    .with("population", population.record())
                    .with("population_size", size)
                    .with(
                        "checks",
                        draft.checks.iter().map(|name| Json::from(name.as_str())).collect::<Json>(),
                    )
                    .with("profile", self.registry_profile().name())
                    .with("profile_digest", self.registry_profile().digest())
                    .with("examined", 0u32)
                    .with("found", 0u32)
                    .with("totals", Object::new())
                    .with("planned_by", actor.account.as_str());
                let new = NewCase {
                    lifecycle: &CAMPAIGN,
                    letter: 'S',
                    subject: None,
                    region: population.region.as_deref(),
                    parent: None,
                    owner: Some(&actor.account),
                    due: Some(end_of(due)),
                    body: body.into(),
                    sealed_for: None,
                };
                let case = self.begin_case(actor, &actor.parties(), "plan", new)?;
                let idempotency = self.idempotency_row(actor, key, &case.id, 201);
                self.write_changes(
                    "plan campaign",
                    Changes::once(idempotency).case(self.case_change(&case)?),
                )?;
                Ok(CaseLine::from(&case))
            },
        )
    }

    /// A page of campaigns; one may hold fewer than asked for, where some are other regions' own.
    pub fn campaigns(
        &self,
        actor: &Actor,
        state: Option<&str>,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: vec![CAMPAIGN.name.to_owned()],
            states: state.map(str::to_owned).into_iter().collect(),
            ..CaseFilter::default()
        };
        let mut page = self.store.read(|conn| {
            paging.read(|page| store::case::list(conn, &filter, page), |row| &row.id, CaseLine::from)
        })?;
        page.items.retain(|line| sees(actor, line.region.as_deref()));
        Ok(page)
    }

    /// A campaign with its totals and what became of its items. It names nobody.
    pub fn campaign(&self, actor: &Actor, id: &str) -> Result<Progress, Refusal> {
        actor.check(Action::ReadCases)?;
        let case = self.seen_campaign(actor, id)?;
        let (mut states, mut counties) = (BTreeMap::new(), BTreeMap::<String, BTreeMap<String, u64>>::new());
        for row in self.store.read(|conn| all_rows(conn, &scoped(actor, items_of(id))))? {
            *states.entry(row.state.clone()).or_insert(0) += 1;
            *counties.entry(row.region.unwrap_or_default()).or_default().entry(row.state).or_insert(0) += 1;
        }
        Ok(Progress { file: CaseFile::whole(&case), states, counties })
    }

    /// Closes a campaign whose items are all final.
    pub fn close_campaign(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        self.end_campaign(actor, id, None, key)
    }

    /// Cancels a campaign, with a reason; items stay as they are.
    pub fn cancel_campaign(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        self.end_campaign(actor, id, Some(reason), key)
    }

    fn end_campaign(
        &self,
        actor: &Actor,
        id: &str,
        reason: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<CaseLine, Refusal> {
        actor.check(Action::ApproveCases)?;
        self.once(
            actor,
            key,
            |id| self.case_line(id),
            || {
                let mut case = self.case(actor, &CAMPAIGN, id)?;
                let event = if reason.is_some() { "cancel" } else { "close" };
                self.step_case(actor, &actor.parties(), &CAMPAIGN, &mut case, event)?;
                let waiting = if reason.is_some() { vec!["proposed".to_owned()] } else { not_done() };
                let filter = CaseFilter { states: waiting, ..items_of(id) };
                if self.store.read(|conn| store::case::count(conn, &filter))? > 0 {
                    return Err(Refusal::new(
                        Kind::Conflict,
                        "items_open",
                        "尚有事项未办结",
                        "items are still open or wait for confirmation",
                    ));
                }
                let mut ended =
                    Object::new().with("at", self.clock.now().0).with("by", actor.account.as_str());
                if let Some(reason) = reason {
                    free_text("reason", reason)?;
                    ended = ended.with("reason", reason);
                }
                set(&mut case.body, "ended", ended);
                case.due = None;
                let line = CaseLine::from(&case);
                let idempotency = self.idempotency_row(actor, key, id, 200);
                self.write_changes(
                    "end campaign",
                    Changes::once(idempotency).case(self.case_change(&case)?),
                )?;
                Ok(line)
            },
        )
    }

    /// Urges every campaign whose due day has passed; answers how many.
    pub fn due_campaigns(&self, now: Timestamp) -> Result<u64, Refusal> {
        let clock = Actor::of_role(ITSELF, Role::Administrator);
        let filter = CaseFilter {
            kinds: vec![CAMPAIGN.name.to_owned()],
            states: vec!["open".to_owned()],
            due_by: Some(now.0),
            ..CaseFilter::default()
        };
        let cases = self.store.read(|conn| self.all_cases(conn, &filter))?;
        let mut urged = 0;
        for mut case in cases {
            self.step_case(&clock, &[Party::Clock], &CAMPAIGN, &mut case, "urge")?;
            // Urged all the same when the list of urgings is full.
            let _ = push(&mut case.body, "urged", Object::new().with("at", now.0));
            case.due = Some(now.0 + URGE_DAYS * 86_400);
            let change = Changes::default().case(self.case_change(&case)?);
            urged += u64::from(self.write_or_later("urge campaign", change)?);
        }
        Ok(urged)
    }

    /// A campaign of the account's region, or of one above it: a county works off its items of a
    /// province's campaign.
    fn seen_campaign(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let seen = |case: &Case| case.kind == CAMPAIGN.name && sees(actor, case.region.as_deref());
        case.filter(seen).ok_or_else(no_case)
    }

    /// A campaign whose items may be decided.
    fn worked_campaign(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.seen_campaign(actor, id)?;
        if ["running", "open"].contains(&case.state.as_str()) {
            return Ok(case);
        }
        Err(Refusal::new(Kind::Conflict, "wrong_state", "核查已结束", "the campaign has ended"))
    }
}

/// Whether a campaign of a region (`None`: the whole registry) has anything to do with an account's.
fn sees(actor: &Actor, region: Option<&str>) -> bool {
    let above = |own: &Region| region.is_none_or(|code| Region::parse(code).is_ok_and(|r| own.is_within(&r)));
    actor.covers(region) || actor.region.as_ref().is_some_and(above)
}

/// The items of a campaign.
fn items_of(campaign: &str) -> CaseFilter {
    CaseFilter {
        kinds: vec![CHECK_ITEM.name.to_owned()],
        parent: Some(campaign.to_owned()),
        ..CaseFilter::default()
    }
}

/// States of items that are not final.
fn not_done() -> Vec<String> {
    CHECK_ITEM.states().into_iter().filter(|state| !is_done(state)).map(str::to_owned).collect()
}

impl Population {
    fn check(&self) -> Result<(), Refusal> {
        if let Some(code) = &self.region {
            Region::parse(code).map_err(|e| {
                Refusal::field("population.region", code, "unknown_region", &e.message_zh(), &e.to_string())
            })?;
        }
        if let Some(unit) = &self.unit {
            CreditCode::parse(unit).map_err(|e| {
                Refusal::field("population.unit", unit, "credit_code", &e.message_zh(), &e.to_string())
            })?;
        }
        if let Some(standing) = self.standing.as_deref().filter(|s| StandingKind::parse(s).is_none()) {
            let (zh, en) = ("未知的状态", "not a known standing");
            return Err(Refusal::field("population.standing", standing, "standing", zh, en));
        }
        if let Some(prefix) = &self.speciality {
            line("population.speciality", prefix, 64).map_err(|problem| Refusal::invalid(vec![problem]))?;
        }
        for (field, text) in
            [("population.term_from", &self.term_from), ("population.term_to", &self.term_to)]
        {
            if let Some(text) = text {
                day(field, text)?;
            }
        }
        Ok(())
    }

    fn record(&self) -> Object {
        Object::new()
            .with_some("region", self.region.clone())
            .with_some("speciality", self.speciality.clone())
            .with_some("standing", self.standing.clone())
            .with_some("unit", self.unit.clone())
            .with_some("term_from", self.term_from.clone())
            .with_some("term_to", self.term_to.clone())
    }

    /// What main regions begin with.
    fn region_prefix(&self) -> Option<String> {
        self.region.as_deref().and_then(|code| Region::parse(code).ok()).map(within)
    }
}
