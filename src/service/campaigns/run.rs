//! The population of a campaign, examined in chunks over the drawing index (the registry in memory).
//!
//! The cursor is the last number examined; numbers are random, so whoever registers meanwhile may or
//! may not be met, as in any check that has a day. A chunk is one write: at most [`ITEMS_AT_ONCE`] items
//! with the campaign's new cursor and totals.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Service;
use super::super::actor::{Action, Actor};
use super::super::case_body::{CaseLine, get, int, set, text};
use super::super::cases::{Case, NewCase, all_rows};
use super::super::changes::Changes;
use super::super::refusal::Refusal;
use super::Population;
use crate::codec::{Json, Object};
use crate::registry::Expert;
use crate::registry::campaign::{CAMPAIGN, CHECK_ITEM};
use crate::registry::keeping::UNREACHABLE;
use crate::rules::conditions::ConductSummary;
use crate::rules::special_check::{Around, CheckFinding, special_check};
use crate::store::case::CaseFilter;
use crate::time::Date;

/// The most items of one write.
const ITEMS_AT_ONCE: usize = 500;
/// The most people examined in one write.
const PEOPLE_AT_ONCE: u32 = 5_000;
/// The most people examined in one request.
pub const RUN_MAX: u32 = 20_000;

/// What the registry as a whole says, gathered once per run.
struct Surroundings {
    phones: BTreeMap<String, u32>,
    people: BTreeMap<(String, Date), u32>,
    conduct: BTreeMap<String, ConductSummary>,
    unreachable: BTreeSet<String>,
}

/// One person of a chunk.
struct Examined {
    number: String,
    county: String,
    findings: Vec<CheckFinding>,
}

impl Service {
    /// Examines up to `people` more of a campaign's population; asked again until the state is `open`.
    /// Not idempotent by key but by cursor: whoever was examined is not examined again.
    pub fn run_campaign(&self, actor: &Actor, id: &str, people: u32) -> Result<CaseLine, Refusal> {
        actor.check(Action::ReviewCases)?;
        if !(1..=RUN_MAX).contains(&people) {
            let (zh, en) = ("应为 1 至 20000", "must be 1 to 20000");
            return Err(Refusal::field("people", &people.to_string(), "range", zh, en));
        }
        let mut case = self.case(actor, &CAMPAIGN, id)?;
        let population = population(&case)?;
        let checks = get(&case.body, "checks").and_then(Json::as_list).unwrap_or_default();
        let checks: BTreeSet<String> =
            checks.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        let around = self.surroundings()?;
        let mut left = people;
        loop {
            let after = text(&case.body, &["cursor"]).map(str::to_owned);
            let examined = self.examine_chunk(
                &population,
                &checks,
                after.as_deref(),
                left.min(PEOPLE_AT_ONCE),
                &around,
            )?;
            left = left.saturating_sub(u32::try_from(examined.len()).unwrap_or(u32::MAX));
            let end = examined.is_empty();
            self.step_case(
                actor,
                &actor.parties(),
                &CAMPAIGN,
                &mut case,
                if end { "examined" } else { "examine" },
            )?;
            let mut changes = Changes::default();
            for person in examined.iter().filter(|person| !person.findings.is_empty()) {
                let item = self.item(actor, &case, person)?;
                changes = changes.case(self.case_change(&item)?);
            }
            count(&mut case, &examined);
            if let Some(last) = examined.last() {
                set(&mut case.body, "cursor", last.number.as_str());
            }
            self.write_changes("examine chunk", changes.case(self.case_change(&case)?))?;
            if end || left == 0 {
                return Ok(CaseLine::from(&case));
            }
        }
    }

    /// How many a population has today.
    pub(super) fn population_size(&self, population: &Population) -> Result<u64, Refusal> {
        let index = self.current_index()?;
        let prefix = population.region_prefix();
        Ok(index.after(None).filter(|indexed| population.holds(&indexed.expert, prefix.as_deref())).count()
            as u64)
    }

    fn examine_chunk(
        &self,
        population: &Population,
        checks: &BTreeSet<String>,
        after: Option<&str>,
        people: u32,
        around: &Surroundings,
    ) -> Result<Vec<Examined>, Refusal> {
        let today = Date::of(self.clock.now());
        let (index, prefix) = (self.current_index()?, population.region_prefix());
        let (mut examined, mut found) = (Vec::new(), 0);
        for indexed in index.after(after) {
            let expert = &indexed.expert;
            if !population.holds(expert, prefix.as_deref()) {
                continue;
            }
            let mut findings = special_check(expert, &around.of(expert), self.registry_profile(), today);
            findings.retain(|finding| checks.is_empty() || checks.contains(&finding.name));
            found += usize::from(!findings.is_empty());
            let county = expert.regions().first().map(|region| region.as_str().to_owned());
            let number = expert.number().as_str().to_owned();
            examined.push(Examined { number, county: county.unwrap_or_default(), findings });
            if found == ITEMS_AT_ONCE || examined.len() == people as usize {
                break;
            }
        }
        Ok(examined)
    }

    fn item(&self, actor: &Actor, campaign: &Case, person: &Examined) -> Result<Case, Refusal> {
        let finding = |f: &CheckFinding| {
            let object = Object::new().with("name", f.name.as_str()).with("answer", f.answer);
            let object = object.with("title", f.title.as_str()).with("source", f.source.as_str());
            Json::from(object.with("status", f.status.as_str()))
        };
        let new = NewCase {
            lifecycle: &CHECK_ITEM,
            letter: 'I',
            subject: Some(&person.number),
            region: Some(&person.county),
            parent: Some(&campaign.id),
            owner: None,
            due: campaign.due,
            body: Object::new()
                .with("findings", person.findings.iter().map(finding).collect::<Json>())
                .into(),
            sealed_for: Some(&person.number),
        };
        self.begin_case(actor, &actor.parties(), "find", new)
    }

    fn surroundings(&self) -> Result<Surroundings, Refusal> {
        let (mut phones, mut people) = (BTreeMap::new(), BTreeMap::new());
        {
            let index = self.current_index()?;
            for indexed in index.after(None).filter(|indexed| in_registry(&indexed.expert)) {
                let expert = &indexed.expert;
                *phones.entry(expert.phone().to_owned()).or_insert(0) += 1;
                *people.entry((expert.name().to_owned(), birth(expert))).or_insert(0) += 1;
            }
        }
        // Only what two share is needed further.
        phones.retain(|_, count| *count > 1);
        people.retain(|_, count| *count > 1);
        let reported = CaseFilter {
            kinds: vec![UNREACHABLE.name.to_owned()],
            states: vec!["reported".to_owned(), "unreachable".to_owned()],
            ..CaseFilter::default()
        };
        let (conduct, rows) = self.store.read(|conn| {
            Ok::<_, Refusal>((self.conduct_summaries(conn, None)?, all_rows(conn, &reported)?))
        })?;
        let unreachable = rows.into_iter().filter_map(|row| row.subject).collect();
        Ok(Surroundings { phones, people, conduct, unreachable })
    }
}

impl Surroundings {
    fn of(&self, expert: &Expert) -> Around {
        let number = expert.number().as_str();
        Around {
            conduct: self.conduct.get(number).copied().unwrap_or_default(),
            employer_kinds: None,
            unreachable: self.unreachable.contains(number),
            same_phone: in_registry(expert) && self.phones.contains_key(expert.phone()),
            same_person: in_registry(expert)
                && self.people.contains_key(&(expert.name().to_owned(), birth(expert))),
        }
    }
}

impl Population {
    /// Whether an expert belongs to it; `prefix` is its region's.
    fn holds(&self, expert: &Expert, prefix: Option<&str>) -> bool {
        let region = expert.regions().first();
        let term_to = expert.term_to();
        let after = |text: &String| Date::parse(text).is_ok_and(|from| term_to >= from);
        let before = |text: &String| Date::parse(text).is_ok_and(|to| term_to <= to);
        let speciality =
            |prefix: &String| expert.specialities().iter().any(|s| s.as_str().starts_with(prefix.as_str()));
        let standing = match &self.standing {
            Some(standing) => expert.standing().kind().as_str() == standing,
            None => in_registry(expert),
        };
        let unit =
            |code: &String| expert.employments().unwrap_or_default().iter().any(|e| e.unit.as_str() == code);
        standing
            && prefix.is_none_or(|prefix| region.is_some_and(|region| region.as_str().starts_with(prefix)))
            && self.speciality.as_ref().is_none_or(speciality)
            && self.unit.as_ref().is_none_or(unit)
            && self.term_from.as_ref().is_none_or(after)
            && self.term_to.as_ref().is_none_or(before)
    }
}

fn in_registry(expert: &Expert) -> bool {
    ["active", "suspended", "stale"].contains(&expert.standing().kind().as_str())
}

fn population(case: &Case) -> Result<Population, Refusal> {
    let recorded =
        get(&case.body, "population").ok_or_else(|| Refusal::internal("campaign without population"))?;
    let of = |key: &str| text(recorded, &[key]).map(str::to_owned);
    Ok(Population {
        region: of("region"),
        speciality: of("speciality"),
        standing: of("standing"),
        unit: of("unit"),
        term_from: of("term_from"),
        term_to: of("term_to"),
    })
}

/// Adds a chunk to the campaign's totals: by county, and there by finding.
fn count(case: &mut Case, examined: &[Examined]) {
    let mut totals: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    if let Some(Json::Map(counties)) = get(&case.body, "totals") {
        for (county, counts) in counties {
            let counts = counts.as_map().into_iter().flatten();
            let counts = counts.filter_map(|(name, count)| Some((name.clone(), count.as_int()?)));
            totals.insert(county.clone(), counts.collect());
        }
    }
    let mut add = |county: &str, name: &str| {
        *totals.entry(county.to_owned()).or_default().entry(name.to_owned()).or_insert(0) += 1;
    };
    for person in examined {
        add(&person.county, "examined");
        if !person.findings.is_empty() {
            add(&person.county, "found");
        }
        for finding in &person.findings {
            add(&person.county, &finding.name);
        }
    }
    let sum = |name: &str| totals.values().filter_map(|counts| counts.get(name)).sum::<i64>();
    let (all, found) = (sum("examined"), sum("found"));
    let record = totals.iter().fold(Object::new(), |object, (county, counts)| {
        object.with(county, counts.iter().fold(Object::new(), |o, (name, count)| o.with(name, *count)))
    });
    debug_assert!(int(&case.body, &["examined"]).unwrap_or(0) <= all, "totals only grow");
    set(&mut case.body, "totals", record);
    set(&mut case.body, "examined", all);
    set(&mut case.body, "found", found);
}

fn birth(expert: &Expert) -> Date {
    expert.birth()
}
