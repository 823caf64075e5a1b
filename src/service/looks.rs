//! Every look at a sealed field is an entry before it is a look: who, at what, for which purpose.
//!
//! Statement `access.recorded` {image}: the public learns that something was looked at and nothing
//! more. The record is H("record"; salt ‖ canonical) (`sealing::OpaqueRecord`), sealed under the data
//! key of the account that looks; the entry's subject is what was looked at, so that "who has seen
//! this expert" is one query.

use super::Service;
use super::actor::Actor;
use super::refusal::Refusal;
use crate::codec::{Json, Object};
use crate::registry::Problem;
use crate::store::{self, Append};

/// Statement type and journal kind of a look.
const ACCESS: &str = "access.recorded";

/// The longest purpose, in characters.
const PURPOSE_MAX: usize = 200;

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
        line("purpose", purpose, PURPOSE_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        let look = Object::new()
            .with("account", actor.account.as_str())
            .with("role", actor.role.name())
            .with("what", what)
            .with("about", subject)
            .with("purpose", purpose);
        self.append_look(actor, subject, &look.into())
    }

    /// Records a look at `subject`; the caller reads only if this succeeds. `record` says who, what
    /// and why.
    fn append_look(&self, actor: &Actor, subject: &str, record: &Json) -> Result<(), Refusal> {
        let record = self.opaque_record(record);
        let known = self.store.read(|conn| store::subject_key::find(conn, &actor.account))?.is_some();
        let key = self.subject_key(&actor.account, known)?;
        let entry = Append {
            actor: actor.account.clone(),
            kind: ACCESS.into(),
            subject: subject.to_owned(),
            statement: record.statement(ACCESS),
            image: Some(self.sealer().seal(&key, ACCESS, &record.bytes)),
            registry: false,
        };
        self.store.write("record look", move |tx| {
            key.store(tx)?;
            tx.append(entry.clone())?;
            Ok::<_, Refusal>(())
        })?;
        Ok(())
    }
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
