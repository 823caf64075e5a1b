//! The steps of a plan: submitted, confirmed, approved, returned, widened, cancelled, its sites and its
//! draw.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::draw_views::Draw;
use super::draws::Nothing;
use super::etag::etag;
use super::idempotency::Key;
use super::plan_views::Plan;
use super::plans::shown;
use super::problem::Problem;
use super::run::run;
use crate::draw::sites::SitesEnding;
use crate::service::Service;
use crate::service::plans::Approval;
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(submit).service(withdraw_plan).service(confirm).service(refuse).service(approve);
    config.service(send_back).service(discard).service(propose_cancel).service(confirm_cancel);
    config.service(keep).service(widen).service(recommend).service(draw_sites).service(end_sites);
    config.service(confirm_end_sites).service(draw_plan).service(form).service(announce).service(close);
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReason {
    /// 1–2000 characters.
    reason: String,
}

/// 审核同意 · What the bureau accepts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanApproval {
    /// Departures from rules, by the rules' names: exactly those of the plan.
    #[serde(default)]
    overrides: Vec<String>,
    /// Expert numbers of those who broke the rules in an earlier committee of this package (87号令 art 67).
    #[serde(default)]
    barred: Vec<String>,
}

/// Which group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupToWiden {
    /// Group number, from 1.
    group: u32,
}

/// Somebody recommended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recommended {
    /// Id of the application for entry.
    application: String,
}

/// The announcement that names a self-selected committee.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanAnnouncement {
    /// 结果公告编号, 1–128 characters.
    announcement: String,
}

/// Why drawn sites are given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SitesEnd {
    /// `site_failure` or `plan_changed`.
    reason: String,
}

/// 提交方案 · Submits a plan; what breaks a rule is answered with its article.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/submit")]
async fn submit(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.submit_plan(&caller.0, &id, &key)).await?))
}

/// 收回方案 · Takes a submitted plan back.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/withdraw")]
async fn withdraw_plan(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.withdraw_submitted_plan(&caller.0, &id, &key)).await?))
}

/// 采购人确认方案 · The purchaser confirms.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.confirm_plan(&caller.0, &id, &key)).await?))
}

/// 采购人退回方案 · The purchaser returns the plan with reasons.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanReason,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/refuse")]
async fn refuse(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanReason>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(run(&service, move |service| service.refuse_plan(&caller.0, &id, &input.reason, &key)).await?))
}

/// 审核同意方案 · The bureau approves.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanApproval,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/approve")]
async fn approve(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanApproval>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    let approval = Approval { overrides: input.overrides, barred: input.barred };
    Ok(shown(run(&service, move |service| service.approve_plan(&caller.0, &id, &approval, &key)).await?))
}

/// 审核退回方案 · The bureau returns the plan with reasons.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanReason,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/return")]
async fn send_back(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanReason>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(run(&service, move |service| service.return_plan(&caller.0, &id, &input.reason, &key)).await?))
}

/// 放弃方案 · Gives up a plan that nobody agreed to yet.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanReason,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/discard")]
async fn discard(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanReason>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(run(&service, move |service| service.discard_plan(&caller.0, &id, &input.reason, &key)).await?))
}

/// 申请取消方案 · Proposes a cancellation; another person has to agree.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanReason,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/cancel")]
async fn propose_cancel(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanReason>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(
        run(&service, move |service| service.propose_cancel(&caller.0, &id, &input.reason, &key)).await?,
    ))
}

/// 同意取消方案 · Agrees; what was drawn stays sealed for ever.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/cancel/confirm")]
async fn confirm_cancel(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.decide_cancel(&caller.0, &id, None, &key)).await?))
}

/// 不同意取消 · Keeps the plan, with a reason.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanReason,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/cancel/keep")]
async fn keep(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanReason>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(
        run(&service, move |service| service.decide_cancel(&caller.0, &id, Some(&input.reason), &key))
            .await?,
    ))
}

/// 放宽条件 · Widens a group that is short by the profile's next step.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = GroupToWiden,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/widen")]
async fn widen(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<GroupToWiden>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(run(&service, move |service| service.widen_plan(&caller.0, &id, input.group, &key)).await?))
}

/// 推荐人员入库 · Links the application of somebody recommended for entry.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Recommended,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/recommend")]
async fn recommend(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Recommended>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(
        run(&service, move |service| service.recommend_for_plan(&caller.0, &id, &input.application, &key))
            .await?,
    ))
}

/// 抽取副场 · Draws the sub-venues, before the experts.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/sites")]
async fn draw_sites(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.draw_sites(&caller.0, &id, &key)).await?))
}

/// 申请终止副场 · Proposes to end the drawn sites; another person has to agree.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = SitesEnd,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/sites/end")]
async fn end_sites(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<SitesEnd>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    let found = SitesEnding::parse(&input.reason).filter(|reason| *reason != SitesEnding::Cancelled);
    let reason = found.ok_or_else(|| {
        let (zh, en) = ("须为 site_failure 或 plan_changed", "must be site_failure or plan_changed");
        Problem::from(Refusal::field("reason", &input.reason, "unknown_reason", zh, en))
    })?;
    Ok(shown(run(&service, move |service| service.propose_sites_end(&caller.0, &id, reason, &key)).await?))
}

/// 同意终止副场 · Agrees; the workstations are free again.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/sites/end/confirm")]
async fn confirm_end_sites(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.confirm_sites_end(&caller.0, &id, &key)).await?))
}

/// 从方案抽取 · Draws from the approved plan; after a draw that ended without a panel once more.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses(
        (status = 201, body = Draw),
        (status = 202, body = Draw, description = "planned: waits for the bureau to accept forced seats")
    )
)]
#[post("/plans/{id}/draw")]
async fn draw_plan(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let made = run(&service, move |service| service.draw_plan(&caller.0, &id, &key)).await?;
    let location = format!("/api/v1/draws/{}", made.id);
    let mut answer =
        if made.commitment.is_some() { HttpResponse::Created() } else { HttpResponse::Accepted() };
    Ok(answer.insert_header(("Location", location)).insert_header(etag(made.version)).json(Draw::from(made)))
}

/// 自行选定组成小组 · Forms a committee of which every expert is self-selected.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/form")]
async fn form(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.form_committee(&caller.0, &id, &key)).await?))
}

/// 公开自行选定名单 · The result of a committee that was not drawn is announced.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = PlanAnnouncement,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/announce")]
async fn announce(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<PlanAnnouncement>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value;
    Ok(shown(
        run(&service, move |service| service.announce_committee(&caller.0, &id, &input.announcement, &key))
            .await?,
    ))
}

/// 办结方案 · Closes a plan whose draw is unsealed.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Plan))
)]
#[post("/plans/{id}/close")]
async fn close(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.close_plan(&caller.0, &id, &key)).await?))
}
