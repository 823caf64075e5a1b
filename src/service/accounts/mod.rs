//! Accounts: made, listed, shown. Their changes are in `account_changes`.
//!
//! An account without a login is a program's: its first token (`edt_…`) is shown once, in the answer
//! that made it; an answer repeated under the same Idempotency-Key lacks it. An account with a login
//! is a person's: it gets a one-time password instead, shown once, that must be changed.
//!
//! Statement `account.changed` {image}; the record is H("record"; salt ‖ canonical)
//! (`sealing::OpaqueRecord`), sealed under the account's own data key, and holds the whole row.
//!
//! *Invariants:* management and use of the registry are different hands (管用分离, 财库〔2016〕198号
//! art. 3; GB/T 22239-2019 8.1.4.2 for the system administrator): an account has one role, and one
//! person, known by the login or by the id number that may be given, has no accounts of two hands. A
//! bureau's staff are no experts (198号 art. 16). No name of an expert stands in a row: the account of
//! an expert is named by its number.

mod checks;

use super::access::{DAY, TOKEN_PREFIX, words};
use super::actor::{Action, Actor, Right, Role};
use super::experts::within;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::{ITSELF, Service};
use crate::codec::{Json, Object, hmac_sha256, to_hex};
use crate::codes::Region;
use crate::store::account::Account;
use crate::store::{self, Conn, StoreError};
use crate::time::Timestamp;

use checks::{apart, check, different_hands, in_use, staff_are_no_experts};
pub(super) use checks::{check_region, check_rights, one_account};

/// Statement type and journal kind of a change.
pub(super) const CHANGED: &str = "account.changed";
/// Name of the account of somebody who has applied and is not registered.
const APPLICANT: &str = "申请人";

/// An account as asked for; `..AccountDraft::default()` for what a role does not need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountDraft {
    /// One of [`Role::ALL`].
    pub role: String,
    /// Whose it is: a person or an office, 1–64 characters. Not kept for an expert.
    pub name: String,
    /// Credit code of the unit; required for an agency and a purchaser. Of a venue's account the id of the
    /// venue, required.
    pub unit: Option<String>,
    /// Days until the account expires, 1–366.
    pub days: u32,
    /// Rights of a bureau's account; `None`: all.
    pub rights: Option<Vec<String>>,
    /// Region code to which a bureau's, auditor's or supervisor's account is narrowed; for the others
    /// it says which bureau keeps them.
    pub region: Option<String>,
    /// Number of the registered expert; an expert's account without it is an applicant's.
    pub expert: Option<String>,
    /// Login name: the account signs in with a password.
    pub login: Option<String>,
    /// Id number of the person, of which a keyed hash is kept.
    pub id_number: Option<String>,
    /// Whether it needs a second factor.
    pub totp_required: bool,
}

impl AccountDraft {
    /// An account of a role without a login, with nothing that only some roles have.
    pub fn new(role: &str, name: &str, unit: Option<String>, days: u32) -> Self {
        Self { role: role.to_owned(), name: name.to_owned(), unit, days, ..Self::default() }
    }
}

/// An account as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Its id.
    pub id: String,
    /// Role.
    pub role: String,
    /// Whose it is.
    pub name: String,
    /// Credit code of the unit.
    pub unit: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// From when it is no longer taken.
    pub expires: Timestamp,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// Rights, of a bureau's account.
    pub rights: Vec<String>,
    /// Region code.
    pub region: Option<String>,
    /// Number of the expert.
    pub expert: Option<String>,
    /// Login name.
    pub login: Option<String>,
    /// Whether it needs a second factor, by its own setting or by the rule for bureaus.
    pub totp_required: bool,
    /// Whether it has a second factor.
    pub totp: bool,
    /// When somebody locked it.
    pub locked: Option<Timestamp>,
    /// Until when it does not sign in after too many failures.
    pub locked_until: Option<Timestamp>,
    /// Grows with every change: the log index of the newest one.
    pub version: i64,
}

/// A new account with what lets its owner in.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The account.
    pub account: AccountView,
    /// The token, shown this once; `None` for an account with a login and when the request is repeated.
    pub token: Option<String>,
    /// The one-time password, likewise, for an account with a login.
    pub password: Option<String>,
}

impl Service {
    /// Makes an account. Accounts of experts may be made by a registrar too.
    pub fn create_account(
        &self,
        actor: &Actor,
        draft: &AccountDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<NewAccount, Refusal> {
        if !(draft.role == Role::Expert.name() && actor.may(Action::KeepRegistry)) {
            actor.check(Action::KeepAccounts)?;
        }
        let again = |id: &str| {
            let account = self.view(self.account_row(id)?);
            Ok(NewAccount { account, token: None, password: None })
        };
        self.once(actor, key, again, || {
            let mut draft = draft.clone();
            // Whoever is narrowed keeps the accounts of the own region only.
            draft.region = draft.region.or_else(|| actor.region.map(|own| own.as_str().to_owned()));
            let region = draft.region.as_deref();
            if Region::parse(region.unwrap_or_default()).is_ok() && !actor.covers(region) {
                let (zh, en) = ("须在本账号的区域之内", "must lie within this account's region");
                return Err(Refusal::field("region", region.unwrap_or_default(), "outside", zh, en));
            }
            self.make_account(&actor.account, &draft, Some((actor, key)))
        })
    }

    /// Makes an account on behalf of whoever holds the keys and the database: the first one, or one
    /// when all tokens are lost.
    pub fn found_account(&self, draft: &AccountDraft) -> Result<NewAccount, Refusal> {
        self.make_account(ITSELF, draft, None)
    }

    /// Whether anybody can sign in at all; if not, the operator has to be given a first token.
    pub fn has_accounts(&self) -> Result<bool, Refusal> {
        let first = self.store.read(|conn| store::account::list(conn, &store::Page::first(1)))?;
        Ok(!first.is_empty())
    }

    /// A page of accounts, of the actor's region.
    pub fn accounts(&self, actor: &Actor, paging: &Paging) -> Result<Listed<AccountView>, Refusal> {
        actor.check(Action::KeepAccounts)?;
        let own = actor.region.map(within);
        let list =
            |conn: &mut Conn, page: &store::Page| store::account::list_within(conn, own.as_deref(), page);
        let view = |row| self.view(row);
        Ok(self.store.read(|conn| paging.read(|page| list(conn, page), |row: &Account| &row.id, view))?)
    }

    /// One account.
    pub fn account(&self, actor: &Actor, id: &str) -> Result<AccountView, Refusal> {
        actor.check(Action::KeepAccounts)?;
        Ok(self.view(self.kept_account(actor, id)?))
    }

    fn make_account(
        &self,
        by: &str,
        draft: &AccountDraft,
        asked: Option<(&Actor, Option<&IdempotencyKey>)>,
    ) -> Result<NewAccount, Refusal> {
        let role = check(draft)?;
        let person = draft.id_number.as_deref().map(|number| self.person_hash(number).to_vec());
        if let (Role::Bureau, Some(number)) = (role, &draft.id_number) {
            let registered = hmac_sha256(&self.keys.uniqueness, &[b"111\n", number.as_bytes()]);
            if self.store.read(|conn| store::expert::number_of(conn, &registered))?.is_some() {
                return Err(staff_are_no_experts());
            }
        }
        if let Some(number) = &draft.expert
            && self.store.read(|conn| store::expert::find(conn, number))?.is_none()
        {
            let (zh, en) = ("专家库中没有该编号", "no such expert is registered");
            return Err(Refusal::field("expert", number, "unknown", zh, en));
        }
        let now = self.clock.now().0;
        let mut row = Account {
            id: self.opaque_id('A'),
            role: role.name().to_owned(),
            name: draft.name.clone(),
            unit: draft.unit.clone(),
            created: now,
            expires: now + i64::from(draft.days) * DAY,
            rights: draft.rights.as_deref().map(|rights| rights.join(" ")),
            region: draft.region.clone(),
            expert: draft.expert.clone(),
            login: draft.login.clone(),
            person: person.clone(),
            totp_required: draft.totp_required,
            ..Account::default()
        };
        if role == Role::Expert {
            row.name = draft.expert.clone().unwrap_or_else(|| APPLICANT.to_owned());
        }
        let (mut token, mut password) = (None, None);
        if row.login.is_some() {
            let once = self.set_one_time_password(&mut row)?;
            password = Some(once);
        } else {
            let (secret, hash) = self.secret(TOKEN_PREFIX);
            (token, row.token_hash) = (Some(secret), Some(hash));
        }
        let change = self.account_change(by, CHANGED, row, None)?;
        let idempotency = asked.map(|(actor, given)| self.idempotency_row(actor, given, &change.row.id, 201));
        let (expert, row) = (draft.expert.clone(), change.row.clone());
        let made = self.store.write("create account", move |tx| {
            if let Some(idempotency) = &idempotency {
                idempotency.insert(tx)?;
            }
            if let Some(person) = &person {
                let others = store::account::of_person(tx, person)?;
                let of = |other: &Account| Role::parse(&other.role).is_some_and(|held| apart(role, held));
                if others.iter().any(|other| in_use(other, now) && of(other)) {
                    return Err(different_hands());
                }
            }
            if let Some(number) = &expert {
                one_account(&store::account::of_expert(tx, number)?, now)?;
            }
            Ok(change.apply(tx)?)
        });
        let entry = made.map_err(|error| match error {
            store::WriteError::Call(refusal) if is_conflict_on(&refusal, "account.login") => login_taken(),
            other => other.into(),
        })?;
        Ok(NewAccount { account: self.view(Account { entry, ..row }), token, password })
    }

    /// Keyed hash of a person's id number, for the rule of different hands only: under another label
    /// than the registry's, so that the two tables cannot be joined.
    fn person_hash(&self, id_number: &str) -> [u8; 32] {
        hmac_sha256(&self.keys.uniqueness, &[b"account-person\n", id_number.as_bytes()])
    }

    pub(super) fn account_row(&self, id: &str) -> Result<Account, Refusal> {
        let found = self.store.read(|conn| store::account::find(conn, id))?;
        found.ok_or_else(|| Refusal::not_found("账号", "account"))
    }

    /// An account that this one keeps: of its region.
    pub(super) fn kept_account(&self, actor: &Actor, id: &str) -> Result<Account, Refusal> {
        let row = self.account_row(id)?;
        actor.check_region(row.region.as_deref(), "账号", "account")?;
        Ok(row)
    }

    pub(super) fn view(&self, row: Account) -> AccountView {
        let rights = match (&row.rights, Role::parse(&row.role)) {
            (Some(rights), _) => words(rights).map(str::to_owned).collect(),
            (None, Some(Role::Bureau)) => Right::ALL.iter().map(|right| right.name().to_owned()).collect(),
            _ => Vec::new(),
        };
        AccountView {
            totp_required: self.access.needs_totp(&row),
            totp: row.totp.is_some(),
            id: row.id,
            role: row.role,
            name: row.name,
            unit: row.unit,
            created: Timestamp(row.created),
            expires: Timestamp(row.expires),
            revoked: row.revoked.map(Timestamp),
            rights,
            region: row.region,
            expert: row.expert,
            login: row.login,
            locked: row.locked.map(Timestamp),
            locked_until: row.locked_until.map(Timestamp).filter(|until| *until > self.clock.now()),
            version: row.entry,
        }
    }
}

fn login_taken() -> Refusal {
    let en = "this login is taken; logins are never given twice";
    Refusal::new(Kind::Conflict, "login_taken", "登录名已被使用，登录名不重复使用", en)
}

fn is_conflict_on(refusal: &Refusal, key: &str) -> bool {
    let wanted = StoreError::Conflict(key.to_owned()).to_string();
    refusal.kind == Kind::Conflict && refusal.cause.as_deref() == Some(wanted.as_str())
}

/// The whole row, so that the table can be made again from the journal. What is absent in an account
/// of the first version is absent here, so its record stays what it was.
pub(super) fn record(row: &Account) -> Json {
    let yes = |flag: bool| flag.then_some(1u32);
    Object::new()
        .with("v", 1u32)
        .with("id", row.id.as_str())
        .with("role", row.role.as_str())
        .with("name", row.name.as_str())
        .with_some("unit", row.unit.clone())
        .with_some("token_hash", row.token_hash.as_deref().map(to_hex))
        .with("created", row.created)
        .with("expires", row.expires)
        .with_some("revoked", row.revoked)
        .with_some("rights", row.rights.clone())
        .with_some("region", row.region.clone())
        .with_some("expert", row.expert.clone())
        .with_some("login", row.login.clone())
        .with_some("person", row.person.as_deref().map(to_hex))
        .with_some("password", row.password.clone())
        .with_some("password_changed", row.password_changed)
        .with_some("must_change", yes(row.must_change))
        .with_some("totp", row.totp.as_deref().map(to_hex))
        .with_some("totp_required", yes(row.totp_required))
        .with_some("locked", row.locked)
        .with_some("locked_until", row.locked_until)
        .into()
}

#[cfg(test)]
mod tests {
    use super::checks::is_login;
    use super::*;

    #[test]
    fn no_two_hands_are_one_persons_but_experts_may_work_for_agencies() {
        for one in Role::ALL {
            assert!(!apart(one, one));
            for other in Role::ALL {
                assert_eq!(apart(one, other), apart(other, one));
            }
        }
        assert!(apart(Role::Bureau, Role::Agency) && apart(Role::Bureau, Role::Purchaser));
        assert!(apart(Role::Bureau, Role::Expert) && apart(Role::Administrator, Role::Bureau));
        assert!(apart(Role::Venue, Role::Expert) && apart(Role::Venue, Role::Bureau));
        assert!(!apart(Role::Venue, Role::Agency));
        assert!(!apart(Role::Expert, Role::Agency) && !apart(Role::Auditor, Role::Supervisor));
    }

    #[test]
    fn a_login_is_no_phone_number_and_no_name() {
        for good in ["wang.li", "abc", "a-1_2.3"] {
            assert!(is_login(good), "{good}");
        }
        for bad in ["13800000000", "ab", "Wang", "王小明", "a b", "a@b", &"a".repeat(33), ""] {
            assert!(!is_login(bad), "{bad}");
        }
    }

    #[test]
    fn the_record_of_an_account_of_the_first_version_is_unchanged() {
        let row = Account { id: "A1".into(), role: "bureau".into(), name: "x".into(), ..Account::default() };
        let row = Account { token_hash: Some(vec![1; 32]), ..row };
        let text = String::from_utf8(record(&row).canonical()).unwrap();
        let hash = "01".repeat(32);
        let first = format!(
            r#"{{"created":0,"expires":0,"id":"A1","name":"x","role":"bureau","token_hash":"{hash}","v":1}}"#
        );
        assert_eq!(text, first);
    }
}
