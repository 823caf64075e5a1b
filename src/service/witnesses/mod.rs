//! Witnesses (见证方): who cosigns this log's heads, which heads were cosigned by whom, and when.
//!
//! | file | holds |
//! |---|---|
//! | `push` | one head at a time is offered; what is said to a witness and what its answer does |
//! | `drive` | a thread for each witness |
//! | `quorum` | who had cosigned each entry of a draw, and when |
//!
//! *Invariants:* no cosignature is stored that was not verified under the key of the configuration; every
//! cosigned head is kept; nothing that a witness does or leaves undone holds up a write.
//!
//! *Deliberately not here:* whether a quorum is met. That is the auditor's policy (`log::Policy`); here a head
//! says who cosigned it and when.

pub mod drive;
pub mod push;
pub mod quorum;

use std::collections::BTreeSet;

use super::Service;
use super::refusal::Refusal;
use crate::codec::Hash;
use crate::log::{SignatureLine, SignedNote};
pub use crate::outside::witness::{Trouble, Witness};
use crate::store::witness::{Cosignature, OfferedHead};
use crate::store::{self, Conn, Finding, StoreError};
use crate::time::Timestamp;

/// Heads that are looked through for those which cover an entry.
const LOOKED_THROUGH: u32 = 256;

/// A head that at least one witness has cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignedHead {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
    /// The checkpoint with the log's signatures and all cosignatures.
    pub note: String,
    /// Who cosigned it, by the bytes of the vkeys.
    pub cosigners: Vec<Cosigner>,
}

/// Who cosigned a head, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    /// vkey of the witness.
    pub vkey: String,
    /// The witness's time.
    pub time: Timestamp,
}

/// How it stands with a witness of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The witness.
    pub witness: Witness,
    /// Size of the head that it cosigned last, as far as is known; 0 if none.
    pub size: u64,
    /// Its own time in its newest cosignature.
    pub cosigned: Option<Timestamp>,
    /// The last try.
    pub tried: Option<Timestamp>,
    /// The last try that brought a cosignature.
    pub succeeded: Option<Timestamp>,
    /// Tries since then that brought none.
    pub failures: u64,
    /// When it is tried again, while it fails.
    pub next_try: Option<Timestamp>,
    /// The last trouble and when; kept after it is over, which `failures` of 0 says.
    pub trouble: Option<(Trouble, Timestamp)>,
}

/// A stored head with its cosignatures merged. Straight from a database: needs no running service.
pub fn cosigned(conn: &mut Conn, head: &OfferedHead) -> Result<CosignedHead, Refusal> {
    merged(head, store::witness::of_size(conn, head.size)?)
}

fn merged(head: &OfferedHead, rows: Vec<Cosignature>) -> Result<CosignedHead, Refusal> {
    let mut note = SignedNote::parse(head.note.as_bytes()).map_err(Refusal::internal)?;
    for row in &rows {
        let line = SignatureLine::parse(&row.line);
        let line = line.ok_or_else(|| Refusal::internal(format!("cosignature of head {}", head.size)))?;
        note.add(line).map_err(Refusal::internal)?;
    }
    Ok(CosignedHead {
        size: head.size.unsigned_abs(),
        root: Hash::from_slice(&head.root).ok_or_else(|| Refusal::internal("root of a cosigned head"))?,
        note: note.to_string(),
        cosigners: rows.into_iter().map(|c| Cosigner { vkey: c.witness, time: Timestamp(c.time) }).collect(),
    })
}

/// Cosigned heads above a size, ascending, at most `limit`. Straight from a database.
pub fn heads_after(conn: &mut Conn, size: u64, limit: u32) -> Result<Vec<CosignedHead>, Refusal> {
    let heads = store::witness::heads_after(conn, size, limit)?;
    let (Some(first), Some(last)) = (heads.first(), heads.last()) else { return Ok(Vec::new()) };
    let mut rows = store::witness::of_sizes(conn, first.size, last.size)?.into_iter().peekable();
    let mut of_head = |head: &OfferedHead| {
        let mut own = Vec::new();
        while let Some(row) = rows.next_if(|row| row.size <= head.size) {
            own.push(row);
        }
        merged(head, own)
    };
    heads.iter().map(&mut of_head).collect()
}

/// The heads that date an entry, ascending: the first cosigned head that covers it, and each later one whose
/// cosigners are not all among those of one before. Of the 256 cosigned heads after the entry, and, for each
/// witness that has cosigned none of them, of the 256 from its first one on: a witness that was away for long
/// is not lost. Straight from a database.
pub fn heads_covering(conn: &mut Conn, index: u64) -> Result<Vec<CosignedHead>, Refusal> {
    let mut found: Vec<CosignedHead> = Vec::new();
    // A head that only a log key signed that was found out since counts no more: no policy pins that key.
    let pinned = store::signing::pinned_log_keys(conn)?;
    let signed = |head: &CosignedHead| {
        let note = SignedNote::parse(head.note.as_bytes());
        note.is_ok_and(|note| pinned.iter().any(|key| note.verify(key).is_ok()))
    };
    let mut looked_to = index;
    let mut from = Some(index);
    while let Some(after) = from {
        for head in heads_after(conn, after, LOOKED_THROUGH)? {
            looked_to = head.size;
            let adds = found.iter().all(|earlier| {
                let known: BTreeSet<&str> = earlier.cosigners.iter().map(|c| c.vkey.as_str()).collect();
                head.cosigners.iter().any(|c| !known.contains(c.vkey.as_str()))
            });
            if adds && signed(&head) {
                found.push(head);
            }
        }
        from = first_of_the_missing(conn, &found, looked_to)?;
    }
    Ok(found)
}

/// Just below the first head above a size that is cosigned by a witness who has cosigned none of these.
fn first_of_the_missing(conn: &mut Conn, found: &[CosignedHead], size: u64) -> Result<Option<u64>, Refusal> {
    let there: BTreeSet<&str> =
        found.iter().flat_map(|head| &head.cosigners).map(|cosigner| cosigner.vkey.as_str()).collect();
    let mut first: Option<u64> = None;
    for state in store::witness::states(conn)? {
        if state.size.unsigned_abs() > size && !there.contains(state.vkey.as_str()) {
            let by_it = store::witness::first_by(conn, &state.vkey, size)?;
            first = first.into_iter().chain(by_it).min();
        }
    }
    Ok(first.map(|size| size - 1))
}

/// The head for a file that quotes entries up to an index: of those that date it the one that most witnesses
/// have cosigned; the newest, with nobody, as long as none of them covers it. Straight from a database.
pub fn head_covering(conn: &mut Conn, index: u64) -> Result<CosignedHead, Refusal> {
    let most = heads_covering(conn, index)?.into_iter().rev().max_by_key(|head| head.cosigners.len());
    if let Some(head) = most {
        return Ok(head);
    }
    let head = store::head::read(conn)?;
    Ok(CosignedHead { size: head.size, root: head.root, note: head.checkpoint, cosigners: Vec::new() })
}

/// The newest checkpoint, with the cosignatures of its head that are there already.
pub fn newest_checkpoint(conn: &mut Conn) -> Result<String, Refusal> {
    let head = store::head::read(conn)?;
    let offered = store::witness::newest(conn)?;
    match offered.filter(|offered| offered.note == head.checkpoint) {
        Some(offered) => Ok(cosigned(conn, &offered)?.note),
        None => Ok(head.checkpoint),
    }
}

/// The newest head that at least so many of some witnesses have cosigned.
pub fn newest_witnessed(
    conn: &mut Conn,
    witnesses: &[String],
    least: u32,
) -> Result<Option<CosignedHead>, Refusal> {
    let head = store::witness::newest_by(conn, witnesses, least)?;
    head.map(|head| cosigned(conn, &head)).transpose()
}

impl Service {
    /// The witnesses of the configuration, in its order.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Cosigned heads above a size, ascending, at most `limit`.
    pub fn cosigned_heads(&self, after: u64, limit: u32) -> Result<Vec<CosignedHead>, Refusal> {
        self.store.read(|conn| heads_after(conn, after, limit))
    }

    /// The first cosigned head that covers an entry; `None` as long as there is none.
    pub fn cosigned_head_covering(&self, index: u64) -> Result<Option<CosignedHead>, Refusal> {
        Ok(self.cosigned_heads_covering(index)?.into_iter().next())
    }

    /// The heads that date an entry: see [`heads_covering`].
    pub fn cosigned_heads_covering(&self, index: u64) -> Result<Vec<CosignedHead>, Refusal> {
        self.store.read(|conn| heads_covering(conn, index))
    }

    /// The size that each witness of the configuration cosigned last, as far as is known, by its vkey.
    pub fn witness_sizes(&self) -> Result<Vec<(String, u64)>, Refusal> {
        let (_, standings) = self.witness_standings()?;
        Ok(standings.into_iter().map(|standing| (standing.witness.key.to_string(), standing.size)).collect())
    }

    /// The log's size, and how it stands with each witness of the configuration.
    pub fn witness_standings(&self) -> Result<(u64, Vec<Standing>), Refusal> {
        self.store.read(|conn| {
            let size = store::head::read(conn)?.size;
            let standing = |witness: &Witness| {
                let state = store::witness::state(conn, &witness.key.to_string())?;
                let trouble = state.trouble.as_deref().and_then(Trouble::of_word);
                Ok::<_, StoreError>(Standing {
                    witness: witness.clone(),
                    size: state.size.unsigned_abs(),
                    cosigned: state.cosigned.map(Timestamp),
                    tried: state.tried.map(Timestamp),
                    succeeded: state.succeeded.map(Timestamp),
                    failures: state.failures.unsigned_abs(),
                    next_try: (state.failures > 0).then_some(Timestamp(state.next_try)),
                    trouble: trouble.zip(state.troubled.map(Timestamp)),
                })
            };
            let standings = self.witnesses.iter().map(standing).collect::<Result<_, _>>()?;
            Ok((size, standings))
        })
    }

    /// The newest checkpoint that at least so many witnesses of the configuration have cosigned. Not found
    /// when there is none.
    pub fn witnessed_checkpoint(&self, least: u32) -> Result<String, Refusal> {
        let vkeys: Vec<String> = self.witnesses.iter().map(|witness| witness.key.to_string()).collect();
        let missing = || Refusal::not_found("达到该见证数的检查点", "checkpoint with so many cosignatures");
        if least as usize > vkeys.len() {
            return Err(missing());
        }
        let head = self.store.read(|conn| newest_witnessed(conn, &vkeys, least))?;
        head.map(|head| head.note).ok_or_else(missing)
    }
}

/// Everything that is wrong with what is stored of witnesses: heads that are not the tree's, lines that do
/// not verify, times that are not the line's.
pub(super) fn fsck(conn: &mut Conn, found: &mut Vec<Finding>) -> Result<(), Refusal> {
    const PAGE: u32 = 100;
    let (log, mut after) = (store::head::read(conn)?.size, 0);
    loop {
        let heads = store::witness::heads_after(conn, after, PAGE)?;
        let Some(last) = heads.last() else { return Ok(()) };
        after = last.size.unsigned_abs();
        for head in &heads {
            let wrong = push::check_head(conn, log, head)?;
            found.extend(wrong.into_iter().map(|what| Finding::of("witnesses", what)));
        }
    }
}
