//! Rules about the expert alone: in the registry, confirmed, within the term, not on leave (财库〔2016〕198号 arts 2, 4, 11),
//! neither banned nor suspended (实施条例 art 75), age (198号 art 6(5), provinces by profile). All of
//! them on the day of the review, not of the draw.

use crate::registry::{Expert, Standing};
use crate::time::{Date, Timestamp};

use super::eligibility::Project;
use super::finding::Detail;
use super::profile::Profile;

/// `status_active`: neither dismissed, deceased nor merged into another record, not stale, first day
/// of the term ≤ review ≤ last day, no leave during the review.
pub(super) fn status_active(expert: &Expert, project: &Project) -> Detail {
    let review = project.review_date;
    match expert.standing() {
        Standing::Dismissed(_) => return Detail::Dismissed,
        Standing::Deceased => return Detail::Deceased,
        Standing::Merged(_) => return Detail::Merged,
        Standing::Stale(_) => return Detail::Stale,
        Standing::Active | Standing::Suspended(_) | Standing::Banned => {}
    }
    let from = project.review_start;
    // A request does not say yet how long the review will take: a working day is assumed.
    let to = Timestamp(from.0.saturating_add(REVIEW_SECONDS));
    if review < expert.term_from() {
        Detail::TermNotBegun
    } else if review > expert.term_to() {
        Detail::TermOver
    } else if expert.on_leave(from, to) {
        Detail::OnLeave
    } else {
        Detail::Met
    }
}

/// How long a review is taken to last: eight hours.
const REVIEW_SECONDS: i64 = 8 * 3600;

/// `not_banned_not_suspended`.
pub(super) fn not_banned_not_suspended(expert: &Expert, review: Date) -> Detail {
    match expert.standing().on(review) {
        Standing::Banned => Detail::Banned,
        Standing::Suspended(_) => Detail::Suspended,
        Standing::Active
        | Standing::Stale(_)
        | Standing::Dismissed(_)
        | Standing::Deceased
        | Standing::Merged(_) => Detail::Met,
    }
}

/// `age_limit`: fewer completed years of life (周岁) than the profile's `max_age`; so somebody is out
/// from that birthday on.
pub(super) fn age_limit(expert: &Expert, review: Date, profile: &Profile) -> Detail {
    let age = i64::from(expert.birth().age_on(review));
    if age < i64::from(profile.max_age()) { Detail::Met } else { Detail::TooOld }
}
