//! Lists: `?limit=1..200&after=<cursor>` in, `{"items":[…],"next":"…"}` out; `next` is absent on the
//! last page. A cursor is the key of the last item, so inserting rows never shifts a page.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::service::listing::{Listed, Paging};

/// Rows of a page when no limit is given.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most rows of a page.
pub const MAX_LIMIT: u32 = 200;

/// The part of a list's query that pages.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageParams {
    /// Items wanted, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<String>,
    /// `next` of the page before.
    #[param(max_length = 128)]
    pub after: Option<String>,
}

impl PageParams {
    /// Checks limit and cursor.
    pub fn check(self) -> Result<Paging, Problem> {
        paging(self.limit.as_deref(), self.after)
    }
}

/// Checks limit and cursor, where a query has other parameters beside them.
pub fn paging(limit: Option<&str>, after: Option<String>) -> Result<Paging, Problem> {
    let limit = match limit {
        None => DEFAULT_LIMIT,
        Some(text) => {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let number = if digits { text.parse().ok() } else { None };
            number.filter(|n| (1..=MAX_LIMIT).contains(n)).ok_or_else(|| {
                let (zh, en) = (format!("应为 1 至 {MAX_LIMIT}"), format!("must be 1 to {MAX_LIMIT}"));
                Problem::field("limit", "range", zh, en)
            })?
        }
    };
    let sound = after
        .as_ref()
        .is_none_or(|after| (1..=128).contains(&after.len()) && after.bytes().all(|b| b.is_ascii_graphic()));
    if !sound {
        let (zh, en) = ("应为上一页给出的 next", "must be the `next` of the page before");
        return Err(Problem::field("after", "cursor", zh, en));
    }
    Ok(Paging { limit, after })
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A page of what a use-case answers.
    pub fn of<U>(page: Listed<U>, view: impl FnMut(U) -> T) -> Self {
        Self { items: page.items.into_iter().map(view).collect(), next: page.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_outside_one_to_two_hundred_are_refused() {
        assert_eq!(paging(None, None).unwrap().limit, DEFAULT_LIMIT);
        assert_eq!(paging(Some("200"), None).unwrap().limit, 200);
        for bad in ["0", "201", "-1", "+5", "", "1.0", "x", "99999999999"] {
            assert!(paging(Some(bad), None).is_err(), "{bad}");
        }
        assert!(paging(None, Some("a b".into())).is_err());
    }
}
