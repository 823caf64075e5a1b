//! Renewals (续聘): a batch by numbers, or by region and end of term; every person examined anew.
//!
//! The proposal makes a case for the batch and one for each person, passed or failed with every
//! condition named. The confirmation by another person examines once more and extends the terms, in
//! one transaction. Those who fail go one of two ways (`renewal_persons`).
//!
//! *Invariants:* no term is extended while a condition of art 6 stands in the way; nobody confirms
//! what they proposed; one person stands in one open renewal.
//!
//! *Deliberately not here:* the conditions (`conditions`), what a person's failing means for draws.

mod choosing;

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, NewCase, another_person};
use super::changes::Changes;
use super::decisions::CONFIRM_DAYS;
use super::idempotency::IdempotencyKey;
use super::leave::in_registry;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::tables::{Cell, Table};
use crate::codes::Region;
use crate::registry::renewal::{Failing, RENEWAL, RENEWAL_BATCH, RenewalBatchBody, RenewalBody};
use crate::store::case::CaseFilter;
use crate::store::{self};
use crate::time::Date;

/// Longest basis and reason, in characters.
const TEXT_MAX: usize = 200;

/// Whom to renew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// 1–500 expert numbers.
    Numbers(Vec<String>),
    /// Everybody of a region whose term ends within these days, at most 500 at once.
    Ending {
        /// The region; `None`: the account's.
        region: Option<Region>,
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
}

/// A batch as shown: no names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalBatchView {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: String,
    /// What it says.
    pub body: RenewalBatchBody,
    /// Unix seconds until when it is to be decided.
    pub due: Option<i64>,
    /// Grows with every change.
    pub version: i64,
}

/// One person of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalView {
    /// Id of the case.
    pub id: String,
    /// The batch.
    pub batch: Option<String>,
    /// Who.
    pub expert: String,
    /// Where it stands.
    pub state: String,
    /// What it says.
    pub body: RenewalBody,
    /// Grows with every change.
    pub version: i64,
}

impl Service {
    /// Proposes renewals: examines everybody and makes the cases.
    pub fn propose_renewals(
        &self,
        actor: &Actor,
        whom: &Whom,
        basis: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalBatchView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.once(
            actor,
            key,
            |id| self.renewal_batch_view(id),
            || {
                line("basis", basis, TEXT_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                let (records, left_off) = match whom {
                    Whom::Numbers(numbers) => (self.renewable_numbers(actor, numbers)?, 0),
                    Whom::Ending { region, from, to } => self.renewable_ending(actor, *region, *from, *to)?,
                };
                if records.is_empty() {
                    let (zh, en) = ("没有可以续聘的专家", "nobody whose term can be renewed now");
                    return Err(Refusal::new(Kind::Conflict, "nobody_to_renew", zh, en));
                }
                let mut batch = self.begin_case(
                    actor,
                    &actor.parties(),
                    "propose",
                    NewCase {
                        lifecycle: &RENEWAL_BATCH,
                        letter: 'N',
                        subject: None,
                        region: actor.region.as_ref().map(|region| region.as_str()),
                        parent: None,
                        owner: None,
                        due: Some(self.clock.now().0 + CONFIRM_DAYS * 86_400),
                        body: crate::codec::Object::new().into(),
                        sealed_for: None,
                    },
                )?;
                let mut changes = Changes::once(self.idempotency_row(actor, key, &batch.id, 201));
                let (mut passed, mut failed) = (0, 0);
                for record in &records {
                    let case = self.renewal_of(actor, record, &batch.id)?;
                    *(if case.state == "passed" { &mut passed } else { &mut failed }) += 1;
                    changes = changes.case(self.case_change(&case)?);
                }
                let body = RenewalBatchBody {
                    basis: basis.to_owned(),
                    passed,
                    failed,
                    left_off,
                    renewed: 0,
                    proposed_by: actor.account.clone(),
                    decided_by: None,
                    decided_on: None,
                    why: None,
                };
                batch.body = body.to_json();
                self.write_changes("propose renewals", changes.case(self.case_change(&batch)?))?;
                batch_view(&batch)
            },
        )
    }

    /// Confirms a batch: extends the term of everybody who still passes.
    pub fn confirm_renewals(
        &self,
        actor: &Actor,
        id: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalBatchView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.once(
            actor,
            key,
            |id| self.renewal_batch_view(id),
            || {
                let (mut batch, mut body) = self.renewal_batch(actor, id)?;
                another_person(actor, &body.proposed_by)?;
                self.step_case(actor, &actor.parties(), &RENEWAL_BATCH, &mut batch, "confirm")?;
                let mut changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                for mut case in self.renewal_children(id, "passed")? {
                    let number = case.subject.clone().unwrap_or_default();
                    let mut of_person = read(&case)?;
                    let (record, data_key) = self.expert_record(&number)?;
                    in_registry(&record.expert)?;
                    of_person.failing = self.renewal_failing(&record.expert, record.today)?;
                    of_person.decided_by = Some(actor.account.clone());
                    if stands_in_the_way(&of_person.failing) {
                        self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "fail")?;
                    } else {
                        self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "renew")?;
                        let renewed = record.expert.renewed(of_person.term_from, of_person.term_to);
                        let renewed = renewed.map_err(Refusal::invalid)?;
                        let version = record.version + 1;
                        let change =
                            self.expert_change(actor, &renewed, version, "expert.renewed", Some(data_key))?;
                        changes = changes.expert(change);
                        body.renewed += 1;
                    }
                    case.body = of_person.to_json();
                    changes = changes.case(self.case_change(&case)?);
                }
                self.close_renewal_batch(actor, &mut batch, body, None);
                self.write_changes("confirm renewals", changes.case(self.case_change(&batch)?))?;
                batch_view(&batch)
            },
        )
    }

    /// Rejects a batch that another person proposed, or withdraws one's own (without a reason).
    pub fn drop_renewals(
        &self,
        actor: &Actor,
        id: &str,
        why: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<RenewalBatchView, Refusal> {
        actor.check(if why.is_some() { Action::ConfirmDecision } else { Action::ProposeDecision })?;
        self.once(
            actor,
            key,
            |id| self.renewal_batch_view(id),
            || {
                let (mut batch, body) = self.renewal_batch(actor, id)?;
                let event = match why {
                    Some(why) => {
                        line("reason", why, TEXT_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
                        another_person(actor, &body.proposed_by)?;
                        "reject"
                    }
                    None if body.proposed_by == actor.account => "withdraw",
                    None => return Err(super::decisions::not_the_proposer()),
                };
                self.step_case(actor, &actor.parties(), &RENEWAL_BATCH, &mut batch, event)?;
                let mut changes = Changes::once(self.idempotency_row(actor, key, id, 200));
                for mut case in self.renewal_children(id, "passed")? {
                    self.step_case(actor, &actor.parties(), &RENEWAL, &mut case, "drop")?;
                    changes = changes.case(self.case_change(&case)?);
                }
                self.close_renewal_batch(actor, &mut batch, body, why);
                self.write_changes("drop renewals", changes.case(self.case_change(&batch)?))?;
                batch_view(&batch)
            },
        )
    }

    /// A batch: counts, no persons.
    pub fn renewals(&self, actor: &Actor, id: &str) -> Result<RenewalBatchView, Refusal> {
        actor.check(Action::ReadCases)?;
        batch_view(&self.renewal_batch(actor, id)?.0)
    }

    /// A page of the persons of a batch with what fails, after the look is recorded.
    pub fn renewal_persons(
        &self,
        actor: &Actor,
        id: &str,
        purpose: &str,
        paging: &Paging,
    ) -> Result<Listed<RenewalView>, Refusal> {
        actor.check(Action::ReadCases)?;
        self.renewal_batch(actor, id)?;
        self.record_look(actor, "renewals", id, purpose)?;
        let filter = renewals_of(id, None);
        self.store.read(|conn| {
            let page =
                paging.read(|page| store::case::list(conn, &filter, page), |row| &row.id, |row| row)?;
            let mut items = Vec::with_capacity(page.items.len());
            for row in &page.items {
                // Whoever was erased is left out.
                if let Some(case) = self.open_unless_erased(conn, row)? {
                    items.push(renewal_view(&case)?);
                }
            }
            Ok(Listed { items, next: page.next })
        })
    }

    /// The result of a batch as a table (续聘结果表), after the look is recorded.
    pub fn renewal_table(&self, actor: &Actor, id: &str, purpose: &str) -> Result<Table, Refusal> {
        actor.check(Action::ReadCases)?;
        self.renewal_batch(actor, id)?;
        self.record_look(actor, "renewals", id, purpose)?;
        let headings = ["专家编号", "结果", "原聘期至", "新聘期自", "新聘期至", "不符合的条件", "依据"];
        let mut table = Table::new("续聘结果表", headings);
        for case in self.store.read(|conn| self.all_cases(conn, &renewals_of(id, None)))? {
            let view = renewal_view(&case)?;
            let joined = |text: fn(&Failing) -> &str| {
                view.body.failing.iter().map(text).collect::<Vec<_>>().join("；")
            };
            table.push(
                [
                    view.expert.as_str(),
                    result_zh(&view.state),
                    &view.body.old_to.to_string(),
                    &view.body.term_from.to_string(),
                    &view.body.term_to.to_string(),
                    &joined(|one| &one.title),
                    &joined(|one| &one.source),
                ]
                .into_iter()
                .map(Cell::text)
                .collect(),
            );
        }
        Ok(table)
    }

    fn renewal_batch(&self, actor: &Actor, id: &str) -> Result<(Case, RenewalBatchBody), Refusal> {
        let case = self.case(actor, &RENEWAL_BATCH, id)?;
        let body = RenewalBatchBody::from_json(&case.body).map_err(Refusal::internal)?;
        Ok((case, body))
    }

    fn renewal_batch_view(&self, id: &str) -> Result<RenewalBatchView, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?.ok_or_else(super::cases::no_case)?;
        batch_view(&case)
    }

    fn renewal_children(&self, batch: &str, state: &str) -> Result<Vec<Case>, Refusal> {
        self.store.read(|conn| self.all_cases(conn, &renewals_of(batch, Some(state))))
    }

    fn close_renewal_batch(
        &self,
        actor: &Actor,
        batch: &mut Case,
        body: RenewalBatchBody,
        why: Option<&str>,
    ) {
        let body = RenewalBatchBody {
            decided_by: Some(actor.account.clone()),
            decided_on: Some(Date::of(self.clock.now())),
            why: why.map(str::to_owned),
            ..body
        };
        batch.body = body.to_json();
        batch.due = None;
    }
}

/// Whether anything but a granted relaxation is in the list.
pub(super) fn stands_in_the_way(failing: &[Failing]) -> bool {
    failing.iter().any(|one| one.answer != "relaxed")
}

/// The body of one person's renewal.
pub(super) fn read(case: &Case) -> Result<RenewalBody, Refusal> {
    RenewalBody::from_json(&case.body).map_err(Refusal::internal)
}

/// One person's renewal as shown.
pub(super) fn renewal_view(case: &Case) -> Result<RenewalView, Refusal> {
    Ok(RenewalView {
        id: case.id.clone(),
        batch: case.parent.clone(),
        expert: case.subject.clone().unwrap_or_default(),
        state: case.state.clone(),
        body: read(case)?,
        version: case.version,
    })
}

fn renewals_of(batch: &str, state: Option<&str>) -> CaseFilter {
    CaseFilter {
        kinds: vec![RENEWAL.name.to_owned()],
        states: state.map(str::to_owned).into_iter().collect(),
        parent: Some(batch.to_owned()),
        ..CaseFilter::default()
    }
}

fn batch_view(case: &Case) -> Result<RenewalBatchView, Refusal> {
    Ok(RenewalBatchView {
        id: case.id.clone(),
        state: case.state.clone(),
        body: RenewalBatchBody::from_json(&case.body).map_err(Refusal::internal)?,
        due: case.due,
        version: case.version,
    })
}

fn result_zh(state: &str) -> &'static str {
    match state {
        "passed" => "符合条件，待确认",
        "failed" => "不符合条件",
        "relaxed" => "已提出放宽，待确认",
        "renewed" => "已续聘",
        "dropped" => "未续聘（批次终止）",
        "dismissal_proposed" => "已提出解聘",
        _ => "已终结",
    }
}
