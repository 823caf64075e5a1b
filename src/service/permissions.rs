//! Roles, rights, actions, and the table of who may do what, walked cell by cell by
//! `tests/http/roles.rs`.
//!
//! Management and use are kept apart (管用分离, 财库〔2016〕198号 art. 3): the bureau keeps the
//! registry and never requests a draw; agency and purchaser request draws and list nothing of the
//! registry; the system administrator keeps accounts and keys and sees no personal data.
//!
//! Within a bureau registrar, reviewer and approver are different **rights**: an account holds one or
//! several, and an act that needs two people (four-eyes) compares accounts, whatever their rights.
//!
//! *Deliberately not here:* whose account asks, and where it may (`actor`).

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
    /// Hand in what a supervisor or witness contributes to a draw: the signature says whose it is.
    FileContribution,
    /// See what is there of a draw's contributions.
    ReadContributions,
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
    pub const READING: [Self; 8] = [
        Self::ReadRegistry,
        Self::ReadCases,
        Self::ReadLooks,
        Self::ReadDraws,
        Self::ReadContributions,
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
            Self::FileContribution => "file_contribution",
            Self::ReadContributions => "read_contributions",
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
pub const PERMISSIONS: [(Action, &[Grant]); 38] = [
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
    (Action::FileContribution, &[DRAWS, AUDITOR, SUPERVISOR]),
    (Action::ReadContributions, &[any(Role::Bureau), any(Role::Agency), AUDITOR, SUPERVISOR]),
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
