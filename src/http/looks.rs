//! Who looked at whom, when and why.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::paging::{List, PageParams, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::look_lists::{LookLine, LooksAsked};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(of_expert).service(all).service(own);
}

/// A look at a sealed field.
#[derive(Debug, Serialize, ToSchema)]
pub struct Look {
    /// Log index of the entry that was written before anything was shown.
    entry: u64,
    /// When.
    time: Rfc3339,
    /// Account that looked.
    account: String,
    /// Its role at that time.
    role: String,
    /// Region of a bureau's account, unit of others; absent: the whole registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<String>,
    /// What sort of thing: `expert`, `attachment`, `panel`, …; `limit`: refused, too many looks.
    what: String,
    /// What exactly.
    about: String,
    /// Why, in the words of who looked.
    purpose: String,
    /// The account looked at 10 or more people of one speciality and region within a day.
    many_alike: bool,
}

/// A look as the expert concerned sees it: not which person it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnLook {
    /// When.
    time: Rfc3339,
    /// Role of who looked.
    role: String,
    /// Region or unit of who looked; absent: the whole registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<String>,
    /// At what: `expert`, `attachment`, …
    what: String,
    /// Why.
    purpose: String,
}

impl From<LookLine> for Look {
    fn from(look: LookLine) -> Self {
        Self {
            entry: look.entry,
            time: Rfc3339(look.time),
            account: look.account,
            role: look.role,
            office: look.office,
            what: look.what,
            about: look.about,
            purpose: look.purpose,
            many_alike: look.many_alike,
        }
    }
}

impl From<LookLine> for OwnLook {
    fn from(look: LookLine) -> Self {
        Self {
            time: Rfc3339(look.time),
            role: look.role,
            office: look.office,
            what: look.what,
            purpose: look.purpose,
        }
    }
}

/// Which looks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LooksParams {
    /// Of this account only.
    account: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 谁查看过该专家 · Who looked at an expert, newest first.
#[utoipa::path(
    tag = "looks",
    params(("number" = String, Path, description = "Expert number"), PageParams),
    responses((status = 200, body = List<Look>))
)]
#[get("/experts/{number}/looks")]
async fn of_expert(
    caller: Caller,
    service: web::Data<Service>,
    number: web::Path<String>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let asked = LooksAsked::Expert(number.into_inner());
    let page = run(&service, move |service| service.looks(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Look::from)))
}

/// 查看记录 · All looks or those of one account, newest first; refusals for too many included.
#[utoipa::path(tag = "looks", params(LooksParams), responses((status = 200, body = List<Look>)))]
#[get("/looks")]
async fn all(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<LooksParams>,
) -> Result<HttpResponse, Problem> {
    let LooksParams { account: given, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    let asked = account(given)?.map_or(LooksAsked::All, LooksAsked::Account);
    let page = run(&service, move |service| service.looks(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Look::from)))
}

/// 谁查看过我 · Who looked at the own record, when and why; newest first.
#[utoipa::path(tag = "looks", params(PageParams), responses((status = 200, body = List<OwnLook>)))]
#[get("/me/looks")]
async fn own(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.own_looks(&caller.0, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, OwnLook::from)))
}

/// The id of an account in a filter.
pub(super) fn account(given: Option<String>) -> Result<Option<String>, Problem> {
    if given.as_ref().is_some_and(|account| account.is_empty() || account.len() > 64) {
        return Err(Problem::field("account", "length", "应为账号编号", "must be the id of an account"));
    }
    Ok(given)
}
