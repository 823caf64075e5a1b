//! The commitment (`draw.committed`): after it no free choice is left.
//!
//! It fixes who can be drawn, for which seats, by which lots, from which contributions and until
//! when; its log index and leaf hash make alpha (`api-spec/draw-v1.md` §3).

use super::request::{GROUP_LIMIT, SEAT_LIMIT};
use super::seed::kinds_allowed;
use super::vrf::Beta;
use crate::codec::{Fields, Hash, Json, Object, ShapeError, from_hex, object, to_hex};

/// Seats and site of one group; its number is its place in the list, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Seats, 1 to 64.
    pub seats: u32,
    /// Site number, 1 to 32.
    pub site: u32,
}

/// A member kept from an earlier attempt (supplementary draw): a position of the new pool, and the
/// groups that the member may still fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Before sign-in: any group of this site.
    Site {
        /// Pool position.
        position: u32,
        /// Site number.
        site: u32,
    },
    /// After sign-in: this group only.
    Group {
        /// Pool position.
        position: u32,
        /// Group number, from 1.
        group: u32,
    },
}

/// Whose contribution the seed waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contributor {
    /// A supervisor's nonce, committed beforehand.
    Nonce {
        /// Digest of the supervisor's key.
        key: Hash,
        /// The nonce's commitment.
        commitment: Hash,
    },
    /// The operator's VRF.
    Operator {
        /// Digest of the draw VRF key.
        key: Hash,
    },
    /// A witness's VRF.
    Witness {
        /// Digest of the witness's VRF key.
        key: Hash,
    },
    /// A drand round.
    Beacon {
        /// Chain hash.
        chain: Hash,
        /// Round number.
        round: u64,
    },
}

impl Commitment {
    /// Digest of the operator's draw VRF key, if the operator contributes.
    pub fn operator_key(&self) -> Option<Hash> {
        self.contributions.iter().find_map(|contributor| match contributor {
            Contributor::Operator { key } => Some(*key),
            _ => None,
        })
    }
}

impl Contributor {
    /// Kind number, as in the seed.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Nonce { .. } => 1,
            Self::Operator { .. } => 2,
            Self::Witness { .. } => 3,
            Self::Beacon { .. } => 4,
        }
    }
}

/// The public content of a `draw.committed` statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Attempt on this package, from 1.
    pub attempt: u32,
    /// Alpha of the attempt before; present exactly when `attempt` > 1.
    pub predecessor: Option<Hash>,
    /// Package tag.
    pub package_tag: Beta,
    /// Plan tag.
    pub plan_tag: Beta,
    /// Digest of the tag VRF key.
    pub tag_key: Hash,
    /// Salted digest of the request.
    pub request: Hash,
    /// Salted digest of the group names.
    pub names: Hash,
    /// Digest of the rule profile.
    pub profile: Hash,
    /// Newest registry, conflict or profile entry before the commitment: the registry's position.
    pub registry: u64,
    /// Seats and sites by group number.
    pub groups: Vec<Group>,
    /// The most members of one unit.
    pub unit_cap: u32,
    /// L: the most lots of one candidate, 1 to 8.
    pub lots: u8,
    /// People invited beyond the panel.
    pub margin: u32,
    /// Length of an answer window in minutes.
    pub window_minutes: u32,
    /// Number of candidates.
    pub pool_size: u32,
    /// Root over the pool's leaves.
    pub pool_root: Hash,
    /// Digest of the table of exclusions.
    pub excluded: Hash,
    /// Members kept from the attempt before, ascending by position.
    pub kept: Vec<Kept>,
    /// Account that accepted forced seats, by name of the rule `forced_seats`; `None`: not accepted.
    pub forced_accepted_by: Option<String>,
    /// Contributions in seed order.
    pub contributions: Vec<Contributor>,
    /// Until when contributions count, Unix seconds.
    pub deadline: i64,
}

impl Commitment {
    /// Statement type.
    pub const TYPE: &'static str = "draw.committed";

    /// The statement's own fields (without `v`, `type`, `log`, `time`).
    pub fn fields(&self) -> Object {
        let pool = Object::new().with("size", self.pool_size).with("root", self.pool_root);
        Object::new()
            .with("attempt", self.attempt)
            .with_some("predecessor", self.predecessor)
            .with("package_tag", to_hex(&self.package_tag.0))
            .with("plan_tag", to_hex(&self.plan_tag.0))
            .with("tag_key", self.tag_key)
            .with("request", self.request)
            .with("names", self.names)
            .with("profile", self.profile)
            .with("registry", self.registry)
            .with("groups", self.groups.iter().zip(1u32..).map(group).collect::<Json>())
            .with("unit_cap", self.unit_cap)
            .with("lots", u32::from(self.lots))
            .with("margin", self.margin)
            .with("window_minutes", self.window_minutes)
            .with("pool", pool)
            .with("excluded", self.excluded)
            .with("kept", self.kept.iter().map(kept).collect::<Json>())
            .with_some("forced_accepted_by", self.forced_accepted_by.as_deref())
            .with("contributions", self.contributions.iter().map(contributor).collect::<Json>())
            .with("deadline", self.deadline)
    }

    /// Reads the statement's own fields; unknown ones are refused.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        let read = object(json, "", Self::read_fields)?;
        let seats: u32 = read.groups.iter().map(|g| g.seats).sum();
        if read.groups.is_empty() || read.groups.len() > GROUP_LIMIT || seats > SEAT_LIMIT {
            return Err(ShapeError::new("groups", "1 to 32 groups, at most 64 seats"));
        }
        if read.predecessor.is_some() != (read.attempt > 1) {
            return Err(ShapeError::new("predecessor", "there exactly when attempt is above 1"));
        }
        let kinds: Vec<u8> = read.contributions.iter().map(Contributor::kind).collect();
        if !kinds_allowed(&kinds) {
            return Err(ShapeError::new(
                "contributions",
                "ascending by kind, the operator once, a beacon at most once",
            ));
        }
        let positions: Vec<u32> = read.kept.iter().map(Kept::position).collect();
        if !positions.is_sorted_by(|a, b| a < b) || positions.iter().any(|p| *p >= read.pool_size) {
            return Err(ShapeError::new("kept", "positions of the pool, strictly ascending"));
        }
        Ok(read)
    }

    fn read_fields(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let predecessor =
            if f.optional("predecessor").is_some() { Some(f.hash("predecessor")?) } else { None };
        let approver = if f.optional("forced_accepted_by").is_some() {
            Some(f.str("forced_accepted_by")?.to_owned())
        } else {
            None
        };
        let (pool_size, pool_root) =
            f.object("pool", |f| Ok((f.u32("size", 4_000_000)?, f.hash("root")?)))?;
        let mut next = 0;
        Ok(Self {
            attempt: positive(f, "attempt", 1_000_000)?,
            predecessor,
            package_tag: beta(f, "package_tag")?,
            plan_tag: beta(f, "plan_tag")?,
            tag_key: f.hash("tag_key")?,
            request: f.hash("request")?,
            names: f.hash("names")?,
            profile: f.hash("profile")?,
            registry: f.u64("registry")?,
            groups: f.each("groups", |item, path| {
                next += 1;
                object(item, path, |f| {
                    f.int("group", next..=next)?;
                    Ok(Group { seats: positive(f, "seats", 64)?, site: positive(f, "site", 32)? })
                })
            })?,
            unit_cap: positive(f, "unit_cap", 64)?,
            lots: u8::try_from(f.int("lots", 1..=8)?).unwrap_or(1),
            margin: f.u32("margin", 1_000)?,
            window_minutes: positive(f, "window_minutes", 100_000)?,
            pool_size,
            pool_root,
            excluded: f.hash("excluded")?,
            kept: f.each("kept", read_kept)?,
            forced_accepted_by: approver,
            contributions: f.each("contributions", read_contributor)?,
            deadline: f.int("deadline", 0..=crate::codec::json::MAX_INTEGER)?,
        })
    }

    /// Mask of the groups at a site.
    pub fn groups_at(&self, site: u32) -> u32 {
        self.groups
            .iter()
            .zip(0u32..)
            .filter(|(g, _)| g.site == site)
            .fold(0, |mask, (_, bit)| mask | 1 << bit)
    }
}

impl Kept {
    /// Pool position of the member.
    pub fn position(&self) -> u32 {
        match self {
            Self::Site { position, .. } | Self::Group { position, .. } => *position,
        }
    }
}

/// Reads a 64-byte VRF output from hexadecimal.
pub(crate) fn beta(f: &mut Fields<'_>, key: &str) -> Result<Beta, ShapeError> {
    let bytes = from_hex(f.str(key)?).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    bytes.map(Beta).ok_or_else(|| f.wrong(key, "must be 128 lower-case hex digits"))
}

fn positive(f: &mut Fields<'_>, key: &str, max: u32) -> Result<u32, ShapeError> {
    let n = f.int(key, 1..=i64::from(max))?;
    u32::try_from(n).map_err(|_| f.wrong(key, "out of range"))
}

fn group((group, number): (&Group, u32)) -> Json {
    Object::new().with("group", number).with("seats", group.seats).with("site", group.site).into()
}

fn kept(kept: &Kept) -> Json {
    match kept {
        Kept::Site { position, site } => Object::new().with("position", *position).with("site", *site).into(),
        Kept::Group { position, group } => {
            Object::new().with("position", *position).with("group", *group).into()
        }
    }
}

fn read_kept(json: &Json, path: &str) -> Result<Kept, ShapeError> {
    object(json, path, |f| {
        let position = f.u32("position", u32::MAX)?;
        if f.optional("site").is_some() {
            Ok(Kept::Site { position, site: positive(f, "site", 32)? })
        } else {
            Ok(Kept::Group { position, group: positive(f, "group", 32)? })
        }
    })
}

fn contributor(contributor: &Contributor) -> Json {
    let object = Object::new();
    match contributor {
        Contributor::Nonce { key, commitment } => {
            object.with("kind", "nonce").with("key", *key).with("commitment", *commitment)
        }
        Contributor::Operator { key } => object.with("kind", "operator").with("key", *key),
        Contributor::Witness { key } => object.with("kind", "witness").with("key", *key),
        Contributor::Beacon { chain, round } => {
            object.with("kind", "beacon").with("chain", *chain).with("round", *round)
        }
    }
    .into()
}

fn read_contributor(json: &Json, path: &str) -> Result<Contributor, ShapeError> {
    object(json, path, |f| match f.str("kind")? {
        "nonce" => Ok(Contributor::Nonce { key: f.hash("key")?, commitment: f.hash("commitment")? }),
        "operator" => Ok(Contributor::Operator { key: f.hash("key")? }),
        "witness" => Ok(Contributor::Witness { key: f.hash("key")? }),
        "beacon" => Ok(Contributor::Beacon { chain: f.hash("chain")?, round: f.u64("round")? }),
        _ => Err(f.wrong("kind", "must be nonce, operator, witness or beacon")),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Commitment {
        Commitment {
            attempt: 1,
            predecessor: None,
            package_tag: Beta([1; 64]),
            plan_tag: Beta([2; 64]),
            tag_key: Hash([3; 32]),
            request: Hash([4; 32]),
            names: Hash([5; 32]),
            profile: Hash([6; 32]),
            registry: 7,
            groups: vec![Group { seats: 2, site: 1 }, Group { seats: 1, site: 2 }],
            unit_cap: 1,
            lots: 3,
            margin: 2,
            window_minutes: 30,
            pool_size: 9,
            pool_root: Hash([8; 32]),
            excluded: Hash([9; 32]),
            kept: vec![Kept::Site { position: 1, site: 2 }, Kept::Group { position: 2, group: 1 }],
            forced_accepted_by: Some("A1".into()),
            contributions: vec![
                Contributor::Nonce { key: Hash([1; 32]), commitment: Hash([2; 32]) },
                Contributor::Operator { key: Hash([3; 32]) },
                Contributor::Witness { key: Hash([4; 32]) },
                Contributor::Beacon { chain: Hash([5; 32]), round: 77 },
            ],
            deadline: 1_790_000_000,
        }
    }

    #[test]
    fn a_commitment_reads_back_and_refuses_what_it_does_not_know() {
        let commitment = sample();
        let json = Json::from(commitment.fields());
        assert_eq!(Commitment::read(&json), Ok(commitment.clone()));
        assert_eq!(commitment.groups_at(2), 0b10);
        let more = Json::from(commitment.fields().with("favoured", "E1"));
        assert_eq!(Commitment::read(&more).unwrap_err().path, "favoured");
    }

    #[test]
    fn inconsistent_commitments_are_refused_by_field() {
        let refused = |change: &dyn Fn(&mut Commitment)| {
            let mut commitment = sample();
            change(&mut commitment);
            Commitment::read(&commitment.fields().into()).unwrap_err().path
        };
        assert_eq!(refused(&|c| c.attempt = 2), "predecessor");
        assert_eq!(refused(&|c| c.contributions.reverse()), "contributions");
        assert_eq!(refused(&|c| c.kept.reverse()), "kept");
        assert_eq!(refused(&|c| c.pool_size = 2), "kept");
        assert_eq!(refused(&|c| c.groups.clear()), "groups");
        assert_eq!(refused(&|c| c.lots = 9), "lots");
    }
}
