//! What a draw of sites says in the log: `sites.committed`, `sites.drawn`, `sites.ended`; its
//! contribution is `draw.contributed` with its alpha (`api-spec/sites-v1.md` §§4–6).

use super::leaves::SITES_LIMIT;
use super::request::{limits_json, read_limits};
use super::{HOST_SITE, Limits, PICKS_LIMIT, Picked};
use crate::codec::{Hash, Json, Object, ShapeError, from_hex, object, to_hex};
use crate::draw::vrf::Beta;

/// The most attempts that a commitment may count.
const ATTEMPT_LIMIT: i64 = 1_000_000;

/// `sites.committed`: after it nothing in the draw of sites is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesCommitted {
    /// Attempt at the sites of this package, from 1.
    pub attempt: u32,
    /// Alpha of the attempt before.
    pub predecessor: Option<Hash>,
    /// Package tag, as in draw-v1.
    pub package_tag: Beta,
    /// Plan tag.
    pub plan_tag: Beta,
    /// Digest of the tag VRF key.
    pub tag_key: Hash,
    /// Salted digest of the request.
    pub request: Hash,
    /// Root over the leaves.
    pub root: Hash,
    /// Number of leaves.
    pub size: u32,
    /// How many are picked, within which limits.
    pub limits: Limits,
    /// Digest of the draw VRF key whose contribution makes the seed.
    pub contributor: Hash,
    /// Until when it counts, Unix seconds.
    pub deadline: i64,
}

impl SitesCommitted {
    /// Statement type.
    pub const TYPE: &'static str = "sites.committed";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let contributor = Object::new().with("kind", "operator").with("key", self.contributor);
        Object::new()
            .with("attempt", self.attempt)
            .with_some("predecessor", self.predecessor)
            .with("package_tag", to_hex(&self.package_tag.0))
            .with("plan_tag", to_hex(&self.plan_tag.0))
            .with("tag_key", self.tag_key)
            .with("request", self.request)
            .with("leaves", Object::new().with("root", self.root).with("size", self.size))
            .with("limits", limits_json(&self.limits))
            .with("contributions", Json::from_iter([Json::from(contributor)]))
            .with("deadline", self.deadline)
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let attempt = u32::try_from(f.int("attempt", 1..=ATTEMPT_LIMIT)?).unwrap_or(0);
            let predecessor = match f.optional("predecessor") {
                Some(_) => Some(f.hash("predecessor")?),
                None => None,
            };
            if (attempt > 1) != predecessor.is_some() {
                return Err(f.wrong("predecessor", "stands exactly with attempts after the first"));
            }
            let mut tag = |key: &str| {
                let bytes = from_hex(f.str(key)?).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
                bytes.map(Beta).ok_or_else(|| f.wrong(key, "must be 128 lower-case hex digits"))
            };
            let (package_tag, plan_tag) = (tag("package_tag")?, tag("plan_tag")?);
            let most = u32::try_from(SITES_LIMIT).unwrap_or(u32::MAX);
            let (root, size) = f.object("leaves", |f| Ok((f.hash("root")?, f.u32("size", most)?)))?;
            let contributors = f.each("contributions", |item, path| {
                object(item, path, |f| {
                    f.literal("kind", "operator")?;
                    f.hash("key")
                })
            })?;
            let [contributor] = contributors.as_slice() else {
                return Err(f.wrong("contributions", "exactly the operator's"));
            };
            Ok(Self {
                attempt,
                predecessor,
                package_tag,
                plan_tag,
                tag_key: f.hash("tag_key")?,
                request: f.hash("request")?,
                root,
                size,
                limits: read_limits(f)?,
                contributor: *contributor,
                deadline: f.int("deadline", 0..=crate::codec::json::MAX_INTEGER)?,
            })
        })
    }
}

/// `sites.drawn`: the seed and the picked venues, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesDrawn {
    /// The draw.
    pub alpha: Hash,
    /// Log index of the contribution.
    pub contribution: u64,
    /// The seed.
    pub seed: Hash,
    /// In drawn order.
    pub sites: Vec<Picked>,
}

impl SitesDrawn {
    /// Statement type.
    pub const TYPE: &'static str = "sites.drawn";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        let site = |picked: &Picked| -> Json {
            Object::new().with("position", picked.position).with("site", picked.site).into()
        };
        Object::new()
            .with("alpha", self.alpha)
            .with("contributions", Json::from_iter([Json::from(self.contribution)]))
            .with("seed", self.seed)
            .with("sites", self.sites.iter().map(site).collect::<Json>())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let contributions = f.each("contributions", |item, path| {
                let index = item.as_int().and_then(|n| u64::try_from(n).ok());
                index.ok_or_else(|| ShapeError::new(path, "must be a log index"))
            })?;
            let [contribution] = contributions.as_slice() else {
                return Err(f.wrong("contributions", "exactly one"));
            };
            let sites = f.each("sites", |item, path| {
                object(item, path, |f| {
                    let site = f.int("site", 2..=i64::from(HOST_SITE + PICKS_LIMIT))?;
                    Ok(Picked {
                        position: f.u32("position", u32::MAX)?,
                        site: u32::try_from(site).unwrap_or(0),
                    })
                })
            })?;
            Ok(Self { alpha: f.hash("alpha")?, contribution: *contribution, seed: f.hash("seed")?, sites })
        })
    }
}

/// Why drawn sites count no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SitesEnding {
    /// A venue cannot be used (电力、网络、疫情 …).
    SiteFailure,
    /// Time or number of the review changed.
    PlanChanged,
    /// The procurement was cancelled.
    Cancelled,
}

impl SitesEnding {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::SiteFailure, Self::PlanChanged, Self::Cancelled];

    /// The word in statements and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::SiteFailure => "site_failure",
            Self::PlanChanged => "plan_changed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.name() == word)
    }
}

/// `sites.ended`: one person proposes, another confirms; only then may sites be drawn anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesEnded {
    /// The draw.
    pub alpha: Hash,
    /// Why.
    pub reason: SitesEnding,
    /// Account that proposed it.
    pub actor: String,
    /// Account that confirmed it, another one.
    pub approver: String,
}

impl SitesEnded {
    /// Statement type.
    pub const TYPE: &'static str = "sites.ended";

    /// The statement's own fields.
    pub fn fields(&self) -> Object {
        Object::new()
            .with("alpha", self.alpha)
            .with("reason", self.reason.name())
            .with("actor", self.actor.as_str())
            .with("approver", self.approver.as_str())
    }

    /// Reads the statement's own fields.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            let reason = SitesEnding::parse(f.str("reason")?);
            let ended = Self {
                alpha: f.hash("alpha")?,
                reason: reason.ok_or_else(|| f.wrong("reason", "not on the list"))?,
                actor: f.str("actor")?.to_owned(),
                approver: f.str("approver")?.to_owned(),
            };
            if ended.actor == ended.approver {
                return Err(f.wrong("approver", "must be another person than the actor"));
            }
            Ok(ended)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> SitesCommitted {
        SitesCommitted {
            attempt: 2,
            predecessor: Some(Hash([9; 32])),
            package_tag: Beta([1; 64]),
            plan_tag: Beta([2; 64]),
            tag_key: Hash([3; 32]),
            request: Hash([4; 32]),
            root: Hash([6; 32]),
            size: 12,
            limits: Limits { picks: 2, workstations: 3, min_cities: 2, max_per_city: 1 },
            contributor: Hash([7; 32]),
            deadline: 1_790_000_000,
        }
    }

    #[test]
    fn statements_read_back() {
        let said = committed();
        assert_eq!(SitesCommitted::read(&said.fields().into()), Ok(said));
        let drawn = SitesDrawn {
            alpha: Hash([1; 32]),
            contribution: 8,
            seed: Hash([2; 32]),
            sites: vec![Picked { position: 5, site: 2 }, Picked { position: 0, site: 3 }],
        };
        assert_eq!(SitesDrawn::read(&drawn.fields().into()), Ok(drawn));
        let ended = SitesEnded {
            alpha: Hash([1; 32]),
            reason: SitesEnding::SiteFailure,
            actor: "A1".into(),
            approver: "A2".into(),
        };
        assert_eq!(SitesEnded::read(&ended.fields().into()), Ok(ended.clone()));
        let alone = SitesEnded { approver: "A1".into(), ..ended };
        assert_eq!(SitesEnded::read(&alone.fields().into()).unwrap_err().path, "approver");
    }

    #[test]
    fn a_first_attempt_has_no_predecessor_and_a_later_one_has() {
        for (attempt, predecessor) in [(1, Some(Hash([9; 32]))), (2, None)] {
            let said = SitesCommitted { attempt, predecessor, ..committed() };
            assert_eq!(SitesCommitted::read(&said.fields().into()).unwrap_err().path, "predecessor");
        }
    }
}
