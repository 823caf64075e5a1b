//! Times at the rim: RFC 3339 with `Z`, whole seconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use crate::time::Timestamp;

/// A time as RFC 3339 text.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-24T02:00:00Z")]
pub struct Rfc3339(
    /// The time.
    pub Timestamp,
);

impl Rfc3339 {
    /// Of Unix seconds.
    pub fn of(seconds: i64) -> Self {
        Self(Timestamp(seconds))
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Rfc3339 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong =
            |_| de::Error::custom("not a time, expected a time as in RFC 3339, such as 2026-11-24T02:00:00Z");
        Timestamp::parse(&text).map(Self).map_err(wrong)
    }
}
