//! The draw of sites for a plan (抽取副场): before the experts, blind to city, venue and workstation.
//!
//! | file | holds |
//! |---|---|
//! | this file | the draw: venues that are open and free become leaves; commitment, contribution, result and the bookings are one write |
//! | `record` | the sealed private record of a commitment |
//! | `ending` | drawn sites given up by two people |
//! | `reading` | what was drawn, and its evidence |
//!
//! *Invariants:* the limits are the strictest that the venues can meet, so nobody chooses them; a venue
//! that changed since it was read sends the draw back to the beginning; a workstation is held by the
//! booking of one plan at a time; sites are drawn anew only after two people ended the draw before, and
//! once for a package (`draws::attempts`): whoever could end and draw again would draw until they suit.
//!
//! *Deliberately not here:* the choice itself (`draw::sites`).

mod ending;
mod reading;
mod record;

use crate::codec::Hash;
use crate::codes::Region;
use crate::draw::seed::{self, Contribution};
use crate::draw::sites::leaves::{self, identity};
use crate::draw::sites::{self, Limits, SiteLeaf, SitesCommitted, SitesDrawn, SitesKey, SitesRequest};
use crate::draw::statements::Contributed;
use crate::draw::tags::tags;
use crate::log::{KeyUse, Statement, key_digest};
use crate::registry::Plan;
use crate::registry::plan::SitesAsked;
use crate::registry::plan_table::{APPROVED, PLAN};
use crate::registry::venue::{BOOKING, Booking, VENUE, Venue};
use crate::service::actor::{Action, Actor};
use crate::service::case_body::set;
use crate::service::cases::{Case, CaseChange, NewCase};
use crate::service::draws::{MOST_DECIDED, used_up};
use crate::service::idempotency::IdempotencyKey;
use crate::service::plans::PlanView;
use crate::service::refusal::{Kind, Refusal};
use crate::service::{ITSELF, Service};
use crate::store::{self, Append, StoreError};
use record::{SitesRecord, VenueLine};

pub use reading::SiteView;
pub(super) use reading::{draw_of, has_drawn};

/// Until when the contribution counts, after the commitment.
const DEADLINE_SECONDS: i64 = 86_400;
/// How often the draw is prepared anew when a venue changes under it.
const REBUILDS: u32 = 8;

/// A venue that can be picked, with everything its booking would write.
struct Candidate {
    leaf: SiteLeaf,
    line: VenueLine,
    venue: CaseChange,
    booking: CaseChange,
    version: i64,
}

impl Service {
    /// Draws the sub-venues of an approved plan.
    pub fn draw_sites(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<PlanView, Refusal> {
        actor.check(Action::RequestDraw)?;
        self.once(
            actor,
            Some(key),
            |id| self.plan_of(actor, id, None),
            || {
                for _ in 0..REBUILDS {
                    match self.draw_sites_once(actor, id, key) {
                        Err(refusal) if refusal.kind == Kind::Stale => {}
                        other => return other.and_then(|()| self.plan_of(actor, id, None)),
                    }
                }
                let en = "venues are changing, try again";
                Err(Refusal::new(Kind::Busy, "venues_changing", "评审场所正在变更，请稍后重试", en))
            },
        )
    }

    fn draw_sites_once(&self, actor: &Actor, id: &str, key: &IdempotencyKey) -> Result<(), Refusal> {
        let case = self.plan_case(actor, id)?;
        let (_, _, plan) = self.plan_file(id)?;
        let asked = plan.sites.clone().ok_or_else(|| {
            let en = "the plan asks for no draw of sites";
            Refusal::new(Kind::Conflict, "no_sites", "方案未要求抽取副场", en)
        })?;
        if case.state != APPROVED {
            let en = "only an approved plan draws its sites";
            return Err(Refusal::new(Kind::Conflict, "not_approved", "方案尚未审核同意", en));
        }
        if reading::draw_of(&case.body).is_some() {
            let en = "the sites are drawn; end that draw before another";
            return Err(Refusal::new(Kind::Conflict, "sites_drawn", "副场已抽取，重新抽取须先终止", en));
        }
        let (_, package) = self.package_record(actor, &plan.package)?;
        let attempt = self.next_attempt(&plan.package)?;
        // Every end of drawn sites is somebody's decision, and the sites are known by then.
        if attempt.0 > MOST_DECIDED {
            let zh = "该包的副场已有一次终止后的重新抽取，不得再次重抽；可另定不抽副场的方案";
            let en = "the sites of this package have had their one repeat; there is no further one, but a plan \
                      without drawn sites";
            return Err(used_up(zh, en));
        }
        let draw = self.opaque_id('S');
        let sites_key = SitesKey(self.random());
        let mut candidates = self.candidates(actor, &case, &plan, &asked, &sites_key)?;
        candidates.sort_by_key(|candidate| candidate.leaf.identity);
        let leaves: Vec<SiteLeaf> = candidates.iter().map(|candidate| candidate.leaf.clone()).collect();
        let limits = Limits::strictest(asked.count, asked.workstations, &leaves).ok_or_else(|| {
            let en = "there are not so many venues that are open and have the workstations free at that time";
            Refusal::new(Kind::Invalid, "venues_short", "该时段开放且工位充足的评审场所不足", en)
        })?;
        let request = SitesRequest {
            plan: package.plan_no().as_str().to_owned(),
            package: package.package_no().as_str().to_owned(),
            review_start: plan.review_start.0,
            review_end: plan.review_end().0,
            within: asked.within.iter().map(|region| region.as_str().to_owned()).collect(),
            host: host_city(&plan).map(|city| city.as_str().to_owned()),
            limits,
        };
        let tag_key = key_digest(&self.keys.in_force(KeyUse::TagVrf));
        let tags = tags(self.keys.vrf(&tag_key)?.vrf()?, &request.plan, &request.package);
        let tags = tags.map_err(Refusal::internal)?;
        let contributor = key_digest(&self.keys.in_force(KeyUse::DrawVrf));
        let drawing = self.keys.vrf(&contributor)?;
        let committed = SitesCommitted {
            attempt: attempt.0,
            predecessor: attempt.1,
            package_tag: tags.package,
            plan_tag: tags.plan,
            tag_key,
            request: request.digest(&sites_key.request_salt()),
            root: leaves::root(&leaves),
            size: u32::try_from(leaves.len()).unwrap_or(u32::MAX),
            limits,
            contributor,
            deadline: 0,
        };
        let record = SitesRecord {
            plan: case.id.clone(),
            key: sites_key,
            request,
            plan_proof: tags.plan_proof,
            package_proof: tags.package_proof,
            venues: candidates.iter().map(|candidate| candidate.line.clone()).collect(),
        };
        let mut stepped = case.clone();
        self.step_case(actor, &actor.parties(), &PLAN, &mut stepped, "draw_sites")?;
        set(&mut stepped.body, reading::SITES, draw.as_str());
        let plan_change = self.case_change(&stepped)?;
        let subject_key = self.subject_key(&draw, false)?;
        let sealed = self.sealer().seal(&subject_key, SitesCommitted::TYPE, &record.to_json().canonical());
        let idempotency = self.idempotency_row(actor, Some(key), id, 200);
        let account = actor.account.clone();
        let say = move |actor: &str, kind: &str, statement, image| Append {
            actor: actor.to_owned(),
            kind: kind.to_owned(),
            subject: draw.clone(),
            statement,
            image,
            registry: false,
        };
        self.store.write("draw sites", move |tx| {
            for candidate in &candidates {
                let row = store::case::find(tx, &candidate.venue.row.id)?;
                if row.is_none_or(|row| row.version != candidate.version) {
                    return Err(StoreError::Stale(format!("venue {}", candidate.venue.row.id)).into());
                }
            }
            let in_force = (tx.key_in_force(KeyUse::TagVrf), tx.key_in_force(KeyUse::DrawVrf));
            if in_force != (Some(tag_key), Some(contributor)) {
                return Err(StoreError::Stale("keys".into()).into());
            }
            let committed = SitesCommitted { deadline: tx.time().0 + DEADLINE_SECONDS, ..committed.clone() };
            let kind = SitesCommitted::TYPE;
            let statement = committed.fields().with("type", kind);
            let first = tx.append(say(&account, kind, statement, Some(sealed.clone())))?;
            let alpha = seed::alpha(first.index, &first.leaf_hash);
            let public = drawing.vrf()?.public();
            let proof = drawing.vrf()?.prove(alpha.as_bytes());
            let beta = public.verify(alpha.as_bytes(), &proof).map_err(Refusal::internal)?;
            let contributed = Contributed { alpha, key: contributor, proof };
            let kind = Contributed::TYPE;
            let given = tx.append(say(ITSELF, kind, contributed.fields().with("type", kind), None))?;
            let seed = seed::seed(&alpha, &[Contribution::Operator(beta.0)]).map_err(Refusal::internal)?;
            let picked = sites::pick(&committed.limits, &leaves, &seed).map_err(Refusal::internal)?;
            let drawn = SitesDrawn { alpha, contribution: given.index, seed, sites: picked };
            let kind = SitesDrawn::TYPE;
            tx.append(say(ITSELF, kind, drawn.fields().with("type", kind), None))?;
            subject_key.store(tx)?;
            for picked in &drawn.sites {
                let place = usize::try_from(picked.position).ok();
                let candidate = place.and_then(|place| candidates.get(place));
                let candidate = candidate.ok_or_else(|| Refusal::internal("picked outside the leaves"))?;
                candidate.booking.apply(tx)?;
                candidate.venue.apply(tx)?;
            }
            plan_change.apply(tx)?;
            idempotency.insert(tx)?;
            Ok::<_, Refusal>(())
        })?;
        Ok(())
    }

    /// Venues that are open for the review, outside the host's city, with the booking each would get.
    fn candidates(
        &self,
        actor: &Actor,
        plan_case: &Case,
        plan: &Plan,
        asked: &SitesAsked,
        key: &SitesKey,
    ) -> Result<Vec<Candidate>, Refusal> {
        let (from, to) = (plan.review_start, plan.review_end());
        let host = host_city(plan);
        let mut found = Vec::new();
        for case in self.active_venues()? {
            let venue = self.venue_of(&case)?;
            let within = asked.within.iter().any(|region| venue.region().is_within(region));
            if !within || Some(venue.city()) == host || !venue.is_open(from, to) {
                continue;
            }
            let held = self.bookings_of(&case.id)?;
            let all = u32::try_from(venue.workstations().len()).unwrap_or(u32::MAX);
            let free = (0..=all).rev().find(|n| venue.free(&held, from, to, *n).is_some()).unwrap_or(0);
            let workstations = venue.free(&held, from, to, asked.workstations.min(free)).unwrap_or_default();
            let (record, index) = self.newest_record(&case)?;
            let booking = Booking { from, to, workstations, plan: plan_case.id.clone(), site: None };
            found.push(self.candidate(actor, &case, &venue, &booking, (record, index, free), key)?);
        }
        Ok(found)
    }

    fn candidate(
        &self,
        actor: &Actor,
        case: &Case,
        venue: &Venue,
        booking: &Booking,
        (record, index, free): (Hash, u64, u32),
        key: &SitesKey,
    ) -> Result<Candidate, Refusal> {
        let city = venue.city();
        let leaf = SiteLeaf {
            identity: identity(&key.site_salt(&case.id), &record, index),
            city: key.city_tag(city.as_str()),
            workstations: u16::try_from(free).unwrap_or(u16::MAX),
        };
        let booked = self.booking_case(actor, &case.id, venue, booking)?;
        let mut stepped = case.clone();
        self.step_case(actor, &actor.parties(), &VENUE, &mut stepped, "book")?;
        let line = VenueLine {
            venue: case.id.clone(),
            city: city.as_str().to_owned(),
            region: venue.region().as_str().to_owned(),
            record,
            index,
            workstations: free,
            booking: booked.id.clone(),
        };
        Ok(Candidate {
            leaf,
            line,
            venue: self.case_change(&stepped)?,
            booking: self.case_change(&booked)?,
            version: case.version,
        })
    }

    /// The case of a booking, not yet written.
    pub(in crate::service) fn booking_case(
        &self,
        actor: &Actor,
        venue: &str,
        at: &Venue,
        booking: &Booking,
    ) -> Result<Case, Refusal> {
        let new = NewCase {
            lifecycle: &BOOKING,
            letter: 'B',
            subject: Some(&booking.plan),
            region: Some(at.region().as_str()),
            parent: Some(venue),
            owner: None,
            due: Some(booking.to.0),
            body: booking.to_json(),
            sealed_for: None,
        };
        self.begin_case(actor, &actor.parties(), "hold", new)
    }

    /// Digest and index of the newest record of a case.
    fn newest_record(&self, case: &Case) -> Result<(Hash, u64), Refusal> {
        self.store.read(|conn| {
            let missing = || Refusal::internal(format!("case {}: no record", case.id));
            let row = store::case::find(conn, &case.id)?.ok_or_else(missing)?;
            let entry = store::journal::find(conn, row.entry.unsigned_abs())?.ok_or_else(missing)?;
            let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            let image = statement.body().get("image").and_then(|json| json.as_str()).and_then(Hash::from_hex);
            Ok((image.ok_or_else(missing)?, entry.index()))
        })
    }
}

/// The city of the host site: that of the purchaser's bureau; none for a bureau of a province.
fn host_city(plan: &Plan) -> Option<Region> {
    let above: Vec<Region> = plan.region.ancestors().collect();
    above.iter().rev().nth(1).copied()
}
