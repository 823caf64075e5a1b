//! Whom a batch renews: by numbers or by region and end of term, and what the conditions say of each.

use super::stands_in_the_way;
use crate::codes::Region;
use crate::registry::renewal::{Failing, RENEWAL, RENEWAL_MAX, RenewalBody, new_term};
use crate::registry::{Expert, ExpertNumber, Problem};
use crate::rules::Answer;
use crate::service::Service;
use crate::service::actor::Actor;
use crate::service::cases::{Case, NewCase, all_rows};
use crate::service::experts::{ExpertRecord, within};
use crate::service::leave::in_registry;
use crate::service::refusal::{Kind, Refusal};
use crate::store::case::CaseFilter;
use crate::store::expert::ExpertFilter;
use crate::store::{self, Page};
use crate::time::Date;

impl Service {
    /// The persons named, each of whom has to be renewable now.
    pub(super) fn renewable_numbers(
        &self,
        actor: &Actor,
        numbers: &[String],
    ) -> Result<Vec<ExpertRecord>, Refusal> {
        let mut problems = Vec::new();
        if numbers.is_empty() || numbers.len() > RENEWAL_MAX {
            let (zh, en) = (format!("应为 1 至 {RENEWAL_MAX} 人"), format!("must name 1 to {RENEWAL_MAX}"));
            return Err(Refusal::invalid(vec![Problem::new("experts", "", "count", zh, en)]));
        }
        let mut records = Vec::new();
        for (position, number) in numbers.iter().enumerate() {
            let mut refuse = |rule, zh: &str, en: &str| {
                problems.push(Problem::new(format!("experts[{position}]"), number, rule, zh, en));
            };
            if numbers.iter().take(position).any(|earlier| earlier == number) {
                refuse("duplicate", "重复", "stands twice");
                continue;
            }
            if ExpertNumber::parse(number).is_none() {
                refuse("expert_number", "不是专家编号", "is not an expert number");
                continue;
            }
            let record = match self.expert_in_region(actor, number) {
                Ok((record, _)) => record,
                Err(refusal) if refusal.kind == Kind::NotFound => {
                    refuse("not_found", "没有该专家", "no such expert");
                    continue;
                }
                Err(refusal) => return Err(refusal),
            };
            match self.not_renewable(&record)? {
                None => records.push(record),
                Some((rule, zh, en)) => refuse(rule, zh, en),
            }
        }
        if problems.is_empty() { Ok(records) } else { Err(Refusal::invalid(problems)) }
    }

    /// Everybody of a region whose term ends within these days and who is renewable now, at most 500,
    /// with the number of those left off.
    pub(super) fn renewable_ending(
        &self,
        actor: &Actor,
        region: Option<Region>,
        from: Date,
        to: Date,
    ) -> Result<(Vec<ExpertRecord>, u32), Refusal> {
        if to < from {
            let (zh, en) = ("截止日早于起始日", "ends before it begins");
            return Err(Refusal::field("term_to_until", "", "order", zh, en));
        }
        let prefix = region.or(actor.region).map(within);
        let filter = ExpertFilter { region_prefix: prefix.clone(), ..ExpertFilter::default() };
        let (from, to) = (from.to_string(), to.to_string());
        let (mut records, mut left_off, mut after) = (Vec::new(), 0, None);
        loop {
            let page = Page { after: after.clone(), limit: Page::MAX };
            let rows = self.store.read(|conn| store::expert::list(conn, &filter, &page))?;
            let Some(last) = rows.last() else { return Ok((records, left_off)) };
            after = Some(last.row.number.clone());
            // The main region decides who keeps a record.
            let kept = |row: &&store::expert::Expert| {
                prefix.as_ref().is_none_or(|prefix| row.row.region.starts_with(prefix))
                    && row.row.term_to >= from
                    && row.row.term_to <= to
            };
            for row in rows.iter().filter(kept) {
                let record = match self.expert_in_region(actor, &row.row.number) {
                    Ok((record, _)) => record,
                    Err(refusal) if refusal.kind == Kind::NotFound => continue,
                    Err(refusal) => return Err(refusal),
                };
                if in_registry(&record.expert).is_err() {
                    continue;
                }
                if records.len() >= RENEWAL_MAX || self.not_renewable(&record)?.is_some() {
                    left_off += 1;
                } else {
                    records.push(record);
                }
            }
        }
    }

    /// Why a term cannot be renewed now, before any condition is asked.
    fn not_renewable(
        &self,
        record: &ExpertRecord,
    ) -> Result<Option<(&'static str, &'static str, &'static str)>, Refusal> {
        if in_registry(&record.expert).is_err() {
            return Ok(Some(("not_in_registry", "该专家已不在库", "is not in the registry any more")));
        }
        let before = i64::from(self.registry_profile().keeping.term.renewal_days_before.value);
        if record.expert.term_to().days_since(record.today) > before {
            return Ok(Some(("too_early", "尚未到可续聘的日期", "its term cannot be renewed yet")));
        }
        let open = CaseFilter {
            kinds: vec![RENEWAL.name.to_owned()],
            states: ["passed", "relaxed"].map(str::to_owned).to_vec(),
            subject: Some(record.expert.number().as_str().to_owned()),
            ..CaseFilter::default()
        };
        let open = self.store.read(|conn| all_rows(conn, &open))?;
        let twice = ("already_proposed", "已在另一续聘批次中", "stands in another open renewal");
        Ok((!open.is_empty()).then_some(twice))
    }

    /// The case of one person of a batch, passed or failed.
    pub(super) fn renewal_of(
        &self,
        actor: &Actor,
        record: &ExpertRecord,
        batch: &str,
    ) -> Result<Case, Refusal> {
        let years = self.registry_profile().keeping.term.renewal_years.value;
        let old_to = record.expert.term_to();
        let (term_from, term_to) = new_term(old_to, record.today, years);
        let failing = self.renewal_failing(&record.expert, record.today)?;
        let event = if stands_in_the_way(&failing) { "fail" } else { "pass" };
        let proposed_by = actor.account.clone();
        let body = RenewalBody {
            old_to,
            term_from,
            term_to,
            failing,
            proposed_by,
            why: None,
            decided_by: None,
            decision: None,
        };
        let number = record.expert.number().as_str();
        self.begin_case(
            actor,
            &actor.parties(),
            event,
            NewCase {
                lifecycle: &RENEWAL,
                letter: 'R',
                subject: Some(number),
                region: record.expert.regions().first().map(|region| region.as_str()),
                parent: Some(batch),
                owner: None,
                due: None,
                body: body.to_json(),
                sealed_for: Some(number),
            },
        )
    }

    /// Every condition that stands in the way, and those met only by a relaxation.
    pub(in crate::service) fn renewal_failing(
        &self,
        expert: &Expert,
        today: Date,
    ) -> Result<Vec<Failing>, Refusal> {
        let findings = self.store.read(|conn| self.examine_expert(conn, expert, today))?;
        let shown = findings.into_iter().filter(|finding| finding.excludes || finding.relaxed);
        let failing = shown.map(|finding| Failing {
            condition: finding.condition.name().to_owned(),
            answer: match finding.answer {
                _ if !finding.excludes => "relaxed",
                Answer::Unknown => "unknown",
                Answer::Pass | Answer::Fail => "fail",
            }
            .to_owned(),
            title: finding.title,
            source: finding.source.to_string(),
        });
        Ok(failing.collect())
    }
}
