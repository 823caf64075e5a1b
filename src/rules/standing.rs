//! Rules about the expert alone: in the registry and within the term (财库〔2016〕198号 arts 2, 11),
//! neither banned nor suspended (实施条例 art 75), age (198号 art 6(5), provinces by profile). All of
//! them on the day of the review, not of the draw.

use crate::registry::{Expert, Standing};
use crate::time::Date;

use super::finding::Detail;
use super::profile::Profile;

/// `status_active`: not dismissed, first day of the term ≤ review ≤ last day.
pub(super) fn status_active(expert: &Expert, review: Date) -> Detail {
    if matches!(expert.standing(), Standing::Dismissed(_)) {
        Detail::Dismissed
    } else if review < expert.term_from() {
        Detail::TermNotBegun
    } else if review > expert.term_to() {
        Detail::TermOver
    } else {
        Detail::Met
    }
}

/// `not_banned_not_suspended`.
pub(super) fn not_banned_not_suspended(expert: &Expert, review: Date) -> Detail {
    match expert.standing().on(review) {
        Standing::Banned => Detail::Banned,
        Standing::Suspended(_) => Detail::Suspended,
        Standing::Active | Standing::Dismissed(_) => Detail::Met,
    }
}

/// `age_limit`: fewer completed years of life (周岁) than the profile's `max_age`; so somebody is out
/// from that birthday on.
pub(super) fn age_limit(expert: &Expert, review: Date, profile: &Profile) -> Detail {
    let age = i64::from(expert.id().birth_date().age_on(review));
    if age < i64::from(profile.max_age()) { Detail::Met } else { Detail::TooOld }
}
