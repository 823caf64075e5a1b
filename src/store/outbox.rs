//! The outbox: messages to experts, written with the statement that causes them, sent afterwards.
//!
//! *Invariants:* a row names draw and pool position and nobody; a message's id is its Idempotency-Key at the
//! gateway, for every attempt. A row is taken for a time (`next_try` moves ahead) before it is sent, so two
//! processes do not send it together, and one that dies leaves it to be sent again.

use diesel::prelude::*;

use super::Page;
use super::bulk::insert_rows;
use super::connection::Conn;
use super::error::StoreError;
use super::schema::outbox;
use super::tx::Tx;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = outbox, primary_key(id), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Message {
    /// Its id, the key.
    pub id: String,
    /// Id of the draw.
    pub draw: String,
    /// Pool position of the person.
    pub position: i64,
    /// What it says, in the words of `outside::message`.
    pub kind: String,
    /// The round of calls in which it was caused.
    pub round: i64,
    /// The journal entry that caused it.
    pub entry: i64,
    /// Unix seconds after which it has no use.
    pub not_after: i64,
    /// State, in the service's words.
    pub state: String,
    /// How often it was taken to be sent.
    pub tries: i64,
    /// Unix seconds before which it is not sent.
    pub next_try: i64,
    /// The channel that took it.
    pub channel: Option<String>,
    /// Class of the last trouble.
    pub trouble: Option<String>,
    /// Unix seconds of the last change.
    pub changed: i64,
}

/// Adds messages. Error: [`StoreError::Conflict`] on `outbox.id`.
pub fn insert_many(tx: &mut Tx<'_>, new: &[Message]) -> Result<(), StoreError> {
    insert_rows!(tx.conn(), outbox::table, new)
}

/// Replaces a message. The head row is locked, so nobody else wrote since it was read in the same
/// call. Error: [`StoreError::Stale`] if it is gone.
pub fn update(tx: &mut Tx<'_>, changed: &Message) -> Result<(), StoreError> {
    let target = outbox::table.filter(outbox::id.eq(&changed.id));
    let updated = tx.conn().run(|inner| diesel::update(target).set(changed).execute(inner))?;
    if updated == 1 { Ok(()) } else { Err(StoreError::Stale(format!("message {}", changed.id))) }
}

/// The message with an id.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Message>, StoreError> {
    conn.run(|inner| {
        outbox::table.filter(outbox::id.eq(id)).select(Message::as_select()).first(inner).optional()
    })
}

/// At most `limit` messages in a state whose time has come, the longest waiting first.
pub fn due(conn: &mut Conn, state: &str, now: i64, limit: u32) -> Result<Vec<Message>, StoreError> {
    conn.run(|inner| {
        outbox::table
            .filter(outbox::state.eq(state))
            .filter(outbox::next_try.le(now))
            .order((outbox::next_try, outbox::id))
            .limit(i64::from(limit))
            .select(Message::as_select())
            .load(inner)
    })
}

/// All messages of a draw, in the order of their ids.
pub fn of_draw(conn: &mut Conn, draw: &str) -> Result<Vec<Message>, StoreError> {
    let mut rows: Vec<Message> = conn.run(|inner| {
        outbox::table.filter(outbox::draw.eq(draw)).order(outbox::id).select(Message::as_select()).load(inner)
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

/// A page of all messages in the order of their ids.
pub fn list(conn: &mut Conn, page: &Page) -> Result<Vec<Message>, StoreError> {
    let mut rows: Vec<Message> = conn.run(|inner| {
        let mut query = outbox::table.select(Message::as_select()).into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(outbox::id.gt(after));
        }
        query.order(outbox::id).limit(page.rows()).load(inner)
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}
