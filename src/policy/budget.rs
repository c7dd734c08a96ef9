//! What each tenant has spent today.

use std::collections::HashMap;
use std::time::Duration;

use crate::config::Money;
use crate::job::UnixMs;

const DAY_MS: u64 = 86_400_000;

/// Money spent by tenant, in the current day of UTC.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    day: u64,
    spent: HashMap<String, Money>,
}

impl Budgets {
    /// How long until a call of this price fits into the tenant's budget; `None` when it does.
    pub(super) fn wait(&self, tenant: &str, price: Money, budget: Money, now: UnixMs) -> Option<Duration> {
        let spent = self.spent.get(tenant).filter(|_| self.day == day(now)).copied().unwrap_or_default();
        let tomorrow = UnixMs((day(now) + 1) * DAY_MS);
        (spent + price > budget).then(|| tomorrow.since(now))
    }

    /// Notes what a call of this moment costs.
    pub(super) fn add(&mut self, tenant: &str, price: Money, at: UnixMs) {
        if day(at) > self.day {
            self.day = day(at);
            self.spent.clear();
        }
        if day(at) == self.day && price > Money(0) {
            let spent = self.spent.entry(tenant.to_owned()).or_default();
            *spent = *spent + price;
        }
    }

    /// Takes back what a call of this moment did not cost after all.
    pub(super) fn take_back(&mut self, tenant: &str, price: Money, at: UnixMs) {
        if let Some(spent) = self.spent.get_mut(tenant).filter(|_| day(at) == self.day) {
            *spent = spent.less(price);
        }
    }
}

fn day(at: UnixMs) -> u64 {
    at.0 / DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_of_a_tenant_and_of_a_day() {
        let mut budgets = Budgets::default();
        let noon = UnixMs(100 * DAY_MS + DAY_MS / 2);
        let (cent, ten) = (Money(10_000), Money(100_000));
        for _ in 0..10 {
            assert_eq!(budgets.wait("acme", cent, ten, noon), None);
            budgets.add("acme", cent, noon);
        }
        assert_eq!(budgets.wait("acme", cent, ten, noon), Some(Duration::from_secs(43_200)));
        assert_eq!(budgets.wait("other", cent, ten, noon), None);
        budgets.take_back("acme", cent, noon);
        assert_eq!(budgets.wait("acme", cent, ten, noon), None);
        budgets.add("acme", cent, noon);
        assert_eq!(budgets.wait("acme", cent, ten, UnixMs(101 * DAY_MS)), None);
    }
}
