//! What an evidence file tells beside the draw's own entries when others contribute (`api-spec/evidence-v3.md`
//! §1): heads with their cosignatures, the supervisors' commitments, the beacon's chain.

use std::collections::BTreeMap;

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
    for index in dated {
        for CosignedHead { size: of, root, note, .. } in heads_covering(conn, index)? {
            if of <= size {
                let proof = consistency(conn, of, size)?;
                heads.insert(of, HeadEntry { size: of, root, proof, note: Some(note) });
            }
        }
    }
    let wanted = committed.commitment.contributions.iter();
    let mut chain = wanted.filter_map(|wanted| match wanted {
        Contributor::Beacon { chain, .. } => Some(archive.chain(chain)),
        _ => None,
    });
    let chain = chain.next().transpose()?;
    Ok(Shared { heads: heads.into_values().take(HEAD_LIMIT).collect(), keys, chain })
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
