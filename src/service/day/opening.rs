//! The agency opens the day: which venue each site is, the full list of suppliers, the discipline.
//!
//! The list of suppliers holds everybody who takes part; those that were known at the draw may not be
//! missing. It is sealed with the case and shown to a member after the sign-in.

use super::body::{Day, DaySite};
use super::view::DayView;
use super::{LETTER, not_now};
use crate::codes::{CreditCode, Region};
use crate::draw::request::Organisation;
use crate::registry::day::DAY;
use crate::registry::{Package, Problem, SUPPLIERS_MAX, venue::VENUE};
use crate::rules::day::DayRules;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::calls::Turn;
use crate::service::case_body::text;
use crate::service::cases::NewCase;
use crate::service::changes::Changes;
use crate::service::draws::state;
use crate::service::idempotency::IdempotencyKey;
use crate::service::looks::line;
use crate::service::refusal::Refusal;
use crate::store::{self, StoreError, case::CaseFilter};

/// The longest text of the discipline, in characters.
const DISCIPLINE_MAX: usize = 10_000;
/// The most workstations of a site.
const WORKSTATIONS_MAX: usize = 256;

/// A site as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteDraft {
    /// Site number of the draw.
    pub site: u32,
    /// Id of the venue.
    pub venue: String,
    /// Names of its workstations for this review, 1–256.
    pub workstations: Vec<String>,
}

/// A day as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayDraft {
    /// Every site of the draw, once.
    pub sites: Vec<SiteDraft>,
    /// All suppliers: credit code and name.
    pub suppliers: Vec<(String, String)>,
    /// The discipline of the review (评审纪律), read out and kept (198号 art 15).
    pub discipline: String,
    /// Representatives of the purchaser on the committee.
    pub representatives: u32,
    /// The central body, if the procurement stands in the catalogue of centralised procurement.
    pub central_body: Option<(String, String)>,
}

impl Service {
    /// Opens the day of an own draw whose seats are all accepted.
    pub fn open_day(
        &self,
        actor: &Actor,
        draw: &str,
        draft: &DayDraft,
        key: &IdempotencyKey,
    ) -> Result<DayView, Refusal> {
        actor.check(Action::RunDay)?;
        let open = || {
            let row = self.own_draw(actor, draw)?;
            let turn = self.calls_of(draw)?;
            if row.state != state::FILLED || !turn.book.may_be_unsealed() {
                let en = "not every seat has a member who accepted, or a round is open";
                return Err(not_now("not_filled", "尚有席位未确认，或应答尚未截止，不能开始评审当日", en));
            }
            let (_, package) = self.package_record(actor, &row.package)?;
            let day = self.checked_day(&turn, draft, &package)?;
            let region = day.sites.first().map(|site| site.region.clone());
            let new = NewCase {
                lifecycle: &DAY,
                letter: LETTER,
                subject: None,
                region: region.as_deref(),
                parent: Some(draw),
                owner: Some(package.agency().code.as_str()),
                due: Some(day.review_start),
                body: day.to_json(),
                sealed_for: None,
            };
            let case = self.begin_case(actor, &actor.parties(), "open", new)?;
            let of_draw = CaseFilter {
                kinds: vec![DAY.name.to_owned()],
                parent: Some(draw.to_owned()),
                ..CaseFilter::default()
            };
            let changes = Changes::once(self.idempotency_row(actor, Some(key), draw, 201))
                .case(self.case_change(&case)?)
                // Under the lock: two who open at once make one day.
                .part(move |tx| match store::case::count(tx, &of_draw)? {
                    1 => Ok(()),
                    _ => Err(StoreError::Conflict("day of this draw".into())),
                });
            self.write_changes("open day", changes)
        };
        self.once(actor, Some(key), |_| Ok(()), open)?;
        self.day(actor, draw)
    }

    fn checked_day(&self, turn: &Turn, draft: &DayDraft, package: &Package) -> Result<Day, Refusal> {
        let mut problems = Vec::new();
        let mut wrong = |field: String, rule: &'static str, zh: &str, en: &str| {
            problems.push(Problem::new(field, "", rule, zh, en));
        };
        let request = &turn.trail.request;
        let planned = match self.plan_of_draw(&turn.row)? {
            Some(case) => {
                let (_, _, plan) = self.plan_file(&case.id)?;
                if draft.representatives != plan.representatives {
                    let (zh, en) = ("须与采购方案的采购人代表人数一致", "as many as the plan has");
                    wrong("representatives".into(), "plan", zh, en);
                }
                self.sites_of(&case)?.into_iter().map(|site| (case.id.clone(), site)).collect()
            }
            None => Vec::new(),
        };
        let mut numbers: Vec<u32> = request.groups.iter().map(|group| group.site).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut given: Vec<u32> = draft.sites.iter().map(|site| site.site).collect();
        given.sort_unstable();
        if given != numbers {
            wrong(
                "sites".into(),
                "sites",
                "须逐一列明本次抽取的每个场所",
                "must name every site of the draw once",
            );
        }
        let mut sites = Vec::new();
        for (at, site) in draft.sites.iter().enumerate() {
            let seats: u32 = request.groups.iter().filter(|g| g.site == site.site).map(|g| g.seats).sum();
            let count = site.workstations.len();
            let named_once = {
                let mut names: Vec<&str> = site.workstations.iter().map(String::as_str).collect();
                names.sort_unstable();
                names.dedup();
                names.len() == count && names.iter().all(|name| line("name", name, 64).is_ok())
            };
            if count < seats as usize || count > WORKSTATIONS_MAX || !named_once {
                let zh = "工位名称须各不相同，数量不少于该场所席位、不超过 256";
                let en = "names once each, at least as many as the site has seats, at most 256";
                wrong(format!("sites[{at}].workstations"), "workstations", zh, en);
            }
            // A venue that was drawn is the one, with the workstations that are held there.
            if let Some((plan, drawn)) = planned.iter().find(|(_, drawn)| drawn.site == site.site) {
                if drawn.venue != site.venue {
                    let (zh, en) = ("须为抽取产生的副场", "must be the venue that was drawn");
                    wrong(format!("sites[{at}].venue"), "drawn", zh, en);
                }
                let held = self.bookings_of(&drawn.venue)?;
                let held =
                    held.iter().find(|booking| booking.plan == *plan && booking.site == Some(site.site));
                if held.is_some_and(|held| {
                    site.workstations.iter().any(|name| !held.workstations.contains(name))
                }) {
                    let (zh, en) = ("须为已为本方案预订的工位", "must be workstations held for this plan");
                    wrong(format!("sites[{at}].workstations"), "held", zh, en);
                }
            }
            match self.venue_region(&site.venue)? {
                Some(region) => sites.push(DaySite {
                    site: site.site,
                    venue: site.venue.clone(),
                    region,
                    workstations: site.workstations.clone(),
                }),
                None => wrong(format!("sites[{at}].venue"), "venue", "没有该评审场所", "no such venue"),
            }
        }
        let mut suppliers: Vec<Organisation> = Vec::new();
        for (at, (code, name)) in draft.suppliers.iter().enumerate() {
            let field = format!("suppliers[{at}]");
            if CreditCode::parse(code).is_err() {
                wrong(format!("{field}.code"), "credit_code", "统一社会信用代码无效", "no valid credit code");
            }
            if line("name", name, 128).is_err() {
                wrong(format!("{field}.name"), "length", "应为 1 至 128 个字符", "1 to 128 characters");
            }
            suppliers.push(Organisation { code: code.clone(), name: name.clone() });
        }
        suppliers.sort_by(|a, b| a.code.cmp(&b.code));
        if suppliers.is_empty() || suppliers.len() > SUPPLIERS_MAX {
            wrong("suppliers".into(), "count", "应为 1 至 64 家", "must be 1 to 64");
        }
        if suppliers.windows(2).any(|pair| matches!(pair, [a, b] if a.code == b.code)) {
            wrong("suppliers".into(), "duplicate_supplier", "供应商重复", "a supplier stands twice");
        }
        let missing = package
            .suppliers()
            .iter()
            .any(|known| !suppliers.iter().any(|supplier| supplier.code == known.code.as_str()));
        if missing {
            let zh = "抽取时已知的供应商不得缺漏";
            wrong("suppliers".into(), "missing", zh, "a supplier that was known at the draw is missing");
        }
        let length = draft.discipline.chars().count();
        let control = draft.discipline.chars().any(|c| c.is_control() && c != '\n');
        if draft.discipline.trim().is_empty() || length > DISCIPLINE_MAX || control {
            let zh = "评审纪律必填，不超过 10000 字，不含换行以外的控制字符";
            let en = "1 to 10,000 characters, no control characters but line breaks";
            wrong("discipline".into(), "length", zh, en);
        }
        if draft.representatives > 64 {
            wrong("representatives".into(), "range", "不得超过 64 人", "at most 64");
        }
        let central_body = draft.central_body.as_ref().map(|(code, name)| {
            if CreditCode::parse(code).is_err() || line("name", name, 128).is_err() {
                wrong(
                    "central_body".into(),
                    "credit_code",
                    "集中采购机构代码或名称无效",
                    "no valid code or name",
                );
            }
            Organisation { code: code.clone(), name: name.clone() }
        });
        if !problems.is_empty() {
            return Err(Refusal::invalid(problems));
        }
        sites.sort_by_key(|site| site.site);
        let rules = DayRules::of(&self.profile);
        let start = request.review_start;
        let (sign_in, failure) = Day::times(&rules, start, turn.trail.terms.sign_in_by);
        Ok(Day {
            draw: turn.row.id.clone(),
            package: turn.row.package.clone(),
            review_start: start,
            sites,
            suppliers,
            discipline: draft.discipline.clone(),
            representatives: draft.representatives,
            central_body,
            expected: turn.book.panel().iter().map(|seat| seat.position).collect(),
            sign_in,
            failure,
            arrivals: Vec::new(),
            pauses: Vec::new(),
            vacancies: Vec::new(),
            chair: None,
            sittings: Vec::new(),
            report: None,
            archived: None,
        })
    }

    /// The region of a venue that is open; `None` if there is no such venue.
    fn venue_region(&self, id: &str) -> Result<Option<String>, Refusal> {
        let found = self.store.read(|conn| self.read_case(conn, id))?;
        let venue = found.filter(|case| case.kind == VENUE.name && case.state == "active");
        let region =
            venue.and_then(|case| case.region.or_else(|| text(&case.body, &["region"]).map(str::to_owned)));
        Ok(region.filter(|code| Region::parse(code).is_ok()))
    }
}
