//! The one place that says whether a job may be dialled now.

use std::collections::HashMap;
use std::time::Duration;

use super::blocks::Blocks;
use super::bucket::Bucket;
use super::budget::Budgets;
use super::change::{Change, Kind};
use super::client::Client;
use super::history::{History, Outcome};
use super::in_progress::InProgress;
use super::lock::Lock;
use super::mark::{Mark, Marker};
use super::place::{self, Place};
use super::pumping::Alert;
use super::refusal::Refusal;
use super::settings::Settings;
use super::steady::Steady;
use super::table::Table;
use super::ticket::{Counted, Ticket};
use super::traffic::Traffic;
use super::verified::Verified;
use crate::config::{Money, Tenant};
use crate::job::{Job, UnixMs};
use crate::number::Number;
use crate::reason::{Fault, Reason};

/// Users, numbers and client addresses that are remembered, each. At some 150 bytes each a table that
/// is full takes 80 MB; a gateway fills it with six new people a second for a day.
const MOST_REMEMBERED: usize = 1 << 19;
/// What a call is taken to cost until its end is known: a minute.
const RESERVED: Duration = Duration::from_secs(60);

/// Limits, guards and what they remember. Sans I/O: what has to be durable comes back as [`Change`]s.
#[derive(Debug)]
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) marker: Marker,
    pub(super) steady: Steady,
    /// Tells calls of one millisecond apart.
    sequence: u64,
    pub(super) users: Table<History>,
    pub(super) numbers: Table<History>,
    pub(super) clients: Table<Client>,
    in_progress: InProgress,
    pub(super) buckets: HashMap<String, Bucket>,
    pub(super) budgets: Budgets,
    /// The prefixes with new numbers.
    pub(super) prefixes: HashMap<String, Traffic>,
    /// Users with their numbers, and users at their addresses, that were confirmed.
    pub(super) verified: Table<Verified>,
    pub(super) alerts: Vec<Alert>,
    pub(super) blocks: Blocks,
    pub(super) locks: Table<Lock>,
}

impl Engine {
    /// An engine that remembers nothing yet. `key` is the store's, `seed` any number.
    pub fn new(settings: Settings, key: &[u8; 32], seed: u64) -> Engine {
        Engine {
            settings,
            marker: Marker::new(key),
            steady: Steady::default(),
            sequence: seed,
            users: Table::new(MOST_REMEMBERED),
            numbers: Table::new(MOST_REMEMBERED),
            clients: Table::new(MOST_REMEMBERED),
            in_progress: InProgress::default(),
            buckets: HashMap::new(),
            budgets: Budgets::default(),
            prefixes: HashMap::new(),
            verified: Table::new(2 * MOST_REMEMBERED),
            alerts: Vec::new(),
            blocks: Blocks::default(),
            locks: Table::new(MOST_REMEMBERED),
        }
    }

    /// Goes by other settings from now on; what is remembered stays.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The rules of a tenant.
    pub fn tenant(&self, name: &str) -> &Tenant {
        self.settings.tenant(name)
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
        self.knows_tenant(job)?;
        let place = place::of(&self.settings, &job.to)?;
        let number = self.marker.number(&job.to);
        let pair = self.pair(job);
        let verified = pair.is_some_and(|pair| self.is_verified(pair, now));
        if let Some(block) = self.blocks.stops(job, &self.marker, verified, wall) {
            return Err(Refusal::new(block.kind.refusal()));
        }
        let allowed = self.allows_mode(job, &place, number, now)?;
        self.is_unlocked(job, now)?;
        self.is_awake(job, &place, &allowed, wall)?;
        if let Some(wait) = self.in_progress.wait(number, now) {
            return Err(Refusal { retry_after: Some(wait), ..Refusal::new(Reason::InProgress) });
        }
        let counted =
            if place.is_lab { None } else { Some(self.counted(job, place, number, pair, verified, now)) };
        if let Some(call) = &counted {
            self.is_affordable(call, now)?;
            self.fits(call, job.client_ip, now)?;
            self.is_no_pumping(call, now, wall)?;
            self.is_willing(call, job.mode.kind(), &allowed, now)?;
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
        let reserved = call.charge;
        call.charge = self.settings.price_of(&call.rate_prefix).map_or(Money(0), |price| price.of(end.up));
        let call = call.clone();
        self.budgets.take_back(&call.tenant, reserved, call.at);
        self.budgets.add(&call.tenant, call.charge, call.at);
        if call.outcome == Outcome::Confirmed
            && let Some(client) = call.client.and_then(|mark| self.clients.get_mut(mark))
        {
            client.confirm(call.at);
        }
        self.end_new(&call);
        let now = self.steady.latest();
        let learned = self.learn(&call, now);
        self.forgive_office(&call);
        let parties = [(&mut self.numbers, Some(call.number)), (&mut self.users, call.user)];
        for (table, mark) in parties {
            if let Some(history) = mark.and_then(|mark| table.get_mut(mark)) {
                history.end(call.at, call.outcome);
            }
        }
        unlocked.into_iter().chain(learned).chain([call.row()]).collect()
    }

    /// The call is over at both ends, or was not made after all: the number is free.
    pub fn over(&mut self, ticket: Ticket) {
        self.in_progress.end(ticket.number);
        if let Some(call) = ticket.undialled() {
            self.uncount(&call);
        }
    }

    /// An earlier process called this number, and its call may be up for so long yet: nobody else calls it
    /// meanwhile.
    pub fn hold(&mut self, number: &Number, left: Duration, wall: UnixMs) {
        let until = self.steady.at(wall).plus(left);
        self.in_progress.hold(self.marker.number(number), until);
    }

    /// The call for which the number was held is over.
    pub fn let_go(&mut self, number: &Number) {
        self.in_progress.let_go(self.marker.number(number));
    }

    /// Forgets what no limit needs any more; the rows are to be kept.
    pub fn sweep(&mut self, wall: UnixMs) -> Vec<Change> {
        let now = self.steady.at(wall);
        self.verified.sweep(now);
        self.users.sweep(now);
        self.numbers.sweep(now);
        self.clients.sweep(now);
        self.locks.sweep(now);
        self.in_progress.sweep(now);
        self.blocks.sweep(wall);
        self.buckets.retain(|_, bucket| bucket.full_at() > now);
        self.sweep_prefixes(now)
    }

    /// A key of its own for what happens at this moment: later moments have greater ones.
    pub(super) fn moment_key(&mut self, at: UnixMs) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        [at.0.to_be_bytes(), self.sequence.to_be_bytes()].concat()
    }

    fn counted(
        &mut self,
        job: &Job,
        place: Place,
        number: Mark,
        pair: Option<Mark>,
        verified: bool,
        now: UnixMs,
    ) -> Counted {
        let tenant = &job.key.tenant;
        let home = job.user.as_ref().zip(job.client_ip);
        let home = home.map(|(user, address)| self.marker.home(tenant, user, address));
        let (rate_prefix, price) = self.settings.price(&job.to.e164()[1..]);
        Counted {
            key: self.moment_key(now),
            at: now,
            number,
            office: job.to.office().map(|office| self.marker.office(&office)),
            user: job.user.as_ref().map(|user| self.marker.user(tenant, user)),
            client: job.client_ip.map(|address| self.marker.address(address)),
            pair,
            home,
            strange: home.is_some_and(|home| !self.is_verified(home, now)),
            new: !verified,
            region: place.region.to_owned(),
            tenant: tenant.clone(),
            prefix: place.prefix,
            rate_prefix,
            charge: price.map_or(Money(0), |price| price.of(RESERVED)),
            outcome: Outcome::Open,
        }
    }

    fn knows_tenant(&self, job: &Job) -> Result<(), Refusal> {
        if !self.settings.policy.refuse_unknown_tenants || self.settings.tenants.knows(&job.key.tenant) {
            return Ok(());
        }
        let message = "The request to call you names a tenant that this gateway does not know.".to_owned();
        Err(Refusal { message: Some(message), ..Refusal::new(Reason::JobInvalid) })
    }

    fn is_affordable(&self, call: &Counted, now: UnixMs) -> Result<(), Refusal> {
        let wait = self
            .settings
            .budget(&call.tenant)
            .and_then(|budget| self.budgets.wait(&call.tenant, call.charge, budget, now));
        match wait {
            Some(wait) => Err(Refusal { retry_after: Some(wait), ..Refusal::new(Reason::BudgetExceeded) }),
            None => Ok(()),
        }
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
        self.rung || !matches!(self.reason.fault(), Fault::Trunk | Fault::Gateway)
    }
}
