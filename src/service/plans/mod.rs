//! Plans (抽取方案): from the agency's draft through purchaser and bureau to the draw, and what is left of
//! them afterwards.
//!
//! | file | holds |
//! |---|---|
//! | `body` | what the case of a plan keeps, and how it is read |
//! | `edit` | created, amended, formed anew after a failure |
//! | `steps` | submitted, confirmed, returned, approved, cancelled, closed |
//! | `findings` | the plan's facts as the rules ask for them; what they answer |
//! | `feasibility` | counts before approval, coarse for the agency, every question kept |
//! | `past` | whom earlier draws of the package called, and who broke the discipline there |
//! | `short` | the ways out when too few candidates are there |
//! | `drawing` | the draw from the approved version |
//! | `view` | who sees what |
//!
//! A plan is a case of kind `plan` under a data key of its own: `parent` is the package, `owner` the
//! agency's credit code, `subject` the purchaser's, `region` the purchaser's bureau.
//!
//! *Invariants:* a package has at most one plan that is not ended; nothing is drawn but the version that
//! was approved; a change after approval is a new version and passes everybody anew; every question
//! about feasibility is kept with the plan.
//!
//! *Deliberately not here:* suppliers (they stay sealed in the package); how a committee must be made up
//! (`rules`); names of anybody in the pool.

mod body;
mod drawing;
mod edit;
mod feasibility;
mod findings;
mod past;
mod short;
mod steps;
mod view;

pub use body::{Act, Query, Widened};
pub use drawing::Approved;
pub use edit::PlanInput;
pub use feasibility::{Feasibility, GroupFeasibility};
pub use findings::FindingView;
pub use steps::Approval;
pub use view::{PlanLine, PlanView, PlansAsked};

pub(in crate::service) use body::{add_id, ids, read as read_plan};
pub(in crate::service) use drawing::people_named;

/// Letter of a plan's id.
const LETTER: char = 'L';
