//! Venues (评审场所): where panels sit, with rooms, workstations (工位) and hours; and the bookings that
//! hold workstations for a review.
//!
//! Sources: 发改办法规〔2025〕807号 (centres publish a shared catalogue of workstations); Fujian's standard
//! sites with their 评审单元仓. How they are kept is the project's own rule (`项目规则`).
//!
//! *Invariant:* a workstation has one name within its venue, and no two bookings hold it at one time
//! ([`Venue::free`] is the only way to choose them).
//!
//! *Deliberately not here:* which venue is drawn (`draw::sites`), which member gets which workstation
//! (by lot, at sign-in).

use std::collections::BTreeSet;

use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::codes::Region;
use crate::time::{Date, Timestamp};

use super::check::{Check, at};
use super::image::{first, text};
use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};
use super::problem::Problem;

/// The most rooms of a venue.
pub const ROOMS_MAX: usize = 64;
/// The most workstations of a venue.
pub const WORKSTATIONS_MAX: u32 = 512;
/// Minutes of a day.
const DAY_MINUTES: u32 = 1_440;
/// Seconds that China is ahead of UTC.
const CHINA: i64 = 8 * 3_600;

const DRAWS: &[Party] = &[Party::Draws];
const HOLDERS: &[Party] = &[Party::Agency, Party::Draws];
const ENDS: &[Party] = &[Party::Agency, Party::Draws, Party::Clock];
const CATALOGUE: &str = "发改办法规〔2025〕807号";
const RULE: &str = "项目规则";

const fn row(
    from: &'static str,
    event: &'static str,
    to: &'static str,
    by: &'static [Party],
    needs: (&'static str, &'static str),
    source: &'static str,
) -> Transition {
    Transition { from, event, to, by, needs: needs.0, needs_en: needs.1, source }
}

/// A venue.
pub const VENUE: Lifecycle = Lifecycle {
    name: "venue",
    title_zh: "评审场所",
    transitions: &[
        row(
            BEGINNING,
            "add",
            "active",
            DRAWS,
            ("场所、工位、开放时间", "place, workstations, hours"),
            CATALOGUE,
        ),
        row("active", "amend", "active", DRAWS, ("不减少已预订的工位", "no booked workstation goes"), RULE),
        row(
            "active",
            "book",
            "active",
            HOLDERS,
            ("工位在该时段空闲，场所开放", "the workstations are free and the venue is open at that time"),
            RULE,
        ),
        row("active", "free", "active", ENDS, ("", ""), RULE),
        row("closed", "free", "closed", ENDS, ("", ""), RULE),
        row("active", "close", "closed", DRAWS, ("写明理由", "a reason"), RULE),
        row("closed", "reopen", "active", DRAWS, ("", ""), RULE),
    ],
};

/// A booking of workstations at a venue.
pub const BOOKING: Lifecycle = Lifecycle {
    name: "booking",
    title_zh: "工位预订",
    transitions: &[
        row(
            BEGINNING,
            "hold",
            "held",
            HOLDERS,
            ("一个方案的评审时段", "for the time of a plan's review"),
            RULE,
        ),
        row(
            "held",
            "release",
            "released",
            HOLDERS,
            ("方案取消、变更或场所不可用", "the plan was cancelled or changed, or the venue failed"),
            RULE,
        ),
        row("held", "finish", "finished", &[Party::Clock], ("时段已过", "the time is over"), RULE),
    ],
};

/// A room as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomDraft {
    /// Name within the venue, 1–32 characters.
    pub name: String,
    /// Workstations in it, from 1.
    pub workstations: u32,
}

/// A venue as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VenueDraft {
    /// Region code of the city or county.
    pub region: String,
    /// Name of the centre, 1–128 characters.
    pub centre: String,
    /// Address, 1–200 characters.
    pub address: String,
    /// Rooms, at least one.
    pub rooms: Vec<RoomDraft>,
    /// Days of the week on which it is open, 1 (Monday) to 7.
    pub weekdays: Vec<u32>,
    /// Minutes after midnight, China time, at which it opens.
    pub opens: u32,
    /// … and closes.
    pub closes: u32,
    /// Who answers, 1–64 characters.
    pub contact: String,
    /// Their phone, 1–32 characters.
    pub phone: String,
}

/// A valid venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    draft: VenueDraft,
    region: Region,
}

/// Workstations that are held for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// First second.
    pub from: Timestamp,
    /// The second after the last.
    pub to: Timestamp,
    /// Names of the workstations, as the venue counts them.
    pub workstations: Vec<String>,
    /// The plan it is held for.
    pub plan: String,
    /// Site number in the plan, where somebody named it; of a drawn site the draw says it.
    pub site: Option<u32>,
}

impl VenueDraft {
    /// Checks every rule.
    ///
    /// # Errors
    /// All problems.
    pub fn check(&self) -> Result<Venue, Vec<Problem>> {
        let mut check = Check::default();
        let region = check.code("region", &self.region);
        check.text("centre", &self.centre, 128);
        check.text("address", &self.address, 200);
        check.text("contact", &self.contact, 64);
        check.text("phone", &self.phone, 32);
        check.count("rooms", self.rooms.len(), 1, ROOMS_MAX);
        for (i, room) in self.rooms.iter().take(ROOMS_MAX).enumerate() {
            let field = at("rooms", i);
            check.text(&format!("{field}.name"), &room.name, 32);
            if !(1..=WORKSTATIONS_MAX).contains(&room.workstations) {
                let (zh, en) = ("应为 1 至 512", "must be 1 to 512");
                check.refuse(&format!("{field}.workstations"), "", "range", zh, en);
            }
        }
        let names: Vec<_> =
            self.rooms.iter().map(|room| (room.name.as_str(), Some(room.name.as_str()))).collect();
        check.distinct("rooms", "duplicate", &names);
        let all: u64 = self.rooms.iter().map(|room| u64::from(room.workstations)).sum();
        if all > u64::from(WORKSTATIONS_MAX) {
            check.refuse(
                "rooms",
                "",
                "workstations_total",
                "工位合计不得超过 512",
                "at most 512 workstations",
            );
        }
        if self.weekdays.is_empty() || !self.weekdays.is_sorted_by(|a, b| a < b) {
            let (zh, en) = ("至少一天，升序，不重复", "at least one day, ascending, none twice");
            check.refuse("weekdays", "", "weekdays", zh, en);
        }
        if self.weekdays.iter().any(|day| !(1..=7).contains(day)) {
            check.refuse("weekdays", "", "range", "应为 1（周一）至 7", "must be 1 (Monday) to 7");
        }
        if self.opens >= self.closes || self.closes > DAY_MINUTES {
            let (zh, en) =
                ("开放、关闭时刻（分钟）须先后相接，不超过 1440", "must open before it closes, within a day");
            check.refuse("closes", &self.closes.to_string(), "order", zh, en);
        }
        let venue = region.map(|region| Venue { draft: self.clone(), region });
        check.finish(venue)
    }
}

impl Venue {
    /// The facts as they would be written.
    pub fn draft(&self) -> &VenueDraft {
        &self.draft
    }

    /// City or county.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The city that counts for limits of cities: the region itself, or the one above a county.
    pub fn city(&self) -> Region {
        let above: Vec<Region> = self.region.ancestors().collect();
        // county → city → province: the second from above is the city; a province is its own.
        above.iter().rev().nth(1).copied().unwrap_or(self.region)
    }

    /// Names of all workstations, by room and number: `room/number`.
    pub fn workstations(&self) -> Vec<String> {
        let room = |room: &RoomDraft| {
            let name = room.name.clone();
            (1..=room.workstations).map(move |n| format!("{name}/{n}"))
        };
        self.draft.rooms.iter().flat_map(room).collect()
    }

    /// Whether it is open from `from` to `to`, on one day.
    pub fn is_open(&self, from: Timestamp, to: Timestamp) -> bool {
        let minute = |time: i64| (time + CHINA).rem_euclid(86_400) / 60;
        let (day, last) = (Date::checked_of(from), Date::checked_of(Timestamp(to.0.saturating_sub(1))));
        let (Some(day), Some(last)) = (day, last) else { return false };
        // 1970-01-01 was a Thursday.
        let weekday = (day.start().0 + CHINA).div_euclid(86_400).saturating_add(3).rem_euclid(7) + 1;
        from < to
            && day == last
            && self.draft.weekdays.iter().any(|open| i64::from(*open) == weekday)
            && minute(from.0) >= i64::from(self.draft.opens)
            && minute(to.0 - 1) < i64::from(self.draft.closes)
    }

    /// `wanted` workstations that no booking holds in that time, the first by room and number; `None`:
    /// there are not so many.
    pub fn free(&self, held: &[Booking], from: Timestamp, to: Timestamp, wanted: u32) -> Option<Vec<String>> {
        let taken: BTreeSet<&str> = held
            .iter()
            .filter(|booking| booking.from < to && from < booking.to)
            .flat_map(|booking| booking.workstations.iter().map(String::as_str))
            .collect();
        let wanted = usize::try_from(wanted).ok()?;
        let free = self.workstations().into_iter().filter(|name| !taken.contains(name.as_str()));
        let free: Vec<String> = free.take(wanted).collect();
        (free.len() == wanted).then_some(free)
    }

    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        let room = |room: &RoomDraft| -> Json {
            Object::new().with("name", room.name.as_str()).with("workstations", room.workstations).into()
        };
        let draft = &self.draft;
        Object::new()
            .with("region", draft.region.as_str())
            .with("centre", draft.centre.as_str())
            .with("address", draft.address.as_str())
            .with("rooms", draft.rooms.iter().map(room).collect::<Json>())
            .with("weekdays", draft.weekdays.iter().map(|day| Json::from(*day)).collect::<Json>())
            .with("opens", draft.opens)
            .with("closes", draft.closes)
            .with("contact", draft.contact.as_str())
            .with("phone", draft.phone.as_str())
            .into()
    }

    /// Reads what [`Venue::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape or breaks a rule.
    pub fn from_json(json: &Json, path: &str) -> Result<Venue, ShapeError> {
        let draft = object(json, path, |f| {
            Ok(VenueDraft {
                region: text(f, "region")?,
                centre: text(f, "centre")?,
                address: text(f, "address")?,
                rooms: f.each("rooms", |item, path| {
                    object(item, path, |f| {
                        let name = text(f, "name")?;
                        Ok(RoomDraft { name, workstations: f.u32("workstations", WORKSTATIONS_MAX)? })
                    })
                })?,
                weekdays: f.each("weekdays", |item, path| {
                    let day = item.as_int().and_then(|day| u32::try_from(day).ok());
                    day.ok_or_else(|| ShapeError::new(path, "must be a number"))
                })?,
                opens: f.u32("opens", DAY_MINUTES)?,
                closes: f.u32("closes", DAY_MINUTES)?,
                contact: text(f, "contact")?,
                phone: text(f, "phone")?,
            })
        })?;
        draft.check().map_err(|problems| first(problems, path))
    }
}

impl Booking {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        Object::new()
            .with("from", self.from.0)
            .with("to", self.to.0)
            .with("workstations", self.workstations.iter().map(|n| Json::from(n.as_str())).collect::<Json>())
            .with("plan", self.plan.as_str())
            .with_some("site", self.site)
            .into()
    }

    /// Reads what [`Booking::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<Booking, ShapeError> {
        object(json, "", |f| {
            let time =
                |f: &mut Fields<'_>, key| f.int(key, 0..=crate::codec::json::MAX_INTEGER).map(Timestamp);
            Ok(Booking {
                from: time(f, "from")?,
                to: time(f, "to")?,
                workstations: f.each("workstations", |item, path| {
                    item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
                })?,
                plan: text(f, "plan")?,
                site: match f.optional("site") {
                    Some(_) => Some(f.u32("site", 32)?),
                    None => None,
                },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> VenueDraft {
        VenueDraft {
            region: "430602".into(),
            centre: "岳阳市公共资源交易中心".into(),
            address: "岳阳楼区某路1号".into(),
            rooms: vec![
                RoomDraft { name: "301".into(), workstations: 2 },
                RoomDraft { name: "302".into(), workstations: 1 },
            ],
            weekdays: vec![1, 2, 3, 4, 5],
            opens: 480,
            closes: 1_080,
            contact: "值班员".into(),
            phone: "0730-8000000".into(),
        }
    }

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_venue_reads_back_and_counts_its_workstations() {
        let venue = draft().check().unwrap();
        assert_eq!(Venue::from_json(&venue.to_json(), "venue"), Ok(venue.clone()));
        assert_eq!(venue.workstations(), ["301/1", "301/2", "302/1"]);
        assert_eq!(venue.city().as_str(), "430600");
        let city = VenueDraft { region: "430100".into(), ..draft() }.check().unwrap();
        assert_eq!(city.city().as_str(), "430100");
    }

    #[test]
    fn a_workstation_is_held_by_one_booking_at_a_time() {
        let venue = draft().check().unwrap();
        let (from, to) = (moment("2026-11-27T01:00:00Z"), moment("2026-11-27T05:00:00Z"));
        let workstations = venue.free(&[], from, to, 2).unwrap();
        let held = Booking { from, to, workstations, plan: "P1".into(), site: Some(2) };
        assert_eq!(Booking::from_json(&held.to_json()), Ok(held.clone()));
        let held = [held];
        assert_eq!(venue.free(&held, from, to, 1), Some(vec!["302/1".to_owned()]));
        assert_eq!(venue.free(&held, from, to, 2), None);
        // One ends when the next begins.
        assert_eq!(venue.free(&held, to, Timestamp(to.0 + 3_600), 3).map(|free| free.len()), Some(3));
        assert_eq!(venue.free(&held, Timestamp(to.0 - 1), Timestamp(to.0 + 1), 2), None);
    }

    #[test]
    fn a_venue_is_open_on_its_days_from_its_first_to_its_last_minute() {
        let venue = draft().check().unwrap();
        let open = |from: &str, to: &str| venue.is_open(moment(from), moment(to));
        // Friday 2026-11-27, 08:00 to 18:00 in China.
        assert!(open("2026-11-27T00:00:00Z", "2026-11-27T10:00:00Z"));
        assert!(!open("2026-11-26T23:59:59Z", "2026-11-27T10:00:00Z"));
        assert!(!open("2026-11-27T00:00:00Z", "2026-11-27T10:00:01Z"));
        assert!(!open("2026-11-28T01:00:00Z", "2026-11-28T02:00:00Z"), "a Saturday");
        assert!(!open("2026-11-27T09:00:00Z", "2026-11-28T02:00:00Z"), "over night");
    }

    #[test]
    fn what_a_venue_lacks_is_named() {
        let refused = |change: &dyn Fn(&mut VenueDraft)| {
            let mut draft = draft();
            change(&mut draft);
            let problem = draft.check().unwrap_err().remove(0);
            (problem.field, problem.rule)
        };
        assert_eq!(refused(&|d| d.rooms.clear()), ("rooms".into(), "count"));
        assert_eq!(refused(&|d| d.rooms[1].name = "301".into()), ("rooms[1]".into(), "duplicate"));
        assert_eq!(refused(&|d| d.weekdays = vec![2, 1]), ("weekdays".into(), "weekdays"));
        assert_eq!(refused(&|d| d.closes = d.opens), ("closes".into(), "order"));
    }
}
