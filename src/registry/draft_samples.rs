//! Sound drafts for tests; every code is in a range that belongs to nobody (region 990000).
use super::*;
use crate::codes::NationalId;
use crate::time::Timestamp;

/// A credit code made of a serial number.
pub(crate) fn credit_code(serial: u32) -> String {
    let body = format!("91990000{serial:09}");
    format!("{body}{}", CreditCode::check_character(&body).unwrap())
}

/// An id with that birth date, `YYYYMMDD`.
pub(crate) fn id_number(birth: &str) -> String {
    let body = format!("990000{birth}001");
    format!("{body}{}", NationalId::check_character(&body).unwrap())
}

pub(crate) fn draft() -> Draft {
    Draft {
        name: "王小明".into(),
        id_kind: "111".into(),
        id_number: id_number("19700101"),
        phone: "13800000000".into(),
        employments: Some(vec![DraftEmployment {
            unit: credit_code(1),
            name: "岳阳某大学".into(),
            since: "2015-09-01".into(),
        }]),
        past: vec![DraftPast {
            unit: credit_code(2),
            from: "1995-07-01".into(),
            to: "2015-08-31".into(),
            ..DraftPast::default()
        }],
        title_level: "senior".into(),
        field_since: "1995-07-01".into(),
        specialities: vec!["ndrc316:A0832".into(), "ndrc316:C0602".into()],
        regions: vec!["430600".into(), "430100".into()],
        declared_units: vec![credit_code(3)],
        term_from: "2025-01-01".into(),
        term_to: "2027-12-31".into(),
        ..Draft::default()
    }
}

/// The sample with every further fact given.
pub(crate) fn full_draft() -> Draft {
    let text = str::to_owned;
    Draft {
        further_phones: vec![text("0730-8888888")],
        mail: text("wang@example.cn"),
        address: text("岳阳市岳阳楼区某路1号"),
        work_status: text("employed"),
        educations: vec![DraftEducation {
            code: text("14"),
            school: text("某大学"),
            degree: text("工学硕士"),
            date: text("1995-06-30"),
        }],
        titles: vec![
            DraftTitle {
                code: text("081"),
                name: text("正高级工程师"),
                level: text("senior"),
                date: text("2012-12-01"),
                issuer: text("湖南省人社厅"),
            },
            DraftTitle { name: text("工程师"), level: text("intermediate"), ..DraftTitle::default() },
        ],
        equal_level: Some(DraftEqualLevel { text: text("省级科技奖"), evidence: vec!["a".repeat(64)] }),
        certificates: vec![DraftCertificate {
            name: text("一级建造师"),
            number: text("X-1"),
            issued: text("2020-01-01"),
            valid_to: text("2029-12-31"),
        }],
        claims: vec![
            DraftClaim {
                speciality: text("ndrc316:C0602"),
                evidence: vec![text("学位证")],
                decision: text("approved"),
                decided: text("2025-01-01"),
                reason: String::new(),
            },
            DraftClaim {
                speciality: text("ndrc316:A0801"),
                decision: text("pending"),
                ..DraftClaim::default()
            },
        ],
        relatives: vec![DraftRelative {
            relation: text("spouse"),
            name: text("李某"),
            units: vec![credit_code(5)],
        }],
        e_evaluation: text("yes"),
        trainings: vec![DraftTraining { name: text("普法培训"), date: text("2025-03-01") }],
        relaxation: Some(DraftRelaxation {
            reason: text("紧缺专业"),
            approved_by: text("p0123456789abcdef"),
            specialities: vec![text("ndrc316:C0602")],
        }),
        documents: vec![DraftDocument { kind: text("photo"), digest: "b".repeat(64), name: text("照片") }],
        leaves: vec![Leave { from: Timestamp(1_800_000_000), to: Timestamp(1_800_086_400) }],
        pending_units: vec![credit_code(6)],
        confirmed: text("2026-03-01"),
        appointment: Some(DraftAppointment { number: text("聘2025-1"), issued: text("2025-01-01") }),
        ..draft()
    }
}
