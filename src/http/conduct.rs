//! Conduct (不良行为), non-punitive records and tiers: reported, recorded, listed, looked at, computed.
//! What happens to a conduct case afterwards is in `conduct_steps`.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::case_views::{CaseFileView, CaseLineView, CasesParams, begun, file, files, lines, stepped};
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::registry::conduct::CONDUCT;
use crate::registry::remark::REMARK;
use crate::rules::registry_profile::TierRow;
use crate::rules::tier::Tier;
use crate::service::Service;
use crate::service::actor::Role;
use crate::service::conduct::{ClueDraft, ConductAsked};
use crate::service::remarks::{RemarkDraft, RemarkStep, RemarksAsked};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(report).service(list).service(find).service(reporter).service(own_conduct);
    config.service(record_remark).service(list_remarks).service(find_remark).service(own_remarks);
    config.service(state_on_remark).service(correct).service(confirm_correction).service(reject_correction);
    config.service(find_tier).service(own_tier).service(tier_table);
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

/// One row of the table of tiers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierRowView {
    /// Its name.
    name: String,
    /// In Chinese.
    title: String,
    /// Lots; every draw gives everybody one lot until draws apply tiers.
    lots: u32,
    /// At most so many points.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_points: Option<u32>,
    /// An average of at least this, if there are evaluations.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_score: Option<u32>,
    /// At least so many evaluations.
    min_reviews: u32,
}

/// The published table of tiers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierTableView {
    /// How many months back records count.
    months: u32,
    /// Legal source.
    source: String,
    /// How sure the source is: `C`, `C2`, `K` and two digits, `P` (the deployment's choice).
    status: String,
    /// Best first.
    rows: Vec<TierRowView>,
    /// What each record counts.
    points: Vec<PointsView>,
}

/// What one record counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointsView {
    /// Its name.
    name: String,
    /// In Chinese.
    title: String,
    /// Points.
    points: u32,
    /// Legal source.
    source: String,
    /// How sure the source is.
    status: String,
}

/// A record that counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountedView {
    /// Its name.
    item: String,
    /// Its day.
    day: String,
    /// Its points.
    points: u32,
}

/// A tier with everything it was computed from.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierView {
    /// The row of the table that holds.
    row: TierRowView,
    /// Its number, from 1.
    row_number: usize,
    /// First day that counts.
    since: String,
    /// The day it was computed for.
    today: String,
    /// The records that count.
    counted: Vec<CountedView>,
    /// Their points together.
    points: u32,
    /// Evaluations that count.
    reviews: u32,
    /// Their scores together.
    score_sum: u32,
}

impl From<&TierRow> for TierRowView {
    fn from(row: &TierRow) -> Self {
        Self {
            name: row.name.clone(),
            title: row.title.clone(),
            lots: row.lots,
            max_points: row.max_points,
            min_score: row.min_score,
            min_reviews: row.min_reviews,
        }
    }
}

impl From<Tier> for TierView {
    fn from(tier: Tier) -> Self {
        let counted = tier.counted.iter().map(|counted| CountedView {
            item: counted.record.item.clone(),
            day: counted.record.day.to_string(),
            points: counted.points,
        });
        Self {
            row: TierRowView::from(&tier.row),
            row_number: tier.number,
            since: tier.since.to_string(),
            today: tier.today.to_string(),
            counted: counted.collect(),
            points: tier.points,
            reviews: tier.reviews,
            score_sum: tier.score_sum,
        }
    }
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

/// 专家阶梯 · An expert's tier with its inputs, computed now. Nobody sets it. The look is recorded.
#[utoipa::path(
    tag = "conduct",
    params(("number" = String, Path, description = "Expert number"), PurposeParams),
    responses((status = 200, body = TierView))
)]
#[get("/experts/{number}/tier")]
async fn find_tier(
    caller: Caller,
    service: web::Data<Service>,
    number: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.expert_tier(&caller.0, &number, &purpose)).await?;
    Ok(HttpResponse::Ok().json(TierView::from(found)))
}

/// 本人阶梯 · The expert's own tier with its inputs.
#[utoipa::path(tag = "me", responses((status = 200, body = TierView)))]
#[get("/me/tier")]
async fn own_tier(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.own_tier(&caller.0)).await?;
    Ok(HttpResponse::Ok().json(TierView::from(found)))
}

/// 阶梯表 · The published table from which every tier is computed. Open to anybody.
#[utoipa::path(tag = "conduct", security(()), responses((status = 200, body = TierTableView)))]
#[get("/tiers")]
async fn tier_table(service: web::Data<Service>) -> HttpResponse {
    let (table, profile) = (service.tier_table(), service.registry_profile());
    HttpResponse::Ok().json(TierTableView {
        months: table.months.value,
        source: table.rule.source.to_string(),
        status: table.rule.mark.text(),
        rows: table.rows().iter().map(TierRowView::from).collect(),
        points: profile
            .conduct_points
            .items()
            .iter()
            .map(|item| PointsView {
                name: item.name.clone(),
                title: item.title.clone(),
                points: item.points,
                source: item.rule.source.to_string(),
                status: item.rule.mark.text(),
            })
            .collect(),
    })
}
