//! Canonical JSON (RFC 8785) over the few kinds of value that a statement may hold.
//!
//! Limits, all checked while reading: integers only, |n| ≤ 2^53 − 1; keys `[a-z0-9_]{1,64}`, none
//! twice in one object; no null, no booleans; depth ≤ 16, the outermost object being 1; the length
//! limit is the caller's ([`STATEMENT_LIMIT`] for statements). Strings are kept as they are: no
//! Unicode normalisation; lone surrogates are refused by the parser underneath.
//!
//! serde_json keeps the last of two equal keys and the canonicaliser rounds large integers
//! silently, so neither is trusted alone: reading goes through a guard, and [`Json`] cannot hold
//! what the guard refuses.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde_core::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::hash::Hash;

/// The longest statement, in bytes.
pub const STATEMENT_LIMIT: usize = 65_535;
/// The greatest integer either way: 2^53 − 1.
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;
/// The greatest depth, the outermost value being 1.
pub const MAX_DEPTH: usize = 16;

/// A value that canonical JSON of this project may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// An integer within ±(2^53 − 1).
    Int(i64),
    /// A string, as written.
    Str(String),
    /// An array.
    List(Vec<Json>),
    /// An object; the order of keys is the canonical one.
    Map(BTreeMap<String, Json>),
}

/// Why bytes are not JSON of this project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the limit.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not JSON, or JSON with something that is forbidden here; the text says what.
    #[error("not acceptable JSON: {0}")]
    Invalid(String),
    /// JSON, but not in the canonical spelling of RFC 8785.
    #[error("not in canonical form (RFC 8785)")]
    NotCanonical,
}

/// Takes what is written as long as it is the bytes that are expected; what is left of them is inside.
struct Same<'a>(&'a [u8]);

impl io::Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Json {
    /// Reads any spelling within the limits of this module and `limit` bytes.
    pub fn parse(bytes: &[u8], limit: usize) -> Result<Self, JsonError> {
        if bytes.len() > limit {
            return Err(JsonError::TooLong { limit });
        }
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Seed { depth: 1 }
            .deserialize(&mut reader)
            .and_then(|value| reader.end().map(|()| value))
            .map_err(|error| JsonError::Invalid(error.to_string()))?;
        Ok(value)
    }

    /// Reads bytes that must be canonical: `canonical(parse(bytes)) == bytes`.
    pub fn parse_canonical(bytes: &[u8], limit: usize) -> Result<Self, JsonError> {
        let value = Self::parse(bytes, limit)?;
        // Compared while it is written: what must be equal need not be kept.
        let mut same = Same(bytes);
        let written = serde_json_canonicalizer::to_writer(&value, &mut same);
        if written.is_ok() && same.0.is_empty() { Ok(value) } else { Err(JsonError::NotCanonical) }
    }

    /// The canonical bytes (RFC 8785).
    pub fn canonical(&self) -> Vec<u8> {
        // Writing a tree of integers, strings, lists and maps into memory has no way to fail.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }

    /// The string inside, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// The integer inside, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(n) = self { Some(*n) } else { None }
    }

    /// The list inside, if it is one.
    pub fn as_list(&self) -> Option<&[Json]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The object inside, if it is one.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Json>> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<Hash> for Json {
    fn from(hash: Hash) -> Self {
        Self::Str(hash.to_hex())
    }
}

impl From<u32> for Json {
    fn from(n: u32) -> Self {
        Self::Int(i64::from(n))
    }
}

impl From<i64> for Json {
    /// Values beyond ±(2^53 − 1) are clamped; the crate's own numbers (times, counts, indices)
    /// never come near.
    fn from(n: i64) -> Self {
        Self::Int(n.clamp(-MAX_INTEGER, MAX_INTEGER))
    }
}

impl From<u64> for Json {
    fn from(n: u64) -> Self {
        Self::from(i64::try_from(n).unwrap_or(MAX_INTEGER))
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::List(items)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Map(object.0)
    }
}

impl FromIterator<Json> for Json {
    fn from_iter<I: IntoIterator<Item = Json>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

/// An object under construction: `Object::new().with("seats", 5u32).with("type", "x")`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(BTreeMap<String, Json>);

impl Object {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub fn with(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a field if there is a value: absent is the only way to say "none".
    pub fn with_some(self, key: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(n) => serializer.serialize_i64(*n),
            Self::Str(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads one value at a depth, refusing what [`Json`] cannot hold.
struct Seed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, a string, an array or an object")
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Json, E> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&n) {
            Ok(Json::Int(n))
        } else {
            Err(E::custom("integer beyond 2^53 - 1"))
        }
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Json, E> {
        i64::try_from(n).map_or_else(|_| Err(E::custom("integer beyond 2^53 - 1")), |n| self.visit_i64(n))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Str(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let depth = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Seed { depth })? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let depth = self.deeper()?;
        let mut fields = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if !is_key(&key) {
                return Err(de::Error::custom("key is not [a-z0-9_]{1,64}"));
            }
            let value = map.next_value_seed(Seed { depth })?;
            if fields.insert(key, value).is_some() {
                return Err(de::Error::custom("duplicate key"));
            }
        }
        Ok(Json::Map(fields))
    }
}

impl Seed {
    /// The depth of what a container at this depth holds; containers deeper than the limit are
    /// refused (a scalar adds no level).
    fn deeper<E: de::Error>(&self) -> Result<usize, E> {
        if self.depth > MAX_DEPTH { Err(E::custom("deeper than 16")) } else { Ok(self.depth + 1) }
    }
}

fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Json, JsonError> {
        Json::parse(text.as_bytes(), STATEMENT_LIMIT)
    }

    #[test]
    fn what_canonical_json_may_not_hold_is_refused() {
        for bad in [
            "null",
            "true",
            "1.0",
            "1e2",
            "-0",
            "0.5",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551616",
            r#"{"a":1,"a":1}"#,
            r#"{"A":1}"#,
            r#"{"":1}"#,
            r#""\ud800""#,
            "[1,]",
            "[1] 2",
            "",
            "\u{feff}1",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(Json::parse(b"\"\xff\"", 9).is_err());
        assert_eq!(Json::parse(b"[1,2]", 4), Err(JsonError::TooLong { limit: 4 }));
    }

    #[test]
    fn depth_is_counted_from_the_outermost_container() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&nested(16)).is_ok());
        assert!(parse(&nested(17)).is_err());
        assert!(parse(&nested(20_000)).is_err());
    }

    #[test]
    fn only_the_canonical_spelling_is_canonical() {
        let good = r#"{"a":[1,"\u000f é€"],"b":{"c":-7}}"#.as_bytes();
        let value = Json::parse_canonical(good, 99).unwrap();
        assert_eq!(value.canonical(), good);
        for bad in [r#"{"b":1,"a":1}"#, r#"{"a": 1}"#, r#"{"a":"\u0061"}"#, "{\"a\":1}\n"] {
            assert_eq!(Json::parse_canonical(bad.as_bytes(), 99), Err(JsonError::NotCanonical), "{bad}");
        }
    }

    #[test]
    fn the_canonical_form_agrees_with_a_second_implementation() {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            (-MAX_INTEGER..=MAX_INTEGER).prop_map(Json::Int),
            any::<String>().prop_map(Json::Str),
        ];
        let tree = leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
                prop::collection::btree_map("[a-z0-9_]{1,9}", inner, 0..6).prop_map(Json::Map),
            ]
        });
        proptest!(|(value in tree)| {
            let bytes = value.canonical();
            prop_assert_eq!(&serde_jcs::to_vec(&value).unwrap(), &bytes);
            prop_assert_eq!(Json::parse_canonical(&bytes, usize::MAX).unwrap(), value);
        });
    }
}
