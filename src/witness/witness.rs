//! The witness itself: decisions, records and signatures under one lock.
//!
//! *Invariant:* between looking at the newest head and keeping the next one nobody else comes in; what is
//! signed is first kept ([`Journal`]), and only then answered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::add_checkpoint::{Asked as AddCheckpoint, Decision};
use super::answer::Asked;
use super::journal::{Failpoint, Journal, OpenError};
use super::keys::WitnessKeys;
use super::logs::Logs;
use super::pace::Pace;
use super::record::Record;
use super::refusal::Refusal;
use super::state::{Head, OfLog, State, Told};
use crate::codec::{Hash, Json, Object, sha256, to_hex};
use crate::log::{SignatureLine, SignedNote, cosigned_at};
use crate::ports::Clock;

/// A head that is shown again gets a new time only after so many seconds; until then the same line.
const AGAIN_AFTER_S: i64 = 60;
/// The most items of one list.
pub const LIST_LIMIT: usize = 1000;

/// A witness with its keys, its logs and its journal.
pub struct Witness {
    keys: WitnessKeys,
    logs: Logs,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

struct Inner {
    journal: Journal,
    state: State,
    /// By log; only known ones get one.
    paces: BTreeMap<String, Pace>,
}

impl Witness {
    /// Opens the journal of these keys. Errors: every kind.
    pub fn open(
        data: &Path,
        keys: WitnessKeys,
        logs: Logs,
        clock: Arc<dyn Clock>,
        failpoint: Option<Failpoint>,
    ) -> Result<Self, OpenError> {
        let (journal, state) = Journal::open(data, &keys, failpoint)?;
        Ok(Self { keys, logs, clock, inner: Mutex::new(Inner { journal, state, paces: BTreeMap::new() }) })
    }

    /// The keys.
    pub fn keys(&self) -> &WitnessKeys {
        &self.keys
    }

    /// C2SP `add-checkpoint`: the cosignature's line with its newline.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<String, Refusal> {
        let asked = AddCheckpoint::parse(body)?;
        let note = asked.signed_by(&self.logs)?;
        let mut inner = self.lock();
        let newest = inner.state.of_log(&asked.origin).and_then(OfLog::newest);
        let decision = asked.decide(newest)?;
        let now = self.now(&inner)?;
        if let (Decision::Again, Some(newest)) = (decision, newest)
            && let Some(line) = self.line_again(newest, &note, now)
        {
            return Ok(line);
        }
        if !inner.paces.entry(asked.origin.clone()).or_insert_with(|| Pace::new(now)).take(now) {
            return Err(Refusal::TooFast);
        }
        let (note, line) = self.cosign(note, now)?;
        let head = Head { size: asked.size, root: asked.root, time: now, note: note.to_string() };
        self.keep(&mut inner, Record::Head { log: asked.origin, head })?;
        Ok(line)
    }

    /// The VRF answer for a draw: a new one, or the stored one.
    pub fn answer(&self, body: &[u8]) -> Result<Json, Refusal> {
        let asked = Asked::for_answer(body)?;
        let key = self.keys.vrf_digest();
        let mut inner = self.lock();
        let of_log = self.of_log(&inner, &asked.log)?;
        match of_log.and_then(|of_log| of_log.told(&asked.alpha)) {
            Some(Told::Answer(answer)) => return Ok(answer.clone()),
            Some(Told::NotReleased(statement)) => return Err(Refusal::NotReleased(statement.clone())),
            None => {}
        }
        let root = root(of_log, asked.size)?;
        let now = self.now(&inner)?;
        let granted = asked.may_answer(&root, &key, now)?;
        let proof = self.keys.vrf.prove(asked.alpha.as_bytes());
        let answer = granted.answer(&key, &proof, (asked.size, &root), now, |text| self.keys.sign(text));
        self.keep(&mut inner, Record::Answer(answer.clone()))?;
        Ok(answer)
    }

    /// The statement that a draw is never answered: a new one, or the stored one.
    pub fn not_released(&self, body: &[u8]) -> Result<Json, Refusal> {
        let asked = Asked::for_not_released(body)?;
        let key = self.keys.vrf_digest();
        let mut inner = self.lock();
        let of_log = self.of_log(&inner, &asked.log)?;
        match of_log.and_then(|of_log| of_log.told(&asked.alpha)) {
            Some(Told::NotReleased(statement)) => return Ok(statement.clone()),
            Some(Told::Answer(answer)) => return Err(Refusal::Answered(answer.clone())),
            None => {}
        }
        let root = root(of_log, asked.size)?;
        let now = self.now(&inner)?;
        let granted = asked.may_withhold(&root, &key)?;
        let statement = granted.not_released(&key, now, |text| self.keys.sign(text));
        self.keep(&mut inner, Record::NotReleased(statement.clone()))?;
        Ok(statement)
    }

    /// What was said about a log's draws, above number `after`, at most `limit` of them.
    pub fn answers(&self, log: &str, after: u64, limit: usize) -> Result<Json, Refusal> {
        let inner = self.lock();
        let told = self.of_log(&inner, log)?.map_or(&[][..], OfLog::all_told);
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let numbered = told.iter().zip(1u64..).skip(skip).take(limit.min(LIST_LIMIT));
        let mut next = after;
        let items: Json = numbered
            .map(|(told, number)| {
                next = number;
                let item = Object::new().with("kind", told.kind()).with("number", number);
                Json::from(item.with("value", told.value().clone()))
            })
            .collect();
        Ok(Object::new().with("items", items).with("next", next).into())
    }

    /// What was said about one draw. Error: [`Refusal::Unknown`].
    pub fn answer_of(&self, alpha: &Hash) -> Result<Json, Refusal> {
        self.lock().state.told(alpha).map(|told| told.value().clone()).ok_or(Refusal::Unknown)
    }

    /// The newest cosigned checkpoint of a log. Errors: [`Refusal::UnknownLog`], [`Refusal::Unknown`].
    pub fn head(&self, log: &str) -> Result<String, Refusal> {
        let inner = self.lock();
        let newest = self.of_log(&inner, log)?.and_then(OfLog::newest);
        newest.map(|head| head.note.clone()).ok_or(Refusal::Unknown)
    }

    /// The same by the SHA-256 of the origin in hex, as C2SP monitors ask.
    pub fn head_by_hash(&self, hash: &str) -> Result<String, Refusal> {
        let mut origins = self.logs.origins();
        let origin = origins.find(|origin| sha256(&[origin.as_bytes()]).to_hex() == hash);
        self.head(origin.ok_or(Refusal::UnknownLog)?)
    }

    /// Name and public keys.
    pub fn public_keys(&self) -> Json {
        let cosigner = self.keys.cosigner();
        Object::new()
            .with("name", cosigner.name().as_str())
            .with("cosigner", cosigner.to_string())
            .with("vrf", to_hex(self.keys.vrf.public().as_bytes()))
            .into()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic within leaves the journal marked as broken if it was writing; reading goes on.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock, which must not be before anything that was signed.
    fn now(&self, inner: &Inner) -> Result<i64, Refusal> {
        let now = self.clock.now().0;
        if now < inner.state.newest_time().max(1) { Err(Refusal::Clock) } else { Ok(now) }
    }

    fn of_log<'a>(&self, inner: &'a Inner, log: &str) -> Result<Option<&'a OfLog>, Refusal> {
        self.logs.keys_of(log).ok_or(Refusal::UnknownLog)?;
        Ok(inner.state.of_log(log))
    }

    /// The line given for this very text, while it is young.
    fn line_again(&self, newest: &Head, note: &SignedNote, now: i64) -> Option<String> {
        let before = SignedNote::parse(newest.note.as_bytes()).ok()?;
        if before.text() != note.text() || now - newest.time >= AGAIN_AFTER_S {
            return None;
        }
        let own = before.signatures().iter().find(|line| line.is_by(self.keys.cosigner()))?;
        Some(format!("{own}\n"))
    }

    /// Adds the cosignature (C2SP tlog-cosignature v1) and checks it as a reader would.
    fn cosign(&self, mut note: SignedNote, now: i64) -> Result<(SignedNote, String), Refusal> {
        let key = self.keys.cosigner();
        let message = format!("cosignature/v1\ntime {now}\n{}", note.text());
        let signature = self.keys.sign(message.as_bytes());
        let line = SignatureLine::by(key, [now.to_be_bytes().as_slice(), &signature].concat());
        let text = format!("{line}\n");
        // A note full of lines by the log's own keys has no room for ours.
        note.add(line).map_err(|error| Refusal::Shape(error.to_string()))?;
        // A mistaken key file must not be answered with what nobody can verify.
        cosigned_at(&note, key).map_err(|_| Refusal::Storage)?;
        Ok((note, text))
    }

    fn keep(&self, inner: &mut Inner, record: Record) -> Result<(), Refusal> {
        if let Err(error) = inner.state.admits(&record) {
            tracing::error!(%error, "a decision that contradicts the state: nothing is signed");
            return Err(Refusal::Storage);
        }
        if let Err(error) = inner.journal.append(&record, &self.keys) {
            tracing::error!(%error, "the journal did not take a record: nothing more is signed until a restart");
            return Err(Refusal::Storage);
        }
        inner.state.apply(&record).map_err(|_| Refusal::Storage)
    }
}

fn root(of_log: Option<&OfLog>, size: u64) -> Result<Hash, Refusal> {
    let newest = of_log.and_then(OfLog::newest).map_or(0, |head| head.size);
    of_log.and_then(|of_log| of_log.root_at(size)).copied().ok_or(Refusal::UnknownHead(newest))
}
