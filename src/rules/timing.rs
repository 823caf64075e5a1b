//! What must come before the draw of a plan, and when the draw may begin (财库〔2016〕198号 arts 12, 14):
//! confirmation, approval, sub-venues, not too early, enough candidates. Days are China's; working days
//! follow the State Council's notices with 调休 ([`Calendar`]), and a year without a notice is unknown.
//!
//! *Deliberately not here:* a clock; who confirms and approves.

use super::facts::PlanFacts;
use super::parameters::{Parameters, RemoteExempt};
use super::plan_finding::{PlanFinding, Said, about, fail, pass, unknown};
use super::profile::Profile;
use super::rule::Rule;
use crate::time::{Calendar, Date, OutsideCalendar, Timestamp};

/// What the rules say of a draw of this plan that begins now, in the order of [`Rule::ALL`].
pub fn findings(
    plan: &PlanFacts,
    profile: &Profile,
    now: Timestamp,
    calendar: &Calendar,
) -> Vec<PlanFinding> {
    let given = profile.parameters();
    about(
        plan,
        profile,
        &[
            (Rule::PlanConfirmed, &|| {
                let texts = ["采购人已确认", "采购人未确认抽取方案", "采购人是否确认不明"];
                yes(plan.confirmed, texts, "the purchaser's confirmation")
            }),
            (Rule::PlanApproved, &|| {
                let texts = ["财政部门已审核", "财政部门未审核抽取方案", "财政部门是否审核不明"];
                yes(plan.approved, texts, "the approval of the finance bureau")
            }),
            (Rule::SubVenueFirst, &|| sub_venue(plan)),
            (Rule::DrawNotTooEarly, &|| too_early(plan, given, now, calendar)),
            (Rule::MinPoolRatio, &|| pool_ratio(plan, given)),
        ],
    )
}

/// The first day on which a plan may be drawn; `Ok(None)`: any day.
///
/// # Errors
/// [`OutsideCalendar`] when the notice of a year on the way is not known.
pub fn earliest_draw(
    plan: &PlanFacts,
    profile: &Profile,
    calendar: &Calendar,
) -> Result<Option<Date>, OutsideCalendar> {
    if !profile.applies(Rule::DrawNotTooEarly) {
        return Ok(None);
    }
    let given = profile.parameters();
    let remote = match given.earliest_remote {
        Some(RemoteExempt::All) => plan.remote == Some(true),
        Some(RemoteExempt::CrossProvince) => plan.remote == Some(true) && plan.other_province(),
        Some(RemoteExempt::None) | None => false,
    };
    if remote || given.earliest_exempt.contains(&plan.method) {
        return Ok(None);
    }
    calendar.working_days_before(plan.review_date(), given.earliest_working_days).map(Some)
}

fn yes(fact: Option<bool>, [done, missing, open]: [&str; 3], what: &str) -> Said {
    match fact {
        Some(true) => pass(done, format!("{what} is there")),
        Some(false) => fail(missing, format!("{what} is missing")),
        None => unknown(open, format!("{what} is not known")),
    }
}

/// `sub_venue_first`: of a remote review.
fn sub_venue(plan: &PlanFacts) -> Said {
    match (plan.remote, plan.venues_drawn) {
        (Some(false), _) => pass("不采用异地评审", "not a remote review"),
        (Some(true), Some(true)) => pass("分会场已抽取", "the sub-venues were drawn"),
        (Some(true), Some(false)) => fail("应先抽取分会场再抽取专家", "the sub-venues must be drawn first"),
        (Some(true), None) => unknown("分会场是否已抽取不明", "whether sub-venues were drawn is not known"),
        (None, _) => unknown("未注明是否异地评审", "whether the review is remote is not stated"),
    }
}

/// `draw_not_too_early`.
fn too_early(plan: &PlanFacts, given: &Parameters, now: Timestamp, calendar: &Calendar) -> Said {
    let remote = given.earliest_remote.unwrap_or(RemoteExempt::None);
    if given.earliest_exempt.contains(&plan.method) {
        let (zh, en) = (plan.method.title_zh(), plan.method.title_en());
        return pass(format!("{zh}不受此限"), format!("no limit for {en}"));
    }
    let across = remote == RemoteExempt::All || plan.other_province();
    if remote != RemoteExempt::None && plan.remote == Some(true) && across {
        return pass(format!("{}不受此限", remote.title_zh()), "no limit for this remote review");
    }
    let days = given.earliest_working_days;
    let earliest = match calendar.working_days_before(plan.review_date(), days) {
        Ok(earliest) => earliest,
        Err(outside) => return unknown(outside.message_zh(), outside.to_string()),
    };
    if Date::of(now) >= earliest {
        return pass(
            format!("评审前{days}个工作日（{earliest}）起可以抽取"),
            format!("may be drawn from {earliest}, {days} working days before the review"),
        );
    }
    // The day is too early unless the review turns out to be remote.
    if remote != RemoteExempt::None && plan.remote.is_none() && across {
        return unknown("未注明是否异地评审", "whether the review is remote is not stated");
    }
    fail(
        format!("抽取早于评审前{days}个工作日，{earliest}起方可抽取"),
        format!("earlier than {days} working days before the review: from {earliest} on"),
    )
}

/// `min_pool_ratio`: candidates ≥ ratio × seats in every group. Counts are told coarsely: only whether
/// they suffice.
fn pool_ratio(plan: &PlanFacts, given: &Parameters) -> Said {
    let Some(pools) = &plan.pools else {
        return unknown("候选人数尚未统计", "the candidates were not counted yet");
    };
    let ratio = u64::from(given.pool_ratio);
    let short = plan.groups.iter().enumerate().find(|(number, group)| {
        let there = pools.get(*number).copied().unwrap_or(0);
        u64::from(there) < ratio * u64::from(group.seats)
    });
    match short {
        None => pass(
            format!("各席位组候选人数不少于席位数的{ratio}倍"),
            format!("at least {ratio} candidates for each seat"),
        ),
        Some((number, _)) => fail(
            format!("席位组{}候选人数不足席位数的{ratio}倍", number + 1),
            format!("group {} has fewer than {ratio} candidates for each seat", number + 1),
        ),
    }
}
