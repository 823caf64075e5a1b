//! What is there of a draw's contributions, what is missing, until when, and what the draw can prove at most.

use super::Trail;
use crate::codec::Hash;
use crate::draw::commitment::Contributor;
use crate::service::Service;
use crate::service::actor::{Action, Actor};
use crate::service::draws::state;
use crate::service::refusal::{Kind, Refusal};
use crate::store;
use crate::time::Timestamp;

/// One contributor of a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionView {
    /// `nonce`, `operator`, `witness`, `beacon`.
    pub kind: &'static str,
    /// Digest of the party's key; a beacon's chain.
    pub key: Hash,
    /// Who holds the key, as the log's registration says.
    pub name: Option<String>,
    /// Round of a beacon.
    pub round: Option<u64>,
    /// Time of that round.
    pub due: Option<Timestamp>,
    /// Log index of the contribution, once it is there.
    pub entry: Option<u64>,
    /// Whether the party has declared that it releases nothing.
    pub withheld: bool,
}

/// The contributions of a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionsView {
    /// The draw's alpha.
    pub alpha: Hash,
    /// Log index of the commitment.
    pub index: u64,
    /// Until when they count.
    pub deadline: Timestamp,
    /// `waiting`, `overdue`, `decided` (all are there, no result yet), `drawn`, `ended`.
    pub state: &'static str,
    /// In committed order.
    pub contributions: Vec<ContributionView>,
    /// The most that the draw can be for an auditor who holds every other party for independent.
    pub at_most: &'static str,
}

impl ContributionsView {
    /// The level in Chinese, with what it means.
    pub fn at_most_zh(&self) -> &'static str {
        match self.at_most {
            "beacon" => "beacon：其他一切固定之后才产生的公共随机数（以审计方自己的信任文件为准）",
            "witnessed" => "witnessed：运营方须与全部独立方串通才可能预知结果（以审计方自己的信任文件为准）",
            _ => "operator：仅运营方贡献随机，运营方在承诺时可能已知结果",
        }
    }
}

impl Service {
    /// The contributions of a committed draw.
    pub fn contributions(&self, actor: &Actor, id: &str) -> Result<ContributionsView, Refusal> {
        actor.check(Action::ReadContributions)?;
        if actor.may(Action::ReadDraws) {
            // Whose draw it is.
            self.draw_row(actor, id)?;
        }
        let (trail, book) = self.store.read(|conn| {
            let trail = Trail::read(conn, id)?;
            Ok::<_, Refusal>((trail, store::signing::key_book(conn)?))
        })?;
        let trail = trail.ok_or_else(|| {
            let en = "the draw is not committed";
            Refusal::new(Kind::Conflict, "wrong_state", "抽取尚未承诺", en)
        })?;
        let chain = self.beacon.as_ref().map(|beacon| &beacon.chain);
        let one = |wanted: &Contributor| {
            let (kind, key, round) = match wanted {
                Contributor::Nonce { key, .. } => ("nonce", *key, None),
                Contributor::Operator { key } => ("operator", *key, None),
                Contributor::Witness { key } => ("witness", *key, None),
                Contributor::Beacon { chain, round } => ("beacon", *chain, Some(*round)),
            };
            let registered = book.as_ref().and_then(|book| book.find(&key));
            let time = round.and_then(|round| chain.filter(|c| c.hash() == key)?.time_of(round));
            ContributionView {
                kind,
                key,
                name: registered.and_then(|key| key.name.clone()),
                round,
                due: time.map(Timestamp),
                entry: trail.of(wanted).map(|(index, ..)| *index),
                withheld: trail.withheld.iter().any(|said| said.key == key),
            }
        };
        let late = self.clock.now().0 > trail.commitment.deadline;
        let word = match trail.state.as_str() {
            state::COMMITTED if trail.is_complete() => "decided",
            state::COMMITTED if late => "overdue",
            state::COMMITTED => "waiting",
            state::VOIDED | state::STOPPED => "ended",
            _ => "drawn",
        };
        let kinds: Vec<u8> = trail.commitment.contributions.iter().map(Contributor::kind).collect();
        let at_most = match () {
            () if kinds.contains(&4) => "beacon",
            () if kinds.contains(&1) || kinds.contains(&3) => "witnessed",
            () => "operator",
        };
        Ok(ContributionsView {
            alpha: trail.alpha,
            index: trail.index,
            deadline: Timestamp(trail.commitment.deadline),
            state: word,
            contributions: trail.commitment.contributions.iter().map(one).collect(),
            at_most,
        })
    }
}
