//! Attachments (附件): documents of experts and applications, filed as they are, shown for a purpose.
//!
//! What comes back is served as a file to be saved, under a name of ours: a browser neither shows nor
//! runs it.

use actix_web::http::header;
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Document;
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::paging::List;
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::registry::privacy::AttachmentKind;
use crate::service::Service;
use crate::service::applications::Side;
use crate::service::attachments::AttachmentView;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(file).service(file_own).service(file_own_application).service(file_application);
    config.service(list).service(list_own).service(list_application).service(read).service(read_own);
}

/// What an attachment is for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct KindParams {
    /// `photo`, `id_card`, `cv`, `application`, `commitment`, `degree`, `title`, `certificate`,
    /// `equal_level_proof`, `recusal_declaration`, `consent` or `other`.
    kind: String,
}

/// An attachment without its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attachment {
    /// Its id.
    id: String,
    /// Its digest, hex; drafts and cases name it so. Equal contents of one person have one digest,
    /// of two people two.
    digest: String,
    /// What it is for.
    kind: &'static str,
    /// `application/pdf`, `image/jpeg` or `image/png`.
    media: &'static str,
    /// Bytes.
    size: u64,
    /// Expert number or application that it belongs to.
    of: String,
    /// When it was filed.
    created: Rfc3339,
}

impl From<AttachmentView> for Attachment {
    fn from(view: AttachmentView) -> Self {
        Self {
            id: view.id,
            digest: view.digest,
            kind: view.kind.name(),
            media: view.media.name(),
            size: view.size,
            of: view.of,
            created: Rfc3339(view.created),
        }
    }
}

impl KindParams {
    /// The kind, if it is one.
    pub(super) fn check(&self) -> Result<AttachmentKind, Problem> {
        AttachmentKind::parse(&self.kind).ok_or_else(|| {
            let words = AttachmentKind::ALL.map(AttachmentKind::name).join(", ");
            Problem::field("kind", "kind", format!("应为 {words} 之一"), format!("must be one of {words}"))
        })
    }
}

/// 上传专家附件 · Files a document of an expert, at most 5 MiB; the same content again is the same attachment.
#[utoipa::path(
    tag = "attachments",
    params(
        ("number" = String, Path, description = "Expert number"),
        KindParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = Vec<u8>, content_type = "application/pdf", description = "the document: PDF, JPEG (image/jpeg) or PNG (image/png)"),
    responses((status = 201, body = Attachment))
)]
#[post("/experts/{number}/attachments")]
async fn file(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    number: web::Path<String>,
    params: Params<KindParams>,
    body: Document,
) -> Result<HttpResponse, Problem> {
    let (key, kind) = (key.of(body.request)?, params.0.check()?);
    let made = run(&service, move |service| {
        service.attach_to_expert(&caller.0, &number, kind, &body.content, Some(&key))
    });
    Ok(HttpResponse::Created().json(Attachment::from(made.await?)))
}

/// 上传本人附件 · Files a document of the own record.
#[utoipa::path(
    tag = "attachments",
    params(KindParams, ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body(content = Vec<u8>, content_type = "application/pdf", description = "the document: PDF, JPEG (image/jpeg) or PNG (image/png)"),
    responses((status = 201, body = Attachment))
)]
#[post("/me/attachments")]
async fn file_own(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    params: Params<KindParams>,
    body: Document,
) -> Result<HttpResponse, Problem> {
    let (key, kind) = (key.of(body.request)?, params.0.check()?);
    let made = run(&service, move |service| service.attach_own(&caller.0, kind, &body.content, Some(&key)));
    Ok(HttpResponse::Created().json(Attachment::from(made.await?)))
}

/// 上传本人申请附件 · Files a document of the own application.
#[utoipa::path(
    tag = "attachments",
    params(
        ("id" = String, Path, description = "Application"),
        KindParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = Vec<u8>, content_type = "application/pdf", description = "the document: PDF, JPEG (image/jpeg) or PNG (image/png)"),
    responses((status = 201, body = Attachment))
)]
#[post("/me/applications/{id}/attachments")]
async fn file_own_application(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<KindParams>,
    body: Document,
) -> Result<HttpResponse, Problem> {
    let (key, kind) = (key.of(body.request)?, params.0.check()?);
    let made = run(&service, move |service| {
        service.attach_to_application(&caller.0, Side::Own, &id, kind, &body.content, Some(&key))
    });
    Ok(HttpResponse::Created().json(Attachment::from(made.await?)))
}

/// 上传申请附件 · Files a document of an application that the bureau entered.
#[utoipa::path(
    tag = "attachments",
    params(
        ("id" = String, Path, description = "Application"),
        KindParams,
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body(content = Vec<u8>, content_type = "application/pdf", description = "the document: PDF, JPEG (image/jpeg) or PNG (image/png)"),
    responses((status = 201, body = Attachment))
)]
#[post("/applications/{id}/attachments")]
async fn file_application(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<KindParams>,
    body: Document,
) -> Result<HttpResponse, Problem> {
    let (key, kind) = (key.of(body.request)?, params.0.check()?);
    let made = run(&service, move |service| {
        service.attach_to_application(&caller.0, Side::Bureau, &id, kind, &body.content, Some(&key))
    });
    Ok(HttpResponse::Created().json(Attachment::from(made.await?)))
}

/// 专家附件列表 · The documents of an expert, without their content; at most 64 and those of the application.
#[utoipa::path(
    tag = "attachments",
    params(("number" = String, Path, description = "Expert number")),
    responses((status = 200, body = List<Attachment>))
)]
#[get("/experts/{number}/attachments")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    number: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.attachments(&caller.0, &number)).await?;
    Ok(listed(found))
}

/// 申请附件列表 · The documents of an application, without their content.
#[utoipa::path(
    tag = "attachments",
    params(("id" = String, Path, description = "Application")),
    responses((status = 200, body = List<Attachment>))
)]
#[get("/applications/{id}/attachments")]
async fn list_application(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.application_attachments(&caller.0, &id)).await?;
    Ok(listed(found))
}

/// 本人附件列表 · The own documents: of the record and of own applications.
#[utoipa::path(tag = "attachments", responses((status = 200, body = List<Attachment>)))]
#[get("/me/attachments")]
async fn list_own(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.own_attachments(&caller.0)).await?;
    Ok(listed(found))
}

/// 查看附件 · The content of an attachment. The look is recorded with its purpose.
#[utoipa::path(
    tag = "attachments",
    params(("id" = String, Path, description = "Attachment"), PurposeParams),
    responses((status = 200, content_type = "application/pdf", description = "the document, as it was filed"))
)]
#[get("/attachments/{id}")]
async fn read(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let (view, content) = run(&service, move |service| service.attachment(&caller.0, &id, &purpose)).await?;
    Ok(saved(&view, content))
}

/// 下载本人附件 · The content of an own attachment.
#[utoipa::path(
    tag = "attachments",
    params(("id" = String, Path, description = "Attachment")),
    responses((status = 200, content_type = "application/pdf", description = "the document, as it was filed"))
)]
#[get("/me/attachments/{id}")]
async fn read_own(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (view, content) = run(&service, move |service| service.own_attachment(&caller.0, &id)).await?;
    Ok(saved(&view, content))
}

/// A list of documents.
pub(super) fn listed(found: Vec<AttachmentView>) -> HttpResponse {
    let items: Vec<Attachment> = found.into_iter().map(Attachment::from).collect();
    HttpResponse::Ok().json(List { items, next: None })
}

/// A document to be saved.
pub(super) fn saved(view: &AttachmentView, content: Vec<u8>) -> HttpResponse {
    let name = format!("{}-{}.{}", view.kind.name(), view.id, view.media.extension());
    HttpResponse::Ok()
        .content_type(view.media.name())
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(content)
}
