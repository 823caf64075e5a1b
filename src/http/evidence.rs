//! Evidence and the printed record of a draw.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::{Caller, MaybeCaller};
use super::experts::PurposeParams;
use super::problem::Problem;
use super::public_file;
use super::query::Params;
use super::record_page;
use super::run::run;
use crate::service::Service;
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(by_index).service(evidence).service(record).service(paper).service(dossier);
}

/// Which evidence.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EvidenceParams {
    /// `public` (default; no token needed) or `auditor`.
    audience: Option<String>,
    /// Why, 2–200 characters; required for `auditor`, kept with the record of the look.
    purpose: Option<String>,
}

/// 下载证据文件 · The evidence of a draw, to be verified offline by `expert-draw-verify`.
#[utoipa::path(
    tag = "draws",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "Draw id"), EvidenceParams),
    responses(
        (status = 200, content_type = "application/json", description = "api-spec/evidence-v1.md; of a draw with calls evidence-v2.md; public files have an ETag"),
        (status = 304, description = "the public file of If-None-Match is still the newest")
    )
)]
#[get("/draws/{id}/evidence")]
async fn evidence(
    request: HttpRequest,
    caller: MaybeCaller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<EvidenceParams>,
) -> Result<HttpResponse, Problem> {
    let EvidenceParams { audience, purpose } = params.0;
    let name = id.clone();
    let bytes = match audience.as_deref().unwrap_or("public") {
        "public" => {
            let file = run(&service, move |service| service.public_evidence_file(&id)).await?;
            return Ok(public_file::answer(&request, file, Some(&name)));
        }
        "auditor" => {
            let caller = caller.0.ok_or_else(Problem::unauthenticated)?;
            run(&service, move |service| {
                service.auditor_evidence(&caller, &id, purpose.as_deref().unwrap_or_default())
            })
            .await?
        }
        other => {
            let (zh, en) = ("须为 public 或 auditor", "must be public or auditor");
            return Err(Refusal::field("audience", other, "unknown_audience", zh, en).into());
        }
    };
    let disposition = format!("attachment; filename=\"{name}.json\"");
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Content-Disposition", disposition))
        .body(bytes))
}

/// 按条目序号下载公开证据 · The public evidence of the draw that is committed at this log index, of experts or of
/// sites. What an audit of the whole log reads.
#[utoipa::path(
    tag = "log",
    security(()),
    params(("index" = u64, Path, description = "log index of the commitment")),
    responses(
        (status = 200, content_type = "application/json", description = "api-spec/evidence-v1.md, -v2.md, -v3.md or sites-v1.md, with an ETag"),
        (status = 304, description = "the file of If-None-Match is still the newest")
    )
)]
#[get("/log/draws/{index}")]
async fn by_index(
    request: HttpRequest,
    service: web::Data<Service>,
    index: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Ok(index) = index.parse::<u64>() else {
        return Err(Refusal::not_found("抽取承诺", "commitment of a draw").into());
    };
    let file = run(&service, move |service| service.public_evidence_file_at(index)).await?;
    Ok(public_file::answer(&request, file, None))
}

/// 打印抽取记录 · The record of a draw on one page.
#[utoipa::path(
    tag = "draws",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, content_type = "text/html", description = "one printable page"))
)]
#[get("/draws/{id}/record")]
async fn record(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let page = run(&service, move |service| {
        let draw = service.draw(&caller.0, &id)?;
        let codes = draw.groups.iter().map(|group| group.request.speciality.as_str());
        let names = service.speciality_names(codes)?;
        Ok(record_page::page(&draw, &names))
    });
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page.await?))
}

/// 抽取记录表 · The record of a draw as a PDF file, with a QR code of the newest log entry.
#[utoipa::path(
    tag = "draws",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, content_type = "application/pdf", description = "one page of A4"))
)]
#[get("/draws/{id}/record.pdf")]
async fn paper(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let disposition = format!("inline; filename=\"{id}.pdf\"");
    let bytes = run(&service, move |service| service.draw_paper(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("Content-Disposition", disposition))
        .body(bytes))
}

/// 档案包 · The archive package of a draw that has ended, for 15 years. Recorded first.
#[utoipa::path(
    tag = "draws",
    params(("id" = String, Path, description = "Draw id"), PurposeParams),
    responses((
        status = 200,
        content_type = "application/zip",
        description = "manifest.json and what it lists; api-spec/day-v1.md",
        headers(("X-Manifest-Sha256" = String, description = "SHA-256 of manifest.json"))
    ))
)]
#[get("/draws/{id}/dossier")]
async fn dossier(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let disposition = format!("attachment; filename=\"{id}.zip\"");
    let purpose = params.0.purpose;
    let package = run(&service, move |service| service.dossier(&caller.0, &id, &purpose)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("X-Manifest-Sha256", package.manifest.to_hex()))
        .body(package.bytes))
}
