//! Whose checkpoints a witness cosigns: public keys, several for one log because a log's key can be succeeded.
//!
//! *Invariant:* every key is an Ed25519 log key (0x01); the log's origin is the key's name; no two keys of one
//! log have the same id, which would make their lines indistinguishable.

use std::collections::BTreeMap;

use crate::log::{Algorithm, VerifierKey};

/// The longest file of logs, in bytes.
const FILE_LIMIT: usize = 1 << 20;

/// Why a list of logs is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogsError {
    /// No log at all.
    #[error("没有给出任何日志公钥 (no log was given: --log VKEY or --logs FILE)")]
    Empty,
    /// A cosigner's key, which signs no checkpoints.
    #[error("{0} 不是日志检查点的公钥 (not a log's key: algorithm 0x01 wanted)")]
    NotALog(String),
    /// Two keys of one log with one id.
    #[error("日志 {0} 有两个编号相同的公钥 (two keys of one log have the same id)")]
    SameId(String),
    /// A line of the file; lines count from 1.
    #[error("日志列表第 {0} 行无效，应为 log VKEY (line is not: log VKEY)")]
    Line(usize),
    /// The file is longer than 1 MiB.
    #[error("日志列表过长 (file of logs is too long)")]
    TooLong,
}

/// The logs by origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs(BTreeMap<String, Vec<VerifierKey>>);

impl Logs {
    /// From keys; one given twice counts once.
    pub fn new(keys: impl IntoIterator<Item = VerifierKey>) -> Result<Self, LogsError> {
        let mut logs: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for key in keys {
            if key.algorithm() != Algorithm::Ed25519 {
                return Err(LogsError::NotALog(key.to_string()));
            }
            let of_log = logs.entry(key.name().as_str().to_owned()).or_default();
            if of_log.contains(&key) {
                continue;
            }
            if of_log.iter().any(|known| known.id() == key.id()) {
                return Err(LogsError::SameId(key.name().to_string()));
            }
            of_log.push(key);
        }
        if logs.is_empty() { Err(LogsError::Empty) } else { Ok(Self(logs)) }
    }

    /// The keys in a file of lines `log VKEY`, as in a tlog-policy; empty lines and `#` lines are passed over.
    pub fn keys_in(file: &str) -> Result<Vec<VerifierKey>, LogsError> {
        if file.len() > FILE_LIMIT {
            return Err(LogsError::TooLong);
        }
        let lines = file.lines().map(str::trim).zip(1..);
        let told = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        told.map(|(line, number)| {
            let key = line.strip_prefix("log ").and_then(|vkey| vkey.trim().parse().ok());
            key.ok_or(LogsError::Line(number))
        })
        .collect()
    }

    /// The keys of a log; `None` if it is unknown.
    pub fn keys_of(&self, origin: &str) -> Option<&[VerifierKey]> {
        self.0.get(origin).map(Vec::as_slice)
    }

    /// Every origin, ascending.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::log::KeyName;

    fn key(name: &str, algorithm: Algorithm, fill: u8) -> VerifierKey {
        let public = SigningKey::from_bytes(&[fill; 32]).verifying_key().to_bytes();
        VerifierKey::new(KeyName::new(name).unwrap(), algorithm, public).unwrap()
    }

    #[test]
    fn a_log_may_have_several_keys_and_a_cosigner_is_no_log() {
        let [a, b] = [1, 2].map(|fill| key("log.example/x", Algorithm::Ed25519, fill));
        let logs = Logs::new([a.clone(), b.clone(), a.clone()]).unwrap();
        assert_eq!(logs.keys_of("log.example/x").unwrap(), [a, b]);
        assert_eq!(logs.keys_of("log.example/y"), None);
        assert_eq!(Logs::new([]), Err(LogsError::Empty));
        let cosigner = key("w", Algorithm::CosignatureV1, 3);
        assert_eq!(Logs::new([cosigner.clone()]), Err(LogsError::NotALog(cosigner.to_string())));
    }

    #[test]
    fn a_file_of_logs_names_its_wrong_line() {
        let a = key("log.example/x", Algorithm::Ed25519, 1);
        assert_eq!(Logs::keys_in(&format!("# 本省各市\n\n  log {a}\n")), Ok(vec![a.clone()]));
        assert_eq!(Logs::keys_in(&format!("log {a}\nwitness w {a}\n")), Err(LogsError::Line(2)));
        assert_eq!(Logs::keys_in("log x\n"), Err(LogsError::Line(1)));
        assert_eq!(Logs::keys_in(&"#\n".repeat(1 << 20)), Err(LogsError::TooLong));
    }
}
