//! Calls (信息推送): from the drawn panel to one whose members have all accepted.
//!
//! | file | step |
//! |---|---|
//! | `terms` | what an invitation may tell, sealed with the commitment |
//! | `trail` | what happened to whom, folded from the log |
//! | `turn` | one statement of calls, under the lock, with the messages that it causes |
//! | `advance` | what is due: settle, invite; by the clock, after an answer, or when asked |
//! | `answers` | the expert's own: accept, decline, withdraw |
//! | `reports` | what a gateway reports: answers, deliveries |
//! | `sending` | the outbox: messages taken, sent, written down |
//! | `stop` | stopped by two people |
//! | `view`, `open` | how calls stand, without identity; opened to an auditor |
//!
//! The order of effects is the design: (1) the statement and the rows of the messages that it causes are one
//! write; (2) only afterwards a sender takes the messages, (3) sends them under their keys, and (4) writes
//! down what became of them. After a crash between (1) and (2) nothing is lost; between (3) and (4) a
//! message is handed over again under the same key, and a gateway that keeps its contract sends it once.
//!
//! *Invariants:* the service decides nothing: who is invited, who is out and who is seated is computed by
//! [`CallBook`](crate::draw::calls::CallBook), here and in every verifier. A statement is written only if no
//! other was said about the draw since the book was read (the draw's version, under the lock), so any
//! number of processes may run these steps at once. Messages are ids, draw and position; phones are opened
//! when a letter is handed over and kept nowhere.

mod advance;
mod answers;
mod open;
mod reports;
mod sending;
mod stop;
pub mod terms;
pub(super) mod trail;
mod turn;
mod view;

pub use answers::{Decline, InvitationState, InvitationView};
pub use open::{Left, OpenedCalls, OpenedMessage, OpenedPerson};
pub use reports::{ReportOutcome, Reported};
pub use sending::SendReport;
pub(super) use turn::{Act, Books, Decided, Turn, due};
pub use view::{CallsView, GroupCalls, MessageCounts, RoundView, SiteView};

use std::sync::Arc;

use crate::codec::{Json, Object};
use crate::store::outbox::Message;

/// Statement type that records something private about calls: attempts to send, a stop proposed. It
/// says nothing to the public and belongs to no draw's evidence.
pub(super) const CALLS_RECORDED: &str = "calls.recorded";

/// States of a message.
pub mod message_state {
    /// Waits to be sent, or to be tried again.
    pub const WAITING: &str = "waiting";
    /// A channel has it.
    pub const SENT: &str = "sent";
    /// The channel says that it arrived.
    pub const DELIVERED: &str = "delivered";
    /// It cannot be sent; not tried again.
    pub const FAILED: &str = "failed";
    /// Its use ended before it could be sent.
    pub const EXPIRED: &str = "expired";
}

/// A private record about calls, sealed under the draw's data key; its subject is the draw.
#[derive(Clone)]
pub(super) struct Recorded {
    pub append: crate::store::Append,
}

impl super::Service {
    /// An entry of [`CALLS_RECORDED`] about a draw.
    fn calls_record(
        &self,
        draw: &str,
        key: &super::sealing::SubjectKey,
        actor: &str,
        kind: &str,
        record: Object,
    ) -> Recorded {
        let record = self.opaque_record(&Json::from(record));
        Recorded {
            append: crate::store::Append {
                actor: actor.to_owned(),
                kind: kind.to_owned(),
                subject: draw.to_owned(),
                statement: record.statement(CALLS_RECORDED),
                image: Some(self.sealer().seal(key, kind, &record.bytes)),
                registry: false,
            },
        }
    }
}

/// A caused message as a row, still without the entry that causes it and without its last use.
pub(super) fn row(trail: &trail::Trail, caused: &trail::Caused) -> Message {
    Message {
        id: trail.message_id(caused),
        draw: trail.id.clone(),
        position: i64::from(caused.position),
        kind: caused.kind.to_owned(),
        round: i64::from(caused.round),
        entry: 0,
        not_after: trail.request.review_start,
        state: message_state::WAITING.to_owned(),
        tries: 0,
        next_try: 0,
        channel: None,
        trouble: None,
        changed: 0,
    }
}

/// A book that several may read and one replaces.
type Book = Arc<crate::draw::calls::CallBook>;
