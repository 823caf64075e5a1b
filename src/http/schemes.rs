//! Speciality schemes (专业分类标准) and crosswalks (对照表): loaded as CSV, listed, read back.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Csv;
use super::idempotency::Key;
use super::paging::List;
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::codes::is_scheme_id;
use crate::registry::{Head, SCHEME_TEXT_MAX};
use crate::service::Service;
use crate::service::schemes::{CrosswalkView, SchemeView};
use crate::time::Timestamp;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(load).service(list).service(find).service(download);
    config.service(load_crosswalk).service(find_crosswalk).service(download_crosswalk);
}

/// A scheme.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scheme {
    /// What stands before the colon of its codes.
    id: String,
    /// What its comments say.
    #[serde(flatten)]
    head: SchemeHead,
    /// How many codes.
    codes: usize,
    /// How many levels.
    levels: usize,
    /// SHA-256 of its text, in hexadecimal.
    digest: String,
    /// Newer editions that supersede it.
    superseded_by: Vec<String>,
    /// Schemes to which a crosswalk leads from here.
    crosswalks: Vec<String>,
    /// When it was loaded; absent: it came with the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    loaded: Option<String>,
    /// The journal entry that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<i64>,
}

/// What the comments of a text say.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemeHead {
    /// Legal source, and where the text was taken from.
    source: String,
    /// Title of the instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// How far it can be relied on.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// The day as of which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    /// The scheme whose newer edition it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    supersedes: Option<String>,
}

/// A crosswalk.
#[derive(Debug, Serialize, ToSchema)]
pub struct Crosswalk {
    /// From this scheme.
    from: String,
    /// To this one.
    to: String,
    /// What its comments say.
    #[serde(flatten)]
    head: SchemeHead,
    /// How many rows.
    rows: usize,
    /// SHA-256 of its text, in hexadecimal.
    digest: String,
    /// When it was loaded.
    loaded: String,
    /// The journal entry that holds it.
    entry: i64,
}

impl From<Head> for SchemeHead {
    fn from(head: Head) -> Self {
        Self {
            source: head.source,
            title: head.title,
            status: head.status,
            date: head.date.map(|date| date.to_string()),
            supersedes: head.supersedes,
        }
    }
}

impl From<SchemeView> for Scheme {
    fn from(view: SchemeView) -> Self {
        Self {
            id: view.id,
            head: view.head.into(),
            codes: view.codes,
            levels: view.levels,
            digest: view.digest.to_hex(),
            superseded_by: view.superseded_by,
            crosswalks: view.crosswalks,
            loaded: view.loaded.map(|time| Timestamp(time).to_string()),
            entry: view.entry,
        }
    }
}

impl From<CrosswalkView> for Crosswalk {
    fn from(view: CrosswalkView) -> Self {
        Self {
            from: view.from,
            to: view.to,
            head: view.head.into(),
            rows: view.rows,
            digest: view.digest.to_hex(),
            loaded: Timestamp(view.loaded).to_string(),
            entry: view.entry,
        }
    }
}

/// The scheme to load.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LoadParams {
    /// Its id: a lower-case letter, then up to 15 of them or digits.
    #[param(max_length = 16)]
    id: String,
}

/// The scheme to which a crosswalk leads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ToParams {
    /// Its id.
    #[param(max_length = 16)]
    to: String,
}

/// 加载专业分类标准 · Loads a scheme: comment lines (`# source: …` is mandatory; `title`, `status`, `date`,
/// `supersedes`), then `code,name`. At most 8 MiB and 100,000 codes. What is in use is never edited.
#[utoipa::path(
    tag = "schemes",
    params(
        LoadParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = Scheme))
)]
#[post("/schemes")]
async fn load(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    params: Params<LoadParams>,
    file: Csv,
) -> Result<HttpResponse, Problem> {
    let (key, id) = (key.of(file.request)?, params.0.id);
    let text = within_limit(file.text)?;
    if !is_scheme_id(&id) {
        let (zh, en) =
            ("应为小写字母开头的 1 至 16 个小写字母和数字", "must be 1 to 16 lower-case letters and digits");
        return Err(Problem::field("id", "form", zh, en));
    }
    let made = run(&service, move |service| service.load_scheme(&caller.0, &id, &text, Some(&key))).await?;
    let location = format!("/api/v1/schemes/{}", made.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(Scheme::from(made)))
}

/// 专业分类标准列表 · All schemes, with source and status.
#[utoipa::path(tag = "schemes", responses((status = 200, body = List<Scheme>)))]
#[get("/schemes")]
async fn list(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.schemes(&caller.0)).await?;
    Ok(HttpResponse::Ok().json(List { items: found.into_iter().map(Scheme::from).collect(), next: None }))
}

/// 查看专业分类标准 · One scheme.
#[utoipa::path(
    tag = "schemes",
    params(("id" = String, Path, description = "Scheme id")),
    responses((status = 200, body = Scheme))
)]
#[get("/schemes/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.scheme(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(Scheme::from(found)))
}

/// 下载专业分类标准 · The text of a scheme as it was loaded.
#[utoipa::path(
    tag = "schemes",
    params(("id" = String, Path, description = "Scheme id")),
    responses((status = 200, content_type = "text/csv", description = "the text as loaded"))
)]
#[get("/schemes/{id}/file")]
async fn download(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = id.clone();
    let text = run(&service, move |service| service.scheme_text(&caller.0, &id)).await?;
    Ok(csv(&name, text))
}

/// 加载对照表 · Loads a crosswalk: `# source: …`, then `from,to`; a code may lead to several.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Scheme id"),
        ToParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = Crosswalk))
)]
#[post("/schemes/{id}/crosswalks")]
async fn load_crosswalk(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<ToParams>,
    file: Csv,
) -> Result<HttpResponse, Problem> {
    let (key, to) = (key.of(file.request)?, params.0.to);
    let text = within_limit(file.text)?;
    let made =
        run(&service, move |service| service.load_crosswalk(&caller.0, &id, &to, &text, Some(&key))).await?;
    let location = format!("/api/v1/schemes/{}/crosswalks/{}", made.from, made.to);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(Crosswalk::from(made)))
}

/// 查看对照表 · One crosswalk.
#[utoipa::path(
    tag = "schemes",
    params(("id" = String, Path, description = "Scheme id"), ("to" = String, Path, description = "Scheme id")),
    responses((status = 200, body = Crosswalk))
)]
#[get("/schemes/{id}/crosswalks/{to}")]
async fn find_crosswalk(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = path.into_inner();
    let found = run(&service, move |service| service.crosswalk(&caller.0, &from, &to)).await?;
    Ok(HttpResponse::Ok().json(Crosswalk::from(found)))
}

/// 下载对照表 · The text of a crosswalk as it was loaded.
#[utoipa::path(
    tag = "schemes",
    params(("id" = String, Path, description = "Scheme id"), ("to" = String, Path, description = "Scheme id")),
    responses((status = 200, content_type = "text/csv", description = "the text as loaded"))
)]
#[get("/schemes/{id}/crosswalks/{to}/file")]
async fn download_crosswalk(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = path.into_inner();
    let name = format!("{from}-{to}");
    let text = run(&service, move |service| service.crosswalk_text(&caller.0, &from, &to)).await?;
    Ok(csv(&name, text))
}

fn within_limit(text: String) -> Result<String, Problem> {
    if text.len() > SCHEME_TEXT_MAX { Err(Problem::too_large(SCHEME_TEXT_MAX)) } else { Ok(text) }
}

/// A CSV file as an attachment; the name comes from ids that exist.
pub(super) fn csv(name: &str, text: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}.csv\"")))
        .body(text.into())
}
