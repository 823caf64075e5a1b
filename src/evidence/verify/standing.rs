//! What a draw's contributions are worth to one auditor: the level, the contributors by name, blind and
//! seen voids, doubtful entries (`api-spec/draw-v3.md` §§5–6, `evidence-v3.md` §5).
//!
//! Nothing here is a check: the same file has the same checks for everybody, and another level for whom
//! other parties are independent.

use super::Draw;
use super::contributed::Given;
use super::result::Life;
use super::shared::Heads;
use crate::codec::{Json, Object};
use crate::draw::commitment::Contributor;
use crate::evidence::parties::{Parties, PinnedBeacon};
use crate::evidence::said::Said;
use crate::log::{KeyBook, KeyUse};

/// How strong the seed of a draw is, by the auditor's own files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The operator could know and choose the outcome.
    #[default]
    Operator,
    /// Only the operator together with every independent party named could.
    Witnessed,
    /// Nobody could: a public round came after everything else was fixed.
    Beacon,
}

impl Level {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Witnessed => "witnessed",
            Self::Beacon => "beacon",
        }
    }
}

/// One contributor of a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributorFacts {
    /// `nonce`, `operator`, `witness` or `beacon`.
    pub kind: &'static str,
    /// As the auditor pins the party.
    pub name: Option<String>,
    /// Whether the contribution is in the log.
    pub there: bool,
    /// Whether the party is independent of the operator; of a beacon, whether it counts.
    pub independent: bool,
}

/// What an evidence-v3 file shows beside the facts of every file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedFacts {
    /// The level.
    pub level: Level,
    /// In committed order.
    pub contributors: Vec<ContributorFacts>,
    /// Contributions that are not there.
    pub missing: u32,
    /// Voids whose outcome nobody could know.
    pub blind_voids: u32,
    /// All other voids.
    pub seen_voids: u32,
    /// Indices of entries that rest on a key which was compromised at the time.
    pub doubtful: Vec<u64>,
    /// Date of the first dated head that covers the commitment.
    pub committed_by: Option<i64>,
    /// Date of the first dated head that covers every contribution.
    pub decided_by: Option<i64>,
    /// Why a beacon that is there does not count.
    pub beacon_remark: Option<&'static str>,
}

/// The facts of a file whose check `contributions` passed.
pub(super) fn facts(
    draw: &Draw<'_>,
    given: &Given,
    life: Option<&Life>,
    book: &KeyBook,
    heads: &Heads,
    parties: Option<&Parties>,
) -> SharedFacts {
    let wanted = &draw.commitment.contributions;
    let beacon = counts(draw, given, heads, parties.and_then(|parties| parties.beacon));
    let contributors: Vec<ContributorFacts> = wanted
        .iter()
        .zip(&given.by_place)
        .map(|(wanted, there)| {
            let party = parties.and_then(|parties| pinned(wanted, book, parties));
            let independent = match wanted {
                Contributor::Beacon { .. } => beacon.is_ok(),
                _ => party.as_ref().is_some_and(|(_, independent)| *independent),
            };
            ContributorFacts {
                kind: kind(wanted),
                name: party.map(|(name, _)| name),
                there: there.is_some(),
                independent,
            }
        })
        .collect();
    let witnessed = contributors.iter().any(|c| c.kind != "beacon" && c.there && c.independent);
    let level = match (beacon.is_ok(), witnessed) {
        (true, _) => Level::Beacon,
        (false, true) => Level::Witnessed,
        (false, false) => Level::Operator,
    };
    let (mut blind, mut seen) = (0, 0);
    for entry in draw.entries.0.iter().filter(|entry| matches!(entry.said, Said::Voided(_))) {
        if is_blind(draw, given, book, heads, parties, entry.index) {
            blind += 1;
        } else {
            seen += 1;
        }
    }
    if life.is_some_and(|life| {
        life.stopped.is_some_and(|reason| reason != crate::draw::calls::StopReason::Shortfall)
    }) {
        seen += 1;
    }
    let there = given.there();
    let decided_by = if given.missing() == 0 {
        there
            .iter()
            .map(|(index, _)| heads.first_date_of(*index))
            .max()
            .flatten()
            .filter(|_| there.iter().all(|(index, _)| heads.first_date_of(*index).is_some()))
    } else {
        None
    };
    let there_and_not_counted = contributors.iter().any(|c| c.kind == "beacon" && c.there && !c.independent);
    SharedFacts {
        level,
        contributors,
        missing: u32::try_from(given.missing()).unwrap_or(u32::MAX),
        blind_voids: blind,
        seen_voids: seen,
        doubtful: doubtful(draw, book),
        committed_by: heads.first_date_of(draw.index),
        decided_by,
        beacon_remark: if there_and_not_counted { beacon.err() } else { None },
    }
}

fn kind(contributor: &Contributor) -> &'static str {
    match contributor {
        Contributor::Nonce { .. } => "nonce",
        Contributor::Operator { .. } => "operator",
        Contributor::Witness { .. } => "witness",
        Contributor::Beacon { .. } => "beacon",
    }
}

/// The pinned party behind a contributor, and whether it is independent of the operator.
fn pinned(contributor: &Contributor, book: &KeyBook, parties: &Parties) -> Option<(String, bool)> {
    match contributor {
        Contributor::Nonce { key, .. } => {
            let found = parties.supervisor(key)?;
            Some((found.name.clone(), parties.is_independent(&found.body)))
        }
        Contributor::Witness { key } => {
            let found = parties.witness(key, &book.find(key)?.witness?)?;
            Some((found.name.clone(), parties.is_independent(&found.body)))
        }
        Contributor::Operator { .. } | Contributor::Beacon { .. } => None,
    }
}

/// Whether the beacon counts (draw-v3 §6.2); else why not.
fn counts(
    draw: &Draw<'_>,
    given: &Given,
    heads: &Heads,
    pinned: Option<PinnedBeacon>,
) -> Result<(), &'static str> {
    let (round, chain) = draw
        .commitment
        .contributions
        .iter()
        .find_map(|wanted| match wanted {
            Contributor::Beacon { chain, round } => Some((*round, *chain)),
            _ => None,
        })
        .ok_or("none is committed")?;
    let pinned = pinned.ok_or("no beacon is pinned")?;
    if pinned.chain != chain {
        return Err("another chain is pinned");
    }
    let info = draw.evidence.shared.as_ref().and_then(|shared| shared.chain.as_ref());
    let time = info.and_then(|info| info.time_of(round)).ok_or("its round has no time")?;
    if !matches!(given.by_place.last(), Some(Some(_))) {
        return Err("it is not there");
    }
    // Everything else: all places but the beacon's, which is the last.
    let others = given.by_place.iter().rev().skip(1);
    let mut newest = draw.index;
    for other in others {
        let (index, _) = other.as_ref().ok_or("another contribution is missing")?;
        newest = newest.max(*index);
    }
    let fixed = heads.date_of(newest).ok_or("no dated head covers everything else")?;
    if fixed > time.saturating_sub(pinned.margin) {
        return Err("everything else was fixed too late before its round");
    }
    let committed = draw.entries.0.iter().find(|entry| entry.index == draw.index);
    if committed.is_none_or(|entry| time > entry.time.saturating_add(pinned.max_ahead)) {
        return Err("its round lies too far ahead of the commitment");
    }
    Ok(())
}

/// Whether a void at an index is blind (draw-v3 §5.3).
fn is_blind(
    draw: &Draw<'_>,
    given: &Given,
    book: &KeyBook,
    heads: &Heads,
    parties: Option<&Parties>,
    index: u64,
) -> bool {
    let Some(parties) = parties else { return false };
    let independent =
        |wanted: &&Contributor| pinned(wanted, book, parties).is_some_and(|(_, independent)| independent);
    let wanted = &draw.commitment.contributions;
    let vouched = wanted
        .iter()
        .filter(independent)
        .any(|party| given.withheld.iter().any(|(key, stated)| party.key() == Some(key) && *stated < index));
    if vouched {
        return true;
    }
    let beacon = wanted.iter().find_map(|wanted| match wanted {
        Contributor::Beacon { chain, round } => Some((*chain, *round)),
        _ => None,
    });
    let (Some((chain, round)), Some(pinned)) = (beacon, parties.beacon) else { return false };
    let info = draw.evidence.shared.as_ref().and_then(|shared| shared.chain.as_ref());
    let time = info.and_then(|info| info.time_of(round));
    !wanted.iter().any(|party| independent(&party))
        && pinned.chain == chain
        && heads
            .date_of(index)
            .zip(time)
            .is_some_and(|(date, time)| date <= time.saturating_sub(pinned.margin))
}

/// Entries of the file that rest on a key which may not have been its holder's (log-v2 §2.6).
fn doubtful(draw: &Draw<'_>, book: &KeyBook) -> Vec<u64> {
    let entries = draw.entries.0.iter().filter(|entry| {
        let signer = book.in_force(KeyUse::Statements, entry.index);
        let made = match &entry.said {
            Said::Contributed(said) => vec![said.key],
            Said::Shared(share) => match share.as_ref() {
                crate::draw::contributions::Share::Nonce(said) => vec![said.key],
                crate::draw::contributions::Share::Witness(said) => {
                    let signer = book.find(&said.key).and_then(|key| key.witness);
                    std::iter::once(said.key).chain(signer).collect()
                }
                _ => vec![],
            },
            Said::NonceCommitted(said) => vec![said.key],
            Said::NotReleased(said) => {
                let signer = book.find(&said.key).and_then(|key| key.witness);
                vec![signer.unwrap_or(said.key)]
            }
            _ => vec![],
        };
        let made = made.iter().filter_map(|digest| book.find(digest));
        signer.into_iter().chain(made).any(|key| key.is_doubtful_at(entry.index))
    });
    entries.map(|entry| entry.index).collect()
}

impl SharedFacts {
    /// Adds the facts to a report.
    pub(super) fn write(&self, report: Object) -> Object {
        let word = |yes: bool| if yes { "yes" } else { "no" };
        let contributor = |c: &ContributorFacts| -> Json {
            Object::new()
                .with("kind", c.kind)
                .with_some("name", c.name.as_deref())
                .with("there", word(c.there))
                .with("independent", word(c.independent))
                .into()
        };
        report
            .with("contributors", self.contributors.iter().map(contributor).collect::<Json>())
            .with("missing", self.missing)
            .with("blind_voids", self.blind_voids)
            .with("doubtful", self.doubtful.iter().map(|index| Json::from(*index)).collect::<Json>())
            .with_some("committed_by", self.committed_by)
            .with_some("decided_by", self.decided_by)
    }
}
