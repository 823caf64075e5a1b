//! From what an agency sends to a request that can be sworn to: codes that exist, times to come,
//! seats within the limits; every problem named by field and rule.

use super::from_plan::FromPlan;
use crate::codes::{CodeError, Region, Speciality};
use crate::draw::request::{GROUP_LIMIT, GroupRequest, Organisation, REGION_LIMIT, Request, SEAT_LIMIT};
use crate::registry::{Package, Party, Problem};
use crate::rules::{Project, Requirement};
use crate::service::calls::terms::CallTerms;
use crate::service::refusal::Refusal;
use crate::service::scheme_book::Book;
use crate::time::{Date, Timestamp};

/// The furthest that a review may lie ahead.
const MOST_DAYS_AHEAD: i64 = 366;

/// One seat group as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDraft {
    /// `scheme:code`.
    pub speciality: String,
    /// Region codes within which the expert reviews.
    pub within: Vec<String>,
    /// Region codes that do not count although they lie within.
    pub except: Vec<String>,
    /// Seats.
    pub seats: u32,
    /// Site number, from 1.
    pub site: u32,
}

/// A draw as requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawDraft {
    /// Id of the package.
    pub package: String,
    /// Start of the review.
    pub review_start: Timestamp,
    /// Seat groups in order.
    pub groups: Vec<GroupDraft>,
    /// Terms of the calls; `None`: nobody is called by this service.
    pub calls: Option<CallTerms>,
}

/// A checked request with what the rules need to judge people by it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What is sworn to.
    pub request: Request,
    /// Speciality and regions by group.
    pub requirements: Vec<Requirement>,
    /// Parties and review day.
    pub project: Project,
    /// The plan that the draw is made from; `None`: made without one.
    pub plan: Option<FromPlan>,
    /// Terms of the calls.
    pub calls: Option<CallTerms>,
}

impl Checked {
    /// With what the plan says beyond its groups.
    pub fn of_plan(self, from: FromPlan) -> Checked {
        let project = Project {
            involved: Some(from.involved.clone()),
            barred: from.barred.clone(),
            ..self.project.lasting(from.hours)
        };
        Checked { project, plan: Some(from), ..self }
    }
}

/// Checks a draft against the package it is for and the time now.
pub fn check(draft: &DrawDraft, package: &Package, book: &Book, now: Timestamp) -> Result<Checked, Refusal> {
    let mut problems = Vec::new();
    let days_ahead = (draft.review_start.0 - now.0) / 86_400;
    if draft.review_start <= now {
        problems.push(problem(
            "review_start",
            "",
            "in_the_past",
            "评审开始时间必须晚于现在",
            "must lie in the future",
        ));
    } else if days_ahead > MOST_DAYS_AHEAD || Date::checked_of(draft.review_start).is_none() {
        problems.push(problem(
            "review_start",
            "",
            "too_far",
            "评审开始时间不得晚于一年以后",
            "at most a year ahead",
        ));
    }
    if draft.groups.is_empty() || draft.groups.len() > GROUP_LIMIT {
        problems.push(problem("groups", "", "count", "席位组须为1至32个", "1 to 32 groups"));
    }
    let mut requirements = Vec::new();
    let mut groups = Vec::new();
    for (i, group) in draft.groups.iter().enumerate().take(GROUP_LIMIT) {
        if let Some((requirement, request)) = check_group(i, group, book, &mut problems) {
            requirements.push(requirement);
            groups.push(request);
        }
    }
    let seats: u64 = draft.groups.iter().map(|group| u64::from(group.seats)).sum();
    if seats > u64::from(SEAT_LIMIT) {
        problems.push(problem(
            "groups",
            "",
            "seats_total",
            "各组席位合计不得超过64",
            "at most 64 seats in all",
        ));
    }
    if !problems.is_empty() {
        return Err(Refusal::invalid(problems));
    }
    let mut suppliers: Vec<Organisation> = package.suppliers().iter().map(organisation).collect();
    suppliers.sort();
    let request = Request {
        plan: package.plan_no().as_str().to_owned(),
        package: package.package_no().as_str().to_owned(),
        purchaser: organisation(package.purchaser()),
        agency: organisation(package.agency()),
        suppliers,
        review_start: draft.review_start.0,
        groups,
    };
    let problems = draft.calls.as_ref().map(|terms| terms.problems(&request)).unwrap_or_default();
    if !problems.is_empty() {
        return Err(Refusal::invalid(problems));
    }
    let project =
        Project { package: Some(draft.package.clone()), ..Project::of(package, draft.review_start) };
    let project = match &draft.calls {
        Some(calls) => project.lasting(calls.hours),
        None => project,
    };
    Ok(Checked { request, requirements, project, plan: None, calls: draft.calls.clone() })
}

fn check_group(
    i: usize,
    group: &GroupDraft,
    book: &Book,
    problems: &mut Vec<Problem>,
) -> Option<(Requirement, GroupRequest)> {
    let at = |field: &str| format!("groups[{i}].{field}");
    let before = problems.len();
    if !(1..=SEAT_LIMIT).contains(&group.seats) {
        problems.push(problem(
            &at("seats"),
            &group.seats.to_string(),
            "range",
            "席位数须为1至64",
            "1 to 64 seats",
        ));
    }
    if !(1..=32).contains(&group.site) {
        problems.push(problem(
            &at("site"),
            &group.site.to_string(),
            "range",
            "场所编号须为1至32",
            "site 1 to 32",
        ));
    }
    let speciality = Speciality::parse(&group.speciality)
        .and_then(|speciality| book.knows(&speciality).map(|()| speciality))
        .map_err(|error| problems.push(code_problem(&at("speciality"), &group.speciality, &error)))
        .ok();
    if group.within.is_empty() {
        problems.push(problem(&at("within"), "", "required", "至少一个评审区域", "at least one region"));
    }
    let within = regions(&at("within"), &group.within, problems);
    let except = regions(&at("except"), &group.except, problems);
    if problems.len() > before {
        return None;
    }
    let codes = |regions: &[Region]| regions.iter().map(|region| region.as_str().to_owned()).collect();
    let request = GroupRequest {
        speciality: group.speciality.clone(),
        within: codes(&within),
        except: codes(&except),
        seats: group.seats,
        site: group.site,
    };
    Some((Requirement { speciality: speciality?, within, except }, request))
}

/// Parses region codes; answers them ascending, as the request swears to them.
fn regions(field: &str, codes: &[String], problems: &mut Vec<Problem>) -> Vec<Region> {
    if codes.len() > REGION_LIMIT {
        problems.push(problem(field, "", "count", "区域不得超过64个", "at most 64 regions"));
        return Vec::new();
    }
    let mut regions = Vec::new();
    for (k, code) in codes.iter().enumerate() {
        match Region::parse(code) {
            Ok(region) if regions.contains(&region) => {
                problems.push(problem(
                    &format!("{field}[{k}]"),
                    code,
                    "duplicate",
                    "区域重复",
                    "listed twice",
                ));
            }
            Ok(region) => regions.push(region),
            Err(error) => problems.push(code_problem(&format!("{field}[{k}]"), code, &error)),
        }
    }
    regions.sort_by_key(|region| region.as_str());
    regions
}

fn organisation(party: &Party) -> Organisation {
    Organisation { code: party.code.as_str().to_owned(), name: party.name.clone() }
}

fn code_problem(field: &str, value: &str, error: &CodeError) -> Problem {
    let rule = match error {
        CodeError::UnknownSpeciality => "unknown_speciality",
        CodeError::UnknownEducation => "unknown_education",
        CodeError::UnknownScheme => "unknown_scheme",
        CodeError::UnknownRegion => "unknown_region",
        _ => "code",
    };
    problem(field, value, rule, &error.message_zh(), &error.to_string())
}

fn problem(field: &str, value: &str, rule: &'static str, zh: &str, en: &str) -> Problem {
    Problem::new(field, value, rule, zh, en)
}
