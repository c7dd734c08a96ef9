//! The plan of an attempt: job + trunks -> trunk, caller id, addresses.
//!
//! [`Router`] knows each trunk's channels and calls a second and says which one may be dialled now,
//! and which of its caller ids is shown; [`request_user`] writes the number as the trunk's keys say.

mod caller;
mod pace;
mod trunk;

use std::time::{Duration, Instant};

use crate::config::Trunk;
use crate::number::Number;
use crate::reason::Reason;
use caller::CallerIds;
pub use caller::{Callee, Shown, refuses_caller_id};
use pace::Pace;
pub use trunk::request_user;

/// Attempts of a job go on after this long, unless the trunk named a time (contract, section 4).
const NEXT_ATTEMPT: Duration = Duration::from_secs(2);

/// Where an attempt may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Dial this trunk now: its channel is taken.
    Trunk(usize),
    /// Every fitting trunk is busy; ask again at this time, or when a channel is freed.
    Wait(Instant),
    /// No trunk leads there.
    None,
}

#[derive(Debug)]
struct Lane {
    trunk: Trunk,
    pace: Pace,
    in_use: usize,
    /// Until when the trunk asked us to leave it alone (Retry-After).
    rests_until: Option<Instant>,
}

/// The trunks with what they carry now.
#[derive(Debug)]
pub struct Router {
    lanes: Vec<Lane>,
    caller_ids: CallerIds,
}

impl Router {
    /// A router over these trunks, in the order in which they are preferred.
    pub fn new(trunks: Vec<Trunk>, now: Instant) -> Router {
        let lane = |trunk: Trunk| {
            let pace = Pace::new(trunk.max_cps, now);
            Lane { trunk, pace, in_use: 0, rests_until: None }
        };
        Router { lanes: trunks.into_iter().map(lane).collect(), caller_ids: CallerIds::default() }
    }

    /// The trunk with this number.
    pub fn trunk(&self, index: usize) -> &Trunk {
        &self.lanes[index].trunk
    }

    /// All trunks, with the calls each carries.
    pub fn trunks(&self) -> impl Iterator<Item = (&Trunk, usize)> {
        self.lanes.iter().map(|lane| (&lane.trunk, lane.in_use))
    }

    /// Takes a channel of the first fitting trunk that has one; `tried` trunks come last.
    pub fn choose(&mut self, now: Instant, pinned: Option<&str>, tried: &[usize]) -> Choice {
        let fits = |lane: &Lane| pinned.is_none_or(|name| name == lane.trunk.name);
        let mut fitting: Vec<usize> =
            (0..self.lanes.len()).filter(|&index| fits(&self.lanes[index])).collect();
        fitting.sort_by_key(|index| tried.contains(index));
        let Some(&first) = fitting.first() else { return Choice::None };
        let mut soonest = self.lanes[first].free_at(now);
        for index in fitting {
            let free_at = self.lanes[index].free_at(now);
            if free_at <= now {
                self.lanes[index].take(now);
                return Choice::Trunk(index);
            }
            soonest = soonest.min(free_at);
        }
        Choice::Wait(soonest)
    }

    /// A call on this trunk ended.
    pub fn release(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        lane.in_use = lane.in_use.saturating_sub(1);
    }

    /// The From user of a call by the trunk with this number.
    pub fn caller_id(&mut self, now: Instant, index: usize, callee: Callee<'_>) -> Shown {
        self.caller_ids.choose(now, &self.lanes[index].trunk, callee)
    }

    /// This number refused the caller id that it was shown: the next call shows another.
    pub fn caller_id_refused(&mut self, now: Instant, number: &Number) {
        self.caller_ids.refused(now, number);
    }

    /// The trunk asked to be left alone this long (RFC 3261 §20.33).
    pub fn rest(&mut self, index: usize, until: Instant) {
        self.lanes[index].rests_until = Some(until);
    }
}

impl Lane {
    /// A trunk without a free channel is asked again in this time at the latest.
    const CHANNEL_CHECK: Duration = Duration::from_millis(200);

    fn free_at(&self, now: Instant) -> Instant {
        if self.trunk.max_calls.is_some_and(|most| self.in_use >= most as usize) {
            return now + Lane::CHANNEL_CHECK;
        }
        self.rests_until.map_or(self.pace.free_at(), |rest| rest.max(self.pace.free_at()))
    }

    fn take(&mut self, now: Instant) {
        self.in_use += 1;
        self.pace.take(now);
    }
}

/// After which pause a further attempt may follow one that ended so; `None`: the job is over.
///
/// Contract, section 4: only after a failed or full trunk, and never once the phone has rung.
pub fn next_attempt(reason: Reason, rung: bool, retry_after: Option<Duration>) -> Option<Duration> {
    let may = matches!(reason, Reason::TrunkFailed | Reason::TrunkCapacity) && !rung;
    may.then(|| retry_after.unwrap_or(NEXT_ATTEMPT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Host, Target, Transport};

    pub(super) fn trunk(name: &str, max_calls: Option<u32>, max_cps: u32) -> Trunk {
        let host = Host::Name("carrier.example".into());
        let target = Target { host, port: None, transport: Some(Transport::Udp) };
        let caller_ids = config::CallerIds::of(vec!["+14255550100".into()]);
        Trunk { max_calls, max_cps, caller_ids, ..Trunk::to(name, target) }
    }

    #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
    pub(super) fn zero() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_full_trunk_is_passed_over_and_a_freed_channel_is_used_again() {
        let now = zero();
        let mut router =
            Router::new(vec![trunk("a", Some(1), 1_000_000), trunk("b", Some(1), 1_000_000)], now);
        assert_eq!(router.choose(now, None, &[]), Choice::Trunk(0));
        assert_eq!(router.choose(now, None, &[]), Choice::Trunk(1));
        assert!(matches!(router.choose(now, None, &[]), Choice::Wait(_)));
        router.release(0);
        let later = now + Duration::from_millis(1);
        assert_eq!(router.choose(later, None, &[]), Choice::Trunk(0));
    }

    #[test]
    fn no_more_calls_a_second_than_the_trunk_takes() {
        let start = zero();
        let mut router = Router::new(vec![trunk("a", None, 10)], start);
        let mut dialled = 0;
        for ms in 0..2_000 {
            let now = start + Duration::from_millis(ms);
            dialled += usize::from(router.choose(now, None, &[]) == Choice::Trunk(0));
        }
        assert_eq!(dialled, 20);
    }

    #[test]
    fn a_tried_trunk_comes_last_and_a_pinned_one_is_the_only_one() {
        let now = zero();
        let mut router = Router::new(vec![trunk("a", None, 1_000_000), trunk("b", None, 1_000_000)], now);
        assert_eq!(router.choose(now, None, &[0]), Choice::Trunk(1));
        let later = now + Duration::from_millis(1);
        assert_eq!(router.choose(later, Some("a"), &[0]), Choice::Trunk(0));
        assert_eq!(router.choose(later, Some("c"), &[]), Choice::None);
    }

    #[test]
    fn a_trunk_that_asked_for_rest_gets_it() {
        let now = zero();
        let mut router = Router::new(vec![trunk("a", None, 1_000_000)], now);
        router.rest(0, now + Duration::from_secs(5));
        assert_eq!(router.choose(now, None, &[]), Choice::Wait(now + Duration::from_secs(5)));
    }

    #[test]
    fn a_phone_that_has_rung_is_not_dialled_again() {
        let two = Some(Duration::from_secs(2));
        assert_eq!(next_attempt(Reason::TrunkFailed, false, None), two);
        assert_eq!(next_attempt(Reason::TrunkFailed, true, None), None);
        assert_eq!(next_attempt(Reason::Busy, false, None), None);
        let five = Some(Duration::from_secs(5));
        assert_eq!(next_attempt(Reason::TrunkCapacity, false, five), five);
    }
}
