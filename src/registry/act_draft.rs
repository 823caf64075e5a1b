//! A decision as written in a request ([`ActDraft`]) and its check: every act has its own fields, and
//! a field of another act is refused rather than ignored.
//!
//! *Deliberately not here:* what the person's standing allows (`standing`), what must be on file for a
//! reinstatement ([`on_file_problems`] says it, the ladder is the profile's).

use crate::time::Date;

use super::decision::{Act, ActKind, OnFile, Term, Test, read_until};
use super::expert::ExpertNumber;
use super::problem::Problem;
use super::standing::DismissalReason;

/// An act as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActDraft {
    /// One of [`ActKind`].
    pub kind: String,
    /// suspend: 3, 6 or 12.
    pub months: Option<u32>,
    /// suspend: `itself`, `request`, `decision`.
    pub returns: Option<String>,
    /// suspend: last day.
    pub until: Option<String>,
    /// dismiss: 1–4.
    pub reason: Option<u32>,
    /// reinstate: day of the written request.
    pub request: Option<String>,
    /// reinstate: day of the pledge.
    pub pledge: Option<String>,
    /// reinstate: `passed`, `failed`.
    pub test: Option<String>,
    /// decease: the day.
    pub died: Option<String>,
    /// merge: the number that goes on.
    pub into: Option<String>,
}

impl ActDraft {
    /// The act.
    ///
    /// # Errors
    /// All problems, by field.
    pub fn check(&self) -> Result<Act, Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(kind) = ActKind::parse(&self.kind) else {
            let words: Vec<&str> = ActKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let (zh, en) =
                (format!("应为 {} 之一", words.join("、")), format!("must be one of {}", words.join(", ")));
            return Err(vec![Problem::new("act", &self.kind, "act", zh, en)]);
        };
        let fields = [
            ("months", self.months.is_some(), ActKind::Suspend),
            ("returns", self.returns.is_some(), ActKind::Suspend),
            ("until", self.until.is_some(), ActKind::Suspend),
            ("reason", self.reason.is_some(), ActKind::Dismiss),
            ("request", self.request.is_some(), ActKind::Reinstate),
            ("pledge", self.pledge.is_some(), ActKind::Reinstate),
            ("test", self.test.is_some(), ActKind::Reinstate),
            ("died", self.died.is_some(), ActKind::Decease),
            ("into", self.into.is_some(), ActKind::Merge),
        ];
        for (field, given, of) in fields {
            if given && of != kind {
                let zh = format!("仅用于 {}", of.as_str());
                let en = format!("belongs to {} only", of.as_str());
                problems.push(Problem::new(field, "", "not_for_this_act", zh, en));
            }
        }
        let act = match kind {
            ActKind::Ban => Some(Act::Ban),
            ActKind::Dismiss => self.dismissal(&mut problems),
            ActKind::Suspend => self.suspension(&mut problems),
            ActKind::Reinstate => self.reinstatement(&mut problems),
            ActKind::Decease => match date("died", self.died.as_deref(), &mut problems) {
                None if self.died.is_none() => {
                    problems.push(Problem::new("died", "", "required", "必填", "required"));
                    None
                }
                died => died.map(Act::Decease),
            },
            ActKind::Merge => {
                let written = self.into.as_deref().unwrap_or_default();
                let into = ExpertNumber::parse(written);
                if into.is_none() {
                    let (zh, en) = ("应为保留记录的专家编号", "must be the expert number that goes on");
                    problems.push(Problem::new("into", written, "expert_number", zh, en));
                }
                into.map(Act::Merge)
            }
        };
        act.filter(|_| problems.is_empty()).ok_or(problems)
    }

    fn dismissal(&self, problems: &mut Vec<Problem>) -> Option<Act> {
        let reason = self.reason.and_then(DismissalReason::from_number);
        if reason.is_none() {
            let given = self.reason.map(|reason| reason.to_string()).unwrap_or_default();
            let (zh, en) = ("应为 1 至 4（第11条各项）", "must be 1 to 4, the items of art 11");
            problems.push(Problem::new("reason", &given, "reason", zh, en));
        }
        reason.map(Act::Dismiss)
    }

    fn suspension(&self, problems: &mut Vec<Problem>) -> Option<Act> {
        if let Some(months) = self.months {
            if self.returns.is_some() || self.until.is_some() {
                let (zh, en) = ("不得与 returns、until 同时给出", "cannot stand beside returns and until");
                problems.push(Problem::new("months", "", "suspension", zh, en));
                return None;
            }
            if ![3, 6, 12].contains(&months) {
                let (zh, en) = ("应为 3、6 或 12", "must be 3, 6 or 12");
                problems.push(Problem::new("months", &months.to_string(), "months", zh, en));
                return None;
            }
            return Some(Act::Suspend(Term::Months(months)));
        }
        let returns = self.returns.as_deref().unwrap_or_default();
        if !["itself", "request", "decision"].contains(&returns) {
            let zh = "应为 itself、request 或 decision，或给出 months";
            let en = "must be itself, request or decision, or give months";
            problems.push(Problem::new("returns", returns, "suspension", zh, en));
            return None;
        }
        let before = problems.len();
        let until = date("until", self.until.as_deref(), problems);
        if problems.len() > before {
            return None;
        }
        let read = read_until(returns, until);
        if read.is_none() {
            let (zh, en) = match until {
                None => ("必填", "required"),
                Some(_) => ("以决定恢复时不设截止日", "there is no last day when it returns by decision"),
            };
            problems.push(Problem::new("until", "", "suspension", zh, en));
        }
        read.map(|until| Act::Suspend(Term::Until(until)))
    }

    fn reinstatement(&self, problems: &mut Vec<Problem>) -> Option<Act> {
        let before = problems.len();
        let request = date("request", self.request.as_deref(), problems);
        let pledge = date("pledge", self.pledge.as_deref(), problems);
        let test = self.test.as_deref().map(|text| (text, Test::parse(text)));
        if let Some((text, None)) = test {
            let (zh, en) = ("应为 passed 或 failed", "must be passed or failed");
            problems.push(Problem::new("test", text, "test", zh, en));
        }
        let test = test.and_then(|(_, test)| test);
        (problems.len() == before).then_some(Act::Reinstate(OnFile { request, pledge, test }))
    }
}

fn date(field: &str, written: Option<&str>, problems: &mut Vec<Problem>) -> Option<Date> {
    let written = written?;
    match Date::parse(written) {
        Ok(date) => Some(date),
        Err(error) => {
            problems.push(Problem::new(field, written, "date", error.message_zh(), error.to_string()));
            None
        }
    }
}

/// What has to be on file before a suspension of some months ends on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Months of the suspension.
    pub months: u32,
    /// A written request of the expert.
    pub request: bool,
    /// A pledge.
    pub pledge: bool,
    /// A test on the rules, passed or failed.
    pub test: bool,
}

/// What is missing on file for a reinstatement on `today`; days in the future are refused too.
pub fn on_file_problems(step: Step, file: &OnFile, today: Date) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut day = |field: &str, needed: bool, given: Option<Date>| match given {
        None if needed => {
            let (zh, en) = ("该期限的暂停须有此件方可恢复", "needed to end a suspension of this length");
            problems.push(Problem::new(field, "", "required", zh, en));
        }
        Some(day) if day > today => {
            let (zh, en) = ("不得晚于今日", "must not lie after today");
            problems.push(Problem::new(field, "", "future", zh, en));
        }
        _ => {}
    };
    day("request", step.request, file.request);
    day("pledge", step.pledge, file.pledge);
    if step.test && file.test.is_none() {
        let (zh, en) =
            ("该期限的暂停须有考试结果方可恢复", "a test is needed to end a suspension of this length");
        problems.push(Problem::new("test", "", "required", zh, en));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(draft: &ActDraft) -> Vec<(String, &'static str)> {
        let problems = draft.check().err().unwrap_or_default();
        problems.into_iter().map(|p| (p.field, p.rule)).collect()
    }

    fn draft(kind: &str) -> ActDraft {
        ActDraft { kind: kind.into(), ..ActDraft::default() }
    }

    #[test]
    fn every_act_has_its_own_fields_and_refuses_those_of_others() {
        let one = |field: &str, rule| vec![(field.to_owned(), rule)];
        assert_eq!(fields(&draft("away")), one("act", "act"));
        assert_eq!(fields(&draft("ban")), []);
        assert_eq!(fields(&ActDraft { reason: Some(1), ..draft("ban") }), one("reason", "not_for_this_act"));
        assert_eq!(fields(&draft("dismiss")), one("reason", "reason"));
        assert_eq!(fields(&draft("decease")), one("died", "required"));
        assert_eq!(fields(&ActDraft { died: Some("x".into()), ..draft("decease") }), one("died", "date"));
        assert_eq!(fields(&draft("merge")), one("into", "expert_number"));
        assert_eq!(fields(&ActDraft { reason: Some(5), ..draft("dismiss") }), one("reason", "reason"));
        assert_eq!(fields(&draft("suspend")), one("returns", "suspension"));
        assert_eq!(fields(&ActDraft { months: Some(4), ..draft("suspend") }), one("months", "months"));
        let both = ActDraft { months: Some(3), returns: Some("itself".into()), ..draft("suspend") };
        assert_eq!(fields(&both), one("months", "suspension"));
        let returns = |returns: &str, until: Option<&str>| ActDraft {
            returns: Some(returns.into()),
            until: until.map(str::to_owned),
            ..draft("suspend")
        };
        assert_eq!(fields(&returns("itself", None)), one("until", "suspension"));
        assert_eq!(fields(&returns("itself", Some("2027-02-30"))), one("until", "date"));
        assert_eq!(fields(&returns("decision", Some("2027-02-20"))), one("until", "suspension"));
        assert_eq!(fields(&returns("decision", None)), []);
        assert_eq!(
            fields(&ActDraft { test: Some("good".into()), ..draft("reinstate") }),
            one("test", "test")
        );
    }

    #[test]
    fn longer_suspensions_need_more_on_file() {
        let today = Date::parse("2026-11-24").unwrap();
        let step = Step { months: 12, request: true, pledge: true, test: true };
        let named = |file: &OnFile| -> Vec<(String, &'static str)> {
            on_file_problems(step, file, today).into_iter().map(|p| (p.field, p.rule)).collect()
        };
        let nothing = named(&OnFile::default());
        assert_eq!(
            nothing.iter().map(|(f, _)| f.as_str()).collect::<Vec<_>>(),
            ["request", "pledge", "test"]
        );
        let whole = OnFile { request: Some(today), pledge: Some(today), test: Some(Test::Failed) };
        assert_eq!(named(&whole), []);
        let early = OnFile { pledge: Some(today.plus_days(1)), ..whole };
        assert_eq!(named(&early), [("pledge".to_owned(), "future")]);
    }
}
