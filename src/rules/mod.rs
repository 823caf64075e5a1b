//! Rules: dated profiles, and what they say about an expert and a project.
//!
//! `(facts, profile) → findings (pass, fail, unknown, with source)`. Which rules apply, with which
//! numbers and from which legal source, stands in a [`Profile`], a dated file whose digest every
//! commitment carries; what a rule *means* stands here, one file per family: `standing`, `matching`,
//! `conflicts`. A new rule takes a variant of [`Rule`], a function in its family's file, a line in
//! the list of `eligibility`, an entry in every profile; and leaves [`NOT_YET_APPLIED`].
//!
//! A draw's rules ([`Profile`], frozen by draw-v1) and a registry's ([`RegistryProfile`], which may
//! grow) are two files with two digests.
//!
//! *Deliberately not here:* the unit cap as a constraint on panels (`draw`; the profile only states
//! it), committee arithmetic and timing (later rules), today's date.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

#[cfg(all(test, feature = "server"))]
mod case_tests;
pub mod committee;
pub mod conditions;
mod conflicts;
pub mod day;
mod eligibility;
mod engagements;
pub mod facts;
pub mod fees;
mod finding;
mod matching;
pub mod mutual;
pub mod panel;
pub mod parameters;
pub mod people_facts;
mod plan_finding;
pub mod process;
mod profile;
pub mod registry_profile;
mod rule;
mod same_units;
pub mod special_check;
mod standing;
pub mod tier;
pub mod timing;
pub mod unit_graph;

pub use eligibility::{
    Judging, Outcome, Project, REQUIREMENTS_MAX, REVIEW_HOURS, Requirement, Verdict, judge,
};
pub use finding::{Answer, Detail, Finding};
pub use plan_finding::PlanFinding;
pub use profile::{
    Fees, Jurisdiction, Link, PROFILE_LIMIT, PROFILES, Profile, ProfileError, RuleEntry, Status, Terms,
    UnknownPolicy, embedded,
};
pub use registry_profile::{
    REGISTRY_PROFILE_LIMIT, REGISTRY_PROFILES, RegistryProfile, RegistryProfileError, embedded_registry,
};
pub use rule::{Family, NOT_YET_APPLIED, Rule};
pub use same_units::SameUnits;
