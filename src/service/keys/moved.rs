//! The packages whose tags move to a new tag key: every one of which a tag was used by a commitment, of
//! experts or of sites, and that is not closed (`api-spec/log-v2.md` §3). A package is closed once a draw of
//! it is unsealed: there is no further attempt then.
//!
//! Attempts are counted by the package itself in this service, never by its tag; the statements are for
//! whoever counts them from outside.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::Hash;
use crate::draw::commitment::Commitment;
use crate::draw::sites::SitesCommitted;
use crate::draw::tags::tags;
use crate::log::{MovedTag, TagsMoved};
use crate::registry::plan_table::PLAN;
use crate::service::Service;
use crate::service::draws::state;
use crate::service::refusal::Refusal;
use crate::service::sites_draw::has_drawn;
use crate::store::case::CaseFilter;
use crate::store::draw::DrawFilter;
use crate::store::{self, Page, StoreError, Tx};

/// Kinds of the entries that use a tag.
const COMMITTING: [&str; 2] = [Commitment::TYPE, SitesCommitted::TYPE];

/// Tags ready to be moved.
#[derive(Default)]
pub(super) struct Moved {
    /// At most 100 packages each.
    pub(super) statements: Vec<TagsMoved>,
    /// Commitments below this entry were looked at.
    position: Option<u64>,
}

impl Moved {
    /// How many packages.
    pub(super) fn count(&self) -> usize {
        self.statements.iter().map(|statement| statement.packages.len()).sum()
    }

    /// Whether nothing was looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.position.is_none()
    }

    /// Under the lock: whether a commitment was made since.
    pub(super) fn are_stale(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let Some(position) = self.position else { return Ok(false) };
        let pending = tx.pending().iter().any(|entry| COMMITTING.contains(&entry.kind.as_str()));
        Ok(pending || store::journal::any_of(tx, position, &COMMITTING)?)
    }
}

impl Service {
    /// The statements that move every package that is not closed from one tag key to another.
    pub(super) fn moved_tags(&self, from: &Hash, to: &Hash) -> Result<Moved, Refusal> {
        let position = self.store.read(store::head::read)?.size;
        let (old, new) = (self.keys.vrf(from)?, self.keys.vrf(to)?);
        let mut moved = Vec::new();
        for id in self.tagged_packages()? {
            let package = self.package_facts(&id)?;
            let (plan, number) = (package.plan_no().as_str(), package.package_no().as_str());
            let before = tags(old.vrf()?, plan, number).map_err(Refusal::internal)?;
            let after = tags(new.vrf()?, plan, number).map_err(Refusal::internal)?;
            moved.push(MovedTag {
                from: before.package.0,
                from_proof: *before.package_proof.as_bytes(),
                to: after.package.0,
                to_proof: *after.package_proof.as_bytes(),
            });
        }
        moved.sort_by_key(|moved| moved.from);
        let statement =
            |packages: &[MovedTag]| TagsMoved { from: *from, to: *to, packages: packages.to_vec() };
        Ok(Moved {
            statements: moved.chunks(TagsMoved::LIMIT).map(statement).collect(),
            position: Some(position),
        })
    }

    /// Packages with a commitment and without an unsealed draw.
    fn tagged_packages(&self) -> Result<BTreeSet<String>, Refusal> {
        // Package → whether a tag of it was used, whether it is closed.
        let mut packages: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = Page { after: after.clone(), limit: Page::MAX };
            let rows = self.store.read(|conn| store::draw::list(conn, &DrawFilter::default(), &page))?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id.clone());
            for row in &rows {
                let package = packages.entry(row.package.clone()).or_default();
                package.0 |= row.committed_entry.is_some();
                package.1 |= row.state == state::UNSEALED;
            }
        }
        let plans = CaseFilter { kinds: vec![PLAN.name.to_owned()], ..CaseFilter::default() };
        for case in self.store.read(|conn| self.all_cases(conn, &plans))? {
            if let Some(package) = case.parent.clone().filter(|_| has_drawn(&case.body)) {
                packages.entry(package).or_default().0 = true;
            }
        }
        let open = packages.into_iter().filter(|(_, (tagged, closed))| *tagged && !closed);
        Ok(open.map(|(id, _)| id).collect())
    }
}
