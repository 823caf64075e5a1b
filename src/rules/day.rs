//! Numbers of the day (评审当日): when signing in begins and ends, how long a failure of a site may last.
//!
//! *Invariant:* every number has its source and how sure that is; a deployment corrects it in its profile.
//!
//! *Deliberately not here:* what follows from a time that is over (`service::day`).

use super::profile::Status;
use super::registry_profile::Mark;

/// A number of minutes with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minutes {
    /// The number.
    pub value: i64,
    /// Its source.
    pub source: &'static str,
    /// How sure.
    pub mark: Mark,
}

/// The numbers of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRules {
    /// So long before the review starts signing in begins.
    pub opens: Minutes,
    /// So long after the start somebody may still sign in; later is absent.
    pub lateness: Minutes,
    /// A failure before the start may last so long before the purchaser has to decide.
    pub failure_before: Minutes,
    /// A failure during the review may last so long before the committee is formed anew.
    pub failure_during: Minutes,
}

impl DayRules {
    /// The numbers where a profile says no others.
    pub const STANDARD: Self = Self {
        opens: Minutes { value: 120, source: "项目规则", mark: Mark::Policy },
        lateness: Minutes {
            value: 0,
            source: "福建做法（题库转述）：到时未签到即为迟到",
            mark: Mark::Source(Status::Secondary),
        },
        failure_before: Minutes {
            value: 120,
            source: "丽江远程异地评标办法第20条",
            mark: Mark::Source(Status::Text),
        },
        failure_during: Minutes {
            value: 240,
            source: "丽江远程异地评标办法第21条",
            mark: Mark::Source(Status::Text),
        },
    };

    /// First and last second at which somebody may sign in for a review that starts at a time.
    pub fn sign_in(&self, start: i64) -> (i64, i64) {
        (start.saturating_sub(self.opens.value * 60), start.saturating_add(self.lateness.value * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_lasts_from_two_hours_before_to_the_start_itself() {
        let (from, to) = DayRules::STANDARD.sign_in(1_000_000);
        assert_eq!((from, to), (1_000_000 - 7_200, 1_000_000));
        let late = Minutes { value: 15, ..DayRules::STANDARD.lateness };
        assert_eq!(DayRules { lateness: late, ..DayRules::STANDARD }.sign_in(1_000_000).1, 1_000_900);
    }
}
