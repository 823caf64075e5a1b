//! Reading profiles of both versions.

use std::collections::BTreeMap;

use crate::codec::{Fields, Json, ShapeError, object};
use crate::time::Date;

use super::super::parameters::Parameters;
use super::super::registry_profile::{Mark, read};
use super::super::rule::Rule;
use super::terms::Terms;
use super::{Jurisdiction, Link, Profile, ProfileError, RuleEntry, Status, UnknownPolicy};

/// The longest text of version 1, in characters.
const TEXT_LIMIT: usize = 1000;

/// One entry of the list `rules`, with its place and its parameters still unread.
struct Listed<'a> {
    name: String,
    entry: RuleEntry,
    place: String,
    parameters: Option<&'a Json>,
}

pub(super) fn profile(json: &Json, bytes: &[u8]) -> Result<Profile, ProfileError> {
    let mut listed = Vec::new();
    let mut profile = object(json, "", |f| {
        let version = f.int("v", 1..=2)?;
        listed = f.each("rules", |json, path| rule(json, path, version == 2))?;
        if version == 1 { head_v1(f, bytes) } else { head_v2(f, bytes) }
    })?;
    let expected: &[Rule] = if profile.version == 1 { &Rule::V1 } else { Rule::ALL };
    for Listed { name, entry, place, parameters } in listed {
        let rule = Rule::parse(&name).ok_or(ProfileError::UnknownRule(name))?;
        if !expected.contains(&rule) {
            return Err(ProfileError::LaterVersion(rule.name()));
        }
        match parameters {
            Some(json) if Parameters::has(rule) => {
                let place = format!("{place}.parameters");
                object(json, &place, |f| profile.parameters.read(rule, f))?;
            }
            Some(_) => {
                let place = format!("{place}.parameters");
                return Err(ShapeError::new(place, "this rule has no parameters").into());
            }
            None if profile.version == 2 && entry.applies && Parameters::has(rule) => {
                return Err(ShapeError::new(format!("{place}.parameters"), "required").into());
            }
            None => {}
        }
        if profile.rules.insert(rule, entry).is_some() {
            return Err(ProfileError::RuleTwice(rule.name()));
        }
    }
    match expected.iter().find(|rule| !profile.rules.contains_key(rule)) {
        Some(missing) => Err(ProfileError::RuleMissing(missing.name())),
        None => Ok(profile),
    }
}

fn head_v1(f: &mut Fields<'_>, bytes: &[u8]) -> Result<Profile, ShapeError> {
    let mut profile = head(f, bytes, 1)?;
    *profile.parameters = Parameters {
        max_age: between(f, "max_age", 18, 150)?,
        employment_years: between(f, "employment_years", 1, 50)?,
        ..Parameters::default()
    };
    // One number is meant for every employment: at suppliers, at the purchaser, at the agency.
    profile.parameters.own_unit_years = profile.parameters.employment_years;
    profile.parameters.agent_years = profile.parameters.employment_years;
    Ok(profile)
}

fn head_v2(f: &mut Fields<'_>, bytes: &[u8]) -> Result<Profile, ShapeError> {
    let mut profile = head(f, bytes, 2)?;
    profile.chain = f.each("chain", |json, path| {
        object(json, path, |f| {
            Ok(Link {
                name: read::name(f, "name")?,
                edition: read::name(f, "edition")?,
                digest: f.hash("digest")?,
            })
        })
    })?;
    let terms = Terms::read(f)?;
    let stated = [
        ("unit_cap", profile.unit_cap, terms.unit_cap.value),
        ("lots", profile.lots, terms.lots.value),
        ("margin", profile.margin, terms.margin.value),
        ("window_minutes", profile.window_minutes, terms.window_minutes.value),
    ];
    if let Some((key, ..)) = stated.into_iter().find(|(_, top, term)| top != term) {
        return Err(f.wrong(key, "is not that of the terms"));
    }
    profile.terms = Some(Box::new(terms));
    Ok(profile)
}

/// What both versions have.
fn head(f: &mut Fields<'_>, bytes: &[u8], version: u32) -> Result<Profile, ShapeError> {
    let name = line(f, "name")?;
    if name.len() > 64 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(f.wrong("name", "must be [a-z0-9-]{1,64}"));
    }
    let valid_from = date(f, "valid_from")?;
    let valid_to = if f.optional("valid_to").is_some() { Some(date(f, "valid_to")?) } else { None };
    if valid_to.is_some_and(|last| last < valid_from) {
        return Err(f.wrong("valid_to", "lies before valid_from"));
    }
    let pool_published = match f.str("pool_published")? {
        "yes" => true,
        "no" => false,
        _ => return Err(f.wrong("pool_published", "must be yes or no")),
    };
    let jurisdiction = Jurisdiction::parse(f.str("jurisdiction")?);
    Ok(Profile {
        bytes: bytes.to_vec(),
        version,
        name,
        title: line(f, "title")?,
        note: if f.optional("note").is_some() { Some(line(f, "note")?) } else { None },
        jurisdiction: jurisdiction.ok_or_else(|| f.wrong("jurisdiction", "must be CN or a region code"))?,
        valid_from,
        valid_to,
        chain: Vec::new(),
        unit_cap: between(f, "unit_cap", 1, 255)?,
        lots: between(f, "lots", 1, 8)?,
        margin: between(f, "margin", 0, 255)?,
        window_minutes: between(f, "window_minutes", 1, 10_080)?,
        pool_published,
        terms: None,
        parameters: Box::default(),
        rules: BTreeMap::new(),
    })
}

fn rule<'a>(item: &'a Json, path: &str, second: bool) -> Result<Listed<'a>, ShapeError> {
    object(item, path, |f| {
        let word = f.str("status")?;
        let status = if second { Mark::parse(word) } else { Status::parse(word).map(Mark::Source) };
        let unknown = match f.str("unknown")? {
            "exclude" => UnknownPolicy::Exclude,
            "allow" => UnknownPolicy::Allow,
            _ => return Err(f.wrong("unknown", "must be exclude or allow")),
        };
        let mut entry = RuleEntry {
            title: line(f, "title")?,
            source: line(f, "source")?.into(),
            status: status.ok_or_else(|| f.wrong("status", "must be C, C2 or K and two digits"))?,
            unknown,
            applies: true,
            overridable: false,
            note: None,
        };
        let mut parameters = None;
        if second {
            entry.applies = read::yes_no(f, "applies")?;
            entry.overridable = read::yes_no(f, "in_principle")?;
            entry.note = if f.optional("note").is_some() { Some(line(f, "note")?) } else { None };
            parameters = f.optional("parameters");
        }
        Ok(Listed { name: line(f, "name")?, entry, place: path.to_owned(), parameters })
    })
}

/// 1 to 1,000 characters without control characters.
fn line(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    if text.is_empty() || text.chars().count() > TEXT_LIMIT || text.chars().any(char::is_control) {
        return Err(f.wrong(key, "must have 1 to 1000 characters and no control characters"));
    }
    Ok(text.to_owned())
}

fn date(f: &mut Fields<'_>, key: &str) -> Result<Date, ShapeError> {
    Date::parse(f.str(key)?).map_err(|error| f.wrong(key, error.to_string()))
}

fn between(f: &mut Fields<'_>, key: &str, min: u32, max: u32) -> Result<u32, ShapeError> {
    match f.u32(key, max)? {
        n if n >= min => Ok(n),
        _ => Err(f.wrong(key, format!("must be an integer from {min} to {max}"))),
    }
}
