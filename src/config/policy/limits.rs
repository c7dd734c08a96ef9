//! The numbers of the limits, and their defaults.

use std::time::Duration;

use ipnet::IpNet;

use super::money::Money;
use super::rate::Rate;

/// How often whom. Only jobs that were dialled count; an empty list is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Each user of a tenant: sliding windows.
    pub user: Vec<Rate>,
    /// Each number, whichever tenant calls it: sliding windows.
    pub number: Vec<Rate>,
    /// Each office's number over all its extensions, without the calls that were verified: sliding windows.
    pub office: Vec<Rate>,
    /// Each client address (IPv6 by /64): sliding windows.
    pub address: Vec<Rate>,
    /// Each client address: so many different countries called.
    pub address_countries: Option<Rate>,
    /// Each client address: so many calls to numbers that their user did not verify before, since the
    /// last confirmed call from there.
    pub address_unverified: Option<Rate>,
    /// Networks whose clients have no limit: an office behind one address.
    pub address_exempt: Vec<IpNet>,
    /// Each prefix, that is a number less its last four digits: a token bucket.
    pub prefix: Option<Rate>,
    /// Each tenant: a token bucket.
    pub tenant: Option<Rate>,
    /// The gateway as a whole: a token bucket.
    pub gateway: Option<Rate>,
}

impl Default for LimitsConfig {
    fn default() -> LimitsConfig {
        let person = || vec![Rate::new(5, 300), Rate::new(10, 3_600), Rate::new(20, 86_400)];
        LimitsConfig {
            user: person(),
            number: person(),
            office: vec![Rate::new(10, 300), Rate::new(30, 3_600), Rate::new(100, 86_400)],
            address: vec![Rate::new(60, 600)],
            address_countries: Some(Rate::new(5, 86_400)),
            address_unverified: Some(Rate::new(60, 86_400)),
            address_exempt: Vec::new(),
            prefix: None,
            tenant: None,
            gateway: None,
        }
    }
}

/// How long after calls without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackOffConfig {
    /// So many calls without a key go unpunished.
    pub after: u32,
    /// The pause after the first one too many; each further one doubles it.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Default for BackOffConfig {
    fn default() -> BackOffConfig {
        BackOffConfig { after: 5, first: Duration::from_secs(600), longest: Duration::from_secs(3_600) }
    }
}

/// When wrong PINs and challenges lock a user or a number of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockConfig {
    /// After so many wrong entries in a row.
    pub tries: u32,
    /// Wrong entries are forgotten after so long without another one.
    pub reset: Duration,
    /// How long it stays locked.
    pub unlock: Duration,
}

impl Default for LockConfig {
    fn default() -> LockConfig {
        LockConfig { tries: 5, reset: Duration::from_secs(1_800), unlock: Duration::from_secs(3_600) }
    }
}

/// When a prefix is taken to be pumped: called for the calls' sake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PumpingConfig {
    /// Whether such prefixes are stopped.
    pub enabled: bool,
    /// So many new numbers in an hour at the least, where the prefix is a number less four digits.
    pub numbers: u32,
    /// The same where the prefix is one of the price list.
    pub rate_numbers: u32,
    /// So many times as many as in any hour of the week before.
    pub times: u32,
    /// With fewer of them verified than this, in per cent,
    pub verified_percent: u32,
    /// and so much money in the hour, where there are prices; or
    pub unverified_spend: Money,
    /// with so much money in the hour, verified or not.
    pub spend: Money,
    /// How long it is stopped, unless somebody unblocks it.
    pub stop: Duration,
}

impl Default for PumpingConfig {
    fn default() -> PumpingConfig {
        PumpingConfig {
            enabled: true,
            numbers: 10,
            rate_numbers: 100,
            times: 4,
            verified_percent: 20,
            unverified_spend: Money(5_000_000),
            spend: Money(20_000_000),
            stop: Duration::from_secs(86_400),
        }
    }
}
