//! Whether it is night wherever a number may be.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::config::QuietHours;
use crate::job::UnixMs;
use crate::number::Number;

/// How long it stays quiet in every time zone of the number; `None` where it is day in one of them.
///
/// The zones are those of the longest prefix in the table; a number that tells no place, as most mobile
/// numbers outside North America, may be in any zone of its region. A region without a zone of its own is
/// never quiet.
pub(super) fn left(hours: QuietHours, number: &Number, region: &str, now: UnixMs) -> Option<Duration> {
    let zones = zones();
    let zones = zones.of_prefix(number).or_else(|| zones.of_region.get(region))?;
    let left = zones.iter().map(|zone| hours.left(minute_of_day(zone, now)?));
    // Nobody is called until the first of them wakes up.
    let minutes = left.collect::<Option<Vec<u16>>>()?.into_iter().min()?;
    Some(Duration::from_secs(u64::from(minutes) * 60))
}

fn minute_of_day(zone: &TimeZone, now: UnixMs) -> Option<u16> {
    let time = zone.to_datetime(Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?).time();
    u16::try_from(time.hour()).ok()?.checked_mul(60)?.checked_add(u16::try_from(time.minute()).ok()?)
}

type Table = HashMap<&'static str, Vec<TimeZone>>;

/// Time zones by the first digits of a number, and by region.
struct Zones {
    of_prefix: Table,
    longest_prefix: usize,
    of_region: Table,
}

impl Zones {
    fn of_prefix(&self, number: &Number) -> Option<&Vec<TimeZone>> {
        let number = number.is_geographic().then(|| number.e164())?;
        let digits = &number[1..];
        let longest = self.longest_prefix.min(digits.len());
        (1..=longest).rev().find_map(|length| self.of_prefix.get(&digits[..length]))
    }
}

fn zones() -> &'static Zones {
    static ZONES: OnceLock<Zones> = OnceLock::new();
    ZONES.get_or_init(|| {
        let of_prefix = read(PREFIXES);
        let longest_prefix = of_prefix.keys().map(|prefix| prefix.len()).max().unwrap_or(0);
        Zones { of_prefix, longest_prefix, of_region: read(REGIONS) }
    })
}

const PREFIXES: &str = include_str!("prefix_zones.tab");
const REGIONS: &str = include_str!("region_zones.tab");

/// A line a key: the key, and the names of its zones in the IANA time zone database.
fn read(table: &'static str) -> Table {
    let database = TimeZoneDatabase::bundled();
    let entry = |line: &'static str| {
        let (key, names) = line.split_once(' ')?;
        Some((key, names.split(' ').filter_map(|name| database.get(name).ok()).collect()))
    };
    table.lines().filter(|line| !line.starts_with('#')).filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: QuietHours = QuietHours { from_min: 22 * 60, to_min: 7 * 60 };

    fn at(text: &str) -> UnixMs {
        UnixMs::from_rfc3339(text).unwrap()
    }

    fn left(number: &str, region: &str, now: UnixMs) -> Option<Duration> {
        super::left(NIGHT, &Number::parse(number).unwrap(), region, now)
    }

    const HOUR: u64 = 3_600;

    /// "They hold only where it is night in every zone of the number."
    #[test]
    fn it_is_quiet_by_the_zones_of_the_numbers_prefix() {
        // 11 pm in New York, 8 pm in Seattle; Idaho's 208 is in both Mountain and Pacific time.
        let evening = at("2026-11-22T04:00:00Z");
        assert_eq!(left("+12125550123", "US", evening), Some(Duration::from_secs(8 * HOUR)));
        assert_eq!(left("+12065550123", "US", evening), None);
        let later = at("2026-11-22T05:30:00Z");
        assert_eq!(left("+12082550123", "US", later), None, "9:30 pm in its west");
        assert_eq!(left("+12083340123", "US", later), Some(Duration::from_secs(HOUR * 17 / 2)), "Boise");
    }

    #[test]
    fn a_number_that_may_be_anywhere_is_quiet_while_it_is_night_in_all_of_its_country() {
        let midnight_in_berlin = at("2026-11-22T23:00:00Z");
        assert_eq!(left("+4930123456", "DE", midnight_in_berlin), Some(Duration::from_secs(7 * HOUR)));
        // An Australian mobile: 11 pm in Sydney is 8 pm in Perth, 11 pm in Perth is 2 am in Sydney.
        assert_eq!(left("+61412345678", "AU", at("2026-06-22T13:00:00Z")), None);
        assert!(left("+61412345678", "AU", at("2026-06-22T15:00:00Z")).is_some());
        assert_eq!(
            left("+61293744000", "AU", at("2026-06-22T13:00:00Z")),
            Some(Duration::from_secs(8 * HOUR))
        );
        assert_eq!(left("+88213123456", "001", midnight_in_berlin), None);
    }

    #[test]
    fn every_zone_of_the_tables_is_known() {
        for table in [PREFIXES, REGIONS] {
            let lines = table.lines().filter(|line| !line.starts_with('#'));
            let listed: usize = lines.map(|line| line.split(' ').count() - 1).sum();
            assert_eq!(read(table).values().map(Vec::len).sum::<usize>(), listed);
        }
    }
}
