//! Merging duplicate records of a unit (单位合并): proposed, confirmed by another account.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::registry::unit_merge::UNIT_MERGE;
use crate::service::Service;
use crate::service::unit_merges::MergeView;
use crate::time::Timestamp;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(propose).service(list).service(find).service(confirm).service(reject).service(withdraw);
}

/// A merge to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// Credit code of the record that goes.
    merged: String,
    /// Credit code of the record that stays.
    survivor: String,
    /// Why they are one unit, 1–500 characters.
    reason: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeReason {
    /// 1–500 characters.
    reason: String,
}

/// A merge.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitMerge {
    /// Id.
    id: String,
    /// `proposed`, `merged`, `rejected` or `withdrawn`.
    state: String,
    /// Credit code of the record that goes.
    merged: String,
    /// Credit code of the record that stays.
    survivor: String,
    /// Why they are one unit.
    reason: String,
    /// The account that proposed it.
    proposed_by: String,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The account that did the newest act.
    by: String,
    /// When.
    updated: String,
}

impl From<MergeView> for UnitMerge {
    fn from(view: MergeView) -> Self {
        Self {
            id: view.id,
            state: view.state,
            merged: view.merged,
            survivor: view.survivor,
            reason: view.reason,
            proposed_by: view.proposed_by,
            answer: view.answer,
            by: view.by,
            updated: Timestamp(view.updated).to_string(),
        }
    }
}

/// Which merges.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MergesParams {
    /// In this state.
    state: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 提出单位合并 · Proposes that two records are one unit.
#[utoipa::path(
    tag = "units",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = MergeInput,
    responses((status = 201, body = UnitMerge))
)]
#[post("/unit-merges")]
async fn propose(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<MergeInput>,
) -> Result<HttpResponse, Problem> {
    let (key, input) = (key.of(body.request)?, body.value);
    let made = run(&service, move |service| {
        service.propose_merge(&caller.0, &input.merged, &input.survivor, &input.reason, &key)
    })
    .await?;
    let location = format!("/api/v1/unit-merges/{}", made.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(UnitMerge::from(made)))
}

/// 单位合并列表 · The merges.
#[utoipa::path(tag = "units", params(MergesParams), responses((status = 200, body = List<UnitMerge>)))]
#[get("/unit-merges")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<MergesParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let paging = paging(params.limit.as_deref(), params.after)?;
    if params.state.as_deref().is_some_and(|state| !UNIT_MERGE.states().contains(&state)) {
        let words = UNIT_MERGE.states().join(", ");
        let (zh, en) = (format!("应为 {words} 之一"), format!("must be one of {words}"));
        return Err(Problem::field("state", "state", zh, en));
    }
    let page = run(&service, move |service| service.merges(&caller.0, params.state, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, UnitMerge::from)))
}

/// 查看单位合并 · One merge.
#[utoipa::path(
    tag = "units",
    params(("id" = String, Path, description = "Merge id")),
    responses((status = 200, body = UnitMerge))
)]
#[get("/unit-merges/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.merge_of(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(UnitMerge::from(found)))
}

/// 确认单位合并 · Confirms a merge that another account proposed.
#[utoipa::path(
    tag = "units",
    params(
        ("id" = String, Path, description = "Merge id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = UnitMerge))
)]
#[post("/unit-merges/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_merge(&caller.0, &id, &key)).await?;
    Ok(HttpResponse::Ok().json(UnitMerge::from(done)))
}

/// 否决单位合并 · Rejects a merge that another account proposed.
#[utoipa::path(
    tag = "units",
    params(
        ("id" = String, Path, description = "Merge id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = MergeReason,
    responses((status = 200, body = UnitMerge))
)]
#[post("/unit-merges/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<MergeReason>,
) -> Result<HttpResponse, Problem> {
    let (key, reason) = (key.of(body.request)?, body.value.reason);
    let done = run(&service, move |service| service.reject_merge(&caller.0, &id, &reason, &key)).await?;
    Ok(HttpResponse::Ok().json(UnitMerge::from(done)))
}

/// 撤回单位合并 · Withdraws a merge; only the account that proposed it.
#[utoipa::path(
    tag = "units",
    params(
        ("id" = String, Path, description = "Merge id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = UnitMerge))
)]
#[post("/unit-merges/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.withdraw_merge(&caller.0, &id, &key)).await?;
    Ok(HttpResponse::Ok().json(UnitMerge::from(done)))
}
