//! A synthetic pool of experts for trying things out: the import file, filled with nobody.
//!
//! *Invariants:* the same number, seed and day give the same bytes, on every machine (ChaCha20,
//! integer arithmetic, no clock). Nothing in it can belong to a person or an organisation: regions
//! 99xxxx of ids and credit codes were never assigned, and no subscriber's number begins with 100.
//! Check characters are right, regions and specialities are real ones.
//!
//! The pool is made so that rules have something to do: some are too old or nearly so, some terms
//! have run out, some titles are too young, employers have several experts each, many changed
//! employer within three years.
//!
//! *Deliberately not here:* reading the file, which is the import's.

mod dice;
mod employers;
mod fields;
mod further;
mod names;
mod rows;

use std::io::{self, Write};

use crate::codes::CreditCode;
use crate::time::Date;
use dice::Dice;
use employers::Employers;

/// The columns of the import file, in order.
///
/// Dates are `YYYY-MM-DD`; lists are joined by `;`. `id_kind` 111 is the identity card (GA/T 517);
/// `past_employments` are `credit code:from:to`; `title_level` is `senior` (正高), `deputy_senior`
/// (副高) or `intermediate` (中级); the first of `regions` is the main review region;
/// `declared_units` are the credit codes of units to avoid (回避单位).
pub const COLUMNS: [&str; 15] = [
    "name",
    "id_kind",
    "id_number",
    "phone",
    "employer_code",
    "employer_name",
    "employed_since",
    "past_employments",
    "title_level",
    "field_since",
    "specialities",
    "regions",
    "declared_units",
    "term_from",
    "term_to",
];

/// The columns of the further facts behind [`COLUMNS`] in [`write_full_sample`]; entries are as the
/// import reads them.
pub const FURTHER_COLUMNS: [&str; 8] = [
    "work_status",
    "educations",
    "titles",
    "certificates",
    "e_evaluation",
    "trainings",
    "appointment_number",
    "appointment_issued",
];

/// More experts than this would run out of distinct id numbers.
pub const MAX_EXPERTS: u32 = 5_000_000;

/// Serial numbers from here on are the sample employers'; those below are free for a demo's
/// purchaser, agency and suppliers (see [`unit_code`]).
pub const FIRST_EMPLOYER_SERIAL: u32 = 100_000_000;

/// Writes a pool of `experts` rows below a header row, as CSV in UTF-8 without a byte order mark.
///
/// # Errors
/// What writing to `out` gives; [`io::ErrorKind::InvalidInput`] for more than [`MAX_EXPERTS`].
pub fn write_sample(out: &mut impl Write, experts: u32, seed: u64, today: Date) -> io::Result<()> {
    write(out, experts, seed, today, false)
}

/// The same pool with education, titles, certificates and the like behind the columns of the base,
/// which are the same bytes: the further facts have dice of their own.
///
/// # Errors
/// As [`write_sample`].
pub fn write_full_sample(out: &mut impl Write, experts: u32, seed: u64, today: Date) -> io::Result<()> {
    write(out, experts, seed, today, true)
}

fn write(out: &mut impl Write, experts: u32, seed: u64, today: Date, full: bool) -> io::Result<()> {
    if experts > MAX_EXPERTS {
        let message = format!("a sample pool has at most {MAX_EXPERTS} experts");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut dice = Dice::new(seed);
    let mut further_dice = Dice::new(!seed);
    let employers = Employers::new(&mut dice, (experts / 6).max(1));
    let places = rows::Places::hunan();
    let mut csv = csv::Writer::from_writer(out);
    let further = if full { &FURTHER_COLUMNS[..] } else { &[] };
    csv.write_record(COLUMNS.iter().chain(further))?;
    for index in 0..experts {
        let row = rows::row(&mut dice, index, seed, &employers, &places, today);
        if full {
            let further = further::row(&mut further_dice, index, &row);
            csv.write_record(row.iter().chain(&further))?;
        } else {
            csv.write_record(row)?;
        }
    }
    csv.flush()
}

/// A credit code that belongs to nobody: an enterprise (91) of region 99xxxx with right check
/// characters, also that of GB 11714 inside. Each serial number has its own.
pub fn unit_code(serial: u32) -> CreditCode {
    // Eight digits of the serial number are the organisation code, the rest goes to the region.
    let body = format!("{:08}", serial % 100_000_000);
    let region = 990_000 + serial / 100_000_000;
    let without_check = format!("91{region}{body}{}", organisation_check(&body));
    let check = CreditCode::check_character(&without_check).expect("17 characters of the alphabet");
    CreditCode::parse(&format!("{without_check}{check}")).expect("built by the rules it is read by")
}

/// The check character of GB 11714 behind eight digits.
fn organisation_check(body: &str) -> char {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).expect("below ten"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::codes::{NationalId, Region, Speciality};

    fn today() -> Date {
        Date::parse("2026-11-24").unwrap()
    }

    fn sample(experts: u32, seed: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_sample(&mut bytes, experts, seed, today()).unwrap();
        bytes
    }

    fn records(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
        csv::Reader::from_reader(bytes).deserialize().map(Result::unwrap).collect()
    }

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn list(text: &str) -> Vec<&str> {
        text.split(';').filter(|part| !part.is_empty()).collect()
    }

    #[test]
    fn the_same_number_seed_and_day_give_the_same_bytes_and_another_seed_others() {
        assert_eq!(sample(500, 7), sample(500, 7));
        assert_ne!(sample(500, 7), sample(500, 8));
        // Bound to a value, because "on every machine" cannot be seen from one run.
        assert_eq!(
            crate::codec::sha256(&[&sample(500, 7)]).to_hex(),
            "4964d9823d5dac7a650421a7de6fa1ff4eaa35cac8c26c1b6e418ab0c208866b"
        );
    }

    #[test]
    fn every_row_is_one_the_registry_can_read() {
        let bytes = sample(2000, 1);
        let header = std::str::from_utf8(&bytes).unwrap().lines().next().unwrap();
        assert_eq!(header, COLUMNS.join(","));
        let rows = records(&bytes);
        assert_eq!(rows.len(), 2000);
        let (mut ids, mut phones, mut employers) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        for row in &rows {
            let id = NationalId::parse(&row["id_number"]).unwrap();
            let age = id.birth_date().age_on(today());
            assert!((28..=71).contains(&age), "{age}");
            assert!(id.as_str().starts_with("99") && row["id_kind"] == "111");
            assert!(ids.insert(id), "an id twice");
            assert!(row["phone"].len() == 11 && row["phone"].starts_with("100"), "{}", row["phone"]);
            assert!(phones.insert(row["phone"].clone()), "a phone twice");
            assert!((2..=4).contains(&row["name"].chars().count()), "{}", row["name"]);
            let employer = CreditCode::parse(&row["employer_code"]).unwrap();
            assert_eq!(&employer.as_str()[2..4], "99");
            let name = employers.entry(employer.clone()).or_insert_with(|| row["employer_name"].clone());
            assert_eq!(name, &row["employer_name"], "one code, one name");

            let since = date(&row["employed_since"]);
            assert!(since <= today() && date(&row["field_since"]) <= today());
            assert!(date(&row["term_from"]) < date(&row["term_to"]));
            let mut next = since;
            for past in list(&row["past_employments"]) {
                let parts: Vec<&str> = past.split(':').collect();
                CreditCode::parse(parts[0]).unwrap();
                assert!(date(parts[1]) < date(parts[2]) && date(parts[2]) <= next, "{past}");
                next = date(parts[1]);
            }
            assert!(["senior", "deputy_senior", "intermediate"].contains(&row["title_level"].as_str()));
            let specialities = list(&row["specialities"]);
            let distinct: BTreeSet<Speciality> =
                specialities.iter().map(|each| Speciality::parse(each).unwrap()).collect();
            assert!((1..=3).contains(&specialities.len()) && distinct.len() == specialities.len());
            let regions: Vec<Region> =
                list(&row["regions"]).iter().map(|each| Region::parse(each).unwrap()).collect();
            assert!((1..=2).contains(&regions.len()));
            assert!(regions.iter().all(|region| region.as_str().starts_with("43")), "{regions:?}");
            for unit in list(&row["declared_units"]) {
                assert_ne!(CreditCode::parse(unit).unwrap(), employer);
            }
        }
        let names: BTreeSet<&String> = employers.values().collect();
        assert_eq!(names.len(), employers.len(), "one name, one code");
    }

    #[test]
    fn a_pool_of_two_thousand_has_work_for_every_rule() {
        let rows = records(&sample(2000, 1));
        let count =
            |test: &dyn Fn(&BTreeMap<String, String>) -> bool| rows.iter().filter(|row| test(row)).count();
        let three_years_ago = today().plus_years(-3);
        let age = |row: &BTreeMap<String, String>| {
            NationalId::parse(&row["id_number"]).unwrap().birth_date().age_on(today())
        };
        assert!((10..200).contains(&count(&|row| age(row) >= 68)));
        assert!((5..100).contains(&count(&|row| age(row) >= 70)));
        assert!((20..200).contains(&count(&|row| date(&row["term_to"]) < today())));
        assert!((100..1000).contains(&count(&|row| {
            list(&row["past_employments"]).iter().any(|past| date(&past[past.len() - 10..]) > three_years_ago)
        })));
        assert!((50..600).contains(&count(&|row| !row["declared_units"].is_empty())));
        for title in ["senior", "deputy_senior", "intermediate"] {
            assert!(count(&|row| row["title_level"] == title) > 200, "{title}");
        }
        assert!(
            count(&|row| {
                row["title_level"] == "intermediate" && date(&row["field_since"]) > today().plus_years(-8)
            }) > 5
        );
        let mut sizes = BTreeMap::new();
        for row in &rows {
            *sizes.entry(&row["employer_code"]).or_insert(0) += 1;
        }
        assert!(sizes.len() > 200 && *sizes.values().max().unwrap() > 20, "{} employers", sizes.len());
    }

    #[test]
    fn each_of_hunans_cities_has_experts_of_the_common_specialities_at_several_units() {
        let rows = records(&sample(2000, 1));
        let hunan = Region::parse("430000").unwrap();
        for city in Region::all().filter(|region| region.parent() == Some(hunan)) {
            for (asked, least) in [("ndrc316:A0832", 6), ("ndrc316:C06", 4)] {
                let asked = Speciality::parse(asked).unwrap();
                let units: BTreeSet<&String> = rows
                    .iter()
                    .filter(|row| {
                        list(&row["regions"]).iter().any(|r| Region::parse(r).unwrap().is_within(&city))
                            && list(&row["specialities"])
                                .iter()
                                .any(|claim| asked.covers(&Speciality::parse(claim).unwrap()))
                    })
                    .map(|row| &row["employer_code"])
                    .collect();
                assert!(units.len() >= least, "{city:?} {asked:?}: {}", units.len());
            }
        }
    }

    #[test]
    fn small_and_impossible_numbers_are_answered() {
        assert_eq!(records(&sample(0, 1)).len(), 0);
        for experts in [1, 5, 13, 100] {
            assert_eq!(records(&sample(experts, 1)).len(), experts as usize);
        }
        let error = write_sample(&mut Vec::new(), MAX_EXPERTS + 1, 1, today()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn each_serial_number_has_a_unit_code_of_its_own() {
        let serials = [0, 1, 2, 99_999_999, FIRST_EMPLOYER_SERIAL, FIRST_EMPLOYER_SERIAL + 1, u32::MAX];
        let codes: BTreeSet<CreditCode> = serials.into_iter().map(unit_code).collect();
        assert_eq!(codes.len(), serials.len());
        assert!(codes.iter().all(|code| code.as_str().starts_with("9199")));
        // By hand: 11 - 0 = 11 is written 0; 11 - (1·3 + 1·2) = 6.
        assert_eq!((organisation_check("00000000"), organisation_check("10000001")), ('0', '6'));
    }
}
