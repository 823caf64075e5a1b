//! What a draw of sites decided, read back from the journal, and the file that a stranger verifies.

use super::record::SitesRecord;
use crate::codec::{Hash, Json};
use crate::draw::seed;
use crate::draw::sites::leaves::identity;
use crate::draw::sites::{SiteLeaf, SitesCommitted, SitesDrawn, SitesEnded};
use crate::draw::statements::Contributed;
use crate::evidence::sites::{SitesEvidence, SitesOpenings, VenueOpening};
use crate::evidence::{Audience, EvidenceEntry};
use crate::log::{Statement, merkle};
use crate::registry::plan_table::PLAN;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::archive::Archive;
use crate::service::case_body::text;
use crate::service::cases::Case;
use crate::service::evidence::entries_about_keys;
use crate::service::refusal::{Kind, Refusal};
use crate::service::witnesses;
use crate::store::case::CaseFilter;
use crate::store::{self, Conn};

/// Field of a plan's body: id of its draw of sites.
pub(super) const SITES: &str = "sites";
/// Field of a plan's body: ids of draws of sites that were ended.
pub(super) const ENDED: &str = "sites_ended";
/// The longest record, in bytes.
const RECORD_LIMIT: usize = 8 << 20;

/// A site that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteView {
    /// Site number, from 2.
    pub site: u32,
    /// Id of the venue.
    pub venue: String,
    /// Region code of its city or county.
    pub region: String,
    /// Id of the booking that holds its workstations.
    pub booking: String,
}

/// A draw of sites as the journal has it.
pub(super) struct Made {
    /// Alpha.
    pub alpha: Hash,
    /// The commitment.
    pub committed: SitesCommitted,
    /// What opens it.
    pub record: SitesRecord,
    /// The result.
    pub drawn: SitesDrawn,
    /// Its own entries by index.
    pub entries: Vec<u64>,
}

/// The draw of sites that stands for a plan.
pub(in crate::service) fn draw_of(body: &Json) -> Option<&str> {
    text(body, &[SITES])
}

/// Whether sites were ever drawn for a plan, as its case says.
pub(in crate::service) fn has_drawn(body: &Json) -> bool {
    draw_of(body).is_some() || !crate::service::plans::ids(body, ENDED).is_empty()
}

impl Made {
    /// The leaves by position.
    pub fn leaves(&self) -> Vec<SiteLeaf> {
        let leaf = |line: &super::record::VenueLine| SiteLeaf {
            identity: identity(&self.record.key.site_salt(&line.venue), &line.record, line.index),
            city: self.record.key.city_tag(&line.city),
            workstations: u16::try_from(line.workstations).unwrap_or(u16::MAX),
        };
        self.record.venues.iter().map(leaf).collect()
    }
}

impl Service {
    /// The sites that stand for a plan, by number; empty: none were drawn.
    pub(in crate::service) fn sites_of(&self, case: &Case) -> Result<Vec<SiteView>, Refusal> {
        let Some(draw) = draw_of(&case.body) else { return Ok(Vec::new()) };
        let made = self.store.read(|conn| self.archive().sites(conn, draw))?;
        let site = |picked: &crate::draw::sites::Picked| {
            let line = usize::try_from(picked.position).ok().and_then(|p| made.record.venues.get(p));
            line.map(|line| SiteView {
                site: picked.site,
                venue: line.venue.clone(),
                region: line.region.clone(),
                booking: line.booking.clone(),
            })
        };
        Ok(made.drawn.sites.iter().filter_map(site).collect())
    }

    /// Number and predecessor of the next draw of sites for a package, over all its plans.
    pub(super) fn next_attempt(&self, package: &str) -> Result<(u32, Option<Hash>), Refusal> {
        let filter = CaseFilter {
            kinds: vec![PLAN.name.to_owned()],
            parent: Some(package.to_owned()),
            ..CaseFilter::default()
        };
        self.store.read(|conn| {
            let mut last: Option<(u32, Hash)> = None;
            for case in self.all_cases(conn, &filter)? {
                let ended = crate::service::plans::ids(&case.body, ENDED);
                for draw in ended.iter().map(String::as_str).chain(draw_of(&case.body)) {
                    let made = self.archive().sites(conn, draw)?;
                    if last.is_none_or(|(attempt, _)| attempt < made.committed.attempt) {
                        last = Some((made.committed.attempt, made.alpha));
                    }
                }
            }
            Ok(last.map_or((1, None), |(attempt, alpha)| (attempt.saturating_add(1), Some(alpha))))
        })
    }

    /// The evidence of a plan's draw of sites with all openings, for a stated purpose that is recorded first.
    pub fn sites_evidence_for(&self, actor: &Actor, draw: &str, purpose: &str) -> Result<Vec<u8>, Refusal> {
        actor.check(Action::AuditEvidence)?;
        self.record_look(actor, "evidence", draw, purpose)?;
        self.store.read(|conn| self.archive().sites_evidence(conn, draw, Audience::Auditor))
    }
}

impl Archive<'_> {
    /// A draw of sites from the journal.
    pub(super) fn sites(&self, conn: &mut Conn, id: &str) -> Result<Made, Refusal> {
        let wrong = |what: &str| Refusal::internal(format!("draw of sites {id}: {what}"));
        let journal = store::journal::of_subject(conn, id, 0, 100)?;
        let first = journal.iter().find(|entry| entry.kind == SitesCommitted::TYPE);
        let first = first.ok_or_else(|| Refusal::not_found("副场抽取", "draw of sites"))?;
        let sealed = first.image.as_deref().ok_or_else(|| wrong("no record"))?;
        let opened = self.sealer().stored_key(conn, id)?.open(SitesCommitted::TYPE, sealed)?;
        let record = Json::parse_canonical(&opened, RECORD_LIMIT).map_err(Refusal::internal)?;
        let record = SitesRecord::read(&record).map_err(Refusal::internal)?;
        let (mut committed, mut drawn) = (None, None);
        let mut entries = Vec::new();
        for entry in &journal {
            let statement = Statement::parse(&entry.statement).map_err(Refusal::internal)?;
            let body = statement.body_json();
            match statement.kind() {
                SitesCommitted::TYPE => committed = Some(SitesCommitted::read(&body)),
                SitesDrawn::TYPE => drawn = Some(SitesDrawn::read(&body)),
                SitesEnded::TYPE | Contributed::TYPE => {}
                // A look at it, for instance.
                _ => continue,
            }
            entries.push(entry.index());
        }
        let committed = committed.ok_or_else(|| wrong("no commitment"))?.map_err(Refusal::internal)?;
        let made = Made {
            alpha: seed::alpha(first.index(), &merkle::leaf_hash(&first.statement)),
            committed,
            record,
            drawn: drawn.ok_or_else(|| wrong("no result"))?.map_err(Refusal::internal)?,
            entries,
        };
        if crate::draw::sites::leaves::root(&made.leaves()) != made.committed.root {
            return Err(wrong("the sealed record does not give the committed leaves"));
        }
        Ok(made)
    }

    pub(in crate::service) fn sites_evidence(
        &self,
        conn: &mut Conn,
        id: &str,
        audience: Audience,
    ) -> Result<Vec<u8>, Refusal> {
        if id.len() > 64 {
            return Err(Refusal::new(Kind::NotFound, "not_found", "没有该副场抽取", "no such draw of sites"));
        }
        let made = self.sites(conn, id)?;
        let open = audience == Audience::Auditor;
        let mut indices = made.entries.clone();
        indices.push(0);
        if open {
            indices.extend(made.record.venues.iter().map(|line| line.index));
        }
        let named = [made.committed.tag_key, made.committed.contributor];
        let newest = indices.iter().max().copied().unwrap_or_default();
        let head = witnesses::head_covering(conn, newest)?;
        let keys = entries_about_keys(conn, &named, &indices, head.size)?;
        indices.extend(keys.iter().flatten());
        indices.sort_unstable();
        indices.dedup();
        let mut entries = Vec::new();
        for index in indices {
            let entry = store::journal::find(conn, index)?;
            let entry = entry.ok_or_else(|| Refusal::internal(format!("entry {index} is missing")))?;
            let proof = self.inclusion(conn, head.size, index)?;
            entries.push(EvidenceEntry { index, note: self.note_of(&entry)?, proof });
        }
        let venue = |line: &super::record::VenueLine| VenueOpening {
            venue: line.venue.clone(),
            city: line.city.clone(),
            record: line.record,
            index: line.index,
        };
        let openings = SitesOpenings {
            request: made.record.request.clone(),
            sites_key: Hash(made.record.key.0),
            plan_proof: made.record.plan_proof,
            package_proof: made.record.package_proof,
            venues: made.record.venues.iter().map(venue).collect(),
        };
        let file = SitesEvidence {
            audience,
            checkpoint: head.note,
            entries,
            alpha: made.alpha,
            life: made.entries.clone(),
            leaves: made.leaves().iter().map(SiteLeaf::to_bytes).collect(),
            openings: open.then_some(openings),
            keys,
        };
        Ok(file.write())
    }
}
