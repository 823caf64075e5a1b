//! Time: whole-second timestamps, legal dates, working days.
//!
//! The law counts in days, and its days are China's: a [`Date`] is a calendar date at UTC+8, which
//! has had no summer time since 1991. Statements and evidence count in seconds: a [`Timestamp`] is
//! whole Unix seconds UTC. [`Date::of`] and [`Date::start`] are the only bridges between the two.
//!
//! *Deliberately not here:* a clock (see `ports`), fractions of seconds, other time zones.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod date;
mod error;
mod timestamp;
mod workdays;

pub use date::{Date, Weekday};
pub use error::TimeError;
pub use timestamp::Timestamp;
pub use workdays::{Calendar, CalendarError, OutsideCalendar};
