//! Rules about time and frequency: free during the review, there and back (by hours, not by days); not
//! out of the package (财库〔2016〕198号 art 17, 财政部令第87号 art 67); load and pause (a deployment's choice
//! against predictable panels).
//!
//! *Invariant:* adding an engagement never turns fail into pass.

use crate::time::{Date, Timestamp};

use super::eligibility::Project;
use super::finding::Detail;
use super::people_facts::PersonFacts;

/// `availability`: no leave and no slot meets [start − travel, end + travel].
pub(super) fn availability(person: &PersonFacts<'_>, project: &Project, travel_hours: u32) -> Detail {
    let travel = i64::from(travel_hours) * 3600;
    let from = Timestamp(project.review_start.0.saturating_sub(travel));
    let to = Timestamp(project.review_end.0.saturating_add(travel));
    if person.expert.on_leave(from, to) {
        return Detail::OnLeave;
    }
    match person.engagements {
        None => Detail::EngagementsUnknown,
        Some(found) if found.slots.iter().any(|slot| slot.from < to && from < slot.to) => Detail::SlotTaken,
        Some(_) => Detail::Met,
    }
}

/// `no_repeat_in_draw`: neither barred by what happened in an earlier committee, nor out of the package
/// since an earlier attempt. A project without a package of its own (as in a request without a plan) has no
/// past.
pub(super) fn repeated(person: &PersonFacts<'_>, project: &Project) -> Detail {
    if project.barred.iter().any(|barred| barred == person.expert.number().as_str()) {
        return Detail::OutOfPackage;
    }
    match (&project.package, person.engagements) {
        (None, _) => Detail::Met,
        (Some(_), None) => Detail::EngagementsUnknown,
        (Some(package), Some(found)) if found.out_of.iter().any(|(out, _)| out == package) => {
            Detail::OutOfPackage
        }
        (Some(_), Some(_)) => Detail::Met,
    }
}

/// `load_cap`: fewer than `reviews` in the `days` before the review, slots to come included.
pub(super) fn load(person: &PersonFacts<'_>, review: Date, reviews: u32, days: u32) -> Detail {
    let Some(found) = person.engagements else { return Detail::EngagementsUnknown };
    let first = review.plus_days(-i64::from(days));
    let counts = |day: Date| first < day && day <= review;
    let past = found.reviews.iter().filter(|past| counts(past.day)).count();
    // A seat stands among the reviews.
    let to_come = found.slots.iter().filter(|slot| !slot.seated && counts(Date::of(slot.from))).count();
    let total = u32::try_from(past.saturating_add(to_come)).unwrap_or(u32::MAX);
    if total < reviews { Detail::Met } else { Detail::TooManyReviews }
}

/// `cooldown`: at least `days` since the last review for this purchaser or this agency.
pub(super) fn cooldown(person: &PersonFacts<'_>, project: &Project, days: u32) -> Detail {
    let Some(found) = person.engagements else { return Detail::EngagementsUnknown };
    let ours = |past: &&super::people_facts::PastReview| {
        project.same.same(&past.purchaser, &project.purchaser)
            || project.same.same(&past.agency, &project.agency)
    };
    let soon = |day: Date| {
        let apart = project.review_date.days_since(day);
        apart.abs() < i64::from(days)
    };
    if found.reviews.iter().filter(ours).any(|past| soon(past.day)) { Detail::TooSoon } else { Detail::Met }
}
