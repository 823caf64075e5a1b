//! Whom a commitment names beside the operator: a function of the rule profile, the log's keys, the nonces
//! on file and the configuration, computed under the lock. Nobody chooses among parties.

use std::collections::BTreeMap;

use super::given::nonce_subject;
use crate::codec::Hash;
use crate::config::beacon::Beacon;
use crate::draw::beacon::ChainInfo;
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::NonceCommitted;
use crate::log::{KeyBook, KeyUse, Statement, key_digest};
use crate::outside::witness::Witness;
use crate::rules::Contributions;
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, Conn};

/// What a draw needs, and who is at hand.
#[derive(Clone)]
pub(in crate::service) struct Wanted {
    /// The profile's row.
    pub row: Contributions,
    /// Witnesses of the configuration.
    pub witnesses: Vec<Witness>,
    /// The beacon of the configuration.
    pub beacon: Option<Beacon>,
}

/// The contributors of a commitment at log index `at` and time `now`, in committed order: of every supervisor
/// in use who has a nonce on file for this package and attempt the newest; the operator; every configured
/// witness that is registered with a VRF key and in use; the first beacon round at or after half of the time.
/// Ascending by key digest within a kind. Refused when there are fewer than the profile asks for.
pub(in crate::service) fn contributors(
    conn: &mut Conn,
    book: &KeyBook,
    wanted: &Wanted,
    commitment: &Commitment,
    (at, now): (u64, i64),
) -> Result<Vec<Contributor>, Refusal> {
    let live = |key: &Hash, usage: KeyUse| {
        book.find(key).is_some_and(|found| found.usage == usage && found.is_live_at(at))
    };
    let mut nonces: BTreeMap<Hash, Hash> = BTreeMap::new();
    let subject = nonce_subject(&commitment.package_tag, commitment.attempt);
    for entry in store::journal::of_subject(conn, &subject, 0, 1_000)? {
        let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
        let said = NonceCommitted::read(&statement.body_json()).map_err(Refusal::internal)?;
        if live(&said.key, KeyUse::Supervisor) {
            // Later entries replace earlier ones of the same supervisor.
            nonces.insert(said.key, said.commitment);
        }
    }
    let mut witnesses: Vec<Hash> = Vec::new();
    for witness in &wanted.witnesses {
        let Some(vrf) = witness.vrf.map(|key| key_digest(&key)) else { continue };
        let signer = book.find(&vrf).and_then(|key| key.witness);
        let is_its = signer == Some(key_digest(witness.key.key_bytes()));
        if is_its && live(&vrf, KeyUse::WitnessVrf) && signer.is_some_and(|key| live(&key, KeyUse::Witness)) {
            witnesses.push(vrf);
        }
    }
    witnesses.sort_unstable();
    let row = &wanted.row;
    enough("supervisors", nonces.len(), row.supervisors, "监督员随机数", "supervisors' nonces on file")?;
    enough("witnesses", witnesses.len(), row.witnesses, "可以贡献的见证方", "witnesses that can contribute")?;
    let nonces = nonces.into_iter().map(|(key, commitment)| Contributor::Nonce { key, commitment });
    let operator = commitment.contributions.iter().filter(|c| c.kind() == 2).cloned();
    // A row that asks for none names none: what is not required cannot hold up a draw.
    let nonces = nonces.filter(|_| row.supervisors > 0);
    let witnesses =
        witnesses.into_iter().filter(|_| row.witnesses > 0).map(|key| Contributor::Witness { key });
    let mut all: Vec<Contributor> = nonces.chain(operator).chain(witnesses).collect();
    if row.beacon {
        let beacon = wanted.beacon.as_ref().ok_or_else(|| {
            let en = "the profile asks for a beacon, and none is configured";
            Refusal::new(Kind::Conflict, "no_beacon", "规则档案要求公共随机信标，但未配置", en)
        })?;
        let half = i64::from(row.minutes) * 30;
        let round = first_round(&beacon.chain, now + half);
        all.push(Contributor::Beacon { chain: beacon.chain.hash(), round });
    }
    Ok(all)
}

fn enough(field: &str, there: usize, least: u32, zh: &str, en: &str) -> Result<(), Refusal> {
    if there >= least as usize {
        return Ok(());
    }
    Err(Refusal::new(
        Kind::Conflict,
        "contributors_missing",
        format!("规则档案要求{zh}不少于{least}个，现有{there}个（{field}）"),
        format!("the profile asks for at least {least} {en}, there are {there} ({field})"),
    ))
}

/// The first round at or after a time.
fn first_round(chain: &ChainInfo, time: i64) -> u64 {
    let since = u64::try_from(time).unwrap_or(0).saturating_sub(chain.genesis);
    since.div_ceil(u64::from(chain.period)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::beacon::quicknet;

    #[test]
    fn the_first_round_at_or_after_a_time_is_neither_before_nor_a_round_late() {
        let chain = quicknet().unwrap();
        for time in [chain.genesis as i64 - 5, chain.genesis as i64, 1_790_000_000, 1_790_000_001] {
            let round = first_round(&chain, time);
            assert!(chain.time_of(round).unwrap() >= time);
            assert!(round == 1 || chain.time_of(round - 1).unwrap() < time);
        }
    }
}
