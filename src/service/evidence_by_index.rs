//! The public evidence of any draw by the log index of its commitment, which is what a reader of the log knows
//! of it.

use super::refusal::Refusal;
use crate::draw::commitment::Commitment;
use crate::draw::sites::SitesCommitted;
use crate::evidence::Audience;
use crate::service::archive::Archive;
use crate::store::{self, Conn};

impl Archive<'_> {
    /// The public evidence of the draw that is committed at this index, of experts or of sites.
    pub(super) fn public_at(&self, conn: &mut Conn, index: u64) -> Result<Vec<u8>, Refusal> {
        let entry = store::journal::find(conn, index)?;
        match entry.as_ref().map(|entry| (entry.kind.as_str(), entry.subject.as_str())) {
            Some((Commitment::TYPE, id)) => self.public_file(conn, id),
            Some((SitesCommitted::TYPE, id)) => self.sites_evidence(conn, id, Audience::Public),
            _ => Err(Refusal::not_found("抽取承诺", "commitment of a draw")),
        }
    }
}

/// The index of every commitment of the log, in its order: of draws of experts and of sites.
pub(super) fn commitments(conn: &mut Conn) -> Result<Vec<u64>, Refusal> {
    let mut all = store::journal::indices_of(conn, Commitment::TYPE)?;
    all.extend(store::journal::indices_of(conn, SitesCommitted::TYPE)?);
    all.sort_unstable();
    Ok(all)
}
