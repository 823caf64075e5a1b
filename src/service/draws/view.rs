//! What each role sees of a draw (ARCHITECTURE.md, "Secrets and sight").
//!
//! An agency sees its own draws: state, seats and sites, positions, never a name before the draw is
//! unsealed and never a count of exclusions. Bureau and auditor see counts. Names before unsealing
//! need a purpose and leave a journal entry, written before they are read.

use std::collections::BTreeMap;

use super::ending::read_proposal;
use super::record::Header;
use super::{PLANNED, state, wrong_state};
use crate::codec::{Hash, Json, Object, ShapeError, object};
use crate::draw::commitment::Commitment;
use crate::draw::request::{GroupRequest, Request};
use crate::draw::statements::{Drawn, Unsealed, VoidReason};
use crate::log::Statement;
use crate::service::Service;
use crate::service::actor::{Action, Actor, Role};
use crate::service::archive::{SeatedCard, draw_entries};
use crate::service::calls::terms::CallTerms;
use crate::service::listing::{Listed, Paging};
use crate::service::refusal::{Kind, Refusal};
use crate::service::sealing::OpaqueRecord;
use crate::service::sight::{Field, Sight, Stage};
use crate::store::{self, Conn};
use crate::time::Timestamp;

/// One seat group as viewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Group number, from 1.
    pub group: u32,
    /// What the group asks for.
    pub request: GroupRequest,
}

/// One seat of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// Pool position.
    pub position: u32,
    /// Group number.
    pub group: u8,
    /// Name; only of an unsealed draw.
    pub name: Option<String>,
}

/// A member of a panel as opened to bureau or auditor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelMember {
    /// Pool position.
    pub position: u32,
    /// Group number.
    pub group: u8,
    /// Expert number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Phone; none of somebody who was erased.
    pub phone: Option<String>,
}

/// A draw as one account may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawView {
    /// Id.
    pub id: String,
    /// Id of the package.
    pub package: String,
    /// Plan and package number.
    pub numbers: (String, String),
    /// Attempt, from 1.
    pub attempt: i64,
    /// State, see [`state`].
    pub state: String,
    /// Version, for `ETag`.
    pub version: i64,
    /// When it was made and last changed.
    pub times: (Timestamp, Timestamp),
    /// Start of the review.
    pub review_start: Timestamp,
    /// Seat groups.
    pub groups: Vec<GroupView>,
    /// Alpha and log index of the commitment.
    pub commitment: Option<(Hash, u64)>,
    /// Registry position that the pool was built at.
    pub registry: Option<u64>,
    /// Candidates; public once committed.
    pub pool_size: Option<u32>,
    /// Exclusions by rule; for those who may see counts.
    pub excluded: Option<BTreeMap<String, u32>>,
    /// Log index of the result, and the seed.
    pub drawn: Option<(u64, Hash)>,
    /// Seats in drawn order.
    pub seats: Vec<SeatView>,
    /// Whether forced seats were accepted.
    pub forced_seats_accepted: bool,
    /// A void that waits for confirmation: reason and proposer.
    pub proposed_void: Option<(VoidReason, String)>,
    /// Number of the result announcement.
    pub announcement: Option<String>,
    /// Names of members whom the purchaser selected (自行选定), marked as such (198号 art 20); only of an
    /// unsealed draw.
    pub self_selected: Vec<String>,
    /// Assurance level of the result.
    pub level: Option<&'static str>,
    /// The plan that it was made from; `None`: made without one.
    pub plan: Option<String>,
}

/// A draw in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawLine {
    /// Id.
    pub id: String,
    /// Id of the package.
    pub package: String,
    /// Attempt, from 1.
    pub attempt: i64,
    /// State.
    pub state: String,
    /// Log index of the commitment.
    pub committed: Option<i64>,
    /// When it was made.
    pub created: Timestamp,
}

impl Service {
    /// One draw.
    pub fn draw(&self, actor: &Actor, id: &str) -> Result<DrawView, Refusal> {
        actor.check(Action::ReadDraws)?;
        let row = self.draw_row(actor, id)?;
        self.view_of(actor, &row)
    }

    /// A draw of which the row is at hand, as an account sees it.
    pub(in crate::service) fn view_of(
        &self,
        actor: &Actor,
        row: &store::draw::Draw,
    ) -> Result<DrawView, Refusal> {
        let mut view = self.store.read(|conn| {
            if row.alpha.is_none() {
                let (request, _) = self.planned_request(conn, row)?;
                return Ok::<_, Refusal>(plain_view(row, &request));
            }
            self.committed_view(conn, actor, row)
        })?;
        if let Some((plan, selected)) = self.marks_of(row)? {
            view.plan = Some(plan);
            view.self_selected = selected;
        }
        Ok(view)
    }

    /// Draws, newest page by id; an agency's own only.
    pub fn draws(
        &self,
        actor: &Actor,
        package: Option<&str>,
        state: Option<&str>,
        paging: &Paging,
    ) -> Result<Listed<DrawLine>, Refusal> {
        actor.check(Action::ReadDraws)?;
        let agency = actor.own_agency();
        let filter = store::draw::DrawFilter {
            package: package.map(str::to_owned),
            agency,
            state: state.map(str::to_owned),
        };
        let line = |row: store::draw::Draw| DrawLine {
            id: row.id,
            package: row.package,
            attempt: row.attempt,
            state: row.state,
            committed: row.committed_entry,
            created: Timestamp(row.created),
        };
        let rows =
            |conn: &mut Conn| paging.read(|page| store::draw::list(conn, &filter, page), |row| &row.id, line);
        Ok(self.store.read(rows)?)
    }

    /// Who was drawn, before the draw is unsealed: for a stated purpose, recorded first.
    pub fn open_panel(&self, actor: &Actor, id: &str, purpose: &str) -> Result<Vec<PanelMember>, Refusal> {
        actor.check(Action::OpenPanel)?;
        let row = self.draw_row(actor, id)?;
        if row.drawn_entry.is_none() {
            return Err(wrong_state("抽取尚无结果", "the draw has no result yet"));
        }
        // The list of a draw that ended without a panel stays sealed for ever (项目规则): only an auditor opens it.
        let ended = [state::STOPPED, state::VOIDED].contains(&row.state.as_str());
        if ended && actor.role != Role::Auditor {
            let en = "the draw ended without a panel: its list stays sealed";
            return Err(Refusal::new(
                Kind::Conflict,
                "sealed_for_ever",
                "抽取已终止或作废，名单不再开启",
                en,
            ));
        }
        self.record_look(actor, "panel", id, purpose)?;
        // Of nobody seated is the account the person; one sight is everybody's.
        let stage = if row.state == state::UNSEALED { Stage::AfterAnnouncement } else { Stage::DrawnSealed };
        let sight = Sight::of(actor, "", stage);
        self.store.read(|conn| {
            let committed = self.archive().committed(conn, id)?;
            self.archive()
                .members(conn, &committed)?
                .into_iter()
                .map(|(seat, card)| {
                    Ok(PanelMember {
                        position: seat.position,
                        group: seat.group,
                        number: sight.text(Field::Number, &card.number).unwrap_or_default(),
                        name: sight.text(Field::Name, &card.name).unwrap_or_default(),
                        phone: card.phone.and_then(|phone| sight.text(Field::Contacts, &phone)),
                    })
                })
                .collect()
        })
    }

    /// A draw's row, if this account may see it.
    pub(crate) fn draw_row(&self, actor: &Actor, id: &str) -> Result<store::draw::Draw, Refusal> {
        let missing = || Refusal::not_found("抽取", "draw");
        let row = self.store.read(|conn| {
            let row = store::draw::find(conn, id)?.ok_or_else(missing)?;
            let package = store::package::find(conn, &row.package)?.ok_or_else(missing)?;
            if actor.sees_agency(&package.agency) { Ok(row) } else { Err(missing()) }
        })?;
        if actor.region.is_some() {
            // A draw lies where its plan does; one without a plan is the whole bureau's.
            let plan = self.plan_of_draw(&row)?;
            actor.check_region(plan.and_then(|case| case.region).as_deref(), "抽取", "draw")?;
        }
        Ok(row)
    }

    /// The draft behind a plan that waits for acceptance.
    pub(super) fn planned_draft(&self, row: &store::draw::Draw) -> Result<super::DrawDraft, Refusal> {
        let (request, calls) = self.store.read(|conn| self.planned_request(conn, row))?;
        let group = |g: &GroupRequest| super::GroupDraft {
            speciality: g.speciality.clone(),
            within: g.within.clone(),
            except: g.except.clone(),
            seats: g.seats,
            site: g.site,
        };
        Ok(super::DrawDraft {
            package: row.package.clone(),
            review_start: Timestamp(request.review_start),
            groups: request.groups.iter().map(group).collect(),
            calls,
        })
    }

    /// Counts of the excluded by rule, as far as somebody may know them: the agency those only that are not so
    /// small that they point to somebody, and so to a bidder, if the profile says how small that is.
    fn counts_for(&self, actor: &Actor, counts: BTreeMap<String, u32>) -> Option<BTreeMap<String, u32>> {
        if actor.may(Action::ReadCounts) {
            return Some(counts);
        }
        let terms = self.profile.terms().filter(|_| actor.role == Role::Agency)?;
        Some(
            counts
                .into_iter()
                .filter(|(_, count)| i64::from(*count) >= i64::from(terms.count_floor.value))
                .collect(),
        )
    }

    /// The request of a plan, and the terms of its calls.
    fn planned_request(
        &self,
        conn: &mut Conn,
        row: &store::draw::Draw,
    ) -> Result<(Request, Option<CallTerms>), Refusal> {
        let journal = draw_entries(conn, &row.id, 0)?;
        let planned = journal.iter().find(|entry| entry.kind == PLANNED);
        let sealed = planned.and_then(|entry| entry.image.as_deref());
        let sealed = sealed.ok_or_else(|| Refusal::internal("plan without record"))?;
        let bytes = self.sealer().stored_key(conn, &row.id)?.open(PLANNED, sealed)?;
        let (record, _) = OpaqueRecord::read(&bytes).map_err(Refusal::internal)?;
        planned_from(&record).map_err(Refusal::internal)
    }

    fn committed_view(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        row: &store::draw::Draw,
    ) -> Result<DrawView, Refusal> {
        let index = u64::try_from(row.committed_entry.unwrap_or_default()).map_err(Refusal::internal)?;
        let journal = draw_entries(conn, &row.id, index)?;
        let first = journal.first().ok_or_else(|| Refusal::internal("commitment missing"))?;
        let sealed = first.image.as_deref().ok_or_else(|| Refusal::internal("commitment without record"))?;
        let bytes = self.sealer().stored_key(conn, &row.id)?.open(Commitment::TYPE, sealed)?;
        let header = Header::of(&bytes).map_err(Refusal::internal)?;
        let said = |kind: &str| -> Result<Option<(u64, Json)>, Refusal> {
            let Some(entry) = journal.iter().find(|entry| entry.kind == kind) else { return Ok(None) };
            let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            Ok(Some((entry.index(), statement.body_json())))
        };
        let mut view = plain_view(row, &header.request);
        let (_, body) = said(Commitment::TYPE)?.ok_or_else(|| Refusal::internal("commitment missing"))?;
        let commitment = Commitment::read(&body).map_err(Refusal::internal)?;
        let alpha = row.alpha.as_deref().and_then(Hash::from_slice);
        view.commitment = alpha.map(|alpha| (alpha, index));
        view.registry = Some(commitment.registry);
        view.pool_size = Some(commitment.pool_size);
        view.excluded = self.counts_for(actor, header.excluded);
        view.forced_seats_accepted = commitment.forced_accepted_by.is_some();
        view.level = Some("operator");
        if let Some((index, body)) = said(Drawn::TYPE)? {
            let drawn = Drawn::read(&body).map_err(Refusal::internal)?;
            view.drawn = Some((index, drawn.seed));
            let seat = |s: &crate::draw::seats::Seated| SeatView {
                position: s.position,
                group: s.group,
                name: None,
            };
            view.seats = drawn.seats.iter().map(seat).collect();
        }
        if let Some((_, body)) = said(Unsealed::TYPE)? {
            view.announcement = Some(Unsealed::read(&body).map_err(Refusal::internal)?.announcement);
            let sight = Sight::of(actor, "", Stage::AfterAnnouncement);
            let committed = self.archive().committed(conn, &row.id)?;
            let members = self.archive().members(conn, &committed)?;
            let seat = |(seat, card): (crate::draw::seats::Seated, SeatedCard)| SeatView {
                position: seat.position,
                group: seat.group,
                name: sight.text(Field::Name, &card.name),
            };
            view.seats = members.into_iter().map(seat).collect();
        }
        Ok(view)
    }
}

/// What is sealed of a plan: the request, or request and terms of its calls.
pub(super) fn planned_record(request: &Request, calls: Option<&CallTerms>) -> Json {
    match calls {
        None => request.to_json(),
        Some(terms) => Object::new().with("request", request.to_json()).with("calls", terms.to_json()).into(),
    }
}

fn planned_from(record: &Json) -> Result<(Request, Option<CallTerms>), ShapeError> {
    if record.as_map().is_none_or(|map| !map.contains_key("calls")) {
        return Ok((Request::from_json(record, "request")?, None));
    }
    object(record, "", |f| {
        let request = Request::from_json(f.required("request")?, "request")?;
        Ok((request, Some(CallTerms::from_json(f.required("calls")?, "calls")?)))
    })
}

/// What the row and the request say; everything else is added once committed.
fn plain_view(row: &store::draw::Draw, request: &Request) -> DrawView {
    let groups = request.groups.iter().zip(1u32..);
    DrawView {
        id: row.id.clone(),
        package: row.package.clone(),
        numbers: (request.plan.clone(), request.package.clone()),
        attempt: row.attempt,
        state: row.state.clone(),
        version: row.version,
        times: (Timestamp(row.created), Timestamp(row.updated)),
        review_start: Timestamp(request.review_start),
        groups: groups.map(|(request, group)| GroupView { group, request: request.clone() }).collect(),
        commitment: None,
        registry: None,
        pool_size: None,
        excluded: None,
        drawn: None,
        seats: Vec::new(),
        forced_seats_accepted: false,
        proposed_void: if row.state == state::VOIDED {
            None
        } else {
            row.proposal.as_deref().and_then(read_proposal)
        },
        announcement: None,
        self_selected: Vec::new(),
        level: None,
        plan: None,
    }
}
