//! Packages and draws as tables: what their lists hold, an agency's own only, and no names.

use super::{every_page, moment};
use crate::service::Service;
use crate::service::actor::Actor;
use crate::service::packages::PackagesAsked;
use crate::service::refusal::Refusal;
use crate::service::tables::{Cell, Table};

impl Service {
    /// Packages (包).
    pub fn export_packages(&self, actor: &Actor) -> Result<Table, Refusal> {
        let headings = ["包编号", "采购计划号", "包号", "采购代理机构代码", "采购人代码", "状态", "建立时间"];
        every_page(
            Table::new("包清单", headings),
            |paging| self.packages(actor, &PackagesAsked::default(), paging),
            |package| {
                vec![
                    package.id.into(),
                    package.plan_no.into(),
                    package.package_no.into(),
                    package.agency.into(),
                    package.purchaser.into(),
                    package.state.into(),
                    moment(package.created.0),
                ]
            },
        )
    }

    /// Draws (抽取).
    pub fn export_draws(&self, actor: &Actor) -> Result<Table, Refusal> {
        let headings = ["抽取编号", "包编号", "第几次抽取", "状态", "承诺的日志条目", "建立时间"];
        every_page(
            Table::new("抽取清单", headings),
            |paging| self.draws(actor, None, None, paging),
            |draw| {
                vec![
                    draw.id.into(),
                    draw.package.into(),
                    // A plan that was given up has no place in the count of attempts.
                    if draw.attempt > 0 { Cell::Number(draw.attempt) } else { Cell::Empty },
                    draw.state.into(),
                    draw.committed.map(Cell::Number).unwrap_or_default(),
                    moment(draw.created.0),
                ]
            },
        )
    }
}
