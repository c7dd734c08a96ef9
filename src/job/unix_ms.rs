//! Wall-clock time in whole milliseconds.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Milliseconds since 1970-01-01T00:00:00Z; in JSON and print RFC 3339 with milliseconds, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMs(pub u64);

/// 9999-12-31T23:59:59.999Z: RFC 3339 §5.6 has four digits for the year.
const LATEST: u64 = 253_402_300_799_999;

impl UnixMs {
    /// This moment and `later`, stopping at the year 9999.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        let ms = u64::try_from(later.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(ms).min(LATEST))
    }

    /// The time from `earlier` to this moment, zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads RFC 3339 with any offset; below a millisecond is cut off. `None` for anything else, and
    /// for moments before 1970.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let ms = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        u64::try_from(ms).ok().filter(|ms| *ms <= LATEST).map(Self)
    }
}

impl fmt::Display for UnixMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.min(LATEST);
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(UtcOffset::UTC);
        let (date, clock) = (moment.date(), moment.time());
        write!(f, "{:04}-{:02}-{:02}T", date.year(), u8::from(date.month()), date.day())?;
        let (hour, minute, second, milli) = clock.as_hms_milli();
        write!(f, "{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

impl Serialize for UnixMs {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixMs {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Self::from_rfc3339(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

impl JsonSchema for UnixMs {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, UTC, milliseconds"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_rfc_3339_with_milliseconds() {
        assert_eq!(UnixMs(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(UnixMs(1_795_300_245_007).to_string(), "2026-11-21T22:30:45.007Z");
        assert_eq!(UnixMs(u64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn any_offset_is_read_and_nonsense_is_not() {
        let moment = Some(UnixMs(1_795_300_245_007));
        assert_eq!(UnixMs::from_rfc3339("2026-11-21T22:30:45.007Z"), moment);
        assert_eq!(UnixMs::from_rfc3339("2026-11-22T00:00:45.0079+01:30"), moment);
        for text in ["2026-11-21", "2026-11-21T22:30:45", "1969-12-31T23:59:59Z", "soon", ""] {
            assert_eq!(UnixMs::from_rfc3339(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(ms in 0..=LATEST) {
            proptest::prop_assert_eq!(UnixMs::from_rfc3339(&UnixMs(ms).to_string()), Some(UnixMs(ms)));
        }
    }
}
