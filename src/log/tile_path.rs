//! Paths of tiles and entry bundles (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` and
//! `tile/entries/<N>[.p/<W>]`.
//!
//! The index N is written in groups of three digits, all but the last after an `x`:
//! 1234067 is `x001/x234/067`. *Invariant:* a [`TilePath`] has one spelling, and only that is read.

use std::fmt;

use super::base64::decimal;
use super::merkle::MAX_SIZE;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// The highest level that a path can name.
const LEVEL_LIMIT: u8 = 63;
/// The index of the last tile of level 0 in the largest tree.
const INDEX_LIMIT: u64 = MAX_SIZE >> 8;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileName {
    /// Hashes at a level; level 0 holds leaf hashes.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The path of a tile or an entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePath {
    name: TileName,
    index: u64,
    width: u16,
}

impl TilePath {
    /// A path; `width` is 1 to 256, 256 being a full tile. `None` for a level above 63, a width of
    /// 0 or above 256, or an index beyond the largest tree.
    pub fn new(name: TileName, index: u64, width: u16) -> Option<Self> {
        let level_fits = !matches!(name, TileName::Hashes(level) if level > LEVEL_LIMIT);
        let fits = level_fits && (1..=TILE_WIDTH).contains(&width) && index <= INDEX_LIMIT;
        fits.then_some(Self { name, index, width })
    }

    /// Reads a path without a leading slash; `None` for any other spelling than the one written.
    pub fn parse(path: &str) -> Option<Self> {
        // The longest path has 5 groups of digits; anything much longer is not worth reading.
        let (name, rest) = path.strip_prefix("tile/").filter(|_| path.len() <= 64)?.split_once('/')?;
        let name = match name {
            "entries" => TileName::Entries,
            level => TileName::Hashes(u8::try_from(decimal(level)?).ok()?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, decimal(width)?),
            None => (rest, u64::from(TILE_WIDTH)),
        };
        let mut index = 0u64;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        // Writing it again refuses misplaced x's, needless zero groups and a suffix `.p/256`.
        Self::new(name, index, u16::try_from(width).ok()?).filter(|tile| tile.to_string() == path)
    }

    /// What it names.
    pub fn name(&self) -> TileName {
        self.name
    }

    /// Index within the level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Number of hashes or entries, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }
}

impl fmt::Display for TilePath {
    /// The path without a leading slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            TileName::Hashes(level) => write!(f, "tile/{level}/")?,
            TileName::Entries => f.write_str("tile/entries/")?,
        }
        // 1000^6 exceeds every index; leading groups of zero are not written.
        for power in (1..6).rev() {
            let group = self.index / 1000u64.pow(power);
            if group > 0 {
                write!(f, "x{:03}/", group % 1000)?;
            }
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_and_the_borders_of_the_groups_are_written() {
        for (level, index, width, path) in [
            (0, 1_234_067, 256, "tile/0/x001/x234/067"),
            (0, 0, 256, "tile/0/000"),
            (1, 999, 17, "tile/1/999.p/17"),
            (63, 1000, 1, "tile/63/x001/000.p/1"),
            (2, INDEX_LIMIT, 255, "tile/2/x035/x184/x372/x088/831.p/255"),
        ] {
            let tile = TilePath::new(TileName::Hashes(level), index, width).unwrap();
            assert_eq!(tile.to_string(), path);
            assert_eq!(TilePath::parse(path), Some(tile));
        }
        let entries = TilePath::new(TileName::Entries, 1_000_000, 9).unwrap();
        assert_eq!(entries.to_string(), "tile/entries/x001/x000/000.p/9");
        assert_eq!(TilePath::parse("tile/entries/x001/x000/000.p/9"), Some(entries));
        assert_eq!((entries.name(), entries.index(), entries.width()), (TileName::Entries, 1_000_000, 9));
    }

    #[test]
    fn no_other_spelling_is_read() {
        for bad in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/0/000/",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000/000",
            "tile/0/x001/x000",
            "tile/0/x001",
            "tile/0/001/000",
            "tile/0/x1/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p/1.p/1",
            "tile/0/000.p",
            "tile/0/+01",
            "tile/0/xx01/000",
            "tile/Entries/000",
            "tile/entries/x035/x184/x372/x088/832",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/0/../000",
            "tile/0/%30%30%30",
        ] {
            assert_eq!(TilePath::parse(bad), None, "{bad}");
        }
        assert_eq!(TilePath::new(TileName::Hashes(64), 0, 1), None);
        assert_eq!(TilePath::new(TileName::Entries, 0, 0), None);
        assert_eq!(TilePath::new(TileName::Entries, 0, 257), None);
        assert_eq!(TilePath::new(TileName::Entries, INDEX_LIMIT + 1, 1), None);
    }

    #[test]
    fn every_path_reads_back() {
        use proptest::prelude::*;
        proptest!(|(level in 0..64u8, index in 0..=INDEX_LIMIT, width in 1..=256u16, shift in 0..45u32)| {
            let tile = TilePath::new(TileName::Hashes(level), index >> shift, width).unwrap();
            prop_assert_eq!(TilePath::parse(&tile.to_string()), Some(tile));
        });
    }
}
