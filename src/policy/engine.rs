//! The one place that says whether a job may be dialled now.

use std::collections::HashMap;
use std::time::Duration;

use super::blocks::Blocks;
use super::bucket::Bucket;
use super::change::{Change, Kind};
use super::client::Client;
use super::history::{Guard, History, Outcome};
use super::in_progress::InProgress;
use super::lock::Lock;
use super::mark::{Mark, Marker};
use super::place::{self, Place};
use super::refusal::Refusal;
use super::steady::Steady;
use super::table::Table;
use super::ticket::{Counted, Ticket};
use crate::config::{PolicyConfig, Rate};
use crate::job::{Job, ModeKind, UnixMs};
use crate::reason::Reason;

/// Users, numbers and client addresses that are remembered, each. At some 150 bytes each a table that
/// is full takes 80 MB; a gateway fills it with six new people a second for a day.
const MOST_REMEMBERED: usize = 1 << 19;
/// Prefixes and tenants with a bucket of their own.
const MOST_BUCKETS: usize = 1 << 16;

/// Limits, guards and what they remember. Sans I/O: what has to be durable comes back as [`Change`]s.
#[derive(Debug)]
pub struct Engine {
    pub(super) policy: PolicyConfig,
    pub(super) marker: Marker,
    pub(super) steady: Steady,
    /// Tells calls of one millisecond apart.
    sequence: u64,
    users: Table<History>,
    numbers: Table<History>,
    clients: Table<Client>,
    in_progress: InProgress,
    buckets: HashMap<String, Bucket>,
    pub(super) blocks: Blocks,
    pub(super) locks: Table<Lock>,
}

impl Engine {
    /// An engine that remembers nothing yet. `key` is the store's, `seed` any number.
    pub fn new(policy: PolicyConfig, key: &[u8; 32], seed: u64) -> Engine {
        Engine {
            policy,
            marker: Marker::new(key),
            steady: Steady::default(),
            sequence: seed,
            users: Table::new(MOST_REMEMBERED),
            numbers: Table::new(MOST_REMEMBERED),
            clients: Table::new(MOST_REMEMBERED),
            in_progress: InProgress::default(),
            buckets: HashMap::new(),
            blocks: Blocks::default(),
            locks: Table::new(MOST_REMEMBERED),
        }
    }

    /// Takes another policy from now on; what is remembered stays.
    pub fn configure(&mut self, policy: PolicyConfig) {
        self.policy = policy;
    }

    /// Takes in a row of [`Kind::Call`] that an earlier run left. Rows may come in any order.
    pub fn restore_call(&mut self, record: &[u8], wall: UnixMs) {
        let Ok(mut call) = serde_json::from_slice::<Counted>(record) else { return };
        let now = self.steady.at(wall);
        // A clock that was set back meanwhile must hold nobody beyond the windows.
        call.at = call.at.min(now);
        self.count(&call, now);
    }

    /// Whether this job may be dialled. An admitted one holds its number and its place in every limit
    /// until [`Engine::over`].
    ///
    /// # Errors
    /// The [`Refusal`], with what the person is told.
    pub fn admit(&mut self, job: &Job, wall: UnixMs) -> Result<Ticket, Refusal> {
        let now = self.steady.at(wall);
        let place = place::of(&self.policy, &job.to)?;
        let number = self.marker.number(&job.to);
        if let Some(block) = self.blocks.stops(job, &self.marker, false, wall) {
            return Err(Refusal::new(block.kind.refusal()));
        }
        self.is_unlocked(job, now)?;
        if let Some(wait) = self.in_progress.wait(number, now) {
            return Err(Refusal { retry_after: Some(wait), ..Refusal::new(Reason::InProgress) });
        }
        let counted = if place.is_lab { None } else { Some(self.counted(job, place, number, now)) };
        if let Some(call) = &counted {
            self.fits(call, job.client_ip, now)?;
            self.is_willing(call, job.mode.kind(), now)?;
            self.count(call, now);
            self.take_tokens(call, now);
        }
        self.in_progress.begin(number, now);
        Ok(Ticket::new(number, self.lock_marks(job), counted))
    }

    /// An INVITE is about to leave; the rows go with its permit.
    pub fn dialled(&mut self, ticket: &mut Ticket) -> Vec<Change> {
        let Some(call) = ticket.dial() else { return Vec::new() };
        vec![call.row()]
    }

    /// No INVITE left after all.
    pub fn not_dialled(&mut self, ticket: &mut Ticket) -> Vec<Change> {
        let Some(call) = ticket.undial() else { return Vec::new() };
        vec![Change::drop(Kind::Call, call.key.clone())]
    }

    /// The job has its result. A call that never rang by a fault of ours or of a trunk counts for
    /// nobody: whoever tries again is not held back by our failure.
    pub fn ended(&mut self, ticket: &mut Ticket, end: &End) -> Vec<Change> {
        let unlocked = self.right_entry(ticket, end.reason);
        let Some(call) = ticket.end() else { return unlocked };
        if !end.counts() {
            let row = Change::drop(Kind::Call, call.key.clone());
            let call = call.clone();
            self.uncount(&call);
            return vec![row];
        }
        call.outcome = Outcome::of(end.reason);
        let parties = [(&mut self.numbers, Some(call.number)), (&mut self.users, call.user)];
        for (table, mark) in parties {
            if let Some(history) = mark.and_then(|mark| table.get_mut(mark)) {
                history.end(call.at, call.outcome);
            }
        }
        unlocked.into_iter().chain([call.row()]).collect()
    }

    /// The call is over at both ends, or was not made after all: the number is free.
    pub fn over(&mut self, ticket: Ticket) {
        self.in_progress.end(ticket.number);
        if let Some(call) = ticket.undialled() {
            self.uncount(&call);
        }
    }

    /// Forgets what no limit needs any more.
    pub fn sweep(&mut self, wall: UnixMs) {
        let now = self.steady.at(wall);
        self.users.sweep(now);
        self.numbers.sweep(now);
        self.clients.sweep(now);
        self.locks.sweep(now);
        self.blocks.sweep(wall);
        self.buckets.retain(|_, bucket| bucket.full_at() > now);
    }

    /// A key of its own for what happens at this moment: later moments have greater ones.
    pub(super) fn moment_key(&mut self, at: UnixMs) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        [at.0.to_be_bytes(), self.sequence.to_be_bytes()].concat()
    }

    fn counted(&mut self, job: &Job, place: Place, number: Mark, now: UnixMs) -> Counted {
        let tenant = &job.key.tenant;
        Counted {
            key: self.moment_key(now),
            at: now,
            number,
            user: job.user.as_ref().map(|user| self.marker.user(tenant, user)),
            client: job.client_ip.map(|address| self.marker.address(address)),
            region: place.region,
            tenant: tenant.clone(),
            prefix: place.prefix,
            outcome: Outcome::Open,
        }
    }

    /// Whether the call fits into every limit.
    fn fits(&self, call: &Counted, address: Option<std::net::IpAddr>, now: UnixMs) -> Result<(), Refusal> {
        let limits = &self.policy.limits;
        let number = self.numbers.get(call.number).and_then(|history| history.wait(&limits.number, now));
        let user = call.user.and_then(|mark| self.users.get(mark)).and_then(|h| h.wait(&limits.user, now));
        let exempt = address.is_some_and(|address| {
            limits.address_exempt.iter().any(|net| net.contains(&address.to_canonical()))
        });
        let client = call.client.filter(|_| !exempt).and_then(|mark| self.clients.get(mark));
        let client = client
            .and_then(|client| client.wait(&limits.address, limits.address_countries, &call.region, now));
        let tokens = self
            .buckets_of(call)
            .into_iter()
            .filter_map(|(name, rate)| self.buckets.get(&name).and_then(|bucket| bucket.wait(rate, now)));
        match [number, user, client].into_iter().flatten().chain(tokens).max() {
            Some(wait) => Err(Refusal::throttled(wait)),
            None => Ok(()),
        }
    }

    /// Whether the calls before it leave this mode open.
    fn is_willing(&self, call: &Counted, mode: ModeKind, now: UnixMs) -> Result<(), Refusal> {
        let number = self.numbers.get(call.number);
        let user = call.user.and_then(|mark| self.users.get(mark));
        let guards = [number, user]
            .into_iter()
            .flatten()
            .map(|history| history.guard(&self.policy.back_off, self.policy.fatigue_after, now));
        for guard in guards {
            match guard {
                Guard::Open => {}
                Guard::Wait(wait) => return Err(Refusal::throttled(wait)),
                Guard::ChallengeOnly if mode == ModeKind::Challenge => {}
                Guard::ChallengeOnly => return Err(Refusal::method(vec![ModeKind::Challenge])),
            }
        }
        Ok(())
    }

    fn count(&mut self, call: &Counted, now: UnixMs) {
        let limits = &self.policy.limits;
        let most = |rates: &[Rate]| rates.iter().map(|rate| rate.most as usize).max().unwrap_or(0).max(64);
        let (of_number, of_user, of_client) =
            (most(&limits.number), most(&limits.user), most(&limits.address));
        self.numbers.entry(call.number, now).add(call.at, call.outcome, of_number);
        if let Some(user) = call.user {
            self.users.entry(user, now).add(call.at, call.outcome, of_user);
        }
        if let Some(client) = call.client {
            self.clients.entry(client, now).add(call.at, &call.region, of_client);
        }
    }

    fn take_tokens(&mut self, call: &Counted, now: UnixMs) {
        for (name, rate) in self.buckets_of(call) {
            if self.buckets.len() >= MOST_BUCKETS && !self.buckets.contains_key(&name) {
                self.buckets.retain(|_, bucket| bucket.full_at() > now);
            }
            self.buckets.entry(name).or_default().take(rate, now);
        }
    }

    fn uncount(&mut self, call: &Counted) {
        if let Some(history) = self.numbers.get_mut(call.number) {
            history.remove(call.at);
        }
        if let Some(history) = call.user.and_then(|mark| self.users.get_mut(mark)) {
            history.remove(call.at);
        }
        if let Some(client) = call.client.and_then(|mark| self.clients.get_mut(mark)) {
            client.remove(call.at);
        }
        for (name, rate) in self.buckets_of(call) {
            if let Some(bucket) = self.buckets.get_mut(&name) {
                bucket.put_back(rate);
            }
        }
    }

    /// The buckets that a call takes a token of.
    fn buckets_of(&self, call: &Counted) -> Vec<(String, Rate)> {
        let limits = &self.policy.limits;
        let prefix = limits.prefix.map(|rate| (format!("prefix {}", call.prefix), rate));
        let tenant = limits.tenant.map(|rate| (format!("tenant {}", call.tenant), rate));
        let gateway = limits.gateway.map(|rate| ("gateway".to_owned(), rate));
        [prefix, tenant, gateway].into_iter().flatten().collect()
    }
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: Reason,
    /// Whether a phone rang.
    pub rung: bool,
    /// How long the call was up.
    pub up: Duration,
}

impl End {
    fn counts(&self) -> bool {
        use crate::reason::Fault;
        self.rung || !matches!(self.reason.fault(), Fault::Trunk | Fault::Gateway)
    }
}
