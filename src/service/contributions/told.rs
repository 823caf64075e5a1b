//! What an evidence file tells beside the draw's own entries when others contribute (`api-spec/evidence-v3.md`
//! §1): heads with their cosignatures, the supervisors' commitments, the beacon's chain.

use std::collections::{BTreeMap, BTreeSet};

use super::given::nonce_subject;
use crate::config::beacon::{default_chain, quicknet};
use crate::draw::beacon::ChainInfo;
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::{NonceCommitted, Share};
use crate::draw::statements::Void;
use crate::evidence::Shared;
use crate::evidence::bundle::{HEAD_LIMIT, HeadEntry};
use crate::log::{Statement, consistency_from_tiles};
use crate::service::archive::{Archive, Committed};
use crate::service::refusal::Refusal;
use crate::service::witnesses::{CosignedHead, heads_covering};
use crate::store::{self, Conn};

/// The index of the first commitment to each nonce that a draw's commitment names.
pub(in crate::service) fn nonces(conn: &mut Conn, commitment: &Commitment) -> Result<Vec<u64>, Refusal> {
    let subject = nonce_subject(&commitment.package_tag, commitment.attempt);
    let filed = store::journal::of_subject(conn, &subject, 0, 1_000)?;
    let mut found = Vec::new();
    for contributor in &commitment.contributions {
        let Contributor::Nonce { key, commitment: nonce } = contributor else { continue };
        for entry in &filed {
            let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            let said = NonceCommitted::read(&statement.body_json()).map_err(Refusal::internal)?;
            if (said.key, said.commitment) == (*key, *nonce) {
                found.push(entry.index());
                break;
            }
        }
    }
    Ok(found)
}

/// The part of a file that only evidence-v3 has. `size`: of the file's checkpoint.
pub(in crate::service) fn part(
    archive: &Archive<'_>,
    conn: &mut Conn,
    committed: &Committed,
    keys: Vec<u64>,
    size: u64,
) -> Result<Shared, Refusal> {
    let mut heads: BTreeMap<u64, HeadEntry> = BTreeMap::new();
    let mut dated = Vec::new();
    for (index, statement) in &committed.entries {
        let kind = statement.kind();
        if kind == Share::TYPE {
            let share = Share::read(&statement.body_json()).map_err(Refusal::internal)?;
            if let Share::Witness(answer) = share {
                let (root, proof) = (answer.root, consistency(conn, answer.size, size)?);
                let head = HeadEntry { size: answer.size, root, proof, note: None };
                heads.entry(answer.size).or_insert(head);
            }
        }
        if [Commitment::TYPE, Share::TYPE, Void::CONFIRMED].contains(&kind) {
            dated.push(*index);
        }
    }
    let mut dating = Vec::new();
    for index in dated {
        let covering = heads_covering(conn, index)?;
        dating.push(covering.into_iter().filter(|head| head.size <= size).collect());
    }
    for CosignedHead { size: of, root, note, .. } in chosen(dating, heads.keys().copied().collect()) {
        let proof = consistency(conn, of, size)?;
        heads.insert(of, HeadEntry { size: of, root, proof, note: Some(note) });
    }
    let wanted = committed.commitment.contributions.iter();
    let mut chain = wanted.filter_map(|wanted| match wanted {
        Contributor::Beacon { chain, .. } => Some(archive.chain(chain)),
        _ => None,
    });
    let chain = chain.next().transpose()?;
    Ok(Shared { heads: heads.into_values().collect(), keys, chain })
}

/// The heads that a file has room for beside those that witnesses' answers name: the earliest of each entry,
/// then the second of each, and so on.
fn chosen(dating: Vec<Vec<CosignedHead>>, named: BTreeSet<u64>) -> Vec<CosignedHead> {
    let (mut sizes, mut chosen) = (named, BTreeMap::new());
    let mut dating: Vec<_> = dating.into_iter().map(Vec::into_iter).collect();
    loop {
        let next: Vec<CosignedHead> = dating.iter_mut().filter_map(Iterator::next).collect();
        if next.is_empty() {
            return chosen.into_values().collect();
        }
        for head in next {
            // A head that an answer names too is there already and takes no more room.
            if sizes.contains(&head.size) || sizes.len() < HEAD_LIMIT {
                sizes.insert(head.size);
                chosen.insert(head.size, head);
            }
        }
    }
}

fn consistency(conn: &mut Conn, old: u64, new: u64) -> Result<Vec<crate::codec::Hash>, Refusal> {
    let tiles = store::tile::Stored(std::cell::RefCell::new(conn));
    consistency_from_tiles(&tiles, old, new).map_err(Refusal::internal)
}

/// A chain by its hash: the configured one, or one that is known by name.
pub(in crate::service) fn known_chain(
    configured: Option<&ChainInfo>,
    hash: &crate::codec::Hash,
) -> Option<ChainInfo> {
    let known = [quicknet(), default_chain()].into_iter().flatten();
    configured.cloned().into_iter().chain(known).find(|chain| chain.hash() == *hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Hash;

    fn head(size: u64) -> CosignedHead {
        CosignedHead { size, root: Hash([0; 32]), note: String::new(), cosigners: Vec::new() }
    }

    #[test]
    fn named_heads_and_the_first_of_every_entry_have_room_before_further_ones() {
        let sizes = |heads: Vec<CosignedHead>| heads.iter().map(|head| head.size).collect::<Vec<_>>();
        let few = chosen(vec![vec![head(5), head(9)], vec![head(9)]], BTreeSet::from([5]));
        assert_eq!(sizes(few), [5, 9], "a named head gets its note too");
        let many: Vec<CosignedHead> = (1..=300).map(head).collect();
        let named: BTreeSet<u64> = (1_000..1_010).collect();
        let kept = sizes(chosen(vec![many, vec![head(2_000), head(2_001)]], named));
        assert_eq!(kept.len() + 10, HEAD_LIMIT);
        assert!(kept.contains(&2_000) && kept.contains(&2_001) && kept.contains(&244));
        assert!(!kept.contains(&245));
    }
}
