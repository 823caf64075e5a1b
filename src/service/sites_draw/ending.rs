//! Drawn sites given up: proposed by the agency, confirmed by the bureau, said in the log; the
//! workstations are free again and sites may be drawn anew, as the next attempt.

use std::collections::BTreeSet;

use super::reading::{ENDED, SITES, draw_of};
use crate::codec::Object;
use crate::draw::sites::{SitesEnded, SitesEnding};
use crate::registry::plan_table::PLAN;
use crate::registry::venue::{BOOKING, VENUE};
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::case_body::{set, take, text};
use crate::service::cases::{Case, another_person};
use crate::service::changes::Changes;
use crate::service::idempotency::IdempotencyKey;
use crate::service::plans::{PlanView, add_id};
use crate::service::refusal::{Kind, Refusal};
use crate::store::Append;

/// Field of a plan's body: who proposed to end the drawn sites, and why.
const ENDING: &str = "sites_ending";

impl Service {
    /// Proposes to end the drawn sites: a venue failed, or time or number of the review changed.
    pub fn propose_sites_end(
        &self,
        actor: &Actor,
        id: &str,
        reason: SitesEnding,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_of(actor, id, None),
            || {
                let mut case = self.plan_case(actor, id)?;
                if draw_of(&case.body).is_none() {
                    return Err(none_drawn());
                }
                self.all_draws_ended(case.parent.as_deref().unwrap_or_default())?;
                self.step_case(actor, &actor.parties(), &PLAN, &mut case, "propose_sites_end")?;
                let proposal = Object::new()
                    .with("by", actor.account.as_str())
                    .with("at", case.updated)
                    .with("reason", reason.name());
                set(&mut case.body, ENDING, proposal);
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                self.write_changes("propose end of sites", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                self.plan_of(actor, id, None)
            },
        )
    }

    /// Confirms it, as another person.
    pub fn confirm_sites_end(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<PlanView, Refusal> {
        actor.check(Action::ApprovePlan)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_of(actor, id, None),
            || {
                let mut case = self.plan_case(actor, id)?;
                let by = text(&case.body, &[ENDING, "by"]).map(str::to_owned);
                let reason = text(&case.body, &[ENDING, "reason"]).and_then(SitesEnding::parse);
                let (Some(by), Some(reason)) = (by, reason) else {
                    let en = "nobody proposed to end the sites";
                    return Err(Refusal::new(Kind::Conflict, "wrong_state", "没有待确认的副场终止申请", en));
                };
                another_person(actor, &by)?;
                self.step_case(actor, &actor.parties(), &PLAN, &mut case, "end_sites")?;
                take(&mut case.body, ENDING);
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                let changes = self.end_sites(actor, &mut case, reason, &by, changes)?;
                self.write_changes("end sites", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                self.plan_of(actor, id, None)
            },
        )
    }

    /// Adds to a change what ends the drawn sites of a plan, if there are any: the statement, and the
    /// release of every booking held for it.
    pub(in crate::service) fn end_sites(
        &self,
        actor: &Actor,
        case: &mut Case,
        reason: SitesEnding,
        proposed_by: &str,
        mut changes: Changes,
    ) -> Result<Changes, Refusal> {
        if let Some(draw) = draw_of(&case.body).map(str::to_owned) {
            let made = self.store.read(|conn| self.archive().sites(conn, &draw))?;
            let ended = SitesEnded {
                alpha: made.alpha,
                reason,
                actor: proposed_by.to_owned(),
                approver: actor.account.clone(),
            };
            let entry = Append {
                actor: actor.account.clone(),
                kind: SitesEnded::TYPE.into(),
                subject: draw.clone(),
                statement: ended.fields().with("type", SitesEnded::TYPE),
                image: None,
                registry: false,
            };
            changes = changes.part(move |tx| tx.append(entry.clone()).map(|_| ()));
            take(&mut case.body, SITES);
            add_id(&mut case.body, ENDED, &draw);
        }
        let mut venues = BTreeSet::new();
        for mut booking in self.held_for(&case.id)? {
            self.step_case(actor, &actor.parties(), &BOOKING, &mut booking, "release")?;
            venues.extend(booking.parent.clone());
            changes = changes.case(self.case_change(&booking)?);
        }
        for venue in venues {
            let found = self.store.read(|conn| self.read_case(conn, &venue))?;
            let Some(mut venue) = found else { continue };
            self.step_case(actor, &actor.parties(), &VENUE, &mut venue, "free")?;
            changes = changes.case(self.case_change(&venue)?);
        }
        Ok(changes)
    }
}

fn none_drawn() -> Refusal {
    Refusal::new(Kind::Conflict, "wrong_state", "尚未抽取副场", "no sites were drawn")
}
