//! A chain of sources, the nation's first, becomes one compiled profile.
//!
//! Tables merge key by key, lists and values replace. Whoever restates `source` starts a new statement:
//! the parent's `certainty` and `note` do not carry over.

use std::collections::BTreeMap;

use super::source::Source;
use super::{CHAIN_MAX, SourceError};
use crate::codec::{Json, Object};
use crate::rules::{Jurisdiction, Profile, ProfileError, Rule};

type Map = BTreeMap<String, Json>;

/// Terms that stand at the top of the profile too (draw-v1 §3.4).
const TOP: [&str; 4] = ["unit_cap", "lots", "margin", "window_minutes"];

pub(super) fn compile(chain: &[Source]) -> Result<Profile, SourceError> {
    let Some((last, above)) = chain.split_last() else {
        return Err(SourceError::new("", "", "没有源文件", "no source"));
    };
    debug_assert!(chain.len() <= CHAIN_MAX);
    let wrong = |place: &str, zh: &str, en: &str| Err(SourceError::new(&last.name, place, zh, en));
    if let Some(parent) = above.last() {
        if !within(last.jurisdiction, parent.jurisdiction) {
            return wrong("jurisdiction", "不在上级档案的区域内", "does not lie within the parent's");
        }
        if last.valid_from < parent.valid_from {
            return wrong("valid_from", "早于上级档案的施行日期", "lies before the parent's");
        }
    }
    let (mut terms, mut rules) = (Map::new(), Map::new());
    let (mut fees, mut contributions, mut published) = (None, None, None);
    for source in chain {
        for (name, term) in &source.terms {
            merge(&mut terms, name, term, &source.name, "terms", &["value"])?;
        }
        for (name, rule) in &source.rules {
            let changes = ["applies", "unknown", "in_principle", "parameters"];
            merge(&mut rules, name, rule, &source.name, "rules", &changes)?;
        }
        fees = source.fees.clone().or(fees);
        contributions = source.contributions.clone().or(contributions);
        published = source.pool_published.clone().or(published);
    }
    let Some(published) = published else { return wrong("pool_published", "必填", "required") };
    let mut profile = Object::new()
        .with("v", 2u32)
        .with("name", format!("{}-{}", last.name, last.edition))
        .with("title", last.title.as_str())
        .with_some("note", last.note.as_deref())
        .with("jurisdiction", region(last.jurisdiction))
        .with("valid_from", last.valid_from.to_string())
        .with_some("valid_to", last.valid_to.map(|day| day.to_string()))
        .with("chain", chain.iter().map(link).collect::<Json>())
        .with("pool_published", published);
    for name in TOP {
        let value = terms.get(name).and_then(Json::as_map).and_then(|term| term.get("value"));
        let Some(value) = value else { return wrong(&format!("terms.{name}"), "必填", "required") };
        profile = profile.with(name, value.clone());
    }
    profile = profile.with("terms", marked(&Json::Map(terms), &last.name, "terms")?);
    if let Some(fees) = fees {
        profile = profile.with("fees", marked(&fees, &last.name, "fees")?);
    }
    if let Some(rows) = contributions {
        profile = profile.with("contributions", marked(&rows, &last.name, "contributions")?);
    }
    let mut list = Vec::new();
    for rule in Rule::ALL {
        let Some(Json::Map(stated)) = rules.get(rule.name()) else {
            return wrong(&format!("rules.{}", rule.name()), "缺少这一规则", "the rule is missing");
        };
        let mut entry = stated.clone();
        entry.insert("name".into(), rule.name().into());
        entry.entry("applies".into()).or_insert_with(|| "yes".into());
        entry.entry("in_principle".into()).or_insert_with(|| "no".into());
        list.push(marked(&Json::Map(entry), &last.name, &format!("rules.{}", rule.name()))?);
    }
    let bytes = Json::from(profile.with("rules", list)).canonical();
    Profile::parse(&bytes).map_err(|error| refused(&last.name, &error))
}

/// What the reader of compiled profiles refuses, with the place in the source where it can be told.
fn refused(name: &str, error: &ProfileError) -> SourceError {
    let ProfileError::Shape(shape) = error else {
        return SourceError::new(name, "", "编译结果不符合要求", error.to_string());
    };
    let place = match shape.path.strip_prefix("rules[").and_then(|rest| rest.split_once(']')) {
        Some((number, rest)) => {
            let rule = number.parse::<usize>().ok().and_then(|number| Rule::ALL.get(number));
            rule.map_or_else(|| shape.path.clone(), |rule| format!("rules.{}{rest}", rule.name()))
        }
        None => shape.path.clone(),
    };
    SourceError::new(name, place, "不符合要求", shape.rule.clone())
}

/// Takes a statement about one term or rule over the parent's.
fn merge(
    all: &mut Map,
    name: &str,
    stated: &Json,
    source: &str,
    table: &str,
    changes: &[&str],
) -> Result<(), SourceError> {
    let at = |key: &str| format!("{table}.{name}{key}");
    let Json::Map(stated) = stated else {
        return Err(SourceError::new(source, at(""), "应为表", "must be a table"));
    };
    let known = all.entry(name.to_owned()).or_insert_with(|| Json::Map(Map::new()));
    let Json::Map(known) = known else { return Ok(()) };
    let restated = stated.contains_key("source") && stated.contains_key("status");
    if let Some(change) = changes.iter().find(|key| stated.contains_key(**key))
        && !restated
    {
        return Err(SourceError::new(
            source,
            at(&format!(".{change}")),
            "改变规则须同时写明 source 和 status",
            "whoever changes this must state source and status",
        ));
    }
    if restated {
        known.remove("certainty");
        known.remove("note");
    }
    overlay(known, stated);
    Ok(())
}

fn overlay(below: &mut Map, above: &Map) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Json::Map(below)), Json::Map(above)) => overlay(below, above),
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The same with every `status` in the spelling of compiled profiles: C, C2, Knn, P.
fn marked(json: &Json, name: &str, place: &str) -> Result<Json, SourceError> {
    match json {
        Json::List(items) => {
            items.iter().enumerate().map(|(n, item)| marked(item, name, &format!("{place}[{n}]"))).collect()
        }
        Json::Map(map) => {
            let mut out = Map::new();
            for (key, value) in map {
                match key.as_str() {
                    "status" => {
                        let mark = mark(value, map.get("certainty")).ok_or_else(|| {
                            SourceError::new(
                                name,
                                format!("{place}.status"),
                                "应为 text、secondary、policy，或 memory 并以 certainty 写明把握（1至99）",
                                "must be text, secondary, policy, or memory with a certainty from 1 to 99",
                            )
                        })?;
                        out.insert("status".into(), Json::from(mark));
                    }
                    "certainty" => {}
                    _ => {
                        out.insert(key.clone(), marked(value, name, &format!("{place}.{key}"))?);
                    }
                }
            }
            Ok(Json::Map(out))
        }
        other => Ok(other.clone()),
    }
}

fn mark(status: &Json, certainty: Option<&Json>) -> Option<String> {
    match (status.as_str()?, certainty) {
        ("text", None) => Some("C".to_owned()),
        ("secondary", None) => Some("C2".to_owned()),
        ("policy", None) => Some("P".to_owned()),
        ("memory", Some(percent)) => {
            let percent = percent.as_int().filter(|percent| (1..=99).contains(percent))?;
            Some(format!("K{percent:02}"))
        }
        _ => None,
    }
}

fn link(source: &Source) -> Json {
    Object::new()
        .with("name", source.name.as_str())
        .with("edition", source.edition.as_str())
        .with("digest", source.digest)
        .into()
}

fn region(jurisdiction: Jurisdiction) -> String {
    match jurisdiction {
        Jurisdiction::Country => "CN".to_owned(),
        Jurisdiction::Region(region) => region.as_str().to_owned(),
    }
}

fn within(child: Jurisdiction, parent: Jurisdiction) -> bool {
    match (child, parent) {
        (_, Jurisdiction::Country) => true,
        (Jurisdiction::Region(child), Jurisdiction::Region(parent)) => child.is_within(&parent),
        (Jurisdiction::Country, Jurisdiction::Region(_)) => false,
    }
}
