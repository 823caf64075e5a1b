//! The record of a draw on paper (抽取记录表): one page of A4 with a QR code of the newest log entry, from what
//! a view of the draw shows. Chinese first; the HTML page beside it says the same.

use std::collections::BTreeMap;

use super::draws::{DrawView, state};
use crate::codes::Region;
use crate::paper::{Cell, PaperError, Part, Sheet, pdf as write};
use crate::rules::Rule;
use crate::time::Timestamp;

/// The page as a PDF file. `mark` is what the QR code says.
pub fn pdf(
    draw: &DrawView,
    names: &BTreeMap<String, String>,
    mark: Option<&str>,
) -> Result<Vec<u8>, PaperError> {
    write(&sheet(draw, names, mark))
}

fn sheet(draw: &DrawView, names: &BTreeMap<String, String>, mark: Option<&str>) -> Sheet {
    let mut parts = vec![facts(draw), groups(draw, names)];
    parts.extend(seats(draw));
    parts.push(Part::Text(strength(draw)));
    let beside = mark.map_or_else(Vec::new, |mark| {
        let (entry, leaf) = mark.split_once(' ').unwrap_or((mark, ""));
        vec![
            "二维码为本次抽取最近一条日志条目：日志名称#序号 与条目哈希（SHA-256）。".to_owned(),
            entry.to_owned(),
            leaf.to_owned(),
            "核对：在 /api/v1/log/proofs/序号 取得条目与包含证明，哈希应一致。".to_owned(),
            "The QR code names the newest log entry of this draw and its leaf hash.".to_owned(),
        ]
    });
    Sheet {
        title: "政府采购评审专家抽取记录表".to_owned(),
        code: mark.map(str::to_owned),
        beside_code: beside,
        parts,
    }
}

fn facts(draw: &DrawView) -> Part {
    let four =
        |a: &str, b: String, c: &str, d: String| vec![Cell::head(a), Cell::of(b), Cell::head(c), Cell::of(d)];
    let wide = |a: &str, b: String| vec![Cell::head(a), Cell::over(b, 3)];
    let mut rows = vec![
        four("抽取编号", draw.id.clone(), "状态", state_zh(&draw.state).to_owned()),
        four("采购计划", draw.numbers.0.clone(), "包号", draw.numbers.1.clone()),
        four("评审开始", china_time(draw.review_start), "第几次抽取", draw.attempt.to_string()),
    ];
    if let Some((alpha, index)) = &draw.commitment {
        let size = draw.pool_size.unwrap_or_default().to_string();
        rows.push(four("承诺（日志序号）", index.to_string(), "候选人数", size));
        rows.push(wide("抽取标识 alpha", alpha.to_hex()));
    }
    if let Some((index, seed)) = &draw.drawn {
        let announced = draw.announcement.clone().unwrap_or_else(|| "—".to_owned());
        rows.push(four("结果（日志序号）", index.to_string(), "公告编号", announced));
        rows.push(wide("种子", seed.to_hex()));
    }
    if let Some(excluded) = &draw.excluded {
        let of = |(rule, count): (&String, &u32)| format!("{}：{count}人", rule_zh(rule));
        let all: Vec<String> = excluded.iter().map(of).collect();
        rows.push(wide("按规则排除", if all.is_empty() { "无".to_owned() } else { all.join("；") }));
    }
    Part::Table { columns: vec![4, 8, 4, 6], rows }
}

fn groups(draw: &DrawView, names: &BTreeMap<String, String>) -> Part {
    let mut rows = vec![["组", "专业", "区域", "除外", "席位", "场所"].map(Cell::head).to_vec()];
    for group in &draw.groups {
        let asked = &group.request;
        let speciality = match names.get(&asked.speciality) {
            Some(name) => format!("{name} {}", asked.speciality),
            None => asked.speciality.clone(),
        };
        rows.push(vec![
            Cell::of(group.group.to_string()),
            Cell::of(speciality),
            Cell::of(regions_zh(&asked.within)),
            Cell::of(regions_zh(&asked.except)),
            Cell::of(asked.seats.to_string()),
            Cell::of(asked.site.to_string()),
        ]);
    }
    Part::Table { columns: vec![2, 8, 7, 5, 2, 2], rows }
}

fn seats(draw: &DrawView) -> Option<Part> {
    if draw.seats.is_empty() {
        return None;
    }
    let mut rows = vec![["顺位", "组", "候选池位置", "姓名", "签字"].map(Cell::head).to_vec()];
    for (rank, seat) in draw.seats.iter().enumerate() {
        rows.push(vec![
            Cell::of((rank + 1).to_string()),
            Cell::of(seat.group.to_string()),
            Cell::of(seat.position.to_string()),
            Cell::of(seat.name.clone().unwrap_or_else(|| "（公告前保密）".to_owned())),
            Cell::of(""),
        ]);
    }
    for name in &draw.self_selected {
        let cells = ["—", "—", "自行选定", name, ""];
        rows.push(cells.map(|text| Cell::of(text.to_owned())).to_vec());
    }
    Some(Part::Table { columns: vec![2, 2, 4, 6, 6], rows })
}

fn strength(draw: &DrawView) -> String {
    let forced = if draw.forced_seats_accepted {
        "本次抽取存在必选席位，已由财政部门确认。"
    } else {
        ""
    };
    format!(
        "{forced}保证等级：{}。operator 级只有运营方贡献随机：结果由承诺唯一确定、事后不可更改，但运营方在承诺时可能已知结果。\
         核验：下载证据文件，运行 expert-draw-verify 证据文件 --policy trust.policy。",
        draw.level.unwrap_or("—")
    )
}

/// The state in Chinese.
fn state_zh(word: &str) -> &str {
    match word {
        state::PLANNED => "待确认必选席位",
        state::COMMITTED => "已承诺",
        state::DRAWN => "已抽取（未公开）",
        state::CALLING => "邀请中",
        state::FILLED => "已补齐",
        state::IN_REVIEW => "评审中",
        state::REVIEWED => "已评审（未公开）",
        state::STOPPED => "已终止",
        state::UNSEALED => "已公开",
        state::VOIDED => "已作废",
        state::WITHDRAWN => "已撤回",
        other => other,
    }
}

/// A rule's Chinese title; the name of one that this version does not know.
fn rule_zh(name: &str) -> &str {
    Rule::parse(name).map_or(name, |rule| rule.title_zh())
}

fn regions_zh(codes: &[String]) -> String {
    let region = |code: &String| Region::parse(code).map_or_else(|_| code.clone(), |known| known.full_name());
    codes.iter().map(region).collect::<Vec<String>>().join("、")
}

/// Paper is read in China: the time at UTC+8, to the minute.
fn china_time(moment: Timestamp) -> String {
    let shifted = Timestamp(moment.0 + 8 * 3_600).to_string();
    let minutes = shifted.get(..16).unwrap_or(&shifted).replace('T', " ");
    format!("{minutes}（北京时间）")
}
