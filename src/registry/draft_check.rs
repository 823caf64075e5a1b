//! The checks of a draft's further facts: contacts, education, titles, claims, relatives, leave.
//!
//! Each notes its problems under the field's name and gives the valid value, or nothing. Numbers of
//! entries and characters are in [`limits`].

use crate::codes::{CreditCode, EducationLevel, Speciality};
use crate::time::Date;

use super::check::{Check, all, at};
use super::draft::{Draft, ENDS_AFTER_BEGINNING, check_codes, check_phone};
use super::draft_parts::{DraftClaim, DraftTitle};
use super::expert::{Employment, TitleLevel, limits};
use super::identity::BORN_FIRST;
use super::particulars::{
    Appointment, Certificate, Claim, ClaimDecision, Document, Education, EqualLevel, Particulars, Relation,
    Relative, Relaxation, Title, Training, WorkStatus,
};

/// What the further facts are held against.
pub(super) struct Base<'a> {
    /// Birth date, if the identity is sound.
    pub birth: Option<Date>,
    /// Title level, if sound.
    pub title_level: Option<TitleLevel>,
    /// Present employers; the inner `None`: not known.
    pub employments: Option<&'a Option<Vec<Employment>>>,
    /// The drawable specialities, if sound.
    pub specialities: Option<&'a [Speciality]>,
}

/// Checks everything beyond the base of a record.
pub(super) fn particulars(draft: &Draft, check: &mut Check, base: &Base<'_>) -> Option<Particulars> {
    let phones = phones(draft, check);
    let mail = mail(draft, check);
    let address = optional_text(check, "address", &draft.address, limits::ADDRESS);
    let work_status = work_status(draft, check, base);
    let educations = educations(draft, check, base.birth);
    let titles = titles(draft, check, base);
    let equal_level = equal_level(draft, check);
    let certificates = certificates(draft, check);
    let claims = claims(draft, check, base);
    let relatives = relatives(draft, check);
    let e_evaluation = e_evaluation(draft, check);
    let trainings = trainings(draft, check);
    let relaxation = relaxation(draft, check);
    let documents = documents(draft, check);
    leaves(draft, check);
    let pending_units: Option<Vec<CreditCode>> =
        check_codes(check, "pending_units", &draft.pending_units, 0, limits::PENDING_UNITS);
    let confirmed = optional_date(check, "confirmed", &draft.confirmed);
    let appointment = appointment(draft, check);
    Some(Particulars {
        further_phones: phones?,
        mail: mail?,
        address: address?,
        work_status: work_status?,
        educations: educations?,
        titles: titles?,
        equal_level: equal_level?,
        certificates: certificates?,
        claims: claims?,
        relatives: relatives?,
        e_evaluation: e_evaluation?,
        trainings: trainings?,
        relaxation: relaxation?,
        documents: documents?,
        leaves: draft.leaves.clone(),
        pending_units: pending_units?,
        confirmed: confirmed?,
        appointment: appointment?,
    })
}

/// The drawable specialities of a draft: those listed, or the approved ones among the claims if none
/// is listed.
pub(super) fn listed(draft: &Draft) -> Vec<String> {
    if !draft.specialities.is_empty() {
        return draft.specialities.clone();
    }
    let approved = |claim: &&DraftClaim| claim.decision == ClaimDecision::Approved.as_str();
    draft.claims.iter().filter(approved).map(|claim| claim.speciality.clone()).collect()
}

fn phones(draft: &Draft, check: &mut Check) -> Option<Vec<String>> {
    let written = &draft.further_phones;
    check.count("further_phones", written.len(), 0, limits::FURTHER_PHONES);
    let read: Vec<Option<String>> = written
        .iter()
        .enumerate()
        .take(limits::FURTHER_PHONES)
        .map(|(position, phone)| check_phone(check, &at("further_phones", position), phone))
        .collect();
    let phones: Vec<(&str, Option<String>)> =
        written.iter().zip(&read).map(|(text, phone)| (text.as_str(), phone.clone())).collect();
    check.distinct("further_phones", "duplicate", &phones);
    all(read)
}

/// One `@` with something visible around it; whether mail arrives there only mail can tell.
fn mail(draft: &Draft, check: &mut Check) -> Option<Option<String>> {
    let written = &draft.mail;
    if written.is_empty() {
        return Some(None);
    }
    let parts = written.split_once('@');
    let sound = written.len() <= limits::MAIL
        && written.bytes().all(|b| b.is_ascii_graphic())
        && parts.is_some_and(|(user, host)| {
            !user.is_empty()
                && host.contains('.')
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
        });
    if sound {
        return Some(Some(written.clone()));
    }
    let (zh, en) = ("不是电子邮箱地址", "is no mail address");
    check.refuse("mail", written, "mail", zh, en);
    None
}

fn work_status(draft: &Draft, check: &mut Check, base: &Base<'_>) -> Option<Option<WorkStatus>> {
    let status = optional_word(check, "work_status", &draft.work_status, WorkStatus::parse, WORK_STATUSES)?;
    let employers = base.employments.and_then(|known| known.as_ref()).map(Vec::len);
    let (zh, en) = match (status, employers) {
        (Some(WorkStatus::Employed), Some(0)) => ("在职者须有工作单位", "who is employed has an employer"),
        (Some(WorkStatus::Free), Some(1..)) => ("自由职业者没有工作单位", "who is free has no employer"),
        _ => return Some(status),
    };
    check.refuse("work_status", &draft.work_status, "contradiction", zh, en);
    None
}

fn educations(draft: &Draft, check: &mut Check, birth: Option<Date>) -> Option<Vec<Education>> {
    each(check, "educations", &draft.educations, limits::EDUCATIONS, |check, place, item| {
        let level: Option<EducationLevel> = check.code(&format!("{place}.code"), &item.code);
        let school = optional_text(check, &format!("{place}.school"), &item.school, limits::TEXT);
        let degree = optional_text(check, &format!("{place}.degree"), &item.degree, limits::SHORT);
        let date_place = format!("{place}.date");
        let date = optional_date(check, &date_place, &item.date);
        check.order(&date_place, &item.date, birth, date.flatten(), BORN_FIRST);
        Some(Education { level: level?, school: school?, degree: degree?, date: date? })
    })
}

fn titles(draft: &Draft, check: &mut Check, base: &Base<'_>) -> Option<Vec<Title>> {
    let titles = each(check, "titles", &draft.titles, limits::TITLES, |check, place, item: &DraftTitle| {
        let code_place = format!("{place}.code");
        let code = optional_text(check, &code_place, &item.code, 3);
        if let Some(Some(code)) = &code
            && (code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit()))
        {
            let (zh, en) = ("应为 GB/T 8561 的三位数字", "must be three digits of GB/T 8561");
            check.refuse(&code_place, code, "title_code", zh, en);
        }
        let name = check.text(&format!("{place}.name"), &item.name, limits::TEXT);
        let level = word(check, &format!("{place}.level"), &item.level, TitleLevel::parse, TITLE_LEVELS);
        let date_place = format!("{place}.date");
        let date = optional_date(check, &date_place, &item.date);
        check.order(&date_place, &item.date, base.birth, date.flatten(), BORN_FIRST);
        let issuer = optional_text(check, &format!("{place}.issuer"), &item.issuer, limits::TEXT);
        Some(Title { code: code?, name: name?, level: level?, date: date?, issuer: issuer? })
    })?;
    if let (Some(highest), Some(level)) = (titles.iter().map(|title| title.level).max(), base.title_level)
        && highest != level
    {
        let (zh, en) = ("应为所列职称中的最高级别", "must be the highest level of the titles listed");
        check.refuse("title_level", &draft.title_level, "highest_title", zh, en);
        return None;
    }
    Some(titles)
}

fn equal_level(draft: &Draft, check: &mut Check) -> Option<Option<EqualLevel>> {
    let Some(written) = &draft.equal_level else { return Some(None) };
    let text = check.text("equal_level.text", &written.text, limits::REASON);
    let evidence = evidence(check, "equal_level.evidence", &written.evidence, 1);
    Some(Some(EqualLevel { text: text?, evidence: evidence? }))
}

fn certificates(draft: &Draft, check: &mut Check) -> Option<Vec<Certificate>> {
    each(check, "certificates", &draft.certificates, limits::CERTIFICATES, |check, place, item| {
        let name = check.text(&format!("{place}.name"), &item.name, limits::TEXT);
        let number = check.text(&format!("{place}.number"), &item.number, limits::SHORT);
        let issued = check.date(&format!("{place}.issued"), &item.issued);
        let to_place = format!("{place}.valid_to");
        let valid_to = optional_date(check, &to_place, &item.valid_to);
        check.order(&to_place, &item.valid_to, issued, valid_to.flatten(), ENDS_AFTER_BEGINNING);
        Some(Certificate { name: name?, number: number?, issued: issued?, valid_to: valid_to? })
    })
}

fn claims(draft: &Draft, check: &mut Check, base: &Base<'_>) -> Option<Vec<Claim>> {
    let claims = each(check, "claims", &draft.claims, limits::CLAIMS, |check, place, item| {
        let speciality: Option<Speciality> = check.code(&format!("{place}.speciality"), &item.speciality);
        let decision = match item.decision.as_str() {
            "" => Some(ClaimDecision::Pending),
            written => word(check, &format!("{place}.decision"), written, ClaimDecision::parse, DECISIONS),
        };
        let decided = optional_date(check, &format!("{place}.decided"), &item.decided);
        let reason_place = format!("{place}.reason");
        let reason = if decision == Some(ClaimDecision::Rejected) {
            check.text(&reason_place, &item.reason, limits::REASON).map(Some)
        } else {
            optional_text(check, &reason_place, &item.reason, limits::REASON)
        };
        let evidence = evidence(check, &format!("{place}.evidence"), &item.evidence, 0);
        let (speciality, decision) = (speciality?, decision?);
        if let Some(listed) = base.specialities
            && listed.contains(&speciality) != (decision == ClaimDecision::Approved)
        {
            let (zh, en) = (
                "与 specialities 不一致：通过的专业须在其中，其余不得在其中",
                "is not in step with specialities: approved ones stand there, others do not",
            );
            check.refuse(&format!("{place}.decision"), &item.decision, "in_step", zh, en);
        }
        Some(Claim { speciality, evidence: evidence?, decision, decided: decided?, reason: reason? })
    })?;
    let named: Vec<(&str, Option<Speciality>)> = draft
        .claims
        .iter()
        .zip(&claims)
        .map(|(written, claim)| (written.speciality.as_str(), Some(claim.speciality)))
        .collect();
    check.distinct("claims", "duplicate", &named);
    Some(claims.into_iter().filter(|claim| !claim.is_plain()).collect())
}

fn relatives(draft: &Draft, check: &mut Check) -> Option<Vec<Relative>> {
    each(check, "relatives", &draft.relatives, limits::RELATIVES, |check, place, item| {
        let relation = word(check, &format!("{place}.relation"), &item.relation, Relation::parse, RELATIONS);
        let name = optional_text(check, &format!("{place}.name"), &item.name, limits::NAME);
        let units = check_codes(check, &format!("{place}.units"), &item.units, 0, limits::RELATIVE_UNITS);
        Some(Relative { relation: relation?, name: name?, units: units? })
    })
}

fn e_evaluation(draft: &Draft, check: &mut Check) -> Option<Option<bool>> {
    match draft.e_evaluation.as_str() {
        "" => Some(None),
        "yes" => Some(Some(true)),
        "no" => Some(Some(false)),
        other => {
            let (zh, en) = ("应为 yes 或 no", "must be yes or no");
            check.refuse("e_evaluation", other, "e_evaluation", zh, en);
            None
        }
    }
}

fn trainings(draft: &Draft, check: &mut Check) -> Option<Vec<Training>> {
    each(check, "trainings", &draft.trainings, limits::TRAININGS, |check, place, item| {
        let name = check.text(&format!("{place}.name"), &item.name, limits::TEXT);
        let date = check.date(&format!("{place}.date"), &item.date);
        Some(Training { name: name?, date: date? })
    })
}

fn relaxation(draft: &Draft, check: &mut Check) -> Option<Option<Relaxation>> {
    let Some(written) = &draft.relaxation else { return Some(None) };
    let reason = check.text("relaxation.reason", &written.reason, limits::REASON);
    let approved_by = check.text("relaxation.approved_by", &written.approved_by, limits::NAME);
    let specialities =
        check_codes(check, "relaxation.specialities", &written.specialities, 1, limits::SPECIALITIES);
    Some(Some(Relaxation { reason: reason?, approved_by: approved_by?, specialities: specialities? }))
}

fn documents(draft: &Draft, check: &mut Check) -> Option<Vec<Document>> {
    each(check, "documents", &draft.documents, limits::DOCUMENTS, |check, place, item| {
        let kind_place = format!("{place}.kind");
        let kind = check.text(&kind_place, &item.kind, limits::SHORT);
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let kind = kind.filter(|kind| {
            let sound = kind.bytes().all(word);
            if !sound {
                let (zh, en) = ("只能用小写字母、数字和下划线", "must be lower-case letters, digits and _");
                check.refuse(&kind_place, kind, "characters", zh, en);
            }
            sound
        });
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let digest = if item.digest.len() == 64 && item.digest.bytes().all(hex) {
            Some(item.digest.clone())
        } else {
            let (zh, en) = ("应为 64 位小写十六进制数字", "must be 64 lower-case hex digits");
            check.refuse(&format!("{place}.digest"), &item.digest, "digest", zh, en);
            None
        };
        let name = optional_text(check, &format!("{place}.name"), &item.name, limits::TEXT);
        Some(Document { kind: kind?, digest: digest?, name: name? })
    })
}

fn leaves(draft: &Draft, check: &mut Check) {
    check.count("leaves", draft.leaves.len(), 0, limits::LEAVES);
    let mut before = None;
    for (position, leave) in draft.leaves.iter().enumerate() {
        let (zh, en) = (
            "截止时间须晚于起始时间，且各次请假依次排列、互不重叠",
            "must end after it begins; leaves ascend and do not overlap",
        );
        if leave.to <= leave.from || before.is_some_and(|before| leave.from < before) {
            check.refuse(&at("leaves", position), "", "order", zh, en);
        }
        before = Some(leave.to);
    }
}

fn appointment(draft: &Draft, check: &mut Check) -> Option<Option<Appointment>> {
    let Some(written) = &draft.appointment else { return Some(None) };
    let number = check.text("appointment.number", &written.number, limits::SHORT);
    let issued = check.date("appointment.issued", &written.issued);
    Some(Some(Appointment { number: number?, issued: issued? }))
}

fn evidence(check: &mut Check, field: &str, written: &[String], min: usize) -> Option<Vec<String>> {
    check.count(field, written.len(), min, limits::EVIDENCE);
    let read: Vec<Option<String>> = written
        .iter()
        .enumerate()
        .take(limits::EVIDENCE)
        .map(|(position, text)| check.text(&at(field, position), text, limits::TEXT))
        .collect();
    all(read)
}

/// The number of entries, then each by itself; nothing if one of them has a problem.
fn each<D, T>(
    check: &mut Check,
    field: &str,
    written: &[D],
    max: usize,
    mut read: impl FnMut(&mut Check, &str, &D) -> Option<T>,
) -> Option<Vec<T>> {
    check.count(field, written.len(), 0, max);
    let read: Vec<Option<T>> = written
        .iter()
        .enumerate()
        .take(max)
        .map(|(position, item)| read(check, &at(field, position), item))
        .collect();
    all(read)
}

fn optional_text(check: &mut Check, field: &str, written: &str, max: usize) -> Option<Option<String>> {
    if written.is_empty() { Some(None) } else { check.text(field, written, max).map(Some) }
}

fn optional_date(check: &mut Check, field: &str, written: &str) -> Option<Option<Date>> {
    if written.is_empty() { Some(None) } else { check.date(field, written).map(Some) }
}

const WORK_STATUSES: &str = "employed, retired, free";
const DECISIONS: &str = "pending, approved, rejected";
const RELATIONS: &str = "spouse, lineal, collateral, in_law";
/// The words of a title level.
pub(super) const TITLE_LEVELS: &str = "senior, deputy_senior, intermediate, junior, none";

/// One of a few words; the rule is the field's last name.
pub(super) fn word<T>(
    check: &mut Check,
    field: &str,
    written: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    words: &str,
) -> Option<T> {
    let found = parse(written);
    if found.is_none() {
        let rule = if written.is_empty() && field.contains('.') { "required" } else { "word" };
        let rule = if field == "title_level" { "title_level" } else { rule };
        check.refuse(field, written, rule, &format!("应为 {words} 之一"), &format!("must be one of {words}"));
    }
    found
}

fn optional_word<T>(
    check: &mut Check,
    field: &str,
    written: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    words: &str,
) -> Option<Option<T>> {
    if written.is_empty() { Some(None) } else { word(check, field, written, parse, words).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::{credit_code, full_draft};
    use super::super::draft_parts::{DraftClaim, DraftTitle};
    use super::super::expert::ExpertNumber;
    use super::*;

    fn problems(change: impl FnOnce(&mut Draft)) -> Vec<(String, &'static str)> {
        let mut draft = full_draft();
        change(&mut draft);
        let found = draft.check(ExpertNumber::from_random([7; 10])).err().unwrap_or_default();
        found.into_iter().map(|p| (p.field, p.rule)).collect()
    }

    #[track_caller]
    fn refuses(field: &str, rule: &'static str, change: impl FnOnce(&mut Draft)) {
        assert_eq!(problems(change), [(field.to_owned(), rule)]);
    }

    #[test]
    fn each_further_field_is_refused_by_the_name_of_its_rule() {
        assert_eq!(problems(|_| {}), []);
        refuses("further_phones[0]", "phone", |d| d.further_phones = vec!["12".into()]);
        refuses("further_phones[1]", "duplicate", |d| d.further_phones.push("0730-8888888".into()));
        for mail in ["wang", "@x.cn", "a@x", "a b@x.cn", "a@b@x.cn", "王@x.cn", "a@.cn", "a@x."] {
            refuses("mail", "mail", |d| d.mail = mail.into());
        }
        refuses("address", "length", |d| d.address = "路".repeat(129));
        refuses("work_status", "word", |d| d.work_status = "idle".into());
        refuses("educations[0].code", "unknown_education", |d| d.educations[0].code = "01".into());
        refuses("educations[0].date", "order", |d| d.educations[0].date = "1969-12-31".into());
        refuses("titles[0].code", "title_code", |d| d.titles[0].code = "8".into());
        refuses("titles[1].name", "required", |d| d.titles[1].name.clear());
        refuses("titles[1].level", "required", |d| d.titles[1].level.clear());
        refuses("equal_level.evidence", "count", |d| d.equal_level.as_mut().unwrap().evidence.clear());
        refuses("certificates[0].valid_to", "order", |d| d.certificates[0].valid_to = "2019-12-31".into());
        refuses("relatives[0].relation", "word", |d| d.relatives[0].relation = "cousin".into());
        refuses("relatives[0].units[1]", "duplicate", |d| d.relatives[0].units.push(credit_code(5)));
        refuses("e_evaluation", "e_evaluation", |d| d.e_evaluation = "true".into());
        refuses("trainings[0].date", "required", |d| d.trainings[0].date.clear());
        refuses("relaxation.specialities", "count", |d| d.relaxation.as_mut().unwrap().specialities.clear());
        refuses("documents[0].digest", "digest", |d| d.documents[0].digest = "B".repeat(64));
        refuses("documents[0].kind", "characters", |d| d.documents[0].kind = "Photo".into());
        refuses("pending_units[0]", "length", |d| d.pending_units = vec!["1".into()]);
        refuses("confirmed", "date", |d| d.confirmed = "yesterday".into());
        refuses("appointment.number", "required", |d| d.appointment.as_mut().unwrap().number.clear());
        refuses("past[0].name", "length", |d| d.past[0].name = "某".repeat(129));
    }

    #[test]
    fn the_title_level_is_the_highest_of_the_titles_listed() {
        refuses("title_level", "highest_title", |d| d.title_level = "intermediate".into());
        refuses("title_level", "highest_title", |d| drop(d.titles.remove(0)));
        assert_eq!(problems(|d| (d.titles, d.title_level) = (Vec::new(), "junior".into())), []);
        let none = DraftTitle { name: "技术员".into(), level: "none".into(), ..DraftTitle::default() };
        assert_eq!(problems(|d| (d.titles, d.title_level) = (vec![none], "none".into())), []);
    }

    #[test]
    fn work_and_employers_do_not_contradict_each_other() {
        refuses("work_status", "contradiction", |d| d.employments = Some(Vec::new()));
        refuses("work_status", "contradiction", |d| d.work_status = "free".into());
        assert_eq!(
            problems(|d| d.work_status = "retired".into()),
            [],
            "who is retired may be employed again"
        );
        assert_eq!(problems(|d| d.employments = None), []);
    }

    #[test]
    fn claims_are_in_step_with_the_drawable_list() {
        refuses("claims[0].decision", "in_step", |d| drop(d.specialities.pop()));
        refuses("claims[1].decision", "in_step", |d| d.specialities.push("ndrc316:A0801".into()));
        refuses("claims[1].reason", "required", |d| d.claims[1].decision = "rejected".into());
        refuses("claims[1].decision", "word", |d| d.claims[1].decision = "maybe".into());
        refuses("claims[2]", "duplicate", |d| d.claims.push(d.claims[1].clone()));
        let only = DraftClaim { speciality: "ndrc316:A0801".into(), ..DraftClaim::default() };
        assert_eq!(problems(|d| (d.specialities, d.claims) = (Vec::new(), vec![only])), []);
        refuses("specialities", "count", |d| {
            (d.specialities, d.claims) = (Vec::new(), Vec::new());
        });
    }
}
