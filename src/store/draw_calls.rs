//! Draws that have calls: when the next step is due, and a stop that waits for a second person. The
//! state of the calls itself is a function of the journal (`service::calls`); this row only says whom
//! the clock has to look at.

use diesel::prelude::*;

use super::Page;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::{draw, draw_calls};
use super::tx::Tx;

/// The row of one draw.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = draw_calls, primary_key(draw), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct DrawCalls {
    /// Id of the draw, the key.
    pub draw: String,
    /// Unix seconds from when a step is due by the clock; `None`: nothing waits for the clock.
    pub due: Option<i64>,
    /// A stop that is proposed and not yet confirmed: reason and account, as the service writes them.
    pub proposal: Option<String>,
}

/// Adds a row. Error: [`StoreError::Conflict`] on `draw_calls.draw`.
pub fn insert(tx: &mut Tx<'_>, new: &DrawCalls) -> Result<(), StoreError> {
    tx.conn().run(|inner| diesel::insert_into(draw_calls::table).values(new).execute(inner))?;
    Ok(())
}

/// Replaces a row. The head row is locked, so nobody else wrote since it was read in the same call.
/// Error: [`StoreError::Stale`] if there is none.
pub fn update(tx: &mut Tx<'_>, changed: &DrawCalls) -> Result<(), StoreError> {
    let target = draw_calls::table.filter(draw_calls::draw.eq(&changed.draw));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changed).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("calls of {}", changed.draw))) }
}

/// The row of a draw; `None`: it has no calls.
pub fn find(conn: &mut Conn, draw: &str) -> Result<Option<DrawCalls>, StoreError> {
    conn.run(|inner| {
        draw_calls::table
            .filter(draw_calls::draw.eq(draw))
            .select(DrawCalls::as_select())
            .first(inner)
            .optional()
    })
}

/// A page of draws with calls in the order of their ids; with `due_by`, only those due then.
pub fn list(conn: &mut Conn, due_by: Option<i64>, page: &Page) -> Result<Vec<DrawCalls>, StoreError> {
    let mut rows: Vec<DrawCalls> = conn.run(|inner| {
        let mut query = draw_calls::table.select(DrawCalls::as_select()).into_boxed();
        if let Some(due) = due_by {
            query = query.filter(draw_calls::due.le(due));
        }
        if let Some(after) = &page.after {
            query = query.filter(draw_calls::draw.gt(after));
        }
        query.order(draw_calls::draw).limit(page.rows()).load(inner)
    })?;
    rows.sort_by(|a, b| a.draw.cmp(&b.draw));
    Ok(rows)
}

/// Draws with calls that have not invited anybody yet and last changed at `since` or later: committed, or
/// drawn. Their ids, ascending.
pub fn uncalled(conn: &mut Conn, since: i64) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<String> = conn.run(|inner| {
        draw_calls::table
            .inner_join(draw::table.on(draw::id.eq(draw_calls::draw)))
            .filter(draw_calls::due.eq(0))
            .filter(draw::state.eq_any(["committed", "drawn"]))
            .filter(draw::updated.ge(since))
            .select(draw_calls::draw)
            .load(inner)
    })?;
    ids.sort_unstable();
    Ok(ids)
}
