//! One call at a time to a number, across tenants.

use std::collections::HashMap;
use std::time::Duration;

use super::mark::Mark;
use crate::job::UnixMs;

/// Ringing and a call in which nobody presses anything together take about so long.
const CALL_TAKES: Duration = Duration::from_secs(90);
/// A call that lasts longer may be over at any moment.
const LEAST_WAIT: Duration = Duration::from_secs(5);

/// Why a number cannot be called.
#[derive(Debug, Clone, Copy)]
enum Taken {
    /// A job of ours calls it, since then.
    Since(UnixMs),
    /// An earlier process called it; until then its call may be up.
    Until(UnixMs),
}

/// The numbers that are being called.
#[derive(Debug, Default)]
pub(super) struct InProgress(HashMap<Mark, Taken>);

impl InProgress {
    /// When to try again, while the number is being called.
    pub(super) fn wait(&self, number: Mark, now: UnixMs) -> Option<Duration> {
        match self.0.get(&number)? {
            Taken::Since(since) => Some(CALL_TAKES.saturating_sub(now.since(*since)).max(LEAST_WAIT)),
            Taken::Until(until) => (*until > now).then(|| until.since(now)),
        }
    }

    /// Takes the number.
    pub(super) fn begin(&mut self, number: Mark, now: UnixMs) {
        self.0.insert(number, Taken::Since(now));
    }

    /// The call is over at both ends.
    pub(super) fn end(&mut self, number: Mark) {
        self.0.remove(&number);
    }

    /// A call of an earlier process may be up until then.
    pub(super) fn hold(&mut self, number: Mark, until: UnixMs) {
        self.0.insert(number, Taken::Until(until));
    }

    /// That call is known to be over; one of ours goes on.
    pub(super) fn let_go(&mut self, number: Mark) {
        if let Some(Taken::Until(_)) = self.0.get(&number) {
            self.0.remove(&number);
        }
    }

    /// Forgets the calls of earlier processes that must be over.
    pub(super) fn sweep(&mut self, now: UnixMs) {
        self.0.retain(|_, taken| match taken {
            Taken::Since(_) => true,
            Taken::Until(until) => *until > now,
        });
    }
}
