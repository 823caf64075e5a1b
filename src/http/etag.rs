//! Versions of records: strong entity tags `"<version>"` (RFC 9110 §8.8.3) and `If-Match` (§13.1.1).
//!
//! An amendment names the version it was made from: without `If-Match` 428, with another version
//! 412. `*` and lists are refused, because they name no single version that was read.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest};

use super::problem::Problem;

/// The header of a version.
pub fn etag(version: i64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// The version named by `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(
    /// The version.
    pub i64,
);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(header::IF_MATCH);
        ready(match (values.next(), values.next()) {
            (None, _) => Err(Problem::precondition_required()),
            (Some(value), None) => parse(value).map(Self).ok_or_else(malformed),
            (Some(_), Some(_)) => Err(malformed()),
        })
    }
}

fn malformed() -> Problem {
    Problem::field(
        "If-Match",
        "etag",
        "应为所读版本的 ETag，例如 \"3\"",
        "must be one ETag as read, such as \"3\"",
    )
}

fn parse(value: &HeaderValue) -> Option<i64> {
    let digits = value.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    let sound = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if sound { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_strong_tag_of_a_version_is_read() {
        assert_eq!(parse(&HeaderValue::from_static("\"12\"")), Some(12));
        for bad in
            ["*", "12", "W/\"12\"", "\"12\", \"13\"", "\"\"", "\"01\"", "\"+1\"", "\"99999999999999999999\""]
        {
            assert_eq!(parse(&HeaderValue::from_static(bad)), None, "{bad}");
        }
    }
}
