//! Wrong and right entries of PINs and challenges, and what they lock.

use std::time::Duration;

use super::change::{Change, Kind};
use super::engine::Engine;
use super::lock::Lock;
use super::mark::Mark;
use super::refusal::Refusal;
use super::table::Fades;
use super::ticket::Ticket;
use crate::job::{Job, ModeKind, UnixMs};
use crate::reason::Reason;

impl Engine {
    /// A wrong PIN or challenge was keyed, or an entry broken off. The rows have to be durable before the
    /// person is told; the answer is for how long user or number is locked now, if one is.
    pub fn wrong_entry(&mut self, job: &Job, wall: UnixMs) -> (Option<Duration>, Vec<Change>) {
        let now = self.steady.at(wall);
        let mut locked_for = None;
        let mut changes = Vec::new();
        for mark in self.lock_marks(job) {
            let lock = self.locks.entry(mark, now);
            lock.wrong(&self.settings.policy.lock, now);
            locked_for = locked_for.max(lock.wait(now));
            changes.push(Change::put(Kind::Lock, mark.bytes().to_vec(), lock.needed_until(), &*lock));
        }
        (locked_for, changes)
    }

    /// Takes in a row of [`Kind::Lock`] that an earlier run left.
    pub fn restore_lock(&mut self, key: &[u8], record: &[u8], wall: UnixMs) {
        let now = self.steady.at(wall);
        if let (Some(mark), Ok(lock)) = (Mark::from_bytes(key), serde_json::from_slice::<Lock>(record)) {
            self.locks.insert(mark, lock, now);
        }
    }

    pub(super) fn is_unlocked(&self, job: &Job, now: UnixMs) -> Result<(), Refusal> {
        let waits = self.lock_marks(job).into_iter().filter_map(|mark| self.locks.get(mark)?.wait(now));
        match waits.max() {
            Some(wait) => Err(Refusal { retry_after: Some(wait), ..Refusal::new(Reason::PinLocked) }),
            None => Ok(()),
        }
    }

    /// A right entry ends the row of wrong ones.
    pub(super) fn right_entry(&mut self, ticket: &Ticket, reason: Reason) -> Vec<Change> {
        if !matches!(reason, Reason::PinMatched | Reason::ChallengeMatched) {
            return Vec::new();
        }
        let ended = ticket.locks.iter().filter(|mark| self.locks.remove(**mark).is_some());
        ended.map(|mark| Change::drop(Kind::Lock, mark.bytes().to_vec())).collect()
    }

    /// What wrong entries of this job lock: the tenant's user and the tenant's number.
    pub(super) fn lock_marks(&self, job: &Job) -> Vec<Mark> {
        match job.mode.kind() {
            ModeKind::Pin | ModeKind::Challenge => {}
            ModeKind::Confirm | ModeKind::Code => return Vec::new(),
        }
        let tenant = &job.key.tenant;
        let user = job.user.as_ref().map(|user| self.marker.user(tenant, user));
        user.into_iter().chain([self.marker.number_of(tenant, &job.to)]).collect()
    }
}
