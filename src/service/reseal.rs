//! Rotation of the sealing key: every data key is put under a new sealing key, in the background.
//!
//! `start` makes the key file of the next generation (or takes the one that lies ready), records a case
//! of kind `sealing_rotation`, and from its commit on new data keys are wrapped under the new key: the
//! number of these cases **is** the generation in force (`store::subject_key::generation`), so every
//! process reads the same. Then the rows are re-wrapped, a batch at a time; data keys themselves do not
//! change, so neither entries nor attachments do. Anybody may go on with it after a crash, several at
//! once too: a row is replaced only if it is still the one that was read.
//!
//! *Invariants:* the earlier key is needed until the case is `done`, and its file may be retired only
//! then (`retire`, the command line's). The uniqueness key has no rotation: its hashes would all change.
//!
//! On several machines the new key file is copied to each before the rotation is started
//! (`keys rotate-sealing --prepare`); a process without it refuses what it cannot open or wrap.

use super::ITSELF;
use super::Service;
use super::actor::{Action, Actor, Role};
use super::cases::{Case, NewCase};
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use crate::codec::{Hash, Object, ShapeError, object};
use crate::registry::lifecycle::Party;
use crate::registry::privacy::SEALING_ROTATION;
use crate::store::case::CaseFilter;
use crate::store::subject_key;
use crate::store::{Conn, StoreError};
use crate::time::Timestamp;

/// Keys in one write.
const BATCH: u32 = 500;

/// How far the sealing keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingState {
    /// The generation in force, from 1.
    pub generation: u32,
    /// `done` when every data key is under it, else `running`.
    pub state: &'static str,
    /// Data keys in all.
    pub keys: u64,
    /// Data keys still under an earlier generation.
    pub behind: u64,
    /// Digest of the sealing key in force, to compare machines.
    pub fingerprint: String,
    /// When the newest rotation was started and, once done, finished.
    pub rotated: Option<(Timestamp, Option<Timestamp>)>,
}

impl Service {
    /// How far the sealing keys are.
    pub fn sealing_state(&self, actor: &Actor) -> Result<SealingState, Refusal> {
        actor.check(Action::KeepKeys)?;
        self.sealing_progress()
    }

    /// Starts a rotation; [`Service::reseal`] carries it out.
    pub fn rotate_sealing(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
    ) -> Result<SealingState, Refusal> {
        actor.check(Action::KeepKeys)?;
        self.once(
            actor,
            key,
            |_| self.sealing_progress(),
            || {
                self.follow_sealing()?;
                if self.running_rotation()?.is_some() {
                    let en = "a rotation is running, wait for its end";
                    return Err(Refusal::new(Kind::Conflict, "rotation_running", "上一次更换尚未完成", en));
                }
                let from = self.keys.sealing.current().0;
                let to = from + 1;
                // The file first: a generation in force without its key would be the end of all sealing.
                self.keys.sealing.prepare(to, self.entropy.as_ref()).map_err(Refusal::internal)?;
                let fingerprint = self.keys.sealing.fingerprint(to).map_err(Refusal::internal)?;
                let body = Object::new().with("from", from).with("to", to).with("fingerprint", fingerprint);
                let case = self.begin_case(
                    actor,
                    &[Party::Administrator],
                    "start",
                    NewCase {
                        lifecycle: &SEALING_ROTATION,
                        letter: 'S',
                        subject: None,
                        region: None,
                        parent: None,
                        owner: None,
                        due: None,
                        body: body.into(),
                        sealed_for: None,
                    },
                )?;
                let changes = Changes::once(self.idempotency_row(actor, key, &case.id, 202))
                    .case(self.case_change(&case)?)
                    .part(move |tx| {
                        // Two at once: only one is the next generation.
                        if subject_key::generation(tx)? == i64::from(to) {
                            Ok(())
                        } else {
                            Err(StoreError::Stale("sealing key".into()))
                        }
                    });
                self.write_changes("rotate sealing key", changes).map_err(Refusal::unversioned)?;
                self.follow_sealing()?;
                self.sealing_progress()
            },
        )
    }

    /// Carries a running rotation out to its end, telling how many keys are done; nothing if none runs.
    /// May be called by several processes at once and again after a crash.
    pub fn reseal(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, Refusal> {
        let mut done = 0;
        while let Some(step) = self.reseal_some()? {
            done += step;
            progress(done);
        }
        Ok(done)
    }

    /// One batch; `None` when nothing is left to do.
    pub fn reseal_some(&self) -> Result<Option<u64>, Refusal> {
        let Some(case) = self.running_rotation()? else { return Ok(None) };
        self.follow_sealing()?;
        let generation = i64::from(self.keys.sealing.current().0);
        let rows = self.store.read(|conn| subject_key::behind(conn, generation, BATCH))?;
        if rows.is_empty() {
            return self.finish_rotation(case, generation).map(|()| Some(0));
        }
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            changed.push((self.sealer().rewrapped(&row)?, row.wrapped));
        }
        let done = self.store.write("re-wrap keys", move |tx| {
            let mut done = 0;
            for (row, was) in &changed {
                done += u64::from(subject_key::rewrap(tx, row, was)?);
            }
            Ok::<_, StoreError>(done)
        });
        done.map(Some).map_err(|error| match error {
            crate::store::WriteError::Call(error) | crate::store::WriteError::Store(error) => error.into(),
        })
    }

    /// Removes the key files of earlier generations, if nothing is wrapped under them any more.
    /// Answers which generations were removed.
    pub fn retire_sealing(&self) -> Result<Vec<u32>, Refusal> {
        self.follow_sealing()?;
        let state = self.sealing_progress()?;
        if state.state != "done" || state.behind > 0 {
            let en = "earlier sealing keys are still needed: a rotation is running";
            return Err(Refusal::new(Kind::Conflict, "rotation_running", "更换尚未完成，旧密钥仍需使用", en));
        }
        self.keys.sealing.retire(state.generation).map_err(Refusal::internal)
    }

    /// Makes the next generation's key file without using it, to be copied to every machine.
    pub fn prepare_sealing(&self) -> Result<(u32, Hash), Refusal> {
        self.follow_sealing()?;
        let next = self.keys.sealing.current().0 + 1;
        self.keys.sealing.prepare(next, self.entropy.as_ref()).map_err(Refusal::internal)?;
        Ok((next, self.keys.sealing.fingerprint(next).map_err(Refusal::internal)?))
    }

    /// Takes the generation in force from the database.
    pub(super) fn follow_sealing(&self) -> Result<(), Refusal> {
        let generation = self.store.read(subject_key::generation)?;
        let generation = u32::try_from(generation).map_err(Refusal::internal)?;
        self.keys.sealing.use_generation(generation).map_err(Refusal::internal)
    }

    fn sealing_progress(&self) -> Result<SealingState, Refusal> {
        let (generation, (keys, behind), newest) = self.store.read(|conn| {
            let generation = subject_key::generation(conn)?;
            let cases = self.all_cases(conn, &rotations(&[]))?;
            let newest = cases.into_iter().max_by_key(|case| generation_of(case).unwrap_or_default());
            Ok::<_, Refusal>((generation, subject_key::counts(conn, generation)?, newest))
        })?;
        let generation = u32::try_from(generation).map_err(Refusal::internal)?;
        let running = newest.as_ref().is_some_and(|case| case.state == "running");
        Ok(SealingState {
            generation,
            state: if running { "running" } else { "done" },
            keys,
            behind,
            fingerprint: self.keys.sealing.fingerprint(generation).map_err(Refusal::internal)?.to_hex(),
            rotated: newest.map(|case| {
                let finished = (case.state == "done").then_some(Timestamp(case.updated));
                (Timestamp(case.created), finished)
            }),
        })
    }

    fn running_rotation(&self) -> Result<Option<Case>, Refusal> {
        let cases = self.store.read(|conn: &mut Conn| self.all_cases(conn, &rotations(&["running"])))?;
        Ok(cases.into_iter().next())
    }

    fn finish_rotation(&self, mut case: Case, generation: i64) -> Result<(), Refusal> {
        let itself = Actor::of_role(ITSELF, Role::Administrator);
        self.step_case(&itself, &[Party::Clock], &SEALING_ROTATION, &mut case, "finish")?;
        let changes = Changes::default().case(self.case_change(&case)?).part(move |tx| {
            // A row may have come in since it was looked at; under the lock none can.
            match subject_key::behind(tx, generation, 1)?.is_empty() {
                true => Ok(()),
                false => Err(StoreError::Stale("sealing key".into())),
            }
        });
        match self.write_changes("finish rotation", changes) {
            // Another process finished it, or a row came in: the next step sees which.
            Err(refusal) if refusal.kind == Kind::Stale => Ok(()),
            other => other,
        }
    }
}

fn rotations(states: &[&str]) -> CaseFilter {
    CaseFilter {
        kinds: vec![SEALING_ROTATION.name.into()],
        states: states.iter().map(|state| (*state).to_owned()).collect(),
        ..CaseFilter::default()
    }
}

fn generation_of(case: &Case) -> Result<u32, ShapeError> {
    object(&case.body, "body", |f| {
        f.u32("from", u32::MAX)?;
        f.hash("fingerprint")?;
        f.u32("to", u32::MAX)
    })
}
