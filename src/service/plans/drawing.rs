//! The draw from an approved plan (`POST /plans/{id}/draw`), supplementary draws included.
//!
//! Everything comes from the plan: groups, time, people involved, the regions that drawn sites give. What
//! must hold is asked at the registry position at which the pool is built, and the plan moves on in the
//! same write as the commitment.
//!
//! *Deliberately not here:* how a pool is built and a draw committed (`service::draws`).

use super::body::{add_id, ids, read};
use super::edit::barred;
use super::findings::refuse_blocking;
use crate::codec::{Hash, hmac_sha256};
use crate::draw::calls::Remaining;
use crate::draw::commitment::{Commitment, Kept};
use crate::draw::pool::Leaf;
use crate::draw::sites::HOST_SITE;
use crate::registry::plan_table::{APPROVED, DRAWN, OPEN, PLAN};
use crate::registry::{Plan, PlanGroup};
use crate::rules::people_facts::{Involved, Part};
use crate::rules::{Rule, Stakes};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::calls::terms::{CallSite, CallTerms};
use crate::service::case_body::int;
use crate::service::cases::Case;
use crate::service::draws::from_plan::{FromPlan, KeptPerson, KeptPlace};
use crate::service::draws::prepare::People;
use crate::service::draws::{DrawDraft, DrawView, GroupDraft, state};
use crate::service::idempotency::IdempotencyKey;
use crate::service::refusal::{Kind, Refusal};
use crate::service::sites_draw::SiteView;
use crate::store;
use crate::store::case::CaseFilter;

/// Hours before the review from which on leave is closed, where the profile has no number (项目规则).
const CUT_OFF_HOURS: u32 = 24;

/// A plan that may be drawn from, as it was read.
#[derive(Clone, Debug)]
pub struct Approved {
    case: Case,
    plan: Plan,
    event: &'static str,
}

impl Approved {
    /// Refuses a package that has changed since the approval: who takes part decides who is excluded.
    pub(in crate::service) fn refuse_other_package(&self, version: i64) -> Result<(), Refusal> {
        let agreed = int(&self.case.body, &["approved", "package_version"]);
        if agreed.is_none_or(|agreed| agreed == version) {
            return Ok(());
        }
        let zh = "审核同意后供应商有变更，须修改方案后重新提交、审核";
        let en = "suppliers were added after the approval: amend the plan, and have it approved anew";
        Err(Refusal::new(Kind::Conflict, "suppliers_changed", zh, en))
    }

    /// The plan's case once a draw was made from it.
    pub(in crate::service) fn drawn_as(
        &self,
        service: &Service,
        actor: &Actor,
        draw: &str,
    ) -> Result<Case, Refusal> {
        let mut case = self.case.clone();
        service.step_case(actor, &actor.parties(), &PLAN, &mut case, self.event)?;
        add_id(&mut case.body, "draws", draw);
        Ok(case)
    }
}

impl Service {
    /// Draws from a plan: its approved version, or once more after a draw that ended without a panel.
    pub fn draw_plan(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<DrawView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |draw| self.finish_and_view(actor, draw),
            || {
                let case = self.plan_case(actor, id)?;
                let (version, plan) = read(&case)?;
                if plan.is_wholly_self_selected() {
                    let en = "every expert is self-selected, there is nothing to draw: form the committee";
                    return Err(Refusal::new(
                        Kind::Conflict,
                        "nothing_to_draw",
                        "全部专家自行选定，无需抽取",
                        en,
                    ));
                }
                let event = match case.state.as_str() {
                    APPROVED => "draw",
                    DRAWN => "draw_again",
                    _ => {
                        let en = "only an approved plan can be drawn from";
                        return Err(Refusal::new(
                            Kind::Conflict,
                            "not_approved",
                            "方案尚未审核同意，不得抽取",
                            en,
                        ));
                    }
                };
                let from = self.taken_from(&case, version, &plan, self.kept_people(&case)?)?;
                let drawn = self.sites_of(&case)?;
                let calls = Some(self.call_terms(&drawn, &plan));
                let draft = DrawDraft { calls, ..draw_draft(&drawn, &plan) };
                let approved = Approved { case, plan, event };
                self.draw_approved(actor, approved, &draft, from, key)
            },
        )
    }

    /// Candidates of each group of a plan, at the newest registry position.
    pub(super) fn group_counts(&self, case: &Case, plan: &Plan) -> Result<Vec<u32>, Refusal> {
        let (version, _) = read(case)?;
        if plan.groups.is_empty() {
            return Ok(Vec::new());
        }
        let from = self.taken_from(case, version, plan, Vec::new())?;
        let leaves = self.pool_of(&draw_draft(&self.sites_of(case)?, plan), from)?;
        Ok(counts(&leaves, plan.groups.len()))
    }

    /// Refuses unless everything holds that must hold before a draw begins. Kept members of a
    /// supplementary draw fill their seats: candidates are asked for the others.
    pub(in crate::service) fn refuse_unready(
        &self,
        approved: &Approved,
        people: &People,
        commitment: &Commitment,
    ) -> Result<(), Refusal> {
        let Approved { case, plan, .. } = approved;
        let (open, kept) = open_seats(people, commitment);
        let mut pools = counts(&people.leaves, plan.groups.len());
        for (group, count) in pools.iter_mut().enumerate() {
            *count = count.saturating_sub(kept.get(group).copied().unwrap_or(0));
        }
        let found = self.draw_findings(case, plan, pools.clone(), &open)?;
        let (short, other): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|finding| finding.rule == Rule::MinPoolRatio);
        refuse_blocking(&other, APPROVED)?;
        if short.iter().any(|finding| finding.blocks) { self.refuse_short(&open, &pools) } else { Ok(()) }
    }

    /// Refuses a draw that needs a plan: the profile asks for approved plans, or the package has one.
    pub(in crate::service) fn refuse_without_plan(&self, package: &str) -> Result<(), Refusal> {
        let open = CaseFilter {
            kinds: vec![PLAN.name.to_owned()],
            states: OPEN.map(str::to_owned).to_vec(),
            parent: Some(package.to_owned()),
            ..CaseFilter::default()
        };
        if !self.asks_approval() && self.store.read(|conn| store::case::count(conn, &open))? == 0 {
            return Ok(());
        }
        let en = "draws are made from an approved plan: POST /plans/{id}/draw";
        Err(Refusal::new(Kind::Conflict, "plan_required", "须先有经同意的抽取方案，从方案抽取", en))
    }

    /// The plan behind a draw that waits for acceptance, with what the draw takes from it.
    pub(in crate::service) fn approved_of(
        &self,
        draw: &store::draw::Draw,
    ) -> Result<Option<(Approved, FromPlan)>, Refusal> {
        let Some(case) = self.plan_of_draw(draw)? else { return Ok(None) };
        let (version, plan) = read(&case)?;
        let from = self.taken_from(&case, version, &plan, self.kept_people(&case)?)?;
        Ok(Some((Approved { case, plan, event: "draw_again" }, from)))
    }

    /// What invitations may tell, and what they lock: the plan's hours and the profile's numbers.
    fn call_terms(&self, drawn: &[SiteView], plan: &Plan) -> CallTerms {
        let travel = if self.profile.applies(Rule::Availability) {
            self.profile.parameters().travel_hours.min(48) * 60
        } else {
            0
        };
        let cutoff = self.profile.terms().map_or(CUT_OFF_HOURS, |terms| terms.leave_cut_off_hours.value);
        let city = |site: u32| {
            let drawn = drawn.iter().find(|drawn| drawn.site == site).map(|drawn| drawn.region.clone());
            let asked = || {
                let group = plan.groups.iter().find(|group| group.site == site && site != HOST_SITE);
                group.and_then(|group| group.within.first()).map(|region| region.as_str().to_owned())
            };
            drawn.or_else(asked).unwrap_or_else(|| plan.region.as_str().to_owned())
        };
        let sites = plan.seats_by_site().into_iter();
        CallTerms {
            hours: plan.hours,
            sign_in_by: plan.review_start.0,
            travel_minutes: travel,
            cutoff_hours: cutoff.min(336),
            sites: sites.map(|(site, _)| CallSite { site, city: city(site), place: None }).collect(),
        }
    }

    fn taken_from(
        &self,
        case: &Case,
        version: u32,
        plan: &Plan,
        kept: Vec<KeptPerson>,
    ) -> Result<FromPlan, Refusal> {
        let (involved, barred) = people_named(case, plan, &|name| self.name_hash(name))?;
        Ok(FromPlan {
            plan: case.id.clone(),
            version,
            package: plan.package.clone(),
            stakes: Stakes::of(plan),
            hours: plan.hours,
            involved,
            barred,
            kept,
        })
    }

    /// The keyed hash of a name, as units keep it of their key persons.
    fn name_hash(&self, name: &str) -> Hash {
        Hash(hmac_sha256(&self.keys.uniqueness, &[b"name\n", name.as_bytes()]))
    }

    /// Whom the next draw of a plan keeps: those who had accepted when the last one was stopped because
    /// its seats could not be filled (补抽).
    fn kept_people(&self, case: &Case) -> Result<Vec<KeptPerson>, Refusal> {
        let left_out = barred(&case.body);
        self.store.read(|conn| {
            // One that waits for acceptance, or was withdrawn before it was drawn, ended nothing.
            let mut last = None;
            for id in ids(&case.body, "draws").into_iter().rev() {
                let draw = store::draw::find(conn, &id)?;
                if let Some(draw) =
                    draw.filter(|draw| ![state::PLANNED, state::WITHDRAWN].contains(&draw.state.as_str()))
                {
                    last = Some(draw);
                    break;
                }
            }
            let Some(last) = last.filter(|draw| draw.state == state::STOPPED).map(|draw| draw.id) else {
                return Ok(Vec::new());
            };
            let committed = self.archive().committed(conn, &last)?;
            let Some(calls) = committed.calls()? else { return Ok(Vec::new()) };
            let kept = |remaining: &Remaining| {
                let place = match (remaining.group, remaining.site) {
                    (Some(group), _) => KeptPlace::Group(group),
                    (None, Some(site)) => KeptPlace::Site(site),
                    (None, None) => return None,
                };
                let position = usize::try_from(remaining.position).ok()?;
                let person = committed.record.candidates.get(position)?;
                let stays = !left_out.contains(&person.number);
                stays.then(|| KeptPerson { number: person.number.clone(), place })
            };
            Ok(calls.remaining().iter().filter_map(kept).collect())
        })
    }
}

/// Whom a plan names to the rules: who had a part in the project, and who may not be drawn, ascending.
/// `name_hash` is the keyed hash of a name.
pub(in crate::service) fn people_named(
    case: &Case,
    plan: &Plan,
    name_hash: &dyn Fn(&str) -> Hash,
) -> Result<(Vec<Involved>, Vec<String>), Refusal> {
    let involved = |person: &crate::registry::plan::Involved| {
        let part = Part::parse(person.part.as_str());
        Ok(Involved {
            part: part.ok_or_else(|| Refusal::internal(format!("plan {}: part", case.id)))?,
            number: person.number.as_ref().map(|number| number.as_str().to_owned()),
            id_hash: person.id_hash.as_deref().and_then(Hash::from_hex),
            name_hash: person.name.as_deref().map(name_hash),
        })
    };
    let involved = plan.involved.iter().map(involved).collect::<Result<_, Refusal>>()?;
    let mut barred = barred(&case.body);
    // Who is selected sits already and is not drawn into the same panel.
    let numbers = plan.selected().iter().filter_map(|member| member.number.as_ref());
    barred.extend(numbers.map(|number| number.as_str().to_owned()));
    barred.sort();
    barred.dedup();
    Ok((involved, barred))
}

/// What a plan asks of a draw, its drawn sites filled in.
fn draw_draft(drawn: &[SiteView], plan: &Plan) -> DrawDraft {
    let codes = |regions: &[crate::codes::Region]| -> Vec<String> {
        regions.iter().map(|region| region.as_str().to_owned()).collect()
    };
    let group = |group: &PlanGroup| -> GroupDraft {
        let here = drawn.iter().find(|site| site.site == group.site).map(|site| vec![site.region.clone()]);
        let within = if group.of_site {
            here.unwrap_or_else(|| plan.sites.as_ref().map_or_else(Vec::new, |asked| codes(&asked.within)))
        } else {
            codes(&group.within)
        };
        GroupDraft {
            speciality: group.speciality.as_str().to_owned(),
            within,
            except: codes(&group.except),
            seats: group.seats,
            site: group.site,
        }
    };
    DrawDraft {
        package: plan.package.clone(),
        review_start: plan.review_start,
        groups: plan.groups.iter().map(group).collect(),
        calls: None,
    }
}

/// Seats of each group that no kept member fills, and how many kept members could fill it. A member kept
/// for a site takes the first group there that they can fill.
fn open_seats(people: &People, commitment: &Commitment) -> (Vec<u32>, Vec<u32>) {
    let mut open: Vec<u32> = commitment.groups.iter().map(|group| group.seats).collect();
    let mut able = vec![0; open.len()];
    for kept in &commitment.kept {
        let position = usize::try_from(kept.position()).ok();
        let mask = position.and_then(|position| people.leaves.get(position)).map_or(0, |leaf| leaf.groups);
        let mut seated = false;
        for (group, (seats, able)) in open.iter_mut().zip(&mut able).enumerate() {
            let bit = 1u32.checked_shl(u32::try_from(group).unwrap_or(u32::MAX)).unwrap_or(0);
            if mask & bit == 0 {
                continue;
            }
            *able += 1;
            let here = match kept {
                Kept::Group { group: fixed, .. } => usize::try_from(*fixed) == Ok(group + 1),
                Kept::Site { site, .. } => commitment.groups.get(group).is_some_and(|at| at.site == *site),
            };
            if here && !seated && *seats > 0 {
                *seats -= 1;
                seated = true;
            }
        }
    }
    (open, able)
}

/// Candidates by group.
fn counts(leaves: &[Leaf], groups: usize) -> Vec<u32> {
    let fills = |group: usize| {
        let bit = 1u32.checked_shl(u32::try_from(group).unwrap_or(u32::MAX)).unwrap_or(0);
        leaves.iter().filter(|leaf| leaf.groups & bit != 0).count()
    };
    (0..groups).map(|group| u32::try_from(fills(group)).unwrap_or(u32::MAX)).collect()
}
