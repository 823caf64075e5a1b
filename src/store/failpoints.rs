//! Faults on demand, for tests only: the writer asks at the places where order matters.
//!
//! They come in pairs: failed and did not persist, failed but persisted. An error or an abort fires once,
//! at the first pass or at a later one; an outage at every pass from then on.

use std::sync::{Mutex, PoisonError};

/// What an armed place does when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The step reports an error.
    Error,
    /// The process ends at once, as by `kill -9`.
    Abort,
    /// The step reports an error, and so does every later one.
    Outage,
}

/// One place.
#[derive(Debug, Default)]
pub struct Failpoint(Mutex<Option<(Fault, u32)>>);

impl Failpoint {
    /// Arms the place for its next pass.
    pub fn arm(&self, fault: Fault) {
        self.arm_nth(fault, 1);
    }

    /// Arms the place for one time: its `nth` pass from now, 1 is the next.
    pub fn arm_nth(&self, fault: Fault, nth: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((fault, nth.max(1)));
    }

    /// Whether the step is to fail; does not return when the fault is [`Fault::Abort`].
    pub(super) fn fires(&self) -> bool {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match armed.take() {
            None => false,
            Some((fault, nth)) if nth > 1 => {
                *armed = Some((fault, nth - 1));
                false
            }
            Some((Fault::Error, _)) => true,
            Some((Fault::Outage, _)) => {
                *armed = Some((Fault::Outage, 1));
                true
            }
            Some((Fault::Abort, _)) => std::process::abort(),
        }
    }
}

/// The places of the writer.
#[derive(Debug, Default)]
pub struct Failpoints {
    /// All is written, COMMIT not yet sent: failed and did not persist.
    pub before_commit: Failpoint,
    /// COMMIT is done and the connection breaks before its answer: failed but persisted.
    pub after_commit: Failpoint,
    /// The database cannot be reached again after such a break.
    pub reconnect: Failpoint,
}

impl Failpoints {
    /// Reads `EXPERT_DRAW_FAILPOINT` and arms that place to abort the process: `before_commit` or
    /// `after_commit`, for the `N`th commit of the process with `:N` behind; anything else arms nothing.
    pub fn from_env() -> Self {
        let points = Self::default();
        let asked = std::env::var("EXPERT_DRAW_FAILPOINT").unwrap_or_default();
        let (place, nth) = asked.split_once(':').unwrap_or((&asked, "1"));
        if let Ok(nth) = nth.parse() {
            match place {
                "before_commit" => points.before_commit.arm_nth(Fault::Abort, nth),
                "after_commit" => points.after_commit.arm_nth(Fault::Abort, nth),
                _ => {}
            }
        }
        points
    }
}
