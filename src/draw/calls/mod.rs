//! Calls (信息推送): from the drawn panel to one whose members have all accepted, and the day itself.
//!
//! [`statements`] and [`day`] are what the log says: invited, delivered, answered, settled, vacated,
//! signed in, stopped. [`CallBook`] is their fold: one pure state machine, which the service asks what is due and
//! the verifier feeds with what was said. Specification: `api-spec/draw-v2.md`.
//!
//! *Invariant:* who is seated depends on the drawn order, on who is out and on who remains, never on
//! how fast anybody answered; all vacancies of a window are settled together.
//!
//! Not here: names, telephone numbers and texts of invitations, which no statement holds.

mod apply;
mod book;
pub mod day;
mod settle;
pub mod statements;
mod violation;
pub mod words;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

pub use book::{CallBook, Invitation, Remaining, Word};
pub use day::{SignedIn, Stopped, Vacated};
pub use statements::{Answered, Call, Delivered, Invited, Invitee, NewlyOut, Outcome, Settled};
pub use violation::Violation;
pub use words::{Answer, AnsweredBy, Reason, Shortfall, StopReason, VacatedBy, Why};
