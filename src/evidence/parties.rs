//! `trust.parties`: whom an auditor holds for independent of the operator (`api-spec/parties-v1.md`).
//!
//! The file is TOML in a spelling so narrow that it is read line by line, the same in any language.
//! It comes from the auditor; without it nobody is independent and a draw is at level `operator`.
//!
//! *Invariant:* all keys of a [`Parties`] are valid and pairwise distinct, and so are its names.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::{Hash, from_hex, sha256};
use crate::draw::vrf::VrfPublic;
use crate::log::is_ed25519_key;

/// The longest file, in bytes.
const FILE_LIMIT: usize = 64 << 10;
/// The most tables of one kind.
const TABLE_LIMIT: usize = 64;

/// A witness whose contributions the auditor may count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedWitness {
    /// Name for the verdict.
    pub name: String,
    /// The body that runs it.
    pub body: String,
    /// Ed25519 key of its cosignatures and answers.
    pub key: [u8; 32],
    /// Its VRF key.
    pub vrf: [u8; 32],
}

/// A supervisor whose nonces the auditor may count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedSupervisor {
    /// Name for the verdict.
    pub name: String,
    /// The body to which they belong.
    pub body: String,
    /// Ed25519 key.
    pub key: [u8; 32],
}

/// The beacon that the auditor believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedBeacon {
    /// Chain hash.
    pub chain: Hash,
    /// Seconds before the round by which everything else must be fixed.
    pub margin: i64,
    /// Seconds after the commitment within which the round must lie.
    pub max_ahead: i64,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The body that runs the log.
    pub operator: String,
    /// Witnesses, in the order of the file.
    pub witnesses: Vec<PinnedWitness>,
    /// Supervisors, in the order of the file.
    pub supervisors: Vec<PinnedSupervisor>,
    /// The beacon, if any is believed.
    pub beacon: Option<PinnedBeacon>,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct PartiesError {
    /// Line from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub rule: &'static str,
}

/// A value of a line.
enum Value {
    Text(String),
    Number(i64),
}

/// One table: where it began, and its keys.
#[derive(Default)]
struct Table {
    line: usize,
    values: BTreeMap<String, Value>,
}

impl Parties {
    /// Reads a file.
    pub fn parse(file: &[u8]) -> Result<Self, PartiesError> {
        let whole = |rule| PartiesError { line: 0, rule };
        if file.len() > FILE_LIMIT {
            return Err(whole("longer than 64 KiB"));
        }
        let text = std::str::from_utf8(file).map_err(|_| whole("not UTF-8"))?;
        if !text.ends_with('\n') {
            return Err(whole("must end with a newline"));
        }
        let (mut top, mut witnesses, mut supervisors) = (Table::default(), Vec::new(), Vec::new());
        let mut beacon: Option<Table> = None;
        let mut place = "";
        for (line, number) in text.split_terminator('\n').zip(1..) {
            let at = |rule| PartiesError { line: number, rule };
            let line = line.trim_matches(' ');
            let new = || Table { line: number, values: BTreeMap::new() };
            match line {
                "" => {}
                comment if comment.starts_with('#') => {
                    if comment.chars().any(char::is_control) {
                        return Err(at("a control character"));
                    }
                }
                "[[witness]]" => {
                    witnesses.push(new());
                    place = "witness";
                }
                "[[supervisor]]" => {
                    supervisors.push(new());
                    place = "supervisor";
                }
                "[beacon]" if beacon.is_none() => {
                    beacon = Some(new());
                    place = "beacon";
                }
                _ => {
                    let (key, value) = pair(line).map_err(at)?;
                    let table = match place {
                        "witness" => witnesses.last_mut(),
                        "supervisor" => supervisors.last_mut(),
                        "beacon" => beacon.as_mut(),
                        _ => Some(&mut top),
                    };
                    let values = &mut table.ok_or_else(|| at("a key without its table"))?.values;
                    if values.insert(key.to_owned(), value).is_some() {
                        return Err(at("a key twice in one table"));
                    }
                }
            }
        }
        if witnesses.len() > TABLE_LIMIT || supervisors.len() > TABLE_LIMIT {
            return Err(whole("more than 64 tables of one kind"));
        }
        let operator = top.text("operator", 400)?;
        top.nothing_else()?;
        let read = Self {
            operator,
            witnesses: witnesses.into_iter().map(witness).collect::<Result<_, _>>()?,
            supervisors: supervisors.into_iter().map(supervisor).collect::<Result<_, _>>()?,
            beacon: beacon.map(pinned_beacon).transpose()?,
        };
        read.distinct()?;
        Ok(read)
    }

    fn distinct(&self) -> Result<(), PartiesError> {
        let (mut keys, mut names) = (BTreeSet::new(), BTreeSet::new());
        let keys_distinct = self.witnesses.iter().all(|w| keys.insert(w.key) && keys.insert(w.vrf))
            && self.supervisors.iter().all(|s| keys.insert(s.key));
        let named = self.witnesses.iter().map(|w| &w.name).chain(self.supervisors.iter().map(|s| &s.name));
        if !keys_distinct {
            return Err(PartiesError { line: 0, rule: "a key twice" });
        }
        if !named.into_iter().all(|name| names.insert(name)) {
            return Err(PartiesError { line: 0, rule: "a name twice" });
        }
        Ok(())
    }

    /// Whether a body is another than the operator's.
    pub fn is_independent(&self, body: &str) -> bool {
        body != self.operator
    }

    /// The supervisor whose key has this digest.
    pub fn supervisor(&self, key: &Hash) -> Option<&PinnedSupervisor> {
        self.supervisors.iter().find(|s| sha256(&[&s.key]) == *key)
    }

    /// The witness whose VRF key and cosigning key have these digests.
    pub fn witness(&self, vrf: &Hash, key: &Hash) -> Option<&PinnedWitness> {
        self.witnesses.iter().find(|w| sha256(&[&w.vrf]) == *vrf && sha256(&[&w.key]) == *key)
    }
}

impl Table {
    fn wrong(&self, rule: &'static str) -> PartiesError {
        PartiesError { line: self.line, rule }
    }

    fn text(&mut self, key: &str, limit: usize) -> Result<String, PartiesError> {
        match self.values.remove(key) {
            Some(Value::Text(text)) if (1..=limit).contains(&text.len()) => Ok(text),
            Some(_) => Err(self.wrong("a text that is empty, too long, or no text")),
            None => Err(self.wrong("a key is missing: operator, name, body, key, vrf or chain")),
        }
    }

    fn bytes(&mut self, key: &str) -> Result<[u8; 32], PartiesError> {
        let text = self.text(key, 64)?;
        let bytes = from_hex(&text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.ok_or_else(|| self.wrong("must be 64 lower-case hex digits"))
    }

    fn ed25519(&mut self) -> Result<[u8; 32], PartiesError> {
        let key = self.bytes("key")?;
        if is_ed25519_key(&key) { Ok(key) } else { Err(self.wrong("not a valid Ed25519 key")) }
    }

    fn number(&mut self, key: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, PartiesError> {
        match self.values.remove(key) {
            Some(Value::Number(n)) if range.contains(&n) => Ok(n),
            Some(_) => Err(self.wrong("a number out of its range, or no number")),
            None => Err(self.wrong("a key is missing: margin or max_ahead")),
        }
    }

    fn nothing_else(&self) -> Result<(), PartiesError> {
        if self.values.is_empty() { Ok(()) } else { Err(self.wrong("an unknown key in this table")) }
    }
}

fn pair(line: &str) -> Result<(&str, Value), &'static str> {
    let (key, value) = line.split_once('=').ok_or("neither a table nor a key with its value")?;
    let (key, value) = (key.trim_matches(' '), value.trim_matches(' '));
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        return Err("not a key");
    }
    if let Some(rest) = value.strip_prefix('"') {
        let text = rest.strip_suffix('"').ok_or("a text without its end")?;
        if text.chars().any(|c| c == '"' || c == '\\' || c.is_control()) {
            return Err("a text with a quote, a backslash or a control character");
        }
        return Ok((key, Value::Text(text.to_owned())));
    }
    let digits = value.bytes().all(|b| b.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    let number = value.parse::<i64>().ok().filter(|n| digits && *n <= crate::codec::json::MAX_INTEGER);
    number.map(|n| (key, Value::Number(n))).ok_or("neither a text nor a whole number")
}

fn witness(mut table: Table) -> Result<PinnedWitness, PartiesError> {
    let vrf = table.bytes("vrf")?;
    VrfPublic::from_bytes(vrf).map_err(|_| table.wrong("not a valid VRF key"))?;
    let read = PinnedWitness {
        name: table.text("name", 128)?,
        body: table.text("body", 400)?,
        key: table.ed25519()?,
        vrf,
    };
    table.nothing_else()?;
    Ok(read)
}

fn supervisor(mut table: Table) -> Result<PinnedSupervisor, PartiesError> {
    let read = PinnedSupervisor {
        name: table.text("name", 128)?,
        body: table.text("body", 400)?,
        key: table.ed25519()?,
    };
    table.nothing_else()?;
    Ok(read)
}

fn pinned_beacon(mut table: Table) -> Result<PinnedBeacon, PartiesError> {
    let read = PinnedBeacon {
        chain: Hash(table.bytes("chain")?),
        margin: table.number("margin", 0..=86_400)?,
        max_ahead: table.number("max_ahead", 1..=31_536_000)?,
    };
    table.nothing_else()?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::codec::to_hex;
    use crate::draw::vrf::VrfSecret;

    fn file() -> String {
        let key = |n: u8| to_hex(&SigningKey::from_bytes(&[n; 32]).verifying_key().to_bytes());
        let vrf = to_hex(VrfSecret::from_seed([9; 32]).public().as_bytes());
        format!(
            "# 审计处的信任文件\noperator = \"岳阳市财政局\"\n\n[[witness]]\nname = \"省厅\"\nbody = \"湖南省审计厅\"\n\
             key = \"{}\"\nvrf = \"{vrf}\"\n  [[supervisor]]  \nname=\"三号\"\nbody = \"岳阳市财政局\"\nkey = \"{}\"\n\
             [beacon]\nchain = \"{}\"\nmargin = 60\nmax_ahead = 86400\n",
            key(1),
            key(2),
            "52".repeat(32),
        )
    }

    fn refused(from: &str, to: &str) -> &'static str {
        let changed = file().replacen(from, to, 1);
        assert_ne!(changed, file(), "{from} stands in the file");
        Parties::parse(changed.as_bytes()).unwrap_err().rule
    }

    #[test]
    fn a_file_says_who_is_independent_of_the_operator() {
        let parties = Parties::parse(file().as_bytes()).unwrap();
        assert!(parties.is_independent(&parties.witnesses[0].body));
        assert!(!parties.is_independent(&parties.supervisors[0].body));
        assert_eq!(parties.beacon.unwrap().margin, 60);
        let (vrf, key) = (sha256(&[&parties.witnesses[0].vrf]), sha256(&[&parties.witnesses[0].key]));
        assert!(parties.witness(&vrf, &key).is_some());
        assert!(parties.witness(&key, &vrf).is_none());
        assert!(Parties::parse(b"operator = \"x\"\n").is_ok());
    }

    #[test]
    fn whatever_is_not_of_the_narrow_spelling_is_refused() {
        assert_eq!(
            refused("operator = ", "operators = "),
            "a key is missing: operator, name, body, key, vrf or chain"
        );
        assert_eq!(refused("margin = 60", "margin = 060"), "neither a text nor a whole number");
        assert_eq!(refused("margin = 60", "margin = 90000"), "a number out of its range, or no number");
        assert_eq!(refused("margin = 60", "margin = 60 # s"), "neither a text nor a whole number");
        assert_eq!(refused("margin = 60", "margin = 60\nmargin = 60"), "a key twice in one table");
        assert_eq!(refused("margin = 60", "margin = 60\nlevel = 3"), "an unknown key in this table");
        assert_eq!(refused("[beacon]", "[beacons]"), "neither a table nor a key with its value");
        assert_eq!(refused("name=\"三号\"", "name=\"省厅\""), "a name twice");
        assert_eq!(
            refused("\"湖南省审计厅\"", "\"湖南\\u7701\""),
            "a text with a quote, a backslash or a control character"
        );
        assert_eq!(Parties::parse(b"operator = \"x\"").unwrap_err().rule, "must end with a newline");
    }
}
