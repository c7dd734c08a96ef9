//! Where a number lies, and whether that part of the world is open.

use super::refusal::Refusal;
use crate::config::{Opening, PolicyConfig};
use crate::number::Number;
use crate::reason::Reason;

/// The digits that tell one subscriber of an exchange from another.
const SUBSCRIBER_DIGITS: usize = 4;

/// Where a number lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// ISO 3166 region.
    pub(super) region: String,
    /// The number less its last four digits, without `+`.
    pub(super) prefix: String,
    /// Whether it is under a test prefix: it then counts in no limit.
    pub(super) is_lab: bool,
}

/// Where this number lies, if it may be dialled at all.
///
/// A number under a test prefix skips validation and is open by being listed (contract, section 9).
///
/// # Errors
/// [`Reason::NumberInvalid`] or [`Reason::CountryBlocked`].
pub(super) fn of(policy: &PolicyConfig, number: &Number) -> Result<Place, Refusal> {
    let region = number.validity(&policy.test_prefixes).map_err(|_| Refusal::new(Reason::NumberInvalid))?;
    let is_lab = number.has_prefix(&policy.test_prefixes);
    let opens = |opening: &Opening| match opening {
        Opening::Region(name) => *name == region.region,
        Opening::CallingCode(code) => *code == region.calling_code,
    };
    if !is_lab && !policy.countries.iter().any(opens) {
        return Err(Refusal::new(Reason::CountryBlocked));
    }
    let mut prefix = number.e164().split_off(1);
    prefix.truncate(prefix.len().saturating_sub(SUBSCRIBER_DIGITS));
    Ok(Place { region: region.region, prefix, is_lab })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(number: &str, countries: Vec<Opening>) -> Result<Place, Reason> {
        let policy =
            PolicyConfig { countries, test_prefixes: vec!["+1999".into()], ..PolicyConfig::default() };
        of(&policy, &Number::parse(number).unwrap()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn a_country_is_closed_until_it_is_opened_by_region_or_by_calling_code() {
        let us = || Opening::Region("US".into());
        assert_eq!(admitted("+1 425 234 5667", vec![]), Err(Reason::CountryBlocked));
        assert_eq!(admitted("+1 425 234 5667", vec![us()]).unwrap().prefix, "1425234");
        // +1 604 is Canada: `US` does not open it, `1` opens all of +1.
        assert_eq!(admitted("+1 604 234 5667", vec![us()]), Err(Reason::CountryBlocked));
        assert_eq!(admitted("+1 604 234 5667", vec![Opening::CallingCode(1)]).unwrap().region, "CA");
    }

    #[test]
    fn lab_numbers_skip_validation_and_need_no_country() {
        assert!(admitted("+1 999 555 0100", vec![]).unwrap().is_lab);
        assert_eq!(admitted("+1 25300", vec![Opening::CallingCode(1)]), Err(Reason::NumberInvalid));
    }
}
