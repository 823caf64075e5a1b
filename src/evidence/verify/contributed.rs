//! Check `contributions` of evidence-v3: that each contribution is the one that the commitment waits
//! for, in order, in time, and by its maker (`api-spec/draw-v3.md` §§2–4).
//!
//! *Invariant:* nobody who has declared `draw.not_released` has contributed.

use super::entries::Entry;
use super::shared::{Heads, fits};
use super::{Answer, Draw};
use crate::codec::Hash;
use crate::draw::contributions::judge::nonce_committed;
use crate::draw::contributions::{Judge, NonceCommitted, Share};
use crate::draw::seed::Contribution;
use crate::evidence::said::Said;
use crate::log::{KeyBook, Origin};

/// What stands in the log of a commitment's contributions.
pub(super) struct Given {
    /// By place in the commitment: index of the statement and what enters the seed.
    pub by_place: Vec<Option<(u64, Contribution)>>,
    /// Whether one stands in the log at each place, dated in time or not.
    pub stands: Vec<bool>,
    /// Keys of those who have declared that they release nothing, with the index of the statement.
    pub withheld: Vec<(Hash, u64)>,
}

impl Given {
    /// How many are not there, or not in time.
    pub fn missing(&self) -> usize {
        self.by_place.iter().filter(|given| given.is_none()).count()
    }

    /// Those that are there, in committed order.
    pub fn there(&self) -> Vec<(u64, Contribution)> {
        self.by_place.iter().flatten().cloned().collect()
    }
}

pub(super) fn check(draw: &Draw<'_>, book: &KeyBook, heads: &Heads, log: &Origin) -> Answer<Given> {
    let chain = draw.evidence.shared.as_ref().and_then(|shared| shared.chain.as_ref());
    let (alpha, index, commitment) = (draw.alpha, draw.index, draw.commitment);
    let judge = Judge { log, alpha, index, commitment, book, chain };
    let drawn = draw.entries.0.iter().any(|entry| matches!(entry.said, Said::Drawn(_)));
    let wanted = &commitment.contributions;
    let mut by_place: Vec<Option<(u64, Contribution)>> = vec![None; wanted.len()];
    let (mut newest_kind, mut operator, mut late) = (0, None, Vec::new());
    for entry in &draw.entries.0 {
        let share = match &entry.said {
            Said::Contributed(said) => Share::Operator(said.as_ref().clone()),
            Said::Shared(share) => share.as_ref().clone(),
            _ => continue,
        };
        let at = |reason: &str| format!("entry {}: {reason}", entry.index);
        if entry.index <= draw.index {
            return Err(at("stands before the commitment"));
        }
        if share.kind() < newest_kind {
            return Err(at("stands above a contribution of a later kind"));
        }
        newest_kind = share.kind();
        let value = judge.share(entry.index, &share, operator).map_err(|fault| at(&fault.to_string()))?;
        let unopened = |(wanted, given): (&crate::draw::commitment::Contributor, &Option<_>)| {
            wanted.kind() == 1 && given.is_none() && share.kind() > 1
        };
        if wanted.iter().zip(&by_place).any(unopened) {
            return Err(at("stands above a nonce that is not revealed"));
        }
        if entry.time > commitment.deadline {
            return Err(at("came after the deadline"));
        }
        if matches!(share, Share::Operator(_)) {
            operator = Some(entry.index);
        }
        let place = wanted.iter().position(|wanted| share.is_by(wanted));
        let slot = place.and_then(|place| by_place.get_mut(place));
        let slot = slot.ok_or_else(|| at("is by nobody whom the commitment names"))?;
        if slot.replace((entry.index, value)).is_some() {
            return Err(at("is a second contribution of the same party"));
        }
        if heads.dated_by_quorum && heads.date_of(entry.index).is_none_or(|date| date > commitment.deadline) {
            late.push(entry.index);
        }
    }
    if let (true, Some(late)) = (drawn, late.first()) {
        return Err(format!("entry {late}: in no head that the quorum has dated before the deadline"));
    }
    let withheld = withheld(draw, &judge)?;
    committed_nonces(draw, &judge)?;
    for (key, index) in &withheld {
        let released =
            wanted.iter().zip(&by_place).any(|(wanted, there)| there.is_some() && wanted.key() == Some(key));
        if released {
            return Err(format!("entry {index}: declares as not released what was contributed"));
        }
    }
    // Without a result, what is in no head dated in time is as if it had not come: missing, though it stands.
    let stands = by_place.iter().map(Option::is_some).collect();
    for slot in &mut by_place {
        if slot.as_ref().is_some_and(|(index, _)| late.contains(index)) {
            *slot = None;
        }
    }
    let given = Given { withheld, by_place, stands };
    if drawn && given.missing() > 0 {
        return Err(format!("{} contributions are missing, and there is a result", given.missing()));
    }
    let seen = format!("{} of {} contributions, each valid", wanted.len() - given.missing(), wanted.len());
    Ok((given, seen))
}

/// Whoever declared that they release nothing, each checked.
fn withheld(draw: &Draw<'_>, judge: &Judge<'_>) -> Result<Vec<(Hash, u64)>, String> {
    let mut withheld: Vec<(Hash, u64)> = Vec::new();
    for entry in &draw.entries.0 {
        let Said::NotReleased(said) = &entry.said else { continue };
        let at = |reason: &str| format!("entry {}: {reason}", entry.index);
        judge.not_released(entry.index, said).map_err(|fault| at(&fault.to_string()))?;
        if withheld.iter().any(|(key, _)| *key == said.key) {
            return Err(at("is a second declaration of the same party"));
        }
        withheld.push((said.key, entry.index));
    }
    Ok(withheld)
}

/// Every supervisor's commitment in the file is signed by the supervisor.
fn committed_nonces(draw: &Draw<'_>, judge: &Judge<'_>) -> Result<(), String> {
    for entry in &draw.entries.0 {
        let Said::NonceCommitted(said) = &entry.said else { continue };
        nonce_committed(judge.log, judge.book, said).map_err(|f| format!("entry {}: {f}", entry.index))?;
    }
    Ok(())
}

/// The set of a file's `nonce.committed`: for each nonce of the commitment the first that fits.
pub(super) fn belongs(entries: &[Entry], index: u64, said: &NonceCommitted) -> bool {
    let commitment = entries.iter().find_map(|entry| match &entry.said {
        Said::Committed(commitment) => Some(commitment),
        _ => None,
    });
    commitment.is_some_and(|commitment| {
        commitment.contributions.iter().any(|contributor| {
            let mut fitting = entries.iter().filter(
                |entry| matches!(&entry.said, Said::NonceCommitted(n) if fits(n, commitment, contributor)),
            );
            fits(said, commitment, contributor) && fitting.next().is_some_and(|first| first.index == index)
        })
    })
}
