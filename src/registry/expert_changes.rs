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
use super::particulars::{Claim, ClaimDecision, Leave, Particulars};
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

    /// Whether present and former employers, together with times of retirement or free work that
    /// follow from none being known, leave a gap in the three years before `day` (the years that
    /// count for conflicts, art 16). A finding, no refusal: an employer that is not known at all, or
    /// a time between employments that nothing covers.
    pub fn history_incomplete(&self, day: Date) -> bool {
        let Some(present) = self.employments() else { return true };
        let first_day = day.plus_years(-3);
        // Who has no employer now has had none since the last one; how long ago does not matter.
        let mut covered_from = if present.is_empty() {
            self.past().iter().map(|p| p.to).max()
        } else {
            present.iter().map(|e| e.since).min()
        };
        let mut past: Vec<&PastEmployment> = self.past().iter().collect();
        past.sort_by_key(|p| std::cmp::Reverse(p.to));
        for employment in past {
            // Change of employer takes days, not a season: a month between two counts as none.
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
