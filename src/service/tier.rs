//! Tiers (阶梯): computed from the profile's table each time they are asked for, never stored, never set.
//!
//! Counted are non-punitive records that stand, conduct cases that were decided and not reversed, and
//! evaluations of the expert whose both sides are final. A draw under a profile that weighs takes the
//! lots of the tier from the same function (`tier_book`).

use std::collections::BTreeMap;

use super::Service;
use super::actor::{Action, Actor};
use super::case_body::{int, text};
use super::cases::{Case, all_rows};
use super::conduct::own_number;
use super::experts::no_expert;
use super::performance::{both_in, side_of};
use super::refusal::Refusal;
use crate::registry::conduct::CONDUCT;
use crate::registry::performance::{EVALUATION, Side};
use crate::registry::remark::REMARK;
use crate::rules::RegistryProfile;
use crate::rules::registry_profile::TierRules;
use crate::rules::tier::{Evaluated, Record, Tier, tier};
use crate::store::case::CaseFilter;
use crate::store::{self, Conn};
use crate::time::Date;

/// The name of the tier of everybody about whom anything was recorded, and of everybody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tiers {
    recorded: BTreeMap<String, String>,
    others: String,
}

impl Tiers {
    /// An expert's tier.
    pub(super) fn of(&self, number: &str) -> &str {
        self.recorded.get(number).unwrap_or(&self.others)
    }
}

impl Service {
    /// The published table.
    pub fn tier_table(&self) -> &TierRules {
        &self.registry_profile().tiers
    }

    /// An expert's tier with the inputs; the look is recorded.
    pub fn expert_tier(&self, actor: &Actor, number: &str, purpose: &str) -> Result<Tier, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let row = self.store.read(|conn| store::expert::find(conn, number))?.ok_or_else(no_expert)?;
        actor.check_region(Some(&row.row.region), "专家", "expert")?;
        self.record_look(actor, "tier", number, purpose)?;
        self.store.read(|conn| self.tier_of(conn, number))
    }

    /// The expert's own tier.
    pub fn own_tier(&self, actor: &Actor) -> Result<Tier, Refusal> {
        actor.check(Action::OwnRecord)?;
        let number = own_number(actor)?;
        self.store.read(|conn| self.tier_of(conn, &number))
    }

    /// An expert's tier as of today, within a read; the look is the caller's to record.
    pub(super) fn tier_of(&self, conn: &mut Conn, number: &str) -> Result<Tier, Refusal> {
        let filter = CaseFilter { subject: Some(number.to_owned()), ..counted_kinds() };
        let cases = self.all_cases(conn, &filter)?;
        self.tier_from(&cases)
    }

    /// The names of all tiers, within a read. Shows no record.
    pub(super) fn all_tiers(&self, conn: &mut Conn) -> Result<Tiers, Refusal> {
        let mut cases: BTreeMap<String, Vec<Case>> = BTreeMap::new();
        for row in all_rows(conn, &counted_kinds())? {
            // An erased expert's cases do not open; nobody lists them.
            let Ok(case) = self.open_case(conn, &row) else { continue };
            if let Some(number) = case.subject.clone() {
                cases.entry(number).or_default().push(case);
            }
        }
        let mut recorded = BTreeMap::new();
        for (number, cases) in cases {
            recorded.insert(number, self.tier_from(&cases)?.row.name);
        }
        Ok(Tiers { recorded, others: self.tier_from(&[])?.row.name })
    }

    fn tier_from(&self, cases: &[Case]) -> Result<Tier, Refusal> {
        tier_from(self.registry_profile(), cases, Date::of(self.clock.now()))
    }
}

/// The tier that one person's cases come to on a day.
pub(super) fn tier_from(profile: &RegistryProfile, cases: &[Case], today: Date) -> Result<Tier, Refusal> {
    let records: Vec<Record> = cases.iter().filter_map(record).collect();
    let evaluated: Vec<Evaluated> = cases.iter().filter_map(|case| evaluated(case, cases)).collect();
    tier(&profile.tiers, &profile.conduct_points, &records, &evaluated, today)
        .ok_or_else(|| Refusal::internal("the table of tiers has no row"))
}

fn counted_kinds() -> CaseFilter {
    CaseFilter {
        kinds: vec![REMARK.name.to_owned(), CONDUCT.name.to_owned(), EVALUATION.name.to_owned()],
        ..CaseFilter::default()
    }
}

/// What a remark or a conduct case counts as, if it counts.
fn record(case: &Case) -> Option<Record> {
    let (day, item) = if case.kind == REMARK.name && case.state != "corrected" {
        (text(&case.body, &["day"])?, text(&case.body, &["what"])?)
    } else if case.kind == CONDUCT.name {
        if text(&case.body, &["appeal", "answer", "outcome"]) == Some("reversed") {
            return None;
        }
        (text(&case.body, &["decision", "day"])?, text(&case.body, &["finding", "code"])?)
    } else {
        return None;
    };
    Some(Record { day: Date::parse(day).ok()?, item: item.to_owned() })
}

fn evaluated(case: &Case, all: &[Case]) -> Option<Evaluated> {
    let unit_side = case.kind == EVALUATION.name && side_of(case).ok()? == Side::Unit;
    if !unit_side || !both_in(case, all) {
        return None;
    }
    let score = u32::try_from(int(&case.body, &["score"])?).ok()?;
    Some(Evaluated { day: Date::parse(text(&case.body, &["answered"])?).ok()?, score })
}
