//! Prove-me: an expert's own place in draws that were unsealed, and the file that proves it.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::auth::Caller;
use super::paging::{List, PageParams};
use super::problem::Problem;
use super::query::Params;
use super::run::run;
use super::times::Rfc3339;
use crate::service::Service;
use crate::service::membership::{OwnDraw, OwnPlace};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list).service(place).service(proof);
}

/// An unsealed draw.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyDraw {
    /// Id.
    id: String,
    /// Alpha, hex: names the draw in the log.
    alpha: String,
    /// 结果公告编号.
    announcement: String,
    /// When it was unsealed.
    unsealed: Rfc3339,
    /// 专业 of its groups.
    specialities: Vec<String>,
}

/// Where one stood.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyPlace {
    /// The draw.
    draw: MyDraw,
    /// `pool` 在候选池中, `excluded` 被规则排除, `neither` 专业或区域不符.
    place: &'static str,
    /// Position in the pool, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    /// Candidates in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_size: Option<u32>,
    /// Group of the seat; absent for who did not sit.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<u8>,
    /// Names of the rules that excluded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
}

impl From<OwnDraw> for MyDraw {
    fn from(draw: OwnDraw) -> Self {
        Self {
            id: draw.id,
            alpha: draw.alpha.to_hex(),
            announcement: draw.announcement,
            unsealed: Rfc3339(draw.unsealed),
            specialities: draw.specialities,
        }
    }
}

/// 与本人专业有关的已公开抽取 · Unsealed draws with a group in one's own specialities.
#[utoipa::path(tag = "me", params(PageParams), responses((status = 200, body = List<MyDraw>)))]
#[get("/me/draws")]
async fn list(
    caller: Caller,
    service: web::Data<Service>,
    params: Params<PageParams>,
) -> Result<HttpResponse, Problem> {
    let paging = params.0.check()?;
    let page = run(&service, move |service| service.concerning_draws(&caller.0, &paging)).await?;
    Ok(HttpResponse::Ok().json(List::of(page, MyDraw::from)))
}

/// 本人抽取情况 · Whether one stood in the pool, where, seated or not, or excluded by which rules. Recorded.
#[utoipa::path(
    tag = "me",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, body = MyPlace))
)]
#[get("/me/draws/{id}")]
async fn place(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (draw, place) = run(&service, move |service| service.own_place(&caller.0, &id)).await?;
    let draw = MyDraw::from(draw);
    let bare =
        MyPlace { draw, place: "neither", position: None, pool_size: None, group: None, rules: Vec::new() };
    Ok(HttpResponse::Ok().json(match place {
        OwnPlace::Pool { position, size, group } => {
            MyPlace { place: "pool", position: Some(position), pool_size: Some(size), group, ..bare }
        }
        OwnPlace::Excluded { rules } => MyPlace { place: "excluded", rules, ..bare },
        OwnPlace::Neither => bare,
    }))
}

/// 本人抽取情况证明 · The file that proves it, for `expert-draw-verify`. Recorded.
#[utoipa::path(
    tag = "me",
    params(("id" = String, Path, description = "Draw id")),
    responses((status = 200, content_type = "application/json", description = "api-spec/membership-v1.md"))
)]
#[get("/me/draws/{id}/proof")]
async fn proof(
    caller: Caller,
    service: web::Data<Service>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let disposition = format!("attachment; filename=\"{id}-membership.json\"");
    let bytes = run(&service, move |service| service.membership_file(&caller.0, &id)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Content-Disposition", disposition))
        .body(bytes))
}
