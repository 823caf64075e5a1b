//! Calls of a draw (信息推送): how they stand, what is due done now, stopped by two people, opened to an
//! auditor; and the door for gateways.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::{Body, SignedBody};
use super::draws::{Nothing, Purpose};
use super::etag::etag;
use super::idempotency::Key;
use super::problem::Problem;
use super::run::run;
use super::times::Rfc3339;
use crate::draw::calls::StopReason;
use crate::service::Service;
use crate::service::calls::{
    CallsView, GroupCalls, OpenedMessage, OpenedPerson, Reported, RoundView, SiteView,
};
use crate::service::refusal::Refusal;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(find).service(advance).service(propose_stop).service(confirm_stop).service(open);
    config.service(report);
}

/// Calls of a draw, without identity.
#[derive(Debug, Serialize, ToSchema)]
pub struct Calls {
    /// Draw id.
    draw: String,
    /// State of the draw.
    state: String,
    /// Grows with every statement.
    version: i64,
    /// Start of the review.
    start: Rfc3339,
    /// Expected hours.
    hours: u32,
    /// Until when to sign in.
    sign_in_by: Rfc3339,
    /// From when on a withdrawal is late and leave is closed.
    cutoff: Rfc3339,
    /// Sites, by number.
    sites: Vec<Site>,
    /// Seat groups.
    groups: Vec<Group>,
    /// Seats whose member has not accepted, or is out.
    open_seats: u32,
    /// Who accepted and has no seat so far.
    standby: u32,
    /// Rounds, the first first.
    rounds: Vec<Round>,
    /// People out so far, by reason.
    out: BTreeMap<&'static str, u32>,
    /// Out on the operator's word alone: neither their answer nor a receipt that the invitation reached them.
    passed_over_on_operators_word: u32,
    /// `infeasible`, `relations` or `limit`: no full panel is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<&'static str>,
    /// A stop that waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_stop: Option<ProposedStop>,
    /// Why the draw was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'static str>,
    /// Messages by state: `waiting`, `sent`, `delivered`, `failed`, `expired`.
    messages: BTreeMap<String, u32>,
}

/// A site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallSite)]
pub struct Site {
    /// Number.
    site: u32,
    /// Region code of its city.
    city: String,
    /// The place, if members are told it beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

/// A seat group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallGroup)]
pub struct Group {
    /// Number.
    group: u32,
    /// Its site.
    site: u32,
    /// Seats.
    seats: u32,
    /// Seats whose member has accepted.
    filled: u32,
}

/// A round of invitations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallRound)]
pub struct Round {
    /// Number, from 1.
    round: u32,
    /// When it was opened.
    opened: Rfc3339,
    /// Until when answers count.
    closes: Rfc3339,
    /// When it was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<Rfc3339>,
    /// People invited.
    invited: u32,
    /// Who accepted.
    accepted: u32,
    /// Who declined.
    declined: u32,
}

/// A stop that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposedStop {
    /// The reason.
    reason: &'static str,
    /// The account that proposed it.
    account: String,
}

/// A stop proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStop {
    /// `shortfall`, `site_failure` or `procurement_stopped`.
    reason: String,
}

/// A draw's calls as opened to an auditor.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedCalls {
    /// Everybody who was invited or kept, by pool position.
    items: Vec<CalledPerson>,
}

/// One person of the calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalledPerson {
    /// Pool position.
    position: u32,
    /// Expert number.
    number: String,
    /// Name; none of somebody who was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Group of the seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<u8>,
    /// Site that they were told.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<u32>,
    /// Round of the invitation; 0 for a member kept from an earlier attempt.
    round: u32,
    /// When they were invited.
    invited: Rfc3339,
    /// Until when an answer counted.
    closes: Rfc3339,
    /// When the channel delivered the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<Rfc3339>,
    /// `accepted` or `declined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
    /// `expert` or `channel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<Rfc3339>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The channel's signed receipt of the answer; its SHA-256 stands in the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// Why they are out.
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'static str>,
    /// When they left after having accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Rfc3339>,
    /// Whether the cut-off had passed then.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_late: Option<bool>,
    /// Own words with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_note: Option<String>,
    /// Messages to them.
    messages: Vec<CallMessage>,
}

/// A message of the calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallMessage {
    /// Its key at the gateway.
    id: String,
    /// `invitation`, `seat`, `standby`, `cancelled`.
    kind: String,
    /// `waiting`, `sent`, `delivered`, `failed`, `expired`.
    state: String,
    /// How often it was tried.
    tries: i64,
    /// The channel that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Class of the last trouble.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// When it last changed.
    changed: Rfc3339,
}

/// What a gateway's report comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportAnswer {
    /// `recorded`, `repeated`, `too_late`, `otherwise`, `slot_taken`, `ended`.
    outcome: &'static str,
    /// What the gateway may tell the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'static str>,
}

/// A gateway's report (api-spec/gateway-v1.md).
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)]
pub struct GatewayReport {
    /// 1.
    v: u32,
    /// Key of the message.
    key: String,
    /// When it happened, Unix seconds by the gateway's clock.
    time: i64,
    /// `answered`, `withdrawn`, `delivered`, `undeliverable`.
    r#type: String,
    /// `accepted` or `declined`; only of `answered`.
    answer: Option<String>,
    /// `busy`, `ill`, `away`, `conflict`, `other`; only of `declined`.
    reason: Option<String>,
}

/// 通知进度 · How the calls of a draw stand: filled and open seats, rounds, windows, sites; nobody's identity.
#[utoipa::path(
    tag = "calls",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, body = Calls, headers(("ETag" = String, description = "the draw's version"))))
)]
#[get("/draws/{id}/calls")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(run(&service, move |service| service.calls(&caller.0, &id)).await?))
}

/// 推进通知 · Does what is due now: settles a closed window, opens the next round. Nothing that is not due happens.
#[utoipa::path(
    tag = "calls",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Calls))
)]
#[post("/draws/{id}/calls/advance")]
async fn advance(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    // Doing it again finds nothing to do, so a repeated request needs no memory of the first.
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.advance_calls_for(&caller.0, &id, &key)).await?))
}

/// 申请终止 · Proposes to stop a draw without a valid panel; another person must confirm.
#[utoipa::path(
    tag = "calls",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewStop,
    responses((status = 200, body = Calls))
)]
#[post("/draws/{id}/stop")]
async fn propose_stop(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewStop>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let reason = StopReason::parse(&body.value.reason).ok_or_else(|| {
        let (zh, en) = ("终止理由不在规定清单内", "the reason is not on the list");
        Problem::from(Refusal::field("reason", &body.value.reason, "unknown_reason", zh, en))
    })?;
    Ok(shown(run(&service, move |service| service.propose_stop(&caller.0, &id, reason, &key)).await?))
}

/// 确认终止 · Confirms the stop that another person proposed; the draw ends and its names stay sealed.
#[utoipa::path(
    tag = "calls",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Calls))
)]
#[post("/draws/{id}/stop/confirm")]
async fn confirm_stop(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.confirm_stop(&caller.0, &id, &key)).await?))
}

/// 查看通知明细 · Who was invited, when, over which channel, and what they answered. The look is recorded first.
#[utoipa::path(
    tag = "calls",
    params(
        ("id" = String, Path, description = "Draw id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Purpose,
    responses((status = 200, body = OpenedCalls))
)]
#[post("/draws/{id}/calls/open")]
async fn open(
    caller: Caller,
    _key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Purpose>,
) -> Result<HttpResponse, Problem> {
    let purpose = body.value.purpose;
    let opened = run(&service, move |service| service.open_calls(&caller.0, &id, &purpose)).await?;
    Ok(HttpResponse::Ok()
        .json(OpenedCalls { items: opened.people.into_iter().map(CalledPerson::from).collect() }))
}

/// 通知平台回报 · A gateway reports an answer or a delivery. It is no account: its signature is its token
/// (api-spec/gateway-v1.md). A report that comes again is answered as before.
#[utoipa::path(
    tag = "calls",
    security(()),
    params(
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters"),
        ("Expert-Draw-Gateway" = String, Header, description = "SHA-256 of the gateway's public key, 64 hex digits"),
        ("Expert-Draw-Signature" = String, Header, description = "ed25519= and 128 hex digits")
    ),
    request_body = GatewayReport,
    responses((status = 200, body = ReportAnswer))
)]
#[post("/gateway/answers")]
async fn report(
    _key: Key,
    request: HttpRequest,
    service: web::Data<Service>,
    body: SignedBody,
) -> Result<HttpResponse, Problem> {
    use crate::outside::wire::{KEY_HEADER, SIGNATURE_HEADER};
    let named = header(request.headers(), KEY_HEADER);
    let signature = header(request.headers(), SIGNATURE_HEADER);
    let reported = run(&service, move |service| service.take_report(&named, &signature, &body.0)).await?;
    let Reported { outcome, reply } = reported;
    Ok(HttpResponse::Ok().json(ReportAnswer { outcome: outcome.name(), reply }))
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn shown(view: CallsView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(Calls::from(view))
}

impl From<CallsView> for Calls {
    fn from(view: CallsView) -> Self {
        let site = |SiteView { site, city, place }: SiteView| Site { site, city, place };
        let group = |GroupCalls { group, site, seats, filled }| Group { group, site, seats, filled };
        let round = |round: RoundView| Round {
            round: round.round,
            opened: Rfc3339(round.opened),
            closes: Rfc3339(round.closes),
            settled: round.settled.map(Rfc3339),
            invited: round.invited,
            accepted: round.accepted,
            declined: round.declined,
        };
        Self {
            draw: view.draw,
            state: view.state,
            version: view.version,
            start: Rfc3339(view.start),
            hours: view.hours,
            sign_in_by: Rfc3339(view.sign_in_by),
            cutoff: Rfc3339(view.cutoff),
            sites: view.sites.into_iter().map(site).collect(),
            groups: view.groups.into_iter().map(group).collect(),
            open_seats: view.open_seats,
            standby: view.standby,
            rounds: view.rounds.into_iter().map(round).collect(),
            out: view.out,
            passed_over_on_operators_word: view.on_operators_word,
            shortfall: view.shortfall.map(|shortfall| shortfall.name()),
            proposed_stop: view
                .proposed_stop
                .map(|(reason, account)| ProposedStop { reason: reason.name(), account }),
            stopped: view.stopped.map(|reason| reason.name()),
            messages: view.messages.0,
        }
    }
}

impl From<OpenedPerson> for CalledPerson {
    fn from(person: OpenedPerson) -> Self {
        let message = |message: OpenedMessage| CallMessage {
            id: message.id,
            kind: message.kind,
            state: message.state,
            tries: message.tries,
            channel: message.channel,
            trouble: message.trouble,
            changed: Rfc3339(message.changed),
        };
        let answered = person.answered;
        Self {
            position: person.position,
            number: person.number,
            name: person.name,
            group: person.group,
            site: person.site,
            round: person.round,
            invited: Rfc3339(person.window.0),
            closes: Rfc3339(person.window.1),
            delivered: person.delivered.map(Rfc3339),
            answer: answered.map(|(answer, ..)| answer.name()),
            by: answered.map(|(_, by, ..)| by.name()),
            answered: answered.map(|(_, _, time, _)| Rfc3339(time)),
            reason: answered.and_then(|(.., reason)| reason).map(|reason| reason.name()),
            note: person.note,
            receipt: person.receipt,
            out: person.out.map(|why| why.name()),
            left: person.left.as_ref().map(|left| Rfc3339(left.time)),
            left_late: person.left.as_ref().map(|left| left.late),
            left_note: person.left.and_then(|left| left.note),
            messages: person.messages.into_iter().map(message).collect(),
        }
    }
}
