//! Checks `commitment` to `panel`: that the result follows from what was committed.

use super::contributed::Given;
use super::entries::{Entries, Entry, Keys};
use super::report::Ending;
use super::{Answer, Draw};
use crate::codec::{Hash, Json, LabelledHash, sha256};
use crate::draw::calls::{Call, StopReason};
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::may_void;
use crate::draw::contributions::voids::Standing;
use crate::draw::decide;
use crate::draw::pool::{self, Leaf};
use crate::draw::seats::Seated;
use crate::draw::seed::{self, Contribution};
use crate::draw::statements::{Drawn, Unsealed, Void};
use crate::evidence::bundle::{Evidence, Format};
use crate::evidence::said::Said;
use crate::log::KeyBook;

/// The largest profile that is read, in bytes.
const PROFILE_LIMIT: usize = 1 << 20;

/// How the draw lived on after its commitment.
pub(super) struct Life {
    pub ending: Ending,
    pub drawn: Option<Drawn>,
    pub unsealed: Option<Unsealed>,
    pub stopped: Option<StopReason>,
    /// The final members of a draw with calls, once its calls were folded.
    pub members: Option<Vec<Seated>>,
}

impl Life {
    /// Seats as (position, group) in drawn order: of the final members, or as drawn without calls.
    pub fn seats(&self) -> Vec<(u32, u8)> {
        let drawn = self.drawn.as_ref().map(|drawn| &drawn.seats);
        let seats = self.members.as_ref().or(drawn);
        seats.into_iter().flatten().map(|s| (s.position, s.group)).collect()
    }
}

pub(super) fn commitment(evidence: &Evidence, entries: &Entries, keys: &Keys) -> Answer<(Commitment, u64)> {
    let (entry, commitment) = only_commitment(entries)?;
    commitment_of(evidence, entry, commitment, keys)
}

/// The one commitment of a file.
pub(super) fn only_commitment(entries: &Entries) -> Result<(&Entry, &Commitment), String> {
    let mut found = entries.0.iter().filter_map(|entry| match &entry.said {
        Said::Committed(commitment) => Some((entry, commitment.as_ref())),
        _ => None,
    });
    let one = found.next().ok_or("no draw.committed in the file")?;
    if found.next().is_some() {
        return Err("more than one draw.committed in the file".into());
    }
    Ok(one)
}

/// What every format asks of a commitment, given the operator's keys for it.
pub(super) fn commitment_of(
    evidence: &Evidence,
    entry: &Entry,
    commitment: &Commitment,
    keys: &Keys,
) -> Answer<(Commitment, u64)> {
    if seed::alpha(entry.index, &entry.leaf) != evidence.alpha {
        return Err("alpha is not that of the commitment".into());
    }
    if commitment.registry >= entry.index {
        return Err("the registry position is not below the commitment".into());
    }
    if commitment.tag_key != sha256(&[&keys.tag_vrf_bytes]) {
        return Err("names another tag key than the log registers".into());
    }
    if commitment.deadline < entry.time {
        return Err("the deadline lies before the commitment".into());
    }
    let seen = format!("log index {}, attempt {}", entry.index, commitment.attempt);
    Ok(((commitment.clone(), entry.index), seen))
}

pub(super) fn profile(draw: &Draw<'_>) -> Answer<()> {
    let text = draw.evidence.profile.as_bytes();
    if LabelledHash::new("profile").variable(text).finish() != draw.commitment.profile {
        return Err("the text is not the profile of the commitment".into());
    }
    let loaded = |entry: &Entry| {
        matches!(&entry.said, Said::Profile(digest) if *digest == draw.commitment.profile)
            && entry.index < draw.index
    };
    if !draw.entries.0.iter().any(loaded) {
        return Err("no profile.loaded below the commitment".into());
    }
    let json = Json::parse(text, PROFILE_LIMIT).map_err(|e| e.to_string())?;
    let field = |name: &str| json.as_map().and_then(|map| map.get(name)).and_then(Json::as_int);
    let commitment = draw.commitment;
    for (name, committed) in [
        ("unit_cap", commitment.unit_cap),
        ("lots", u32::from(commitment.lots)),
        ("margin", commitment.margin),
        ("window_minutes", commitment.window_minutes),
    ] {
        if field(name) != Some(i64::from(committed)) {
            return Err(format!("{name} of the commitment is not that of the profile"));
        }
    }
    let name = json.as_map().and_then(|map| map.get("name")).and_then(Json::as_str).unwrap_or_default();
    Ok(((), format!("profile {name}")))
}

pub(super) fn pool(draw: &Draw<'_>) -> Answer<Vec<Leaf>> {
    let mut leaves = Vec::with_capacity(draw.evidence.pool.len());
    for (position, bytes) in draw.evidence.pool.iter().enumerate() {
        leaves.push(Leaf::from_bytes(bytes).map_err(|rule| format!("position {position}: {rule}"))?);
    }
    let groups = u32::try_from(draw.commitment.groups.len()).unwrap_or(u32::MAX);
    pool::check(&leaves, groups, draw.commitment.lots).map_err(|e| e.to_string())?;
    if u32::try_from(leaves.len()) != Ok(draw.commitment.pool_size) {
        return Err(format!("{} leaves, committed were {}", leaves.len(), draw.commitment.pool_size));
    }
    if pool::root(&leaves) != draw.commitment.pool_root {
        return Err("the root is not that of the commitment".into());
    }
    let seen = format!("{} candidates", leaves.len());
    Ok((leaves, seen))
}

pub(super) fn feasible(draw: &Draw<'_>, leaves: &[Leaf]) -> Answer<u32> {
    let forced = decide::forced_seats(draw.commitment, leaves).map_err(|e| e.to_string())?;
    let forced = u32::try_from(forced.len()).unwrap_or(u32::MAX);
    match (forced, &draw.commitment.forced_accepted_by) {
        (0, Some(_)) => Err("forced seats were accepted where there are none".into()),
        (0, None) => Ok((0, "a full panel existed, nobody was in every one".into())),
        (n, None) => Err(format!("{n} candidates were in every full panel, and nobody accepted that")),
        (n, Some(account)) => {
            Ok((n, format!("{n} candidates were in every full panel; accepted by {account}")))
        }
    }
}

pub(super) fn contributions(draw: &Draw<'_>, keys: &Keys) -> Answer<Vec<(u64, Contribution)>> {
    let [Contributor::Operator { key }] = draw.commitment.contributions.as_slice() else {
        return Err("the commitment names contributions that this version does not specify".into());
    };
    let registered = sha256(&[&keys.draw_vrf_bytes]);
    if *key != registered {
        return Err("the commitment names another draw key than the log registers".into());
    }
    let mut found = Vec::new();
    for entry in &draw.entries.0 {
        let Said::Contributed(said) = &entry.said else { continue };
        let at = |reason: &str| format!("entry {}: {reason}", entry.index);
        if entry.index <= draw.index {
            return Err(at("stands before the commitment"));
        }
        if said.key != registered {
            return Err(at("is by another key than the committed one"));
        }
        if entry.time > draw.commitment.deadline {
            return Err(at("came after the deadline"));
        }
        let beta =
            keys.draw_vrf.verify(draw.alpha.as_bytes(), &said.proof).map_err(|e| at(&e.to_string()))?;
        found.push((entry.index, Contribution::Operator(beta.0)));
    }
    let ended_without = draw.entries.0.iter().any(|entry| matches!(entry.said, Said::Voided(_)));
    match found.len() {
        0 if ended_without => Ok((found, "none: voided before".into())),
        1 => Ok((found, "operator's VRF output, proof valid over alpha".into())),
        n => Err(format!("{n} operator contributions, committed was one")),
    }
}

pub(super) fn ending(draw: &Draw<'_>) -> Answer<Life> {
    let mut life = Life { ending: Ending::Drawn, drawn: None, unsealed: None, stopped: None, members: None };
    let mut proposed: Option<&Void> = None;
    let mut voided = false;
    for entry in draw.entries.0.iter().filter(|entry| entry.said.alpha().is_some()) {
        let at = |reason: &str| Err(format!("entry {}: {reason}", entry.index));
        if entry.index <= draw.index {
            return at("stands before the commitment");
        }
        if voided {
            return at("stands after the draw was voided");
        }
        if life.stopped.is_some() {
            return at("stands after the draw was stopped");
        }
        match &entry.said {
            Said::Contributed(_) | Said::Shared(_) | Said::NotReleased(_) if life.drawn.is_some() => {
                return at("contributes after the result");
            }
            Said::Drawn(_) if life.drawn.is_some() => return at("is a second result"),
            Said::Drawn(drawn) => life.drawn = Some(drawn.clone()),
            Said::VoidProposed(_) | Said::Voided(_) if life.unsealed.is_some() => {
                return at("voids a draw whose result was announced");
            }
            Said::VoidProposed(void) => proposed = Some(void),
            Said::Voided(void) => {
                let matching = proposed.is_some_and(|p| (p.reason, &p.actor) == (void.reason, &void.actor));
                if !matching {
                    return at("confirms a void that was not proposed like this");
                }
                voided = true;
            }
            Said::Unsealed(_) if life.drawn.is_none() => return at("unseals what was not drawn"),
            Said::Unsealed(_) if life.unsealed.is_some() => return at("unseals a second time"),
            Said::Unsealed(unsealed) => life.unsealed = Some(unsealed.clone()),
            Said::Call(_) if life.drawn.is_none() => return at("calls before anybody was drawn"),
            Said::Call(_) if life.unsealed.is_some() => return at("calls after the draw was unsealed"),
            Said::Call(Call::Stopped(stopped)) => life.stopped = Some(stopped.reason),
            _ => {}
        }
    }
    life.ending = match (life.drawn.is_some(), voided) {
        (true, false) if life.stopped.is_some() => Ending::Stopped,
        (true, false) => Ending::Drawn,
        (true, true) => Ending::VoidedAfterDrawn,
        (false, true) => Ending::Voided,
        (false, false) if draw.evidence.format == Format::V3 => Ending::Open,
        (false, false) => return Err("neither result nor void: the draw has not ended".into()),
    };
    let seen = match &life.unsealed {
        Some(unsealed) => {
            format!("{}, unsealed by announcement {}", life.ending.name(), unsealed.announcement)
        }
        None => life.ending.name().to_owned(),
    };
    Ok((life, seen))
}

/// What draw-v3 §5 asks of a void before a result, beside what every format asks. A policy without a quorum
/// cannot tell that nothing is missing, and takes the operator's word for it.
pub(super) fn voids(draw: &Draw<'_>, given: &Given, book: &KeyBook, by_quorum: bool) -> Result<(), String> {
    for entry in &draw.entries.0 {
        let Said::Voided(void) = &entry.said else { continue };
        // What kept others waiting, or is owed, is what stands in the log (draw-v3 §5.2); when it was dated decides
        // only what is missing.
        let wanted = draw.commitment.contributions.iter().zip(given.stands.iter().copied());
        let operator = draw.commitment.operator_key().and_then(|key| book.find(&key));
        let standing = Standing {
            missing: given.missing() > 0 || !by_quorum,
            overdue: entry.time > draw.commitment.deadline,
            revealed: wanted.clone().all(|(wanted, there)| wanted.kind() != 1 || there),
            operator: wanted.clone().any(|(wanted, there)| wanted.kind() == 2 && there),
            withheld: given.withheld.iter().any(|(_, stated)| *stated < entry.index),
            compromised: operator.is_some_and(|key| !key.may_contribute_at(entry.index)),
        };
        may_void(void.reason, &standing).map_err(|fault| format!("entry {}: {fault}", entry.index))?;
    }
    Ok(())
}

pub(super) fn seed(draw: &Draw<'_>, given: &[(u64, Contribution)], life: &Life) -> Answer<Option<Hash>> {
    let Some(drawn) = &life.drawn else { return Ok((None, "none: voided before".into())) };
    if !drawn.contributions.iter().eq(given.iter().map(|(index, _)| index)) {
        return Err("the result lists other contributions than the log holds".into());
    }
    let parts: Vec<Contribution> = given.iter().map(|(_, part)| part.clone()).collect();
    let seed = seed::seed(draw.alpha, &parts).map_err(|e| e.to_string())?;
    if seed != drawn.seed {
        return Err("the seed is not that of the contributions".into());
    }
    Ok((Some(seed), seed.to_hex()))
}

pub(super) fn panel(draw: &Draw<'_>, seed: &Option<Hash>, leaves: &[Leaf], life: &Life) -> Answer<()> {
    let (Some(seed), Some(drawn)) = (seed, &life.drawn) else {
        return Ok(((), "none: voided before".into()));
    };
    let panel = decide::panel(draw.commitment, leaves, seed).map_err(|e| e.to_string())?;
    if panel.seats != drawn.seats {
        return Err("the panel is not the one that the seed gives".into());
    }
    if panel.branches != drawn.branches {
        return Err(format!("{} branches counted, said were {}", panel.branches, drawn.branches));
    }
    let seats: Vec<String> = drawn.seats.iter().map(|s| format!("{}→{}", s.position, s.group)).collect();
    Ok(((), format!("position→group {}", seats.join(", "))))
}
