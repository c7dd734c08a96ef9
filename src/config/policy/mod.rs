//! `[policy]` of the gateway's file, and `policy.toml` beside it: which numbers may be dialled, how
//! often, and when.

mod file;
mod limits;
mod money;
mod quiet;
mod rate;
pub(super) mod written;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;

use super::error::ConfigError;
use super::source::Source;

pub use limits::{BackOffConfig, LimitsConfig, LockConfig, PumpingConfig};
pub use money::Money;
pub(super) use money::money;
pub use quiet::QuietHours;
pub use rate::Rate;
pub(super) use rate::{rate, rates};

/// E.164 §6.1: a number has at most 15 digits; a prefix that long would be a number.
const LONGEST_PREFIX_DIGITS: usize = 15;

/// One opened part of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// An ISO 3166 region, for instance `US`.
    Region(String),
    /// A whole E.164 country calling code, for instance 1 with all its countries.
    CallingCode(u16),
}

/// Which numbers may be dialled, how often, and when. Every part but the first two is of `policy.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyConfig {
    /// The opened countries; every number elsewhere is refused (`country_blocked`).
    pub countries: Vec<Opening>,
    /// Prefixes, `+` and digits, whose numbers skip validation and count in no limit, for labs.
    pub test_prefixes: Vec<String>,
    /// How often whom.
    pub limits: LimitsConfig,
    /// How long after calls without a key.
    pub back_off: BackOffConfig,
    /// After so many unanswered or refused calls in a row only `challenge` is allowed.
    pub fatigue_after: u32,
    /// When wrong PINs lock.
    pub lock: LockConfig,
    /// How long a person's report of fraud blocks calls.
    pub fraud_block: Duration,
    /// When nobody is called but for a challenge.
    pub quiet_hours: Option<QuietHours>,
    /// Our own numbers, digits without `+`, which are never dialled; those of the trunks come with them.
    pub own_numbers: Vec<String>,
    /// Kinds of numbers that are dialled though they are a risk, by name.
    pub allowed_kinds: Vec<&'static str>,
    /// What each tenant may spend a day.
    pub budget_per_day: Option<Money>,
    /// When a prefix is taken to be pumped.
    pub pumping: PumpingConfig,
    /// Whether jobs of tenants without a file of their own are refused.
    pub refuse_unknown_tenants: bool,
}

/// Kinds of numbers that are a risk, by the numbering plans' own marks.
pub const RISKY_KINDS: [&str; 6] = ["premium", "satellite", "shared_cost", "personal", "uan", "pager"];

impl Default for PolicyConfig {
    fn default() -> PolicyConfig {
        PolicyConfig {
            countries: Vec::new(),
            test_prefixes: Vec::new(),
            limits: LimitsConfig::default(),
            back_off: BackOffConfig::default(),
            fatigue_after: file::DEFAULT_FATIGUE_AFTER,
            lock: LockConfig::default(),
            fraud_block: file::DEFAULT_FRAUD_BLOCK,
            quiet_hours: None,
            own_numbers: Vec::new(),
            allowed_kinds: Vec::new(),
            budget_per_day: None,
            pumping: PumpingConfig::default(),
            refuse_unknown_tenants: false,
        }
    }
}

impl PolicyConfig {
    pub(super) fn check(written: super::written::Policy, source: &mut Source) -> Option<PolicyConfig> {
        let countries = written.countries.unwrap_or_default();
        let countries: Vec<_> = countries.iter().map(|text| opening("countries", text, source)).collect();
        let prefixes = written.test_prefixes.unwrap_or_default();
        let prefixes: Vec<_> = prefixes.iter().map(|text| prefix("test_prefixes", text, source)).collect();
        Some(PolicyConfig {
            countries: countries.into_iter().collect::<Option<_>>()?,
            test_prefixes: prefixes.into_iter().collect::<Option<_>>()?,
            ..PolicyConfig::default()
        })
    }

    /// Takes in `policy.toml` beside the gateway's file, if there is one.
    pub(super) fn load_file(&mut self, gateway: &Path) -> Vec<ConfigError> {
        file::load(self, gateway)
    }
}

pub(super) fn opening(key: &str, text: &Spanned<String>, source: &mut Source) -> Option<Opening> {
    let word = text.get_ref();
    if word.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(code) = word.parse::<u16>()
        && phonenumber::metadata::DATABASE.by_code(&code).is_some()
    {
        return Some(Opening::CallingCode(code));
    }
    if phonenumber::country::Id::from_str(word).is_ok() {
        return Some(Opening::Region(word.clone()));
    }
    source.refuse(
        text.span(),
        format!("`{key}` has {word:?}, expected an ISO 3166 region or a calling code that is assigned"),
        "Write for example \"US\" or \"1\"",
    )
}

/// `+` and digits.
fn prefix(key: &str, text: &Spanned<String>, source: &mut Source) -> Option<String> {
    let word = text.get_ref();
    let digits = word.strip_prefix('+').unwrap_or_default();
    let fits = (1..=LONGEST_PREFIX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        return Some(word.clone());
    }
    source.refuse(
        text.span(),
        format!("`{key}` has {word:?}, expected + and 1 to {LONGEST_PREFIX_DIGITS} digits"),
        "Write for example \"+1999\"",
    )
}
