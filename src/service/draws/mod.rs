//! The use-cases of a draw: request → committed → contributed → drawn, and its endings.
//!
//! | file | step |
//! |---|---|
//! | `request` | what is sent becomes what can be sworn to |
//! | `from_plan` | what a draw takes from its plan |
//! | `prepare`, `judged` | people judged and by what, pool built, feasibility; outside the writer |
//! | `attempts` | which attempt it is, and whether there may be one |
//! | `commit` | the commitment, under the lock, only if the registry has not moved; forced seats accepted |
//! | `finish` | contribution and result; also at start, for every draw left committed |
//! | `ending` | plan withdrawn, void (proposed by one, confirmed by another), unseal |
//! | `record` | the sealed private record of a commitment |
//! | `steps` | the only writes of a draw's row, each looked up in the table of its life |
//! | `view` | what each role sees |
//!
//! A draw is several writes, not one: a process that dies between them leaves a committed draw, and
//! the next start finishes it with the very same result, because nothing in it is free any more.

mod attempts;
mod commit;
mod ending;
mod explain;
mod finish;
pub mod from_plan;
mod inputs;
pub mod judged;
pub mod prepare;
pub mod record;
pub mod request;
pub(in crate::service) mod steps;
mod view;

use super::refusal::{Kind, Refusal};

pub(in crate::service) use attempts::{MOST_DECIDED, used_up};
pub use commit::DrawForecast;
pub use request::{DrawDraft, GroupDraft};
pub use view::{DrawLine, DrawView, GroupView, PanelMember, SeatView};

/// States of a draw, as the database and the API write them.
pub mod state {
    /// Waits for the bureau to accept forced seats; nothing is committed.
    pub const PLANNED: &str = "planned";
    /// Committed: the result is fixed and not yet computed.
    pub const COMMITTED: &str = "committed";
    /// Drawn: the panel stands.
    pub const DRAWN: &str = "drawn";
    /// Calls are out: an invitation waits, or a seat is open.
    pub const CALLING: &str = "calling";
    /// Every seat's member has accepted and no window is open.
    pub const FILLED: &str = "filled";
    /// The day of the review has begun.
    pub const IN_REVIEW: &str = "in_review";
    /// The report of the review is signed: nobody is called any more.
    pub const REVIEWED: &str = "reviewed";
    /// Stopped without a valid panel, with reason and two people.
    pub const STOPPED: &str = "stopped";
    /// Voided, with reason and two people.
    pub const VOIDED: &str = "voided";
    /// A plan that was given up before anything was committed.
    pub const WITHDRAWN: &str = "withdrawn";
    /// Drawn and opened after the announcement of the result.
    pub const UNSEALED: &str = "unsealed";
    /// Every word.
    pub const ALL: [&str; 11] = [
        PLANNED, COMMITTED, DRAWN, CALLING, FILLED, IN_REVIEW, REVIEWED, STOPPED, VOIDED, WITHDRAWN, UNSEALED,
    ];
    /// The draw stands and has not ended: with a result, and perhaps with calls.
    pub const STANDING: [&str; 5] = [DRAWN, CALLING, FILLED, IN_REVIEW, REVIEWED];
    /// The draw ended without a valid panel: another may follow.
    pub const ENDED_WITHOUT: [&str; 3] = [VOIDED, WITHDRAWN, STOPPED];
}

/// Type of the opaque statement that records a plan, or its withdrawal.
const PLANNED: &str = "draw.planned";

/// The draw is not in a state in which this can be done.
fn wrong_state(zh: &str, en: &str) -> Refusal {
    Refusal::new(Kind::Conflict, "wrong_state", zh, en)
}
