//! Non-punitive records (履职记录): late, absent, cancelled late; recorded, listed, looked at, corrected by
//! two people. They are no conduct of art. 29 and never become any.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::case_views::{CaseFileView, CaseLineView, CasesParams, begun, file, files, lines, stepped};
use super::conduct::{ReasonInput, TextInput};
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::registry::remark::REMARK;
use crate::service::Service;
use crate::service::remarks::{RemarkDraft, RemarkStep, RemarksAsked};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(record_remark).service(list_remarks).service(find_remark).service(own_remarks);
    config.service(state_on_remark).service(correct).service(confirm_correction).service(reject_correction);
}

/// A non-punitive record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRemark {
    /// Expert number.
    expert: String,
    /// `late`, `absent`, `late_cancel`.
    what: String,
    /// Day on which it happened, `YYYY-MM-DD`.
    day: String,
    /// Id of the package.
    package: Option<String>,
    /// At most 2,000 characters.
    note: Option<String>,
}

/// 记履职记录 · Records that an expert was late, absent, or cancelled late.
#[utoipa::path(
    tag = "conduct",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewRemark,
    responses((status = 201, body = CaseLineView, headers(("ETag" = String, description = "the version"))))
)]
#[post("/remarks")]
async fn record_remark(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewRemark>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let NewRemark { expert, what, day, package, note } = body.value;
    let draft = RemarkDraft { expert, what, day, package, note };
    let made = run(&service, move |service| service.record_remark(&caller.0, &draft, Some(&key))).await?;
    Ok(begun("remarks", made, CaseLineView::from))
}

/// 履职记录列表 · Non-punitive records without names.
#[utoipa::path(tag = "conduct", params(CasesParams), responses((status = 200, body = List<CaseLineView>)))]
#[get("/remarks")]
async fn list_remarks(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let asked = params.0.check(&REMARK.states())?;
    let filter =
        RemarksAsked { expert: asked.expert, state: asked.state, region_prefix: asked.region_prefix };
    Ok(lines(run(&service, move |service| service.remarks(&caller.0, &filter, &asked.paging)).await?))
}

/// 查看履职记录 · One non-punitive record. The look is recorded.
#[utoipa::path(
    tag = "conduct",
    params(("id" = String, Path, description = "Case id"), PurposeParams),
    responses((status = 200, body = CaseFileView))
)]
#[get("/remarks/{id}")]
async fn find_remark(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    Ok(file(run(&service, move |service| service.remark(&caller.0, &id, &purpose)).await?))
}

/// 本人履职记录 · The expert's own non-punitive records.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<CaseFileView>)))]
#[get("/me/remarks")]
async fn own_remarks(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    Ok(files(run(&service, move |service| service.own_remarks(&caller.0, &paging)).await?))
}

/// 说明 · The expert's view of the own record.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = TextInput,
    responses((status = 200, body = CaseLineView))
)]
#[post("/me/remarks/{id}/statement")]
async fn state_on_remark(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<TextInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let step = RemarkStep::State(body.value.text);
    Ok(stepped(run(&service, move |service| service.remark_step(&caller.0, &id, &step, Some(&key))).await?))
}

/// 申请更正 · Proposes that a record be corrected: it then no longer counts.
#[utoipa::path(
    tag = "conduct",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ReasonInput,
    responses((status = 200, body = CaseLineView))
)]
#[post("/remarks/{id}/correction")]
async fn correct(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ReasonInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let step = RemarkStep::Propose(body.value.reason);
    Ok(stepped(run(&service, move |service| service.remark_step(&caller.0, &id, &step, Some(&key))).await?))
}

/// 确认更正 · Confirms a correction that another account proposed.
#[utoipa::path(
    tag = "conduct",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = CaseLineView))
)]
#[post("/remarks/{id}/correction/confirm")]
async fn confirm_correction(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let step = RemarkStep::Confirm;
    Ok(stepped(run(&service, move |service| service.remark_step(&caller.0, &id, &step, Some(&key))).await?))
}

/// 不予更正 · Rejects a correction that another account proposed.
#[utoipa::path(
    tag = "conduct",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = CaseLineView))
)]
#[post("/remarks/{id}/correction/reject")]
async fn reject_correction(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let step = RemarkStep::Reject;
    Ok(stepped(run(&service, move |service| service.remark_step(&caller.0, &id, &step, Some(&key))).await?))
}
