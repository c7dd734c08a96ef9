//! The policy at work: asked once a job, told how the job went, its memory kept by the store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock;
use crate::config::{ConfirmKey, Tenant};
use crate::job::{Job, UnixMs};
use crate::number::Number;
use crate::policy::{Change, End, Engine, Kind, Refusal, Settings, Ticket};
use crate::queue::{JobStore, Keep, Store, StoreError};
use crate::report::record::{AttemptRecord, JobResult};

/// Rows of one page while the memory is read.
const PAGE: usize = 10_000;
/// Calls of the last day that are taken in at the start, the newest first: older ones than these hold
/// hardly anybody any more, and a start takes some seconds with them.
const MOST_RESTORED: usize = 1_000_000;

/// The policy of this gateway. One lock, held for microseconds, once or twice a job.
#[derive(Clone)]
pub struct AdmissionControl {
    engine: Arc<Mutex<Engine>>,
    pub(super) store: Store,
    /// Prefixes that were stopped.
    stopped: Arc<AtomicU64>,
}

impl AdmissionControl {
    /// The policy with all that the store remembers of earlier runs.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(settings: Settings, store: Store) -> Result<AdmissionControl, StoreError> {
        let mut engine = Engine::new(settings, &store.secret("policy"), rand::random());
        let now = clock::wall();
        each_kept(&store, Kind::Call, MOST_RESTORED, |_, record| engine.restore_call(record, now)).await?;
        each_kept(&store, Kind::Lock, usize::MAX, |key, record| engine.restore_lock(key, record, now))
            .await?;
        each_kept(&store, Kind::Block, usize::MAX, |_, record| engine.restore_block(record)).await?;
        each_kept(&store, Kind::Verified, MOST_RESTORED, |key, record| {
            engine.restore_verified(key, record, now)
        })
        .await?;
        each_kept(&store, Kind::Prefix, MOST_RESTORED, |key, record| engine.restore_prefix(key, record))
            .await?;
        Ok(AdmissionControl { engine: Arc::new(Mutex::new(engine)), store, stopped: Arc::default() })
    }

    /// Goes by other settings from now on; what is remembered stays.
    pub fn configure(&self, settings: Settings) {
        self.engine().configure(settings);
    }

    /// The rules of a tenant.
    pub fn tenant(&self, name: &str) -> Tenant {
        self.engine().tenant(name).clone()
    }

    /// What `confirm` asks for in this job.
    pub fn confirm_key(&self, job: &Job) -> ConfirmKey {
        self.engine().confirm_key(job, clock::wall())
    }

    /// How many prefixes were stopped as pumped since the start.
    pub(super) fn prefixes_stopped(&self) -> u64 {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether this job may be dialled now; the number is its own until the answer is dropped.
    pub(super) fn admit(&self, job: &Job) -> Result<Admitted, Refusal> {
        let (admitted, alerts) = {
            let mut engine = self.engine();
            (engine.admit(job, clock::wall()), engine.take_alerts())
        };
        for alert in alerts {
            self.stopped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(prefix = %alert.prefix, why = %alert.why, "a prefix is pumped and stopped; see `octothorpe blocks`");
            self.keep(alert.changes);
        }
        Ok(Admitted { control: self.clone(), ticket: Some(admitted?) })
    }

    /// Nobody calls this number for so long: a call of an earlier process may be up.
    pub(super) fn hold(&self, number: &Number, left: Duration) {
        self.engine().hold(number, left, clock::wall());
    }

    /// The call for which it was held is over.
    pub(super) fn let_go(&self, number: &Number) {
        self.engine().let_go(number);
    }

    /// A wrong PIN or challenge of this job, or an entry broken off. Answers once it is durable, so that the
    /// person may be told: for how long PIN and challenge are locked now, if they are.
    ///
    /// # Errors
    /// Those of the store; the entry counts all the same for as long as this process lives.
    pub async fn wrong_entry(&self, job: &Job) -> Result<Option<Duration>, StoreError> {
        let (locked_for, changes) = self.engine().wrong_entry(job, clock::wall());
        self.store.keep_now(rows(changes)).await?;
        Ok(locked_for)
    }

    /// Forgets what no limit needs any more.
    pub(super) fn sweep(&self, now: UnixMs) {
        let changes = self.engine().sweep(now);
        self.keep(changes);
    }

    fn keep(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.store.keep(rows(changes));
        }
    }

    /// A panic elsewhere does not make the engine wrong: each change is one call.
    pub(super) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that may be dialled. Dropping it frees its number.
pub(super) struct Admitted {
    control: AdmissionControl,
    ticket: Option<Ticket>,
}

impl Admitted {
    /// An INVITE is about to leave. To be called before the store is asked for its permit, so that no
    /// permit is durable without this.
    pub(super) fn dialled(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            let changes = self.control.engine().dialled(ticket);
            self.control.keep(changes);
        }
    }

    /// No INVITE left after all.
    pub(super) fn not_dialled(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            let changes = self.control.engine().not_dialled(ticket);
            self.control.keep(changes);
        }
    }

    /// The verdict is known. To be called before the result is stored.
    pub(super) fn ended(&mut self, result: &JobResult) {
        if let Some(ticket) = &mut self.ticket {
            let changes = self.control.engine().ended(ticket, &end(result));
            self.control.keep(changes);
        }
    }
}

/// What the policy has to know of a result.
fn end(result: &JobResult) -> End {
    let so_far = |attempt: &AttemptRecord| result.finished_at.since(attempt.started_at).as_millis() as u64;
    let up = |attempt: &AttemptRecord| {
        let ended = attempt.ended_ms.unwrap_or_else(|| so_far(attempt));
        Some(ended.saturating_sub(attempt.answered_ms?))
    };
    End {
        reason: result.reason,
        rung: result.attempts.iter().any(|attempt| attempt.rung),
        up: Duration::from_millis(result.attempts.iter().filter_map(up).sum()),
    }
}

/// Fills in what a refusal says beyond its reason.
pub(super) fn tell_refusal(refusal: Refusal, job: &Job, result: &mut JobResult) {
    result.retry_after(job, refusal.retry_after);
    if !refusal.allowed_modes.is_empty() {
        result.allowed_modes = refusal.allowed_modes;
    }
    let of_number = refusal.number.map(|fault| fault.message(job.locale.as_deref()));
    if let Some(message) = of_number.or(refusal.message) {
        result.message = message;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.control.engine().over(ticket);
        }
    }
}

pub(super) fn rows(changes: Vec<Change>) -> Vec<Keep> {
    let row = |change: Change| {
        let Change { kind, key, until, record } = change;
        Keep { kind: kind.figure(), key, until, record }
    };
    changes.into_iter().map(row).collect()
}

/// Hands over every row of a kind, the greatest keys first, at most so many.
async fn each_kept(
    store: &Store,
    kind: Kind,
    most: usize,
    mut take: impl FnMut(&[u8], &[u8]),
) -> Result<(), StoreError> {
    let (mut before, mut taken) = (None, 0);
    while taken < most {
        let page = store.kept(kind.figure(), before, PAGE.min(most - taken)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = Some(last.key.clone());
        taken += page.len();
        page.iter().for_each(|kept| take(&kept.key, &kept.record));
    }
    Ok(())
}
