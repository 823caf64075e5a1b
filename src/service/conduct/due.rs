//! What a date brings to conduct cases: 督办, when the time limit has passed.
//!
//! An urged case is due again after [`URGE_DAYS`]; the limit itself stays in the body (`deadline`), so
//! nobody gains time by being late. Run as often as one likes: a case is urged once per due date.

use super::super::actor::{Actor, Role};
use super::super::case_body::push;
use super::super::changes::Changes;
use super::super::refusal::Refusal;
use super::super::{ITSELF, Service};
use crate::codec::Object;
use crate::registry::conduct::CONDUCT;
use crate::registry::lifecycle::Party;
use crate::store;
use crate::store::case::CaseFilter;
use crate::time::Timestamp;

/// Days until a case that was urged is urged again (项目规则).
const URGE_DAYS: i64 = 7;
/// Cases of one write.
const AT_ONCE: u32 = 200;

impl Service {
    /// Urges every conduct case whose time limit has passed; answers how many.
    pub fn due_conduct(&self, now: Timestamp) -> Result<u64, Refusal> {
        let clock = Actor::of_role(ITSELF, Role::Administrator);
        let urgeable = CONDUCT.transitions.iter().filter(|row| row.event == "urge");
        let filter = CaseFilter {
            kinds: vec![CONDUCT.name.to_owned()],
            states: urgeable.map(|row| row.from.to_owned()).collect(),
            due_by: Some(now.0),
            ..CaseFilter::default()
        };
        let (mut urged, mut after) = (0, None);
        loop {
            let page = store::Page { after: after.clone(), limit: AT_ONCE };
            let rows = self.store.read(|conn| store::case::list(conn, &filter, &page))?;
            let Some(last) = rows.last() else { return Ok(urged) };
            after = Some(last.id.clone());
            let (mut changes, mut steps) = (Changes::default(), 0);
            for row in &rows {
                // What does not open (an erased expert's case) is fsck's business, and holds up nobody else.
                let Ok(mut case) = self.store.read(|conn| self.open_case(conn, row)) else { continue };
                self.step_case(&clock, &[Party::Clock], &CONDUCT, &mut case, "urge")?;
                // A case is still urged when its list of urgings is full.
                let _ = push(&mut case.body, "urged", Object::new().with("at", now.0));
                case.due = Some(now.0 + URGE_DAYS * 86_400);
                changes = changes.case(self.case_change(&case)?);
                steps += 1;
            }
            if self.write_or_later("urge conduct cases", changes)? {
                urged += steps;
            }
        }
    }
}
