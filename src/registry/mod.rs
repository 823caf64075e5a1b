//! The registry's facts: experts (评审专家), units (工作单位), packages (包), and their private images.
//!
//! | file | holds |
//! |---|---|
//! | `problem` | [`Problem`]: one rule that an input breaks, in two languages, without the value |
//! | `draft`, `draft_parts` | [`Draft`]: an expert's facts as written, and the validation of the base |
//! | `draft_check` | the validation of everything else |
//! | `draft_json` | the written form of a draft, in images and cases |
//! | `identity` | [`Identity`]: document, birth date, sex |
//! | `expert`, `particulars` | [`Expert`]: the same facts, valid |
//! | `expert_changes` | how an expert changes |
//! | `standing`, `standing_json`, `standing_table` | [`Standing`]: the life cycle, `(state, event) → state` as a table |
//! | `image` | [`SealedImage`]: what the store seals, and the digests that a statement publishes |
//! | `unit`, `package` | [`Unit`], [`Package`], with images of the same form |
//! | `conduct`, `remark`, `performance`, `campaign` | codes and life cycles of conduct, non-punitive records, evaluations, special checks |
//! | `lifecycle` | [`lifecycle::Lifecycle`]: the tables that cases (办件) follow |
//! | `application`, `change` | the life cycles of applications and of change requests |
//! | `scheme` | [`SchemeTable`], [`Crosswalk`]: speciality schemes as trees, and ways between them |
//! | `privacy` | attachments, erasure, key rotation: their tables, and the tombstone of somebody erased |
//! | `rules_in_force` | the life cycle of a registry profile |
//! | `unit_merge`, `claim_migration` | the life cycles of merging units and of moving claims |
//! | `saved_list` | the life cycle of a saved list |
//! | `decision`, `act`, `act_draft`, `consequences` | decisions about a standing: acts, bodies, life cycles; what follows |
//! | `day`, `fee` | the life cycles of the day of a review and of what its members are paid |
//! | `keeping` | leave, confirmation, reminders, lost contact |
//! | `renewal` | renewal of terms |
//! | `plan`, `plan_draft`, `plan_check`, `plan_json`, `plan_table` | [`Plan`]: what is asked for a package before anything is drawn; its life cycle |
//! | `venue` | [`venue::Venue`]: places of review with their workstations; bookings |
//! | `csv_row`, `csv_cells` | [`Columns`]: a row of an import file to a draft |
//!
//! *Invariant:* a constructed value is valid; validation reports every problem at once and never
//! repeats a value, because a value may be a person's.
//!
//! *Deliberately not here:* who may change what (`service`), what follows from the facts for a draw
//! (`rules`), today's date (there is no clock: nothing here depends on it).
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod act;
pub mod act_draft;
pub mod application;
pub mod campaign;
pub mod change;
mod check;
pub mod claim_migration;
pub mod conduct;
mod conduct_table;
pub mod consequences;
mod csv_cells;
mod csv_row;
#[cfg(test)]
mod csv_row_tests;
pub mod day;
pub mod decision;
mod draft;
mod draft_check;
mod draft_json;
mod draft_parts;
mod expert;
mod expert_changes;
pub mod fee;
mod identity;
mod image;
pub mod keeping;
pub mod lifecycle;
mod package;
mod particulars;
pub mod performance;
pub mod plan;
mod plan_check;
mod plan_draft;
mod plan_json;
pub mod plan_table;
pub mod privacy;
mod problem;
pub mod remark;
pub mod renewal;
pub mod rules_in_force;
pub mod saved_list;
mod scheme;
mod standing;
mod standing_json;
pub mod standing_table;
#[cfg(test)]
mod standing_tests;
mod unit;
mod unit_draft;
mod unit_image;
pub mod unit_merge;
pub mod venue;

pub use csv_row::{Columns, NONE_MARKS};
pub use draft::Draft;
#[cfg(test)]
pub(crate) use draft::samples;
pub use draft_parts::{
    DraftAppointment, DraftCertificate, DraftClaim, DraftDocument, DraftEducation, DraftEmployment,
    DraftEqualLevel, DraftPast, DraftRelative, DraftRelaxation, DraftTitle, DraftTraining,
};
pub use expert::{Employment, Expert, ExpertNumber, PastEmployment, TitleLevel, limits};
pub use expert_changes::ClaimDecided;
pub use identity::{IDENTITY_CARD, Identity};
pub use image::{
    IMAGE_LIMIT, ImageError, Imaged, SealedImage, card_digest, expert_card, image_digest, rest_digest,
};
pub use package::{Package, PackageDraft, PackageNumber, Party, PartyDraft, SUPPLIERS_MAX};
pub use particulars::{
    Appointment, Certificate, Claim, ClaimDecision, Document, Education, EqualLevel, Leave, Particulars,
    Relation, Relative, Relaxation, Title, Training, WorkStatus,
};
pub use plan::{Category, Method, Plan, PlanGroup};
pub use plan_draft::{
    InvolvedDraft, PlanDraft, PlanGroupDraft, ProvinceFilingDraft, SelectedDraft, SelfSelectionDraft,
    SitesDraft,
};
pub use problem::{Problem, ValueClass};
pub use scheme::{Crosswalk, Head, Mapping, SCHEME_ROWS_MAX, SCHEME_TEXT_MAX, SchemeTable};
pub use standing::{DismissalReason, Event, EventKind, Refusal, StaleReason, Standing, StandingKind, Until};
pub use unit::{Edge, ExcludedKind, FormerName, KeyPerson, Position, UNIT_LIST_MAX, Unit, UnitKind};
pub use unit_draft::{DraftEdge, DraftFormerName, DraftPerson, UnitDraft};
