//! How often: so many within a time, written as `"5/5m"`.

use std::fmt;
use std::time::Duration;

use toml::Spanned;

use crate::config::source::Source;

const DAY: Duration = Duration::from_secs(86_400);
/// Each call that a window counts is remembered; more of them make a token bucket the better limit.
const MOST: u32 = 1_000_000;

/// At most so many within a time, at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub most: u32,
    /// Within which time.
    pub within: Duration,
}

impl Rate {
    /// So many within so many seconds.
    pub const fn new(most: u32, within_s: u64) -> Rate {
        Rate { most, within: Duration::from_secs(within_s) }
    }

    /// Reads `"5/5m"`: a number, and a time in `s`, `m`, `h` or `d`, whose 1 may be left out.
    pub fn parse(text: &str) -> Option<Rate> {
        let (most, within) = text.split_once('/')?;
        let most = whole(most).filter(|most| (1..=MOST).contains(most))?;
        let within = duration(within).filter(|within| *within <= DAY)?;
        Some(Rate { most, within })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.within.as_secs();
        let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
        let (unit, letter) =
            units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, 's'));
        write!(f, "{}/{}{letter}", self.most, seconds / unit)
    }
}

fn whole(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A time as `5m`, `1h`, `h`.
fn duration(text: &str) -> Option<Duration> {
    let unit_s = match text.bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let count = &text[..text.len() - 1];
    let count = if count.is_empty() { 1 } else { whole(count)? };
    (count > 0).then(|| Duration::from_secs(u64::from(count) * unit_s))
}

/// A list of rates, or the default when it is not written; the empty list is no limit.
pub(in crate::config) fn rates(
    key: &str,
    written: Option<Vec<Spanned<String>>>,
    default: Vec<Rate>,
    source: &mut Source,
) -> Option<Vec<Rate>> {
    let Some(written) = written else { return Some(default) };
    let rates: Vec<_> = written.iter().map(|text| rate(key, text, source)).collect();
    rates.into_iter().collect()
}

/// One rate.
pub(in crate::config) fn rate(key: &str, text: &Spanned<String>, source: &mut Source) -> Option<Rate> {
    Rate::parse(text.get_ref()).or_else(|| {
        source.refuse(
            text.span(),
            format!(
                "`{key}` has {:?}, expected a number and a time of at most a day, for instance \"5/5m\"",
                text.get_ref()
            ),
            "Units are s, m, h and d",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        assert_eq!(Rate::parse("5/5m"), Some(Rate::new(5, 300)));
        assert_eq!(Rate::parse("10/h"), Some(Rate::new(10, 3_600)));
        assert_eq!(Rate::parse("20/1d"), Some(Rate::new(20, 86_400)));
        for text in ["", "5", "5/", "/5m", "0/5m", "5/0m", "5/2d", "-5/5m", "5/5", "5/5y", "5/5é", "5/+5m"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
        assert_eq!(Rate::new(5, 300).to_string(), "5/5m");
    }
}
