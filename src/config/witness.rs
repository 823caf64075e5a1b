//! Witnesses in the configuration file, one table each:
//!
//! ```toml
//! [[witness]]
//! name = "湖南省审计厅"
//! url = "http://witness.example.cn:8490"
//! vkey = "witness.example.cn/w1+4dfc8ea4+BL…"
//! vrf = "64 hex digits, if the witness contributes to draws"
//! ```
//!
//! *Invariant:* no two witnesses share a key, whatever their names: one machine must not count twice.

use toml::Value;

use crate::codec::from_hex;
use crate::draw::vrf::VrfPublic;
use crate::log::{Algorithm, VerifierKey};
use crate::outside::witness::{Witness, check_address};

/// As many cosignatures as a note and an answer comfortably hold.
const MOST: usize = 32;
const FIELDS: [&str; 4] = ["name", "url", "vkey", "vrf"];

/// Field and rule of what is wrong.
pub(super) type Wrong = (String, String);

/// Reads the tables. The error names the field and what is accepted.
pub(super) fn read(value: &Value) -> Result<Vec<Witness>, Wrong> {
    let tables = value.as_array().filter(|tables| tables.len() <= MOST).ok_or_else(|| {
        (
            "witness".to_owned(),
            format!("须为 [[witness]] 表，至多 {MOST} 个 (must be [[witness]] tables, at most {MOST})"),
        )
    })?;
    let mut witnesses: Vec<Witness> = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let wrong = |field: &str, rule: &str| (format!("witness[{number}].{field}"), rule.to_owned());
        let witness = one(table, &wrong)?;
        let twice = |known: &Witness| {
            known.key.key_bytes() == witness.key.key_bytes()
                || known.key.name() == witness.key.name()
                || (known.vrf.is_some() && known.vrf == witness.vrf)
        };
        if witnesses.iter().any(twice) {
            return Err(wrong(
                "vkey",
                "与另一见证方的密钥或名称相同 (the key or its name is another witness's)",
            ));
        }
        witnesses.push(witness);
    }
    Ok(witnesses)
}

fn one(table: &Value, wrong: &dyn Fn(&str, &str) -> Wrong) -> Result<Witness, Wrong> {
    let table = table.as_table().ok_or_else(|| wrong("", "须为表 (must be a table)"))?;
    for (field, value) in table {
        if !FIELDS.contains(&field.as_str()) {
            return Err(wrong(field, "未知字段，可用 name url vkey vrf (unknown field)"));
        }
        if !value.is_str() {
            return Err(wrong(field, "必须是字符串 (must be a string)"));
        }
    }
    let text = |field: &str| table.get(field).and_then(Value::as_str);
    let needed = |field: &str| text(field).ok_or_else(|| wrong(field, "必填 (required)"));
    let name = needed("name")?;
    if name.trim() != name || !(1..=128).contains(&name.len()) || name.chars().any(char::is_control) {
        return Err(wrong("name", "须为1至128字节的名称 (must be a name of 1 to 128 bytes)"));
    }
    let url = needed("url")?;
    check_address(url).map_err(|rule| wrong("url", rule))?;
    let cosigner = |key: &VerifierKey| key.algorithm() == Algorithm::CosignatureV1;
    let key = needed("vkey")?.parse::<VerifierKey>().ok().filter(cosigner).ok_or_else(|| {
        wrong("vkey", "须为见证方公布的 cosignature/v1 vkey (must be the vkey of a cosigner, algorithm 0x04)")
    })?;
    let vrf = match text("vrf") {
        None => None,
        Some(hex) => {
            let bytes = from_hex(hex).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let valid = bytes.filter(|bytes| VrfPublic::from_bytes(*bytes).is_ok());
            Some(valid.ok_or_else(|| {
                wrong("vrf", "须为见证方 VRF 公钥的64位十六进制 (must be a VRF key in hex)")
            })?)
        }
    };
    Ok(Witness { name: name.to_owned(), url: url.trim_end_matches('/').to_owned(), key, vrf })
}

#[cfg(test)]
mod tests {
    use super::super::Sources;

    const VKEY: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    const VRF: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

    fn table(change: impl Fn(&str) -> String) -> String {
        change(&format!(
            "[[witness]]\nname = \"审计厅\"\nurl = \"http://127.0.0.1:1/\"\nvkey = \"{VKEY}\"\nvrf = \"{VRF}\"\n"
        ))
    }

    fn refused(text: &str) -> String {
        Sources::default().toml(text, "c.toml").unwrap_err().setting
    }

    #[test]
    fn a_witness_is_read_from_its_table() {
        let mut sources = Sources::default();
        sources.toml(&table(str::to_owned), "c.toml").unwrap();
        let witnesses = sources.check().unwrap().witnesses;
        assert_eq!(witnesses.len(), 1);
        assert_eq!((witnesses[0].name.as_str(), witnesses[0].url.as_str()), ("审计厅", "http://127.0.0.1:1"));
        assert_eq!(witnesses[0].key.to_string(), VKEY);
        assert_eq!(witnesses[0].vrf.map(|key| crate::codec::to_hex(&key)).as_deref(), Some(VRF));
        assert_eq!(Sources::default().check().unwrap().witnesses, []);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let log_key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        for (from, to, field) in [
            ("name = \"审计厅\"\n", "", "witness[0].name"),
            ("审计厅", " ", "witness[0].name"),
            ("http://127.0.0.1:1/", "https://w.cn", "witness[0].url"),
            (VKEY, log_key, "witness[0].vkey"),
            (VRF, "00", "witness[0].vrf"),
            ("vrf =", "vfr =", "witness[0].vfr"),
            ("name = \"审计厅\"", "name = 1", "witness[0].name"),
        ] {
            assert_eq!(refused(&table(|text| text.replace(from, to))), field, "{to}");
        }
        assert_eq!(refused("witness = \"x\""), "witness");
        let twice = table(|text| format!("{text}{text}"));
        assert_eq!(refused(&twice), "witness[1].vkey");
    }
}
