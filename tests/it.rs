//! The registry as a whole: a scripted year of one bureau through the API on both databases, and the
//! served API held against its own document by a tool that is not ours; whole lives of a package, from the
//! plan to the archive; and anything in any order by anybody.
//!
//! PostgreSQL is the private cluster that `EXPERT_DRAW_TEST_POSTGRES` names, the Python with
//! schemathesis is `EXPERT_DRAW_TEST_PYTHON`; `make test` sets both.
#![cfg(feature = "server")]

#[path = "http/app.rs"]
#[allow(dead_code)]
mod app;
#[path = "it/chance.rs"]
mod chance;
#[path = "it/contract.rs"]
mod contract;
#[path = "it/disorder.rs"]
mod disorder;
#[path = "it/disorder_steps.rs"]
mod disorder_steps;
#[path = "it/life.rs"]
mod life;
#[path = "it/life_day.rs"]
mod life_day;
#[path = "it/lives.rs"]
mod lives;
#[path = "crash/site.rs"]
#[allow(dead_code)]
mod site;
#[path = "store/support.rs"]
#[allow(dead_code)]
mod support;
#[path = "it/year.rs"]
mod year;
