//! Rules about expert and requirement: speciality and region (财库〔2016〕198号 arts 4, 8).
//!
//! An expert matches a requirement when **one** speciality serves it and **one** review region lies
//! where it asks. The regions of `except` are taken away from each region of the expert, not from
//! the expert: who reviews in the host city and in another one can fill either kind of seat.

use crate::codes::{Region, Speciality};
use crate::registry::Expert;

use super::eligibility::Requirement;

/// Which of the two rules a requirement meets.
pub(super) struct Match {
    pub speciality: bool,
    pub region: bool,
}

/// How an expert stands to one requirement.
pub(super) fn matches(expert: &Expert, requirement: &Requirement) -> Match {
    Match {
        speciality: expert.specialities().iter().any(|claim| serves(&requirement.speciality, claim)),
        region: expert.regions().iter().any(|region| lies(*region, requirement)),
    }
}

fn serves(required: &Speciality, claim: &Speciality) -> bool {
    required.covers(claim)
}

fn lies(region: Region, requirement: &Requirement) -> bool {
    let inside = requirement.within.is_empty() || requirement.within.iter().any(|r| region.is_within(r));
    inside && !requirement.except.iter().any(|r| region.is_within(r))
}
