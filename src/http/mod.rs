//! The API under `/api/v1`: the only async code. Extract, call one use-case, map.
//!
//! | file | holds |
//! |---|---|
//! | `app`, `server` | all routes together; listening and ending |
//! | `rim`, `problem` | around every request; every error as problem+json |
//! | `auth`, `body`, `guard`, `query`, `idempotency`, `etag`, `paging` | what is taken out of a request |
//! | `openapi` | the API document, collected from the handlers |
//! | `verifier` | the page for browsers that verifies evidence, outside the API |
//! | the others | one resource each: bodies, handlers, `routes` |
//!
//! To add an endpoint: write the use-case in `service`; here a body with `deny_unknown_fields`, a
//! handler with `#[utoipa::path]` above its route macro and [`auth::Caller`] as its first argument,
//! and its name in the file's `routes`. The document, 404/405 and the test of tokens follow from it.
//!
//! *Invariants:* domain types derive neither serde nor OpenAPI traits, bodies are types of this
//! module; a handler never touches the store.

pub mod accounts;
pub mod app;
pub mod application_bodies;
pub mod applications;
mod attachments;
pub mod auth;
pub mod body;
mod calls;
pub mod campaigns;
mod case_views;
pub mod cases;
pub mod changes;
pub mod claim_migrations;
pub mod codes;
pub mod conduct;
pub mod conduct_steps;
pub mod contributions;
pub mod day;
mod day_bodies;
mod day_views;
pub mod decisions;
mod draw_views;
pub mod draws;
pub mod due;
mod erasures;
pub mod etag;
pub mod evidence;
pub mod expert_bodies;
mod expert_parts;
pub mod experts;
pub mod exports;
pub mod fees;
mod guard;
pub mod health;
pub mod idempotency;
pub mod imports;
mod invitations;
pub mod leave;
pub mod log;
pub mod log_witnesses;
mod looks;
pub mod me;
pub mod my_draws;
pub mod openapi;
pub mod own_account;
pub mod packages;
pub mod paging;
pub mod performance;
pub mod plan_bodies;
pub mod plan_steps;
pub mod plan_views;
pub mod plans;
pub mod problem;
pub mod public_file;
pub mod query;
mod record_page;
pub mod remarks;
pub mod renewals;
pub mod rim;
pub mod run;
pub mod schemes;
mod sealing;
pub mod search;
pub mod seen;
pub mod server;
pub mod sessions;
pub mod table_file;
pub mod tiers;
pub mod times;
pub mod tokens;
mod unit_bodies;
pub mod unit_merges;
pub mod units;
pub mod venues;
pub mod verifier;
