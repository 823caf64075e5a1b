//! Checks `checkpoint`, `entries`, `keys`, `signatures`: that the log said what the file quotes.

use super::{Answer, contributed};
use crate::codec::Hash;
use crate::draw::vrf::VrfPublic;
use crate::evidence::bundle::{Evidence, Format};
use crate::evidence::said::Said;
use crate::log::opened::LogOpened;
use crate::log::{Algorithm, Checkpoint, HeadTime, Policy, SignedNote, Statement, VerifierKey, merkle};

/// A checkpoint that the policy accepts.
pub(super) struct Head {
    pub checkpoint: Checkpoint,
    /// The log key that signed it.
    pub log_key: [u8; 32],
    pub unknown_signatures: u32,
    /// Whether and when the policy's quorum cosigned it.
    pub time: HeadTime,
}

/// One statement of the file.
pub(super) struct Entry {
    pub index: u64,
    pub time: i64,
    pub said: Said,
    pub leaf: Hash,
    pub note: SignedNote,
}

/// The statements of the file, ascending by index.
pub(super) struct Entries(pub Vec<Entry>);

/// The keys that entry 0 registers.
pub(super) struct Keys {
    pub statements: [u8; 32],
    pub draw_vrf: VrfPublic,
    pub tag_vrf: VrfPublic,
    pub draw_vrf_bytes: [u8; 32],
    pub tag_vrf_bytes: [u8; 32],
}

pub(super) fn checkpoint(evidence: &Evidence, policy: &Policy) -> Answer<Head> {
    let note = SignedNote::parse(evidence.checkpoint.as_bytes()).map_err(|e| e.to_string())?;
    let outcome = policy.accept(&note).map_err(|e| e.to_string())?;
    let log_key = outcome.log.ok_or("no log of the policy signed this checkpoint")?;
    let seen = format!("tree size {} of {}", outcome.checkpoint.size, outcome.checkpoint.origin);
    let head = Head {
        log_key: *log_key.key_bytes(),
        unknown_signatures: u32::try_from(outcome.unknown.len()).unwrap_or(u32::MAX),
        time: outcome.time,
        checkpoint: outcome.checkpoint,
    };
    Ok((head, seen))
}

pub(super) fn entries(evidence: &Evidence, head: &Checkpoint) -> Answer<Entries> {
    let mut entries: Vec<Entry> = Vec::new();
    for given in &evidence.entries {
        let at = |reason: String| format!("entry {}: {reason}", given.index);
        let note = SignedNote::parse(given.note.as_bytes()).map_err(|e| at(e.to_string()))?;
        let leaf = note.text().strip_suffix('\n').unwrap_or_default().as_bytes();
        let statement = Statement::parse(leaf).map_err(|e| at(e.to_string()))?;
        if *statement.log() != head.origin {
            return Err(at("says it belongs to another log".into()));
        }
        let said = Said::read(statement.kind(), &statement.body_json()).map_err(|e| at(e.to_string()))?;
        // evidence-v1 knows the types of log-v1 alone, evidence-v2 those of draw-v2 besides.
        let of_calls = matches!(said, Said::Call(_));
        if of_calls && !evidence.format.may_have_calls() || said.is_of_v3() && evidence.format != Format::V3 {
            return Err(at("type: unknown type of statement".into()));
        }
        if (given.index == 0) != matches!(said, Said::Opened(_)) {
            return Err(at("log.opened stands at index 0 and nowhere else".into()));
        }
        let leaf = merkle::leaf_hash(leaf);
        merkle::verify_inclusion(given.index, head.size, &leaf, &given.proof, &head.root)
            .map_err(|e| at(e.to_string()))?;
        if let Some(before) = entries.last() {
            if before.index >= given.index {
                return Err(at("indices must ascend".into()));
            }
            if before.time > statement.time() {
                return Err(at("time falls as the index rises".into()));
            }
        }
        entries.push(Entry { index: given.index, time: statement.time(), said, leaf, note });
    }
    only_what_belongs(evidence, &entries)?;
    let seen = format!("{} entries, all in the tree", entries.len());
    Ok((Entries(entries), seen))
}

/// The set of entries is fixed: an entry that has nothing to say about this draw is refused, so that
/// a file has one spelling.
fn only_what_belongs(evidence: &Evidence, entries: &[Entry]) -> Result<(), String> {
    let profile = entries.iter().find_map(|entry| match &entry.said {
        Said::Committed(commitment) => Some(commitment.profile),
        _ => None,
    });
    let own = entries.iter().filter(|entry| {
        matches!(entry.said, Said::Committed(_)) || entry.said.alpha() == Some(&evidence.alpha)
    });
    if !own.map(|entry| entry.index).eq(evidence.life.iter().copied()) {
        return Err("life does not list exactly the entries of this draw".into());
    }
    if let Some(shared) = &evidence.shared {
        let keys = entries.iter().filter(|e| matches!(e.said, Said::KeyRegistered(_) | Said::KeyRetired(_)));
        if !keys.map(|entry| entry.index).eq(shared.keys.iter().copied()) {
            return Err("keys does not list exactly the entries about keys".into());
        }
    }
    if evidence.format == Format::V2 && !entries.iter().any(|entry| matches!(entry.said, Said::Call(_))) {
        return Err("nothing about calls: such a draw has a file of evidence-v1".into());
    }
    let seated = evidence.openings.iter().flat_map(|o| o.seated.iter().map(|member| member.registry));
    let seated: Vec<u64> = seated.collect();
    let (mut profiles, mut opened) = (0, false);
    for entry in entries {
        let belongs = match &entry.said {
            Said::Opened(_) => {
                opened = true;
                true
            }
            Said::Committed(_) => true,
            Said::Profile(digest) => {
                profiles += 1;
                Some(*digest) == profile && profiles == 1
            }
            Said::Expert(_) => seated.contains(&entry.index),
            Said::KeyRegistered(_) | Said::KeyRetired(_) => true,
            Said::NonceCommitted(said) => contributed::belongs(entries, entry.index, said),
            said => said.alpha() == Some(&evidence.alpha),
        };
        if !belongs {
            return Err(format!("entry {}: does not belong to this draw", entry.index));
        }
    }
    if !opened || profiles == 0 {
        return Err("entry 0 (log.opened) or the profile.loaded of the commitment is missing".into());
    }
    let expert = |index: u64| entries.iter().any(|e| e.index == index && matches!(e.said, Said::Expert(_)));
    if let Some(missing) = seated.iter().find(|index| !expert(**index)) {
        return Err(format!("the registry.expert entry {missing} of an opened member is missing"));
    }
    Ok(())
}

pub(super) fn keys(entries: &Entries, head: &Head) -> Answer<Keys> {
    let Some(Entry { said: Said::Opened(opened), .. }) = entries.0.first() else {
        return Err("entry 0 (log.opened) is missing".into());
    };
    if opened.log != head.log_key {
        return Err("entry 0 registers another log key than the one that signed the checkpoint".into());
    }
    let vrf = |name: &str, bytes: [u8; 32]| {
        VrfPublic::from_bytes(bytes).map_err(|e| format!("{name} key of entry 0: {e}"))
    };
    let LogOpened { statements, draw_vrf, tag_vrf, .. } = opened;
    let keys = Keys {
        statements: *statements,
        draw_vrf: vrf("draw_vrf", *draw_vrf)?,
        tag_vrf: vrf("tag_vrf", *tag_vrf)?,
        draw_vrf_bytes: *draw_vrf,
        tag_vrf_bytes: *tag_vrf,
    };
    Ok((keys, format!("four keys of {}", opened.jurisdiction)))
}

pub(super) fn signatures(entries: &Entries, head: &Head, keys: &Keys) -> Answer<()> {
    let name = head.checkpoint.origin.statements_key_name();
    let key = VerifierKey::new(name, Algorithm::Ed25519, keys.statements)
        .map_err(|e| format!("statements key of entry 0: {e}"))?;
    for entry in &entries.0 {
        if entry.note.signatures().len() != 1 {
            return Err(format!("entry {}: must carry exactly one signature", entry.index));
        }
        entry.note.verify(&key).map_err(|e| format!("entry {}: {e}", entry.index))?;
    }
    Ok(((), format!("{} statements signed by the statements key", entries.0.len())))
}
