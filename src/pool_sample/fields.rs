//! The fields of work in the sample: how common, what their employers are called, which
//! specialities of 发改法规〔2018〕316号 their experts claim.

use super::dice::Dice;
use crate::codes::Speciality;

/// A field of work.
pub(super) struct Field {
    /// What stands behind city and proper name: `信息技术有限公司`.
    pub kinds: &'static [&'static str],
    /// Codes without scheme, by weight.
    specialities: &'static [(&'static str, u32)],
}

impl Field {
    /// One to three different specialities, none of them above another, joined by `;`.
    pub fn specialities(&self, dice: &mut Dice) -> String {
        let wanted = 1 + usize::from(dice.percent(55)) + usize::from(dice.percent(20));
        let mut chosen: Vec<Speciality> = Vec::new();
        // A few throws more than wanted, as some will repeat.
        for _ in 0..8 {
            let written = format!("ndrc316:{}", dice.weighted(self.specialities));
            let next = Speciality::parse(&written).expect("a test reads every code of this file");
            if chosen.len() < wanted && !chosen.iter().any(|have| have.covers(&next) || next.covers(have)) {
                chosen.push(next);
            }
        }
        let written: Vec<&str> = chosen.iter().map(Speciality::as_str).collect();
        written.join(";")
    }
}

/// An index into [`FIELDS`] by how common the field is.
pub(super) fn any_field(dice: &mut Dice) -> usize {
    *dice.weighted(&WEIGHTS)
}

const WEIGHTS: [(usize, u32); FIELDS.len()] =
    [(0, 32), (1, 15), (2, 14), (3, 10), (4, 9), (5, 8), (6, 6), (7, 6), (8, 5)];

/// Index of computing in [`FIELDS`].
pub(super) const COMPUTING: usize = 0;
/// Index of law in [`FIELDS`].
pub(super) const LAW: usize = 1;

/// All fields; the comment names each.
pub(super) const FIELDS: [Field; 9] = [
    // computing
    Field {
        kinds: &[
            "信息技术有限公司",
            "软件有限公司",
            "网络科技有限公司",
            "数据科技股份有限公司",
            "智能科技有限公司",
            "信息工程研究院",
        ],
        specialities: &[
            ("A0832", 30),
            ("A083203", 25),
            ("A083204", 15),
            ("B0132", 12),
            ("B0133", 15),
            ("C0705", 12),
            ("A0822", 6),
        ],
    },
    // law
    Field {
        kinds: &["律师事务所", "法律咨询有限公司", "法学研究所"],
        specialities: &[
            ("C0602", 30),
            ("C0603", 20),
            ("C0604", 20),
            ("C0606", 12),
            ("C0605", 6),
            ("C0601", 3),
        ],
    },
    // building
    Field {
        kinds: &[
            "建筑设计院有限公司",
            "工程咨询有限公司",
            "建设集团有限公司",
            "工程监理有限公司",
            "工程造价咨询有限公司",
        ],
        specialities: &[
            ("A0401", 14),
            ("A0402", 10),
            ("A0501", 12),
            ("A0502", 8),
            ("A0801", 16),
            ("A0802", 12),
            ("A0830", 5),
            ("A0601", 14),
            ("A0602", 10),
            ("A0701", 6),
            ("A0201", 8),
        ],
    },
    // medicine
    Field {
        kinds: &["医院", "中医医院", "妇幼保健院", "疾病防治研究所"],
        specialities: &[
            ("B0148", 25),
            ("B0201", 12),
            ("B0202", 10),
            ("B0801", 10),
            ("B0802", 8),
            ("B0811", 6),
            ("B0816", 10),
            ("B0817", 8),
            ("B0818", 8),
            ("B0819", 12),
        ],
    },
    // accounts and economy
    Field {
        kinds: &["会计师事务所", "资产评估有限公司", "财务咨询有限公司"],
        specialities: &[
            ("C0502", 25),
            ("C0310", 20),
            ("C0309", 12),
            ("C0402", 16),
            ("C0403", 12),
            ("C0312", 6),
        ],
    },
    // schools
    Field {
        kinds: &["大学", "理工学院", "职业技术学院", "师范学院"],
        specialities: &[
            ("A0832", 14),
            ("A083203", 8),
            ("B0132", 10),
            ("B0139", 20),
            ("C0401", 10),
            ("C0404", 8),
            ("C0602", 4),
            ("C1101", 12),
            ("C1205", 14),
        ],
    },
    // machines
    Field {
        kinds: &["机电设备有限公司", "电气股份有限公司", "装备制造有限公司"],
        specialities: &[
            ("B0131", 16),
            ("B0119", 10),
            ("B0125", 12),
            ("B0113", 10),
            ("B0136", 6),
            ("B0140", 14),
        ],
    },
    // water and environment
    Field {
        kinds: &["环境工程有限公司", "水利勘测设计院", "生态环境监测有限公司"],
        specialities: &[
            ("A0901", 18),
            ("A0408", 12),
            ("A0808", 12),
            ("B0134", 12),
            ("C0113", 14),
            ("C0706", 8),
        ],
    },
    // services
    Field {
        kinds: &["物业管理有限公司", "文化传播有限公司", "人力资源服务有限公司"],
        specialities: &[
            ("C0410", 18),
            ("C1210", 14),
            ("C1202", 8),
            ("C1203", 10),
            ("C0404", 10),
            ("C1206", 8),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_the_table_of_its_scheme() {
        for field in &FIELDS {
            for (code, _) in field.specialities {
                Speciality::parse(&format!("ndrc316:{code}")).unwrap();
            }
        }
    }

    #[test]
    fn the_weights_name_each_field_once() {
        let named: Vec<usize> = WEIGHTS.iter().map(|(field, _)| *field).collect();
        assert_eq!(named, (0..FIELDS.len()).collect::<Vec<_>>());
    }
}
