//! Fees (评审劳务报酬): the tables of regions, and what is due to the members of a panel.
//!
//! | file | holds |
//! |---|---|
//! | `tables` | a region's table: proposed by one account, confirmed by another |
//! | `dues` | what is due to one member: computed, travel claimed and checked, paid |
//!
//! *Invariants:* amounts come from `rules::fees` and a table in force, nobody types one; the payer is the
//! central body for what stands in its catalogue and the purchaser for everything else, never a social
//! agency (198号 art 23); a case of a fee exists only once the names are public, because its row names
//! the expert.

mod dues;
mod tables;

pub(super) use dues::FeeOf;
pub use dues::VoucherDraft;
pub use tables::FeeTableView;
