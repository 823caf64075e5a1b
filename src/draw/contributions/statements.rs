//! The statements of contributions: `nonce.committed`, `draw.contributed` in all its kinds,
//! `draw.not_released` (`api-spec/draw-v3.md` §§2–4). Shapes only; whether one is valid is the
//! verifier's and the service's question, which both ask the same functions.

use crate::codec::json::MAX_INTEGER;
use crate::codec::{Fields, Hash, Json, Object, ShapeError, object, to_hex};
use crate::draw::commitment::beta;
use crate::draw::statements::{Contributed, proof};
use crate::draw::vrf::{Beta, Proof};

/// The longest signature of a beacon round, in bytes (G2, compressed).
const ROUND_SIGNATURE_LIMIT: usize = 96;

/// `nonce.committed`: a supervisor's commitment to a nonce, for one package and one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceCommitted {
    /// Digest of the supervisor's key.
    pub key: Hash,
    /// [`nonce_commitment`](super::texts::nonce_commitment).
    pub commitment: Hash,
    /// Package tag.
    pub package_tag: Beta,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Over [`nonce_text`](super::texts::nonce_text).
    pub signature: [u8; 64],
}

impl NonceCommitted {
    /// Statement type.
    pub const TYPE: &'static str = "nonce.committed";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("key", self.key)
            .with("commitment", self.commitment)
            .with("package_tag", to_hex(&self.package_tag.0))
            .with("attempt", self.attempt)
            .with("signature", to_hex(&self.signature))
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            Ok(Self {
                key: f.hash("key")?,
                commitment: f.hash("commitment")?,
                package_tag: beta(f, "package_tag")?,
                attempt: u32::try_from(f.int("attempt", 1..=1_000_000)?).unwrap_or(1),
                signature: signature(f)?,
            })
        })
    }
}

/// `draw.contributed`, kind `nonce`: a supervisor's nonce, revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reveal {
    /// The draw.
    pub alpha: Hash,
    /// Digest of the supervisor's key.
    pub key: Hash,
    /// The nonce.
    pub nonce: [u8; 32],
    /// Over [`reveal_text`](super::texts::reveal_text).
    pub signature: [u8; 64],
}

/// `draw.contributed`, kind `witness`: a witness's VRF over alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The draw.
    pub alpha: Hash,
    /// Digest of the witness's VRF key.
    pub key: Hash,
    /// Proof over alpha.
    pub proof: Proof,
    /// Size of the head that the witness had cosigned.
    pub size: u64,
    /// Root of that head.
    pub root: Hash,
    /// The witness's clock, Unix seconds.
    pub answered: i64,
    /// Over [`AnswerText`](super::texts::AnswerText).
    pub signature: [u8; 64],
}

impl Answer {
    /// Reads an answer as a witness publishes it (`api-spec/witness-v1.md` §4.3): log, index of the
    /// commitment, and the answer.
    pub fn read_published(json: &Json) -> Result<(String, u64, Self), ShapeError> {
        object(json, "", |f| {
            f.int("v", 1..=1)?;
            let answer = Self {
                alpha: f.hash("alpha")?,
                key: f.hash("key")?,
                proof: proof(f, "proof")?,
                size: f.u64("size")?,
                root: f.hash("root")?,
                answered: f.int("time", 0..=MAX_INTEGER)?,
                signature: signature(f)?,
            };
            Ok((f.str("log")?.to_owned(), f.u64("index")?, answer))
        })
    }
}

/// `draw.contributed`, kind `beacon`: a drand round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeaconRound {
    /// The draw.
    pub alpha: Hash,
    /// Chain hash.
    pub chain: Hash,
    /// Round number, from 1.
    pub round: u64,
    /// The round's signature.
    pub signature: Vec<u8>,
    /// The signature before, in a chained scheme.
    pub previous: Option<Vec<u8>>,
}

/// Any `draw.contributed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// A supervisor's nonce.
    Nonce(Reveal),
    /// The operator's VRF (`api-spec/draw-v1.md` §5.2).
    Operator(Contributed),
    /// A witness's VRF.
    Witness(Answer),
    /// A drand round.
    Beacon(BeaconRound),
}

impl Share {
    /// Statement type.
    pub const TYPE: &'static str = Contributed::TYPE;

    /// The draw.
    pub fn alpha(&self) -> &Hash {
        match self {
            Self::Nonce(said) => &said.alpha,
            Self::Operator(said) => &said.alpha,
            Self::Witness(said) => &said.alpha,
            Self::Beacon(said) => &said.alpha,
        }
    }

    /// Kind number, as in the seed.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Nonce(_) => 1,
            Self::Operator(_) => 2,
            Self::Witness(_) => 3,
            Self::Beacon(_) => 4,
        }
    }

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let of = |alpha: &Hash, kind: &str| Object::new().with("alpha", *alpha).with("kind", kind);
        match self {
            Self::Operator(said) => said.fields(),
            Self::Nonce(said) => of(&said.alpha, "nonce")
                .with("key", said.key)
                .with("nonce", to_hex(&said.nonce))
                .with("signature", to_hex(&said.signature)),
            Self::Witness(said) => of(&said.alpha, "witness")
                .with("key", said.key)
                .with("proof", to_hex(&said.proof.0))
                .with("size", said.size)
                .with("root", said.root)
                .with("answered", said.answered)
                .with("signature", to_hex(&said.signature)),
            Self::Beacon(said) => of(&said.alpha, "beacon")
                .with("chain", said.chain)
                .with("round", said.round)
                .with("signature", to_hex(&said.signature))
                .with_some("previous", said.previous.as_ref().map(|bytes| to_hex(bytes))),
        }
    }

    /// Reads the statement's own fields, of any kind.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        let kind = json.as_map().and_then(|map| map.get("kind")).and_then(Json::as_str);
        if kind == Some("operator") {
            return Contributed::read(json).map(Self::Operator);
        }
        object(json, "", |f| match f.str("kind")? {
            "nonce" => Ok(Self::Nonce(Reveal {
                alpha: f.hash("alpha")?,
                key: f.hash("key")?,
                nonce: f.hash("nonce")?.0,
                signature: signature(f)?,
            })),
            "witness" => Ok(Self::Witness(Answer {
                alpha: f.hash("alpha")?,
                key: f.hash("key")?,
                proof: proof(f, "proof")?,
                size: f.u64("size")?,
                root: f.hash("root")?,
                answered: f.int("answered", 0..=MAX_INTEGER)?,
                signature: signature(f)?,
            })),
            "beacon" => {
                let previous =
                    if f.optional("previous").is_some() { Some(point(f, "previous")?) } else { None };
                Ok(Self::Beacon(BeaconRound {
                    alpha: f.hash("alpha")?,
                    chain: f.hash("chain")?,
                    round: f.u64("round")?,
                    signature: point(f, "signature")?,
                    previous,
                }))
            }
            _ => Err(f.wrong("kind", "must be nonce, operator, witness or beacon")),
        })
    }
}

/// `draw.not_released`: a contributor who has released nothing and never will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReleased {
    /// The draw.
    pub alpha: Hash,
    /// As the commitment names the contributor: supervisor's key, or witness's VRF key.
    pub key: Hash,
    /// The contributor's clock, Unix seconds.
    pub stated: i64,
    /// Over [`not_released_text`](super::texts::not_released_text).
    pub signature: [u8; 64],
}

impl NotReleased {
    /// Statement type.
    pub const TYPE: &'static str = "draw.not_released";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("key", self.key)
            .with("stated", self.stated)
            .with("signature", to_hex(&self.signature))
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            Ok(Self {
                alpha: f.hash("alpha")?,
                key: f.hash("key")?,
                stated: f.int("stated", 0..=MAX_INTEGER)?,
                signature: signature(f)?,
            })
        })
    }
}

fn signature(f: &mut Fields<'_>) -> Result<[u8; 64], ShapeError> {
    let bytes = f.bytes("signature")?;
    <[u8; 64]>::try_from(bytes).map_err(|_| f.wrong("signature", "must be 128 lower-case hex digits"))
}

fn point(f: &mut Fields<'_>, key: &str) -> Result<Vec<u8>, ShapeError> {
    let bytes = f.bytes(key)?;
    if bytes.is_empty() || bytes.len() > ROUND_SIGNATURE_LIMIT {
        return Err(f.wrong(key, "must be 1 to 96 bytes in hex"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> [Share; 4] {
        let alpha = Hash([1; 32]);
        [
            Share::Nonce(Reveal { alpha, key: Hash([2; 32]), nonce: [3; 32], signature: [4; 64] }),
            Share::Operator(Contributed { alpha, key: Hash([2; 32]), proof: Proof([5; 80]) }),
            Share::Witness(Answer {
                alpha,
                key: Hash([2; 32]),
                proof: Proof([5; 80]),
                size: 9,
                root: Hash([6; 32]),
                answered: 7,
                signature: [4; 64],
            }),
            Share::Beacon(BeaconRound {
                alpha,
                chain: Hash([8; 32]),
                round: 5,
                signature: vec![9; 48],
                previous: Some(vec![1; 96]),
            }),
        ]
    }

    #[test]
    fn every_kind_reads_back_and_refuses_what_it_does_not_know() {
        for (share, kind) in shares().into_iter().zip(1..) {
            assert_eq!(share.kind(), kind);
            assert_eq!(Share::read(&share.fields().into()), Ok(share.clone()));
            let more = Json::from(share.fields().with("lucky", 1u32));
            assert_eq!(Share::read(&more).unwrap_err().path, "lucky");
        }
        let no_kind = Json::from(Object::new().with("alpha", Hash([1; 32])).with("kind", "dice"));
        assert_eq!(Share::read(&no_kind).unwrap_err().path, "kind");
    }

    #[test]
    fn commitments_to_nonces_and_withdrawals_read_back() {
        let committed = NonceCommitted {
            key: Hash([1; 32]),
            commitment: Hash([2; 32]),
            package_tag: Beta([3; 64]),
            attempt: 1,
            signature: [4; 64],
        };
        assert_eq!(NonceCommitted::read(&committed.fields().into()), Ok(committed));
        let withheld =
            NotReleased { alpha: Hash([1; 32]), key: Hash([2; 32]), stated: 3, signature: [4; 64] };
        assert_eq!(NotReleased::read(&withheld.fields().into()), Ok(withheld));
    }
}
