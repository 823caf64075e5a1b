//! Renewal of terms (续聘): a batch with one case for each person; the conditions of art 6 are examined
//! anew for each, and what fails is named.
//!
//! *Invariants:* who meets the conditions is proposed and confirmed by another person; who does not is
//! never renewed by a batch: the ways out are a relaxation for scarce specialities, confirmed by
//! another person, or a dismissal for reason 1. A body reads back as what it was written from.
//!
//! *Deliberately not here:* the conditions (`rules::conditions`), the length of a term (the profile).
//!
//! Sources: 财库〔2016〕198号 arts 6, 11(1) (C2); lengths of terms are profile data.

use crate::codec::{Fields, Json, Object, ShapeError, object};
use crate::time::Date;

use super::decision::{some_date, some_text};
use super::lifecycle::{BEGINNING, Lifecycle, Party, Transition};

/// Persons of one batch.
pub const RENEWAL_MAX: usize = 500;

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

const PROPOSERS: &[Party] = &[Party::Registrar, Party::Reviewer];
const APPROVER: &[Party] = &[Party::Approver];
const BY_DATE: &[Party] = &[Party::Clock];

/// A batch.
pub const RENEWAL_BATCH: Lifecycle = Lifecycle {
    name: "renewal_batch",
    title_zh: "续聘批次",
    transitions: &[
        row(
            BEGINNING,
            "propose",
            "proposed",
            PROPOSERS,
            ("1 至 500 人；逐人按第6条重新审核", "1 to 500 persons; each examined anew by art 6"),
            "财库〔2016〕198号第6条; 项目规则",
        ),
        row(
            "proposed",
            "confirm",
            "confirmed",
            APPROVER,
            ("另一人；逐人再次审核", "another person; each examined once more"),
            "项目规则",
        ),
        row(
            "proposed",
            "reject",
            "rejected",
            APPROVER,
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
        row("proposed", "urge", "proposed", BY_DATE, ("已过期限", "overdue"), "项目规则"),
    ],
};

/// One person of a batch.
pub const RENEWAL: Lifecycle = Lifecycle {
    name: "renewal",
    title_zh: "续聘",
    transitions: &[
        row(
            BEGINNING,
            "pass",
            "passed",
            PROPOSERS,
            ("符合第6条各项条件", "meets every condition of art 6"),
            "财库〔2016〕198号第6条",
        ),
        row(
            BEGINNING,
            "fail",
            "failed",
            PROPOSERS,
            ("不符合的条件逐项列明", "each failing condition named"),
            "财库〔2016〕198号第6条",
        ),
        row(
            "passed",
            "renew",
            "renewed",
            APPROVER,
            ("批次由另一人确认；仍符合条件", "the batch confirmed by another person; still meets them"),
            "项目规则",
        ),
        row(
            "passed",
            "fail",
            "failed",
            APPROVER,
            ("确认时已不符合条件", "no longer meets them at the confirmation"),
            "财库〔2016〕198号第6条",
        ),
        row(
            "passed",
            "drop",
            "dropped",
            &[Party::Approver, Party::Registrar, Party::Reviewer],
            ("批次不予批准或撤回", "the batch was rejected or withdrawn"),
            "项目规则",
        ),
        row(
            "failed",
            "relax",
            "relaxed",
            PROPOSERS,
            ("仅第（二）（五）项；紧缺专业；理由", "items (2) and (5) only; scarce specialities; a reason"),
            "财库〔2016〕198号第6条",
        ),
        row(
            "relaxed",
            "renew",
            "renewed",
            APPROVER,
            ("另一人；放宽后符合条件", "another person; meets them with the relaxation"),
            "财库〔2016〕198号第6条",
        ),
        row("relaxed", "refuse", "failed", APPROVER, ("另一人", "another person"), "项目规则"),
        row(
            "failed",
            "propose_dismissal",
            "dismissal_proposed",
            PROPOSERS,
            ("同时提出解聘（理由一）", "a dismissal for reason 1 is proposed in the same write"),
            "财库〔2016〕198号第11条第（一）项",
        ),
        row(
            "passed",
            "end",
            "ended",
            BY_DATE,
            ("该专家已解聘、禁止、死亡或并入", "the expert was dismissed, banned, has died or was merged"),
            "项目规则",
        ),
        row(
            "failed",
            "end",
            "ended",
            BY_DATE,
            ("该专家已解聘、禁止、死亡或并入", "the expert was dismissed, banned, has died or was merged"),
            "项目规则",
        ),
        row(
            "relaxed",
            "end",
            "ended",
            BY_DATE,
            ("该专家已解聘、禁止、死亡或并入", "the expert was dismissed, banned, has died or was merged"),
            "项目规则",
        ),
    ],
};

/// One condition that stands in the way, or is met only by a relaxation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The condition's name.
    pub condition: String,
    /// `fail`, `unknown`, or `relaxed`.
    pub answer: String,
    /// The profile's wording.
    pub title: String,
    /// Its source.
    pub source: String,
}

/// The body of one person's renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalBody {
    /// Last day of the term that ends.
    pub old_to: Date,
    /// First day of the new term.
    pub term_from: Date,
    /// Last day of the new term.
    pub term_to: Date,
    /// What stands in the way, in the order of the article; empty for those who pass.
    pub failing: Vec<Failing>,
    /// The account that proposed: the batch, later the relaxation.
    pub proposed_by: String,
    /// Why a relaxation is proposed.
    pub why: Option<String>,
    /// The account that decided.
    pub decided_by: Option<String>,
    /// The dismissal that was proposed.
    pub decision: Option<String>,
}

/// The body of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalBatchBody {
    /// Number or title of the document, or the occasion.
    pub basis: String,
    /// How many passed when it was proposed.
    pub passed: u32,
    /// How many failed then.
    pub failed: u32,
    /// Who fits and did not go into this batch: beyond 500, in another one already, or too early.
    pub left_off: u32,
    /// How many were renewed by the confirmation.
    pub renewed: u32,
    /// The account that proposed.
    pub proposed_by: String,
    /// The account that decided.
    pub decided_by: Option<String>,
    /// The day of that.
    pub decided_on: Option<Date>,
    /// Why it was rejected.
    pub why: Option<String>,
}

fn day(f: &mut Fields<'_>, key: &str) -> Result<Date, ShapeError> {
    some_date(f, key)?.ok_or_else(|| f.wrong(key, "required"))
}

impl RenewalBody {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        let failing = |one: &Failing| {
            Json::from(
                Object::new()
                    .with("condition", one.condition.as_str())
                    .with("answer", one.answer.as_str())
                    .with("title", one.title.as_str())
                    .with("source", one.source.as_str()),
            )
        };
        Object::new()
            .with("old_to", self.old_to.to_string())
            .with("term_from", self.term_from.to_string())
            .with("term_to", self.term_to.to_string())
            .with("failing", self.failing.iter().map(failing).collect::<Json>())
            .with("proposed_by", self.proposed_by.as_str())
            .with_some("why", self.why.clone())
            .with_some("decided_by", self.decided_by.clone())
            .with_some("decision", self.decision.clone())
            .into()
    }

    /// Reads what [`RenewalBody::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<RenewalBody, ShapeError> {
        object(json, "", |f| {
            Ok(RenewalBody {
                old_to: day(f, "old_to")?,
                term_from: day(f, "term_from")?,
                term_to: day(f, "term_to")?,
                failing: f.each("failing", |item, path| {
                    object(item, path, |f| {
                        Ok(Failing {
                            condition: f.str("condition")?.to_owned(),
                            answer: f.str("answer")?.to_owned(),
                            title: f.str("title")?.to_owned(),
                            source: f.str("source")?.to_owned(),
                        })
                    })
                })?,
                proposed_by: f.str("proposed_by")?.to_owned(),
                why: some_text(f, "why")?,
                decided_by: some_text(f, "decided_by")?,
                decision: some_text(f, "decision")?,
            })
        })
    }
}

impl RenewalBatchBody {
    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        Object::new()
            .with("basis", self.basis.as_str())
            .with("passed", self.passed)
            .with("failed", self.failed)
            .with("left_off", self.left_off)
            .with("renewed", self.renewed)
            .with("proposed_by", self.proposed_by.as_str())
            .with_some("decided_by", self.decided_by.clone())
            .with_some("decided_on", self.decided_on.map(|day| day.to_string()))
            .with_some("why", self.why.clone())
            .into()
    }

    /// Reads what [`RenewalBatchBody::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json) -> Result<RenewalBatchBody, ShapeError> {
        object(json, "", |f| {
            Ok(RenewalBatchBody {
                basis: f.str("basis")?.to_owned(),
                passed: f.u32("passed", u32::MAX)?,
                failed: f.u32("failed", u32::MAX)?,
                left_off: f.u32("left_off", u32::MAX)?,
                renewed: f.u32("renewed", u32::MAX)?,
                proposed_by: f.str("proposed_by")?.to_owned(),
                decided_by: some_text(f, "decided_by")?,
                decided_on: some_date(f, "decided_on")?,
                why: some_text(f, "why")?,
            })
        })
    }
}

/// The new term: from the day after the old one, or from today if that is past already.
pub fn new_term(old_to: Date, today: Date, years: u32) -> (Date, Date) {
    let from = old_to.plus_days(1).max(today);
    (from, from.plus_years(i32::try_from(years).unwrap_or(0)).plus_days(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn a_new_term_follows_the_old_one_without_gap_or_overlap() {
        let today = day("2026-11-24");
        let term = new_term(day("2026-12-31"), today, 3);
        assert_eq!(term, (day("2027-01-01"), day("2029-12-31")));
        assert_eq!(new_term(day("2026-01-31"), today, 1), (today, day("2027-11-23")));
    }

    #[test]
    fn bodies_read_back_as_they_were() {
        let one = Failing {
            condition: "age".into(),
            answer: "fail".into(),
            title: "不满七十周岁".into(),
            source: "财库〔2016〕198号第6条".into(),
        };
        let body = RenewalBody {
            old_to: day("2026-12-31"),
            term_from: day("2027-01-01"),
            term_to: day("2029-12-31"),
            failing: vec![one],
            proposed_by: "A1".into(),
            why: Some("紧缺专业".into()),
            decided_by: None,
            decision: Some("D1".into()),
        };
        assert_eq!(RenewalBody::from_json(&body.to_json()).unwrap(), body);
        let batch = RenewalBatchBody {
            basis: "2026年度续聘".into(),
            passed: 1,
            failed: 2,
            left_off: 3,
            renewed: 0,
            proposed_by: "A1".into(),
            decided_by: Some("A2".into()),
            decided_on: Some(day("2026-12-31")),
            why: None,
        };
        assert_eq!(RenewalBatchBody::from_json(&batch.to_json()).unwrap(), batch);
    }

    #[test]
    fn who_fails_is_renewed_only_by_way_of_a_relaxation() {
        let everybody = [Party::Registrar, Party::Reviewer, Party::Approver, Party::Clock];
        assert!(RENEWAL.step("failed", "renew", &everybody).is_err());
        assert!(RENEWAL.step("relaxed", "renew", &[Party::Registrar, Party::Reviewer]).is_err());
        assert!(RENEWAL.step("relaxed", "renew", &[Party::Approver]).is_ok());
    }
}
