//! Bodies that show a draw: what `service::draws::DrawView` decided that this account may see.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::times::Rfc3339;
use crate::service::draws::{DrawForecast, DrawLine, DrawView, GroupView, PanelMember, SeatView};

/// One seat group.
#[derive(Debug, Serialize, ToSchema)]
pub struct Group {
    /// Number, from 1.
    group: u32,
    /// 专业.
    speciality: String,
    /// 评审区域.
    within: Vec<String>,
    /// Regions that do not count.
    except: Vec<String>,
    /// Seats.
    seats: u32,
    /// Site.
    site: u32,
}

/// One seat of a result.
#[derive(Debug, Serialize, ToSchema)]
pub struct Seat {
    /// Pool position; what the public log names.
    position: u32,
    /// Group number.
    group: u8,
    /// 姓名; only of an unsealed draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Where the commitment stands in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commitment {
    /// Log index.
    index: u64,
    /// Alpha, hex: names the draw in the log and in its evidence.
    alpha: String,
    /// Registry position that the pool was built at.
    registry: u64,
    /// Candidates.
    pool_size: u32,
    /// Whether forced seats were accepted.
    forced_seats_accepted: bool,
}

/// The result.
#[derive(Debug, Serialize, ToSchema)]
pub struct Result {
    /// Log index.
    index: u64,
    /// Seed, hex.
    seed: String,
    /// Seats in drawn order.
    seats: Vec<Seat>,
}

/// A void that waits for another person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposedVoid {
    /// Reason.
    reason: String,
    /// Account that proposed it.
    account: String,
}

/// A draw.
#[derive(Debug, Serialize, ToSchema)]
pub struct Draw {
    /// Id.
    id: String,
    /// Id of the package.
    package: String,
    /// Plan number.
    plan_no: String,
    /// Package number.
    package_no: String,
    /// Attempt, from 1.
    attempt: i64,
    /// planned, committed, drawn, unsealed, voided or withdrawn.
    state: String,
    /// Start of the review.
    review_start: Rfc3339,
    /// Seat groups.
    groups: Vec<Group>,
    /// The commitment, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    commitment: Option<Commitment>,
    /// Excluded people by rule; for those who may see counts. An agency sees counts of at least the profile's
    /// `count_floor` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<BTreeMap<String, u32>>,
    /// The result, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Result>,
    /// A void that waits for confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_void: Option<ProposedVoid>,
    /// 结果公告编号.
    #[serde(skip_serializing_if = "Option::is_none")]
    announcement: Option<String>,
    /// 采购人自行选定的成员, marked as such; only of an unsealed draw.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    self_selected: Vec<String>,
    /// 保证等级: `operator` — only the operator contributed to the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    /// The plan that it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// When it was made.
    created: Rfc3339,
    /// When it was last changed.
    updated: Rfc3339,
    /// Grows with every change; the ETag.
    version: i64,
}

/// A draw in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrawSummary {
    /// Id.
    id: String,
    /// Id of the package.
    package: String,
    /// Attempt, from 1.
    attempt: i64,
    /// State.
    state: String,
    /// Log index of the commitment.
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<i64>,
    /// When it was made.
    created: Rfc3339,
}

/// What a request would meet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Forecast {
    /// Candidates who would sit in every full panel; above 0 the bureau has to accept that.
    forced_seats: usize,
    /// Candidates; for those who may see counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_size: Option<usize>,
    /// Excluded people by rule; for those who may see counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<BTreeMap<String, u32>>,
}

/// A member of a panel, opened for a purpose.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    /// Pool position.
    position: u32,
    /// Group number.
    group: u8,
    /// Expert number.
    number: String,
    /// 姓名.
    name: String,
    /// 电话; absent for somebody whose record was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl From<GroupView> for Group {
    fn from(view: GroupView) -> Self {
        let asked = view.request;
        Self {
            group: view.group,
            speciality: asked.speciality,
            within: asked.within,
            except: asked.except,
            seats: asked.seats,
            site: asked.site,
        }
    }
}

impl From<DrawView> for Draw {
    fn from(view: DrawView) -> Self {
        let seat = |seat: SeatView| Seat { position: seat.position, group: seat.group, name: seat.name };
        let seats: Vec<Seat> = view.seats.into_iter().map(seat).collect();
        Self {
            id: view.id,
            package: view.package,
            plan_no: view.numbers.0,
            package_no: view.numbers.1,
            attempt: view.attempt,
            state: view.state,
            review_start: Rfc3339(view.review_start),
            groups: view.groups.into_iter().map(Group::from).collect(),
            commitment: view.commitment.map(|(alpha, index)| Commitment {
                index,
                alpha: alpha.to_hex(),
                registry: view.registry.unwrap_or_default(),
                pool_size: view.pool_size.unwrap_or_default(),
                forced_seats_accepted: view.forced_seats_accepted,
            }),
            excluded: view.excluded,
            result: view.drawn.map(|(index, seed)| Result { index, seed: seed.to_hex(), seats }),
            proposed_void: view
                .proposed_void
                .map(|(reason, account)| ProposedVoid { reason: reason.name().to_owned(), account }),
            self_selected: view.self_selected,
            announcement: view.announcement,
            level: view.level,
            plan: view.plan,
            created: Rfc3339(view.times.0),
            updated: Rfc3339(view.times.1),
            version: view.version,
        }
    }
}

impl From<DrawLine> for DrawSummary {
    fn from(line: DrawLine) -> Self {
        Self {
            id: line.id,
            package: line.package,
            attempt: line.attempt,
            state: line.state,
            committed: line.committed,
            created: Rfc3339(line.created),
        }
    }
}

impl From<DrawForecast> for Forecast {
    fn from(forecast: DrawForecast) -> Self {
        Self {
            forced_seats: forecast.forced_seats,
            pool_size: forecast.pool_size,
            excluded: forecast.excluded.map(|counts| counts.into_iter().collect()),
        }
    }
}

impl From<PanelMember> for Member {
    fn from(member: PanelMember) -> Self {
        Self {
            position: member.position,
            group: member.group,
            number: member.number,
            name: member.name,
            phone: member.phone,
        }
    }
}
