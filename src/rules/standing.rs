//! Rules about the expert alone: in the registry, confirmed, within the term (财库〔2016〕198号 arts 2, 4, 11),
//! neither banned nor suspended (实施条例 art 75), age, title and years in the field (198号 art 6(2)(5),
//! provinces by profile), electronic evaluation. All of them on the day of the review, not of the draw.
//!
//! Age, title and years may be relaxed for scarce specialities (art 6, last paragraph). The relaxation
//! counts for the seats that ask for one of those specialities, and for no others.

use crate::registry::{Expert, Standing, TitleLevel};
use crate::time::Date;

use super::eligibility::Project;
use super::finding::Detail;
use super::parameters::Parameters;
use super::profile::Profile;

/// `status_active`: neither dismissed, deceased nor merged into another record, not stale, first day
/// of the term ≤ review ≤ last day. Profiles of version 1 have no rule about time: there a leave during
/// the review counts here.
pub(super) fn status_active(expert: &Expert, project: &Project, profile: &Profile) -> Detail {
    let review = project.review_date;
    match expert.standing() {
        Standing::Dismissed(_) => return Detail::Dismissed,
        Standing::Deceased => return Detail::Deceased,
        Standing::Merged(_) => return Detail::Merged,
        Standing::Stale(_) => return Detail::Stale,
        Standing::Active | Standing::Suspended(_) | Standing::Banned => {}
    }
    if review < expert.term_from() {
        Detail::TermNotBegun
    } else if review > expert.term_to() {
        Detail::TermOver
    } else if profile.version() == 1 && expert.on_leave(project.review_start, project.review_end) {
        Detail::OnLeave
    } else {
        Detail::Met
    }
}

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

/// `age_limit`: fewer completed years of life (周岁) than the limit; so somebody is out from that
/// birthday on.
pub(super) fn younger(expert: &Expert, review: Date, limit: u32) -> Detail {
    let age = i64::from(expert.birth().age_on(review));
    if age < i64::from(limit) { Detail::Met } else { Detail::TooOld }
}

/// `title_or_equal`: the level, or what was accepted as equal to it.
pub(super) fn title(expert: &Expert, given: &Parameters) -> Detail {
    let level = given.title.unwrap_or(TitleLevel::Intermediate);
    if expert.title_level() >= level || expert.particulars().equal_level.is_some() {
        Detail::Met
    } else {
        Detail::TitleTooLow
    }
}

/// `years_in_field`: as many as the title asks. What was accepted as equal counts as intermediate.
pub(super) fn years(expert: &Expert, review: Date, given: &Parameters) -> Detail {
    let years = match expert.title_level() {
        TitleLevel::Senior | TitleLevel::DeputySenior => given.years_senior,
        TitleLevel::Intermediate | TitleLevel::Junior | TitleLevel::None => given.years_intermediate,
    };
    in_field(expert, review, Some(years))
}

/// The years for scarce specialities, by the highest degree.
pub(super) fn years_scarce(expert: &Expert, review: Date, given: &Parameters) -> Detail {
    // GB/T 4658: 11 博士研究生毕业, 14 硕士研究生毕业.
    let has = |code: &str| expert.particulars().educations.iter().any(|e| e.level.as_str() == code);
    let years = if has("11") {
        given.years_scarce_doctor
    } else if has("14") {
        given.years_scarce_master
    } else {
        None
    };
    in_field(expert, review, years)
}

fn in_field(expert: &Expert, review: Date, years: Option<u32>) -> Detail {
    let enough = |years: u32| {
        let years = i32::try_from(years).unwrap_or(i32::MAX);
        years == 0 || expert.field_since().plus_years(years) <= review
    };
    if years.is_some_and(enough) { Detail::Met } else { Detail::YearsTooFew }
}

/// `e_skill`.
pub(super) fn e_skill(expert: &Expert) -> Detail {
    match expert.particulars().e_evaluation {
        Some(true) => Detail::Met,
        Some(false) => Detail::NoESkill,
        None => Detail::ESkillUnknown,
    }
}
