//! Tiers (阶梯): computed and shown with their inputs, and the published table. There is no operation that
//! sets one.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::experts::PurposeParams;
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use crate::rules::registry_profile::TierRow;
use crate::rules::tier::Tier;
use crate::service::Service;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(find_tier).service(own_tier).service(tier_table);
}

/// One row of the table of tiers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierRowView {
    /// Its name.
    name: String,
    /// In Chinese.
    title: String,
    /// Lots; every draw gives everybody one lot until draws apply tiers.
    lots: u32,
    /// At most so many points.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_points: Option<u32>,
    /// An average of at least this, if there are evaluations.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_score: Option<u32>,
    /// At least so many evaluations.
    min_reviews: u32,
}

/// The published table of tiers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierTableView {
    /// How many months back records count.
    months: u32,
    /// Legal source.
    source: String,
    /// How sure the source is: `C`, `C2`, `K` and two digits, `P` (the deployment's choice).
    status: String,
    /// Best first.
    rows: Vec<TierRowView>,
    /// What each record counts.
    points: Vec<PointsView>,
}

/// What one record counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PointsView {
    /// Its name.
    name: String,
    /// In Chinese.
    title: String,
    /// Points.
    points: u32,
    /// Legal source.
    source: String,
    /// How sure the source is.
    status: String,
}

/// A record that counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountedView {
    /// Its name.
    item: String,
    /// Its day.
    day: String,
    /// Its points.
    points: u32,
}

/// A tier with everything it was computed from.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierView {
    /// The row of the table that holds.
    row: TierRowView,
    /// Its number, from 1.
    row_number: usize,
    /// First day that counts.
    since: String,
    /// The day it was computed for.
    today: String,
    /// The records that count.
    counted: Vec<CountedView>,
    /// Their points together.
    points: u32,
    /// Evaluations that count.
    reviews: u32,
    /// Their scores together.
    score_sum: u32,
}

impl From<&TierRow> for TierRowView {
    fn from(row: &TierRow) -> Self {
        Self {
            name: row.name.clone(),
            title: row.title.clone(),
            lots: row.lots,
            max_points: row.max_points,
            min_score: row.min_score,
            min_reviews: row.min_reviews,
        }
    }
}

impl From<Tier> for TierView {
    fn from(tier: Tier) -> Self {
        let counted = tier.counted.iter().map(|counted| CountedView {
            item: counted.record.item.clone(),
            day: counted.record.day.to_string(),
            points: counted.points,
        });
        Self {
            row: TierRowView::from(&tier.row),
            row_number: tier.number,
            since: tier.since.to_string(),
            today: tier.today.to_string(),
            counted: counted.collect(),
            points: tier.points,
            reviews: tier.reviews,
            score_sum: tier.score_sum,
        }
    }
}

/// 专家阶梯 · An expert's tier with its inputs, computed now. Nobody sets it. The look is recorded.
#[utoipa::path(
    tag = "conduct",
    params(("number" = String, Path, description = "Expert number"), PurposeParams),
    responses((status = 200, body = TierView))
)]
#[get("/experts/{number}/tier")]
async fn find_tier(
    caller: Caller,
    service: web::Data<Service>,
    number: web::Path<String>,
    params: Params<PurposeParams>,
) -> Result<HttpResponse, Problem> {
    let purpose = params.0.purpose;
    let found = run(&service, move |service| service.expert_tier(&caller.0, &number, &purpose)).await?;
    Ok(HttpResponse::Ok().json(TierView::from(found)))
}

/// 本人阶梯 · The expert's own tier with its inputs.
#[utoipa::path(tag = "me", responses((status = 200, body = TierView)))]
#[get("/me/tier")]
async fn own_tier(caller: Caller, service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let found = run(&service, move |service| service.own_tier(&caller.0)).await?;
    Ok(HttpResponse::Ok().json(TierView::from(found)))
}

/// 阶梯表 · The published table from which every tier is computed. Open to anybody.
#[utoipa::path(tag = "conduct", security(()), responses((status = 200, body = TierTableView)))]
#[get("/tiers")]
async fn tier_table(service: web::Data<Service>) -> HttpResponse {
    let (table, profile) = (service.tier_table(), service.registry_profile());
    HttpResponse::Ok().json(TierTableView {
        months: table.months.value,
        source: table.rule.source.to_string(),
        status: table.rule.mark.text(),
        rows: table.rows().iter().map(TierRowView::from).collect(),
        points: profile
            .conduct_points
            .items()
            .iter()
            .map(|item| PointsView {
                name: item.name.clone(),
                title: item.title.clone(),
                points: item.points,
                source: item.rule.source.to_string(),
                status: item.rule.mark.text(),
            })
            .collect(),
    })
}
