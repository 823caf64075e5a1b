//! The witness against the specification and against whoever tries to make it contradict itself: forks by the real
//! key, stale and parallel requests, garbage, restored and lost directories, `kill -9` inside a write.
#![cfg(feature = "server")]

#[path = "witness/answers.rs"]
mod answers;
#[path = "witness/heads.rs"]
mod heads;
#[path = "witness/kills.rs"]
mod kills;
#[path = "witness/log.rs"]
mod log;
#[path = "witness/site.rs"]
mod site;
#[path = "witness/starts.rs"]
mod starts;
#[path = "witness/statuses.rs"]
mod statuses;
#[path = "witness/vectors.rs"]
mod vectors;
