//! What the case of a plan keeps: the facts of its present version and what was done with it.
//!
//! `{v, version, plan, submitted?, confirmed?, approved?, returned?, cancelling?, ended?, queries, widened,
//! recommended, draws, sites?, predecessor?, successor?, barred?}`; an act is `{by, at, …}`.

use crate::codec::{Json, Object, ShapeError, object};
use crate::registry::Plan;
use crate::service::case_body::{get, int, set, text};
use crate::service::cases::Case;
use crate::service::refusal::Refusal;
use crate::time::Timestamp;

/// Somebody did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The account; `service` for what the profile does by itself.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, where a reason is asked for.
    pub reason: Option<String>,
}

/// A question about feasibility that somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The account.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The plan's version that was asked about.
    pub version: u32,
    /// Groups that were short, from 1.
    pub short: Vec<u32>,
}

/// A group whose conditions the profile's fixed rule widened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widened {
    /// Group number, from 1.
    pub group: u32,
    /// `speciality` or `region`.
    pub step: String,
    /// What it was.
    pub from: String,
    /// What it became.
    pub to: String,
    /// The plan's version that this made.
    pub version: u32,
}

/// The plan of a case with its version.
pub(in crate::service) fn read(case: &Case) -> Result<(u32, Plan), Refusal> {
    let read = || -> Result<(u32, Plan), ShapeError> {
        let missing = |key: &str| ShapeError::new(key, "required");
        let version = int(&case.body, &["version"]).and_then(|n| u32::try_from(n).ok());
        let plan = get(&case.body, "plan").ok_or_else(|| missing("plan"))?;
        Ok((version.ok_or_else(|| missing("version"))?, Plan::from_json(plan, "plan")?))
    };
    read().map_err(Refusal::internal)
}

/// The body of a first version.
pub(super) fn first(plan: &Plan) -> Object {
    let none = || Json::List(Vec::new());
    Object::new()
        .with("v", 1u32)
        .with("version", 1u32)
        .with("plan", plan.to_json())
        .with("queries", none())
        .with("widened", none())
        .with("recommended", none())
        .with("draws", none())
}

/// Puts another version of the plan into a body.
pub(super) fn replace(case: &mut Case, version: u32, plan: &Plan) {
    set(&mut case.body, "version", version);
    set(&mut case.body, "plan", plan.to_json());
}

/// An act as kept.
pub(super) fn act(by: &str, at: i64, reason: Option<&str>) -> Object {
    Object::new().with("by", by).with("at", at).with_some("reason", reason)
}

/// An act of a body.
pub(super) fn read_act(body: &Json, key: &str) -> Option<Act> {
    let json = get(body, key)?;
    Some(Act {
        by: text(json, &["by"])?.to_owned(),
        at: Timestamp(int(json, &["at"])?),
        reason: text(json, &["reason"]).map(str::to_owned),
    })
}

/// The questions kept with a plan.
pub(super) fn queries(body: &Json) -> Vec<Query> {
    let list = get(body, "queries").and_then(Json::as_list).unwrap_or_default();
    let read = |json: &Json| {
        object(json, "", |f| {
            // The digest of the plan that was asked about; older ones have none.
            f.optional("plan");
            Ok(Query {
                by: f.str("by")?.to_owned(),
                at: Timestamp(f.int("at", 0..=i64::MAX)?),
                version: f.u32("version", u32::MAX)?,
                short: numbers(f.list("short")?),
            })
        })
    };
    list.iter().filter_map(|json| read(json).ok()).collect()
}

/// The widenings of a plan.
pub(super) fn widened(body: &Json) -> Vec<Widened> {
    let list = get(body, "widened").and_then(Json::as_list).unwrap_or_default();
    let read = |json: &Json| {
        object(json, "", |f| {
            Ok(Widened {
                group: f.u32("group", 32)?,
                step: f.str("step")?.to_owned(),
                from: f.str("from")?.to_owned(),
                to: f.str("to")?.to_owned(),
                version: f.u32("version", u32::MAX)?,
            })
        })
    };
    list.iter().filter_map(|json| read(json).ok()).collect()
}

/// Ids in a list of a body.
pub(in crate::service) fn ids(body: &Json, key: &str) -> Vec<String> {
    let list = get(body, key).and_then(Json::as_list).unwrap_or_default();
    list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Adds an id to a list of a body.
pub(in crate::service) fn add_id(body: &mut Json, key: &'static str, id: &str) {
    let mut known = ids(body, key);
    if !known.iter().any(|known| known == id) {
        known.push(id.to_owned());
    }
    set(body, key, known.iter().map(|id| Json::from(id.as_str())).collect::<Json>());
}

/// Numbers of a list.
pub(super) fn numbers(list: &[Json]) -> Vec<u32> {
    list.iter().filter_map(|item| item.as_int().and_then(|n| u32::try_from(n).ok())).collect()
}
