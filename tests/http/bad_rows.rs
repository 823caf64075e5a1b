//! An import file with bad rows of twenty kinds, as CSV (UTF-8, GB 18030) and as XLSX, and what an
//! import has to say about each: line, field, rule. The example `bench_import` uses it at full size.

use expert_draw::codes::{CreditCode, NationalId};
use expert_draw::pool_sample::write_sample;
use expert_draw::time::Date;

/// Where a bad row stands and how it is to be named.
pub type Expected = (u64, &'static str, &'static str);

/// A file before it has a form.
pub struct Spoilt {
    /// The heading, then the rows.
    pub rows: Vec<Vec<String>>,
    /// What is wrong, by line.
    pub expected: Vec<Expected>,
}

/// Stands where bytes of no encoding are to stand.
const TORN: &str = "@TORN@";
/// Stands where a workbook is to have a number instead of a text.
const NUMBER: &str = "4.30602E+17";

type Kind = (&'static str, &'static str, fn(&mut Vec<String>));

/// Twenty kinds for any form; the last is told by its form.
const KINDS: [Kind; 18] = [
    ("id_number", "check_character", |row| {
        let last = if row[2].ends_with('0') { '1' } else { '0' };
        row[2].replace_range(17.., &last.to_string());
    }),
    ("id_number", "birth_date", |row| {
        let body = format!("99000019700230{}", &row[2][14..17]);
        row[2] = format!("{body}{}", NationalId::check_character(&body).unwrap());
    }),
    ("name", "required", |row| row[0].clear()),
    ("name", "characters", |row| row[0].insert(3, '\u{200b}')),
    ("name", "length", |row| row[0] = "王".repeat(65)),
    ("phone", "phone", |row| row[3] = "1380000000o".into()),
    ("regions[0]", "unknown_region", |row| row[11] = "439999".into()),
    ("specialities[0]", "unknown_speciality", |row| row[10] = "ndrc316:Z99".into()),
    ("specialities[0]", "unknown_scheme", |row| row[10] = "gb9999:A01".into()),
    ("specialities[1]", "duplicate", |row| row[10] = "ndrc316:A0832;ndrc316:A0832".into()),
    ("term_to", "order", |row| row.swap(13, 14)),
    ("employed_since", "date", |row| row[6] = "2015年9月".into()),
    ("employer_code", "check_character", |row| {
        let right = row[4].pop().unwrap();
        row[4].push(if right == '1' { '2' } else { '1' });
    }),
    ("employer_name", "required", |row| row[5].clear()),
    ("title_level", "title_level", |row| row[8] = "大师".into()),
    ("past_employments[0]", "past_form", |row| row[7] = "某单位".into()),
    ("id_number", "id_lost_digits", |row| row[2] = NUMBER.into()),
    ("record", "cells", |row| row.push("多出一列".into())),
];

/// `good` sound rows with `each` bad rows of every kind scattered among them; `registered` is the id
/// number of somebody who is in the registry already.
pub fn spoilt(good: usize, each: usize, registered: &str, torn: bool, today: Date) -> Spoilt {
    let kinds = KINDS.len() + 3;
    let bad = each * (kinds - 1);
    let mut file = Vec::new();
    write_sample(&mut file, u32::try_from(good + bad).unwrap(), 11, today).unwrap();
    let mut rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(file.as_slice())
        .into_records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let (step, first_id) = ((good + bad) / bad, rows[1][2].clone());
    assert!(step >= 2, "the bad rows lie scattered");
    let (mut expected, mut registered_before) = (Vec::new(), false);
    for number in 0..bad {
        // Line 2, index 1, stays sound: it is the one that others repeat.
        let at = 2 + number * step;
        let row = &mut rows[at];
        let body = format!("91990000{:09}", 900_000_000 + number);
        (row[4], row[5]) =
            (format!("{body}{}", CreditCode::check_character(&body).unwrap()), "某大学".into());
        (row[6], row[7]) = ("2015-09-01".into(), String::new());
        let line = u64::try_from(at + 1).unwrap();
        let kind = number % (kinds - 1);
        expected.push(match kind {
            18 => {
                row[2] = first_id.clone();
                (line, "id_number", "duplicate")
            }
            19 if torn && (number / (kinds - 1)).is_multiple_of(2) => {
                row[0] = TORN.into();
                (line, "name", "not_decodable")
            }
            19 => {
                row[2] = registered.to_owned();
                let earlier = std::mem::replace(&mut registered_before, true);
                (line, "id_number", if earlier { "duplicate" } else { "already_registered" })
            }
            _ => {
                let (field, rule, spoil) = KINDS[kind];
                spoil(row);
                (line, field, rule)
            }
        });
    }
    Spoilt { rows, expected }
}

impl Spoilt {
    /// As CSV in UTF-8.
    pub fn csv(&self) -> Vec<u8> {
        torn(self.text().into_bytes())
    }

    /// As CSV in GB 18030.
    pub fn gb18030(&self) -> Vec<u8> {
        // A zero-width blank has four bytes there, like any character of Unicode.
        torn(encoding_rs::GB18030.encode(&self.text()).0.into_owned())
    }

    /// As a workbook; ids that lost their digits are numbers there.
    pub fn xlsx(&self) -> Vec<u8> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (line, row) in (0u32..).zip(&self.rows) {
            for (at, cell) in (0u16..).zip(row) {
                if cell == NUMBER {
                    sheet.write_number(line, at, 430_602_197_001_011_234.0).unwrap();
                } else {
                    sheet.write_string(line, at, cell).unwrap();
                }
            }
        }
        book.save_to_buffer().unwrap()
    }

    fn text(&self) -> String {
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        self.rows.iter().for_each(|row| out.write_record(row).unwrap());
        String::from_utf8(out.into_inner().unwrap()).unwrap()
    }
}

fn torn(mut text: Vec<u8>) -> Vec<u8> {
    let mut from = 0;
    while let Some(at) = text[from..].windows(TORN.len()).position(|part| part == TORN.as_bytes()) {
        text[from + at..from + at + 2].copy_from_slice(b"\xff\xff");
        from += at;
    }
    text
}
