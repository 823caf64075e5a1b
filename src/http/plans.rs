//! Plans (抽取方案): written, read, asked about, formed anew; their documents and bookings. The steps
//! between people are in `plan_steps`.

use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::attachments::{Attachment, KindParams, listed, saved};
use super::auth::{Caller, MaybeCaller};
use super::body::{Body, Document};
use super::etag::{IfMatch, etag};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::plan_bodies::NewPlan;
use super::plan_views::{Plan, PlanFeasibility, PlanFindings, PlanSummary};
use super::problem::Problem;
use super::public_file;
use super::query::Params;
use super::run::run;
use super::venues::{Booking, Bookings};
use crate::registry::plan_table::PLAN;
use crate::service::Service;
use crate::service::plans::{PlanView, PlansAsked};
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create).service(list).service(find).service(amend).service(reform);
    config.service(findings).service(feasibility).service(attach).service(documents).service(document);
    config.service(bookings).service(sites_evidence);
}

/// Which plans.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlansParams {
    /// In this state.
    state: Option<String>,
    /// Of this package.
    package: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Why somebody looks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlanLookParams {
    /// Why, 2–200 characters, kept with the record of the look; only with it bureau, auditor and
    /// supervisor see names.
    purpose: Option<String>,
}

/// Which evidence.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SitesEvidenceParams {
    /// `public` (default; no token needed) or `auditor`.
    audience: Option<String>,
    /// Why, 2–200 characters; required for `auditor`, kept with the record of the look.
    purpose: Option<String>,
}

/// A question about feasibility.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeasibilityAsked {
    /// Why, 2–200 characters; required for bureau and auditor. An agency's question is kept in its plan.
    purpose: Option<String>,
}

/// 编制抽取方案 · Begins a plan for a package of the own agency.
#[utoipa::path(
    tag = "plans",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewPlan,
    responses((status = 201, body = Plan, headers(("ETag" = String, description = "the version"))))
)]
#[post("/plans")]
async fn create(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewPlan>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value.input();
    let made = run(&service, move |service| service.create_plan(&caller.0, &input, &key)).await?;
    Ok(begun(made))
}

/// 方案列表 · The plans that the account may see.
#[utoipa::path(tag = "plans", params(PlansParams), responses((status = 200, body = List<PlanSummary>)))]
#[get("/plans")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PlansParams>,
) -> Result<HttpResponse, Problem> {
    let PlansParams { state, package, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    if state.as_deref().is_some_and(|state| !PLAN.states().contains(&state)) {
        let words = PLAN.states().join(", ");
        let (zh, en) = (format!("应为 {words} 之一"), format!("must be one of {words}"));
        return Err(Problem::field("state", "state", zh, en));
    }
    let asked = PlansAsked { state, package };
    let page = run(&service, move |service| service.plans(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, PlanSummary::from)))
}

/// 查看方案 · One plan.
#[utoipa::path(
    tag = "plans",
    params(("id" = String, Path, description = "Plan id"), PlanLookParams),
    responses((status = 200, body = Plan, headers(("ETag" = String, description = "the version"))))
)]
#[get("/plans/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PlanLookParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.plan_of(&caller.0, &id, purpose.as_deref())).await?;
    Ok(shown(found))
}

/// 修改方案 · Replaces the facts of a plan; after approval that is a new version, to be agreed to anew.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("If-Match" = String, Header, description = "the ETag as read")
    ),
    request_body = NewPlan,
    responses((status = 200, body = Plan, headers(("ETag" = String, description = "the version"))))
)]
#[put("/plans/{id}")]
async fn amend(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewPlan>,
) -> Result<HttpResponse, Problem> {
    let input = body.value.input();
    let changed = run(&service, move |service| service.amend_plan(&caller.0, &id, version.0, &input)).await?;
    Ok(shown(changed))
}

/// 重新组建 · A new plan in the place of one whose draws were stopped or voided.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewPlan,
    responses((status = 201, body = Plan, headers(("ETag" = String, description = "the version"))))
)]
#[post("/plans/{id}/reform")]
async fn reform(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewPlan>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value.input();
    let made = run(&service, move |service| service.reform_plan(&caller.0, &id, &input, &key)).await?;
    Ok(begun(made))
}

/// 方案自查 · What the rules say about a plan, each with its article; nothing is changed.
#[utoipa::path(
    tag = "plans",
    params(("id" = String, Path, description = "Plan id")),
    responses((status = 200, body = PlanFindings))
)]
#[get("/plans/{id}/findings")]
async fn findings(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.plan_findings(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(PlanFindings::from(found)))
}

/// 可行性查询 · Whether each group has enough candidates: yes or no for the agency. Every question is kept.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = FeasibilityAsked,
    responses((status = 200, body = PlanFeasibility))
)]
#[post("/plans/{id}/feasibility")]
async fn feasibility(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<FeasibilityAsked>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let purpose = body.value.purpose;
    let answer =
        run(&service, move |service| service.plan_feasibility(&caller.0, &id, purpose.as_deref(), &key))
            .await?;
    Ok(HttpResponse::Ok().json(PlanFeasibility::from(answer)))
}

/// 上传方案附件 · Files a document of an own plan: the consent to self-selection, the filing, ….
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        KindParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = Vec<u8>, content_type = "application/pdf", description = "the document: PDF, JPEG (image/jpeg) or PNG (image/png)"),
    responses((status = 201, body = Attachment))
)]
#[post("/plans/{id}/attachments")]
async fn attach(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<KindParams>,
    body: Document,
) -> Result<HttpResponse, Problem> {
    let (key, kind) = (key.of(body.request)?, params.0.check()?);
    let made =
        run(&service, move |service| service.attach_to_plan(&caller.0, &id, kind, &body.content, Some(&key)));
    Ok(HttpResponse::Created().json(Attachment::from(made.await?)))
}

/// 方案附件列表 · The documents of a plan, without their content.
#[utoipa::path(
    tag = "plans",
    params(("id" = String, Path, description = "Plan id")),
    responses((status = 200, body = List<Attachment>))
)]
#[get("/plans/{id}/attachments")]
async fn documents(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.plan_attachments(&caller.0, &id)).await?;
    Ok(listed(found))
}

/// 查看方案附件 · A document of a plan. A look by others than the agency is recorded with its purpose.
#[utoipa::path(
    tag = "plans",
    params(
        ("id" = String, Path, description = "Plan id"),
        ("attachment" = String, Path, description = "Attachment"),
        PlanLookParams
    ),
    responses((status = 200, content_type = "application/pdf", description = "the document, as it was filed"))
)]
#[get("/plans/{id}/attachments/{attachment}")]
async fn document(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
    params: Params<PlanLookParams>,
) -> Result<HttpResponse, Problem> {
    let ((plan, id), purpose) = (path.into_inner(), params.0.purpose);
    let (view, content) =
        run(&service, move |service| service.plan_attachment(&caller.0, &plan, &id, purpose.as_deref()))
            .await?;
    Ok(saved(&view, content))
}

/// 方案的工位预订 · The bookings for a plan.
#[utoipa::path(
    tag = "plans",
    params(("id" = String, Path, description = "Plan id")),
    responses((status = 200, body = Bookings))
)]
#[get("/plans/{id}/bookings")]
async fn bookings(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.bookings(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(Bookings { items: found.into_iter().map(Booking::from).collect() }))
}

/// 副场抽取证据 · The evidence of a draw of sites, to be verified offline by `expert-draw-verify`.
#[utoipa::path(
    tag = "plans",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "Draw of sites"), SitesEvidenceParams),
    responses(
        (status = 200, content_type = "application/json", description = "api-spec/sites-v1.md; public files have an ETag"),
        (status = 304, description = "the public file of If-None-Match is still the newest")
    )
)]
#[get("/sites-draws/{id}/evidence")]
async fn sites_evidence(
    request: HttpRequest,
    caller: MaybeCaller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<SitesEvidenceParams>,
) -> Result<HttpResponse, Problem> {
    let SitesEvidenceParams { audience, purpose } = params.0;
    let name = id.clone();
    let bytes = match audience.as_deref().unwrap_or("public") {
        "public" => {
            let file = run(&service, move |service| service.public_sites_file(&id)).await?;
            return Ok(public_file::answer(&request, file, Some(&name)));
        }
        "auditor" => {
            let caller = caller.0.ok_or_else(Problem::unauthenticated)?;
            run(&service, move |service| {
                service.sites_evidence_for(&caller, &id, purpose.as_deref().unwrap_or_default())
            })
            .await?
        }
        other => {
            let (zh, en) = ("须为 public 或 auditor", "must be public or auditor");
            return Err(Refusal::field("audience", other, "unknown_audience", zh, en).into());
        }
    };
    let disposition = format!("attachment; filename=\"{name}.json\"");
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Content-Disposition", disposition))
        .body(bytes))
}

fn begun(made: PlanView) -> HttpResponse {
    let location = format!("/api/v1/plans/{}", made.line.id);
    let version = etag(made.line.version);
    HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(version)
        .json(Plan::from(made))
}

/// A plan with its version.
pub(super) fn shown(view: PlanView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.line.version)).json(Plan::from(view))
}
