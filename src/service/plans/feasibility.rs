//! Whether a plan can be filled, before it is approved: the agency hears yes or no for each group, bureau
//! and auditor hear numbers, nobody hears names.
//!
//! *Invariant:* a question is an entry before it is an answer. The agency's questions stand in the plan
//! itself, because conditions narrowed question by question until few people remain are how a panel is
//! chosen by hand; too many raise a warning that bureau, auditor and supervisor see.

use super::body::read;
use crate::codec::{Json, Object, sha256};
use crate::registry::plan_table::PLAN;
use crate::registry::{Plan, PlanGroup};
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::case_body::{get, push, text};
use crate::service::changes::Changes;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};

/// What is said of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFeasibility {
    /// Group number, from 1.
    pub group: u32,
    /// Seats.
    pub seats: u32,
    /// Whether there are at least `ratio` candidates for each seat.
    pub enough: bool,
    /// Candidates; for those who may see counts.
    pub candidates: Option<u32>,
}

/// The answer to a question about feasibility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feasibility {
    /// Candidates that the profile asks for each seat.
    pub ratio: u32,
    /// By group.
    pub groups: Vec<GroupFeasibility>,
}

impl Service {
    /// Asks whether enough candidates are there. An agency's question is kept in the plan, one of bureau,
    /// auditor or supervisor as a look with its purpose.
    pub fn plan_feasibility(
        &self,
        actor: &Actor,
        id: &str,
        purpose: Option<&str>,
        key: &IdempotencyKey,
    ) -> Result<Feasibility, Refusal> {
        actor.check(Action::ReadPlans)?;
        let mut case = self.plan_case(actor, id)?;
        let (version, plan) = read(&case)?;
        if !matches!(actor.role, Role::Agency) && !actor.may(Action::ReadCounts) {
            return Err(Refusal::forbidden());
        }
        if actor.role != Role::Agency {
            self.record_look(actor, "feasibility", id, purpose.unwrap_or_default())?;
            return self.answer(actor, &plan, &self.group_counts(&case, &plan)?);
        }
        if self.replayed(actor, key)?.is_some() {
            // Asked and kept before: the answer is made anew, as of now; of the same plan only.
            let digest = plan_digest(&plan);
            let kept = get(&case.body, "queries").and_then(Json::as_list).unwrap_or_default();
            let same = |query: &&Json| text(query, &["plan"]) == Some(digest.as_str());
            if kept.iter().rfind(same).is_none() {
                let en = "the plan has changed since this question: ask with another key";
                return Err(Refusal::new(
                    Kind::Conflict,
                    "changed_since",
                    "提问之后方案已变更，请另行提问",
                    en,
                ));
            }
            return self.answer(actor, &plan, &self.group_counts(&case, &plan)?);
        }
        let counts = self.group_counts(&case, &plan)?;
        let answer = self.answer(actor, &plan, &counts)?;
        self.step_case(actor, &actor.parties(), &PLAN, &mut case, "query")?;
        let short = answer.groups.iter().filter(|group| !group.enough).map(|group| Json::from(group.group));
        let asked = Object::new()
            .with("by", actor.account.as_str())
            .with("at", case.updated)
            .with("version", version)
            .with("plan", plan_digest(&plan))
            .with("short", short.collect::<Json>());
        push(&mut case.body, "queries", asked).map_err(|_| {
            let en = "too many questions about this plan; no more are answered";
            Refusal::new(Kind::TooMany, "too_many_queries", "该方案的可行性查询已达上限，不再答复", en)
        })?;
        let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
        self.write_changes("ask feasibility", changes.case(self.case_change(&case)?))
            .map_err(Refusal::unversioned)?;
        Ok(answer)
    }

    fn answer(&self, actor: &Actor, plan: &Plan, counts: &[u32]) -> Result<Feasibility, Refusal> {
        let ratio = self.pool_ratio();
        let may = actor.may(Action::ReadCounts);
        let group = |((group, number), candidates): ((&PlanGroup, u32), &u32)| GroupFeasibility {
            group: number,
            seats: group.seats,
            enough: is_enough(*candidates, group.seats, ratio),
            candidates: may.then_some(*candidates),
        };
        let groups = plan.groups.iter().zip(1u32..).zip(counts).map(group).collect();
        Ok(Feasibility { ratio, groups })
    }

    /// Candidates that the profile asks for each seat; 1 where it says nothing.
    pub(super) fn pool_ratio(&self) -> u32 {
        if self.profile.applies(crate::rules::Rule::MinPoolRatio) {
            self.profile.parameters().pool_ratio.max(1)
        } else {
            1
        }
    }
}

/// SHA-256 of the plan that was asked about, hex.
fn plan_digest(plan: &Plan) -> String {
    sha256(&[&plan.to_json().canonical()]).to_hex()
}

/// Whether so many candidates are enough for so many seats.
pub(super) fn is_enough(candidates: u32, seats: u32, ratio: u32) -> bool {
    u64::from(candidates) >= u64::from(seats) * u64::from(ratio)
}
