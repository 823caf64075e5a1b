//! One head at a time is offered to all witnesses, so that all cosign the same ones and a head's note can hold
//! a quorum. The next is offered when every witness that is not failing has cosigned it, or [`GRACE`] later.
//!
//! *Invariants:* a row of what is offered, of a cosignature, of a state is written by one short write each and
//! never while a witness is being waited for; a crash between any two steps is mended by the next step,
//! because a witness cosigns the same head again. A head that nobody has cosigned is replaced by the next.

use super::super::Service;
use super::super::refusal::Refusal;
use crate::codec::Hash;
use crate::log::{
    AddCheckpoint, Checkpoint, NoteError, SignatureLine, SignedNote, VerifierKey, consistency_from_tiles,
    cosignature_by, root_from_tiles,
};
use crate::outside::witness::{Answer, Cosigner, Trouble, Witness};
use crate::store::tile::Stored;
use crate::store::witness::{Cosignature, OfferedHead, WitnessState};
use crate::store::{self, Conn, StoreError};
use crate::time::Timestamp;

/// Seconds after which the next head is offered although a witness has not cosigned the last.
pub const GRACE: i64 = 3;
/// The longest pause between two tries with a witness that fails, in seconds.
pub const PAUSE_LIMIT: i64 = 300;
/// How often one step asks a witness that names another size.
const ROUNDS: usize = 3;

/// What a step with a witness came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// There is nothing to be cosigned, or somebody else has had a later head cosigned.
    Nothing,
    /// It fails and is not tried before this time.
    Until(Timestamp),
    /// It has cosigned the head of this size; that is stored.
    Cosigned(u64),
    /// No cosignature; it is tried again later.
    Failed(Trouble),
}

impl Service {
    /// One step with one witness: the offered head goes there, what comes back is verified and stored. Waits
    /// for the witness as long as its [`Cosigner`] does, and holds nothing meanwhile.
    pub fn push_to(&self, witness: &Witness, cosigner: &dyn Cosigner) -> Result<Pushed, Refusal> {
        let vkey = witness.key.to_string();
        let Some(head) = self.offered_head()? else { return Ok(Pushed::Nothing) };
        let (state, done) = self.store.read(|conn| {
            let rows = store::witness::of_size(conn, head.size)?;
            let done = rows.iter().any(|row| row.witness == vkey);
            Ok::<_, StoreError>((store::witness::state(conn, &vkey)?, done))
        })?;
        if done {
            return Ok(Pushed::Nothing);
        }
        if state.failures > 0 && self.now().0 < state.next_try {
            return Ok(Pushed::Until(Timestamp(state.next_try)));
        }
        let note = SignedNote::parse(head.note.as_bytes()).map_err(Refusal::internal)?;
        let size = head.size.unsigned_abs();
        // A size that cannot be proved from asks from nought: the answer is what the witness knows now.
        let mut old = Some(state.size.unsigned_abs()).filter(|old| *old <= size).unwrap_or_default();
        for _ in 0..ROUNDS {
            let proof = self.store.read(|conn| consistency(conn, old, size))?;
            let request = AddCheckpoint { old, proof, note: note.clone() };
            match cosigner.add_checkpoint(&request) {
                Ok(Answer::Lines(lines)) => {
                    return match cosignature_by(&witness.key, note.text(), lines) {
                        Ok((line, time)) => self.keep_cosignature(&vkey, head, &line, time),
                        Err(NoteError::NotSigned(_)) => self.note_trouble(&vkey, Trouble::OtherKey),
                        Err(_) => self.note_trouble(&vkey, Trouble::BadCosignature),
                    };
                }
                // Witnesses of tlog-witness 1.0.0 say so of another root at the size that they know.
                Ok(Answer::Size(told)) if told == old && old == size => {
                    return self.note_trouble(&vkey, Trouble::Inconsistent);
                }
                Ok(Answer::Size(told)) if told == old => return self.note_trouble(&vkey, Trouble::WrongSize),
                Ok(Answer::Size(told)) if told > size => return self.passed(&vkey, told),
                Ok(Answer::Size(told)) => old = told,
                Err(trouble) => return self.note_trouble(&vkey, trouble),
            }
        }
        self.note_trouble(&vkey, Trouble::WrongSize)
    }

    /// The head that is to be cosigned now. A new one is offered when it is time.
    fn offered_head(&self) -> Result<Option<OfferedHead>, Refusal> {
        let vkeys: Vec<String> = self.witnesses.iter().map(|witness| witness.key.to_string()).collect();
        let now = self.now();
        let (newest, due) = self.store.read(|conn| next_due(conn, &vkeys, now))?;
        if !due {
            return Ok(newest);
        }
        let offered = self.store.write("offer head to witnesses", move |tx| {
            let time = tx.time();
            let (newest, due) = next_due(tx, &vkeys, time)?;
            if !due {
                return Ok::<_, Refusal>(newest);
            }
            let head = store::head::read(tx)?;
            let new = OfferedHead {
                size: signed(head.size),
                root: head.root.0.to_vec(),
                note: head.checkpoint,
                offered: time.0,
            };
            store::witness::offer(tx, &new)?;
            Ok(Some(new))
        })?;
        Ok(offered)
    }

    fn keep_cosignature(
        &self,
        vkey: &str,
        head: OfferedHead,
        line: &SignatureLine,
        time: i64,
    ) -> Result<Pushed, Refusal> {
        let (size, now) = (head.size, self.now().0);
        let row = Cosignature { size, witness: vkey.to_owned(), time, line: line.to_string() };
        self.store.write("keep cosignature", move |tx| {
            store::witness::keep(tx, &head, &row)?;
            let state = store::witness::state(tx, &row.witness)?;
            let state = WitnessState {
                size,
                cosigned: Some(time),
                tried: Some(now),
                succeeded: Some(now),
                failures: 0,
                next_try: 0,
                ..state
            };
            Ok::<_, Refusal>(store::witness::put(tx, &state)?)
        })?;
        Ok(Pushed::Cosigned(size.unsigned_abs()))
    }

    /// The witness has cosigned a later head than the one offered: somebody else brought it, or this log has
    /// lost entries.
    fn passed(&self, vkey: &str, told: u64) -> Result<Pushed, Refusal> {
        if told > self.store.read(store::head::read)?.size {
            return self.note_trouble(vkey, Trouble::Ahead);
        }
        let vkey = vkey.to_owned();
        self.store.write("note size of witness", move |tx| {
            let state = store::witness::state(tx, &vkey)?;
            Ok::<_, Refusal>(store::witness::put(tx, &WitnessState { size: signed(told), ..state })?)
        })?;
        Ok(Pushed::Nothing)
    }

    fn note_trouble(&self, vkey: &str, trouble: Trouble) -> Result<Pushed, Refusal> {
        let (vkey, now) = (vkey.to_owned(), self.now().0);
        self.store.write("note trouble with witness", move |tx| {
            let state = store::witness::state(tx, &vkey)?;
            let state = WitnessState {
                tried: Some(now),
                failures: state.failures + 1,
                next_try: now + pause(state.failures),
                trouble: Some(trouble.word().to_owned()),
                troubled: Some(now),
                ..state
            };
            Ok::<_, Refusal>(store::witness::put(tx, &state)?)
        })?;
        Ok(Pushed::Failed(trouble))
    }
}

/// Seconds until the next try, after so many failures before this one.
fn pause(failures: i64) -> i64 {
    // 2^9 is above the limit already.
    (1 << failures.clamp(0, 9)).min(PAUSE_LIMIT)
}

/// The newest offered head, and whether it is time for the next.
fn next_due(
    conn: &mut Conn,
    vkeys: &[String],
    now: Timestamp,
) -> Result<(Option<OfferedHead>, bool), StoreError> {
    let log = store::head::read(conn)?.size;
    let Some(newest) = store::witness::newest(conn)? else { return Ok((None, log > 0)) };
    if newest.size >= signed(log) {
        return Ok((Some(newest), false));
    }
    let cosigned = store::witness::of_size(conn, newest.size)?;
    let mut waits = false;
    for vkey in vkeys.iter().filter(|vkey| cosigned.iter().all(|row| row.witness != **vkey)) {
        let state = store::witness::state(conn, vkey)?;
        waits |= state.failures == 0 && state.size < newest.size;
    }
    let due = !waits || now.0 >= newest.offered.saturating_add(GRACE);
    Ok((Some(newest), due))
}

/// The consistency proof between two sizes of this log.
fn consistency(conn: &mut Conn, old: u64, size: u64) -> Result<Vec<Hash>, Refusal> {
    let tiles = Stored(std::cell::RefCell::new(conn));
    consistency_from_tiles(&tiles, old, size).map_err(Refusal::internal)
}

/// What is wrong with a stored head, held against the tree, and with its cosignatures, held against their keys.
pub(super) fn check_head(conn: &mut Conn, log: u64, head: &OfferedHead) -> Result<Vec<String>, Refusal> {
    let (size, mut wrong) = (head.size.unsigned_abs(), Vec::new());
    let Ok(note) = SignedNote::parse(head.note.as_bytes()) else {
        return Ok(vec![format!("head {size}: the note cannot be read")]);
    };
    let tree = Some(size).filter(|size| *size <= log).and_then(|size| {
        let tiles = Stored(std::cell::RefCell::new(&mut *conn));
        root_from_tiles(&tiles, size).ok()
    });
    let said = Checkpoint::from_note(&note).ok();
    let agree = said.is_some_and(|said| said.size == size && Some(said.root) == tree);
    if !agree || tree.map(|root| root.0.to_vec()).as_ref() != Some(&head.root) {
        wrong.push(format!("head {size} is none of this log's tree"));
    }
    for row in store::witness::of_size(conn, head.size)? {
        let key = row.witness.parse::<VerifierKey>().ok();
        let time = key
            .zip(SignatureLine::parse(&row.line))
            .and_then(|(key, line)| cosignature_by(&key, note.text(), vec![line]).ok().map(|(_, time)| time));
        if time != Some(row.time) {
            wrong.push(format!("head {size}: the cosignature by {} does not verify", row.witness));
        }
    }
    Ok(wrong)
}

/// A size as a column holds it.
fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let pauses: Vec<i64> = (0..11).map(pause).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(pause(i64::MAX), PAUSE_LIMIT);
    }
}
