//! Terms of a profile of version 2: numbers and texts of the process that are no rule's, each with its
//! source and how sure that is.

use crate::codec::{Fields, ShapeError};

use super::super::registry_profile::{Number, Rule as Sourced, Text, read};
use super::contributions::Contributions;

/// The terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// At most so many members of one unit in a panel; stands at the top of the profile too.
    pub unit_cap: Number,
    /// The greatest number of lots of a candidate; at the top too.
    pub lots: Number,
    /// How many beyond the panel are invited (补抽备选); at the top too.
    pub margin: Number,
    /// How long an invitation may be answered, in minutes; at the top too.
    pub window_minutes: Number,
    /// Until how many hours before the review an expert who accepted may ask for leave.
    pub leave_cut_off_hours: Number,
    /// How many minutes after the start somebody may still sign in; 0: not at all.
    pub late_minutes: Number,
    /// Failure of a remote site before the start: after so many hours the purchaser decides.
    pub failure_before_hours: Number,
    /// Failure during the review: repaired within so many hours it goes on.
    pub failure_during_hours: Number,
    /// Counts below this are not told to an agency.
    pub count_floor: Number,
    /// From so many questions about the feasibility of one plan on the bureau is warned.
    pub question_limit: Number,
    /// How many years the files of a draw are kept.
    pub retention_years: Number,
    /// The speciality scheme (分类标准).
    pub scheme: Text,
    /// How the list is worded in the announcement; `{names}` stands for the names.
    pub publication: Text,
    /// The table of fees (评审费); `None`: the profile has none.
    pub fees: Option<Fees>,
    /// Which contributions a draw needs beside the operator's; empty: none.
    pub contributions: Vec<Contributions>,
}

/// A table of fees, in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Up to so many hours …
    pub first_hours: u32,
    /// … the fee is this.
    pub first_fen: u64,
    /// For each further hour begun.
    pub further_hour_fen: u64,
    /// At most so much for one day.
    pub day_cap_fen: u64,
    /// For coming although the review did not take place (误工).
    pub lost_work_fen: u64,
    /// Its source.
    pub rule: Sourced,
}

impl Terms {
    /// The names of the terms that are numbers, with what they mean.
    pub const NUMBERS: [(&str, &str); 11] = [
        ("unit_cap", "同一法人单位专家人数上限"),
        ("lots", "一名专家最多的签数"),
        ("margin", "每轮在席位之外多邀请的人数"),
        ("window_minutes", "邀请的答复时限（分钟）"),
        ("leave_cut_off_hours", "评审前多少小时内不再受理请假"),
        ("late_minutes", "迟到多少分钟内仍可签到"),
        ("failure_before_hours", "开始前故障等待时限（小时）"),
        ("failure_during_hours", "评审中故障修复时限（小时）"),
        ("count_floor", "向代理机构显示的人数下限"),
        ("question_limit", "同一方案可行性询问达到多少次时提示"),
        ("retention_years", "档案保存年限"),
    ];

    /// The number of that name.
    pub fn number(&self, name: &str) -> Option<&Number> {
        Some(match name {
            "unit_cap" => &self.unit_cap,
            "lots" => &self.lots,
            "margin" => &self.margin,
            "window_minutes" => &self.window_minutes,
            "leave_cut_off_hours" => &self.leave_cut_off_hours,
            "late_minutes" => &self.late_minutes,
            "failure_before_hours" => &self.failure_before_hours,
            "failure_during_hours" => &self.failure_during_hours,
            "count_floor" => &self.count_floor,
            "question_limit" => &self.question_limit,
            "retention_years" => &self.retention_years,
            _ => return None,
        })
    }

    /// Reads `terms` and `fees`.
    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        let contributions = Contributions::read_all(f)?;
        let fees = if f.optional("fees").is_some() { Some(f.object("fees", Fees::read)?) } else { None };
        f.object("terms", |f| {
            Ok(Self {
                unit_cap: read::number(f, "unit_cap", 1, 64)?,
                lots: read::number(f, "lots", 1, 8)?,
                margin: read::number(f, "margin", 0, 255)?,
                window_minutes: read::number(f, "window_minutes", 1, 10_080)?,
                leave_cut_off_hours: read::number(f, "leave_cut_off_hours", 0, 720)?,
                late_minutes: read::number(f, "late_minutes", 0, 240)?,
                failure_before_hours: read::number(f, "failure_before_hours", 1, 72)?,
                failure_during_hours: read::number(f, "failure_during_hours", 1, 72)?,
                count_floor: read::number(f, "count_floor", 1, 100)?,
                question_limit: read::number(f, "question_limit", 1, 1_000)?,
                retention_years: read::number(f, "retention_years", 1, 100)?,
                scheme: read::text(f, "scheme")?,
                publication: read::text(f, "publication")?,
                fees,
                contributions,
            })
        })
    }
}

impl Fees {
    fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        Ok(Self {
            first_hours: read::between(f, "first_hours", 1, 24)?,
            first_fen: f.u64("first_fen")?,
            further_hour_fen: f.u64("further_hour_fen")?,
            day_cap_fen: f.u64("day_cap_fen")?,
            lost_work_fen: f.u64("lost_work_fen")?,
            rule: read::rule(f)?,
        })
    }
}
