//! What one client address has ordered: how many calls, and into how many countries.

use std::collections::VecDeque;

use super::history::DAY;
use super::table::Fades;
use super::window;
use crate::config::Rate;
use crate::job::UnixMs;

/// The orders of one client address in the last day.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// In order, as many as the widest window needs.
    calls: VecDeque<UnixMs>,
    /// Each country, and when it was called last; the world has fewer than 256.
    countries: Vec<(String, UnixMs)>,
}

impl Client {
    /// Notes a call. Calls may come in any order; `most` bounds what is remembered.
    pub(super) fn add(&mut self, at: UnixMs, region: &str, most: usize) {
        let place = self.calls.iter().rposition(|past| *past <= at).map_or(0, |before| before + 1);
        self.calls.insert(place, at);
        while self.calls.len() > most.max(1) {
            self.calls.pop_front();
        }
        match self.countries.iter_mut().find(|(known, _)| known == region) {
            Some((_, last)) => *last = at.max(*last),
            None => self.countries.push((region.to_owned(), at)),
        }
    }

    /// Takes a call back that was not made after all; the country stays noted, which errs on the safe
    /// side for a day.
    pub(super) fn remove(&mut self, at: UnixMs) {
        if let Some(place) = self.calls.iter().rposition(|past| *past == at) {
            self.calls.remove(place);
        }
    }

    /// How long until a further call into this country fits.
    pub(super) fn wait(
        &self,
        rates: &[Rate],
        countries: Option<Rate>,
        region: &str,
        now: UnixMs,
    ) -> Option<std::time::Duration> {
        let calls = window::wait(rates, self.calls.iter(), now);
        let spread = countries.and_then(|rate| self.wait_for_country(rate, region, now));
        calls.max(spread)
    }

    fn wait_for_country(&self, rate: Rate, region: &str, now: UnixMs) -> Option<std::time::Duration> {
        let mut recent: Vec<UnixMs> = self
            .countries
            .iter()
            .filter(|(known, at)| known != region && at.plus(rate.within) > now)
            .map(|(_, at)| *at)
            .collect();
        recent.sort_unstable();
        window::wait(&[rate], recent.iter(), now)
    }
}

impl Fades for Client {
    fn needed_until(&self) -> UnixMs {
        let countries = self.countries.iter().map(|(_, at)| *at);
        countries.chain(self.calls.back().copied()).max().map_or(UnixMs(0), |last| last.plus(DAY))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Five countries in 24 hours: the sixth is refused, the five go on.
    #[test]
    fn a_client_that_calls_the_whole_world_is_held_at_its_sixth_country() {
        let mut client = Client::default();
        let spread = Some(Rate::new(5, 86_400));
        for (n, region) in (0..).zip(["US", "CA", "GB", "DE", "FR"]) {
            assert_eq!(client.wait(&[], spread, region, UnixMs(n)), None, "{region}");
            client.add(UnixMs(n), region, 60);
        }
        assert_eq!(client.wait(&[], spread, "LV", UnixMs(4)), Some(Duration::from_millis(86_399_996)));
        assert_eq!(client.wait(&[], spread, "GB", UnixMs(4)), None);
        assert_eq!(client.wait(&[], None, "LV", UnixMs(4)), None);
    }
}
