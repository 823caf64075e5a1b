//! Who acts, and what each role may do: one table, walked cell by cell by
//! `tests/http/roles.rs`.
//!
//! Management and use are kept apart (管用分离, 财库〔2016〕198号 art. 3): the bureau keeps the
//! registry and never requests a draw; the agency requests draws and never sees the registry.

use super::refusal::Refusal;

/// The three roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Finance bureau (财政局).
    Bureau,
    /// Procurement agency (采购代理机构); sees its own packages and draws only.
    Agency,
    /// Auditor or supervisor (审计、监督).
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Bureau, Self::Agency, Self::Auditor];

    /// The word in the API and the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bureau => "bureau",
            Self::Agency => "agency",
            Self::Auditor => "auditor",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == word)
    }
}

/// What can be done, as far as roles are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Create, amend, suspend, reinstate experts and units; import.
    KeepRegistry,
    /// Read experts (names included; every look is recorded).
    ReadRegistry,
    /// Create and revoke accounts and tokens.
    KeepAccounts,
    /// Record packages and request draws.
    RequestDraw,
    /// Accept forced seats by name of the rule.
    AcceptForcedSeats,
    /// See packages and draws (an agency: its own).
    ReadDraws,
    /// Propose that a draw be voided.
    ProposeVoid,
    /// Confirm a void that another person proposed.
    ConfirmVoid,
    /// See who was drawn before the draw is unsealed, with a purpose (recorded).
    OpenPanel,
    /// Unseal a draw after the announcement of the result.
    Unseal,
    /// Download the auditor's evidence (recorded).
    AuditEvidence,
    /// See counts of exclusions and of candidates.
    ReadCounts,
}

/// The table: each action with the roles that may do it.
pub const PERMISSIONS: [(Action, &[Role]); 12] = [
    (Action::KeepRegistry, &[Role::Bureau]),
    (Action::ReadRegistry, &[Role::Bureau, Role::Auditor]),
    (Action::KeepAccounts, &[Role::Bureau]),
    (Action::RequestDraw, &[Role::Agency]),
    (Action::AcceptForcedSeats, &[Role::Bureau]),
    (Action::ReadDraws, &[Role::Bureau, Role::Agency, Role::Auditor]),
    (Action::ProposeVoid, &[Role::Bureau, Role::Agency]),
    (Action::ConfirmVoid, &[Role::Bureau]),
    (Action::OpenPanel, &[Role::Bureau, Role::Auditor]),
    (Action::Unseal, &[Role::Bureau]),
    (Action::AuditEvidence, &[Role::Auditor]),
    (Action::ReadCounts, &[Role::Bureau, Role::Auditor]),
];

/// An authenticated account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Account number, opaque.
    pub account: String,
    /// Role.
    pub role: Role,
    /// Credit code of the unit that the account belongs to; an agency's is compared with packages.
    pub unit: Option<String>,
}

impl Actor {
    /// Whether the role may do this.
    pub fn may(&self, action: Action) -> bool {
        PERMISSIONS.iter().any(|(known, roles)| *known == action && roles.contains(&self.role))
    }

    /// Refuses unless the role may do this.
    pub fn check(&self, action: Action) -> Result<(), Refusal> {
        if self.may(action) { Ok(()) } else { Err(Refusal::forbidden()) }
    }

    /// The agency to which this account's lists are narrowed; `None` for those who see all. An
    /// agency account without a unit is narrowed to nothing.
    pub fn own_agency(&self) -> Option<String> {
        (self.role == Role::Agency).then(|| self.unit.clone().unwrap_or_default())
    }

    /// Whether records of this agency are visible: always, except to another agency.
    pub fn sees_agency(&self, agency: &str) -> bool {
        self.role != Role::Agency || self.unit.as_deref() == Some(agency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managing_and_using_the_registry_are_never_one_role() {
        for role in Role::ALL {
            let actor = Actor { account: "A".into(), role, unit: None };
            assert!(!(actor.may(Action::KeepRegistry) && actor.may(Action::RequestDraw)), "{role:?}");
            assert_eq!(Role::parse(role.name()), Some(role));
        }
    }

    #[test]
    fn an_agency_sees_only_its_own() {
        let agency = Actor { account: "A".into(), role: Role::Agency, unit: Some("X".into()) };
        assert!(agency.sees_agency("X") && !agency.sees_agency("Y"));
        let none = Actor { unit: None, ..agency.clone() };
        assert!(!none.sees_agency("X"));
        let auditor = Actor { role: Role::Auditor, ..none };
        assert!(auditor.sees_agency("X"));
    }
}
