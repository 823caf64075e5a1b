//! One expert of the sample, as the fields of one row. What the numbers below aim at is said in
//! the head of the module; the tests there hold them to it.

use super::COLUMNS;
use super::dice::Dice;
use super::employers::{CITIES, Employer, Employers, any_city};
use super::fields::{FIELDS, any_field};
use super::names::person_name;
use crate::codes::{NationalId, Region, Sex};
use crate::time::Date;

/// The counties of each of the fourteen cities, in the order of [`CITIES`].
pub(super) struct Places {
    counties: Vec<Vec<Region>>,
}

impl Places {
    /// Reads them from the embedded table of regions.
    pub fn hunan() -> Places {
        let below = |city: &str| {
            let city = Region::parse(city).expect("a test reads each city");
            Region::all().filter(|region| region.parent() == Some(city)).collect()
        };
        Places { counties: CITIES.iter().map(|(code, _, _)| below(code)).collect() }
    }
}

/// The row of expert number `index`, fields in the order of [`COLUMNS`].
pub(super) fn row(
    dice: &mut Dice,
    index: u32,
    seed: u64,
    employers: &Employers,
    places: &Places,
    today: Date,
) -> [String; COLUMNS.len()] {
    let sex = if dice.percent(32) { Sex::Female } else { Sex::Male };
    let city = any_city(dice);
    let employer = employers.in_city(dice, city);
    let birth = birth_date(dice, today);
    let work_start = birth.plus_years(22).plus_days(below(dice, 1800)).min(today);
    let employed_since = employed_since(dice, work_start, today);
    let (term_from, term_to) = term(dice, today);
    let field = if dice.percent(70) { employer.field } else { any_field(dice) };
    [
        person_name(dice, sex),
        "111".to_owned(),
        id_number(index, seed, birth, sex),
        phone(index, seed),
        employer.code.to_string(),
        employer.name.clone(),
        employed_since.to_string(),
        past_employments(dice, employers, work_start, employed_since),
        dice.weighted(&[("senior", 18), ("deputy_senior", 44), ("intermediate", 38)]).to_string(),
        field_since(dice, work_start, today).to_string(),
        FIELDS[field].specialities(dice),
        regions(dice, places, city),
        declared_units(dice, employers, employer),
        term_from.to_string(),
        term_to.to_string(),
    ]
}

/// Ages 28–66, most near the middle; a few 66–71, around the limits of 68 and 70.
fn birth_date(dice: &mut Dice, today: Date) -> Date {
    let age = if dice.percent(5) { 66 + dice.below(6) } else { 28 + dice.below(20) + dice.below(20) };
    today.plus_years(-i32::try_from(age).expect("below a hundred")).plus_days(-below(dice, 365))
}

/// Region 99xxxx and the sequence number come from a permutation of 0..5,000,000, so that no two
/// experts of a pool share them, whatever their birth dates.
fn id_number(index: u32, seed: u64, birth: Date, sex: Sex) -> String {
    const SPACE: u64 = 5_000_000;
    let place = (u64::from(index) * 1_618_033 + seed % SPACE) % SPACE;
    let parity = u64::from(sex == Sex::Male);
    let date = birth.to_string().replace('-', "");
    let body = format!("99{:04}{date}{:03}", place % 10_000, place / 10_000 * 2 + parity);
    let check = NationalId::check_character(&body).expect("seventeen digits");
    format!("{body}{check}")
}

/// Eleven digits beginning with 100: mobile numbers begin with 13 to 19.
fn phone(index: u32, seed: u64) -> String {
    const SPACE: u64 = 100_000_000;
    format!("100{:08}", (u64::from(index) * 61_803_399 + seed % SPACE) % SPACE)
}

/// Every fifth came within the last three years, the others at any time of their working life.
fn employed_since(dice: &mut Dice, work_start: Date, today: Date) -> Date {
    let earliest = if dice.percent(20) { work_start.max(today.plus_years(-3)) } else { work_start };
    between(dice, earliest, today)
}

/// Soon after the start of work; a few changed their field in the last years.
fn field_since(dice: &mut Dice, work_start: Date, today: Date) -> Date {
    if dice.percent(6) {
        between(dice, work_start.max(today.plus_years(-7)), today)
    } else {
        work_start.plus_days(below(dice, 900)).min(today)
    }
}

/// Up to two earlier employments, the latest first, none before the start of work.
fn past_employments(dice: &mut Dice, employers: &Employers, work_start: Date, since: Date) -> String {
    let wanted = usize::from(dice.percent(55)) + usize::from(dice.percent(15));
    let mut written = Vec::new();
    let mut next = since;
    for _ in 0..wanted {
        let to = next.plus_days(-1 - below(dice, 60));
        let from = to.plus_days(-90 - below(dice, 3000)).max(work_start);
        if from >= to {
            break;
        }
        written.push(format!("{}:{from}:{to}", employers.any(dice).code));
        next = from;
    }
    written.join(";")
}

/// The city of the employer or one of its counties; every fourth takes a second city too.
fn regions(dice: &mut Dice, places: &Places, city: usize) -> String {
    let (code, _, _) = CITIES[city];
    let main = if dice.percent(30) { dice.pick(&places.counties[city]).as_str() } else { code };
    if dice.percent(25) {
        let (second, _, _) = CITIES[any_city(dice)];
        if second != code {
            return format!("{main};{second}");
        }
    }
    main.to_owned()
}

/// Units to avoid: one in every tenth row, now and then two.
fn declared_units(dice: &mut Dice, employers: &Employers, own: &Employer) -> String {
    let wanted = if dice.percent(12) { 1 + usize::from(dice.percent(25)) } else { 0 };
    let mut units: Vec<&str> = Vec::new();
    for _ in 0..wanted {
        let unit = employers.any(dice).code.as_str();
        if unit != own.code.as_str() && !units.contains(&unit) {
            units.push(unit);
        }
    }
    units.join(";")
}

/// Terms of three years; four in a hundred have run out, some others end within weeks.
fn term(dice: &mut Dice, today: Date) -> (Date, Date) {
    let to = if dice.percent(4) {
        today.plus_days(-1 - below(dice, 400))
    } else {
        today.plus_days(10 + below(dice, 1000))
    };
    (to.plus_years(-3).plus_days(1), to)
}

/// Uniform from `first` to `last`, both included; `last` if they are the wrong way round.
fn between(dice: &mut Dice, first: Date, last: Date) -> Date {
    let days = u32::try_from(last.days_since(first)).unwrap_or(0);
    last.plus_days(-below(dice, days + 1))
}

fn below(dice: &mut Dice, n: u32) -> i64 {
    i64::from(dice.below(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_city_of_the_list_has_counties_in_the_table() {
        let places = Places::hunan();
        assert!(places.counties.iter().all(|counties| counties.len() >= 4));
        let all: usize = places.counties.iter().map(Vec::len).sum();
        assert_eq!(all, 122, "Hunan has 122 counties");
    }
}
