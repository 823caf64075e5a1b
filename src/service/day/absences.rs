//! What an announced draw leaves in the conduct history of those it called: who had accepted and did not
//! come, who took their word back after the cut-off (198号 art 21; 履职记录, no punishment). Recorded by the
//! service from what the log says, so that neither a friend at the bureau forgets it nor an enemy makes it
//! up; two people may correct it.
//!
//! *Deliberately not here:* draws that were stopped or voided. Who was called for them stays sealed for
//! ever, to the bureau's registrars too, and a record that names the day would open it.

use crate::codec::Object;
use crate::draw::calls::{VacatedBy, Why};
use crate::registry::lifecycle::Party;
use crate::registry::remark::{REMARK, RemarkKind};
use crate::service::Service;
use crate::service::actor::Actor;
use crate::service::calls::trail::{Person, Trail};
use crate::service::cases::NewCase;
use crate::service::changes::Changes;
use crate::service::erasure::ERASED;
use crate::service::refusal::Refusal;
use crate::service::remarks::remark;
use crate::store::{self, StoreError, case::CaseFilter};
use crate::time::{Date, Timestamp};

impl Service {
    /// Records of an announced draw, once; how many were made.
    pub(super) fn record_absences(&self, draw: &str) -> Result<u64, Refusal> {
        let filter = CaseFilter {
            kinds: vec![REMARK.name.into()],
            parent: Some(draw.into()),
            ..CaseFilter::default()
        };
        if self.store.read(|conn| store::case::count(conn, &filter))? > 0 {
            return Ok(0);
        }
        let trail = self.engagements()?.trail(draw).cloned();
        let Some(trail) = trail else { return Ok(0) };
        let mut cases = Vec::new();
        for (position, person) in &trail.people {
            let Some((what, at)) = left_undone(&trail, person) else { continue };
            let number =
                trail.number(*position).ok_or_else(|| Refusal::internal("called, outside the pool"))?;
            let expert = self.store.read(|conn| store::expert::find(conn, number))?;
            // Somebody who was erased meanwhile has no conduct history any more.
            let Some(expert) = expert.filter(|expert| expert.row.standing != ERASED) else {
                continue;
            };
            let body = Object::new()
                .with("what", what.name())
                .with("day", Date::of(Timestamp(at)).to_string())
                .with("package", trail.package.as_str())
                .with("draw", draw)
                .with_some("entry", person.vacated_entry);
            let new = NewCase { parent: Some(draw), ..remark(number, &expert.row.region, body) };
            cases.push(self.begin_case(&Actor::of_service(), &[Party::Clock], "record", new)?);
        }
        let made = cases.len() as u64;
        if made == 0 {
            return Ok(0);
        }
        let mut changes = Changes::default();
        for case in &cases {
            changes = changes.case(self.case_change(case)?);
        }
        let changes = changes.part(move |tx| match store::case::count(tx, &filter)? {
            count if count == made => Ok(()),
            _ => Err(StoreError::Conflict("records of this draw".into())),
        });
        self.write_changes("record absences", changes)?;
        Ok(made)
    }
}

/// What somebody who was called left undone, and when: an absence counts for the day of the review, a
/// withdrawal for the day on which it was made. Who signed in and left is the day's to tell, not here.
fn left_undone(trail: &Trail, person: &Person) -> Option<(RemarkKind, i64)> {
    let (why, by, at) = person.vacated?;
    match why {
        Why::Absent => Some((RemarkKind::Absent, trail.request.review_start)),
        // Their own word only: staff may say why a seat is empty, not what somebody wanted.
        Why::Withdrawn if by == VacatedBy::Operator => None,
        Why::Withdrawn if person.signed_in.is_none() && at >= trail.terms.cutoff(&trail.request) => {
            Some((RemarkKind::LateCancel, at))
        }
        _ => None,
    }
}
