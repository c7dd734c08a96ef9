//! `policy.toml`, checked.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;

use super::limits::{BackOffConfig, LimitsConfig, LockConfig, PumpingConfig};
use super::money::money;
use super::quiet::QuietHours;
use super::rate::{Rate, rate, rates};
use super::{PolicyConfig, RISKY_KINDS, prefix, written};
use crate::config::error::ConfigError;
use crate::config::source::Source;

/// Support tells people to try five times; the guard begins with the sixth.
pub(super) const DEFAULT_FATIGUE_AFTER: u32 = 5;
pub(super) const DEFAULT_FRAUD_BLOCK: Duration = Duration::from_secs(DEFAULT_FRAUD_DAYS as u64 * DAY_S);
const DEFAULT_FRAUD_DAYS: u32 = 90;
const DAY_S: u64 = 86_400;
/// A day in seconds, as a key's bound.
const DAY: u32 = 86_400;

/// Reads the file beside the gateway's into `policy`; a missing one leaves the defaults.
pub(super) fn load(policy: &mut PolicyConfig, gateway: &Path) -> Vec<ConfigError> {
    let file = gateway.parent().unwrap_or(Path::new("")).join("policy.toml");
    if !file.exists() {
        return Vec::new();
    }
    let mut source = match Source::read(&file) {
        Ok(source) => source,
        Err(error) => return vec![error],
    };
    let read = source.parse::<written::File>();
    if let Some(written) = read {
        // What is wrong is in the source's list; the value is not used then.
        let _ = apply(policy, written, &mut source);
    }
    source.into_errors()
}

fn apply(policy: &mut PolicyConfig, written: written::File, source: &mut Source) -> Option<()> {
    let limits = limits(written.limits, source);
    let back_off = back_off(&written.back_off, source);
    let fatigue = source.number("after", written.fatigue.after, DEFAULT_FATIGUE_AFTER, 1..=100, "calls");
    let lock = lock(written.lock, source);
    let days = source.number("block_days", written.fraud.block_days, DEFAULT_FRAUD_DAYS, 1..=3_650, "days");
    let quiet_hours = QuietHours::check(&written.quiet_hours, source);
    let own = own_numbers(written.numbers.own, source);
    let allowed = allowed_kinds(written.numbers.allow, source);
    let budget = money("per_day", written.budget.per_day.as_ref(), source);
    let pumping = pumping(written.pumping, source);
    let refuse_unknown = refuse_unknown(written.tenants.unknown.as_ref(), source);
    policy.quiet_hours = quiet_hours?;
    policy.own_numbers = own?;
    policy.allowed_kinds = allowed?;
    policy.budget_per_day = budget?;
    policy.pumping = pumping?;
    policy.refuse_unknown_tenants = refuse_unknown?;
    policy.limits = limits?;
    policy.back_off = back_off?;
    policy.fatigue_after = fatigue?;
    policy.lock = lock?;
    policy.fraud_block = Duration::from_secs(u64::from(days?) * DAY_S);
    Some(())
}

fn limits(written: written::Limits, source: &mut Source) -> Option<LimitsConfig> {
    let default = LimitsConfig::default();
    let bucket = |key: &str, text: Option<Spanned<String>>, source: &mut Source| match text {
        None => Some(None),
        Some(text) => rate(key, &text, source).map(Some),
    };
    let user = rates("user", written.user, default.user, source);
    let number = rates("number", written.number, default.number, source);
    let office = rates("office", written.office, default.office, source);
    let address = rates("address", written.address, default.address, source);
    let countries = or_off("address_countries", written.address_countries, default.address_countries, source);
    let unverified =
        or_off("address_unverified", written.address_unverified, default.address_unverified, source);
    let exempt = networks("address_exempt", written.address_exempt, source);
    let prefix = bucket("prefix", written.prefix, source);
    let tenant = bucket("tenant", written.tenant, source);
    let gateway = bucket("gateway", written.gateway, source);
    Some(LimitsConfig {
        user: user?,
        number: number?,
        office: office?,
        address: address?,
        address_countries: countries?,
        address_unverified: unverified?,
        address_exempt: exempt?,
        prefix: prefix?,
        tenant: tenant?,
        gateway: gateway?,
    })
}

/// `"off"` is no limit, as the key has a default.
fn or_off(
    key: &str,
    written: Option<Spanned<String>>,
    default: Option<Rate>,
    source: &mut Source,
) -> Option<Option<Rate>> {
    match written {
        None => Some(default),
        Some(text) if text.get_ref() == "off" => Some(None),
        Some(text) => rate(key, &text, source).map(Some),
    }
}

fn networks(key: &str, written: Option<Vec<Spanned<String>>>, source: &mut Source) -> Option<Vec<IpNet>> {
    let written = written.unwrap_or_default();
    let read = |text: &Spanned<String>| {
        let word = text.get_ref();
        let alone = || word.parse::<IpAddr>().ok().map(IpNet::from);
        word.parse().ok().or_else(alone).map(|network: IpNet| network.trunc()).or_else(|| {
            source.refuse(
                text.span(),
                format!("`{key}` has {word:?}, expected an IP network"),
                "Write for example \"192.0.2.0/24\" or \"2001:db8::/32\"",
            )
        })
    };
    let networks: Vec<_> = written.iter().map(read).collect();
    networks.into_iter().collect()
}

fn back_off(written: &written::BackOff, source: &mut Source) -> Option<BackOffConfig> {
    let first = source.number("first_s", written.first_s.clone(), 600, 1..=DAY, "s");
    let longest = source.number("longest_s", written.longest_s.clone(), 3_600, 1..=DAY, "s");
    let after = source.number("after", written.after.clone(), 5, 1..=100, "calls");
    let (first, longest) = (first?, longest?);
    if longest < first {
        let at = written.longest_s.as_ref().or(written.first_s.as_ref()).map_or(0..0, Spanned::span);
        return source.refuse(
            at,
            format!("`longest_s` is {longest} and `first_s` is {first}: the longest pause is shorter than the first"),
            "Raise `longest_s`, or lower `first_s`",
        );
    }
    Some(BackOffConfig {
        after: after?,
        first: Duration::from_secs(first.into()),
        longest: Duration::from_secs(longest.into()),
    })
}

fn lock(written: written::Lock, source: &mut Source) -> Option<LockConfig> {
    let tries = source.number("tries", written.tries, 5, 1..=100, "wrong entries");
    let reset = source.number("reset_s", written.reset_s, 1_800, 60..=7 * DAY, "s");
    let unlock = source.number("unlock_s", written.unlock_s, 3_600, 60..=30 * DAY, "s");
    Some(LockConfig {
        tries: tries?,
        reset: Duration::from_secs(reset?.into()),
        unlock: Duration::from_secs(unlock?.into()),
    })
}

/// Numbers of ours, with or without what people put between digits.
fn own_numbers(written: Option<Vec<Spanned<String>>>, source: &mut Source) -> Option<Vec<String>> {
    let written = written.unwrap_or_default();
    let numbers: Vec<_> = written.iter().map(|text| prefix("own", text, source)).collect();
    let digits = |number: Option<String>| number.map(|number| number.trim_start_matches('+').to_owned());
    numbers.into_iter().map(digits).collect()
}

fn allowed_kinds(written: Option<Vec<Spanned<String>>>, source: &mut Source) -> Option<Vec<&'static str>> {
    let written = written.unwrap_or_default();
    let kind = |text: &Spanned<String>| {
        RISKY_KINDS.into_iter().find(|kind| kind == text.get_ref()).or_else(|| {
            source.refuse(
                text.span(),
                format!("`allow` has {:?}, expected one of {}", text.get_ref(), RISKY_KINDS.join(", ")),
                "Leave the key out to allow none of them",
            )
        })
    };
    let kinds: Vec<_> = written.iter().map(kind).collect();
    kinds.into_iter().collect()
}

fn pumping(written: written::Pumping, source: &mut Source) -> Option<PumpingConfig> {
    let default = PumpingConfig::default();
    let numbers = source.number("numbers", written.numbers, default.numbers, 2..=100_000, "numbers");
    let rate_numbers =
        source.number("rate_numbers", written.rate_numbers, default.rate_numbers, 2..=1_000_000, "numbers");
    let times = source.number("times", written.times, default.times, 1..=1_000, "times");
    let percent =
        source.number("verified_percent", written.verified_percent, default.verified_percent, 0..=100, "%");
    let unverified_spend = money("unverified_spend", written.unverified_spend.as_ref(), source);
    let spend = money("spend", written.spend.as_ref(), source);
    let stop = source.number("stop_s", written.stop_s, DAY, 60..=30 * DAY, "s");
    Some(PumpingConfig {
        enabled: written.enabled.unwrap_or(default.enabled),
        numbers: numbers?,
        rate_numbers: rate_numbers?,
        times: times?,
        verified_percent: percent?,
        unverified_spend: unverified_spend?.unwrap_or(default.unverified_spend),
        spend: spend?.unwrap_or(default.spend),
        stop: Duration::from_secs(stop?.into()),
    })
}

fn refuse_unknown(written: Option<&Spanned<String>>, source: &mut Source) -> Option<bool> {
    let Some(text) = written else { return Some(false) };
    match text.get_ref().as_str() {
        "default" => Some(false),
        "refuse" => Some(true),
        other => source.refuse(
            text.span(),
            format!("`unknown` is {other:?}, expected \"default\" or \"refuse\""),
            "Without the key it is \"default\"",
        ),
    }
}
