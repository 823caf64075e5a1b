//! Codes of the national standards: person, organisation, region, speciality.
//!
//! | type | standard | what is checked |
//! |---|---|---|
//! | [`NationalId`] | GB 11643-1999 公民身份号码 | form, birth date, check character |
//! | [`CreditCode`] | GB 32100-2015 统一社会信用代码 | form, check character |
//! | [`Region`] | GB/T 2260 行政区划代码 | stands in the embedded table |
//! | [`Speciality`] | form of 发改法规〔2018〕316号, 财库〔2022〕31号 | form; the tables are `registry::scheme`'s |
//! | [`EducationLevel`] | GB/T 4658-2006 学历代码 | stands in the embedded table |
//!
//! *Invariant:* a value of one of these types is valid and has one spelling, which `as_str` gives.
//!
//! *Deliberately not here:* whether a code was ever issued to anybody.
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod credit_code;
mod education;
mod error;
mod national_id;
mod region;
mod speciality;
mod table;

pub use credit_code::CreditCode;
pub use education::EducationLevel;
pub use error::CodeError;
pub use national_id::{NationalId, Sex};
pub use region::{Level, Region};
pub use speciality::{Speciality, is_scheme_id, is_speciality_code};
