//! The figures of contract §8, as a record and as lines.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Plan;
use super::far_end::Seen;
use super::process::Usages;
use super::samples::Samples;
use crate::report::snapshot::Lateness;

/// The widest spacing at the far end, 99 of 100, of a run that counts as clean.
const CLEAN_SPACING_MS: f64 = 25.0;

/// Three quantiles of one quantity, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    /// Half were not above.
    pub p50: f64,
    /// 95 of 100 were not above.
    pub p95: f64,
    /// 99 of 100 were not above.
    pub p99: f64,
}

impl Quantiles {
    /// The quantiles of these values (nearest rank); `None` of nothing.
    pub fn of(mut values: Vec<f64>) -> Option<Quantiles> {
        values.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied()
        };
        Some(Quantiles { p50: at(50)?, p95: at(95)?, p99: at(99)? })
    }
}

/// What one load run came to. Times in milliseconds unless named otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Jobs handed in.
    pub offered: u64,
    /// Calls answered.
    pub answered: u64,
    /// Jobs verified.
    pub verified: u64,
    /// Jobs without a result.
    pub lost: u64,
    /// Results by reason.
    pub reasons: BTreeMap<String, u64>,
    /// INVITEs a second, from the first to the last.
    pub setup_rate: Option<f64>,
    /// Calls up at one time, at most.
    pub peak: u64,
    /// Post-dial delay.
    pub pdd_ms: Option<Quantiles>,
    /// From the key's first packet at the phone to the durable result.
    pub key_to_verdict_ms: Option<Quantiles>,
    /// From the key's first packet at the phone to the BYE's arrival there.
    pub key_to_bye_ms: Option<Quantiles>,
    /// How late the gateway's media tick was: half, 99 of 100, most.
    pub lateness_ms: [f64; 3],
    /// RTP packets that the gateway sent.
    pub rtp_sent: u64,
    /// Those of them that the far end did not get.
    pub rtp_lost_out: u64,
    /// RTP packets that the gateway received.
    pub rtp_received: u64,
    /// Those that it did not get.
    pub rtp_lost_in: u64,
    /// Interarrival jitter at the gateway.
    pub jitter_ms: Option<Quantiles>,
    /// Spacing of RTP at the far end, 99 of 100 not wider; measured to 5 ms.
    pub spacing_p99_ms: Option<f64>,
    /// User and system time of the gateway's process a call.
    pub cpu_per_call_ms: Option<f64>,
    /// The same divided by answered seconds.
    pub cpu_per_call_second_ms: Option<f64>,
    /// Resident memory a concurrent call, in KiB.
    pub memory_per_call_kib: Option<f64>,
    /// Threads of the gateway's process.
    pub threads: u64,
    /// All verified, no RTP lost, spacing at most 25 ms.
    pub clean: bool,
}

pub(super) fn draw(plan: Plan, samples: &Samples, seen: &Seen, usage: Usages, lateness: Lateness) -> Figures {
    let Usages { before, peak: (peak, up), after } = usage;
    let offered = u64::from(plan.jobs);
    let cpu_ms = (after.cpu_s - before.cpu_s) * 1_000.0;
    let sum = |of: fn(&crate::report::record::MediaFigures) -> u64| samples.media.iter().map(of).sum::<u64>();
    let (rtp_lost_out, rtp_lost_in) = (seen.lost_received, sum(|media| media.lost_received));
    let spacing_fits = seen.spacing_p99_ms.is_some_and(|ms| ms <= CLEAN_SPACING_MS);
    let since_key = |at: &std::collections::HashMap<String, u64>| {
        let since = |(call_id, pressed): (&String, &u64)| {
            Some(at.get(call_id)?.saturating_sub(*pressed) as f64 / 1e6)
        };
        Quantiles::of(seen.pressed_ns.iter().filter_map(since).collect())
    };
    Figures {
        offered,
        answered: samples.answered,
        verified: samples.verified,
        lost: offered.saturating_sub(samples.results()),
        reasons: samples.reasons.clone().into_iter().collect(),
        setup_rate: setup_rate(samples),
        peak: samples.peak,
        pdd_ms: Quantiles::of(samples.pdd_ms.clone()),
        key_to_verdict_ms: since_key(&samples.verdict_ns),
        key_to_bye_ms: since_key(&seen.bye_ns),
        lateness_ms: [lateness.p50, lateness.p99, lateness.max].map(ms),
        rtp_sent: sum(|media| media.packets_sent),
        rtp_lost_out,
        rtp_received: sum(|media| media.packets_received),
        rtp_lost_in,
        jitter_ms: Quantiles::of(samples.media.iter().map(|media| media.jitter_ms).collect()),
        spacing_p99_ms: seen.spacing_p99_ms,
        cpu_per_call_ms: (samples.answered > 0).then(|| cpu_ms / samples.answered as f64),
        cpu_per_call_second_ms: (samples.answered_s > 0.0).then(|| cpu_ms / samples.answered_s),
        memory_per_call_kib: (up > 0)
            .then(|| peak.resident_kib.saturating_sub(before.resident_kib) as f64 / up as f64),
        threads: peak.threads,
        clean: samples.verified == offered && rtp_lost_in + rtp_lost_out == 0 && spacing_fits,
    }
}

fn setup_rate(samples: &Samples) -> Option<f64> {
    let (first, last) = samples.dialled?;
    let seconds = last.saturating_duration_since(first).as_secs_f64();
    (seconds > 0.0).then(|| (samples.dials - 1) as f64 / seconds)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

impl Figures {
    /// The table, a name and a value a row.
    pub fn rows(&self) -> Vec<[String; 2]> {
        let quantiles = |of: Option<Quantiles>| {
            of.map_or_else(|| "-".to_owned(), |q| format!("{:.1} / {:.1} / {:.1}", q.p50, q.p95, q.p99))
        };
        let number = |of: Option<f64>| of.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        let [late_p50, late_p99, late_max] = self.lateness_ms;
        let lost = |lost: u64, of: u64| format!("{of} (lost {lost})");
        [
            ("calls offered", self.offered.to_string()),
            ("answered", self.answered.to_string()),
            ("verified", self.verified.to_string()),
            ("lost", self.lost.to_string()),
            ("setup rate, a second", number(self.setup_rate)),
            ("concurrent peak", self.peak.to_string()),
            ("PDD ms p50/p95/p99", quantiles(self.pdd_ms)),
            ("key to verdict ms p50/p95/p99", quantiles(self.key_to_verdict_ms)),
            ("key to BYE ms p50/p95/p99", quantiles(self.key_to_bye_ms)),
            ("tick lateness ms p50/p99/max", format!("{late_p50:.3} / {late_p99:.3} / {late_max:.3}")),
            ("RTP sent", lost(self.rtp_lost_out, self.rtp_sent)),
            ("RTP received", lost(self.rtp_lost_in, self.rtp_received)),
            ("jitter ms p50/p95/p99", quantiles(self.jitter_ms)),
            ("spacing at the far end ms p99", number(self.spacing_p99_ms)),
            ("CPU a call, ms", number(self.cpu_per_call_ms)),
            ("CPU a call-second, ms", number(self.cpu_per_call_second_ms)),
            ("memory a call, KiB", number(self.memory_per_call_kib)),
            ("threads", self.threads.to_string()),
            ("clean", if self.clean { "yes".to_owned() } else { "no".to_owned() }),
        ]
        .map(|(name, value)| [name.to_owned(), value])
        .to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let hundred = (1..=100).rev().map(f64::from).collect();
        assert_eq!(Quantiles::of(hundred), Some(Quantiles { p50: 50.0, p95: 95.0, p99: 99.0 }));
        assert_eq!(Quantiles::of(vec![7.0]), Some(Quantiles { p50: 7.0, p95: 7.0, p99: 7.0 }));
        assert_eq!(Quantiles::of(Vec::new()), None);
    }
}
