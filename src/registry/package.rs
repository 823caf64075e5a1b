//! A package (包): what is procured, by whom, through which agency, and the suppliers that take part.
//! Its image has the form of `image`; the card is the package's number, the rest is private until
//! the result is announced.
//!
//! Numbers are normalised by being refused: `[0-9A-Z]+(-[0-9A-Z]+)*`, no component beginning with 0
//! unless it is `0`. So one package has one number, and one package tag (`api-spec/draw-v1.md`).

use std::fmt;

use crate::codec::{Json, Object, ShapeError, object};
use crate::codes::CreditCode;

use super::check::{Check, all, at};
use super::expert::limits;
use super::image::{Imaged, first, text};
use super::problem::Problem;

/// The greatest number of suppliers of a package.
pub const SUPPLIERS_MAX: usize = 64;
const TITLE_MAX: usize = 200;

/// The number of a plan or a package, 1–64 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageNumber(String);

impl PackageNumber {
    /// Reads a normalised number; `None` for any other text.
    pub fn parse(text: &str) -> Option<PackageNumber> {
        let component = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
                && (part == "0" || !part.starts_with('0'))
        };
        (text.len() <= 64 && text.split('-').all(component)).then(|| PackageNumber(text.to_owned()))
    }

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PackageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A party to a package: purchaser (采购人), agency (采购代理机构) or supplier (供应商).
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// Credit code.
    pub code: CreditCode,
    /// Full name, 1–128 characters.
    pub name: String,
}

/// A party as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PartyDraft {
    /// Credit code.
    pub code: String,
    /// Full name.
    pub name: String,
}

/// A package.
#[derive(Clone, PartialEq, Eq)]
pub struct Package {
    plan_no: PackageNumber,
    package_no: PackageNumber,
    title: String,
    purchaser: Party,
    agency: Party,
    suppliers: Vec<Party>,
    created_by: String,
}

/// A package as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PackageDraft {
    /// Number of the procurement plan (采购计划).
    pub plan_no: String,
    /// Number of the package within the plan.
    pub package_no: String,
    /// 项目名称, 1–200 characters.
    pub title: String,
    /// Purchaser.
    pub purchaser: PartyDraft,
    /// Agency.
    pub agency: PartyDraft,
    /// Suppliers, 0–64.
    pub suppliers: Vec<PartyDraft>,
    /// Id of the account that recorded it, 1–64 characters.
    pub created_by: String,
}

impl PackageDraft {
    /// Checks every rule.
    ///
    /// # Errors
    /// All problems; a supplier named twice is `duplicate_supplier`.
    pub fn check(&self) -> Result<Package, Vec<Problem>> {
        let mut check = Check::default();
        let plan_no = check_number(&mut check, "plan_no", &self.plan_no);
        let package_no = check_number(&mut check, "package_no", &self.package_no);
        let title = check.text("title", &self.title, TITLE_MAX);
        let purchaser = check_party(&mut check, "purchaser", &self.purchaser);
        let agency = check_party(&mut check, "agency", &self.agency);
        check.count("suppliers", self.suppliers.len(), 0, SUPPLIERS_MAX);
        let suppliers: Vec<Option<Party>> = self
            .suppliers
            .iter()
            .enumerate()
            .take(SUPPLIERS_MAX)
            .map(|(position, supplier)| check_party(&mut check, &at("suppliers", position), supplier))
            .collect();
        let codes: Vec<_> = self
            .suppliers
            .iter()
            .map(|supplier| (supplier.code.as_str(), CreditCode::parse(&supplier.code).ok()))
            .collect();
        check.distinct("suppliers", "duplicate_supplier", &codes);
        let created_by = check.text("created_by", &self.created_by, limits::NAME);
        let package = (|| {
            Some(Package {
                plan_no: plan_no?,
                package_no: package_no?,
                title: title?,
                purchaser: purchaser?,
                agency: agency?,
                suppliers: all(suppliers)?,
                created_by: created_by?,
            })
        })();
        check.finish(package)
    }
}

impl Package {
    /// Number of the procurement plan.
    pub fn plan_no(&self) -> &PackageNumber {
        &self.plan_no
    }

    /// Number of the package within the plan.
    pub fn package_no(&self) -> &PackageNumber {
        &self.package_no
    }

    /// 项目名称.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Purchaser.
    pub fn purchaser(&self) -> &Party {
        &self.purchaser
    }

    /// Agency.
    pub fn agency(&self) -> &Party {
        &self.agency
    }

    /// Suppliers, none twice.
    pub fn suppliers(&self) -> &[Party] {
        &self.suppliers
    }

    /// Id of the account that recorded it.
    pub fn created_by(&self) -> &str {
        &self.created_by
    }

    /// The facts as they would be written.
    pub fn draft(&self) -> PackageDraft {
        let party = |p: &Party| PartyDraft { code: p.code.as_str().to_owned(), name: p.name.clone() };
        PackageDraft {
            plan_no: self.plan_no.0.clone(),
            package_no: self.package_no.0.clone(),
            title: self.title.clone(),
            purchaser: party(&self.purchaser),
            agency: party(&self.agency),
            suppliers: self.suppliers.iter().map(party).collect(),
            created_by: self.created_by.clone(),
        }
    }
}

impl Imaged for Package {
    fn card(&self) -> Json {
        Object::new()
            .with("plan_no", self.plan_no.as_str())
            .with("package_no", self.package_no.as_str())
            .into()
    }

    fn rest(&self) -> Json {
        let party =
            |p: &Party| Json::from(Object::new().with("code", p.code.as_str()).with("name", p.name.as_str()));
        Object::new()
            .with("v", 1u32)
            .with("title", self.title.as_str())
            .with("purchaser", party(&self.purchaser))
            .with("agency", party(&self.agency))
            .with("suppliers", self.suppliers.iter().map(party).collect::<Json>())
            .with("created_by", self.created_by.as_str())
            .into()
    }

    fn from_image(card: &Json, rest: &Json) -> Result<Package, ShapeError> {
        let (plan_no, package_no) =
            object(card, "card", |f| Ok((text(f, "plan_no")?, text(f, "package_no")?)))?;
        let draft = object(rest, "rest", |f| {
            f.int("v", 1..=1)?;
            Ok(PackageDraft {
                plan_no,
                package_no,
                title: text(f, "title")?,
                purchaser: read_party(f.required("purchaser")?, &f.at("purchaser"))?,
                agency: read_party(f.required("agency")?, &f.at("agency"))?,
                suppliers: f.each("suppliers", read_party)?,
                created_by: text(f, "created_by")?,
            })
        })?;
        draft.check().map_err(|problems| first(problems, "image"))
    }
}

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Package({} {})", self.plan_no, self.package_no)
    }
}

fn check_number(check: &mut Check, field: &str, written: &str) -> Option<PackageNumber> {
    let number = PackageNumber::parse(written);
    if number.is_none() {
        let zh = "由大写字母和数字组成，可用连字符分段，各段不以 0 开头（0 本身除外），最长 64 个字符";
        let en = "capitals and digits in parts joined by hyphens, no part beginning with 0 unless it is 0, at most 64";
        check.refuse(field, written, if written.is_empty() { "required" } else { "package_number" }, zh, en);
    }
    number
}

fn check_party(check: &mut Check, field: &str, written: &PartyDraft) -> Option<Party> {
    let code: Option<CreditCode> = check.code(&format!("{field}.code"), &written.code);
    let name = check.text(&format!("{field}.name"), &written.name, limits::UNIT_NAME);
    Some(Party { code: code?, name: name? })
}

fn read_party(item: &Json, path: &str) -> Result<PartyDraft, ShapeError> {
    object(item, path, |f| Ok(PartyDraft { code: text(f, "code")?, name: text(f, "name")? }))
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::credit_code;
    use super::super::image::{IMAGE_LIMIT, SealedImage};
    use super::*;

    fn party(serial: u32) -> PartyDraft {
        PartyDraft { code: credit_code(serial), name: format!("单位{serial}") }
    }

    fn draft() -> PackageDraft {
        PackageDraft {
            plan_no: "HNYY-2026-1024".into(),
            package_no: "1".into(),
            title: "智慧校园软件".into(),
            purchaser: party(1),
            agency: party(2),
            suppliers: vec![party(3), party(4)],
            created_by: "agency-1".into(),
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        for good in ["0", "1", "A", "HN-2026-0-1", "1A0", &"9".repeat(64)] {
            assert_eq!(PackageNumber::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-", "1-", "-1", "1--2", "01", "A-01", "00", "0A", "a", "1 ", "包1", &"9".repeat(65)]
        {
            assert_eq!(PackageNumber::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_package_comes_back_from_its_image() {
        for suppliers in [vec![], draft().suppliers] {
            let package = PackageDraft { suppliers, ..draft() }.check().unwrap();
            let bytes = package.seal([1; 32], [2; 32]).to_bytes();
            assert_eq!(SealedImage::from_bytes(&bytes).unwrap().open::<Package>().unwrap(), package);
            assert!(package.draft().check().unwrap() == package);
        }
    }

    #[test]
    fn a_supplier_named_twice_is_refused_by_the_name_of_the_rule() {
        let mut twice = draft();
        twice.suppliers.push(PartyDraft { name: "别名".into(), ..party(3) });
        let found = twice.check().unwrap_err();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].field.as_str(), found[0].rule), ("suppliers[2]", "duplicate_supplier"));
    }

    #[test]
    fn all_problems_of_a_package_are_reported() {
        let broken = PackageDraft {
            plan_no: "01".into(),
            title: "x".repeat(201),
            suppliers: vec![PartyDraft { code: "1".into(), name: String::new() }],
            ..PackageDraft::default()
        };
        let found: Vec<_> = broken.check().unwrap_err().into_iter().map(|p| p.field).collect();
        let expected = [
            "plan_no",
            "package_no",
            "title",
            "purchaser.code",
            "purchaser.name",
            "agency.code",
            "agency.name",
            "suppliers[0].code",
            "suppliers[0].name",
            "created_by",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn sixty_four_suppliers_with_the_longest_names_fit_the_image_and_one_more_is_refused() {
        let many = |n: u32| PackageDraft {
            suppliers: (0..n)
                .map(|i| PartyDraft { code: credit_code(i), name: "\u{20000}".repeat(128) })
                .collect(),
            ..draft()
        };
        assert!(many(64).check().unwrap().seal([1; 32], [2; 32]).to_bytes().len() < IMAGE_LIMIT);
        assert_eq!(many(65).check().unwrap_err()[0].rule, "count");
    }
}
