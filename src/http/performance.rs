//! Performance both ways (履职评价): tasks opened, listed, answered; the expert's statement.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::case_views::{CaseFileView, CaseLineView, CasesAsked, CasesParams, file, files, lines, stepped};
use super::conduct::TextInput;
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::codec::Json;
use crate::registry::performance::EVALUATION;
use crate::service::Service;
use crate::service::actor::Role;
use crate::service::case_body::CaseLine;
use crate::service::performance::{Task, TasksAsked};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(open).service(tasks).service(task).service(answer);
    config.service(own).service(state).service(all).service(find);
}

/// Who evaluates.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvaluations {
    /// `agency` or `purchaser`: which of the two evaluates the experts (198号 art 21 names either).
    by: String,
}

/// The tasks that were opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedTasks {
    /// Two for each seated expert.
    items: Vec<CaseLineView>,
}

/// Answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersInput {
    /// A whole number for every question, by its name.
    answers: BTreeMap<String, u32>,
    /// At most 2,000 characters.
    comment: Option<String>,
}

/// A question.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionView {
    /// Its name.
    name: String,
    /// In Chinese.
    title: String,
    /// In English.
    title_en: String,
    /// The least answer.
    min: u32,
    /// The greatest.
    max: u32,
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskView {
    /// The line.
    case: CaseLineView,
    /// What this side said, and about whom.
    #[schema(value_type = Object)]
    body: Json,
    /// What is asked.
    questions: Vec<QuestionView>,
    /// What the other side said; absent until both sides are final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    other: Option<Json>,
}

/// Agency and purchaser see no expert numbers.
fn view(buyer: bool) -> fn(CaseLine) -> CaseLineView {
    if buyer { CaseLineView::without_number } else { CaseLineView::from }
}

fn is_buyer(role: Role) -> bool {
    matches!(role, Role::Agency | Role::Purchaser)
}

/// 发起履职评价 · Opens the evaluations of a package whose draw was unsealed.
#[utoipa::path(
    tag = "performance",
    params(
        ("id" = String, Path, description = "Package id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewEvaluations,
    responses((status = 201, body = OpenedTasks))
)]
#[post("/packages/{id}/evaluations")]
async fn open(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewEvaluations>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let by = body.value.by;
    let made =
        run(&service, move |service| service.open_evaluations(&caller.0, &id, &by, Some(&key))).await?;
    let items = made.into_iter().map(CaseLineView::without_number).collect();
    Ok(HttpResponse::Created().json(OpenedTasks { items }))
}

/// 评价任务 · The tasks of this unit, or of this expert.
#[utoipa::path(tag = "performance", params(CasesParams), responses((status = 200, body = List<CaseLineView>)))]
#[get("/evaluations")]
async fn tasks(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let (asked, paging) = asked(params.0.check(&EVALUATION.states())?);
    let buyer = is_buyer(caller.0.role);
    let asked = TasksAsked { expert: None, ..asked };
    let page = run(&service, move |service| service.tasks(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, view(buyer))))
}

/// 查看评价任务 · One own task with its questions; the other side's answers once both are final.
#[utoipa::path(
    tag = "performance",
    params(("id" = String, Path, description = "Case id")),
    responses((status = 200, body = TaskView))
)]
#[get("/evaluations/{id}")]
async fn task(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let buyer = is_buyer(caller.0.role);
    let Task { line, body, questions, other } =
        run(&service, move |service| service.task(&caller.0, &id)).await?;
    let question = |q: &crate::rules::registry_profile::Question| QuestionView {
        name: q.name.clone(),
        title: q.title.clone(),
        title_en: q.title_en.clone(),
        min: q.min,
        max: q.max,
    };
    let questions = questions.iter().map(question).collect();
    Ok(HttpResponse::Ok().json(TaskView { case: view(buyer)(line), body, questions, other }))
}

/// 提交评价 · Answers a task.
#[utoipa::path(
    tag = "performance",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = AnswersInput,
    responses((status = 200, body = CaseLineView))
)]
#[post("/evaluations/{id}/answer")]
async fn answer(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<AnswersInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let AnswersInput { answers, comment } = body.value;
    let buyer = is_buyer(caller.0.role);
    let line = run(&service, move |service| {
        service.answer_task(&caller.0, &id, &answers, comment.as_deref(), Some(&key))
    });
    let line = line.await?;
    Ok(HttpResponse::Ok().insert_header(super::etag::etag(line.version)).json(view(buyer)(line)))
}

/// 本人履职评价 · What units said about the expert, once both sides are final.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<CaseFileView>)))]
#[get("/me/evaluations")]
async fn own(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    Ok(files(run(&service, move |service| service.own_evaluations(&caller.0, &paging)).await?))
}

/// 说明 · The expert's statement about what a unit said.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Case id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = TextInput,
    responses((status = 200, body = CaseLineView))
)]
#[post("/me/evaluations/{id}/statement")]
async fn state(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<TextInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let text = body.value.text;
    let line = run(&service, move |service| service.state_on_evaluation(&caller.0, &id, &text, Some(&key)));
    Ok(stepped(line.await?))
}

/// 履职评价台账 · All tasks, without names and answers: who is late.
#[utoipa::path(tag = "performance", params(CasesParams), responses((status = 200, body = List<CaseLineView>)))]
#[get("/performance")]
async fn all(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<CasesParams>,
) -> Result<HttpResponse, Problem> {
    let (asked, paging) = asked(params.0.check(&EVALUATION.states())?);
    Ok(lines(run(&service, move |service| service.evaluations(&caller.0, &asked, &paging)).await?))
}

/// 查看履职评价 · One evaluation with its answers, for the bureau. The look is recorded.
#[utoipa::path(
    tag = "performance",
    params(("id" = String, Path, description = "Case id"), PurposeParams),
    responses((status = 200, body = CaseFileView))
)]
#[get("/performance/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    Ok(file(run(&service, move |service| service.evaluation(&caller.0, &id, &purpose)).await?))
}

fn asked(asked: CasesAsked) -> (TasksAsked, crate::service::listing::Paging) {
    let which = TasksAsked {
        state: asked.state,
        package: asked.package,
        expert: asked.expert,
        region_prefix: asked.region_prefix,
        due_by: asked.due_by,
    };
    (which, asked.paging)
}
