//! Query parameters into a type: unknown and repeated names are refused, never ignored.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::body::misshapen;
use super::guard::joined;
use super::problem::Problem;

/// The query of a request. (Not called `Query`: the API document names its type explicitly.)
pub struct Params<T>(
    /// What was asked.
    pub T,
);

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let unreadable = || Problem::bad_request("query", "查询参数无法读取", "the query cannot be read");
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map_err(|_| unreadable())?;
    for (position, (name, value)) in pairs.iter().enumerate() {
        // The decoder puts this character where bytes are not UTF-8.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            let field = joined("", name);
            return Err(Problem::field(&field, "not_utf8", "不是 UTF-8", "is not UTF-8"));
        }
        if pairs.iter().take(position).any(|(earlier, _)| earlier == name) {
            let field = joined("", name);
            return Err(Problem::field(&field, "duplicate_key", "参数重复", "stands twice"));
        }
    }
    web::Query::<T>::from_query(query)
        .map(web::Query::into_inner)
        .map_err(|error| misshapen("", error.to_string().trim_start_matches("Query deserialize error: ")))
}

/// A yes or no of the query; absent is no.
pub fn flag(field: &str, value: Option<&str>) -> Result<bool, Problem> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::field(field, "boolean", "应为 true 或 false", "must be true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        limit: Option<String>,
        purpose: String,
    }

    #[test]
    fn unknown_repeated_and_missing_parameters_are_named() {
        assert_eq!(parse::<Asked>("purpose=%E6%9F%A5").unwrap(), Asked { limit: None, purpose: "查".into() });
        for (query, field, rule) in [
            ("purpose=a&x=1", "x", "unknown_field"),
            ("purpose=a&purpose=b", "purpose", "duplicate_key"),
            ("limit=1", "purpose", "required"),
            ("purpose=%ff", "purpose", "not_utf8"),
        ] {
            let body = parse::<Asked>(query).unwrap_err().body();
            assert_eq!(
                (body.errors[0].field.as_str(), body.errors[0].rule.as_str()),
                (field, rule),
                "{query}"
            );
        }
    }
}
