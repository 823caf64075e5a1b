//! Direct entry (存量登记): while a bureau moves its existing records in, one registrar may register,
//! import and amend them. Afterwards it is closed, which is the default: people come in by an
//! application with two reviews (`applications`), and what a draw depends on changes only after
//! somebody else has looked (`amendments`), so that no single account puts a friend into a pool or
//! takes a conflict out of a record the day before a draw.
//!
//! Whoever runs the service opens it in the configuration; nobody can over the API. What came in this
//! way is told apart for ever: its entries are `expert.registered` and `expert.amended`, those of an
//! application `expert.entered`, those of a change `expert.change_…`.
//!
//! *Deliberately not here:* the import by the command line, which belongs to whoever holds database
//! and keys anyway.

use super::Service;
use super::refusal::{Kind, Refusal};
use crate::registry::change::{FieldClass, class_of};
use crate::registry::{Draft, Problem};

impl Service {
    /// Refuses to let somebody in by one person's hand when direct entry is closed.
    pub(super) fn check_direct_entry(&self) -> Result<(), Refusal> {
        if self.direct_entry {
            return Ok(());
        }
        let en = "direct entry is closed: people come in by an application with two reviews (/applications); \
                  to move existing records in, the operator opens it by the setting direct_entry";
        let zh = "存量登记已关闭：须经申请、初审、终审入库（/applications）；迁入存量数据时由运维开启配置项 direct_entry";
        Err(Refusal::new(Kind::Conflict, "direct_entry_closed", zh, en))
    }

    /// Refuses an amendment by one person's hand of anything but contacts when direct entry is closed;
    /// names every field.
    pub(super) fn check_amendment(&self, before: &Draft, after: &Draft) -> Result<(), Refusal> {
        if self.direct_entry {
            return Ok(());
        }
        let reviewed =
            changed(before, after).into_iter().filter(|field| class_of(field) != FieldClass::Alone);
        let problems: Vec<Problem> = reviewed
            .map(|field| {
                let zh = "须提出变更并经另一人审核（/experts/{number}/changes），聘期由续聘决定";
                let en = "asks for a change that another person reviews (/experts/{number}/changes); a term for a renewal";
                Problem::new(field, "", "review_required", zh, en)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }
}

/// The fields of the written form that differ.
fn changed(before: &Draft, after: &Draft) -> Vec<String> {
    let (before, after) = (before.to_json(), after.to_json());
    let (Some(before), Some(after)) = (before.as_map(), after.as_map()) else { return Vec::new() };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
