//! The attempts at each package: one after the other, each after the end of the one before, and at most one
//! repeat after an end that somebody chose when the outcome could be known (`api-spec/draw-v3.md` §5.4).

use std::collections::{BTreeMap, BTreeSet};

use super::draws::{DrawTold, Draws, Standing};
use super::entries::Entries;
use super::files::FileTold;
use super::finding::Finding;
use crate::codec::Hash;

/// A package as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageTold {
    /// The tag of its newest draw, 64 bytes.
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
        grouped.entry((draws.tags.first(&draw.package_tag.0), draw.of_sites)).or_default().push(draw);
    }
    let mut found = Vec::new();
    let packages = grouped.into_iter().map(|((first, of_sites), draws)| {
        let tag = draws.last().map_or(first, |draw| draw.package_tag.0);
        let (mut seen, mut unseen) = (0, 0);
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
            if blind.contains(&draw.alpha) {
                unseen += 1;
                if unseen > 1 {
                    found.push(at("blind_voids", format!("void number {unseen} that is held for blind")));
                }
            }
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

/// What opened numbers say of tags: one number has one tag but for moves, and a move is of one package.
pub fn opened(entries: &Entries, told: &BTreeMap<Hash, FileTold>) -> Vec<Finding> {
    let (draws, mut tags, mut found) = (&entries.draws, BTreeMap::new(), Vec::new());
    for (alpha, told) in told {
        let (Some(number), Some(draw)) = (&told.number, draws.all.get(alpha)) else { continue };
        let (plan, package) = number;
        let mut find = |name| {
            let what = format!("{plan} package {package}");
            found.push(Finding::new(name, what).at(draw.index).of(*alpha));
        };
        let first = draws.tags.first(&draw.package_tag.0);
        if *tags.entry(number).or_insert(first) != first {
            find("two_tags");
        }
        let of_it = |book| draws.tags.are_of(&draw.package_tag.0, book, plan, package);
        if !entries.book.as_ref().is_none_or(of_it) {
            find("tags_moved");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::vrf::Beta;
    use crate::log::{GrownTree, Origin};

    fn draw(number: u8, tag: u8) -> DrawTold {
        DrawTold {
            alpha: Hash([number; 32]),
            index: number.into(),
            time: 0,
            of_sites: false,
            attempt: 1,
            predecessor: None,
            package_tag: Beta([tag; 64]),
            deadline: 0,
            commitment: None,
            life: vec![],
            operator: None,
            given: vec![],
            shares: vec![],
            standing: Standing::Unsealed,
            ended: None,
            drawn: None,
            withheld: vec![],
            void_reason: None,
        }
    }

    #[test]
    fn one_opened_number_under_two_tags_is_named_and_two_numbers_are_not() {
        let log = Origin::new("draw.example/430600").unwrap();
        let named = |second: (u8, &str)| {
            let mut draws = Draws::new(log.clone(), None);
            let number = |package: &str| Some(("HNYY-1".to_owned(), package.to_owned()));
            let mut told = BTreeMap::new();
            for (draw, package) in [(draw(1, 1), "1"), (draw(2, second.0), second.1)] {
                told.insert(draw.alpha, FileTold { number: number(package), ..FileTold::default() });
                draws.all.insert(draw.alpha, draw);
            }
            let (tree, times, findings) = (GrownTree::default(), vec![], vec![]);
            let entries = Entries { tree, times, book: None, about_keys: vec![], draws, findings };
            let found = opened(&entries, &told);
            found.iter().map(|found| (found.name, found.index)).collect::<Vec<_>>()
        };
        assert_eq!(named((1, "1")), []);
        assert_eq!(named((2, "2")), []);
        assert_eq!(named((2, "1")), [("two_tags", Some(2))]);
    }
}
