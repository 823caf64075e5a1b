//! Claims along a crosswalk (专业对照): the report, and moving the claims that lead to exactly one code.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, Nothing};
use super::idempotency::Key;
use super::paging::{List, PageParams, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::table_file::{Form, FormParams, answer};
use crate::registry::claim_migration::CLAIM_MIGRATION;
use crate::service::Service;
use crate::service::claims::{MigrationView, Report, ReportItem};
use crate::service::tables::{Cell, Table};
use crate::time::Timestamp;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(report).service(report_file);
    config.service(propose).service(list).service(find);
    config.service(confirm).service(proceed).service(reject).service(withdraw);
}

/// Claims of one code.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimsOfCode {
    /// `scheme:code`.
    code: String,
    /// Its name.
    name: String,
    /// `unique`, `none` or `several`.
    mapping: &'static str,
    /// Where it leads.
    targets: Vec<String>,
    /// How many experts claim it.
    experts: usize,
    /// Their numbers, the first hundred; the file has all.
    numbers: Vec<String>,
}

/// What a crosswalk means for the claims of the registry.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrosswalkReport {
    /// Experts with a claim of the old scheme, in the account's region.
    experts: usize,
    /// Claims that lead to exactly one code.
    unique: usize,
    /// Claims that lead to none.
    none: usize,
    /// Claims that lead to several.
    several: usize,
    /// By code, ascending.
    items: Vec<ClaimsOfCode>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<ReportItem> for ClaimsOfCode {
    fn from(item: ReportItem) -> Self {
        Self {
            code: item.code,
            name: item.name,
            mapping: item.mapping.name(),
            targets: item.targets,
            experts: item.experts,
            numbers: item.numbers,
        }
    }
}

/// A migration to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrationInput {
    /// From this scheme.
    from: String,
    /// To this one.
    to: String,
    /// Why, 1–500 characters.
    reason: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrationReason {
    /// 1–500 characters.
    reason: String,
}

/// An expert whose claims cannot be moved.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotMoved {
    /// Expert number.
    number: String,
    /// The rule against it.
    rule: String,
}

/// A migration.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimMigration {
    /// Id.
    id: String,
    /// `proposed`, `running`, `done`, `rejected` or `withdrawn`.
    state: String,
    /// From this scheme.
    from: String,
    /// To this one.
    to: String,
    /// Why.
    reason: String,
    /// The account that proposed it.
    proposed_by: String,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Experts moved.
    moved: i64,
    /// Experts that cannot be moved.
    failed: Vec<NotMoved>,
    /// The account that did the newest act.
    by: String,
    /// When.
    updated: String,
}

impl From<MigrationView> for ClaimMigration {
    fn from(view: MigrationView) -> Self {
        Self {
            id: view.id,
            state: view.state,
            from: view.from,
            to: view.to,
            reason: view.reason,
            proposed_by: view.proposed_by,
            answer: view.answer,
            moved: view.moved,
            failed: view.failed.into_iter().map(|(number, rule)| NotMoved { number, rule }).collect(),
            by: view.by,
            updated: Timestamp(view.updated).to_string(),
        }
    }
}

/// Which migrations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MigrationsParams {
    /// In this state.
    state: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 对照报告 · Which claims of the registry lead to one code, to none or to several.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Scheme id"),
        ("to" = String, Path, description = "Scheme id"),
        PageParams
    ),
    responses((status = 200, body = CrosswalkReport))
)]
#[get("/schemes/{id}/crosswalks/{to}/report")]
async fn report(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = path.into_inner();
    let paging = params.0.check()?;
    let found = run(&service, move |service| service.crosswalk_report(&caller.0, &from, &to)).await?;
    let (found, next) = found.page(paging.limit as usize, paging.after.as_deref());
    Ok(HttpResponse::Ok().json(CrosswalkReport {
        experts: found.experts,
        unique: found.unique,
        none: found.none,
        several: found.several,
        items: found.items.into_iter().map(ClaimsOfCode::from).collect(),
        next,
    }))
}

/// 下载对照报告 · The same report as a file, one row per claim.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Scheme id"),
        ("to" = String, Path, description = "Scheme id"),
        FormParams
    ),
    responses((status = 200, content_type = "text/csv", description = "the table as CSV or XLSX"))
)]
#[get("/schemes/{id}/crosswalks/{to}/report/file")]
async fn report_file(
    caller: Caller,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
    params: Params<FormParams>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = path.into_inner();
    let form = Form::parse(params.0.format.as_deref())?;
    let found = run(&service, move |service| service.crosswalk_report(&caller.0, &from, &to)).await?;
    answer(&table(found), form)
}

fn table(found: Report) -> Table {
    let headings = ["原专业代码", "原专业名称", "对照结果", "新专业代码", "专家编号"];
    let mut table = Table::new("专业对照报告", headings);
    for item in found.items {
        let targets = item.targets.join(" ");
        for number in item.numbers {
            let cells = [&item.code, &item.name, item.mapping.name(), &targets, number.as_str()];
            table.push(cells.into_iter().map(Cell::text).collect());
        }
    }
    table
}

/// 提出专业对照迁移 · Proposes to move all claims that lead to exactly one code.
#[utoipa::path(
    tag = "schemes",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = MigrationInput,
    responses((status = 201, body = ClaimMigration))
)]
#[post("/claim-migrations")]
async fn propose(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<MigrationInput>,
) -> Result<HttpResponse, Problem> {
    let (key, input) = (key.of(body.request)?, body.value);
    let made = run(&service, move |service| {
        service.propose_migration(&caller.0, &input.from, &input.to, &input.reason, &key)
    })
    .await?;
    let location = format!("/api/v1/claim-migrations/{}", made.id);
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(ClaimMigration::from(made)))
}

/// 专业对照迁移列表 · The migrations.
#[utoipa::path(
    tag = "schemes",
    params(MigrationsParams),
    responses((status = 200, body = List<ClaimMigration>))
)]
#[get("/claim-migrations")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<MigrationsParams>,
) -> Result<HttpResponse, Problem> {
    let params = params.0;
    let paging = paging(params.limit.as_deref(), params.after)?;
    if params.state.as_deref().is_some_and(|state| !CLAIM_MIGRATION.states().contains(&state)) {
        let words = CLAIM_MIGRATION.states().join(", ");
        let (zh, en) = (format!("应为 {words} 之一"), format!("must be one of {words}"));
        return Err(Problem::field("state", "state", zh, en));
    }
    let page = run(&service, move |service| service.migrations(&caller.0, params.state, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, ClaimMigration::from)))
}

/// 查看专业对照迁移 · One migration.
#[utoipa::path(
    tag = "schemes",
    params(("id" = String, Path, description = "Migration id")),
    responses((status = 200, body = ClaimMigration))
)]
#[get("/claim-migrations/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.migration_of(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(ClaimMigration::from(found)))
}

/// 确认专业对照迁移 · Confirms a migration that another account proposed, and carries it out. One request
/// moves at most 5000 experts; while the state is `running`, go on with `continue`.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Migration id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = ClaimMigration))
)]
#[post("/claim-migrations/{id}/confirm")]
async fn confirm(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.confirm_migration(&caller.0, &id, &key)).await?;
    Ok(HttpResponse::Ok().json(ClaimMigration::from(done)))
}

/// 继续专业对照迁移 · Goes on with a migration that is running.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Migration id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = ClaimMigration))
)]
#[post("/claim-migrations/{id}/continue")]
async fn proceed(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.continue_migration(&caller.0, &id, &key)).await?;
    Ok(HttpResponse::Ok().json(ClaimMigration::from(done)))
}

/// 否决专业对照迁移 · Rejects a migration that another account proposed.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Migration id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = MigrationReason,
    responses((status = 200, body = ClaimMigration))
)]
#[post("/claim-migrations/{id}/reject")]
async fn reject(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<MigrationReason>,
) -> Result<HttpResponse, Problem> {
    let (key, reason) = (key.of(body.request)?, body.value.reason);
    let done = run(&service, move |service| service.reject_migration(&caller.0, &id, &reason, &key)).await?;
    Ok(HttpResponse::Ok().json(ClaimMigration::from(done)))
}

/// 撤回专业对照迁移 · Withdraws a migration; only the account that proposed it.
#[utoipa::path(
    tag = "schemes",
    params(
        ("id" = String, Path, description = "Migration id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = ClaimMigration))
)]
#[post("/claim-migrations/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done = run(&service, move |service| service.withdraw_migration(&caller.0, &id, &key)).await?;
    Ok(HttpResponse::Ok().json(ClaimMigration::from(done)))
}
