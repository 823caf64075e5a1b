//! Which rule a written date or time breaks.

use thiserror::Error;

/// Why a text is not a date or a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimeError {
    /// Not of the form `YYYY-MM-DD`.
    #[error("a date is written YYYY-MM-DD")]
    DateForm,
    /// The form is right, but there is no such day.
    #[error("there is no such day in the calendar")]
    NoSuchDay,
    /// A legal date outside 1900–2199.
    #[error("the year must lie between 1900 and 2199")]
    Year,
    /// Not an RFC 3339 time with whole seconds.
    #[error(
        "a time is written like 2026-11-24T02:00:00Z, with Z or an offset and without fractions of a second"
    )]
    TimestampForm,
    /// Hour, minute, second or offset out of range (a leap second too).
    #[error("there is no such time of day")]
    NoSuchTime,
}

impl TimeError {
    /// The same message in Chinese.
    pub fn message_zh(&self) -> &'static str {
        match self {
            TimeError::DateForm => "日期应写作 YYYY-MM-DD",
            TimeError::NoSuchDay => "日历中没有这一天",
            TimeError::Year => "年份应在 1900 至 2199 之间",
            TimeError::TimestampForm => "时间应写作 2026-11-24T02:00:00Z，以 Z 或时差结尾，不带小数秒",
            TimeError::NoSuchTime => "没有这样的时刻",
        }
    }
}
