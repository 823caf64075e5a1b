//! The named checks of a membership file, in their order (`api-spec/membership-v1.md` §3).
//!
//! Like the evidence's verifier it takes raw bytes and a policy and believes nothing that it did not
//! recompute; whatever did not get its turn failed.

use super::file::{FORMAT, FORMAT_V2, Membership, Person, Place, Quoted, Seat};
use crate::codec::{Hash, Json, LabelledHash, Object};
use crate::draw::calls::{Outcome, Settled};
use crate::draw::commitment::Commitment;
use crate::draw::identity::{identity, reasons_digest};
use crate::draw::pool::{self, Leaf, excluded_leaf};
use crate::draw::seats::Seated;
use crate::draw::seed;
use crate::draw::statements::{Drawn, Unsealed};
use crate::evidence::later_keys;
use crate::evidence::said::{REGISTRY_EXPERT, Said};
use crate::log::opened::LogOpened;
use crate::log::{Algorithm, Checkpoint, Policy, SignedNote, Statement, VerifierKey, merkle};
use crate::registry::{card_digest, expert_card, image_digest};

/// A named check with its Chinese title, in their order.
pub const CHECKS: [(&str, &str); 9] = [
    ("file", "文件格式与摘要"),
    ("checkpoint", "日志检查点签名"),
    ("entries", "日志条目、包含证明与次序"),
    ("signatures", "条目签名"),
    ("commitment", "抽取承诺"),
    ("unsealed", "结果已公告并公开"),
    ("person", "本人的在库记录"),
    ("place", "候选池或排除表中的位置"),
    ("seat", "是否入选"),
];

/// One named check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Name, from [`CHECKS`].
    pub name: &'static str,
    /// Chinese title.
    pub title: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// What was seen, or why it failed.
    pub detail: String,
}

/// What the verdict says; filled as far as the checks got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tree size of the checkpoint.
    pub tree_size: Option<u64>,
    /// The draw.
    pub alpha: Option<Hash>,
    /// Expert number and name.
    pub person: Option<(String, String)>,
    /// Position in the pool.
    pub position: Option<u32>,
    /// Group of the seat.
    pub group: Option<u8>,
    /// Rules of the exclusion.
    pub rules: Vec<String>,
    /// Number of the announcement.
    pub announcement: Option<String>,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Checks in their order.
    pub checks: Vec<Check>,
    /// The verdict's facts.
    pub facts: Facts,
}

type Answer<T> = Result<(T, String), String>;
const EARLIER: &str = "not checked: an earlier check failed";

/// Whether bytes say that they are a membership file; looks at their format only.
pub fn is_membership(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(super::file::FILE_LIMIT)).unwrap_or_default();
    [FORMAT, FORMAT_V2].iter().any(|format| {
        let format = format!("\"format\":\"{format}\"");
        start.windows(format.len()).any(|window| window == format.as_bytes())
    })
}

/// Verifies a membership file under a trust policy.
pub fn verify(bytes: &[u8], policy: &Policy) -> Report {
    let mut report = Report::default();
    if run(&mut report, bytes, policy).is_none() {
        let done = report.checks.len();
        for (name, title) in CHECKS.iter().skip(done) {
            report.checks.push(Check { name, title, passed: false, detail: EARLIER.to_owned() });
        }
    }
    report
}

fn run(report: &mut Report, bytes: &[u8], policy: &Policy) -> Option<()> {
    let read = Membership::read(bytes).map_err(|error| error.to_string());
    let file = report.check(read.map(|file| (file, format!("{} bytes", bytes.len()))))?;
    let (head, log_key) = report.check(checkpoint(&file, policy))?;
    report.facts.tree_size = Some(head.size);
    let said = report.check(entries(&file, &head))?;
    report.check(signatures(&file, &said, (&head, &log_key), policy))?;
    let commitment = report.check(commitment(&file, &said))?;
    report.facts.alpha = Some(file.alpha);
    let announcement = report.check(unsealed(&file, &said))?;
    report.facts.announcement = Some(announcement);
    let identity = report.check(person(&file, &said, &commitment))?;
    report.facts.person = Some((file.person.number.clone(), file.person.name.clone()));
    report.check(place(&file, &commitment, &identity))?;
    match &file.place {
        Place::Pool { position, .. } => report.facts.position = Some(*position),
        Place::Excluded { rules, .. } => report.facts.rules.clone_from(rules),
    }
    report.check(seat(&file, &said))?;
    report.facts.group = file.seat.map(|seat| seat.group);
    Some(())
}

impl Report {
    /// Whether every check passed.
    pub fn verified(&self) -> bool {
        self.checks.len() == CHECKS.len() && self.checks.iter().all(|check| check.passed)
    }

    fn check<T>(&mut self, answer: Answer<T>) -> Option<T> {
        let (name, title) = CHECKS.get(self.checks.len()).copied().unwrap_or(("", ""));
        let (value, passed, detail) = match answer {
            Ok((value, seen)) => (Some(value), true, seen),
            Err(reason) => (None, false, reason),
        };
        self.checks.push(Check { name, title, passed, detail });
        value
    }

    /// The report as one JSON value.
    pub fn to_json(&self) -> Json {
        let facts = &self.facts;
        let check = |check: &Check| -> Json {
            Object::new()
                .with("check", check.name)
                .with("title", check.title)
                .with("result", if check.passed { "passed" } else { "failed" })
                .with("detail", check.detail.as_str())
                .into()
        };
        let rules = facts.rules.iter().map(|rule| Json::from(rule.as_str())).collect::<Json>();
        Object::new()
            .with("verdict", if self.verified() { "verified" } else { "refused" })
            .with_some("tree_size", facts.tree_size)
            .with_some("alpha", facts.alpha)
            .with_some("number", facts.person.as_ref().map(|(number, _)| number.as_str()))
            .with_some("name", facts.person.as_ref().map(|(_, name)| name.as_str()))
            .with_some("position", facts.position)
            .with_some("group", facts.group.map(u32::from))
            .with_some("rules", (!facts.rules.is_empty()).then_some(rules))
            .with_some("announcement", facts.announcement.as_deref())
            .with("checks", self.checks.iter().map(check).collect::<Json>())
            .with("not_shown", Json::from_iter([Json::from("a settlement later than the one quoted")]))
            .into()
    }
}

/// A statement of the file.
struct Read {
    statement: Statement,
    leaf: Hash,
    note: SignedNote,
    index: u64,
}

/// The statements by what they are for.
struct Entries {
    opened: LogOpened,
    registry: Read,
    committed: Read,
    result: Option<Read>,
    unsealed: Read,
    first: Read,
    /// Entries about keys; `None` of a file of membership-v1.
    keys: Option<Vec<Read>>,
}

fn checkpoint(file: &Membership, policy: &Policy) -> Answer<(Checkpoint, [u8; 32])> {
    let note = SignedNote::parse(file.checkpoint.as_bytes()).map_err(|e| e.to_string())?;
    let outcome = policy.accept(&note).map_err(|e| e.to_string())?;
    let key = *outcome.log.ok_or("no log of the policy signed this checkpoint")?.key_bytes();
    let seen = format!("tree size {} of {}", outcome.checkpoint.size, outcome.checkpoint.origin);
    Ok(((outcome.checkpoint, key), seen))
}

fn read(quoted: &Quoted, head: &Checkpoint) -> Result<Read, String> {
    let at = |reason: String| format!("entry {}: {reason}", quoted.index);
    let note = SignedNote::parse(quoted.note.as_bytes()).map_err(|e| at(e.to_string()))?;
    let bytes = note.text().strip_suffix('\n').unwrap_or_default().as_bytes();
    let statement = Statement::parse(bytes).map_err(|e| at(e.to_string()))?;
    if *statement.log() != head.origin {
        return Err(at("says it belongs to another log".into()));
    }
    let leaf = merkle::leaf_hash(bytes);
    merkle::verify_inclusion(quoted.index, head.size, &leaf, &quoted.proof, &head.root)
        .map_err(|e| at(e.to_string()))?;
    Ok(Read { statement, leaf, note, index: quoted.index })
}

fn entries(file: &Membership, head: &Checkpoint) -> Answer<Entries> {
    let first = read(&file.opened, head)?;
    if first.index != 0 || first.statement.kind() != LogOpened::TYPE {
        return Err("opened is not entry 0, log.opened".into());
    }
    let opened = LogOpened::read(&first.statement.body_json()).map_err(|e| e.to_string())?;
    let result = file.result.as_ref().map(|quoted| read(quoted, head)).transpose()?;
    let keys = match &file.keys {
        Some(quoted) => Some(quoted.iter().map(|quoted| read(quoted, head)).collect::<Result<Vec<_>, _>>()?),
        None => None,
    };
    let about_keys = keys.iter().flatten().all(|entry| later_keys::is_about_a_key(entry.statement.kind()));
    if !about_keys || !keys.iter().flatten().is_sorted_by(|a, b| a.index < b.index) {
        return Err("keys are not entries about keys in the order of the log".into());
    }
    let all = Entries {
        registry: read(&file.registry, head)?,
        committed: read(&file.committed, head)?,
        unsealed: read(&file.unsealed, head)?,
        result,
        opened,
        first,
        keys,
    };
    let mut order = vec![&all.first, &all.registry, &all.committed];
    order.extend(all.result.as_ref());
    order.push(&all.unsealed);
    for entry in &order {
        let (kind, fields) = (entry.statement.kind(), entry.statement.body_json());
        Said::read(kind, &fields).map_err(|e| format!("entry {}: {e}", entry.index))?;
    }
    let ascending = order.is_sorted_by(|a, b| a.index < b.index && a.statement.time() <= b.statement.time());
    if !ascending {
        return Err("registry, commitment, result and unsealing do not follow one another".into());
    }
    let seen = format!("{} entries, all in the tree", order.len());
    Ok((all, seen))
}

fn signatures(
    file: &Membership,
    said: &Entries,
    (head, log_key): (&Checkpoint, &[u8; 32]),
    policy: &Policy,
) -> Answer<()> {
    let all = [&said.first, &said.registry, &said.committed, &said.unsealed];
    let all = all.into_iter().chain(&said.result).chain(said.keys.iter().flatten());
    let book = match &said.keys {
        None if said.opened.log != *log_key => {
            return Err("entry 0 registers another log key than the one that signed the checkpoint".into());
        }
        None => None,
        Some(keys) => {
            let keys = keys.iter().map(|entry| (entry.index, &entry.statement));
            let book = later_keys::book(head, &said.opened, keys)?;
            let note = SignedNote::parse(file.checkpoint.as_bytes()).map_err(|e| e.to_string())?;
            if !later_keys::is_signed(&note, head, policy, &book) {
                let rule =
                    "no log key that is in use at this size, and pinned by the policy, signed the checkpoint";
                return Err(rule.into());
            }
            Some(book)
        }
    };
    let name = head.origin.statements_key_name();
    let first = VerifierKey::new(name, Algorithm::Ed25519, said.opened.statements)
        .map_err(|e| format!("statements key of entry 0: {e}"))?;
    for entry in all {
        if entry.note.signatures().len() != 1 {
            return Err(format!("entry {}: must carry exactly one signature", entry.index));
        }
        let key = match &book {
            Some(book) => later_keys::of_statement(head, book, entry.index)?,
            None => first.clone(),
        };
        entry.note.verify(&key).map_err(|e| format!("entry {}: {e}", entry.index))?;
    }
    let seen = if book.is_some() {
        "signed by the statements key in force"
    } else {
        "signed by the statements key of entry 0"
    };
    Ok(((), seen.to_owned()))
}

fn commitment(file: &Membership, said: &Entries) -> Answer<Commitment> {
    let entry = &said.committed;
    if entry.statement.kind() != Commitment::TYPE {
        return Err(format!("entry {}: no draw.committed", entry.index));
    }
    let commitment = Commitment::read(&entry.statement.body_json()).map_err(|e| e.to_string())?;
    if seed::alpha(entry.index, &entry.leaf) != file.alpha {
        return Err("alpha is not that of the commitment".into());
    }
    let seen = format!("entry {}, attempt {}", entry.index, commitment.attempt);
    Ok((commitment, seen))
}

fn unsealed(file: &Membership, said: &Entries) -> Answer<String> {
    if said.unsealed.statement.kind() != Unsealed::TYPE {
        return Err(format!("entry {}: no draw.unsealed", said.unsealed.index));
    }
    let unsealed = Unsealed::read(&said.unsealed.statement.body_json()).map_err(|e| e.to_string())?;
    if unsealed.alpha != file.alpha {
        return Err("the unsealing is of another draw".into());
    }
    let seen = format!("announcement {}", unsealed.announcement);
    Ok((unsealed.announcement, seen))
}

/// The identity commitment of the person, once the registry entry holds their image.
fn person(file: &Membership, said: &Entries, commitment: &Commitment) -> Answer<Hash> {
    let Person { number, name, card_salt, rest, draw_salt } = &file.person;
    let card = card_digest(card_salt.as_bytes(), &expert_card(number, name));
    let image = image_digest(card, *rest);
    let entry = &said.registry;
    let body = entry.statement.body_json();
    let recorded = match Said::read(entry.statement.kind(), &body) {
        Ok(Said::Expert(recorded)) if entry.statement.kind() == REGISTRY_EXPERT => recorded,
        _ => return Err(format!("entry {}: no registry.expert", entry.index)),
    };
    if recorded != image {
        return Err("the registry entry does not hold this card".into());
    }
    if entry.index > commitment.registry {
        return Err("the registry entry is younger than the pool".into());
    }
    Ok((identity(draw_salt.as_bytes(), &image, entry.index), format!("{number} {name}")))
}

fn place(file: &Membership, commitment: &Commitment, identity: &Hash) -> Answer<()> {
    match &file.place {
        Place::Pool { position, leaf, proof } => {
            let read = Leaf::from_bytes(leaf)?;
            let groups = u32::try_from(commitment.groups.len()).unwrap_or(u32::MAX);
            pool::check(std::slice::from_ref(&read), groups, commitment.lots).map_err(|e| e.to_string())?;
            if read.identity != *identity {
                return Err("the leaf is another person's".into());
            }
            let (size, hash) = (u64::from(commitment.pool_size), merkle::leaf_hash(leaf));
            merkle::verify_inclusion(u64::from(*position), size, &hash, proof, &commitment.pool_root)
                .map_err(|e| e.to_string())?;
            Ok(((), format!("position {position} of {size} candidates")))
        }
        Place::Excluded { index, count, root, salt, reasons_salt, rules, proof } => {
            let leaf = excluded_leaf(identity, &reasons_digest(reasons_salt.as_bytes(), rules));
            merkle::verify_inclusion(u64::from(*index), u64::from(*count), &leaf, proof, root)
                .map_err(|e| e.to_string())?;
            let digest = LabelledHash::new("excluded")
                .fixed(salt.as_bytes())
                .u32(*count)
                .fixed(root.as_bytes())
                .finish();
            if digest != commitment.excluded {
                return Err("the table of exclusions is not that of the commitment".into());
            }
            Ok(((), format!("excluded by {}", rules.join(", "))))
        }
    }
}

fn seat(file: &Membership, said: &Entries) -> Answer<()> {
    let (Place::Pool { position, .. }, Some(result)) = (&file.place, &said.result) else {
        return Ok(((), "an excluded person has no seat".to_owned()));
    };
    let seats = panel(&file.alpha, &result.statement)?;
    let given = seats.iter().find(|seat| seat.position == *position).map(|seat| Seat { group: seat.group });
    if given != file.seat {
        return Err(format!("the result at entry {} says otherwise about position {position}", result.index));
    }
    let seen = match given {
        Some(seat) => format!("seated in group {}", seat.group),
        None => "not seated".to_owned(),
    };
    Ok(((), format!("{seen}, by entry {}", result.index)))
}

/// The panel that a statement gives: a result, or a settlement that found one.
fn panel(alpha: &Hash, statement: &Statement) -> Result<Vec<Seated>, String> {
    let body = statement.body_json();
    let (of, seats) = match statement.kind() {
        Drawn::TYPE => {
            let drawn = Drawn::read(&body).map_err(|e| e.to_string())?;
            (drawn.alpha, drawn.seats)
        }
        Settled::TYPE => match Settled::read(&body).map_err(|e| e.to_string())? {
            Settled { alpha, outcome: Outcome::Seats { seats, .. }, .. } => (alpha, seats),
            Settled { .. } => return Err("the settlement found no panel".into()),
        },
        other => return Err(format!("{other} gives no panel")),
    };
    if of == *alpha { Ok(seats) } else { Err("the result is of another draw".into()) }
}
