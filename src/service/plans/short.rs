//! The ways out when too few candidates are there (198号 art 12: the library cannot ensure random drawing):
//! conditions widened by the profile's fixed rule, or people recommended, reviewed, entered and then
//! drawn. The third, another province's experts, is a new version of the plan with its filing.
//!
//! *Invariant:* a widening is computed, never chosen: the next step of the profile's list that changes
//! anything, and only while the group is short. It is a version of its own, marked as such.

use super::body::{add_id, read, replace, widened};
use super::feasibility::is_enough;
use super::view::PlanView;
use crate::codec::Object;
use crate::codes::Region;
use crate::registry::PlanGroup;
use crate::registry::application::{APPLICATION, REJECTED, WITHDRAWN};
use crate::registry::plan_table::PLAN;
use crate::rules::parameters::Widening;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::case_body::push;
use crate::service::changes::Changes;
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};

impl Service {
    /// Widens a group that is short by the profile's next step.
    pub fn widen_plan(
        &self,
        actor: &Actor,
        id: &str,
        group: u32,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_view(actor, &self.plan_case(actor, id)?, false),
            || {
                let mut case = self.plan_case(actor, id)?;
                let (version, mut plan) = read(&case)?;
                let place = usize::try_from(group).ok().and_then(|group| group.checked_sub(1));
                let missing = || {
                    let (zh, en) = ("没有该席位组", "no such group");
                    Refusal::field("group", &group.to_string(), "group", zh, en)
                };
                let place = place.filter(|place| *place < plan.groups.len()).ok_or_else(missing)?;
                self.step_case(actor, &actor.parties(), &PLAN, &mut case, "widen")?;
                let counts = self.group_counts(&case, &plan)?;
                let asked = plan.groups.get_mut(place).ok_or_else(missing)?;
                if is_enough(counts.get(place).copied().unwrap_or(0), asked.seats, self.pool_ratio()) {
                    let en = "the group has enough candidates; its conditions stay";
                    return Err(Refusal::new(Kind::Conflict, "not_short", "该席位组候选人数充足，不得放宽条件", en));
                }
                let done = widened(&case.body).iter().filter(|step| step.group == group).count();
                let steps = &self.profile.parameters().widening;
                let next = steps.iter().skip(done).find_map(|step| wider(asked, *step).map(|to| (*step, to)));
                let Some((step, (wide, from, to))) = next else {
                    let en = "the profile's rule widens no further; recommend people for entry, or file for another province";
                    let zh = "规则档案不再放宽；可推荐人员入库，或备案后使用外省专家";
                    return Err(Refusal::new(Kind::Conflict, "no_wider", zh, en));
                };
                *asked = wide;
                replace(&mut case, version + 1, &plan);
                let kept = Object::new()
                    .with("group", group)
                    .with("step", step.as_str())
                    .with("from", from)
                    .with("to", to)
                    .with("version", version + 1);
                push(&mut case.body, "widened", kept)?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                self.write_changes("widen plan", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                self.plan_view(actor, &case, false)
            },
        )
    }

    /// Links the application of somebody recommended for entry. The person is reviewed and entered like
    /// everybody, and then drawn or not: never used directly.
    pub fn recommend_for_plan(
        &self,
        actor: &Actor,
        id: &str,
        application: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_view(actor, &self.plan_case(actor, id)?, false),
            || {
                let mut case = self.plan_case(actor, id)?;
                let found = self.store.read(|conn| crate::store::case::find(conn, application))?;
                let open = found.filter(|row| {
                    row.kind == APPLICATION.name && ![REJECTED, WITHDRAWN].contains(&row.state.as_str())
                });
                if open.is_none() {
                    let (zh, en) = ("没有该入库申请", "no such application");
                    return Err(Refusal::field("application", application, "application", zh, en));
                }
                self.step_case(actor, &actor.parties(), &PLAN, &mut case, "recommend")?;
                add_id(&mut case.body, "recommended", application);
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                self.write_changes("recommend", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                self.plan_view(actor, &case, false)
            },
        )
    }

    /// The refusal for groups that are short of candidates for these seats: which, and what can be done.
    pub(super) fn refuse_short(&self, seats: &[u32], counts: &[u32]) -> Result<(), Refusal> {
        let ratio = self.pool_ratio();
        let short: Vec<String> = seats
            .iter()
            .zip(1u32..)
            .zip(counts)
            .filter(|((seats, _), candidates)| !is_enough(**candidates, **seats, ratio))
            .map(|((_, number), _)| number.to_string())
            .collect();
        if short.is_empty() {
            return Ok(());
        }
        let zh = format!(
            "第{}组候选人数不足席位数的{ratio}倍。可：按规则档案放宽条件（widen）；推荐人员审核入库后再抽取（recommend）；事先备案使用外省专家（修改方案 province_filing）",
            short.join("、")
        );
        let en = format!(
            "group(s) {} have fewer than {ratio} candidates for each seat; widen by the profile's rule, recommend people for entry, or amend the plan with a filing for another province",
            short.join(", ")
        );
        Err(Refusal::new(Kind::Invalid, "pool_short", zh, en))
    }
}

/// The group one step wider, with what changed; `None` where the step changes nothing.
fn wider(group: &PlanGroup, step: Widening) -> Option<(PlanGroup, String, String)> {
    let mut wide = group.clone();
    match step {
        Widening::Speciality => {
            let parent = group.speciality.parent()?;
            let (from, to) = (group.speciality.as_str().to_owned(), parent.as_str().to_owned());
            wide.speciality = parent;
            Some((wide, from, to))
        }
        Widening::Region => {
            let above = |region: &Region| region.parent().unwrap_or(*region);
            let mut within: Vec<Region> = group.within.iter().map(above).collect();
            within.sort_by_key(|region| region.as_str());
            within.dedup();
            if within == group.within {
                return None;
            }
            let codes = |regions: &[Region]| {
                regions.iter().map(|region| region.as_str()).collect::<Vec<_>>().join(" ")
            };
            let (from, to) = (codes(&group.within), codes(&within));
            wide.within = within;
            Some((wide, from, to))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Speciality;

    #[test]
    fn a_step_goes_one_level_up_and_no_further_than_the_top() {
        let group = PlanGroup {
            speciality: Speciality::parse("ndrc316:A0832").unwrap(),
            within: ["430602", "430611"].map(|code| Region::parse(code).unwrap()).to_vec(),
            except: vec![],
            of_site: false,
            seats: 1,
            site: 1,
            legal: false,
        };
        let (wide, from, to) = wider(&group, Widening::Region).unwrap();
        assert_eq!((from.as_str(), to.as_str()), ("430602 430611", "430600"));
        let (wide, _, to) = wider(&wide, Widening::Region).unwrap();
        assert_eq!(to, "430000");
        assert_eq!(wider(&wide, Widening::Region), None);
        let (wide, from, _) = wider(&wide, Widening::Speciality).unwrap();
        assert_eq!(from, "ndrc316:A0832");
        assert!(wide.speciality.covers(&group.speciality));
    }
}
