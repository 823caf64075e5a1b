//! What a draw takes from the plan that it is made from, beyond package and seat groups.
//!
//! *Deliberately not here:* how a plan comes to be approved (`service::plans`).

use crate::rules::Stakes;
use crate::rules::people_facts::Involved;

/// The parts of an approved plan that the rules and the commitment need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromPlan {
    /// Id of the plan.
    pub plan: String,
    /// Its version.
    pub version: u32,
    /// Id of the package.
    pub package: String,
    /// What is at stake: which contributions the draw needs depends on it.
    pub stakes: Stakes,
    /// How long the review is expected to take, in hours.
    pub hours: u32,
    /// People involved in the project before.
    pub involved: Vec<Involved>,
    /// Expert numbers of those who may not be drawn for this package: who broke the rules in an earlier
    /// committee (87号令 art 67), who is self-selected; ascending.
    pub barred: Vec<String>,
    /// Members whom a supplementary draw keeps; empty for any other.
    pub kept: Vec<KeptPerson>,
}

/// A member kept from the attempt before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPerson {
    /// Expert number.
    pub number: String,
    /// What the member may still fill.
    pub place: KeptPlace,
}

/// What a kept member may still fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptPlace {
    /// Before sign-in: any group of this site.
    Site(u32),
    /// After sign-in: this group, from 1.
    Group(u32),
}
