//! Lawful erasure (删除个人信息): proposed by one account, confirmed or rejected by another.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::etag;
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::erasure::{ErasureView, Ground};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(propose).service(list).service(find).service(confirm).service(reject);
}

/// An erasure to be proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureInput {
    /// Number of an expert who was dismissed, died, was merged or banned, or id of an application that
    /// was rejected or withdrawn.
    about: String,
    /// `request`: the person asked for it; `retention_ended`: the time of storage is over.
    ground: String,
    /// On what it rests, 1–500 characters; no personal data here.
    #[schema(min_length = 1, max_length = 500)]
    basis: String,
}

/// Why a proposal is rejected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// 1–500 characters; no personal data here.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// An erasure.
#[derive(Debug, Serialize, ToSchema)]
pub struct Erasure {
    /// Its id.
    id: String,
    /// `proposed`, `done` or `rejected`.
    state: String,
    /// Expert number or application.
    about: String,
    /// `request` or `retention_ended`.
    ground: String,
    /// On what it rests.
    basis: String,
    /// Account that proposed it.
    proposed_by: String,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What was erased: numbers and cases whose entries open no more.
    subjects: Vec<String>,
    /// When it was proposed.
    created: Rfc3339,
    /// When it was last changed.
    updated: Rfc3339,
    /// Grows with every change; the ETag.
    version: i64,
}

impl From<ErasureView> for Erasure {
    fn from(view: ErasureView) -> Self {
        Self {
            id: view.id,
            state: view.state,
            about: view.about,
            ground: view.ground,
            basis: view.basis,
            proposed_by: view.proposed_by,
            reason: view.reason,
            subjects: view.subjects,
            created: Rfc3339(view.times.0),
            updated: Rfc3339(view.times.1),
            version: view.version,
        }
    }
}

/// Which erasures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ErasuresParams {
    /// `proposed`, `done` or `rejected`.
    state: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 提议删除个人信息 · Proposes to erase somebody; nothing is erased yet.
#[utoipa::path(
    tag = "erasures",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = ErasureInput,
    responses((status = 201, body = Erasure, headers(("ETag" = String, description = "the version"))))
)]
#[post("/erasures")]
async fn propose(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<ErasureInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let ErasureInput { about, ground, basis } = body.value;
    let ground = Ground::parse(&ground).ok_or_else(|| {
        let (zh, en) = ("应为 request 或 retention_ended", "must be request or retention_ended");
        Problem::field("ground", "ground", zh, en)
    })?;
    let made =
        run(&service, move |service| service.propose_erasure(&caller.0, &about, ground, &basis, Some(&key)));
    let made = made.await?;
    let location = format!("/api/v1/erasures/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.version))
        .json(Erasure::from(made)))
}

/// 删除事项列表 · Erasures, proposed and done.
#[utoipa::path(tag = "erasures", params(ErasuresParams), responses((status = 200, body = List<Erasure>)))]
#[get("/erasures")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<ErasuresParams>,
) -> Result<HttpResponse, Problem> {
    let ErasuresParams { state, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    if state.as_deref().is_some_and(|state| !["proposed", "done", "rejected"].contains(&state)) {
        let (zh, en) = ("应为 proposed、done 或 rejected", "must be proposed, done or rejected");
        return Err(Problem::field("state", "state", zh, en));
    }
    let page = run(&service, move |service| service.erasures(&caller.0, state.as_deref(), &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Erasure::from)))
}

/// 查看删除事项 · One erasure.
#[utoipa::path(
    tag = "erasures",
    params(("id" = String, Path, description = "Erasure")),
    responses((status = 200, body = Erasure, headers(("ETag" = String, description = "the version"))))
)]
#[get("/erasures/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.erasure(&caller.0, &id)).await?;
    Ok(answer(found))
}

/// 确认删除 · Erases what another account proposed. It cannot be undone.
#[utoipa::path(
    tag = "erasures",
    params(
        ("id" = String, Path, description = "Erasure"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Erasure, headers(("ETag" = String, description = "the version"))))
)]
#[post("/erasures/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_erasure(&caller.0, &id, Some(&key))).await?;
    Ok(answer(done))
}

/// 驳回删除提议 · Rejects a proposal of another account.
#[utoipa::path(
    tag = "erasures",
    params(
        ("id" = String, Path, description = "Erasure"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Rejection,
    responses((status = 200, body = Erasure, headers(("ETag" = String, description = "the version"))))
)]
#[post("/erasures/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Rejection>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reason = body.value.reason;
    let rejected =
        run(&service, move |service| service.reject_erasure(&caller.0, &id, &reason, Some(&key))).await?;
    Ok(answer(rejected))
}

fn answer(view: ErasureView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(Erasure::from(view))
}
