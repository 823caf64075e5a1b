//! The parameters of rules in a profile of version 2: each rule's own, read from the object
//! `parameters` of its entry (`api-spec/profile-v2.md` §4).
//!
//! *Invariants:* nothing has a default in code where the rule applies; a field that the rule does not
//! know is refused. A rule that does not apply has no parameters, and nobody asks for them.

use crate::codec::{Fields, ShapeError};
use crate::codes::Speciality;
use crate::registry::{Position, TitleLevel};

use super::facts::{Category, Expertise, Method, words};
use super::registry_profile::Rule as Sourced;
use super::registry_profile::read;
use super::rule::Rule;

/// What raises the least number of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raise {
    /// A budget of at least so many fen.
    Budget(u64),
    /// Technically complex.
    Complex,
    /// Of large social impact.
    SocialImpact,
    /// At or above the amount of open tender.
    Threshold,
}

/// Methods that an exception is for, with its own article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodsRow {
    /// Methods.
    pub methods: Vec<Method>,
    /// Its article.
    pub rule: Sourced,
}

/// The row of a method in a list of exceptions.
pub fn row_of(rows: &[MethodsRow], method: Method) -> Option<&MethodsRow> {
    rows.iter().find(|row| row.methods.contains(&method))
}

/// A row of the table of committee sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeRow {
    /// Methods to which it applies.
    pub methods: Vec<Method>,
    /// Categories to which it applies; empty: all.
    pub categories: Vec<Category>,
    /// The least number of members.
    pub minimum: u32,
    /// What raises it, and to how many.
    pub raised: Vec<(Raise, u32)>,
    /// Its article.
    pub rule: Sourced,
}

/// An expertise that must be in the committee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpertiseRow {
    /// Methods.
    pub methods: Vec<Method>,
    /// Which expertise.
    pub expertise: Expertise,
    /// Only for complex projects.
    pub only_complex: bool,
    /// Its article.
    pub rule: Sourced,
}

/// Projects that must be reviewed remotely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompulsoryRow {
    /// Categories.
    pub categories: Vec<Category>,
    /// Methods that are not meant.
    pub except_methods: Vec<Method>,
    /// From this budget on, in fen.
    pub budget_fen: u64,
    /// Its article.
    pub rule: Sourced,
}

words! {
    /// Remote reviews to which a time limit does not apply.
    RemoteExempt {
        /// None of them.
        None = "none" "不含异地评审" "none",
        /// Only those that reach into another province.
        CrossProvince = "cross_province" "跨省异地评审" "across provinces",
        /// Every remote review.
        All = "all" "异地评审" "all",
    }
}

words! {
    /// A step by which a pool that is too small is widened.
    Widening {
        /// The region above.
        Region = "region" "扩大到上一级区域" "the region above",
        /// The speciality above.
        Speciality = "speciality" "扩大到上一级专业" "the speciality above",
    }
}

/// Everything that rules with parameters ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// `age_limit`: fewer completed years of life than this.
    pub max_age: u32,
    /// `age_limit`: the same for those to whom the relaxation for scarce specialities was granted.
    pub max_age_scarce: Option<u32>,
    /// `title_or_equal`: the lowest level.
    pub title: Option<TitleLevel>,
    /// `years_in_field` with an intermediate title.
    pub years_intermediate: u32,
    /// … with a senior one.
    pub years_senior: u32,
    /// … with the relaxation, for doctors.
    pub years_scarce_doctor: Option<u32>,
    /// … with the relaxation, for masters.
    pub years_scarce_master: Option<u32>,
    /// `conflict_employment_3y`: years before the review.
    pub employment_years: u32,
    /// `conflict_director_3y`: years.
    pub director_years: u32,
    /// `conflict_control_3y`: years.
    pub control_years: u32,
    /// `conflict_kinship`: positions of a supplier's key persons that count.
    pub kin_positions: Vec<Position>,
    /// `conflict_other`: whether employment at a unit that controls a supplier, or is controlled by it,
    /// is such a relation.
    pub affiliates: bool,
    /// … within so many years before the review.
    pub affiliate_years: u32,
    /// `own_unit_only_as_rep`: years before the review during which an employment counts.
    pub own_unit_years: u32,
    /// Whether the purchaser's competent department counts as its own unit.
    pub own_department: bool,
    /// Whether units below the purchaser count.
    pub own_tree: bool,
    /// `no_agent_staff`: years.
    pub agent_years: u32,
    /// Whether directors, supervisors and controllers of the agency count.
    pub agent_holders: bool,
    /// `availability`: hours of travel before and after the review.
    pub travel_hours: u32,
    /// `load_cap`: at most so many reviews …
    pub load_reviews: u32,
    /// … in so many days before the review.
    pub load_days: u32,
    /// `cooldown`: days between reviews for one purchaser or one agency.
    pub cooldown_days: u32,
    /// `committee_size_odd`: the table.
    pub sizes: Vec<SizeRow>,
    /// Methods that need no drawn group.
    pub no_group: Vec<MethodsRow>,
    /// `experts_two_thirds`: methods without it.
    pub two_thirds_except: Vec<MethodsRow>,
    /// `legal_expert_required`: the table.
    pub expertise: Vec<ExpertiseRow>,
    /// Specialities under which experts of an expertise stand.
    pub expertise_codes: Vec<(Expertise, Speciality)>,
    /// `remote_site_mix`: the fewest sites.
    pub min_sites: u32,
    /// At most so many experts at one site; 0: any.
    pub max_per_site: u32,
    /// At most so many per cent of the experts at the host site; 100: any.
    pub max_host_percent: u32,
    /// Which projects must be remote.
    pub compulsory: Vec<CompulsoryRow>,
    /// `self_selection_consent`: methods in which the purchaser selects without anybody's consent.
    pub selection_free: Vec<MethodsRow>,
    /// Methods in which it may select although the project is not complex.
    pub selection_not_complex: Vec<MethodsRow>,
    /// `draw_not_too_early`: working days before the review; 0: the day itself.
    pub earliest_working_days: u32,
    /// Methods without that limit.
    pub earliest_exempt: Vec<Method>,
    /// Remote reviews without it.
    pub earliest_remote: Option<RemoteExempt>,
    /// `min_pool_ratio`: candidates for each seat.
    pub pool_ratio: u32,
    /// How a pool that is too small is widened, step by step.
    pub widening: Vec<Widening>,
    /// `evaluation_due_5wd`: working days after the review.
    pub evaluation_working_days: u32,
}

const YEARS: u32 = 50;
const AGE_MIN: u32 = 18;
const AGE_MAX: u32 = 150;

impl Parameters {
    /// Whether a rule has parameters.
    pub fn has(rule: Rule) -> bool {
        matches!(
            rule,
            Rule::AgeLimit
                | Rule::TitleOrEqual
                | Rule::YearsInField
                | Rule::ConflictEmployment3y
                | Rule::ConflictDirector3y
                | Rule::ConflictControl3y
                | Rule::ConflictKinship
                | Rule::ConflictOther
                | Rule::OwnUnitOnlyAsRep
                | Rule::NoAgentStaff
                | Rule::Availability
                | Rule::LoadCap
                | Rule::Cooldown
                | Rule::CommitteeSizeOdd
                | Rule::ExpertsTwoThirds
                | Rule::LegalExpertRequired
                | Rule::RemoteSiteMix
                | Rule::SelfSelectionConsent
                | Rule::DrawNotTooEarly
                | Rule::MinPoolRatio
                | Rule::EvaluationDue5wd
        )
    }

    /// Reads the parameters of one rule.
    pub(super) fn read(&mut self, rule: Rule, f: &mut Fields<'_>) -> Result<(), ShapeError> {
        match rule {
            Rule::AgeLimit => {
                self.max_age = read::between(f, "under", AGE_MIN, AGE_MAX)?;
                self.max_age_scarce = some(f, "under_scarce", AGE_MIN, AGE_MAX)?;
            }
            Rule::TitleOrEqual => self.title = Some(word(f, "level", TitleLevel::parse)?),
            Rule::YearsInField => {
                self.years_intermediate = read::between(f, "intermediate", 0, YEARS)?;
                self.years_senior = read::between(f, "senior", 0, YEARS)?;
                self.years_scarce_doctor = some(f, "scarce_doctor", 0, YEARS)?;
                self.years_scarce_master = some(f, "scarce_master", 0, YEARS)?;
            }
            Rule::ConflictEmployment3y => self.employment_years = years(f)?,
            Rule::ConflictOther => {
                self.affiliates = read::yes_no(f, "affiliates")?;
                self.affiliate_years = years(f)?;
            }
            Rule::ConflictDirector3y => self.director_years = years(f)?,
            Rule::ConflictControl3y => self.control_years = years(f)?,
            Rule::ConflictKinship => self.kin_positions = read::words(f, "positions", Position::parse)?,
            Rule::OwnUnitOnlyAsRep => {
                self.own_unit_years = years(f)?;
                self.own_department = read::yes_no(f, "department")?;
                self.own_tree = read::yes_no(f, "subordinates")?;
            }
            Rule::NoAgentStaff => {
                self.agent_years = years(f)?;
                self.agent_holders = read::yes_no(f, "holders")?;
            }
            Rule::Availability => self.travel_hours = read::between(f, "travel_hours", 0, 72)?,
            Rule::LoadCap => {
                self.load_reviews = read::between(f, "reviews", 1, 1_000)?;
                self.load_days = read::between(f, "days", 1, 3_660)?;
            }
            Rule::Cooldown => self.cooldown_days = read::between(f, "days", 1, 3_660)?,
            Rule::CommitteeSizeOdd => {
                self.sizes = f.each("rows", |json, path| read::item(json, path, size_row))?;
                self.no_group = methods_rows(f, "no_group")?;
            }
            Rule::ExpertsTwoThirds => self.two_thirds_except = methods_rows(f, "except")?,
            Rule::LegalExpertRequired => {
                self.expertise = f.each("rows", |json, path| read::item(json, path, expertise_row))?;
                self.expertise_codes = f.each("specialities", |json, path| {
                    read::item(json, path, |f| {
                        let code = Speciality::parse(f.str("code")?);
                        let code = code.map_err(|error| f.wrong("code", error.to_string()))?;
                        Ok((word(f, "expertise", Expertise::parse)?, code))
                    })
                })?;
            }
            Rule::RemoteSiteMix => {
                self.min_sites = read::between(f, "min_sites", 1, 32)?;
                self.max_per_site = read::between(f, "max_per_site", 0, 64)?;
                self.max_host_percent = read::between(f, "max_host_percent", 1, 100)?;
                self.compulsory =
                    f.each("compulsory", |json, path| read::item(json, path, compulsory_row))?;
            }
            Rule::SelfSelectionConsent => {
                self.selection_free = methods_rows(f, "without_consent")?;
                self.selection_not_complex = methods_rows(f, "without_complexity")?;
            }
            Rule::DrawNotTooEarly => {
                self.earliest_working_days = read::between(f, "working_days", 0, 60)?;
                self.earliest_exempt = methods(f, "exempt_methods")?;
                self.earliest_remote = Some(word(f, "exempt_remote", RemoteExempt::parse)?);
            }
            Rule::MinPoolRatio => {
                self.pool_ratio = read::between(f, "ratio", 1, 100)?;
                self.widening = read::words(f, "widening", Widening::parse)?;
            }
            Rule::EvaluationDue5wd => {
                self.evaluation_working_days = read::between(f, "working_days", 1, 60)?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn years(f: &mut Fields<'_>) -> Result<u32, ShapeError> {
    read::between(f, "years", 1, YEARS)
}

fn some(f: &mut Fields<'_>, key: &str, min: u32, max: u32) -> Result<Option<u32>, ShapeError> {
    if f.optional(key).is_some() { read::between(f, key, min, max).map(Some) } else { Ok(None) }
}

fn word<T>(f: &mut Fields<'_>, key: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, ShapeError> {
    parse(f.str(key)?).ok_or_else(|| f.wrong(key, "unknown word"))
}

fn methods(f: &mut Fields<'_>, key: &str) -> Result<Vec<Method>, ShapeError> {
    read::words(f, key, Method::parse)
}

fn methods_rows(f: &mut Fields<'_>, key: &str) -> Result<Vec<MethodsRow>, ShapeError> {
    f.each(key, |json, path| {
        read::item(json, path, |f| Ok(MethodsRow { methods: methods(f, "methods")?, rule: read::rule(f)? }))
    })
}

fn fen(f: &mut Fields<'_>, key: &str) -> Result<u64, ShapeError> {
    f.u64(key)
}

fn size_row(f: &mut Fields<'_>) -> Result<SizeRow, ShapeError> {
    let least = |f: &mut Fields<'_>| read::between(f, "minimum", 1, 64);
    let raised = f.each("raised", |json, path| {
        read::item(json, path, |f| {
            let when = match f.str("when")? {
                "budget" => Raise::Budget(fen(f, "budget_fen")?),
                "complex" => Raise::Complex,
                "social_impact" => Raise::SocialImpact,
                "threshold" => Raise::Threshold,
                _ => return Err(f.wrong("when", "must be budget, complex, social_impact or threshold")),
            };
            Ok((when, least(f)?))
        })
    })?;
    Ok(SizeRow {
        methods: methods(f, "methods")?,
        categories: read::words(f, "categories", Category::parse)?,
        minimum: least(f)?,
        raised,
        rule: read::rule(f)?,
    })
}

fn expertise_row(f: &mut Fields<'_>) -> Result<ExpertiseRow, ShapeError> {
    let only_complex = match f.str("when")? {
        "complex" => true,
        "always" => false,
        _ => return Err(f.wrong("when", "must be always or complex")),
    };
    Ok(ExpertiseRow {
        methods: methods(f, "methods")?,
        expertise: word(f, "expertise", Expertise::parse)?,
        only_complex,
        rule: read::rule(f)?,
    })
}

fn compulsory_row(f: &mut Fields<'_>) -> Result<CompulsoryRow, ShapeError> {
    Ok(CompulsoryRow {
        categories: read::words(f, "categories", Category::parse)?,
        except_methods: methods(f, "except_methods")?,
        budget_fen: fen(f, "budget_fen")?,
        rule: read::rule(f)?,
    })
}
