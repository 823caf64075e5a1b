//! Public files of draws, being built and kept. Anybody may ask for one without a token, and each costs the
//! opening of a sealed record and a proof for every entry: so few are built at once, a few callers wait for
//! their turn, and what was built is kept as long as the log and its cosignatures stay as they are.
//!
//! *Invariants:* a kept file is answered only as of the state of the log that it was built after; nobody waits
//! longer than [`PATIENCE`], and no more than [`WAITING`] do; what is kept has a bound.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Service;
use super::refusal::{Kind, Refusal};
use crate::codec::sha256;
use crate::evidence::Audience;
use crate::store::{self, Conn};

/// Callers that wait for a turn; one more is sent away.
const WAITING: usize = 32;
/// How long a caller waits for a turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of files that are kept.
const KEPT: usize = 64 << 20;

/// A public file and the state of the log that it was built after.
#[derive(Clone, Debug)]
pub struct PublicFile {
    /// The file.
    pub bytes: Arc<Vec<u8>>,
    /// Size of the log and what each witness has cosigned, as a token for comparison.
    pub as_of: String,
}

/// Files of this process.
pub(super) struct PublicFiles {
    at_once: usize,
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Default)]
struct State {
    building: usize,
    waiting: usize,
    /// What is kept, the newest last.
    kept: VecDeque<(String, PublicFile)>,
}

impl Default for PublicFiles {
    fn default() -> Self {
        // Half of the machine is left to those who work with it.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of((processors / 2).max(1))
    }
}

impl PublicFiles {
    fn of(at_once: usize) -> Self {
        Self { at_once, state: Mutex::default(), free: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of a name: kept since this state of the log, or built now.
    fn get(
        &self,
        name: &str,
        as_of: &str,
        build: impl FnOnce() -> Result<Vec<u8>, Refusal>,
    ) -> Result<PublicFile, Refusal> {
        if let Some(file) = self.state().kept(name, as_of) {
            return Ok(file);
        }
        let _turn = self.turn()?;
        // Whoever had the turn before may have wanted the same.
        if let Some(file) = self.state().kept(name, as_of) {
            return Ok(file);
        }
        let file = PublicFile { bytes: Arc::new(build()?), as_of: as_of.to_owned() };
        self.state().keep(name, &file);
        Ok(file)
    }

    fn turn(&self) -> Result<Turn<'_>, Refusal> {
        let busy = || {
            let en = "many files are being made, try again";
            Refusal::new(Kind::Busy, "busy", "正在生成的文件较多，请稍后重试", en)
        };
        let mut state = self.state();
        if state.building >= self.at_once {
            if state.waiting >= WAITING {
                return Err(busy());
            }
            state.waiting += 1;
            let full = |state: &mut State| state.building >= self.at_once;
            let waited = self.free.wait_timeout_while(state, PATIENCE, full);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
            if state.building >= self.at_once {
                return Err(busy());
            }
        }
        state.building += 1;
        Ok(Turn(self))
    }
}

impl State {
    fn kept(&self, name: &str, as_of: &str) -> Option<PublicFile> {
        let found = self.kept.iter().find(|(known, file)| known == name && file.as_of == as_of);
        found.map(|(_, file)| file.clone())
    }

    fn keep(&mut self, name: &str, file: &PublicFile) {
        self.kept.retain(|(known, _)| known != name);
        self.kept.push_back((name.to_owned(), file.clone()));
        let mut bytes: usize = self.kept.iter().map(|(_, file)| file.bytes.len()).sum();
        while bytes > KEPT {
            let Some((_, oldest)) = self.kept.pop_front() else { return };
            bytes -= oldest.bytes.len();
        }
    }
}

/// A turn to build; given back when dropped.
struct Turn<'a>(&'a PublicFiles);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().building -= 1;
        self.0.free.notify_one();
    }
}

/// The state of the log that public files depend on: its size, and what each witness has cosigned.
fn as_of(conn: &mut Conn) -> Result<String, Refusal> {
    let size = store::head::read(conn)?.size;
    let mut cosigned = String::new();
    for state in store::witness::states(conn)? {
        cosigned += &format!("{} {} {:?}\n", state.vkey, state.size, state.cosigned);
    }
    let digest: String = sha256(&[cosigned.as_bytes()]).to_hex().chars().take(16).collect();
    Ok(format!("{size}-{digest}"))
}

impl Service {
    /// The public evidence of a draw, for anybody.
    pub fn public_evidence_file(&self, id: &str) -> Result<PublicFile, Refusal> {
        let as_of = self.store.read(as_of)?;
        self.public_files.get(&format!("draw {id}"), &as_of, || self.public_evidence(id))
    }

    /// The public evidence of the draw that is committed at this index, of experts or of sites.
    pub fn public_evidence_file_at(&self, index: u64) -> Result<PublicFile, Refusal> {
        let as_of = self.store.read(as_of)?;
        self.public_files.get(&format!("index {index}"), &as_of, || {
            self.store.read(|conn| self.archive().public_at(conn, index))
        })
    }

    /// The public evidence of a plan's draw of sites.
    pub fn public_sites_file(&self, draw: &str) -> Result<PublicFile, Refusal> {
        let as_of = self.store.read(as_of)?;
        self.public_files.get(&format!("sites {draw}"), &as_of, || {
            self.store.read(|conn| self.archive().sites_evidence(conn, draw, Audience::Public))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_file_is_built_once_for_a_state_of_the_log_and_few_are_built_at_once() {
        let files = PublicFiles::of(2);
        let (built, now, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let build = |bytes: u8| {
            built.fetch_add(1, Ordering::SeqCst);
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(vec![bytes; 3])
        };
        std::thread::scope(|scope| {
            for n in 0..12u8 {
                let (files, build) = (&files, &build);
                scope.spawn(move || {
                    let name = format!("{}", n % 4);
                    let file = files.get(&name, "7-a", || build(n % 4)).unwrap();
                    assert_eq!(*file.bytes, vec![n % 4; 3]);
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
        // Two may have been built twice, by who had looked before the other was done.
        assert!((4..=8).contains(&built.load(Ordering::SeqCst)), "{built:?}");
        let before = built.load(Ordering::SeqCst);
        files.get("1", "7-a", || build(9)).unwrap();
        assert_eq!(built.load(Ordering::SeqCst), before, "kept");
        assert_eq!(*files.get("1", "8-a", || build(9)).unwrap().bytes, vec![9; 3], "the log has moved");
    }

    #[test]
    fn one_caller_too_many_is_sent_away_and_a_refusal_gives_its_turn_back() {
        let files = PublicFiles::of(1);
        let none = files.get("x", "1", || Err(Refusal::not_found("抽取", "draw"))).unwrap_err();
        assert_eq!(none.code, "not_found");
        let turn = files.turn().unwrap();
        files.state().waiting = WAITING;
        assert_eq!(files.turn().err().map(|refusal| refusal.code), Some("busy"));
        files.state().waiting = 0;
        drop(turn);
        assert!(files.turn().is_ok());
    }

    #[test]
    fn what_is_kept_has_a_bound_and_the_oldest_goes_first() {
        let files = PublicFiles::of(1);
        for name in ["a", "b", "c"] {
            files.get(name, "1", || Ok(vec![0; KEPT / 2])).unwrap();
        }
        let state = files.state();
        assert!(
            state.kept("a", "1").is_none()
                && state.kept("b", "1").is_some()
                && state.kept("c", "1").is_some()
        );
    }
}
