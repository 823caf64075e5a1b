//! The verifier of a draw of sites: the named checks of `api-spec/sites-v1.md` §8 (and of `sites-v2.md`, when
//! the file carries entries about keys), in their order. A check
//! whose input an earlier failed check should have given fails too: nothing is skipped.

use std::collections::BTreeSet;

use super::{SitesEvidence, SitesOpenings};
use crate::codec::{Hash, Json, Object, ShapeError, object};
use crate::draw::seed::{self, Contribution};
use crate::draw::sites::leaves::{are_ordered, identity, root};
use crate::draw::sites::{self, Limits, Picked, SiteLeaf, SitesCommitted, SitesDrawn, SitesEnded, SitesKey};
use crate::draw::statements::Contributed;
use crate::draw::tags;
use crate::draw::vrf::VrfPublic;
use crate::evidence::bundle::Audience;
use crate::evidence::later_keys;
use crate::log::opened::LogOpened;
use crate::log::{Checkpoint, KeyBook, KeyUse, Policy, SignedNote, Statement, merkle};

/// The statement that records a venue.
const RECORD: &str = "registry.record";

/// A named check with its Chinese title, in the order of the specification.
pub const CHECKS: [(&str, &str); 15] = [
    ("file", "证据文件格式与摘要"),
    ("checkpoint", "日志检查点签名"),
    ("entries", "日志条目与包含证明"),
    ("keys", "日志登记的公钥"),
    ("signatures", "条目签名"),
    ("commitment", "副场抽取承诺"),
    ("leaves", "候选场所"),
    ("limits", "限制条件"),
    ("contributions", "随机贡献"),
    ("ending", "抽取的结束方式"),
    ("seed", "种子"),
    ("picks", "抽取结果重算"),
    ("openings.package", "公开:包号标签"),
    ("openings.request", "公开:抽取要求"),
    ("openings.venues", "公开:场所"),
];

const EARLIER: &str = "not checked: an earlier check failed";

type Answer<T> = Result<(T, String), String>;

/// One named check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitesCheck {
    /// Name, from [`CHECKS`].
    pub name: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// What was seen, or why it failed.
    pub detail: String,
}

/// What the verdict says beside yes or no; filled as far as the checks got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SitesFacts {
    /// Tree size of the checkpoint.
    pub tree_size: Option<u64>,
    /// Attempt, from 1.
    pub attempt: Option<u32>,
    /// Package tag, by which the experts' draw is found; hex.
    pub package_tag: Option<String>,
    /// Venues that could be picked.
    pub venues: Option<u32>,
    /// Picked: position and site.
    pub sites: Vec<(u32, u32)>,
    /// Why the sites count no more, if they do not.
    pub ended: Option<&'static str>,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SitesReport {
    /// Checks in their order.
    pub checks: Vec<SitesCheck>,
    /// The verdict's facts.
    pub facts: SitesFacts,
}

impl SitesReport {
    /// Whether every check passed.
    pub fn verified(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.passed)
    }

    /// The report as one JSON value.
    pub fn to_json(&self) -> Json {
        let title = |name| CHECKS.iter().find(|(known, _)| *known == name).map_or("", |(_, title)| title);
        let check = |check: &SitesCheck| -> Json {
            Object::new()
                .with("check", check.name)
                .with("title", title(check.name))
                .with("result", if check.passed { "passed" } else { "failed" })
                .with("detail", check.detail.as_str())
                .into()
        };
        let site = |(position, site): &(u32, u32)| -> Json {
            Object::new().with("position", *position).with("site", *site).into()
        };
        let facts = &self.facts;
        Object::new()
            .with("verdict", if self.verified() { "verified" } else { "refused" })
            .with("level", "operator")
            .with_some("tree_size", facts.tree_size)
            .with_some("attempt", facts.attempt)
            .with_some("package_tag", facts.package_tag.clone())
            .with_some("venues", facts.venues)
            .with_some("ended", facts.ended)
            .with("sites", facts.sites.iter().map(site).collect::<Json>())
            .with("checks", self.checks.iter().map(check).collect::<Json>())
            .with(
                "not_shown",
                Json::from_iter([
                    Json::from("other attempts or a later end"),
                    Json::from("that every venue was listed"),
                ]),
            )
            .into()
    }

    fn check<T>(&mut self, name: &'static str, answer: Answer<T>) -> Option<T> {
        let (value, passed, detail) = match answer {
            Ok((value, seen)) => (Some(value), true, seen),
            Err(reason) => (None, false, reason),
        };
        self.checks.push(SitesCheck { name, passed, detail });
        value
    }
}

enum Said {
    Opened(LogOpened),
    Record(Hash),
    Committed(Box<SitesCommitted>),
    Contributed(Box<Contributed>),
    Drawn(SitesDrawn),
    Ended(SitesEnded),
    Key(Statement),
}

struct Entry {
    index: u64,
    time: i64,
    said: Said,
    leaf: Hash,
    note: SignedNote,
}

struct Head {
    checkpoint: Checkpoint,
    log_key: [u8; 32],
}

/// The keys by index; of a file without entries about keys, those of entry 0.
struct Keys(KeyBook);

impl Keys {
    fn in_force(&self, usage: KeyUse, index: u64) -> Option<Hash> {
        self.0.in_force(usage, index).map(|key| key.digest)
    }

    fn vrf(&self, digest: &Hash) -> Result<VrfPublic, String> {
        let key = self.0.find(digest).ok_or("not a key of the log")?;
        VrfPublic::from_bytes(key.key).map_err(|e| e.to_string())
    }
}

/// Verifies a file under a trust policy; `expect` is the audience that the reader wants.
pub fn verify(bytes: &[u8], policy: &Policy, expect: Option<Audience>) -> SitesReport {
    let mut report = SitesReport::default();
    if run(&mut report, bytes, policy, expect).is_none() {
        let done: Vec<&str> = report.checks.iter().map(|check| check.name).collect();
        for (name, _) in CHECKS {
            if !done.contains(&name) && !name.starts_with("openings.") {
                report.check::<()>(name, Err(EARLIER.into()));
            }
        }
    }
    report
}

fn run(report: &mut SitesReport, bytes: &[u8], policy: &Policy, expect: Option<Audience>) -> Option<()> {
    let file = report.check("file", file(bytes, expect))?;
    let head = report.check("checkpoint", checkpoint(&file, policy))?;
    report.facts.tree_size = Some(head.checkpoint.size);
    let entries = report.check("entries", entries(&file, &head.checkpoint))?;
    let keys = report.check("keys", keys(&file, &entries, &head, policy))?;
    report.check("signatures", signatures(&entries, &head, &keys));
    let (index, committed) = report.check("commitment", commitment(&file, &entries, &keys))?;
    report.facts.attempt = Some(committed.attempt);
    report.facts.package_tag = Some(crate::codec::to_hex(&committed.package_tag.0));
    report.facts.venues = Some(committed.size);
    let leaves = report.check("leaves", leaves(&file, &committed));
    report.check(
        "limits",
        leaves.as_ref().ok_or(EARLIER.to_owned()).and_then(|leaves| limits(leaves, &committed)),
    );
    let given = report.check("contributions", contribution(&file, &entries, &keys, index, &committed));
    let drawn = report.check("ending", ending(&entries, index));
    if let Some((drawn, ended)) = &drawn {
        report.facts.sites = drawn.sites.iter().map(|picked| (picked.position, picked.site)).collect();
        report.facts.ended = ended.as_ref().map(|ended| ended.reason.name());
    }
    let both = given.zip(drawn.as_ref()).ok_or(EARLIER.to_owned());
    let seed = report.check("seed", both.and_then(|(given, (drawn, _))| seed_of(&file, given, drawn)));
    let all = seed.zip(leaves.as_ref()).zip(drawn.as_ref()).ok_or(EARLIER.to_owned());
    report
        .check("picks", all.and_then(|((seed, leaves), (drawn, _))| picks(&committed, leaves, &seed, drawn)));
    if let Some(open) = &file.openings {
        report.check("openings.package", open_package(open, &committed, &keys));
        report.check("openings.request", open_request(open, &committed));
        let leaves = leaves.as_ref().ok_or(EARLIER.to_owned());
        report.check("openings.venues", leaves.and_then(|leaves| open_venues(open, leaves, &entries, index)));
    }
    Some(())
}

fn file(bytes: &[u8], expect: Option<Audience>) -> Answer<SitesEvidence> {
    let file = SitesEvidence::read(bytes).map_err(|error| error.to_string())?;
    match expect {
        Some(expected) if expected != file.audience => {
            Err(format!("made for {}, not for {}", file.audience.name(), expected.name()))
        }
        _ => {
            let seen = format!("{} bytes, audience {}", bytes.len(), file.audience.name());
            Ok((file, seen))
        }
    }
}

fn checkpoint(file: &SitesEvidence, policy: &Policy) -> Answer<Head> {
    let note = SignedNote::parse(file.checkpoint.as_bytes()).map_err(|e| e.to_string())?;
    let outcome = policy.accept(&note).map_err(|e| e.to_string())?;
    let log_key = *outcome.log.ok_or("no log of the policy signed this checkpoint")?.key_bytes();
    let seen = format!("tree size {} of {}", outcome.checkpoint.size, outcome.checkpoint.origin);
    Ok((Head { checkpoint: outcome.checkpoint, log_key }, seen))
}

fn read(statement: &Statement, with_keys: bool) -> Result<Said, ShapeError> {
    let fields = &statement.body_json();
    match statement.kind() {
        kind if with_keys && later_keys::is_about_a_key(kind) => Ok(Said::Key(statement.clone())),
        LogOpened::TYPE => LogOpened::read(fields).map(Said::Opened),
        RECORD => object(fields, "", |f| f.hash("image")).map(Said::Record),
        SitesCommitted::TYPE => SitesCommitted::read(fields).map(|said| Said::Committed(Box::new(said))),
        Contributed::TYPE => Contributed::read(fields).map(|said| Said::Contributed(Box::new(said))),
        SitesDrawn::TYPE => SitesDrawn::read(fields).map(Said::Drawn),
        SitesEnded::TYPE => SitesEnded::read(fields).map(Said::Ended),
        _ => Err(ShapeError::new("type", "does not belong into this file")),
    }
}

fn alpha_of(said: &Said) -> Option<&Hash> {
    match said {
        Said::Contributed(said) => Some(&said.alpha),
        Said::Drawn(said) => Some(&said.alpha),
        Said::Ended(said) => Some(&said.alpha),
        Said::Opened(_) | Said::Record(_) | Said::Committed(_) | Said::Key(_) => None,
    }
}

fn entries(file: &SitesEvidence, head: &Checkpoint) -> Answer<Vec<Entry>> {
    let mut found: Vec<Entry> = Vec::new();
    let opened: Vec<u64> =
        file.openings.iter().flat_map(|open| open.venues.iter().map(|v| v.index)).collect();
    for given in &file.entries {
        let at = |reason: String| format!("entry {}: {reason}", given.index);
        let note = SignedNote::parse(given.note.as_bytes()).map_err(|e| at(e.to_string()))?;
        let bytes = note.text().strip_suffix('\n').unwrap_or_default().as_bytes();
        let statement = Statement::parse(bytes).map_err(|e| at(e.to_string()))?;
        if *statement.log() != head.origin {
            return Err(at("says it belongs to another log".into()));
        }
        let said = read(&statement, file.keys.is_some()).map_err(|e| at(e.to_string()))?;
        let leaf = merkle::leaf_hash(bytes);
        merkle::verify_inclusion(given.index, head.size, &leaf, &given.proof, &head.root)
            .map_err(|e| at(e.to_string()))?;
        let own = match &said {
            Said::Opened(_) => given.index == 0,
            Said::Record(_) => opened.contains(&given.index),
            Said::Key(_) => true,
            Said::Committed(_) => file.life.first() == Some(&given.index),
            later => alpha_of(later) == Some(&file.alpha) && file.life.contains(&given.index),
        };
        if !own {
            return Err(at("does not belong to this draw".into()));
        }
        if let Some(before) = found.last()
            && (before.index >= given.index || before.time > statement.time())
        {
            return Err(at("indices must ascend and times must not fall".into()));
        }
        found.push(Entry { index: given.index, time: statement.time(), said, leaf, note });
    }
    let own = |entry: &&Entry| matches!(entry.said, Said::Committed(_)) || alpha_of(&entry.said).is_some();
    if !found.iter().filter(own).map(|entry| entry.index).eq(file.life.iter().copied()) {
        return Err("life does not list exactly the entries of this draw".into());
    }
    let about_keys = found.iter().filter(|entry| matches!(entry.said, Said::Key(_)));
    if !about_keys.map(|entry| entry.index).eq(file.keys.iter().flatten().copied()) {
        return Err("keys does not list exactly the entries about keys".into());
    }
    let seen = format!("{} entries, all in the tree", found.len());
    Ok((found, seen))
}

fn keys(file: &SitesEvidence, entries: &[Entry], head: &Head, policy: &Policy) -> Answer<Keys> {
    let Some(Entry { said: Said::Opened(opened), .. }) = entries.first() else {
        return Err("entry 0 (log.opened) is missing".into());
    };
    let about_keys = entries.iter().filter_map(|entry| match &entry.said {
        Said::Key(statement) => Some((entry.index, statement)),
        _ => None,
    });
    let book = later_keys::book(&head.checkpoint, opened, about_keys)?;
    if file.keys.is_none() {
        if opened.log != head.log_key {
            return Err("entry 0 registers another log key than the one that signed the checkpoint".into());
        }
        return Ok((Keys(book), format!("four keys of {}", opened.jurisdiction)));
    }
    let note = SignedNote::parse(file.checkpoint.as_bytes()).map_err(|e| e.to_string())?;
    if !later_keys::is_signed(&note, &head.checkpoint, policy, &book) {
        return Err(
            "no log key that is in use at this size, and pinned by the policy, signed the checkpoint".into(),
        );
    }
    let seen = format!("{} keys of {}", book.all().len(), opened.jurisdiction);
    Ok((Keys(book), seen))
}

fn signatures(entries: &[Entry], head: &Head, keys: &Keys) -> Answer<()> {
    for entry in entries {
        if entry.note.signatures().len() != 1 {
            return Err(format!("entry {}: must carry exactly one signature", entry.index));
        }
        let key = later_keys::of_statement(&head.checkpoint, &keys.0, entry.index)?;
        entry.note.verify(&key).map_err(|e| format!("entry {}: {e}", entry.index))?;
    }
    Ok(((), format!("{} statements signed by the statements key", entries.len())))
}

fn commitment(file: &SitesEvidence, entries: &[Entry], keys: &Keys) -> Answer<(u64, SitesCommitted)> {
    let found = entries.iter().find_map(|entry| match &entry.said {
        Said::Committed(said) => Some((entry, said)),
        _ => None,
    });
    let (entry, said) = found.ok_or("no sites.committed in the file")?;
    if seed::alpha(entry.index, &entry.leaf) != file.alpha {
        return Err("alpha is not that of the commitment".into());
    }
    let in_force = |usage| keys.in_force(usage, entry.index);
    if (in_force(KeyUse::TagVrf), in_force(KeyUse::DrawVrf)) != (Some(said.tag_key), Some(said.contributor)) {
        return Err("names other keys than the log registers".into());
    }
    if said.deadline < entry.time {
        return Err("the deadline lies before the commitment".into());
    }
    let seen = format!("log index {}, attempt {}", entry.index, said.attempt);
    Ok(((entry.index, said.as_ref().clone()), seen))
}

fn leaves(file: &SitesEvidence, committed: &SitesCommitted) -> Answer<Vec<SiteLeaf>> {
    let mut found = Vec::with_capacity(file.leaves.len());
    for (position, bytes) in file.leaves.iter().enumerate() {
        found.push(SiteLeaf::from_bytes(bytes).map_err(|rule| format!("position {position}: {rule}"))?);
    }
    if !are_ordered(&found) {
        return Err("not strictly ascending by commitment".into());
    }
    if u32::try_from(found.len()) != Ok(committed.size) || root(&found) != committed.root {
        return Err("size or root is not that of the commitment".into());
    }
    let seen = format!("{} venues", found.len());
    Ok((found, seen))
}

fn limits(leaves: &[SiteLeaf], committed: &SitesCommitted) -> Answer<()> {
    let Limits { picks, workstations, .. } = committed.limits;
    let strictest = Limits::strictest(picks, workstations, leaves);
    if strictest != Some(committed.limits) {
        return Err("not the strictest limits that these venues can meet".into());
    }
    let Limits { min_cities, max_per_city, .. } = committed.limits;
    Ok(((), format!("{picks} picks, {min_cities} cities at least, {max_per_city} a city at most")))
}

fn contribution(
    file: &SitesEvidence,
    entries: &[Entry],
    keys: &Keys,
    committed: u64,
    said: &SitesCommitted,
) -> Answer<(u64, Contribution)> {
    let mut found = Vec::new();
    for entry in entries {
        let Said::Contributed(given) = &entry.said else { continue };
        let at = |reason: &str| format!("entry {}: {reason}", entry.index);
        if entry.index <= committed || entry.time > said.deadline {
            return Err(at("stands before the commitment or came after the deadline"));
        }
        if given.key != said.contributor {
            return Err(at("is by another key than the committed one"));
        }
        if !keys.0.find(&given.key).is_some_and(|key| key.may_contribute_at(entry.index)) {
            return Err(at("is by a key that was retired as compromised"));
        }
        let key = keys.vrf(&given.key).map_err(|e| at(&e))?;
        let beta = key.verify(file.alpha.as_bytes(), &given.proof).map_err(|e| at(&e.to_string()))?;
        found.push((entry.index, Contribution::Operator(beta.0)));
    }
    match <[(u64, Contribution); 1]>::try_from(found) {
        Ok([one]) => Ok((one, "operator's VRF output, proof valid over alpha".into())),
        Err(other) => Err(format!("{} contributions, committed was one", other.len())),
    }
}

fn ending(entries: &[Entry], committed: u64) -> Answer<(SitesDrawn, Option<SitesEnded>)> {
    let (mut drawn, mut ended): (Option<SitesDrawn>, Option<SitesEnded>) = (None, None);
    for entry in entries {
        let at = |reason: &str| Err(format!("entry {}: {reason}", entry.index));
        if alpha_of(&entry.said).is_some() && entry.index <= committed {
            return at("stands before the commitment");
        }
        match &entry.said {
            Said::Contributed(_) if drawn.is_some() => return at("contributes after the result"),
            Said::Drawn(_) if drawn.is_some() => return at("is a second result"),
            Said::Drawn(said) => drawn = Some(said.clone()),
            Said::Ended(_) if drawn.is_none() || ended.is_some() => {
                return at("ends what has no result, or a second time");
            }
            Said::Ended(said) => ended = Some(said.clone()),
            _ => {}
        }
    }
    let drawn = drawn.ok_or("no sites.drawn: the draw has not ended")?;
    let seen = match &ended {
        Some(ended) => format!("drawn, ended: {}", ended.reason.name()),
        None => "drawn".to_owned(),
    };
    Ok(((drawn, ended), seen))
}

fn seed_of(file: &SitesEvidence, (index, given): (u64, Contribution), drawn: &SitesDrawn) -> Answer<Hash> {
    if drawn.contribution != index {
        return Err("the result lists another contribution than the log holds".into());
    }
    let seed = seed::seed(&file.alpha, &[given]).map_err(|e| e.to_string())?;
    if seed != drawn.seed {
        return Err("the seed is not that of the contribution".into());
    }
    Ok((seed, seed.to_hex()))
}

fn picks(committed: &SitesCommitted, leaves: &[SiteLeaf], seed: &Hash, drawn: &SitesDrawn) -> Answer<()> {
    let picked = sites::pick(&committed.limits, leaves, seed).map_err(|e| e.to_string())?;
    if picked != drawn.sites {
        return Err("the picks are not those that the seed gives".into());
    }
    let seen: Vec<String> =
        picked.iter().map(|Picked { position, site }| format!("{position}→{site}")).collect();
    Ok(((), format!("position→site {}", seen.join(", "))))
}

fn open_package(open: &SitesOpenings, committed: &SitesCommitted, keys: &Keys) -> Answer<()> {
    let request = &open.request;
    let opened = tags::open(
        &keys.vrf(&committed.tag_key)?,
        &request.plan,
        &request.package,
        &open.plan_proof,
        &open.package_proof,
    );
    let (plan, package) = opened.map_err(|e| e.to_string())?;
    if plan != committed.plan_tag || package != committed.package_tag {
        return Err("the proofs lead to other tags than the committed ones".into());
    }
    Ok(((), format!("{} / {}", request.plan, request.package)))
}

fn open_request(open: &SitesOpenings, committed: &SitesCommitted) -> Answer<()> {
    let key = SitesKey(open.sites_key.0);
    if open.request.digest(&key.request_salt()) != committed.request {
        return Err("the request does not give the committed digest".into());
    }
    if open.request.limits != committed.limits {
        return Err("the request has other limits than the commitment".into());
    }
    Ok(((), format!("{} sub-venues", open.request.limits.picks)))
}

fn open_venues(open: &SitesOpenings, leaves: &[SiteLeaf], entries: &[Entry], committed: u64) -> Answer<()> {
    if open.venues.len() != leaves.len() {
        return Err(format!("{} venues opened, committed were {}", open.venues.len(), leaves.len()));
    }
    let key = SitesKey(open.sites_key.0);
    // A venue has one leaf, by its newest record: who stands twice has two chances.
    let (mut ids, mut records) = (BTreeSet::new(), BTreeSet::new());
    for (position, (venue, leaf)) in open.venues.iter().zip(leaves).enumerate() {
        let at = |reason: &str| Err(format!("position {position}: {reason}"));
        if identity(&key.site_salt(&venue.venue), &venue.record, venue.index) != leaf.identity {
            return at("is not the venue of the leaf");
        }
        if key.city_tag(&venue.city) != leaf.city {
            return at("is in another city than the leaf says");
        }
        if venue.city.len() != 6 || !venue.city.bytes().all(|byte| byte.is_ascii_digit()) {
            return at("has a city that is no region code");
        }
        // A county of the host's city that is given out for a city would be one more of it.
        let host = open.request.host.as_deref();
        if host.is_some_and(|host| significant(&venue.city).starts_with(significant(host))) {
            return at("lies in the host's city");
        }
        if !open.request.within.iter().any(|region| is_one_in_the_other(region, &venue.city)) {
            return at("lies in no region of the request");
        }
        if !ids.insert(&venue.venue) || !records.insert(venue.index) {
            return at("is a venue or a record that another position has");
        }
        let recorded = |entry: &&Entry| entry.index == venue.index && venue.index < committed;
        match entries.iter().find(recorded).map(|entry| &entry.said) {
            Some(Said::Record(record)) if *record == venue.record => {}
            _ => return at("has no such record in the log before the commitment"),
        }
    }
    Ok(((), format!("{} venues", leaves.len())))
}

/// Whether of two regions one lies in the other, by their codes: a request may name a county of a venue's city.
fn is_one_in_the_other(one: &str, other: &str) -> bool {
    let (one, other) = (significant(one), significant(other));
    one.starts_with(other) || other.starts_with(one)
}

/// A region's code without trailing pairs of zeros.
fn significant(code: &str) -> &str {
    let city = code.strip_suffix("00").unwrap_or(code);
    city.strip_suffix("00").unwrap_or(city)
}
