//! Timestamps: whole Unix seconds, UTC; written as RFC 3339 (§5.6) with `Z` and no fraction.
//!
//! One moment has one spelling on the way out. On the way in an offset is accepted, because people
//! in China write `+08:00`; a fraction, a leap second, lower-case `t` or `z` are not.

use std::fmt;

use super::TimeError;
use super::date::{civil_from_days, days_from_civil, decimal};

/// Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// The seconds.
    pub i64,
);

impl Timestamp {
    /// Reads `2026-11-24T02:00:00Z` or `2026-11-24T10:00:00+08:00`, years 0000–9999.
    ///
    /// # Errors
    /// [`TimeError::TimestampForm`] for another form, [`TimeError::NoSuchDay`] or
    /// [`TimeError::NoSuchTime`] for numbers that are no day, time of day or offset.
    pub fn parse(text: &str) -> Result<Timestamp, TimeError> {
        let (local, zone) = text.as_bytes().split_at_checked(19).ok_or(TimeError::TimestampForm)?;
        #[rustfmt::skip]
        let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2] = local else {
            return Err(TimeError::TimestampForm);
        };
        let number = |digits: &[u8]| decimal(digits).map(i64::from).ok_or(TimeError::TimestampForm);
        let (year, month, day) = (number(&[*y1, *y2, *y3, *y4])?, number(&[*o1, *o2])?, number(&[*d1, *d2])?);
        let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
        let offset = match zone {
            b"Z" => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
                if hours > 23 || minutes > 59 {
                    return Err(TimeError::NoSuchTime);
                }
                let seconds = hours * 3600 + minutes * 60;
                if *sign == b'+' { seconds } else { -seconds }
            }
            _ => return Err(TimeError::TimestampForm),
        };
        let days = days_from_civil(year, month, day);
        // A day that does not exist would come back as another one.
        if !(1..=12).contains(&month) || civil_from_days(days) != (year, month, day) {
            return Err(TimeError::NoSuchDay);
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(TimeError::NoSuchTime);
        }
        Ok(Timestamp(days * 86_400 + hour * 3600 + minute * 60 + second - offset))
    }
}

/// RFC 3339, always with `Z`. (A year beyond 0000–9999 is written with its sign, as ISO 8601
/// expands years; no such time can be read back.)
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(86_400));
        let second = self.0.rem_euclid(86_400);
        if (0..=9999).contains(&year) {
            write!(f, "{year:04}")?;
        } else {
            write!(f, "{year:+05}")?;
        }
        write!(f, "-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Timestamp, TimeError> {
        Timestamp::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments_are_written_and_read() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_000_000_000, "2001-09-09T01:46:40Z"),
            (1_795_485_600, "2026-11-24T02:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp(seconds).to_string(), text);
            assert_eq!(Timestamp::parse(text), Ok(Timestamp(seconds)), "{text}");
        }
    }

    #[test]
    fn an_offset_is_taken_off_and_the_answer_is_in_utc() {
        let moment = Timestamp::parse("2026-11-24T10:00:00+08:00").unwrap();
        assert_eq!(moment.to_string(), "2026-11-24T02:00:00Z");
        let west = Timestamp::parse("2026-11-23T22:30:00-03:30").unwrap();
        assert_eq!(west, moment);
    }

    #[test]
    fn what_is_no_time_is_refused_by_name() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T02:00:00",
            "2026-11-24 02:00:00Z",
            "2026-11-24t02:00:00Z",
            "2026-11-24T02:00:00z",
            "2026-11-24T02:00:00.5Z",
            "2026-11-24T02:00:00+0800",
            "2026-11-24T02:00:00Z ",
            "2026-11-24T02:0a:00Z",
            "二〇二六年十一月二十四日二时",
        ] {
            assert_eq!(Timestamp::parse(text), Err(TimeError::TimestampForm), "{text}");
        }
        for text in
            ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z"]
        {
            assert_eq!(Timestamp::parse(text), Err(TimeError::NoSuchDay), "{text}");
        }
        for text in [
            "2026-11-24T24:00:00Z",
            "2026-11-24T02:60:00Z",
            "2016-12-31T23:59:60Z",
            "2026-11-24T02:00:00+24:00",
        ] {
            assert_eq!(Timestamp::parse(text), Err(TimeError::NoSuchTime), "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_integer_can_be_written() {
        assert_eq!(Timestamp(i64::MAX).to_string(), "+292277026596-12-04T15:30:07Z");
        assert_eq!(Timestamp(i64::MIN).to_string(), "-292277022657-01-27T08:29:52Z");
    }

    proptest! {
        #[test]
        fn every_time_of_four_digit_years_round_trips(seconds in -62_167_219_200_i64..=253_402_300_799) {
            let text = Timestamp(seconds).to_string();
            prop_assert_eq!(text.len(), 20);
            prop_assert_eq!(Timestamp::parse(&text), Ok(Timestamp(seconds)));
        }
    }
}
