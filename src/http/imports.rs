//! Imports of experts from a CSV or XLSX file, and the report of what is wrong with one.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Upload;
use super::idempotency::Key;
use super::problem::{FieldProblem, Problem};
use super::query::{Params, flag};
use super::run::run;
use super::table_file::{Form, answer, file};
use crate::codes::is_scheme_id;
use crate::service::Service;
use crate::service::imports::{
    self, BadRow, FileForm, IGNORED, ImportOptions, Reading, TextEncoding, letters,
};
use crate::service::tables::Encoding;

/// The most problems of one answer; the report and the command line have all.
const PROBLEMS_SHOWN: usize = 1000;
/// The most headings mapped by hand.
const MAP_MAX: usize = 64;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(experts).service(check);
}

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportParams {
    /// `true`: leave bad rows out instead of refusing the file.
    #[param(value_type = Option<bool>)]
    skip_bad: Option<String>,
    /// `true`: only check, write nothing.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
    /// Name of the sheet of a workbook; the first if absent.
    #[param(max_length = 31)]
    sheet: Option<String>,
    /// `ndrc316` or `mof31`: put before specialities that are written without their scheme.
    scheme: Option<String>,
    /// Headings mapped by hand: a JSON object `{"称呼":"name","备注2":"-"}`; `-` leaves a column out.
    #[param(max_length = 4096)]
    map: Option<String>,
}

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReportParams {
    /// `report`: what is wrong with which row, without values; `rejects`: the bad rows as they stood.
    what: Option<String>,
    /// Form of the report: `xlsx`, `csv` or `csv_gb18030`; rejects are CSV in the file's encoding.
    format: Option<String>,
    /// As in an import.
    #[param(max_length = 31)]
    sheet: Option<String>,
    /// As in an import.
    scheme: Option<String>,
    /// As in an import.
    #[param(max_length = 4096)]
    map: Option<String>,
}

/// How a column of the file was understood.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportColumn {
    /// Letters of the column.
    column: String,
    /// Its heading.
    heading: String,
    /// The field; `-`: left out; `sex`, `birth`, `term`, `title_name` help to fill or check others.
    field: &'static str,
}

/// How often a rule was broken.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleCount {
    /// The rule's name.
    rule: &'static str,
    /// How often.
    count: usize,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReport {
    /// Rows in the file.
    rows: usize,
    /// Experts registered.
    imported: usize,
    /// Rows without a problem.
    good: usize,
    /// Rows left out.
    bad_rows: usize,
    /// Whether nothing was to be written.
    dry_run: bool,
    /// `csv utf-8`, `csv gb18030`, `xlsx`; absent when the request was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    /// How the columns were understood.
    columns: Vec<ImportColumn>,
    /// Problems by rule, most often first.
    by_rule: Vec<RuleCount>,
    /// What is wrong with rows left out, at most 1000 problems; `field` is `line N: column`. Empty
    /// when the request was repeated.
    errors: Vec<FieldProblem>,
}

/// 导入专家 · Imports a CSV file (UTF-8 or GB 18030, told by `charset` or found out) or an XLSX workbook: at
/// most 64 MiB, 200,000 rows, 256 columns. With a bad row nothing is imported, unless `skip_bad=true`.
#[utoipa::path(
    tag = "imports",
    params(
        ImportParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    )),
    responses((status = 200, body = ImportReport))
)]
#[post("/imports/experts")]
async fn experts(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    params: Params<ImportParams>,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    let key = key.of(upload.request)?;
    let params = params.0;
    let options = ImportOptions {
        skip_bad: flag("skip_bad", params.skip_bad.as_deref())?,
        dry_run: flag("dry_run", params.dry_run.as_deref())?,
        ..options(params.sheet, params.scheme.as_deref(), params.map.as_deref(), upload.encoding)?
    };
    let report = run(&service, move |service| {
        service.import_experts(&caller.0, &upload.bytes, &options, Some(&key), &mut |_| ())
    })
    .await?;
    let errors = problems(&report.bad);
    if report.imported == 0 && !report.dry_run {
        let (rows, bad) = (report.rows, report.bad_rows);
        let zh = format!("{rows} 行中有 {bad} 行不符合要求，未导入任何一行");
        let en = format!("{bad} of {rows} rows break rules; nothing was imported");
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_rows", zh, en);
        return Err(problem.with_errors(errors));
    }
    Ok(HttpResponse::Ok().json(shown(&report, errors)))
}

/// 检查导入文件 · Checks a file as an import would and answers a file: the report (line, column, rule, reason;
/// no values) or the rejected rows. Nothing is written.
#[utoipa::path(
    tag = "imports",
    params(
        ReportParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    )),
    responses((status = 200, content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    )))
)]
#[post("/imports/experts/report")]
async fn check(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    params: Params<ReportParams>,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    key.of(upload.request)?;
    let params = params.0;
    let rejects = match params.what.as_deref() {
        None | Some("report") => false,
        Some("rejects") => true,
        Some(_) => {
            return Err(Problem::field(
                "what",
                "what",
                "应为 report 或 rejects",
                "must be report or rejects",
            ));
        }
    };
    let form = Form::parse(params.format.as_deref())?;
    let options = ImportOptions {
        dry_run: true,
        ..options(params.sheet, params.scheme.as_deref(), params.map.as_deref(), upload.encoding)?
    };
    let report = run(&service, move |service| {
        service.import_experts(&caller.0, &upload.bytes, &options, None, &mut |_| ())
    })
    .await?;
    if !rejects {
        return answer(&report.table(), form);
    }
    let encoding = match report.form {
        Some(FileForm::Csv(TextEncoding::Gb18030)) => Encoding::Gb18030,
        _ => Encoding::Utf8Bom,
    };
    Ok(file("退回行", Form::Csv(encoding), report.rejects()?))
}

fn options(
    sheet: Option<String>,
    scheme: Option<&str>,
    map: Option<&str>,
    encoding: Option<TextEncoding>,
) -> Result<ImportOptions, Problem> {
    if !scheme.is_none_or(is_scheme_id) {
        let (zh, en) = ("应为分类标准的编号，例如 ndrc316", "must be the id of a scheme, such as ndrc316");
        return Err(Problem::field("scheme", "unknown_scheme", zh, en));
    }
    let scheme = scheme.map(str::to_owned);
    let sound = sheet.as_deref().is_none_or(|name| (1..=31).contains(&name.chars().count()));
    if !sound {
        return Err(Problem::field("sheet", "length", "应为 1 至 31 个字符", "must have 1 to 31 characters"));
    }
    let reading = Reading { encoding, sheet };
    Ok(ImportOptions { reading, scheme, map: mapping(map)?, ..ImportOptions::default() })
}

/// A mapping of headings from its JSON text.
fn mapping(text: Option<&str>) -> Result<Vec<(String, String)>, Problem> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let (zh, en) = (
        "应为 JSON 对象：表头到字段名，不超过 64 项",
        "must be a JSON object of headings and fields, at most 64",
    );
    let refused = |_| Problem::field("map", "map", zh, en);
    super::guard::check(text).map_err(refused)?;
    let map: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| Problem::field("map", "map", zh, en))?;
    if map.len() > MAP_MAX || map.keys().any(|heading| heading.trim().is_empty()) {
        return Err(Problem::field("map", "map", zh, en));
    }
    Ok(map.into_iter().collect())
}

fn shown(report: &imports::ImportReport, errors: Vec<FieldProblem>) -> ImportReport {
    let columns = report.headings.iter().enumerate().map(|(at, heading)| ImportColumn {
        column: letters(at),
        // What is left out may be anything.
        heading: if heading.field == IGNORED { String::new() } else { heading.text.clone() },
        field: heading.field,
    });
    ImportReport {
        rows: report.rows,
        imported: report.imported,
        good: report.good,
        bad_rows: report.bad_rows,
        dry_run: report.dry_run,
        form: report.form.as_ref().map(FileForm::name),
        columns: columns.collect(),
        by_rule: report.by_rule().into_iter().map(|(rule, count)| RuleCount { rule, count }).collect(),
        errors,
    }
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
