//! Who had cosigned each entry of a draw, and when: what an agency or an auditor sees of the quorum that a draw
//! got. What it is worth says the auditor's own policy, over the same heads (evidence-v3 §3).

use super::super::Service;
use super::super::actor::{Action, Actor};
use super::super::archive::draw_entries;
use super::super::refusal::Refusal;
use super::{Cosigner, heads_covering};
use crate::time::Timestamp;

/// An entry of a draw with its cosigners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignedEntry {
    /// Log index.
    pub index: u64,
    /// Type of the statement.
    pub kind: String,
    /// Time of the statement.
    pub time: Timestamp,
    /// Every witness that cosigned a head that covers it, with its time in the first such head, the earliest
    /// first.
    pub cosigners: Vec<Cosigner>,
}

impl Service {
    /// The entries of a draw from its commitment on, each with whoever has cosigned it.
    pub fn draw_cosignatures(&self, actor: &Actor, id: &str) -> Result<Vec<CosignedEntry>, Refusal> {
        actor.check(Action::ReadDraws)?;
        let row = self.draw_row(actor, id)?;
        let Some(from) = row.committed_entry else { return Ok(Vec::new()) };
        self.store.read(|conn| {
            let mut entries = Vec::new();
            for entry in draw_entries(conn, id, from.unsigned_abs())? {
                let mut cosigners: Vec<Cosigner> = Vec::new();
                for cosigner in heads_covering(conn, entry.index())?.into_iter().flat_map(|h| h.cosigners) {
                    if cosigners.iter().all(|known| known.vkey != cosigner.vkey) {
                        cosigners.push(cosigner);
                    }
                }
                cosigners.sort_by(|a, b| (a.time, &a.vkey).cmp(&(b.time, &b.vkey)));
                entries.push(CosignedEntry {
                    index: entry.index(),
                    kind: entry.kind.clone(),
                    time: Timestamp(entry.time),
                    cosigners,
                });
            }
            Ok(entries)
        })
    }
}
