//! `rates.csv`: what a call costs, by the longest prefix of the number.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::error::ConfigError;
use super::policy::Money;

/// E.164 §6.1.
const LONGEST_PREFIX_DIGITS: usize = 15;
/// A carrier's whole price list has some ten thousand lines.
const MOST_BYTES: u64 = 64 << 20;
const HEADING: [&str; 3] = ["prefix", "price_per_minute", "increment_s"];

/// What a call to one prefix costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// A minute of an answered call.
    pub per_minute: Money,
    /// Time is charged in whole ones of these.
    pub increment: Duration,
}

impl Price {
    /// What an answered call of this length costs.
    pub fn of(&self, up: Duration) -> Money {
        if up.is_zero() {
            return Money(0);
        }
        let increment_ms = self.increment.as_millis().max(1);
        let charged_ms = up.as_millis().div_ceil(increment_ms) * increment_ms;
        Money(u64::try_from(u128::from(self.per_minute.0) * charged_ms / 60_000).unwrap_or(u64::MAX))
    }
}

/// The price list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    prices: BTreeMap<String, Price>,
}

impl Rates {
    /// Reads the list beside the gateway's file; a missing one holds no prices.
    pub(super) fn load(gateway: &Path) -> (Rates, Vec<ConfigError>) {
        let file = gateway.parent().unwrap_or(Path::new("")).join("rates.csv");
        let whole = |problem: String| vec![ConfigError::of_file(&file, problem, "")];
        match std::fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return (Rates::default(), Vec::new());
            }
            Ok(facts) if facts.len() > MOST_BYTES => {
                return (Rates::default(), whole("is larger than 64 MiB, so it is no price list".to_owned()));
            }
            Ok(_) | Err(_) => {}
        }
        match std::fs::read_to_string(&file) {
            Ok(text) => Rates::read(&text, &file),
            Err(error) => (Rates::default(), whole(format!("cannot be read as UTF-8 text: {error}"))),
        }
    }

    /// Reads a list.
    pub fn read(text: &str, file: &Path) -> (Rates, Vec<ConfigError>) {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let mut rates = Rates::default();
        let mut errors = Vec::new();
        for (n, record) in reader.records().enumerate() {
            let (line, read) = match &record {
                Ok(record) if n == 0 && record.iter().eq(HEADING) => continue,
                Ok(record) => (record.position().map(csv::Position::line), line_of(record)),
                Err(error) => {
                    (error.position().map(csv::Position::line), Err("the line is no CSV".to_owned()))
                }
            };
            let problem = match read {
                Ok((prefix, price)) => match rates.prices.insert(prefix, price) {
                    None => continue,
                    Some(_) => "the prefix stands in the list twice".to_owned(),
                },
                Err(problem) => problem,
            };
            errors.push(ConfigError {
                file: file.to_owned(),
                line: line.and_then(|line| usize::try_from(line).ok()),
                problem,
                remedy: "Write for example 4479,0.035,60: prefix, price a minute, increment in seconds"
                    .to_owned(),
            });
        }
        (rates, errors)
    }

    /// The longest prefix of these digits, and its price.
    pub fn of(&self, digits: &str) -> Option<(&str, Price)> {
        let longest = digits.len().min(LONGEST_PREFIX_DIGITS);
        (1..=longest).rev().find_map(|length| {
            let (prefix, price) = self.prices.get_key_value(digits.get(..length)?)?;
            Some((prefix.as_str(), *price))
        })
    }

    /// The highest price: what a call to a prefix that is not listed is taken to cost.
    pub fn dearest(&self) -> Option<Price> {
        self.prices.values().max_by_key(|price| price.per_minute).copied()
    }
}

fn line_of(record: &StringRecord) -> Result<(String, Price), String> {
    if record.len() != HEADING.len() {
        return Err(format!("the line has {} fields, expected {}", record.len(), HEADING.join(",")));
    }
    let prefix = record[0].strip_prefix('+').unwrap_or(&record[0]);
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(1..=LONGEST_PREFIX_DIGITS).contains(&prefix.len()) {
        return Err(format!("{:?} is no prefix of 1 to {LONGEST_PREFIX_DIGITS} digits", &record[0]));
    }
    let per_minute = Money::parse(&record[1]).ok_or_else(|| format!("{:?} is no price", &record[1]))?;
    let seconds = record[2].parse::<u64>().ok().filter(|seconds| (1..=3_600).contains(seconds));
    let seconds = seconds.ok_or_else(|| format!("{:?} is no increment of 1 to 3600 s", &record[2]))?;
    Ok((prefix.to_owned(), Price { per_minute, increment: Duration::from_secs(seconds) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_prices_a_call_in_whole_increments() {
        let list = "# example\nprefix,price_per_minute,increment_s\n44,0.01,1\n+447,0.05,60\n";
        let (rates, errors) = Rates::read(list, Path::new("rates.csv"));
        assert!(errors.is_empty(), "{errors:?}");
        let price = |digits: &str, s| rates.of(digits).unwrap().1.of(Duration::from_secs(s));
        assert_eq!(price("442079460958", 30), Money(5_000));
        assert_eq!(price("447912345678", 1), Money(50_000));
        assert_eq!(price("447912345678", 61), Money(100_000));
        assert_eq!(price("447912345678", 0), Money(0), "what is not answered costs nothing");
        assert!(rates.of("1425").is_none());
        assert_eq!(rates.dearest().unwrap().per_minute, Money(50_000));
    }

    #[test]
    fn bad_lines_are_told_by_their_line() {
        let (_, errors) =
            Rates::read("44,0.01,1\n44,0.02,1\nx,1,1\n45,-1,1\n46,1\n47,1,0\n", Path::new("r.csv"));
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors.iter().map(|error| error.line.unwrap()).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
        assert!(told[0].starts_with("r.csv:2: the prefix stands in the list twice. Write"), "{}", told[0]);
    }
}
