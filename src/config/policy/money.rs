//! Money in the currency of `rates.csv`, in millionths, so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};
use toml::{Spanned, Value};

use crate::config::source::Source;

/// A sum of money, in millionths of the currency that the price list is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub u64);

const ONE: u64 = 1_000_000;
/// No call and no budget comes near it.
const MOST_UNITS: u64 = 1_000_000_000;

impl Money {
    /// Reads `"0.035"`: digits, and up to six after a dot.
    pub fn parse(text: &str) -> Option<Money> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return None;
        }
        let whole: u64 = whole.parse().ok().filter(|whole| *whole <= MOST_UNITS)?;
        let part: u64 = format!("{part:0<6}").parse().ok()?;
        Some(Money(whole * ONE + part))
    }

    /// What is left of it after `spent`.
    #[must_use]
    pub fn less(self, spent: Money) -> Money {
        Money(self.0.saturating_sub(spent.0))
    }
}

impl Add for Money {
    type Output = Money;

    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(sums: I) -> Money {
        sums.fold(Money(0), Money::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / ONE, self.0 % ONE / (ONE / 100))
    }
}

/// A number or a string, or nothing.
pub(in crate::config) fn money(
    key: &str,
    written: Option<&Spanned<Value>>,
    source: &mut Source,
) -> Option<Option<Money>> {
    let Some(value) = written else { return Some(None) };
    let read = match value.get_ref() {
        Value::String(text) => Money::parse(text),
        Value::Integer(whole) => Money::parse(&whole.to_string()),
        Value::Float(number) => Money::parse(&number.to_string()),
        Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    };
    match read {
        Some(money) => Some(Some(money)),
        None => source.refuse(
            value.span(),
            format!("`{key}` is {}, expected a sum of money", value.get_ref()),
            "Write for example 50 or 12.5",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        assert_eq!(Money::parse("0.035"), Some(Money(35_000)));
        assert_eq!(Money::parse("12"), Some(Money(12_000_000)));
        assert_eq!(Money::parse("12.5").unwrap().to_string(), "12.50");
        for text in ["", ".5", "-1", "1.", "1.0000001", "1e3", "99999999999"] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
    }
}
