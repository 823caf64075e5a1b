//! What people are judged by beyond the registry, as of the journal's present end: engagements and lots by
//! tier. Profiles of version 1 ask for none of it.

use std::sync::PoisonError;

use super::judged::Judged;
use super::request::Checked;
use crate::rules::Rule;
use crate::rules::people_facts::EngagementBook;
use crate::service::Service;
use crate::service::refusal::Refusal;
use crate::service::tier_book::Lots;
use crate::store;
use crate::time::Date;

impl Service {
    /// The inputs for a project, and what a record keeps of them.
    pub(super) fn inputs(
        &self,
        checked: &Checked,
    ) -> Result<(Option<Judged>, Option<EngagementBook>, Lots), Refusal> {
        if self.profile.version() == 1 {
            return Ok((None, None, Lots::default()));
        }
        let day = Date::of(self.clock.now());
        let registry_profile = self.registry_profile();
        self.store.read(|conn| {
            let before = store::head::read(conn)?.size;
            let lots = if self.profile.applies(Rule::TieredProbability) {
                let mut book = self.tier_book.lock().unwrap_or_else(PoisonError::into_inner);
                book.follow(&self.archive(), conn, before)?;
                book.lots(registry_profile, day)?
            } else {
                Lots::default()
            };
            let engagements = EngagementBook::default();
            let judged = Judged::of(&checked.project, before, day, registry_profile.digest());
            Ok((Some(judged), Some(engagements), lots))
        })
    }
}
