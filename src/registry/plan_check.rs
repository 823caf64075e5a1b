//! The check of a plan: every problem at once, by field and rule.
//!
//! *Deliberately not here:* whether a speciality stands in a loaded scheme, whether a package or an
//! attachment exists (`service`), what the committee must be (`rules::committee`).

use crate::codes::{CreditCode, Region, Speciality};
use crate::time::{Date, Timestamp};

use super::check::{Check, all, at};
use super::expert::{ExpertNumber, limits};
use super::plan::{
    Category, DocumentNumber, Involved, InvolvedPart, Method, Override, PLAN_GROUPS_MAX, PLAN_HOURS_MAX,
    PLAN_PEOPLE_MAX, PLAN_REGIONS_MAX, PLAN_SEATS_MAX, Plan, PlanGroup, ProvinceFiling, Selected,
    SelfSelection, SitesAsked,
};
use super::plan_draft::{
    InvolvedDraft, PlanDraft, PlanGroupDraft, ProvinceFilingDraft, SelectedDraft, SelfSelectionDraft,
    SitesDraft,
};
use super::problem::Problem;

/// The longest reason, in characters.
const REASON_MAX: usize = 1_000;
/// The greatest budget: 10 trillion yuan.
const BUDGET_MAX: i64 = 1_000_000_000_000_000;
/// The most departures from rules.
const OVERRIDES_MAX: usize = 16;
/// The most representatives.
const REPRESENTATIVES_MAX: u32 = 32;

impl PlanDraft {
    /// Checks every rule of form and number.
    ///
    /// # Errors
    /// All problems.
    pub fn check(&self) -> Result<Plan, Vec<Problem>> {
        let mut check = Check::default();
        let package = check.text("package", &self.package, 64);
        let region = check.code("region", &self.region);
        let method =
            word(&mut check, "method", &self.method, Method::parse, &Method::ALL.map(Method::as_str));
        let category = word(
            &mut check,
            "category",
            &self.category,
            Category::parse,
            &Category::ALL.map(Category::as_str),
        );
        if !(1..=BUDGET_MAX).contains(&self.budget_fen) {
            let (zh, en) = ("预算（分）须为正数，不超过 10 万亿元", "1 fen to 10 trillion yuan");
            check.refuse("budget_fen", &self.budget_fen.to_string(), "range", zh, en);
        }
        if self.review_start <= 0 || Date::checked_of(Timestamp(self.review_start)).is_none() {
            check.refuse("review_start", "", "time", "评审开始时间不可用", "no usable time");
        }
        range(&mut check, "hours", self.hours, 1, PLAN_HOURS_MAX);
        range(&mut check, "representatives", self.representatives, 0, REPRESENTATIVES_MAX);
        let groups = self.groups(&mut check);
        let document_numbers = self.numbers(&mut check);
        let involved = self.people(&mut check);
        let region_reason = optional(&mut check, "region_reason", self.region_reason.as_deref(), REASON_MAX);
        let self_selection = self.self_selection.as_ref().map(|draft| draft.check(&mut check));
        let overrides = self.departures(&mut check);
        let province_filing = self.province_filing.as_ref().map(|draft| draft.check(&mut check));
        let sites = self.sites.as_ref().map(|draft| draft.check(&mut check));
        let by_site = self.groups.iter().any(|group| group.of_site);
        let sub_venues = self.sites.as_ref().map_or(0, |sites| sites.count);
        let undrawn = |group: &PlanGroupDraft| group.of_site && !(2..=sub_venues + 1).contains(&group.site);
        if let Some(position) = self.groups.iter().position(undrawn).filter(|_| by_site) {
            let (zh, en) = (
                "按场所取区域的席位组，其场所须由抽取副场决定（2 至 副场数+1）",
                "a group that takes the region of its site needs a site that is drawn (2 to the number of sub-venues + 1)",
            );
            check.refuse(&format!("groups[{position}].of_site"), "", "site_not_drawn", zh, en);
        }
        if !self.remote && self.sites.is_some() {
            let (zh, en) = ("只有异地评审抽取副场", "only a remote review draws sites");
            check.refuse("sites", "", "not_remote", zh, en);
        }
        let plan = (|| {
            Some(Plan {
                package: package?,
                region: region?,
                method: method?,
                category: category?,
                budget_fen: self.budget_fen,
                threshold_reached: self.threshold_reached,
                complex: self.complex,
                social_impact: self.social_impact,
                remote: self.remote,
                review_start: Timestamp(self.review_start),
                hours: self.hours,
                representatives: self.representatives,
                groups: groups?,
                document_numbers: document_numbers?,
                involved: involved?,
                region_reason,
                self_selection: self_selection.map_or(Some(None), |checked| checked.map(Some))?,
                overrides: overrides?,
                province_filing: province_filing.map_or(Some(None), |checked| checked.map(Some))?,
                sites: sites.map_or(Some(None), |checked| checked.map(Some))?,
            })
        })();
        check.finish(plan)
    }

    fn groups(&self, check: &mut Check) -> Option<Vec<PlanGroup>> {
        let least = usize::from(self.self_selection.is_none());
        check.count("groups", self.groups.len(), least, PLAN_GROUPS_MAX);
        let seats: u64 = self.groups.iter().map(|group| u64::from(group.seats)).sum();
        if seats > u64::from(PLAN_SEATS_MAX) {
            check.refuse("groups", "", "seats_total", "各组席位合计不得超过64", "at most 64 seats in all");
        }
        let checked = self.groups.iter().take(PLAN_GROUPS_MAX).enumerate();
        all(checked.map(|(i, group)| group.check(&at("groups", i), check)).collect())
    }

    fn numbers(&self, check: &mut Check) -> Option<Vec<DocumentNumber>> {
        let field = "document_numbers";
        check.count(field, self.document_numbers.len(), 0, PLAN_GROUPS_MAX);
        let mut found = Vec::new();
        for (i, (speciality, experts)) in self.document_numbers.iter().take(PLAN_GROUPS_MAX).enumerate() {
            let field = at(field, i);
            range(check, &format!("{field}.experts"), *experts, 1, PLAN_SEATS_MAX);
            let speciality: Option<Speciality> = check.code(&format!("{field}.speciality"), speciality);
            found.push(speciality.map(|speciality| DocumentNumber { speciality, experts: *experts }));
        }
        let written: Vec<_> = self
            .document_numbers
            .iter()
            .map(|(speciality, _)| (speciality.as_str(), Some(speciality.as_str())))
            .collect();
        check.distinct(field, "duplicate", &written);
        all(found)
    }

    fn people(&self, check: &mut Check) -> Option<Vec<Involved>> {
        check.count("involved", self.involved.len(), 0, PLAN_PEOPLE_MAX);
        let people = self.involved.iter().take(PLAN_PEOPLE_MAX).enumerate();
        all(people.map(|(i, person)| person.check(&at("involved", i), check)).collect())
    }

    fn departures(&self, check: &mut Check) -> Option<Vec<Override>> {
        check.count("overrides", self.overrides.len(), 0, OVERRIDES_MAX);
        let mut found = Vec::new();
        for (i, (rule, reason)) in self.overrides.iter().take(OVERRIDES_MAX).enumerate() {
            let field = at("overrides", i);
            let named = rule.len() <= 64
                && !rule.is_empty()
                && rule.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !named {
                check.refuse(
                    &format!("{field}.rule"),
                    rule,
                    "rule_name",
                    "须为规则名称",
                    "must be the name of a rule",
                );
            }
            let reason = check.text(&format!("{field}.reason"), reason, REASON_MAX);
            found.push(reason.filter(|_| named).map(|reason| Override { rule: rule.clone(), reason }));
        }
        let written: Vec<_> =
            self.overrides.iter().map(|(rule, _)| (rule.as_str(), Some(rule.as_str()))).collect();
        check.distinct("overrides", "duplicate", &written);
        let mut found: Vec<Override> = all(found)?;
        found.sort_by(|a, b| a.rule.cmp(&b.rule));
        Some(found)
    }
}

impl PlanGroupDraft {
    fn check(&self, field: &str, check: &mut Check) -> Option<PlanGroup> {
        let before = check.found();
        let within = regions(check, &format!("{field}.within"), &self.within);
        let except = regions(check, &format!("{field}.except"), &self.except);
        let of = |name: &str| format!("{field}.{name}");
        if self.of_site && !self.within.is_empty() {
            let (zh, en) = ("按场所取区域时不得另列区域", "must be empty where the site gives the region");
            check.refuse(&of("within"), "", "of_site", zh, en);
        } else if !self.of_site && self.within.is_empty() {
            check.refuse(&of("within"), "", "required", "至少一个评审区域", "at least one region");
        }
        range(check, &of("seats"), self.seats, 1, PLAN_SEATS_MAX);
        range(check, &of("site"), self.site, 1, 32);
        let speciality: Option<Speciality> = check.code(&of("speciality"), &self.speciality);
        let group = PlanGroup {
            speciality: speciality?,
            within: within?,
            except: except?,
            of_site: self.of_site,
            seats: self.seats,
            site: self.site,
            legal: self.legal,
        };
        (check.found() == before).then_some(group)
    }
}

impl InvolvedDraft {
    fn check(&self, field: &str, check: &mut Check) -> Option<Involved> {
        let before = check.found();
        let of = |name: &str| format!("{field}.{name}");
        if self.number.is_none() && self.id_hash.is_none() && self.name.is_none() {
            let (zh, en) =
                ("须有专家编号、身份证件或姓名", "an expert number, an identity document or a name");
            check.refuse(field, "", "required", zh, en);
        }
        let number = expert_number(check, &of("number"), self.number.as_deref());
        if self.id_hash.as_deref().is_some_and(|hash| !is_hash(hash)) {
            check.refuse(
                &of("id_hash"),
                "",
                "hash",
                "须为 64 位十六进制",
                "must be 64 hexadecimal characters",
            );
        }
        let name = optional(check, &of("name"), self.name.as_deref(), limits::NAME);
        let words = InvolvedPart::ALL.map(InvolvedPart::as_str);
        let part = word(check, &of("part"), &self.part, InvolvedPart::parse, &words);
        let note = optional(check, &of("note"), self.note.as_deref(), REASON_MAX);
        if part == Some(InvolvedPart::OtherRelation) && self.note.is_none() {
            check.refuse(
                &of("note"),
                "",
                "required",
                "其他关系须写明理由",
                "another relation needs its reason",
            );
        }
        let person = Involved { number, id_hash: self.id_hash.clone(), name, part: part?, note };
        (check.found() == before).then_some(person)
    }
}

impl SelfSelectionDraft {
    fn check(&self, check: &mut Check) -> Option<SelfSelection> {
        let before = check.found();
        if self.consent.as_deref().is_some_and(|consent| !is_hash(consent)) {
            let (zh, en) = (
                "须为本方案附件（主管预算单位同意文件）的摘要",
                "must be the digest of the plan's attachment that is the consent",
            );
            check.refuse("self_selection.consent", "", "consent", zh, en);
        }
        let reason = check.text("self_selection.reason", &self.reason, REASON_MAX);
        check.count("self_selection.members", self.members.len(), 1, PLAN_PEOPLE_MAX);
        let members = self.members.iter().take(PLAN_PEOPLE_MAX).enumerate();
        let members: Vec<_> =
            members.map(|(i, member)| member.check(&at("self_selection.members", i), check)).collect();
        let numbers: Vec<_> = self
            .members
            .iter()
            .map(|member| (member.number.as_deref().unwrap_or_default(), member.number.clone()))
            .collect();
        check.distinct("self_selection.members", "duplicate", &numbers);
        let selection =
            SelfSelection { consent: self.consent.clone(), reason: reason?, members: all(members)? };
        (check.found() == before).then_some(selection)
    }
}

impl SelectedDraft {
    fn check(&self, field: &str, check: &mut Check) -> Option<Selected> {
        let before = check.found();
        let of = |name: &str| format!("{field}.{name}");
        let name = check.text(&of("name"), &self.name, limits::NAME);
        let number = expert_number(check, &of("number"), self.number.as_deref());
        let unit: Option<Option<CreditCode>> = self.unit.as_deref().map(|unit| check.code(&of("unit"), unit));
        let speciality: Option<Option<Speciality>> =
            self.speciality.as_deref().map(|code| check.code(&of("speciality"), code));
        let member = Selected {
            name: name?,
            number,
            unit: unit.flatten(),
            speciality: speciality.flatten(),
            legal: self.legal,
        };
        (check.found() == before).then_some(member)
    }
}

impl ProvinceFilingDraft {
    fn check(&self, check: &mut Check) -> Option<ProvinceFiling> {
        let province: Option<Region> = check.code("province_filing.province", &self.province);
        if province.is_some_and(|region| region.parent().is_some()) {
            let (zh, en) = ("须为省级区划", "must be a province");
            check.refuse("province_filing.province", &self.province, "province", zh, en);
        }
        let number = check.text("province_filing.number", &self.number, 100);
        let filed_on = check.date("province_filing.filed_on", &self.filed_on);
        Some(ProvinceFiling { province: province?, number: number?, filed_on: filed_on? })
    }
}

impl SitesDraft {
    fn check(&self, check: &mut Check) -> Option<SitesAsked> {
        range(check, "sites.count", self.count, 1, 31);
        range(check, "sites.workstations", self.workstations, 1, PLAN_SEATS_MAX);
        let within = regions(check, "sites.within", &self.within);
        if self.within.is_empty() {
            check.refuse("sites.within", "", "required", "至少一个区域", "at least one region");
        }
        Some(SitesAsked { count: self.count, within: within?, workstations: self.workstations })
    }
}

fn word<T>(
    check: &mut Check,
    field: &str,
    written: &str,
    parse: impl Fn(&str) -> Option<T>,
    words: &[&str],
) -> Option<T> {
    let found = parse(written);
    if found.is_none() {
        let (zh, en) =
            (format!("应为 {} 之一", words.join("、")), format!("must be one of {}", words.join(", ")));
        check.refuse(field, written, if written.is_empty() { "required" } else { "word" }, &zh, &en);
    }
    found
}

fn range(check: &mut Check, field: &str, value: u32, min: u32, max: u32) {
    if !(min..=max).contains(&value) {
        let (zh, en) = (format!("应为 {min} 至 {max}"), format!("must be {min} to {max}"));
        check.refuse(field, &value.to_string(), "range", &zh, &en);
    }
}

fn optional(check: &mut Check, field: &str, value: Option<&str>, max: usize) -> Option<String> {
    value.and_then(|value| check.text(field, value, max))
}

fn expert_number(check: &mut Check, field: &str, written: Option<&str>) -> Option<ExpertNumber> {
    let written = written?;
    let number = ExpertNumber::parse(written);
    if number.is_none() {
        check.refuse(field, written, "expert_number", "应为专家编号", "must be an expert number");
    }
    number
}

/// Region codes, none twice; answered ascending.
fn regions(check: &mut Check, field: &str, codes: &[String]) -> Option<Vec<Region>> {
    check.count(field, codes.len(), 0, PLAN_REGIONS_MAX);
    let found = codes.iter().take(PLAN_REGIONS_MAX).enumerate();
    let found: Vec<Option<Region>> = found.map(|(i, code)| check.code(&at(field, i), code)).collect();
    let written: Vec<_> = codes.iter().map(|code| (code.as_str(), Some(code.as_str()))).collect();
    check.distinct(field, "duplicate", &written);
    let mut regions = all(found)?;
    regions.sort_by_key(|region| region.as_str());
    Some(regions)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::super::plan_draft::samples::plan_draft;
    use super::*;

    fn refused(change: impl Fn(&mut PlanDraft)) -> (String, &'static str) {
        let mut draft = plan_draft();
        change(&mut draft);
        let problem = draft.check().unwrap_err().remove(0);
        (problem.field, problem.rule)
    }

    #[test]
    fn a_sound_plan_is_valid_and_counts_its_seats() {
        let plan = plan_draft().check().unwrap();
        assert_eq!((plan.drawn_seats(), plan.experts(), plan.members()), (5, 5, 5));
        assert_eq!(plan.review_end().0 - plan.review_start.0, 4 * 3_600);
        assert_eq!(plan.seats_by_site(), [(1, 5)]);
    }

    #[test]
    fn what_breaks_a_limit_is_named_by_field_and_rule() {
        let is = |found: (String, &'static str), field: &str, rule: &str| {
            assert_eq!((found.0.as_str(), found.1), (field, rule));
        };
        is(refused(|d| d.method = "whim".into()), "method", "word");
        is(refused(|d| d.budget_fen = 0), "budget_fen", "range");
        is(refused(|d| d.hours = 241), "hours", "range");
        is(refused(|d| d.groups.clear()), "groups", "count");
        is(refused(|d| d.groups[0].seats = 65), "groups", "seats_total");
        is(refused(|d| d.groups[0].within.clear()), "groups[0].within", "required");
        is(refused(|d| d.groups[0].within.push("430600".into())), "groups[0].within[1]", "duplicate");
        is(refused(|d| d.overrides = vec![("Rule".into(), "因".into())]), "overrides[0].rule", "rule_name");
        is(refused(|d| d.involved = vec![InvolvedDraft::default()]), "involved[0]", "required");
        is(refused(|d| d.sites = Some(SitesDraft::default())), "sites.count", "range");
    }

    #[test]
    fn a_group_takes_the_region_of_its_site_only_where_sites_are_drawn() {
        let of_site = |draft: &mut PlanDraft| {
            draft.remote = true;
            draft.groups[0].within.clear();
            draft.groups[0].of_site = true;
            draft.groups[0].site = 2;
        };
        let found = refused(of_site);
        assert_eq!((found.0.as_str(), found.1), ("groups[0].of_site", "site_not_drawn"));
        let mut draft = plan_draft();
        of_site(&mut draft);
        draft.sites = Some(SitesDraft { count: 1, within: vec!["430000".into()], workstations: 2 });
        assert!(draft.check().is_ok());
    }

    #[test]
    fn a_plan_without_groups_is_one_of_self_selected_experts() {
        let mut draft = plan_draft();
        draft.groups.clear();
        let member = SelectedDraft { name: "王小明".into(), ..SelectedDraft::default() };
        draft.self_selection =
            Some(SelfSelectionDraft {
                consent: None, reason: "技术复杂".into(), members: vec![member; 3]
            });
        let plan = draft.check().unwrap();
        assert!(plan.is_wholly_self_selected());
        assert_eq!(plan.experts(), 3);
        draft.self_selection.as_mut().unwrap().consent = Some("口头".into());
        assert_eq!(draft.check().unwrap_err()[0].rule, "consent");
    }
}
