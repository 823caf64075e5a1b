//! The facts that the conditions of selection ask about, gathered from the registry; used at entry,
//! at renewal and in special checks.
//!
//! *Invariant:* what the registry does not know stays unknown; whoever asks sees it in the findings.
//!
//! *Deliberately not here:* what a condition means (`rules::conditions`).

use super::Service;
use super::refusal::{Kind, Refusal};
use crate::registry::{DismissalReason, Draft, Expert, Standing};
use crate::rules::conditions::{ConditionFacts, ConditionFinding, ConductSummary, Purpose, examine};
use crate::store::{self, Conn};
use crate::time::{Calendar, Date, Timestamp};

/// Journal entries of one person read at once.
const BATCH: u32 = 500;

impl Service {
    /// The conditions as they stand for somebody in the registry, for renewals and special checks.
    pub(super) fn examine_expert(
        &self,
        conn: &mut Conn,
        expert: &Expert,
        today: Date,
    ) -> Result<Vec<ConditionFinding>, Refusal> {
        let facts = self.condition_facts(conn, &expert.draft(), Some(expert))?;
        Ok(examine(&facts, &self.registry_profile, Purpose::Staying, today))
    }

    /// The facts of a record; `expert` is the person in the registry, if known there.
    pub(super) fn condition_facts(
        &self,
        conn: &mut Conn,
        draft: &Draft,
        expert: Option<&Expert>,
    ) -> Result<ConditionFacts, Refusal> {
        let conduct = match expert {
            Some(expert) => self.conduct_summary(conn, expert)?,
            // Nobody of this identity was ever registered, so there is no record to be bad.
            None => ConductSummary::default(),
        };
        let employer_kinds = self.employer_kinds(conn, draft)?;
        Ok(ConditionFacts { conduct: Some(conduct), employer_kinds, ..ConditionFacts::of_draft(draft) })
    }

    /// The kinds of the present employers that a profile may exclude. Known when one of them is of such
    /// a kind, or when all of them are recorded as units.
    fn employer_kinds(&self, conn: &mut Conn, draft: &Draft) -> Result<Option<Vec<String>>, Refusal> {
        let Some(employments) = &draft.employments else { return Ok(None) };
        let (mut kinds, mut all) = (Vec::new(), true);
        for employment in employments {
            match self.excluded_kinds(conn, &employment.unit)? {
                Some(found) => kinds.extend(found),
                None => all = false,
            }
        }
        Ok((all || !kinds.is_empty()).then_some(kinds))
    }

    /// What the registry knows about somebody's conduct.
    pub(super) fn conduct_summary(
        &self,
        conn: &mut Conn,
        expert: &Expert,
    ) -> Result<ConductSummary, Refusal> {
        let number = expert.number().as_str();
        let mut summary = self.conduct_summaries(conn, Some(number))?.remove(number).unwrap_or_default();
        summary.banned |= matches!(expert.standing(), Standing::Banned);
        // A dismissal for bad conduct counts also where its case is older than this registry.
        if matches!(expert.standing(), Standing::Dismissed(DismissalReason::BadConduct)) {
            summary.last_bad_conduct = summary.last_bad_conduct.max(self.dismissed_on(conn, expert)?);
        }
        Ok(summary)
    }

    /// The day of the decision that dismissed somebody, from the journal; `None`: not dismissed.
    pub(super) fn dismissed_on(&self, conn: &mut Conn, expert: &Expert) -> Result<Option<Date>, Refusal> {
        let (number, mut from, mut since) = (expert.number().as_str(), 0, None);
        loop {
            let entries = store::journal::of_subject(conn, number, from, BATCH)?;
            let Some(last) = entries.last() else { return Ok(since) };
            from = last.index() + 1;
            for entry in entries.iter().filter(|entry| super::following::is_expert(entry)) {
                let (_, image) = self.archive().image(conn, entry)?;
                let then = image.open::<Expert>().map_err(Refusal::internal)?;
                since = match (then.standing(), since) {
                    (Standing::Dismissed(_), None) => Some(Date::of(Timestamp(entry.time))),
                    (Standing::Dismissed(_), kept) => kept,
                    _ => None,
                };
            }
        }
    }

    /// Refuses when somebody who was dismissed may not come back yet, or at all.
    pub(super) fn may_reenter(&self, conn: &mut Conn, expert: &Expert, today: Date) -> Result<(), Refusal> {
        let reason = match expert.standing() {
            Standing::Dismissed(reason) => reason,
            Standing::Banned => {
                let en = "a ban is final: no new application";
                return Err(refused("banned_is_final", "已被禁止参加评审，不得再次申请", en));
            }
            _ => return Err(super::experts::registered()),
        };
        let reentry = &self.registry_profile.reentry;
        let rule = reentry.rule(reason).ok_or_else(|| Refusal::internal("no re-entry rule"))?;
        let source = &rule.rule.source;
        let conduct = self.conduct_summary(conn, expert)?;
        if !rule.allowed || (conduct.false_material && !reentry.after_false_material.value) {
            let en = format!("no entry again after this dismissal ({source})");
            return Err(refused("no_reentry", format!("解聘原因不允许重新入库（{source}）"), en));
        }
        let first = self.dismissed_on(conn, expert)?.map(|day| day.plus_months(rule.after_months));
        if first.is_some_and(|first| today < first) {
            let months = rule.after_months;
            let en = format!("no entry again before {months} months after the dismissal ({source})");
            let zh = format!("解聘未满 {months} 个月，不得重新入库（{source}）");
            return Err(refused("reentry_too_early", zh, en));
        }
        Ok(())
    }
}

/// The end of the n-th working day after today. Where the table of exchanged days does not reach,
/// weekends alone are taken out.
pub(super) fn due_after(now: Timestamp, working_days: u32) -> i64 {
    let today = Date::of(now);
    let last = Calendar::embedded().working_days_after(today, working_days).unwrap_or_else(|_| {
        let (mut day, mut left) = (today, working_days);
        while left > 0 && day < Date::MAX {
            day = day.plus_days(1);
            if !day.weekday().is_weekend() {
                left -= 1;
            }
        }
        day
    });
    last.plus_days(1).start().0 - 1
}

fn refused(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Conflict, code, zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_on_the_corresponding_day_or_the_last_of_the_month() {
        let day = |text| Date::parse(text).unwrap();
        assert_eq!(day("2026-11-30").plus_months(3), day("2027-02-28"));
        assert_eq!(day("2026-11-24").plus_months(12), day("2027-11-24"));
        assert_eq!(day("2026-11-24").plus_months(0), day("2026-11-24"));
    }

    #[test]
    fn something_is_due_at_the_end_of_its_working_day() {
        // Tuesday 2026-11-24; seven working days later is Thursday 2026-12-03.
        let now = Timestamp(1_795_485_600);
        assert_eq!(Date::of(Timestamp(due_after(now, 7))).to_string(), "2026-12-03");
        assert_eq!(Date::of(Timestamp(due_after(now, 7) + 1)).to_string(), "2026-12-04");
        // Beyond the table of exchanged days: weekends alone.
        let later = Date::parse("2199-01-01").unwrap().start();
        assert!(due_after(later, 5) > later.0);
    }
}
