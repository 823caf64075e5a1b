//! An expert's facts as somebody wrote them, and their validation into an [`Expert`].
//!
//! A form, a row of a file and a stored image all become a [`Draft`] first, so there is one list of
//! rules. The facts are those of 财库〔2016〕198号 arts 6–8 and 10 that a draw needs; their limits are in
//! [`limits`]. Employers that are **not known** (`employments: None`) are something else than an
//! expert known to have **no employer** (an empty list: retired, self-employed): the first is not
//! drawable under every embedded profile, the second is.

use std::fmt;

use crate::codes::{CreditCode, Region, Speciality};
use crate::time::Date;

use super::check::{Check, Order, all, at};
use super::draft_check::{self, Base, TITLE_LEVELS, word};
use super::draft_parts::{
    DraftAppointment, DraftCertificate, DraftClaim, DraftDocument, DraftEducation, DraftEmployment,
    DraftEqualLevel, DraftPast, DraftRelative, DraftRelaxation, DraftTitle, DraftTraining,
};
use super::expert::{Employment, Expert, ExpertNumber, Facts, PastEmployment, TitleLevel, limits};
use super::identity::{BORN_FIRST, Identity};
use super::image::IMAGE_LIMIT;
use super::particulars::{ClaimDecision, Leave, Particulars};
use super::problem::Problem;
use super::standing::Standing;

/// An expert's facts as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// 姓名.
    pub name: String,
    /// GA/T 517 kind of identity document; `111` is 居民身份证.
    pub id_kind: String,
    /// The number of that document.
    pub id_number: String,
    /// Birth date; needed for a document other than `111`, else in the number.
    pub birth: String,
    /// Sex as GB/T 2261.1 codes it (`0`, `1`, `2`, `9`); needed as `birth` is.
    pub sex: String,
    /// 手机号.
    pub phone: String,
    /// Present employers, *the unit* first; `None`: not known; empty: none.
    pub employments: Option<Vec<DraftEmployment>>,
    /// Former employers.
    pub past: Vec<DraftPast>,
    /// `senior`, `deputy_senior`, `intermediate`, `junior` or `none`; the highest of `titles`.
    pub title_level: String,
    /// The day since when the expert works in the field.
    pub field_since: String,
    /// The drawable specialities, `scheme:code`. Left empty, they are the approved ones of `claims`.
    pub specialities: Vec<String>,
    /// Review regions (评审区域), the main one first.
    pub regions: Vec<String>,
    /// Credit codes of units from whose projects the expert recuses (回避单位, art 7).
    pub declared_units: Vec<String>,
    /// First day of the term of appointment (聘期).
    pub term_from: String,
    /// Last day of the term.
    pub term_to: String,
    /// Further phones.
    pub further_phones: Vec<String>,
    /// 电子邮箱.
    pub mail: String,
    /// 通信地址.
    pub address: String,
    /// `employed`, `retired` or `free`.
    pub work_status: String,
    /// 学历.
    pub educations: Vec<DraftEducation>,
    /// 职称.
    pub titles: Vec<DraftTitle>,
    /// 同等专业水平.
    pub equal_level: Option<DraftEqualLevel>,
    /// 执业资格.
    pub certificates: Vec<DraftCertificate>,
    /// Claimed specialities, those that say more than "approved"; see [`Draft::set_specialities`].
    pub claims: Vec<DraftClaim>,
    /// Relatives as declared.
    pub relatives: Vec<DraftRelative>,
    /// Skill in electronic evaluation: `yes`, `no`, or empty.
    pub e_evaluation: String,
    /// 培训.
    pub trainings: Vec<DraftTraining>,
    /// Relaxation for scarce specialities.
    pub relaxation: Option<DraftRelaxation>,
    /// Photo and documents.
    pub documents: Vec<DraftDocument>,
    /// Leave, ascending, not overlapping.
    pub leaves: Vec<Leave>,
    /// Employers of a change that is not decided yet.
    pub pending_units: Vec<String>,
    /// Day of the last yearly confirmation.
    pub confirmed: String,
    /// 聘书.
    pub appointment: Option<DraftAppointment>,
}

impl Draft {
    /// Checks every rule and makes the expert, active, under `number`.
    ///
    /// # Errors
    /// All problems, in the order of the fields.
    pub fn check(&self, number: ExpertNumber) -> Result<Expert, Vec<Problem>> {
        self.check_as(number, Standing::Active)
    }

    pub(super) fn check_as(&self, number: ExpertNumber, standing: Standing) -> Result<Expert, Vec<Problem>> {
        let mut check = Check::default();
        let name = check.text("name", &self.name, limits::NAME);
        let identity = Identity::check(&mut check, &self.id_kind, &self.id_number, &self.birth, &self.sex);
        let birth = identity.as_ref().map(Identity::birth);
        let phone = check_phone(&mut check, "phone", &self.phone);
        let employments = self.check_employments(&mut check, birth);
        let past = self.check_past(&mut check);
        let title_level = word(&mut check, "title_level", &self.title_level, TitleLevel::parse, TITLE_LEVELS);
        let field_since = check.date("field_since", &self.field_since);
        check.order("field_since", &self.field_since, birth, field_since, BORN_FIRST);
        // Somebody whose every claim is open or rejected is in the registry and matches no draw.
        let least = usize::from(self.claims.is_empty());
        let specialities: Option<Vec<Speciality>> =
            check_codes(&mut check, "specialities", &draft_check::listed(self), least, limits::SPECIALITIES);
        let regions: Option<Vec<Region>> =
            check_codes(&mut check, "regions", &self.regions, 1, limits::REGIONS);
        let declared_units: Option<Vec<CreditCode>> =
            check_codes(&mut check, "declared_units", &self.declared_units, 0, limits::DECLARED_UNITS);
        let term_from = check.date("term_from", &self.term_from);
        let term_to = check.date("term_to", &self.term_to);
        check.order("term_to", &self.term_to, term_from, term_to, ENDS_AFTER_BEGINNING);
        let base = Base {
            birth,
            title_level,
            employments: employments.as_ref(),
            specialities: specialities.as_deref(),
        };
        let particulars = draft_check::particulars(self, &mut check, &base);
        if self.entries() > FEW_ENTRIES && self.to_json().canonical().len() > IMAGE_LIMIT - ROOM_FOR_THE_REST
        {
            let (zh, en) = (
                "资料总量超出限制，请缩短说明或减少条目",
                "all facts together are too long: shorten texts or leave entries out",
            );
            check.refuse("documents", "", "size", zh, en);
        }
        let facts = (|| {
            Some(Facts {
                name: name?,
                identity: identity?,
                phone: phone?,
                employments: employments?,
                past: past?,
                title_level: title_level?,
                field_since: field_since?,
                specialities: specialities?,
                regions: regions?,
                declared_units: declared_units?,
                term_from: term_from?,
                term_to: term_to?,
                particulars: particulars.map(boxed)?,
            })
        })();
        check.finish(facts).map(|facts| Expert::of(number, facts, standing))
    }

    /// Makes the drawable specialities exactly these: a claim is brought into step or left out.
    pub fn set_specialities(&mut self, specialities: Vec<String>) {
        let approved = ClaimDecision::Approved.as_str();
        self.claims.retain(|claim| (claim.decision == approved) == specialities.contains(&claim.speciality));
        self.specialities = specialities;
    }

    /// Replaces the claims and brings the drawable specialities into step with them; those that no
    /// claim speaks of stay.
    pub fn set_claims(&mut self, claims: Vec<DraftClaim>) {
        for claim in &claims {
            let listed = self.specialities.contains(&claim.speciality);
            match (claim.decision == ClaimDecision::Approved.as_str(), listed) {
                (true, false) => self.specialities.push(claim.speciality.clone()),
                (false, true) => self.specialities.retain(|known| *known != claim.speciality),
                _ => {}
            }
        }
        self.claims = claims;
    }

    /// How many entries the lists have that may hold long texts.
    fn entries(&self) -> usize {
        [
            self.employments.as_ref().map_or(0, Vec::len),
            self.past.len(),
            self.educations.len(),
            self.titles.len(),
            self.certificates.len(),
            self.claims.len(),
            self.claims.iter().map(|claim| claim.evidence.len()).sum(),
            self.relatives.len(),
            self.trainings.len(),
            self.documents.len(),
        ]
        .iter()
        .sum()
    }

    /// The outer `None`: a problem was noted; the inner: employers are not known.
    fn check_employments(&self, check: &mut Check, birth: Option<Date>) -> Option<Option<Vec<Employment>>> {
        let Some(written) = &self.employments else { return Some(None) };
        check.count("employments", written.len(), 0, limits::EMPLOYMENTS);
        let mut read = Vec::new();
        for (position, item) in written.iter().enumerate().take(limits::EMPLOYMENTS) {
            let place = at("employments", position);
            let unit: Option<CreditCode> = check.code(&format!("{place}.unit"), &item.unit);
            let name = check.text(&format!("{place}.name"), &item.name, limits::UNIT_NAME);
            let since_place = format!("{place}.since");
            let since = check.date(&since_place, &item.since);
            check.order(&since_place, &item.since, birth, since, BORN_FIRST);
            read.push((|| Some(Employment { unit: unit?, name: name?, since: since? }))());
        }
        let units: Vec<_> = written
            .iter()
            .zip(&read)
            .map(|(item, read)| (item.unit.as_str(), read.as_ref().map(|e| e.unit.clone())))
            .collect();
        check.distinct("employments", "duplicate", &units);
        all(read).map(Some)
    }

    fn check_past(&self, check: &mut Check) -> Option<Vec<PastEmployment>> {
        check.count("past", self.past.len(), 0, limits::PAST);
        let mut read = Vec::new();
        for (position, item) in self.past.iter().enumerate().take(limits::PAST) {
            let place = at("past", position);
            let unit: Option<CreditCode> = check.code(&format!("{place}.unit"), &item.unit);
            let name = match item.name.as_str() {
                "" => Some(None),
                name => check.text(&format!("{place}.name"), name, limits::UNIT_NAME).map(Some),
            };
            let from = check.date(&format!("{place}.from"), &item.from);
            let to_place = format!("{place}.to");
            let to = check.date(&to_place, &item.to);
            check.order(&to_place, &item.to, from, to, ENDS_AFTER_BEGINNING);
            read.push((|| Some(PastEmployment { unit: unit?, name: name?, from: from?, to: to? }))());
        }
        all(read)
    }
}

impl fmt::Debug for Draft {
    /// Says nothing: all of it is a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draft(…)")
    }
}

pub(super) const ENDS_AFTER_BEGINNING: Order =
    Order { zh: "截止日早于起始日", en: "ends before it begins" };

/// Up to so many entries of lists an image is well within its limit, whatever their length: none takes
/// more than a kilobyte, and most records need no measuring.
const FEW_ENTRIES: usize = 24;
/// What an image holds beside the draft: salts, card, standing, labels.
const ROOM_FOR_THE_REST: usize = 2048;

/// Nothing for somebody of whom no more is known: most of a pool, and all of it is in memory.
fn boxed(particulars: Particulars) -> Option<Box<Particulars>> {
    (particulars != Particulars::default()).then(|| Box::new(particulars))
}

/// 5 to 20 digits and hyphens, a plus in front allowed; kept as written.
pub(super) fn check_phone(check: &mut Check, field: &str, phone: &str) -> Option<String> {
    let local = phone.strip_prefix('+').unwrap_or(phone);
    let sound = (5..=20).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        && local.starts_with(|c: char| c.is_ascii_digit())
        && local.ends_with(|c: char| c.is_ascii_digit());
    if sound {
        return Some(phone.to_owned());
    }
    let (zh, en) =
        ("应为 5 至 20 位数字，可含连字符", "must be 5 to 20 digits, hyphens allowed between them");
    let rule = if phone.is_empty() { "required" } else { "phone" };
    check.refuse(field, phone, rule, zh, en);
    None
}

pub(super) fn check_codes<T: std::str::FromStr<Err = crate::codes::CodeError> + Ord + Clone>(
    check: &mut Check,
    field: &str,
    written: &[String],
    min: usize,
    max: usize,
) -> Option<Vec<T>> {
    check.count(field, written.len(), min, max);
    let read: Vec<(&str, Option<T>)> = written
        .iter()
        .enumerate()
        .take(max)
        .map(|(position, text)| (text.as_str(), check.code(&at(field, position), text)))
        .collect();
    check.distinct(field, "duplicate", &read);
    read.into_iter().map(|(_, code)| code).collect()
}

#[cfg(test)]
#[path = "draft_samples.rs"]
pub(crate) mod samples;

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
