//! Heads that witnesses cosign, their cosignatures, and how it stands with each witness.
//!
//! The journal does not follow these tables: a cosignature is made by somebody else over a head that the
//! journal gives, and an entry for each would make a new head to be cosigned. What they hold proves itself;
//! `fsck` checks every head against the tree and every line against its key.
//!
//! *Invariants:* heads are only taken away before anybody has cosigned them; a cosignature stays as it was
//! stored first, because an earlier time is the better evidence.

use diesel::prelude::*;

use super::connection::Conn;
use super::error::StoreError;
use super::head::column;
use super::schema::{cosignature, cosigned_head, witness};
use super::tx::Tx;

/// A head that was offered to the witnesses.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cosigned_head, treat_none_as_default_value = false)]
pub struct OfferedHead {
    /// Number of entries, the key.
    pub size: i64,
    /// Root of that tree, 32 bytes.
    pub root: Vec<u8>,
    /// The checkpoint as the log signed it, without cosignatures.
    pub note: String,
    /// Unix seconds when it was offered.
    pub offered: i64,
}

/// A verified cosignature.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cosignature, treat_none_as_default_value = false)]
pub struct Cosignature {
    /// Size of the head.
    pub size: i64,
    /// vkey of the witness.
    pub witness: String,
    /// The witness's time, Unix seconds.
    pub time: i64,
    /// The signature line, without a newline.
    pub line: String,
}

/// How it stands with a witness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = witness, primary_key(vkey), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct WitnessState {
    /// Its vkey, the key.
    pub vkey: String,
    /// Size of the head that it cosigned last, as far as is known; 0 if none.
    pub size: i64,
    /// Its own time in the newest stored cosignature, Unix seconds.
    pub cosigned: Option<i64>,
    /// Unix seconds of the last try.
    pub tried: Option<i64>,
    /// Unix seconds of the last try that brought a cosignature.
    pub succeeded: Option<i64>,
    /// Tries since then that brought none.
    pub failures: i64,
    /// Unix seconds before which it is not tried again.
    pub next_try: i64,
    /// Class of the last trouble, in the words of `outside::witness`; kept after it is over.
    pub trouble: Option<String>,
    /// Unix seconds of the last trouble.
    pub troubled: Option<i64>,
}

/// The newest head that was offered.
pub fn newest(conn: &mut Conn) -> Result<Option<OfferedHead>, StoreError> {
    conn.run(|inner| {
        cosigned_head::table
            .order(cosigned_head::size.desc())
            .select(OfferedHead::as_select())
            .first(inner)
            .optional()
    })
}

/// Offers a head. A newest one that nobody has cosigned is replaced: it proves nothing that the new one
/// does not.
pub fn offer(tx: &mut Tx<'_>, new: &OfferedHead) -> Result<(), StoreError> {
    if let Some(last) = newest(tx)?
        && of_size(tx, last.size)?.is_empty()
    {
        let gone = cosigned_head::table.find(last.size);
        tx.conn().run(|inner| diesel::delete(gone).execute(inner))?;
    }
    keep_head(tx, new)
}

/// Adds a head if it is not there.
fn keep_head(tx: &mut Tx<'_>, new: &OfferedHead) -> Result<(), StoreError> {
    let known: Option<i64> = tx.conn().run(|inner| {
        cosigned_head::table.find(new.size).select(cosigned_head::size).first(inner).optional()
    })?;
    if known.is_none() {
        tx.conn().run(|inner| diesel::insert_into(cosigned_head::table).values(new).execute(inner))?;
    }
    Ok(())
}

/// Stores a cosignature with its head. One that this witness gave before for this head stays.
pub fn keep(tx: &mut Tx<'_>, head: &OfferedHead, new: &Cosignature) -> Result<(), StoreError> {
    keep_head(tx, head)?;
    let known = of_size(tx, new.size)?.iter().any(|known| known.witness == new.witness);
    if !known {
        tx.conn().run(|inner| diesel::insert_into(cosignature::table).values(new).execute(inner))?;
    }
    Ok(())
}

/// The cosignatures of one head, in the order of the vkeys' bytes.
pub fn of_size(conn: &mut Conn, size: i64) -> Result<Vec<Cosignature>, StoreError> {
    let mut rows: Vec<Cosignature> = conn.run(|inner| {
        cosignature::table.filter(cosignature::size.eq(size)).select(Cosignature::as_select()).load(inner)
    })?;
    rows.sort_by(|a, b| a.witness.cmp(&b.witness));
    Ok(rows)
}

/// The cosignatures of all heads from one size to another, both included, in the order of sizes and vkeys.
pub fn of_sizes(conn: &mut Conn, first: i64, last: i64) -> Result<Vec<Cosignature>, StoreError> {
    let mut rows: Vec<Cosignature> = conn.run(|inner| {
        cosignature::table
            .filter(cosignature::size.ge(first))
            .filter(cosignature::size.le(last))
            .select(Cosignature::as_select())
            .load(inner)
    })?;
    rows.sort_by(|a, b| (a.size, &a.witness).cmp(&(b.size, &b.witness)));
    Ok(rows)
}

/// The first `limit` heads above a size that at least one witness has cosigned, ascending.
pub fn heads_after(conn: &mut Conn, size: u64, limit: u32) -> Result<Vec<OfferedHead>, StoreError> {
    conn.run(|inner| {
        cosigned_head::table
            .filter(cosigned_head::size.gt(column(size)))
            .filter(diesel::dsl::exists(cosignature::table.filter(cosignature::size.eq(cosigned_head::size))))
            .order(cosigned_head::size)
            .limit(i64::from(limit))
            .select(OfferedHead::as_select())
            .load(inner)
    })
}

/// The newest head that at least `least` of some witnesses have cosigned; none for no witness.
pub fn newest_by(
    conn: &mut Conn,
    witnesses: &[String],
    least: u32,
) -> Result<Option<OfferedHead>, StoreError> {
    let size: Option<i64> = conn.run(|inner| {
        cosignature::table
            .filter(cosignature::witness.eq_any(witnesses))
            .group_by(cosignature::size)
            .having(diesel::dsl::count_star().ge(i64::from(least)))
            .order(cosignature::size.desc())
            .select(cosignature::size)
            .first(inner)
            .optional()
    })?;
    let Some(size) = size else { return Ok(None) };
    conn.run(|inner| cosigned_head::table.find(size).select(OfferedHead::as_select()).first(inner).optional())
}

/// The state of a witness; of one that was never tried, nought.
pub fn state(conn: &mut Conn, vkey: &str) -> Result<WitnessState, StoreError> {
    let found = conn.run(|inner| {
        witness::table
            .filter(witness::vkey.eq(vkey))
            .select(WitnessState::as_select())
            .first(inner)
            .optional()
    })?;
    Ok(found.unwrap_or_else(|| WitnessState { vkey: vkey.to_owned(), ..WitnessState::default() }))
}

/// The state of every witness that was ever tried, by vkey.
pub fn states(conn: &mut Conn) -> Result<Vec<WitnessState>, StoreError> {
    conn.run(|inner| witness::table.order(witness::vkey).select(WitnessState::as_select()).load(inner))
}

/// Size of the first head above a size that a witness has cosigned.
pub fn first_by(conn: &mut Conn, vkey: &str, size: u64) -> Result<Option<u64>, StoreError> {
    let found: Option<i64> = conn.run(|inner| {
        cosignature::table
            .filter(cosignature::witness.eq(vkey))
            .filter(cosignature::size.gt(column(size)))
            .order(cosignature::size)
            .select(cosignature::size)
            .first(inner)
            .optional()
    })?;
    Ok(found.map(i64::unsigned_abs))
}

/// Writes the state of a witness. The head row is locked, so nobody else wrote since it was read in the
/// same call.
pub fn put(tx: &mut Tx<'_>, row: &WitnessState) -> Result<(), StoreError> {
    let target = witness::table.filter(witness::vkey.eq(&row.vkey));
    let updated = tx.conn().run(|inner| diesel::update(target).set(row).execute(inner))?;
    if updated == 0 {
        tx.conn().run(|inner| diesel::insert_into(witness::table).values(row).execute(inner))?;
    }
    Ok(())
}
