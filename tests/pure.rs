//! Tests of the pure core from outside: evidence files, vectors, the house's own rules.

#[path = "pure/beacon.rs"]
mod beacon;
#[path = "pure/call_rules.rs"]
mod call_rules;
#[path = "pure/call_vectors.rs"]
mod call_vectors;
#[path = "pure/called.rs"]
mod called;
#[path = "pure/called_evidence.rs"]
mod called_evidence;
#[path = "pure/cheating.rs"]
mod cheating;
#[path = "pure/contribution_vectors.rs"]
mod contribution_vectors;
#[path = "pure/evidence.rs"]
mod evidence;
#[path = "pure/fixture.rs"]
mod fixture;
#[path = "pure/key_vectors.rs"]
mod key_vectors;
#[path = "pure/lifecycles.rs"]
mod lifecycles;
#[path = "pure/membership.rs"]
mod membership;
#[path = "pure/shared.rs"]
mod shared;
#[path = "pure/shared_evidence.rs"]
mod shared_evidence;
#[path = "pure/sites.rs"]
mod sites;
#[path = "pure/tidy.rs"]
mod tidy;
#[path = "pure/vectors.rs"]
mod vectors;
