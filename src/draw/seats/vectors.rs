//! `tests/vectors/seats.json` against the walk: panels, groups, branches, refusals, forced, margin.
//!
//! The file is data for every implementation. Its inputs were chosen by hand and its results written
//! by a program of its own in another language that shares no code with this crate; nothing here
//! writes it. Shapes are in `api-spec/draw-v1.md`.

use std::collections::BTreeSet;

use super::*;
use crate::codec::{Fields, Json, Object, ShapeError, object, to_hex};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/seats.json");

fn tag(json: &Json) -> Tag {
    crate::codec::from_hex(json.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn number(json: &Json) -> u32 {
    json.as_int().unwrap().try_into().unwrap()
}

fn plan(f: &mut Fields<'_>) -> Result<Plan, ShapeError> {
    Ok(Plan { seats: f.list("seats")?.iter().map(number).collect(), unit_cap: f.u32("unit_cap", u32::MAX)? })
}

fn pool(f: &mut Fields<'_>) -> Result<Vec<Candidate>, ShapeError> {
    f.each("pool", |json, path| {
        object(json, path, |f| {
            Ok(Candidate {
                groups: f.u32("groups", u32::MAX)?,
                unit: tag(f.required("unit")?),
                relations: f.list("relations")?.iter().map(tag).collect(),
            })
        })
    })
}

fn fixed(f: &mut Fields<'_>) -> Result<Vec<Fixed>, ShapeError> {
    f.each("fixed", |json, path| {
        object(json, path, |f| {
            Ok(Fixed { position: f.u32("position", u32::MAX)?, groups: f.u32("groups", u32::MAX)? })
        })
    })
}

fn panel_json(seated: &[Seated]) -> Json {
    let seat =
        |s: &Seated| Object::new().with("group", u32::from(s.group)).with("position", s.position).into();
    seated.iter().map(seat).collect()
}

fn refusal_json(why: &NoPanel) -> Json {
    let object = match why {
        NoPanel::Input(_) => Object::new().with("cause", "input"),
        NoPanel::Fixed => Object::new().with("cause", "fixed"),
        NoPanel::Limit => Object::new().with("cause", "limit"),
        NoPanel::Relations { branches } => {
            Object::new().with("cause", "relations").with("branches", *branches)
        }
        NoPanel::Infeasible(why) => {
            let groups: Json = why.groups.iter().map(|g| Json::from(u32::from(*g))).collect();
            let units: Json = why.binding_units.iter().map(|unit| Json::from(to_hex(unit))).collect();
            Object::new()
                .with("cause", "infeasible")
                .with("groups", groups)
                .with("shortage", why.shortage)
                .with("needed", why.needed)
                .with("seated", why.seated)
                .with("candidates", why.candidates)
                .with("binding_units", units)
                .with_some("relaxed_cap", why.relaxed_cap)
        }
    };
    object.into()
}

fn positions(f: &mut Fields<'_>, key: &str) -> Result<Vec<u32>, ShapeError> {
    Ok(f.list(key)?.iter().map(number).collect())
}

/// Asserts that what came out is what the case says, under one of two keys.
fn hold(f: &mut Fields<'_>, name: &str, key: &str, result: Result<Json, NoPanel>) {
    let (expected, refused) = (f.optional(key).cloned(), f.optional("refused").cloned());
    let (result, refusal) = match result {
        Ok(json) => (Some(json), None),
        Err(why) => (None, Some(refusal_json(&why))),
    };
    assert_eq!((result, refusal), (expected, refused), "{name}");
}

fn case(f: &mut Fields<'_>) -> Result<(), ShapeError> {
    let name = f.str("name")?;
    let (plan, pool, order, fixed) = (plan(f)?, pool(f)?, positions(f, "order")?, fixed(f)?);
    let out: BTreeSet<u32> = positions(f, "out")?.into_iter().collect();
    let limit = f.u64("limit")?;
    let branches = f.optional("branches").map(number);
    let result = complete_within(&plan, &pool, &order, &fixed, &out, limit);
    let counted = result.as_ref().ok().map(|panel| panel.branches as u32);
    assert_eq!(counted, branches, "branches of {name}");
    hold(f, name, "panel", result.map(|panel| panel_json(&panel.seated)));
    Ok(())
}

fn forced_case(f: &mut Fields<'_>) -> Result<(), ShapeError> {
    let name = f.str("name")?;
    let (plan, pool, fixed, limit) = (plan(f)?, pool(f)?, fixed(f)?, f.u64("limit")?);
    let result = forced_within(&plan, &pool, &fixed, limit);
    hold(f, name, "forced", result.map(|forced| forced.into_iter().map(Json::from).collect()));
    Ok(())
}

fn margin_case(f: &mut Fields<'_>) -> Result<(), ShapeError> {
    let name = f.str("name")?;
    let (pool, order) = (pool(f)?, positions(f, "order")?);
    let panel: Vec<Seated> = f.each("panel", |json, path| {
        object(json, path, |f| {
            Ok(Seated { position: f.u32("position", u32::MAX)?, group: f.u32("group", 32)? as u8 })
        })
    })?;
    let accepted: BTreeSet<u32> = positions(f, "accepted")?.into_iter().collect();
    let out: BTreeSet<u32> = positions(f, "out")?.into_iter().collect();
    let most = f.u32("margin", 1000)? as usize;
    let invited = margin(&pool, &order, &panel, &out, open_groups(&panel, &accepted), most);
    assert_eq!(invited, positions(f, "invited")?, "{name}");
    Ok(())
}

#[test]
fn the_vectors_of_other_implementations_hold() {
    let bytes = std::fs::read(VECTORS).unwrap();
    let json = Json::parse(&bytes, bytes.len()).unwrap();
    let counts = object(&json, "", |f| {
        let cases = f.each("cases", |json, path| object(json, path, case))?;
        let forced = f.each("forced_cases", |json, path| object(json, path, forced_case))?;
        let margins = f.each("margin_cases", |json, path| object(json, path, margin_case))?;
        Ok((cases.len(), forced.len(), margins.len()))
    });
    let (cases, forced, margins) = counts.unwrap();
    assert!(cases >= 30 && forced >= 3 && margins >= 2, "{cases} {forced} {margins}");
}
