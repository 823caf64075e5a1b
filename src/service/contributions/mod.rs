//! What others contribute to a draw (共同随机): supervisors' nonces, witnesses' answers, a beacon's round
//! (`api-spec/draw-v3.md`).
//!
//! | file | holds |
//! |---|---|
//! | `wanted` | whom a commitment names, by the rule profile; decided under the lock, by nobody |
//! | `trail` | how far a committed draw is: its statements, read from the journal |
//! | `given` | what others hand in: commitments to nonces, reveals, declarations that nothing is released |
//! | `advance` | the operator's own contribution, and the result once everything is there |
//! | `asking` | a witness asked for its answer, a relay for a round; verified before it is written |
//! | `drive` | the threads that do this in a running service |
//! | `told` | what the evidence file tells of it |
//! | `view` | what is there, what is missing, until when |
//!
//! *Invariants:* a contribution is written only if it is valid, in time and in order, looked at under the
//! lock; nobody may go on without one that is missing, wait longer than the deadline, or take another; any
//! number of processes may do any step at once, it happens once.

mod advance;
mod asking;
pub mod drive;
mod given;
pub(in crate::service) mod told;
mod trail;
mod view;
mod wanted;

pub use given::nonce_subject;
pub(in crate::service) use given::{again_if_moved, not_moving};
pub(in crate::service) use trail::Trail;
pub use view::{ContributionView, ContributionsView};
pub(in crate::service) use wanted::{Wanted, contributors};

use super::draws::state;
use super::refusal::{Kind, Refusal};
use crate::draw::contributions::Fault;
use crate::store::{self, Conn, Page};

/// Every committed draw that waits for others.
fn open_trails(conn: &mut Conn) -> Result<Vec<Trail>, Refusal> {
    let filter = store::draw::DrawFilter { state: Some(state::COMMITTED.into()), ..Default::default() };
    let (mut trails, mut after) = (Vec::new(), None);
    loop {
        let rows = store::draw::list(conn, &filter, &Page { after: after.clone(), limit: Page::MAX })?;
        let Some(last) = rows.last() else { return Ok(trails) };
        after = Some(last.id.clone());
        for row in &rows {
            trails.extend(Trail::of_row(conn, row)?.filter(Trail::is_shared));
        }
    }
}

/// A contribution that is not accepted, in words.
fn refused(fault: Fault) -> Refusal {
    let zh = match fault {
        Fault::Nobody => "承诺中没有这一方",
        Fault::UnknownKey => "该密钥未在日志中登记",
        Fault::Compromised => "该密钥已因泄露停用",
        Fault::Nonce => "随机数与此前的承诺不符",
        Fault::Signature => "签名不能通过核验",
        Fault::NoOperator => "运营方尚未贡献",
        Fault::Head => "见证方的日志头未覆盖应见的条目",
        Fault::Late => "见证方在期限之后作答",
        Fault::NoChain => "没有登记信标的链参数",
        Fault::Vrf(_) => "可验证随机函数证明不成立",
        Fault::Beacon(_) => "信标轮次不能通过核验",
    };
    Refusal::new(Kind::Conflict, "contribution_refused", zh, format!("the contribution {fault}"))
}
