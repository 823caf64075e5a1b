//! The two ways out for somebody who fails a renewal: a relaxation for scarce specialities (198号 art 6),
//! proposed with a reason and confirmed by another person; or a dismissal for reason 1 (art 11).
//!
//! *Invariants:* only the items that art 6 lets relax are relaxed, (2) and (5); the relaxation is
//! written into the record with its reason and approver, and the conditions are asked again with it.

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, another_person, no_case};
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::leave::in_registry;
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::renewals::{RenewalView, read, renewal_view, stands_in_the_way};
use crate::registry::decision::{Act, Grounds};
use crate::registry::renewal::RENEWAL;
use crate::registry::{DismissalReason, DraftRelaxation};
use crate::rules::registry_profile::Condition;

/// Longest reason, in characters: the record's.
const TEXT_MAX: usize = 200;

impl Service {
    /// Proposes the relaxation for scarce specialities for somebody who failed.
    pub fn relax_renewal(
        &self,
        actor: &Actor,
        id: &str,
        why: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.once(
            actor,
            key,
            |id| self.known_renewal(id),
            || {
                line("reason", why, TEXT_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                let mut case = self.case(actor, &RENEWAL, id)?;
                let mut body = read(&case)?;
                self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "relax")?;
                let may = [Condition::Title, Condition::Age].map(Condition::name);
                let fixed = body.failing.iter().find(|one| !may.contains(&one.condition.as_str()));
                if let Some(one) = fixed {
                    let zh = format!("仅第6条第（二）（五）项可以放宽；“{}”不可", one.title);
                    let en = format!("only items (2) and (5) of art 6 can be relaxed, not {}", one.condition);
                    return Err(Refusal::new(Kind::Conflict, "not_relaxable", zh, en));
                }
                if self.registry_profile().conditions.scarce.is_none() {
                    let en = "the registry profile knows no relaxation";
                    return Err(Refusal::new(Kind::Conflict, "no_relaxation", "规则档案未规定放宽", en));
                }
                body.why = Some(why.to_owned());
                body.proposed_by = actor.account.clone();
                body.decided_by = None;
                case.body = body.to_json();
                case.due = Some(self.clock.now().0 + super::decisions::CONFIRM_DAYS * 86_400);
                self.write_one_renewal(actor, key, case, Changes::once)
            },
        )
    }

    /// Confirms a relaxation that another person proposed, and renews the term.
    pub fn confirm_relaxed_renewal(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.once(
            actor,
            key,
            |id| self.known_renewal(id),
            || {
                let mut case = self.case(actor, &RENEWAL, id)?;
                let mut body = read(&case)?;
                if case.state != "relaxed" {
                    return Err(super::cases::no_step(crate::registry::lifecycle::NoStep::WrongState));
                }
                another_person(actor, &body.proposed_by)?;
                self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "renew")?;
                let number = case.subject.clone().unwrap_or_default();
                let (record, data_key) = self.expert_record(&number)?;
                in_registry(&record.expert)?;
                let mut draft = record.expert.draft();
                draft.relaxation = Some(DraftRelaxation {
                    reason: body.why.clone().unwrap_or_default(),
                    approved_by: actor.account.clone(),
                    specialities: draft.specialities.clone(),
                });
                (draft.term_from, draft.term_to) = (body.term_from.to_string(), body.term_to.to_string());
                let renewed = record.expert.amended(&draft).map_err(Refusal::invalid)?;
                body.failing = self.renewal_failing(&renewed, record.today)?;
                if stands_in_the_way(&body.failing) {
                    let names: Vec<&str> = body.failing.iter().map(|one| one.condition.as_str()).collect();
                    let zh = format!("放宽后仍不符合：{}", names.join("、"));
                    let en = format!("fails even with the relaxation: {}", names.join(", "));
                    return Err(Refusal::new(Kind::Conflict, "still_failing", zh, en));
                }
                body.decided_by = Some(actor.account.clone());
                case.body = body.to_json();
                case.due = None;
                let kind = "expert.renewed";
                let change = self.expert_change(actor, &renewed, record.version + 1, kind, Some(data_key))?;
                self.write_one_renewal(actor, key, case, |row| Changes::once(row).expert(change))
            },
        )
    }

    /// Refuses a relaxation that another person proposed.
    pub fn refuse_relaxed_renewal(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.once(
            actor,
            key,
            |id| self.known_renewal(id),
            || {
                let mut case = self.case(actor, &RENEWAL, id)?;
                let mut body = read(&case)?;
                self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "refuse")?;
                another_person(actor, &body.proposed_by)?;
                body.decided_by = Some(actor.account.clone());
                case.body = body.to_json();
                case.due = None;
                self.write_one_renewal(actor, key, case, Changes::once)
            },
        )
    }

    /// Proposes the dismissal of somebody who failed: renewal and proposal in one write.
    pub fn propose_dismissal_of_renewal(
        &self,
        actor: &Actor,
        id: &str,
        basis: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.once(
            actor,
            key,
            |id| self.known_renewal(id),
            || {
                line("basis", basis, TEXT_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                let mut case = self.case(actor, &RENEWAL, id)?;
                let mut body = read(&case)?;
                self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "propose_dismissal")?;
                let number = case.subject.clone().unwrap_or_default();
                let titles: Vec<&str> = body.failing.iter().map(|one| one.title.as_str()).collect();
                // A note has room for a thousand characters; ten titles stay below.
                let note: String =
                    format!("续聘审核不符合：{}", titles.join("；")).chars().take(1000).collect();
                let grounds = Grounds {
                    act: Act::Dismiss(DismissalReason::ConditionsLost),
                    basis: basis.to_owned(),
                    note: Some(note),
                    documents: Vec::new(),
                    proposed_by: actor.account.clone(),
                    decided_by: None,
                    decided_on: None,
                    why: None,
                };
                let proposal = self.proposal(actor, &number, grounds)?;
                body.decision = Some(proposal.id.clone());
                case.body = body.to_json();
                let proposal = self.case_change(&proposal)?;
                self.write_one_renewal(actor, key, case, |row| Changes::once(row).case(proposal))
            },
        )
    }

    fn write_one_renewal(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        case: Case,
        with: impl FnOnce(super::idempotency::IdempotencyRow) -> Changes,
    ) -> Result<RenewalView, Refusal> {
        let changes = with(self.idempotency_row(actor, key, &case.id, 200)).case(self.case_change(&case)?);
        self.write_changes("decide on a renewal", changes)?;
        renewal_view(&case)
    }

    fn known_renewal(&self, id: &str) -> Result<RenewalView, Refusal> {
        renewal_view(&self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(no_case)?)
    }
}
