//! Whether it is night wherever a number may be.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::config::QuietHours;
use crate::job::UnixMs;

/// How long it stays quiet in every time zone of the region; `None` where it is day in one of them.
///
/// A number does not say where in its country the phone is, so that a country of many zones is quiet
/// only while it is night in all of them. A region without a zone of its own is never quiet.
pub(super) fn left(hours: QuietHours, region: &str, now: UnixMs) -> Option<Duration> {
    let zones = zones().get(region)?;
    let left = zones.iter().map(|zone| hours.left(minute_of_day(zone, now)?));
    // Nobody is called until the first of them wakes up.
    let minutes = left.collect::<Option<Vec<u16>>>()?.into_iter().min()?;
    Some(Duration::from_secs(u64::from(minutes) * 60))
}

fn minute_of_day(zone: &TimeZone, now: UnixMs) -> Option<u16> {
    let time = zone.to_datetime(Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?).time();
    u16::try_from(time.hour()).ok()?.checked_mul(60)?.checked_add(u16::try_from(time.minute()).ok()?)
}

/// The zones of each region, by the IANA time zone database.
fn zones() -> &'static HashMap<&'static str, Vec<TimeZone>> {
    static ZONES: OnceLock<HashMap<&'static str, Vec<TimeZone>>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let database = TimeZoneDatabase::bundled();
        let lines = include_str!("zones.tab").lines().filter(|line| !line.starts_with('#'));
        let read = |line: &'static str| {
            let (region, names) = line.split_once(' ')?;
            Some((region, names.split(' ').filter_map(|name| database.get(name).ok()).collect()))
        };
        lines.filter_map(read).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: QuietHours = QuietHours { from_min: 22 * 60, to_min: 7 * 60 };

    fn at(text: &str) -> UnixMs {
        UnixMs::from_rfc3339(text).unwrap()
    }

    #[test]
    fn a_country_is_quiet_only_while_it_is_night_in_all_its_zones() {
        let midnight_in_berlin = at("2026-11-22T23:00:00Z");
        assert_eq!(left(NIGHT, "DE", midnight_in_berlin), Some(Duration::from_secs(7 * 3_600)));
        assert_eq!(left(NIGHT, "US", midnight_in_berlin), None);
        // 3 am in New York, 10 pm the day before in Honolulu: all of the US sleeps.
        let all_asleep = at("2026-11-22T08:00:00Z");
        assert_eq!(left(NIGHT, "US", all_asleep), Some(Duration::from_secs(4 * 3_600)));
        // An hour earlier it is 9 pm in Honolulu.
        assert_eq!(left(NIGHT, "US", at("2026-11-22T07:00:00Z")), None);
        assert_eq!(left(NIGHT, "001", midnight_in_berlin), None);
    }

    #[test]
    fn every_zone_of_the_table_is_known() {
        let listed: usize = include_str!("zones.tab")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .map(|l| l.split(' ').count() - 1)
            .sum();
        assert_eq!(zones().values().map(Vec::len).sum::<usize>(), listed);
    }
}
