//! What others hand in: a supervisor's commitment to a nonce before the draw, its reveal after the
//! commitment, and declarations that nothing is released. Who brings it does not matter; whose it is says the
//! signature.

use std::sync::Arc;

use super::{Trail, refused};
use crate::codec::{Hash, to_hex};
use crate::draw::contributions::judge::nonce_committed;
use crate::draw::contributions::{Judge, NonceCommitted, NotReleased, Reveal, Share};
use crate::draw::tags::tags;
use crate::draw::vrf::Beta;
use crate::log::{KeyUse, Origin, Statement, key_digest};
use crate::ports::LogSigner;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::draws::state;
use crate::service::idempotency::{IdempotencyKey, IdempotencyRow};
use crate::service::refusal::{Kind, Refusal};
use crate::store::{self, Append, Tx};

/// The most commitments to nonces for one attempt at one package, of all supervisors together.
const NONCE_LIMIT: usize = 256;
/// The most of one supervisor, so that nobody fills the room of the others.
const OWN_NONCE_LIMIT: usize = 8;

/// The journal's subject of the nonces for an attempt at a package.
pub fn nonce_subject(package_tag: &Beta, attempt: u32) -> String {
    let tag: String = to_hex(&package_tag.0).chars().take(40).collect();
    format!("nonce-{tag}-{attempt}")
}

/// For which attempt at which package a nonce is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextAttempt {
    /// The log.
    pub log: String,
    /// Package tag.
    pub package_tag: Beta,
    /// Number of the attempt.
    pub attempt: u32,
}

impl Service {
    /// The log's origin.
    pub(in crate::service) fn log_origin(&self) -> Result<Origin, Refusal> {
        Origin::new(self.keys.origin()).map_err(Refusal::internal)
    }

    /// Tag and attempt that a supervisor commits a nonce to.
    pub fn next_attempt_of(&self, actor: &Actor, package: &str) -> Result<NextAttempt, Refusal> {
        actor.check(Action::FileContribution)?;
        let facts = self.package_facts(package)?;
        let (attempt, _) = self.draw_attempt(package, None)?;
        let key = self.keys.vrf(&key_digest(&self.keys.in_force(KeyUse::TagVrf)))?;
        let tags = tags(key.vrf()?, facts.plan_no().as_str(), facts.package_no().as_str())
            .map_err(Refusal::internal)?;
        Ok(NextAttempt { log: self.keys.origin().to_owned(), package_tag: tags.package, attempt })
    }

    /// Files a supervisor's commitment to a nonce; the index of its entry. Filing the same again changes
    /// nothing.
    pub fn commit_nonce(
        &self,
        actor: &Actor,
        said: &NonceCommitted,
        key: &IdempotencyKey,
    ) -> Result<u64, Refusal> {
        actor.check(Action::FileContribution)?;
        let (log, said, account) = (self.log_origin()?, said.clone(), actor.account.clone());
        let subject = nonce_subject(&said.package_tag, said.attempt);
        let row = self.idempotency_row(actor, Some(key), &subject, 201);
        let again = |_: &str| self.committed_nonce(&subject, &said);
        let change = || {
            let (log, said, row) = (log.clone(), said.clone(), row.clone());
            let (subject, account) = (subject.clone(), account.clone());
            let index = self.store.write("commit nonce", move |tx| {
                let mut filed = store::journal::of_subject(tx, &subject, 0, 1_000)?;
                // Another call of the same group may have said it just now.
                filed.extend(tx.pending().iter().filter(|entry| entry.subject == subject).cloned());
                let mut own = 0;
                for entry in &filed {
                    let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
                    let before = NonceCommitted::read(&statement.body_json()).map_err(Refusal::internal)?;
                    if (before.key, before.commitment) == (said.key, said.commitment) {
                        return Ok(entry.index());
                    }
                    own += usize::from(before.key == said.key);
                }
                if filed.len() >= NONCE_LIMIT || own >= OWN_NONCE_LIMIT {
                    let en = "too many commitments to nonces for this attempt";
                    return Err(Refusal::new(Kind::Conflict, "too_many", "本次抽取的随机数承诺过多", en));
                }
                let at = tx.next_index();
                let book = tx.key_book().ok_or_else(|| Refusal::internal("the log registers no keys"))?;
                let known = book.find(&said.key).filter(|key| key.usage == KeyUse::Supervisor);
                if !known.is_some_and(|key| key.is_live_at(at)) {
                    let (zh, en) = ("不是在用的监督员密钥", "not the key of a supervisor that is in use");
                    return Err(Refusal::field("key", &said.key.to_hex(), "unknown_key", zh, en));
                }
                nonce_committed(&log, book, &said).map_err(|_| bad_signature())?;
                let statement = said.fields().with("type", NonceCommitted::TYPE);
                let appended = tx.append(entry_of(&account, NonceCommitted::TYPE, &subject, statement))?;
                row.insert(tx)?;
                Ok::<_, Refusal>(appended.index)
            })?;
            Ok(index)
        };
        self.once(actor, Some(key), again, change)
    }

    fn committed_nonce(&self, subject: &str, said: &NonceCommitted) -> Result<u64, Refusal> {
        let filed = self.store.read(|conn| store::journal::of_subject(conn, subject, 0, 1_000))?;
        let same = filed.iter().find(|entry| {
            let statement = Statement::parse(&entry.statement).ok();
            let read = statement.and_then(|s| NonceCommitted::read(&s.body_json()).ok());
            read.is_some_and(|read| read.commitment == said.commitment)
        });
        same.map(store::journal::Entry::index).ok_or_else(|| Refusal::internal("nonce is gone"))
    }

    /// A supervisor's nonce, revealed; the draw then goes as far as it can.
    pub fn reveal_nonce(
        &self,
        actor: &Actor,
        draw: &str,
        said: Reveal,
        key: &IdempotencyKey,
    ) -> Result<(), Refusal> {
        actor.check(Action::FileContribution)?;
        let change = || {
            let row = self.idempotency_row(actor, Some(key), draw, 200);
            let share = move |alpha| Share::Nonce(Reveal { alpha, ..said });
            self.write_share(draw, &actor.account, share, Some(row))?;
            Ok(())
        };
        self.once(actor, Some(key), |_| Ok(()), change)?;
        self.advance(draw)
    }

    /// A party's declaration that it has released nothing and never will.
    pub fn declare_not_released(
        &self,
        actor: &Actor,
        draw: &str,
        said: NotReleased,
        key: &IdempotencyKey,
    ) -> Result<(), Refusal> {
        actor.check(Action::FileContribution)?;
        let change = || {
            let row = self.idempotency_row(actor, Some(key), draw, 200);
            let (log, id, account) = (self.log_origin()?, draw.to_owned(), actor.account.clone());
            let said = said.clone();
            self.store.write("not released", move |tx| {
                let trail = committed(tx, &id)?;
                let said = NotReleased { alpha: trail.alpha, ..said.clone() };
                if trail.withheld.iter().any(|before| before.key == said.key) {
                    return Ok::<_, Refusal>(());
                }
                let contributed = trail
                    .commitment
                    .contributions
                    .iter()
                    .any(|wanted| wanted.key() == Some(&said.key) && trail.of(wanted).is_some());
                if contributed {
                    let en = "this party has contributed";
                    return Err(Refusal::new(Kind::Conflict, "contributed", "该方已经贡献", en));
                }
                let at = tx.next_index();
                let book = tx.key_book().ok_or_else(|| Refusal::internal("the log registers no keys"))?;
                let (alpha, index, commitment) = (&trail.alpha, trail.index, &trail.commitment);
                let judge = Judge { log: &log, alpha, index, commitment, book, chain: None };
                judge.not_released(at, &said).map_err(refused)?;
                let statement = said.fields().with("type", NotReleased::TYPE);
                tx.append(entry_of(&account, NotReleased::TYPE, &id, statement))?;
                row.insert(tx)?;
                Ok(())
            })?;
            Ok(())
        };
        self.once(actor, Some(key), |_| Ok(()), || again_if_moved(change))
    }

    /// Writes a contribution if it is due, valid and in time; one that is there already is left alone.
    pub(super) fn write_share(
        &self,
        draw: &str,
        account: &str,
        share: impl Fn(Hash) -> Share + Send + Sync + 'static,
        row: Option<IdempotencyRow>,
    ) -> Result<u64, Refusal> {
        let share: Arc<dyn Fn(Hash) -> Share + Send + Sync> = Arc::new(share);
        again_if_moved(|| self.try_share(draw, account, share.clone(), row.clone()))
    }

    fn try_share(
        &self,
        draw: &str,
        account: &str,
        share: Arc<dyn Fn(Hash) -> Share + Send + Sync>,
        row: Option<IdempotencyRow>,
    ) -> Result<u64, Refusal> {
        let (log, id, account) = (self.log_origin()?, draw.to_owned(), account.to_owned());
        let chain = self.beacon.as_ref().map(|beacon| beacon.chain.clone());
        let written = self.store.write("contribute", move |tx| {
            let trail = committed(tx, &id)?;
            let share = share(trail.alpha);
            let wanted = trail.commitment.contributions.iter().find(|wanted| share.is_by(wanted));
            let wanted = wanted.ok_or_else(|| refused(crate::draw::contributions::Fault::Nobody))?;
            if let Some((index, ..)) = trail.of(wanted) {
                return Ok(*index);
            }
            if tx.time().0 > trail.commitment.deadline {
                let en = "the deadline of the contributions has passed; void it with contribution_missing";
                let zh = "随机贡献的期限已过，请以 contribution_missing 作废";
                return Err(Refusal::new(Kind::Conflict, "past_deadline", zh, en));
            }
            if trail.withheld.iter().any(|said| wanted.key() == Some(&said.key)) {
                let en = "this party has declared that it releases nothing";
                return Err(Refusal::new(Kind::Conflict, "not_released", "该方已声明不予释放", en));
            }
            let kind = share.kind();
            let earlier: Vec<u8> = (1..kind).collect();
            if trail.lacks(&earlier) || trail.shares.iter().any(|(_, _, there)| there.kind() > kind) {
                let en = "contributions come in order: nonces, operator, witnesses, beacon";
                return Err(Refusal::new(Kind::Conflict, "out_of_order", "贡献须按规定顺序", en));
            }
            let at = tx.next_index();
            let book = tx.key_book().ok_or_else(|| Refusal::internal("the log registers no keys"))?;
            let (alpha, index, commitment) = (&trail.alpha, trail.index, &trail.commitment);
            let judge = Judge { log: &log, alpha, index, commitment, book, chain: chain.as_ref() };
            judge.share(at, &share, trail.operator()).map_err(refused)?;
            let statement = share.fields().with("type", Share::TYPE);
            let appended = tx.append(entry_of(&account, Share::TYPE, &id, statement))?;
            if let Some(row) = &row {
                row.insert(tx)?;
            }
            Ok::<_, Refusal>(appended.index)
        })?;
        Ok(written)
    }
}

/// How often a step is tried anew when somebody else spoke first.
const TRIES: u32 = 8;
const MOVED: &str = "draw_moved";

/// Somebody has spoken of the draw in this group of writes, and the journal does not hold it yet.
pub(in crate::service) fn not_moving(tx: &Tx<'_>, id: &str) -> Result<(), Refusal> {
    if tx.pending().iter().any(|entry| entry.subject == id) {
        return Err(Refusal::new(Kind::Busy, MOVED, "抽取刚有变更，请重试", "the draw moved just now"));
    }
    Ok(())
}

/// Does a step again as long as somebody else was first.
pub(in crate::service) fn again_if_moved<T>(
    mut step: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    for _ in 1..TRIES {
        match step() {
            Err(refusal) if refusal.code == MOVED => {}
            done => return done,
        }
    }
    step()
}

/// The trail of a draw that is still committed, under the lock.
fn committed(tx: &mut Tx<'_>, id: &str) -> Result<Trail, Refusal> {
    not_moving(tx, id)?;
    let trail = Trail::read(tx, id)?.ok_or_else(|| Refusal::not_found("抽取", "draw"))?;

    if trail.state != state::COMMITTED {
        let en = "the draw is no longer waiting for contributions";
        return Err(Refusal::new(Kind::Conflict, "wrong_state", "抽取已不在等待贡献的状态", en));
    }
    Ok(trail)
}

fn entry_of(account: &str, kind: &str, subject: &str, statement: crate::codec::Object) -> Append {
    Append {
        actor: account.to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        statement,
        image: None,
        registry: false,
    }
}

fn bad_signature() -> Refusal {
    let (zh, en) = ("签名不能通过核验", "the signature does not verify");
    Refusal::field("signature", "", "signature", zh, en)
}
