//! Decisions about an expert's standing (处理决定): what may be decided, what each needs, and the life
//! cycle by which one person proposes and another confirms.
//!
//! A decision is a case (办件). Nothing about the expert changes before the confirmation; then the
//! decision and the expert are written together. A **bulk** act is one case with a list of numbers;
//! its confirmation makes one decision for each person who can still be decided upon, and says of
//! every other one why not.
//!
//! The acts themselves are in `act`.
//!
//! *Invariants:* [`Act::event`] is the only way from a decision to the life cycle of the standing
//! (`standing`); a body reads back as what it was written from.
//!
//! *Deliberately not here:* what follows from a decision (`consequences`), the clock, who proposed.
//!
//! Sources: 财库〔2016〕198号 arts 6, 11 (C2), 29; 实施条例 art 75 (C); the ladder 3/6/12 months is
//! Fujian's of 2025 (C2) and stands in the registry profile.

use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::time::Date;

pub use super::act::{Act, ActKind, OnFile, Term, Test, read_until};
use super::expert::ExpertNumber;
use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};
use super::standing::Standing;

/// Persons of one bulk act.
pub const BULK_MAX: usize = 500;

const PROPOSERS: &[Party] = &[Party::Registrar, Party::Reviewer];

const fn row(
    from: &'static str,
    event: &'static str,
    to: &'static str,
    by: &'static [Party],
    needs: (&'static str, &'static str),
    source: &'static str,
) -> Transition {
    Transition { from, event, to, by, needs: needs.0, needs_en: needs.1, source }
}

/// A decision about one person.
pub const DECISION: Lifecycle = Lifecycle {
    name: "decision",
    title_zh: "处理决定",
    transitions: &[
        row(
            BEGINNING,
            "propose",
            "proposed",
            PROPOSERS,
            (
                "依据；该状态允许的决定；无同类待定决定",
                "a basis; an act that the standing allows; no like one open",
            ),
            "财库〔2016〕198号第11条; 实施条例第75条",
        ),
        row(
            BEGINNING,
            "carry_out",
            "confirmed",
            &[Party::Approver],
            ("属于他人提出的批量决定", "a part of a bulk act that another person proposed"),
            "项目规则",
        ),
        row(
            "proposed",
            "confirm",
            "confirmed",
            &[Party::Approver],
            ("另一人；专家状态自提出后未变", "another person; the standing is as it was when proposed"),
            "项目规则",
        ),
        row(
            "proposed",
            "reject",
            "rejected",
            &[Party::Approver],
            ("另一人；理由", "another person; a reason"),
            "项目规则",
        ),
        row(
            "proposed",
            "withdraw",
            "withdrawn",
            PROPOSERS,
            ("提出者本人", "the one who proposed"),
            "项目规则",
        ),
        row("proposed", "urge", "proposed", &[Party::Clock], ("已过期限", "overdue"), "项目规则"),
        row(
            "proposed",
            "end",
            "ended",
            &[Party::Clock],
            ("该专家已解聘、禁止、死亡或并入", "the expert was dismissed, banned, has died or was merged"),
            "项目规则",
        ),
    ],
};

/// A decision about many.
pub const BULK: Lifecycle = Lifecycle {
    name: "bulk_decision",
    title_zh: "批量处理决定",
    transitions: &[
        row(
            BEGINNING,
            "propose",
            "proposed",
            PROPOSERS,
            ("1 至 500 人，至少一人可以决定", "1 to 500 persons, at least one who can be decided upon"),
            "项目规则",
        ),
        row(
            "proposed",
            "confirm",
            "confirmed",
            &[Party::Approver],
            (
                "另一人；状态已变者逐人注明、不予执行",
                "another person; whose standing changed is named and left as is",
            ),
            "项目规则",
        ),
        row(
            "proposed",
            "reject",
            "rejected",
            &[Party::Approver],
            ("另一人；理由", "another person; a reason"),
            "项目规则",
        ),
        row(
            "proposed",
            "withdraw",
            "withdrawn",
            PROPOSERS,
            ("提出者本人", "the one who proposed"),
            "项目规则",
        ),
        row("proposed", "urge", "proposed", &[Party::Clock], ("已过期限", "overdue"), "项目规则"),
    ],
};

/// A standing with its particulars in one word, to see whether it changed since a proposal.
pub fn standing_word(standing: &Standing) -> String {
    let kind = standing.kind().as_str();
    match standing {
        Standing::Suspended(until) => {
            let day = until.day().map(|day| format!(":{day}")).unwrap_or_default();
            format!("{kind}:{}{day}", until.returns())
        }
        Standing::Stale(why) => format!("{kind}:{}", why.as_str()),
        Standing::Dismissed(reason) => format!("{kind}:{}", reason.number()),
        Standing::Merged(into) => format!("{kind}:{into}"),
        Standing::Active | Standing::Banned | Standing::Deceased => kind.to_owned(),
    }
}

/// What both kinds of case keep of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// What is decided.
    pub act: Act,
    /// 依据: number or title of the document, 2–200 characters.
    pub basis: String,
    /// Anything else, at most 1000 characters.
    pub note: Option<String>,
    /// Attachments by digest.
    pub documents: Vec<String>,
    /// The account that proposed.
    pub proposed_by: String,
    /// The account that confirmed, rejected or withdrew.
    pub decided_by: Option<String>,
    /// The day of that.
    pub decided_on: Option<Date>,
    /// Why it was rejected or withdrawn.
    pub why: Option<String>,
}

/// The body of a decision about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Act, basis, people.
    pub grounds: Grounds,
    /// The standing when it was proposed ([`standing_word`]).
    pub before: String,
    /// The standing that followed; `None` until confirmed.
    pub after: Option<String>,
}

/// One person of a bulk act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItem {
    /// Who.
    pub number: ExpertNumber,
    /// The standing when it was proposed.
    pub before: String,
    /// `proposed`, `done`, or the rule by which it was not done.
    pub result: String,
}

/// The body of a bulk act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Act, basis, people.
    pub grounds: Grounds,
    /// 1–[`BULK_MAX`] persons in the order given.
    pub items: Vec<BulkItem>,
}

impl Grounds {
    fn object(&self) -> Object {
        Object::new()
            .with("act", self.act.to_json())
            .with("basis", self.basis.as_str())
            .with_some("note", self.note.clone())
            .with("documents", self.documents.iter().map(|d| Json::from(d.as_str())).collect::<Json>())
            .with("proposed_by", self.proposed_by.as_str())
            .with_some("decided_by", self.decided_by.clone())
            .with_some("decided_on", self.decided_on.map(|day| day.to_string()))
            .with_some("why", self.why.clone())
    }

    fn read(f: &mut Fields<'_>) -> Result<Grounds, ShapeError> {
        let act = f.required("act")?;
        Ok(Grounds {
            act: Act::from_json(act, &f.at("act"))?,
            basis: f.str("basis")?.to_owned(),
            note: some_text(f, "note")?,
            documents: f.each("documents", |item, path| {
                item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
            })?,
            proposed_by: f.str("proposed_by")?.to_owned(),
            decided_by: some_text(f, "decided_by")?,
            decided_on: some_date(f, "decided_on")?,
            why: some_text(f, "why")?,
        })
    }
}

impl Decision {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        self.grounds
            .object()
            .with("before", self.before.as_str())
            .with_some("after", self.after.clone())
            .into()
    }

    /// Reads what [`Decision::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<Decision, ShapeError> {
        object(json, "", |f| {
            Ok(Decision {
                grounds: Grounds::read(f)?,
                before: f.str("before")?.to_owned(),
                after: some_text(f, "after")?,
            })
        })
    }
}

impl Bulk {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        let item = |item: &BulkItem| {
            Json::from(
                Object::new()
                    .with("number", item.number.as_str())
                    .with("before", item.before.as_str())
                    .with("result", item.result.as_str()),
            )
        };
        self.grounds.object().with("items", self.items.iter().map(item).collect::<Json>()).into()
    }

    /// Reads what [`Bulk::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<Bulk, ShapeError> {
        object(json, "", |f| {
            let grounds = Grounds::read(f)?;
            let items = f.each("items", |item, path| {
                object(item, path, |f| {
                    let number = ExpertNumber::parse(f.str("number")?);
                    Ok(BulkItem {
                        number: number.ok_or_else(|| f.wrong("number", "must be an expert number"))?,
                        before: f.str("before")?.to_owned(),
                        result: f.str("result")?.to_owned(),
                    })
                })
            })?;
            Ok(Bulk { grounds, items })
        })
    }
}

pub(super) fn some_text(f: &mut Fields<'_>, key: &str) -> Result<Option<String>, ShapeError> {
    match f.optional(key) {
        None => Ok(None),
        Some(Json::Str(text)) => Ok(Some(text.clone())),
        Some(_) => Err(f.wrong(key, "must be a string")),
    }
}

pub(super) fn some_date(f: &mut Fields<'_>, key: &str) -> Result<Option<Date>, ShapeError> {
    match some_text(f, key)? {
        None => Ok(None),
        Some(text) => Date::parse(&text).map(Some).map_err(|error| f.wrong(key, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::standing::{DismissalReason, Event, Until};
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn acts() -> Vec<Act> {
        let file = OnFile {
            request: Some(day("2027-01-01")),
            pledge: Some(day("2027-01-02")),
            test: Some(Test::Failed),
        };
        let mut acts = vec![
            Act::Suspend(Term::Months(6)),
            Act::Suspend(Term::Until(Until::Day(day("2027-01-01")))),
            Act::Suspend(Term::Until(Until::RequestAfter(day("2027-01-01")))),
            Act::Suspend(Term::Until(Until::Reinstated)),
            Act::Reinstate(OnFile::default()),
            Act::Reinstate(file),
            Act::Ban,
            Act::Decease(day("2026-11-01")),
            Act::Merge(ExpertNumber::from_random([3; 10])),
        ];
        acts.extend(DismissalReason::ALL.map(Act::Dismiss));
        acts
    }

    fn grounds(act: Act) -> Grounds {
        Grounds {
            act,
            basis: "岳财采〔2026〕1号".into(),
            note: None,
            documents: vec!["ab".repeat(32)],
            proposed_by: "A1".into(),
            decided_by: Some("A2".into()),
            decided_on: Some(day("2026-11-24")),
            why: None,
        }
    }

    #[test]
    fn every_act_and_body_reads_back_as_it_was() {
        for act in acts() {
            assert_eq!(Act::from_json(&act.to_json(), "").unwrap(), act);
            let grounds = grounds(act);
            let decision =
                Decision { grounds: grounds.clone(), before: "active".into(), after: Some("banned".into()) };
            assert_eq!(Decision::from_json(&decision.to_json()).unwrap(), decision);
            let number = ExpertNumber::from_random([7; 10]);
            let item = BulkItem { number, before: "active".into(), result: "done".into() };
            let bulk = Bulk { grounds, items: vec![item.clone(), item] };
            assert_eq!(Bulk::from_json(&bulk.to_json()).unwrap(), bulk);
        }
        let broken = Object::new().with("kind", "dismiss").with("reason", 5u32);
        assert_eq!(Act::from_json(&broken.into(), "act").unwrap_err().path, "act.reason");
    }

    #[test]
    fn a_failed_test_dismisses_and_every_other_act_is_the_event_of_its_name() {
        let today = day("2026-11-24");
        let failed = OnFile { test: Some(Test::Failed), ..OnFile::default() };
        let dismissed = Event::Dismiss(DismissalReason::ConditionsLost);
        assert_eq!(Act::Reinstate(failed).event(today), Some(dismissed));
        assert_eq!(Act::Reinstate(OnFile::default()).event(today), Some(Event::Reinstate));
        assert_eq!(Act::Suspend(Term::Months(6)).event(today), Event::suspend_months(6, today));
        assert_eq!(Act::Suspend(Term::Months(4)).event(today), None);
    }

    #[test]
    fn standings_that_differ_have_different_words() {
        let one = day("2027-01-01");
        let all = [
            Standing::Active,
            Standing::Suspended(Until::Day(one)),
            Standing::Suspended(Until::Day(one.plus_days(1))),
            Standing::Suspended(Until::RequestAfter(one)),
            Standing::Suspended(Until::Reinstated),
            Standing::Dismissed(DismissalReason::OwnRequest),
            Standing::Dismissed(DismissalReason::BadConduct),
            Standing::Banned,
            Standing::Deceased,
            Standing::Merged(ExpertNumber::from_random([3; 10])),
            Standing::Merged(ExpertNumber::from_random([4; 10])),
            Standing::Stale(crate::registry::StaleReason::Unreachable),
        ];
        let words: std::collections::BTreeSet<String> = all.iter().map(standing_word).collect();
        assert_eq!(words.len(), all.len());
    }

    #[test]
    fn nobody_confirms_who_may_only_propose() {
        for cycle in [&DECISION, &BULK] {
            for event in ["confirm", "reject"] {
                for party in PROPOSERS {
                    assert!(cycle.step("proposed", event, &[*party]).is_err(), "{event} {party:?}");
                }
                assert!(cycle.step("proposed", event, &[Party::Approver]).is_ok());
            }
        }
    }
}
