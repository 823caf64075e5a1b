//! Accounts: made, listed, revoked, and recognised by their token.
//!
//! A token is `edt_` and 43 characters of base64url, 32 random bytes; the database keeps its SHA-256
//! only, so a token is shown once and an answer repeated under the same Idempotency-Key lacks it.
//! Statement `account.changed` {image}; the record is H("record"; salt ‖ canonical)
//! (`sealing::OpaqueRecord`), sealed under the account's own data key, and holds the whole row.
//!
//! *Invariant:* an expired, revoked or unknown token gives one and the same refusal.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::actor::{Action, Actor, Role};
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::{ITSELF, Service};
use crate::codec::{Json, Object, sha256, to_hex};
use crate::codes::CreditCode;
use crate::registry::Problem;
use crate::store::account::Account;
use crate::store::{self, Append, StoreError};
use crate::time::Timestamp;

/// Statement type and journal kind of a change.
pub(super) const CHANGED: &str = "account.changed";
/// What every token begins with, so that leaked ones can be searched for.
const TOKEN_PREFIX: &str = "edt_";
const NAME_MAX: usize = 64;
/// The longest validity in days.
pub const DAYS_MAX: u32 = 366;

/// An account as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDraft {
    /// `bureau`, `agency` or `auditor`.
    pub role: String,
    /// Whose it is: a person or an office, 1–64 characters.
    pub name: String,
    /// Credit code of the unit; required for an agency.
    pub unit: Option<String>,
    /// Days until the token expires, 1–366.
    pub days: u32,
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
    /// From when the token is no longer taken.
    pub expires: Timestamp,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// A new account with its token.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The account.
    pub account: AccountView,
    /// The token, shown this once; `None` when the request is repeated.
    pub token: Option<String>,
}

impl Service {
    /// The account behind a token.
    pub fn authenticate(&self, token: &str) -> Result<Actor, Refusal> {
        if !token.starts_with(TOKEN_PREFIX) || token.len() > 64 {
            return Err(Refusal::unauthenticated());
        }
        let found = self.store.read(|conn| store::account::by_token(conn, &token_hash(token)))?;
        let now = self.clock.now().0;
        let valid = found.filter(|row| row.revoked.is_none() && now < row.expires);
        let row = valid.ok_or_else(Refusal::unauthenticated)?;
        let role = Role::parse(&row.role)
            .ok_or_else(|| Refusal::internal(format!("account {} has an unknown role", row.id)))?;
        Ok(Actor { unit: row.unit, ..Actor::of_role(row.id, role) })
    }

    /// Makes an account.
    pub fn create_account(
        &self,
        actor: &Actor,
        draft: &AccountDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<NewAccount, Refusal> {
        actor.check(Action::KeepAccounts)?;
        self.once(
            actor,
            key,
            |id| self.known_account(id),
            || self.make_account(&actor.account, draft, Some((actor, key))),
        )
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

    /// A page of accounts.
    pub fn accounts(&self, actor: &Actor, paging: &Paging) -> Result<Listed<AccountView>, Refusal> {
        actor.check(Action::KeepAccounts)?;
        let page = self
            .store
            .read(|conn| paging.read(|page| store::account::list(conn, page), |row| &row.id, view))?;
        Ok(page)
    }

    /// Revokes an account; its token is refused from now on. Revoking it again changes nothing.
    pub fn revoke_account(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        actor.check(Action::KeepAccounts)?;
        if id == actor.account {
            let en = "an account does not revoke itself: another one of the bureau does";
            return Err(Refusal::new(
                Kind::Conflict,
                "own_account",
                "不能吊销自己的账号，请由另一财政局账号操作",
                en,
            ));
        }
        let mut row = self.account_row(id)?;
        if row.revoked.is_some() {
            return Ok(());
        }
        let known = self.store.read(|conn| store::subject_key::find(conn, id))?.is_some();
        let key = self.subject_key(id, known)?;
        // The record's time is this process's clock; the entry's own time decides.
        row.revoked = Some(self.clock.now().0);
        let record = self.opaque_record(&record(&row));
        let entry = Append {
            actor: actor.account.clone(),
            kind: CHANGED.into(),
            subject: row.id.clone(),
            statement: record.statement(CHANGED),
            image: Some(self.sealer().seal(&key, CHANGED, &record.bytes)),
            registry: false,
        };
        let revoked = self.store.write("revoke account", move |tx| {
            key.store(tx)?;
            let appended = tx.append(entry.clone())?;
            let time = row.revoked.unwrap_or(appended.time.0);
            store::account::revoke(tx, &row.id, time, appended.entry())?;
            Ok::<_, StoreError>(())
        });
        match revoked {
            Ok(()) => Ok(()),
            // Somebody else was quicker: it is revoked.
            Err(store::WriteError::Call(StoreError::Stale(_))) => Ok(()),
            Err(store::WriteError::Call(error) | store::WriteError::Store(error)) => Err(error.into()),
        }
    }

    fn make_account(
        &self,
        by: &str,
        draft: &AccountDraft,
        asked: Option<(&Actor, Option<&IdempotencyKey>)>,
    ) -> Result<NewAccount, Refusal> {
        let role = check(draft)?;
        let token = format!("{TOKEN_PREFIX}{}", Base64UrlUnpadded::encode_string(&self.random::<32>()));
        let now = self.clock.now().0;
        let row = Account {
            id: self.opaque_id('A'),
            role: role.name().to_owned(),
            name: draft.name.clone(),
            unit: draft.unit.clone(),
            token_hash: token_hash(&token).to_vec(),
            created: now,
            expires: now + i64::from(draft.days) * 86_400,
            revoked: None,
            entry: 0,
        };
        let key = self.subject_key(&row.id, false)?;
        let record = self.opaque_record(&record(&row));
        let entry = Append {
            actor: by.to_owned(),
            kind: CHANGED.into(),
            subject: row.id.clone(),
            statement: record.statement(CHANGED),
            image: Some(self.sealer().seal(&key, CHANGED, &record.bytes)),
            registry: false,
        };
        let account = view(row.clone());
        let idempotency = asked.map(|(actor, given)| self.idempotency_row(actor, given, &row.id, 201));
        self.store.write("create account", move |tx| {
            if let Some(idempotency) = &idempotency {
                idempotency.insert(tx)?;
            }
            key.store(tx)?;
            let entry = tx.append(entry.clone())?.entry();
            store::account::insert(tx, &Account { entry, ..row.clone() })?;
            Ok::<_, Refusal>(())
        })?;
        Ok(NewAccount { account, token: Some(token) })
    }

    fn known_account(&self, id: &str) -> Result<NewAccount, Refusal> {
        Ok(NewAccount { account: view(self.account_row(id)?), token: None })
    }

    fn account_row(&self, id: &str) -> Result<Account, Refusal> {
        let found = self.store.read(|conn| store::account::find(conn, id))?;
        found.ok_or_else(|| Refusal::not_found("账号", "account"))
    }
}

fn check(draft: &AccountDraft) -> Result<Role, Refusal> {
    let mut problems = Vec::new();
    let role = Role::parse(&draft.role);
    if role.is_none() {
        let (zh, en) = ("应为 bureau、agency 或 auditor", "must be bureau, agency or auditor");
        problems.push(Problem::new("role", &draft.role, "role", zh, en));
    }
    problems.extend(line("name", &draft.name, NAME_MAX).err());
    match draft.unit.as_deref() {
        None if role == Some(Role::Agency) => {
            let (zh, en) = ("采购代理机构账号必填", "required for an agency");
            problems.push(Problem::new("unit", "", "required", zh, en));
        }
        None => {}
        Some(unit) => {
            if let Err(error) = CreditCode::parse(unit) {
                let (zh, en) = (error.message_zh(), error.to_string());
                problems.push(Problem::new("unit", unit, "credit_code", zh, en));
            }
        }
    }
    if !(1..=DAYS_MAX).contains(&draft.days) {
        let (zh, en) = (format!("应为 1 至 {DAYS_MAX} 天"), format!("must be 1 to {DAYS_MAX}"));
        problems.push(Problem::new("days", &draft.days.to_string(), "range", zh, en));
    }
    role.filter(|_| problems.is_empty()).ok_or_else(|| Refusal::invalid(problems))
}

/// The whole row, so that the table can be made again from the journal.
pub(super) fn record(row: &Account) -> Json {
    Object::new()
        .with("v", 1u32)
        .with("id", row.id.as_str())
        .with("role", row.role.as_str())
        .with("name", row.name.as_str())
        .with_some("unit", row.unit.clone())
        .with("token_hash", to_hex(&row.token_hash))
        .with("created", row.created)
        .with("expires", row.expires)
        .with_some("revoked", row.revoked)
        .into()
}

fn view(row: Account) -> AccountView {
    AccountView {
        id: row.id,
        role: row.role,
        name: row.name,
        unit: row.unit,
        created: Timestamp(row.created),
        expires: Timestamp(row.expires),
        revoked: row.revoked.map(Timestamp),
    }
}

fn token_hash(token: &str) -> [u8; 32] {
    sha256(&[token.as_bytes()]).0
}
