//! Hash tiles (C2SP tlog-tiles): rows of 256 hashes, of which the right-most of a level is still
//! growing. A partial tile of width *w* is the first *w* hashes of the row.

use std::cell::RefCell;

use diesel::prelude::*;

use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::head::column;
use super::schema::log_tile;
use crate::codec::Hash;
use crate::log::{NodeSource, TileError, append_tiles, tile_width};

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

/// Appends leaf hashes to the tiles of a tree of `size` leaves.
pub(super) fn extend(conn: &mut Conn, size: u64, leaf_hashes: &[Hash]) -> Result<(), StoreError> {
    let source = Stored(RefCell::new(&mut *conn));
    let updates = append_tiles(&source, size, leaf_hashes).map_err(|error| match error {
        TileError::Source(error) => error,
        other => StoreError::Database(format!("the tiles cannot be extended: {other}")),
    })?;
    let mut rows = Vec::new();
    for update in updates {
        let hashes: Vec<u8> = update.hashes.iter().flat_map(|hash| hash.0).collect();
        if tile_width(size, update.level, update.index) == 0 {
            rows.push(Tile { level: i64::from(update.level), idx: column(update.index), hashes });
            continue;
        }
        let key = (i64::from(update.level), column(update.index));
        conn.run(|inner| {
            diesel::update(log_tile::table.find(key)).set(log_tile::hashes.eq(hashes)).execute(inner)
        })?;
    }
    insert_rows!(conn, log_tile::table, &rows)
}

/// The tiles of a database, for making proofs from them.
pub struct Stored<'a>(pub RefCell<&'a mut Conn>);

impl NodeSource for Stored<'_> {
    type Error = StoreError;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, StoreError> {
        let row = find(&mut self.0.borrow_mut(), level, index)?.unwrap_or_default();
        let hashes: Vec<Hash> =
            row.chunks_exact(32).take(usize::from(width)).filter_map(Hash::from_slice).collect();
        if hashes.len() == usize::from(width) {
            return Ok(hashes);
        }
        Err(StoreError::Database(format!("tile {level}/{index} does not hold {width} hashes")))
    }
}

#[derive(Insertable)]
#[diesel(table_name = log_tile, treat_none_as_default_value = false)]
struct Tile {
    level: i64,
    idx: i64,
    hashes: Vec<u8>,
}
