//! A shared draw goes on: the operator's own contribution once all nonces are revealed, and the result once
//! everything is there and a head that covers it was cosigned in time. May stop anywhere and be done again.

use std::collections::BTreeSet;

use super::{Trail, open_trails, refused};
use crate::draw::commitment::Contributor;
use crate::draw::contributions::{Judge, Share};
use crate::draw::statements::Contributed;
use crate::log::key_digest;
use crate::service::draws::state;
use crate::service::refusal::Refusal;
use crate::service::witnesses::heads_covering;
use crate::service::{ITSELF, Service};

/// How long the cosignatures of all witnesses are waited for, in seconds.
const GRACE: i64 = 60;

impl Service {
    /// Takes every shared draw as far as it can go without asking anybody.
    pub fn advance_contributions(&self) -> Result<(), Refusal> {
        for trail in self.store.read(open_trails)? {
            if let Err(refusal) = self.advance(&trail.id) {
                tracing::warn!(draw = trail.id, %refusal, cause = refusal.cause, "a draw waits for contributions");
            }
        }
        Ok(())
    }

    /// Takes one draw as far as it can go; a draw that waits for others is left as it is.
    pub(in crate::service) fn advance(&self, id: &str) -> Result<(), Refusal> {
        let read = || self.store.read(|conn| Trail::read(conn, id));
        let Some(mut trail) = read()?.filter(|trail| trail.state == state::COMMITTED) else { return Ok(()) };
        let late = |trail: &Trail| self.clock.now().0 > trail.commitment.deadline;
        if trail.operator().is_none() && !trail.lacks(&[1]) && !late(&trail) {
            self.contribute(&trail)?;
            let Some(now) = read()?.filter(|trail| trail.state == state::COMMITTED) else { return Ok(()) };
            trail = now;
        }
        if !trail.is_complete() || !self.is_dated(&trail)? {
            return Ok(());
        }
        let parts = self.parts(&trail)?;
        self.conclude_shared(id, &trail.alpha, &parts)
    }

    /// The operator's VRF, with the key that the commitment names.
    fn contribute(&self, trail: &Trail) -> Result<(), Refusal> {
        let operator = trail.commitment.operator_key();
        let operator =
            operator.ok_or_else(|| Refusal::internal("a commitment without the operator's key"))?;
        let held = self.keys.vrf(&operator)?;
        let proof = held.vrf()?.prove(trail.alpha.as_bytes());
        let share = move |alpha| Share::Operator(Contributed { alpha, key: operator, proof });
        self.write_share(&trail.id, ITSELF, share, None)?;
        Ok(())
    }

    /// Index and value of every contribution, in committed order, each judged once more.
    fn parts(&self, trail: &Trail) -> Result<Vec<(u64, crate::draw::seed::Contribution)>, Refusal> {
        let log = self.log_origin()?;
        let book = self.store.read(crate::store::signing::key_book)?;
        let book = book.ok_or_else(|| Refusal::internal("the log registers no keys"))?;
        let chain = self.beacon.as_ref().map(|beacon| &beacon.chain);
        let (alpha, index, commitment) = (&trail.alpha, trail.index, &trail.commitment);
        let judge = Judge { log: &log, alpha, index, commitment, book: &book, chain };
        let part = |wanted: &Contributor| {
            let (at, _, share) =
                trail.of(wanted).ok_or_else(|| Refusal::internal("a contribution is gone"))?;
            Ok((*at, judge.share(*at, share, trail.operator()).map_err(refused)?))
        };
        commitment.contributions.iter().map(part).collect()
    }

    /// Whether heads that cover every contribution were cosigned before the deadline: by every witness of the
    /// configuration; or, when the others were waited for long enough, by those whom the commitment names and
    /// by half of all at least, so that an auditor's quorum is not missed for one that is slow. Without
    /// witnesses there is nothing to wait for.
    pub(in crate::service) fn is_dated(&self, trail: &Trail) -> Result<bool, Refusal> {
        if self.witnesses.is_empty() {
            return Ok(true);
        }
        let Some((newest, time, _)) = trail.shares.iter().max_by_key(|(index, ..)| *index) else {
            return Ok(false);
        };
        let heads = self.store.read(|conn| heads_covering(conn, *newest))?;
        let in_time: BTreeSet<&str> = heads
            .iter()
            .flat_map(|head| &head.cosigners)
            .filter(|cosigner| cosigner.time.0 <= trail.commitment.deadline)
            .map(|cosigner| cosigner.vkey.as_str())
            .collect();
        let (mut there, mut named_missing) = (0, false);
        for witness in &self.witnesses {
            let has = in_time.contains(witness.key.to_string().as_str());
            let vrf = witness.vrf.map(|key| Contributor::Witness { key: key_digest(&key) });
            there += usize::from(has);
            named_missing |= !has && vrf.is_some_and(|vrf| trail.commitment.contributions.contains(&vrf));
        }
        let all = there == self.witnesses.len();
        let enough = !named_missing && 2 * there >= self.witnesses.len();
        Ok(all || (enough && self.clock.now().0 >= time + GRACE))
    }
}
