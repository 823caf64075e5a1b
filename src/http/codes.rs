//! The code tables that forms need: regions (GB/T 2260) and specialities.

use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::problem::Problem;
use super::query::Params;
use crate::codes::{Region, Scheme, Speciality};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(specialities).service(regions);
}

/// One code of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct Code {
    /// The code; a speciality's has its scheme before it.
    code: &'static str,
    /// Its name.
    name: &'static str,
    /// The code above it; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'static str>,
}

/// A code table, whole: it is short and changes with the program only.
#[derive(Debug, Serialize, ToSchema)]
pub struct Codes {
    /// The codes, ascending.
    items: Vec<Code>,
}

/// Which specialities.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SpecialityParams {
    /// `ndrc316` or `mof31`.
    scheme: String,
}

/// Which regions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RegionParams {
    /// A region whose parts are wanted; all if absent.
    within: Option<String>,
}

/// 评审专业 · The specialities of a scheme.
#[utoipa::path(tag = "codes", params(SpecialityParams), responses((status = 200, body = Codes)))]
#[get("/specialities")]
async fn specialities(_: Caller, params: Params<SpecialityParams>) -> Result<HttpResponse, Problem> {
    let scheme = Scheme::parse(&params.0.scheme)
        .map_err(|error| Problem::field("scheme", "unknown_scheme", error.message_zh(), error.to_string()))?;
    let items = Speciality::all(scheme)
        .map(|s| Code { code: s.as_str(), name: s.name(), parent: s.parent().map(|parent| parent.as_str()) })
        .collect();
    Ok(HttpResponse::Ok().json(Codes { items }))
}

/// 行政区划 · The regions, all or those within one.
#[utoipa::path(tag = "codes", params(RegionParams), responses((status = 200, body = Codes)))]
#[get("/regions")]
async fn regions(_: Caller, params: Params<RegionParams>) -> Result<HttpResponse, Problem> {
    let within = params.0.within.as_deref().map(Region::parse).transpose();
    let within = within
        .map_err(|error| Problem::field("within", "unknown_region", error.message_zh(), error.to_string()))?;
    let items = Region::all()
        .filter(|region| within.is_none_or(|outer| region.is_within(&outer)))
        .map(|r| Code { code: r.as_str(), name: r.name(), parent: r.parent().map(|parent| parent.as_str()) })
        .collect();
    Ok(HttpResponse::Ok().json(Codes { items }))
}
