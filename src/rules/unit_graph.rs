//! Units and how they hang together: merged records, competent departments, parents, control over time,
//! key persons by keyed hash (财库〔2016〕198号 art 16; 政府采购法实施条例 art 9).
//!
//! *Invariants:* adding an edge, a person or a merge never makes a candidate of somebody who was
//! excluded; no name of a person is kept.
//!
//! *Deliberately not here:* what follows from a relation (`conflicts`).

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::Hash;
use crate::codes::CreditCode;
use crate::registry::{Edge, ExcludedKind, KeyPerson, Position, Unit};
use crate::time::Date;

use super::same_units::SameUnits;

/// A key person of a unit over a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// What the person is there.
    pub position: Position,
    /// First day.
    pub from: Date,
    /// Last day; `None`: still.
    pub to: Option<Date>,
    /// Keyed hash of the identity document, where it is known.
    pub id_hash: Option<Hash>,
    /// Keyed hash of the name.
    pub name_hash: Hash,
}

impl KeyFacts {
    /// Whether the person held the position on some day of a period.
    pub fn within(&self, from: Date, to: Date) -> bool {
        self.from <= to && self.to.is_none_or(|last| last >= from)
    }
}

/// An edge to another unit over a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeFacts {
    /// The other unit.
    pub unit: CreditCode,
    /// First day.
    pub from: Date,
    /// Last day; `None`: it lasts.
    pub to: Option<Date>,
}

impl EdgeFacts {
    fn within(&self, from: Date, to: Date) -> bool {
        self.from <= to && self.to.is_none_or(|last| last >= from)
    }
}

/// A unit, as far as rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFacts {
    /// The kind that keeps its staff out.
    pub excluded: Option<ExcludedKind>,
    /// The competent department.
    pub department: Option<CreditCode>,
    /// Units above it.
    pub parents: Vec<EdgeFacts>,
    /// Units that it controls.
    pub controls: Vec<EdgeFacts>,
    /// Key persons.
    pub persons: Vec<KeyFacts>,
}

/// All units with a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitGraph {
    units: BTreeMap<CreditCode, UnitFacts>,
    same: SameUnits,
}

impl UnitGraph {
    /// Takes a unit's newest record.
    pub fn apply(&mut self, unit: &Unit) {
        let edge = |edge: &Edge| EdgeFacts { unit: edge.unit.clone(), from: edge.from, to: edge.to };
        let person = |person: &KeyPerson| KeyFacts {
            position: person.position,
            from: person.from,
            to: person.to,
            id_hash: person.id_hash,
            name_hash: person.name_hash,
        };
        let facts = UnitFacts {
            excluded: unit.excluded_kind(),
            department: unit.department().cloned(),
            parents: unit.parents().iter().map(edge).collect(),
            controls: unit.controls().iter().map(edge).collect(),
            persons: unit.persons().iter().map(person).collect(),
        };
        self.same.note(unit.code(), unit.merged_into());
        self.units.insert(unit.code().clone(), facts);
    }

    /// Which codes are one unit.
    pub fn same(&self) -> &SameUnits {
        &self.same
    }

    /// The records of a unit: its own and those merged with it. None: it has no record.
    pub fn records(&self, code: &CreditCode) -> Vec<&UnitFacts> {
        let codes = std::slice::from_ref(code);
        self.same.all(codes).iter().filter_map(|code| self.units.get(code)).collect()
    }

    /// Units that control these, that they control, and that one of those controls, over any number of
    /// steps of control that held on some day of the period; these themselves are not among them.
    /// Administrative parents are no control.
    pub fn affiliates(&self, units: &[CreditCode], from: Date, to: Date) -> BTreeSet<CreditCode> {
        let (mut above, mut below) = (Neighbours::new(), Neighbours::new());
        for (code, facts) in &self.units {
            for edge in facts.controls.iter().filter(|edge| edge.within(from, to)) {
                self.join(&mut above, &edge.unit, code);
                self.join(&mut below, code, &edge.unit);
            }
        }
        // Whoever controls them, and then everything that is controlled by one of those: sisters too.
        let up = self.reach(units, &above);
        let all: Vec<CreditCode> = up.into_iter().collect();
        let mut found = self.reach(&all, &below);
        for unit in units {
            found.remove(self.same.canonical(unit));
        }
        found
    }

    /// Units below one: by parents, control or as their competent department, over any number of steps,
    /// that one itself included, with edges that held on some day of the period.
    pub fn subordinates(&self, unit: &CreditCode, from: Date, to: Date) -> BTreeSet<CreditCode> {
        let mut below = Neighbours::new();
        for (code, facts) in &self.units {
            for edge in facts.controls.iter().filter(|edge| edge.within(from, to)) {
                self.join(&mut below, code, &edge.unit);
            }
            for edge in facts.parents.iter().filter(|edge| edge.within(from, to)) {
                self.join(&mut below, &edge.unit, code);
            }
            if let Some(department) = &facts.department {
                self.join(&mut below, department, code);
            }
        }
        self.reach(std::slice::from_ref(unit), &below)
    }

    /// The competent departments of a unit.
    pub fn departments(&self, unit: &CreditCode) -> Vec<CreditCode> {
        self.records(unit).into_iter().filter_map(|facts| facts.department.clone()).collect()
    }

    fn join<'a>(&'a self, neighbours: &mut Neighbours<'a>, one: &'a CreditCode, other: &'a CreditCode) {
        neighbours.entry(self.same.canonical(one)).or_default().push(self.same.canonical(other));
    }

    /// Everything reachable, the beginnings included; canonical codes.
    fn reach(&self, units: &[CreditCode], neighbours: &Neighbours<'_>) -> BTreeSet<CreditCode> {
        let mut found: BTreeSet<CreditCode> = BTreeSet::new();
        let mut waiting: Vec<&CreditCode> = units.iter().map(|unit| self.same.canonical(unit)).collect();
        while let Some(unit) = waiting.pop() {
            if found.insert(unit.clone())
                && let Some(next) = neighbours.get(unit)
            {
                waiting.extend(next);
            }
        }
        found
    }
}

type Neighbours<'a> = BTreeMap<&'a CreditCode, Vec<&'a CreditCode>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::samples::credit_code;
    use crate::registry::{DraftEdge, UnitDraft};

    fn code(serial: u32) -> CreditCode {
        CreditCode::parse(&credit_code(serial)).unwrap()
    }

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    /// Units by serial with the serials that they control, from 2020 until a day.
    fn graph(edges: &[(u32, u32, Option<&str>)]) -> UnitGraph {
        let mut graph = UnitGraph::default();
        for serial in edges.iter().flat_map(|(one, other, _)| [one, other]).collect::<BTreeSet<_>>() {
            let controls = edges.iter().filter(|(one, ..)| one == serial);
            let controls = controls.map(|(_, other, to)| DraftEdge {
                unit: credit_code(*other),
                from: "2020-01-01".into(),
                to: to.map(str::to_owned),
                share: None,
            });
            let draft = UnitDraft {
                code: credit_code(*serial),
                name: format!("单位{serial}"),
                region: "430600".into(),
                controls: controls.collect(),
                ..UnitDraft::default()
            };
            graph.apply(&draft.check(&|_| Hash([0; 32])).unwrap());
        }
        graph
    }

    fn set(serials: &[u32]) -> BTreeSet<CreditCode> {
        serials.iter().map(|serial| code(*serial)).collect()
    }

    #[test]
    fn control_reaches_up_down_and_to_sisters_while_its_edges_held() {
        let graph = graph(&[(1, 2, None), (2, 3, None), (1, 4, Some("2022-12-31")), (9, 8, None)]);
        let affiliates = |unit, from, to| graph.affiliates(&[code(unit)], day(from), day(to));
        assert_eq!(affiliates(2, "2023-01-01", "2026-01-01"), set(&[1, 3]));
        assert_eq!(affiliates(2, "2022-12-31", "2026-01-01"), set(&[1, 3, 4]));
        assert_eq!(affiliates(4, "2023-01-01", "2026-01-01"), set(&[]));
        assert_eq!(affiliates(8, "2019-01-01", "2019-12-31"), set(&[]));
        assert_eq!(graph.subordinates(&code(1), day("2023-01-01"), day("2023-01-01")), set(&[1, 2, 3]));
    }

    #[test]
    fn a_circle_of_control_ends() {
        let graph = graph(&[(1, 2, None), (2, 1, None)]);
        assert_eq!(graph.affiliates(&[code(1)], day("2024-01-01"), day("2024-01-01")), set(&[2]));
    }
}
