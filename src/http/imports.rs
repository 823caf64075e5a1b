//! Imports of experts from a CSV file.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Csv;
use super::idempotency::Key;
use super::problem::{FieldProblem, Problem};
use super::query::Params;
use super::run::run;
use crate::service::Service;
use crate::service::imports::{BadRow, ImportOptions};

/// The most problems of one answer; the command line reports all.
const PROBLEMS_SHOWN: usize = 1000;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(experts);
}

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportParams {
    /// `true`: leave bad rows out instead of refusing the file.
    #[param(value_type = Option<bool>)]
    skip_bad: Option<String>,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReport {
    /// Rows in the file.
    rows: usize,
    /// Experts registered.
    imported: usize,
    /// Rows left out.
    bad_rows: usize,
    /// What is wrong with rows left out, at most 1000 problems; `field` is `line N: column`. Empty
    /// when the request was repeated.
    errors: Vec<FieldProblem>,
}

/// 导入专家 · Imports a CSV file (UTF-8). With a bad row nothing is imported, unless `skip_bad=true`.
#[utoipa::path(
    tag = "imports",
    params(
        ImportParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportReport))
)]
#[post("/imports/experts")]
async fn experts(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    params: Params<ImportParams>,
    file: Csv,
) -> Result<HttpResponse, Problem> {
    let key = key.of(file.request)?;
    let skip_bad = match params.0.skip_bad.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Problem::field("skip_bad", "boolean", "应为 true 或 false", "must be true or false"));
        }
    };
    let options = ImportOptions { skip_bad, ..ImportOptions::default() };
    let report = run(&service, move |service| {
        service.import_experts(&caller.0, file.text.as_bytes(), options, Some(&key), &mut |_| ())
    })
    .await?;
    let errors = problems(&report.bad);
    if report.imported == 0 {
        let (rows, bad) = (report.rows, report.bad_rows);
        let zh = format!("{rows} 行中有 {bad} 行不符合要求，未导入任何一行");
        let en = format!("{bad} of {rows} rows break rules; nothing was imported");
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_rows", zh, en);
        return Err(problem.with_errors(errors));
    }
    let (rows, imported, bad_rows) = (report.rows, report.imported, report.bad_rows);
    Ok(HttpResponse::Ok().json(ImportReport { rows, imported, bad_rows, errors }))
}

fn problems(bad: &[BadRow]) -> Vec<FieldProblem> {
    bad.iter()
        .flat_map(|row| row.problems.iter().map(move |problem| (row.line, problem)))
        .take(PROBLEMS_SHOWN)
        .map(|(line, problem)| {
            let problem = FieldProblem::from(problem.clone());
            FieldProblem { field: format!("line {line}: {}", problem.field), ..problem }
        })
        .collect()
}
