//! How fast one log's heads are taken: a bucket that fills slowly. Pure; lost at a restart, which gives
//! nobody more than one bucket.
//!
//! Only who holds a key of the log gets this far; without a pace they could fill the disk of a witness
//! that must not forget a head.

/// Heads of one log that may come at once.
pub const BURST: u32 = 600;
/// Heads of one log in a second, in the long run.
pub const PER_SECOND: u32 = 5;

/// The bucket of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    left: u32,
    /// Unix seconds until which it was filled.
    filled: i64,
}

impl Pace {
    /// A full bucket.
    pub fn new(now: i64) -> Self {
        Self { left: BURST, filled: now }
    }

    /// Takes one; `false`: it is empty.
    pub fn take(&mut self, now: i64) -> bool {
        let seconds = u32::try_from((now - self.filled).max(0)).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(seconds.saturating_mul(PER_SECOND)).min(BURST);
        self.filled = self.filled.max(now);
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_at_once_fills_by_the_second_and_never_overflows() {
        let mut pace = Pace::new(100);
        let mut take = |times: u32, now: i64| (0..times).filter(|_| pace.take(now)).count();
        assert_eq!(take(BURST + 3, 100), BURST as usize);
        assert_eq!(take(9, 101), PER_SECOND as usize);
        // A clock that goes back fills nothing twice.
        assert_eq!(take(9, 90), 0);
        assert_eq!(take(9, 101), 0);
        assert_eq!(take(BURST + 3, i64::MAX), BURST as usize);
    }
}
