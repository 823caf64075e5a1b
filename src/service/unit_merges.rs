//! Merging two records of one unit (单位合并): proposed by one account, confirmed by another. The record
//! that goes gets an entry that names the one that stays; nothing is deleted, and both codes answer.

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{Case, NewCase, another_person, scoped};
use super::changes::Changes;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::looks::line;
use super::refusal::{Kind, Refusal};
use super::units::merged_already;
use crate::codec::{Object, ShapeError, object};
use crate::codes::CreditCode;
use crate::registry::unit_merge::UNIT_MERGE;
use crate::store::case::CaseFilter;
use crate::store::{self, StoreError};

/// Letter of a merge's id.
const LETTER: char = 'U';
/// The longest reason, in characters.
const REASON_MAX: usize = 500;
/// Journal kind of the record that goes.
const MERGED: &str = "unit.merged";

/// A merge as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeView {
    /// Id of the case.
    pub id: String,
    /// `proposed`, `merged`, `rejected`, `withdrawn`.
    pub state: String,
    /// The code that goes.
    pub merged: String,
    /// The code that stays.
    pub survivor: String,
    /// Why.
    pub reason: String,
    /// The account that proposed it.
    pub proposed_by: String,
    /// Why it was rejected.
    pub answer: Option<String>,
    /// The account that did the newest act.
    pub by: String,
    /// Unix seconds.
    pub updated: i64,
}

impl Service {
    /// Proposes a merge.
    pub fn propose_merge(
        &self,
        actor: &Actor,
        merged: &str,
        survivor: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<MergeView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        line("reason", reason, REASON_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        if merged == survivor {
            let (zh, en) = ("须为另一单位", "must be another unit");
            return Err(Refusal::field("survivor", survivor, "itself", zh, en));
        }
        self.once(
            actor,
            Some(key),
            |id| self.merge(actor, id),
            || {
                let region = self.mergeable(actor, merged, survivor)?;
                let open = CaseFilter {
                    kinds: vec![UNIT_MERGE.name.to_owned()],
                    states: vec!["proposed".to_owned()],
                    subject: Some(merged.to_owned()),
                    ..CaseFilter::default()
                };
                if self.store.read(|conn| store::case::count(conn, &open))? > 0 {
                    let en = "a merge of this unit is proposed already";
                    return Err(Refusal::new(
                        Kind::Conflict,
                        "already_proposed",
                        "该单位已有待确认的合并",
                        en,
                    ));
                }
                let body = Object::new()
                    .with("merged", merged)
                    .with("survivor", survivor)
                    .with("reason", reason)
                    .with("proposed_by", actor.account.as_str());
                let case = self.begin_case(
                    actor,
                    &actor.parties(),
                    "propose",
                    NewCase {
                        lifecycle: &UNIT_MERGE,
                        letter: LETTER,
                        subject: Some(merged),
                        region: Some(&region),
                        parent: None,
                        owner: Some(&actor.account),
                        due: None,
                        body: body.into(),
                        sealed_for: None,
                    },
                )?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 201));
                self.write_changes("propose merge", changes.case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// Confirms a merge that another account proposed.
    pub fn confirm_merge(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<MergeView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        self.once(
            actor,
            Some(key),
            |id| self.merge(actor, id),
            || {
                let mut case = self.case(actor, &UNIT_MERGE, id)?;
                let proposal = view(&case)?;
                another_person(actor, &proposal.proposed_by)?;
                self.step_case(actor, &actor.parties(), &UNIT_MERGE, &mut case, "confirm")?;
                self.mergeable(actor, &proposal.merged, &proposal.survivor)?;
                let survivor = CreditCode::parse(&proposal.survivor).map_err(Refusal::internal)?;
                let (unit, row) = self.store.read(|conn| self.unit_at(conn, &proposal.merged))?;
                let change = self.unit_change(actor, &unit.merged(survivor), row.version + 1, MERGED)?;
                let stays = proposal.survivor.clone();
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 200))
                    .case(self.case_change(&case)?)
                    .part(move |tx| {
                        // Under the lock: two merges at once must not make a circle.
                        let survivor = store::unit::find(tx, &stays)?;
                        match survivor {
                            Some(unit) if unit.row.merged_into.is_none() => change.apply(tx),
                            _ => Err(StoreError::Stale(format!("unit {stays}"))),
                        }
                    });
                self.write_changes("merge units", changes)?;
                view(&case)
            },
        )
    }

    /// Rejects a merge that another account proposed.
    pub fn reject_merge(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        key: &IdempotencyKey,
    ) -> Result<MergeView, Refusal> {
        actor.check(Action::ConfirmDecision)?;
        line("reason", reason, REASON_MAX).map_err(|problem| Refusal::invalid(vec![problem]))?;
        self.end_merge(actor, id, Some(reason), key)
    }

    /// Withdraws a merge; only the account that proposed it.
    pub fn withdraw_merge(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<MergeView, Refusal> {
        actor.check(Action::ProposeDecision)?;
        self.end_merge(actor, id, None, key)
    }

    fn end_merge(
        &self,
        actor: &Actor,
        id: &str,
        reason: Option<&str>,
        key: &IdempotencyKey,
    ) -> Result<MergeView, Refusal> {
        self.once(
            actor,
            Some(key),
            |id| self.merge(actor, id),
            || {
                let mut case = self.case(actor, &UNIT_MERGE, id)?;
                let proposal = view(&case)?;
                self.end_proposal(actor, &UNIT_MERGE, &mut case, &proposal.proposed_by, reason)?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 200));
                self.write_changes("end merge", changes.case(self.case_change(&case)?))?;
                view(&case)
            },
        )
    }

    /// One merge.
    pub fn merge_of(&self, actor: &Actor, id: &str) -> Result<MergeView, Refusal> {
        actor.check(Action::ReadCases)?;
        self.merge(actor, id)
    }

    /// A page of merges.
    pub fn merges(
        &self,
        actor: &Actor,
        state: Option<String>,
        paging: &Paging,
    ) -> Result<Listed<MergeView>, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: vec![UNIT_MERGE.name.to_owned()],
            states: state.into_iter().collect(),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, scoped(actor, filter), paging)?;
        let items = page.items.iter().map(view).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    fn merge(&self, actor: &Actor, id: &str) -> Result<MergeView, Refusal> {
        view(&self.case(actor, &UNIT_MERGE, id)?)
    }

    /// Whether both are there, not merged, and the account's; answers the region of the one that goes.
    fn mergeable(&self, actor: &Actor, merged: &str, survivor: &str) -> Result<String, Refusal> {
        self.store.read(|conn| {
            let mut region = String::new();
            for (field, code) in [("merged", merged), ("survivor", survivor)] {
                let row = store::unit::find(conn, code)?.map(|unit| unit.row);
                let row = row.filter(|row| actor.covers(Some(&row.region))).ok_or_else(|| {
                    let (zh, en) = ("没有该单位", "no such unit");
                    Refusal::field(field, code, "unknown_unit", zh, en)
                })?;
                if row.merged_into.is_some() {
                    return Err(merged_already());
                }
                if region.is_empty() {
                    region = row.region;
                }
            }
            Ok(region)
        })
    }
}

fn view(case: &Case) -> Result<MergeView, Refusal> {
    let read = || -> Result<MergeView, ShapeError> {
        object(&case.body, "", |f| {
            Ok(MergeView {
                id: case.id.clone(),
                state: case.state.clone(),
                merged: f.str("merged")?.to_owned(),
                survivor: f.str("survivor")?.to_owned(),
                reason: f.str("reason")?.to_owned(),
                proposed_by: f.str("proposed_by")?.to_owned(),
                answer: match f.optional("answer") {
                    Some(_) => Some(f.str("answer")?.to_owned()),
                    None => None,
                },
                by: case.by.clone(),
                updated: case.updated,
            })
        })
    };
    read().map_err(Refusal::internal)
}
