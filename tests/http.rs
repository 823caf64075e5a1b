//! The API over a real socket, on fresh databases of both kinds, with fixed clock and entropy.
//!
//! PostgreSQL is the private cluster that `EXPERT_DRAW_TEST_POSTGRES` names (`make test` sets it).
#![cfg(feature = "server")]

#[path = "http/access.rs"]
mod access;
#[path = "http/account_changes.rs"]
mod account_changes;
#[path = "http/accounts.rs"]
mod accounts;
#[path = "http/app.rs"]
mod app;
#[path = "http/applications.rs"]
mod applications;
#[path = "http/audit.rs"]
mod audit;
#[path = "http/audited.rs"]
mod audited;
#[path = "http/bad_input.rs"]
mod bad_input;
#[path = "http/bad_rows.rs"]
mod bad_rows;
#[path = "http/called_files.rs"]
mod called_files;
#[path = "http/calls.rs"]
mod calls;
#[path = "http/calls_order.rs"]
mod calls_order;
#[path = "http/campaigns.rs"]
mod campaigns;
#[path = "http/changes.rs"]
mod changes;
#[path = "http/conduct.rs"]
mod conduct;
#[path = "http/contributions.rs"]
mod contributions;
#[path = "http/day.rs"]
mod day;
#[path = "http/day_failures.rs"]
mod day_failures;
#[path = "http/decisions.rs"]
mod decisions;
#[path = "http/documents.rs"]
mod documents;
#[path = "http/draws.rs"]
mod draws;
#[path = "http/due.rs"]
mod due;
#[path = "http/experts.rs"]
mod experts;
#[path = "http/exports.rs"]
mod exports;
#[path = "http/fees.rs"]
mod fees;
#[path = "http/forged_logs.rs"]
mod forged_logs;
#[path = "http/imports.rs"]
mod imports;
#[path = "http/keys.rs"]
mod keys;
#[path = "http/leave.rs"]
mod leave;
#[path = "http/material.rs"]
mod material;
#[path = "http/my_draws.rs"]
mod my_draws;
#[path = "http/old_faults.rs"]
mod old_faults;
#[path = "http/opponents.rs"]
mod opponents;
#[path = "http/packages.rs"]
mod packages;
#[path = "http/performance.rs"]
mod performance;
#[path = "http/plans.rs"]
mod plans;
#[path = "http/plans_remote.rs"]
mod plans_remote;
#[path = "http/plans_short.rs"]
mod plans_short;
#[path = "http/privacy.rs"]
mod privacy;
#[path = "http/private_audit.rs"]
mod private_audit;
#[path = "http/relays.rs"]
mod relays;
#[path = "http/renewals.rs"]
mod renewals;
#[path = "http/replay.rs"]
mod replay;
#[path = "http/rim.rs"]
mod rim;
#[path = "http/roles.rs"]
mod roles;
#[path = "http/schemes.rs"]
mod schemes;
#[path = "http/search.rs"]
mod search;
#[path = "http/second_verifier.rs"]
mod second_verifier;
#[path = "http/sessions.rs"]
mod sessions;
#[path = "http/shared_site.rs"]
mod shared_site;
#[path = "http/sight.rs"]
mod sight;
#[path = "store/support.rs"]
#[allow(dead_code)]
mod support;
#[path = "http/tokens.rs"]
mod tokens;
#[path = "http/units.rs"]
mod units;
#[path = "http/venues.rs"]
mod venues;
#[path = "http/verifier.rs"]
mod verifier;
#[path = "http/voids.rs"]
mod voids;
#[path = "http/witness_double.rs"]
mod witness_double;
#[path = "http/witnesses.rs"]
mod witnesses;
