//! A drand round: does its signature verify under its chain (`api-spec/draw-v3.md` §3.4).
//!
//! Points are compressed, canonical, in the prime-order subgroup and not the identity; `blst` checks that
//! when it is asked to. Two schemes are known by name; every other is refused.

use blst::{BLST_ERROR, min_pk, min_sig};

use crate::codec::{Hash, Json, Object, ShapeError, object, sha256, to_hex};

const QUICKNET: &str = "bls-unchained-g1-rfc9380";
const CHAINED: &str = "pedersen-bls-chained";
const TAG_G1: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const TAG_G2: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";

/// How a chain signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `bls-unchained-g1-rfc9380`, as of the chain quicknet: signatures in G1 over the round's number.
    Unchained,
    /// `pedersen-bls-chained`, as of the chain default: signatures in G2 over the one before and the number.
    Chained,
}

impl Scheme {
    /// drand's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchained => QUICKNET,
            Self::Chained => CHAINED,
        }
    }
}

/// A chain's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainInfo {
    /// How it signs.
    pub scheme: Scheme,
    /// Public key: 96 bytes of the unchained scheme, 48 of the chained.
    pub public_key: Vec<u8>,
    /// Seconds between rounds, at least 1.
    pub period: u32,
    /// Time of round 1, Unix seconds.
    pub genesis: u64,
    /// Hash of the group that made the key.
    pub group_hash: Hash,
    /// Name of the beacon within the network.
    pub beacon_id: String,
}

/// Why a round is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeaconError {
    /// The chain's key is no point of its group.
    #[error("the chain's public key is not valid")]
    Key,
    /// Rounds count from 1.
    #[error("rounds count from 1")]
    Round,
    /// The signature is no point of its group.
    #[error("the round's signature is not a valid point")]
    Encoding,
    /// The signature before is missing, or there where the scheme has none.
    #[error("the signature before is missing, has another length, or belongs to no round of this scheme")]
    Previous,
    /// The signature is of another round or chain.
    #[error("the round's signature does not verify")]
    Signature,
}

impl ChainInfo {
    /// The chain's hash, as drand computes it.
    pub fn hash(&self) -> Hash {
        let (period, genesis) = (self.period.to_be_bytes(), self.genesis.to_be_bytes());
        let id: &[u8] = if self.beacon_id == "default" { b"" } else { self.beacon_id.as_bytes() };
        sha256(&[&period, &genesis, &self.public_key, self.group_hash.as_bytes(), id])
    }

    /// Time of a round from 1, Unix seconds; `None` for round 0 or a time past 2^53.
    pub fn time_of(&self, round: u64) -> Option<i64> {
        let since = round.checked_sub(1)?.checked_mul(u64::from(self.period))?;
        let time = i64::try_from(self.genesis.checked_add(since)?).ok()?;
        (time <= crate::codec::json::MAX_INTEGER).then_some(time)
    }

    /// The canonical form.
    pub fn to_json(&self) -> Json {
        Object::new()
            .with("scheme", self.scheme.name())
            .with("public_key", to_hex(&self.public_key))
            .with("period", self.period)
            .with("genesis", self.genesis)
            .with("group_hash", self.group_hash)
            .with("beacon_id", self.beacon_id.as_str())
            .into()
    }

    /// Reads the canonical form.
    pub fn read(json: &Json, path: &str) -> Result<Self, ShapeError> {
        object(json, path, |f| {
            let scheme = match f.str("scheme")? {
                QUICKNET => Scheme::Unchained,
                CHAINED => Scheme::Chained,
                _ => return Err(f.wrong("scheme", "not a scheme that is known")),
            };
            let public_key = f.bytes("public_key")?;
            let length = match scheme {
                Scheme::Unchained => 96,
                Scheme::Chained => 48,
            };
            if public_key.len() != length {
                return Err(f.wrong("public_key", format!("must be {length} bytes")));
            }
            let beacon_id = f.str("beacon_id")?.to_owned();
            if beacon_id.is_empty() || beacon_id.len() > 128 {
                return Err(f.wrong("beacon_id", "1 to 128 bytes"));
            }
            let period = u32::try_from(f.int("period", 1..=1_000_000)?).unwrap_or(1);
            Ok(Self {
                scheme,
                public_key,
                period,
                genesis: f.u64("genesis")?,
                group_hash: f.hash("group_hash")?,
                beacon_id,
            })
        })
    }
}

/// Checks a round; answers its randomness, SHA-256 of the signature.
pub fn verify(
    chain: &ChainInfo,
    round: u64,
    signature: &[u8],
    previous: Option<&[u8]>,
) -> Result<[u8; 32], BeaconError> {
    if round == 0 {
        return Err(BeaconError::Round);
    }
    let number = round.to_be_bytes();
    let outcome = match (chain.scheme, previous) {
        (Scheme::Unchained, None) => {
            let message = sha256(&[&number]);
            let key = min_sig::PublicKey::key_validate(&chain.public_key).map_err(|_| BeaconError::Key)?;
            let signature =
                min_sig::Signature::sig_validate(signature, true).map_err(|_| BeaconError::Encoding)?;
            signature.verify(false, message.as_bytes(), TAG_G1, &[], &key, false)
        }
        (Scheme::Chained, Some(previous)) => {
            let before = if round == 1 { 32 } else { 96 };
            if previous.len() != before || (round == 1 && previous != chain.group_hash.as_bytes()) {
                return Err(BeaconError::Previous);
            }
            let message = sha256(&[previous, &number]);
            let key = min_pk::PublicKey::key_validate(&chain.public_key).map_err(|_| BeaconError::Key)?;
            let signature =
                min_pk::Signature::sig_validate(signature, true).map_err(|_| BeaconError::Encoding)?;
            signature.verify(false, message.as_bytes(), TAG_G2, &[], &key, false)
        }
        _ => return Err(BeaconError::Previous),
    };
    if outcome == BLST_ERROR::BLST_SUCCESS { Ok(sha256(&[signature]).0) } else { Err(BeaconError::Signature) }
}
