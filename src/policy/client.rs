//! What one client address has ordered: how many calls, and into how many countries.

use std::collections::VecDeque;
use std::time::Duration;

use super::history::DAY;
use super::table::Fades;
use super::window;
use crate::config::Rate;
use crate::job::UnixMs;

/// One call that was ordered from the address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ordered {
    pub(super) at: UnixMs,
    /// To a number that its user did not verify before.
    pub(super) new: bool,
    /// A person did what was asked.
    pub(super) confirmed: bool,
}

/// The orders of one client address in the last day.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// In order, as many as the widest window needs.
    calls: VecDeque<Ordered>,
    /// Each country, and when it was called last; the world has fewer than 256.
    countries: Vec<(String, UnixMs)>,
}

impl Client {
    /// Notes a call. Calls may come in any order; `most` bounds what is remembered.
    pub(super) fn add(&mut self, call: Ordered, region: &str, most: usize) {
        let place = self.calls.iter().rposition(|past| past.at <= call.at).map_or(0, |before| before + 1);
        self.calls.insert(place, call);
        while self.calls.len() > most.max(1) {
            self.calls.pop_front();
        }
        match self.countries.iter_mut().find(|(known, _)| known == region) {
            Some((_, last)) => *last = call.at.max(*last),
            None => self.countries.push((region.to_owned(), call.at)),
        }
    }

    /// Notes that the call of this moment was confirmed.
    pub(super) fn confirm(&mut self, at: UnixMs) {
        if let Some(call) = self.calls.iter_mut().rev().find(|past| past.at == at) {
            call.confirmed = true;
        }
    }

    /// Takes a call back that was not made after all; the country stays noted, which errs on the safe
    /// side for a day.
    pub(super) fn remove(&mut self, at: UnixMs) {
        if let Some(place) = self.calls.iter().rposition(|past| past.at == at) {
            self.calls.remove(place);
        }
    }

    /// How long until a further call to a number that its user did not verify before fits: of those since
    /// the last confirmed one, as somebody who dials through the world confirms none.
    pub(super) fn wait_for_new(&self, rate: Rate, now: UnixMs) -> Option<Duration> {
        let confirmed = self.calls.iter().rposition(|past| past.confirmed).map_or(0, |last| last + 1);
        let new = self.calls.iter().skip(confirmed).filter(|past| past.new).map(|past| &past.at);
        window::wait(&[rate], new, now)
    }

    /// How long until a further call into this country fits.
    pub(super) fn wait(
        &self,
        rates: &[Rate],
        countries: Option<Rate>,
        region: &str,
        now: UnixMs,
    ) -> Option<Duration> {
        let calls = window::wait(rates, self.calls.iter().map(|past| &past.at), now);
        let spread = countries.and_then(|rate| self.wait_for_country(rate, region, now));
        calls.max(spread)
    }

    fn wait_for_country(&self, rate: Rate, region: &str, now: UnixMs) -> Option<Duration> {
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
        countries.chain(self.calls.back().map(|past| past.at)).max().map_or(UnixMs(0), |last| last.plus(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five countries in 24 hours: the sixth is refused, the five go on.
    #[test]
    fn a_client_that_calls_the_whole_world_is_held_at_its_sixth_country() {
        let mut client = Client::default();
        let spread = Some(Rate::new(5, 86_400));
        for (n, region) in (0..).zip(["US", "CA", "GB", "DE", "FR"]) {
            assert_eq!(client.wait(&[], spread, region, UnixMs(n)), None, "{region}");
            client.add(Ordered { at: UnixMs(n), new: true, confirmed: false }, region, 60);
        }
        assert_eq!(client.wait(&[], spread, "LV", UnixMs(4)), Some(Duration::from_millis(86_399_996)));
        assert_eq!(client.wait(&[], spread, "GB", UnixMs(4)), None);
        assert_eq!(client.wait(&[], None, "LV", UnixMs(4)), None);
    }

    /// Who dials through the world confirms none; in an office somebody does.
    #[test]
    fn new_numbers_are_counted_from_the_last_confirmed_call() {
        let mut client = Client::default();
        let (rate, second) = (Rate::new(3, 3_600), |n: u64| UnixMs(n * 1_000));
        for n in 0..4 {
            client.add(Ordered { at: second(n), new: n != 1, confirmed: false }, "US", 60);
        }
        assert_eq!(client.wait_for_new(rate, second(4)), Some(Duration::from_secs(3_596)));
        client.confirm(second(2));
        assert_eq!(client.wait_for_new(rate, second(4)), None);
    }
}
