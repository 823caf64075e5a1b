//! Who acts, and what each may do: one table, walked cell by cell by `tests/http/roles.rs`.
//!
//! Management and use are kept apart (管用分离, 财库〔2016〕198号 art. 3): the bureau keeps the
//! registry and never requests a draw; agency and purchaser request draws and list nothing of the
//! registry; the system administrator keeps accounts and keys and sees no personal data.
//!
//! Within a bureau registrar, reviewer and approver are different **rights**: an account holds one or
//! several, and an act that needs two people (four-eyes) compares accounts, whatever their rights.
//! A bureau's account may be narrowed to a region: it then sees and decides only what lies there.

use super::refusal::{Kind, Refusal};
use crate::codes::Region;
use crate::registry::lifecycle::Party;

/// The roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Finance bureau (财政局): what it may do depends on its rights, where on its region.
    Bureau,
    /// Procurement agency (采购代理机构); sees its own packages and draws only.
    Agency,
    /// Purchaser (采购人); sees what concerns its own procurement only.
    Purchaser,
    /// Evaluation expert (评审专家); sees the own record only.
    Expert,
    /// Auditor (审计).
    Auditor,
    /// Discipline inspection and supervision (纪检监察).
    Supervisor,
    /// System administrator (系统管理员): accounts and keys, no personal data.
    Administrator,
    /// Staff of one review venue (场所工作人员): who arrives there, on the day.
    Venue,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Bureau,
        Self::Agency,
        Self::Purchaser,
        Self::Expert,
        Self::Auditor,
        Self::Supervisor,
        Self::Administrator,
        Self::Venue,
    ];

    /// The word in the API and the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bureau => "bureau",
            Self::Agency => "agency",
            Self::Purchaser => "purchaser",
            Self::Expert => "expert",
            Self::Auditor => "auditor",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::Venue => "venue",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == word)
    }
}

/// What an account of a bureau may do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// 登记: keeps records, files cases, proposes.
    Registrar,
    /// 初审: first review of applications and changes, campaigns, handling of conduct.
    Reviewer,
    /// 审批: final review; confirms what another account proposed.
    Approver,
    /// 抽取监督: accepts forced seats, confirms voids, opens and unseals panels.
    Draws,
    /// 账号管理.
    Accounts,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 5] = [Self::Registrar, Self::Reviewer, Self::Approver, Self::Draws, Self::Accounts];

    /// The word in the API and the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registrar => "registrar",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Draws => "draws",
            Self::Accounts => "accounts",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == word)
    }
}

/// What can be done, as far as roles are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Create and amend experts and units; import; load schemes.
    KeepRegistry,
    /// Read lists and records of the registry (every look at a sealed field is recorded).
    ReadRegistry,
    /// First review: applications, changes, renewals; campaigns; handling of conduct.
    ReviewCases,
    /// Final review.
    ApproveCases,
    /// Propose an act that needs a second person.
    ProposeDecision,
    /// Confirm or reject what another account proposed.
    ConfirmDecision,
    /// Report a clue about an expert's conduct (198号 art. 28).
    ReportConduct,
    /// See and follow cases (办件): lists without names, one case with its purpose recorded.
    ReadCases,
    /// The expert's own record, applications, changes, leave, confirmation, statements.
    OwnRecord,
    /// Record the other side's performance after a review (履职评价).
    Evaluate,
    /// See who looked at what.
    ReadLooks,
    /// Create and revoke accounts and tokens.
    KeepAccounts,
    /// Rotate keys, follow the re-sealing.
    KeepKeys,
    /// Record packages and request draws.
    RequestDraw,
    /// See plans (抽取方案): an agency its own, a purchaser those of its procurement.
    ReadPlans,
    /// Confirm the plan of one's own procurement, or return it.
    ConfirmPlan,
    /// Approve plans, return them, agree to their cancellation.
    ApprovePlan,
    /// Keep the catalogue of venues.
    KeepVenues,
    /// See venues.
    ReadVenues,
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
    /// Keep the desk of one venue on the day: arrivals, identity checks, failures of the site.
    KeepDesk,
    /// Run the day of an own draw: venues, suppliers, pauses, chair, report.
    RunDay,
    /// See the day of a draw: how far it is, without names.
    ReadDay,
    /// See the names of those who have signed in, with a purpose (recorded).
    SeePresent,
    /// Say that a site failed or works again, note a breach.
    KeepSite,
    /// Confirm a vacancy that another account reported.
    ConfirmVacancy,
    /// See the fees of an own draw, check vouchers, record payment.
    PayFees,
    /// Fetch the archive package of a draw (recorded).
    FetchDossier,
    /// Have what is due in a draw's calls done now.
    RunCalls,
}

impl Action {
    /// What the scope `read` of an API token stands for.
    pub const READING: [Self; 7] = [
        Self::ReadRegistry,
        Self::ReadCases,
        Self::ReadLooks,
        Self::ReadDraws,
        Self::ReadCounts,
        Self::ReadPlans,
        Self::ReadVenues,
    ];

    /// The word in the scopes of API tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeepRegistry => "keep_registry",
            Self::ReadRegistry => "read_registry",
            Self::ReviewCases => "review_cases",
            Self::ApproveCases => "approve_cases",
            Self::ProposeDecision => "propose_decision",
            Self::ConfirmDecision => "confirm_decision",
            Self::ReportConduct => "report_conduct",
            Self::ReadCases => "read_cases",
            Self::OwnRecord => "own_record",
            Self::Evaluate => "evaluate",
            Self::ReadLooks => "read_looks",
            Self::KeepAccounts => "keep_accounts",
            Self::KeepKeys => "keep_keys",
            Self::RequestDraw => "request_draw",
            Self::ReadPlans => "read_plans",
            Self::ConfirmPlan => "confirm_plan",
            Self::ApprovePlan => "approve_plan",
            Self::KeepVenues => "keep_venues",
            Self::ReadVenues => "read_venues",
            Self::AcceptForcedSeats => "accept_forced_seats",
            Self::ReadDraws => "read_draws",
            Self::ProposeVoid => "propose_void",
            Self::ConfirmVoid => "confirm_void",
            Self::OpenPanel => "open_panel",
            Self::Unseal => "unseal",
            Self::AuditEvidence => "audit_evidence",
            Self::ReadCounts => "read_counts",
            Self::KeepDesk => "keep_desk",
            Self::RunDay => "run_day",
            Self::ReadDay => "read_day",
            Self::SeePresent => "see_present",
            Self::KeepSite => "keep_site",
            Self::ConfirmVacancy => "confirm_vacancy",
            Self::PayFees => "pay_fees",
            Self::FetchDossier => "fetch_dossier",
            Self::RunCalls => "run_calls",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        PERMISSIONS.iter().map(|(action, _)| *action).find(|action| action.name() == word)
    }
}

/// Who may: a role, for a bureau with one of its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The right that an account of a bureau needs; `None`: any account of the role.
    pub right: Option<Right>,
}

const fn any(role: Role) -> Grant {
    Grant { role, right: None }
}

const fn bureau(right: Right) -> Grant {
    Grant { role: Role::Bureau, right: Some(right) }
}

const REGISTRAR: Grant = bureau(Right::Registrar);
const REVIEWER: Grant = bureau(Right::Reviewer);
const APPROVER: Grant = bureau(Right::Approver);
const DRAWS: Grant = bureau(Right::Draws);
const AUDITOR: Grant = any(Role::Auditor);
const SUPERVISOR: Grant = any(Role::Supervisor);
const AGENCY: Grant = any(Role::Agency);
const PURCHASER: Grant = any(Role::Purchaser);
const VENUE: Grant = any(Role::Venue);

/// The table: each action with those who may do it.
pub const PERMISSIONS: [(Action, &[Grant]); 36] = [
    (Action::KeepRegistry, &[REGISTRAR]),
    (Action::ReadRegistry, &[REGISTRAR, REVIEWER, APPROVER, AUDITOR, SUPERVISOR]),
    (Action::ReviewCases, &[REVIEWER]),
    (Action::ApproveCases, &[APPROVER]),
    (Action::ProposeDecision, &[REGISTRAR, REVIEWER]),
    (Action::ConfirmDecision, &[APPROVER]),
    (Action::ReportConduct, &[REGISTRAR, REVIEWER, any(Role::Agency), any(Role::Purchaser), SUPERVISOR]),
    (Action::ReadCases, &[REGISTRAR, REVIEWER, APPROVER, AUDITOR, SUPERVISOR]),
    (Action::OwnRecord, &[any(Role::Expert)]),
    (Action::Evaluate, &[any(Role::Agency), any(Role::Purchaser), any(Role::Expert)]),
    (Action::ReadLooks, &[AUDITOR, SUPERVISOR]),
    (Action::KeepAccounts, &[bureau(Right::Accounts), any(Role::Administrator)]),
    (Action::KeepKeys, &[any(Role::Administrator)]),
    (Action::RequestDraw, &[any(Role::Agency)]),
    (Action::ReadPlans, &[any(Role::Bureau), any(Role::Agency), any(Role::Purchaser), AUDITOR, SUPERVISOR]),
    (Action::ConfirmPlan, &[any(Role::Purchaser)]),
    (Action::ApprovePlan, &[DRAWS]),
    (Action::KeepVenues, &[DRAWS]),
    (Action::ReadVenues, &[any(Role::Bureau), any(Role::Agency), any(Role::Purchaser), AUDITOR, SUPERVISOR]),
    (Action::AcceptForcedSeats, &[DRAWS]),
    (Action::ReadDraws, &[any(Role::Bureau), any(Role::Agency), AUDITOR]),
    (Action::ProposeVoid, &[DRAWS, any(Role::Agency)]),
    (Action::ConfirmVoid, &[DRAWS]),
    (Action::OpenPanel, &[DRAWS, AUDITOR]),
    (Action::Unseal, &[DRAWS]),
    (Action::AuditEvidence, &[AUDITOR]),
    (Action::ReadCounts, &[any(Role::Bureau), AUDITOR]),
    (Action::KeepDesk, &[VENUE]),
    (Action::RunDay, &[AGENCY]),
    (Action::ReadDay, &[DRAWS, AGENCY, PURCHASER, VENUE, AUDITOR, SUPERVISOR]),
    (Action::SeePresent, &[DRAWS, AGENCY, PURCHASER, VENUE, AUDITOR]),
    (Action::KeepSite, &[AGENCY, VENUE]),
    (Action::ConfirmVacancy, &[DRAWS, AGENCY]),
    (Action::PayFees, &[AGENCY, PURCHASER]),
    (Action::FetchDossier, &[DRAWS, AGENCY, PURCHASER, AUDITOR]),
    (Action::RunCalls, &[DRAWS, any(Role::Agency)]),
];

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
