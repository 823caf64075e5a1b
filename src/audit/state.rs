//! What an audit remembers, so that the next one goes on where it ended: up to which head the log was
//! checked, and which evidence files passed.
//!
//! *Invariant:* nothing is skipped that is not provably the same: a prefix of the log by its root, an evidence
//! file by its digest, both under the same policy and parties (`trust`).

use std::collections::BTreeMap;

use super::files::FileTold;
use crate::codec::{Hash, Json, Object, ShapeError, object};

/// The longest state file, in bytes.
pub const STATE_LIMIT: usize = 1 << 30;

/// The state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Digest of the policy and the parties.
    pub trust: Option<Hash>,
    /// Size and root of the head up to which entries were checked.
    pub head: Option<(u64, Hash)>,
    /// Files that passed, by alpha.
    pub files: BTreeMap<Hash, FileTold>,
}

const LEVELS: [&str; 3] = ["operator", "witnessed", "beacon"];

impl State {
    /// The canonical file.
    pub fn write(&self) -> Vec<u8> {
        let file = |(alpha, told): (&Hash, &FileTold)| -> Json {
            let (plan, package) = told.number.clone().unzip();
            Object::new()
                .with("alpha", *alpha)
                .with_some("digest", told.digest)
                .with("level", told.level)
                .with("forced", told.forced)
                .with("on_operators_word", told.on_operators_word)
                .with("blind", if told.blind { "yes" } else { "no" })
                .with("covers", if told.covers { "yes" } else { "no" })
                .with("life", told.life)
                .with("keys", told.keys)
                .with_some("plan", plan.as_deref())
                .with_some("package", package.as_deref())
                .into()
        };
        let head =
            self.head.map(|(size, root)| Json::from(Object::new().with("size", size).with("root", root)));
        let state = Object::new()
            .with("v", 1u32)
            .with_some("trust", self.trust)
            .with_some("head", head)
            .with("files", self.files.iter().map(file).collect::<Json>());
        Json::from(state).canonical()
    }

    /// Reads a file; whatever is not one is an error, and nothing is skipped then.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let json = Json::parse_canonical(bytes, STATE_LIMIT).ok()?;
        object(&json, "", |f| {
            f.int("v", 1..=1)?;
            let trust = if f.optional("trust").is_some() { Some(f.hash("trust")?) } else { None };
            let head = match f.optional("head") {
                Some(_) => Some(f.object("head", |f| Ok((f.u64("size")?, f.hash("root")?)))?),
                None => None,
            };
            let files = f.each("files", |item, path| {
                object(item, path, |f| {
                    let level = f.str("level")?;
                    let level = LEVELS.into_iter().find(|known| *known == level);
                    let number = match f.optional("plan") {
                        Some(_) => Some((f.str("plan")?.to_owned(), f.str("package")?.to_owned())),
                        None => None,
                    };
                    let told = FileTold {
                        digest: Some(f.hash("digest")?),
                        verified: true,
                        level: level.ok_or_else(|| ShapeError::new(path, "level"))?,
                        forced: f.u32("forced", u32::MAX)?,
                        on_operators_word: f.u32("on_operators_word", u32::MAX)?,
                        blind: f.str("blind")? == "yes",
                        covers: f.str("covers")? == "yes",
                        life: f.u64("life")?,
                        keys: f.u64("keys")?,
                        number,
                        findings: Vec::new(),
                    };
                    Ok((f.hash("alpha")?, told))
                })
            })?;
            Ok(Self { trust, head, files: files.into_iter().collect() })
        })
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_reads_back_and_nothing_else_does() {
        let told = FileTold {
            digest: Some(Hash([1; 32])),
            verified: true,
            level: "witnessed",
            number: Some(("1".into(), "2".into())),
            ..FileTold::default()
        };
        let files = BTreeMap::from([(Hash([2; 32]), told)]);
        let state = State { trust: Some(Hash([3; 32])), head: Some((7, Hash([4; 32]))), files };
        assert_eq!(State::read(&state.write()), Some(state.clone()));
        assert_eq!(State::read(b"{}"), None);
        let mut spoilt = state.write();
        spoilt.pop();
        assert_eq!(State::read(&spoilt), None);
    }
}
