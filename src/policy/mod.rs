//! May this job be dialled now? Rules that need no wire: a valid number, in a country that is open.

use crate::config::{Opening, PolicyConfig};
use crate::number::Number;
use crate::reason::Reason;

/// Whether this number may be dialled; otherwise the reason of the refusal.
///
/// A number under a test prefix skips validation and is open by being listed (contract, section 9).
///
/// # Errors
/// [`Reason::NumberInvalid`] or [`Reason::CountryBlocked`].
pub fn admits(policy: &PolicyConfig, number: &Number) -> Result<(), Reason> {
    let place = number.validity(&policy.test_prefixes).map_err(|_| Reason::NumberInvalid)?;
    let opens = |opening: &Opening| match opening {
        Opening::Region(region) => *region == place.region,
        Opening::CallingCode(code) => *code == place.calling_code,
    };
    let open = number.has_prefix(&policy.test_prefixes) || policy.countries.iter().any(opens);
    if open { Ok(()) } else { Err(Reason::CountryBlocked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(number: &str, countries: Vec<Opening>) -> Result<(), Reason> {
        let policy = PolicyConfig { countries, test_prefixes: vec!["+1999".into()] };
        admits(&policy, &Number::parse(number).unwrap())
    }

    #[test]
    fn a_country_is_closed_until_it_is_opened_by_region_or_by_calling_code() {
        let us = || Opening::Region("US".into());
        assert_eq!(admitted("+1 425 234 5667", vec![]), Err(Reason::CountryBlocked));
        assert_eq!(admitted("+1 425 234 5667", vec![us()]), Ok(()));
        // +1 604 is Canada: `US` does not open it, `1` opens all of +1.
        assert_eq!(admitted("+1 604 234 5667", vec![us()]), Err(Reason::CountryBlocked));
        assert_eq!(admitted("+1 604 234 5667", vec![Opening::CallingCode(1)]), Ok(()));
    }

    #[test]
    fn lab_numbers_skip_validation_and_need_no_country() {
        assert_eq!(admitted("+1 999 555 0100", vec![]), Ok(()));
        assert_eq!(admitted("+1 25300", vec![Opening::CallingCode(1)]), Err(Reason::NumberInvalid));
    }
}
