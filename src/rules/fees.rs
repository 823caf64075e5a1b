//! What a member of a panel is paid (评审劳务报酬), and what travel is reimbursed (财库〔2016〕198号 arts 23–26).
//!
//! A **fee table** is a dated file of one region: who first sits pays so much, each further unit of time so
//! much, a day at most so much, and somebody who came and was not needed so much (误工补助). Every
//! number names its source and how sure that is. Money is whole 分, time whole seconds.
//!
//! *Invariants:* who left early or was in breach gets neither fee nor travel (art 26); a social agency
//! never pays (art 23); travel is for another city only and against vouchers (art 25).
//!
//! *Deliberately not here:* which table is in force where (`service::fees`), taxes, payment itself.

use std::collections::BTreeMap;

use super::profile::Profile;
use super::registry_profile::{Mark, Number, Rule};
use crate::codec::{Fields, Json, ShapeError, object};
use crate::codes::Region;
use crate::time::{Date, Timestamp};

/// The largest file of a fee table, in bytes.
pub const FEE_TABLE_LIMIT: usize = 64 << 10;
/// The most that one number of a table may be: 10,000 元.
const FEN_MAX: u32 = 1_000_000;
/// The most vouchers of one claim.
pub const VOUCHERS_MAX: usize = 64;
/// The largest voucher: 100,000 元.
pub const VOUCHER_FEN_MAX: u64 = 10_000_000;
/// The tables that come with the product, by name.
const EMBEDDED: [(&str, &str); 1] = [("fees-shandong", include_str!("data/fees-shandong.json"))];

/// The fee table of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeTable {
    /// Its name, `[a-z0-9-]{1,64}`.
    pub name: String,
    /// Where it holds: this region and all within it that have none of their own.
    pub region: Region,
    /// From this China day on.
    pub valid_from: Date,
    /// Minutes that the first amount covers.
    pub first_minutes: Number,
    /// For them, 分.
    pub first_fen: Number,
    /// Minutes of a further unit.
    pub further_minutes: Number,
    /// For each, 分.
    pub further_fen: Number,
    /// The most of one day, 分; 0: no cap.
    pub day_cap_fen: Number,
    /// For who came in time and was not needed (误工补助), 分.
    pub waiting_fen: Number,
    /// Whether a unit that has begun counts whole.
    pub begun_counts: bool,
    /// Where that comes from.
    pub begun_rule: Rule,
}

impl FeeTable {
    /// Reads a table; unknown fields are refused.
    ///
    /// # Errors
    /// The place and the rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, ShapeError> {
        let json = Json::parse(bytes, FEE_TABLE_LIMIT).map_err(|e| ShapeError::new("", e.to_string()))?;
        object(&json, "", Self::read)
    }

    /// A table that comes with the product.
    pub fn embedded(name: &str) -> Option<&'static str> {
        EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The table that a draw's profile brings, for where no region has one of its own; `None`: it has none.
    pub fn of_profile(profile: &Profile, region: Region) -> Option<Self> {
        let fees = profile.terms()?.fees.as_ref()?;
        let fen = |fen: u64| u32::try_from(fen).ok().filter(|fen| *fen <= FEN_MAX);
        let number = |value: u32| Number { value, rule: fees.rule.clone() };
        Some(Self {
            name: profile.name().to_owned(),
            region,
            valid_from: Date::of(Timestamp(0)),
            first_minutes: number(fees.first_hours.checked_mul(60)?),
            first_fen: number(fen(fees.first_fen)?),
            further_minutes: number(60),
            further_fen: number(fen(fees.further_hour_fen)?),
            day_cap_fen: number(fen(fees.day_cap_fen)?),
            waiting_fen: number(fen(fees.lost_work_fen)?),
            begun_counts: true,
            begun_rule: fees.rule.clone(),
        })
    }

    fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        f.int("v", 1..=1)?;
        note(f)?;
        let name = f.str("name")?.to_owned();
        let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(sound) {
            return Err(f.wrong("name", "1 to 64 of a-z, 0-9 and hyphen"));
        }
        let begun = |f: &mut Fields<'_>| {
            let value = match f.str("value")? {
                "yes" => true,
                "no" => false,
                _ => return Err(f.wrong("value", "must be yes or no")),
            };
            Ok((value, source(f)?))
        };
        let (begun_counts, begun_rule) = f.object("begun_counts", begun)?;
        Ok(Self {
            region: Region::parse(f.str("region")?).map_err(|e| f.wrong("region", e.to_string()))?,
            valid_from: Date::parse(f.str("valid_from")?)
                .map_err(|e| f.wrong("valid_from", e.to_string()))?,
            name,
            first_minutes: amount(f, "first_minutes", 1, 1_440)?,
            first_fen: amount(f, "first_fen", 0, FEN_MAX)?,
            further_minutes: amount(f, "further_minutes", 1, 1_440)?,
            further_fen: amount(f, "further_fen", 0, FEN_MAX)?,
            day_cap_fen: amount(f, "day_cap_fen", 0, FEN_MAX)?,
            waiting_fen: amount(f, "waiting_fen", 0, FEN_MAX)?,
            begun_counts,
            begun_rule,
        })
    }

    /// The fee of one day's minutes.
    fn of_day(&self, minutes: u64) -> u64 {
        if minutes == 0 {
            return 0;
        }
        let over = minutes.saturating_sub(u64::from(self.first_minutes.value));
        let unit = u64::from(self.further_minutes.value).max(1);
        let units = if self.begun_counts { over.div_ceil(unit) } else { over / unit };
        let fee = u64::from(self.first_fen.value)
            .saturating_add(units.saturating_mul(u64::from(self.further_fen.value)));
        match self.day_cap_fen.value {
            0 => fee,
            cap => fee.min(u64::from(cap)),
        }
    }
}

/// Of the tables of all regions, the one that holds at a place on a day: that of the nearest region that
/// has one in force, the newest of it. Art 24: the standard of the place.
pub fn table_at<'a>(tables: &'a [FeeTable], place: &Region, day: Date) -> Option<&'a FeeTable> {
    let near = std::iter::once(*place).chain(place.ancestors());
    near.into_iter().find_map(|region| {
        tables
            .iter()
            .filter(|table| table.region == region && table.valid_from <= day)
            .max_by(|a, b| (a.valid_from, &a.name).cmp(&(b.valid_from, &b.name)))
    })
}

/// Who pays (art 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// 集中采购机构: for what stands in the catalogue of centralised procurement.
    CentralBody,
    /// 采购人: for everything else.
    Purchaser,
}

impl Payer {
    /// The payer; never a social agency.
    pub fn of(in_catalogue: bool) -> Self {
        if in_catalogue { Self::CentralBody } else { Self::Purchaser }
    }

    /// The word in the API and in cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::CentralBody => "central_body",
            Self::Purchaser => "purchaser",
        }
    }
}

/// Why somebody gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpaid {
    /// Never came, or too late.
    Absent,
    /// Left before the review was over (art 26).
    LeftEarly,
    /// In breach of the discipline (art 26).
    Breach,
    /// Withdrew or recused themselves before or at the site, without having reviewed, and was not kept
    /// waiting for another's fault.
    NotReviewed,
}

impl Unpaid {
    /// The word in the API and in cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::LeftEarly => "left_early",
            Self::Breach => "breach",
            Self::NotReviewed => "not_reviewed",
        }
    }
}

/// What somebody did on the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// When they reviewed: from–to, each within one sitting; pauses are left out.
    pub sittings: Vec<(Timestamp, Timestamp)>,
    /// Came in time and signed in.
    pub came: bool,
    /// Left before the end.
    pub left_early: bool,
    /// In breach of the discipline, as decided or recorded.
    pub breach: bool,
    /// Could not review for no fault of their own: the site failed, the procurement was stopped, a
    /// conflict showed only in the list of suppliers.
    pub not_needed: bool,
}

/// What is due to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Fee, 分.
    pub fee_fen: u64,
    /// Of it 误工补助, 分.
    pub waiting_fen: u64,
    /// Minutes reviewed, whole ones.
    pub minutes: u64,
    /// Why nothing is due, if so.
    pub unpaid: Option<Unpaid>,
}

/// What a table gives for what somebody did. A sitting belongs to the China day on which it began.
pub fn due(table: &FeeTable, work: &Work) -> Due {
    let nothing = |why| Due { fee_fen: 0, waiting_fen: 0, minutes: 0, unpaid: Some(why) };
    if work.breach {
        return nothing(Unpaid::Breach);
    }
    if work.left_early {
        return nothing(Unpaid::LeftEarly);
    }
    if !work.came {
        return nothing(Unpaid::Absent);
    }
    let mut seconds: BTreeMap<Date, u64> = BTreeMap::new();
    for (from, to) in &work.sittings {
        let lasted = u64::try_from(to.0.saturating_sub(from.0)).unwrap_or_default();
        let day = seconds.entry(Date::of(*from)).or_default();
        *day = day.saturating_add(lasted);
    }
    let minutes: Vec<u64> = seconds.values().map(|seconds| seconds.div_ceil(60)).collect();
    let fee = minutes.iter().fold(0u64, |sum, minutes| sum.saturating_add(table.of_day(*minutes)));
    let all = minutes.iter().fold(0u64, |sum, minutes| sum.saturating_add(*minutes));
    if all > 0 {
        return Due { fee_fen: fee, waiting_fen: 0, minutes: all, unpaid: None };
    }
    if work.not_needed {
        let waiting = u64::from(table.waiting_fen.value);
        return Due { fee_fen: waiting, waiting_fen: waiting, minutes: 0, unpaid: None };
    }
    nothing(Unpaid::NotReviewed)
}

/// Kinds of vouchers (凭据).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoucherKind {
    /// 火车.
    Rail,
    /// 飞机.
    Air,
    /// 长途客车.
    Coach,
    /// 轮船.
    Ship,
    /// 住宿.
    Lodging,
}

impl VoucherKind {
    /// Every kind. Transport within a town is none (art 25 speaks of travel to another place).
    pub const ALL: [Self; 5] = [Self::Rail, Self::Air, Self::Coach, Self::Ship, Self::Lodging];

    /// The word in the API and in cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rail => "rail",
            Self::Air => "air",
            Self::Coach => "coach",
            Self::Ship => "ship",
            Self::Lodging => "lodging",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// Why travel is not reimbursed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTravel {
    /// The review was in the city where the expert is at home (art 25).
    SameCity,
    /// Nothing is due to the person at all (art 26).
    NothingDue,
    /// More than [`VOUCHERS_MAX`] vouchers, or one of 0 or above [`VOUCHER_FEN_MAX`].
    Range,
}

/// The sum of vouchers of travel between two places, 分.
///
/// # Errors
/// Why nothing is reimbursed.
pub fn travel(home: &Region, site: &Region, due: &Due, vouchers: &[u64]) -> Result<u64, NoTravel> {
    if matches!(due.unpaid, Some(Unpaid::LeftEarly | Unpaid::Breach | Unpaid::Absent)) {
        return Err(NoTravel::NothingDue);
    }
    if city(home) == city(site) {
        return Err(NoTravel::SameCity);
    }
    if vouchers.len() > VOUCHERS_MAX || vouchers.iter().any(|fen| !(1..=VOUCHER_FEN_MAX).contains(fen)) {
        return Err(NoTravel::Range);
    }
    Ok(vouchers.iter().sum())
}

/// The city of a region: its first four digits; of a municipality the first two, because its districts are
/// one city; a province stands for itself.
fn city(region: &Region) -> &'static str {
    let code = region.as_str();
    let municipality = ["11", "12", "31", "50"].iter().any(|province| code.starts_with(province));
    code.get(..if municipality { 2 } else { 4 }).unwrap_or(code)
}

fn note(f: &mut Fields<'_>) -> Result<(), ShapeError> {
    if f.optional("note").is_some() { line(f, "note").map(drop) } else { Ok(()) }
}

fn source(f: &mut Fields<'_>) -> Result<Rule, ShapeError> {
    note(f)?;
    let mark = Mark::parse(f.str("status")?);
    let mark = mark.ok_or_else(|| f.wrong("status", "must be P, C, C2 or K and two digits"))?;
    Ok(Rule { source: line(f, "source")?.into(), mark })
}

fn line(f: &mut Fields<'_>, key: &str) -> Result<String, ShapeError> {
    let text = f.str(key)?;
    if text.trim().is_empty() || text.len() > 2_000 || text.chars().any(char::is_control) {
        return Err(f.wrong(key, "a line of 1 to 2000 bytes"));
    }
    Ok(text.to_owned())
}

fn amount(f: &mut Fields<'_>, key: &str, min: u32, max: u32) -> Result<Number, ShapeError> {
    f.object(key, |f| {
        let value = f.u32("value", max)?;
        if value < min {
            return Err(f.wrong("value", format!("must be at least {min}")));
        }
        Ok(Number { value, rule: source(f)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shandong() -> FeeTable {
        FeeTable::parse(FeeTable::embedded("fees-shandong").unwrap().as_bytes()).unwrap()
    }

    /// A sitting of so many seconds from 09:00 in China on the 27th of November 2026.
    fn sat(seconds: i64) -> Work {
        let start = Date::parse("2026-11-27").unwrap().start().0 + 9 * 3_600;
        Work { sittings: vec![(Timestamp(start), Timestamp(start + seconds))], came: true, ..Work::default() }
    }

    #[test]
    fn the_table_of_shandong_gives_its_published_amounts() {
        let table = shandong();
        let fee = |seconds| due(&table, &sat(seconds)).fee_fen;
        assert_eq!(fee(1), 40_000, "whoever began has the first amount");
        assert_eq!(fee(3 * 3_600), 40_000, "three hours");
        assert_eq!(fee(3 * 3_600 + 1), 50_000, "a begun hour counts");
        assert_eq!(fee(4 * 3_600), 50_000);
        assert_eq!(fee(9 * 3_600), 100_000);
        assert_eq!(fee(14 * 3_600), 100_000, "a day has a cap");
        let full = FeeTable { begun_counts: false, ..table };
        assert_eq!(due(&full, &sat(4 * 3_600 - 60)).fee_fen, 40_000);
    }

    #[test]
    fn a_second_day_begins_anew_and_pauses_are_not_paid() {
        let table = shandong();
        let day = Date::parse("2026-11-27").unwrap().start().0;
        let at = |hour: i64| Timestamp(day + hour * 3_600);
        let work = |sittings: &[(i64, i64)]| Work {
            sittings: sittings.iter().map(|(from, to)| (at(*from), at(*to))).collect(),
            came: true,
            ..Work::default()
        };
        assert_eq!(due(&table, &work(&[(9, 11), (14, 15)])).fee_fen, 40_000);
        assert_eq!(due(&table, &work(&[(9, 12), (33, 36)])).fee_fen, 80_000, "two days");
        assert_eq!(due(&table, &work(&[(22, 26)])).fee_fen, 50_000, "a sitting belongs to its first day");
        assert_eq!(due(&table, &work(&[(12, 9)])).unpaid, Some(Unpaid::NotReviewed), "never backwards");
    }

    #[test]
    fn who_left_early_or_was_in_breach_gets_nothing_at_all() {
        let table = shandong();
        for (work, why) in [
            (Work { breach: true, left_early: true, ..sat(9_000) }, Unpaid::Breach),
            (Work { left_early: true, ..sat(9_000) }, Unpaid::LeftEarly),
            (Work { came: false, ..sat(0) }, Unpaid::Absent),
            (sat(0), Unpaid::NotReviewed),
        ] {
            let due = due(&table, &work);
            assert_eq!((due.fee_fen, due.unpaid), (0, Some(why)));
        }
        let waited = due(&table, &Work { not_needed: true, ..sat(0) });
        assert_eq!((waited.fee_fen, waited.waiting_fen, waited.unpaid), (20_000, 20_000, None));
    }

    #[test]
    fn travel_is_paid_to_another_city_and_to_nobody_who_is_not_paid() {
        let region = |code| Region::parse(code).unwrap();
        let (home, site) = (region("370102"), region("370202"));
        let good = due(&shandong(), &sat(3_600));
        assert_eq!(travel(&home, &site, &good, &[12_050, 30_000]), Ok(42_050));
        assert_eq!(travel(&home, &region("370103"), &good, &[1]), Err(NoTravel::SameCity));
        assert_eq!(travel(&region("110101"), &region("110108"), &good, &[1]), Err(NoTravel::SameCity));
        assert_eq!(travel(&home, &site, &good, &[0]), Err(NoTravel::Range));
        assert_eq!(travel(&home, &site, &good, &[VOUCHER_FEN_MAX + 1]), Err(NoTravel::Range));
        let left = due(&shandong(), &Work { left_early: true, ..sat(3_600) });
        assert_eq!(travel(&home, &site, &left, &[1]), Err(NoTravel::NothingDue));
        assert_eq!(VoucherKind::parse("taxi"), None, "transport within a town is none");
    }

    #[test]
    fn the_nearest_region_with_a_table_in_force_decides() {
        let table = |region: &str, from: &str, name: &str| FeeTable {
            region: Region::parse(region).unwrap(),
            valid_from: Date::parse(from).unwrap(),
            name: name.to_owned(),
            ..shandong()
        };
        let tables = [
            table("370000", "2020-01-01", "p1"),
            table("370000", "2026-11-27", "p2"),
            table("370200", "2026-01-01", "c"),
        ];
        let at = |place: &str, day: &str| {
            let found = table_at(&tables, &Region::parse(place).unwrap(), Date::parse(day).unwrap());
            found.map(|table| table.name.as_str())
        };
        assert_eq!(at("370102", "2026-11-26"), Some("p1"), "the day before");
        assert_eq!(at("370102", "2026-11-27"), Some("p2"), "the first day");
        assert_eq!(at("370202", "2026-11-27"), Some("c"));
        assert_eq!(at("430602", "2026-11-27"), None, "no table, no fee");
        assert_eq!(at("370202", "2019-12-31"), None);
    }

    #[test]
    fn a_table_names_the_source_of_every_number_and_nothing_unknown() {
        let text = FeeTable::embedded("fees-shandong").unwrap();
        for (from, to) in [
            ("\"status\": \"C2\"", "\"status\": \"sure\""),
            ("\"value\": 180", "\"value\": 0"),
            ("\"370000\"", "\"379999\""),
            ("\"v\": 1", "\"v\": 1, \"bonus\": 5"),
            ("\"value\": \"yes\"", "\"value\": \"true\""),
        ] {
            assert!(FeeTable::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
        assert_eq!(Payer::of(true), Payer::CentralBody);
        assert_eq!(Payer::of(false), Payer::Purchaser, "never a social agency");
    }
}
