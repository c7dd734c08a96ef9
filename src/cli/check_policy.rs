//! What `check` says of tenants and prices.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::config::{Config, Tenant};

/// Each line, and whether it is as it should be. `packs` are the directories of the prompt packs.
pub(super) fn told(config: &Config, packs: &[PathBuf]) -> Vec<(bool, String)> {
    let names: BTreeSet<&str> =
        packs.iter().filter_map(|pack| pack.file_name().and_then(|name| name.to_str())).collect();
    let tenants = config.tenants.iter().map(|tenant| of_tenant(tenant, &names));
    tenants.chain(prices(config)).collect()
}

fn of_tenant(tenant: &Tenant, packs: &BTreeSet<&str>) -> (bool, String) {
    let name = &tenant.name;
    match tenant.prompts.as_deref().filter(|pack| !packs.contains(pack)) {
        Some(pack) => {
            (false, format!("{name}: there is no prompt pack {pack:?}, its jobs end as prompt_missing"))
        }
        None => (true, format!("{name}: {}, {} rules", tenant.modes.join(", "), tenant.rules.len())),
    }
}

/// A budget without prices never fills.
fn prices(config: &Config) -> Option<(bool, String)> {
    let budgets = config.tenants.iter().filter_map(|tenant| tenant.budget_per_day);
    let has_budget = config.policy.budget_per_day.into_iter().chain(budgets).next().is_some();
    match config.rates.dearest() {
        None if has_budget => {
            Some((false, "a budget is set and rates.csv has no prices: it never fills".to_owned()))
        }
        None => None,
        Some(price) => Some((true, format!("rates.csv: the dearest minute costs {}", price.per_minute))),
    }
}
