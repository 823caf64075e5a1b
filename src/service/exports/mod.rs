//! Lists as tables: what a viewer may see in a list, he may take along, and nothing more.
//!
//! The filters are those of the lists. A list of experts names nobody, unless names are asked for with
//! a purpose: then one look is recorded with the number of people, before the table is made. Exports
//! of cases, accounts, packages, draws and looks hold what their lists hold.
//!
//! *Limits:* [`ROWS_MAX`] rows; a longer list is refused (`too_many_rows`), not cut: a cut list looks whole.
//!
//! *Deliberately not here:* the form of the file (`tables`), the exchange format of platforms (`ggzy`).

mod draws;
mod ggzy;
mod looks;

pub use ggzy::{FIELDS as GGZY_FIELDS, Platform};

use super::Service;
use super::actor::{Action, Actor};
use super::cases::{all_rows, scoped};
use super::experts::within;
use super::listing::{Listed, Paging};
use super::refusal::{Kind, Refusal};
use super::scheme_book::Book;
use super::search::{Found, SearchAsked};
use super::tables::{Cell, Table};
use super::units::UnitsAsked;
use crate::codes::{Region, Speciality};
use crate::registry::{StandingKind, TitleLevel};
use crate::store::case::{self, CaseFilter};
use crate::time::{Date, Timestamp};

/// The most rows of an export.
pub const ROWS_MAX: usize = 200_000;

/// Which cases an export takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CasesExported {
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// In this region or a part of it.
    pub region: Option<Region>,
}

impl Service {
    /// Experts of a filter as a table; with `names` the purpose is needed and the look recorded.
    pub fn export_experts(
        &self,
        actor: &Actor,
        asked: &SearchAsked,
        names: bool,
        purpose: Option<&str>,
    ) -> Result<Table, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let found = limited(self.find(actor, asked, names, None, ROWS_MAX + 1)?)?;
        if names || asked.name.is_some() {
            self.record_names(actor, "experts_exported", found.len(), purpose)?;
        }
        let mut table = Table::new("评审专家名单", expert_headings(names));
        let book = self.book()?;
        table.rows = found.into_iter().map(|found| expert_row(&book, found)).collect();
        Ok(table)
    }

    /// Units as a table.
    pub fn export_units(&self, actor: &Actor, region: Option<Region>) -> Result<Table, Refusal> {
        actor.check(Action::ReadRegistry)?;
        let table = Table::new("单位名单", ["统一社会信用代码", "单位名称", "所在地代码", "所在地"]);
        let asked = UnitsAsked { region, ..UnitsAsked::default() };
        every_page(
            table,
            |paging| self.units(actor, &asked, paging),
            |unit| {
                let place = place(&unit.region);
                vec![unit.code.into(), unit.name.into(), unit.region.into(), place.into()]
            },
        )
    }

    /// Cases (办件) as a table: what their rows say, no names and no bodies.
    pub fn export_cases(&self, actor: &Actor, asked: &CasesExported) -> Result<Table, Refusal> {
        actor.check(Action::ReadCases)?;
        let filter = CaseFilter {
            kinds: asked.kind.iter().cloned().collect(),
            states: asked.state.iter().cloned().collect(),
            region_prefix: asked.region.map(within),
            ..CaseFilter::default()
        };
        let filter = scoped(actor, filter);
        let rows = self.store.read(|conn| {
            if case::count(conn, &filter)? > ROWS_MAX as u64 {
                return Err(too_many());
            }
            Ok(all_rows(conn, &filter)?)
        })?;
        let headings = [
            "办件编号",
            "类型",
            "类型名称",
            "状态",
            "对象",
            "区域代码",
            "区域",
            "上级办件",
            "期限",
            "建立时间",
            "更新时间",
        ];
        let mut table = Table::new("办件清单", headings);
        let titles = crate::registry::lifecycle::all();
        // A list that somebody saved for themselves is nobody else's business.
        let own = |row: &case::CaseRow| {
            row.kind != crate::registry::saved_list::SAVED_LIST.name
                || row.owner.as_deref() == Some(actor.account.as_str())
        };
        for row in rows.into_iter().filter(own) {
            let title = titles.iter().find(|known| known.name == row.kind).map_or("", |known| known.title_zh);
            let region = row.region.unwrap_or_default();
            table.push(vec![
                row.id.into(),
                row.kind.into(),
                title.into(),
                row.state.into(),
                row.subject.unwrap_or_default().into(),
                region.as_str().into(),
                place(&region).into(),
                row.parent.unwrap_or_default().into(),
                row.due.map(moment).unwrap_or_default(),
                moment(row.created),
                moment(row.updated),
            ]);
        }
        Ok(table)
    }

    /// Accounts as a table.
    pub fn export_accounts(&self, actor: &Actor) -> Result<Table, Refusal> {
        actor.check(Action::KeepAccounts)?;
        let headings = ["账号", "角色", "使用者", "单位代码", "建立时间", "失效时间", "吊销时间"];
        every_page(
            Table::new("账号清单", headings),
            |paging| self.accounts(actor, paging),
            |account| {
                vec![
                    account.id.into(),
                    account.role.into(),
                    account.name.into(),
                    account.unit.unwrap_or_default().into(),
                    moment(account.created.0),
                    moment(account.expires.0),
                    account.revoked.map(|time| moment(time.0)).unwrap_or_default(),
                ]
            },
        )
    }
}

/// A table with a row for each item of a list, page after page.
fn every_page<T>(
    mut table: Table,
    page: impl Fn(&Paging) -> Result<Listed<T>, Refusal>,
    row: impl Fn(T) -> Vec<Cell>,
) -> Result<Table, Refusal> {
    let mut paging = Paging { limit: 200, after: None };
    loop {
        let listed = page(&paging)?;
        listed.items.into_iter().for_each(|item| table.push(row(item)));
        if table.rows.len() > ROWS_MAX {
            return Err(too_many());
        }
        let Some(next) = listed.next else { return Ok(table) };
        paging.after = Some(next);
    }
}

fn expert_headings(names: bool) -> impl Iterator<Item = &'static str> {
    let rest = [
        "状态",
        "今日状态",
        "职称级别",
        "主评审区域代码",
        "主评审区域",
        "评审区域",
        "专业代码",
        "专业名称",
        "工作单位代码",
        "聘期起",
        "聘期止",
    ];
    ["专家编号"].into_iter().chain(names.then_some("姓名")).chain(rest)
}

fn expert_row(book: &Book, found: Found) -> Vec<Cell> {
    let level = TitleLevel::parse(found.title_level).map_or("", TitleLevel::title_zh);
    let standing = |word: &str| Cell::from(StandingKind::parse(word).map_or("", StandingKind::title_zh));
    let specialities = found.specialities.iter().filter_map(|code| Speciality::parse(code).ok());
    let names: Vec<String> =
        specialities.filter_map(|speciality| book.name(&speciality).map(str::to_owned)).collect();
    let mut row = vec![Cell::from(found.number)];
    row.extend(found.name.map(Cell::from));
    row.extend([
        standing(found.standing),
        standing(found.standing_today),
        level.into(),
        found.region.as_str().into(),
        place(&found.region).into(),
        found.regions.join("；").into(),
        found.specialities.join("；").into(),
        names.join("；").into(),
        found.unit.unwrap_or_default().into(),
        found.term_from.into(),
        found.term_to.into(),
    ]);
    row
}

fn limited<T>(rows: Vec<T>) -> Result<Vec<T>, Refusal> {
    if rows.len() > ROWS_MAX { Err(too_many()) } else { Ok(rows) }
}

fn too_many() -> Refusal {
    let zh = format!("导出不得超过 {ROWS_MAX} 行，请缩小范围");
    let en = format!("an export has at most {ROWS_MAX} rows: narrow it down");
    Refusal::new(Kind::Invalid, "too_many_rows", zh, en)
}

fn place(code: &str) -> String {
    Region::parse(code).map(|region| region.full_name()).unwrap_or_default()
}

/// A time as readers in China write it: day and time of day at UTC+8.
fn moment(seconds: i64) -> Cell {
    let of_day = (seconds + 8 * 3600).rem_euclid(86_400);
    let (hour, minute) = (of_day / 3600, of_day / 60 % 60);
    Cell::text(format!("{} {hour:02}:{minute:02}", Date::of(Timestamp(seconds))))
}
