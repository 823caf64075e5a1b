//! The ledger of looks as a table: who looked at what, when and why.
//!
//! What the list shows its reader, and nothing more: a row names the account, never the person looked
//! at beyond the number that the list holds.

use super::{every_page, moment};
use crate::service::Service;
use crate::service::actor::Actor;
use crate::service::look_lists::LooksAsked;
use crate::service::refusal::Refusal;
use crate::service::tables::{Cell, Table};

impl Service {
    /// All looks, or those of one account, newest first.
    pub fn export_looks(&self, actor: &Actor, account: Option<&str>) -> Result<Table, Refusal> {
        let asked = account.map_or(LooksAsked::All, |account| LooksAsked::Account(account.to_owned()));
        let headings = [
            "日志条目",
            "时间",
            "账号",
            "角色",
            "机构",
            "查看的内容",
            "对象",
            "目的",
            "一日内多次查看同类专家",
        ];
        every_page(
            Table::new("查看记录", headings),
            |paging| self.looks(actor, &asked, paging),
            |look| {
                vec![
                    Cell::Number(i64::try_from(look.entry).unwrap_or(i64::MAX)),
                    moment(look.time.0),
                    look.account.into(),
                    look.role.into(),
                    look.office.unwrap_or_default().into(),
                    look.what.into(),
                    look.about.into(),
                    look.purpose.into(),
                    if look.many_alike { "是" } else { "" }.into(),
                ]
            },
        )
    }
}
