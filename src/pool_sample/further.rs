//! The further facts of one expert of the full sample: they follow from the row of the base (a title
//! of its level, an education before the work in the field) and from dice of their own.

use super::dice::Dice;
use super::{COLUMNS, FURTHER_COLUMNS};
use crate::time::Date;

/// The cells of [`FURTHER_COLUMNS`] behind a row of the base.
pub(super) fn row(
    dice: &mut Dice,
    index: u32,
    base: &[String; COLUMNS.len()],
) -> [String; FURTHER_COLUMNS.len()] {
    let cell = |wanted: &str| {
        let position = COLUMNS.iter().position(|column| *column == wanted).expect("a column of the base");
        base[position].as_str()
    };
    let day = |column: &str| Date::parse(cell(column)).expect("the base writes dates");
    let begun = day("field_since");
    let term_from = day("term_from");
    [
        if dice.percent(12) { "retired" } else { "employed" }.to_owned(),
        educations(dice, begun),
        titles(dice, cell("title_level"), begun),
        if dice.percent(20) { certificate(dice, index, term_from) } else { String::new() },
        if dice.percent(80) { "yes" } else { "no" }.to_owned(),
        if dice.percent(60) {
            format!("评审专家培训:{}", term_from.plus_days(20))
        } else {
            String::new()
        },
        format!("S{index:07}"),
        term_from.to_string(),
    ]
}

/// The first degree before the work in the field began, now and then a later one.
fn educations(dice: &mut Dice, begun: Date) -> String {
    let first = format!("21:样例大学:学士:{}", begun.plus_years(-1));
    if dice.percent(30) {
        return format!("{first};14:样例理工大学:硕士:{}", begun.plus_years(-1).plus_days(30));
    }
    if dice.percent(10) { format!("31:样例学院::{}", begun.plus_years(-1)) } else { first }
}

/// The title of the row's level and, of most, the one before it.
fn titles(dice: &mut Dice, level: &str, begun: Date) -> String {
    let (name, before) = match level {
        "senior" => ("正高级工程师", Some("高级工程师:deputy_senior")),
        "deputy_senior" => ("高级工程师", Some("工程师:intermediate")),
        _ => ("工程师", None),
    };
    let day = begun.plus_days(i64::from(dice.below(200)));
    let title = format!("{name}:{level}:{day}:样例职改办");
    match before {
        Some(before) if dice.percent(70) => format!("{title};{before}:{begun}:样例职改办"),
        _ => title,
    }
}

/// A qualification that some hold without end and some until a day, which may be over.
fn certificate(dice: &mut Dice, index: u32, issued: Date) -> String {
    let name = dice.pick(&["一级建造师", "注册造价工程师", "注册会计师", "执业律师"]);
    let certificate = format!("{name}:Z{index:07}:{issued}");
    if dice.percent(50) {
        return certificate;
    }
    format!("{certificate}:{}", issued.plus_days(400 + i64::from(dice.below(1000))))
}

#[cfg(test)]
mod tests {
    use super::super::{write_full_sample, write_sample};
    use super::*;

    #[test]
    fn the_full_sample_has_the_same_people_and_the_same_bytes_every_time() {
        let today = Date::parse("2026-11-24").unwrap();
        let write = |full: bool| {
            let mut bytes = Vec::new();
            let written = if full { write_full_sample } else { write_sample };
            written(&mut bytes, 300, 7, today).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let (plain, full) = (write(false), write(true));
        assert_eq!(full, write(true));
        for (line, more) in plain.lines().zip(full.lines()) {
            assert!(more.starts_with(line) && more.len() > line.len());
        }
        for word in ["retired", "14:", "deputy_senior:", "注册造价工程师", ",no,"] {
            assert!(full.contains(word), "{word}");
        }
    }
}
