//! Working days (工作日): weekdays, corrected by the State Council's yearly notices on public holidays
//! and on the weekend days that are worked in exchange (调休).
//!
//! The table is data, derived by `tools/derive_workdays.py`. The notice for a year appears in the
//! last months of the year before; until then the table does not cover it, and a question about it
//! is an error, never a guess. A deployment that cannot wait for a build reads a newer file with
//! [`Calendar::parse`].
//!
//! Form of the file: comment lines begin with `#`; then `date,kind`; then rows `YYYY,covered` (the
//! table is complete for that year) and `YYYY-MM-DD,off` or `YYYY-MM-DD,work`, ascending.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use thiserror::Error;

use super::Date;
use super::date::decimal;

/// The days that are not what their weekday says, and the years for which all of them are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeSet<i32>,
    exceptions: BTreeMap<Date, bool>,
}

/// A day of a year that the table does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the table of working days does not cover {0}")]
pub struct OutsideCalendar(
    /// The day in question.
    pub Date,
);

impl OutsideCalendar {
    /// The same message in Chinese.
    pub fn message_zh(&self) -> String {
        format!("工作日历表未涵盖 {}", self.0)
    }
}

/// Why a table of working days cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The first line that is no comment must be `date,kind`.
    #[error("line {0}: the columns must be date,kind")]
    Columns(usize),
    /// A row that is none of the three forms.
    #[error("line {0}: expected YYYY,covered or YYYY-MM-DD,off or YYYY-MM-DD,work")]
    Row(usize),
    /// A year or day that stands there twice, or a day outside the years covered.
    #[error("line {0}: the day is repeated, or its year is not covered")]
    Misplaced(usize),
}

impl Calendar {
    /// The table that is part of this build.
    pub fn embedded() -> &'static Calendar {
        static EMBEDDED: LazyLock<Calendar> = LazyLock::new(|| {
            // Were the embedded file bad, no year would be covered: every question an error. A test
            // below shows that it is good.
            Calendar::parse(include_str!("data/workdays.csv"))
                .unwrap_or(Calendar { years: BTreeSet::new(), exceptions: BTreeMap::new() })
        });
        &EMBEDDED
    }

    /// Reads a table of the form described at the head of this module.
    ///
    /// # Errors
    /// The first line that cannot be used, by number from 1.
    pub fn parse(text: &str) -> Result<Calendar, CalendarError> {
        let mut calendar = Calendar { years: BTreeSet::new(), exceptions: BTreeMap::new() };
        let mut columns_seen = false;
        for (number, line) in (1..).zip(text.lines()) {
            if line.starts_with('#') {
                continue;
            }
            if !columns_seen {
                columns_seen = line == "date,kind";
                if !columns_seen {
                    return Err(CalendarError::Columns(number));
                }
                continue;
            }
            let misplaced = match line.split_once(',') {
                Some((year, "covered")) if year.len() == 4 => {
                    let year = decimal(year.as_bytes()).and_then(|year| i32::try_from(year).ok());
                    !calendar.years.insert(year.ok_or(CalendarError::Row(number))?)
                }
                Some((date, kind @ ("off" | "work"))) => {
                    let date = Date::parse(date).map_err(|_| CalendarError::Row(number))?;
                    !calendar.years.contains(&date.year())
                        || calendar.exceptions.insert(date, kind == "work").is_some()
                }
                _ => return Err(CalendarError::Row(number)),
            };
            if misplaced {
                return Err(CalendarError::Misplaced(number));
            }
        }
        if columns_seen { Ok(calendar) } else { Err(CalendarError::Columns(text.lines().count().max(1))) }
    }

    /// The years that the table covers, ascending.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.years.iter().copied()
    }

    /// Whether people work on that day.
    ///
    /// # Errors
    /// [`OutsideCalendar`] when the year is not covered.
    pub fn is_working_day(&self, day: Date) -> Result<bool, OutsideCalendar> {
        if !self.years.contains(&day.year()) {
            return Err(OutsideCalendar(day));
        }
        Ok(self.exceptions.get(&day).copied().unwrap_or(!day.weekday().is_weekend()))
    }

    /// The n-th working day before `day`, `day` itself not counted; `day` itself for n = 0.
    ///
    /// # Errors
    /// [`OutsideCalendar`] with the first day on the way whose year is not covered.
    pub fn working_days_before(&self, day: Date, n: u32) -> Result<Date, OutsideCalendar> {
        self.walk(day, n, -1)
    }

    /// The n-th working day after `day`, `day` itself not counted; `day` itself for n = 0.
    ///
    /// # Errors
    /// [`OutsideCalendar`] with the first day on the way whose year is not covered.
    pub fn working_days_after(&self, day: Date, n: u32) -> Result<Date, OutsideCalendar> {
        self.walk(day, n, 1)
    }

    fn walk(&self, from: Date, n: u32, step: i64) -> Result<Date, OutsideCalendar> {
        let (mut day, mut left) = (from, n);
        while left > 0 {
            let next = day.plus_days(step);
            // Dates stop at the end of their range: without this the walk would never end there.
            if next == day {
                return Err(OutsideCalendar(day));
            }
            day = next;
            if self.is_working_day(day)? {
                left -= 1;
            }
        }
        Ok(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn works(text: &str) -> bool {
        Calendar::embedded().is_working_day(date(text)).unwrap()
    }

    #[test]
    fn the_embedded_table_names_its_source_and_covers_its_years() {
        let text = include_str!("data/workdays.csv");
        assert!(text.starts_with("# source: PyPI chinesecalendar "));
        assert_eq!(&Calendar::parse(text).unwrap(), Calendar::embedded());
        assert_eq!(Calendar::embedded().years().collect::<Vec<_>>(), (2010..=2026).collect::<Vec<_>>());
        // Days of rest by notice: between 11 and 13 holidays a year and the weekends beside them.
        for year in Calendar::embedded().years() {
            let rest = Calendar::embedded()
                .exceptions
                .iter()
                .filter(|(day, work)| day.year() == year && !**work)
                .count();
            assert!((20..=40).contains(&rest), "{year}: {rest}");
        }
    }

    #[test]
    fn only_weekend_days_are_worked_in_exchange() {
        for (day, work) in &Calendar::embedded().exceptions {
            assert!(!work || day.weekday().is_weekend(), "{day}");
        }
    }

    #[test]
    fn the_notice_for_2026_is_followed() {
        // 国庆节: 1–7 October off; 20 September (Sunday) and 10 October (Saturday) worked.
        for off in ["2026-10-01", "2026-10-07", "2026-02-23", "2026-10-11", "2026-11-22"] {
            assert!(!works(off), "{off}");
        }
        for work in ["2026-09-20", "2026-10-10", "2026-10-08", "2026-02-14", "2026-11-24"] {
            assert!(works(work), "{work}");
        }
    }

    #[test]
    fn two_working_days_before_a_review_step_over_holidays() {
        let calendar = Calendar::embedded();
        assert_eq!(calendar.working_days_before(date("2026-11-24"), 2), Ok(date("2026-11-20")));
        assert_eq!(calendar.working_days_before(date("2026-10-08"), 2), Ok(date("2026-09-29")));
        assert_eq!(calendar.working_days_after(date("2026-09-30"), 2), Ok(date("2026-10-09")));
        assert_eq!(calendar.working_days_after(date("2026-09-30"), 0), Ok(date("2026-09-30")));
        // Five days on, over the holidays and through the worked Saturday.
        assert_eq!(calendar.working_days_after(date("2026-09-30"), 5), Ok(date("2026-10-13")));
    }

    #[test]
    fn a_year_without_a_notice_is_an_error_and_no_guess() {
        let calendar = Calendar::embedded();
        let (first, last) = (date("2027-01-01"), date("2009-12-31"));
        assert_eq!(calendar.is_working_day(first), Err(OutsideCalendar(first)));
        assert_eq!(calendar.working_days_after(date("2026-12-31"), 1), Err(OutsideCalendar(first)));
        assert_eq!(calendar.working_days_before(date("2010-01-01"), 1), Err(OutsideCalendar(last)));
        assert_eq!(calendar.working_days_before(Date::MIN, 1), Err(OutsideCalendar(Date::MIN)));
        // From the first days of an uncovered year back into a covered one no uncovered day counts.
        assert_eq!(calendar.working_days_before(first, 1), Ok(date("2026-12-31")));
    }

    #[test]
    fn a_bad_table_is_refused_with_its_line() {
        use CalendarError::{Columns, Misplaced, Row};
        for (text, error) in [
            ("", Columns(1)),
            ("# only a comment\n", Columns(1)),
            ("day,kind\n", Columns(1)),
            ("date,kind\n2026-01-01,off\n", Misplaced(2)),
            ("date,kind\n2026,covered\n2026,covered\n", Misplaced(3)),
            ("date,kind\n2026,covered\n2026-01-01,off\n2026-01-01,work\n", Misplaced(4)),
            ("date,kind\n2026,covered\n2026-01-01,rest\n", Row(3)),
            ("date,kind\n2026,covered\n2026-02-30,off\n", Row(3)),
            ("# c\ndate,kind\nyear,covered\n", Row(3)),
        ] {
            assert_eq!(Calendar::parse(text), Err(error), "{text}");
        }
    }
}
