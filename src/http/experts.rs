//! Experts (评审专家): register, list, look at, amend, suspend, reinstate.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::{IfMatch, etag};
use super::expert_bodies::{Amendment, ExpertInput, Summary};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::seen::{SeenExpert, seen};
use crate::codes::{CreditCode, Region};
use crate::registry::{StandingKind, TitleLevel, Until};
use crate::service::Service;
use crate::service::experts::{ExpertSummary, ExpertsAsked, Suspension};
use crate::service::sight::{Sight, Stage};
use crate::time::Date;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(register).service(list).service(find).service(amend).service(suspend).service(reinstate);
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
    pub(super) purpose: String,
}

/// A suspension: `months`, or `returns` with `until` unless it returns by decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspensionInput {
    /// 3 (ends by itself), 6 or 12 (ends on request).
    months: Option<u32>,
    /// How it ends: `itself` after `until`, on `request` after `until`, or by `decision` only.
    returns: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    until: Option<String>,
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

/// 暂停抽取 · Suspends an expert by a decision of today.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = SuspensionInput,
    responses((status = 200, body = Summary, headers(("ETag" = String, description = "the version"))))
)]
#[post("/experts/{number}/suspend")]
async fn suspend(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Body<SuspensionInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let suspension = body.value.check()?;
    let decided =
        run(&service, move |service| service.suspend_expert(&caller.0, &number, suspension, Some(&key)))
            .await?;
    Ok(answer(decided))
}

/// 恢复 · Lifts a suspension by a decision of today.
#[utoipa::path(
    tag = "experts",
    params(
        ("number" = String, Path, description = "Expert number"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Summary, headers(("ETag" = String, description = "the version"))))
)]
#[post("/experts/{number}/reinstate")]
async fn reinstate(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let decided =
        run(&service, move |service| service.reinstate_expert(&caller.0, &number, Some(&key))).await?;
    Ok(answer(decided))
}

fn answer(summary: ExpertSummary) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(summary.version)).json(Summary::from(summary))
}

/// A region of the query.
pub(super) fn region(code: &str) -> Result<Region, Problem> {
    Region::parse(code)
        .map_err(|error| Problem::field("region", "unknown_region", error.message_zh(), error.to_string()))
}

impl SuspensionInput {
    fn check(&self) -> Result<Suspension, Problem> {
        let wrong = |field: &str, zh: &str, en: &str| Err(Problem::field(field, "suspension", zh, en));
        let day = || -> Result<Date, Problem> {
            let text = self.until.as_deref().unwrap_or_default();
            Date::parse(text)
                .map_err(|error| Problem::field("until", "date", error.message_zh(), error.to_string()))
        };
        match (self.months, self.returns.as_deref()) {
            (Some(months), None) if self.until.is_none() => Ok(Suspension::Months(months)),
            (None, Some("itself")) => Ok(Suspension::Until(Until::Day(day()?))),
            (None, Some("request")) => Ok(Suspension::Until(Until::RequestAfter(day()?))),
            (None, Some("decision")) if self.until.is_none() => Ok(Suspension::Until(Until::Reinstated)),
            (None, Some("decision")) => {
                wrong("until", "以决定恢复时不设截止日", "there is no last day when it returns by decision")
            }
            (None, _) => wrong(
                "returns",
                "应为 itself、request 或 decision，或给出 months",
                "must be itself, request or decision, or give months",
            ),
            (Some(_), _) => {
                wrong("months", "不得与 returns、until 同时给出", "cannot stand beside returns and until")
            }
        }
    }
}
