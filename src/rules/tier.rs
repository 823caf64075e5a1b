//! The tier (阶梯) of an expert: `(table, records, day) → row of the table`, a pure function that nobody
//! overrides. Source: 198号 art 21 (阶梯抽取概率, K92); table and points are the profile's.
//!
//! Counted are records and evaluations of the last `months` months before the day, the day itself
//! included. The average is compared without division: Σ scores ≥ bound × number.

use crate::time::Date;

use super::registry_profile::{ConductPoints, TierRow, TierRules};

/// A record that counts: a remark, or established conduct that was not reversed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The day on which it happened or was decided.
    pub day: Date,
    /// Name of the item in the table of points.
    pub item: String,
}

/// An evaluation of the expert, both sides of which are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evaluated {
    /// The day on which it was given.
    pub day: Date,
    /// 0–100.
    pub score: u32,
}

/// A record with what it counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The record.
    pub record: Record,
    /// Its points by the table; 0 for an item that the table does not know.
    pub points: u32,
}

/// A tier with everything it was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The row of the table.
    pub row: TierRow,
    /// Its number, from 1.
    pub number: usize,
    /// The first day that counts.
    pub since: Date,
    /// The day it was computed for.
    pub today: Date,
    /// The records that count, by day.
    pub counted: Vec<Counted>,
    /// Their points together.
    pub points: u32,
    /// The evaluations that count.
    pub reviews: u32,
    /// Their scores together.
    pub score_sum: u32,
}

/// The tier on a day. `None` only for a table without rows, which no profile can hold.
pub fn tier(
    rules: &TierRules,
    points: &ConductPoints,
    records: &[Record],
    evaluated: &[Evaluated],
    today: Date,
) -> Option<Tier> {
    let since = months_before(today, rules.months.value).plus_days(1);
    let counts = |day: Date| since <= day && day <= today;
    let mut counted: Vec<Counted> = records
        .iter()
        .filter(|record| counts(record.day))
        .map(|record| Counted {
            points: points.item(&record.item).map_or(0, |item| item.points),
            record: record.clone(),
        })
        .collect();
    counted.sort_by(|a, b| a.record.cmp(&b.record));
    let total = counted.iter().fold(0u32, |sum, counted| sum.saturating_add(counted.points));
    let scores = evaluated.iter().filter(|evaluated| counts(evaluated.day)).map(|evaluated| evaluated.score);
    let (reviews, score_sum) =
        scores.fold((0u32, 0u32), |(n, sum), score| (n + 1, sum.saturating_add(score)));
    let keeps = |row: &TierRow| {
        row.max_points.is_none_or(|most| total <= most)
            && reviews >= row.min_reviews
            && row.min_score.is_none_or(|least| u64::from(score_sum) >= u64::from(least) * u64::from(reviews))
    };
    let (number, row) = (1..).zip(rules.rows()).find(|(_, row)| keeps(row))?;
    Some(Tier { row: row.clone(), number, since, today, counted, points: total, reviews, score_sum })
}

/// The corresponding day so many months before, or that month's last.
fn months_before(day: Date, months: u32) -> Date {
    let count = i64::from(day.year()) * 12 + i64::from(day.month()) - 1 - i64::from(months);
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let (Ok(year), Ok(month)) = (i32::try_from(year), u32::try_from(month)) else { return Date::MIN };
    (1..=day.day()).rev().find_map(|candidate| Date::new(year, month, candidate).ok()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::super::registry_profile::{RegistryProfile, embedded_registry};
    use super::*;

    fn profile() -> RegistryProfile {
        embedded_registry("registry-hunan-2023").unwrap()
    }

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn of(records: &[(&str, &str)], scores: &[(&str, u32)]) -> Tier {
        let profile = profile();
        let records: Vec<Record> =
            records.iter().map(|(day_of, item)| Record { day: day(day_of), item: (*item).into() }).collect();
        let scores: Vec<Evaluated> =
            scores.iter().map(|(day_of, score)| Evaluated { day: day(day_of), score: *score }).collect();
        tier(&profile.tiers, &profile.conduct_points, &records, &scores, day("2026-11-24")).unwrap()
    }

    #[test]
    fn the_first_row_whose_bounds_hold_is_the_tier() {
        // Nobody begins at the top: it asks for evaluations.
        assert_eq!(of(&[], &[]).row.name, "b");
        let good = [("2026-03-01", 95), ("2026-06-01", 90), ("2026-09-01", 91)];
        assert_eq!((of(&[], &good).row.name.as_str(), of(&[], &good).row.lots), ("a", 4));
        assert_eq!(of(&[], &good[..2]).row.name, "b", "two evaluations are too few");
        assert_eq!(of(&[("2026-10-01", "late")], &good).row.name, "b");
        assert_eq!(of(&[("2026-10-01", "absent"), ("2026-10-02", "absent")], &[]).row.name, "c");
        assert_eq!(of(&[], &[("2026-10-01", 30)]).row.name, "d");
        let bad = of(&[("2026-10-01", "art29_2")], &good);
        assert_eq!((bad.row.name.as_str(), bad.row.lots, bad.number), ("d", 1, 4));
    }

    #[test]
    fn only_the_last_months_count_and_their_first_day_is_stated() {
        let tier = of(&[("2025-11-24", "absent"), ("2025-11-25", "late"), ("2026-11-25", "absent")], &[]);
        assert_eq!(tier.since, day("2025-11-25"));
        assert_eq!(tier.counted.len(), 1);
        assert_eq!(tier.counted[0].record.item, "late");
        assert_eq!(tier.points, profile().conduct_points.item("late").unwrap().points);
    }

    #[test]
    fn an_average_is_compared_exactly() {
        let least = profile().tiers.rows()[0].min_score.unwrap();
        let scores = |first: u32| [("2026-03-01", first), ("2026-06-01", least), ("2026-09-01", least)];
        assert_eq!(of(&[], &scores(least)).row.name, "a");
        assert_eq!(of(&[], &scores(least - 1)).row.name, "b");
    }

    #[test]
    fn months_go_back_to_the_corresponding_day_or_the_last_of_the_month() {
        for (from, months, to) in [
            ("2026-11-24", 12, "2025-11-24"),
            ("2026-03-31", 1, "2026-02-28"),
            ("2026-01-15", 1, "2025-12-15"),
        ] {
            assert_eq!(months_before(day(from), months), day(to), "{from}");
        }
    }
}
