//! One call at a time to a number, across tenants.

use std::collections::HashMap;
use std::time::Duration;

use super::mark::Mark;
use crate::job::UnixMs;

/// Ringing and a call in which nobody presses anything together take about so long.
const CALL_TAKES: Duration = Duration::from_secs(90);
/// A call that lasts longer may be over at any moment.
const LEAST_WAIT: Duration = Duration::from_secs(5);

/// The numbers that are being called.
#[derive(Debug, Default)]
pub(super) struct InProgress {
    since: HashMap<Mark, UnixMs>,
}

impl InProgress {
    /// When to try again, while the number is being called.
    pub(super) fn wait(&self, number: Mark, now: UnixMs) -> Option<Duration> {
        let since = self.since.get(&number)?;
        Some(CALL_TAKES.saturating_sub(now.since(*since)).max(LEAST_WAIT))
    }

    /// Takes the number.
    pub(super) fn begin(&mut self, number: Mark, now: UnixMs) {
        self.since.insert(number, now);
    }

    /// The call is over at both ends.
    pub(super) fn end(&mut self, number: Mark) {
        self.since.remove(&number);
    }
}
