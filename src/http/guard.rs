//! What JSON must be before it is read into a type: no key twice at any depth, not deeper than 16.
//!
//! serde_json keeps the last of two equal keys and nests to 128; a body that two readers can read
//! differently is refused here, with the place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The greatest depth, the outermost object being 1.
pub const MAX_DEPTH: usize = 16;

/// Why JSON is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsafe {
    /// Not JSON (RFC 8259): line and column, counted from 1.
    Syntax(usize, usize),
    /// Deeper than [`MAX_DEPTH`]; the place.
    Depth(String),
    /// A key stands twice in one object; the place.
    Duplicate(String),
}

/// Checks a whole text.
pub fn check(text: &str) -> Result<(), Unsafe> {
    let found = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    // The guard counts itself; serde_json's own limit of 128 stays behind it.
    let result = Walk { place: String::new(), depth: 1, found: &found }
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
    match (result, found.into_inner()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(found)) => Err(found),
        (Err(error), None) => Err(Unsafe::Syntax(error.line(), error.column())),
    }
}

/// Names joined by dots; a key that is not a plain name is a person's text for all we know, and one that
/// begins with a digit their number.
pub fn joined(place: &str, key: &str) -> String {
    let word = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let plain = word && (1..=64).contains(&key.len()) && !key.starts_with(|c: char| c.is_ascii_digit());
    let key = if plain { key } else { "(?)" };
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

struct Walk<'a> {
    place: String,
    depth: usize,
    found: &'a RefCell<Option<Unsafe>>,
}

impl Walk<'_> {
    fn refuse<E: de::Error>(&self, found: Unsafe) -> E {
        self.found.replace(Some(found));
        E::custom("refused")
    }

    fn enter<E: de::Error>(&self) -> Result<(), E> {
        if self.depth > MAX_DEPTH { Err(self.refuse(Unsafe::Depth(self.place.clone()))) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut position = 0usize;
        loop {
            let place = format!("{}[{position}]", self.place);
            let next = Walk { place, depth: self.depth + 1, found: self.found };
            if items.next_element_seed(next)?.is_none() {
                return Ok(());
            }
            position += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut keys = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            let place = joined(&self.place, &key);
            if !keys.insert(key) {
                return Err(self.refuse(Unsafe::Duplicate(place)));
            }
            fields.next_value_seed(Walk { place, depth: self.depth + 1, found: self.found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_found_at_any_depth() {
        assert_eq!(check(r#"{"a":1,"b":[{"c":1,"c":2}]}"#), Err(Unsafe::Duplicate("b[0].c".into())));
        assert_eq!(check(r#"{"a":1,"\u0061":2}"#), Err(Unsafe::Duplicate("a".into())));
        assert_eq!(check(r#"{"a":[{"a":null},{"a":true}],"b":1.5}"#), Ok(()));
    }

    #[test]
    fn sixteen_levels_pass_and_the_seventeenth_does_not() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(check(&nested(16)), Ok(()));
        assert!(matches!(check(&nested(17)), Err(Unsafe::Depth(_))));
        assert!(matches!(check(&nested(100_000)), Err(Unsafe::Depth(_))));
        let objects = "{\"a\":".repeat(17) + "1" + &"}".repeat(17);
        assert!(matches!(check(&objects), Err(Unsafe::Depth(_))));
    }

    #[test]
    fn what_is_not_json_is_named_by_its_place() {
        assert_eq!(check("{\"a\":\n x}"), Err(Unsafe::Syntax(2, 2)));
        for bad in ["", "{", "{} {}", "{\"a\":1,}", "NaN", "\u{feff}{}"] {
            assert!(matches!(check(bad), Err(Unsafe::Syntax(..))), "{bad}");
        }
    }

    #[test]
    fn a_key_that_is_no_plain_name_is_not_repeated() {
        for key in ["王小明", "13800000000", "11010519491231002X"] {
            let text = format!(r#"{{"{key}":1,"{key}":2}}"#);
            assert_eq!(check(&text), Err(Unsafe::Duplicate("(?)".into())));
        }
    }
}
