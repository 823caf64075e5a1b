//! Rules about expert and parties: employment at a supplier (实施条例 art 9(1), 财库〔2016〕198号 art 16),
//! at the purchaser (198号 art 16, 87号令 art 47) or at the agency (87号令 art 47), and declared units
//! (198号 art 7).
//!
//! An employment counts when it has not ended before *review − years*; one that ended exactly that
//! many years before the review counts still. A present employer always counts. The register of
//! directors, shareholders and relatives belongs to later rules of this family.

use crate::codes::CreditCode;
use crate::registry::Expert;
use crate::time::Date;

use super::eligibility::Project;
use super::finding::Detail;
use super::profile::Profile;

/// `conflict_employment_3y`, `own_unit_only_as_rep`, `no_agent_staff`: employment at one of `units`.
/// A known employment decides even where the present employer is not known.
pub(super) fn employment(expert: &Expert, units: &[CreditCode], review: Date, profile: &Profile) -> Detail {
    let years = i32::try_from(profile.employment_years()).unwrap_or(i32::MAX);
    let first_day = review.plus_years(-years);
    let present = expert.employments();
    // While a change of employer is open, old and new employers both count (198号 art 10).
    if expert.pending_units().iter().any(|unit| units.contains(unit))
        || present.unwrap_or_default().iter().any(|e| units.contains(&e.unit))
    {
        Detail::Employed
    } else if expert.past().iter().any(|p| p.to >= first_day && units.contains(&p.unit)) {
        Detail::EmployedBefore
    } else if present.is_none() {
        Detail::EmployerUnknown
    } else {
        Detail::Met
    }
}

/// `conflict_declared`: a declared unit is purchaser, agency or supplier.
pub(super) fn declared(expert: &Expert, project: &Project) -> Detail {
    let takes_part = |unit: &CreditCode| {
        let parties = [&project.purchaser, &project.agency].into_iter().chain(&project.suppliers);
        parties.into_iter().any(|party| project.same.same(party, unit))
    };
    if expert.declared_units().iter().any(takes_part) { Detail::Declared } else { Detail::Met }
}
