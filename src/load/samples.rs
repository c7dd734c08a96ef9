//! What the gateway told during the run.

use std::collections::HashMap;
use std::time::Instant;

use crate::gateway::clock;
use crate::reason::Verdict;
use crate::report::progress::Progress;
use crate::report::record::{AttemptRecord, JobResult, MediaFigures};

/// Everything that the figures are drawn from.
#[derive(Debug, Default)]
pub(super) struct Samples {
    results: u64,
    attempts: u64,
    undialled: u64,
    pub(super) answered: u64,
    pub(super) verified: u64,
    pub(super) reasons: HashMap<String, u64>,
    up: u64,
    pub(super) peak: u64,
    pub(super) dialled: Option<(Instant, Instant)>,
    pub(super) dials: u64,
    pub(super) pdd_ms: Vec<f64>,
    pub(super) answered_s: f64,
    pub(super) media: Vec<MediaFigures>,
    /// When each call's result was durable, by Call-ID, in nanoseconds of the monotonic clock.
    pub(super) verdict_ns: HashMap<String, u64>,
}

impl Samples {
    /// Jobs whose call is over, or that came to none.
    pub(super) fn ended(&self) -> u64 {
        self.attempts + self.undialled
    }

    pub(super) fn results(&self) -> u64 {
        self.results
    }

    /// One step of a job; whether more calls are up than ever before.
    pub(super) fn step(&mut self, progress: Progress, at: Instant) -> bool {
        match progress {
            Progress::Dialling => {
                self.dials += 1;
                let first = self.dialled.map_or(at, |(first, _)| first);
                self.dialled = Some((first, at));
                false
            }
            Progress::Answered => {
                self.up += 1;
                let more = self.up > self.peak;
                self.peak = self.peak.max(self.up);
                more
            }
            Progress::Accepted
            | Progress::Queued
            | Progress::Ringing
            | Progress::EarlyMedia
            | Progress::Prompting
            | Progress::Listening
            | Progress::Key
            | Progress::Ended
            | Progress::Finished
            | Progress::FraudReported => false,
        }
    }

    pub(super) fn finished(&mut self, result: &JobResult, at: Instant) {
        self.results += 1;
        self.verified += u64::from(result.verdict == Verdict::Verified);
        *self.reasons.entry(result.reason.word()).or_default() += 1;
        match result.attempts.last() {
            Some(attempt) => {
                self.verdict_ns.insert(attempt.call_id.clone(), clock::monotonic_ns(at));
            }
            None => self.undialled += 1,
        }
    }

    pub(super) fn attempt_ended(&mut self, attempt: &AttemptRecord) {
        self.attempts += 1;
        self.pdd_ms.extend(attempt.pdd_ms.map(|ms| ms as f64));
        if let Some(answered) = attempt.answered_ms {
            self.answered += 1;
            self.up = self.up.saturating_sub(1);
            let ended = attempt.ended_ms.unwrap_or(answered);
            self.answered_s += ended.saturating_sub(answered) as f64 / 1_000.0;
        }
        self.media.extend(attempt.media);
    }
}
