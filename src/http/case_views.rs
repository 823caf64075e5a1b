//! Cases (办件) as conduct, performance and campaigns show them: a line without names, a file with its
//! body.
//!
//! The body is the case's own JSON; `api-spec/registry-v1.md` §E says what each kind keeps.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::etag::etag;
use super::paging::{List, paging};
use super::problem::Problem;
use super::times::Rfc3339;
use crate::codec::Json;
use crate::service::case_body::{CaseFile, CaseLine};
use crate::service::listing::Paging;
use crate::time::{Date, Timestamp};

/// A case in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseLineView {
    /// Its id.
    pub id: String,
    /// Which life cycle it follows.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Expert number; absent for those who see no numbers, and where the case is about nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expert: Option<String>,
    /// The region that scopes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The campaign or package that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Account of the handler; credit code of the unit or number of the expert whose task it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when something has to happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Rfc3339>,
    /// Grows with every change.
    pub version: i64,
    /// When it began.
    pub created: Rfc3339,
    /// When it was last changed.
    pub updated: Rfc3339,
}

impl From<CaseLine> for CaseLineView {
    fn from(line: CaseLine) -> Self {
        Self {
            id: line.id,
            kind: line.kind,
            state: line.state,
            expert: line.subject,
            region: line.region,
            parent: line.parent,
            owner: line.owner,
            due: line.due.map(Rfc3339::of),
            version: line.version,
            created: Rfc3339::of(line.created),
            updated: Rfc3339::of(line.updated),
        }
    }
}

impl CaseLineView {
    /// For agency and purchaser, who see no expert numbers.
    pub fn without_number(line: CaseLine) -> Self {
        let owner = line.owner.clone().filter(|_| line.owner != line.subject);
        Self { expert: None, region: None, owner, ..Self::from(line) }
    }
}

/// A case with its body.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseFileView {
    /// The line.
    pub case: CaseLineView,
    /// What the case keeps, as far as this account sees it.
    #[schema(value_type = Object)]
    pub body: Json,
}

impl From<CaseFile> for CaseFileView {
    fn from(file: CaseFile) -> Self {
        Self { case: file.line.into(), body: file.body }
    }
}

/// Which cases: what all lists of cases filter by.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CasesParams {
    /// Expert number.
    #[param(max_length = 64)]
    pub expert: Option<String>,
    /// A state of the life cycle.
    #[param(max_length = 32)]
    pub state: Option<String>,
    /// Within this region (GB/T 2260).
    pub region: Option<String>,
    /// Due on this China day or before, `YYYY-MM-DD`.
    pub due_before: Option<String>,
    /// Account of the handler.
    #[param(max_length = 64)]
    pub handler: Option<String>,
    /// Id of the package.
    #[param(max_length = 64)]
    pub package: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<String>,
    /// `next` of the page before.
    #[param(max_length = 128)]
    pub after: Option<String>,
}

/// What [`CasesParams`] come to.
pub struct CasesAsked {
    /// Expert number.
    pub expert: Option<String>,
    /// State.
    pub state: Option<String>,
    /// What regions begin with.
    pub region_prefix: Option<String>,
    /// Unix seconds.
    pub due_by: Option<i64>,
    /// Account of the handler.
    pub handler: Option<String>,
    /// Id of the package.
    pub package: Option<String>,
    /// The page.
    pub paging: Paging,
}

impl CasesParams {
    /// Checks every parameter; `states` are those of the life cycle.
    pub fn check(self, states: &[&str]) -> Result<CasesAsked, Problem> {
        let paging = paging(self.limit.as_deref(), self.after)?;
        if self.state.as_deref().is_some_and(|state| !states.contains(&state)) {
            let (zh, en) = (format!("应为 {}", states.join("、")), format!("must be {}", states.join(", ")));
            return Err(Problem::field("state", "state", zh, en));
        }
        for (field, value) in
            [("expert", &self.expert), ("handler", &self.handler), ("package", &self.package)]
        {
            let sound =
                |text: &String| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
            if value.as_ref().is_some_and(|text| !sound(text)) {
                let (zh, en) = ("应为1至64个可见ASCII字符", "must be 1 to 64 visible ASCII characters");
                return Err(Problem::field(field, "id", zh, en));
            }
        }
        let region = self.region.as_deref().map(super::experts::region).transpose()?;
        let due = self.due_before.as_deref().map(|text| {
            Date::parse(text)
                .map_err(|error| Problem::field("due_before", "date", error.message_zh(), error.to_string()))
        });
        Ok(CasesAsked {
            expert: self.expert,
            state: self.state,
            region_prefix: region.map(crate::service::experts::within),
            due_by: due.transpose()?.map(|day| last_second(day).0),
            handler: self.handler,
            package: self.package,
            paging,
        })
    }
}

/// Last second of a China day.
fn last_second(day: Date) -> Timestamp {
    Timestamp(day.plus_days(1).start().0 - 1)
}

/// The answer to a step: the line, with its version.
pub fn stepped(line: CaseLine) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(line.version)).json(CaseLineView::from(line))
}

/// The answer to a beginning.
pub fn begun(path: &str, line: CaseLine, view: impl Fn(CaseLine) -> CaseLineView) -> HttpResponse {
    HttpResponse::Created()
        .insert_header(("Location", format!("/api/v1/{path}/{}", line.id)))
        .insert_header(etag(line.version))
        .json(view(line))
}

/// A page of lines.
pub fn lines(page: crate::service::listing::Listed<CaseLine>) -> HttpResponse {
    HttpResponse::Ok().json(List::of(page, CaseLineView::from))
}

/// A page of files.
pub fn files(page: crate::service::listing::Listed<CaseFile>) -> HttpResponse {
    HttpResponse::Ok().json(List::of(page, CaseFileView::from))
}

/// One file, with its version.
pub fn file(file: CaseFile) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(file.line.version)).json(CaseFileView::from(file))
}
