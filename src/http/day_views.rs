//! The day as each role sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::day_bodies::Unit;
use super::times::Rfc3339;
use crate::draw::request::Organisation;
use crate::service::day::{AtTheDesk, DayView, NamedMember, SeatView, Shown};
use crate::time::Timestamp;

/// A site as seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct Site {
    /// Number.
    site: u32,
    /// Id of the venue.
    venue: String,
    /// Region of the venue.
    region: String,
    /// Seats.
    seats: u32,
    /// Who has signed in there and has not left.
    present: u32,
    /// Names of the workstations.
    workstations: Vec<String>,
}

/// A seat on the day; positions, no names.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayMember {
    /// Pool position.
    position: u32,
    /// Group.
    group: u8,
    /// Site.
    site: u32,
    /// Name of the workstation, given by lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    workstation: Option<String>,
    /// When they signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_in: Option<Rfc3339>,
    /// When they acknowledged the discipline.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Rfc3339>,
    /// When the suppliers were shown to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppliers_shown: Option<Rfc3339>,
    /// When they declared to have nothing to recuse from.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<Rfc3339>,
    /// Why the seat was vacated, of somebody who left.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<String>,
    /// Whether a breach was noted.
    breach: bool,
}

/// A vacancy.
#[derive(Debug, Serialize, ToSchema)]
pub struct Vacancy {
    /// Pool position.
    position: u32,
    /// Why.
    why: String,
    /// What happened.
    reason: String,
    /// Account that reported it.
    reported_by: String,
    /// When.
    at: Rfc3339,
    /// Account that confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<String>,
}

/// A failure.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pause {
    /// Site.
    site: u32,
    /// What failed.
    what: String,
    /// Since when.
    from: Rfc3339,
    /// Until when; absent while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Rfc3339>,
    /// Whether the review had begun.
    during: bool,
}

/// A period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sitting {
    /// From when.
    from: Rfc3339,
    /// Until when; absent while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Rfc3339>,
}

/// The report.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedReport {
    /// SHA-256.
    digest: String,
    /// How many signed.
    signed: u32,
    /// How many differed.
    dissents: u32,
    /// When it was recorded.
    at: Rfc3339,
}

/// A day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Day {
    /// Id of the draw.
    draw: String,
    /// A state of the life cycle `day`.
    state: String,
    /// Start of the review.
    review_start: Rfc3339,
    /// From when on people sign in.
    sign_in_from: Rfc3339,
    /// Until when.
    sign_in_to: Rfc3339,
    /// Until when something has to happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Rfc3339>,
    /// SHA-256 of the discipline.
    discipline: String,
    /// Sites, as far as they are seen.
    sites: Vec<Site>,
    /// Seats and those who left, as far as they are seen.
    members: Vec<DayMember>,
    /// Seats reported as vacant.
    vacancies: Vec<Vacancy>,
    /// Failures.
    pauses: Vec<Pause>,
    /// Position of the chair.
    #[serde(skip_serializing_if = "Option::is_none")]
    chair: Option<u32>,
    /// Periods of the review.
    sittings: Vec<Sitting>,
    /// Positions whose opinions are void, because they left.
    void_opinions: Vec<u32>,
    /// The report.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<SignedReport>,
    /// Grows with every change; the ETag.
    pub(super) version: i64,
}

/// Somebody at the desk who is expected there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Arrived {
    /// Pool position.
    position: u32,
    /// 姓名, to be compared with the document and the face.
    name: String,
    /// Group.
    group: u8,
    /// Site.
    site: u32,
    /// Whether they have signed in already.
    signed_in: bool,
}

/// Somebody who has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Present {
    /// Pool position.
    position: u32,
    /// Site.
    site: u32,
    /// Workstation.
    workstation: String,
    /// 姓名.
    name: String,
}

/// Who has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllPresent {
    /// In the order of the sign-in.
    items: Vec<Present>,
}

/// A workstation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Station {
    /// Site.
    site: u32,
    /// Name.
    workstation: String,
}

/// One's own seat on the day.
#[derive(Debug, Serialize, ToSchema)]
pub struct MySeat {
    /// Id of the invitation.
    invitation: String,
    /// State of the day.
    state: String,
    /// From when on people sign in.
    sign_in_from: Rfc3339,
    /// Until when.
    sign_in_to: Rfc3339,
    /// 签到码, to be shown at the desk; absent once signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The own workstation.
    #[serde(skip_serializing_if = "Option::is_none")]
    station: Option<Station>,
    /// 评审纪律, once signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    discipline: Option<String>,
    /// When it was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Rfc3339>,
    /// When the suppliers were shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppliers_shown: Option<Rfc3339>,
    /// When nothing to recuse from was declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<Rfc3339>,
    /// Workstations of all who are present, once declared: for the vote.
    others: Vec<Station>,
    /// Workstation of the chair.
    #[serde(skip_serializing_if = "Option::is_none")]
    chair: Option<Station>,
    /// Why the seat is no longer one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<String>,
}

/// What is reviewed, and who takes part.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parties {
    /// Plan number.
    plan_no: String,
    /// Package number.
    package_no: String,
    /// 采购人.
    purchaser: Unit,
    /// 采购代理机构.
    agency: Unit,
    /// 供应商.
    suppliers: Vec<Unit>,
}

fn at(seconds: i64) -> Rfc3339 {
    Rfc3339(Timestamp(seconds))
}

impl From<DayView> for Day {
    fn from(view: DayView) -> Self {
        let site = |one: crate::service::day::SiteOfDay| Site {
            site: one.site.site,
            venue: one.site.venue,
            region: one.site.region,
            seats: one.seats,
            present: one.present,
            workstations: one.site.workstations,
        };
        let member = |one: crate::service::day::MemberOfDay| {
            let [signed_in, acknowledged, suppliers_shown, declared] = one.times.map(|time| time.map(at));
            DayMember {
                position: one.position,
                group: one.group,
                site: one.site,
                workstation: one.workstation,
                signed_in,
                acknowledged,
                suppliers_shown,
                declared,
                left: one.left,
                breach: one.breach,
            }
        };
        let vacancy = |one: crate::service::day::Vacancy| Vacancy {
            position: one.position,
            why: one.why,
            reason: one.reason,
            reported_by: one.reported_by,
            at: at(one.at),
            confirmed_by: one.confirmed_by,
        };
        let pause = |one: crate::service::day::Pause| Pause {
            site: one.site,
            what: one.what,
            from: at(one.from),
            to: one.to.map(at),
            during: one.during,
        };
        let report = |one: crate::service::day::Report| SignedReport {
            digest: one.digest,
            signed: one.signed,
            dissents: one.dissents,
            at: at(one.at),
        };
        Self {
            draw: view.draw,
            state: view.state,
            review_start: at(view.review_start),
            sign_in_from: at(view.sign_in.0),
            sign_in_to: at(view.sign_in.1),
            due: view.due.map(at),
            discipline: view.discipline.to_hex(),
            sites: view.sites.into_iter().map(site).collect(),
            members: view.members.into_iter().map(member).collect(),
            vacancies: view.vacancies.into_iter().map(vacancy).collect(),
            pauses: view.pauses.into_iter().map(pause).collect(),
            chair: view.chair,
            sittings: view
                .sittings
                .into_iter()
                .map(|(from, to)| Sitting { from: at(from), to: to.map(at) })
                .collect(),
            void_opinions: view.void_opinions,
            report: view.report.map(report),
            version: view.version,
        }
    }
}

impl From<AtTheDesk> for Arrived {
    fn from(one: AtTheDesk) -> Self {
        let AtTheDesk { position, name, group, site, signed_in } = one;
        Self { position, name, group, site, signed_in }
    }
}

impl AllPresent {
    /// Of these.
    pub fn of(all: Vec<NamedMember>) -> Self {
        let one = |one: NamedMember| Present {
            position: one.position,
            site: one.site,
            workstation: one.workstation,
            name: one.name,
        };
        Self { items: all.into_iter().map(one).collect() }
    }
}

fn station((site, workstation): (u32, String)) -> Station {
    Station { site, workstation }
}

impl From<SeatView> for MySeat {
    fn from(view: SeatView) -> Self {
        let (acknowledged, shown, declared) = view.steps;
        Self {
            invitation: view.invitation,
            state: view.state,
            sign_in_from: at(view.sign_in.0),
            sign_in_to: at(view.sign_in.1),
            code: view.code,
            station: view.workstation.map(station),
            discipline: view.discipline,
            acknowledged: acknowledged.map(at),
            suppliers_shown: shown.map(at),
            declared: declared.map(at),
            others: view.others.into_iter().map(station).collect(),
            chair: view.chair.map(station),
            left: view.left,
        }
    }
}

impl From<Organisation> for Unit {
    fn from(unit: Organisation) -> Self {
        Self { code: unit.code, name: unit.name }
    }
}

impl From<Shown> for Parties {
    fn from(shown: Shown) -> Self {
        Self {
            plan_no: shown.numbers.0,
            package_no: shown.numbers.1,
            purchaser: shown.parties.0.into(),
            agency: shown.parties.1.into(),
            suppliers: shown.suppliers.into_iter().map(Unit::from).collect(),
        }
    }
}
