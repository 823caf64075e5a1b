//! API tokens of accounts: with scopes and an expiry, listed without their secret, revoked.
//!
//! *Invariants:* a token never does more than its account, and of that only what its scopes name; for
//! an account with a login only its owner makes tokens, signed in, so that nobody who keeps accounts
//! acts in another person's name; a token with scopes makes no tokens for its own account.

use super::Service;
use super::access::{DAY, DAYS_MAX, READ, TOKEN_PREFIX, kind, words};
use super::actor::{Action, Actor};
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::own_account::own_session;
use super::refusal::{Kind, Refusal};
use super::sessions::insert_access;
use crate::registry::Problem;
use crate::store;
use crate::store::access_token::AccessToken;
use crate::store::account::Account;
use crate::time::Timestamp;

const LABEL_MAX: usize = 64;

/// A token as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDraft {
    /// What it is for, 1–64 characters.
    pub label: String,
    /// Names of actions, or `read`; at least one.
    pub scopes: Vec<String>,
    /// Days until it expires, 1–366.
    pub days: u32,
}

/// A token as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// Its id.
    pub id: String,
    /// The account.
    pub account: String,
    /// What it is for.
    pub label: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// When it expires.
    pub expires: Timestamp,
}

/// A new token with its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The token.
    pub token: TokenView,
    /// The secret, shown this once; `None` when the request is repeated.
    pub secret: Option<String>,
}

impl Service {
    /// Makes a token for an account: the own one, signed in; or one without a login that the actor
    /// keeps.
    pub fn create_token(
        &self,
        actor: &Actor,
        account: &str,
        draft: &TokenDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<NewToken, Refusal> {
        let row = self.token_owner(actor, account)?;
        let again = |id: &str| {
            let found = self.store.read(|conn| store::access_token::find(conn, id))?;
            let found = found.ok_or_else(no_token)?;
            Ok(NewToken { token: view(found), secret: None })
        };
        self.once(actor, key, again, || {
            let now = self.clock.now().0;
            self.check_token(&row, draft, now)?;
            let (secret, hash) = self.secret(TOKEN_PREFIX);
            let token = AccessToken {
                id: self.opaque_id('T'),
                account: row.id.clone(),
                kind: kind::TOKEN.to_owned(),
                hash,
                label: Some(draft.label.clone()),
                scopes: Some(draft.scopes.join(" ")),
                created: now,
                expires: (now + i64::from(draft.days) * DAY).min(row.expires),
                ended: None,
                used: now,
                entry: 0,
            };
            let data_key = self.subject_key(&row.id, true)?;
            let entry = self.access_entry(&actor.account, &token, &data_key);
            let idempotency = self.idempotency_row(actor, key, &token.id, 201);
            let made = token.clone();
            self.store.write("create token", move |tx| {
                idempotency.insert(tx)?;
                insert_access(tx, &entry, &made)?;
                Ok::<_, Refusal>(())
            })?;
            Ok(NewToken { token: view(token), secret: Some(secret) })
        })
    }

    /// A page of an account's tokens that are still taken.
    pub fn tokens(
        &self,
        actor: &Actor,
        account: &str,
        paging: &Paging,
    ) -> Result<Listed<TokenView>, Refusal> {
        let row = self.seen_account(actor, account)?;
        let now = self.clock.now().0;
        Ok(self.store.read(|conn| {
            paging.read(
                |page| store::access_token::open(conn, &row.id, kind::TOKEN, now, i64::MIN, page),
                |row| &row.id,
                view,
            )
        })?)
    }

    /// Revokes a token: an own one, or one of an account that the actor keeps. Revoking it again
    /// changes nothing.
    pub fn revoke_token(&self, actor: &Actor, account: &str, token: &str) -> Result<(), Refusal> {
        let owner = self.seen_account(actor, account)?;
        let found = self.store.read(|conn| store::access_token::find(conn, token))?;
        let row = found.filter(|row| row.kind == kind::TOKEN && row.account == owner.id);
        self.end_access(actor, &row.ok_or_else(no_token)?)
    }

    /// The own account, or one that the actor keeps.
    fn seen_account(&self, actor: &Actor, account: &str) -> Result<Account, Refusal> {
        if account == actor.account {
            return self.account_row(account);
        }
        actor.check(Action::KeepAccounts)?;
        self.kept_account(actor, account)
    }

    /// The account for which the actor may make a token.
    fn token_owner(&self, actor: &Actor, account: &str) -> Result<Account, Refusal> {
        let row = self.seen_account(actor, account)?;
        if row.login.is_none() && actor.may(Action::KeepAccounts) {
            return match &actor.scopes {
                Some(_) if row.id == actor.account => Err(Refusal::forbidden()),
                _ => Ok(row),
            };
        }
        if row.id != actor.account {
            let en = "only its owner, signed in, makes tokens for an account with a login";
            let zh = "有登录名的账号，其接口令牌只能由本人登录后建立";
            return Err(Refusal::new(Kind::Conflict, "owner_only", zh, en));
        }
        own_session(actor)?;
        match actor.duty {
            Some(_) => Err(Refusal::forbidden()),
            None => Ok(row),
        }
    }

    fn check_token(&self, row: &Account, draft: &TokenDraft, now: i64) -> Result<(), Refusal> {
        if row.revoked.is_some() || now >= row.expires {
            let en = "the account is revoked or expired";
            return Err(Refusal::new(Kind::Conflict, "account_closed", "账号已吊销或已到期", en));
        }
        let mut problems = Vec::new();
        problems.extend(line("label", &draft.label, LABEL_MAX).err());
        if !(1..=DAYS_MAX).contains(&draft.days) {
            let (zh, en) = (format!("应为 1 至 {DAYS_MAX} 天"), format!("must be 1 to {DAYS_MAX}"));
            problems.push(Problem::new("days", &draft.days.to_string(), "range", zh, en));
        }
        let owner = self.owner(row, now)?;
        let granted = |word: &String| {
            word == READ || Action::parse(word).is_some_and(|action| owner.is_granted(action))
        };
        for (at, word) in draft.scopes.iter().enumerate() {
            let field = format!("scopes[{at}]");
            if !granted(word) {
                let (zh, en) = ("不是该账号可用的权限", "not an action of this account");
                problems.push(Problem::new(field, word, "scope", zh, en));
            } else if draft.scopes.iter().take(at).any(|earlier| earlier == word) {
                problems.push(Problem::new(field, word, "duplicate", "重复", "stands twice"));
            }
        }
        if draft.scopes.is_empty() {
            problems.push(Problem::new("scopes", "", "required", "至少一项", "at least one"));
        }
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }
}

fn view(row: AccessToken) -> TokenView {
    TokenView {
        scopes: words(row.scopes.as_deref().unwrap_or_default()).map(str::to_owned).collect(),
        label: row.label.unwrap_or_default(),
        id: row.id,
        account: row.account,
        created: Timestamp(row.created),
        used: Timestamp(row.used),
        expires: Timestamp(row.expires),
    }
}

fn no_token() -> Refusal {
    Refusal::not_found("令牌", "token")
}
