//! Venues (评审场所) and bookings of their workstations (工位).

use actix_web::{HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::draws::Nothing;
use super::etag::{IfMatch, etag};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::registry::venue::{RoomDraft, VenueDraft};
use crate::service::Service;
use crate::service::venues::{BookingView, VenueView};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(add).service(list).service(find).service(amend).service(close).service(reopen);
    config.service(book).service(release);
}

/// A room (评审室).
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Name within the venue, 1–32 characters.
    name: String,
    /// 工位 in it, 1–512.
    workstations: u32,
}

/// A venue to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVenue {
    /// Region code of the city or county.
    region: String,
    /// Name of the centre, 1–128 characters.
    centre: String,
    /// Address, 1–200 characters.
    address: String,
    /// Rooms, 1–64; at most 512 workstations in all.
    rooms: Vec<Room>,
    /// Days of the week on which it is open, 1 (Monday) to 7, ascending.
    weekdays: Vec<u32>,
    /// Minutes after midnight, China time, at which it opens.
    opens: u32,
    /// … and closes, at most 1440.
    closes: u32,
    /// Who answers, 1–64 characters.
    contact: String,
    /// Their phone, 1–32 characters.
    phone: String,
}

/// 评审场所 · A venue.
#[derive(Debug, Serialize, ToSchema)]
pub struct Venue {
    /// Id.
    id: String,
    /// `active` or `closed`.
    state: String,
    /// Region code of the city or county.
    region: String,
    /// Name of the centre.
    centre: String,
    /// Address.
    address: String,
    /// Rooms.
    rooms: Vec<Room>,
    /// Days of the week on which it is open.
    weekdays: Vec<u32>,
    /// Minutes after midnight, China time, at which it opens.
    opens: u32,
    /// … and closes.
    closes: u32,
    /// Who answers.
    contact: String,
    /// Their phone.
    phone: String,
    /// When it last changed.
    updated: Rfc3339,
    /// Grows with every change; the ETag.
    version: i64,
}

/// Why a venue is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VenueReason {
    /// 1–2000 characters.
    reason: String,
}

/// Workstations to book.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// Id of the plan; they are held for the time of its review.
    plan: String,
    /// Site number in the plan; 1 is the host.
    site: u32,
    /// How many, 1–64.
    workstations: u32,
}

/// 工位预订 · A booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Booking {
    /// Id.
    id: String,
    /// `held`, `released` or `finished`.
    state: String,
    /// Id of the venue.
    venue: String,
    /// Id of the plan.
    plan: String,
    /// Site number, where somebody named it; of a drawn site the plan says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<u32>,
    /// From.
    from: Rfc3339,
    /// To.
    to: Rfc3339,
    /// Names of the workstations, `room/number`.
    workstations: Vec<String>,
}

/// Bookings.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bookings {
    /// In the order of their ids.
    pub(super) items: Vec<Booking>,
}

/// Which venues.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct VenuesParams {
    /// In this region or a part of it.
    region: Option<String>,
    /// `active` or `closed`.
    state: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// 新增评审场所 · Adds a venue.
#[utoipa::path(
    tag = "venues",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewVenue,
    responses((status = 201, body = Venue, headers(("ETag" = String, description = "the version"))))
)]
#[post("/venues")]
async fn add(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewVenue>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft();
    let made = run(&service, move |service| service.add_venue(&caller.0, &draft, &key)).await?;
    let location = format!("/api/v1/venues/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.version))
        .json(Venue::from(made)))
}

/// 评审场所列表 · The venues.
#[utoipa::path(tag = "venues", params(VenuesParams), responses((status = 200, body = List<Venue>)))]
#[get("/venues")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<VenuesParams>,
) -> Result<HttpResponse, Problem> {
    let VenuesParams { region, state, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    if state.as_deref().is_some_and(|state| !["active", "closed"].contains(&state)) {
        return Err(Problem::field("state", "state", "应为 active 或 closed", "must be active or closed"));
    }
    let page =
        run(&service, move |service| service.venues(&caller.0, region.as_deref(), state.as_deref(), &paging))
            .await?;
    Ok(HttpResponse::Ok().json(List::of(page, Venue::from)))
}

/// 查看评审场所 · One venue.
#[utoipa::path(
    tag = "venues",
    params(("id" = String, Path, description = "Venue id")),
    responses((status = 200, body = Venue, headers(("ETag" = String, description = "the version"))))
)]
#[get("/venues/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(run(&service, move |service| service.venue(&caller.0, &id)).await?))
}

/// 修改评审场所 · Replaces the facts of a venue; a booked workstation cannot go.
#[utoipa::path(
    tag = "venues",
    params(
        ("id" = String, Path, description = "Venue id"),
        ("If-Match" = String, Header, description = "the ETag as read")
    ),
    request_body = NewVenue,
    responses((status = 200, body = Venue, headers(("ETag" = String, description = "the version"))))
)]
#[put("/venues/{id}")]
async fn amend(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewVenue>,
) -> Result<HttpResponse, Problem> {
    let draft = body.value.draft();
    let changed =
        run(&service, move |service| service.amend_venue(&caller.0, &id, version.0, &draft)).await?;
    Ok(shown(changed))
}

/// 停用评审场所 · Closes a venue with a reason.
#[utoipa::path(
    tag = "venues",
    params(
        ("id" = String, Path, description = "Venue id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = VenueReason,
    responses((status = 200, body = Venue))
)]
#[post("/venues/{id}/close")]
async fn close(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<VenueReason>,
) -> Result<HttpResponse, Problem> {
    let (key, reason) = (key.of(body.request)?, body.value.reason);
    Ok(shown(run(&service, move |service| service.close_venue(&caller.0, &id, Some(&reason), &key)).await?))
}

/// 恢复评审场所 · Opens a venue again.
#[utoipa::path(
    tag = "venues",
    params(
        ("id" = String, Path, description = "Venue id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Venue))
)]
#[post("/venues/{id}/reopen")]
async fn reopen(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    Ok(shown(run(&service, move |service| service.close_venue(&caller.0, &id, None, &key)).await?))
}

/// 预订工位 · Books workstations for a site of an own plan.
#[utoipa::path(
    tag = "venues",
    params(
        ("id" = String, Path, description = "Venue id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = NewBooking,
    responses((status = 201, body = Booking))
)]
#[post("/venues/{id}/bookings")]
async fn book(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<NewBooking>,
) -> Result<HttpResponse, Problem> {
    let (key, input) = (key.of(body.request)?, body.value);
    let made = run(&service, move |service| {
        service.book_venue(&caller.0, &id, &input.plan, (input.site, input.workstations), &key)
    })
    .await?;
    Ok(HttpResponse::Created().json(Booking::from(made)))
}

/// 取消预订 · Gives up a booking that no draw of sites made.
#[utoipa::path(
    tag = "venues",
    params(
        ("id" = String, Path, description = "Booking id"),
        ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")
    ),
    request_body = Nothing,
    responses((status = 200, body = Booking))
)]
#[post("/bookings/{id}/release")]
async fn release(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let released = run(&service, move |service| service.release_booking(&caller.0, &id, &key)).await?;
    Ok(HttpResponse::Ok().json(Booking::from(released)))
}

fn shown(view: VenueView) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(view.version)).json(Venue::from(view))
}

impl NewVenue {
    fn draft(self) -> VenueDraft {
        let room = |room: Room| RoomDraft { name: room.name, workstations: room.workstations };
        VenueDraft {
            region: self.region,
            centre: self.centre,
            address: self.address,
            rooms: self.rooms.into_iter().map(room).collect(),
            weekdays: self.weekdays,
            opens: self.opens,
            closes: self.closes,
            contact: self.contact,
            phone: self.phone,
        }
    }
}

impl From<VenueView> for Venue {
    fn from(view: VenueView) -> Self {
        let draft = view.venue.draft().clone();
        let room = |room: RoomDraft| Room { name: room.name, workstations: room.workstations };
        Self {
            id: view.id,
            state: view.state,
            region: draft.region,
            centre: draft.centre,
            address: draft.address,
            rooms: draft.rooms.into_iter().map(room).collect(),
            weekdays: draft.weekdays,
            opens: draft.opens,
            closes: draft.closes,
            contact: draft.contact,
            phone: draft.phone,
            updated: Rfc3339::of(view.updated),
            version: view.version,
        }
    }
}

impl From<BookingView> for Booking {
    fn from(view: BookingView) -> Self {
        Self {
            id: view.id,
            state: view.state,
            venue: view.venue,
            plan: view.booking.plan,
            site: view.booking.site,
            from: Rfc3339(view.booking.from),
            to: Rfc3339(view.booking.to),
            workstations: view.booking.workstations,
        }
    }
}
