//! The one file that turns a "no" into `application/problem+json` (RFC 9457).
//!
//! Use-cases answer with a [`Refusal`]; extractors, the router and the rim make a [`Problem`]
//! directly. Whatever else goes wrong in the framework is replaced by a problem of the same status
//! in `rim`, so no answer with an error status has another body.
//!
//! *Invariants:* the cause of a fault goes to the log and never into an answer; a value that a
//! client sent is never repeated, only its class.

use std::fmt;

use actix_web::error::BlockingError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::registry;
use crate::service::refusal::{Kind, Refusal};

/// The media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error of the API (RFC 9457); texts in Chinese and English.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `/problems/<code>`; the code is stable, the texts are not.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the status means, in Chinese.
    pub title: &'static str,
    /// What the status means, in English.
    pub title_en: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it, in Chinese.
    pub detail: String,
    /// What to do about it, in English.
    pub detail_en: String,
    /// Id of the request, to be named to the operator.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// One rule that one field breaks. The value is not repeated, only its class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The place: names joined by dots, list positions in brackets; a header by its name.
    pub field: String,
    /// The rule's name, stable.
    pub rule: String,
    /// What kind of value stood there, in English; absent where that says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What is asked for, in Chinese.
    pub message: String,
    /// What is asked for, in English.
    pub message_en: String,
}

/// An error on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status to answer with.
    pub status: StatusCode,
    /// The last part of the problem type.
    pub code: &'static str,
    details: Box<Details>,
}

/// Boxed, because a problem is the error of nearly every function here.
#[derive(Clone, Debug, Default)]
struct Details {
    instance: String,
    cause: Option<String>,
    zh: String,
    en: String,
    errors: Vec<FieldProblem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with its texts.
    pub fn new(status: StatusCode, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let details = Box::new(Details { zh: zh.into(), en: en.into(), ..Details::default() });
        Self { status, code, details }
    }

    /// The request's id; empty until the rim fills it in.
    pub fn instance(&self) -> &str {
        &self.details.instance
    }

    /// For the operator's log only.
    pub fn cause(&self) -> Option<&str> {
        self.details.cause.as_deref()
    }

    /// A request whose form cannot be read (400).
    pub fn bad_request(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, zh, en)
    }

    /// A field, parameter or header that breaks a rule of form (400).
    pub fn field(field: &str, rule: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let (zh, en) = (zh.into(), en.into());
        let mut problem = Self::bad_request("malformed", format!("{field}：{zh}"), format!("{field}: {en}"));
        problem.details.errors.push(FieldProblem {
            field: field.to_owned(),
            rule: rule.to_owned(),
            class: None,
            message: zh,
            message_en: en,
        });
        problem
    }

    /// No valid token (401). One text for every reason: a guesser learns nothing.
    pub fn unauthenticated() -> Self {
        Refusal::unauthenticated().into()
    }

    /// Nothing at this address (404).
    pub fn no_such_path() -> Self {
        let (zh, en) = ("没有这个地址", "there is nothing at this address");
        Self::new(StatusCode::NOT_FOUND, "no_such_path", zh, en)
    }

    /// The address exists, the method is not for it (405); names those that are.
    pub fn method_not_allowed(allowed: &[Method]) -> Self {
        let names = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let (zh, en) = (format!("此地址只接受 {names}"), format!("this address takes {names}"));
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", zh, en);
        problem
            .details
            .headers
            .extend(HeaderValue::from_str(&names).ok().map(|names| (header::ALLOW, names)));
        problem
    }

    /// A body longer than the limit (413).
    pub fn too_large(limit: usize) -> Self {
        let (zh, en) =
            (format!("请求正文超过 {limit} 字节"), format!("the body is longer than {limit} bytes"));
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", zh, en)
    }

    /// A body of another media type (415).
    pub fn unsupported_type(expected: &str) -> Self {
        let zh = format!("请求正文类型须为 {expected}，不压缩");
        let en = format!("the body must be {expected}, without content coding");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", zh, en)
    }

    /// A conditional request without its condition (428).
    pub fn precondition_required() -> Self {
        let (zh, en) =
            ("须以 If-Match 给出所读版本的 ETag", "give the ETag of the version you read in If-Match");
        Self::new(StatusCode::PRECONDITION_REQUIRED, "if_match_required", zh, en)
    }

    /// A fault (500); the cause is for the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Refusal::internal(cause).into()
    }

    /// What the framework answered with, by its status alone.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::no_such_path(),
            StatusCode::REQUEST_TIMEOUT => {
                Self::new(status, "timeout", "请求未在时限内到达", "the request did not arrive in time")
            }
            _ if status.is_client_error() => {
                Self::new(status, "bad_request", "请求无法读取", "the request cannot be read")
            }
            _ => Self { status, ..Self::internal(format!("the framework answered {status}")) },
        }
    }

    /// With what is wrong with which field.
    pub fn with_errors(self, errors: Vec<FieldProblem>) -> Self {
        self.with(|details| details.errors = errors)
    }

    /// As the answer to a request.
    pub fn with_instance(self, id: &str) -> Self {
        self.with(|details| details.instance = id.to_owned())
    }

    fn with(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(&mut self.details);
        self
    }

    /// The body as it is sent.
    pub fn body(&self) -> ProblemBody {
        let (title, title_en) = title(self.status);
        ProblemBody {
            kind: format!("/problems/{}", self.code),
            title,
            title_en,
            status: self.status.as_u16(),
            detail: self.details.zh.clone(),
            detail_en: self.details.en.clone(),
            instance: self.details.instance.clone(),
            errors: self.details.errors.clone(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(status(refusal.kind), refusal.code, refusal.zh, refusal.en);
        problem.details.errors = refusal.problems.into_iter().map(FieldProblem::from).collect();
        problem.details.cause = refusal.cause;
        let header = match refusal.kind {
            Kind::Unauthenticated => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"expert-draw\"")))
            }
            Kind::Busy | Kind::Unknown => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _ => None,
        };
        problem.details.headers.extend(header);
        problem
    }
}

impl From<registry::Problem> for FieldProblem {
    fn from(problem: registry::Problem) -> Self {
        Self {
            class: Some(problem.class.en()),
            field: problem.field,
            rule: problem.rule.to_owned(),
            message: problem.message_zh,
            message_en: problem.message_en,
        }
    }
}

impl From<BlockingError> for Problem {
    /// The use-case panicked; the panic itself was written by the panic hook.
    fn from(_: BlockingError) -> Self {
        Self::internal("a use-case panicked")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        for header in &self.details.headers {
            response.insert_header(header.clone());
        }
        // The body is made of strings and numbers: writing it has no way to fail.
        let mut response = response.body(serde_json::to_vec(&self.body()).unwrap_or_default());
        // The rim reads it back, to add the request's id; the framework drops errors on the way.
        response.extensions_mut().insert(self.clone());
        response
    }
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Busy | Kind::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("请求格式有误", "Malformed request"),
        401 => ("未登录或令牌无效", "Not signed in"),
        403 => ("无权操作", "Not permitted"),
        404 => ("不存在", "Not found"),
        405 => ("方法不适用", "Method not allowed"),
        409 => ("与现状冲突", "Conflict"),
        410 => ("已依法删除", "Erased"),
        412 => ("记录已被更改", "Changed in the meantime"),
        413 => ("请求过大", "Too large"),
        415 => ("正文类型不支持", "Unsupported media type"),
        422 => ("输入无效", "Invalid input"),
        428 => ("缺少前提条件", "Precondition required"),
        429 => ("过于频繁", "Too many requests"),
        503 => ("暂时无法处理", "Temporarily unavailable"),
        _ if status.is_client_error() => ("请求无法处理", "The request cannot be served"),
        _ => ("系统错误", "Internal fault"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_refusal_has_a_status_with_a_title_of_its_own() {
        for (kind, expected) in [
            (Kind::Invalid, 422),
            (Kind::Unauthenticated, 401),
            (Kind::Forbidden, 403),
            (Kind::NotFound, 404),
            (Kind::Conflict, 409),
            (Kind::Gone, 410),
            (Kind::Stale, 412),
            (Kind::TooMany, 429),
            (Kind::Busy, 503),
            (Kind::Unknown, 503),
            (Kind::Internal, 500),
        ] {
            let problem = Problem::from(Refusal::new(kind, "x", "中", "en"));
            assert_eq!(problem.status.as_u16(), expected);
            assert_ne!(problem.body().title_en, "The request cannot be served");
        }
    }

    #[test]
    fn the_cause_of_a_fault_is_not_in_the_answer() {
        let problem = Problem::internal("password=secret");
        let body = serde_json::to_string(&problem.body()).unwrap();
        assert!(!body.contains("secret"), "{body}");
        assert_eq!(problem.cause(), Some("password=secret"));
    }
}
