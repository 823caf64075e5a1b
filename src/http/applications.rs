//! Applications (入库申请): written by the person under `/me/applications`, by a registrar for somebody
//! recommended under `/applications`; reviewed and entered there.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::application_bodies::{Application, ApplicationInput, ApplicationReview, CaseLine, CasesParams};
use super::auth::Caller;
use super::body::{Body, Nothing};
use super::etag::{IfMatch, etag};
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::registry::application::APPLICATION;
use crate::service::Service;
use crate::service::applications::{ApplicationRecord, Side};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(begin_own).service(list_own).service(find_own).service(save_own);
    config.service(submit_own).service(withdraw_own);
    config.service(begin).service(list).service(find).service(save).service(submit).service(withdraw);
    config.service(take).service(review_first).service(review_final).service(test);
}

/// The result of the test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestResult {
    /// Points of 100.
    #[schema(minimum = 0, maximum = 100)]
    points: u32,
}

/// 申请入库 · Begins one's own application.
#[utoipa::path(
    tag = "applications",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = ApplicationInput,
    responses((status = 201, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/me/applications")]
async fn begin_own(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<ApplicationInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (edit, facts) = body.value.parts()?;
    let begun = run(&service, move |service| {
        service.begin_application(&caller.0, Side::Own, &edit, &facts, Some(&key))
    });
    Ok(created("/api/v1/me/applications", begun.await?))
}

/// 我的申请 · One's own applications.
#[utoipa::path(tag = "applications", params(PageParams), responses((status = 200, body = List<CaseLine>)))]
#[get("/me/applications")]
async fn list_own(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.own_applications(&caller.0, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, CaseLine::from)))
}

/// 查看我的申请 · One's own application.
#[utoipa::path(
    tag = "applications",
    params(("id" = String, Path, description = "Application id")),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[get("/me/applications/{id}")]
async fn find_own(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(answer(run(&service, move |service| service.own_application(&caller.0, &id)).await?))
}

/// 保存我的申请 · Saves what is given; anything may still be missing.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("If-Match" = String, Header, description = "the ETag that was read")
    ),
    request_body = ApplicationInput,
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[patch("/me/applications/{id}")]
async fn save_own(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ApplicationInput>,
) -> Result<HttpResponse, Problem> {
    let (edit, facts) = body.value.parts()?;
    let saved = run(&service, move |service| {
        service.save_application(&caller.0, Side::Own, &id, version.0, &edit, &facts)
    });
    Ok(answer(saved.await?))
}

/// 提交我的申请 · Hands one's own application in; everything that is missing is named at once.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/me/applications/{id}/submit")]
async fn submit_own(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done =
        run(&service, move |service| service.submit_application(&caller.0, Side::Own, &id, Some(&key)));
    Ok(answer(done.await?))
}

/// 撤回我的申请 · Withdraws one's own application.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/me/applications/{id}/withdraw")]
async fn withdraw_own(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done =
        run(&service, move |service| service.withdraw_application(&caller.0, Side::Own, &id, Some(&key)));
    Ok(answer(done.await?))
}

/// 代录申请 · Begins an application for somebody recommended.
#[utoipa::path(
    tag = "applications",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = ApplicationInput,
    responses((status = 201, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications")]
async fn begin(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<ApplicationInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (edit, facts) = body.value.parts()?;
    let begun = run(&service, move |service| {
        service.begin_application(&caller.0, Side::Bureau, &edit, &facts, Some(&key))
    });
    Ok(created("/api/v1/applications", begun.await?))
}

/// 申请列表 · Applications without names, by state, region and due date.
#[utoipa::path(tag = "applications", params(CasesParams), responses((status = 200, body = List<CaseLine>)))]
#[get("/applications")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let (asked, paging) = params.0.check(&APPLICATION.states())?;
    let page = run(&service, move |service| service.applications(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, CaseLine::from)))
}

/// 查看申请 · One application, names included. The look is recorded with its purpose.
#[utoipa::path(
    tag = "applications",
    params(("id" = String, Path, description = "Application id"), PurposeParams),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[get("/applications/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    Ok(answer(run(&service, move |service| service.read_application(&caller.0, &id, &purpose)).await?))
}

/// 保存代录申请 · Saves what is given of an application that the bureau entered.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("If-Match" = String, Header, description = "the ETag that was read")
    ),
    request_body = ApplicationInput,
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[patch("/applications/{id}")]
async fn save(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ApplicationInput>,
) -> Result<HttpResponse, Problem> {
    let (edit, facts) = body.value.parts()?;
    let saved = run(&service, move |service| {
        service.save_application(&caller.0, Side::Bureau, &id, version.0, &edit, &facts)
    });
    Ok(answer(saved.await?))
}

/// 提交代录申请 · Hands an application in that the bureau entered.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications/{id}/submit")]
async fn submit(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done =
        run(&service, move |service| service.submit_application(&caller.0, Side::Bureau, &id, Some(&key)));
    Ok(answer(done.await?))
}

/// 撤回代录申请 · Withdraws an application that the bureau entered.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let done =
        run(&service, move |service| service.withdraw_application(&caller.0, Side::Bureau, &id, Some(&key)));
    Ok(answer(done.await?))
}

/// 受理 · Takes an application up for first review.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications/{id}/take")]
async fn take(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Nothing,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(answer(run(&service, move |service| service.take_application(&caller.0, &id, Some(&key))).await?))
}

/// 初审 · First review: material, each speciality, credit.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ApplicationReview,
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications/{id}/first-review")]
async fn review_first(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ApplicationReview>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value.input()?;
    Ok(answer(run(&service, move |service| service.first_review(&caller.0, &id, &input, Some(&key))).await?))
}

/// 终审 · Final review by another account: entry of the expert, or the test first.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = ApplicationReview,
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications/{id}/final-review")]
async fn review_final(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<ApplicationReview>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let input = body.value.input()?;
    Ok(answer(run(&service, move |service| service.final_review(&caller.0, &id, &input, Some(&key))).await?))
}

/// 测试成绩 · The result of the test before entry.
#[utoipa::path(
    tag = "applications",
    params(
        ("id" = String, Path, description = "Application id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = TestResult,
    responses((status = 200, body = Application, headers(("ETag" = String, description = "the version"))))
)]
#[post("/applications/{id}/test")]
async fn test(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<TestResult>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let points = body.value.points;
    Ok(answer(run(&service, move |service| service.record_test(&caller.0, &id, points, Some(&key))).await?))
}

fn created(base: &str, record: ApplicationRecord) -> HttpResponse {
    HttpResponse::Created()
        .insert_header(("Location", format!("{base}/{}", record.case.id)))
        .insert_header(etag(record.case.version))
        .json(Application::from(record))
}

fn answer(record: ApplicationRecord) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(record.case.version)).json(Application::from(record))
}
