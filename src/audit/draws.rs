//! Draws as the log tells them: what follows which commitment, in which order, how each ended; and the
//! attempts at each package. One pass over the entries; what the pool holds is the evidence files' business
//! (`files`).

use std::collections::BTreeMap;

use super::finding::Finding;
use super::said::Told;
use crate::codec::Hash;
use crate::draw::beacon::ChainInfo;
use crate::draw::calls::{Call, StopReason};
use crate::draw::commitment::{Commitment, Contributor};
use crate::draw::contributions::{Fault, Judge, NonceCommitted, Share, judge::nonce_committed};
use crate::draw::moved_tags::MovedTags;
use crate::draw::seed;
use crate::draw::vrf::Beta;
use crate::evidence::said::Said;
use crate::log::{GrownTree, KeyBook, KeyUse, Origin};

/// How long contributions may take by any rule profile, in seconds: seven days.
const LONGEST: i64 = 7 * 86_400;

/// How a draw stands at the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Neither result nor void.
    Open,
    /// A result stands.
    Drawn,
    /// The names are open.
    Unsealed,
    /// Voided.
    Voided,
    /// Stopped; the flag says whether a shortfall forced it.
    Stopped(bool),
}

impl Standing {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Drawn => "drawn",
            Self::Unsealed => "unsealed",
            Self::Voided => "voided",
            Self::Stopped(_) => "stopped",
        }
    }
}

/// One draw.
pub struct DrawTold {
    /// Its alpha.
    pub alpha: Hash,
    /// Log index of the commitment.
    pub index: u64,
    /// Time of the commitment.
    pub time: i64,
    /// Whether it is a draw of sites.
    pub of_sites: bool,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Alpha of the attempt before.
    pub predecessor: Option<Hash>,
    /// Package tag.
    pub package_tag: Beta,
    /// Until when contributions count.
    pub deadline: i64,
    /// The commitment, of a draw of experts.
    pub commitment: Option<Box<Commitment>>,
    /// Every entry of this draw, the commitment first.
    pub life: Vec<u64>,
    /// Index of the operator's contribution.
    pub operator: Option<u64>,
    /// Parties who have contributed, by place in the commitment.
    pub given: Vec<bool>,
    /// Contributions of a draw of experts, each with its index and that of the operator's below it: whether they
    /// are valid is asked when the draw's evidence file has not answered it.
    pub shares: Vec<(u64, Share, Option<u64>)>,
    /// How it stands.
    pub standing: Standing,
    /// Index and time of what ended it, or of its result.
    pub ended: Option<(u64, i64)>,
    /// Index of the result.
    pub drawn: Option<u64>,
    /// Whether somebody declared that nothing is released, below a void.
    pub withheld: Vec<Hash>,
    /// Why it was voided.
    pub void_reason: Option<&'static str>,
}

/// All draws of a log.
pub struct Draws {
    log: Origin,
    chain: Option<ChainInfo>,
    /// By alpha.
    pub all: BTreeMap<Hash, DrawTold>,
    /// Alphas in the order of the log.
    pub order: Vec<Hash>,
    newest_registry: Option<u64>,
    nonces: Vec<(u64, NonceCommitted)>,
    /// Which tags are one package.
    pub tags: MovedTags,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Draws {
    /// Before the first entry. `chain`: the beacon's, for contributions of kind `beacon`.
    pub fn new(log: Origin, chain: Option<ChainInfo>) -> Self {
        let (all, order, tags) = (BTreeMap::new(), Vec::new(), MovedTags::default());
        Self { log, chain, all, order, newest_registry: None, nonces: vec![], tags, findings: vec![] }
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        &self.log
    }

    fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Takes the next entry.
    pub fn follow(&mut self, index: u64, time: i64, leaf: &Hash, told: Told, book: &KeyBook) {
        match told {
            Told::Opaque => {}
            Told::SitesCommitted(said) => {
                let alpha = seed::alpha(index, leaf);
                self.check_keys(index, alpha, &said.tag_key, Some(&said.contributor), book);
                self.begin(DrawTold {
                    alpha,
                    index,
                    time,
                    of_sites: true,
                    attempt: said.attempt,
                    predecessor: said.predecessor,
                    package_tag: said.package_tag,
                    deadline: said.deadline,
                    commitment: None,
                    life: vec![index],
                    operator: None,
                    given: vec![false],
                    shares: vec![],
                    standing: Standing::Open,
                    ended: None,
                    drawn: None,
                    withheld: vec![],
                    void_reason: None,
                });
            }
            Told::SitesDrawn(alpha) => self.result(index, time, alpha),
            Told::SitesEnded(alpha) => self.end(index, time, alpha, Standing::Voided),
            Told::Draw(said) => self.draw(index, time, leaf, *said, book),
        }
    }

    fn draw(&mut self, index: u64, time: i64, leaf: &Hash, said: Said, book: &KeyBook) {
        if said.moves_registry() {
            self.newest_registry = Some(index);
        }
        match said {
            Said::Committed(commitment) => self.committed(index, time, leaf, commitment, book),
            Said::Contributed(said) => self.contributed(index, Share::Operator(*said)),
            Said::Shared(share) => self.contributed(index, *share),
            Said::NonceCommitted(said) => {
                if let Err(fault) = nonce_committed(&self.log, book, &said) {
                    self.find(Finding::new("contribution", fault.to_string()).at(index));
                }
                self.nonces.push((index, *said));
            }
            Said::NotReleased(said) => {
                if let Some(draw) = self.of(index, said.alpha, false) {
                    draw.withheld.push(said.key);
                }
            }
            Said::Drawn(said) => self.result(index, time, said.alpha),
            Said::VoidProposed(said) => {
                self.of(index, said.alpha, false);
            }
            Said::Voided(said) => {
                let reason = said.reason.name();
                self.end(index, time, said.alpha, Standing::Voided);
                if let Some(draw) = self.all.get_mut(&said.alpha) {
                    draw.void_reason = Some(reason);
                }
            }
            Said::Unsealed(said) => self.end(index, time, said.alpha, Standing::Unsealed),
            Said::Call(Call::Stopped(said)) => {
                let forced = said.reason == StopReason::Shortfall;
                self.end(index, time, said.alpha, Standing::Stopped(forced));
            }
            Said::Call(call) => {
                let alpha = *call.alpha();
                self.of(index, alpha, true);
            }
            Said::TagsMoved(said) => {
                if let Err(refused) = self.tags.apply(index, &said, book) {
                    self.find(Finding::new("tags_moved", refused.to_string()).at(index));
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, draw: DrawTold) {
        if draw.deadline > draw.time.saturating_add(LONGEST) {
            let what = format!("{} seconds after the commitment", draw.deadline - draw.time);
            self.find(Finding::new("deadline", what).at(draw.index).of(draw.alpha));
        }
        self.order.push(draw.alpha);
        self.all.insert(draw.alpha, draw);
    }

    fn check_keys(&mut self, index: u64, alpha: Hash, tag: &Hash, vrf: Option<&Hash>, book: &KeyBook) {
        let in_force = |usage: KeyUse| book.in_force(usage, index).map(|key| key.digest);
        if in_force(KeyUse::TagVrf) != Some(*tag)
            || vrf.is_some_and(|key| in_force(KeyUse::DrawVrf) != Some(*key))
        {
            let what = "the tag key or the draw key is not the one in force";
            self.find(Finding::new("commitment_keys", what).at(index).of(alpha));
        }
    }

    fn committed(&mut self, index: u64, time: i64, leaf: &Hash, said: Box<Commitment>, book: &KeyBook) {
        let alpha = seed::alpha(index, leaf);
        if self.newest_registry != Some(said.registry) {
            let newest = self.newest_registry.map_or("none".to_owned(), |index| index.to_string());
            let what = format!("names {}, the newest was {newest}", said.registry);
            self.find(Finding::new("registry_position", what).at(index).of(alpha));
        }
        self.check_keys(index, alpha, &said.tag_key, said.operator_key().as_ref(), book);
        for contributor in &said.contributions {
            let live = |key: &Hash, usage: KeyUse| {
                book.find(key).is_some_and(|found| found.usage == usage && found.is_live_at(index))
            };
            let wrong = match contributor {
                Contributor::Nonce { key, commitment } => {
                    let filed = self.nonces.iter().any(|(_, nonce)| {
                        (nonce.key, nonce.commitment) == (*key, *commitment)
                            && nonce.package_tag == said.package_tag
                            && nonce.attempt == said.attempt
                    });
                    !filed || !live(key, KeyUse::Supervisor)
                }
                // Its VRF key, and the key by which it signs answers (draw-v3 §1).
                Contributor::Witness { key } => {
                    let signer = book.find(key).and_then(|key| key.witness);
                    !live(key, KeyUse::WitnessVrf) || !signer.is_some_and(|key| live(&key, KeyUse::Witness))
                }
                Contributor::Operator { .. } | Contributor::Beacon { .. } => false,
            };
            if wrong {
                let what = "a contributor without a key in use, or a nonce that nobody committed to";
                self.find(Finding::new("commitment_keys", what).at(index).of(alpha));
            }
        }
        self.begin(DrawTold {
            alpha,
            index,
            time,
            of_sites: false,
            attempt: said.attempt,
            predecessor: said.predecessor,
            package_tag: said.package_tag,
            deadline: said.deadline,
            given: vec![false; said.contributions.len()],
            shares: vec![],
            commitment: Some(said),
            life: vec![index],
            operator: None,
            standing: Standing::Open,
            ended: None,
            drawn: None,
            withheld: vec![],
            void_reason: None,
        });
    }

    /// The draw of a later statement, which is added to its life. `after_result`: it needs a result.
    fn of(&mut self, index: u64, alpha: Hash, after_result: bool) -> Option<&mut DrawTold> {
        let Some(draw) = self.all.get_mut(&alpha) else {
            self.find(
                Finding::new("nobody", "no commitment with this alpha stands below").at(index).of(alpha),
            );
            return None;
        };
        draw.life.push(index);
        let over = match draw.standing {
            Standing::Open => after_result,
            Standing::Drawn => false,
            Standing::Unsealed | Standing::Voided | Standing::Stopped(_) => true,
        };
        if over {
            let what = format!("stands where the draw is {}", draw.standing.name());
            self.findings.push(Finding::new("second_ending", what).at(index).of(alpha));
        }
        self.all.get_mut(&alpha)
    }

    fn contributed(&mut self, index: u64, share: Share) {
        let alpha = *share.alpha();
        let Some(draw) = self.of(index, alpha, false) else { return };
        let fault = match (&draw.commitment, draw.drawn) {
            (_, Some(_)) => Some("contributes after the result".to_owned()),
            // A draw of sites has one contributor; its proof is in its own file.
            (None, None) => draw.given[0].then(|| "a second contribution".to_owned()),
            (Some(commitment), None) => {
                let place = commitment.contributions.iter().position(|wanted| share.is_by(wanted));
                let later = commitment
                    .contributions
                    .iter()
                    .zip(&draw.given)
                    .any(|(wanted, given)| *given && wanted.kind() > share.kind());
                match place {
                    Some(place) if draw.given[place] => Some("a second contribution".to_owned()),
                    _ if later => Some("stands above a contribution of a later kind".to_owned()),
                    _ => None,
                }
            }
        };
        let operator = draw.operator;
        if share.kind() == 2 {
            draw.operator = Some(index);
        }
        let place = match &draw.commitment {
            None => Some(0),
            Some(commitment) => commitment.contributions.iter().position(|wanted| share.is_by(wanted)),
        };
        if let Some(slot) = place.and_then(|place| draw.given.get_mut(place)) {
            *slot = true;
        }
        if draw.commitment.is_some() {
            draw.shares.push((index, share, operator));
        }
        if let Some(what) = fault {
            self.find(Finding::new("contribution", what).at(index).of(alpha));
        }
    }

    /// What is wrong with the contributions of one draw.
    pub fn invalid(&self, draw: &DrawTold, book: &KeyBook, tree: &GrownTree) -> Vec<Finding> {
        let Some(commitment) = &draw.commitment else { return Vec::new() };
        let (log, chain) = (&self.log, self.chain.as_ref());
        let judge = Judge { log, alpha: &draw.alpha, index: draw.index, commitment, book, chain };
        let judged = draw.shares.iter().filter_map(|(index, share, operator)| {
            let wrong = match judge.share(*index, share, *operator) {
                Ok(_) => match share {
                    Share::Witness(said) if tree.root(said.size) != Some(said.root) => {
                        "answers over a head that is not of this log".to_owned()
                    }
                    _ => return None,
                },
                // Without its chain a beacon's round is judged by the evidence file.
                Err(Fault::NoChain) => return None,
                Err(fault) => fault.to_string(),
            };
            Some(Finding::new("contribution", wrong).at(*index).of(draw.alpha))
        });
        judged.collect()
    }

    fn result(&mut self, index: u64, time: i64, alpha: Hash) {
        let Some(draw) = self.of(index, alpha, false) else { return };
        let mut found = Vec::new();
        if draw.drawn.is_some() {
            found.push(Finding::new("second_ending", "a second result").at(index).of(alpha));
        }
        if !draw.given.iter().all(|given| *given) {
            found.push(
                Finding::new("contribution", "a result without every contribution").at(index).of(alpha),
            );
        }
        draw.drawn = draw.drawn.or(Some(index));
        if draw.standing == Standing::Open {
            (draw.standing, draw.ended) = (Standing::Drawn, Some((index, time)));
        }
        self.findings.append(&mut found);
    }

    fn end(&mut self, index: u64, time: i64, alpha: Hash, standing: Standing) {
        let needs_result = standing != Standing::Voided;
        let Some(draw) = self.of(index, alpha, needs_result) else { return };
        if matches!(draw.standing, Standing::Open | Standing::Drawn) {
            (draw.standing, draw.ended) = (standing, Some((index, time)));
        }
    }

    /// What can be said only at the end of the log, whose last entry has this time.
    pub fn close(&mut self, now: i64) {
        let mut found = Vec::new();
        for draw in self.all.values() {
            if draw.standing == Standing::Open && now > draw.deadline {
                let what = format!("the deadline was {}, the log goes on to {now}", draw.deadline);
                found.push(Finding::new("no_result", what).at(draw.index).of(draw.alpha));
            }
        }
        self.findings.append(&mut found);
    }
}
