//! expert-draw: a registry of government-procurement evaluation experts (政府采购评审专家库) and a
//! random draw (随机抽取) that nobody can bend and anybody can check.
//!
//! The crate is a house in which a draw walks one way, from the door to the record; ARCHITECTURE.md
//! is its plan and `tests/pure/tidy.rs` holds the imports against it. The modules before `ports` are the
//! pure core: no I/O, no clock, no randomness, no floating point. Everything after it exists only
//! with the feature `server`.
//!
//! *Invariant:* names and seats meet in two places only: `service`, for those who may see them, and the
//! openings of an evidence file.

#![deny(missing_docs, unsafe_code)]
#![deny(clippy::dbg_macro, clippy::print_stdout, clippy::print_stderr, clippy::todo, clippy::unimplemented)]

// The pure core. Each of these modules forbids itself floats, panics, indexing and unordered
// iteration in its own head, because an attribute here would reach the whole crate.
pub mod codec;
pub mod codes;
pub mod draw;
pub mod evidence;
pub mod log;
pub mod registry;
pub mod rules;
pub mod time;

// The service.
#[cfg(feature = "server")]
pub mod audit;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod keys;
#[cfg(feature = "server")]
pub mod outside;
#[cfg(feature = "server")]
pub mod paper;
#[cfg(feature = "server")]
pub mod pool_sample;
#[cfg(feature = "server")]
pub mod ports;
#[cfg(feature = "server")]
pub mod profile_source;
#[cfg(feature = "server")]
pub mod service;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod supervisor;
#[cfg(feature = "server")]
pub mod witness;
