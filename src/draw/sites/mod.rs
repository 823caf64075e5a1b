//! The draw of sites (抽取副场), before the experts: blind to city, venue and workstation (三盲).
//!
//! Specification: `api-spec/sites-v1.md`. It is a draw of its own with a commitment, an alpha and a
//! contribution of its own, under the same keys as a draw of experts; what it decides goes into the
//! regions of the seat groups of the expert draw, which is committed afterwards.
//!
//! | file | holds |
//! |---|---|
//! | `leaves` | [`SiteLeaf`]: a venue without its name, and the salts that open it |
//! | `request` | [`SitesRequest`]: what was asked for |
//! | `statements` | `sites.committed`, `sites.drawn`, `sites.ended` |
//! | this file | [`choose`]: from the drawn order to the picked venues |
//!
//! *Invariant:* the picks are the first full choice in drawn order: each venue is picked exactly when the
//! venues picked before, it, and later ones can still make a full choice. So the result depends on
//! nothing but order and limits, and exists whenever any full choice exists.

pub mod leaves;
pub mod request;
pub mod statements;

use std::collections::{BTreeMap, BTreeSet};

use super::lots::{self, LotsError, Seed};
use crate::codec::Hash;
pub use leaves::{SiteLeaf, SitesKey};
pub use request::SitesRequest;
pub use statements::{SitesCommitted, SitesDrawn, SitesEnded, SitesEnding};

/// The number of the host site (主场); drawn sites follow it.
pub const HOST_SITE: u32 = 1;
/// The most sub-venues of one draw: sites 2 to 32.
pub const PICKS_LIMIT: u32 = 31;

/// Limits of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Venues to be picked, 1 to [`PICKS_LIMIT`].
    pub picks: u32,
    /// Workstations that a venue must have free; one with fewer is passed over.
    pub workstations: u32,
    /// The fewest cities among the picks, 0 to `picks`.
    pub min_cities: u32,
    /// The most picks in one city, from 1.
    pub max_per_city: u32,
}

impl Limits {
    /// The strictest limits that these venues can meet: the fewest picks in one city, and over as many
    /// cities as there are, up to one for each pick. So nobody chooses the limits. `None`: there are
    /// fewer venues than picks.
    pub fn strictest(picks: u32, workstations: u32, leaves: &[SiteLeaf]) -> Option<Limits> {
        let mut cities: BTreeMap<leaves::CityTag, u32> = BTreeMap::new();
        for leaf in leaves.iter().filter(|leaf| u32::from(leaf.workstations) >= workstations) {
            *cities.entry(leaf.city).or_default() += 1;
        }
        let room = |most: u32| cities.values().map(|n| u64::from((*n).min(most))).sum::<u64>();
        let max_per_city = (1..=picks).find(|most| room(*most) >= u64::from(picks))?;
        let min_cities = u32::try_from(cities.len()).unwrap_or(u32::MAX).min(picks);
        Some(Limits { picks, workstations, min_cities, max_per_city })
    }
}

/// No full choice exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChoice {
    /// There are not so many venues within the limits.
    #[error("the venues do not suffice for the picks within the limits")]
    Short,
    /// The lots could not be drawn.
    #[error("lots: {0}")]
    Lots(#[from] LotsError),
}

/// One picked venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Position of its leaf.
    pub position: u32,
    /// The site it becomes: 2, 3, … in drawn order.
    pub site: u32,
}

/// What a seed picks from these leaves.
pub fn pick(limits: &Limits, leaves: &[SiteLeaf], seed: &Hash) -> Result<Vec<Picked>, NoChoice> {
    let tickets = lots::tickets(&Seed(*seed.as_bytes()), &vec![1; leaves.len()], 1)?;
    choose(limits, leaves, &lots::order(&tickets))
}

/// Whether any full choice exists; needs no randomness.
pub fn is_possible(limits: &Limits, leaves: &[SiteLeaf]) -> bool {
    let order: Vec<u32> = (0u32..).take(leaves.len()).collect();
    choose(limits, leaves, &order).is_ok()
}

/// The first full choice in an order of positions.
pub fn choose(limits: &Limits, leaves: &[SiteLeaf], order: &[u32]) -> Result<Vec<Picked>, NoChoice> {
    let able = |position: &u32| {
        let leaf = usize::try_from(*position).ok().and_then(|position| leaves.get(position));
        leaf.filter(|leaf| u32::from(leaf.workstations) >= limits.workstations).map(|leaf| leaf.city)
    };
    let mut later: BTreeMap<leaves::CityTag, u32> = BTreeMap::new();
    for city in order.iter().filter_map(able) {
        *later.entry(city).or_default() += 1;
    }
    let (mut picked, mut taken) = (Vec::new(), BTreeMap::new());
    if !completable(limits, &taken, &later, 0) {
        return Err(NoChoice::Short);
    }
    let mut site = HOST_SITE;
    for position in order {
        let Some(city) = able(position) else { continue };
        if let Some(left) = later.get_mut(&city) {
            *left = left.saturating_sub(1);
        }
        let count = u32::try_from(picked.len()).unwrap_or(u32::MAX);
        if count == limits.picks || taken.get(&city).copied().unwrap_or(0) >= limits.max_per_city {
            continue;
        }
        *taken.entry(city).or_insert(0u32) += 1;
        if completable(limits, &taken, &later, count + 1) {
            site += 1;
            picked.push(Picked { position: *position, site });
        } else if let Some(n) = taken.get_mut(&city) {
            *n -= 1;
        }
    }
    Ok(picked)
}

/// Whether the picks so far can be completed by later venues: as many as are missing fit under the
/// limit of each city, and the missing cities are among them.
fn completable(
    limits: &Limits,
    taken: &BTreeMap<leaves::CityTag, u32>,
    later: &BTreeMap<leaves::CityTag, u32>,
    count: u32,
) -> bool {
    let Some(missing) = limits.picks.checked_sub(count) else { return false };
    let in_city = |city: &leaves::CityTag| taken.get(city).copied().unwrap_or(0);
    let room: u64 = later
        .iter()
        .map(|(city, left)| u64::from((*left).min(limits.max_per_city.saturating_sub(in_city(city)))))
        .sum();
    let cities: BTreeSet<&leaves::CityTag> =
        taken.iter().filter(|(_, n)| **n > 0).map(|(city, _)| city).collect();
    let fresh = later.iter().filter(|(city, left)| **left > 0 && !cities.contains(city)).count();
    let fresh = u32::try_from(fresh).unwrap_or(u32::MAX).min(missing);
    let reached = u32::try_from(cities.len()).unwrap_or(u32::MAX).saturating_add(fresh);
    room >= u64::from(missing) && reached >= limits.min_cities && limits.max_per_city > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf(n: u8, city: u8, workstations: u16) -> SiteLeaf {
        SiteLeaf { identity: Hash([n; 32]), city: [city; 16], workstations }
    }

    /// Every choice of positions, by brute force, the first in drawn order.
    fn brute(limits: &Limits, leaves: &[SiteLeaf], order: &[u32]) -> Option<Vec<u32>> {
        let able: Vec<u32> = order
            .iter()
            .copied()
            .filter(|p| u32::from(leaves[*p as usize].workstations) >= limits.workstations)
            .collect();
        let mut best: Option<Vec<usize>> = None;
        for set in 0u32..1 << able.len() {
            let chosen: Vec<usize> = (0..able.len()).filter(|i| set >> i & 1 == 1).collect();
            let mut cities: BTreeMap<[u8; 16], u32> = BTreeMap::new();
            chosen.iter().for_each(|i| *cities.entry(leaves[able[*i] as usize].city).or_default() += 1);
            let fits = chosen.len() == limits.picks as usize
                && cities.len() >= limits.min_cities as usize
                && cities.values().all(|n| *n <= limits.max_per_city);
            if fits && best.as_ref().is_none_or(|best| chosen < *best) {
                best = Some(chosen);
            }
        }
        best.map(|chosen| chosen.into_iter().map(|i| able[i]).collect())
    }

    #[test]
    fn the_picks_are_the_first_full_choice_in_drawn_order() {
        proptest!(|(
            venues in prop::collection::vec((0u8..4, 0u16..3), 0..9),
            turn in 0usize..9,
            picks in 1u32..5,
            min_cities in 0u32..4,
            max_per_city in 1u32..4,
        )| {
            let leaves: Vec<SiteLeaf> =
                venues.iter().enumerate().map(|(n, (city, free))| leaf(n as u8, *city, *free)).collect();
            let mut order: Vec<u32> = (0..leaves.len() as u32).collect();
            if !order.is_empty() {
                let turn = turn % order.len();
                order.rotate_left(turn);
            }
            let limits = Limits { picks, workstations: 1, min_cities: min_cities.min(picks), max_per_city };
            if let Some(strictest) = Limits::strictest(picks, 1, &leaves) {
                prop_assert!(is_possible(&strictest, &leaves));
                let closer = Limits { max_per_city: strictest.max_per_city - 1, ..strictest };
                let wider = Limits { min_cities: strictest.min_cities + 1, ..strictest };
                prop_assert!(!is_possible(&closer, &leaves) && !is_possible(&wider, &leaves));
            } else {
                let anywhere = Limits { min_cities: 0, max_per_city: 9, ..limits };
                prop_assert!(brute(&anywhere, &leaves, &order).is_none());
            }
            let ours = choose(&limits, &leaves, &order).ok();
            let positions = ours.map(|picked| picked.iter().map(|p| p.position).collect::<Vec<_>>());
            prop_assert_eq!(positions, brute(&limits, &leaves, &order));
            prop_assert_eq!(is_possible(&limits, &leaves), brute(&limits, &leaves, &order).is_some());
        });
    }

    #[test]
    fn sites_are_numbered_after_the_host_in_drawn_order() {
        let leaves = [leaf(1, 1, 4), leaf(2, 2, 4), leaf(3, 3, 1)];
        let limits = Limits { picks: 2, workstations: 2, min_cities: 2, max_per_city: 1 };
        let picked = choose(&limits, &leaves, &[2, 1, 0]).unwrap();
        assert_eq!(picked, [Picked { position: 1, site: 2 }, Picked { position: 0, site: 3 }]);
        let more = Limits { picks: 3, ..limits };
        assert_eq!(choose(&more, &leaves, &[2, 1, 0]), Err(NoChoice::Short));
    }
}
