//! Rules about expert and parties: employment at a supplier (实施条例 art 9(1), 财库〔2016〕198号 art 16),
//! posts and control (art 9(2)(3)), relatives (art 9(4)), other relations (art 9(5)), the purchaser's and
//! the agency's people (198号 art 16, 87号令 art 47), supervision staff (198号 art 16), earlier part in the
//! project, declared units (198号 art 7).
//!
//! An employment or a post counts when it has not ended before *review − years*; one that ended exactly
//! that many years before the review counts still. A present one always counts. Key persons are found by
//! the keyed hash of their identity document; where a record has only a name, a namesake is unknown.
//!
//! *Invariant:* what nobody recorded answers unknown, never pass. Adding a party, an employment, an edge
//! or a key person never turns fail into pass.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::Hash;
use crate::codes::CreditCode;
use crate::registry::{ExcludedKind, Expert, Position};
use crate::time::Date;

use super::eligibility::Project;
use super::finding::Detail;
use super::people_facts::{Part, PersonFacts, PersonKeys};
use super::profile::Profile;
use super::same_units::SameUnits;
use super::unit_graph::{KeyFacts, UnitGraph};

/// What the parties of one project are to the rules, looked up once for everybody.
pub(super) struct Sides<'a> {
    /// Suppliers with every code of the same units.
    suppliers: BTreeSet<CreditCode>,
    /// Their affiliates in the years that count.
    affiliates: BTreeSet<CreditCode>,
    /// Purchaser.
    purchaser: BTreeSet<CreditCode>,
    /// Its department and subordinates, as far as the profile counts them.
    own: BTreeSet<CreditCode>,
    /// Agency.
    agency: BTreeSet<CreditCode>,
    /// Key persons of suppliers.
    persons: KeyPersons<'a>,
    /// Whether every supplier has some recorded.
    persons_known: bool,
    /// Key persons of the agency.
    holders: KeyPersons<'a>,
    units: &'a UnitGraph,
}

/// Key persons by what they are found by.
#[derive(Default)]
struct KeyPersons<'a> {
    by_id: BTreeMap<Hash, Vec<&'a KeyFacts>>,
    by_name: BTreeMap<Hash, Vec<&'a KeyFacts>>,
}

impl<'a> KeyPersons<'a> {
    fn of(persons: impl Iterator<Item = &'a KeyFacts>) -> Self {
        let mut found = Self::default();
        for person in persons {
            if let Some(id) = person.id_hash {
                found.by_id.entry(id).or_default().push(person);
            }
            found.by_name.entry(person.name_hash).or_default().push(person);
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    fn named(&self, name: Hash) -> impl Iterator<Item = &&'a KeyFacts> {
        self.by_name.get(&name).into_iter().flatten()
    }

    /// Whether a person is among them: `Some(true)` for sure, `Some(false)` by name only.
    fn has(
        &self,
        keys: Option<&PersonKeys>,
        positions: &[Position],
        since: Date,
        until: Date,
    ) -> Option<bool> {
        let keys = keys?;
        let counts = |key: &&&KeyFacts| positions.contains(&key.position) && key.within(since, until);
        if self.by_id.get(&keys.id_hash).into_iter().flatten().any(|key| counts(&key)) {
            return Some(true);
        }
        let namesake = self.named(keys.name_hash).any(|key| counts(&key) && key.id_hash.is_none());
        namesake.then_some(false)
    }
}

impl<'a> Sides<'a> {
    pub(super) fn of(project: &Project, profile: &Profile, units: &'a UnitGraph) -> Sides<'a> {
        let given = profile.parameters();
        let review = project.review_date;
        let same = &project.same;
        let with_same = |codes: &[CreditCode]| same.all(codes).iter().cloned().collect::<BTreeSet<_>>();
        let suppliers = with_same(&project.suppliers);
        let affiliates = if given.affiliates && !suppliers.is_empty() {
            let since = years_before(review, given.affiliate_years);
            let found = units.affiliates(&project.suppliers, since, review);
            with_same(&found.into_iter().collect::<Vec<_>>())
        } else {
            BTreeSet::new()
        };
        let purchaser = with_same(std::slice::from_ref(&project.purchaser));
        let mut own = BTreeSet::new();
        if given.own_department {
            own.extend(units.departments(&project.purchaser));
        }
        if given.own_tree {
            let since = years_before(review, given.own_unit_years);
            own.extend(units.subordinates(&project.purchaser, since, review));
        }
        let own = with_same(&own.into_iter().collect::<Vec<_>>());
        let persons_of = |code: &CreditCode| -> Vec<&'a KeyFacts> {
            units.records(code).into_iter().flat_map(|facts| &facts.persons).collect()
        };
        let by_supplier: Vec<Vec<&KeyFacts>> = project.suppliers.iter().map(persons_of).collect();
        Sides {
            own: own.difference(&purchaser).cloned().collect(),
            suppliers,
            affiliates,
            purchaser,
            agency: with_same(std::slice::from_ref(&project.agency)),
            persons_known: by_supplier.iter().all(|persons| !persons.is_empty()),
            persons: KeyPersons::of(by_supplier.into_iter().flatten()),
            holders: KeyPersons::of(persons_of(&project.agency).into_iter()),
            units,
        }
    }

    /// `conflict_employment_3y`.
    pub(super) fn employed_at_supplier(&self, expert: &Expert, review: Date, years: u32) -> Detail {
        employment(expert, &self.suppliers, review, years)
    }

    /// `conflict_director_3y`: director or supervisor; whoever leads the unit holds a post too.
    pub(super) fn post(&self, person: &PersonFacts<'_>, review: Date, years: u32) -> Detail {
        use Position::{Director, LegalRepresentative, Principal, Supervisor};
        let positions = [Director, Supervisor, LegalRepresentative, Principal];
        self.held(person, &positions, review, years, Detail::PostHeld)
    }

    /// `conflict_control_3y`.
    pub(super) fn control(&self, person: &PersonFacts<'_>, review: Date, years: u32) -> Detail {
        self.held(person, &[Position::Controller], review, years, Detail::ControlHeld)
    }

    fn held(
        &self,
        person: &PersonFacts<'_>,
        positions: &[Position],
        review: Date,
        years: u32,
        found: Detail,
    ) -> Detail {
        if self.suppliers.is_empty() {
            return Detail::Met;
        }
        let since = years_before(review, years);
        match self.persons.has(person.keys, positions, since, review) {
            Some(true) => found,
            Some(false) => Detail::Namesake,
            None if !self.persons_known || person.keys.is_none() => Detail::PersonsUnknown,
            None => Detail::Met,
        }
    }

    /// `conflict_kinship`: a declared relative with the name of a key person in one of the profile's
    /// positions, or at a supplier. Relatives are declared by name, so an equal name counts as fail: the
    /// declaration itself says that there is a relative of that name.
    pub(super) fn kinship(&self, person: &PersonFacts<'_>, review: Date, positions: &[Position]) -> Detail {
        if self.suppliers.is_empty() {
            return Detail::Met;
        }
        let Some(keys) = person.keys else { return Detail::KinUndeclared };
        let at_supplier = |unit: &CreditCode| self.suppliers.contains(unit);
        if keys.kin.iter().any(|relative| relative.units.iter().any(at_supplier)) {
            return Detail::KinUnit;
        }
        let leads = |key: &&KeyFacts| positions.contains(&key.position) && key.within(review, review);
        let named = |name: Hash| self.persons.named(name).any(leads);
        if keys.kin.iter().filter_map(|relative| relative.name_hash).any(named) {
            Detail::KinLeads
        } else if keys.kin.is_empty() {
            Detail::KinUndeclared
        } else if !self.persons_known {
            Detail::PersonsUnknown
        } else {
            Detail::Met
        }
    }

    /// `conflict_other`: a relation on record, or employment at an affiliate where the profile counts it.
    pub(super) fn other(
        &self,
        person: &PersonFacts<'_>,
        project: &Project,
        affiliate_years: Option<u32>,
    ) -> Detail {
        let review = project.review_date;
        let affiliated = affiliate_years
            .map_or(Detail::Met, |years| employment(person.expert, &self.affiliates, review, years));
        let recorded = took_part(person, project, |part| part == Part::OtherRelation, Detail::OtherRelation);
        match (recorded, affiliated) {
            (Detail::OtherRelation, _) => Detail::OtherRelation,
            (_, Detail::Employed | Detail::EmployedBefore) => Detail::Affiliated,
            (Detail::Met, Detail::EmployerUnknown) if !self.affiliates.is_empty() => Detail::EmployerUnknown,
            (recorded, _) => recorded,
        }
    }

    /// `own_unit_only_as_rep`.
    pub(super) fn own_unit(&self, expert: &Expert, review: Date, years: u32) -> Detail {
        match employment(expert, &self.purchaser, review, years) {
            found @ (Detail::Employed | Detail::EmployedBefore) => found,
            at_purchaser => match employment(expert, &self.own, review, years) {
                Detail::Employed | Detail::EmployedBefore => Detail::OwnUnit,
                _ => at_purchaser,
            },
        }
    }

    /// `no_agent_staff`, with those who hold posts or shares where the profile counts them.
    pub(super) fn agency_staff(
        &self,
        person: &PersonFacts<'_>,
        review: Date,
        years: u32,
        holders: bool,
    ) -> Detail {
        let employed = employment(person.expert, &self.agency, review, years);
        if matches!(employed, Detail::Employed | Detail::EmployedBefore) || !holders {
            return employed;
        }
        let since = years_before(review, years);
        match self.holders.has(person.keys, &Position::ALL, since, review) {
            Some(true) => Detail::AgencyHolder,
            _ if employed == Detail::EmployerUnknown => employed,
            Some(false) => Detail::Namesake,
            None if self.holders.is_empty() || person.keys.is_none() => Detail::PersonsUnknown,
            None => Detail::Met,
        }
    }

    /// `no_supervision_staff`: a present employer, or one of an open change, is such a unit.
    pub(super) fn supervision(&self, expert: &Expert) -> Detail {
        let present = expert.employments().unwrap_or_default().iter().map(|employment| &employment.unit);
        let mut unknown = expert.employments().is_none().then_some(Detail::EmployerUnknown);
        for unit in present.chain(expert.pending_units()) {
            let records = self.units.records(unit);
            if records.iter().any(|facts| facts.excluded == Some(ExcludedKind::Supervision)) {
                return Detail::Supervision;
            }
            if records.is_empty() {
                unknown = unknown.or(Some(Detail::UnitUnknown));
            }
        }
        unknown.unwrap_or(Detail::Met)
    }
}

/// `no_prior_involvement`.
pub(super) fn involved(person: &PersonFacts<'_>, project: &Project) -> Detail {
    took_part(person, project, |part| part != Part::OtherRelation, Detail::TookPart)
}

fn took_part(
    person: &PersonFacts<'_>,
    project: &Project,
    such: impl Fn(Part) -> bool,
    found: Detail,
) -> Detail {
    let Some(involved) = &project.involved else { return Detail::PartsUnknown };
    let mut namesake = false;
    for other in involved.iter().filter(|other| such(other.part)) {
        let by_number = other.number.as_deref().map(|number| number == person.expert.number().as_str());
        let by_id = other.id_hash.zip(person.keys).map(|(hash, keys)| hash == keys.id_hash);
        if by_number == Some(true) || by_id == Some(true) {
            return found;
        }
        let by_name = other.name_hash.zip(person.keys).is_some_and(|(hash, keys)| hash == keys.name_hash);
        namesake |= by_name && by_number.is_none() && by_id.is_none();
    }
    if namesake { Detail::Namesake } else { Detail::Met }
}

fn years_before(review: Date, years: u32) -> Date {
    review.plus_years(-i32::try_from(years).unwrap_or(i32::MAX))
}

/// Employment at one of `units`. A known employment decides even where the present employer is not known.
fn employment(expert: &Expert, units: &BTreeSet<CreditCode>, review: Date, years: u32) -> Detail {
    let first_day = years_before(review, years);
    let present = expert.employments();
    // While a change of employer is open, old and new employers both count (198号 art 10).
    if expert.pending_units().iter().any(|unit| units.contains(unit))
        || present.unwrap_or_default().iter().any(|e| units.contains(&e.unit))
    {
        Detail::Employed
    } else if expert.past().iter().any(|p| p.to >= first_day && units.contains(&p.unit)) {
        Detail::EmployedBefore
    } else if present.is_none() {
        Detail::EmployerUnknown
    } else {
        Detail::Met
    }
}

/// `conflict_declared`: a declared unit is purchaser, agency or supplier.
pub(super) fn declared(expert: &Expert, project: &Project, same: &SameUnits) -> Detail {
    let takes_part = |unit: &CreditCode| {
        let parties = [&project.purchaser, &project.agency].into_iter().chain(&project.suppliers);
        parties.into_iter().any(|party| same.same(party, unit))
    };
    if expert.declared_units().iter().any(takes_part) { Detail::Declared } else { Detail::Met }
}
