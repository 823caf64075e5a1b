//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): required on every POST, so that a
//! client that did not hear an answer may simply ask again. 1–64 visible ASCII characters.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::problem::Problem;
use crate::codec::Hash;
use crate::service::idempotency::IdempotencyKey;

/// The header's name.
pub const HEADER: &str = "Idempotency-Key";

/// The key of a request, still without the request's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// With the digest of the request's content.
    ///
    /// # Errors
    /// 400 for a key that is not 1–64 visible ASCII characters.
    pub fn of(&self, request: Hash) -> Result<IdempotencyKey, Problem> {
        IdempotencyKey::new(&self.0, request).ok_or_else(malformed)
    }
}

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(HEADER);
        ready(match (values.next(), values.next()) {
            (None, _) => {
                let (zh, en) = ("每个 POST 请求必填", "required on every POST");
                Err(Problem::field(HEADER, "required", zh, en))
            }
            (Some(value), None) => match value.to_str() {
                // Checked here too, so that a wrong key is refused before a body is read.
                Ok(text) if IdempotencyKey::new(text, Hash([0; 32])).is_some() => Ok(Self(text.to_owned())),
                _ => Err(malformed()),
            },
            (Some(_), Some(_)) => Err(malformed()),
        })
    }
}

fn malformed() -> Problem {
    let (zh, en) =
        ("应为一个值，1 至 64 个可见 ASCII 字符", "must be one value of 1 to 64 visible ASCII characters");
    Problem::field(HEADER, "idempotency_key", zh, en)
}
