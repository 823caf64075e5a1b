//! Entry 0, `log.opened`: the log's jurisdiction and first keys (`api-spec/log-v1.md` §4).
//!
//! *Invariant:* a [`LogOpened`] names four pairwise distinct keys, one for each use, in the order
//! log, statements, draw VRF, tag VRF.

use crate::codec::{Fields, Hash, Json, Object, ShapeError, object, to_hex};

const ED25519: &str = "ed25519";
const ECVRF: &str = "ecvrf-edwards25519-sha512-tai";
const USES: [(&str, &str); 4] =
    [("log", ED25519), ("statements", ED25519), ("draw_vrf", ECVRF), ("tag_vrf", ECVRF)];

/// The content of entry 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOpened {
    /// Region code of the bureau that keeps the log.
    pub jurisdiction: String,
    /// Raw public key that signs checkpoints.
    pub log: [u8; 32],
    /// Raw public key that signs statements.
    pub statements: [u8; 32],
    /// Raw public VRF key of the operator's contributions.
    pub draw_vrf: [u8; 32],
    /// Raw public VRF key of package tags.
    pub tag_vrf: [u8; 32],
}

impl LogOpened {
    /// Statement type.
    pub const TYPE: &'static str = "log.opened";

    fn keys(&self) -> [&[u8; 32]; 4] {
        [&self.log, &self.statements, &self.draw_vrf, &self.tag_vrf]
    }

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let keys = USES.iter().zip(self.keys()).map(|((usage, alg), key)| {
            Json::from(Object::new().with("use", *usage).with("alg", *alg).with("key", to_hex(key)))
        });
        Object::new().with("jurisdiction", self.jurisdiction.as_str()).with("keys", keys.collect::<Json>())
    }

    /// Reads the statement's own fields; keys that are not distinct are refused.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        let (jurisdiction, keys) = object(json, "", |f| {
            let mut uses = USES.iter();
            let keys = f.each("keys", |item, path| {
                let expected = uses.next().ok_or_else(|| ShapeError::new(path, "exactly four keys"))?;
                object(item, path, |f| key(f, expected))
            })?;
            Ok((f.str("jurisdiction")?.to_owned(), keys))
        })?;
        let [log, statements, draw_vrf, tag_vrf] =
            <[[u8; 32]; 4]>::try_from(keys).map_err(|_| ShapeError::new("keys", "exactly four keys"))?;
        let opened = Self { jurisdiction, log, statements, draw_vrf, tag_vrf };
        let mut sorted = opened.keys();
        sorted.sort_unstable();
        if sorted.is_sorted_by(|a, b| a < b) {
            Ok(opened)
        } else {
            Err(ShapeError::new("keys", "pairwise distinct"))
        }
    }
}

fn key(f: &mut Fields<'_>, (usage, alg): &(&str, &str)) -> Result<[u8; 32], ShapeError> {
    f.literal("use", usage)?;
    f.literal("alg", alg)?;
    f.hash("key").map(|Hash(bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_distinct_keys_read_back_and_nothing_else() {
        let opened = LogOpened {
            jurisdiction: "430600".into(),
            log: [1; 32],
            statements: [2; 32],
            draw_vrf: [3; 32],
            tag_vrf: [4; 32],
        };
        assert_eq!(LogOpened::read(&opened.fields().into()), Ok(opened.clone()));
        let twice = LogOpened { tag_vrf: [1; 32], ..opened };
        assert!(LogOpened::read(&twice.fields().into()).is_err());
    }
}
