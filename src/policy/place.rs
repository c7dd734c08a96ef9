//! Where a number lies, and whether that part of the world is open.

use super::refusal::Refusal;
use super::settings::Settings;
use crate::config::{Opening, PolicyConfig};
use crate::number::{NotValid, Number, Region, Risk};
use crate::reason::{NumberFault, Reason};

/// The digits that tell one subscriber of an exchange from another.
const SUBSCRIBER_DIGITS: usize = 4;

/// Where a number lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// ISO 3166 region.
    pub(super) region: &'static str,
    /// ITU-T E.164 country calling code.
    pub(super) calling_code: u16,
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
/// [`Reason::NumberInvalid`], [`Reason::ExtensionInvalid`] where it is pauses alone, [`Reason::CountryBlocked`] or [`Reason::PrefixRisk`].
pub(super) fn of(settings: &Settings, number: &Number) -> Result<Place, Refusal> {
    let policy = &settings.policy;
    let region = number.validity(&policy.test_prefixes).map_err(invalid)?;
    if number.extension().is_some_and(|extension| extension.dialled().is_empty()) {
        return Err(Refusal::new(Reason::ExtensionInvalid));
    }
    let is_lab = number.has_prefix(&policy.test_prefixes);
    if settings.is_own(number) {
        return Err(Refusal::new(Reason::NumberBlocked));
    }
    if !is_lab {
        is_open(policy, &region)?;
    }
    let mut prefix = number.e164().split_off(1);
    prefix.truncate(prefix.len().saturating_sub(SUBSCRIBER_DIGITS));
    Ok(Place { region: region.region, calling_code: region.calling_code, prefix, is_lab })
}

/// Whether one of these openings holds the place.
pub(super) fn opens(openings: &[Opening], region: &str, calling_code: u16) -> bool {
    openings.iter().any(|opening| match opening {
        Opening::Region(name) => name == region,
        Opening::CallingCode(code) => *code == calling_code,
    })
}

/// A premium or satellite number is told by its name, as people mistype; the other marks are risks of
/// which nothing is told.
fn is_open(policy: &PolicyConfig, region: &Region) -> Result<(), Refusal> {
    let open = opens(&policy.countries, region.region, region.calling_code);
    let risk = region.risk.filter(|risk| !policy.allowed_kinds.contains(&risk.name()));
    match (risk, open) {
        // A satellite network is opened by its calling code: that names it already.
        (Some(Risk::Satellite), true) | (None, true) => Ok(()),
        (Some(Risk::Satellite), false) => Err(Refusal::number(NumberFault::Satellite)),
        (Some(Risk::Premium), _) => Err(Refusal::number(NumberFault::Premium)),
        (_, false) => Err(Refusal::new(Reason::CountryBlocked)),
        (Some(Risk::SharedCost | Risk::Personal | Risk::Uan | Risk::Pager), true) => {
            Err(Refusal::new(Reason::PrefixRisk))
        }
    }
}

fn invalid(why: NotValid) -> Refusal {
    Refusal::number(match why {
        NotValid::UnknownCountryCode => NumberFault::UnknownCountryCode,
        NotValid::TooShort => NumberFault::TooShort,
        NotValid::TooLong => NumberFault::TooLong,
        NotValid::NotInUse => NumberFault::NotInUse,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(number: &str, countries: Vec<Opening>) -> Result<Place, Refusal> {
        let policy =
            PolicyConfig { countries, test_prefixes: vec!["+1999".into()], ..PolicyConfig::default() };
        of(&policy.into(), &Number::parse(number).unwrap())
    }

    fn reason(number: &str, countries: Vec<Opening>) -> Reason {
        admitted(number, countries).unwrap_err().reason
    }

    fn us() -> Vec<Opening> {
        vec![Opening::Region("US".into())]
    }

    #[test]
    fn a_country_is_closed_until_it_is_opened_by_region_or_by_calling_code() {
        assert_eq!(reason("+1 425 234 5667", vec![]), Reason::CountryBlocked);
        assert_eq!(admitted("+1 425 234 5667", us()).unwrap().prefix, "1425234");
        // +1 604 is Canada: `US` does not open it, `1` opens all of +1.
        assert_eq!(reason("+1 604 234 5667", us()), Reason::CountryBlocked);
        assert_eq!(admitted("+1 604 234 5667", vec![Opening::CallingCode(1)]).unwrap().region, "CA");
    }

    #[test]
    fn lab_numbers_skip_validation_and_need_no_country() {
        assert!(admitted("+1 999 555 0100", vec![]).unwrap().is_lab);
        assert_eq!(reason("+1 25300", vec![Opening::CallingCode(1)]), Reason::NumberInvalid);
    }

    /// "The refusal says what is wrong: unknown country code, too short for that country, a premium or
    /// satellite range."
    #[test]
    fn what_is_wrong_with_a_number_is_told() {
        for (number, words) in [
            ("+999 123 456 789", "country code"),
            ("+1 25300", "too short"),
            ("+1 900 234 5678", "premium-rate"),
            ("+881 612 345 678", "satellite"),
            ("+979 123 456 789", "premium-rate"),
        ] {
            let refusal = admitted(number, us()).unwrap_err();
            assert_eq!(refusal.reason, Reason::NumberInvalid, "{number}");
            let told = refusal.number.unwrap().message(None);
            assert!(told.contains(words), "{number}: {told}");
        }
        assert!(admitted("+881 612 345 678", vec![Opening::CallingCode(881)]).is_ok());
        let personal = || vec![Opening::Region("GB".into())];
        assert_eq!(admitted("+44 70 1234 5678", personal()).unwrap_err(), Refusal::new(Reason::PrefixRisk));
    }

    #[test]
    fn our_own_numbers_are_never_dialled() {
        let policy = PolicyConfig {
            countries: us(),
            own_numbers: vec!["14252345667".into()],
            ..PolicyConfig::default()
        };
        let refused = of(&policy.into(), &Number::parse("+14252345667").unwrap()).unwrap_err();
        assert_eq!(refused.reason, Reason::NumberBlocked);
    }
}
