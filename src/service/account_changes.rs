//! Changes of accounts: rights, region, validity; locked, unlocked, revoked; a new one-time password,
//! the second factor taken away, an applicant's account bound to the expert that it became.
//!
//! Every change is one `account.changed` entry that holds the whole row; its journal kind is that
//! type too, who did it is the entry's actor.
//!
//! *Invariants:* an account never changes, locks, unlocks or revokes itself; a change names the
//! version (the newest entry) that it was made from.

use super::Service;
use super::access::{DAY, DAYS_MAX};
use super::accounts::{AccountView, CHANGED, NewAccount, check_region, check_rights, one_account, record};
use super::actor::{Action, Actor, Role};
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::refusal::{Kind, Refusal};
use super::sealing::SubjectKey;
use crate::registry::{ExpertNumber, Problem};
use crate::store::account::Account;
use crate::store::{self, Append, StoreError, Tx};

/// A change of one account, ready for the writer.
#[derive(Clone)]
pub(super) struct AccountChange {
    entry: Append,
    key: SubjectKey,
    /// The entry that the change was made from; `None`: a new account.
    before: Option<i64>,
    /// The row; its `entry` is known in the writer only.
    pub row: Account,
}

impl AccountChange {
    /// Appends the entry and writes the row; answers the entry's index.
    pub fn apply(&self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        self.key.store(tx)?;
        let entry = tx.append(self.entry.clone())?.entry();
        let row = Account { entry, ..self.row.clone() };
        match self.before {
            None => store::account::insert(tx, &row)?,
            Some(before) => store::account::update(tx, &row, before)?,
        }
        Ok(entry)
    }
}

/// What may be changed of an account; absent is unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountAmendment {
    /// All rights of a bureau's account.
    pub rights: Option<Vec<String>>,
    /// Region code; an empty text lifts the narrowing.
    pub region: Option<String>,
    /// Days from now until it expires.
    pub days: Option<u32>,
    /// Whether it needs a second factor.
    pub totp_required: Option<bool>,
}

impl Service {
    /// Changes rights, region, validity or the need of a second factor. The change takes effect with
    /// the next request.
    pub fn amend_account(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        amendment: &AccountAmendment,
    ) -> Result<AccountView, Refusal> {
        actor.check(Action::KeepAccounts)?;
        let mut row = self.account_of_another(actor, id)?;
        if row.entry != version {
            return Err(StoreError::Stale(format!("account {id}")).into());
        }
        let before = row.clone();
        let mut problems = Vec::new();
        if let Some(rights) = &amendment.rights {
            problems.extend(check_rights(Role::parse(&row.role), rights).err());
            row.rights = Some(rights.join(" "));
        }
        if let Some(region) = amendment.region.as_deref() {
            row.region = (!region.is_empty()).then(|| region.to_owned());
            if let Some(region) = &row.region {
                problems.extend(check_region(region).err());
            }
            if problems.is_empty() && !actor.covers(row.region.as_deref()) {
                let (zh, en) = ("须在本账号的区域之内", "must lie within this account's region");
                problems.push(Problem::new("region", region, "outside", zh, en));
            }
        }
        if let Some(days) = amendment.days {
            if !(1..=DAYS_MAX).contains(&days) {
                let (zh, en) = (format!("应为 1 至 {DAYS_MAX} 天"), format!("must be 1 to {DAYS_MAX}"));
                problems.push(Problem::new("days", &days.to_string(), "range", zh, en));
            }
            row.expires = self.clock.now().0 + i64::from(days) * DAY;
        }
        if let Some(required) = amendment.totp_required {
            if required && row.login.is_none() {
                let (zh, en) = ("只用于有登录名的账号", "for an account with a login only");
                problems.push(Problem::new("totp_required", "", "login", zh, en));
            }
            row.totp_required = required;
        }
        if !problems.is_empty() {
            return Err(Refusal::invalid(problems));
        }
        if row == before {
            return Ok(self.view(row));
        }
        self.change_account(actor, "amend account", row, None)
    }

    /// Locks an account: neither its password nor any of its tokens is taken until it is unlocked.
    pub fn lock_account(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<AccountView, Refusal> {
        actor.check(Action::KeepAccounts)?;
        self.once(
            actor,
            key,
            |id| Ok(self.view(self.kept_account(actor, id)?)),
            || {
                let mut row = self.account_of_another(actor, id)?;
                if row.locked.is_some() {
                    return Ok(self.view(row));
                }
                row.locked = Some(self.clock.now().0);
                self.change_account(actor, "lock account", row, key)
            },
        )
    }

    /// Unlocks an account, and lifts a lockout after too many failures.
    pub fn unlock_account(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<AccountView, Refusal> {
        actor.check(Action::KeepAccounts)?;
        self.once(
            actor,
            key,
            |id| Ok(self.view(self.kept_account(actor, id)?)),
            || {
                let mut row = self.account_of_another(actor, id)?;
                if row.locked.is_none() && row.locked_until.is_none() {
                    return Ok(self.view(row));
                }
                (row.locked, row.locked_until) = (None, None);
                self.change_account(actor, "unlock account", row, key)
            },
        )
    }

    /// Gives an account with a login a one-time password, which it must change. Sessions made with
    /// the old one have that duty too.
    pub fn reset_password(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<NewAccount, Refusal> {
        actor.check(Action::KeepAccounts)?;
        let again = |id: &str| {
            let account = self.view(self.kept_account(actor, id)?);
            Ok(NewAccount { account, token: None, password: None })
        };
        self.once(actor, key, again, || {
            let mut row = self.account_of_another(actor, id)?;
            if row.login.is_none() {
                return Err(no_login());
            }
            let password = self.set_one_time_password(&mut row)?;
            let account = self.change_account(actor, "reset password", row, key)?;
            Ok(NewAccount { account, token: None, password: Some(password) })
        })
    }

    /// Takes an account's second factor away (a lost device). Where one is required, a new one has to
    /// be made at the next sign-in.
    pub fn drop_second_factor(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        actor.check(Action::KeepAccounts)?;
        let mut row = self.account_of_another(actor, id)?;
        if row.totp.take().is_some() {
            self.change_account(actor, "drop second factor", row, None)?;
        }
        Ok(())
    }

    /// Revokes an account; its tokens are refused from now on. Revoking it again changes nothing.
    pub fn revoke_account(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        actor.check(Action::KeepAccounts)?;
        let mut row = self.account_of_another(actor, id)?;
        if row.revoked.is_some() {
            return Ok(());
        }
        row.revoked = Some(self.clock.now().0);
        match self.change_account(actor, "revoke account", row, None) {
            // Somebody else was quicker: it is revoked, or has to be read again.
            Err(refusal) if refusal.kind == Kind::Conflict && self.account_row(id)?.revoked.is_some() => {
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Binds an applicant's account to the number under which the applicant is registered, in the same
    /// write as the registration.
    pub(super) fn link_account(
        &self,
        changes: Changes,
        actor: &Actor,
        account: &str,
        number: &ExpertNumber,
    ) -> Result<Changes, Refusal> {
        let mut row = self.account_row(account)?;
        if row.role != Role::Expert.name() || row.expert.is_some() || row.revoked.is_some() {
            let en = "this account is no applicant's";
            return Err(Refusal::new(Kind::Conflict, "no_applicant", "该账号不是申请人账号", en));
        }
        let now = self.clock.now().0;
        one_account(&self.store.read(|conn| store::account::of_expert(conn, number.as_str()))?, now)?;
        row.expert = Some(number.as_str().to_owned());
        row.name = number.as_str().to_owned();
        let before = row.entry;
        let change = self.account_change(&actor.account, CHANGED, row, Some(before))?;
        Ok(changes.part(move |tx| change.apply(tx).map(drop)))
    }

    /// Everything of a change that can be made outside the writer.
    pub(super) fn account_change(
        &self,
        by: &str,
        kind: &'static str,
        row: Account,
        before: Option<i64>,
    ) -> Result<AccountChange, Refusal> {
        let known = self.store.read(|conn| store::subject_key::find(conn, &row.id))?.is_some();
        let key = self.subject_key(&row.id, known)?;
        self.account_change_under(by, kind, row, before, key)
    }

    /// As [`Service::account_change`] under a data key that is at hand.
    pub(super) fn account_change_under(
        &self,
        by: &str,
        kind: &'static str,
        row: Account,
        before: Option<i64>,
        key: SubjectKey,
    ) -> Result<AccountChange, Refusal> {
        let record = self.opaque_record(&record(&row));
        let entry = Append {
            actor: by.to_owned(),
            kind: kind.into(),
            subject: row.id.clone(),
            statement: record.statement(CHANGED),
            image: Some(self.sealer().seal(&key, kind, &record.bytes)),
            registry: false,
        };
        Ok(AccountChange { entry, key, before, row })
    }

    /// Writes a change of an account that exists.
    pub(super) fn change_account(
        &self,
        actor: &Actor,
        name: &'static str,
        row: Account,
        key: Option<&IdempotencyKey>,
    ) -> Result<AccountView, Refusal> {
        let before = row.entry;
        let idempotency = self.idempotency_row(actor, key, &row.id, 200);
        let change = self.account_change(&actor.account, CHANGED, row, Some(before))?;
        let row = change.row.clone();
        let written = self.store.write(name, move |tx| {
            idempotency.insert(tx)?;
            Ok::<_, Refusal>(change.apply(tx)?)
        });
        let entry = written.map_err(|error| meanwhile(error.into()))?;
        Ok(self.view(Account { entry, ..row }))
    }

    /// Puts a one-time password into a row: 80 random bits, to be changed at the first sign-in.
    pub(super) fn set_one_time_password(&self, row: &mut Account) -> Result<String, Refusal> {
        let random = self.opaque_id('E');
        let text = random.trim_start_matches('E');
        let password = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-");
        row.password = Some(self.access.password_cost.hash(&password, &self.random())?);
        row.password_changed = Some(self.clock.now().0);
        row.must_change = true;
        Ok(password)
    }

    /// An account that this one keeps and that is not itself.
    fn account_of_another(&self, actor: &Actor, id: &str) -> Result<Account, Refusal> {
        if id == actor.account {
            let en = "an account does not change, lock or revoke itself: another one does";
            let zh = "不能更改、锁定或吊销自己的账号，请由另一账号操作";
            return Err(Refusal::new(Kind::Conflict, "own_account", zh, en));
        }
        self.kept_account(actor, id)
    }
}

/// A change that was not made from a version that the client named, but met another one at the same
/// time: a conflict, not a failed condition.
pub(super) fn meanwhile(refusal: Refusal) -> Refusal {
    if refusal.kind == Kind::Stale { Refusal { kind: Kind::Conflict, ..refusal } } else { refusal }
}

/// The account does not sign in with a password.
pub(super) fn no_login() -> Refusal {
    Refusal::new(Kind::Conflict, "no_login", "该账号没有登录名", "this account has no login")
}
