//! What earlier draws of a package leave behind: who was called for it, and who broke the discipline there
//! (财政部令第87号 art 67: they may not sit in the committee that is formed anew).

use std::collections::BTreeSet;

use crate::service::Service;
use crate::service::refusal::Refusal;
use crate::store;

/// The people of earlier draws of a package, by expert number.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Invited, or kept from the attempt before.
    pub called: BTreeSet<String>,
    /// Of whom a breach was noted on the day.
    pub broke: BTreeSet<String>,
}

impl Service {
    /// The past of a package.
    pub(super) fn past_of(&self, package: &str) -> Result<Past, Refusal> {
        let mut past = Past::default();
        for draw in self.store.read(|conn| store::draw::of_package(conn, package))? {
            let trail = self.engagements()?.trail(&draw.id).cloned();
            let Some(trail) = trail else { continue };
            let number = |position: u32| trail.number(position).map(str::to_owned);
            past.called.extend(trail.people.keys().filter_map(|position| number(*position)));
            if let Some((_, day)) = self.find_day(&draw.id)? {
                let breaches = day.arrivals.iter().filter(|arrival| arrival.breach.is_some());
                past.broke.extend(breaches.filter_map(|arrival| number(arrival.position)));
            }
        }
        Ok(past)
    }
}
