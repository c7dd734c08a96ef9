//! The calls of one prefix to numbers that their user did not verify before, and whether somebody calls
//! it for the calls' sake.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::history::Outcome;
use super::mark::Mark;
use crate::config::{Money, PumpingConfig};
use crate::job::UnixMs;

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: u64 = 3_600_000;
const DAY_HOURS: u64 = 24;
/// The past that a prefix is measured against.
const PAST_DAYS: usize = 7;
/// More calls than this in an hour are looked at by their latest.
const MOST_CALLS: usize = 5_000;
/// With up to so many calls each new one is worth a look at all of them; with more, one every so often.
const LOOKED_AT_EACH: usize = 200;
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);
/// A user or an address that stands behind so many numbers is no person.
const NUMBERS_A_PERSON: usize = 3;

/// One call to a number that its user did not verify before.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewCall {
    pub(super) at: UnixMs,
    pub(super) number: Mark,
    pub(super) user: Option<Mark>,
    pub(super) client: Option<Mark>,
    pub(super) outcome: Outcome,
    pub(super) charge: Money,
}

/// The busiest hour of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Peak {
    day: u64,
    numbers: usize,
    spend: Money,
}

/// What was seen of one prefix.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// The last hour, oldest first.
    calls: VecDeque<NewCall>,
    /// The busiest hour of each of the last days.
    peaks: VecDeque<Peak>,
    /// The hour that was last reckoned into the peaks.
    reckoned: u64,
    /// When it was looked at last.
    looked_at: UnixMs,
    /// Whether the peaks are others than those that are durable.
    pub(super) changed: bool,
}

/// How much of the world a prefix holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// A number less its last four digits.
    Exchange,
    /// A prefix of the price list.
    Listed,
}

/// What speaks for pumping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signals {
    /// Different numbers in the last hour.
    pub(super) numbers: usize,
    /// The most in any hour of the days before.
    pub(super) past_numbers: usize,
    /// Of the calls that ended, in per cent.
    pub(super) verified_percent: usize,
    /// Different users that ordered them, if users were told.
    pub(super) users: Option<usize>,
    /// Different addresses that they were ordered from, if addresses were told.
    pub(super) clients: Option<usize>,
    /// Calls in the last hour.
    pub(super) calls: usize,
    /// What they cost.
    pub(super) spend: Money,
    /// The most that any hour of the days before cost.
    pub(super) past_spend: Money,
}

impl Traffic {
    /// Notes a call; in any order, as after a restart the latest comes first.
    pub(super) fn add(&mut self, call: NewCall) {
        self.reckon(call.at);
        let place = self.calls.iter().rposition(|past| past.at <= call.at).map_or(0, |before| before + 1);
        self.calls.insert(place, call);
        if self.calls.len() > MOST_CALLS {
            self.calls.pop_front();
        }
    }

    /// Notes how a call ended and what it cost.
    pub(super) fn end(&mut self, at: UnixMs, number: Mark, outcome: Outcome, charge: Money) {
        let is = |past: &&mut NewCall| past.at == at && past.number == number;
        if let Some(past) = self.calls.iter_mut().rev().find(is) {
            past.outcome = outcome;
            past.charge = charge;
        }
    }

    /// Takes a call back that was not made after all.
    pub(super) fn remove(&mut self, at: UnixMs, number: Mark) {
        if let Some(place) = self.calls.iter().rposition(|past| past.at == at && past.number == number) {
            self.calls.remove(place);
        }
    }

    /// Whether it is to be looked at: where many calls are made not at each.
    pub(super) fn is_due(&self, now: UnixMs) -> bool {
        self.calls.len() <= LOOKED_AT_EACH || self.looked_at.plus(LOOKED_AT_EVERY) <= now
    }

    /// What the last hour says.
    pub(super) fn signals(&mut self, now: UnixMs) -> Signals {
        self.looked_at = now;
        self.reckon(now);
        let recent = || self.calls.iter().filter(|call| call.at.plus(HOUR) > now);
        let distinct = |marks: &mut dyn Iterator<Item = Mark>| marks.collect::<HashSet<_>>().len();
        let some = |count: usize| (count > 0).then_some(count);
        let ended = recent().filter(|call| call.outcome != Outcome::Open).count();
        let confirmed = recent().filter(|call| call.outcome == Outcome::Confirmed).count();
        Signals {
            numbers: distinct(&mut recent().map(|call| call.number)),
            past_numbers: self.peaks.iter().map(|peak| peak.numbers).max().unwrap_or(0),
            verified_percent: (confirmed * 100).checked_div(ended).unwrap_or(100),
            users: some(distinct(&mut recent().filter_map(|call| call.user))),
            clients: some(distinct(&mut recent().filter_map(|call| call.client))),
            calls: recent().count(),
            spend: recent().map(|call| call.charge).sum(),
            past_spend: self.peaks.iter().map(|peak| peak.spend).max().unwrap_or_default(),
        }
    }

    /// The peaks, to be made durable.
    pub(super) fn peaks(&self) -> Vec<Peak> {
        self.peaks.iter().copied().collect()
    }

    /// The peaks of an earlier run.
    pub(super) fn restore(&mut self, peaks: Vec<Peak>) {
        self.peaks = peaks.into_iter().rev().take(PAST_DAYS).rev().collect();
    }

    /// What a stopped prefix shows is no measure for later.
    pub(super) fn forget_hour(&mut self) {
        self.calls.clear();
    }

    /// Whether nothing is left to measure by.
    pub(super) fn is_idle(&self, now: UnixMs) -> bool {
        let oldest = (now.0 / HOUR_MS / DAY_HOURS).saturating_sub(PAST_DAYS as u64);
        self.calls.back().is_none_or(|call| call.at.plus(HOUR) <= now)
            && self.peaks.iter().all(|peak| peak.day < oldest)
    }

    /// Takes hours that are over into the peaks, and drops what is older than the last hour.
    fn reckon(&mut self, now: UnixMs) {
        let hour = now.0 / HOUR_MS;
        if self.reckoned < hour {
            if let Some(last) = self.calls.back().map(|call| call.at.0 / HOUR_MS).filter(|last| *last < hour)
            {
                self.note_peak(last);
            }
            self.reckoned = hour;
        }
        while self.calls.front().is_some_and(|call| call.at.plus(HOUR) <= now) {
            self.calls.pop_front();
        }
    }

    fn note_peak(&mut self, hour: u64) {
        let within = || self.calls.iter().filter(|call| call.at.0 / HOUR_MS == hour);
        let numbers = within().map(|call| call.number).collect::<HashSet<_>>().len();
        let spend = within().map(|call| call.charge).sum();
        let day = hour / DAY_HOURS;
        self.changed = true;
        match self.peaks.back_mut().filter(|peak| peak.day == day) {
            Some(peak) => {
                peak.numbers = peak.numbers.max(numbers);
                peak.spend = peak.spend.max(spend);
            }
            None => self.peaks.push_back(Peak { day, numbers, spend }),
        }
        let oldest = day.saturating_sub(PAST_DAYS as u64);
        while self.peaks.len() > PAST_DAYS || self.peaks.front().is_some_and(|peak| peak.day < oldest) {
            self.peaks.pop_front();
        }
    }
}

impl Signals {
    /// Whether the prefix is pumped: far more new numbers than ever; few users or addresses stand behind
    /// many numbers, or nearly every call goes to another number; and either hardly anybody verifies and
    /// it costs something, or it costs far more than ever.
    ///
    /// An office whose people register on one morning has many new numbers from one address too: they
    /// verify, and a call to them costs little. Where a whole country registers it does cost much, so
    /// that money alone speaks only against one exchange: pumpers rent their numbers by the block.
    pub(super) fn tell_pumping(&self, width: Width, priced: bool, config: &PumpingConfig) -> bool {
        let (least, spend) = match width {
            Width::Exchange => (config.numbers, Some(config.spend)),
            Width::Listed => (config.rate_numbers, None),
        };
        let times = config.times as usize;
        let surge = self.numbers >= least as usize && self.numbers >= times * self.past_numbers;
        let few =
            |behind: Option<usize>| behind.is_some_and(|count| count * NUMBERS_A_PERSON <= self.numbers);
        let strangers = few(self.users) || few(self.clients) || self.numbers * 10 >= self.calls * 9;
        let costs = !priced || self.spend >= config.unverified_spend;
        let unverified = costs && self.verified_percent < config.verified_percent as usize;
        let past_spend = u64::from(config.times) * self.past_spend.0;
        let dear = spend.is_some_and(|spend| self.spend >= spend && self.spend.0 >= past_spend);
        surge && strangers && (unverified || dear)
    }
}

impl std::fmt::Display for Signals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} new numbers in an hour against {} before, {} % verified, {} spent against {}",
            self.numbers, self.past_numbers, self.verified_percent, self.spend, self.past_spend
        )
    }
}
