//! What the records of a witness add up to: heads by log, answers by draw. Pure.
//!
//! *Invariants:* sizes of a log's heads never fall, and one size has one root; a draw has one answer or one
//! statement that there is none, never both; times never fall. A record that would break one is refused, when
//! it is made and when it is read back.

use std::collections::BTreeMap;

use super::record::Record;
use crate::codec::{Hash, Json};

/// A cosigned head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Hash,
    /// Time of the cosignature, Unix seconds.
    pub time: i64,
    /// The checkpoint with the log's lines and our cosignature.
    pub note: String,
}

/// Answer, or statement that there will be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The answer.
    Answer(Json),
    /// The statement.
    NotReleased(Json),
}

impl Told {
    /// The word for it in lists.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::NotReleased(_) => "not_released",
        }
    }

    /// The value as it left.
    pub fn value(&self) -> &Json {
        match self {
            Self::Answer(value) | Self::NotReleased(value) => value,
        }
    }
}

/// Everything about one log.
#[derive(Clone, Debug, Default)]
pub struct OfLog {
    newest: Option<Head>,
    /// Every head: root by size.
    roots: BTreeMap<u64, Hash>,
    told: Vec<Told>,
    by_alpha: BTreeMap<Hash, usize>,
}

impl OfLog {
    /// The newest cosigned head.
    pub fn newest(&self) -> Option<&Head> {
        self.newest.as_ref()
    }

    /// The root at a size that was cosigned.
    pub fn root_at(&self, size: u64) -> Option<&Hash> {
        self.roots.get(&size)
    }

    /// What was said about a draw.
    pub fn told(&self, alpha: &Hash) -> Option<&Told> {
        self.by_alpha.get(alpha).and_then(|place| self.told.get(*place))
    }

    /// What was said, in order; the first has number 1.
    pub fn all_told(&self) -> &[Told] {
        &self.told
    }
}

/// The whole state.
#[derive(Clone, Debug, Default)]
pub struct State {
    logs: BTreeMap<String, OfLog>,
    newest_time: i64,
}

/// Why a record does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A head below the newest, or another root at its size.
    #[error("a head that contradicts an earlier one")]
    Head,
    /// A draw that has its answer or statement.
    #[error("a draw that was answered or refused before")]
    Twice,
    /// A time before that of an earlier record.
    #[error("a time before that of an earlier record")]
    Time,
    /// Neither log, alpha nor time where they belong.
    #[error("an answer without log, alpha or time")]
    Shape,
    /// A second beginning.
    #[error("a second first record")]
    Opened,
}

impl State {
    /// What is known of a log.
    pub fn of_log(&self, origin: &str) -> Option<&OfLog> {
        self.logs.get(origin)
    }

    /// What was said about a draw of any log.
    pub fn told(&self, alpha: &Hash) -> Option<&Told> {
        self.logs.values().find_map(|log| log.told(alpha))
    }

    /// The greatest time ever signed.
    pub fn newest_time(&self) -> i64 {
        self.newest_time
    }

    /// Whether a record follows.
    pub fn admits(&self, record: &Record) -> Result<(), Contradiction> {
        match record {
            Record::Opened { .. } => Err(Contradiction::Opened),
            Record::Head { log, head } => {
                if head.time < self.newest_time {
                    return Err(Contradiction::Time);
                }
                let newest = self.of_log(log).and_then(OfLog::newest);
                let fits = newest.is_none_or(|newest| {
                    head.size > newest.size || (head.size == newest.size && head.root == newest.root)
                });
                if fits { Ok(()) } else { Err(Contradiction::Head) }
            }
            Record::Answer(value) | Record::NotReleased(value) => {
                let (log, alpha, time) = named(value).ok_or(Contradiction::Shape)?;
                if time < self.newest_time {
                    return Err(Contradiction::Time);
                }
                let before = self.of_log(log).and_then(|of_log| of_log.told(&alpha));
                if before.is_none() { Ok(()) } else { Err(Contradiction::Twice) }
            }
        }
    }

    /// Takes a record in. Error: it does not follow; the state is then unchanged.
    pub fn apply(&mut self, record: &Record) -> Result<(), Contradiction> {
        self.admits(record)?;
        match record {
            Record::Opened { .. } => {}
            Record::Head { log, head } => {
                let of_log = self.logs.entry(log.clone()).or_default();
                of_log.roots.insert(head.size, head.root);
                of_log.newest = Some(head.clone());
                self.newest_time = head.time;
            }
            Record::Answer(value) => self.take_told(value, Told::Answer(value.clone())),
            Record::NotReleased(value) => self.take_told(value, Told::NotReleased(value.clone())),
        }
        Ok(())
    }

    fn take_told(&mut self, value: &Json, told: Told) {
        if let Some((log, alpha, time)) = named(value) {
            let of_log = self.logs.entry(log.to_owned()).or_default();
            of_log.by_alpha.insert(alpha, of_log.told.len());
            of_log.told.push(told);
            self.newest_time = time;
        }
    }
}

/// Log, alpha and time of what was said.
fn named(value: &Json) -> Option<(&str, Hash, i64)> {
    let map = value.as_map()?;
    let alpha = Hash::from_hex(map.get("alpha")?.as_str()?)?;
    Some((map.get("log")?.as_str()?, alpha, map.get("time")?.as_int()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Object;

    fn head(log: &str, size: u64, root: u8, time: i64) -> Record {
        let head = Head { size, root: Hash([root; 32]), time, note: String::new() };
        Record::Head { log: log.into(), head }
    }

    fn said(alpha: u8, time: i64) -> Json {
        Object::new().with("log", "a").with("alpha", Hash([alpha; 32])).with("time", time).into()
    }

    #[test]
    fn heads_never_shrink_or_change_and_logs_do_not_mix() {
        let mut state = State::default();
        state.apply(&head("a", 5, 1, 10)).unwrap();
        for (bad, why) in [
            (head("a", 4, 1, 10), Contradiction::Head),
            (head("a", 5, 2, 10), Contradiction::Head),
            (head("a", 6, 2, 9), Contradiction::Time),
        ] {
            assert_eq!(state.apply(&bad), Err(why));
        }
        state.apply(&head("b", 4, 7, 10)).unwrap();
        state.apply(&head("a", 5, 1, 11)).unwrap();
        state.apply(&head("a", 9, 3, 11)).unwrap();
        let a = state.of_log("a").unwrap();
        assert_eq!((a.newest().unwrap().size, a.root_at(5), a.root_at(6)), (9, Some(&Hash([1; 32])), None));
        assert!(state.of_log("c").is_none());
    }

    #[test]
    fn a_draw_is_answered_or_refused_once() {
        let mut state = State::default();
        state.apply(&Record::Answer(said(1, 5))).unwrap();
        state.apply(&Record::NotReleased(said(2, 5))).unwrap();
        for alpha in [1, 2] {
            assert_eq!(state.apply(&Record::Answer(said(alpha, 6))), Err(Contradiction::Twice));
            assert_eq!(state.apply(&Record::NotReleased(said(alpha, 6))), Err(Contradiction::Twice));
        }
        assert_eq!(state.told(&Hash([2; 32])).map(Told::kind), Some("not_released"));
        assert_eq!(state.of_log("a").unwrap().all_told().len(), 2);
        assert_eq!(state.apply(&Record::Answer(Json::Int(1))), Err(Contradiction::Shape));
    }
}
