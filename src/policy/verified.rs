//! What a user confirmed before: the numbers, which a stopped prefix still serves, and the addresses, at
//! which strangers' orders are not held against the user.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::change::{Change, Kind};
use super::engine::Engine;
use super::history::Outcome;
use super::mark::Mark;
use super::table::Fades;
use super::ticket::Counted;
use crate::job::{Job, UnixMs};

/// Who has not verified for so long is a stranger again.
const KEPT: Duration = Duration::from_secs(180 * 86_400);
/// Who verifies each morning is written down once a week.
const WRITTEN_AGAIN: Duration = Duration::from_secs(7 * 86_400);

/// Something that was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verified {
    /// When it was written down.
    at: UnixMs,
}

impl Fades for Verified {
    fn needed_until(&self) -> UnixMs {
        self.at.plus(KEPT)
    }
}

impl Engine {
    /// Takes in a row of [`Kind::Verified`] that an earlier run left.
    pub fn restore_verified(&mut self, key: &[u8], record: &[u8], wall: UnixMs) {
        let now = self.steady.at(wall);
        if let (Some(mark), Ok(seen)) = (Mark::from_bytes(key), serde_json::from_slice::<Verified>(record)) {
            self.verified.insert(mark, seen, now);
        }
    }

    /// The job's user and number, if it names a user.
    pub(super) fn pair(&self, job: &Job) -> Option<Mark> {
        let user = job.user.as_ref()?;
        Some(self.marker.pair(&job.key.tenant, user, &job.to))
    }

    pub(super) fn is_verified(&self, pair: Mark, now: UnixMs) -> bool {
        self.verified.get(pair).is_some_and(|seen| seen.needed_until() > now)
    }

    /// Remembers what a confirmed call tells.
    pub(super) fn learn(&mut self, call: &Counted, now: UnixMs) -> Vec<Change> {
        let told = [call.pair, call.home].into_iter().flatten();
        let new = |mark: &Mark| {
            let seen = self.verified.get(*mark);
            call.outcome == Outcome::Confirmed && seen.is_none_or(|seen| seen.at.plus(WRITTEN_AGAIN) <= now)
        };
        let marks: Vec<Mark> = told.filter(new).collect();
        let seen = Verified { at: now };
        marks.iter().for_each(|mark| self.verified.insert(*mark, seen, now));
        let row = |mark: Mark| Change::put(Kind::Verified, mark.bytes().to_vec(), seen.needed_until(), &seen);
        marks.into_iter().map(row).collect()
    }
}
