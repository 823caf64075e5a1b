//! Every look at a sealed field is an entry before it is a look: who, at what, for which purpose.
//!
//! Statement `access.recorded` {image}: the public learns that something was looked at and nothing
//! more. The record is H("record"; salt ‖ canonical) (`sealing::OpaqueRecord`), sealed under the data
//! key of the account that looks; the entry's subject is what was looked at, so that "who has seen
//! this expert" is one query.
//!
//! Looks are limited per account in a rolling window (`LookLimit`), counted in the journal under the
//! writer's lock: restarts and several processes change nothing. The first refusal of a window is an
//! entry too (`access.limited`), so that a supervisor sees who tried.
//!
//! Deliberately not here: the lists of looks (`look_lists`), what a role sees (`sight`).

use super::Service;
use super::actor::Actor;
use super::refusal::{Kind, Refusal};
use crate::codec::{Json, Object};
use crate::registry::Problem;
use crate::store::journal::{LOOK, LOOK_LIMITED};
use crate::store::{self, Append};

/// Statement type of a look.
const ACCESS: &str = LOOK;

/// The shortest and the longest purpose, in characters.
pub(super) const PURPOSE_MIN: usize = 2;
const PURPOSE_MAX: usize = 200;

/// How often one account may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookLimit {
    /// Looks within the window.
    pub most: u64,
    /// The window, in seconds.
    pub window_s: i64,
}

impl Default for LookLimit {
    /// 300 in an hour: one every twelve seconds, more than anybody reads.
    fn default() -> Self {
        Self { most: 300, window_s: 3600 }
    }
}

impl Service {
    /// Records a look for a purpose in the actor's own words; the caller reads only if this
    /// succeeds. `what` is the sort of thing (`expert`, `package`, `panel`, `evidence`).
    pub(super) fn record_look(
        &self,
        actor: &Actor,
        what: &str,
        subject: &str,
        purpose: &str,
    ) -> Result<(), Refusal> {
        check_purpose(purpose).map_err(|problem| Refusal::invalid(vec![problem]))?;
        let look = Object::new()
            .with("account", actor.account.as_str())
            .with("role", actor.role.name())
            .with_some("region", actor.region.map(|region| region.as_str().to_owned()))
            .with_some("unit", actor.unit.clone())
            .with("what", what)
            .with("about", subject)
            .with("purpose", purpose);
        let limit = self.look_limit;
        let limited = Object::new()
            .with("account", actor.account.as_str())
            .with("role", actor.role.name())
            .with("what", "limit")
            .with("about", actor.account.as_str())
            .with("purpose", format!("{} / {} s", limit.most, limit.window_s));
        let known = self.store.read(|conn| store::subject_key::find(conn, &actor.account))?.is_some();
        let key = self.subject_key(&actor.account, known)?;
        let entry = |kind: &str, subject: &str, record: Json| {
            let record = self.opaque_record(&record);
            Append {
                actor: actor.account.clone(),
                kind: kind.to_owned(),
                subject: subject.to_owned(),
                statement: record.statement(ACCESS),
                image: Some(self.sealer().seal(&key, kind, &record.bytes)),
                registry: false,
            }
        };
        let (look, limited) =
            (entry(LOOK, subject, look.into()), entry(LOOK_LIMITED, &actor.account, limited.into()));
        let (account, key) = (actor.account.clone(), key.clone());
        let within = self.store.write("record look", move |tx| {
            let since = tx.time().0 - limit.window_s;
            let (mut looks, mut refused) = store::journal::count_looks(tx, &account, since)?;
            for pending in tx.pending().iter().filter(|pending| pending.actor == account) {
                looks += u64::from(pending.kind == LOOK);
                refused += u64::from(pending.kind == LOOK_LIMITED);
            }
            let within = looks < limit.most;
            if within || refused == 0 {
                key.store(tx)?;
                tx.append(if within { look.clone() } else { limited.clone() })?;
            }
            Ok::<_, Refusal>(within)
        })?;
        if within { Ok(()) } else { Err(too_many(limit)) }
    }
}

fn too_many(limit: LookLimit) -> Refusal {
    let LookLimit { most, window_s } = limit;
    Refusal::new(
        Kind::TooMany,
        "too_many_looks",
        format!("查看个人信息过于频繁：每 {window_s} 秒至多 {most} 次；本次未查看，超限已记录"),
        format!(
            "too many looks: at most {most} in {window_s} seconds; nothing was shown, and this was recorded"
        ),
    )
}

/// A purpose: one line of 2 to 200 characters.
pub(super) fn check_purpose(purpose: &str) -> Result<(), Problem> {
    line("purpose", purpose, PURPOSE_MAX)?;
    if purpose.chars().count() >= PURPOSE_MIN {
        return Ok(());
    }
    let (zh, en) =
        (format!("不得少于 {PURPOSE_MIN} 个字符"), format!("must have at least {PURPOSE_MIN} characters"));
    Err(Problem::new("purpose", purpose, "length", &zh, &en))
}

/// One line of text of 1 to `max` characters without control characters or blanks at its ends.
pub(super) fn line(field: &str, value: &str, max: usize) -> Result<(), Problem> {
    let count = value.chars().count();
    let problem = |rule, zh: &str, en: &str| Err(Problem::new(field, value, rule, zh, en));
    if count == 0 {
        problem("required", "必填", "required")
    } else if count > max {
        problem("length", &format!("不得超过 {max} 个字符"), &format!("must have at most {max} characters"))
    } else if value.chars().any(char::is_control) {
        problem("characters", "不得含控制字符", "must have no control characters")
    } else if value.trim() != value {
        problem("blank_ends", "首尾不得有空格", "must not begin or end with a blank")
    } else {
        Ok(())
    }
}
