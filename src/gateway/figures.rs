//! What was counted, and how each trunk does, as snapshots.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock;
use super::line::LineFacts;
use crate::reason::{Fault, Reason, Verdict};
use crate::report::record::{AttemptRecord, JobResult};
use crate::report::snapshot::{Counter, TrunkSnapshot, TrunkState};
use crate::sip::endpoint::Dropped;

/// A trunk's figures are of its last attempts, so that an operator sees what it does now.
const ATTEMPTS: usize = 1_000;

/// Counts of the whole gateway. Touched once an attempt, a job or a dropped message; never a packet.
#[derive(Debug, Default)]
pub(super) struct Figures(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    results: HashMap<Reason, u64>,
    dropped: HashMap<Dropped, u64>,
    /// Datagrams at the media ports of calls that have ended.
    foreign: u64,
    trunks: HashMap<String, TrunkFigures>,
}

#[derive(Debug, Default)]
struct TrunkFigures {
    attempts: VecDeque<Attempt>,
    rests_until: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    ended: Instant,
    answered: bool,
    effective: bool,
    failed: bool,
    verified: bool,
    duration_s: Option<f64>,
    pdd_ms: Option<u64>,
    mos: Option<f64>,
}

impl Figures {
    pub(super) fn dropped(&self, why: Dropped) {
        *self.counts().dropped.entry(why).or_default() += 1;
    }

    pub(super) fn finished(&self, result: &JobResult) {
        *self.counts().results.entry(result.reason).or_default() += 1;
    }

    /// An attempt is over, with all that is known of it.
    pub(super) fn ended(&self, facts: &LineFacts) {
        let now = clock::now();
        let mut counts = self.counts();
        counts.foreign += facts.foreign;
        let trunk = counts.trunks.entry(facts.attempt.trunk.clone()).or_default();
        trunk.rests_until = facts.retry_after.map(|after| now + after);
        if trunk.attempts.len() == ATTEMPTS {
            trunk.attempts.pop_front();
        }
        trunk.attempts.push_back(Attempt::of(&facts.attempt, facts.reason, now));
    }

    /// Counters for the front door.
    pub(super) fn counters(&self, datagrams_dropped: u64) -> Vec<Counter> {
        let counts = self.counts();
        let results = counts.results.iter().map(|(reason, value)| Counter {
            name: "results",
            help: "Results by reason",
            label: Some(("reason", reason.word())),
            value: *value,
        });
        let dropped = counts.dropped.iter().map(|(why, value)| Counter {
            name: "sip_messages_dropped",
            help: "SIP messages that belong to no call of ours, by why",
            label: Some(("why", dropped_name(*why).to_owned())),
            value: *value,
        });
        let overflow = Counter {
            name: "sip_datagrams_dropped",
            help: "SIP datagrams dropped because a queue or a socket buffer was full",
            label: None,
            value: datagrams_dropped,
        };
        let foreign = Counter {
            name: "media_datagrams_dropped",
            help: "Datagrams at the RTP and RTCP ports of ended calls that were no packet of the call's peer; \
                those that the kernel kept from us are under host_udp_datagrams_dropped",
            label: None,
            value: counts.foreign,
        };
        results.chain(dropped).chain([overflow, foreign]).collect()
    }

    /// Every trunk's state; `channels` names all trunks and their calls in use.
    pub(super) fn trunks(&self, channels: Vec<(String, usize)>) -> Vec<TrunkSnapshot> {
        let now = clock::now();
        let counts = self.counts();
        let none = TrunkFigures::default();
        let snapshot = |(name, in_use): (String, usize)| {
            counts.trunks.get(&name).unwrap_or(&none).snapshot(name, in_use, now)
        };
        channels.into_iter().map(snapshot).collect()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    fn of(record: &AttemptRecord, reason: Reason, now: Instant) -> Attempt {
        let spoke = record.ended_ms.zip(record.answered_ms);
        Attempt {
            ended: now,
            answered: record.answered_ms.is_some(),
            // ITU-T E.425: what the far end did (busy, no answer, refusal) is no fault of the network.
            effective: !matches!(reason.fault(), Fault::Trunk | Fault::Gateway),
            failed: reason.fault() == Fault::Trunk,
            verified: reason.verdict() == Verdict::Verified,
            duration_s: spoke.map(|(ended, answered)| ended.saturating_sub(answered) as f64 / 1_000.0),
            pdd_ms: record.pdd_ms,
            mos: record.media.and_then(|media| media.mos),
        }
    }
}

impl TrunkFigures {
    fn snapshot(&self, name: String, in_use: usize, now: Instant) -> TrunkSnapshot {
        let all = || self.attempts.iter();
        let answered = all().filter(|attempt| attempt.answered).count();
        let mut pdd: Vec<u64> = all().filter_map(|attempt| attempt.pdd_ms).collect();
        pdd.sort_unstable();
        TrunkSnapshot {
            name,
            state: self.state(now),
            asr: ratio(answered, all().count()),
            acd_s: mean(all().filter_map(|attempt| attempt.duration_s)),
            ner: ratio(all().filter(|attempt| attempt.effective).count(), all().count()),
            pdd_p50_ms: percentile(&pdd, 50),
            pdd_p95_ms: percentile(&pdd, 95),
            verified_rate: ratio(all().filter(|attempt| attempt.verified).count(), answered),
            key_loss: None,
            mos: mean(all().filter_map(|attempt| attempt.mos)),
            cps: count(all().filter(|attempt| now - attempt.ended < Duration::from_secs(1)).count()),
            channels: count(in_use),
        }
    }

    fn state(&self, now: Instant) -> TrunkState {
        match self.attempts.back() {
            _ if self.rests_until.is_some_and(|until| until > now) => TrunkState::Resting,
            None => TrunkState::Untried,
            Some(last) if last.failed => TrunkState::Failing,
            Some(_) => TrunkState::Up,
        }
    }
}

fn dropped_name(why: Dropped) -> &'static str {
    match why {
        Dropped::Stranger => "stranger",
        Dropped::UnknownResponse => "unknown_response",
        Dropped::UnknownAck => "unknown_ack",
        Dropped::Malformed => "malformed",
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The value that `percent` of the sorted ones do not exceed (nearest rank).
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
