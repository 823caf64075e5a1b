//! Experts searched and counted; lists that an account keeps for itself.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::idempotency::Key;
use super::paging::{List, PageParams, paging};
use super::problem::Problem;
use super::query::{Params, flag};
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::refusal::Refusal;
use crate::service::saved_lists;
use crate::service::search::{self, Count, SMALL, SearchAsked};

/// The routes of this file. Counts come before the paths of single experts.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(find).service(counts).service(save).service(lists).service(open).service(drop_list);
}

/// Which experts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchParams {
    /// A name or a part of it; the look is recorded with its purpose.
    #[param(max_length = 64)]
    name: Option<String>,
    /// How the name is compared: `exact`, `prefix`, `contains` (if absent).
    r#match: Option<String>,
    /// An expert number or its beginning.
    #[param(max_length = 17)]
    number: Option<String>,
    /// Credit code of an employer.
    unit: Option<String>,
    /// With this speciality or one below it: `scheme:code`.
    speciality: Option<String>,
    /// Reviewing in this region or a part of it (GB/T 2260).
    region: Option<String>,
    /// With this standing today.
    standing: Option<String>,
    /// With this level of title.
    title_level: Option<String>,
    /// In the tier of this name (`GET /api/v1/tiers`), as computed today.
    #[param(max_length = 64)]
    tier: Option<String>,
    /// With a term that ends before this day, `YYYY-MM-DD`.
    term_to_before: Option<String>,
    /// `true`: with names; the look is recorded with its purpose.
    #[param(value_type = Option<bool>)]
    names: Option<String>,
    /// Why names are looked for or shown, as everywhere; needed only then.
    #[param(max_length = 200)]
    purpose: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    #[param(max_length = 128)]
    after: Option<String>,
}

/// Which experts are counted: not by name or number.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CountParams {
    /// Credit code of an employer.
    unit: Option<String>,
    /// With this speciality or one below it: `scheme:code`.
    speciality: Option<String>,
    /// Reviewing in this region or a part of it (GB/T 2260).
    region: Option<String>,
    /// With this standing today.
    standing: Option<String>,
    /// With this level of title.
    title_level: Option<String>,
    /// In the tier of this name (`GET /api/v1/tiers`), as computed today.
    #[param(max_length = 64)]
    tier: Option<String>,
    /// With a term that ends before this day, `YYYY-MM-DD`.
    term_to_before: Option<String>,
}

/// An expert as found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpertFound)]
pub struct Found {
    /// Expert number.
    number: String,
    /// 姓名; only if names were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Standing as last decided.
    standing: &'static str,
    /// Standing today.
    standing_today: &'static str,
    /// Level of the title.
    title_level: &'static str,
    /// Main review region.
    region: String,
    /// All review regions, ascending.
    regions: Vec<String>,
    /// Specialities, ascending.
    specialities: Vec<String>,
    /// Credit code of the unit; absent: none or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// First day of the term.
    term_from: String,
    /// Last day of the term.
    term_to: String,
}

/// A number of people, or that it is too small to be told.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountCell {
    /// Code or word counted by; absent for the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// How many; absent when it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// `<5` when it is not told: fewer than 5, or kept back so that another cell stays hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<String>,
}

/// Experts counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpertCounts {
    /// All that the filter finds.
    total: CountCell,
    /// By the city of the main review region.
    regions: Vec<CountCell>,
    /// By standing today.
    standings: Vec<CountCell>,
    /// By the top level of specialities; somebody may count in several.
    specialities: Vec<CountCell>,
}

/// A list to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedListInput {
    /// What it is called, 1–64 characters. No personal data here.
    name: String,
    /// The filter, as in a search, without a name: `{"region":"430600","term_to_before":"2027-01-01"}`.
    filter: BTreeMap<String, String>,
}

/// A list that is kept: a filter, never its results.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedList {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// The filter.
    filter: BTreeMap<String, String>,
    /// When it was saved.
    created: Rfc3339,
}

/// 查找专家 · Experts by name, number, unit, speciality, region, standing, level of title, tier, end of term.
#[utoipa::path(tag = "search", params(SearchParams), responses((status = 200, body = List<Found>)))]
#[get("/search/experts")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<SearchParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let paging = paging(params.limit.as_deref(), params.after)?;
    let names = flag("names", params.names.as_deref())?;
    let asked = asked([
        ("name", params.name),
        ("match", params.r#match),
        ("number", params.number),
        ("unit", params.unit),
        ("speciality", params.speciality),
        ("region", params.region),
        ("standing", params.standing),
        ("title_level", params.title_level),
        ("tier", params.tier),
        ("term_to_before", params.term_to_before),
    ])?;
    let purpose = params.purpose;
    let page = run(&service, move |service| {
        service.search_experts(&caller.0, &asked, names, purpose.as_deref(), &paging)
    })
    .await?;
    Ok(HttpResponse::Ok().json(List::of(page, Found::from)))
}

/// 专家计数 · Experts counted. Counts below 5 are told to the bureau alone.
#[utoipa::path(tag = "search", params(CountParams), responses((status = 200, body = ExpertCounts)))]
#[get("/experts/counts")]
async fn counts(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CountParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let asked = asked([
        ("unit", params.unit),
        ("speciality", params.speciality),
        ("region", params.region),
        ("standing", params.standing),
        ("title_level", params.title_level),
        ("tier", params.tier),
        ("term_to_before", params.term_to_before),
    ])?;
    let counts = run(&service, move |service| service.count_experts(&caller.0, &asked)).await?;
    Ok(HttpResponse::Ok().json(ExpertCounts {
        total: cell(None, counts.total),
        regions: counts.regions.into_iter().map(|(key, count)| cell(Some(key), count)).collect(),
        standings: counts
            .standings
            .into_iter()
            .map(|(key, count)| cell(Some(key.to_owned()), count))
            .collect(),
        specialities: counts.specialities.into_iter().map(|(key, count)| cell(Some(key), count)).collect(),
    }))
}

/// 保存名单 · Keeps a filter under a name, for the account alone; at most 50.
#[utoipa::path(
    tag = "search",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = SavedListInput,
    responses((status = 201, body = SavedList))
)]
#[post("/saved-lists")]
async fn save(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<SavedListInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let SavedListInput { name, filter } = body.value;
    let filter: Vec<(String, String)> = filter.into_iter().collect();
    let made = run(&service, move |service| service.save_list(&caller.0, &name, &filter, Some(&key))).await?;
    let location = format!("/api/v1/saved-lists/{}/experts", made.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(SavedList::from(made)))
}

/// 我的名单 · The account's own lists.
#[utoipa::path(tag = "search", params(PageParams), responses((status = 200, body = List<SavedList>)))]
#[get("/saved-lists")]
async fn lists(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.saved_lists(&caller.0, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, SavedList::from)))
}

/// 打开名单 · What a list of the account finds now, without names.
#[utoipa::path(
    tag = "search",
    params(("id" = String, Path, description = "Id of the list"), PageParams),
    responses((status = 200, body = List<Found>))
)]
#[get("/saved-lists/{id}/experts")]
async fn open(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| {
        let asked = service.saved_filter(&caller.0, &id)?;
        service.search_experts(&caller.0, &asked, false, None, &paging)
    })
    .await?;
    Ok(HttpResponse::Ok().json(List::of(page, Found::from)))
}

/// 删除名单 · Gives up a list of the account.
#[utoipa::path(
    tag = "search",
    params(("id" = String, Path, description = "Id of the list")),
    responses((status = 204))
)]
#[delete("/saved-lists/{id}")]
async fn drop_list(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    run(&service, move |service| service.drop_list(&caller.0, &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A filter from the words of a query.
pub(super) fn asked<const N: usize>(
    words: [(&'static str, Option<String>); N],
) -> Result<SearchAsked, Problem> {
    let given = words.iter().filter_map(|(word, value)| Some((*word, value.as_deref()?)));
    SearchAsked::from_words(given).map_err(|problems| Refusal::invalid(problems).into())
}

fn cell(key: Option<String>, count: Count) -> CountCell {
    match count {
        Count::Exactly(count) => CountCell { key, count: Some(count), hidden: None },
        Count::Hidden => CountCell { key, count: None, hidden: Some(format!("<{SMALL}")) },
    }
}

impl From<search::Found> for Found {
    fn from(found: search::Found) -> Self {
        Self {
            number: found.number,
            name: found.name,
            standing: found.standing,
            standing_today: found.standing_today,
            title_level: found.title_level,
            region: found.region,
            regions: found.regions,
            specialities: found.specialities,
            unit: found.unit,
            term_from: found.term_from.to_string(),
            term_to: found.term_to.to_string(),
        }
    }
}

impl From<saved_lists::SavedList> for SavedList {
    fn from(list: saved_lists::SavedList) -> Self {
        Self {
            id: list.id,
            name: list.name,
            filter: list.filter.into_iter().collect(),
            created: Rfc3339::of(list.created),
        }
    }
}
