//! A witness is asked for its answer once it has cosigned a head that covers what it has to see; a relay is
//! asked for a round once its time has come and everything else is there. What comes back is judged like
//! anything that somebody hands in, before it is written.

use super::{Trail, open_trails};
use crate::codec::{Hash, Json, Object, to_hex};
use crate::draw::beacon;
use crate::draw::commitment::Contributor;
use crate::draw::contributions::{Answer, BeaconRound, Share};
use crate::log::{KeyUse, key_digest};
use crate::outside::asking::{Answerer, Relay, Trouble};
use crate::outside::witness::Witness;
use crate::ports::LogSigner;
use crate::service::archive::root_of;
use crate::service::refusal::Refusal;
use crate::service::{ITSELF, Service};
use crate::store::{self, Conn};

impl Service {
    /// Asks a witness for every answer that a draw waits for and that it can give by now; how many came.
    pub fn ask_witness(&self, witness: &Witness, answerer: &dyn Answerer) -> Result<usize, Refusal> {
        let Some(vrf) = witness.vrf.map(|key| key_digest(&key)) else { return Ok(0) };
        let now = self.clock.now().0;
        let mut answered = 0;
        for trail in self.store.read(open_trails)? {
            let named = Contributor::Witness { key: vrf };
            let due = trail.commitment.contributions.contains(&named)
                && trail.of(&named).is_none()
                && now <= trail.commitment.deadline
                && !trail.withheld.iter().any(|said| said.key == vrf);
            let Some(operator) = trail.operator().filter(|_| due) else { continue };
            let Some(request) = self.store.read(|conn| self.request(conn, &trail, witness, operator))? else {
                continue;
            };
            match self.answer_of(&trail, vrf, answerer, &request) {
                Ok(()) => {
                    answered += 1;
                    self.advance(&trail.id)?;
                }
                Err(why) => {
                    let (trouble, refusal) = *why;
                    let (zh, _) = trouble.texts();
                    tracing::warn!(draw = trail.id, witness = witness.name, zh, cause = ?refusal, "witness");
                }
            }
        }
        Ok(answered)
    }

    fn answer_of(
        &self,
        trail: &Trail,
        vrf: Hash,
        answerer: &dyn Answerer,
        request: &[u8],
    ) -> Result<(), Box<(Trouble, Option<Refusal>)>> {
        let said = answerer.answer(request).map_err(|trouble| Box::new((trouble, None)))?;
        let (log, index, answer) =
            Answer::read_published(&said).map_err(|_| Box::new((Trouble::Malformed, None)))?;
        if log != self.keys.origin() || (index, answer.alpha, answer.key) != (trail.index, trail.alpha, vrf) {
            return Err(Box::new((Trouble::Other, None)));
        }
        // A head of another history would make the draw's file fail for good: there is no second answer.
        let is_ours = self.store.read(|conn| {
            let size = store::head::read(conn)?.size;
            let there = (1..=size).contains(&answer.size);
            Ok::<_, Refusal>(there && root_of(conn, answer.size)? == answer.root)
        });
        if !is_ours.map_err(|refusal| Box::new((Trouble::Other, Some(refusal))))? {
            return Err(Box::new((Trouble::Other, None)));
        }
        let share = move |_| Share::Witness(answer.clone());
        let written = self.write_share(&trail.id, ITSELF, share, None);
        written.map(|_| ()).map_err(|refusal| Box::new((Trouble::Unverified, Some(refusal))))
    }

    /// The request of witness-v1 §4.1; `None` as long as the witness has cosigned no head that covers what it
    /// has to see.
    fn request(
        &self,
        conn: &mut Conn,
        trail: &Trail,
        witness: &Witness,
        operator: u64,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let vkey = witness.key.to_string();
        let Some(size) = store::witness::first_by(conn, &vkey, operator)? else { return Ok(None) };
        let mut indices = vec![trail.index];
        indices.extend(trail.shares.iter().filter(|(_, _, share)| share.kind() <= 2).map(|(i, ..)| *i));
        indices.sort_unstable();
        let archive = self.archive();
        let mut entries = Vec::new();
        for index in indices {
            let entry = store::journal::find(conn, index)?;
            let entry = entry.ok_or_else(|| Refusal::internal(format!("entry {index} is missing")))?;
            let proof = archive.inclusion(conn, size, index)?;
            let proof: Json = proof.into_iter().map(Json::from).collect();
            let note = archive.note_of(&entry)?;
            entries
                .push(Json::from(Object::new().with("index", index).with("note", note).with("proof", proof)));
        }
        let key = store::signing::key_book(conn)?.and_then(|book| {
            let found = book.find(&trail.commitment.operator_key()?)?;
            (found.usage == KeyUse::DrawVrf).then_some(found.key)
        });
        let key = key.ok_or_else(|| Refusal::internal("the operator's key is not registered"))?;
        let request = Object::new()
            .with("v", 1u32)
            .with("log", self.keys.origin())
            .with("size", size)
            .with("vrf", to_hex(&key))
            .with("entries", entries);
        Ok(Some(Json::from(request).canonical()))
    }

    /// Asks the relays, in their order, for every round that a draw waits for and whose time has come; how
    /// many came. A relay that stalls, lies or answers something else is passed over; no other round and no
    /// other chain is ever taken.
    pub fn ask_beacon(&self, relays: &[Box<dyn Relay>]) -> Result<usize, Refusal> {
        let Some(configured) = &self.beacon else { return Ok(0) };
        let (chain, hash) = (&configured.chain, configured.chain.hash());
        let now = self.clock.now().0;
        let mut came = 0;
        for trail in self.store.read(open_trails)? {
            let round = trail.commitment.contributions.iter().find_map(|wanted| match wanted {
                Contributor::Beacon { chain, round } if *chain == hash => Some(*round),
                _ => None,
            });
            let Some(round) = round.filter(|_| !trail.lacks(&[1, 2, 3]) && trail.lacks(&[4])) else {
                continue;
            };
            if now > trail.commitment.deadline || chain.time_of(round).is_none_or(|time| now < time) {
                continue;
            }
            for relay in relays {
                let said = relay.round(&hash, round).and_then(|said| {
                    if said.round != round {
                        return Err(Trouble::Other);
                    }
                    let verified = beacon::verify(chain, round, &said.signature, said.previous.as_deref());
                    verified.map(|_| said).map_err(|_| Trouble::Unverified)
                });
                match said {
                    Ok(said) => {
                        let share = move |alpha| {
                            let (signature, previous) = (said.signature.clone(), said.previous.clone());
                            Share::Beacon(BeaconRound { alpha, chain: hash, round, signature, previous })
                        };
                        self.write_share(&trail.id, ITSELF, share, None)?;
                        came += 1;
                        self.advance(&trail.id)?;
                        break;
                    }
                    Err(trouble) => {
                        let (zh, _) = trouble.texts();
                        tracing::warn!(draw = trail.id, relay = relay.address(), round, zh, "beacon");
                    }
                }
            }
        }
        Ok(came)
    }
}
