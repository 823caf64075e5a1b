//! What the case of a day keeps: positions, times, accounts; never a name, never a number of a document.
//!
//! *Invariant:* [`Day::read`] reads exactly what [`Day::to_json`] writes.

use crate::codec::Json;
use crate::draw::request::Organisation;
use crate::rules::day::DayRules;
use crate::rules::fees::{Payer, Work};
use crate::rules::registry_profile::Number;
use crate::time::Timestamp;

/// A site of the draw and the venue that it is on this day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaySite {
    /// Site number of the commitment.
    pub site: u32,
    /// Id of the venue.
    pub venue: String,
    /// Region of the venue.
    pub region: String,
    /// Names of the workstations, in the order in which they are numbered from 1.
    pub workstations: Vec<String>,
}

/// How somebody's identity was checked.
pub const DOCUMENTS: [&str; 4] = ["id_card", "passport", "residence_permit", "other"];

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Pool position.
    pub position: u32,
    /// Group.
    pub group: u8,
    /// Site.
    pub site: u32,
    /// Workstation, from 1.
    pub workstation: u32,
    /// Kind of the document that was seen, of [`DOCUMENTS`]; no number is kept.
    pub document: String,
    /// Account of the venue's staff.
    pub by: String,
    /// Unix seconds of the sign-in.
    pub at: i64,
    /// Unix seconds at which the discipline was acknowledged.
    pub acknowledged: Option<i64>,
    /// Unix seconds at which the suppliers were shown.
    pub shown: Option<i64>,
    /// Unix seconds at which they declared to have nothing to recuse from.
    pub declared: Option<i64>,
    /// Why and when the seat was vacated after the sign-in: a word of draw-v2.
    pub left: Option<(String, i64)>,
    /// What happened against the discipline.
    pub breach: Option<String>,
    /// Whom they want as chair: a position.
    pub votes_for: Option<u32>,
}

/// A failure of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Site.
    pub site: u32,
    /// What failed.
    pub what: String,
    /// Account.
    pub by: String,
    /// Unix seconds.
    pub from: i64,
    /// Unix seconds; open while absent.
    pub to: Option<i64>,
    /// Whether the review had begun.
    pub during: bool,
}

/// A seat that the venue reports as vacant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacancy {
    /// Pool position.
    pub position: u32,
    /// `absent`, `withdrawn` or `unfit`: words of draw-v2.
    pub why: String,
    /// What happened.
    pub reason: String,
    /// Account that reported it.
    pub reported_by: String,
    /// Unix seconds.
    pub at: i64,
    /// Account that confirmed it.
    pub confirmed_by: Option<String>,
}

/// The report of the review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// SHA-256 of the signed report, hex.
    pub digest: String,
    /// How many members signed.
    pub signed: u32,
    /// How many of them with a different opinion (198号 art 19).
    pub dissents: u32,
    /// Account.
    pub by: String,
    /// Unix seconds.
    pub at: i64,
}

/// A day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Id of the draw.
    pub draw: String,
    /// Id of its package.
    pub package: String,
    /// Unix seconds.
    pub review_start: i64,
    /// Sites by number.
    pub sites: Vec<DaySite>,
    /// All suppliers.
    pub suppliers: Vec<Organisation>,
    /// The text of the discipline.
    pub discipline: String,
    /// Representatives of the purchaser on the committee.
    pub representatives: u32,
    /// Whether it stands in the catalogue of centralised procurement, and then the central body.
    pub central_body: Option<Organisation>,
    /// Positions that were seated when the day was opened: who came later has no time of sign-in to miss.
    pub expected: Vec<u32>,
    /// First and last second of signing in.
    pub sign_in: (i64, i64),
    /// Minutes that a failure may last: before the start, during the review.
    pub failure: (i64, i64),
    /// Who signed in, in that order; who left stays.
    pub arrivals: Vec<Arrival>,
    /// Failures.
    pub pauses: Vec<Pause>,
    /// Seats reported as vacant.
    pub vacancies: Vec<Vacancy>,
    /// Position of the chair, and since when.
    pub chair: Option<(u32, i64)>,
    /// Unix seconds: periods of the review, the last one open while it lasts.
    pub sittings: Vec<(i64, Option<i64>)>,
    /// The report.
    pub report: Option<Report>,
    /// Digest of the archive package and until when it is kept, once the day is over.
    pub archived: Option<Json>,
}

impl Day {
    /// Who payes: the central body for what stands in its catalogue, else the purchaser.
    pub fn payer(&self) -> Payer {
        Payer::of(self.central_body.is_some())
    }

    /// The member who is signed in at a position and has not left.
    pub fn present(&self, position: u32) -> Option<&Arrival> {
        self.arrivals.iter().find(|arrival| arrival.position == position && arrival.left.is_none())
    }

    /// The same, to change.
    pub fn present_mut(&mut self, position: u32) -> Option<&mut Arrival> {
        self.arrivals.iter_mut().find(|arrival| arrival.position == position && arrival.left.is_none())
    }

    /// Everybody signed in who has not left.
    pub fn all_present(&self) -> impl Iterator<Item = &Arrival> {
        self.arrivals.iter().filter(|arrival| arrival.left.is_none())
    }

    /// Whether somebody may sign in at a time: everybody from the opening of the desk on; who was seated when
    /// the day was opened no later than its close.
    pub fn may_sign_in(&self, position: u32, now: i64) -> bool {
        let (from, to) = self.sign_in;
        now >= from && (now <= to || !self.expected.contains(&position))
    }

    /// The venue of a site.
    pub fn site(&self, site: u32) -> Option<&DaySite> {
        self.sites.iter().find(|known| known.site == site)
    }

    /// What somebody who signed in did, in the words of the fee rules.
    pub fn work(&self, arrival: &Arrival) -> Work {
        let end = arrival.left.as_ref().map(|(_, at)| *at);
        let within = |(from, to): &(i64, Option<i64>)| {
            let to = to.or(end)?;
            let (from, to) = ((*from).max(arrival.at), end.map_or(to, |end| to.min(end)));
            (from < to).then_some((Timestamp(from), Timestamp(to)))
        };
        let why = arrival.left.as_ref().map(|(why, _)| why.as_str());
        Work {
            sittings: self.sittings.iter().filter_map(within).collect(),
            came: true,
            left_early: matches!(why, Some("withdrawn")),
            breach: arrival.breach.is_some(),
            not_needed: matches!(why, Some("conflict" | "recused")) || self.sittings.is_empty(),
        }
    }

    /// Times of a day under these rules: when signing in begins and ends, how long failures may last. What the
    /// invitations told as the last moment stands; the profile's lateness comes on top.
    pub fn times(rules: &DayRules, start: i64, told: i64) -> ((i64, i64), (i64, i64)) {
        let seconds = |minutes: &Number| i64::from(minutes.value) * 60;
        let sign_in = (start - seconds(&rules.opens), told + seconds(&rules.lateness));
        (sign_in, (i64::from(rules.failure_before.value), i64::from(rules.failure_during.value)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn sample() -> Day {
        let party = |code: &str| Organisation { code: code.into(), name: "单位".into() };
        Day {
            draw: "D0".into(),
            package: "P0".into(),
            review_start: 100_000,
            sites: vec![DaySite {
                site: 1,
                venue: "V0".into(),
                region: "430600".into(),
                workstations: vec!["A/1".into()],
            }],
            suppliers: vec![party("91")],
            discipline: "一、不得泄露评审情况。\n二、……".into(),
            representatives: 1,
            central_body: Some(party("92")),
            expected: vec![4, 9],
            sign_in: (92_800, 100_000),
            failure: (120, 240),
            arrivals: vec![Arrival {
                position: 4,
                group: 1,
                site: 1,
                workstation: 3,
                document: "id_card".into(),
                by: "A1".into(),
                at: 99_000,
                acknowledged: Some(99_010),
                shown: Some(99_020),
                declared: Some(99_030),
                left: None,
                breach: None,
                votes_for: Some(4),
            }],
            pauses: vec![Pause {
                site: 1,
                what: "网络中断".into(),
                by: "A1".into(),
                from: 101_000,
                to: None,
                during: true,
            }],
            vacancies: vec![Vacancy {
                position: 9,
                why: "absent".into(),
                reason: "逾时未到".into(),
                reported_by: "A1".into(),
                at: 100_001,
                confirmed_by: None,
            }],
            chair: Some((4, 99_040)),
            sittings: vec![(100_000, Some(101_000)), (102_000, None)],
            report: Some(Report { digest: "00".into(), signed: 3, dissents: 1, by: "A2".into(), at: 1 }),
            archived: None,
        }
    }

    #[test]
    fn a_day_reads_back_and_holds_no_name() {
        let day = sample();
        assert_eq!(Day::read(&day.to_json()), Ok(day.clone()));
        let mut bare = day;
        (bare.central_body, bare.chair, bare.report) = (None, None, None);
        bare.arrivals[0] = Arrival {
            acknowledged: None,
            shown: None,
            declared: None,
            votes_for: None,
            left: Some(("unfit".into(), 99_500)),
            breach: Some("迟到".into()),
            ..bare.arrivals[0].clone()
        };
        assert_eq!(Day::read(&bare.to_json()), Ok(bare));
    }

    #[test]
    fn only_what_lies_between_coming_and_leaving_is_work() {
        let mut day = sample();
        day.sittings = vec![(100_000, Some(101_000)), (102_000, Some(106_000))];
        let times = |day: &Day| day.work(&day.arrivals[0]).sittings;
        assert_eq!(times(&day).len(), 2);
        day.arrivals[0].left = Some(("unfit".into(), 103_000));
        assert_eq!(times(&day)[1], (Timestamp(102_000), Timestamp(103_000)));
        assert!(!day.work(&day.arrivals[0]).left_early, "ill is not early");
        day.arrivals[0].left = Some(("withdrawn".into(), 103_000));
        assert!(day.work(&day.arrivals[0]).left_early);
        day.arrivals[0].left = Some(("conflict".into(), 99_500));
        let work = day.work(&day.arrivals[0]);
        assert!(work.sittings.is_empty() && work.not_needed, "came in time and found a conflict");
    }
}
