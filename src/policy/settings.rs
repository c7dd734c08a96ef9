//! What the policy goes by.

use std::collections::BTreeSet;

use crate::config::{Config, Money, PolicyConfig, Price, Rates, Tenant, Tenants};
use crate::job::ModeKind;
use crate::number::Number;

/// Limits, tenants, prices and our own numbers.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub(super) policy: PolicyConfig,
    pub(super) tenants: Tenants,
    pub(super) rates: Rates,
    own: BTreeSet<String>,
}

impl Settings {
    /// These parts, and no numbers of trunks.
    pub fn new(policy: PolicyConfig, tenants: Tenants, rates: Rates) -> Settings {
        let own = policy.own_numbers.iter().cloned().collect();
        Settings { policy, tenants, rates, own }
    }

    /// What the configuration says.
    pub fn of(config: &Config) -> Settings {
        let shown = config.trunks.iter().flat_map(|trunk| trunk.caller_ids.all());
        let shown = shown.map(|id| id.chars().filter(char::is_ascii_digit).collect());
        let mut settings = Settings::new(config.policy.clone(), config.tenants.clone(), config.rates.clone());
        settings.own.extend(shown);
        settings
    }

    /// The rules of a tenant.
    pub fn tenant(&self, name: &str) -> &Tenant {
        self.tenants.of(name)
    }

    /// Whether the number is one of ours: the gateway would talk to itself.
    pub(super) fn is_own(&self, number: &Number) -> bool {
        self.own.contains(&number.e164()[1..])
    }

    /// The prefix of the price list, and the price; what is not listed costs as the dearest that is, so
    /// that a gap in the list is no way around a budget.
    pub(super) fn price(&self, digits: &str) -> (String, Option<Price>) {
        match self.rates.of(digits) {
            Some((prefix, price)) => (prefix.to_owned(), Some(price)),
            None => (String::new(), self.rates.dearest()),
        }
    }

    /// The price of this prefix of the list; that of the dearest for the empty one.
    pub(super) fn price_of(&self, prefix: &str) -> Option<Price> {
        self.price(prefix).1
    }

    /// What the tenant may spend a day.
    pub(super) fn budget(&self, tenant: &str) -> Option<Money> {
        self.tenants.of(tenant).budget_per_day.or(self.policy.budget_per_day)
    }
}

impl From<PolicyConfig> for Settings {
    /// A policy without tenants and prices of their own.
    fn from(policy: PolicyConfig) -> Settings {
        Settings::new(policy, Tenants::default(), Rates::default())
    }
}

/// Modes by their names.
pub(super) fn modes(names: &[&'static str]) -> Vec<ModeKind> {
    names.iter().filter_map(|name| ModeKind::from_name(name)).collect()
}
