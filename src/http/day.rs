//! The day of a review: opened by the agency, the venue's desk, the course, the member's own seat; the record
//! on paper and the archive package.

use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::day_bodies::{
    Acknowledged, NewBreach, NewDay, NewPause, NewReport, NewVacancy, OfPosition, Showing, SignIn, Vote,
};
use super::day_views::{AllPresent, Arrived, Day, MySeat, Parties};
use super::draws::Nothing;
use super::etag::etag;
use super::experts::PurposeParams;
use super::idempotency::Key;
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::service::Service;
use crate::service::day::{DayView, Presented, ReportDraft};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(open).service(find).service(present).service(desk).service(sign_in);
    config.service(report_vacancy).service(confirm_vacancy).service(begin).service(pause).service(resume);
    config.service(end).service(breach).service(report);
    config
        .service(seat)
        .service(acknowledge)
        .service(suppliers)
        .service(declare)
        .service(recuse)
        .service(vote);
}

fn shown(view: DayView) -> HttpResponse {
    let day = Day::from(view);
    HttpResponse::Ok().insert_header(etag(day.version)).json(day)
}

fn presented(shown: Option<Presented>) -> Result<Presented, Problem> {
    shown.ok_or_else(|| {
        let (zh, en) = ("应出示签到码或证件之一", "show a code or a document, one of the two");
        Problem::field("shown", "presented", zh, en)
    })
}

/// 开启评审当日 · Opens the day of an own draw whose seats are all accepted.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewDay,
    responses((status = 201, body = Day))
)]
#[post("/draws/{id}/day")]
async fn open(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewDay>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft();
    Ok({
        let view = run(&service, move |service| service.open_day(&caller.0, &id, &draft, &key)).await?;
        let day = Day::from(view);
        HttpResponse::Created().insert_header(etag(day.version)).json(day)
    })
}

/// 评审当日 · The day of a draw: positions and times, no names; a venue sees its own site.
#[utoipa::path(
    tag = "day",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, body = Day, headers(("ETag" = String, description = "the version"))))
)]
#[get("/draws/{id}/day")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(run(&service, move |service| service.day(&caller.0, &id)).await?))
}

/// 已签到人员 · Names of those who have signed in, of an own draw or at the own venue. Recorded first.
#[utoipa::path(
    tag = "day",
    params(("id" = String, Path, description = "Draw id"), PurposeParams),
    responses((status = 200, body = AllPresent))
)]
#[get("/draws/{id}/day/present")]
async fn present(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let all = run(&service, move |service| service.present_members(&caller.0, &id, &purpose)).await?;
    Ok(HttpResponse::Ok().json(AllPresent::of(all)))
}

/// 签到台核验 · Who stands at the desk: the one name, to this venue, recorded first.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Showing,
    responses((status = 200, body = Arrived))
)]
#[post("/draws/{id}/day/desk")]
async fn desk(
    caller: Caller,
    _key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Showing>,
) -> Result<HttpResponse, Problem> {
    let shown = presented(body.value.presented())?;
    Ok(HttpResponse::Ok().json(Arrived::from(
        run(&service, move |service| service.look_at_desk(&caller.0, &id, &shown)).await?,
    )))
}

/// 签到 · Signs in whoever stands at the desk, with a workstation by lot.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = SignIn,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/sign-in")]
async fn sign_in(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<SignIn>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (shown_there, document) = body.value.parts();
    let shown_there = presented(shown_there)?;
    Ok(shown(
        run(&service, move |service| service.sign_in_member(&caller.0, &id, &shown_there, &document, &key))
            .await?,
    ))
}

/// 报告空缺 · The venue reports that a seat will not be taken.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewVacancy,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/vacancies")]
async fn report_vacancy(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewVacancy>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let (position, why, reason) = body.value.parts();
    Ok(shown(
        run(&service, move |service| service.report_vacancy(&caller.0, &id, position, (&why, &reason), &key))
            .await?,
    ))
}

/// 确认空缺 · Another account confirms it: the seat is vacated and filled anew.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = OfPosition,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/vacancies/confirm")]
async fn confirm_vacancy(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<OfPosition>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let position = body.value.position;
    Ok(shown(run(&service, move |service| service.confirm_vacancy(&caller.0, &id, position, &key)).await?))
}

/// 开始评审 · Begins the review.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/begin")]
async fn begin(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.begin_review(&caller.0, &id, &key)).await?))
}

/// 场所故障 · A site failed; the day stands still and a timer runs.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewPause,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/pause")]
async fn pause(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewPause>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let NewPause { site, what } = body.value;
    Ok(shown(run(&service, move |service| service.pause_day(&caller.0, &id, (site, &what), &key)).await?))
}

/// 恢复 · The failure is mended.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/resume")]
async fn resume(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.resume_day(&caller.0, &id, &key)).await?))
}

/// 结束评审 · Ends the review.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/end")]
async fn end(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.end_review(&caller.0, &id, &key)).await?))
}

/// 记录违纪 · Notes a breach of the discipline.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewBreach,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/breaches")]
async fn breach(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewBreach>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let NewBreach { position, what } = body.value;
    Ok(shown(
        run(&service, move |service| service.note_breach(&caller.0, &id, (position, &what), &key)).await?,
    ))
}

/// 签署评审报告 · Records the signed report.
#[utoipa::path(
    tag = "day",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewReport,
    responses((status = 200, body = Day))
)]
#[post("/draws/{id}/day/report")]
async fn report(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewReport>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let NewReport { digest, signed, dissents } = body.value;
    let draft = ReportDraft { digest, signed, dissents };
    Ok(shown(run(&service, move |service| service.sign_report(&caller.0, &id, &draft, &key)).await?))
}

/// 本人席位 · One's own seat on the day, under the invitation.
#[utoipa::path(
    tag = "me",
    params(("id" = String, Path, description = "Invitation id")),
    responses((status = 200, body = MySeat))
)]
#[get("/me/invitations/{id}/seat")]
async fn seat(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let view = run(&service, move |service| service.own_seat(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok().json(MySeat::from(view)))
}

/// 确认评审纪律 · Acknowledges the discipline.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Invitation id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Acknowledged,
    responses((status = 200, body = MySeat))
)]
#[post("/me/invitations/{id}/discipline")]
async fn acknowledge(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Acknowledged>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let digest = body.value.digest;
    Ok(HttpResponse::Ok().json(MySeat::from(
        run(&service, move |service| service.acknowledge_discipline(&caller.0, &id, &digest, &key)).await?,
    )))
}

/// 查看供应商 · What is reviewed and who takes part; that it was shown is recorded.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Invitation id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Parties))
)]
#[post("/me/invitations/{id}/suppliers")]
async fn suppliers(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(HttpResponse::Ok().json(Parties::from(
        run(&service, move |service| service.show_suppliers(&caller.0, &id, &key)).await?,
    )))
}

/// 声明无须回避 · Declares to have nothing to recuse from.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Invitation id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = MySeat))
)]
#[post("/me/invitations/{id}/declare")]
async fn declare(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(HttpResponse::Ok().json(MySeat::from(
        run(&service, move |service| service.declare_no_conflict(&caller.0, &id, &key)).await?,
    )))
}

/// 申请回避 · Recuses oneself: the seat is filled anew.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Invitation id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = MySeat))
)]
#[post("/me/invitations/{id}/recuse")]
async fn recuse(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(HttpResponse::Ok()
        .json(MySeat::from(run(&service, move |service| service.recuse(&caller.0, &id, &key)).await?)))
}

/// 推选组长 · Votes for a chair by workstation.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Invitation id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Vote,
    responses((status = 200, body = MySeat))
)]
#[post("/me/invitations/{id}/chair")]
async fn vote(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Vote>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let Vote { site, workstation } = body.value;
    Ok(HttpResponse::Ok().json(MySeat::from(
        run(&service, move |service| service.vote_chair(&caller.0, &id, (site, &workstation), &key)).await?,
    )))
}
