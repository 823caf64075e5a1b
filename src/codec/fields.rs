//! Reading objects field by field: every field is asked for once, and what nobody asked for is
//! refused, so an unknown field never passes unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::RangeInclusive;

use super::hash::Hash;
use super::hex::from_hex;
use super::json::Json;

/// A value that has not the shape the specification gives it: where, and which rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {rule}")]
pub struct ShapeError {
    /// The place: field names joined by dots, list positions in brackets.
    pub path: String,
    /// What was expected there.
    pub rule: String,
}

impl ShapeError {
    /// An error at a place.
    pub fn new(path: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { path: path.into(), rule: rule.into() }
    }
}

/// Reads an object with `read`, then refuses every field that `read` did not ask for.
pub fn object<'a, T>(
    json: &'a Json,
    path: &str,
    read: impl FnOnce(&mut Fields<'a>) -> Result<T, ShapeError>,
) -> Result<T, ShapeError> {
    let map = json.as_map().ok_or_else(|| ShapeError::new(path, "must be an object"))?;
    let mut fields = Fields { path: path.to_owned(), map, asked: BTreeSet::new() };
    let value = read(&mut fields)?;
    match map.keys().find(|key| !fields.asked.contains(key.as_str())) {
        Some(unknown) => Err(ShapeError::new(fields.at(unknown), "unknown field")),
        None => Ok(value),
    }
}

/// The fields of one object while it is read.
pub struct Fields<'a> {
    path: String,
    map: &'a BTreeMap<String, Json>,
    asked: BTreeSet<&'a str>,
}

impl<'a> Fields<'a> {
    /// The place of a field, for messages.
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// An error at a field.
    pub fn wrong(&self, key: &str, rule: impl Into<String>) -> ShapeError {
        ShapeError::new(self.at(key), rule)
    }

    /// A field that may be absent.
    pub fn optional(&mut self, key: &str) -> Option<&'a Json> {
        let (name, value) = self.map.get_key_value(key)?;
        self.asked.insert(name);
        Some(value)
    }

    /// A field that must be there.
    pub fn required(&mut self, key: &str) -> Result<&'a Json, ShapeError> {
        self.optional(key).ok_or_else(|| self.wrong(key, "required"))
    }

    /// An integer within a range.
    pub fn int(&mut self, key: &str, range: RangeInclusive<i64>) -> Result<i64, ShapeError> {
        match self.required(key)?.as_int() {
            Some(n) if range.contains(&n) => Ok(n),
            _ => {
                Err(self.wrong(key, format!("must be an integer from {} to {}", range.start(), range.end())))
            }
        }
    }

    /// An integer from 0 that fits u32, at most `max`.
    pub fn u32(&mut self, key: &str, max: u32) -> Result<u32, ShapeError> {
        let n = self.int(key, 0..=i64::from(max))?;
        u32::try_from(n).map_err(|_| self.wrong(key, "out of range"))
    }

    /// An integer from 0 to 2^53 − 1: an index, a size, a time.
    pub fn u64(&mut self, key: &str) -> Result<u64, ShapeError> {
        let n = self.int(key, 0..=super::json::MAX_INTEGER)?;
        u64::try_from(n).map_err(|_| self.wrong(key, "out of range"))
    }

    /// A string.
    pub fn str(&mut self, key: &str) -> Result<&'a str, ShapeError> {
        self.required(key)?.as_str().ok_or_else(|| self.wrong(key, "must be a string"))
    }

    /// A string with exactly this content.
    pub fn literal(&mut self, key: &str, expected: &str) -> Result<(), ShapeError> {
        if self.str(key)? == expected {
            Ok(())
        } else {
            Err(self.wrong(key, format!("must be \"{expected}\"")))
        }
    }

    /// 32 bytes as 64 lower-case hexadecimal characters.
    pub fn hash(&mut self, key: &str) -> Result<Hash, ShapeError> {
        Hash::from_hex(self.str(key)?).ok_or_else(|| self.wrong(key, "must be 64 lower-case hex digits"))
    }

    /// Bytes as lower-case hexadecimal.
    pub fn bytes(&mut self, key: &str) -> Result<Vec<u8>, ShapeError> {
        from_hex(self.str(key)?).ok_or_else(|| self.wrong(key, "must be lower-case hex digits"))
    }

    /// A list.
    pub fn list(&mut self, key: &str) -> Result<&'a [Json], ShapeError> {
        self.required(key)?.as_list().ok_or_else(|| self.wrong(key, "must be an array"))
    }

    /// A list whose items are read one by one, each with its own path `key[i]`.
    pub fn each<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&'a Json, &str) -> Result<T, ShapeError>,
    ) -> Result<Vec<T>, ShapeError> {
        let mut path = self.at(key);
        let (items, stem) = (self.list(key)?, path.len());
        let mut values = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            path.truncate(stem);
            // Writing into a text has no way to fail.
            let _ = write!(path, "[{i}]");
            values.push(read(item, &path)?);
        }
        Ok(values)
    }

    /// A list of hashes.
    pub fn hashes(&mut self, key: &str) -> Result<Vec<Hash>, ShapeError> {
        self.each(key, |item, path| {
            item.as_str()
                .and_then(Hash::from_hex)
                .ok_or_else(|| ShapeError::new(path, "must be 64 lower-case hex digits"))
        })
    }

    /// An object inside this one.
    pub fn object<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Fields<'a>) -> Result<T, ShapeError>,
    ) -> Result<T, ShapeError> {
        let path = self.at(key);
        object(self.required(key)?, &path, read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_missing_and_misshapen_fields_are_named_by_their_path() {
        let json = Json::parse(br#"{"a":{"n":5,"extra":1},"list":["zz"]}"#, 999).unwrap();
        let error = object(&json, "", |f| {
            f.list("list")?;
            f.object("a", |f| f.int("n", 0..=9))
        });
        assert_eq!(error.unwrap_err().to_string(), "a.extra: unknown field");
        let error = object(&json, "", |f| f.hashes("list")).unwrap_err();
        assert_eq!(error.path, "list[0]");
        let error = object(&json, "x", |f| f.object("a", |f| f.int("n", 6..=9))).unwrap_err();
        assert_eq!(error.to_string(), "x.a.n: must be an integer from 6 to 9");
        assert_eq!(object(&json, "", |f| f.str("gone")).unwrap_err().to_string(), "gone: required");
    }
}
