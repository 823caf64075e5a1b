//! Change requests (变更): filed by the expert under `/me/changes`, by a registrar under the expert;
//! decided by a reviewer. Contacts are entered at once.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::application_bodies::{CaseLine, CasesParams, patch, value};
use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::etag;
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::codec::Json;
use crate::registry::change::CHANGE;
use crate::service::Service;
use crate::service::amendments::{ChangeRecord, ChangeVerdict};
use crate::service::applications::Side;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(file_own).service(list_own).service(find_own).service(withdraw_own);
    config.service(file).service(list).service(find).service(withdraw).service(decide);
}

/// A change to file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeInput {
    /// What is to change, as a merge patch over the record; `null` clears a field. `phone`,
    /// `further_phones`, `mail` and `address` alone are entered at once.
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
    /// Why, at most 200 characters.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// A decision about a change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDecisionInput {
    /// Whether it is approved.
    approve: bool,
    /// Why, 1–200 characters.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// New specialities that are not approved, though the rest is.
    #[serde(default)]
    refused_specialities: Vec<String>,
}

/// A change, everything.
#[derive(Serialize, ToSchema)]
pub struct Change {
    #[serde(flatten)]
    line: CaseLine,
    /// The names of the changed fields.
    fields: Vec<String>,
    /// The changed fields as they were.
    #[schema(value_type = Object)]
    before: Value,
    /// The changed fields as they are to be.
    #[schema(value_type = Object)]
    after: Value,
    /// Why it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Specialities that are not drawn while it is open.
    held_specialities: Vec<String>,
    /// Regions that are not drawn while it is open.
    held_regions: Vec<String>,
    /// Employers that count for conflicts while it is open.
    pending_units: Vec<String>,
    /// How it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<ChangeDecisionView>,
}

/// How a change was decided.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangeDecision)]
pub struct ChangeDecisionView {
    /// Whether it was approved.
    approve: bool,
    /// The account.
    by: String,
    /// When.
    at: Rfc3339,
    /// Why.
    reason: String,
    /// New specialities that were not approved.
    refused_specialities: Vec<String>,
}

/// 申请变更 · Changes one's own record: contacts at once, anything else after review.
#[utoipa::path(
    tag = "changes",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = ChangeInput,
    responses((status = 201, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[post("/me/changes")]
async fn file_own(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<ChangeInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (facts, reason) = (patch(body.value.facts)?, body.value.reason);
    let filed = run(&service, move |service| {
        service.file_change(&caller.0, Side::Own, None, &facts, reason.as_deref(), Some(&key))
    });
    Ok(created("/api/v1/me/changes", filed.await?))
}

/// 我的变更 · One's own changes.
#[utoipa::path(tag = "changes", params(PageParams), responses((status = 200, body = List<CaseLine>)))]
#[get("/me/changes")]
async fn list_own(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.own_changes(&caller.0, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, CaseLine::from)))
}

/// 查看我的变更 · One's own change.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path, description = "Change id")),
    responses((status = 200, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[get("/me/changes/{id}")]
async fn find_own(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(answer(run(&service, move |service| service.own_change(&caller.0, &id)).await?))
}

/// 撤回我的变更 · Takes one's own change back.
#[utoipa::path(
    tag = "changes",
    params(
        ("id" = String, Path, description = "Change id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[post("/me/changes/{id}/withdraw")]
async fn withdraw_own(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.withdraw_change(&caller.0, Side::Own, &id, Some(&key)));
    Ok(answer(done.await?))
}

/// 代录变更 · Files a change that an expert reported.
#[utoipa::path(
    tag = "changes",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ChangeInput,
    responses((status = 201, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[post("/experts/{number}/changes")]
async fn file(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Body<ChangeInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (facts, reason) = (patch(body.value.facts)?, body.value.reason);
    let filed = run(&service, move |service| {
        service.file_change(&caller.0, Side::Bureau, Some(&number), &facts, reason.as_deref(), Some(&key))
    });
    Ok(created("/api/v1/changes", filed.await?))
}

/// 变更列表 · Changes without names, by state, region and due date.
#[utoipa::path(tag = "changes", params(CasesParams), responses((status = 200, body = List<CaseLine>)))]
#[get("/changes")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let (asked, paging) = params.0.check(&CHANGE.states())?;
    let page = run(&service, move |service| service.changes(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, CaseLine::from)))
}

/// 查看变更 · One change. The look is recorded with its purpose.
#[utoipa::path(
    tag = "changes",
    params(("id" = String, Path, description = "Change id"), PurposeParams),
    responses((status = 200, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[get("/changes/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    Ok(answer(run(&service, move |service| service.read_change(&caller.0, &id, &purpose)).await?))
}

/// 撤回代录变更 · Takes a change back for the expert.
#[utoipa::path(
    tag = "changes",
    params(
        ("id" = String, Path, description = "Change id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[post("/changes/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done =
        run(&service, move |service| service.withdraw_change(&caller.0, Side::Bureau, &id, Some(&key)));
    Ok(answer(done.await?))
}

/// 审核变更 · Approves or refuses a change, with the reason.
#[utoipa::path(
    tag = "changes",
    params(
        ("id" = String, Path, description = "Change id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ChangeDecisionInput,
    responses((status = 200, body = Change, headers(("ETag" = String, description = "the version"))))
)]
#[post("/changes/{id}/decide")]
async fn decide(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ChangeDecisionInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let ChangeDecisionInput { approve, reason, refused_specialities } = body.value;
    let verdict = ChangeVerdict { approve, reason, refused_specialities };
    Ok(answer(
        run(&service, move |service| service.decide_change(&caller.0, &id, &verdict, Some(&key))).await?,
    ))
}

fn created(base: &str, record: ChangeRecord) -> HttpResponse {
    HttpResponse::Created()
        .insert_header(("Location", format!("{base}/{}", record.case.id)))
        .insert_header(etag(record.case.version))
        .json(Change::from(record))
}

fn answer(record: ChangeRecord) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(record.case.version)).json(Change::from(record))
}

impl From<ChangeRecord> for Change {
    fn from(ChangeRecord { case, body }: ChangeRecord) -> Self {
        Self {
            line: CaseLine::from(case),
            fields: body.fields().map(str::to_owned).collect(),
            before: value(&Json::Map(body.before)),
            after: value(&Json::Map(body.after)),
            reason: body.reason,
            held_specialities: body.held_specialities,
            held_regions: body.held_regions,
            pending_units: body.pending_units,
            decision: body.decision.map(|decision| ChangeDecisionView {
                approve: decision.approve,
                by: decision.by,
                at: Rfc3339::of(decision.at),
                reason: decision.reason,
                refused_specialities: decision.refused_specialities,
            }),
        }
    }
}
