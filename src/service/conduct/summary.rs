//! What the conduct cases say about people, for the conditions of selection and for special checks.
//!
//! Counted is what was decided and not reversed. Names nobody but by number; the look, where somebody
//! reads the result, is the caller's to record.

use std::collections::BTreeMap;

use super::super::Service;
use super::super::case_body::text;
use super::super::cases::{Case, all_rows};
use super::super::refusal::Refusal;
use crate::registry::conduct::{CONDUCT, ConductCode};
use crate::rules::conditions::ConductSummary;
use crate::store::Conn;
use crate::store::case::CaseFilter;
use crate::time::Date;

impl Service {
    /// The summary of one expert, or of everybody about whom anything was decided.
    pub(in crate::service) fn conduct_summaries(
        &self,
        conn: &mut Conn,
        expert: Option<&str>,
    ) -> Result<BTreeMap<String, ConductSummary>, Refusal> {
        let decided = ["decided", "published", "appealed", "upheld", "cleared"];
        let filter = CaseFilter {
            kinds: vec![CONDUCT.name.to_owned()],
            states: decided.map(str::to_owned).to_vec(),
            subject: expert.map(str::to_owned),
            ..CaseFilter::default()
        };
        let mut summaries: BTreeMap<String, ConductSummary> = BTreeMap::new();
        for row in all_rows(conn, &filter)? {
            // An erased expert's cases do not open; there is nobody left to select.
            let Ok(case) = self.open_case(conn, &row) else { continue };
            let Some(number) = case.subject.clone() else { continue };
            if let Some((day, code)) = standing_decision(&case) {
                let summary = summaries.entry(number).or_default();
                summary.banned |= text(&case.body, &["decision", "effect"]) == Some("ban");
                if let Some(code) = code {
                    summary.last_bad_conduct = summary.last_bad_conduct.max(Some(day));
                    summary.false_material |= code == ConductCode::FalseMaterial;
                }
            }
        }
        Ok(summaries)
    }
}

/// Day and code of a decision that was not reversed.
fn standing_decision(case: &Case) -> Option<(Date, Option<ConductCode>)> {
    if text(&case.body, &["appeal", "answer", "outcome"]) == Some("reversed") {
        return None;
    }
    let day = Date::parse(text(&case.body, &["decision", "day"])?).ok()?;
    Some((day, text(&case.body, &["finding", "code"]).and_then(ConductCode::parse)))
}
