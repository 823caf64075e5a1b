//! The code tables that forms need: regions (GB/T 2260) and specialities.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::codes::{CodeError, Region, Speciality, is_scheme_id};
use crate::service::Service;
use crate::service::schemes::{SpecialitiesAsked, SpecialityView};

/// The most specialities of one answer.
const MOST: usize = 1_000;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(specialities).service(regions);
}

/// One code of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct Code {
    /// The code.
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

/// One speciality.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpecialityItem {
    /// `scheme:code`.
    code: String,
    /// Its name.
    name: String,
    /// The one above it; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// How many stand directly below it.
    children: usize,
}

/// Which specialities.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SpecialityParams {
    /// The id of a scheme, `ndrc316`, `mof31` or one that is loaded; all schemes if absent.
    #[param(max_length = 16)]
    scheme: Option<String>,
    /// Directly below this one, `scheme:code`.
    #[param(max_length = 26)]
    under: Option<String>,
    /// On this level, 1 (a letter) to 5.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 5)]
    level: Option<String>,
    /// Whose name contains this text, or whose code begins so; 1–50 characters.
    #[param(min_length = 1, max_length = 50)]
    q: Option<String>,
    /// Items wanted, 1 to 1000; 1000 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// `next` of the page before.
    #[param(max_length = 128)]
    after: Option<String>,
}

/// Which regions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RegionParams {
    /// A region whose parts are wanted; all if absent.
    within: Option<String>,
}

/// 评审专业 · The specialities of one scheme or of all, as a tree or by name.
#[utoipa::path(tag = "codes", params(SpecialityParams), responses((status = 200, body = List<SpecialityItem>)))]
#[get("/specialities")]
async fn specialities(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<SpecialityParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let wrong = |field: &'static str, error: CodeError| {
        let rule = if error == CodeError::UnknownScheme { "unknown_scheme" } else { "unknown_speciality" };
        Problem::field(field, rule, error.message_zh(), error.to_string())
    };
    if params.scheme.as_deref().is_some_and(|id| !is_scheme_id(id)) {
        return Err(wrong("scheme", CodeError::UnknownScheme));
    }
    let under = params.under.as_deref().map(Speciality::parse).transpose();
    let under = under.map_err(|error| wrong("under", error))?;
    if params.q.as_ref().is_some_and(|text| !(1..=50).contains(&text.chars().count())) {
        return Err(Problem::field("q", "length", "应为 1 至 50 个字符", "must have 1 to 50 characters"));
    }
    let level = number("level", params.level.as_deref(), 5)?;
    let limit = number("limit", params.limit.as_deref(), MOST)?.unwrap_or(MOST);
    let after = paging(None, params.after)?.after;
    let asked = SpecialitiesAsked { scheme: params.scheme, under, level, text: params.q };
    let (found, next) =
        run(&service, move |service| service.specialities(&caller.0, &asked, limit, after.as_deref()))
            .await?;
    let item = |view: SpecialityView| SpecialityItem {
        code: view.code,
        name: view.name,
        parent: view.parent,
        children: view.children,
    };
    Ok(HttpResponse::Ok().json(List { items: found.into_iter().map(item).collect(), next }))
}

/// A number of the query, from 1.
fn number(field: &'static str, text: Option<&str>, most: usize) -> Result<Option<usize>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { text.parse().ok().filter(|n| (1..=most).contains(n)) } else { None };
    number.map(Some).ok_or_else(|| {
        Problem::field(field, "range", format!("应为 1 至 {most}"), format!("must be 1 to {most}"))
    })
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
