//! Administrative divisions (行政区划, GB/T 2260): six digits, two each for province, city, county.
//!
//! The table is embedded, derived by `tools/derive_regions.py`. It keeps the standard's rows that are
//! no place but a heading, as parents: 110100 市辖区, 429000 省直辖县级行政区划 and their like. A tree is
//! walked by prefix, so 429004 仙桃市 is a county whose parent is that heading; names in full leave
//! the headings out. 441900 东莞市, 442000 中山市, 460400 儋州市 are cities without counties.
//!
//! The source are the statistics' codes, which also number a few districts that the ministry's list
//! does not (大柴旦行政委员会, 大兴安岭's forest districts); they are kept, zones 71–79 are not.
//!
//! *Deliberately not here:* towns and streets; codes dissolved before the table's date.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use super::{CodeError, table};

/// A division that stands in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    // First, so that regions are ordered by code. Both point into the embedded table.
    code: &'static str,
    name: &'static str,
}

/// The three levels of GB/T 2260.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 省级: provinces, autonomous regions, municipalities, special administrative regions (PP0000).
    Province,
    /// 地级: cities, prefectures, leagues, and the headings for what has none (PPCC00).
    City,
    /// 县级: districts, counties, county-level cities, banners (PPCCDD).
    County,
}

/// Names of rows that group divisions and are no place.
const HEADINGS: [&str; 4] = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

const DATA: &str = include_str!("data/regions.csv");

static TABLE: LazyLock<BTreeMap<&'static str, Region>> =
    LazyLock::new(|| table::rows(DATA).map(|(code, name)| (code, Region { code, name })).collect());

impl Region {
    /// Reads six digits.
    ///
    /// # Errors
    /// [`CodeError::Length`], [`CodeError::Character`], [`CodeError::UnknownRegion`].
    pub fn parse(text: &str) -> Result<Region, CodeError> {
        if text.chars().count() != 6 {
            return Err(CodeError::Length { expected: 6 });
        }
        if let Some(position) = text.chars().position(|c| !c.is_ascii_digit()) {
            return Err(CodeError::Character { position: position + 1 });
        }
        TABLE.get(text).copied().ok_or(CodeError::UnknownRegion)
    }

    /// All regions of the table, ascending by code.
    pub fn all() -> impl Iterator<Item = Region> {
        TABLE.values().copied()
    }

    /// The six digits.
    pub fn as_str(&self) -> &'static str {
        self.code
    }

    /// The name alone: 岳阳楼区.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name with those above it, headings left out: 湖南省岳阳市岳阳楼区, 湖北省仙桃市.
    pub fn full_name(&self) -> String {
        let above =
            self.ancestors().skip(1).map(|region| region.name).filter(|name| !HEADINGS.contains(name));
        let mut names: Vec<&str> = above.collect();
        names.reverse();
        names.push(self.name);
        names.concat()
    }

    /// Province, city or county.
    pub fn level(&self) -> Level {
        match self.significant().len() {
            2 => Level::Province,
            4 => Level::City,
            _ => Level::County,
        }
    }

    /// The division directly above; `None` for a province.
    pub fn parent(&self) -> Option<Region> {
        let above = match self.level() {
            Level::Province => return None,
            Level::City => 2,
            Level::County => 4,
        };
        let code = format!("{:0<6}", self.code.get(..above)?);
        TABLE.get(code.as_str()).copied()
    }

    /// This region, then those above it, up to the province.
    pub fn ancestors(&self) -> impl Iterator<Item = Region> + use<> {
        std::iter::successors(Some(*self), Region::parent)
    }

    /// Whether this region is `other` or lies in it.
    pub fn is_within(&self, other: &Region) -> bool {
        self.code.starts_with(other.significant())
    }

    /// The digits that are not trailing pairs of zeros: 43, 4306 or 430602.
    fn significant(&self) -> &'static str {
        let city = self.code.strip_suffix("00").unwrap_or(self.code);
        city.strip_suffix("00").unwrap_or(city)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({} {})", self.code, self.name)
    }
}

impl std::str::FromStr for Region {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Region, CodeError> {
        Region::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        Region::parse(code).unwrap()
    }

    #[test]
    fn the_table_is_sound_and_each_parent_exists() {
        table::assert_sound(DATA);
        for region in Region::all() {
            assert!(region.code.len() == 6 && region.code.bytes().all(|b| b.is_ascii_digit()), "{region:?}");
            assert_eq!(region.parent().is_none(), region.level() == Level::Province, "{region:?}");
            assert_eq!(Region::parse(region.as_str()), Ok(region));
            let levels: Vec<Level> = region.ancestors().map(|ancestor| ancestor.level()).collect();
            assert!(levels.is_sorted_by(|low, high| low > high), "{region:?}");
            assert!(region.ancestors().all(|ancestor| region.is_within(&ancestor)), "{region:?}");
        }
        let count = |level| Region::all().filter(|region| region.level() == level).count();
        assert_eq!(count(Level::Province), 34);
        assert_eq!(count(Level::City), 342);
        // As derived; a new edition of the table moves it by a handful, a broken one by more.
        assert_eq!(count(Level::County), 2851);
    }

    #[test]
    fn the_thirty_four_provinces_are_those_of_the_standard() {
        let provinces = Region::all().filter(|region| region.level() == Level::Province);
        let prefixes: Vec<&str> = provinces.map(|region| region.significant()).collect();
        assert_eq!(
            prefixes.join(" "),
            "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82"
        );
    }

    #[test]
    fn hunan_has_its_fourteen_cities_and_yueyang_its_nine_counties() {
        let below = |parent: &str| -> Vec<String> {
            let parent = region(parent);
            let children = Region::all().filter(|child| child.parent() == Some(parent));
            children.map(|child| format!("{}{}", child.code, child.name)).collect()
        };
        assert_eq!(
            below("430000").join(" "),
            "430100长沙市 430200株洲市 430300湘潭市 430400衡阳市 430500邵阳市 430600岳阳市 430700常德市 \
             430800张家界市 430900益阳市 431000郴州市 431100永州市 431200怀化市 431300娄底市 \
             433100湘西土家族苗族自治州"
        );
        assert_eq!(
            below("430600").join(" "),
            "430602岳阳楼区 430603云溪区 430611君山区 430621岳阳县 430623华容县 430624湘阴县 430626平江县 \
             430681汨罗市 430682临湘市"
        );
    }

    #[test]
    fn names_in_full_leave_headings_out() {
        for (code, name) in [
            ("430602", "湖南省岳阳市岳阳楼区"),
            ("430000", "湖南省"),
            ("110101", "北京市东城区"),
            ("500229", "重庆市城口县"),
            ("429004", "湖北省仙桃市"),
            ("659001", "新疆维吾尔自治区石河子市"),
            ("441900", "广东省东莞市"),
            ("110100", "北京市市辖区"),
            ("810000", "香港特别行政区"),
        ] {
            assert_eq!(region(code).full_name(), name);
        }
    }

    #[test]
    fn a_county_is_within_its_city_and_province_and_nothing_else() {
        let county = region("430602");
        let ancestors: Vec<&str> = county.ancestors().map(|region| region.as_str()).collect();
        assert_eq!(ancestors, ["430602", "430600", "430000"]);
        for (other, within) in [
            ("430602", true),
            ("430600", true),
            ("430000", true),
            ("430603", false),
            ("430100", false),
            ("440000", false),
        ] {
            assert_eq!(county.is_within(&region(other)), within, "{other}");
        }
        assert!(!region("430600").is_within(&county));
        // 441900 is a city although it has no counties; 429004 is a county below a heading.
        assert_eq!(region("441900").level(), Level::City);
        assert_eq!(region("429004").parent(), Some(region("429000")));
        // A trailing zero that belongs to the pair is no padding: 331000 台州 is a city of 浙江.
        assert!(
            region("331002").is_within(&region("331000")) && !region("330102").is_within(&region("331000"))
        );
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        for (text, error) in [
            ("", CodeError::Length { expected: 6 }),
            ("4306", CodeError::Length { expected: 6 }),
            ("4306０2", CodeError::Character { position: 5 }),
            ("43060a", CodeError::Character { position: 6 }),
            ("990000", CodeError::UnknownRegion),
            ("430671", CodeError::UnknownRegion),
            ("000000", CodeError::UnknownRegion),
        ] {
            assert_eq!(Region::parse(text), Err(error), "{text}");
        }
    }
}
