//! What people are judged by beyond the registry, as of the journal's present end: engagements and lots by
//! tier. Profiles of version 1 ask for none of it.

use std::sync::{Arc, PoisonError};

use super::judged::Judged;
use super::prepare::Inputs;
use super::request::Checked;
use crate::rules::Rule;
use crate::rules::people_facts::EngagementBook;
use crate::service::Service;
use crate::service::refusal::Refusal;
use crate::service::tier_book::Lots;
use crate::time::Date;

/// What a record keeps of the inputs, and until where they were known.
pub(super) struct Prepared {
    /// For the sealed record; `None` under profiles of version 1.
    pub judged: Option<Judged>,
    /// Entries below this were folded for engagements.
    pub engaged_at: u64,
}

impl Checked {
    /// What people are judged by.
    pub(super) fn inputs<'a>(
        &'a self,
        engagements: Option<&'a Arc<EngagementBook>>,
        lots: &'a Lots,
    ) -> Inputs<'a> {
        let engagements = engagements.map(Arc::as_ref);
        Inputs { project: &self.project, requirements: &self.requirements, engagements, lots }
    }
}

impl Service {
    /// The inputs for a project as of the journal's end.
    pub(super) fn inputs(
        &self,
        checked: &Checked,
    ) -> Result<(Prepared, Option<Arc<EngagementBook>>, Arc<Lots>), Refusal> {
        if self.profile.version() == 1 {
            let engaged_at = self.engagements()?.position();
            return Ok((Prepared { judged: None, engaged_at }, None, Arc::default()));
        }
        let (day, registry_profile) = (Date::of(self.clock.now()), self.registry_profile());
        // Under the book's lock nobody takes it further than the journal's end that is read next.
        let mut tiers = self.tier_book.lock().unwrap_or_else(PoisonError::into_inner);
        let (engagements, before) = {
            let engagements = self.engagements()?;
            (engagements.book(), engagements.position())
        };
        let lots = if self.profile.applies(Rule::TieredProbability) {
            self.store.read(|conn| tiers.follow(&self.archive(), conn, before))?;
            tiers.lots(registry_profile, day)?
        } else {
            Arc::default()
        };
        let judged = Judged::of(&checked.project, before, day, registry_profile.digest());
        Ok((Prepared { judged: Some(judged), engaged_at: before }, Some(engagements), lots))
    }
}
