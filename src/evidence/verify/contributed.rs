//! Check `contributions` of evidence-v3: that each contribution is the one that the commitment waits
//! for, in order, in time, and by its maker (`api-spec/draw-v3.md` §§2–4).
//!
//! *Invariant:* nobody who has declared `draw.not_released` has contributed.

use super::entries::{Entry, Keys};
use super::shared::{Heads, fits};
use super::{Answer, Draw};
use crate::codec::{Hash, sha256};
use crate::draw::beacon;
use crate::draw::commitment::Contributor;
use crate::draw::contributions::texts::{
    AnswerText, nonce_commitment, nonce_text, not_released_text, reveal_text, verifies,
};
use crate::draw::contributions::{
    Answer as WitnessAnswer, BeaconRound, NonceCommitted, NotReleased, Reveal, Share,
};
use crate::draw::seed::Contribution;
use crate::draw::statements::Contributed;
use crate::draw::vrf::VrfPublic;
use crate::evidence::said::Said;
use crate::log::{KeyBook, Origin, RegisteredKey};

/// What stands in the log of a commitment's contributions.
pub(super) struct Given {
    /// By place in the commitment: index of the statement and what enters the seed.
    pub by_place: Vec<Option<(u64, Contribution)>>,
    /// Keys of those who have declared that they release nothing, with the index of the statement.
    pub withheld: Vec<(Hash, u64)>,
}

impl Given {
    /// How many are not there.
    pub fn missing(&self) -> usize {
        self.by_place.iter().filter(|given| given.is_none()).count()
    }

    /// Those that are there, in committed order.
    pub fn there(&self) -> Vec<(u64, Contribution)> {
        self.by_place.iter().flatten().cloned().collect()
    }
}

/// What the judging of one contribution may look at.
struct Bench<'a> {
    draw: &'a Draw<'a>,
    keys: &'a Keys,
    book: &'a KeyBook,
    log: &'a Origin,
}

pub(super) fn check(
    draw: &Draw<'_>,
    keys: &Keys,
    book: &KeyBook,
    heads: &Heads,
    log: &Origin,
) -> Answer<Given> {
    let bench = Bench { draw, keys, book, log };
    let wanted = &draw.commitment.contributions;
    let mut by_place: Vec<Option<(u64, Contribution)>> = vec![None; wanted.len()];
    let mut newest_kind = 0;
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
        let place = wanted.iter().position(|wanted| is_by(&share, wanted));
        let place = place.ok_or_else(|| at("is by nobody whom the commitment names"))?;
        in_time(entry, draw.commitment.deadline, heads)?;
        let earlier_missing = wanted
            .iter()
            .zip(&by_place)
            .any(|(wanted, given)| wanted.kind() == 1 && given.is_none() && share.kind() > 1);
        if earlier_missing {
            return Err(at("stands above a nonce that is not revealed"));
        }
        let contributor = wanted.get(place).ok_or_else(|| at("is by nobody whom the commitment names"))?;
        let value = bench.judge(entry, &share, contributor, &by_place).map_err(|reason| at(&reason))?;
        let slot = by_place.get_mut(place).ok_or_else(|| at("is by nobody whom the commitment names"))?;
        if slot.replace((entry.index, value)).is_some() {
            return Err(at("is a second contribution of the same party"));
        }
    }
    let given = Given { withheld: bench.withheld()?, by_place };
    bench.committed_nonces()?;
    for (key, index) in &given.withheld {
        let released = wanted
            .iter()
            .zip(&given.by_place)
            .any(|(wanted, there)| there.is_some() && super::shared::key_of(wanted) == Some(key));
        if released {
            return Err(format!("entry {index}: declares as not released what was contributed"));
        }
    }
    let drawn = draw.entries.0.iter().any(|entry| matches!(entry.said, Said::Drawn(_)));
    if drawn && given.missing() > 0 {
        return Err(format!("{} contributions are missing, and there is a result", given.missing()));
    }
    let seen = format!("{} of {} contributions, each valid", wanted.len() - given.missing(), wanted.len());
    Ok((given, seen))
}

/// Whether a contribution is by the party that a place of the commitment names.
fn is_by(share: &Share, wanted: &Contributor) -> bool {
    match (share, wanted) {
        (Share::Nonce(said), Contributor::Nonce { key, .. }) => said.key == *key,
        (Share::Operator(said), Contributor::Operator { key }) => said.key == *key,
        (Share::Witness(said), Contributor::Witness { key }) => said.key == *key,
        (Share::Beacon(said), Contributor::Beacon { chain, round }) => {
            (said.chain, said.round) == (*chain, *round)
        }
        _ => false,
    }
}

fn in_time(entry: &Entry, deadline: i64, heads: &Heads) -> Result<(), String> {
    if entry.time > deadline {
        return Err(format!("entry {}: came after the deadline", entry.index));
    }
    if heads.dated_by_quorum && heads.date_of(entry.index).is_none_or(|date| date > deadline) {
        return Err(format!(
            "entry {}: in no head that the quorum has dated before the deadline",
            entry.index
        ));
    }
    Ok(())
}

impl Bench<'_> {
    fn judge(
        &self,
        entry: &Entry,
        share: &Share,
        contributor: &Contributor,
        before: &[Option<(u64, Contribution)>],
    ) -> Result<Contribution, String> {
        match (share, contributor) {
            (Share::Nonce(said), Contributor::Nonce { commitment, .. }) => {
                self.nonce(entry, said, commitment)
            }
            (Share::Operator(said), _) => self.operator(entry, said),
            (Share::Witness(said), _) => self.witness(entry, said, before),
            (Share::Beacon(said), _) => self.beacon(said),
            _ => Err("is by nobody whom the commitment names".into()),
        }
    }

    /// A key that may contribute at this entry's index.
    fn key(&self, digest: &Hash, entry: &Entry) -> Result<&RegisteredKey, String> {
        let key = self.book.find(digest).ok_or("names a key that no entry registers")?;
        if key.may_contribute_at(entry.index) {
            Ok(key)
        } else {
            Err("is by a key that was retired as compromised before".into())
        }
    }

    fn nonce(&self, entry: &Entry, said: &Reveal, committed: &Hash) -> Result<Contribution, String> {
        let key = self.key(&said.key, entry)?;
        let commitment = self.draw.commitment;
        let opened = nonce_commitment(&said.key, &commitment.package_tag, commitment.attempt, &said.nonce);
        if opened != *committed {
            return Err("the nonce is not the one that was committed".into());
        }
        let text = reveal_text(self.log, self.draw.alpha, &said.nonce);
        if !verifies(&key.key, &text, &said.signature) {
            return Err("the supervisor's signature does not verify".into());
        }
        Ok(Contribution::Nonce(said.nonce))
    }

    fn operator(&self, entry: &Entry, said: &Contributed) -> Result<Contribution, String> {
        self.key(&said.key, entry)?;
        let alpha = self.draw.alpha.as_bytes();
        let beta = self.keys.draw_vrf.verify(alpha, &said.proof).map_err(|e| e.to_string())?;
        Ok(Contribution::Operator(beta.0))
    }

    fn witness(
        &self,
        entry: &Entry,
        said: &WitnessAnswer,
        before: &[Option<(u64, Contribution)>],
    ) -> Result<Contribution, String> {
        let vrf = self.key(&said.key, entry)?;
        let signer = vrf.witness.ok_or("is by a key that belongs to no witness")?;
        let signer = self.key(&signer, entry)?;
        let text = AnswerText {
            index: self.draw.index,
            alpha: self.draw.alpha,
            key: &said.key,
            proof: &said.proof,
            size: said.size,
            root: &said.root,
            answered: said.answered,
        };
        if !verifies(&signer.key, &text.text(self.log), &said.signature) {
            return Err("the witness's signature does not verify".into());
        }
        let operator = before.iter().flatten().find(|(_, part)| matches!(part, Contribution::Operator(_)));
        let (operator, _) = operator.ok_or("stands where the operator has not contributed")?;
        if said.size <= *operator || said.size > entry.index {
            return Err(
                "the witness's head does not cover what it had to see, or comes after its answer".into()
            );
        }
        if said.answered > self.draw.commitment.deadline {
            return Err("the witness answered after the deadline".into());
        }
        let vrf = VrfPublic::from_bytes(vrf.key).map_err(|e| e.to_string())?;
        let beta = vrf.verify(self.draw.alpha.as_bytes(), &said.proof).map_err(|e| e.to_string())?;
        Ok(Contribution::Witness(beta.0))
    }

    fn beacon(&self, said: &BeaconRound) -> Result<Contribution, String> {
        let shared = self.draw.evidence.shared.as_ref();
        let chain = shared.and_then(|shared| shared.chain.as_ref()).ok_or("the file has no chain")?;
        beacon::verify(chain, said.round, &said.signature, said.previous.as_deref())
            .map_err(|e| e.to_string())?;
        Ok(Contribution::Beacon(sha256(&[&said.signature]).0))
    }

    /// Whoever declared that they release nothing, each checked.
    fn withheld(&self) -> Result<Vec<(Hash, u64)>, String> {
        let mut withheld: Vec<(Hash, u64)> = Vec::new();
        for entry in &self.draw.entries.0 {
            let Said::NotReleased(said) = &entry.said else { continue };
            self.not_released(entry, said).map_err(|reason| format!("entry {}: {reason}", entry.index))?;
            if withheld.iter().any(|(key, _)| *key == said.key) {
                return Err(format!("entry {}: is a second declaration of the same party", entry.index));
            }
            withheld.push((said.key, entry.index));
        }
        Ok(withheld)
    }

    fn not_released(&self, entry: &Entry, said: &NotReleased) -> Result<(), String> {
        let key = self.key(&said.key, entry)?;
        let named = self.draw.commitment.contributions.iter().find_map(|wanted| match wanted {
            Contributor::Nonce { key, .. } if *key == said.key => Some(said.key),
            Contributor::Witness { key: vrf } if *vrf == said.key => key.witness,
            _ => None,
        });
        let signer = named.ok_or("is by nobody whom the commitment names")?;
        let signer = self.key(&signer, entry)?;
        let text = not_released_text(self.log, self.draw.alpha, &said.key, said.stated);
        if verifies(&signer.key, &text, &said.signature) {
            Ok(())
        } else {
            Err("the signature of the declaration does not verify".into())
        }
    }

    /// Every supervisor's commitment in the file is signed by the supervisor.
    fn committed_nonces(&self) -> Result<(), String> {
        for entry in &self.draw.entries.0 {
            let Said::NonceCommitted(said) = &entry.said else { continue };
            self.nonce_committed(said).map_err(|reason| format!("entry {}: {reason}", entry.index))?;
        }
        Ok(())
    }

    fn nonce_committed(&self, said: &NonceCommitted) -> Result<(), String> {
        let key = self.book.find(&said.key).ok_or("names a key that no entry registers")?;
        let text = nonce_text(self.log, &said.package_tag, said.attempt, &said.commitment);
        if verifies(&key.key, &text, &said.signature) {
            Ok(())
        } else {
            Err("the supervisor's signature does not verify".into())
        }
    }
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
