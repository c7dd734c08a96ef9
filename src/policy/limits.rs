//! Whether a call fits into the limits, and what it takes of them.

use std::net::IpAddr;

use super::client::Ordered;
use super::engine::Engine;
use super::history::{Guard, Orderer, Outcome};
use super::refusal::Refusal;
use super::ticket::Counted;
use crate::config::Rate;
use crate::job::{ModeKind, UnixMs};

/// Prefixes and tenants with a bucket of their own.
const MOST_BUCKETS: usize = 1 << 16;

impl Engine {
    /// Whether the call fits into every limit.
    pub(super) fn fits(&self, call: &Counted, address: Option<IpAddr>, now: UnixMs) -> Result<(), Refusal> {
        let limits = &self.settings.policy.limits;
        let by = self.orderer(call);
        let number = self.numbers.get(call.number).and_then(|history| history.wait(&limits.number, by, now));
        let office = call.office.and_then(|mark| self.numbers.get(mark));
        let office = office.and_then(|history| history.wait(&limits.office, Orderer::Anybody, now));
        let user = call
            .user
            .and_then(|mark| self.users.get(mark))
            .and_then(|h| h.wait(self.user_limits(call), by, now));
        let exempt = address.is_some_and(|address| {
            limits.address_exempt.iter().any(|net| net.contains(&address.to_canonical()))
        });
        let client = call.client.filter(|_| !exempt).and_then(|mark| self.clients.get(mark));
        let client = client.and_then(|client| {
            let new = limits.address_unverified.filter(|_| call.new);
            let new = new.and_then(|rate| client.wait_for_new(rate, now));
            client.wait(&limits.address, limits.address_countries, &call.region, now).max(new)
        });
        let tokens = self
            .buckets_of(call)
            .into_iter()
            .filter_map(|(name, rate)| self.buckets.get(&name).and_then(|bucket| bucket.wait(rate, now)));
        match [number, office, user, client].into_iter().flatten().chain(tokens).max() {
            Some(wait) => Err(Refusal::throttled(wait)),
            None => Ok(()),
        }
    }

    /// Whether the calls before it leave this mode open.
    ///
    /// # Errors
    /// A refusal that names the modes that are left, of those `allowed` by the tenant.
    pub(super) fn is_willing(
        &self,
        call: &Counted,
        mode: ModeKind,
        allowed: &[ModeKind],
        now: UnixMs,
    ) -> Result<(), Refusal> {
        let by = self.orderer(call);
        let number = self.numbers.get(call.number);
        let user = call.user.and_then(|mark| self.users.get(mark));
        let guards = [number, user].into_iter().flatten().map(|history| {
            history.guard(&self.settings.policy.back_off, self.settings.policy.fatigue_after, by, now)
        });
        for guard in guards {
            match guard {
                Guard::Open => {}
                Guard::Wait(wait) => return Err(Refusal::throttled(wait)),
                Guard::ChallengeOnly if mode == ModeKind::Challenge => {}
                Guard::ChallengeOnly => {
                    let challenge = allowed.iter().copied().filter(|mode| *mode == ModeKind::Challenge);
                    return Err(Refusal::method(challenge.collect()));
                }
            }
        }
        Ok(())
    }

    pub(super) fn count(&mut self, call: &Counted, now: UnixMs) {
        let limits = &self.settings.policy.limits;
        let most = |rates: &[Rate]| rates.iter().map(|rate| rate.most as usize).max().unwrap_or(0).max(64);
        let (of_number, of_office, of_user) =
            (most(&limits.number), most(&limits.office), most(self.user_limits(call)));
        let of_new = limits.address_unverified.map_or(0, |rate| rate.most as usize);
        let of_client = most(&limits.address).max(of_new);
        self.numbers.entry(call.number, now).add(call.at, call.outcome, call.strange, of_number);
        if let Some(office) = call.office.filter(|_| call.outcome != Outcome::Confirmed) {
            self.numbers.entry(office, now).add(call.at, call.outcome, call.strange, of_office);
        }
        if let Some(user) = call.user {
            self.users.entry(user, now).add(call.at, call.outcome, call.strange, of_user);
        }
        if let Some(client) = call.client {
            let confirmed = call.outcome == Outcome::Confirmed;
            let ordered = Ordered { at: call.at, new: call.new, confirmed };
            self.clients.entry(client, now).add(ordered, &call.region, of_client);
        }
        self.budgets.add(&call.tenant, call.charge, call.at);
        self.count_new(call, now);
    }

    pub(super) fn take_tokens(&mut self, call: &Counted, now: UnixMs) {
        for (name, rate) in self.buckets_of(call) {
            if self.buckets.len() >= MOST_BUCKETS && !self.buckets.contains_key(&name) {
                self.buckets.retain(|_, bucket| bucket.full_at() > now);
            }
            self.buckets.entry(name).or_default().take(rate, now);
        }
    }

    /// A verified call does not count for its office: colleagues do not hold each other up.
    pub(super) fn forgive_office(&mut self, call: &Counted) {
        let confirmed = call.outcome == Outcome::Confirmed;
        if let Some(history) = call.office.filter(|_| confirmed).and_then(|mark| self.numbers.get_mut(mark)) {
            history.remove(call.at);
        }
    }

    pub(super) fn uncount(&mut self, call: &Counted) {
        for number in [Some(call.number), call.office].into_iter().flatten() {
            if let Some(history) = self.numbers.get_mut(number) {
                history.remove(call.at);
            }
        }
        if let Some(history) = call.user.and_then(|mark| self.users.get_mut(mark)) {
            history.remove(call.at);
        }
        if let Some(client) = call.client.and_then(|mark| self.clients.get_mut(mark)) {
            client.remove(call.at);
        }
        self.budgets.take_back(&call.tenant, call.charge, call.at);
        self.uncount_new(call);
        for (name, rate) in self.buckets_of(call) {
            if let Some(bucket) = self.buckets.get_mut(&name) {
                bucket.put_back(rate);
            }
        }
    }

    fn orderer(&self, call: &Counted) -> Orderer {
        if call.home.is_some() && !call.strange { Orderer::Familiar } else { Orderer::Anybody }
    }

    /// The windows of the tenant's users.
    fn user_limits(&self, call: &Counted) -> &[Rate] {
        let own = self.settings.tenant(&call.tenant).user_limits.as_deref();
        own.unwrap_or(&self.settings.policy.limits.user)
    }

    /// The buckets that a call takes a token of.
    fn buckets_of(&self, call: &Counted) -> Vec<(String, Rate)> {
        let limits = &self.settings.policy.limits;
        let prefix = limits.prefix.map(|rate| (format!("prefix {}", call.prefix), rate));
        let own = self.settings.tenant(&call.tenant).limit;
        let tenant = own.or(limits.tenant).map(|rate| (format!("tenant {}", call.tenant), rate));
        let gateway = limits.gateway.map(|rate| ("gateway".to_owned(), rate));
        [prefix, tenant, gateway].into_iter().flatten().collect()
    }
}
