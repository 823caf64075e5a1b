//! Which credit codes are one unit, after records of it were merged.
//!
//! A conflict with any of its codes is a conflict with the unit: an expert whose employer was recorded
//! under the code that went conflicts with a supplier under the code that stays, and the other way
//! round. *Invariant:* adding a merge never makes a candidate of somebody who was excluded.
//!
//! *Deliberately not here:* parents and control (later rules of `conflicts`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::codes::CreditCode;

/// Merged codes and the codes that they went into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SameUnits {
    into: BTreeMap<CreditCode, CreditCode>,
}

impl SameUnits {
    /// Notes that a record went into another; `None`: that it did not.
    pub fn note(&mut self, code: &CreditCode, into: Option<&CreditCode>) {
        match into {
            Some(into) => self.into.insert(code.clone(), into.clone()),
            None => self.into.remove(code),
        };
    }

    /// The code that stays for a unit.
    pub fn canonical<'a>(&'a self, code: &'a CreditCode) -> &'a CreditCode {
        let mut code = code;
        // A circle cannot be recorded; the bound keeps a faulty one from hanging the draw.
        for _ in 0..self.into.len() {
            match self.into.get(code) {
                Some(into) => code = into,
                None => break,
            }
        }
        code
    }

    /// Whether two codes are one unit.
    pub fn same(&self, one: &CreditCode, other: &CreditCode) -> bool {
        one == other || self.canonical(one) == self.canonical(other)
    }

    /// These codes with all others of the same units.
    pub fn all<'a>(&self, units: &'a [CreditCode]) -> Cow<'a, [CreditCode]> {
        let stays = |code: &CreditCode| units.iter().any(|unit| self.same(unit, code));
        let others = self.into.iter().flat_map(|(gone, into)| [gone, into]);
        let mut further: Vec<CreditCode> =
            others.filter(|code| !units.contains(code) && stays(code)).cloned().collect();
        if further.is_empty() {
            return Cow::Borrowed(units);
        }
        further.sort();
        further.dedup();
        Cow::Owned(units.iter().cloned().chain(further).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::samples::credit_code;

    fn code(serial: u32) -> CreditCode {
        CreditCode::parse(&credit_code(serial)).unwrap()
    }

    #[test]
    fn codes_that_went_one_after_another_are_one_unit() {
        let mut units = SameUnits::default();
        assert_eq!(units.all(&[code(1)]), vec![code(1)]);
        units.note(&code(1), Some(&code(2)));
        units.note(&code(2), Some(&code(3)));
        units.note(&code(8), Some(&code(9)));
        assert_eq!(units.canonical(&code(1)), &code(3));
        assert!(units.same(&code(1), &code(3)) && units.same(&code(2), &code(1)));
        assert!(!units.same(&code(1), &code(9)) && units.same(&code(7), &code(7)));
        for asked in 1..=3 {
            let mut all = units.all(&[code(asked)]).into_owned();
            all.sort();
            let mut expected = vec![code(1), code(2), code(3)];
            expected.sort();
            assert_eq!(all, expected);
        }
        assert_eq!(units.all(&[code(7)]), vec![code(7)]);
        units.note(&code(1), None);
        assert!(!units.same(&code(1), &code(3)));
    }

    #[test]
    fn a_circle_ends() {
        let mut units = SameUnits::default();
        units.note(&code(1), Some(&code(2)));
        units.note(&code(2), Some(&code(1)));
        units.canonical(&code(1));
    }
}
