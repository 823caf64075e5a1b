//! Units (工作单位).

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::experts::region;
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::registry::UnitDraft;
use crate::service::Service;
use crate::service::units::UnitView;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(record).service(list).service(find);
}

/// A unit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Credit code (统一社会信用代码, GB 32100).
    code: String,
    /// Full name, 1–128 characters.
    name: String,
    /// Region of its seat (GB/T 2260).
    region: String,
}

impl From<UnitView> for Unit {
    fn from(view: UnitView) -> Self {
        Self { code: view.code, name: view.name, region: view.region }
    }
}

/// Which units.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UnitsParams {
    /// With its seat in this region or a part of it.
    region: Option<String>,
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
    request_body = Unit,
    responses((status = 201, body = Unit))
)]
#[post("/units")]
async fn record(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<Unit>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let Unit { code, name, region } = body.value;
    let draft = UnitDraft { code, name, region };
    let made = run(&service, move |service| service.record_unit(&caller.0, &draft, Some(&key))).await?;
    let location = format!("/api/v1/units/{}", made.code);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(Unit::from(made)))
}

/// 单位列表 · The units.
#[utoipa::path(tag = "units", params(UnitsParams), responses((status = 200, body = List<Unit>)))]
#[get("/units")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<UnitsParams>,
) -> Result<HttpResponse, Problem> {
    let paging = paging(params.0.limit.as_deref(), params.0.after)?;
    let region = params.0.region.as_deref().map(region).transpose()?;
    let page = run(&service, move |service| service.units(&caller.0, region, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Unit::from)))
}

/// 查看单位 · One unit.
#[utoipa::path(
    tag = "units",
    params(("code" = String, Path, description = "Credit code")),
    responses((status = 200, body = Unit))
)]
#[get("/units/{code}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.unit(&caller.0, &code)).await?;
    Ok(HttpResponse::Ok().json(Unit::from(found)))
}
