//! The employers of the sample: each at one of Hunan's fourteen cities and in one field; a few are
//! large, most have one or two experts.

use std::collections::BTreeSet;

use super::dice::Dice;
use super::fields::{COMPUTING, FIELDS, LAW, any_field};
use super::{FIRST_EMPLOYER_SERIAL, unit_code};
use crate::codes::CreditCode;

/// The cities: GB/T 2260 code, short name in employers' names, how many experts live there.
pub(super) const CITIES: [(&str, &str, u32); 14] = [
    ("430100", "长沙", 22),
    ("430200", "株洲", 9),
    ("430300", "湘潭", 8),
    ("430400", "衡阳", 9),
    ("430500", "邵阳", 6),
    ("430600", "岳阳", 10),
    ("430700", "常德", 8),
    ("430800", "张家界", 5),
    ("430900", "益阳", 6),
    ("431000", "郴州", 7),
    ("431100", "永州", 6),
    ("431200", "怀化", 6),
    ("431300", "娄底", 6),
    ("433100", "湘西", 5),
];

/// An index into [`CITIES`] by weight.
pub(super) fn any_city(dice: &mut Dice) -> usize {
    let weights: Vec<(usize, u32)> =
        CITIES.iter().enumerate().map(|(index, (_, _, weight))| (index, *weight)).collect();
    *dice.weighted(&weights)
}

/// A unit (工作单位).
pub(super) struct Employer {
    pub code: CreditCode,
    pub name: String,
    /// Index into [`FIELDS`].
    pub field: usize,
}

/// All employers, and which stand in which city.
pub(super) struct Employers {
    all: Vec<Employer>,
    by_city: [Vec<usize>; CITIES.len()],
}

impl Employers {
    /// So many employers, at least one.
    pub fn new(dice: &mut Dice, count: u32) -> Employers {
        let mut employers = Employers { all: Vec::new(), by_city: Default::default() };
        let mut taken = BTreeSet::new();
        for serial in 0..count.max(1) {
            // The first fourteen go round, so that no city is without.
            let city = if (serial as usize) < CITIES.len() { serial as usize } else { any_city(dice) };
            // Law and computing come round in every city, so that small ones can seat a panel too.
            let field = match employers.by_city[city].len() % 5 {
                1 => LAW,
                3 => COMPUTING,
                _ => any_field(dice),
            };
            let mut name = employer_name(dice, city, field);
            // Names run short in very large pools: then they are numbered.
            for attempt in 0.. {
                if taken.insert(name.clone()) {
                    break;
                }
                name = employer_name(dice, city, field);
                if attempt >= 20 {
                    name = format!("{name}（{serial}）");
                }
            }
            employers.by_city[city].push(employers.all.len());
            employers.all.push(Employer { code: unit_code(FIRST_EMPLOYER_SERIAL + serial), name, field });
        }
        employers
    }

    /// An employer of that city, a large one more often than a small; of any city if it has none.
    pub fn in_city(&self, dice: &mut Dice, city: usize) -> &Employer {
        match self.by_city[city].as_slice() {
            [] => self.any(dice),
            here => &self.all[here[dice.skewed_index(here.len())]],
        }
    }

    /// Any employer, all as likely.
    pub fn any(&self, dice: &mut Dice) -> &Employer {
        dice.pick(&self.all)
    }
}

/// Characters of proper names, taken in pairs.
const PROPER: &str =
    "湘楚岳麓云景安泰恒瑞华盛鼎新明德正诚信达博远中天启航宏图嘉禾长青润泽金桥星源同创汇智方圆和顺昌隆";

fn employer_name(dice: &mut Dice, city: usize, field: usize) -> String {
    let characters: Vec<char> = PROPER.chars().collect();
    let proper = [*dice.pick(&characters), *dice.pick(&characters)];
    format!("{}{}{}", CITIES[city].1, String::from_iter(proper), dice.pick(FIELDS[field].kinds))
}
