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
pub use caller::{Callee, refuses_caller_id};
use caller::{CallerIds, Shown};
use pace::Pace;
pub use trunk::{called_number, request_user};

/// Attempts of a job go on after this long, unless the trunk named a time (contract, section 4).
const NEXT_ATTEMPT: Duration = Duration::from_secs(2);

/// Where an attempt may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Dial this trunk now with this From user: its channel is taken, and the caller id counts as shown.
    Trunk(usize, String),
    /// Every fitting trunk is busy, or has shown its caller ids as often as it may; ask again at this time,
    /// or when a channel is freed. Nothing is taken meanwhile.
    Wait(Instant),
    /// The job asks for a caller id that no fitting trunk may show.
    NotInPool,
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

    /// Takes a channel of the first fitting trunk that has one and a caller id to show; `tried` trunks come
    /// last.
    pub fn choose(
        &mut self,
        now: Instant,
        pinned: Option<&str>,
        tried: &[usize],
        callee: Callee<'_>,
    ) -> Choice {
        let fits = |lane: &Lane| pinned.is_none_or(|name| name == lane.trunk.name);
        let mut fitting: Vec<usize> =
            (0..self.lanes.len()).filter(|&index| fits(&self.lanes[index])).collect();
        fitting.sort_by_key(|index| tried.contains(index));
        let mut otherwise = if fitting.is_empty() { Choice::None } else { Choice::NotInPool };
        for index in fitting {
            let lane = &mut self.lanes[index];
            let mut free_at = lane.free_at(now);
            if free_at <= now {
                match self.caller_ids.choose(now, &lane.trunk, callee) {
                    Shown::As(caller_id) => {
                        lane.take(now);
                        return Choice::Trunk(index, caller_id);
                    }
                    Shown::Wait(until) => free_at = until,
                    Shown::NotInPool => continue,
                }
            }
            otherwise = match otherwise {
                Choice::Wait(soonest) => Choice::Wait(soonest.min(free_at)),
                Choice::Trunk(..) | Choice::NotInPool | Choice::None => Choice::Wait(free_at),
            };
        }
        otherwise
    }

    /// A call on this trunk ended.
    pub fn release(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        lane.in_use = lane.in_use.saturating_sub(1);
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

    const SHOWN: &str = "+14255550100";

    fn choose(router: &mut Router, now: Instant, pinned: Option<&str>, tried: &[usize]) -> Choice {
        let number = Number::parse("+14252345667").unwrap();
        router.choose(now, pinned, tried, Callee { number: &number, region: "US", wished: None })
    }

    fn by(trunk: usize) -> Choice {
        Choice::Trunk(trunk, SHOWN.to_owned())
    }

    #[test]
    fn a_full_trunk_is_passed_over_and_a_freed_channel_is_used_again() {
        let now = zero();
        let mut router =
            Router::new(vec![trunk("a", Some(1), 1_000_000), trunk("b", Some(1), 1_000_000)], now);
        assert_eq!(choose(&mut router, now, None, &[]), by(0));
        assert_eq!(choose(&mut router, now, None, &[]), by(1));
        assert!(matches!(choose(&mut router, now, None, &[]), Choice::Wait(_)));
        router.release(0);
        let later = now + Duration::from_millis(1);
        assert_eq!(choose(&mut router, later, None, &[]), by(0));
    }

    /// Whoever waits for a caller id takes no channel from those who have one to show.
    #[test]
    fn a_call_that_waits_for_a_caller_id_holds_no_channel_and_shows_nothing() {
        let now = zero();
        let ids = |general: &[&str]| config::CallerIds {
            max_per_hour: Some(1),
            ..config::CallerIds::of(general.iter().map(|id| (*id).to_owned()).collect())
        };
        let with =
            |name, general: &[&str]| Trunk { caller_ids: ids(general), ..trunk(name, Some(2), 1_000_000) };
        let mut router = Router::new(vec![with("a", &[SHOWN])], now);
        assert_eq!(choose(&mut router, now, None, &[]), by(0));
        let hour = Duration::from_secs(3_600);
        for ms in 1..50 {
            let later = now + Duration::from_millis(ms);
            assert_eq!(choose(&mut router, later, None, &[]), Choice::Wait(now + hour));
        }
        assert_eq!(router.trunks().map(|(_, in_use)| in_use).sum::<usize>(), 1, "the one that shows it");
        assert_eq!(choose(&mut router, now + hour, None, &[]), by(0));
        // Another trunk that has one to show is taken meanwhile.
        let mut router = Router::new(vec![with("a", &[SHOWN]), with("b", &["+14255550101"])], now);
        assert_eq!(choose(&mut router, now, None, &[]), by(0));
        let later = now + Duration::from_millis(1);
        assert_eq!(choose(&mut router, later, None, &[]), Choice::Trunk(1, "+14255550101".to_owned()));
        let later = later + Duration::from_millis(1);
        assert_eq!(choose(&mut router, later, None, &[]), Choice::Wait(now + hour));
    }

    #[test]
    fn a_caller_id_of_no_fitting_trunk_is_refused_and_takes_nothing() {
        let now = zero();
        let number = Number::parse("+14252345667").unwrap();
        let callee = Callee { number: &number, region: "US", wished: Some("+14255550199") };
        let mut router = Router::new(vec![trunk("a", Some(1), 10)], now);
        assert_eq!(router.choose(now, None, &[], callee), Choice::NotInPool);
        assert_eq!(choose(&mut router, now, None, &[]), by(0));
    }

    #[test]
    fn a_number_is_read_back_as_a_trunk_wrote_it() {
        let number = Number::parse("+14252345667").unwrap();
        for number_format in [config::NumberFormat::PlusE164, config::NumberFormat::E164] {
            let trunk = Trunk { number_format, dial_prefix: "00".into(), ..trunk("a", None, 10) };
            let user = request_user(&trunk, &number);
            assert_eq!(called_number(&trunk, &user).map(|number| number.e164()), Some(number.e164()));
            assert_eq!(called_number(&trunk, "anonymous").map(|number| number.e164()), None);
        }
    }

    #[test]
    fn no_more_calls_a_second_than_the_trunk_takes() {
        let start = zero();
        let mut router = Router::new(vec![trunk("a", None, 10)], start);
        let mut dialled = 0;
        for ms in 0..2_000 {
            let now = start + Duration::from_millis(ms);
            dialled += usize::from(choose(&mut router, now, None, &[]) == by(0));
        }
        assert_eq!(dialled, 20);
    }

    #[test]
    fn a_tried_trunk_comes_last_and_a_pinned_one_is_the_only_one() {
        let now = zero();
        let mut router = Router::new(vec![trunk("a", None, 1_000_000), trunk("b", None, 1_000_000)], now);
        assert_eq!(choose(&mut router, now, None, &[0]), by(1));
        let later = now + Duration::from_millis(1);
        assert_eq!(choose(&mut router, later, Some("a"), &[0]), by(0));
        assert_eq!(choose(&mut router, later, Some("c"), &[]), Choice::None);
    }

    #[test]
    fn a_trunk_that_asked_for_rest_gets_it() {
        let now = zero();
        let mut router = Router::new(vec![trunk("a", None, 1_000_000)], now);
        router.rest(0, now + Duration::from_secs(5));
        assert_eq!(choose(&mut router, now, None, &[]), Choice::Wait(now + Duration::from_secs(5)));
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
