//! Draws (抽取): requested by an agency, accepted, voided, unsealed, opened; their evidence.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::draw_views::{Draw, DrawSummary, Forecast, Member};
use super::etag::etag;
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::draw::statements::VoidReason;
use crate::service::Service;
use crate::service::draws::{DrawDraft, DrawView, GroupDraft};
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(check).service(request).service(list).service(find);
    config.service(accept).service(withdraw).service(propose_void).service(confirm_void);
    config.service(unseal).service(open);
}

/// One seat group asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// 专业: `scheme:code`, e.g. `ndrc316:A0832`; an expert with this code or one below it fits.
    speciality: String,
    /// 评审区域: region codes (GB/T 2260) within which an expert reviews, 1–64.
    within: Vec<String>,
    /// Region codes that do not count although they lie within: "other cities" is the province
    /// without the host city.
    #[serde(default)]
    except: Vec<String>,
    /// Seats, 1–64, at most 64 over all groups.
    seats: u32,
    /// 评审场所: number of the site, 1–32.
    site: u32,
}

/// A draw asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraw {
    /// Id of the package.
    package: String,
    /// Start of the review, RFC 3339, in the future.
    review_start: Rfc3339,
    /// Seat groups in order, 1–32.
    groups: Vec<NewGroup>,
}

/// A void proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVoid {
    /// `procurement_ended`, `request_wrong`, `registry_wrong`, `contribution_missing` or `relations`.
    reason: String,
}

/// The announcement after which a draw is unsealed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// 结果公告编号, 1–128 bytes; it stands in the public log.
    announcement: String,
}

/// Why somebody wants to see who was drawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// 2–200 characters, kept with the record of the look.
    pub(super) purpose: String,
}

/// An empty body: `{}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The members of a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct Panel {
    /// In drawn order.
    items: Vec<Member>,
}

/// Which draws.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DrawsParams {
    /// Id of a package.
    package: Option<String>,
    /// A state: planned, committed, drawn, calling, filled, in_review, reviewed, stopped, unsealed, voided, withdrawn.
    state: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 抽取预检 · Whether a draw could be made; changes nothing.
#[utoipa::path(
    tag = "draws",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewDraw,
    responses((status = 200, body = Forecast))
)]
#[post("/draws/check")]
async fn check(
    caller: Caller,
    _key: Key,
    service: web::Data<Service>,
    body: Body<NewDraw>,
) -> Result<HttpResponse, Problem> {
    let draft = body.value.draft();
    let forecast = run(&service, move |service| service.check_draw(&caller.0, &draft)).await?;
    Ok(HttpResponse::Ok().json(Forecast::from(forecast)))
}

/// 申请抽取 · Requests a draw; answers drawn, or planned when forced seats must be accepted first.
#[utoipa::path(
    tag = "draws",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewDraw,
    responses(
        (status = 201, body = Draw, headers(("ETag" = String, description = "the version"))),
        (status = 202, body = Draw, description = "planned: waits for the bureau to accept forced seats")
    )
)]
#[post("/draws")]
async fn request(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewDraw>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft();
    let made = run(&service, move |service| service.request_draw(&caller.0, &draft, &key)).await?;
    let location = format!("/api/v1/draws/{}", made.id);
    let mut answer =
        if made.commitment.is_some() { HttpResponse::Created() } else { HttpResponse::Accepted() };
    Ok(answer.insert_header(("Location", location)).insert_header(etag(made.version)).json(Draw::from(made)))
}

/// 抽取列表 · The draws that the account may see.
#[utoipa::path(tag = "draws", params(DrawsParams), responses((status = 200, body = List<DrawSummary>)))]
#[get("/draws")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<DrawsParams>,
) -> Result<HttpResponse, Problem> {
    let DrawsParams { package, state, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    let page =
        run(&service, move |service| service.draws(&caller.0, package.as_deref(), state.as_deref(), &paging));
    Ok(HttpResponse::Ok().json(List::of(page.await?, DrawSummary::from)))
}

/// 查看抽取 · One draw.
#[utoipa::path(
    tag = "draws",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, body = Draw, headers(("ETag" = String, description = "the version"))))
)]
#[get("/draws/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.draw(&caller.0, &id)).await?;
    Ok(shown(found))
}

/// 确认必选席位 · Accepts that somebody sits in every full panel; the draw goes on.
#[utoipa::path(
    tag = "draws",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Draw))
)]
#[post("/draws/{id}/accept")]
async fn accept(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.accept_forced_seats(&caller.0, &id, &key)).await?))
}

/// 撤回计划 · Gives up a plan that was not accepted; nothing was committed.
#[utoipa::path(
    tag = "draws",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Draw))
)]
#[post("/draws/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.withdraw_plan(&caller.0, &id, &key)).await?))
}

/// 申请作废 · Proposes that a draw be voided; another person must confirm.
#[utoipa::path(
    tag = "draws",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewVoid,
    responses((status = 200, body = Draw))
)]
#[post("/draws/{id}/void")]
async fn propose_void(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewVoid>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reason = VoidReason::parse(&body.value.reason).ok_or_else(|| {
        let (zh, en) = ("作废理由不在规定清单内", "the reason is not on the list");
        Problem::from(Refusal::field("reason", &body.value.reason, "unknown_reason", zh, en))
    })?;
    Ok(shown(run(&service, move |service| service.propose_void(&caller.0, &id, reason, &key)).await?))
}

/// 确认作废 · Confirms the void that another person proposed; the draw ends.
#[utoipa::path(
    tag = "draws",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Draw))
)]
#[post("/draws/{id}/void/confirm")]
async fn confirm_void(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.confirm_void(&caller.0, &id, &key)).await?))
}

/// 公开抽取 · Unseals a draw after the announcement of the result.
#[utoipa::path(
    tag = "draws",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Announcement,
    responses((status = 200, body = Draw))
)]
#[post("/draws/{id}/unseal")]
async fn unseal(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Announcement>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let announcement = body.value.announcement;
    Ok(shown(run(&service, move |service| service.unseal(&caller.0, &id, &announcement, &key)).await?))
}

/// 查看入选名单 · Who was drawn, before the draw is unsealed. The look is recorded first.
#[utoipa::path(
    tag = "draws",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Purpose,
    responses((status = 200, body = Panel))
)]
#[post("/draws/{id}/open")]
async fn open(
    caller: Caller,
    _key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Purpose>,
) -> Result<HttpResponse, Problem> {
    let purpose = body.value.purpose;
    let members = run(&service, move |service| service.open_panel(&caller.0, &id, &purpose)).await?;
    Ok(HttpResponse::Ok().json(Panel { items: members.into_iter().map(Member::from).collect() }))
}

fn shown(draw: DrawView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(draw.version)).json(Draw::from(draw))
}

impl NewDraw {
    fn draft(self) -> DrawDraft {
        let group = |group: NewGroup| GroupDraft {
            speciality: group.speciality,
            within: group.within,
            except: group.except,
            seats: group.seats,
            site: group.site,
        };
        DrawDraft {
            package: self.package,
            review_start: self.review_start.0,
            groups: self.groups.into_iter().map(group).collect(),
            calls: None,
        }
    }
}
