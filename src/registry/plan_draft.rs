//! A plan as written ([`PlanDraft`]): every field, nothing checked. `plan_check` makes a [`super::Plan`] of it.

/// A seat group as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanGroupDraft {
    /// `scheme:code`.
    pub speciality: String,
    /// Region codes within which the expert reviews.
    pub within: Vec<String>,
    /// Region codes that do not count although they lie within.
    pub except: Vec<String>,
    /// Whether the regions are those of the site.
    pub of_site: bool,
    /// Seats.
    pub seats: u32,
    /// Site number, from 1.
    pub site: u32,
    /// Legal experts.
    pub legal: bool,
}

/// Somebody involved earlier, as written (the identity document is hashed before).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvolvedDraft {
    /// Expert number.
    pub number: Option<String>,
    /// Keyed hash of the identity document, 64 hexadecimal characters.
    pub id_hash: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// One of [`super::plan::InvolvedPart`].
    pub part: String,
    /// The written reason.
    pub note: Option<String>,
}

/// A self-selected member as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectedDraft {
    /// Name.
    pub name: String,
    /// Expert number.
    pub number: Option<String>,
    /// Credit code of the employer.
    pub unit: Option<String>,
    /// `scheme:code`.
    pub speciality: Option<String>,
    /// Legal expert.
    pub legal: bool,
}

/// Self-selection as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelfSelectionDraft {
    /// Digest of the consent document, once it is filed.
    pub consent: Option<String>,
    /// Why.
    pub reason: String,
    /// Who.
    pub members: Vec<SelectedDraft>,
}

/// A filing as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvinceFilingDraft {
    /// Region code of the other province.
    pub province: String,
    /// Number of the filing.
    pub number: String,
    /// `YYYY-MM-DD`.
    pub filed_on: String,
}

/// A draw of sites as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SitesDraft {
    /// Sub-venues to be drawn.
    pub count: u32,
    /// Region codes.
    pub within: Vec<String>,
    /// Workstations that each must have.
    pub workstations: u32,
}

/// A plan as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanDraft {
    /// Id of the package.
    pub package: String,
    /// Region code of the purchaser's bureau.
    pub region: String,
    /// One of [`super::Method`].
    pub method: String,
    /// One of [`super::Category`].
    pub category: String,
    /// Budget in fen.
    pub budget_fen: i64,
    /// At or above the open-tender amount.
    pub threshold_reached: bool,
    /// Technically complex.
    pub complex: bool,
    /// Of large social impact.
    pub social_impact: bool,
    /// Remote review.
    pub remote: bool,
    /// Unix seconds.
    pub review_start: i64,
    /// Expected hours.
    pub hours: u32,
    /// Representatives.
    pub representatives: u32,
    /// Seat groups in order.
    pub groups: Vec<PlanGroupDraft>,
    /// Speciality and experts as in the procurement document.
    pub document_numbers: Vec<(String, u32)>,
    /// People involved earlier.
    pub involved: Vec<InvolvedDraft>,
    /// Why the regions are limited.
    pub region_reason: Option<String>,
    /// Self-selection.
    pub self_selection: Option<SelfSelectionDraft>,
    /// Rule and reason of each departure.
    pub overrides: Vec<(String, String)>,
    /// Filing for another province.
    pub province_filing: Option<ProvinceFilingDraft>,
    /// Draw of sites.
    pub sites: Option<SitesDraft>,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// A sound plan of an open tender: five experts, none remote.
    pub fn plan_draft() -> PlanDraft {
        PlanDraft {
            package: "P0000000000000000".into(),
            region: "430600".into(),
            method: "open_tender".into(),
            category: "services".into(),
            budget_fen: 120_000_000,
            review_start: 1_795_741_200,
            hours: 4,
            groups: vec![PlanGroupDraft {
                speciality: "ndrc316:A0832".into(),
                within: vec!["430600".into()],
                seats: 5,
                site: 1,
                ..PlanGroupDraft::default()
            }],
            ..PlanDraft::default()
        }
    }
}
