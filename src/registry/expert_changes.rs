//! How an expert changes: as a whole from a draft, by a decision about the standing, and the few
//! single facts that have their own process (leave, yearly confirmation, open change of employer,
//! renewal of the term, decisions about claims).
//!
//! *Invariant:* the result of every change is checked by the same rules as a new record.

use std::sync::LazyLock;

use crate::codes::{CreditCode, Speciality};
use crate::time::{Date, Timestamp};

use super::draft::Draft;
use super::draft_parts::{
    DraftAppointment, DraftCertificate, DraftClaim, DraftDocument, DraftEducation, DraftEmployment,
    DraftEqualLevel, DraftPast, DraftRelative, DraftRelaxation, DraftTitle, DraftTraining,
};
use super::expert::{Employment, Expert, PastEmployment};
use super::particulars::{Claim, ClaimDecision, Leave, Particulars, WorkStatus};
use super::problem::Problem;
use super::standing::{Event, Refusal, Standing};

/// What is decided about one claimed speciality.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimDecided {
    /// The speciality, claimed or not: an approval of one that was never claimed adds it.
    pub speciality: Speciality,
    /// Approved or rejected.
    pub decision: ClaimDecision,
    /// When.
    pub decided: Date,
    /// Why; needed to reject.
    pub reason: Option<String>,
}

impl Expert {
    /// Everything beyond the base of the record.
    pub fn particulars(&self) -> &Particulars {
        static NOTHING: LazyLock<Particulars> = LazyLock::new(Particulars::default);
        self.facts.particulars.as_deref().unwrap_or(&NOTHING)
    }

    /// Leave, ascending, not overlapping.
    pub fn leaves(&self) -> &[Leave] {
        &self.particulars().leaves
    }

    /// Employers of a change of employer that is not decided yet: until then old and new both count
    /// for conflicts (财库〔2016〕198号 art 10).
    pub fn pending_units(&self) -> &[CreditCode] {
        &self.particulars().pending_units
    }

    /// Day of the last yearly confirmation.
    pub fn confirmed(&self) -> Option<Date> {
        self.particulars().confirmed
    }

    /// All claims: the approved ones in the order of [`Expert::specialities`], then the others.
    pub fn claims(&self) -> Vec<Claim> {
        let told = &self.particulars().claims;
        let approved = self.specialities().iter().map(|speciality| {
            let found = told.iter().find(|claim| claim.speciality == *speciality);
            found.cloned().unwrap_or_else(|| Claim::approved(*speciality))
        });
        let others = told.iter().filter(|claim| claim.decision != ClaimDecision::Approved).cloned();
        approved.chain(others).collect()
    }

    /// Whether the employers do not account for the three years before `day` (those that count for
    /// conflicts, art 16). A finding, no refusal: the employer is not known, or some of the time is
    /// covered by no employment. Who is retired or works freely has none since the last one that is
    /// recorded, and may have none recorded at all.
    pub fn history_incomplete(&self, day: Date) -> bool {
        let Some(present) = self.employments() else { return true };
        let first_day = day.plus_years(-3);
        let mut covered_from = if present.is_empty() {
            let without =
                matches!(self.particulars().work_status, Some(WorkStatus::Retired | WorkStatus::Free));
            let last = self.past().iter().map(|p| p.to).max();
            if last.is_none() && without { Some(Date::MIN) } else { last }
        } else {
            present.iter().map(|e| e.since).min()
        };
        let mut past: Vec<&PastEmployment> = self.past().iter().collect();
        past.sort_by_key(|p| std::cmp::Reverse(p.to));
        for employment in past {
            // Change of employer takes days, not a season: a month between two is no gap.
            if covered_from.is_some_and(|from| from.days_since(employment.to) <= GAP_DAYS) {
                covered_from = covered_from.min(Some(employment.from));
            }
        }
        covered_from.is_none_or(|from| from > first_day)
    }

    /// The facts as they would be written; `draft().check(number)` gives them back.
    pub fn draft(&self) -> Draft {
        let facts = &self.facts;
        let further = self.particulars();
        // What is in the number of a card is not written beside it, lest a new number contradict it.
        let (birth, sex) = if facts.identity.is_card() {
            (String::new(), String::new())
        } else {
            (facts.identity.birth().to_string(), facts.identity.sex().code().to_string())
        };
        Draft {
            name: facts.name.clone(),
            id_kind: facts.identity.kind().to_owned(),
            id_number: facts.identity.number().to_owned(),
            birth,
            sex,
            phone: facts.phone.clone(),
            employments: facts.employments.as_ref().map(|list| list.iter().map(employment).collect()),
            past: facts.past.iter().map(past).collect(),
            title_level: facts.title_level.as_str().to_owned(),
            field_since: facts.field_since.to_string(),
            specialities: codes(&facts.specialities, |s| s.as_str()),
            regions: codes(&facts.regions, |r| r.as_str()),
            declared_units: codes(&facts.declared_units, |u| u.as_str()),
            term_from: facts.term_from.to_string(),
            term_to: facts.term_to.to_string(),
            ..particulars(further)
        }
    }

    /// The same expert, number and standing kept, with the facts of a draft.
    ///
    /// # Errors
    /// All problems of the draft.
    pub fn amended(&self, draft: &Draft) -> Result<Expert, Vec<Problem>> {
        draft.check_as(self.number.clone(), self.standing.clone())
    }

    /// The same expert with the standing that a decision found, after the decision was reversed: as if it
    /// had not been made. Only a reversal on appeal may do this (行政复议、诉讼 K95).
    pub fn annulled(&self, before: Standing) -> Expert {
        Expert { standing: before, ..self.clone() }
    }

    /// The same expert after a decision about the standing.
    ///
    /// # Errors
    /// As [`Standing::apply`](super::Standing::apply), and a merge into the record itself.
    pub fn decided(&self, event: Event, decided: Date) -> Result<Expert, Refusal> {
        if matches!(&event, Event::Merge(into) if *into == self.number) {
            return Err(Refusal::MergedIntoItself);
        }
        Ok(Expert { standing: self.standing.clone().apply(event, decided)?, ..self.clone() })
    }

    /// The same expert with the standing as it is on a day: a suspension that ended by itself is over.
    pub fn settled(&self, day: Date) -> Expert {
        Expert { standing: self.standing.clone().on(day), ..self.clone() }
    }

    /// With these leaves instead, in any order.
    ///
    /// # Errors
    /// More than 64, overlapping, or ending before they begin.
    pub fn with_leaves(&self, mut leaves: Vec<Leave>) -> Result<Expert, Vec<Problem>> {
        leaves.sort();
        self.changed(|draft| draft.leaves = leaves)
    }

    /// With these employers of an open change instead; none when it is decided.
    ///
    /// # Errors
    /// More than 8, or one twice.
    pub fn with_pending_units(&self, units: &[CreditCode]) -> Result<Expert, Vec<Problem>> {
        self.changed(|draft| draft.pending_units = codes(units, |unit| unit.as_str()))
    }

    /// Confirmed on a day.
    ///
    /// # Errors
    /// None of its own; those of a record that is checked anew.
    pub fn with_confirmed(&self, day: Date) -> Result<Expert, Vec<Problem>> {
        self.changed(|draft| draft.confirmed = day.to_string())
    }

    /// With another term of appointment (续聘).
    ///
    /// # Errors
    /// `term_to` before `term_from`.
    pub fn renewed(&self, from: Date, to: Date) -> Result<Expert, Vec<Problem>> {
        self.changed(|draft| (draft.term_from, draft.term_to) = (from.to_string(), to.to_string()))
    }

    /// After decisions about claims: approved ones are drawable, rejected ones are not.
    ///
    /// # Errors
    /// A rejection without reason, more than 16 approved.
    pub fn with_claim_decisions(&self, decisions: &[ClaimDecided]) -> Result<Expert, Vec<Problem>> {
        self.changed(|draft| decisions.iter().for_each(|decision| draft.decide_claim(decision)))
    }

    /// Whether a leave meets the time from `from` on, before `to`.
    pub fn on_leave(&self, from: Timestamp, to: Timestamp) -> bool {
        self.leaves().iter().any(|leave| leave.meets(from, to))
    }

    fn changed(&self, change: impl FnOnce(&mut Draft)) -> Result<Expert, Vec<Problem>> {
        let mut draft = self.draft();
        change(&mut draft);
        self.amended(&draft)
    }
}

impl Draft {
    /// Puts a decision into the claims and keeps the drawable list in step. The evidence stays.
    pub fn decide_claim(&mut self, decided: &ClaimDecided) {
        let speciality = decided.speciality.as_str();
        let found = self.claims.iter().position(|claim| claim.speciality == speciality);
        let evidence = found.map(|position| self.claims.remove(position).evidence).unwrap_or_default();
        let claim = DraftClaim {
            speciality: speciality.to_owned(),
            evidence,
            decision: decided.decision.as_str().to_owned(),
            decided: decided.decided.to_string(),
            reason: decided.reason.clone().unwrap_or_default(),
        };
        let listed = self.specialities.iter().any(|known| known == speciality);
        match decided.decision {
            ClaimDecision::Approved if !listed => self.specialities.push(speciality.to_owned()),
            ClaimDecision::Approved => {}
            _ => self.specialities.retain(|known| known != speciality),
        }
        self.claims.insert(found.unwrap_or(self.claims.len()), claim);
    }
}

/// Days between two employments that leave no gap in a history.
const GAP_DAYS: i64 = 31;

fn codes<T>(codes: &[T], text: impl Fn(&T) -> &str) -> Vec<String> {
    codes.iter().map(|code| text(code).to_owned()).collect()
}

fn employment(e: &Employment) -> DraftEmployment {
    DraftEmployment { unit: e.unit.as_str().to_owned(), name: e.name.clone(), since: e.since.to_string() }
}

fn past(p: &PastEmployment) -> DraftPast {
    DraftPast {
        unit: p.unit.as_str().to_owned(),
        name: p.name.clone().unwrap_or_default(),
        from: p.from.to_string(),
        to: p.to.to_string(),
    }
}

/// A draft of the further facts alone.
fn particulars(further: &Particulars) -> Draft {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    Draft {
        further_phones: further.further_phones.clone(),
        mail: text(&further.mail),
        address: text(&further.address),
        work_status: further.work_status.map_or("", |status| status.as_str()).to_owned(),
        educations: (further.educations.iter())
            .map(|e| DraftEducation {
                code: e.level.as_str().to_owned(),
                school: text(&e.school),
                degree: text(&e.degree),
                date: day(e.date),
            })
            .collect(),
        titles: (further.titles.iter())
            .map(|t| DraftTitle {
                code: text(&t.code),
                name: t.name.clone(),
                level: t.level.as_str().to_owned(),
                date: day(t.date),
                issuer: text(&t.issuer),
            })
            .collect(),
        equal_level: (further.equal_level.as_ref())
            .map(|e| DraftEqualLevel { text: e.text.clone(), evidence: e.evidence.clone() }),
        certificates: (further.certificates.iter())
            .map(|c| DraftCertificate {
                name: c.name.clone(),
                number: c.number.clone(),
                issued: c.issued.to_string(),
                valid_to: day(c.valid_to),
            })
            .collect(),
        claims: (further.claims.iter())
            .map(|c| DraftClaim {
                speciality: c.speciality.as_str().to_owned(),
                evidence: c.evidence.clone(),
                decision: c.decision.as_str().to_owned(),
                decided: day(c.decided),
                reason: text(&c.reason),
            })
            .collect(),
        relatives: (further.relatives.iter())
            .map(|r| DraftRelative {
                relation: r.relation.as_str().to_owned(),
                name: text(&r.name),
                units: codes(&r.units, |unit| unit.as_str()),
            })
            .collect(),
        e_evaluation: further
            .e_evaluation
            .map_or("", |skilled| if skilled { "yes" } else { "no" })
            .to_owned(),
        trainings: (further.trainings.iter())
            .map(|t| DraftTraining { name: t.name.clone(), date: t.date.to_string() })
            .collect(),
        relaxation: further.relaxation.as_ref().map(|r| DraftRelaxation {
            reason: r.reason.clone(),
            approved_by: r.approved_by.clone(),
            specialities: codes(&r.specialities, |s| s.as_str()),
        }),
        documents: (further.documents.iter())
            .map(|d| DraftDocument { kind: d.kind.clone(), digest: d.digest.clone(), name: text(&d.name) })
            .collect(),
        leaves: further.leaves.clone(),
        pending_units: codes(&further.pending_units, |unit| unit.as_str()),
        confirmed: day(further.confirmed),
        appointment: (further.appointment.as_ref())
            .map(|a| DraftAppointment { number: a.number.clone(), issued: a.issued.to_string() }),
        ..Draft::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::{credit_code, draft, full_draft};
    use super::super::expert::ExpertNumber;
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn expert(change: impl FnOnce(&mut Draft)) -> Expert {
        let mut draft = draft();
        change(&mut draft);
        draft.check(ExpertNumber::from_random([7; 10])).unwrap()
    }

    fn rules(found: Result<Expert, Vec<Problem>>) -> Vec<(String, &'static str)> {
        found.err().unwrap_or_default().into_iter().map(|p| (p.field, p.rule)).collect()
    }

    #[test]
    fn every_fact_of_a_full_record_is_written_as_it_was() {
        let full = full_draft().check(ExpertNumber::from_random([7; 10])).unwrap();
        assert!(full.draft() == full_draft());
        assert!(full.amended(&full.draft()).unwrap() == full);
        assert_eq!(full.claims().len(), 3, "two approved, one pending");
    }

    #[test]
    fn leaves_are_sorted_kept_apart_and_limited() {
        let leave = |from: i64, to: i64| Leave { from: Timestamp(from), to: Timestamp(to) };
        let away = expert(|_| {}).with_leaves(vec![leave(200, 300), leave(100, 200)]).unwrap();
        assert_eq!(away.leaves(), [leave(100, 200), leave(200, 300)]);
        assert!(
            away.on_leave(Timestamp(50), Timestamp(101)) && !away.on_leave(Timestamp(300), Timestamp(400))
        );
        assert_eq!(
            rules(away.with_leaves(vec![leave(1, 5), leave(4, 6)])),
            [("leaves[1]".to_owned(), "order")]
        );
        assert_eq!(rules(away.with_leaves(vec![leave(5, 5)])), [("leaves[0]".to_owned(), "order")]);
        let many = |n: i64| (0..n).map(|i| leave(i * 10, i * 10 + 5)).collect();
        assert!(away.with_leaves(many(64)).is_ok());
        assert_eq!(rules(away.with_leaves(many(65))), [("leaves".to_owned(), "count")]);
        assert!(away.with_leaves(Vec::new()).unwrap() == expert(|_| {}));
    }

    #[test]
    fn confirmation_renewal_and_open_employers_change_one_fact_each() {
        let before = expert(|_| {});
        assert_eq!(before.with_confirmed(day("2026-03-01")).unwrap().confirmed(), Some(day("2026-03-01")));
        let renewed = before.renewed(day("2028-01-01"), day("2030-12-31")).unwrap();
        assert_eq!((renewed.term_from(), renewed.term_to()), (day("2028-01-01"), day("2030-12-31")));
        assert_eq!(
            rules(before.renewed(day("2028-01-01"), day("2027-12-31"))),
            [("term_to".to_owned(), "order")]
        );
        let unit = CreditCode::parse(&credit_code(9)).unwrap();
        let open = before.with_pending_units(std::slice::from_ref(&unit)).unwrap();
        assert_eq!(open.pending_units(), std::slice::from_ref(&unit));
        assert_eq!(open.employments(), before.employments());
        assert!(open.with_pending_units(&[]).unwrap() == before);
        assert_eq!(
            rules(open.with_pending_units(&[unit.clone(), unit])),
            [("pending_units[1]".to_owned(), "duplicate")]
        );
    }

    #[test]
    fn a_decision_about_a_claim_keeps_the_drawable_list_in_step() {
        let speciality = |code: &str| Speciality::parse(&format!("ndrc316:{code}")).unwrap();
        let decided = |code: &str, decision, reason: Option<&str>| ClaimDecided {
            speciality: speciality(code),
            decision,
            decided: day("2026-05-01"),
            reason: reason.map(str::to_owned),
        };
        let full = full_draft().check(ExpertNumber::from_random([7; 10])).unwrap();
        let approved = full.with_claim_decisions(&[decided("A0801", ClaimDecision::Approved, None)]).unwrap();
        assert_eq!(approved.specialities(), [speciality("A0832"), speciality("C0602"), speciality("A0801")]);
        let rejected = decided("C0602", ClaimDecision::Rejected, Some("证明不足"));
        let less = approved.with_claim_decisions(std::slice::from_ref(&rejected)).unwrap();
        assert_eq!(less.specialities(), [speciality("A0832"), speciality("A0801")]);
        let claim = less.claims().into_iter().find(|claim| claim.speciality == speciality("C0602")).unwrap();
        assert_eq!((claim.decision, claim.evidence.len()), (ClaimDecision::Rejected, 1));
        let silent = ClaimDecided { reason: None, ..rejected };
        assert_eq!(
            rules(approved.with_claim_decisions(&[silent])),
            [("claims[0].reason".to_owned(), "required")]
        );
        let all: Vec<ClaimDecided> =
            ["A0832", "A0801"].map(|code| decided(code, ClaimDecision::Rejected, Some("不符"))).to_vec();
        assert_eq!(less.with_claim_decisions(&all).unwrap().specialities(), []);
    }

    #[test]
    fn a_plain_list_and_claims_bring_each_other_into_step() {
        let mut draft = full_draft();
        draft.set_specialities(vec!["ndrc316:A0801".into(), "ndrc316:A0832".into()]);
        let expert = draft.check(ExpertNumber::from_random([7; 10])).unwrap();
        assert_eq!(expert.specialities().len(), 2);
        assert!(expert.particulars().claims.is_empty());
        let mut draft = full_draft();
        draft.set_claims(vec![DraftClaim {
            speciality: "ndrc316:C0602".into(),
            decision: "rejected".into(),
            reason: "不符".into(),
            ..DraftClaim::default()
        }]);
        let expert = draft.check(ExpertNumber::from_random([7; 10])).unwrap();
        assert_eq!(expert.specialities(), [Speciality::parse("ndrc316:A0832").unwrap()]);
        let mut claims_alone = full_draft();
        claims_alone.specialities.clear();
        let expert = claims_alone.check(ExpertNumber::from_random([7; 10])).unwrap();
        assert_eq!(expert.specialities(), [Speciality::parse("ndrc316:C0602").unwrap()]);
    }

    #[test]
    fn a_history_of_three_years_has_no_gap_longer_than_a_month() {
        let today = day("2026-11-24");
        let incomplete = |change: fn(&mut Draft)| expert(change).history_incomplete(today);
        assert!(!incomplete(|_| {}));
        assert!(incomplete(|d| d.employments = None));
        let since = |d: &mut Draft, since: &str| d.employments.as_mut().unwrap()[0].since = since.into();
        assert!(!incomplete(|d| {
            d.employments.as_mut().unwrap()[0].since = "2025-01-31".into();
            d.past[0].to = "2024-12-31".into();
        }));
        assert!(incomplete(|d| {
            d.employments.as_mut().unwrap()[0].since = "2025-02-02".into();
            d.past[0].to = "2024-12-31".into();
        }));
        assert!(!expert(|d| since(d, "2023-11-24")).history_incomplete(today));
        assert!(!incomplete(|d| d.employments = Some(Vec::new())), "the last employment ended long ago");
        assert!(incomplete(|d| (d.employments, d.past) = (Some(Vec::new()), Vec::new())));
        assert!(!incomplete(|d| {
            (d.employments, d.past) = (Some(Vec::new()), Vec::new());
            d.work_status = "retired".into();
        }));
    }

    #[test]
    fn a_record_is_not_merged_into_itself() {
        let one = expert(|_| {});
        let itself = Event::Merge(one.number().clone());
        assert_eq!(one.decided(itself, day("2026-11-24")), Err(Refusal::MergedIntoItself));
        let other = Event::Merge(ExpertNumber::from_random([8; 10]));
        assert!(one.decided(other, day("2026-11-24")).is_ok());
    }
}
