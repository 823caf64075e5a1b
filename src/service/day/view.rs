//! What each role sees of a day: positions and times, no names; a venue its own site only. Names of those who
//! have signed in are a look with a purpose.

use super::body::{Arrival, Day, DaySite, Pause, Report, Vacancy};
use super::seat::station_name;
use crate::codec::Hash;
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::cases::Case;
use crate::service::refusal::Refusal;
use crate::service::sight::{Field, Sight, Stage};

/// A site of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteOfDay {
    /// The site and its venue.
    pub site: DaySite,
    /// Seats.
    pub seats: u32,
    /// Who has signed in there and has not left.
    pub present: u32,
}

/// A seat on the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberOfDay {
    /// Pool position.
    pub position: u32,
    /// Group.
    pub group: u8,
    /// Site.
    pub site: u32,
    /// Name of the workstation.
    pub workstation: Option<String>,
    /// Unix seconds: signed in, acknowledged, suppliers shown, declared.
    pub times: [Option<i64>; 4],
    /// Why somebody left, of those who did.
    pub left: Option<String>,
    /// Whether a breach was noted.
    pub breach: bool,
}

/// A day as one account may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayView {
    /// Id of the draw.
    pub draw: String,
    /// Where it stands.
    pub state: String,
    /// Grows with every change.
    pub version: i64,
    /// Unix seconds.
    pub review_start: i64,
    /// First and last second of signing in.
    pub sign_in: (i64, i64),
    /// Until when something has to happen.
    pub due: Option<i64>,
    /// SHA-256 of the discipline.
    pub discipline: Hash,
    /// Sites, as far as they are seen.
    pub sites: Vec<SiteOfDay>,
    /// Seats of the present panel and those who left, as far as they are seen.
    pub members: Vec<MemberOfDay>,
    /// Seats reported as vacant.
    pub vacancies: Vec<Vacancy>,
    /// Failures.
    pub pauses: Vec<Pause>,
    /// Position of the chair.
    pub chair: Option<u32>,
    /// Periods of the review.
    pub sittings: Vec<(i64, Option<i64>)>,
    /// Positions whose opinions are void, because they left.
    pub void_opinions: Vec<u32>,
    /// The report.
    pub report: Option<Report>,
}

/// Somebody who has signed in, with the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMember {
    /// Pool position.
    pub position: u32,
    /// Site.
    pub site: u32,
    /// Workstation.
    pub workstation: String,
    /// Name.
    pub name: String,
}

impl Service {
    /// The day of a draw.
    pub fn day(&self, actor: &Actor, draw: &str) -> Result<DayView, Refusal> {
        actor.check(Action::ReadDay)?;
        let (_, case, day) = self.seen_day(actor, draw)?;
        let turn = self.calls_of(draw)?;
        let seen = |site: u32| {
            let venue = day.site(site).map(|site| site.venue.as_str());
            actor.role != Role::Venue || venue == actor.own_venue()
        };
        let mut members = Vec::new();
        for seat in turn.book.panel() {
            let Some(site) = turn.trail.site_of(*seat).filter(|site| seen(*site)) else { continue };
            match day.present(seat.position) {
                Some(arrival) => members.push(member(&day, arrival)),
                None => members.push(MemberOfDay {
                    position: seat.position,
                    group: seat.group,
                    site,
                    workstation: None,
                    times: [None; 4],
                    left: turn.book.out_why(seat.position).map(|why| why.name().to_owned()),
                    breach: false,
                }),
            }
        }
        let gone = day.arrivals.iter().filter(|arrival| arrival.left.is_some() && seen(arrival.site));
        members.extend(gone.map(|arrival| member(&day, arrival)));
        let mut shown = view(&case, &day, members, seen, &turn.trail.request.groups);
        let here = |position: u32| turn.book.site_of(position).is_none_or(seen);
        shown.vacancies = day.vacancies.iter().filter(|vacancy| here(vacancy.position)).cloned().collect();
        Ok(shown)
    }

    /// Names of those who have signed in: at the own venue, or of an own draw. The look is recorded first.
    pub fn present_members(
        &self,
        actor: &Actor,
        draw: &str,
        purpose: &str,
    ) -> Result<Vec<NamedMember>, Refusal> {
        actor.check(Action::SeePresent)?;
        let sight = Sight::of(actor, "", Stage::DuringReview);
        let (_, _, day) = self.seen_day(actor, draw)?;
        self.record_look(actor, "present", draw, purpose)?;
        let committed = self.committed_draw(draw)?;
        let own = actor.own_venue();
        let here = |arrival: &&Arrival| {
            own.is_none() || day.site(arrival.site).is_some_and(|site| Some(site.venue.as_str()) == own)
        };
        self.store.read(|conn| {
            day.all_present()
                .filter(here)
                .map(|arrival| {
                    let person = committed.record.candidates.get(arrival.position as usize);
                    let person = person.ok_or_else(|| Refusal::internal("seat outside the pool"))?;
                    let card = self.archive().seated_card(conn, draw, person)?;
                    Ok(NamedMember {
                        position: arrival.position,
                        site: arrival.site,
                        workstation: station_name(&day, arrival),
                        name: sight.text(Field::Name, &card.name).unwrap_or_default(),
                    })
                })
                .collect()
        })
    }
}

fn member(day: &Day, arrival: &Arrival) -> MemberOfDay {
    MemberOfDay {
        position: arrival.position,
        group: arrival.group,
        site: arrival.site,
        workstation: Some(station_name(day, arrival)),
        times: [Some(arrival.at), arrival.acknowledged, arrival.shown, arrival.declared],
        left: arrival.left.as_ref().map(|(why, _)| why.clone()),
        breach: arrival.breach.is_some(),
    }
}

fn view(
    case: &Case,
    day: &Day,
    members: Vec<MemberOfDay>,
    seen: impl Fn(u32) -> bool,
    groups: &[crate::draw::request::GroupRequest],
) -> DayView {
    let present = |site: u32| {
        let there = day.all_present().filter(|arrival| arrival.site == site).count();
        u32::try_from(there).unwrap_or_default()
    };
    let site = |site: &DaySite| SiteOfDay {
        seats: groups.iter().filter(|group| group.site == site.site).map(|group| group.seats).sum(),
        present: present(site.site),
        site: site.clone(),
    };
    let sites = day.sites.iter().filter(|one| seen(one.site)).map(site).collect();
    let positions: Vec<u32> = members.iter().map(|member| member.position).collect();
    let began = day.sittings.first().map(|(from, _)| *from);
    let void = |arrival: &&Arrival| {
        arrival.left.as_ref().is_some_and(|(_, at)| began.is_some_and(|began| *at >= began))
    };
    DayView {
        draw: day.draw.clone(),
        state: case.state.clone(),
        version: case.version,
        review_start: day.review_start,
        sign_in: day.sign_in,
        due: case.due,
        discipline: crate::codec::sha256(&[day.discipline.as_bytes()]),
        sites,
        void_opinions: day
            .arrivals
            .iter()
            .filter(void)
            .map(|arrival| arrival.position)
            .filter(|position| positions.contains(position))
            .collect(),
        vacancies: Vec::new(),
        members,
        pauses: day.pauses.iter().filter(|pause| seen(pause.site)).cloned().collect(),
        chair: day.chair.map(|(position, _)| position),
        sittings: day.sittings.clone(),
        report: day.report.clone(),
    }
}
