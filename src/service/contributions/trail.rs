//! How far a committed draw is: the statements of its contributions, from the journal, without its pool.

use crate::codec::Hash;
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::{NotReleased, Share};
use crate::log::Statement;
use crate::service::archive::draw_entries;
use crate::service::refusal::Refusal;
use crate::store::{self, Conn, Tx};

/// A committed draw with what its contributors have said.
#[derive(Clone, Debug)]
pub(in crate::service) struct Trail {
    /// Id of the draw.
    pub id: String,
    /// Its state.
    pub state: String,
    /// Its alpha.
    pub alpha: Hash,
    /// Log index of the commitment.
    pub index: u64,
    /// The commitment.
    pub commitment: Commitment,
    /// Contributions with index and time.
    pub shares: Vec<(u64, i64, Share)>,
    /// Declarations that nothing is released.
    pub withheld: Vec<NotReleased>,
}

impl Trail {
    /// Of a draw; `None` if it is not committed.
    pub fn read(conn: &mut Conn, id: &str) -> Result<Option<Self>, Refusal> {
        match store::draw::find(conn, id)? {
            Some(row) => Self::of_row(conn, &row),
            None => Ok(None),
        }
    }

    /// Of a draw's row; `None` if it is not committed.
    pub fn of_row(conn: &mut Conn, row: &store::draw::Draw) -> Result<Option<Self>, Refusal> {
        let Some(index) = row.committed_entry.map(i64::unsigned_abs) else { return Ok(None) };
        Self::of_entries(row, index, draw_entries(conn, &row.id, index)?)
    }

    /// Under the lock: with what was said of the draw in the same group of writes, which the journal does not
    /// hold yet.
    pub fn in_group(tx: &mut Tx<'_>, id: &str) -> Result<Option<Self>, Refusal> {
        let Some(row) = store::draw::find(tx, id)? else { return Ok(None) };
        let Some(index) = row.committed_entry.map(i64::unsigned_abs) else { return Ok(None) };
        let mut entries = draw_entries(tx, id, index)?;
        entries.extend(tx.pending().iter().filter(|entry| entry.subject == id).cloned());
        Self::of_entries(&row, index, entries)
    }

    fn of_entries(
        row: &store::draw::Draw,
        index: u64,
        entries: Vec<store::journal::Entry>,
    ) -> Result<Option<Self>, Refusal> {
        let Some(alpha) = row.alpha.as_deref().and_then(Hash::from_slice) else { return Ok(None) };
        let (mut commitment, mut shares, mut withheld) = (None, vec![], vec![]);
        for entry in entries {
            let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            let body = statement.body_json();
            match statement.kind() {
                Commitment::TYPE if entry.index() == index => {
                    commitment = Some(Commitment::read(&body).map_err(Refusal::internal)?);
                }
                Share::TYPE => {
                    let share = Share::read(&body).map_err(Refusal::internal)?;
                    shares.push((entry.index(), statement.time(), share));
                }
                NotReleased::TYPE => withheld.push(NotReleased::read(&body).map_err(Refusal::internal)?),
                _ => {}
            }
        }
        let commitment = commitment.ok_or_else(|| Refusal::internal("commitment is missing"))?;
        let (id, state) = (row.id.clone(), row.state.clone());
        Ok(Some(Self { id, state, alpha, index, commitment, shares, withheld }))
    }

    /// Whether anybody but the operator contributes.
    pub fn is_shared(&self) -> bool {
        self.commitment.contributions.len() > 1
    }

    /// The statement of a contributor, with index and time.
    pub fn of(&self, wanted: &Contributor) -> Option<&(u64, i64, Share)> {
        self.shares.iter().find(|(_, _, share)| share.is_by(wanted))
    }

    /// Whether a contribution of some kinds is missing.
    pub fn lacks(&self, kinds: &[u8]) -> bool {
        let mut wanted = self.commitment.contributions.iter();
        wanted.any(|wanted| kinds.contains(&wanted.kind()) && self.of(wanted).is_none())
    }

    /// Whether every contribution is there.
    pub fn is_complete(&self) -> bool {
        !self.lacks(&[1, 2, 3, 4])
    }

    /// Index of the operator's contribution.
    pub fn operator(&self) -> Option<u64> {
        self.shares.iter().find(|(_, _, share)| share.kind() == 2).map(|(index, ..)| *index)
    }
}
