//! Whether a commitment waits for whom its rule profile asks, and for everybody who is at hand: an operator
//! that leaves a supervisor out, or a beacon, would seed with fewer than the rules want and no public check
//! could tell, since what is at stake stands in a sealed plan.
//!
//! *Deliberately not here:* which witnesses are configured (the log does not say it; only how many are asked
//! for), and whether a contribution is what it says (every verifier's).

use std::collections::BTreeMap;

use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::{NonceCommitted, VRF_KEYS};
use crate::log::opened::LogOpened;
use crate::log::{KeyBook, KeyRegistered, KeyRetired, KeyUse, Statement};
use crate::rules::Contributions;

/// For which package tag and attempt a nonce was filed.
type Occasion = ([u8; 64], u32);

/// What stands in the log before a commitment: keys, and the newest nonce of every supervisor.
#[derive(Default)]
pub(super) struct Filed {
    book: Option<KeyBook>,
    nonces: BTreeMap<Occasion, BTreeMap<Hash, (u64, Hash)>>,
}

impl Filed {
    /// Takes an entry, if it is one of these. One that the log's rules refuse changes nothing here: the public
    /// part of an audit names it.
    pub fn take(&mut self, index: u64, statement: &Statement) {
        let body = statement.body_json();
        match (statement.kind(), &mut self.book) {
            (LogOpened::TYPE, book @ None) => {
                let opened = LogOpened::read(&body).ok();
                let log = statement.log().as_str();
                *book = opened.and_then(|opened| KeyBook::open(log, &opened, VRF_KEYS).ok());
            }
            (KeyRegistered::TYPE, Some(book)) => {
                let _ = KeyRegistered::read(&body).map(|said| book.register(index, &said));
            }
            (KeyRetired::TYPE, Some(book)) => {
                let _ = KeyRetired::read(&body).map(|said| book.retire(index, &said));
            }
            (NonceCommitted::TYPE, _) => {
                if let Ok(said) = NonceCommitted::read(&body) {
                    let of = self.nonces.entry((said.package_tag.0, said.attempt)).or_default();
                    of.insert(said.key, (index, said.commitment));
                }
            }
            _ => {}
        }
    }

    /// In what a commitment at a log index and time waits for others than its profile's row asks for.
    pub fn differences(
        &self,
        (index, time): (u64, i64),
        commitment: &Commitment,
        row: Option<&Contributions>,
    ) -> Vec<String> {
        let named = |kind: u8| commitment.contributions.iter().filter(move |one| one.kind() == kind);
        let mut found = Vec::new();
        let Some(row) = row else {
            if commitment.contributions.len() > 1 {
                found.push("waits for others, and the profile asks for none".to_owned());
            }
            return found;
        };
        let mut fewer = |what: &str, asked: u32, there: usize| {
            if there < asked as usize {
                found.push(format!("the profile asks for {asked} {what}, the commitment names {there}"));
            } else if asked == 0 && there > 0 {
                found.push(format!("names {there} {what}, and the profile asks for none"));
            }
        };
        fewer("supervisors", row.supervisors, named(1).count());
        fewer("witnesses", row.witnesses, named(3).count());
        fewer("beacons", u32::from(row.beacon), named(4).count());
        if commitment.deadline != time + i64::from(row.minutes) * 60 {
            found.push(format!("another deadline than {} minutes after the commitment", row.minutes));
        }
        if row.supervisors > 0 {
            for (key, nonce) in self.on_file(index, commitment) {
                let wanted = Contributor::Nonce { key, commitment: nonce };
                if !commitment.contributions.contains(&wanted) {
                    let key = key.to_hex();
                    found.push(format!("leaves out the newest nonce of supervisor {key}"));
                }
            }
        }
        found
    }

    /// The newest nonce of every supervisor whose key was in use at an index.
    fn on_file(&self, index: u64, commitment: &Commitment) -> Vec<(Hash, Hash)> {
        let of = self.nonces.get(&(commitment.package_tag.0, commitment.attempt));
        let live = |key: &Hash| {
            let key = self.book.as_ref().and_then(|book| book.find(key));
            key.is_some_and(|key| key.usage == KeyUse::Supervisor && key.is_live_at(index))
        };
        let filed = of.into_iter().flatten().filter(|(key, (filed, _))| *filed < index && live(key));
        filed.map(|(key, (_, nonce))| (*key, *nonce)).collect()
    }
}
