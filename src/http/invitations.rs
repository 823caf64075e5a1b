//! An expert's own invitations (我的邀请): seen, accepted, declined, withdrawn from. Each shows the own
//! invitation and nothing of the project.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::draws::Nothing;
use super::idempotency::Key;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::draw::calls::Reason;
use crate::service::Service;
use crate::service::calls::{Decline, InvitationView};
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list).service(find).service(accept).service(decline).service(withdraw);
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Its id.
    id: String,
    /// `open`, `closed`, `accepted`, `seated`, `standby`, `signed_in`, `cancelled`; or why out: `declined`,
    /// `no_answer`, `withdrawn`, `absent`, `recused`, `conflict`, `unfit`.
    state: &'static str,
    /// Start of the review.
    start: Rfc3339,
    /// Expected hours.
    hours: u32,
    /// Until when to sign in.
    sign_in_by: Rfc3339,
    /// The city of the seat, or the cities where one may be needed.
    cities: Vec<String>,
    /// The place, once there is a seat and if it is told beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    /// When the invitation was made; none for a member kept from an earlier attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited: Option<Rfc3339>,
    /// Until when an answer counts; the same for everybody, and earlier is not better.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_by: Option<Rfc3339>,
    /// The answer as it was recorded: `accepted` or `declined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
    /// By which way it came: `expert` (here) or `channel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<Rfc3339>,
    /// The reason that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// From when on a withdrawal is late and leave is closed.
    cutoff: Rfc3339,
}

/// A no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineInput {
    /// `busy`, `ill`, `away`, `conflict` or `other`.
    reason: Option<String>,
    /// Own words, 1–200 characters; for auditors only.
    note: Option<String>,
}

/// Taking back an acceptance.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawInput {
    /// Own words, 1–200 characters; for auditors only.
    note: Option<String>,
}

/// 我的邀请 · The invitations to the expert whose account this is.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<Invitation>)))]
#[get("/me/invitations")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let page = params.0.check()?;
    let found = run(&service, move |service| service.my_invitations(&caller.0, &page)).await?;
    Ok(HttpResponse::Ok().json(List::of(found, Invitation::from)))
}

/// 查看邀请 · One of one's own invitations.
#[utoipa::path(
    tag = "me",
    params(("id" = String, Path, description = "Id of the invitation")),
    responses((status = 200, body = Invitation))
)]
#[get("/me/invitations/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    shown(run(&service, move |service| service.my_invitation(&caller.0, &id)).await?)
}

/// 接受邀请 · Comes. Seats are given by drawn order at the end of the window, not by who is first.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Id of the invitation"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Invitation))
)]
#[post("/me/invitations/{id}/accept")]
async fn accept(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    shown(run(&service, move |service| service.accept_invitation(&caller.0, &id, &key)).await?)
}

/// 不参加 · Does not come.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Id of the invitation"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = DeclineInput,
    responses((status = 200, body = Invitation))
)]
#[post("/me/invitations/{id}/decline")]
async fn decline(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<DeclineInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let DeclineInput { reason, note } = body.value;
    let reason = reason.map(|word| {
        Reason::parse(&word).ok_or_else(|| {
            let (zh, en) = ("理由不在规定清单内", "the reason is not on the list");
            Problem::from(Refusal::field("reason", &word, "unknown_reason", zh, en))
        })
    });
    let decline = Decline { reason: reason.transpose()?, note };
    shown(run(&service, move |service| service.decline_invitation(&caller.0, &id, &decline, &key)).await?)
}

/// 退出评审 · Had accepted and cannot come after all; from the cut-off on this is recorded as late.
#[utoipa::path(
    tag = "me",
    params(
        ("id" = String, Path, description = "Id of the invitation"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = WithdrawInput,
    responses((status = 200, body = Invitation))
)]
#[post("/me/invitations/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<WithdrawInput>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let note = body.value.note;
    let left =
        run(&service, move |service| service.withdraw_acceptance(&caller.0, &id, note.as_deref(), &key));
    shown(left.await?)
}

fn shown(view: InvitationView) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Invitation::from(view)))
}

impl From<InvitationView> for Invitation {
    fn from(view: InvitationView) -> Self {
        let answered = view.answered;
        Self {
            id: view.id,
            state: view.state.name(),
            start: Rfc3339(view.start),
            hours: view.hours,
            sign_in_by: Rfc3339(view.sign_in_by),
            cities: view.cities,
            place: view.place,
            invited: view.invited.map(Rfc3339),
            answer_by: view.answer_by.map(Rfc3339),
            answer: answered.map(|(answer, ..)| answer.name()),
            by: answered.map(|(_, by, ..)| by.name()),
            answered: answered.map(|(_, _, time, _)| Rfc3339(time)),
            reason: answered.and_then(|(.., reason)| reason).map(|reason| reason.name()),
            cutoff: Rfc3339(view.cutoff),
        }
    }
}
