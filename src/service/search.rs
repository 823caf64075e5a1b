//! Experts found and counted in memory: by name, number, unit, speciality with those below it,
//! region, standing, level of title, tier, end of term.
//!
//! The index that draws are made from is the index that is searched (`index`, `name_index`): it
//! follows the journal, so a search sees what a draw would see. Bitmaps narrow down, the facts decide.
//!
//! *Invariants:*
//! - Searching by name, and showing names, is a look: it is recorded with its purpose, and how many
//!   people it showed, before anything is answered.
//! - Who may request draws lists nothing: `Action::ReadRegistry` is no right of theirs (`actor`).
//! - An account of a region finds only experts whose main review region lies there.
//! - Counts below [`SMALL`] are shown to the bureau alone; where one cell of a breakdown is hidden, a second one
//!   is, or the sum would give it away.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::Service;
use super::actor::{Action, Actor, Role};
use super::index::{DrawingIndex, Indexed};
use super::listing::{Listed, Paging};
pub use super::name_index::NameMatch;
use super::name_index::{matches, plain};
use super::refusal::Refusal;
use super::tier::Tiers;
use crate::codes::{CreditCode, Region, Speciality};
use crate::registry::{ExpertNumber, Problem, StandingKind, TitleLevel};
use crate::time::Date;

/// Counts below this are not told to everybody (a cell that small may name a person).
pub const SMALL: u64 = 5;
/// The most characters of a name that is looked for.
const NAME_MAX: usize = 64;
/// The most bytes of the name of a tier.
const TIER_MAX: usize = 64;

/// The words of a filter, as in a query: name and what they are.
pub const FILTERS: [&str; 10] = [
    "name",
    "match",
    "number",
    "unit",
    "speciality",
    "region",
    "standing",
    "title_level",
    "tier",
    "term_to_before",
];

/// Which experts; an empty filter finds all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchAsked {
    /// Of this name, and how it is compared.
    pub name: Option<(String, NameMatch)>,
    /// With a number that begins so.
    pub number: Option<String>,
    /// Employed by this unit, whichever of their employers.
    pub unit: Option<CreditCode>,
    /// With this speciality or one below it.
    pub speciality: Option<Speciality>,
    /// Reviewing in this region or a part of it.
    pub region: Option<Region>,
    /// With this standing today.
    pub standing: Option<StandingKind>,
    /// With this level of title.
    pub title_level: Option<TitleLevel>,
    /// In the tier of this name, as computed today.
    pub tier: Option<String>,
    /// With a term that ends before this day.
    pub term_to_before: Option<Date>,
}

/// An expert as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Number.
    pub number: String,
    /// 姓名; only if names were asked for with a purpose.
    pub name: Option<String>,
    /// Standing as last decided.
    pub standing: &'static str,
    /// Standing today.
    pub standing_today: &'static str,
    /// Level of the title.
    pub title_level: &'static str,
    /// Main review region.
    pub region: String,
    /// All review regions, ascending.
    pub regions: Vec<String>,
    /// Specialities, ascending.
    pub specialities: Vec<String>,
    /// Credit code of the unit.
    pub unit: Option<String>,
    /// First day of the term.
    pub term_from: Date,
    /// Last day of the term.
    pub term_to: Date,
}

/// A count, or that it is too small to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u64),
    /// Fewer than [`SMALL`], or kept back so that another one stays hidden.
    Hidden,
}

/// Experts counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All that the filter finds.
    pub total: Count,
    /// By main review region: the city of each.
    pub regions: BTreeMap<String, Count>,
    /// By standing today.
    pub standings: BTreeMap<&'static str, Count>,
    /// By the top level of specialities, scheme included; somebody may count in several.
    pub specialities: BTreeMap<String, Count>,
}

impl SearchAsked {
    /// Reads a filter from its words (`FILTERS`).
    ///
    /// # Errors
    /// Each word that is unknown or has no such value.
    pub fn from_words<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<Problem>> {
        let (mut asked, mut problems, mut how) = (Self::default(), Vec::new(), NameMatch::Contains);
        let mut name = None;
        for (key, value) in words {
            let mut refuse = |rule, zh: &str, en: &str| problems.push(Problem::new(key, value, rule, zh, en));
            match key {
                "name" if (1..=NAME_MAX).contains(&plain(value).chars().count()) => {
                    name = Some(value.to_owned())
                }
                "name" => refuse("length", "应为 1 至 64 个字", "must have 1 to 64 characters"),
                "match" => match NameMatch::parse(value) {
                    Some(known) => how = known,
                    None => {
                        let (zh, en) =
                            ("应为 exact、prefix 或 contains", "must be exact, prefix or contains");
                        refuse("match", zh, en);
                    }
                },
                "number" if begins_number(value) => asked.number = Some(value.to_owned()),
                "number" => {
                    refuse("number", "应为专家编号或其开头", "must be an expert number or its beginning")
                }
                "unit" => match CreditCode::parse(value) {
                    Ok(code) => asked.unit = Some(code),
                    Err(error) => refuse("credit_code", &error.message_zh(), &error.to_string()),
                },
                "speciality" => match Speciality::parse(value) {
                    Ok(speciality) => asked.speciality = Some(speciality),
                    Err(error) => refuse("unknown_speciality", &error.message_zh(), &error.to_string()),
                },
                "region" => match Region::parse(value) {
                    Ok(region) => asked.region = Some(region),
                    Err(error) => refuse("unknown_region", &error.message_zh(), &error.to_string()),
                },
                "standing" => match StandingKind::parse(value) {
                    Some(standing) => asked.standing = Some(standing),
                    None => refuse("standing", "没有这种状态", "there is no such standing"),
                },
                "title_level" => match TitleLevel::parse(value) {
                    Some(level) => asked.title_level = Some(level),
                    None => refuse("title_level", "没有这一级职称", "there is no such level of title"),
                },
                "tier" if (1..=TIER_MAX).contains(&value.len()) => asked.tier = Some(value.to_owned()),
                "tier" => refuse("tier", "应为阶梯的名称", "must be the name of a tier"),
                "term_to_before" => match Date::parse(value) {
                    Ok(day) => asked.term_to_before = Some(day),
                    Err(error) => refuse("date", error.message_zh(), &error.to_string()),
                },
                _ => refuse("unknown_filter", "没有这一筛选条件", "there is no such filter"),
            }
        }
        asked.name = name.map(|name| (name, how));
        if problems.is_empty() { Ok(asked) } else { Err(problems) }
    }

    /// Slots that may match; `None`: anybody may.
    fn narrowed(&self, actor: &Actor, index: &DrawingIndex) -> Option<RoaringBitmap> {
        let bitmaps = [
            self.name.as_ref().map(|(name, _)| index.named(name)),
            self.speciality.map(|speciality| index.skilled(speciality)),
            self.region.map(|region| index.reviewing(region)),
            actor.region.map(|own| index.reviewing(own)),
        ];
        bitmaps.into_iter().flatten().reduce(|found, next| found & next)
    }

    fn fits(&self, actor: &Actor, indexed: &Indexed, tiers: &Tiers, today: Date) -> bool {
        let expert = &indexed.expert;
        let main = expert.regions().first().map(|region| region.as_str());
        let unit = |unit: &CreditCode| {
            let employments = expert.employments().unwrap_or_default();
            employments.iter().any(|employment| employment.unit == *unit)
        };
        actor.covers(main)
            && self.name.as_ref().is_none_or(|(name, how)| matches(expert.name(), name, *how))
            && self.number.as_ref().is_none_or(|number| expert.number().as_str().starts_with(number))
            && self.unit.as_ref().is_none_or(unit)
            && self.standing.is_none_or(|standing| expert.standing().on(today).kind() == standing)
            && self.title_level.is_none_or(|level| expert.title_level() == level)
            && self.tier.as_deref().is_none_or(|tier| tiers.of(expert.number().as_str()) == tier)
            && self.term_to_before.is_none_or(|day| expert.term_to() < day)
    }
}

impl Service {
    /// A page of experts in the order of their numbers. With a name in the filter, or with `names`, a
    /// purpose is needed and the look is recorded.
    pub fn search_experts(
        &self,
        actor: &Actor,
        asked: &SearchAsked,
        names: bool,
        purpose: Option<&str>,
        paging: &Paging,
    ) -> Result<Listed<Found>, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let limit = paging.limit.clamp(1, 200) as usize;
        let mut found = self.find(actor, asked, names, paging.after.as_deref(), limit + 1)?;
        let next = (found.len() > limit).then(|| found[limit - 1].number.clone());
        found.truncate(limit);
        if names || asked.name.is_some() {
            self.record_names(actor, "experts_searched", found.len(), purpose)?;
        }
        Ok(Listed { items: found, next })
    }

    /// Experts counted by region, standing and speciality. Names are no filter here: a count by name
    /// would tell whether somebody is an expert.
    pub fn count_experts(&self, actor: &Actor, asked: &SearchAsked) -> Result<Counts, Refusal> {
        actor.check(Action::ReadRegistry)?;
        if asked.name.is_some() || asked.number.is_some() {
            let field = if asked.name.is_some() { "name" } else { "number" };
            return Err(Refusal::field(
                field,
                "",
                "no_filter_of_counts",
                "计数不按此条件筛选",
                "counts are not filtered by this",
            ));
        }
        let today = Date::of(self.clock.now());
        let tiers = self.tiers_asked(asked)?;
        let (mut total, mut regions, mut standings, mut specialities) =
            (0u64, BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        {
            let index = self.current_index()?;
            for indexed in matching(&index, actor, asked, &tiers, today, None) {
                total += 1;
                if let Some(main) = indexed.expert.regions().first() {
                    *regions.entry(city(*main)).or_insert(0u64) += 1;
                }
                *standings.entry(indexed.expert.standing().on(today).kind().as_str()).or_insert(0u64) += 1;
                let tops: std::collections::BTreeSet<String> = indexed
                    .expert
                    .specialities()
                    .iter()
                    .filter_map(|claim| claim.ancestors().last())
                    .map(|top| top.to_string())
                    .collect();
                for top in tops {
                    *specialities.entry(top).or_insert(0u64) += 1;
                }
            }
        }
        let all = actor.role == Role::Bureau;
        Ok(Counts {
            total: if all || total >= SMALL { Count::Exactly(total) } else { Count::Hidden },
            regions: told(regions, all),
            standings: told(standings, all),
            specialities: told(specialities, all),
        })
    }

    /// All experts of a filter, at most `limit`, in the order of their numbers. The caller has
    /// checked who asks and records the look.
    pub(super) fn find(
        &self,
        actor: &Actor,
        asked: &SearchAsked,
        names: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Found>, Refusal> {
        let today = Date::of(self.clock.now());
        let tiers = self.tiers_asked(asked)?;
        let index = self.current_index()?;
        let found = matching(&index, actor, asked, &tiers, today, after).take(limit);
        Ok(found.map(|indexed| shown(indexed, names, today)).collect())
    }

    /// The tiers of everybody, if the filter asks for one; the name must be one of the table's.
    fn tiers_asked(&self, asked: &SearchAsked) -> Result<Tiers, Refusal> {
        let Some(name) = &asked.tier else { return Ok(Tiers::default()) };
        if !self.tier_table().rows().iter().any(|row| row.name == *name) {
            let (zh, en) = ("规则档案没有这一阶梯", "the profile has no such tier");
            return Err(Refusal::field("tier", name, "tier", zh, en));
        }
        self.store.read(|conn| self.all_tiers(conn))
    }

    /// The record of a look at the names of so many people at once.
    pub(super) fn record_names(
        &self,
        actor: &Actor,
        what: &str,
        people: usize,
        purpose: Option<&str>,
    ) -> Result<(), Refusal> {
        self.record_look(actor, what, &format!("experts:{people}"), purpose.unwrap_or_default())
    }
}

/// Those who match, in the order of their numbers, after one.
fn matching<'a>(
    index: &'a DrawingIndex,
    actor: &'a Actor,
    asked: &'a SearchAsked,
    tiers: &'a Tiers,
    today: Date,
    after: Option<&'a str>,
) -> impl Iterator<Item = &'a Indexed> {
    let narrowed = asked.narrowed(actor, index);
    let few = narrowed.as_ref().is_some_and(|slots| slots.len() < index.len() as u64 / 8);
    // Few are sorted; many are met in the order of numbers.
    let (sorted, walked) = if few {
        let slots = narrowed.iter().flatten();
        let mut sorted: Vec<(&str, u32)> = slots
            .filter_map(|slot| index.slot(slot).map(|indexed| (indexed.expert.number().as_str(), slot)))
            .filter(|(number, _)| after.is_none_or(|after| *number > after))
            .collect();
        sorted.sort_unstable();
        (Some(sorted.into_iter().map(|(_, slot)| slot)), None)
    } else {
        let inside = move |slot: &u32| narrowed.as_ref().is_none_or(|slots| slots.contains(*slot));
        (None, Some(index.slots_after(after).filter(inside)))
    };
    let slots = sorted.into_iter().flatten().chain(walked.into_iter().flatten());
    slots.filter_map(|slot| index.slot(slot)).filter(move |indexed| asked.fits(actor, indexed, tiers, today))
}

fn shown(indexed: &Indexed, names: bool, today: Date) -> Found {
    let expert = &indexed.expert;
    let sorted = |mut codes: Vec<String>| {
        codes.sort();
        codes
    };
    Found {
        number: expert.number().as_str().to_owned(),
        name: names.then(|| expert.name().to_owned()),
        standing: expert.standing().kind().as_str(),
        standing_today: expert.standing().on(today).kind().as_str(),
        title_level: expert.title_level().as_str(),
        region: expert.regions().first().map(|region| region.as_str().to_owned()).unwrap_or_default(),
        regions: sorted(expert.regions().iter().map(|region| region.as_str().to_owned()).collect()),
        specialities: sorted(expert.specialities().iter().map(ToString::to_string).collect()),
        unit: expert.unit().map(|employment| employment.unit.as_str().to_owned()),
        term_from: expert.term_from(),
        term_to: expert.term_to(),
    }
}

/// What may be told of a breakdown.
fn told<K: Ord>(counts: BTreeMap<K, u64>, all: bool) -> BTreeMap<K, Count> {
    let hidden = counts.values().filter(|count| **count < SMALL).count();
    let second = counts.values().copied().filter(|count| *count >= SMALL).min();
    let mut one_more = !all && hidden == 1;
    let tell = |count: u64| {
        let kept_back = one_more && Some(count) == second;
        one_more = one_more && !kept_back;
        if all || (count >= SMALL && !kept_back) { Count::Exactly(count) } else { Count::Hidden }
    };
    let (keys, values): (Vec<K>, Vec<u64>) = counts.into_iter().unzip();
    keys.into_iter().zip(values.into_iter().map(tell)).collect()
}

/// The city of a region, a province by itself.
fn city(region: Region) -> String {
    let cities = region.ancestors().find(|above| above.as_str().ends_with("00"));
    cities.map_or_else(|| region.as_str().to_owned(), |city| city.as_str().to_owned())
}

fn begins_number(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('E') else { return false };
    let filled = format!("E{rest:0<16}");
    ExpertNumber::parse(&filled).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_hidden_and_a_single_hidden_one_gets_company() {
        let counts = |numbers: &[u64]| (0u32..).zip(numbers.iter().copied()).collect::<BTreeMap<_, _>>();
        let shown = |numbers: &[u64], all| told(counts(numbers), all).into_values().collect::<Vec<_>>();
        use Count::{Exactly, Hidden};
        assert_eq!(shown(&[1, 9, 7], true), [Exactly(1), Exactly(9), Exactly(7)]);
        assert_eq!(shown(&[1, 9, 7], false), [Hidden, Exactly(9), Hidden], "7 would give 1 away");
        assert_eq!(shown(&[1, 2, 7, 7], false), [Hidden, Hidden, Exactly(7), Exactly(7)]);
        assert_eq!(shown(&[1, 7, 7], false), [Hidden, Hidden, Exactly(7)]);
        assert_eq!(shown(&[5, 6], false), [Exactly(5), Exactly(6)]);
        assert_eq!(shown(&[3], false), [Hidden]);
    }

    #[test]
    fn a_filter_is_read_from_words_and_each_wrong_one_is_named() {
        let asked =
            SearchAsked::from_words([("name", "王"), ("match", "prefix"), ("region", "430600")]).unwrap();
        assert_eq!(asked.name, Some(("王".into(), NameMatch::Prefix)));
        let words = [
            ("name", " · "),
            ("match", "like"),
            ("number", "X"),
            ("unit", "1"),
            ("speciality", "x"),
            ("region", "1"),
            ("standing", "dead"),
            ("title_level", "x"),
            ("tier", ""),
            ("term_to_before", "x"),
            ("x", "1"),
        ];
        let found = SearchAsked::from_words(words).unwrap_err();
        let fields: Vec<&str> = found.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, words.map(|(key, _)| key));
        assert!(
            begins_number("E0") && begins_number("E0123456789abcdef") && !begins_number("E0123456789abcdef0")
        );
    }

    #[test]
    fn every_word_of_a_filter_is_known() {
        for word in FILTERS {
            let found = SearchAsked::from_words([(word, "\u{1}")]).err().unwrap_or_default();
            assert!(found.iter().all(|problem| problem.rule != "unknown_filter"), "{word}");
        }
    }
}
