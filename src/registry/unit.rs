//! A unit (工作单位): the legal person that employs experts; its image has the form of `image`.

use std::fmt;

use crate::codec::{Json, Object, ShapeError, object};
use crate::codes::{CreditCode, Region};

use super::check::Check;
use super::expert::limits;
use super::image::{Imaged, first, text};
use super::problem::Problem;

/// A unit.
#[derive(Clone, PartialEq, Eq)]
pub struct Unit {
    code: CreditCode,
    name: String,
    region: Region,
}

/// A unit as written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnitDraft {
    /// Credit code (统一社会信用代码).
    pub code: String,
    /// Full name, 1–128 characters.
    pub name: String,
    /// Region where it has its seat.
    pub region: String,
}

impl UnitDraft {
    /// Checks every rule.
    ///
    /// # Errors
    /// All problems.
    pub fn check(&self) -> Result<Unit, Vec<Problem>> {
        let mut check = Check::default();
        let code: Option<CreditCode> = check.code("code", &self.code);
        let name = check.text("name", &self.name, limits::UNIT_NAME);
        let region: Option<Region> = check.code("region", &self.region);
        let unit = (|| Some(Unit { code: code?, name: name?, region: region? }))();
        check.finish(unit)
    }
}

impl Unit {
    /// Credit code.
    pub fn code(&self) -> &CreditCode {
        &self.code
    }

    /// Full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Region of its seat.
    pub fn region(&self) -> Region {
        self.region
    }
}

impl Imaged for Unit {
    fn card(&self) -> Json {
        Object::new().with("code", self.code.as_str()).with("name", self.name.as_str()).into()
    }

    fn rest(&self) -> Json {
        Object::new().with("region", self.region.as_str()).with("v", 1u32).into()
    }

    fn from_image(card: &Json, rest: &Json) -> Result<Unit, ShapeError> {
        let (code, name) = object(card, "card", |f| Ok((text(f, "code")?, text(f, "name")?)))?;
        let region = object(rest, "rest", |f| {
            f.int("v", 1..=1)?;
            text(f, "region")
        })?;
        UnitDraft { code, name, region }.check().map_err(|problems| first(problems, "image"))
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({})", self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::samples::credit_code;
    use super::super::image::SealedImage;
    use super::*;

    fn draft() -> UnitDraft {
        UnitDraft { code: credit_code(1), name: "岳阳某大学".into(), region: "430600".into() }
    }

    #[test]
    fn a_unit_comes_back_from_its_image() {
        let unit = draft().check().unwrap();
        let bytes = unit.seal([1; 32], [2; 32]).to_bytes();
        assert_eq!(SealedImage::from_bytes(&bytes).unwrap().open::<Unit>().unwrap(), unit);
    }

    #[test]
    fn all_problems_of_a_unit_are_reported() {
        let broken = UnitDraft { code: "91".into(), name: String::new(), region: "999999".into() };
        let found: Vec<_> = broken.check().unwrap_err().into_iter().map(|p| (p.field, p.rule)).collect();
        let expected = [("code", "length"), ("name", "required"), ("region", "unknown_region")];
        assert!(found.iter().map(|(f, r)| (f.as_str(), *r)).eq(expected));
    }

    #[test]
    fn an_image_with_another_field_is_no_unit() {
        let unit = draft().check().unwrap();
        let rest = Object::new().with("region", "430600").with("v", 1u32).with("x", "y").into();
        assert_eq!(Unit::from_image(&unit.card(), &rest).unwrap_err().path, "rest.x");
    }
}
