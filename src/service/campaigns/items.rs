//! Items of a campaign: listed by county, looked at, decided one by one or in batches.
//!
//! A batch happens whole or not at all. Keeping and correcting are one person's work; a suspension or a
//! dismissal is proposed and confirmed by another account, and then changes the expert in the same
//! write.

use super::super::Service;
use super::super::actor::{Action, Actor};
use super::super::case_body::{CaseFile, CaseLine, free_text, int, push, set, take, text};
use super::super::cases::{Case, another_person, no_case};
use super::super::changes::Changes;
use super::super::experts::{ExpertChange, refused};
use super::super::idempotency::IdempotencyKey;
use super::super::listing::{Listed, Paging};
use super::super::refusal::Refusal;
use super::items_of;
use crate::codec::Object;
use crate::registry::campaign::CHECK_ITEM;
use crate::registry::{DismissalReason, Event, Problem};
use crate::store::case::CaseFilter;
use crate::time::Date;

/// The most items of a batch.
pub const BATCH_MAX: usize = 500;

/// Which items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemsAsked {
    /// In this state.
    pub state: Option<String>,
    /// In a region whose code begins so.
    pub region_prefix: Option<String>,
    /// Due at this time (Unix seconds) or before.
    pub due_by: Option<i64>,
}

/// What becomes of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// 保留.
    Keep,
    /// 已更正.
    Correct,
    /// A suspension proposed, for 3, 6 or 12 months.
    Suspend(u32),
    /// A dismissal proposed (art 11 item 1: conditions no longer met).
    Dismiss,
}

impl Service {
    /// A page of a campaign's items, without names.
    pub fn campaign_items(
        &self,
        actor: &Actor,
        campaign: &str,
        asked: &ItemsAsked,
        paging: &Paging,
    ) -> Result<Listed<CaseLine>, Refusal> {
        actor.check(Action::ReadCases)?;
        self.seen_campaign(actor, campaign)?;
        let filter = CaseFilter {
            states: asked.state.iter().cloned().collect(),
            region_prefix: asked.region_prefix.clone(),
            due_by: asked.due_by,
            ..items_of(campaign)
        };
        self.case_lines(actor, filter, paging)
    }

    /// One item with its findings; the look is recorded.
    pub fn campaign_item(
        &self,
        actor: &Actor,
        campaign: &str,
        id: &str,
        purpose: &str,
    ) -> Result<CaseFile, Refusal> {
        actor.check(Action::ReadCases)?;
        let item = self.item_of(actor, campaign, id)?;
        self.record_look(actor, "check_item", item.subject.as_deref().unwrap_or(id), purpose)?;
        Ok(CaseFile::whole(&self.item_of(actor, campaign, id)?))
    }

    /// Decides items; suspension and dismissal become proposals.
    pub fn decide_items(
        &self,
        actor: &Actor,
        campaign: &str,
        ids: &[String],
        decision: &Decision,
        reason: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<u32, Refusal> {
        actor.check(Action::ReviewCases)?;
        let done = size(ids)?;
        self.once(
            actor,
            key,
            |_| Ok(done),
            || {
                self.worked_campaign(actor, campaign)?;
                free_text("reason", reason)?;
                let (event, entry) = match decision {
                    Decision::Keep => ("keep", Object::new().with("decision", "keep")),
                    Decision::Correct => ("correct", Object::new().with("decision", "correct")),
                    Decision::Dismiss => ("propose_dismiss", Object::new().with("decision", "dismiss")),
                    Decision::Suspend(months @ (3 | 6 | 12)) => {
                        ("propose_suspend", Object::new().with("decision", "suspend").with("months", *months))
                    }
                    Decision::Suspend(_) => {
                        return Err(Refusal::field(
                            "months",
                            "",
                            "months",
                            "应为 3、6 或 12",
                            "must be 3, 6 or 12",
                        ));
                    }
                };
                let entry = entry.with("reason", reason).with("at", self.clock.now().0);
                let entry = entry.with("by", actor.account.as_str());
                let mut changes = Changes::once(self.idempotency_row(actor, key, campaign, 200));
                for (place, id) in ids.iter().enumerate() {
                    let mut item = self.item_of(actor, campaign, id).map_err(|why| at(place, why))?;
                    self.step_case(actor, &actor.parties(), &CHECK_ITEM, &mut item, event)
                        .map_err(|why| at(place, why))?;
                    let proposes = matches!(decision, Decision::Suspend(_) | Decision::Dismiss);
                    set(&mut item.body, if proposes { "proposal" } else { "decision" }, entry.clone());
                    if !proposes {
                        item.due = None;
                    }
                    changes = changes.case(self.case_change(&item)?);
                }
                self.write_changes("decide check items", changes)?;
                Ok(done)
            },
        )
    }

    /// Confirms what another account proposed on items, or sends it back with a reason.
    pub fn confirm_items(
        &self,
        actor: &Actor,
        campaign: &str,
        ids: &[String],
        rejected: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<u32, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        let done = size(ids)?;
        self.once(
            actor,
            key,
            |_| Ok(done),
            || {
                self.worked_campaign(actor, campaign)?;
                if let Some(reason) = rejected {
                    free_text("reason", reason)?;
                }
                let mut changes = Changes::once(self.idempotency_row(actor, key, campaign, 200));
                for (place, id) in ids.iter().enumerate() {
                    let mut item = self.item_of(actor, campaign, id).map_err(|why| at(place, why))?;
                    let event = if rejected.is_some() { "reject" } else { "confirm" };
                    self.step_case(actor, &actor.parties(), &CHECK_ITEM, &mut item, event)
                        .map_err(|why| at(place, why))?;
                    let expert =
                        self.answer_item(actor, &mut item, rejected).map_err(|why| at(place, why))?;
                    if let Some(expert) = expert {
                        changes = changes.expert(expert);
                    }
                    changes = changes.case(self.case_change(&item)?);
                }
                self.write_changes("confirm check items", changes)?;
                Ok(done)
            },
        )
    }

    /// Puts the answer into an item; a confirmation answers the expert's change.
    fn answer_item(
        &self,
        actor: &Actor,
        item: &mut Case,
        rejected: Option<&str>,
    ) -> Result<Option<ExpertChange>, Refusal> {
        let Some(proposal) = take(&mut item.body, "proposal") else { return Err(no_case()) };
        another_person(actor, text(&proposal, &["by"]).unwrap_or_default())?;
        let now = self.clock.now();
        let answer = Object::new().with("at", now.0).with("by", actor.account.as_str());
        if let Some(reason) = rejected {
            let answer = answer.with("proposal", proposal).with("reason", reason);
            push(&mut item.body, "rejected", answer)?;
            return Ok(None);
        }
        let today = Date::of(now);
        let (event, kind) = match text(&proposal, &["decision"]) {
            Some("dismiss") => (Event::Dismiss(DismissalReason::ConditionsLost), "expert.dismissed"),
            _ => {
                let months = int(&proposal, &["months"]).and_then(|months| u32::try_from(months).ok());
                let event = Event::suspend_months(months.unwrap_or_default(), today);
                (event.ok_or_else(|| Refusal::internal("proposal without months"))?, "expert.suspended")
            }
        };
        let (record, key) = self.expert_record(item.subject.as_deref().unwrap_or_default())?;
        let decided = record.expert.decided(event, today).map_err(refused)?;
        let change = self.expert_change(actor, &decided, record.version + 1, kind, Some(key))?;
        let mut decision = proposal;
        set(&mut decision, "confirmed", answer);
        set(&mut item.body, "decision", decision);
        item.due = None;
        Ok(Some(change))
    }

    fn item_of(&self, actor: &Actor, campaign: &str, id: &str) -> Result<Case, Refusal> {
        let item = self.case(actor, &CHECK_ITEM, id)?;
        if item.parent.as_deref() == Some(campaign) { Ok(item) } else { Err(no_case()) }
    }
}

/// How many items a batch has; none may stand in it twice.
fn size(ids: &[String]) -> Result<u32, Refusal> {
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    if ids.is_empty() || ids.len() > BATCH_MAX || distinct.len() != ids.len() {
        let (zh, en) = ("应有 1 至 500 项，不得重复", "must have 1 to 500 items, none twice");
        return Err(Refusal::field("items", "", "count", zh, en));
    }
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

/// The same refusal, with the place of the item in the batch.
fn at(place: usize, why: Refusal) -> Refusal {
    let problem = Problem::new(format!("items[{place}]"), "", why.code, &why.zh, &why.en);
    Refusal { problems: vec![problem], ..why }
}
