//! What a signed-in person does with the own account: see it, change the password, set up the second
//! factor.
//!
//! *Invariants:* only a session does this, never an API token; the password is asked for again, and a
//! wrong one counts as a failed sign-in; changing the password ends every other session of the account.

use super::Service;
use super::account_changes::meanwhile;
use super::accounts::{AccountView, CHANGED};
use super::actor::{Actor, Duty, PERMISSIONS};
use super::idempotency::IdempotencyKey;
use super::listing::Paging;
use super::passwords;
use super::refusal::{Kind, Refusal};
use super::sessions::TOTP_SEALED;
use super::totp;
use crate::store::account::Account;
use crate::store::{self, StoreError};

/// The own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAccount {
    /// The account.
    pub account: AccountView,
    /// What the token in use allows, by the names of scopes.
    pub actions: Vec<&'static str>,
    /// What has to be done before anything else.
    pub duty: Option<Duty>,
}

/// A second factor begun: shown once, not in force before a code confirms it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret in base 32.
    pub secret: String,
    /// What an authenticator app reads.
    pub uri: String,
}

impl Service {
    /// The own account.
    pub fn own_account(&self, actor: &Actor) -> Result<OwnAccount, Refusal> {
        let account = self.view(self.account_row(&actor.account)?);
        let all = PERMISSIONS.iter().map(|(action, _)| *action);
        let actions = all.filter(|action| actor.may(*action)).map(|action| action.name()).collect();
        Ok(OwnAccount { account, actions, duty: actor.duty })
    }

    /// Changes the own password; every other session of the account ends.
    pub fn change_password(
        &self,
        actor: &Actor,
        old: &str,
        new: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<(), Refusal> {
        let session = own_session(actor)?;
        self.once(
            actor,
            key,
            |_| Ok(()),
            || {
                let mut row = self.own_row(actor, "old", old)?;
                let login = row.login.clone().unwrap_or_default();
                passwords::rules("new", new, &login).map_err(|problem| Refusal::invalid(vec![problem]))?;
                if new == old {
                    let (zh, en) = ("不得与原口令相同", "must differ from the old one");
                    return Err(Refusal::field("new", "", "password_unchanged", zh, en));
                }
                let slot = self.hashing.enter()?;
                row.password = Some(self.access.password_cost.hash(new, &self.random())?);
                drop(slot);
                row.password_changed = Some(self.clock.now().0);
                row.must_change = false;
                let data_key = self.subject_key(&row.id, true)?;
                let mut endings = Vec::new();
                let mut paging = Paging { limit: 200, after: None };
                loop {
                    let page = self.sessions(actor, None, &paging)?;
                    for other in page.items.iter().filter(|other| other.id != session) {
                        let found = self.store.read(|conn| store::access_token::find(conn, &other.id))?;
                        endings.extend(found.map(|found| self.ending(&actor.account, &found, &data_key)));
                    }
                    let Some(next) = page.next else { break };
                    paging.after = Some(next);
                }
                let before = row.entry;
                let idempotency = self.idempotency_row(actor, key, &row.id, 204);
                let change = self.account_change(&actor.account, CHANGED, row, Some(before))?;
                let written = self.store.write("change password", move |tx| {
                    idempotency.insert(tx)?;
                    change.apply(tx)?;
                    endings.iter().try_for_each(|end| end(tx))?;
                    Ok::<_, Refusal>(())
                });
                written.map_err(|error| meanwhile(error.into()))
            },
        )
    }

    /// Begins a second factor: the secret is shown this once and is not in force before
    /// [`Service::confirm_second_factor`]. Beginning again makes another secret.
    pub fn begin_second_factor(&self, actor: &Actor, password: &str) -> Result<SecondFactor, Refusal> {
        own_session(actor)?;
        let row = self.own_row(actor, "password", password)?;
        let secret = self.random::<{ totp::SECRET }>();
        let key = self.subject_key(&row.id, true)?;
        let sealed = self.sealer().seal(&key, TOTP_SEALED, &secret);
        let id = row.id.clone();
        self.store.write("begin second factor", move |tx| {
            let mut counters = store::sign_in::find(tx, &id)?;
            counters.pending = Some(sealed.clone());
            store::sign_in::put(tx, &counters)?;
            Ok::<_, Refusal>(())
        })?;
        let secret = totp::base32(&secret);
        let uri = totp::uri(row.login.as_deref().unwrap_or_default(), &secret);
        Ok(SecondFactor { secret, uri })
    }

    /// Puts a second factor in force with a code that it shows; it replaces an earlier one.
    pub fn confirm_second_factor(
        &self,
        actor: &Actor,
        code: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<(), Refusal> {
        own_session(actor)?;
        self.once(
            actor,
            key,
            |_| Ok(()),
            || {
                let mut row = self.account_row(&actor.account)?;
                let counters = self.store.read(|conn| store::sign_in::find(conn, &row.id))?;
                let pending = counters.pending.ok_or_else(|| {
                    let en = "begin a second factor first";
                    Refusal::new(Kind::Conflict, "no_second_factor_begun", "请先发起启用动态验证码", en)
                })?;
                let secret = self.subject_key(&row.id, true)?.open(TOTP_SEALED, &pending)?;
                let step =
                    totp::accept(&secret, code, self.clock.now().0, counters.step).ok_or_else(|| {
                        Refusal::field(
                            "code",
                            "",
                            "code",
                            "动态验证码不正确",
                            "this is not the code shown now",
                        )
                    })?;
                row.totp = Some(pending.clone());
                let before = row.entry;
                let idempotency = self.idempotency_row(actor, key, &row.id, 204);
                let change = self.account_change(&actor.account, CHANGED, row, Some(before))?;
                let written = self.store.write("confirm second factor", move |tx| {
                    let mut counters = store::sign_in::find(tx, &change.row.id)?;
                    if counters.pending.as_ref() != Some(&pending) || step <= counters.step {
                        return Err(Refusal::from(StoreError::Stale("second factor".into())));
                    }
                    (counters.pending, counters.step) = (None, step);
                    store::sign_in::put(tx, &counters)?;
                    idempotency.insert(tx)?;
                    change.apply(tx)?;
                    Ok(())
                });
                written.map_err(|error| meanwhile(error.into()))
            },
        )
    }

    /// The own row after the password was asked for again; a wrong one counts as a failed sign-in,
    /// and a locked-out account has no right one.
    fn own_row(&self, actor: &Actor, field: &str, password: &str) -> Result<Account, Refusal> {
        let row = self.account_row(&actor.account)?;
        let slot = self.hashing.enter()?;
        let right = self.access.password_cost.verify(password, row.password.as_deref());
        drop(slot);
        let open = self.takes_passwords(&row, self.clock.now().0);
        if right && open {
            return Ok(row);
        }
        if open {
            let counted = self.count_failure(Some(&row));
            if counted.kind != Kind::Unauthenticated {
                return Err(counted);
            }
        }
        let (zh, en) =
            ("口令不正确，或账号暂不可用", "the password is wrong, or the account is not available now");
        Err(Refusal::field(field, "", "wrong_password", zh, en))
    }
}

/// The session in use; a token has none.
pub(super) fn own_session(actor: &Actor) -> Result<String, Refusal> {
    actor.session.clone().ok_or_else(|| {
        let en = "sign in with a password for this: an API token does not do it";
        Refusal::new(Kind::Forbidden, "session_required", "此操作须以口令登录后进行，接口令牌不可用", en)
    })
}
