//! Numbers of the day (评审当日): when signing in begins and ends, how long a failure of a site may last.
//!
//! *Invariant:* every number has its source and how sure that is; a profile of version 2 brings its own.
//!
//! *Deliberately not here:* what follows from a time that is over (`service::day`).

use super::profile::{Profile, Status};
use super::registry_profile::{Mark, Number, Rule};

/// The numbers of a day, in minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRules {
    /// So long before the review starts signing in begins.
    pub opens: Number,
    /// So long after the start somebody may still sign in; later is absent.
    pub lateness: Number,
    /// A failure before the start may last so long before the purchaser has to decide.
    pub failure_before: Number,
    /// A failure during the review may last so long before the committee is formed anew.
    pub failure_during: Number,
}

impl DayRules {
    /// The numbers of a profile; the standard ones where it has none.
    pub fn of(profile: &Profile) -> Self {
        let standard = Self::standard();
        let Some(terms) = profile.terms() else { return standard };
        let hours =
            |number: &Number| Number { value: number.value.saturating_mul(60), rule: number.rule.clone() };
        Self {
            opens: standard.opens,
            lateness: terms.late_minutes.clone(),
            failure_before: hours(&terms.failure_before_hours),
            failure_during: hours(&terms.failure_during_hours),
        }
    }

    /// The numbers where a profile says no others.
    pub fn standard() -> Self {
        let number = |value, source: &str, mark| Number { value, rule: Rule { source: source.into(), mark } };
        let text = Mark::Source(Status::Text);
        let late = "福建做法（题库转述）：到时未签到即为迟到";
        Self {
            opens: number(120, "项目规则", Mark::Policy),
            lateness: number(0, late, Mark::Source(Status::Secondary)),
            failure_before: number(120, "丽江远程异地评标办法第20条", text),
            failure_during: number(240, "丽江远程异地评标办法第21条", text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::embedded;

    #[test]
    fn a_profile_of_version_1_leaves_the_standard_numbers_of_lijiang() {
        let rules = DayRules::of(&embedded("hunan-2023").unwrap());
        assert_eq!(rules, DayRules::standard());
        assert_eq!(
            (rules.failure_before.value, rules.failure_during.value, rules.lateness.value),
            (120, 240, 0)
        );
    }
}
