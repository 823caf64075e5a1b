//! What a change says, and the record while it waits, when it is approved, when it is not.
//!
//! *Invariants:* `read(write(body)) == body`; releasing what was held gives the record back as it was,
//! but for what others changed meanwhile.

use std::collections::BTreeMap;

use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::registry::{Draft, DraftClaim, DraftPast, Problem};
use crate::service::facts_patch::{fields_of, read};
use crate::service::refusal::Refusal;
use crate::time::Date;

const PENDING: &str = "pending";
const APPROVED: &str = "approved";
const REJECTED: &str = "rejected";

/// What a change says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeBody {
    /// The changed fields as they were, in the written form of a record; absent: there was nothing.
    pub before: BTreeMap<String, Json>,
    /// The changed fields as they are to be; absent: cleared.
    pub after: BTreeMap<String, Json>,
    /// Why, in the expert's words.
    pub reason: Option<String>,
    /// Specialities that are not drawn while it is open.
    pub held_specialities: Vec<String>,
    /// Regions that are not drawn while it is open.
    pub held_regions: Vec<String>,
    /// Employers that count for conflicts while it is open.
    pub pending_units: Vec<String>,
    /// The decision.
    pub decision: Option<ChangeDecision>,
}

/// How it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeDecision {
    /// Whether it was approved.
    pub approve: bool,
    /// The account.
    pub by: String,
    /// Unix seconds.
    pub at: i64,
    /// Why.
    pub reason: String,
    /// New specialities that were not approved.
    pub refused_specialities: Vec<String>,
}

impl ChangeBody {
    /// The difference between a record and what is asked for.
    pub(super) fn of(
        before: &Draft,
        asked: &Draft,
        today: Date,
        reason: Option<&str>,
    ) -> Result<Self, Refusal> {
        let mut asked = asked.clone();
        keep_former_employers(before, &mut asked, today);
        pend_claims(before, &mut asked)?;
        let (old, new) = (fields_of(before), fields_of(&asked));
        let differs = |field: &&String| old.get(*field) != new.get(*field);
        let changed: Vec<String> = {
            let mut all: Vec<&String> = old.keys().chain(new.keys()).collect();
            all.sort();
            all.dedup();
            all.into_iter().filter(differs).cloned().collect()
        };
        let of = |fields: &BTreeMap<String, Json>| {
            changed.iter().filter_map(|field| Some((field.clone(), fields.get(field)?.clone()))).collect()
        };
        let gone = |from: &[String], to: &[String]| -> Vec<String> {
            from.iter().filter(|code| !to.contains(code)).cloned().collect()
        };
        let units = |draft: &Draft| -> Vec<String> {
            draft.employments.iter().flatten().map(|employment| employment.unit.clone()).collect()
        };
        let held_regions = gone(&before.regions, &asked.regions);
        let nowhere = !before.regions.is_empty() && held_regions.len() == before.regions.len();
        Ok(Self {
            before: of(&old),
            after: of(&new),
            reason: reason.map(str::to_owned),
            held_specialities: if nowhere {
                before.specialities.clone()
            } else {
                gone(&before.specialities, &asked.specialities)
            },
            held_regions: if nowhere { Vec::new() } else { held_regions },
            pending_units: gone(&units(&asked), &units(before)),
            decision: None,
        })
    }

    /// The names of the changed fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let all =
            self.before.keys().chain(self.after.keys().filter(|field| !self.before.contains_key(*field)));
        all.map(String::as_str)
    }

    /// The record while the change is open.
    pub(super) fn held(&self, now: &Draft) -> Draft {
        let mut draft = now.clone();
        for speciality in &self.held_specialities {
            match draft.claims.iter_mut().find(|claim| claim.speciality == *speciality) {
                Some(claim) => claim.decision = PENDING.to_owned(),
                None => draft.claims.push(DraftClaim {
                    speciality: speciality.clone(),
                    decision: PENDING.to_owned(),
                    ..DraftClaim::default()
                }),
            }
        }
        draft.specialities.retain(|code| !self.held_specialities.contains(code));
        draft.regions.retain(|code| !self.held_regions.contains(code));
        draft.pending_units = self.pending_units.clone();
        draft
    }

    /// The record with what was held given back.
    pub(super) fn released(&self, now: &Draft) -> Draft {
        let mut draft = now.clone();
        for speciality in &self.held_specialities {
            draft.claims.retain_mut(|claim| {
                if claim.speciality != *speciality {
                    return true;
                }
                claim.decision = APPROVED.to_owned();
                // What said no more than that it was open came from here.
                !(claim.evidence.is_empty() && claim.decided.is_empty() && claim.reason.is_empty())
            });
        }
        draft.specialities =
            given_back(&draft.specialities, &self.held_specialities, self.before.get("specialities"));
        draft.regions = given_back(&draft.regions, &self.held_regions, self.before.get("regions"));
        draft.pending_units.retain(|unit| !self.pending_units.contains(unit));
        draft
    }

    /// The record with the change in it; new specialities are approved but for those left out.
    pub(super) fn approved(&self, now: &Draft, today: Date, refused: &[String]) -> Result<Draft, Refusal> {
        let mut fields = fields_of(now);
        for field in self.before.keys() {
            fields.remove(field);
        }
        fields.extend(self.after.clone());
        let mut draft = read(fields).map_err(|problem| Refusal::invalid(vec![problem]))?;
        if !(self.after.contains_key("claims") || self.after.contains_key("specialities")) {
            return Ok(draft);
        }
        let reason = self.decision.as_ref().map(|decision| decision.reason.clone()).unwrap_or_default();
        for claim in draft.claims.iter_mut().filter(|claim| claim.decision == PENDING) {
            let no = refused.contains(&claim.speciality);
            claim.decision = if no { REJECTED } else { APPROVED }.to_owned();
            claim.decided = today.to_string();
            if no {
                claim.reason = reason.clone();
            } else if !draft.specialities.contains(&claim.speciality) {
                draft.specialities.push(claim.speciality.clone());
            }
        }
        for code in refused.iter().filter(|code| draft.specialities.contains(code)) {
            if !draft.claims.iter().any(|claim| claim.speciality == *code) {
                draft.claims.push(DraftClaim {
                    speciality: code.clone(),
                    decision: REJECTED.to_owned(),
                    decided: today.to_string(),
                    reason: reason.clone(),
                    ..DraftClaim::default()
                });
            }
        }
        draft.specialities.retain(|code| !refused.contains(code));
        // A speciality that goes takes its approved claim with it.
        let kept = draft.specialities.clone();
        draft.claims.retain(|claim| claim.decision != APPROVED || kept.contains(&claim.speciality));
        Ok(draft)
    }

    /// Only specialities that the change brings can be left out of it.
    pub(super) fn check_refused(&self, refused: &[String]) -> Result<(), Refusal> {
        let new = self.new_specialities();
        let wrong = refused.iter().enumerate().filter(|(_, code)| !new.contains(code));
        let problems: Vec<Problem> = wrong
            .map(|(position, code)| {
                let field = format!("refused_specialities[{position}]");
                let (zh, en) = ("不是本次变更新增的专业", "not a speciality that this change brings");
                Problem::new(field, code, "not_new", zh, en)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
    }

    /// Specialities that were not drawable before.
    pub fn new_specialities(&self) -> Vec<String> {
        let words = |json: Option<&Json>| -> Vec<String> {
            let items = json.and_then(Json::as_list).unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let old = words(self.before.get("specialities"));
        let mut new = words(self.after.get("specialities"));
        new.retain(|code| !old.contains(code));
        for claim in self.after.get("claims").and_then(Json::as_list).unwrap_or_default() {
            let text = |key: &str| claim.as_map().and_then(|claim| claim.get(key)).and_then(Json::as_str);
            if let (Some(code), Some(PENDING)) = (text("speciality"), text("decision"))
                && !new.iter().any(|known| known == code)
            {
                new.push(code.to_owned());
            }
        }
        new
    }

    pub(super) fn write(&self) -> Json {
        let decision = self.decision.as_ref().map(|decision| {
            Json::from(
                Object::new()
                    .with("approve", if decision.approve { "yes" } else { "no" })
                    .with("by", decision.by.as_str())
                    .with("at", decision.at)
                    .with("reason", decision.reason.as_str())
                    .with("refused_specialities", texts(&decision.refused_specialities)),
            )
        });
        Object::new()
            .with("v", 1u32)
            .with("before", Json::Map(self.before.clone()))
            .with("after", Json::Map(self.after.clone()))
            .with_some("reason", self.reason.clone())
            .with("held_specialities", texts(&self.held_specialities))
            .with("held_regions", texts(&self.held_regions))
            .with("pending_units", texts(&self.pending_units))
            .with_some("decision", decision)
            .into()
    }

    pub(super) fn read(json: &Json) -> Result<Self, ShapeError> {
        let map = |f: &mut Fields<'_>, key: &str| {
            let map = f.required(key)?.as_map().cloned();
            map.ok_or_else(|| f.wrong(key, "must be an object"))
        };
        object(json, "", |f| {
            f.int("v", 1..=1)?;
            Ok(Self {
                before: map(f, "before")?,
                after: map(f, "after")?,
                reason: match f.optional("reason") {
                    None => None,
                    Some(_) => Some(f.str("reason")?.to_owned()),
                },
                held_specialities: list(f, "held_specialities")?,
                held_regions: list(f, "held_regions")?,
                pending_units: list(f, "pending_units")?,
                decision: match f.optional("decision") {
                    None => None,
                    Some(_) => Some(f.object("decision", |f| {
                        Ok(ChangeDecision {
                            approve: f.str("approve")? == "yes",
                            by: f.str("by")?.to_owned(),
                            at: f.int("at", 0..=crate::codec::json::MAX_INTEGER)?,
                            reason: f.str("reason")?.to_owned(),
                            refused_specialities: list(f, "refused_specialities")?,
                        })
                    })?),
                },
            })
        })
    }
}

/// An employer that is left out of the new list becomes a former one up to today.
fn keep_former_employers(before: &Draft, asked: &mut Draft, today: Date) {
    let now: Vec<&str> = asked.employments.iter().flatten().map(|e| e.unit.as_str()).collect();
    let left: Vec<_> =
        before.employments.iter().flatten().filter(|e| !now.contains(&e.unit.as_str())).collect();
    let mut former: Vec<DraftPast> = Vec::new();
    for employment in left {
        let known = |past: &DraftPast| past.unit == employment.unit && past.from == employment.since;
        if !asked.past.iter().any(known) {
            former.push(DraftPast {
                unit: employment.unit.clone(),
                name: employment.name.clone(),
                from: employment.since.clone(),
                to: today.to_string(),
            });
        }
    }
    asked.past.extend(former);
}

/// Claims that are new or changed wait for a decision; the expert decides none.
fn pend_claims(before: &Draft, asked: &mut Draft) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (position, claim) in asked.claims.iter_mut().enumerate() {
        if before.claims.contains(claim) {
            continue;
        }
        if ![&claim.decision, &claim.decided, &claim.reason].iter().all(|text| text.is_empty()) {
            let field = format!("facts.claims[{position}].decision");
            let (zh, en) = ("由财政部门决定", "decided by the bureau");
            problems.push(Problem::new(field, "", "bureau_only", zh, en));
        }
        claim.decision = PENDING.to_owned();
    }
    // A new claim of a drawable speciality waits too; it is not in both lists.
    let waiting: Vec<&str> = asked
        .claims
        .iter()
        .filter(|claim| claim.decision == PENDING)
        .map(|claim| claim.speciality.as_str())
        .collect();
    asked.specialities.retain(|code| !waiting.contains(&code.as_str()));
    let kept = asked.specialities.clone();
    asked.claims.retain(|claim| claim.decision != APPROVED || kept.contains(&claim.speciality));
    if problems.is_empty() { Ok(()) } else { Err(Refusal::invalid(problems)) }
}

/// A list with what was held in it again, in the old order if nothing else changed.
fn given_back(now: &[String], held: &[String], before: Option<&Json>) -> Vec<String> {
    let mut list = now.to_vec();
    list.extend(held.iter().filter(|code| !now.contains(code)).cloned());
    let old: Vec<&str> =
        before.and_then(Json::as_list).unwrap_or_default().iter().filter_map(Json::as_str).collect();
    let place = |code: &String| old.iter().position(|known| known == code).unwrap_or(old.len());
    list.sort_by_key(place);
    list
}

fn texts(list: &[String]) -> Json {
    Json::List(list.iter().map(|text| text.as_str().into()).collect())
}

fn list(f: &mut Fields<'_>, key: &str) -> Result<Vec<String>, ShapeError> {
    f.each(key, |item, path| {
        item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
    })
}
