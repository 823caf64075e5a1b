//! The store on real databases, both kinds: every test makes a fresh one.
//!
//! PostgreSQL is the private cluster that `EXPERT_DRAW_TEST_POSTGRES` names (`make test` sets it);
//! without it these tests fail, they never pass by skipping.
#![cfg(feature = "server")]

#[path = "store/aggregates.rs"]
mod aggregates;
#[path = "store/bench.rs"]
mod bench;
#[path = "store/crash.rs"]
mod crash;
#[path = "store/groups.rs"]
mod groups;
#[path = "store/log_export.rs"]
mod log_export;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/support.rs"]
mod support;
#[path = "store/tampering.rs"]
mod tampering;
