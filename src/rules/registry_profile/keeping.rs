//! Section `keeping`: the term of appointment, reminders before something ends, the yearly
//! confirmation and when an unconfirmed record becomes stale (198号 arts 4, 10: 动态管理, changes in
//! time). No instrument at hand states the numbers: they are the owner's (`P`) unless marked otherwise.

use crate::codec::{Fields, ShapeError};

use super::read::{self, Number, Rule};

/// How long an appointment lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Years of a first term.
    pub years: Number,
    /// Years of each renewal.
    pub renewal_years: Number,
    /// So many days before its end a term may be renewed.
    pub renewal_days_before: Number,
}

/// The section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// The term.
    pub term: Term,
    /// So many days before a term, an age limit or a certificate ends there are reminders, descending.
    pub reminder_days: Vec<u32>,
    /// Source of the reminders.
    pub reminder_rule: Rule,
    /// An expert confirms the record after so many months.
    pub confirmation_months: Number,
    /// Unconfirmed for so many months: the record is stale and not drawn.
    pub stale_months: Number,
    /// Hours before a review from when leave is no longer taken.
    pub leave_cutoff_hours: Number,
    /// Working days until a case of a special check has to be answered.
    pub check_working_days: Number,
}

impl Keeping {
    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let term = f.object("term", |f| {
            Ok(Term {
                years: read::number(f, "years", 1, 50)?,
                renewal_years: read::number(f, "renewal_years", 1, 50)?,
                renewal_days_before: read::number(f, "renewal_days_before", 0, 3_660)?,
            })
        })?;
        let (reminder_days, reminder_rule) =
            f.object("reminder_days", |f| Ok((read::numbers(f, "value", 0, 3_660)?, read::rule(f)?)))?;
        let keeping = Self {
            term,
            reminder_days,
            reminder_rule,
            confirmation_months: read::number(f, "confirmation_months", 1, 120)?,
            stale_months: read::number(f, "stale_months", 1, 240)?,
            leave_cutoff_hours: read::number(f, "leave_cutoff_hours", 0, 720)?,
            check_working_days: read::number(f, "check_working_days", 1, 366)?,
        };
        if keeping.stale_months.value < keeping.confirmation_months.value {
            return Err(f.wrong("stale_months", "must not be less than confirmation_months"));
        }
        Ok(keeping)
    }
}
