//! The log as files under fixed paths (C2SP tlog-tiles and beside it the statements' signatures and the
//! cosigned heads), straight from a database: served by `http`, written as a directory by `log_export`.
//!
//! *Invariants:* a path of a tile or bundle means the same bytes for ever; statements say nothing private, so
//! all of this is public (`api-spec/log-v1.md` §1.5, `api-spec/log-files-v1.md`).

use std::collections::BTreeMap;
use std::fmt;

use super::archive::signature_lines;
use super::refusal::Refusal;
use super::witnesses::{self, CosignedHead};
use crate::log::{KeyName, Origin, TILE_WIDTH, TileName, TilePath, pack_entries, tile_width};
use crate::store::{self, Conn};

/// Where bundles of signatures begin.
const SIGNATURES: &str = "signatures/";
/// Where bundles of entries begin.
const ENTRIES: &str = "tile/entries/";
/// Where files of cosigned heads begin.
const HEADS: &str = "heads/";

/// An immutable file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFile {
    /// A tile of hashes or a bundle of entries.
    Tile(TilePath),
    /// The signatures of the entries of a bundle, named as the bundle is.
    Signatures(TilePath),
}

impl LogFile {
    /// Reads a path without a leading slash; `None` for any other spelling than the one written.
    pub fn parse(path: &str) -> Option<Self> {
        match path.strip_prefix(SIGNATURES) {
            Some(rest) => TilePath::parse(&format!("{ENTRIES}{rest}")).map(Self::Signatures),
            None => TilePath::parse(path).map(Self::Tile),
        }
    }

    /// Tile or bundle that it is, or whose signatures it holds.
    pub fn tile(&self) -> &TilePath {
        match self {
            Self::Tile(path) | Self::Signatures(path) => path,
        }
    }

    /// The bytes, or `None` when the tree does not reach so far.
    pub fn read(&self, conn: &mut Conn) -> Result<Option<Vec<u8>>, Refusal> {
        let path = self.tile();
        let (index, width) = (path.index(), usize::from(path.width()));
        if let (Self::Tile(_), TileName::Hashes(level)) = (self, path.name()) {
            let hashes = store::tile::find(conn, level, index)?;
            return Ok(hashes.and_then(|hashes| hashes.get(..width * 32).map(<[u8]>::to_vec)));
        }
        let entries = store::journal::range(conn, index * u64::from(TILE_WIDTH), u32::from(path.width()))?;
        if entries.len() < width {
            return Ok(None);
        }
        let packed = match self {
            Self::Tile(_) => {
                pack_entries(&entries.iter().map(|entry| entry.statement.as_slice()).collect::<Vec<_>>())
            }
            Self::Signatures(_) => {
                let name = statements_key_name(&store::head::read(conn)?.origin)?;
                let from = index * u64::from(TILE_WIDTH);
                let seconds = store::journal::second_lines(conn, from, from + width as u64 - 1)?;
                let seconds: BTreeMap<i64, String> = seconds.into_iter().collect();
                let lines = entries.iter().map(|entry| {
                    let second = seconds.get(&entry.idx).map(|line| format!("{line}\n"));
                    Ok::<_, Refusal>(signature_lines(&name, entry)? + &second.unwrap_or_default())
                });
                pack_entries(&lines.collect::<Result<Vec<_>, _>>()?)
            }
        };
        packed.map(Some).map_err(Refusal::internal)
    }
}

impl fmt::Display for LogFile {
    /// The path without a leading slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(path) => path.fmt(f),
            Self::Signatures(path) => {
                write!(f, "{SIGNATURES}{}", path.to_string().trim_start_matches(ENTRIES))
            }
        }
    }
}

/// The files of a tree of `size` entries that one of `old` entries does not have, full and partial, lower
/// levels first.
pub fn files_between(old: u64, size: u64) -> impl Iterator<Item = LogFile> {
    let levels = (0..8u8).flat_map(move |level| {
        // Full tiles of the old tree are there and stay as they are.
        let first = old.checked_shr(8 * (u32::from(level) + 1)).unwrap_or_default();
        let widths = (first..).map(move |index| (index, tile_width(size, level, index)));
        let same = move |index, width| tile_width(old, level, index) == width;
        let new = widths.take_while(|(_, width)| *width > 0).filter(move |(i, width)| !same(*i, *width));
        new.map(move |(index, width)| (level, index, width))
    });
    levels.flat_map(|(level, index, width)| {
        let tile = |name| TilePath::new(name, index, width);
        let bundle = if level == 0 { tile(TileName::Entries) } else { None };
        [
            tile(TileName::Hashes(level)).map(LogFile::Tile),
            bundle.map(LogFile::Tile),
            bundle.map(LogFile::Signatures),
        ]
        .into_iter()
        .flatten()
    })
}

/// Path of the file of cosigned heads beside a bundle of entries; `None` beyond the largest tree.
pub fn heads_path(index: u64) -> Option<String> {
    let bundle = TilePath::new(TileName::Entries, index, TILE_WIDTH)?.to_string();
    Some(format!("{HEADS}{}", bundle.trim_start_matches(ENTRIES)))
}

/// Index of the bundle in a path that [`heads_path`] writes; `None` for any other spelling.
pub fn heads_index(path: &str) -> Option<u64> {
    let bundle = TilePath::parse(&format!("{ENTRIES}{}", path.strip_prefix(HEADS)?))?;
    (bundle.width() == TILE_WIDTH).then_some(bundle.index())
}

/// The bundle beside which a head of a size stands: that of its last entry.
pub fn heads_beside(size: u64) -> u64 {
    size.saturating_sub(1) / u64::from(TILE_WIDTH)
}

/// The notes of the cosigned heads beside a bundle, ascending, an empty line between two; `None` if there
/// is none.
pub fn heads_file(conn: &mut Conn, index: u64) -> Result<Option<String>, Refusal> {
    heads_up_to(conn, index, u64::MAX)
}

fn heads_up_to(conn: &mut Conn, index: u64, size: u64) -> Result<Option<String>, Refusal> {
    let before = index.saturating_mul(u64::from(TILE_WIDTH));
    let mut heads = witnesses::heads_after(conn, before, u32::from(TILE_WIDTH))?;
    heads.retain(|head| heads_beside(head.size) == index && head.size <= size);
    Ok((!heads.is_empty()).then(|| joined(&heads)))
}

/// Every file of cosigned heads of a tree of `size` entries, as index and bytes, ascending.
pub fn all_heads(
    conn: &mut Conn,
    size: u64,
    mut each: impl FnMut(u64, String) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut after = 0;
    loop {
        let next = witnesses::heads_after(conn, after, 1)?;
        let Some(next) = next.first() else { return Ok(()) };
        let index = heads_beside(next.size);
        if let Some(text) = heads_up_to(conn, index, size)? {
            each(index, text)?;
        }
        after = (index + 1) * u64::from(TILE_WIDTH);
    }
}

fn joined(heads: &[CosignedHead]) -> String {
    heads.iter().map(|head| head.note.as_str()).collect::<Vec<_>>().join("\n")
}

fn statements_key_name(origin: &str) -> Result<KeyName, Refusal> {
    Ok(Origin::new(origin).map_err(Refusal::internal)?.statements_key_name())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn paths(old: u64, size: u64) -> Vec<String> {
        files_between(old, size).map(|file| file.to_string()).collect()
    }

    #[test]
    fn the_files_of_the_published_sizes_are_those_of_the_specification() {
        let all = paths(0, 70_000);
        let begins = |start: &str| all.iter().filter(|path| path.starts_with(start)).count();
        assert_eq!(
            (begins("tile/0/"), begins("tile/1/"), begins("tile/2/"), begins("tile/3/")),
            (274, 2, 1, 0)
        );
        assert_eq!((begins("tile/entries/"), begins("signatures/")), (274, 274));
        for path in
            ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "signatures/273.p/112"]
        {
            assert!(all.iter().any(|known| known == path), "{path}");
        }
        assert_eq!(paths(0, 0), [""; 0]);
        assert_eq!(paths(0, 1), ["tile/0/000.p/1", "tile/entries/000.p/1", "signatures/000.p/1"]);
        let full = ["tile/0/000", "tile/entries/000", "signatures/000", "tile/1/000.p/1"];
        assert_eq!(paths(0, 256), full);
    }

    #[test]
    fn what_is_new_and_what_was_there_are_together_everything() {
        let of = |old, size| paths(old, size).into_iter().collect::<BTreeSet<_>>();
        for (old, size) in [(1, 2), (255, 256), (256, 257), (300, 900), (65_535, 65_536), (65_537, 70_000)] {
            let (new, before, all) = (of(old, size), of(0, old), of(0, size));
            assert!(all.is_subset(&before.union(&new).cloned().collect()), "{old} {size}");
            assert!(new.is_disjoint(&before), "{old} {size}: what is there is not written again");
            assert_eq!(of(size, size).len(), 0);
        }
    }

    #[test]
    fn every_path_reads_back_and_no_other_spelling_does() {
        for file in files_between(0, 66_000) {
            assert_eq!(LogFile::parse(&file.to_string()), Some(file));
        }
        for index in [0, 7, 999, 1000, 1_234_067] {
            assert_eq!(heads_index(&heads_path(index).unwrap()), Some(index));
        }
        assert_eq!(heads_path(1_234_067).as_deref(), Some("heads/x001/x234/067"));
        assert_eq!((heads_beside(1), heads_beside(256), heads_beside(257)), (0, 0, 1));
        for bad in ["heads/", "heads/0", "heads/000.p/1", "heads/1000", "signatures/000"] {
            assert_eq!(heads_index(bad), None, "{bad}");
        }
        for bad in ["signatures/", "signatures/0", "signatures/tile/entries/000", "signatures/000.p/256", "x"]
        {
            assert_eq!(LogFile::parse(bad), None, "{bad}");
        }
    }
}
