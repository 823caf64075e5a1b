//! Experts in the fields of 公共资源交易平台系统数据规范 V2.0 (发改办法规〔2018〕1156号), record `GgzyExpert`.
//!
//! The original tables were not at hand. The fields are those that domain.md 4.1 gives, from an article
//! by the standard's author and from code built on it [C2]: a secondary source, some of it of the
//! time of V1. [`FIELDS`] says of every field where it rests and how it is filled; the workbook carries the
//! same as its second sheet, so that a receiver can object.
//!
//! `expertNum` has 17 characters there: 10 of the platform, 1 of the library, 6 of a serial number. Our
//! numbers are random; the serial number is the place in the order of registration, which never changes.
//!
//! *Invariant:* nearly all of it is sealed: the purpose is needed and the look recorded before the table
//! is made.

use super::super::Service;
use super::super::actor::{Action, Actor};
use super::super::refusal::{Kind, Refusal};
use super::super::search::SearchAsked;
use super::super::tables::{Cell, Table};
use super::{limited, too_many};
use crate::registry::{Expert, TitleLevel};
use crate::time::Date;

/// Where a field rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The standard's author in a published article, or code built on the standard [C2].
    Secondary,
    /// As [`Basis::Secondary`], from the time of V1.
    FirstVersion,
}

impl Basis {
    fn zh(self) -> &'static str {
        match self {
            Self::Secondary => "二手资料（C2），未与原文核对",
            Self::FirstVersion => "二手资料（C2），V1 时期，未与原文核对",
        }
    }
}

/// The fields: name, Chinese name, basis, how it is filled.
pub const FIELDS: [(&str, &str, Basis, &str); 19] = {
    use Basis::{FirstVersion, Secondary};
    [
        ("expertNum", "专家编号", Secondary, "平台代码 10 位 + 库号 1 位 + 登记次序 6 位"),
        ("name", "姓名", Secondary, "登记"),
        ("sex", "性别", Secondary, "GB/T 2261.1，由证件得出"),
        ("idType", "证件类型", Secondary, "GA/T 517，111 为居民身份证"),
        ("idCode", "证件号码", Secondary, "登记"),
        ("birthday", "出生日期", Secondary, "YYYYMMDD，由证件得出"),
        ("adminArea", "行政区域", Secondary, "主评审区域，GB/T 2260"),
        ("finallyCollege", "最后毕业院校", Secondary, "最近一项学历"),
        ("topQualification", "最高学历", Secondary, "GB/T 4658 中数字最小者"),
        ("tel", "联系电话", Secondary, "登记"),
        ("contactAddress", "通信地址", Secondary, "登记"),
        ("zipCode", "邮政编码", Secondary, "不登记，留空"),
        ("unitsName", "工作单位", Secondary, "现工作单位"),
        ("workStatus", "是否在职", Secondary, "1 在职，0 退休或自由职业，未登记留空"),
        ("job", "职务", Secondary, "不登记，留空"),
        ("workResume", "工作简历", Secondary, "单位代码与起止日期"),
        ("majorType", "专业类别", Secondary, "评审专业，分类标准:代码"),
        ("technicalTitles", "技术职称", Secondary, "登记的职称；未登记名称时为级别"),
        ("entirePeriod", "从业年限", FirstVersion, "整年数，截至导出日"),
    ]
};

/// Who exports: the first 11 characters of every `expertNum`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform(String);

impl Platform {
    /// 10 characters of a platform's code and 1 of a library's number, digits and capital letters.
    pub fn new(code: &str, library: &str) -> Option<Self> {
        let sound = |text: &str, length| {
            text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        };
        (sound(code, 10) && sound(library, 1)).then(|| Self(format!("{code}{library}")))
    }
}

impl Service {
    /// Experts of a filter in the fields of V2.0, and what each field rests on.
    pub fn export_ggzy(
        &self,
        actor: &Actor,
        platform: &Platform,
        asked: &SearchAsked,
        purpose: Option<&str>,
    ) -> Result<[Table; 2], Refusal> {
        actor.check(Action::ReadRegistry)?;
        let found = limited(self.find(actor, asked, false, None, super::ROWS_MAX + 1)?)?;
        self.record_names(actor, "ggzy_v2_exported", found.len(), purpose)?;
        let today = Date::of(self.clock.now());
        let mut table = Table::new("GgzyExpert", FIELDS.iter().map(|(field, ..)| *field));
        let index = self.current_index()?;
        for one in found {
            // Between the two readings somebody may have been erased: then they are left out.
            let Some(slot) = index.slot_of(&one.number) else { continue };
            let Some(indexed) = index.slot(slot) else { continue };
            table.push(row(platform, slot, &indexed.expert, today)?);
        }
        if table.rows.len() > super::ROWS_MAX {
            return Err(too_many());
        }
        let mut basis = Table::new("字段说明", ["字段", "名称", "依据", "填写方法"]);
        for (field, name, from, how) in FIELDS {
            basis.push(vec![field.into(), name.into(), from.zh().into(), how.into()]);
        }
        Ok([table, basis])
    }
}

fn row(platform: &Platform, slot: u32, expert: &Expert, today: Date) -> Result<Vec<Cell>, Refusal> {
    let serial = slot + 1;
    if serial > 999_999 {
        let (zh, en) = (
            "专家编号的序号只有 6 位，本库人数已超过",
            "a serial number has 6 digits, and this registry has more people",
        );
        return Err(Refusal::new(Kind::Invalid, "serial_too_long", zh, en));
    }
    let particulars = expert.particulars();
    let compact = |day: Date| day.to_string().replace('-', "");
    let last = particulars.educations.iter().max_by_key(|education| education.date);
    let top = particulars.educations.iter().map(|education| education.level.as_str()).min();
    let working = particulars.work_status.map(|status| if status.as_str() == "employed" { "1" } else { "0" });
    let resume = expert.past().iter().map(|past| {
        let name = past.name.as_deref().unwrap_or_default();
        format!("{}{name} {}–{}", past.unit.as_str(), past.from, past.to)
    });
    let titles: Vec<&str> = particulars.titles.iter().map(|title| title.name.as_str()).collect();
    let level = if expert.title_level() == TitleLevel::None { "" } else { expert.title_level().title_zh() };
    let mut majors: Vec<String> = expert.specialities().iter().map(ToString::to_string).collect();
    majors.sort();
    Ok(vec![
        format!("{}{serial:06}", platform.0).into(),
        expert.name().into(),
        expert.sex().code().to_string().into(),
        expert.id_kind().into(),
        expert.id_number().into(),
        compact(expert.birth()).into(),
        expert.regions().first().map_or(Cell::Empty, |region| region.as_str().into()),
        last.and_then(|education| education.school.as_deref()).unwrap_or_default().into(),
        top.unwrap_or_default().into(),
        expert.phone().into(),
        particulars.address.as_deref().unwrap_or_default().into(),
        Cell::Empty,
        expert.unit().map_or("", |employment| employment.name.as_str()).into(),
        working.unwrap_or_default().into(),
        Cell::Empty,
        resume.collect::<Vec<_>>().join("；").into(),
        majors.join("；").into(),
        if titles.is_empty() { level.into() } else { titles.join("；").into() },
        Cell::Number(i64::from(expert.field_since().age_on(today))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_has_ten_characters_and_a_library_one() {
        assert!(Platform::new("430000A001", "1").is_some());
        for (code, library) in
            [("430000A00", "1"), ("430000a001", "1"), ("430000A001", ""), ("430000A001", "12")]
        {
            assert_eq!(Platform::new(code, library), None);
        }
    }
}
