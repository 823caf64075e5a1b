//! The later statements of a draw: contributed, drawn, void proposed, voided, unsealed.
//!
//! Each carries the draw's alpha, so that nothing said about one draw can be read as said about
//! another (`api-spec/draw-v1.md` §§5–9).

use super::seats::Seated;
use super::vrf::Proof;
use crate::codec::{Fields, Hash, Json, Object, ShapeError, from_hex, object, to_hex};

/// Why a draw may be voided; the list is fixed (`api-spec/draw-v1.md` §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidReason {
    /// The procurement ended or was withdrawn.
    ProcurementEnded,
    /// The request was wrong and a corrected one will follow.
    RequestWrong,
    /// The registry held a mistake that touched the pool.
    RegistryWrong,
    /// A contribution did not come before the deadline.
    ContributionMissing,
    /// The walk ended at its limit of branches.
    Relations,
}

/// Every reason with its name in statements.
pub const VOID_REASONS: [(VoidReason, &str); 5] = [
    (VoidReason::ProcurementEnded, "procurement_ended"),
    (VoidReason::RequestWrong, "request_wrong"),
    (VoidReason::RegistryWrong, "registry_wrong"),
    (VoidReason::ContributionMissing, "contribution_missing"),
    (VoidReason::Relations, "relations"),
];

impl VoidReason {
    /// The name in statements.
    pub fn name(self) -> &'static str {
        VOID_REASONS.iter().find(|(reason, _)| *reason == self).map_or("", |(_, name)| name)
    }

    /// Reads a name; `None` for one that is not on the list.
    pub fn parse(name: &str) -> Option<Self> {
        VOID_REASONS.iter().find(|(_, known)| *known == name).map(|(reason, _)| *reason)
    }
}

/// `draw.contributed`: the operator's contribution with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributed {
    /// The draw.
    pub alpha: Hash,
    /// Digest of the draw VRF key.
    pub key: Hash,
    /// Proof over alpha, 80 bytes.
    pub proof: Proof,
}

impl Contributed {
    /// Statement type.
    pub const TYPE: &'static str = "draw.contributed";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("kind", "operator")
            .with("key", self.key)
            .with("proof", to_hex(&self.proof.0))
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            f.literal("kind", "operator")?;
            Ok(Self { alpha: f.hash("alpha")?, key: f.hash("key")?, proof: proof(f, "proof")? })
        })
    }
}

/// `draw.drawn`: the seed, and who is seated for which group. Positions, not names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The draw.
    pub alpha: Hash,
    /// Log indices of the contributions, in committed order.
    pub contributions: Vec<u64>,
    /// The seed.
    pub seed: Hash,
    /// The panel in drawn order.
    pub seats: Vec<Seated>,
    /// Branches counted by the walk.
    pub branches: u64,
}

impl Drawn {
    /// Statement type.
    pub const TYPE: &'static str = "draw.drawn";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let seat = |s: &Seated| -> Json {
            Object::new().with("position", s.position).with("group", u32::from(s.group)).into()
        };
        Object::new()
            .with("alpha", self.alpha)
            .with("contributions", self.contributions.iter().map(|i| Json::from(*i)).collect::<Json>())
            .with("seed", self.seed)
            .with("seats", self.seats.iter().map(seat).collect::<Json>())
            .with("branches", self.branches)
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            Ok(Self {
                alpha: f.hash("alpha")?,
                contributions: f.each("contributions", index)?,
                seed: f.hash("seed")?,
                seats: f.each("seats", |item, path| {
                    object(item, path, |f| {
                        let group = u8::try_from(f.int("group", 1..=32)?).unwrap_or(0);
                        Ok(Seated { position: f.u32("position", u32::MAX)?, group })
                    })
                })?,
                branches: f.u64("branches")?,
            })
        })
    }
}

/// `draw.void_proposed` and `draw.voided`: one person proposes, another confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    /// The draw.
    pub alpha: Hash,
    /// Why.
    pub reason: VoidReason,
    /// Account number of who proposed it.
    pub actor: String,
    /// Account number of who confirmed it, another person; `None` in the proposal.
    pub approver: Option<String>,
}

impl Void {
    /// Statement type of the proposal.
    pub const PROPOSED: &'static str = "draw.void_proposed";
    /// Statement type of the confirmed void, which ends the draw.
    pub const CONFIRMED: &'static str = "draw.voided";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("reason", self.reason.name())
            .with("actor", self.actor.as_str())
            .with_some("approver", self.approver.as_deref())
    }

    /// Reads the own fields of a proposal (`confirmed` false) or a confirmed void.
    pub fn read(json: &Json, confirmed: bool) -> Result<Self, ShapeError> {
        let void = object(json, "", |f| {
            let reason =
                VoidReason::parse(f.str("reason")?).ok_or_else(|| f.wrong("reason", "not on the list"))?;
            let approver = if confirmed { Some(f.str("approver")?.to_owned()) } else { None };
            Ok(Self { alpha: f.hash("alpha")?, reason, actor: f.str("actor")?.to_owned(), approver })
        })?;
        if void.approver.as_ref() == Some(&void.actor) {
            return Err(ShapeError::new("approver", "must be another person than the actor"));
        }
        Ok(void)
    }
}

/// `draw.unsealed`: the result was announced, the names may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The draw.
    pub alpha: Hash,
    /// Number of the result announcement (结果公告编号), 1 to 128 bytes.
    pub announcement: String,
}

impl Unsealed {
    /// Statement type.
    pub const TYPE: &'static str = "draw.unsealed";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new().with("alpha", self.alpha).with("announcement", self.announcement.as_str())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let announcement = f.str("announcement")?.to_owned();
            if announcement.is_empty()
                || announcement.len() > 128
                || announcement.chars().any(char::is_control)
            {
                return Err(f.wrong("announcement", "1 to 128 bytes without control characters"));
            }
            Ok(Self { alpha: f.hash("alpha")?, announcement })
        })
    }
}

/// Reads an 80-byte VRF proof from hexadecimal.
pub(crate) fn proof(f: &mut Fields<'_>, key: &str) -> Result<Proof, ShapeError> {
    let bytes = from_hex(f.str(key)?).and_then(|bytes| <[u8; 80]>::try_from(bytes).ok());
    bytes.map(Proof).ok_or_else(|| f.wrong(key, "must be 160 lower-case hex digits"))
}

fn index(json: &Json, path: &str) -> Result<u64, ShapeError> {
    json.as_int()
        .and_then(|n| u64::try_from(n).ok())
        .ok_or_else(|| ShapeError::new(path, "must be a log index"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_read_back() {
        let alpha = Hash([1; 32]);
        let contributed = Contributed { alpha, key: Hash([2; 32]), proof: Proof([3; 80]) };
        assert_eq!(Contributed::read(&contributed.fields().into()), Ok(contributed));
        let drawn = Drawn {
            alpha,
            contributions: vec![9],
            seed: Hash([2; 32]),
            seats: vec![Seated { position: 4, group: 1 }],
            branches: 0,
        };
        assert_eq!(Drawn::read(&drawn.fields().into()), Ok(drawn));
        let unsealed = Unsealed { alpha, announcement: "岳采公告2026-9".into() };
        assert_eq!(Unsealed::read(&unsealed.fields().into()), Ok(unsealed));
    }

    #[test]
    fn nobody_confirms_their_own_void() {
        let mut void = Void {
            alpha: Hash([1; 32]),
            reason: VoidReason::RequestWrong,
            actor: "A1".into(),
            approver: Some("A2".into()),
        };
        assert_eq!(Void::read(&void.fields().into(), true), Ok(void.clone()));
        void.approver = Some("A1".into());
        assert_eq!(Void::read(&void.fields().into(), true).unwrap_err().path, "approver");
        assert!(Void::read(&void.fields().into(), false).is_err());
        for (reason, name) in VOID_REASONS {
            assert_eq!(VoidReason::parse(name), Some(reason));
        }
    }
}
