//! What the case of a day keeps: positions, times, accounts; never a name, never a number of a document.
//!
//! *Invariant:* [`Day::read`] reads exactly what [`Day::to_json`] writes.

use crate::codec::{Fields, Json, Object, ShapeError, object};
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

    /// The body of the case.
    pub fn to_json(&self) -> Json {
        let sitting = |(from, to): &(i64, Option<i64>)| -> Json {
            Object::new().with("from", *from).with_some("to", *to).into()
        };
        Object::new()
            .with("v", 1u32)
            .with("draw", self.draw.as_str())
            .with("package", self.package.as_str())
            .with("review_start", self.review_start)
            .with("sites", self.sites.iter().map(site).collect::<Json>())
            .with("suppliers", self.suppliers.iter().map(organisation).collect::<Json>())
            .with("discipline", self.discipline.as_str())
            .with("representatives", self.representatives)
            .with_some("central_body", self.central_body.as_ref().map(organisation))
            .with("expected", self.expected.iter().map(|position| Json::from(*position)).collect::<Json>())
            .with("opens", self.sign_in.0)
            .with("closes", self.sign_in.1)
            .with("failure_before_minutes", self.failure.0)
            .with("failure_during_minutes", self.failure.1)
            .with("arrivals", self.arrivals.iter().map(arrival).collect::<Json>())
            .with("pauses", self.pauses.iter().map(pause).collect::<Json>())
            .with("vacancies", self.vacancies.iter().map(vacancy).collect::<Json>())
            .with_some(
                "chair",
                self.chair.map(|(position, at)| Object::new().with("position", position).with("at", at)),
            )
            .with("sittings", self.sittings.iter().map(sitting).collect::<Json>())
            .with_some("report", self.report.as_ref().map(report))
            .with_some("archived", self.archived.clone())
            .into()
    }

    /// Reads the body of a case.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            f.int("v", 1..=1)?;
            let chair = if f.optional("chair").is_some() {
                Some(f.object("chair", |f| Ok((f.u32("position", u32::MAX)?, time(f, "at")?)))?)
            } else {
                None
            };
            let central_body = if f.optional("central_body").is_some() {
                Some(f.object("central_body", read_organisation)?)
            } else {
                None
            };
            let report =
                if f.optional("report").is_some() { Some(f.object("report", read_report)?) } else { None };
            Ok(Self {
                draw: f.str("draw")?.to_owned(),
                package: f.str("package")?.to_owned(),
                review_start: time(f, "review_start")?,
                sites: f.each("sites", |item, at| object(item, at, read_site))?,
                suppliers: f.each("suppliers", |item, at| object(item, at, read_organisation))?,
                discipline: f.str("discipline")?.to_owned(),
                representatives: f.u32("representatives", 64)?,
                central_body,
                expected: f.each("expected", |item, at| {
                    let position = item.as_int().and_then(|n| u32::try_from(n).ok());
                    position.ok_or_else(|| ShapeError::new(at, "must be a position"))
                })?,
                sign_in: (time(f, "opens")?, time(f, "closes")?),
                failure: (
                    f.int("failure_before_minutes", 0..=100_000)?,
                    f.int("failure_during_minutes", 0..=100_000)?,
                ),
                arrivals: f.each("arrivals", |item, at| object(item, at, read_arrival))?,
                pauses: f.each("pauses", |item, at| object(item, at, read_pause))?,
                vacancies: f.each("vacancies", |item, at| object(item, at, read_vacancy))?,
                chair,
                sittings: f.each("sittings", |item, at| {
                    object(item, at, |f| Ok((time(f, "from")?, maybe_time(f, "to")?)))
                })?,
                report,
                archived: f.optional("archived").cloned(),
            })
        })
    }
}

fn time(f: &mut Fields<'_>, key: &str) -> Result<i64, ShapeError> {
    f.int(key, 0..=i64::from(u32::MAX) * 1_000)
}

fn maybe_time(f: &mut Fields<'_>, key: &str) -> Result<Option<i64>, ShapeError> {
    if f.optional(key).is_some() { time(f, key).map(Some) } else { Ok(None) }
}

fn maybe_text(f: &mut Fields<'_>, key: &str) -> Result<Option<String>, ShapeError> {
    if f.optional(key).is_some() { Ok(Some(f.str(key)?.to_owned())) } else { Ok(None) }
}

fn site(site: &DaySite) -> Json {
    Object::new()
        .with("site", site.site)
        .with("venue", site.venue.as_str())
        .with("region", site.region.as_str())
        .with(
            "workstations",
            site.workstations.iter().map(|name| Json::from(name.as_str())).collect::<Json>(),
        )
        .into()
}

fn read_site(f: &mut Fields<'_>) -> Result<DaySite, ShapeError> {
    Ok(DaySite {
        site: f.u32("site", 32)?,
        venue: f.str("venue")?.to_owned(),
        region: f.str("region")?.to_owned(),
        workstations: f.each("workstations", |item, at| {
            item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(at, "must be a string"))
        })?,
    })
}

fn organisation(party: &Organisation) -> Json {
    Object::new().with("code", party.code.as_str()).with("name", party.name.as_str()).into()
}

fn read_organisation(f: &mut Fields<'_>) -> Result<Organisation, ShapeError> {
    Ok(Organisation { code: f.str("code")?.to_owned(), name: f.str("name")?.to_owned() })
}

fn arrival(arrival: &Arrival) -> Json {
    let left = |(why, at): &(String, i64)| Object::new().with("why", why.as_str()).with("at", *at);
    Object::new()
        .with("position", arrival.position)
        .with("group", u32::from(arrival.group))
        .with("site", arrival.site)
        .with("workstation", arrival.workstation)
        .with("document", arrival.document.as_str())
        .with("by", arrival.by.as_str())
        .with("at", arrival.at)
        .with_some("acknowledged", arrival.acknowledged)
        .with_some("shown", arrival.shown)
        .with_some("declared", arrival.declared)
        .with_some("left", arrival.left.as_ref().map(left))
        .with_some("breach", arrival.breach.as_deref())
        .with_some("votes_for", arrival.votes_for)
        .into()
}

fn read_arrival(f: &mut Fields<'_>) -> Result<Arrival, ShapeError> {
    let left = if f.optional("left").is_some() {
        Some(f.object("left", |f| Ok((f.str("why")?.to_owned(), time(f, "at")?)))?)
    } else {
        None
    };
    let votes_for =
        if f.optional("votes_for").is_some() { Some(f.u32("votes_for", u32::MAX)?) } else { None };
    Ok(Arrival {
        position: f.u32("position", u32::MAX)?,
        group: u8::try_from(f.int("group", 1..=32)?).unwrap_or_default(),
        site: f.u32("site", 32)?,
        workstation: f.u32("workstation", 256)?,
        document: f.str("document")?.to_owned(),
        by: f.str("by")?.to_owned(),
        at: time(f, "at")?,
        acknowledged: maybe_time(f, "acknowledged")?,
        shown: maybe_time(f, "shown")?,
        declared: maybe_time(f, "declared")?,
        left,
        breach: maybe_text(f, "breach")?,
        votes_for,
    })
}

fn pause(pause: &Pause) -> Json {
    Object::new()
        .with("site", pause.site)
        .with("what", pause.what.as_str())
        .with("by", pause.by.as_str())
        .with("from", pause.from)
        .with_some("to", pause.to)
        .with("during", if pause.during { "yes" } else { "no" })
        .into()
}

fn read_pause(f: &mut Fields<'_>) -> Result<Pause, ShapeError> {
    Ok(Pause {
        site: f.u32("site", 32)?,
        what: f.str("what")?.to_owned(),
        by: f.str("by")?.to_owned(),
        from: time(f, "from")?,
        to: maybe_time(f, "to")?,
        during: f.str("during")? == "yes",
    })
}

fn vacancy(vacancy: &Vacancy) -> Json {
    Object::new()
        .with("position", vacancy.position)
        .with("why", vacancy.why.as_str())
        .with("reason", vacancy.reason.as_str())
        .with("reported_by", vacancy.reported_by.as_str())
        .with("at", vacancy.at)
        .with_some("confirmed_by", vacancy.confirmed_by.as_deref())
        .into()
}

fn read_vacancy(f: &mut Fields<'_>) -> Result<Vacancy, ShapeError> {
    Ok(Vacancy {
        position: f.u32("position", u32::MAX)?,
        why: f.str("why")?.to_owned(),
        reason: f.str("reason")?.to_owned(),
        reported_by: f.str("reported_by")?.to_owned(),
        at: time(f, "at")?,
        confirmed_by: maybe_text(f, "confirmed_by")?,
    })
}

fn report(report: &Report) -> Object {
    Object::new()
        .with("digest", report.digest.as_str())
        .with("signed", report.signed)
        .with("dissents", report.dissents)
        .with("by", report.by.as_str())
        .with("at", report.at)
}

fn read_report(f: &mut Fields<'_>) -> Result<Report, ShapeError> {
    Ok(Report {
        digest: f.str("digest")?.to_owned(),
        signed: f.u32("signed", 64)?,
        dissents: f.u32("dissents", 64)?,
        by: f.str("by")?.to_owned(),
        at: time(f, "at")?,
    })
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
