//! Who a token stands for, and the rules of sign-in as numbers.
//!
//! Three sorts of secret, told apart by how they begin so that leaked ones can be searched for:
//! `edt_` the first token of an account without a login, or an API token with scopes; `eds_` a
//! session, made by signing in. Each is 32 random bytes as base64url; the database keeps SHA-256 only.
//!
//! GB/T 22239-2019 8.1.4.1 asks for complex passwords that are changed, for a limit on failed
//! attempts and for an automatic end of sessions, and for a second factor; it names no numbers. The
//! numbers of [`AccessRules::default`] are this project's.
//!
//! *Invariant:* an expired, ended, revoked, locked or unknown token gives one and the same refusal.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::Service;
use super::actor::{Action, Actor, Duty, Right, Role};
use super::passwords::PasswordCost;
use super::refusal::Refusal;
use crate::codec::sha256;
use crate::codes::Region;
use crate::store::access_token::AccessToken;
use crate::store::account::Account;
use crate::store::{self, StoreError};

/// What first tokens and API tokens begin with.
pub(super) const TOKEN_PREFIX: &str = "edt_";
/// What tokens of sessions begin with.
pub(super) const SESSION_PREFIX: &str = "eds_";
/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;
/// The longest validity of an account or token in days.
pub const DAYS_MAX: u32 = 366;
/// How often a session's last use is written, in seconds.
const USE_EVERY: i64 = 60;

/// Numbers of sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules {
    /// Seconds without a request after which a session ends (超时自动退出).
    pub idle_secs: i64,
    /// Seconds after which a session ends in any case.
    pub session_secs: i64,
    /// Failed attempts in a row that lock an account (登录失败处理).
    pub attempts: i64,
    /// Seconds of the first lockout; each further one without a success between lasts twice as long.
    pub lock_secs: i64,
    /// The longest lockout in seconds.
    pub lock_max_secs: i64,
    /// Days after which a password has to be changed (定期更换).
    pub password_days: i64,
    /// Days for which a one-time password is taken.
    pub one_time_days: i64,
    /// Whether every account of a bureau needs a second factor.
    pub require_totp: bool,
    /// Work of a password hash.
    pub password_cost: PasswordCost,
}

impl Default for AccessRules {
    fn default() -> Self {
        Self {
            idle_secs: 30 * 60,
            session_secs: 12 * 3_600,
            attempts: 5,
            lock_secs: 15 * 60,
            lock_max_secs: DAY,
            password_days: 90,
            one_time_days: 7,
            require_totp: false,
            password_cost: PasswordCost::default(),
        }
    }
}

impl AccessRules {
    /// Seconds of a lockout after so many others without a success between.
    pub fn lockout(&self, earlier: i64) -> i64 {
        let doublings = u32::try_from(earlier.clamp(0, 32)).unwrap_or_default();
        self.lock_secs.saturating_mul(1i64 << doublings).min(self.lock_max_secs)
    }

    /// What an account has to do before anything else.
    pub(super) fn duty(&self, row: &Account, now: i64) -> Option<Duty> {
        let old = row.password_changed.is_none_or(|at| now >= at.saturating_add(self.password_days * DAY));
        if row.must_change || old {
            Some(Duty::ChangePassword)
        } else if self.needs_totp(row) && row.totp.is_none() {
            Some(Duty::EnrolSecondFactor)
        } else {
            None
        }
    }

    /// Whether an account needs a second factor.
    pub(super) fn needs_totp(&self, row: &Account) -> bool {
        row.totp_required || (self.require_totp && row.role == Role::Bureau.name())
    }
}

impl Service {
    /// The account behind a token.
    pub fn authenticate(&self, token: &str) -> Result<Actor, Refusal> {
        let known = [TOKEN_PREFIX, SESSION_PREFIX].iter().any(|prefix| token.starts_with(prefix));
        if !known || token.len() > 64 {
            return Err(Refusal::unauthenticated());
        }
        let hash = secret_hash(token);
        let found = self.store.read(|conn| {
            if let Some(row) = store::account::by_token(conn, &hash)? {
                return Ok::<_, StoreError>(Some((row, None)));
            }
            let Some(access) = store::access_token::by_hash(conn, &hash)? else { return Ok(None) };
            Ok(store::account::find(conn, &access.account)?.map(|row| (row, Some(access))))
        })?;
        let now = self.clock.now().0;
        let (row, access) = found.ok_or_else(Refusal::unauthenticated)?;
        let open = match &access {
            // An account may be prolonged; its first token is not.
            None => now < row.created + i64::from(DAYS_MAX) * DAY,
            Some(access) => self.is_open(access, now),
        };
        if !open || row.revoked.is_some() || row.locked.is_some() || now >= row.expires {
            return Err(Refusal::unauthenticated());
        }
        if let Some(access) = &access
            && now - access.used >= USE_EVERY
        {
            let id = access.id.clone();
            self.store.write("use session", move |tx| {
                store::access_token::used(tx, &id, now)?;
                Ok::<_, Refusal>(())
            })?;
        }
        self.actor_of(&row, access.as_ref(), now)
    }

    /// Whether a session or token is still taken.
    pub(super) fn is_open(&self, access: &AccessToken, now: i64) -> bool {
        let idle = access.kind == kind::SESSION && now >= access.used + self.access.idle_secs;
        access.ended.is_none() && now < access.expires && !idle
    }

    /// The account itself, whatever token is in use.
    pub(super) fn owner(&self, row: &Account, now: i64) -> Result<Actor, Refusal> {
        self.actor_of(row, None, now)
    }

    fn actor_of(&self, row: &Account, access: Option<&AccessToken>, now: i64) -> Result<Actor, Refusal> {
        let role = Role::parse(&row.role)
            .ok_or_else(|| Refusal::internal(format!("account {} has an unknown role", row.id)))?;
        let mut actor = Actor { unit: row.unit.clone(), ..Actor::of_role(row.id.clone(), role) };
        if let (Role::Bureau, Some(rights)) = (role, &row.rights) {
            actor.rights = words(rights).filter_map(Right::parse).collect();
        }
        if narrows(role) {
            // A region that cannot be read must not widen what is seen.
            let read = |code: &String| Region::parse(code).map_err(Refusal::internal);
            actor.region = row.region.as_ref().map(read).transpose()?;
        }
        if role == Role::Expert {
            actor.expert = row.expert.clone();
        }
        if let Some(access) = access {
            actor.scopes = access.scopes.as_deref().map(scopes);
            if access.kind == kind::SESSION {
                actor.session = Some(access.id.clone());
                actor.duty = self.access.duty(row, now);
            }
        }
        Ok(actor)
    }

    /// A fresh secret with its prefix, and its hash.
    pub(super) fn secret(&self, prefix: &str) -> (String, Vec<u8>) {
        let secret = format!("{prefix}{}", Base64UrlUnpadded::encode_string(&self.random::<32>()));
        let hash = secret_hash(&secret).to_vec();
        (secret, hash)
    }
}

/// Kinds of rows in `access_token`.
pub(super) mod kind {
    /// Made by signing in.
    pub const SESSION: &str = "session";
    /// Made for a program.
    pub const TOKEN: &str = "token";
}

/// Whether a region on an account of this role narrows what it sees; elsewhere it only says which
/// bureau keeps the account.
pub(super) fn narrows(role: Role) -> bool {
    matches!(role, Role::Bureau | Role::Auditor | Role::Supervisor)
}

/// The words of a list that is kept with blanks between them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// The scope that stands for all reading.
pub const READ: &str = "read";

/// What scopes allow. The word `read` stands for [`Action::READING`].
fn scopes(text: &str) -> Vec<Action> {
    let mut all = Vec::new();
    for word in words(text) {
        if word == READ {
            all.extend(Action::READING);
        }
        all.extend(Action::parse(word));
    }
    all
}

fn secret_hash(secret: &str) -> [u8; 32] {
    sha256(&[secret.as_bytes()]).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lockouts_double_up_to_a_day() {
        let rules = AccessRules::default();
        let minutes: Vec<i64> = (0..9).map(|n| rules.lockout(n) / 60).collect();
        assert_eq!(minutes, [15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
        assert_eq!(rules.lockout(i64::MAX), DAY);
    }

    #[test]
    fn a_password_has_to_be_changed_first_and_a_second_factor_made_next() {
        let rules = AccessRules { require_totp: true, ..AccessRules::default() };
        let mut row = Account { role: "bureau".into(), must_change: true, ..Account::default() };
        row.password_changed = Some(0);
        assert_eq!(rules.duty(&row, 1), Some(Duty::ChangePassword));
        row.must_change = false;
        assert_eq!(rules.duty(&row, 1), Some(Duty::EnrolSecondFactor));
        assert_eq!(rules.duty(&row, 90 * DAY), Some(Duty::ChangePassword));
        row.role = "auditor".into();
        assert_eq!(rules.duty(&row, 1), None);
        row.totp_required = true;
        assert_eq!(rules.duty(&row, 1), Some(Duty::EnrolSecondFactor));
        row.totp = Some(vec![1]);
        assert_eq!(rules.duty(&row, 1), None);
    }

    #[test]
    fn scopes_are_read_word_by_word_and_unknown_ones_allow_nothing() {
        assert_eq!(scopes("read"), Action::READING);
        assert_eq!(scopes("keep_registry nonsense"), [Action::KeepRegistry]);
        assert!(scopes("").is_empty());
    }
}
