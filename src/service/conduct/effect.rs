//! What a decision does to an expert, and how a reversal takes it back.
//!
//! Confirmed by another account than the proposer's, in the same write that changes the standing. The
//! case keeps the journal index of the expert's record as it was before: a reversal brings that standing
//! back exactly (`Expert::annulled`), unless something else has changed it meanwhile, which is then
//! left alone and said in the case.

use super::super::Service;
use super::super::actor::Actor;
use super::super::case_body::{get, int, set, take, text};
use super::super::cases::{Case, another_person, no_case};
use super::super::experts::{ExpertChange, refused};
use super::super::refusal::Refusal;
use super::steps::{answer_appeal, conflict, not_who_decided};
use crate::codec::{Json, Object};
use crate::registry::{DismissalReason, Event, Expert};
use crate::store;
use crate::time::Date;

impl Service {
    /// Turns the proposal into the decision; answers the expert's change if the standing changes.
    pub(super) fn take_effect(
        &self,
        actor: &Actor,
        case: &mut Case,
    ) -> Result<Option<ExpertChange>, Refusal> {
        let Some(mut decision) = take(&mut case.body, "proposal") else { return Err(no_case()) };
        let proposer = text(&decision, &["by"]).unwrap_or_default().to_owned();
        another_person(actor, &proposer)?;
        let now = self.clock.now();
        let today = Date::of(now);
        if let Some(proposed) = take(&mut decision, "at") {
            set(&mut decision, "proposed", proposed);
        }
        set(&mut decision, "proposed_by", proposer);
        set(&mut decision, "by", actor.account.as_str());
        set(&mut decision, "at", now.0);
        set(&mut decision, "day", today.to_string());
        let mut changed = None;
        if let Some((event, kind)) = event_of(&decision, today)? {
            let number = case.subject.clone().unwrap_or_default();
            let (record, key) = self.expert_record(&number)?;
            let decided = record.expert.decided(event, today).map_err(refused)?;
            set(&mut decision, "expert_entry", record.entry);
            changed = Some(self.expert_change(actor, &decided, record.version + 1, kind, Some(key))?);
        }
        set(&mut case.body, "decision", decision);
        case.due = None;
        Ok(changed)
    }

    /// Answers the appeal with a reversal; the standing that the decision found comes back.
    pub(super) fn lift_effect(
        &self,
        actor: &Actor,
        case: &mut Case,
        reasons: &str,
    ) -> Result<Option<ExpertChange>, Refusal> {
        not_who_decided(actor, case)?;
        let now = self.clock.now();
        let mut answer = Object::new()
            .with("outcome", "reversed")
            .with("reasons", reasons)
            .with("at", now.0)
            .with("by", actor.account.as_str());
        let Some(decision) = get(&case.body, "decision") else {
            return Err(conflict("wrong_state", "尚无处理决定", "there is no decision yet"));
        };
        let mut changed = None;
        if let Some(entry) = int(decision, &["expert_entry"]) {
            let day = text(decision, &["day"]).and_then(|day| Date::parse(day).ok());
            let day = day.ok_or_else(|| Refusal::internal("decision without day"))?;
            let event =
                event_of(decision, day)?.ok_or_else(|| Refusal::internal("decision without effect"))?.0;
            let before = self.expert_at(entry)?;
            let brought = before.standing().apply(event, day).map_err(refused)?;
            let number = case.subject.clone().unwrap_or_default();
            let (record, key) = self.expert_record(&number)?;
            if record.expert.standing() == brought {
                let restored = record.expert.annulled(before.standing());
                let version = record.version + 1;
                changed =
                    Some(self.expert_change(actor, &restored, version, "expert.annulled", Some(key))?);
                answer = answer.with("effect", "lifted");
            } else {
                answer = answer.with("effect", "standing_changed_since");
            }
        }
        answer_appeal(case, answer);
        case.due = None;
        Ok(changed)
    }

    /// The expert as of a journal entry.
    fn expert_at(&self, entry: i64) -> Result<Expert, Refusal> {
        self.store.read(|conn| {
            let found = store::journal::find(conn, entry.unsigned_abs())?;
            let found = found.ok_or_else(|| Refusal::internal(format!("no entry {entry}")))?;
            let (_, image) = self.archive().image(conn, &found)?;
            image.open::<Expert>().map_err(Refusal::internal)
        })
    }
}

/// The event on the standing that a decision of `day` brings, with its journal kind.
fn event_of(decision: &Json, day: Date) -> Result<Option<(Event, &'static str)>, Refusal> {
    let wrong = || Refusal::internal("decision that no proposal can have");
    Ok(match text(decision, &["effect"]) {
        Some("none") => None,
        Some("dismiss") => Some((Event::Dismiss(DismissalReason::BadConduct), "expert.dismissed")),
        Some("ban") => Some((Event::Ban, "expert.banned")),
        Some("suspend") => {
            let months = int(decision, &["months"]).and_then(|m| u32::try_from(m).ok()).ok_or_else(wrong)?;
            Some((Event::suspend_months(months, day).ok_or_else(wrong)?, "expert.suspended"))
        }
        _ => return Err(wrong()),
    })
}
