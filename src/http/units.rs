//! Units (单位): record, list, look at, amend.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::etag::{IfMatch, etag};
use super::experts::{PurposeParams, region};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::unit_bodies::{Unit, UnitAmendment, UnitFacts, UnitInput, UnitPersons};
use crate::codes::CreditCode;
use crate::registry::UnitKind;
use crate::service::Service;
use crate::service::units::UnitsAsked;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(record).service(list).service(find).service(amend).service(persons);
}

/// Which units.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UnitsParams {
    /// With its seat in this region or a part of it.
    region: Option<String>,
    /// Whose name, or a former one, contains this; 1–128 characters.
    #[param(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// `purchaser`, `agency`, `supplier` or `employer`.
    kind: Option<String>,
    /// Directly below the unit with this credit code.
    parent: Option<String>,
    /// Whose competent department has this credit code.
    department: Option<String>,
    /// Of which the expert with this number is a key person, by id number.
    key_person: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 登记单位 · Records a unit.
#[utoipa::path(
    tag = "units",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = UnitInput,
    responses((status = 201, body = Unit, headers(("ETag" = String, description = "the version"))))
)]
#[post("/units")]
async fn record(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<UnitInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft();
    let made = run(&service, move |service| service.record_unit(&caller.0, &draft, Some(&key))).await?;
    let location = format!("/api/v1/units/{}", made.code);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.version))
        .json(Unit::from(made)))
}

/// 单位列表 · The units.
#[utoipa::path(tag = "units", params(UnitsParams), responses((status = 200, body = List<Unit>)))]
#[get("/units")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<UnitsParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let paging = paging(params.limit.as_deref(), params.after)?;
    if params.kind.as_deref().is_some_and(|kind| UnitKind::parse(kind).is_none()) {
        let (zh, en) = (
            "应为 purchaser、agency、supplier 或 employer",
            "must be purchaser, agency, supplier or employer",
        );
        return Err(Problem::field("kind", "kind", zh, en));
    }
    if params.name.as_ref().is_some_and(|name| !(1..=128).contains(&name.chars().count())) {
        return Err(Problem::field(
            "name",
            "length",
            "应为 1 至 128 个字符",
            "must have 1 to 128 characters",
        ));
    }
    for (field, code) in [("parent", &params.parent), ("department", &params.department)] {
        if let Some(code) = code {
            CreditCode::parse(code).map_err(|error| {
                Problem::field(field, "credit_code", error.message_zh(), error.to_string())
            })?;
        }
    }
    let asked = UnitsAsked {
        region: params.region.as_deref().map(region).transpose()?,
        name: params.name,
        kind: params.kind,
        parent: params.parent,
        department: params.department,
        key_person: params.key_person,
    };
    let page = run(&service, move |service| service.units(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Unit::from)))
}

/// 查看单位 · One unit with its history. A code that was merged answers with the record that stays.
#[utoipa::path(
    tag = "units",
    params(("code" = String, Path, description = "Credit code")),
    responses((status = 200, body = UnitFacts, headers(("ETag" = String, description = "the version"))))
)]
#[get("/units/{code}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.unit(&caller.0, &code)).await?;
    Ok(HttpResponse::Ok().insert_header(etag(found.version)).json(UnitFacts::from(found)))
}

/// 变更单位信息 · Amends the fields that are given; `If-Match` names the version that was read.
#[utoipa::path(
    tag = "units",
    params(
        ("code" = String, Path, description = "Credit code"),
        ("If-Match" = String, Header, description = "the ETag that was read")
    ),
    request_body = UnitAmendment,
    responses((status = 200, body = Unit, headers(("ETag" = String, description = "the version"))))
)]
#[patch("/units/{code}")]
async fn amend(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    code: web::Path<String>,
    body: Body<UnitAmendment>,
) -> Result<HttpResponse, Problem> {
    let amendment = body.value;
    let amended = run(&service, move |service| {
        service.amend_unit(&caller.0, &code, version.0, |draft| amendment.apply(draft))
    });
    let amended = amended.await?;
    Ok(HttpResponse::Ok().insert_header(etag(amended.version)).json(Unit::from(amended)))
}

/// 查看单位关键人员 · Legal representative and key persons with names. The look is recorded with its purpose.
#[utoipa::path(
    tag = "units",
    params(("code" = String, Path, description = "Credit code"), PurposeParams),
    responses((status = 200, body = UnitPersons))
)]
#[get("/units/{code}/persons")]
async fn persons(
    caller: Caller,
    service: web::Data<Service>,
    code: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.unit_persons(&caller.0, &code, &purpose)).await?;
    Ok(HttpResponse::Ok().json(UnitPersons::of(&found)))
}
