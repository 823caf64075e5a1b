//! Experts (评审专家): register, list, look at, amend. Their standing changes by decisions
//! (`decisions`), which two people make.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::etag::{IfMatch, etag};
use super::expert_bodies::{Amendment, ExpertInput, Summary};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::seen::{SeenExpert, seen};
use crate::codes::{CreditCode, Region};
use crate::registry::{StandingKind, TitleLevel};
use crate::service::Service;
use crate::service::experts::{ExpertSummary, ExpertsAsked};
use crate::service::sight::{Sight, Stage};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(register).service(list).service(find).service(amend);
}

/// Which experts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExpertsParams {
    /// `active`, `suspended`, `stale`, `dismissed`, `banned`, `deceased` or `merged`, as last decided.
    standing: Option<String>,
    /// With a title of this level: `senior`, `deputy_senior`, `intermediate`, `junior` or `none`.
    title_level: Option<String>,
    /// Reviewing in this region or a part of it (GB/T 2260).
    region: Option<String>,
    /// With this speciality or one below it: `scheme:code`, or the beginning of one.
    speciality: Option<String>,
    /// Credit code of the unit.
    unit: Option<String>,
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
pub struct PurposeParams {
    /// Why, 2–200 characters; kept with the record of the look. No personal data here.
    pub purpose: String,
}

/// 登记专家 · Registers an expert. The answer names nobody.
#[utoipa::path(
    tag = "experts",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = ExpertInput,
    responses((status = 201, body = Summary, headers(("ETag" = String, description = "the version"))))
)]
#[post("/experts")]
async fn register(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<ExpertInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft();
    let made = run(&service, move |service| service.register_expert(&caller.0, &draft, Some(&key))).await?;
    let location = format!("/api/v1/experts/{}", made.number);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.version))
        .json(Summary::from(made)))
}

/// 专家列表 · Experts without names.
#[utoipa::path(tag = "experts", params(ExpertsParams), responses((status = 200, body = List<Summary>)))]
#[get("/experts")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<ExpertsParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let paging = paging(params.limit.as_deref(), params.after)?;
    if let Some(standing) = &params.standing
        && StandingKind::parse(standing).is_none()
    {
        let (zh, en) = (
            "应为 active、suspended、stale、dismissed、banned、deceased 或 merged",
            "must be active, suspended, stale, dismissed, banned, deceased or merged",
        );
        return Err(Problem::field("standing", "standing", zh, en));
    }
    if let Some(level) = &params.title_level
        && TitleLevel::parse(level).is_none()
    {
        let (zh, en) = (
            "应为 senior、deputy_senior、intermediate、junior 或 none",
            "must be senior, deputy_senior, intermediate, junior or none",
        );
        return Err(Problem::field("title_level", "title_level", zh, en));
    }
    if let Some(unit) = &params.unit {
        CreditCode::parse(unit)
            .map_err(|error| Problem::field("unit", "credit_code", error.message_zh(), error.to_string()))?;
    }
    let asked = ExpertsAsked {
        standing: params.standing,
        region: params.region.as_deref().map(region).transpose()?,
        speciality: params.speciality,
        unit: params.unit,
        title_level: params.title_level,
    };
    let page = run(&service, move |service| service.experts(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Summary::from)))
}

/// 查看专家 · What the account may see of one expert (registry-v1 §H). The look is recorded with its purpose.
#[utoipa::path(
    tag = "experts",
    params(("number" = String, Path, description = "Expert number"), PurposeParams),
    responses((status = 200, body = SeenExpert, headers(("ETag" = String, description = "the version"))))
)]
#[get("/experts/{number}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    number: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let sight = Sight::of(&caller.0, &number, Stage::Registry);
    let found = run(&service, move |service| service.expert(&caller.0, &number, &purpose)).await?;
    Ok(HttpResponse::Ok().insert_header(etag(found.version)).json(seen(&found, &sight)?))
}

/// 变更专家信息 · Amends the fields that are given; `If-Match` names the version that was read.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("If-Match" = String, Header, description = "the ETag that was read")
    ),
    request_body = Amendment,
    responses((status = 200, body = Summary, headers(("ETag" = String, description = "the version"))))
)]
#[patch("/experts/{number}")]
async fn amend(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Body<Amendment>,
) -> Result<HttpResponse, Problem> {
    let amendment = body.value;
    let amended = run(&service, move |service| {
        service.amend_expert(&caller.0, &number, version.0, |draft| amendment.apply(draft))
    });
    Ok(answer(amended.await?))
}

fn answer(summary: ExpertSummary) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(summary.version)).json(Summary::from(summary))
}

/// A region of the query.
pub(super) fn region(code: &str) -> Result<Region, Problem> {
    Region::parse(code)
        .map_err(|error| Problem::field("region", "unknown_region", error.message_zh(), error.to_string()))
}
