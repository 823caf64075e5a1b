//! Conduct (不良行为): clues reported, listed, looked at.
//! What happens to a conduct case afterwards is in `conduct_steps`.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::case_views::{CaseFileView, CaseLineView, CasesParams, begun, file, files, lines};
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::registry::conduct::CONDUCT;
use crate::service::Service;
use crate::service::actor::Role;
use crate::service::conduct::{ClueDraft, ConductAsked};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(report).service(list).service(find).service(reporter).service(own_conduct);
}

/// A clue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClue {
    /// Expert number; or give `draw` and `position`. Agency and purchaser give a draw of their own.
    expert: Option<String>,
    /// Id of an unsealed draw.
    draw: Option<String>,
    /// Pool position in that draw.
    position: Option<u32>,
    /// 线索来源: `supervision`, `complaint`, `audit`, `referral`, `alert`, `buyer_report`, `self_report`.
    source: String,
    /// 保密级别: `open` or `secret`.
    secrecy: String,
    /// One of the seven codes, `art29_1` to `art29_7`.
    alleged: Option<String>,
    /// Day on which it happened, `YYYY-MM-DD`.
    occurred: Option<String>,
    /// Id of the package.
    package: Option<String>,
    /// What happened, at most 2,000 characters.
    summary: String,
    /// Who reports; kept apart from the case and never shown to the expert. At most 200 characters.
    reporter: Option<String>,
}

/// A reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonInput {
    /// At most 2,000 characters.
    pub reason: String,
}

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextInput {
    /// At most 2,000 characters.
    pub text: String,
}

/// 报告线索 · Reports a clue about an expert.
#[utoipa::path(
    tag = "conduct",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewClue,
    responses((status = 201, body = CaseLineView, headers(("ETag" = String, description = "the version"))))
)]
#[post("/conduct")]
async fn report(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewClue>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let clue = body.value;
    let seat = match (clue.draw, clue.position) {
        (Some(draw), Some(position)) => Some((draw, position)),
        (None, None) => None,
        _ => {
            let (zh, en) = ("draw 与 position 须同时给出", "draw and position stand together");
            return Err(Problem::field("position", "required", zh, en));
        }
    };
    let draft = ClueDraft {
        expert: clue.expert,
        seat,
        source: clue.source,
        secrecy: clue.secrecy,
        alleged: clue.alleged,
        occurred: clue.occurred,
        package: clue.package,
        summary: clue.summary,
        reporter: clue.reporter,
    };
    let buyer = matches!(caller.0.role, Role::Agency | Role::Purchaser);
    let made = run(&service, move |service| service.report_conduct(&caller.0, &draft, Some(&key))).await?;
    Ok(begun("conduct", made, if buyer { CaseLineView::without_number } else { CaseLineView::from }))
}

/// 线索列表 · Conduct cases without names.
#[utoipa::path(tag = "conduct", params(CasesParams), responses((status = 200, body = List<CaseLineView>)))]
#[get("/conduct")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let asked = params.0.check(&CONDUCT.states())?;
    let filter = ConductAsked {
        expert: asked.expert,
        state: asked.state,
        handler: asked.handler,
        region_prefix: asked.region_prefix,
        due_by: asked.due_by,
    };
    Ok(lines(run(&service, move |service| service.conduct_cases(&caller.0, &filter, &asked.paging)).await?))
}

/// 查看线索 · One conduct case, but for who reported. The look is recorded.
#[utoipa::path(
    tag = "conduct",
    params(("id" = String, Path, description = "Case id"), PurposeParams),
    responses((status = 200, body = CaseFileView))
)]
#[get("/conduct/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    Ok(file(run(&service, move |service| service.conduct_case(&caller.0, &id, &purpose)).await?))
}

/// 查看举报人 · Who reported a clue. The look is recorded.
#[utoipa::path(
    tag = "conduct",
    params(("id" = String, Path, description = "Case id"), PurposeParams),
    responses((status = 200, body = CaseFileView))
)]
#[get("/conduct/{id}/reporter")]
async fn reporter(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    Ok(file(run(&service, move |service| service.clue_reporter(&caller.0, &id, &purpose)).await?))
}

/// 本人不良行为 · The expert's own conduct cases, from the hearing on.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<CaseFileView>)))]
#[get("/me/conduct")]
async fn own_conduct(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    Ok(files(run(&service, move |service| service.own_conduct(&caller.0, &paging)).await?))
}
