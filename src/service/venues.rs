//! Venues (评审场所) and the bookings of their workstations: kept by the bureau, booked for the time of a
//! plan's review.
//!
//! *Invariant:* every booking steps its venue's case too, so two bookings of one venue never read the same
//! state: the later one is told that the venue changed.
//!
//! *Deliberately not here:* which venue is drawn (`sites_draw`), who sits where.

use super::Service;
use super::actor::{Action, Actor};
use super::case_body::{free_text, set};
use super::cases::{Case, NewCase, scoped};
use super::changes::Changes;
use super::due::Batch;
use super::idempotency::IdempotencyKey;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use crate::codec::Object;
use crate::registry::plan_table;
use crate::registry::venue::{BOOKING, Booking, VENUE, Venue, VenueDraft};
use crate::store::StoreError;
use crate::store::case::CaseFilter;

/// Letter of a venue's id.
const LETTER: char = 'V';
/// States of a plan for which a place may be booked.
const BOOKABLE: [&str; 3] = [plan_table::CONFIRMED, plan_table::APPROVED, plan_table::DRAWN];

/// A venue as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueView {
    /// Id.
    pub id: String,
    /// `active` or `closed`.
    pub state: String,
    /// The facts.
    pub venue: Venue,
    /// Grows with every change; the ETag.
    pub version: i64,
    /// Unix seconds.
    pub updated: i64,
}

/// A booking as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookingView {
    /// Id.
    pub id: String,
    /// `held`, `released` or `finished`.
    pub state: String,
    /// Id of the venue.
    pub venue: String,
    /// What is held, when, for which plan.
    pub booking: Booking,
}

impl Service {
    /// Adds a venue to the catalogue.
    pub fn add_venue(
        &self,
        actor: &Actor,
        draft: &VenueDraft,
        key: &IdempotencyKey,
    ) -> Result<VenueView, Refusal> {
        actor.check(Action::KeepVenues)?;
        self.once(
            actor,
            Some(key),
            |id| self.venue_view(actor, id),
            || {
                let venue = draft.check().map_err(Refusal::invalid)?;
                actor.check_region(Some(venue.region().as_str()), "区划", "region")?;
                let new = NewCase {
                    lifecycle: &VENUE,
                    letter: LETTER,
                    subject: None,
                    region: Some(venue.region().as_str()),
                    parent: None,
                    owner: None,
                    due: None,
                    body: Object::new().with("venue", venue.to_json()).into(),
                    sealed_for: None,
                };
                let case = self.begin_case(actor, &actor.parties(), "add", new)?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 201));
                self.write_changes("add venue", changes.case(self.case_change(&case)?))?;
                view(self, &case)
            },
        )
    }

    /// Amends a venue; a workstation that is booked cannot go.
    pub fn amend_venue(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        draft: &VenueDraft,
    ) -> Result<VenueView, Refusal> {
        actor.check(Action::KeepVenues)?;
        let venue = draft.check().map_err(Refusal::invalid)?;
        let mut case = self.case(actor, &VENUE, id)?;
        if case.version != version {
            return Err(StoreError::Stale(format!("venue {id}")).into());
        }
        let there = venue.workstations();
        let held = self.bookings_of(id)?;
        if held.iter().flat_map(|booking| &booking.workstations).any(|name| !there.contains(name)) {
            let (zh, en) = ("已预订的工位不得减少", "a booked workstation cannot go");
            return Err(Refusal::field("rooms", "", "booked", zh, en));
        }
        self.step_case(actor, &actor.parties(), &VENUE, &mut case, "amend")?;
        set(&mut case.body, "venue", venue.to_json());
        case.region = Some(venue.region().as_str().to_owned());
        self.write_changes("amend venue", Changes::default().case(self.case_change(&case)?))?;
        view(self, &case)
    }

    /// Closes a venue with a reason, or opens it again. Bookings stay: what was drawn is ended by its
    /// own process.
    pub fn close_venue(
        &self,
        actor: &Actor,
        id: &str,
        reason: Option<&str>,
        key: &IdempotencyKey,
    ) -> Result<VenueView, Refusal> {
        actor.check(Action::KeepVenues)?;
        if let Some(reason) = reason {
            free_text("reason", reason)?;
        }
        self.once(
            actor,
            Some(key),
            |id| self.venue_view(actor, id),
            || {
                let mut case = self.case(actor, &VENUE, id)?;
                let event = if reason.is_some() { "close" } else { "reopen" };
                self.step_case(actor, &actor.parties(), &VENUE, &mut case, event)?;
                if let Some(reason) = reason {
                    set(&mut case.body, "closed", reason);
                }
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200));
                self.write_changes("close venue", changes.case(self.case_change(&case)?))
                    .map_err(Refusal::unversioned)?;
                view(self, &case)
            },
        )
    }

    /// One venue.
    pub fn venue(&self, actor: &Actor, id: &str) -> Result<VenueView, Refusal> {
        actor.check(Action::ReadVenues)?;
        self.venue_view(actor, id)
    }

    /// A page of venues.
    pub fn venues(
        &self,
        actor: &Actor,
        region: Option<&str>,
        state: Option<&str>,
        paging: &Paging,
    ) -> Result<Listed<VenueView>, Refusal> {
        actor.check(Action::ReadVenues)?;
        let region = region.map(crate::codes::Region::parse).transpose().map_err(|error| {
            Refusal::field("region", "", "unknown_region", &error.message_zh(), &error.to_string())
        })?;
        let filter = CaseFilter {
            kinds: vec![VENUE.name.to_owned()],
            states: state.map(str::to_owned).into_iter().collect(),
            region_prefix: region.map(super::experts::within),
            ..CaseFilter::default()
        };
        let page = self.cases(actor, scoped(actor, filter), paging)?;
        let items = page.items.iter().map(|case| view(self, case)).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    /// Books workstations of a venue for a site of an own plan, for the time of its review: the host
    /// site, or any where sites are not drawn.
    pub fn book_venue(
        &self,
        actor: &Actor,
        id: &str,
        plan: &str,
        (site, workstations): (u32, u32),
        key: &IdempotencyKey,
    ) -> Result<BookingView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.booking_view(actor, id),
            || {
                let plan_case = self.plan_case(actor, plan)?;
                let (_, _, facts) = self.plan_file(plan)?;
                if !BOOKABLE.contains(&plan_case.state.as_str()) {
                    let en = "places are booked for plans that the purchaser confirmed";
                    return Err(Refusal::new(Kind::Conflict, "wrong_state", "方案经确认后方可预订场所", en));
                }
                if facts.sites.is_some() && site != crate::draw::sites::HOST_SITE {
                    let (zh, en) = ("副场由抽取决定", "sub-venues are drawn, not booked");
                    return Err(Refusal::field("site", &site.to_string(), "drawn_site", zh, en));
                }
                if !(1..=32).contains(&site) || !(1..=64).contains(&workstations) {
                    let (zh, en) = ("场所编号 1 至 32，工位 1 至 64", "site 1 to 32, workstations 1 to 64");
                    return Err(Refusal::field("workstations", "", "range", zh, en));
                }
                let mut venue_case = self.active_venue(id)?;
                let venue = self.venue_of(&venue_case)?;
                let (from, to) = (facts.review_start, facts.review_end());
                if !venue.is_open(from, to) {
                    let en = "the venue is not open at the time of the review";
                    return Err(Refusal::new(Kind::Conflict, "venue_closed", "评审场所在评审时段不开放", en));
                }
                let held = self.bookings_of(id)?;
                let workstations = venue.free(&held, from, to, workstations).ok_or_else(|| {
                    let en = "not so many workstations are free at that time";
                    Refusal::new(Kind::Conflict, "workstations_taken", "该时段空闲工位不足", en)
                })?;
                let booking = Booking { from, to, workstations, plan: plan.to_owned(), site: Some(site) };
                let case = self.booking_case(actor, id, &venue, &booking)?;
                self.step_case(actor, &actor.parties(), &VENUE, &mut venue_case, "book")?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), &case.id, 201))
                    .case(self.case_change(&case)?)
                    .case(self.case_change(&venue_case)?);
                self.write_changes("book venue", changes).map_err(Refusal::unversioned)?;
                booking_view(&case)
            },
        )
    }

    /// Gives up a booking that no draw of sites made.
    pub fn release_booking(
        &self,
        actor: &Actor,
        id: &str,
        key: &IdempotencyKey,
    ) -> Result<BookingView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.booking_view(actor, id),
            || {
                let mut case = self.booking_of(actor, id)?;
                let booking = Booking::from_json(&case.body).map_err(Refusal::internal)?;
                if booking.site.is_none() {
                    let en = "a drawn site is given up by ending the draw of sites";
                    return Err(Refusal::new(Kind::Conflict, "drawn_site", "抽取的副场须终止副场抽取", en));
                }
                self.step_case(actor, &actor.parties(), &BOOKING, &mut case, "release")?;
                let parent = case.parent.clone().unwrap_or_default();
                let venue = self.store.read(|conn| self.read_case(conn, &parent))?;
                let mut venue = venue.ok_or_else(super::cases::no_case)?;
                self.step_case(actor, &actor.parties(), &VENUE, &mut venue, "free")?;
                let changes = Changes::once(self.idempotency_row(actor, Some(key), id, 200))
                    .case(self.case_change(&case)?)
                    .case(self.case_change(&venue)?);
                self.write_changes("release booking", changes).map_err(Refusal::unversioned)?;
                booking_view(&case)
            },
        )
    }

    /// Bookings of a plan that the account may see.
    pub fn bookings(&self, actor: &Actor, plan: &str) -> Result<Vec<BookingView>, Refusal> {
        actor.check(Action::ReadPlans)?;
        self.plan_case(actor, plan)?;
        let filter = CaseFilter {
            kinds: vec![BOOKING.name.to_owned()],
            subject: Some(plan.to_owned()),
            ..CaseFilter::default()
        };
        let cases = self.store.read(|conn| self.all_cases(conn, &filter))?;
        cases.iter().map(booking_view).collect()
    }

    /// Bookings whose time is over, for the daily run; the workstations are free by themselves.
    pub(super) fn finish_bookings(&self) -> Result<u64, Refusal> {
        let mut batch = Batch::new(self, "finish bookings");
        for row in self.rows_due(&BOOKING, &["held"])? {
            batch.step(&BOOKING, &row, "finish", |case| case.due = None)?;
        }
        batch.finish()
    }

    /// Every venue that is in use, wherever it lies.
    pub(super) fn active_venues(&self) -> Result<Vec<Case>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![VENUE.name.to_owned()],
            states: vec!["active".to_owned()],
            ..CaseFilter::default()
        };
        self.store.read(|conn| self.all_cases(conn, &filter))
    }

    /// The facts of a venue's case.
    pub(super) fn venue_of(&self, case: &Case) -> Result<Venue, Refusal> {
        let json = super::case_body::get(&case.body, "venue");
        let json = json.ok_or_else(|| Refusal::internal(format!("venue {}: no facts", case.id)))?;
        Venue::from_json(json, "venue").map_err(Refusal::internal)
    }

    /// Bookings that hold workstations of a venue.
    pub(super) fn bookings_of(&self, venue: &str) -> Result<Vec<Booking>, Refusal> {
        let held = self.held(CaseFilter { parent: Some(venue.to_owned()), ..CaseFilter::default() })?;
        held.iter().map(|case| Booking::from_json(&case.body).map_err(Refusal::internal)).collect()
    }

    /// Bookings that are held for a plan.
    pub(super) fn held_for(&self, plan: &str) -> Result<Vec<Case>, Refusal> {
        self.held(CaseFilter { subject: Some(plan.to_owned()), ..CaseFilter::default() })
    }

    fn held(&self, filter: CaseFilter) -> Result<Vec<Case>, Refusal> {
        let (kinds, states) = (vec![BOOKING.name.to_owned()], vec!["held".to_owned()]);
        let filter = CaseFilter { kinds, states, ..filter };
        self.store.read(|conn| self.all_cases(conn, &filter))
    }

    fn active_venue(&self, id: &str) -> Result<Case, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let case = case.filter(|case| case.kind == VENUE.name && case.state == "active");
        case.ok_or_else(|| Refusal::not_found("评审场所", "venue"))
    }

    fn booking_of(&self, actor: &Actor, id: &str) -> Result<Case, Refusal> {
        let case = self.store.read(|conn| self.read_case(conn, id))?;
        let case = case.filter(|case| case.kind == BOOKING.name).ok_or_else(super::cases::no_case)?;
        self.plan_case(actor, case.subject.as_deref().unwrap_or_default())?;
        Ok(case)
    }

    fn booking_view(&self, actor: &Actor, id: &str) -> Result<BookingView, Refusal> {
        booking_view(&self.booking_of(actor, id)?)
    }

    fn venue_view(&self, actor: &Actor, id: &str) -> Result<VenueView, Refusal> {
        let case = self.case(actor, &VENUE, id).map_err(|_| Refusal::not_found("评审场所", "venue"))?;
        view(self, &case)
    }
}

fn view(service: &Service, case: &Case) -> Result<VenueView, Refusal> {
    Ok(VenueView {
        id: case.id.clone(),
        state: case.state.clone(),
        venue: service.venue_of(case)?,
        version: case.version,
        updated: case.updated,
    })
}

fn booking_view(case: &Case) -> Result<BookingView, Refusal> {
    Ok(BookingView {
        id: case.id.clone(),
        state: case.state.clone(),
        venue: case.parent.clone().unwrap_or_default(),
        booking: Booking::from_json(&case.body).map_err(Refusal::internal)?,
    })
}
