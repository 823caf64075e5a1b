//! Trust policies (C2SP tlog-policy): which logs and witnesses count, and how many of them.
//!
//! Lines `log <vkey> [url]`, `witness <name> <vkey> [url]`, `group <name> all|any|<k> <name>…`,
//! `quorum <name>|none`, comments and blank lines. Log keys are Ed25519 (0x01), witness keys
//! cosignature v1 (0x04); other kinds are refused, because a policy that is only half understood
//! would be weaker than it reads.
//!
//! Limits: 64 KiB, 256 logs, 256 witnesses, 256 groups. Every line ends with a newline, the last
//! one too: a file cut short must not read as another policy.
//!
//! *Invariant:* a parsed [`Policy`] has exactly one quorum; groups name only what stands before
//! them, and nothing is a member twice. Names are opaque bytes. URLs are read over, not kept.

use std::collections::{BTreeMap, BTreeSet};

use super::base64;
use super::key::{Algorithm, KeyError, VerifierKey};

/// The longest policy file, in bytes.
const FILE_LIMIT: usize = 64 << 10;
/// The most logs, witnesses and groups, each.
const ENTRY_LIMIT: usize = 256;

/// Where and why a policy file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy line {line}: {fault}")]
pub struct PolicyError {
    /// Number of the line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong there.
    pub fault: PolicyFault,
}

/// What can be wrong in a policy file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// Longer than 64 KiB, or more than 256 logs, witnesses or groups.
    #[error("policy too large")]
    TooLarge,
    /// The last line does not end with a newline.
    #[error("the last line must end with a newline")]
    Unfinished,
    /// A control character other than tab and newline.
    #[error("control character")]
    Control,
    /// Not one of the four kinds of line, or too few or too many items.
    #[error("expected: log VKEY [URL], witness NAME VKEY [URL], group NAME all|any|K NAME..., quorum NAME")]
    Line,
    /// The vkey was refused.
    #[error(transparent)]
    Key(KeyError),
    /// A cosigner's key in a log line, or the other way round.
    #[error("this kind of key does not belong in this line")]
    Purpose,
    /// The same public key twice among logs or among witnesses.
    #[error("this public key stands in an earlier line")]
    DuplicateKey,
    /// A name defined twice, or `none` defined.
    #[error("this name is taken")]
    DuplicateName,
    /// A name that no earlier line defines.
    #[error("a name is not defined on an earlier line")]
    UnknownName,
    /// A name listed as a member twice, in one group or in two.
    #[error("a name is already a member of a group")]
    DuplicateMember,
    /// A threshold that is not from 1 to the number of members.
    #[error("threshold out of range")]
    Threshold,
    /// No quorum line, or a second one.
    #[error("exactly one quorum line is required")]
    Quorum,
}

/// A witness of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Name inside the policy, opaque bytes.
    pub name: Vec<u8>,
    /// Its cosigning key.
    pub key: VerifierKey,
}

/// A policy as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    /// Witnesses and groups in the order of their definition; members point backwards.
    nodes: Vec<Node>,
    /// Index into `nodes`; `None` for `quorum none`.
    quorum: Option<usize>,
}

/// What a name of the policy stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Witness(usize),
    Group { threshold: usize, members: Vec<usize> },
}

impl Policy {
    /// Reads a policy file. Error: the first wrong line and its fault.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        let whole = |fault| PolicyError { line: 0, fault };
        if file.len() > FILE_LIMIT {
            return Err(whole(PolicyFault::TooLarge));
        }
        let Some(body) = file.strip_suffix(b"\n") else {
            let empty = file.is_empty();
            return Err(whole(if empty { PolicyFault::Quorum } else { PolicyFault::Unfinished }));
        };
        let mut reader = Reader::default();
        for (text, line) in body.split(|byte| *byte == b'\n').zip(1..) {
            reader.line(text).map_err(|fault| PolicyError { line, fault })?;
        }
        let quorum = reader.quorum.ok_or(whole(PolicyFault::Quorum))?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, nodes: reader.nodes, quorum })
    }

    /// The accepted logs' keys; each key's name is the origin of its log.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The known witnesses, whether or not the quorum names them.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether the quorum asks for no cosignature at all (`quorum none`).
    pub fn asks_for_no_witness(&self) -> bool {
        self.quorum.is_none()
    }

    /// The smallest time at which the quorum is met, given when each witness cosigned (in the order
    /// of [`Policy::witnesses`], `None` for not at all). `None` if it is not met, or if the quorum
    /// is `none` and so no time follows.
    pub fn quorum_time(&self, witness_times: &[Option<i64>]) -> Option<i64> {
        let mut times: Vec<Option<i64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let time = match node {
                Node::Witness(witness) => witness_times.get(*witness).copied().flatten(),
                Node::Group { threshold, members } => {
                    // The k-th earliest member completes the group.
                    let mut met: Vec<i64> =
                        members.iter().filter_map(|m| times.get(*m).copied().flatten()).collect();
                    met.sort_unstable();
                    threshold.checked_sub(1).and_then(|k| met.get(k).copied())
                }
            };
            times.push(time);
        }
        times.get(self.quorum?).copied().flatten()
    }
}

/// The state while lines are read.
#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    nodes: Vec<Node>,
    names: BTreeMap<Vec<u8>, usize>,
    members: BTreeSet<usize>,
    quorum: Option<Option<usize>>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        if line.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
            return Err(PolicyFault::Control);
        }
        let items: Vec<&[u8]> =
            line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|item| !item.is_empty()).collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] | [b"log", vkey, _] => self.log(vkey),
            [b"witness", name, vkey] | [b"witness", name, vkey, _] => self.witness(name, vkey),
            [b"group", name, threshold, members @ ..] => self.group(name, threshold, members),
            [b"quorum", name] => self.set_quorum(name),
            _ => Err(PolicyFault::Line),
        }
    }

    fn log(&mut self, vkey: &[u8]) -> Result<(), PolicyFault> {
        let key = read_key(vkey, Algorithm::Ed25519)?;
        if self.logs.iter().any(|known| known.key_bytes() == key.key_bytes()) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.logs.push(key);
        limited(self.logs.len())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8]) -> Result<(), PolicyFault> {
        let key = read_key(vkey, Algorithm::CosignatureV1)?;
        if self.witnesses.iter().any(|known| known.key.key_bytes() == key.key_bytes()) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.define(name, Node::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: name.to_vec(), key });
        limited(self.witnesses.len())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyFault> {
        if names.is_empty() {
            return Err(PolicyFault::Line);
        }
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            let node = self.find(member)?;
            if !self.members.insert(node) {
                return Err(PolicyFault::DuplicateMember);
            }
            members.push(node);
        }
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            digits => std::str::from_utf8(digits)
                .ok()
                .and_then(base64::decimal)
                .and_then(|k| usize::try_from(k).ok())
                .filter(|k| (1..=members.len()).contains(k))
                .ok_or(PolicyFault::Threshold)?,
        };
        self.define(name, Node::Group { threshold, members })?;
        limited(self.nodes.len() - self.witnesses.len())
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<(), PolicyFault> {
        if self.quorum.is_some() {
            return Err(PolicyFault::Quorum);
        }
        self.quorum = Some(if name == b"none" { None } else { Some(self.find(name)?) });
        Ok(())
    }

    fn define(&mut self, name: &[u8], node: Node) -> Result<(), PolicyFault> {
        if name == b"none" || self.names.contains_key(name) {
            return Err(PolicyFault::DuplicateName);
        }
        self.names.insert(name.to_vec(), self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<usize, PolicyFault> {
        self.names.get(name).copied().ok_or(PolicyFault::UnknownName)
    }
}

fn read_key(vkey: &[u8], purpose: Algorithm) -> Result<VerifierKey, PolicyFault> {
    let vkey = std::str::from_utf8(vkey).map_err(|_| PolicyFault::Key(KeyError::Shape))?;
    let key: VerifierKey = vkey.parse().map_err(PolicyFault::Key)?;
    if key.algorithm() == purpose { Ok(key) } else { Err(PolicyFault::Purpose) }
}

fn limited(count: usize) -> Result<(), PolicyFault> {
    if count > ENTRY_LIMIT { Err(PolicyFault::TooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::key::KeyName;
    use super::super::samples::TestKey;
    use super::*;
    use crate::codec::sha256;

    fn log_key(fill: u8) -> String {
        TestKey::new("log.example/x", Algorithm::Ed25519, fill).public.to_string()
    }

    fn witness_key(fill: u8) -> String {
        TestKey::new("w.example", Algorithm::CosignatureV1, fill).public.to_string()
    }

    /// Three witnesses X1–X3, two Y1–Y2, and the two-level quorum of the specification's example.
    fn example() -> String {
        let mut file = format!("# who we trust\n\n\tlog {} https://log.example\n", log_key(1));
        for (i, name) in ["X1", "X2", "X3", "Y1", "Y2"].iter().enumerate() {
            file += &format!("witness  {name}\t{}\n", witness_key(10 + i as u8));
        }
        file + "group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup both all X Y\nquorum both \n"
    }

    #[test]
    fn the_two_level_example_is_met_when_its_last_needed_witness_signs() {
        let policy = Policy::parse(example().as_bytes()).unwrap();
        assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 5));
        assert!(!policy.asks_for_no_witness());
        let at = |times: [i64; 5]| policy.quorum_time(&times.map(|t| (t > 0).then_some(t)));
        assert_eq!(at([10, 20, 30, 40, 50]), Some(40));
        assert_eq!(at([10, 20, 30, 5, 50]), Some(20));
        assert_eq!(at([10, 0, 30, 0, 15]), Some(30));
        assert_eq!(at([10, 0, 0, 5, 5]), None);
        assert_eq!(at([10, 20, 30, 0, 0]), None);
        assert_eq!(policy.quorum_time(&[]), None);
    }

    #[test]
    fn the_quorum_time_is_the_smallest_time_at_which_the_quorum_is_met() {
        use proptest::prelude::*;
        let policy = Policy::parse(example().as_bytes()).unwrap();
        let met =
            |signed: Vec<bool>| signed[..3].iter().filter(|s| **s).count() >= 2 && (signed[3] || signed[4]);
        proptest!(|(times in prop::collection::vec(prop::option::of(1..9i64), 5))| {
            let first = (1..9).find(|t| met(times.iter().map(|w| w.is_some_and(|w| w <= *t)).collect()));
            prop_assert_eq!(policy.quorum_time(&times), first);
        });
    }

    #[test]
    fn every_kind_of_wrong_line_is_named_with_its_number() {
        let good = example();
        let lines = good.lines().count();
        let (log, witness) = (log_key(1), witness_key(10));
        let cases = [
            ("log", PolicyFault::Line),
            ("witness a", PolicyFault::Line),
            ("group g any", PolicyFault::Line),
            ("quorum X Y", PolicyFault::Line),
            ("Log x", PolicyFault::Line),
            ("log\u{b}x", PolicyFault::Control),
            ("quorum X", PolicyFault::Quorum),
            (&format!("log {log}"), PolicyFault::DuplicateKey),
            (&format!("log {witness}"), PolicyFault::Purpose),
            (&format!("witness W {log}"), PolicyFault::Purpose),
            (&format!("witness W {witness}"), PolicyFault::DuplicateKey),
            (&format!("witness X1 {}", witness_key(99)), PolicyFault::DuplicateName),
            (&format!("witness none {}", witness_key(99)), PolicyFault::DuplicateName),
            ("log a+b", PolicyFault::Key(KeyError::Shape)),
            ("group g any nobody", PolicyFault::UnknownName),
            ("group g any none", PolicyFault::UnknownName),
            ("group g any X1", PolicyFault::DuplicateMember),
            ("group g any both both", PolicyFault::DuplicateMember),
            ("group g 0 both", PolicyFault::Threshold),
            ("group g 2 both", PolicyFault::Threshold),
            ("group g 01 both", PolicyFault::Threshold),
            ("group X any both", PolicyFault::DuplicateName),
        ];
        for (line, fault) in cases {
            let refused = Policy::parse(format!("{good}{line}\n").as_bytes());
            assert_eq!(refused, Err(PolicyError { line: lines + 1, fault }), "{line}");
        }
    }

    #[test]
    fn more_than_256_witnesses_logs_or_groups_are_refused() {
        let key = |kind: Algorithm, i: usize| {
            let secret = ed25519_dalek::SigningKey::from_bytes(sha256(&[&i.to_be_bytes()]).as_bytes());
            let name = KeyName::new("k").unwrap();
            VerifierKey::new(name, kind, secret.verifying_key().to_bytes()).unwrap()
        };
        let line = |kind: &str, i: usize| match (kind, i) {
            ("witness", _) => format!("witness w{i} {}\n", key(Algorithm::CosignatureV1, i)),
            ("log", _) => format!("log {}\n", key(Algorithm::Ed25519, i)),
            (_, 0) => format!("witness w {}\ngroup g0 any w\n", key(Algorithm::CosignatureV1, i)),
            _ => format!("group g{i} any g{}\n", i - 1),
        };
        for kind in ["witness", "log", "group"] {
            let most: String = (0..256).map(|i| line(kind, i)).collect();
            assert!(Policy::parse(format!("{most}quorum none\n").as_bytes()).is_ok());
            let refused = Policy::parse(format!("{most}{}quorum none\n", line(kind, 256)).as_bytes());
            assert_eq!(refused.unwrap_err().fault, PolicyFault::TooLarge);
        }
    }

    #[test]
    fn a_file_that_is_cut_short_or_has_no_quorum_is_refused() {
        let fault = |file: &[u8]| Policy::parse(file).unwrap_err().fault;
        assert_eq!(fault(example().trim_end().as_bytes()), PolicyFault::Unfinished);
        assert_eq!(fault(b""), PolicyFault::Quorum);
        assert_eq!(fault(b"# nothing\n"), PolicyFault::Quorum);
        assert_eq!(fault(&vec![b'\n'; FILE_LIMIT + 1]), PolicyFault::TooLarge);
        assert_eq!(fault(b"quorum X\n"), PolicyFault::UnknownName);
        assert!(Policy::parse(b"quorum none\n").unwrap().asks_for_no_witness());
        let mut file = b"witness \xe4\xb8\xad\xff ".to_vec();
        file.extend(format!("{}\nquorum none\n", witness_key(3)).as_bytes());
        let policy = Policy::parse(&file).unwrap();
        assert_eq!(policy.witnesses()[0].name, [0xe4, 0xb8, 0xad, 0xff]);
    }
}
