//! The record of a draw on one printable page (A4), Chinese first.
//!
//! It shows what the account may see and no more, names the level honestly, and says how to check.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, html};

use crate::codes::Region;
use crate::rules::Rule;
use crate::service::draws::{DrawView, state};
use crate::time::Timestamp;

const STYLE: &str = "@page{size:A4;margin:16mm}body{font:14px/1.5 serif;max-width:46em;margin:1em auto;color:#111}\
h1{font-size:20px;text-align:center}table{border-collapse:collapse;width:100%;margin:.6em 0}\
th,td{border:1px solid #777;padding:3px 6px;text-align:left;vertical-align:top}th{background:#f2f2f2;font-weight:600}\
code{font-size:11px;word-break:break-all}small{color:#444}";

/// The page.
pub fn page(draw: &DrawView, names: &BTreeMap<String, String>) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head { meta charset="utf-8"; title { "抽取记录 " (draw.id) } style { (STYLE) } }
            body {
                h1 { "政府采购评审专家抽取记录" }
                (facts(draw))
                (groups(draw, names))
                (seats(draw))
                (strength(draw))
            }
        }
    };
    markup.into_string()
}

fn facts(draw: &DrawView) -> Markup {
    html! {
        table {
            tr { th { "抽取编号" } td { (draw.id) } th { "状态" } td { (state_zh(&draw.state)) } }
            tr { th { "采购计划" } td { (draw.numbers.0) } th { "包号" } td { (draw.numbers.1) } }
            tr { th { "评审开始" } td { (china_time(draw.review_start)) } th { "第几次抽取" } td { (draw.attempt) } }
            @if let Some((alpha, index)) = &draw.commitment {
                tr { th { "承诺（日志序号）" } td { (index) } th { "候选人数" } td { (draw.pool_size.unwrap_or_default()) } }
                tr { th { "抽取标识 alpha" } td colspan="3" { code { (alpha) } } }
            }
            @if let Some((index, seed)) = &draw.drawn {
                tr { th { "结果（日志序号）" } td { (index) } th { "公告编号" } td { (draw.announcement.as_deref().unwrap_or("—")) } }
                tr { th { "种子" } td colspan="3" { code { (seed) } } }
            }
            @if let Some(excluded) = &draw.excluded {
                tr { th { "按规则排除" } td colspan="3" {
                    @for (rule, count) in excluded { (rule_zh(rule)) "：" (count) "人　" }
                    @if excluded.is_empty() { "无" }
                } }
            }
        }
    }
}

fn groups(draw: &DrawView, names: &BTreeMap<String, String>) -> Markup {
    html! {
        table {
            tr { th { "组" } th { "专业" } th { "区域" } th { "除外" } th { "席位" } th { "场所" } }
            @for group in &draw.groups {
                tr {
                    td { (group.group) } td { (speciality_zh(&group.request.speciality, names)) }
                    td { (regions_zh(&group.request.within)) } td { (regions_zh(&group.request.except)) }
                    td { (group.request.seats) } td { (group.request.site) }
                }
            }
        }
    }
}

fn seats(draw: &DrawView) -> Markup {
    html! {
        @if !draw.seats.is_empty() {
            table {
                tr { th { "顺位" } th { "组" } th { "候选池位置" } th { "姓名" } }
                @for (rank, seat) in draw.seats.iter().enumerate() {
                    tr {
                        td { (rank + 1) } td { (seat.group) } td { (seat.position) }
                        td { (seat.name.as_deref().unwrap_or("（公告前保密）")) }
                    }
                }
                @for name in &draw.self_selected {
                    tr { td { "—" } td { "—" } td { "自行选定" } td { (name) } }
                }
            }
        }
    }
}

fn strength(draw: &DrawView) -> Markup {
    html! {
        p {
            @if draw.forced_seats_accepted { "本次抽取存在必选席位，已由财政部门确认。" }
            "保证等级：" (draw.level.unwrap_or("—")) "。"
            "operator 级只有运营方贡献随机：结果由承诺唯一确定、事后不可更改，但运营方在承诺时可能已知结果。"
        }
        p { small {
            "核验：下载证据文件，运行 expert-draw-verify 证据文件 --policy trust.policy。"
            "Level operator: only the operator contributed; the result follows from its commitment, which the operator could have chosen."
        } }
    }
}

fn state_zh(word: &str) -> &str {
    match word {
        state::PLANNED => "待确认必选席位",
        state::COMMITTED => "已承诺",
        state::DRAWN => "已抽取（未公开）",
        state::CALLING => "通知中（未公开）",
        state::FILLED => "席位已确认（未公开）",
        state::IN_REVIEW => "评审中（未公开）",
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

/// Name and code; the code alone where no loaded scheme has it.
fn speciality_zh(code: &str, names: &BTreeMap<String, String>) -> String {
    names.get(code).map_or_else(|| code.to_owned(), |name| format!("{name} {code}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_times_are_written_as_a_clerk_reads_them() {
        assert_eq!(
            china_time(Timestamp::parse("2026-11-27T01:30:00Z").unwrap()),
            "2026-11-27 09:30（北京时间）"
        );
        let names = BTreeMap::from([("ndrc316:C06".to_owned(), "法律".to_owned())]);
        assert_eq!(speciality_zh("ndrc316:C06", &names), "法律 ndrc316:C06");
        assert_eq!(speciality_zh("ndrc316:Z", &names), "ndrc316:Z");
        assert!(regions_zh(&["430600".to_owned()]).contains("岳阳"));
        assert_eq!(rule_zh("unheard_of"), "unheard_of");
        assert_ne!(rule_zh("age_limit"), "age_limit");
    }
}
