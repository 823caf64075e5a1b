//! Faults on demand, for tests only: the writer asks at the places where order matters.
//!
//! They come in pairs: failed and did not persist, failed but persisted. Each fires once.

use std::sync::atomic::{AtomicU8, Ordering};

/// What an armed place does when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The step reports an error.
    Error,
    /// The process ends at once, as by `kill -9`.
    Abort,
}

/// One place.
#[derive(Debug, Default)]
pub struct Failpoint(AtomicU8);

impl Failpoint {
    /// Arms the place for one time.
    pub fn arm(&self, fault: Fault) {
        self.0.store(if fault == Fault::Error { 1 } else { 2 }, Ordering::SeqCst);
    }

    /// Whether the step is to fail; does not return when the fault is [`Fault::Abort`].
    pub(super) fn fires(&self) -> bool {
        match self.0.swap(0, Ordering::SeqCst) {
            0 => false,
            1 => true,
            _ => std::process::abort(),
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
    /// Reads `EXPERT_DRAW_FAILPOINT` (`before_commit` or `after_commit`) and arms that place to
    /// abort the process; anything else arms nothing.
    pub fn from_env() -> Self {
        let points = Self::default();
        match std::env::var("EXPERT_DRAW_FAILPOINT").as_deref() {
            Ok("before_commit") => points.before_commit.arm(Fault::Abort),
            Ok("after_commit") => points.after_commit.arm(Fault::Abort),
            _ => {}
        }
        points
    }
}
