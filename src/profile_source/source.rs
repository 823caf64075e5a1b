//! One source: its head, and its tables as JSON of the project (no booleans, no fractions).

use std::collections::BTreeMap;

use super::SourceError;
use crate::codec::{Hash, Json, MAX_INTEGER, sha256};
use crate::codes::Region;
use crate::rules::{Jurisdiction, Rule};
use crate::time::Date;

/// The head's keys and the tables.
const KEYS: [&str; 13] = [
    "name",
    "edition",
    "parent",
    "title",
    "note",
    "jurisdiction",
    "valid_from",
    "valid_to",
    "pool_published",
    "terms",
    "fees",
    "contributions",
    "rules",
];

/// A source as read.
pub(super) struct Source {
    pub name: String,
    pub edition: String,
    pub parent: Option<String>,
    pub title: String,
    pub note: Option<String>,
    pub jurisdiction: Jurisdiction,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub pool_published: Option<Json>,
    pub terms: BTreeMap<String, Json>,
    pub fees: Option<Json>,
    pub contributions: Option<Json>,
    pub rules: BTreeMap<String, Json>,
    /// SHA-256 of the text.
    pub digest: Hash,
}

impl Source {
    pub(super) fn read(name: &str, text: &str) -> Result<Source, SourceError> {
        let wrong = |place: &str, zh: &str, en: &str| SourceError::new(name, place, zh, en);
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let said = error.message().to_owned();
            SourceError::new(name, "", format!("不是有效的 TOML：{said}"), format!("not TOML: {said}"))
        })?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(wrong(key, "未知项目", "unknown key"));
        }
        let text_of = |key: &str| match table.get(key) {
            Some(toml::Value::String(text)) => Ok(Some(text.clone())),
            Some(toml::Value::Datetime(day)) => Ok(Some(day.to_string())),
            Some(_) => Err(wrong(key, "应为文字", "must be a string")),
            None => Ok(None),
        };
        let needed = |key: &str| text_of(key)?.ok_or_else(|| wrong(key, "必填", "required"));
        let date = |key: &str| {
            let read = |text: String| {
                Date::parse(&text).map_err(|_| wrong(key, "应为日期 YYYY-MM-DD", "must be a date"))
            };
            text_of(key)?.map(read).transpose()
        };
        let tables = |key: &str| match table.get(key) {
            Some(value @ toml::Value::Table(_)) => match json(name, key, value)? {
                Json::Map(map) => Ok(map),
                _ => Ok(BTreeMap::new()),
            },
            Some(_) => Err(wrong(key, "应为表", "must be a table")),
            None => Ok(BTreeMap::new()),
        };
        let jurisdiction = match needed("jurisdiction")?.as_str() {
            "CN" => Jurisdiction::Country,
            code => Jurisdiction::Region(Region::parse(code).map_err(|_| {
                wrong("jurisdiction", "应为 CN 或行政区划代码", "must be CN or a region code")
            })?),
        };
        let rules = tables("rules")?;
        if let Some(rule) = rules.keys().find(|rule| Rule::parse(rule).is_none()) {
            return Err(wrong(&format!("rules.{rule}"), "没有这一规则", "unknown rule"));
        }
        let source = Source {
            name: needed("name")?,
            edition: needed("edition")?,
            parent: text_of("parent")?,
            title: needed("title")?,
            note: text_of("note")?,
            jurisdiction,
            valid_from: date("valid_from")?.ok_or_else(|| wrong("valid_from", "必填", "required"))?,
            valid_to: date("valid_to")?,
            pool_published: text_of("pool_published")?.map(Json::from),
            terms: tables("terms")?,
            fees: table.get("fees").map(|value| json(name, "fees", value)).transpose()?,
            contributions: table.get("contributions").map(|v| json(name, "contributions", v)).transpose()?,
            rules,
            digest: sha256(&[text.as_bytes()]),
        };
        let short = |text: &str| {
            (1..=31).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        for (key, text) in [("name", &source.name), ("edition", &source.edition)] {
            if !short(text) {
                return Err(wrong(key, "应为1至31个小写字母、数字或连字符", "must be [a-z0-9-]{1,31}"));
            }
        }
        Ok(source)
    }
}

/// A value of TOML as JSON of the project.
fn json(name: &str, place: &str, value: &toml::Value) -> Result<Json, SourceError> {
    let wrong = |zh: &str, en: &str| Err(SourceError::new(name, place, zh, en));
    match value {
        toml::Value::String(text) => Ok(Json::from(text.as_str())),
        toml::Value::Integer(n) if (0..=MAX_INTEGER).contains(n) => Ok(Json::from(*n)),
        toml::Value::Integer(_) => wrong("数字超出范围", "the number is out of range"),
        toml::Value::Datetime(day) => Ok(Json::from(day.to_string())),
        toml::Value::Boolean(_) => {
            wrong("请写 \"yes\" 或 \"no\"", "write \"yes\" or \"no\" instead of a boolean")
        }
        toml::Value::Float(_) => wrong("不得使用小数", "no fractions"),
        toml::Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(n, item)| json(name, &format!("{place}[{n}]"), item)).collect()
        }
        toml::Value::Table(table) => {
            let mut map = BTreeMap::new();
            for (key, value) in table {
                let sound = (1..=64).contains(&key.len())
                    && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                if !sound {
                    let at = format!("{place}.{key}");
                    return Err(SourceError::new(
                        name,
                        at,
                        "键只能用小写字母、数字和下划线",
                        "keys are [a-z0-9_]{1,64}",
                    ));
                }
                map.insert(key.clone(), json(name, &format!("{place}.{key}"), value)?);
            }
            Ok(Json::Map(map))
        }
    }
}
