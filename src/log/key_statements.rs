//! The statements about keys: `key.registered`, `key.retired`, `tags.moved` (`api-spec/log-v2.md` §§1, 3).
//! Shapes only; what they are worth at which index is the key book's question.

use crate::codec::{Fields, Hash, Json, Object, ShapeError, object, to_hex};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUse {
    /// Checkpoints.
    Log,
    /// Notes of statements.
    Statements,
    /// The operator's contributions.
    DrawVrf,
    /// Package and plan tags.
    TagVrf,
    /// A witness's cosignatures and answers.
    Witness,
    /// A witness's contributions.
    WitnessVrf,
    /// A supervisor's nonces.
    Supervisor,
}

const ED25519: &str = "ed25519";
const ECVRF: &str = "ecvrf-edwards25519-sha512-tai";

/// Every use with its word.
pub const KEY_USES: [(KeyUse, &str); 7] = [
    (KeyUse::Log, "log"),
    (KeyUse::Statements, "statements"),
    (KeyUse::DrawVrf, "draw_vrf"),
    (KeyUse::TagVrf, "tag_vrf"),
    (KeyUse::Witness, "witness"),
    (KeyUse::WitnessVrf, "witness_vrf"),
    (KeyUse::Supervisor, "supervisor"),
];

impl KeyUse {
    /// The word in statements.
    pub fn name(self) -> &'static str {
        KEY_USES.iter().find(|(usage, _)| *usage == self).map_or("", |(_, name)| name)
    }

    /// Reads a word.
    pub fn parse(name: &str) -> Option<Self> {
        KEY_USES.iter().find(|(_, known)| *known == name).map(|(usage, _)| *usage)
    }

    /// Whether the key is a VRF key; the others are Ed25519.
    pub fn is_vrf(self) -> bool {
        matches!(self, Self::DrawVrf | Self::TagVrf | Self::WitnessVrf)
    }

    /// Whether the key is the operator's own; the others belong to other parties.
    pub fn is_operators(self) -> bool {
        matches!(self, Self::Log | Self::Statements | Self::DrawVrf | Self::TagVrf)
    }

    /// The word of its algorithm.
    pub fn algorithm(self) -> &'static str {
        if self.is_vrf() { ECVRF } else { ED25519 }
    }
}

/// `key.registered`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRegistered {
    /// What it is for.
    pub usage: KeyUse,
    /// The public key.
    pub key: [u8; 32],
    /// Proof of possession: 64 bytes of a signature, 80 of a VRF proof; the operator's own keys only.
    pub proof: Option<Vec<u8>>,
    /// Who holds it, as the operator says; others' keys only.
    pub name: Option<String>,
    /// Digest of the witness's signing key; `witness_vrf` only.
    pub witness: Option<Hash>,
}

impl KeyRegistered {
    /// Statement type.
    pub const TYPE: &'static str = "key.registered";

    /// The text whose signature or VRF proof shows that the registrant holds the key.
    pub fn possession_text(log: &str, usage: KeyUse, key: &[u8; 32]) -> String {
        format!("expert-draw/key-v1\n{log}\n{}\n{}\n", usage.name(), to_hex(key))
    }

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("use", self.usage.name())
            .with("alg", self.usage.algorithm())
            .with("key", to_hex(&self.key))
            .with_some("proof", self.proof.as_ref().map(|bytes| to_hex(bytes)))
            .with_some("name", self.name.as_deref())
            .with_some("witness", self.witness)
    }

    /// Reads the statement's own fields. Which optional ones belong to the use is part of the shape.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let usage = KeyUse::parse(f.str("use")?).ok_or_else(|| f.wrong("use", "not a use of keys"))?;
            f.literal("alg", usage.algorithm())?;
            let key = f.hash("key")?.0;
            let proof = if usage.is_operators() { Some(proof(f, usage)?) } else { None };
            let name = if usage.is_operators() { None } else { Some(name(f)?) };
            let witness = if usage == KeyUse::WitnessVrf { Some(f.hash("witness")?) } else { None };
            Ok(Self { usage, key, proof, name, witness })
        })
    }
}

/// Why a key is no longer used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetiredBecause {
    /// A successor took its place.
    Succeeded,
    /// Its holder no longer takes part.
    Retired,
    /// Somebody else may hold it; what it signed from this log index on is doubtful.
    Compromised {
        /// First doubtful log index.
        doubtful_from: u64,
    },
}

impl RetiredBecause {
    /// The word in statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Retired => "retired",
            Self::Compromised { .. } => "compromised",
        }
    }
}

/// `key.retired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRetired {
    /// Digest of the key.
    pub key: Hash,
    /// Why.
    pub reason: RetiredBecause,
}

impl KeyRetired {
    /// Statement type.
    pub const TYPE: &'static str = "key.retired";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let from = match self.reason {
            RetiredBecause::Compromised { doubtful_from } => Some(doubtful_from),
            _ => None,
        };
        Object::new()
            .with("key", self.key)
            .with("reason", self.reason.name())
            .with_some("doubtful_from", from)
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let key = f.hash("key")?;
            let reason = match f.str("reason")? {
                "succeeded" => RetiredBecause::Succeeded,
                "retired" => RetiredBecause::Retired,
                "compromised" => RetiredBecause::Compromised { doubtful_from: f.u64("doubtful_from")? },
                _ => return Err(f.wrong("reason", "must be succeeded, retired or compromised")),
            };
            Ok(Self { key, reason })
        })
    }
}

/// One package whose tag moves to a new tag key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTag {
    /// Package tag under the old key, 64 bytes.
    pub from: [u8; 64],
    /// Its proof, 80 bytes.
    pub from_proof: [u8; 80],
    /// Package tag under the new key, 64 bytes.
    pub to: [u8; 64],
    /// Its proof, 80 bytes.
    pub to_proof: [u8; 80],
}

/// `tags.moved`: old and new tags of packages that are not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagsMoved {
    /// Digest of the old tag key.
    pub from: Hash,
    /// Digest of the new tag key.
    pub to: Hash,
    /// 1 to 100 packages, ascending by old tag.
    pub packages: Vec<MovedTag>,
}

impl TagsMoved {
    /// Statement type.
    pub const TYPE: &'static str = "tags.moved";
    /// The most packages of one statement.
    pub const LIMIT: usize = 100;

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let moved = |moved: &MovedTag| -> Json {
            Object::new()
                .with("from", to_hex(&moved.from))
                .with("from_proof", to_hex(&moved.from_proof))
                .with("to", to_hex(&moved.to))
                .with("to_proof", to_hex(&moved.to_proof))
                .into()
        };
        Object::new()
            .with("from", self.from)
            .with("to", self.to)
            .with("packages", self.packages.iter().map(moved).collect::<Json>())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        let read = object(json, "", |f| {
            Ok(Self {
                from: f.hash("from")?,
                to: f.hash("to")?,
                packages: f.each("packages", |item, path| {
                    object(item, path, |f| {
                        Ok(MovedTag {
                            from: array(f, "from")?,
                            from_proof: array(f, "from_proof")?,
                            to: array(f, "to")?,
                            to_proof: array(f, "to_proof")?,
                        })
                    })
                })?,
            })
        })?;
        let ascending = read.packages.is_sorted_by(|a, b| a.from < b.from);
        if read.packages.is_empty() || read.packages.len() > Self::LIMIT || !ascending {
            return Err(ShapeError::new("packages", "1 to 100, strictly ascending by the old tag"));
        }
        Ok(read)
    }
}

fn array<const N: usize>(f: &mut Fields<'_>, key: &str) -> Result<[u8; N], ShapeError> {
    <[u8; N]>::try_from(f.bytes(key)?).map_err(|_| f.wrong(key, format!("must be {N} bytes in hex")))
}

fn proof(f: &mut Fields<'_>, usage: KeyUse) -> Result<Vec<u8>, ShapeError> {
    let proof = f.bytes("proof")?;
    let length = if usage.is_vrf() { 80 } else { 64 };
    if proof.len() == length { Ok(proof) } else { Err(f.wrong("proof", format!("must be {length} bytes"))) }
}

fn name(f: &mut Fields<'_>) -> Result<String, ShapeError> {
    let name = f.str("name")?;
    if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
        return Err(f.wrong("name", "1 to 128 bytes without control characters"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_about_keys_read_back() {
        let own = KeyRegistered {
            usage: KeyUse::Statements,
            key: [1; 32],
            proof: Some(vec![2; 64]),
            name: None,
            witness: None,
        };
        assert_eq!(KeyRegistered::read(&own.fields().into()), Ok(own));
        let other = KeyRegistered {
            usage: KeyUse::WitnessVrf,
            key: [1; 32],
            proof: None,
            name: Some("省审计厅".into()),
            witness: Some(Hash([3; 32])),
        };
        assert_eq!(KeyRegistered::read(&other.fields().into()), Ok(other.clone()));
        let proven = Json::from(other.fields().with("proof", "00"));
        assert_eq!(KeyRegistered::read(&proven).unwrap_err().path, "proof");
        for reason in [
            RetiredBecause::Succeeded,
            RetiredBecause::Retired,
            RetiredBecause::Compromised { doubtful_from: 7 },
        ] {
            let retired = KeyRetired { key: Hash([4; 32]), reason };
            assert_eq!(KeyRetired::read(&retired.fields().into()), Ok(retired));
        }
        let tag = |n| MovedTag { from: [n; 64], from_proof: [1; 80], to: [2; 64], to_proof: [3; 80] };
        let mut moved = TagsMoved { from: Hash([1; 32]), to: Hash([2; 32]), packages: vec![tag(1), tag(2)] };
        assert_eq!(TagsMoved::read(&moved.fields().into()), Ok(moved.clone()));
        moved.packages.reverse();
        assert_eq!(TagsMoved::read(&moved.fields().into()).unwrap_err().path, "packages");
    }

    #[test]
    fn every_use_has_one_word() {
        for (usage, name) in KEY_USES {
            assert_eq!((KeyUse::parse(name), usage.name()), (Some(usage), name));
        }
        assert_eq!(KeyUse::parse("gateway"), None);
    }
}
