//! Bodies of the day that are sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::day::{DayDraft, Presented, SiteDraft};

/// A unit: credit code and name.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Credit code.
    pub(super) code: String,
    /// Full name.
    pub(super) name: String,
}

/// A site of the draw and its venue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSite {
    /// Site number of the draw.
    site: u32,
    /// Id of the venue.
    venue: String,
    /// Names of its workstations, each once, at least as many as the site has seats, at most 256.
    workstations: Vec<String>,
}

/// A day to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDay {
    /// Every site of the draw, once.
    sites: Vec<NewSite>,
    /// All suppliers that take part, those known at the draw included; 1–64. Sealed until a member has signed in.
    suppliers: Vec<Unit>,
    /// 评审纪律: read by every member, kept (198号 art 15).
    discipline: String,
    /// 采购人代表 on the committee.
    #[serde(default)]
    representatives: u32,
    /// 集中采购机构, if the procurement stands in the catalogue of centralised procurement: it pays the fees.
    central_body: Option<Unit>,
}

/// What somebody shows at the desk: the code of the own page, or a document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Showing {
    /// 签到码: eight digits.
    code: Option<String>,
    /// Kind of the document (GA/T 517), `111` the identity card; with `id_number`.
    id_kind: Option<String>,
    /// Its number: compared, and kept nowhere.
    id_number: Option<String>,
}

/// A sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// What was shown.
    shown: Showing,
    /// With what the identity was checked: `id_card`, `passport`, `residence_permit`, `other`. No number.
    document: String,
}

/// A vacancy reported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVacancy {
    /// Pool position.
    position: u32,
    /// `absent` 缺席, `withdrawn` 中途退出, `unfit` 不能评审.
    why: String,
    /// What happened, 1–2,000 characters.
    reason: String,
}

/// A position.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfPosition {
    /// Pool position.
    pub(super) position: u32,
}

/// A failure of a site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPause {
    /// Site.
    pub(super) site: u32,
    /// What failed, 1–2,000 characters.
    pub(super) what: String,
}

/// A breach noted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBreach {
    /// Pool position.
    pub(super) position: u32,
    /// What happened, 1–2,000 characters.
    pub(super) what: String,
}

/// The signed report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// SHA-256 of the signed report, 64 hex digits.
    pub(super) digest: String,
    /// How many members signed: all, representatives included.
    pub(super) signed: u32,
    /// How many of them with a different opinion (198号 art 19).
    #[serde(default)]
    pub(super) dissents: u32,
}

/// The discipline, read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledged {
    /// SHA-256 of the text that was shown, 64 hex digits.
    pub(super) digest: String,
}

/// A vote.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// Site.
    pub(super) site: u32,
    /// Name of the workstation of whoever should be the chair.
    pub(super) workstation: String,
}

impl NewDay {
    /// As the use-case takes it.
    pub fn draft(self) -> DayDraft {
        let pair = |unit: Unit| (unit.code, unit.name);
        let site =
            |site: NewSite| SiteDraft { site: site.site, venue: site.venue, workstations: site.workstations };
        DayDraft {
            sites: self.sites.into_iter().map(site).collect(),
            suppliers: self.suppliers.into_iter().map(pair).collect(),
            discipline: self.discipline,
            representatives: self.representatives,
            central_body: self.central_body.map(pair),
        }
    }
}

impl Showing {
    /// A code or a document, not both; `None` for neither or both.
    pub fn presented(self) -> Option<Presented> {
        match (self.code, self.id_kind, self.id_number) {
            (Some(code), None, None) => Some(Presented::Code(code)),
            (None, Some(kind), Some(number)) => Some(Presented::Document { kind, number }),
            _ => None,
        }
    }
}

impl SignIn {
    /// What was shown, and the document.
    pub fn parts(self) -> (Option<Presented>, String) {
        (self.shown.presented(), self.document)
    }
}

impl NewVacancy {
    /// Position, why, reason.
    pub fn parts(self) -> (u32, String, String) {
        (self.position, self.why, self.reason)
    }
}
