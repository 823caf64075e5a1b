//! The beacon in the configuration file:
//!
//! ```toml
//! [beacon]
//! chain = "quicknet"          # or "default"
//! relays = ["http://127.0.0.1:8088"]
//! //! ```
//!
//! Two chains are known by name, with the parameters that drand publishes (`tests/vectors/drand.json`).

use toml::Value;

use super::witness::Wrong;
use crate::codec::{Hash, from_hex};
use crate::draw::beacon::{ChainInfo, Scheme};
use crate::outside::witness::check_address;

/// The beacon of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The pinned chain.
    pub chain: ChainInfo,
    /// Addresses of relays, asked in this order.
    pub relays: Vec<String>,
}

/// drand's chain `quicknet`, as published (chain info, seen 2026-11-26).
pub fn quicknet() -> Option<ChainInfo> {
    Some(ChainInfo {
        scheme: Scheme::Unchained,
        public_key: from_hex(concat!(
            "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c",
            "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb",
            "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
        ))?,
        period: 3,
        genesis: 1_692_803_367,
        group_hash: Hash::from_hex("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e")?,
        beacon_id: "quicknet".into(),
    })
}

/// drand's chain `default`, as published (chain info, seen 2026-11-26).
pub fn default_chain() -> Option<ChainInfo> {
    Some(ChainInfo {
        scheme: Scheme::Chained,
        public_key: from_hex(concat!(
            "868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5c",
            "ce96366b5d7a569937c529eeda66c7293784a9402801af31",
        ))?,
        period: 30,
        genesis: 1_595_431_050,
        group_hash: Hash::from_hex("176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a")?,
        beacon_id: "default".into(),
    })
}

/// Reads the table. The error names the field and what is accepted.
pub(super) fn read(value: &Value) -> Result<Beacon, Wrong> {
    let wrong = |field: &str, rule: &str| (format!("beacon.{field}"), rule.to_owned());
    let table = value.as_table().ok_or_else(|| wrong("", "须为表 (must be a table)"))?;
    if let Some(field) = table.keys().find(|key| !["chain", "relays"].contains(&key.as_str())) {
        return Err(wrong(field, "未知字段，可用 chain relays (unknown field)"));
    }
    let chain = match table.get("chain").and_then(Value::as_str) {
        Some("quicknet") => quicknet(),
        Some("default") => default_chain(),
        _ => None,
    };
    let chain = chain.ok_or_else(|| wrong("chain", "须为 quicknet 或 default (must be one of these)"))?;
    let relays = table.get("relays").and_then(Value::as_array);
    let relays = relays.and_then(|relays| relays.iter().map(|r| r.as_str().map(str::to_owned)).collect());
    let relays: Vec<String> = relays.ok_or_else(|| wrong("relays", "须为地址列表 (must be a list)"))?;
    if relays.is_empty() || relays.len() > 16 {
        return Err(wrong("relays", "1至16个地址 (1 to 16 addresses)"));
    }
    for relay in &relays {
        check_address(relay).map_err(|rule| wrong("relays", rule))?;
    }
    Ok(Beacon { chain, relays })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_chains_have_the_hashes_that_drand_publishes() {
        let hash = |chain: Option<ChainInfo>| chain.unwrap().hash().to_hex();
        assert_eq!(hash(quicknet()), "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971");
        assert_eq!(hash(default_chain()), "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce");
    }

    #[test]
    fn a_table_is_read_and_what_is_wrong_is_named() {
        let parse = |text: &str| read(&Value::Table(text.parse().unwrap()));
        let beacon = parse("chain = \"quicknet\"\nrelays = [\"http://127.0.0.1:1\"]").unwrap();
        assert_eq!((beacon.chain.period, beacon.relays.len()), (3, 1));
        for (text, field) in [
            ("chain = \"mine\"\nrelays = [\"http://127.0.0.1:1\"]", "beacon.chain"),
            ("chain = \"default\"", "beacon.relays"),
            ("chain = \"default\"\nrelays = [\"https://a\"]", "beacon.relays"),
            ("chain = \"default\"\nround = 5", "beacon.round"),
        ] {
            assert_eq!(parse(text).unwrap_err().0, field);
        }
    }
}
