//! What evidence-v3 asks beside evidence-v2 (`api-spec/evidence-v3.md` §4): keys in generations, heads
//! with their dates, and a commitment that may name them.
//!
//! Everything about a key is judged by log index; a head is dated by the auditor's own quorum. Whether
//! contributions are what they should be is `contributed`, whom the auditor believes is `standing`.

use super::entries::{Entries, Entry, Head, Keys};
use super::{Answer, result};
use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::{NonceCommitted, Share, VRF_KEYS};
use crate::draw::vrf::VrfPublic;
use crate::evidence::bundle::{Evidence, HeadEntry};
use crate::evidence::said::Said;
use crate::log::{
    Algorithm, Checkpoint, HeadTime, KeyBook, KeyUse, Policy, RegisteredKey, SignedNote, VerifierKey, merkle,
};

/// A head of the log's history, with its date if the policy's quorum has cosigned it.
pub(super) struct DatedHead {
    pub size: u64,
    pub date: Option<i64>,
}

/// The heads of a file, ascending by size, the file's own checkpoint last.
pub(super) struct Heads {
    pub all: Vec<DatedHead>,
    /// Whether the policy has a quorum; without one no head is dated, and none is asked for.
    pub dated_by_quorum: bool,
}

impl Heads {
    /// The date of the first dated head that covers an entry: what the report says (evidence-v3 §5). A later head
    /// may have been dated earlier.
    pub fn first_date_of(&self, index: u64) -> Option<i64> {
        self.all.iter().filter(|head| head.size > index).find_map(|head| head.date)
    }

    /// The earliest date of a head that covers an entry.
    pub fn date_of(&self, index: u64) -> Option<i64> {
        self.all.iter().filter(|head| head.size > index).filter_map(|head| head.date).min()
    }
}

/// Check `keys`: the book of keys, and that a live log key which the policy pins signed the checkpoint.
pub(super) fn keys(evidence: &Evidence, entries: &Entries, head: &Head, policy: &Policy) -> Answer<KeyBook> {
    let Some(Entry { said: Said::Opened(opened), .. }) = entries.0.first() else {
        return Err("entry 0 (log.opened) is missing".into());
    };
    let log = head.checkpoint.origin.as_str();
    let mut book = KeyBook::open(log, opened, VRF_KEYS).map_err(|e| format!("entry 0: {e}"))?;
    for entry in &entries.0 {
        let added = match &entry.said {
            Said::KeyRegistered(said) => book.register(entry.index, said),
            Said::KeyRetired(said) => book.retire(entry.index, said),
            _ => continue,
        };
        added.map_err(|e| format!("entry {}: {e} ({})", entry.index, e.name()))?;
    }
    let note = SignedNote::parse(evidence.checkpoint.as_bytes()).map_err(|e| e.to_string())?;
    if !signed_by_live_log_key(&note, &head.checkpoint, policy, &book) {
        return Err(
            "no log key that is in use at this size, and pinned by the policy, signed the checkpoint".into(),
        );
    }
    let retired = book.all().iter().filter(|key| key.retired.is_some()).count();
    let seen = format!("{} keys of {}, {retired} of them retired", book.all().len(), opened.jurisdiction);
    Ok((book, seen))
}

fn signed_by_live_log_key(note: &SignedNote, head: &Checkpoint, policy: &Policy, book: &KeyBook) -> bool {
    let live: Vec<[u8; 32]> = book.of_checkpoint(head.size).map(|key| key.key).collect();
    let pinned = policy.logs().iter().filter(|key| key.name() == head.origin.log_key_name());
    pinned.into_iter().any(|key| live.contains(key.key_bytes()) && note.verify(key).is_ok())
}

/// Check `signatures`: each note by the statements key in force at its index.
pub(super) fn signatures(entries: &Entries, head: &Head, book: &KeyBook) -> Answer<()> {
    let name = head.checkpoint.origin.statements_key_name();
    for entry in &entries.0 {
        let at = |reason: String| format!("entry {}: {reason}", entry.index);
        if entry.note.signatures().len() != 1 {
            return Err(at("must carry exactly one signature".into()));
        }
        let key = book.in_force(KeyUse::Statements, entry.index);
        let key = key.ok_or_else(|| at("no statements key is in force".into()))?;
        let key =
            VerifierKey::new(name.clone(), Algorithm::Ed25519, key.key).map_err(|e| at(e.to_string()))?;
        entry.note.verify(&key).map_err(|e| at(e.to_string()))?;
    }
    Ok(((), format!("{} statements, each signed by the key in force at its index", entries.0.len())))
}

/// Check `heads`: each is a head of this log's history, and which are dated.
pub(super) fn heads(
    evidence: &Evidence,
    entries: &Entries,
    head: &Head,
    policy: &Policy,
    book: &KeyBook,
) -> Answer<Heads> {
    let given = evidence.shared.as_ref().map(|shared| shared.heads.as_slice()).unwrap_or_default();
    let named: Vec<(u64, Hash)> = entries.0.iter().filter_map(named_head).collect();
    let mut all = Vec::with_capacity(given.len() + 1);
    for one in given {
        let at = |reason: String| format!("head {}: {reason}", one.size);
        if one.size == 0 {
            return Err(at("a head has at least one entry".into()));
        }
        let end = &head.checkpoint;
        merkle::verify_consistency(one.size, end.size, &one.root, &end.root, &one.proof)
            .map_err(|e| at(e.to_string()))?;
        let date = match &one.note {
            Some(note) => dated(note, one, end, policy, book).map_err(at)?,
            None if named.contains(&(one.size, one.root)) => None,
            None => return Err(at("has no note, and no witness's answer names it".into())),
        };
        all.push(DatedHead { size: one.size, date });
    }
    if let Some((size, _)) = named.iter().find(|named| !given.iter().any(|h| (h.size, h.root) == **named)) {
        return Err(format!("head {size}: named by a witness's answer, and not of this history in the file"));
    }
    let date = match head.time {
        HeadTime::At(time) => Some(time),
        HeadTime::NotAsked | HeadTime::NotMet => None,
    };
    all.push(DatedHead { size: head.checkpoint.size, date });
    let count = all.iter().filter(|head| head.date.is_some()).count();
    let seen = format!("{} heads of one history, {count} dated by the policy's quorum", all.len());
    Ok((Heads { all, dated_by_quorum: !policy.asks_for_no_witness() }, seen))
}

fn named_head(entry: &Entry) -> Option<(u64, Hash)> {
    match &entry.said {
        Said::Shared(share) => match share.as_ref() {
            Share::Witness(answer) => Some((answer.size, answer.root)),
            _ => None,
        },
        _ => None,
    }
}

/// The date of a head with a note, or what is wrong with the note.
fn dated(
    note: &str,
    head: &HeadEntry,
    end: &Checkpoint,
    policy: &Policy,
    book: &KeyBook,
) -> Result<Option<i64>, String> {
    let note = SignedNote::parse(note.as_bytes()).map_err(|e| e.to_string())?;
    let judged = policy.judge(&note).map_err(|e| e.to_string())?;
    let said = &judged.checkpoint;
    if said.origin != end.origin || (said.size, said.root) != (head.size, head.root) {
        return Err("the note is of another head".into());
    }
    if !signed_by_live_log_key(&note, said, policy, book) {
        return Err("not signed by a log key that is in use at this size and pinned by the policy".into());
    }
    Ok(match judged.time {
        HeadTime::At(time) => Some(time),
        HeadTime::NotAsked | HeadTime::NotMet => None,
    })
}

/// Check `commitment`: as evidence-v1, with keys by index and what draw-v3 §1 asks of contributors.
pub(super) fn commitment(
    evidence: &Evidence,
    entries: &Entries,
    book: &KeyBook,
) -> Answer<(Commitment, u64, Keys)> {
    let (entry, commitment) = result::only_commitment(entries)?;
    let index = entry.index;
    let in_force = |usage: KeyUse| book.in_force(usage, index).ok_or("a key of the operator is missing");
    let (statements, draw_vrf, tag_vrf) =
        (in_force(KeyUse::Statements)?, in_force(KeyUse::DrawVrf)?, in_force(KeyUse::TagVrf)?);
    let vrf = |key: &RegisteredKey| VrfPublic::from_bytes(key.key).map_err(|e| e.to_string());
    let keys = Keys {
        statements: statements.key,
        draw_vrf: vrf(draw_vrf)?,
        tag_vrf: vrf(tag_vrf)?,
        draw_vrf_bytes: draw_vrf.key,
        tag_vrf_bytes: tag_vrf.key,
    };
    let ((commitment, index), seen) = result::commitment_of(evidence, entry, commitment, &keys)?;
    for contributor in &commitment.contributions {
        named(evidence, entries, book, &commitment, entry, contributor)?;
    }
    let of = |kind: u8| {
        commitment.contributions.iter().filter(move |c| c.kind() == kind).filter_map(Contributor::key)
    };
    for kind in [1, 3] {
        let mut keys: Vec<&Hash> = of(kind).collect();
        keys.sort_unstable();
        if !keys.is_sorted_by(|a, b| a < b) {
            return Err("names one key twice among its contributors".into());
        }
    }
    Ok(((commitment, index, keys), seen))
}

/// Whether a contributor may be named by this commitment (draw-v3 §1).
fn named(
    evidence: &Evidence,
    entries: &Entries,
    book: &KeyBook,
    commitment: &Commitment,
    entry: &Entry,
    contributor: &Contributor,
) -> Result<(), String> {
    let live = |key: &Hash, usage: KeyUse| {
        let found = book.find(key).filter(|found| found.usage == usage && found.is_live_at(entry.index));
        found.ok_or_else(|| format!("names a key of use {} that is not in use below it", usage.name()))
    };
    match contributor {
        Contributor::Nonce { key, .. } => {
            live(key, KeyUse::Supervisor)?;
            let below = |e: &&Entry| {
                e.index < entry.index
                    && matches!(&e.said, Said::NonceCommitted(said) if fits(said, commitment, contributor))
            };
            entries.0.iter().find(below).ok_or("names a nonce that nobody committed to below it")?;
        }
        Contributor::Operator { key } => {
            let in_force = book.in_force(KeyUse::DrawVrf, entry.index);
            if in_force.is_none_or(|found| found.digest != *key) {
                return Err("names another draw key than the one in force".into());
            }
        }
        Contributor::Witness { key } => {
            let vrf = live(key, KeyUse::WitnessVrf)?;
            live(&vrf.witness.unwrap_or(Hash([0; 32])), KeyUse::Witness)?;
        }
        Contributor::Beacon { chain, round } => {
            let info = evidence.shared.as_ref().and_then(|shared| shared.chain.as_ref());
            let info = info.ok_or("names a beacon, and the file has no chain")?;
            if info.hash() != *chain {
                return Err("names another chain than the file's".into());
            }
            let time = info.time_of(*round).ok_or("names a round that is none")?;
            if time <= entry.time || time > commitment.deadline {
                return Err("names a round that is not between the commitment and its deadline".into());
            }
        }
    }
    if !matches!(contributor, Contributor::Beacon { .. })
        && evidence.shared.as_ref().is_some_and(|shared| shared.chain.is_some())
        && !commitment.contributions.iter().any(|c| matches!(c, Contributor::Beacon { .. }))
    {
        return Err("names no beacon, and the file has a chain".into());
    }
    Ok(())
}

/// Whether a supervisor's commitment is the one that a draw's commitment names.
pub(super) fn fits(said: &NonceCommitted, commitment: &Commitment, contributor: &Contributor) -> bool {
    matches!(contributor, Contributor::Nonce { key, commitment: nonce }
        if (said.key, said.commitment) == (*key, *nonce)
            && said.package_tag == commitment.package_tag
            && said.attempt == commitment.attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dated_head_is_not_always_the_earliest_dated() {
        let head = |size, date| DatedHead { size, date };
        let heads =
            Heads { all: vec![head(2, None), head(5, Some(100)), head(6, Some(50))], dated_by_quorum: true };
        assert_eq!((heads.first_date_of(0), heads.date_of(0)), (Some(100), Some(50)));
        assert_eq!((heads.first_date_of(5), heads.date_of(6)), (Some(50), None));
    }
}
