//! Sources of rule profiles (规则档案源文件): TOML that people write, nation → province → city, each
//! saying only what differs from its parent; compiled into the one JSON of version 2 that a draw names
//! (`api-spec/profile-v2.md`).
//!
//! | file | holds |
//! |---|---|
//! | `source` | one file of TOML: its head, its tables as JSON, every mistake with its place |
//! | `merge` | a chain of sources becomes one set of rules |
//! | `explain`, `words` | what a profile requires, in plain Chinese |
//!
//! *Invariants:* compiling is a function of the texts of the chain: the same texts give the same bytes,
//! and so the same digest. A child that changes what a rule does must say where that stands and how sure
//! it is. The compiled bytes are read back by [`Profile::parse`], which has the last word.
//!
//! *Deliberately not here:* files and folders (the caller hands in texts); what a rule means (`rules`).

mod explain;
mod merge;
mod source;
mod words;

use std::fmt;

use crate::rules::Profile;
use source::Source;

pub use explain::{explain, list};

/// The sources that come with the product, parents first.
pub const SOURCES: [(&str, &str); 4] = [
    ("national", include_str!("../rules/data/national.toml")),
    ("hunan", include_str!("../rules/data/hunan.toml")),
    ("fujian", include_str!("../rules/data/fujian.toml")),
    ("guangdong", include_str!("../rules/data/guangdong.toml")),
];

/// The longest chain.
const CHAIN_MAX: usize = 6;

/// A compiled profile, and its parent compiled likewise.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The profile.
    pub profile: Profile,
    /// What it inherits from; `None` for the nation's.
    pub parent: Option<Profile>,
}

/// A source that cannot be compiled: where, and why in Chinese and English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// Name of the source.
    pub source: String,
    /// The place in it, keys joined by dots; empty for the whole.
    pub place: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl SourceError {
    fn new(source: &str, place: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { source: source.to_owned(), place: place.into(), zh: zh.into(), en: en.into() }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place.is_empty() { String::new() } else { format!(" {}", self.place) };
        write!(f, "规则档案 {}{place}：{} ({})", self.source, self.zh, self.en)
    }
}

impl std::error::Error for SourceError {}

/// The text of a source that comes with the product.
pub fn embedded_source(name: &str) -> Option<&'static str> {
    SOURCES.into_iter().find(|(known, _)| *known == name).map(|(_, text)| text)
}

/// A profile that comes with the product, compiled; `None` for another name.
pub fn embedded(name: &str) -> Option<Compiled> {
    // A test compiles every one.
    compile(name, embedded_source(name)?, &|parent| embedded_source(parent).map(str::to_owned)).ok()
}

/// Compiles a source; `find` gives the text of a parent by name.
///
/// # Errors
/// The first [`SourceError`].
pub fn compile(
    name: &str,
    text: &str,
    find: &dyn Fn(&str) -> Option<String>,
) -> Result<Compiled, SourceError> {
    let mut chain = vec![Source::read(name, text)?];
    while let Some(parent) = chain.first().and_then(|first| first.parent.clone()) {
        let circle = chain.iter().any(|source| source.name == parent);
        if circle || chain.len() >= CHAIN_MAX {
            return Err(SourceError::new(
                name,
                "parent",
                "上级档案成环或层数过多",
                "the chain of parents is a circle or too long",
            ));
        }
        let text = find(&parent).ok_or_else(|| {
            SourceError::new(
                name,
                "parent",
                format!("找不到上级档案 {parent}"),
                format!("no profile {parent}"),
            )
        })?;
        let above = Source::read(&parent, &text)?;
        if above.name != parent {
            return Err(SourceError::new(
                &parent,
                "name",
                "名称与文件不符",
                "is not the name it was found by",
            ));
        }
        chain.insert(0, above);
    }
    let profile = merge::compile(&chain)?;
    let parent = match chain.split_last() {
        Some((_, above)) if !above.is_empty() => Some(merge::compile(above)?),
        _ => None,
    };
    Ok(Compiled { profile, parent })
}

#[cfg(test)]
mod tests;
