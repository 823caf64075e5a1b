//! What draw-v3 §5 asks of a void before a result: the same question for the service, before it writes one,
//! and for the verifier after.
//!
//! Two ways out of an unwelcome result are closed by it: calling a contribution missing that is there or may
//! still come, and keeping one's own back.

use crate::draw::statements::VoidReason;

/// How a draw's contributions stand below the void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// A contribution is not there, or came in no head dated in time.
    pub missing: bool,
    /// The deadline is over at the time of the void.
    pub overdue: bool,
    /// Every nonce is revealed; also when none was asked for.
    pub revealed: bool,
    /// The operator's own contribution is there.
    pub operator: bool,
    /// A party has declared that it releases nothing.
    pub withheld: bool,
    /// The operator's key was retired as compromised: it can contribute no more.
    pub compromised: bool,
}

/// Why a draw may not be voided like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoidFault {
    /// §5.1.
    #[error("says that a contribution is missing, and none is")]
    NothingMissing,
    /// §5.1.
    #[error("says that a contribution is missing before the deadline")]
    BeforeDeadline,
    /// §5.2.
    #[error("voids the draw while the operator keeps its own contribution back")]
    OperatorOwes,
}

/// Whether a draw may be voided for a reason, as its contributions stand.
pub fn may_void(reason: VoidReason, standing: &Standing) -> Result<(), VoidFault> {
    if reason == VoidReason::ContributionMissing {
        if !standing.missing {
            return Err(VoidFault::NothingMissing);
        }
        if !standing.overdue {
            return Err(VoidFault::BeforeDeadline);
        }
    }
    if standing.revealed && !(standing.operator || standing.withheld || standing.compromised) {
        return Err(VoidFault::OperatorOwes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::statements::VOID_REASONS;

    const WAITING: Standing = Standing {
        missing: true,
        overdue: false,
        revealed: false,
        operator: false,
        withheld: false,
        compromised: false,
    };

    #[test]
    fn only_a_contribution_that_is_missing_after_the_deadline_is_called_missing() {
        let reason = VoidReason::ContributionMissing;
        assert_eq!(may_void(reason, &WAITING), Err(VoidFault::BeforeDeadline));
        assert_eq!(may_void(reason, &Standing { overdue: true, ..WAITING }), Ok(()));
        let complete = Standing { missing: false, overdue: true, revealed: true, operator: true, ..WAITING };
        assert_eq!(may_void(reason, &complete), Err(VoidFault::NothingMissing));
    }

    #[test]
    fn whatever_the_reason_the_operator_contributes_first_if_it_can() {
        let owing = Standing { revealed: true, overdue: true, ..WAITING };
        for (reason, _) in VOID_REASONS {
            assert_eq!(may_void(reason, &owing), Err(VoidFault::OperatorOwes));
            for free in [
                Standing { operator: true, ..owing },
                Standing { withheld: true, ..owing },
                Standing { compromised: true, ..owing },
                Standing { revealed: false, ..owing },
            ] {
                assert_eq!(may_void(reason, &free), Ok(()));
            }
        }
    }
}
