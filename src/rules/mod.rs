//! Rules: dated profiles, and what they say about an expert and a project.
//!
//! `(facts, profile) → findings (pass, fail, unknown, with source)`. Which rules apply, with which
//! numbers and from which legal source, stands in a [`Profile`], a dated file whose digest every
//! commitment carries; what a rule *means* stands here:
//!
//! | file | holds |
//! |---|---|
//! | `rule` | the table of rules: names, families, titles |
//! | `profile/`, `parameters` | profiles of both versions; what each rule's numbers are |
//! | `people_facts`, `unit_graph`, `same_units` | what is known of people and units |
//! | `standing`, `matching`, `conflicts`, `engagements` | rules about one expert, by family |
//! | `eligibility` | all of them joined: candidate, excluded with all reasons, not matching; lots |
//! | `mutual`, `panel` | relations between candidates; rules about a panel |
//! | `facts`, `committee`, `timing`, `process` | rules about a plan, before the draw, on the day and after |
//! | `finding`, `plan_finding` | what a rule answers, in two languages |
//! | `registry_profile/`, `conditions`, `special_check`, `tier` | the registry's own rules |
//!
//! A new rule takes a row of `rule`, a function in its family's file, an arm in `eligibility` (or in the
//! list of `committee` or `timing`), an entry in `data/national.toml`, and a section in `data/cases.md`:
//! tests ask for all of them.
//!
//! A draw's rules ([`Profile`]) and a registry's ([`RegistryProfile`]) are two files with two digests.
//! What a draw under a profile of version 1 came to, it comes to still.
//!
//! *Deliberately not here:* reading TOML (`profile_source`), seats (`draw`), today's date.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

#[cfg(test)]
#[cfg(feature = "server")]
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
    Contributions, Fees, Jurisdiction, Link, Occasion, PROFILE_LIMIT, PROFILES, Profile, ProfileError,
    RuleEntry, Stakes, Status, Terms, UnknownPolicy, embedded,
};
pub use registry_profile::{
    REGISTRY_PROFILE_LIMIT, REGISTRY_PROFILES, RegistryProfile, RegistryProfileError, embedded_registry,
};
pub use rule::{Family, NOT_YET_APPLIED, Rule};
pub use same_units::SameUnits;
