//! What an invitation may tell of a review, fixed with the commitment and sealed with it: hours, sites,
//! until when to sign in. Nothing of the project.

use crate::codec::{Json, Object, ShapeError, object};
use crate::codes::Region;
use crate::draw::request::Request;
use crate::outside::message::When;
use crate::registry::Problem;
use crate::time::Timestamp;

/// The longest review, in hours.
pub const HOURS_MAX: u32 = 240;
/// The longest way to a review, in minutes.
const TRAVEL_MAX: u32 = 2 * 24 * 60;
/// The earliest end of leave and harmless withdrawal, in hours before the review.
const CUTOFF_MAX: u32 = 14 * 24;
/// How long before the review signing in may have to be done, in seconds.
const SIGN_IN_MAX: i64 = 86_400;
/// The longest name of a place, in characters.
const PLACE_MAX: usize = 100;

/// A site of the review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// Its number in the draw's groups.
    pub site: u32,
    /// Region code of its city.
    pub city: String,
    /// The place, if members are told it before they come.
    pub place: Option<String>,
}

/// The terms of a draw's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallTerms {
    /// Expected hours.
    pub hours: u32,
    /// Until when members sign in, Unix seconds.
    pub sign_in_by: i64,
    /// The way there and back, each in minutes: locked with the review's hours.
    pub travel_minutes: u32,
    /// From how many hours before the review on a withdrawal is late and leave is closed.
    pub cutoff_hours: u32,
    /// The sites, ascending by number: exactly those of the groups.
    pub sites: Vec<CallSite>,
}

impl CallTerms {
    /// What is wrong with them for this request; empty if nothing is.
    pub fn problems(&self, request: &Request) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, rule: &'static str, zh: &str, en: &str| {
            problems.push(Problem::new(field, "", rule, zh, en));
        };
        if !(1..=HOURS_MAX).contains(&self.hours) {
            wrong("hours", "range", "预计时长须为1至240小时", "1 to 240 hours");
        }
        let early = request.review_start - self.sign_in_by;
        if !(0..=SIGN_IN_MAX).contains(&early) {
            let en = "must lie within the day before the review starts";
            wrong("sign_in_by", "range", "签到截止须在评审开始前一日之内", en);
        }
        if self.travel_minutes > TRAVEL_MAX {
            wrong("travel_minutes", "range", "路程时间不得超过两日", "at most two days");
        }
        if self.cutoff_hours > CUTOFF_MAX {
            wrong("cutoff_hours", "range", "截止时数不得超过14日", "at most 14 days");
        }
        let mut asked: Vec<u32> = request.groups.iter().map(|group| group.site).collect();
        asked.sort_unstable();
        asked.dedup();
        if !self.sites.iter().map(|site| site.site).eq(asked) {
            let en = "must be exactly the sites of the groups, ascending";
            wrong("sites", "sites", "须与各席位组的场所一致，按编号升序", en);
        }
        for (i, site) in self.sites.iter().enumerate() {
            if Region::parse(&site.city).is_err() {
                wrong(&format!("sites[{i}].city"), "unknown_region", "未知行政区划", "unknown region");
            }
            let fits = |place: &String| {
                (1..=PLACE_MAX).contains(&place.chars().count()) && !place.chars().any(char::is_control)
            };
            if site.place.as_ref().is_some_and(|place| !fits(place)) {
                let en = "1 to 100 characters on one line";
                wrong(&format!("sites[{i}].place"), "length", "须为一行1至100个字符", en);
            }
        }
        problems
    }

    /// When the review is, for messages.
    pub fn when(&self, request: &Request) -> When {
        When {
            start: Timestamp(request.review_start),
            hours: self.hours,
            sign_in_by: Timestamp(self.sign_in_by),
        }
    }

    /// The locked slot: from leaving home until being back, Unix seconds, the end exclusive.
    pub fn slot(&self, request: &Request) -> (i64, i64) {
        let travel = i64::from(self.travel_minutes) * 60;
        let start = request.review_start;
        (start - travel, start + i64::from(self.hours) * 3600 + travel)
    }

    /// The hours of the review themselves.
    pub fn hours_of(&self, request: &Request) -> (i64, i64) {
        (request.review_start, request.review_start + i64::from(self.hours) * 3600)
    }

    /// From when on a withdrawal is late and leave is closed, Unix seconds.
    pub fn cutoff(&self, request: &Request) -> i64 {
        request.review_start - i64::from(self.cutoff_hours) * 3600
    }

    /// The name of a site's city.
    pub fn city(&self, site: u32) -> String {
        let found = self.sites.iter().find(|known| known.site == site);
        let region = found.and_then(|site| Region::parse(&site.city).ok());
        region.map(|region| region.full_name()).unwrap_or_default()
    }

    /// The place of a site, if it is told.
    pub fn place(&self, site: u32) -> Option<String> {
        self.sites.iter().find(|known| known.site == site).and_then(|site| site.place.clone())
    }

    /// The value as it is sealed.
    pub fn to_json(&self) -> Json {
        let site = |site: &CallSite| -> Json {
            Object::new()
                .with("site", site.site)
                .with("city", site.city.as_str())
                .with_some("place", site.place.as_deref())
                .into()
        };
        Object::new()
            .with("hours", self.hours)
            .with("sign_in_by", self.sign_in_by)
            .with("travel_minutes", self.travel_minutes)
            .with("cutoff_hours", self.cutoff_hours)
            .with("sites", self.sites.iter().map(site).collect::<Json>())
            .into()
    }

    /// Reads what [`CallTerms::to_json`] wrote.
    pub fn from_json(json: &Json, path: &str) -> Result<Self, ShapeError> {
        object(json, path, |f| {
            Ok(Self {
                hours: f.u32("hours", HOURS_MAX)?,
                sign_in_by: f.int("sign_in_by", 0..=crate::codec::json::MAX_INTEGER)?,
                travel_minutes: f.u32("travel_minutes", TRAVEL_MAX)?,
                cutoff_hours: f.u32("cutoff_hours", CUTOFF_MAX)?,
                sites: f.each("sites", |item, path| {
                    object(item, path, |f| {
                        let place = f.optional("place").and_then(Json::as_str).map(str::to_owned);
                        Ok(CallSite { site: f.u32("site", 32)?, city: f.str("city")?.to_owned(), place })
                    })
                })?,
            })
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::draw::request::tests::sample;

    pub(crate) fn terms() -> CallTerms {
        let request = sample();
        let mut sites: Vec<u32> = request.groups.iter().map(|group| group.site).collect();
        sites.sort_unstable();
        sites.dedup();
        let site = |site: u32| CallSite { site, city: "430600".into(), place: Some("某路1号".into()) };
        CallTerms {
            hours: 4,
            sign_in_by: request.review_start - 600,
            travel_minutes: 60,
            cutoff_hours: 24,
            sites: sites.into_iter().map(site).collect(),
        }
    }

    #[test]
    fn terms_read_back_and_fit_their_request() {
        let (terms, request) = (terms(), sample());
        assert_eq!(CallTerms::from_json(&terms.to_json(), "").unwrap(), terms);
        assert_eq!(terms.problems(&request), []);
        let (from, to) = terms.slot(&request);
        assert_eq!((from, to), (request.review_start - 3600, request.review_start + 5 * 3600));
        assert_eq!(terms.cutoff(&request), request.review_start - 86_400);
        assert_eq!(terms.city(terms.sites[0].site), "湖南省岳阳市");
    }

    #[test]
    fn terms_that_do_not_fit_are_named_by_field() {
        let request = sample();
        let refused = |change: &dyn Fn(&mut CallTerms)| {
            let mut terms = terms();
            change(&mut terms);
            terms.problems(&request).first().map(|problem| problem.field.clone()).unwrap_or_default()
        };
        assert_eq!(refused(&|t| t.hours = 0), "hours");
        assert_eq!(refused(&|t| t.sign_in_by = request.review_start + 1), "sign_in_by");
        assert_eq!(refused(&|t| t.travel_minutes = 3000), "travel_minutes");
        assert_eq!(refused(&|t| t.sites.clear()), "sites");
        assert_eq!(refused(&|t| t.sites[0].city = "999999".into()), "sites[0].city");
        assert_eq!(refused(&|t| t.sites[0].place = Some("一\n二".into())), "sites[0].place");
    }
}
