//! The full list of suppliers held against somebody who has signed in (198号 art 16: who finds a reason for
//! recusal must require it). The rules are those of the draw, over the family of conflicts alone.
//!
//! *Invariant:* what was known at the draw was judged there; this looks at the same facts of the person
//! with more suppliers, so it can only find more.

use super::body::Day;
use crate::codes::CreditCode;
use crate::draw::request::Organisation;
use crate::registry::Package;
use crate::rules::people_facts::PersonFacts;
use crate::rules::{Answer, Family, Judging, Project, Requirement};
use crate::service::Service;
use crate::service::refusal::Refusal;
use crate::time::Timestamp;

/// Everybody who takes part: the list with which the day was opened, and whom the package got since then
/// (until somebody signs in).
pub(super) fn taking_part(day: &Day, package: &Package) -> Vec<Organisation> {
    let mut all = day.suppliers.clone();
    for late in package.suppliers() {
        if !all.iter().any(|known| known.code == late.code.as_str()) {
            all.push(Organisation { code: late.code.as_str().to_owned(), name: late.name.to_owned() });
        }
    }
    all.sort_by(|a, b| a.code.cmp(&b.code));
    all
}

impl Service {
    /// Names of the conflict rules that fail for an expert against everybody who takes part on this day.
    pub(super) fn late_conflicts(
        &self,
        number: &str,
        day: &Day,
        package: &Package,
    ) -> Result<Vec<&'static str>, Refusal> {
        let index = self.current_index()?;
        // Whoever is not in the registry any more has no facts to find a conflict in; standing is not asked.
        let Some(indexed) = index.find(number) else { return Ok(Vec::new()) };
        let mut project = Project::of(package, Timestamp(day.review_start));
        project.suppliers = taking_part(day, package)
            .iter()
            .map(|supplier| CreditCode::parse(&supplier.code).map_err(Refusal::internal))
            .collect::<Result<_, _>>()?;
        project.same = index.same().clone();
        // What the person is good at was asked at the draw: any own speciality anywhere matches.
        let own = indexed.expert.specialities().first();
        let anywhere =
            own.map(|own| Requirement { speciality: *own, within: Vec::new(), except: Vec::new() });
        let person = PersonFacts {
            expert: &indexed.expert,
            keys: Some(&indexed.keys),
            engagements: None,
            tier_lots: None,
        };
        let judging = Judging::new(&project, anywhere.as_slice(), &self.profile, index.units());
        let verdict = judging.judge(&person);
        let against = verdict
            .findings
            .iter()
            .filter(|finding| finding.rule.family() == Family::Conflicts && finding.answer == Answer::Fail);
        Ok(against.map(|finding| finding.rule.name()).collect())
    }
}
