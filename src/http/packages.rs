//! Packages (包): recorded by an agency, seen by it, by the bureau and by auditors.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::body::Body;
use super::etag::{IfMatch, etag};
use super::idempotency::Key;
use super::paging::{List, paging};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::registry::{self, PackageDraft, PartyDraft};
use crate::service::Service;
use crate::service::packages::{PackageRecord, PackageSummary, PackagesAsked};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(record).service(list).service(find).service(add_suppliers);
}

/// A party to a package.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Credit code.
    code: String,
    /// Full name, 1–128 characters.
    name: String,
}

/// A package to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPackage {
    /// Number of the procurement plan: capitals and digits in parts joined by hyphens, none beginning with 0.
    plan_no: String,
    /// Number of the package within the plan, likewise.
    package_no: String,
    /// 项目名称, 1–200 characters.
    title: String,
    /// 采购人.
    purchaser: Party,
    /// 采购代理机构: the unit of the account that records.
    agency: Party,
    /// 供应商, 0–64, none twice.
    suppliers: Vec<Party>,
}

/// Suppliers that became known later.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoreSuppliers {
    /// To be added, none that is there already; at most 64 in all.
    add_suppliers: Vec<Party>,
}

/// What lists show of a package.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PackageSummary)]
pub struct Summary {
    /// Its id.
    id: String,
    /// Number of the procurement plan.
    plan_no: String,
    /// Number within the plan.
    package_no: String,
    /// Credit code of the agency.
    agency_code: String,
    /// Credit code of the purchaser.
    purchaser_code: String,
    /// State.
    state: String,
    /// When it was recorded.
    created: Rfc3339,
    /// Grows with every change; the ETag.
    version: i64,
}

/// A package with everything that is sealed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Package {
    /// What lists show.
    #[serde(flatten)]
    summary: Summary,
    /// 项目名称.
    title: String,
    /// 采购人.
    purchaser: Party,
    /// 采购代理机构.
    agency: Party,
    /// 供应商.
    suppliers: Vec<Party>,
}

/// Which packages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PackagesParams {
    /// Credit code of an agency; an agency sees its own in any case.
    agency: Option<String>,
    /// A state.
    state: Option<String>,
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Why somebody looks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LookParams {
    /// Why, 2–200 characters, kept with the record of the look; required for bureau and auditor.
    purpose: Option<String>,
}

/// 录入包 · Records a package of the account's own agency.
#[utoipa::path(
    tag = "packages",
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    request_body = NewPackage,
    responses((status = 201, body = Package, headers(("ETag" = String, description = "the version"))))
)]
#[post("/packages")]
async fn record(
    caller: Caller,
    key: Key,
    service: web::Data<Service>,
    body: Body<NewPackage>,
) -> Result<HttpResponse, Problem> {
    let key = key.of(body.request)?;
    let draft = body.value.draft();
    let made = run(&service, move |service| service.record_package(&caller.0, &draft, Some(&key))).await?;
    let location = format!("/api/v1/packages/{}", made.summary.id);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .insert_header(etag(made.summary.version))
        .json(Package::from(made)))
}

/// 包列表 · The packages that the account may see.
#[utoipa::path(tag = "packages", params(PackagesParams), responses((status = 200, body = List<Summary>)))]
#[get("/packages")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PackagesParams>,
) -> Result<HttpResponse, Problem> {
    let PackagesParams { agency, state, limit, after } = params.0;
    let paging = paging(limit.as_deref(), after)?;
    let asked = PackagesAsked { agency, state };
    let page = run(&service, move |service| service.packages(&caller.0, &asked, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, Summary::from)))
}

/// 查看包 · One package. A look by bureau or auditor is recorded with its purpose.
#[utoipa::path(
    tag = "packages",
    params(("id" = String, Path, description = "Package id"), LookParams),
    responses((status = 200, body = Package, headers(("ETag" = String, description = "the version"))))
)]
#[get("/packages/{id}")]
async fn find(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
    params: Params<LookParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.package(&caller.0, &id, purpose.as_deref())).await?;
    Ok(HttpResponse::Ok().insert_header(etag(found.summary.version)).json(Package::from(found)))
}

/// 补充供应商 · Adds suppliers that became known later, until somebody signed in for the review.
#[utoipa::path(
    tag = "packages",
    params(
        ("id" = String, Path, description = "Package id"),
        ("If-Match" = String, Header, description = "the ETag as read")
    ),
    request_body = MoreSuppliers,
    responses((status = 200, body = Package, headers(("ETag" = String, description = "the version"))))
)]
#[patch("/packages/{id}")]
async fn add_suppliers(
    caller: Caller,
    version: IfMatch,
    service: web::Data<Service>,
    id: web::Path<String>,
    body: Body<MoreSuppliers>,
) -> Result<HttpResponse, Problem> {
    let party = |party: Party| PartyDraft { code: party.code, name: party.name };
    let more: Vec<PartyDraft> = body.value.add_suppliers.into_iter().map(party).collect();
    let changed =
        run(&service, move |service| service.add_suppliers(&caller.0, &id, version.0, &more)).await?;
    Ok(HttpResponse::Ok().insert_header(etag(changed.summary.version)).json(Package::from(changed)))
}

impl NewPackage {
    fn draft(self) -> PackageDraft {
        let party = |party: Party| PartyDraft { code: party.code, name: party.name };
        PackageDraft {
            plan_no: self.plan_no,
            package_no: self.package_no,
            title: self.title,
            purchaser: party(self.purchaser),
            agency: party(self.agency),
            suppliers: self.suppliers.into_iter().map(party).collect(),
            created_by: String::new(),
        }
    }
}

impl From<PackageSummary> for Summary {
    fn from(view: PackageSummary) -> Self {
        Self {
            id: view.id,
            plan_no: view.plan_no,
            package_no: view.package_no,
            agency_code: view.agency,
            purchaser_code: view.purchaser,
            state: view.state,
            created: Rfc3339(view.created),
            version: view.version,
        }
    }
}

impl From<PackageRecord> for Package {
    fn from(found: PackageRecord) -> Self {
        let party = |party: &registry::Party| Party {
            code: party.code.as_str().to_owned(),
            name: party.name.clone(),
        };
        Self {
            title: found.package.title().to_owned(),
            purchaser: party(found.package.purchaser()),
            agency: party(found.package.agency()),
            suppliers: found.package.suppliers().iter().map(party).collect(),
            summary: Summary::from(found.summary),
        }
    }
}
