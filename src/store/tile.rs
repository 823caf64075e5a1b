//! Hash tiles (C2SP tlog-tiles): rows of 256 hashes, of which the right-most of a level is still
//! growing. A partial tile of width *w* is the first *w* hashes of the row.

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::head::column;
use super::schema::log_tile;
use crate::codec::Hash;
use crate::log::Frontier;

/// Hashes in a full tile.
pub const WIDTH: usize = 256;
const WIDTH_U64: u64 = 256;

/// The hashes of a tile so far, one after another, 32 bytes each; level 0 holds leaf hashes.
pub fn find(conn: &mut Conn, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
    conn.run(|inner| {
        log_tile::table
            .find((i64::from(level), column(index)))
            .select(log_tile::hashes)
            .first(inner)
            .optional()
    })
}

/// Every tile as `(level, index, hashes)`, for the check.
pub(super) fn all(conn: &mut Conn, mut each: impl FnMut(i64, i64, Vec<u8>)) -> Result<(), StoreError> {
    const PAGE: i64 = 512;
    let mut after = (-1, 0);
    loop {
        let page: Vec<(i64, i64, Vec<u8>)> = conn.run(|inner| {
            let (level, index) = after;
            log_tile::table
                .filter(log_tile::level.gt(level).or(log_tile::level.eq(level).and(log_tile::idx.gt(index))))
                .order((log_tile::level, log_tile::idx))
                .limit(PAGE)
                .load(inner)
        })?;
        let Some((level, index, _)) = page.last() else { return Ok(()) };
        after = (*level, *index);
        page.into_iter().for_each(|(level, index, hashes)| each(level, index, hashes));
    }
}

/// Appends leaf hashes to the tiles of a tree of `size` leaves; a full tile's root goes one level up.
pub(super) fn extend(conn: &mut Conn, size: u64, leaf_hashes: &[Hash]) -> Result<(), StoreError> {
    let (mut level, mut start, mut fresh) = (0u8, size, leaf_hashes.to_vec());
    while !fresh.is_empty() {
        let first = start / WIDTH_U64;
        let grown = (start % WIDTH_U64) as usize;
        let mut row = match grown {
            0 => Vec::new(),
            _ => find(conn, level, first)?.unwrap_or_default(),
        };
        if row.len() != grown * 32 {
            return Err(StoreError::Database(format!("tile {level}/{first} does not hold {grown} hashes")));
        }
        row.reserve(fresh.len() * 32);
        fresh.iter().for_each(|hash| row.extend_from_slice(hash.as_bytes()));
        let mut tiles = row.chunks(WIDTH * 32);
        if grown > 0 {
            let hashes = tiles.next().unwrap_or_default();
            conn.run(|inner| {
                diesel::update(log_tile::table.find((i64::from(level), column(first))))
                    .set(log_tile::hashes.eq(hashes))
                    .execute(inner)
            })?;
        }
        let rows: Vec<Tile> = tiles
            .zip(first + u64::from(grown > 0)..)
            .map(|(hashes, index)| Tile {
                level: i64::from(level),
                idx: column(index),
                hashes: hashes.to_vec(),
            })
            .collect();
        insert_rows!(conn, log_tile::table, &rows)?;
        fresh = row.chunks_exact(WIDTH * 32).map(root).collect();
        start = first;
        level += 1;
    }
    Ok(())
}

/// The root over a row of hashes.
pub(super) fn root(hashes: &[u8]) -> Hash {
    let mut tree = Frontier::new();
    hashes.chunks_exact(32).filter_map(Hash::from_slice).for_each(|hash| tree.push(hash));
    tree.root()
}

#[derive(Insertable)]
#[diesel(table_name = log_tile, treat_none_as_default_value = false)]
struct Tile {
    level: i64,
    idx: i64,
    hashes: Vec<u8>,
}
