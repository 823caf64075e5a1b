//! Legal dates: a day of the China calendar (UTC+8), valid by construction, 1900–2199.
//!
//! The range holds every birth date and every term the registry can meet; arithmetic that would
//! leave it stops at [`Date::MIN`] or [`Date::MAX`], so that no sum of dates can fail. Whoever takes
//! a date from outside uses [`Date::parse`], [`Date::new`] or [`Date::checked_of`], which refuse
//! what lies beyond.
//!
//! Periods of years follow 民法典 art 202: a period ends on the corresponding day of its last month,
//! and where there is none, on that month's last day. So 29 February plus one year is 28 February.

use std::fmt;

use super::{TimeError, Timestamp};

/// China standard time: seconds east of UTC.
const CHINA_OFFSET: i64 = 8 * 3600;
const SECONDS_PER_DAY: i64 = 86_400;

/// A calendar date in China.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    // The order of the fields is the order of dates.
    year: i16,
    month: u8,
    day: u8,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// 星期一
    Monday,
    /// 星期二
    Tuesday,
    /// 星期三
    Wednesday,
    /// 星期四
    Thursday,
    /// 星期五
    Friday,
    /// 星期六
    Saturday,
    /// 星期日
    Sunday,
}

impl Weekday {
    /// Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        matches!(self, Weekday::Saturday | Weekday::Sunday)
    }
}

impl Date {
    /// 1900-01-01.
    pub const MIN: Date = Date { year: 1900, month: 1, day: 1 };
    /// 2199-12-31.
    pub const MAX: Date = Date { year: 2199, month: 12, day: 31 };

    /// The date of that year, month (1–12) and day (1–31).
    ///
    /// # Errors
    /// [`TimeError::Year`] outside 1900–2199, [`TimeError::NoSuchDay`] for 31 April and its like.
    pub fn new(year: i32, month: u32, day: u32) -> Result<Date, TimeError> {
        let year = i16::try_from(year).map_err(|_| TimeError::Year)?;
        if !(Date::MIN.year..=Date::MAX.year).contains(&year) {
            return Err(TimeError::Year);
        }
        let month = u8::try_from(month).map_err(|_| TimeError::NoSuchDay)?;
        let day = u8::try_from(day).map_err(|_| TimeError::NoSuchDay)?;
        if day == 0 || day > month_length(year, month) {
            return Err(TimeError::NoSuchDay);
        }
        Ok(Date { year, month, day })
    }

    /// Reads exactly `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`TimeError::DateForm`] for another form, else as [`Date::new`].
    pub fn parse(text: &str) -> Result<Date, TimeError> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(TimeError::DateForm);
        };
        let number = |digits: &[u8]| decimal(digits).ok_or(TimeError::DateForm);
        let year = number(&[*y1, *y2, *y3, *y4])?;
        let (month, day) = (number(&[*m1, *m2])?, number(&[*d1, *d2])?);
        Date::new(i32::try_from(year).map_err(|_| TimeError::Year)?, month, day)
    }

    /// The date in China at that moment; a moment outside 1900–2199 gives the nearest end.
    pub fn of(moment: Timestamp) -> Date {
        Date::from_days(moment.0.saturating_add(CHINA_OFFSET).div_euclid(SECONDS_PER_DAY))
    }

    /// The date in China at that moment; `None` outside 1900–2199. For times from outside.
    pub fn checked_of(moment: Timestamp) -> Option<Date> {
        let date = Date::of(moment);
        let seconds = moment.0.saturating_sub(date.start().0);
        (0..SECONDS_PER_DAY).contains(&seconds).then_some(date)
    }

    /// Midnight in China, when the date begins.
    pub fn start(self) -> Timestamp {
        Timestamp(self.days() * SECONDS_PER_DAY - CHINA_OFFSET)
    }

    /// The corresponding day so many years later (earlier if negative). 29 February becomes
    /// 28 February where there is none: 民法典 art 202, the last day of the month.
    pub fn plus_years(self, years: i32) -> Date {
        let year = i32::from(self.year).saturating_add(years);
        match i16::try_from(year) {
            Ok(year) if year > Date::MAX.year => Date::MAX,
            Ok(year) if year < Date::MIN.year => Date::MIN,
            Ok(year) => Date { year, day: self.day.min(month_length(year, self.month)), ..self },
            Err(_) if years > 0 => Date::MAX,
            Err(_) => Date::MIN,
        }
    }

    /// The corresponding day so many months later, or that month's last (民法典 arts 201, 202).
    pub fn plus_months(self, months: u32) -> Date {
        let month = u32::from(self.month) - 1 + months;
        let year = self.plus_years(i32::try_from(month / 12).unwrap_or(i32::MAX));
        if year == Date::MAX {
            return year;
        }
        let month = u8::try_from(month % 12 + 1).unwrap_or(1);
        Date { year: year.year, month, day: self.day.min(month_length(year.year, month)) }
    }

    /// So many days later (earlier if negative).
    pub fn plus_days(self, days: i64) -> Date {
        Date::from_days(self.days().saturating_add(days))
    }

    /// Days from `earlier` to this date; negative if `earlier` is later.
    pub fn days_since(self, earlier: Date) -> i64 {
        self.days() - earlier.days()
    }

    /// Completed years of life (周岁) on `day` of a person born on this date: the greatest n with
    /// `birth.plus_years(n) <= day`. One who is born on 29 February completes a year on 28 February
    /// of a common year. Negative if `day` lies before the birth.
    pub fn age_on(self, day: Date) -> i32 {
        let years = i32::from(day.year) - i32::from(self.year);
        if self.plus_years(years) <= day { years } else { years - 1 }
    }

    /// Day of the week.
    pub fn weekday(self) -> Weekday {
        // Day 0, 1970-01-01, was a Thursday.
        match (self.days() + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// 1900–2199.
    pub fn year(self) -> i32 {
        i32::from(self.year)
    }

    /// 1–12.
    pub fn month(self) -> u32 {
        u32::from(self.month)
    }

    /// 1–31.
    pub fn day(self) -> u32 {
        u32::from(self.day)
    }

    /// Days since 1970-01-01.
    fn days(self) -> i64 {
        days_from_civil(i64::from(self.year), i64::from(self.month), i64::from(self.day))
    }

    fn from_days(days: i64) -> Date {
        // Clamped first: the ends are what the range stops at, and nothing below can overflow.
        let days = days.clamp(Date::MIN.days(), Date::MAX.days());
        let (year, month, day) = civil_from_days(days);
        Date {
            year: i16::try_from(year).unwrap_or(Date::MAX.year),
            month: u8::try_from(month).unwrap_or(12),
            day: u8::try_from(day).unwrap_or(31),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Date, TimeError> {
        Date::parse(text)
    }
}

/// ASCII digits as a number; `None` for any other character or none at all (nine digits at most).
pub(super) fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |sum: u32, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

/// Days in a month; 0 for a month that is none.
fn month_length(year: i16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date. The year is made to begin in March, so that
/// the leap day is its last; 400 years always have 146,097 days.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn every_day_of_the_range_follows_the_one_before_it() {
        let mut day = Date::MIN;
        let mut count = 1;
        while day < Date::MAX {
            let next = day.plus_days(1);
            assert!(next > day, "{day} {next}");
            assert_eq!(next.days_since(day), 1);
            assert_eq!(next.plus_days(-1), day);
            assert_eq!(date(&next.to_string()), next);
            assert_eq!(Date::of(next.start()), next);
            assert_eq!(Date::of(Timestamp(next.start().0 - 1)), day);
            day = next;
            count += 1;
        }
        // 300 years, 73 of them leap years: every fourth of 75, without 1900 and 2100.
        assert_eq!(count, 300 * 365 + 73);
    }

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        assert_eq!(Date::of(Timestamp(0)), date("1970-01-01"));
        assert_eq!(date("2026-11-24").start(), Timestamp::parse("2026-11-23T16:00:00Z").unwrap());
        assert_eq!(Date::of(Timestamp::parse("2026-11-23T16:00:00Z").unwrap()), date("2026-11-24"));
        assert_eq!(Date::of(Timestamp::parse("2026-11-23T15:59:59Z").unwrap()), date("2026-11-23"));
    }

    #[test]
    fn weekdays_are_those_of_the_calendar_on_the_wall() {
        assert_eq!(date("1970-01-01").weekday(), Weekday::Thursday);
        assert_eq!(date("2026-11-24").weekday(), Weekday::Tuesday);
        assert_eq!(date("1900-01-01").weekday(), Weekday::Monday);
        assert!(date("2026-11-22").weekday().is_weekend() && !date("2026-11-23").weekday().is_weekend());
    }

    #[test]
    fn years_end_on_the_corresponding_day_or_the_last_of_its_month() {
        assert_eq!(date("2024-02-29").plus_years(1), date("2025-02-28"));
        assert_eq!(date("2024-02-29").plus_years(4), date("2028-02-29"));
        assert_eq!(date("2026-11-24").plus_years(-3), date("2023-11-24"));
    }

    #[test]
    fn a_person_grows_older_on_the_birthday_itself() {
        let birth = date("1958-11-24");
        assert_eq!(birth.age_on(date("2026-11-23")), 67);
        assert_eq!(birth.age_on(date("2026-11-24")), 68);
        assert_eq!(birth.age_on(date("1958-11-23")), -1);
        let leap = date("2000-02-29");
        assert_eq!(leap.age_on(date("2025-02-27")), 24);
        assert_eq!(leap.age_on(date("2025-02-28")), 25);
        assert_eq!(leap.age_on(date("2024-02-28")), 23);
    }

    #[test]
    fn what_is_no_date_is_refused_by_name() {
        for text in ["", "2026-1-1", "2026/01/01", "20260101", "2026-01-0a", "2026-01-01 ", "２０26-01-01"]
        {
            assert_eq!(Date::parse(text), Err(TimeError::DateForm), "{text}");
        }
        for text in ["2026-00-01", "2026-13-01", "2026-04-31", "2026-02-29", "2100-02-29", "2026-01-00"] {
            assert_eq!(Date::parse(text), Err(TimeError::NoSuchDay), "{text}");
        }
        for text in ["1899-12-31", "2200-01-01", "0000-01-01"] {
            assert_eq!(Date::parse(text), Err(TimeError::Year), "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends_and_a_time_beyond_them_can_be_told() {
        assert_eq!(Date::MAX.plus_days(1), Date::MAX);
        assert_eq!(Date::MIN.plus_days(i64::MIN), Date::MIN);
        assert_eq!(Date::MAX.plus_years(i32::MAX), Date::MAX);
        assert_eq!(Date::MIN.plus_years(i32::MIN), Date::MIN);
        assert_eq!(Date::MIN.plus_years(-1), Date::MIN);
        for far in [i64::MIN, i64::MAX, Date::MIN.start().0 - 1, Date::MAX.start().0 + SECONDS_PER_DAY] {
            assert_eq!(Date::checked_of(Timestamp(far)), None, "{far}");
        }
        assert_eq!(Date::checked_of(Date::MIN.start()), Some(Date::MIN));
        assert_eq!(Date::checked_of(Timestamp(Date::MAX.start().0 + SECONDS_PER_DAY - 1)), Some(Date::MAX));
    }
}
