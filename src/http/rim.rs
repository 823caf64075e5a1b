//! The rim around every request: its id, the access line, security headers, problems made whole.
//!
//! *Invariants:* the access line holds method, path, status, duration and account: no query, no
//! body, no token. Every answer with an error status is problem+json with the request's id. A panic
//! ends one request, not the server.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};

use super::problem::Problem;
use crate::service::actor::Actor;

/// Ids of requests: a random beginning per process and a count.
pub struct RequestIds {
    start: u64,
    count: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        let mut bytes = [0; 8];
        // Ids are for finding lines in a log, they protect nothing: without entropy they still count.
        let _ = getrandom::fill(&mut bytes);
        Self { start: u64::from_be_bytes(bytes) >> 32, count: AtomicU64::new(0) }
    }
}

impl RequestIds {
    fn next(&self) -> String {
        format!("{:08x}-{}", self.start, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// Serves one request within the rim.
pub async fn rim<B: MessageBody + 'static>(
    ids: web::Data<RequestIds>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (id, begun) = (ids.next(), Instant::now());
    let (method, path) = (request.method().clone(), request.path().to_owned());
    if method == Method::HEAD {
        // The server leaves the body of an answer to HEAD away itself (RFC 9110 §9.3.2).
        request.head_mut().method = Method::GET;
    }
    let mut serving = Box::pin(next.call(request));
    let served = std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| serving.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(())),
        }
    })
    .await;
    let answer = match served {
        Ok(Ok(response)) => Ok(whole(response.map_into_boxed_body(), &id)),
        Ok(Err(error)) => Err(of_error(&error, &id)),
        Err(()) => Err(Problem::internal("a handler panicked").with_instance(&id)),
    };
    let (status, account) = match &answer {
        Ok(response) => (response.status(), account(response)),
        Err(problem) => (problem.status, None),
    };
    let duration_ms = begun.elapsed().as_millis();
    tracing::info!(request = %id, %method, path, status = status.as_u16(), duration_ms, account, "served");
    match answer {
        Ok(mut response) => {
            finish(response.headers_mut(), &id);
            Ok(response)
        }
        Err(problem) => {
            report(&problem);
            Err(problem.into())
        }
    }
}

fn account(response: &ServiceResponse) -> Option<String> {
    response.request().extensions().get::<Actor>().map(|actor| actor.account.clone())
}

/// Gives a problem the request's id, and replaces every other error by a problem.
fn whole(response: ServiceResponse, id: &str) -> ServiceResponse {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let known = response.response().extensions().get::<Problem>().cloned();
    let problem = known.unwrap_or_else(|| Problem::of_status(status)).with_instance(id);
    report(&problem);
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, HttpResponse::from_error(problem))
}

fn of_error(error: &Error, id: &str) -> Problem {
    let known = error.as_error::<Problem>().cloned();
    known.unwrap_or_else(|| Problem::of_status(error.as_response_error().status_code())).with_instance(id)
}

/// The cause goes to the log, here and nowhere else.
fn report(problem: &Problem) {
    let (request, code, cause) = (problem.instance(), problem.code, problem.cause());
    if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request, code, cause, "fault");
    } else if cause.is_some() {
        tracing::warn!(request, code, cause, "refused");
    }
}

/// Private by default: a handler that serves public bytes sets its own Cache-Control before.
fn finish(headers: &mut HeaderMap, id: &str) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}
