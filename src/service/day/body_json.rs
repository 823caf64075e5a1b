//! The written form of the day of a review: canonical JSON both ways, field by field.

use super::body::{Arrival, Day, DaySite, Pause, Report, Vacancy};
use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::draw::request::Organisation;

impl Day {
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
