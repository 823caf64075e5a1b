//! The attempts at each package: one after the other, each after the end of the one before, and at most one
//! repeat after an end that somebody chose when the outcome could be known (`api-spec/draw-v3.md` §5.4).

use std::collections::{BTreeMap, BTreeSet};

use super::draws::{DrawTold, Draws, Standing};
use super::finding::Finding;
use crate::codec::Hash;

/// A package as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageTold {
    /// Its newest tag, 64 bytes.
    pub tag: [u8; 64],
    /// Whether its draws are of sites.
    pub of_sites: bool,
    /// Alphas of its draws, in order.
    pub draws: Vec<Hash>,
    /// Ends by choice when the outcome could be known.
    pub seen_voids: u32,
}

/// Groups the draws by package and holds the order of attempts. `blind`: voids that the auditor holds for
/// blind.
pub fn packages(draws: &Draws, blind: &BTreeSet<Hash>) -> (Vec<PackageTold>, Vec<Finding>) {
    let mut grouped: BTreeMap<([u8; 64], bool), Vec<&DrawTold>> = BTreeMap::new();
    for alpha in &draws.order {
        let Some(draw) = draws.all.get(alpha) else { continue };
        grouped.entry((draws.newest_tag(&draw.package_tag), draw.of_sites)).or_default().push(draw);
    }
    let mut found = Vec::new();
    let packages = grouped.into_iter().map(|((tag, of_sites), draws)| {
        let mut seen = 0;
        for (n, draw) in draws.iter().enumerate() {
            let at = |name, what: String| Finding::new(name, what).at(draw.index).of(draw.alpha);
            if usize::try_from(draw.attempt) != Ok(n + 1) {
                let what = format!("attempt {} stands as number {} of its package", draw.attempt, n + 1);
                found.push(at("attempt", what));
            }
            let before = n.checked_sub(1).and_then(|n| draws.get(n));
            match (before, draw.predecessor) {
                (None, None) => {}
                (Some(before), named) => {
                    let ended = matches!(before.standing, Standing::Voided | Standing::Stopped(_))
                        && before.ended.is_some_and(|(index, _)| index < draw.index);
                    if named != Some(before.alpha) || !ended {
                        let what =
                            format!("the attempt before is {}, {}", before.alpha, before.standing.name());
                        found.push(at("predecessor", what));
                    }
                }
                (None, Some(named)) => {
                    found.push(at(
                        "predecessor",
                        format!("names {named}, which is no attempt at this package"),
                    ));
                }
            }
            let chosen = match draw.standing {
                Standing::Voided => !blind.contains(&draw.alpha),
                Standing::Stopped(forced) => !forced,
                _ => false,
            };
            if chosen {
                seen += 1;
                if seen > 1 && n + 1 < draws.len() {
                    found.push(at(
                        "repeats",
                        format!("end number {seen} by choice, and another attempt follows"),
                    ));
                }
            }
        }
        PackageTold { tag, of_sites, draws: draws.iter().map(|draw| draw.alpha).collect(), seen_voids: seen }
    });
    let packages: Vec<PackageTold> = packages.collect();
    (packages, found)
}
