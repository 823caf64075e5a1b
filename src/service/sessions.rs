//! Signing in and out: login, password and one-time code give a session; failures lock.
//!
//! A session is an `account.changed` statement of journal kind `account.session`, sealed under the
//! account's data key: who signed in when is a query, and the public learns only that something of an
//! account changed. Failed attempts are counted in `store::sign_in`, which the journal does not follow;
//! a lockout is a change of the account, and an entry (GB/T 22239-2019 8.1.4.1, 8.1.4.3).
//!
//! *Invariants:* every failure gives one text and does the same work (one hash, one write), whether the
//! login exists or not; an account that is locked out stays so with the right password; a code of the
//! second factor is taken once.
//!
//! *Deliberately not here:* limits by address (a proxy's work); what is allowed afterwards (`access`).

use std::sync::atomic::{AtomicUsize, Ordering};

use super::access::{DAY, SESSION_PREFIX, kind};
use super::accounts::CHANGED;
use super::actor::{Action, Actor, Duty};
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use super::{ITSELF, Service, totp};
use crate::codec::{Json, Object, to_hex};
use crate::store::access_token::AccessToken;
use crate::store::account::Account;
use crate::store::{self, Append, StoreError, Tx, WriteError};
use crate::time::Timestamp;

/// Password hashes made at once: each takes 19 MiB and a core. More are told to come again.
const HASHES_AT_ONCE: usize = 8;
/// Whose counters the failures of unknown logins and closed accounts are.
const NOBODY: &str = "-";
/// What the secret of a second factor is sealed as.
pub(super) const TOTP_SEALED: &str = "account.totp";

/// What somebody signs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Code of the second factor, six digits, if the account has one.
    pub code: Option<String>,
}

/// A session as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// The account.
    pub account: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// When it ends in any case.
    pub expires: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A new session with its token.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The session.
    pub session: SessionView,
    /// The token, shown this once.
    pub token: String,
    /// What has to be done before anything else.
    pub duty: Option<Duty>,
}

/// How many password hashes are being made.
#[derive(Debug, Default)]
pub(super) struct Hashing(AtomicUsize);

/// A place among the hashes being made, given back when dropped.
pub(super) struct Slot<'a>(&'a AtomicUsize);

impl Hashing {
    /// Takes a place. Error: busy, when all are taken.
    pub fn enter(&self) -> Result<Slot<'_>, Refusal> {
        let taken = self.0.fetch_add(1, Ordering::SeqCst);
        let slot = Slot(&self.0);
        if taken < HASHES_AT_ONCE { Ok(slot) } else { Err(StoreError::Busy.into()) }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    /// Signs in.
    pub fn sign_in(&self, given: &Credentials) -> Result<NewSession, Refusal> {
        let slot = self.hashing.enter()?;
        let found = self.store.read(|conn| store::account::by_login(conn, &given.login))?;
        let hash = found.as_ref().and_then(|row| row.password.as_deref());
        let right = self.access.password_cost.verify(&given.password, hash);
        drop(slot);
        let now = self.clock.now().0;
        let Some(row) = found.filter(|row| self.takes_passwords(row, now)) else {
            return Err(self.count_failure(None));
        };
        if !right {
            return Err(self.count_failure(Some(&row)));
        }
        let key = self.subject_key(&row.id, true)?;
        let step = match &row.totp {
            None => None,
            Some(sealed) => {
                let secret = key.open(TOTP_SEALED, sealed)?;
                let last = self.store.read(|conn| store::sign_in::find(conn, &row.id))?.step;
                let code = given.code.as_deref().unwrap_or_default();
                match totp::accept(&secret, code, now, last) {
                    Some(step) => Some(step),
                    None => return Err(self.count_failure(Some(&row))),
                }
            }
        };
        let (token, hash) = self.secret(SESSION_PREFIX);
        let session = AccessToken {
            id: self.opaque_id('S'),
            account: row.id.clone(),
            kind: kind::SESSION.to_owned(),
            hash,
            label: None,
            scopes: None,
            created: now,
            expires: now + self.access.session_secs,
            ended: None,
            used: now,
            entry: 0,
        };
        let made = self.access_entry(&row.id, &session, &key);
        let given = session.clone();
        let signed_in = self.store.write("sign in", move |tx| {
            let mut counters = store::sign_in::find(tx, &given.account)?;
            if let Some(step) = step {
                // Somebody else used this code since it was checked.
                if step <= counters.step {
                    return Err(failed());
                }
                counters.step = step;
            }
            (counters.failures, counters.lockouts) = (0, 0);
            store::sign_in::put(tx, &counters)?;
            insert_access(tx, &made, &given)?;
            Ok(())
        });
        signed_in?;
        Ok(NewSession { duty: self.access.duty(&row, now), session: view(session, None), token })
    }

    /// A page of open sessions: the actor's own, or those of an account that it keeps.
    pub fn sessions(
        &self,
        actor: &Actor,
        account: Option<&str>,
        paging: &Paging,
    ) -> Result<Listed<SessionView>, Refusal> {
        let account = match account {
            Some(id) if id != actor.account => {
                actor.check(Action::KeepAccounts)?;
                self.kept_account(actor, id)?.id
            }
            _ => actor.account.clone(),
        };
        let now = self.clock.now().0;
        let since = now - self.access.idle_secs;
        let current = actor.session.as_deref();
        Ok(self.store.read(|conn| {
            paging.read(
                |page| store::access_token::open(conn, &account, kind::SESSION, now, since, page),
                |row| &row.id,
                |row| view(row, current),
            )
        })?)
    }

    /// Ends a session: an own one, or one of an account that the actor keeps. Ending it again changes
    /// nothing.
    pub fn end_session(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        let row = self.store.read(|conn| store::access_token::find(conn, id))?;
        let row = row.filter(|row| row.kind == kind::SESSION);
        let none = || Refusal::not_found("会话", "session");
        match row {
            Some(row) if row.account == actor.account => self.end_access(actor, &row),
            // Whoever keeps no accounts does not learn which sessions others have.
            _ if !actor.may(Action::KeepAccounts) => Err(none()),
            None => Err(none()),
            Some(row) => {
                self.kept_account(actor, &row.account)?;
                self.end_access(actor, &row)
            }
        }
    }

    /// Ends a session or token.
    pub(super) fn end_access(&self, actor: &Actor, row: &AccessToken) -> Result<(), Refusal> {
        if row.ended.is_some() {
            return Ok(());
        }
        let key = self.subject_key(&row.account, true)?;
        let end = self.ending(&actor.account, row, &key);
        let ended = self.store.write("end access", move |tx| end(tx));
        match ended {
            Ok(()) => Ok(()),
            // Somebody else was quicker: it has ended.
            Err(WriteError::Call(StoreError::Stale(_))) => Ok(()),
            Err(WriteError::Call(error) | WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// The end of a session or token, to be written.
    pub(super) fn ending(
        &self,
        by: &str,
        row: &AccessToken,
        key: &SubjectKey,
    ) -> impl Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + Sync + 'static + use<> {
        let time = self.clock.now().0.max(row.created);
        let ended = AccessToken { ended: Some(time), ..row.clone() };
        let entry = self.access_entry(by, &ended, key);
        move |tx| {
            let entry = tx.append(entry.clone())?.entry();
            store::access_token::end(tx, &ended.id, time, entry)
        }
    }

    /// The entry of a session or token as it is after a change.
    pub(super) fn access_entry(&self, by: &str, row: &AccessToken, key: &SubjectKey) -> Append {
        let kind = journal_kind(&row.kind);
        let record = self.opaque_record(&record(row));
        Append {
            actor: by.to_owned(),
            kind: kind.into(),
            subject: row.account.clone(),
            statement: record.statement(CHANGED),
            image: Some(self.sealer().seal(key, kind, &record.bytes)),
            registry: false,
        }
    }

    /// Whether an account signs in at all now.
    pub(super) fn takes_passwords(&self, row: &Account, now: i64) -> bool {
        let one_time = row.password_changed.unwrap_or_default() + self.access.one_time_days * DAY;
        row.revoked.is_none()
            && row.locked.is_none()
            && now < row.expires
            && row.locked_until.is_none_or(|until| now >= until)
            && !(row.must_change && now >= one_time)
    }

    /// Counts a failed attempt, locks the account at the limit, and answers the one refusal.
    pub(super) fn count_failure(&self, row: Option<&Account>) -> Refusal {
        let id = row.map_or(NOBODY, |row| &row.id).to_owned();
        let counted = self.store.write("failed sign-in", move |tx| {
            let mut counters = store::sign_in::find(tx, &id)?;
            counters.failures = counters.failures.saturating_add(1);
            store::sign_in::put(tx, &counters)?;
            Ok::<_, Refusal>(counters)
        });
        let locked = match (counted, row) {
            (Err(error), _) => Err(error.into()),
            (Ok(counters), Some(row)) if counters.failures >= self.access.attempts => {
                self.lock_out(row, counters.lockouts)
            }
            _ => Ok(()),
        };
        locked.err().unwrap_or_else(failed)
    }

    fn lock_out(&self, row: &Account, earlier: i64) -> Result<(), Refusal> {
        let attempts = self.access.attempts;
        let until = self.clock.now().0 + self.access.lockout(earlier);
        let locked = Account { locked_until: Some(until), ..row.clone() };
        let change = self.account_change(ITSELF, CHANGED, locked, Some(row.entry))?;
        let written = self.store.write("lock out", move |tx| {
            let mut counters = store::sign_in::find(tx, &change.row.id)?;
            // Another attempt at the same time has locked it.
            if counters.failures < attempts {
                return Ok(());
            }
            counters.failures = 0;
            counters.lockouts = counters.lockouts.saturating_add(1);
            store::sign_in::put(tx, &counters)?;
            change.apply(tx).map(drop)
        });
        match written {
            Ok(()) => Ok(()),
            // The account was changed meanwhile; the next failure locks it.
            Err(WriteError::Call(StoreError::Stale(_))) => Ok(()),
            Err(WriteError::Call(error) | WriteError::Store(error)) => Err(error.into()),
        }
    }
}

/// Writes a new session or token with its entry.
pub(super) fn insert_access(tx: &mut Tx<'_>, entry: &Append, row: &AccessToken) -> Result<(), StoreError> {
    let entry = tx.append(entry.clone())?.entry();
    store::access_token::insert(tx, &AccessToken { entry, ..row.clone() })
}

/// Journal kind of a session's or token's entry; its statement is `account.changed`.
fn journal_kind(kind: &str) -> &'static str {
    if kind == kind::SESSION { "account.session" } else { "account.token" }
}

/// Whether an entry is a session's or token's and not an account's.
pub(super) fn is_access(entry: &store::journal::Entry) -> bool {
    [kind::SESSION, kind::TOKEN].iter().any(|kind| entry.kind == journal_kind(kind))
}

/// What the journal holds of a session or token: the row without its last use.
pub(super) fn record(row: &AccessToken) -> Json {
    Object::new()
        .with("v", 1u32)
        .with("id", row.id.as_str())
        .with("account", row.account.as_str())
        .with("kind", row.kind.as_str())
        .with("hash", to_hex(&row.hash))
        .with_some("label", row.label.clone())
        .with_some("scopes", row.scopes.clone())
        .with("created", row.created)
        .with("expires", row.expires)
        .with_some("ended", row.ended)
        .into()
}

fn view(row: AccessToken, current: Option<&str>) -> SessionView {
    SessionView {
        current: current == Some(row.id.as_str()),
        id: row.id,
        account: row.account,
        created: Timestamp(row.created),
        used: Timestamp(row.used),
        expires: Timestamp(row.expires),
    }
}

/// The one refusal of a sign-in.
fn failed() -> Refusal {
    let zh = "登录失败：登录名、口令或动态验证码不正确，或账号暂不可用";
    let en = "not signed in: login, password or code is wrong, or the account is not available now";
    Refusal::new(Kind::Unauthenticated, "sign_in_failed", zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_passwords_are_hashed_at_once() {
        let hashing = Hashing::default();
        let slots: Vec<_> = (0..HASHES_AT_ONCE).map(|_| hashing.enter().unwrap()).collect();
        assert_eq!(hashing.enter().err().map(|refusal| refusal.kind), Some(Kind::Busy));
        drop(slots);
        assert!(hashing.enter().is_ok());
    }
}
