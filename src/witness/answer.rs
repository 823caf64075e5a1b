//! The decision on a draw (`api-spec/witness-v1.md` §§4–5): request and cosigned root → may this witness answer,
//! or state that it never will. Pure.
//!
//! *Invariants:* nothing is believed but what the head proves: the leaves are in the tree that this witness
//! cosigned. The operator's VRF is fixed in it before this one is computed, so it cannot be chosen to suit.
//! Deliberately not looked at: signatures of the notes (the head vouches for them), supervisors' signatures (this
//! witness does not know their keys; the nonce opens what the commitment fixed).

use crate::codec::{Hash, Json, Object, ShapeError, object, to_hex};
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::Share;
use crate::draw::contributions::texts::{AnswerText, nonce_commitment, not_released_text};
use crate::draw::seed;
use crate::draw::statements::Void;
use crate::draw::vrf::{Proof, VrfPublic};
use crate::log::merkle::{leaf_hash, verify_inclusion};
use crate::log::{Origin, SignedNote, Statement, key_digest};

use super::refusal::Refusal;

/// The longest request, in bytes.
pub const BODY_LIMIT: usize = 1 << 20;
/// A tree of at most 2^53 − 1 leaves has no longer path.
const PATH_LIMIT: usize = 53;

/// One entry of the log with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    index: u64,
    /// The note's text without its last newline: the leaf, if it is a statement.
    leaf: Vec<u8>,
    proof: Vec<Hash>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The log's origin.
    pub log: String,
    /// Size of the head that the proofs lead to.
    pub size: u64,
    /// Index and alpha of the first entry.
    pub index: u64,
    /// H("alpha"; index ‖ leaf hash of the first entry).
    pub alpha: Hash,
    /// The operator's VRF key; only of a request for an answer.
    vrf: [u8; 32],
    entries: Vec<Entry>,
}

/// A draw that may be answered, or withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    log: Origin,
    index: u64,
    alpha: Hash,
}

impl Asked {
    /// Reads a request for an answer. Errors: [`Refusal::Shape`], [`Refusal::TooLarge`].
    pub fn for_answer(body: &[u8]) -> Result<Self, Refusal> {
        Self::parse(body, true)
    }

    /// Reads a request for a statement that there will be none: the same without `vrf`, exactly two entries.
    pub fn for_not_released(body: &[u8]) -> Result<Self, Refusal> {
        let asked = Self::parse(body, false)?;
        if asked.entries.len() == 2 { Ok(asked) } else { Err(Refusal::Shape("entries: exactly two".into())) }
    }

    fn parse(body: &[u8], with_vrf: bool) -> Result<Self, Refusal> {
        if body.len() > BODY_LIMIT {
            return Err(Refusal::TooLarge);
        }
        let json =
            Json::parse_canonical(body, BODY_LIMIT).map_err(|error| Refusal::Shape(error.to_string()))?;
        Self::read(&json, with_vrf).map_err(|error| Refusal::Shape(error.to_string()))
    }

    fn read(json: &Json, with_vrf: bool) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            f.int("v", 1..=1)?;
            let entries = f.each("entries", |item, path| {
                object(item, path, |f| {
                    let note = SignedNote::parse(f.str("note")?.as_bytes());
                    let note = note.map_err(|error| f.wrong("note", error.to_string()))?;
                    let proof = f.hashes("proof")?;
                    if proof.len() > PATH_LIMIT {
                        return Err(f.wrong("proof", "at most 53 hashes"));
                    }
                    let text = note.text();
                    let leaf = text.strip_suffix('\n').unwrap_or(text).as_bytes().to_vec();
                    Ok(Entry { index: f.u64("index")?, leaf, proof })
                })
            })?;
            if !entries.is_sorted_by(|a, b| a.index < b.index) {
                return Err(f.wrong("entries", "must ascend strictly by index"));
            }
            let first = entries.first().ok_or_else(|| f.wrong("entries", "at least one"))?;
            Ok(Self {
                log: f.str("log")?.to_owned(),
                size: f.u64("size")?,
                index: first.index,
                alpha: seed::alpha(first.index, &leaf_hash(&first.leaf)),
                vrf: if with_vrf { f.hash("vrf")?.0 } else { [0; 32] },
                entries,
            })
        })
    }

    /// Whether the draw may be answered with the VRF key of this digest at `now`, given the root that this witness
    /// cosigned at the request's size. Errors: [`Refusal::Proof`], [`Refusal::NotNamed`], [`Refusal::TooEarly`],
    /// [`Refusal::PastDeadline`].
    pub fn may_answer(&self, root: &Hash, key: &Hash, now: i64) -> Result<Granted, Refusal> {
        let statements = self.proven(root)?;
        let (commitment, granted) = self.named(&statements, key)?;
        let others = statements.get(1..).unwrap_or_default();
        self.all_there(&commitment, others)?;
        if now > commitment.deadline { Err(Refusal::PastDeadline) } else { Ok(granted) }
    }

    /// Whether it may be stated that the draw is never answered: the operator has proposed to void it. The
    /// deadline is not asked, since a void after it needs the statement most.
    pub fn may_withhold(&self, root: &Hash, key: &Hash) -> Result<Granted, Refusal> {
        let statements = self.proven(root)?;
        let (_, granted) = self.named(&statements, key)?;
        let proposed = statements.get(1).filter(|said| said.kind() == Void::PROPOSED);
        let proposed = proposed.and_then(|said| Void::read(&said.body_json(), false).ok());
        if proposed.is_some_and(|proposed| proposed.alpha == self.alpha) {
            Ok(granted)
        } else {
            Err(Refusal::TooEarly("no draw.void_proposed of this draw"))
        }
    }

    /// The statements of the entries, each of this log and in the head.
    fn proven(&self, root: &Hash) -> Result<Vec<Statement>, Refusal> {
        let statement = |entry: &Entry| {
            let wrong = |what: &str| Refusal::Proof(format!("{} {what}", entry.index));
            let statement = Statement::parse(&entry.leaf).map_err(|error| wrong(&error.to_string()))?;
            if statement.log().as_str() != self.log {
                return Err(wrong("is of another log"));
            }
            let proof = verify_inclusion(entry.index, self.size, &leaf_hash(&entry.leaf), &entry.proof, root);
            proof.map_err(|error| wrong(&error.to_string()))?;
            Ok(statement)
        };
        self.entries.iter().map(statement).collect()
    }

    /// The commitment, which names the key once.
    fn named(&self, statements: &[Statement], key: &Hash) -> Result<(Commitment, Granted), Refusal> {
        let first = statements.first().filter(|said| said.kind() == Commitment::TYPE);
        let first = first.ok_or(Refusal::NotNamed)?;
        let commitment = Commitment::read(&first.body_json()).map_err(|_| Refusal::NotNamed)?;
        let named = |c: &&Contributor| matches!(c, Contributor::Witness { key: named } if named == key);
        if commitment.contributions.iter().filter(named).count() != 1 {
            return Err(Refusal::NotNamed);
        }
        Ok((commitment, Granted { log: first.log().clone(), index: self.index, alpha: self.alpha }))
    }

    /// The others are the nonces of the commitment, each once, then the operator's contribution.
    fn all_there(&self, commitment: &Commitment, others: &[Statement]) -> Result<(), Refusal> {
        let share = |said: &Statement| {
            if said.kind() != Share::TYPE {
                return Err(Refusal::TooEarly("an entry that is no contribution"));
            }
            let share = Share::read(&said.body_json());
            let share = share.ok().filter(|share| *share.alpha() == self.alpha);
            share.ok_or(Refusal::TooEarly("an entry that is no contribution to this draw"))
        };
        let mut shares = others.iter().map(share).collect::<Result<Vec<_>, _>>()?;
        let Some(Share::Operator(operator)) = shares.pop() else {
            return Err(Refusal::TooEarly("the operator's contribution is missing"));
        };
        for waited_for in &commitment.contributions {
            match waited_for {
                Contributor::Nonce { key, commitment: fixed } => {
                    let opens = |share: &Share| {
                        let Share::Nonce(reveal) = share else { return false };
                        let (tag, attempt) = (&commitment.package_tag, commitment.attempt);
                        reveal.key == *key && nonce_commitment(key, tag, attempt, &reveal.nonce) == *fixed
                    };
                    let place = shares.iter().position(opens);
                    shares.remove(place.ok_or(Refusal::TooEarly("a supervisor's nonce is missing"))?);
                }
                Contributor::Operator { key } => {
                    let own = operator.key == *key && key_digest(&self.vrf) == *key;
                    let vrf = VrfPublic::from_bytes(self.vrf).ok().filter(|_| own);
                    let valid =
                        vrf.is_some_and(|vrf| vrf.verify(self.alpha.as_bytes(), &operator.proof).is_ok());
                    if !valid {
                        return Err(Refusal::TooEarly("the operator's contribution does not verify"));
                    }
                }
                Contributor::Witness { .. } | Contributor::Beacon { .. } => {}
            }
        }
        if shares.is_empty() { Ok(()) } else { Err(Refusal::TooEarly("contributions that nobody waits for")) }
    }
}

impl Granted {
    /// The answer; `sign` makes an Ed25519 signature with the cosigning key.
    pub fn answer(
        &self,
        key: &Hash,
        proof: &Proof,
        (size, root): (u64, &Hash),
        now: i64,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Json {
        let (index, alpha) = (self.index, &self.alpha);
        let text = AnswerText { index, alpha, key, proof, size, root, answered: now }.text(&self.log);
        Object::new()
            .with("v", 1u32)
            .with("log", self.log.as_str())
            .with("index", index)
            .with("alpha", *alpha)
            .with("key", *key)
            .with("proof", proof.to_hex())
            .with("size", size)
            .with("root", *root)
            .with("time", now)
            .with("signature", to_hex(&sign(text.as_bytes())))
            .into()
    }

    /// The statement that there will be no answer.
    pub fn not_released(&self, key: &Hash, now: i64, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Json {
        let text = not_released_text(&self.log, &self.alpha, key, now);
        Object::new()
            .with("v", 1u32)
            .with("log", self.log.as_str())
            .with("alpha", self.alpha)
            .with("key", *key)
            .with("time", now)
            .with("signature", to_hex(&sign(text.as_bytes())))
            .into()
    }
}
