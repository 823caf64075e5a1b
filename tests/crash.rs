//! The real program on real databases, killed and tampered with: what was answered stands, what was
//! altered is named.
//!
//! PostgreSQL is the private cluster that `EXPERT_DRAW_TEST_POSTGRES` names (`make test` sets it);
//! without it these tests fail, they never pass by skipping.
#![cfg(feature = "server")]

#[path = "crash/calls.rs"]
mod calls;
#[path = "crash/clients.rs"]
mod clients;
#[path = "crash/failpoints.rs"]
mod failpoints;
#[path = "crash/keys.rs"]
mod keys;
#[path = "crash/kills.rs"]
mod kills;
#[path = "crash/site.rs"]
mod site;
#[path = "store/support.rs"]
#[allow(dead_code)]
mod support;
#[path = "crash/tamper.rs"]
mod tamper;
