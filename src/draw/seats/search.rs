//! Completability with conflicts in full, and the counting of branches.
//!
//! At a node: no panel by the flow over all who are left (conflicts among them ignored): no. A panel
//! by the flow over those outside R: yes. Otherwise one branch is counted, on the first of R in drawn
//! order: first without them and their twins, and if that is a no, with them seated.
//!
//! *Invariant:* depth first, and the count of branches goes on over all searches of one walk. The
//! stack is a list, for it can grow as deep as R is long.

use super::Plan;
use super::flow::{Sitting, feasible};
use super::relations::{Field, Id, Mark};

/// The count passed the limit.
pub(super) struct LimitReached;

/// Branches counted in one walk so far, and how many may be.
pub(super) struct Branches {
    pub(super) counted: u64,
    pub(super) limit: u64,
}

impl Branches {
    fn count(&mut self) -> Result<(), LimitReached> {
        if self.counted >= self.limit {
            return Err(LimitReached);
        }
        self.counted += 1;
        Ok(())
    }
}

/// An open branch: the state before it, the first of R, and whether they are seated by now.
struct Branch {
    before: Mark,
    first: Id,
    with_them: bool,
}

/// Whether a full panel exists, made of `seated` and people left in the field. Both are given back
/// as they were.
pub(super) fn completable(
    plan: &Plan,
    seated: &mut Vec<Sitting>,
    field: &mut Field,
    branches: &mut Branches,
) -> Result<bool, LimitReached> {
    let (start, size) = (field.mark(), seated.len());
    let mut open: Vec<Branch> = Vec::new();
    loop {
        if feasible(&plan.seats, plan.unit_cap, seated, field.all()) {
            if feasible(&plan.seats, plan.unit_cap, seated, field.without_r()) {
                field.undo(start);
                seated.truncate(size);
                return Ok(true);
            }
            branches.count()?;
            // R cannot be empty: the two flows would have agreed.
            let Some(first) = field.first_of_r() else { return Ok(false) };
            open.push(Branch { before: field.mark(), first, with_them: false });
            for twin in field.twins(first, seated) {
                field.remove(twin);
            }
            continue;
        }
        // A no: take the other side of the latest branch that has one left.
        loop {
            let Some(branch) = open.last_mut() else { return Ok(false) };
            field.undo(branch.before);
            if !branch.with_them {
                branch.with_them = true;
                seated.extend(field.sitting(branch.first));
                field.seat(branch.first);
                break;
            }
            seated.pop();
            open.pop();
        }
    }
}
