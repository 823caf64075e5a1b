//! Cases (办件) of every kind: worklists, counts, one with its body; an expert's own.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::etag::etag;
use super::experts::{PurposeParams, region};
use super::paging::{List, PageParams, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::codec::Json;
use crate::service::Service;
use crate::service::cases::Case;
use crate::service::worklists::{CaseCount, CaseSummary, CasesAsked};
use crate::time::Timestamp;

/// The routes of this file. `counts` stands before `{id}`, which would match it too.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list).service(counts).service(find).service(mine).service(my_one);
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CasesParams {
    /// A kind: the name of a life cycle of registry-v1.
    #[param(max_length = 32)]
    kind: Option<String>,
    /// A state of that life cycle.
    #[param(max_length = 32)]
    state: Option<String>,
    /// In this region or a part of it (GB/T 2260).
    region: Option<String>,
    /// About this: an expert number, a credit code.
    #[param(max_length = 32)]
    subject: Option<String>,
    /// Part of this case.
    #[param(max_length = 32)]
    parent: Option<String>,
    /// Due at this time or before, RFC 3339.
    due_before: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    #[param(max_length = 128)]
    after: Option<String>,
}

/// A case as lists show it: no names, no body.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseSummary)]
pub struct Summary {
    /// Id.
    id: String,
    /// Kind.
    kind: String,
    /// The kind in Chinese.
    title: &'static str,
    /// State.
    state: String,
    /// Whether nothing follows.
    closed: bool,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// The case that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// Until when something has to happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Rfc3339>,
    /// Whether that time is past.
    overdue: bool,
    /// Grows with every change.
    version: i64,
    /// When it began.
    created: Rfc3339,
    /// Newest change.
    updated: Rfc3339,
}

/// A case with its body.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseFile)]
pub struct Whole {
    /// As lists show it.
    #[serde(flatten)]
    summary: Summary,
    /// The event that led to this state.
    event: String,
    /// The account that did it.
    by: String,
    /// What the kind keeps (registry-v1).
    #[schema(value_type = Object)]
    body: Json,
}

/// How many cases of a kind are in a state in a region.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseCount)]
pub struct Count {
    /// Kind.
    kind: String,
    /// State.
    state: String,
    /// Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// How many.
    count: u64,
    /// How many of them are overdue.
    overdue: u64,
}

/// Counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseCounts)]
pub struct Counts {
    /// By kind, state and region, ascending.
    items: Vec<Count>,
}

/// 办件列表 · Cases of every kind, by kind, state, region, due date; no names, no bodies.
#[utoipa::path(tag = "cases", params(CasesParams), responses((status = 200, body = List<Summary>)))]
#[get("/cases")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let (asked, page) = (params.0.check()?, paging(params.0.limit.as_deref(), params.0.after.clone())?);
    let found = run(&service, move |service| service.case_list(&caller.0, &asked, &page)).await?;
    Ok(HttpResponse::Ok().json(List::of(found, Summary::from)))
}

/// 办件统计 · How many cases there are by kind, state and county.
#[utoipa::path(tag = "cases", params(CasesParams), responses((status = 200, body = Counts)))]
#[get("/cases/counts")]
async fn counts(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let asked = params.0.check()?;
    if params.0.limit.is_some() || params.0.after.is_some() {
        let (zh, en) = ("统计不分页", "counts have no pages");
        return Err(Problem::field("limit", "not_for_counts", zh, en));
    }
    let found = run(&service, move |service| service.case_counts(&caller.0, &asked)).await?;
    Ok(HttpResponse::Ok().json(Counts { items: found.into_iter().map(Count::from).collect() }))
}

/// 查看办件 · One case with its body. The look is recorded with its purpose.
#[utoipa::path(
    tag = "cases",
    params(("id" = String, Path, description = "Id of the case"), PurposeParams),
    responses((status = 200, body = Whole, headers(("ETag" = String, description = "the version"))))
)]
#[get("/cases/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.case_with_body(&caller.0, &id, &purpose)).await?;
    Ok(whole(found))
}

/// 我的办件 · The cases about the expert whose account this is.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<Summary>)))]
#[get("/me/cases")]
async fn mine(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let page = params.0.check()?;
    let found = run(&service, move |service| service.my_cases(&caller.0, &page)).await?;
    Ok(HttpResponse::Ok().json(List::of(found, Summary::from)))
}

/// 我的办件详情 · One case about the expert whose account this is, with its body.
#[utoipa::path(
    tag = "me",
    params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = Whole, headers(("ETag" = String, description = "the version"))))
)]
#[get("/me/cases/{id}")]
async fn my_one(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(whole(run(&service, move |service| service.my_case(&caller.0, &id)).await?))
}

fn whole((summary, case): (CaseSummary, Case)) -> HttpResponse {
    let version = etag(case.version);
    let whole = Whole { summary: summary.into(), event: case.event, by: case.by, body: case.body };
    HttpResponse::Ok().insert_header(version).json(whole)
}

impl CasesParams {
    fn check(&self) -> Result<CasesAsked, Problem> {
        let word = |field: &str, given: &Option<String>| match given {
            Some(text)
                if text.is_empty() || text.len() > 32 || !text.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                let (zh, en) = ("应为 1 至 32 个 ASCII 字符", "must be 1 to 32 visible ASCII characters");
                Err(Problem::field(field, "length", zh, en))
            }
            _ => Ok(given.clone()),
        };
        let due_before = self.due_before.as_deref().map(|text| {
            Timestamp::parse(text)
                .map(|time| time.0)
                .map_err(|error| Problem::field("due_before", "time", error.message_zh(), error.to_string()))
        });
        Ok(CasesAsked {
            kind: word("kind", &self.kind)?,
            state: word("state", &self.state)?,
            region: self.region.as_deref().map(region).transpose()?,
            subject: word("subject", &self.subject)?,
            parent: word("parent", &self.parent)?,
            due_before: due_before.transpose()?,
        })
    }
}

impl From<CaseSummary> for Summary {
    fn from(row: CaseSummary) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title_zh,
            state: row.state,
            closed: row.closed,
            subject: row.subject,
            region: row.region,
            parent: row.parent,
            due: row.due.map(Rfc3339::of),
            overdue: row.overdue,
            version: row.version,
            created: Rfc3339::of(row.created),
            updated: Rfc3339::of(row.updated),
        }
    }
}

impl From<CaseCount> for Count {
    fn from(row: CaseCount) -> Self {
        Self { kind: row.kind, state: row.state, region: row.region, count: row.count, overdue: row.overdue }
    }
}
