//! Bodies: JSON into a type, a CSV file as text, or nothing; read within a limit, checked strictly.
//!
//! In this order: signed in (of anonymous requests only a sign-in has a body, a short one) → media type (415) → length (413) →
//! UTF-8 (400) → no key twice, depth (400) → the type's own fields (400). What a field *means* is
//! checked by the use-case (422). serde's messages repeat values, so they are not passed on: the
//! rule is named and the place given.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;

use super::guard::{self, Unsafe};
use super::problem::Problem;
use crate::codec::{Hash, LabelledHash};
use crate::registry::privacy::ATTACHMENT_LIMIT;
use crate::service::actor::Actor;
use crate::service::imports::TextEncoding;

/// How long bodies may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// JSON; 1 MiB.
    pub json: usize,
    /// Files to import; 64 MiB.
    pub import: usize,
    /// Attachments; 5 MiB.
    pub attachment: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { json: 1 << 20, import: 64 << 20, attachment: ATTACHMENT_LIMIT }
    }
}

/// A JSON body of a type, with the digest of its request.
pub struct Body<T> {
    /// What was sent.
    pub value: T,
    /// Method, path, query and body under one digest: whether a repeated Idempotency-Key repeats
    /// the request.
    pub request: Hash,
}

/// A JSON body of a type from somebody who need not be signed in: short, without a digest, because
/// nothing that holds a password is remembered under an Idempotency-Key.
pub struct OpenBody<T>(
    /// What was sent.
    pub T,
);

/// The longest body that is read of somebody who is not signed in, in bytes.
pub const OPEN_LIMIT: usize = 4 << 10;

/// The bytes of a body whose signature the use-case checks: short, JSON by its label, unread.
pub struct SignedBody(
    /// As sent.
    pub Vec<u8>,
);

/// A CSV body, UTF-8 without or with a byte order mark, with the digest of its request.
pub struct Csv {
    /// The file.
    pub text: String,
    /// As [`Body::request`].
    pub request: Hash,
}

/// A document, as it is: PDF, JPEG or PNG by its label; what it is by its content the use-case checks.
pub struct Document {
    /// The bytes.
    pub content: Bytes,
    /// As [`Body::request`].
    pub request: Hash,
}

/// A file of rows, CSV or XLSX, with the digest of its request.
pub struct Upload {
    /// The file.
    pub bytes: Bytes,
    /// The encoding that `charset` names; `None`: to be found out.
    pub encoding: Option<TextEncoding>,
    /// As [`Body::request`].
    pub request: Hash,
}

/// No body, or an empty object; with the digest of its request.
pub struct Nothing {
    /// As [`Body::request`].
    pub request: Hash,
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let accepted = ["application/json", "application/merge-patch+json"];
            let bytes = read(&request, payload, &accepted, limits(&request).json).await?;
            let digest = digest(&request, &bytes);
            Ok(Self { value: parse(utf8(&bytes)?)?, request: digest })
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OpenBody<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_anonymous(&request, payload, &["application/json"], OPEN_LIMIT).await?;
            Ok(Self(parse(utf8(&bytes)?)?))
        })
    }
}

impl FromRequest for SignedBody {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_anonymous(&request, payload, &["application/json"], OPEN_LIMIT).await?;
            Ok(Self(bytes.to_vec()))
        })
    }
}

impl FromRequest for Csv {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload, &["text/csv"], limits(&request).import).await?;
            let digest = digest(&request, &bytes);
            Ok(Self { text: utf8(&bytes)?.to_owned(), request: digest })
        })
    }
}

impl FromRequest for Document {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let accepted = ["application/pdf", "image/jpeg", "image/png"];
            let content = read(&request, payload, &accepted, limits(&request).attachment).await?;
            let digest = digest(&request, &content);
            Ok(Self { content, request: digest })
        })
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let accepted = ["text/csv", super::table_file::XLSX];
            let bytes = read(&request, payload, &accepted, limits(&request).import).await?;
            let encoding = charset(&request).and_then(|charset| TextEncoding::parse(&charset));
            let digest = digest(&request, &bytes);
            Ok(Self { bytes, encoding, request: digest })
        })
    }
}

impl FromRequest for Nothing {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload, &[], limits(&request).json).await?;
            if !matches!(bytes.trim_ascii(), b"" | b"{}") {
                let (zh, en) = ("此请求不带正文", "this request has no body");
                return Err(Problem::bad_request("body_not_expected", zh, en));
            }
            Ok(Self { request: digest(&request, b"") })
        })
    }
}

/// Reads a type from JSON text, after the guard.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    guard::check(text).map_err(|found| match found {
        Unsafe::Syntax(line, column) => Problem::bad_request(
            "not_json",
            format!("正文不是有效的 JSON（第 {line} 行第 {column} 列）"),
            format!("the body is not JSON (line {line}, column {column})"),
        ),
        Unsafe::Depth(place) => Problem::field(
            &place,
            "depth",
            format!("嵌套不得超过 {} 层", guard::MAX_DEPTH),
            format!("must not be nested deeper than {}", guard::MAX_DEPTH),
        ),
        Unsafe::Duplicate(place) => Problem::field(
            &place,
            "duplicate_key",
            "同一对象中字段重复",
            "the key stands twice in one object",
        ),
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = error.path().to_string();
        let place = if place == "." { "" } else { &place };
        misshapen(place, &error.inner().to_string())
    })
}

/// The rule behind one of serde's messages; of the message only names of ours are kept.
pub(super) fn misshapen(place: &str, message: &str) -> Problem {
    let quoted = message.split('`').nth(1).unwrap_or_default();
    // The path ends with the unknown key itself or with its object, depending on the reader.
    let at = |key: &str| {
        let ends = place == key || place.ends_with(&format!(".{key}"));
        if ends { place.to_owned() } else { guard::joined(place, key) }
    };
    let place_or_body = if place.is_empty() { "body" } else { place };
    if message.starts_with("unknown field") {
        let key = at(quoted);
        let key = if key.is_ascii() { key } else { guard::joined("", &key) };
        Problem::field(&key, "unknown_field", "未知字段", "unknown field")
    } else if message.starts_with("missing field") {
        Problem::field(&at(quoted), "required", "必填", "required")
    } else if message.starts_with("duplicate field") {
        Problem::field(&at(quoted), "duplicate_key", "字段重复", "stands twice")
    } else if let Some((_, expected)) = message.split_once(", expected ") {
        let expected = expected.split(" at line").next().unwrap_or(expected);
        let (zh, en) = (format!("类型不符，应为：{expected}"), format!("must be {expected}"));
        Problem::field(place_or_body, "type", zh, en)
    } else {
        Problem::field(place_or_body, "type", "值不符合要求", "not an acceptable value")
    }
}

fn limits(request: &HttpRequest) -> Limits {
    request.app_data::<web::Data<Limits>>().map(|limits| ***limits).unwrap_or_default()
}

async fn read(
    request: &HttpRequest,
    payload: Payload,
    accepted: &[&str],
    limit: usize,
) -> Result<Bytes, Problem> {
    if request.extensions().get::<Actor>().is_none() {
        return Err(Problem::unauthenticated());
    }
    read_anonymous(request, payload, accepted, limit).await
}

async fn read_anonymous(
    request: &HttpRequest,
    payload: Payload,
    accepted: &[&str],
    limit: usize,
) -> Result<Bytes, Problem> {
    let coded = request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    // Only files of rows may be in another encoding than UTF-8.
    let known = |charset: String| match TextEncoding::parse(&charset) {
        Some(TextEncoding::Utf8) => true,
        Some(TextEncoding::Gb18030) => accepted.contains(&super::table_file::XLSX),
        None => false,
    };
    let charset = charset(request).map(known);
    let named = accepted.is_empty() || accepted.contains(&request.content_type());
    if coded || !named || charset == Some(false) {
        return Err(Problem::unsupported_type(accepted.first().unwrap_or(&"application/json")));
    }
    let payload = web::Payload::from_request(request, &mut { payload })
        .await
        .map_err(|error| Problem::internal(format!("payload: {error}")))?;
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => {
            Err(Problem::bad_request("incomplete_body", "请求正文不完整", "the body did not arrive whole"))
        }
        Err(_) => Err(Problem::too_large(limit)),
    }
}

fn charset(request: &HttpRequest) -> Option<String> {
    let mime = request.mime_type().ok().flatten()?;
    mime.get_param("charset").map(|charset| charset.as_str().to_owned())
}

fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let (zh, en) =
            (format!("正文第 {at} 字节处不是 UTF-8"), format!("the body is not UTF-8 at byte {at}"));
        Problem::bad_request("not_utf8", zh, en)
    })
}

/// The token is in it, so that nobody who reads the database can try out what a body may have been.
fn digest(request: &HttpRequest, body: &[u8]) -> Hash {
    let token = request.headers().get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    LabelledHash::new("http-request")
        .variable(token)
        .variable(request.method().as_str().as_bytes())
        .variable(request.path().as_bytes())
        .variable(request.query_string().as_bytes())
        .variable(body)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        name: String,
        #[serde(default)]
        #[allow(dead_code)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        count: u32,
    }

    #[test]
    fn each_misshapen_field_is_named_by_place_and_rule() {
        for (text, field, rule) in [
            (r#"{"name":"a","extra":1}"#, "extra", "unknown_field"),
            (r#"{"name":"a","inner":[{"count":1},{"count":1,"x":2}]}"#, "inner[1].x", "unknown_field"),
            (r#"{}"#, "name", "required"),
            (r#"{"name":"a","inner":[{}]}"#, "inner[0].count", "required"),
            (r#"{"name":5}"#, "name", "type"),
            (r#"{"name":"a","inner":[{"count":-1}]}"#, "inner[0].count", "type"),
            (r#"{"name":"a","name":"b"}"#, "name", "duplicate_key"),
            (r#"[]"#, "body", "type"),
        ] {
            let body = parse::<Outer>(text).unwrap_err().body();
            assert_eq!(
                (body.errors[0].field.as_str(), body.errors[0].rule.as_str()),
                (field, rule),
                "{text}"
            );
            assert_eq!(body.status, 400);
        }
    }

    #[test]
    fn a_value_is_never_repeated() {
        for text in [r#"{"name":"a","inner":"王小明"}"#, r#"{"name":"a","王小明":1}"#, r#"{"name":110105}"#]
        {
            let body = serde_json::to_string(&parse::<Outer>(text).unwrap_err().body()).unwrap();
            assert!(!body.contains("王小明") && !body.contains("110105"), "{body}");
        }
    }
}
