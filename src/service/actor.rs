//! Who acts: an authenticated account, held against the table of `permissions`.
//!
//! A bureau's account may be narrowed to a region: it then sees and decides only what lies there. A
//! token may be narrowed to scopes, and an account may have a duty to do before anything else.

pub use super::permissions::{Action, Grant, PERMISSIONS, Right, Role};
use super::refusal::{Kind, Refusal};
use crate::codes::Region;
use crate::registry::lifecycle::Party;

/// An authenticated account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Account number, opaque.
    pub account: String,
    /// Role.
    pub role: Role,
    /// Rights of a bureau's account; empty for other roles.
    pub rights: Vec<Right>,
    /// Credit code of the unit that the account belongs to; an agency's is compared with packages. Of a
    /// venue's account the id of the venue.
    pub unit: Option<String>,
    /// The region to which a bureau's account is narrowed; `None`: the whole registry.
    pub region: Option<Region>,
    /// The expert whose account this is (role expert); `None`: an applicant.
    pub expert: Option<String>,
    /// What the token in use allows of it; `None`: everything.
    pub scopes: Option<Vec<Action>>,
    /// The session in use; `None`: a token.
    pub session: Option<String>,
    /// What has to be done before anything else.
    pub duty: Option<Duty>,
}

/// What an account has to do before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// The password is a one-time one, or too old.
    ChangePassword,
    /// A second factor is required and there is none.
    EnrolSecondFactor,
}

impl Duty {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChangePassword => "password_change_required",
            Self::EnrolSecondFactor => "second_factor_required",
        }
    }

    fn refusal(self) -> Refusal {
        let (zh, en) = match self {
            Self::ChangePassword => ("请先修改口令", "change the password first"),
            Self::EnrolSecondFactor => ("请先启用动态验证码", "set up the second factor first"),
        };
        Refusal::new(Kind::Forbidden, self.name(), zh, en)
    }
}

impl Actor {
    /// An account of a role that needs no unit, with all rights and no narrowing.
    pub fn of_role(account: impl Into<String>, role: Role) -> Self {
        let rights = if role == Role::Bureau { Right::ALL.to_vec() } else { Vec::new() };
        Self {
            account: account.into(),
            role,
            rights,
            unit: None,
            region: None,
            expert: None,
            scopes: None,
            session: None,
            duty: None,
        }
    }

    /// The service itself, for what a date brings. It steps cases as `Party::Clock` and calls no
    /// use-case that asks the table.
    pub(super) fn of_service() -> Self {
        let itself = Self::of_role(super::ITSELF, Role::Administrator);
        Self { rights: Vec::new(), ..itself }
    }

    /// Whether this account may do this with the token in use.
    pub fn may(&self, action: Action) -> bool {
        self.duty.is_none()
            && self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&action))
            && self.is_granted(action)
    }

    /// Whether the table grants this to the account, whatever token is in use.
    pub fn is_granted(&self, action: Action) -> bool {
        let granted = |grant: &Grant| {
            grant.role == self.role && grant.right.is_none_or(|right| self.rights.contains(&right))
        };
        PERMISSIONS.iter().any(|(known, grants)| *known == action && grants.iter().any(granted))
    }

    /// Refuses unless this account may do this.
    pub fn check(&self, action: Action) -> Result<(), Refusal> {
        match self.duty {
            Some(duty) if self.is_granted(action) => Err(duty.refusal()),
            _ if self.may(action) => Ok(()),
            _ => Err(Refusal::forbidden()),
        }
    }

    /// Whether a region (its code) lies where this account works: everywhere if it is not narrowed.
    /// What has no region is seen only by those who are not narrowed.
    pub fn covers(&self, region: Option<&str>) -> bool {
        let Some(own) = &self.region else { return true };
        let region = region.and_then(|code| Region::parse(code).ok());
        region.is_some_and(|region| region.is_within(own))
    }

    /// Refuses, as if it did not exist, what lies outside this account's region.
    pub fn check_region(&self, region: Option<&str>, zh: &str, en: &str) -> Result<(), Refusal> {
        if self.covers(region) { Ok(()) } else { Err(Refusal::not_found(zh, en)) }
    }

    /// As whom this account acts in a life cycle's table.
    pub fn parties(&self) -> Vec<Party> {
        match self.role {
            Role::Bureau => {
                let of = |right: &Right| match right {
                    Right::Registrar => Some(Party::Registrar),
                    Right::Reviewer => Some(Party::Reviewer),
                    Right::Approver => Some(Party::Approver),
                    Right::Draws => Some(Party::Draws),
                    Right::Accounts => None,
                };
                self.rights.iter().filter_map(of).collect()
            }
            Role::Agency => vec![Party::Agency],
            Role::Purchaser => vec![Party::Purchaser],
            Role::Expert => vec![Party::Expert],
            Role::Supervisor => vec![Party::Supervisor],
            Role::Administrator => vec![Party::Administrator],
            Role::Venue => vec![Party::Venue],
            Role::Auditor => Vec::new(),
        }
    }

    /// The agency to which this account's lists are narrowed; `None` for those who see all. An
    /// agency account without a unit is narrowed to nothing.
    pub fn own_agency(&self) -> Option<String> {
        (self.role == Role::Agency).then(|| self.unit.clone().unwrap_or_default())
    }

    /// The venue to which a venue's account belongs.
    pub fn own_venue(&self) -> Option<&str> {
        if self.role == Role::Venue { self.unit.as_deref() } else { None }
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
    fn managing_and_using_the_registry_are_never_one_account() {
        for role in Role::ALL {
            let actor = Actor::of_role("A", role);
            for keeps in [Action::KeepRegistry, Action::ReadRegistry, Action::ReadCases] {
                assert!(!(actor.may(keeps) && actor.may(Action::RequestDraw)), "{role:?}");
            }
            assert_eq!(Role::parse(role.name()), Some(role));
        }
        assert!(Right::ALL.into_iter().all(|right| Right::parse(right.name()) == Some(right)));
    }

    #[test]
    fn a_bureau_may_what_its_rights_say_and_where_its_region_says() {
        let mut actor = Actor::of_role("A", Role::Bureau);
        actor.rights = vec![Right::Reviewer];
        assert!(actor.may(Action::ReviewCases) && actor.may(Action::ReadRegistry));
        assert!(!actor.may(Action::ApproveCases) && !actor.may(Action::KeepRegistry));
        assert_eq!(actor.parties(), [Party::Reviewer]);
        assert!(actor.covers(Some("430100")) && actor.covers(None));
        actor.region = Region::parse("430600").ok();
        assert!(actor.covers(Some("430602")) && actor.covers(Some("430600")));
        assert!(!actor.covers(Some("430000")) && !actor.covers(Some("430100")) && !actor.covers(None));
    }

    #[test]
    fn a_token_does_only_what_its_scopes_say_and_never_more_than_the_account() {
        let mut actor = Actor::of_role("A", Role::Auditor);
        actor.scopes = Some(vec![Action::ReadRegistry, Action::KeepRegistry]);
        assert!(actor.may(Action::ReadRegistry) && !actor.may(Action::KeepRegistry));
        assert!(!actor.may(Action::ReadDraws) && actor.is_granted(Action::ReadDraws));
        actor.duty = Some(Duty::ChangePassword);
        let code = |action| actor.check(action).map_err(|refusal| refusal.code);
        assert_eq!(code(Action::ReadRegistry), Err("password_change_required"));
        assert_eq!(code(Action::KeepRegistry), Err("not_permitted"));
        for (action, _) in PERMISSIONS {
            assert_eq!(Action::parse(action.name()), Some(action));
        }
    }

    #[test]
    fn the_administrator_sees_no_personal_data() {
        let actor = Actor::of_role("A", Role::Administrator);
        let may: Vec<Action> =
            PERMISSIONS.iter().map(|(action, _)| *action).filter(|a| actor.may(*a)).collect();
        assert_eq!(may, [Action::KeepAccounts, Action::KeepKeys]);
    }

    #[test]
    fn an_agency_sees_only_its_own() {
        let agency = Actor { unit: Some("X".into()), ..Actor::of_role("A", Role::Agency) };
        assert!(agency.sees_agency("X") && !agency.sees_agency("Y"));
        let none = Actor { unit: None, ..agency.clone() };
        assert!(!none.sees_agency("X"));
        let auditor = Actor { role: Role::Auditor, ..none };
        assert!(auditor.sees_agency("X"));
    }
}
