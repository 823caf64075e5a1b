//! Special check campaigns (专项核查清理): planned, run, followed, decided, closed, reported.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::case_views::{CaseFileView, CaseLineView, CasesParams, begun, file, lines, stepped};
use super::conduct::ReasonInput;
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::List;
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::table_file::{Form, FormParams, answer};
use crate::registry::campaign::{CAMPAIGN, CHECK_ITEM};
use crate::service::Service;
use crate::service::campaigns::{CampaignDraft, Decision, ItemsAsked, Population, Progress};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(plan).service(list).service(find).service(run_chunk).service(close).service(cancel);
    config.service(list_items).service(find_item).service(decide).service(confirm).service(reject);
    config.service(summary).service(problems);
}

/// Whom to check; nothing given is everybody in the registry.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationInput {
    /// Main review region in this region or a part of it (GB/T 2260).
    region: Option<String>,
    /// With a speciality that begins so: `scheme:code`, or the beginning of one.
    speciality: Option<String>,
    /// With this standing; absent: everybody who is in the registry.
    standing: Option<String>,
    /// Credit code of the employer.
    unit: Option<String>,
    /// Whose term ends on this day or later, `YYYY-MM-DD`.
    term_from: Option<String>,
    /// Whose term ends on this day or before, `YYYY-MM-DD`.
    term_to: Option<String>,
}

/// A campaign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// Title, at most 200 characters.
    title: String,
    /// The document it rests on, at most 200 characters.
    basis: String,
    /// Last day for the items, `YYYY-MM-DD`.
    due: String,
    /// Whom to check.
    #[serde(default)]
    population: PopulationInput,
    /// What to look for: names of conditions (`age`, `title`, …) and of findings (`same_phone`, …); empty or
    /// absent: everything.
    #[serde(default)]
    checks: Vec<String>,
}

/// How far to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// People to examine in this request, 1–20,000; 5,000 if absent.
    people: Option<u32>,
}

/// A decision on items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsDecision {
    /// Item ids, 1–500, none twice.
    items: Vec<String>,
    /// `keep`, `correct`, `suspend`, `dismiss`; the last two are proposals.
    decision: String,
    /// Months of a suspension: 3, 6 or 12.
    months: Option<u32>,
    /// At most 2,000 characters.
    reason: String,
}

/// Items to confirm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsConfirmed {
    /// Item ids, 1–500, none twice.
    items: Vec<String>,
}

/// Items to send back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsRejected {
    /// Item ids, 1–500, none twice.
    items: Vec<String>,
    /// At most 2,000 characters.
    reason: String,
}

/// How many items an act changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemsDone {
    /// All of the batch.
    done: u32,
}

/// A campaign with where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// The campaign.
    campaign: CaseFileView,
    /// Items by state.
    states: BTreeMap<String, u64>,
    /// Items by main review region, then by state.
    counties: BTreeMap<String, BTreeMap<String, u64>>,
}

impl From<Progress> for ProgressView {
    fn from(progress: Progress) -> Self {
        Self { campaign: progress.file.into(), states: progress.states, counties: progress.counties }
    }
}

/// A table with names: the form of the file and why somebody looks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProblemsParams {
    /// `xlsx`, `csv` (UTF-8 with a byte order mark) or `csv_gb18030`; `xlsx` if absent.
    format: Option<String>,
    /// Why, 2–200 characters; kept with the record of the look. No personal data here.
    purpose: String,
}

/// 发起专项核查 · Plans a special check.
#[utoipa::path(
    tag = "campaigns",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewCampaign,
    responses((status = 201, body = CaseLineView, headers(("ETag" = String, description = "the version"))))
)]
#[post("/campaigns")]
async fn plan(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewCampaign>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let NewCampaign { title, basis, due, population, checks } = body.value;
    let PopulationInput { region, speciality, standing, unit, term_from, term_to } = population;
    let population = Population { region, speciality, standing, unit, term_from, term_to };
    let draft = CampaignDraft { title, basis, due, population, checks };
    let made = run(&service, move |service| service.plan_campaign(&caller.0, &draft, Some(&key))).await?;
    Ok(begun("campaigns", made, CaseLineView::from))
}

/// 专项核查列表 · Special checks.
#[utoipa::path(tag = "campaigns", params(CasesParams), responses((status = 200, body = List<CaseLineView>)))]
#[get("/campaigns")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let asked = params.0.check(&CAMPAIGN.states())?;
    let page =
        run(&service, move |service| service.campaigns(&caller.0, asked.state.as_deref(), &asked.paging))
            .await?;
    Ok(lines(page))
}

/// 核查进度 · A special check with its totals, and its items by state and county. It names nobody.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id")),
    responses((status = 200, body = ProgressView))
)]
#[get("/campaigns/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.campaign(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(ProgressView::from(found)))
}

/// 核查一批 · Examines some more of the population; repeat until the state is `open`.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters; the cursor decides")
    ),
    request_body = Chunk,
    responses((status = 200, body = CaseLineView, headers(("ETag" = String, description = "the version"))))
)]
#[post("/campaigns/{id}/run")]
async fn run_chunk(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Chunk>,
) -> Result<HttpResponse, Problem> {
    key.of(body.request)?;
    let people = body.value.people.unwrap_or(5_000);
    Ok(stepped(run(&service, move |service| service.run_campaign(&caller.0, &id, people)).await?))
}

/// 办结 · Closes a special check whose items are all final.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = CaseLineView))
)]
#[post("/campaigns/{id}/close")]
async fn close(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(stepped(run(&service, move |service| service.close_campaign(&caller.0, &id, Some(&key))).await?))
}

/// 取消 · Cancels a special check.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ReasonInput,
    responses((status = 200, body = CaseLineView))
)]
#[post("/campaigns/{id}/cancel")]
async fn cancel(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ReasonInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reason = body.value.reason;
    let line = run(&service, move |service| service.cancel_campaign(&caller.0, &id, &reason, Some(&key)));
    Ok(stepped(line.await?))
}

/// 核查事项 · The worklist: items without names, by county, state and due day.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id"), CasesParams),
    responses((status = 200, body = List<CaseLineView>))
)]
#[get("/campaigns/{id}/items")]
async fn list_items(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let asked = params.0.check(&CHECK_ITEM.states())?;
    let filter = ItemsAsked { state: asked.state, region_prefix: asked.region_prefix, due_by: asked.due_by };
    let page = run(&service, move |service| service.campaign_items(&caller.0, &id, &filter, &asked.paging));
    Ok(lines(page.await?))
}

/// 查看核查事项 · One item with its findings. The look is recorded.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("item" = String, Path, description = "Item id"),
        PurposeParams
    ),
    responses((status = 200, body = CaseFileView))
)]
#[get("/campaigns/{id}/items/{item}")]
async fn find_item(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let ((id, item), purpose) = (path.into_inner(), params.0.purpose);
    Ok(file(run(&service, move |service| service.campaign_item(&caller.0, &id, &item, &purpose)).await?))
}

/// 办理事项 · Decides items, one or a batch, whole or not at all.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ItemsDecision,
    responses((status = 200, body = ItemsDone))
)]
#[post("/campaigns/{id}/decide")]
async fn decide(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ItemsDecision>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let asked = body.value;
    let decision = match (asked.decision.as_str(), asked.months) {
        ("keep", None) => Decision::Keep,
        ("correct", None) => Decision::Correct,
        ("dismiss", None) => Decision::Dismiss,
        ("suspend", Some(months)) => Decision::Suspend(months),
        ("suspend", None) => return Err(Problem::field("months", "required", "必填", "required")),
        ("keep" | "correct" | "dismiss", Some(_)) => {
            return Err(Problem::field("months", "months", "仅暂停时填写", "only for a suspension"));
        }
        _ => {
            let (zh, en) =
                ("应为 keep、correct、suspend 或 dismiss", "must be keep, correct, suspend or dismiss");
            return Err(Problem::field("decision", "decision", zh, en));
        }
    };
    let done = run(&service, move |service| {
        service.decide_items(&caller.0, &id, &asked.items, &decision, &asked.reason, Some(&key))
    });
    Ok(HttpResponse::Ok().json(ItemsDone { done: done.await? }))
}

/// 确认事项 · Confirms what another account proposed; the experts' standings change at once.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ItemsConfirmed,
    responses((status = 200, body = ItemsDone))
)]
#[post("/campaigns/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ItemsConfirmed>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let items = body.value.items;
    let done = run(&service, move |service| service.confirm_items(&caller.0, &id, &items, None, Some(&key)));
    Ok(HttpResponse::Ok().json(ItemsDone { done: done.await? }))
}

/// 退回事项 · Sends proposals on items back.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("id" = String, Path, description = "Campaign id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ItemsRejected,
    responses((status = 200, body = ItemsDone))
)]
#[post("/campaigns/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ItemsRejected>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let ItemsRejected { items, reason } = body.value;
    let done = run(&service, move |service| {
        service.confirm_items(&caller.0, &id, &items, Some(&reason), Some(&key))
    });
    Ok(HttpResponse::Ok().json(ItemsDone { done: done.await? }))
}

/// 汇总表 · Numbers by county, as a file. It names nobody.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id"), FormParams),
    responses((status = 200, description = "XLSX or CSV", body = Vec<u8>, content_type = "application/octet-stream"))
)]
#[get("/campaigns/{id}/summary")]
async fn summary(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<FormParams>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    let report = run(&service, move |service| service.campaign_summary(&caller.0, &id)).await?;
    answer(&report.table, form)
}

/// 情况表 · Every item with the expert's name, as a file. The look is recorded.
#[utoipa::path(
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id"), ProblemsParams),
    responses((status = 200, description = "XLSX or CSV", body = Vec<u8>, content_type = "application/octet-stream"))
)]
#[get("/campaigns/{id}/problems")]
async fn problems(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<ProblemsParams>,
) -> Result<HttpResponse, Problem> {
    let form = Form::parse(params.0.format.as_deref())?;
    let purpose = params.0.purpose;
    let report = run(&service, move |service| service.campaign_problems(&caller.0, &id, &purpose)).await?;
    answer(&report.table, form)
}
