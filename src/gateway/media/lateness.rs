//! How late packets left, or how far apart they came: a histogram that threads count into and anybody
//! may read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::report::snapshot::Lateness;

/// Buckets an octave: no two values of a bucket differ by more than 1.6 %.
const PER_OCTAVE: u64 = 64;
/// From 1 µs to more than an hour.
const BUCKETS: usize = PER_OCTAVE as usize * 32;

/// Counts of ticks by lateness. Counting takes no lock.
#[derive(Debug)]
pub(super) struct Histogram {
    counts: [AtomicU64; BUCKETS],
    max_us: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: std::array::from_fn(|_| AtomicU64::new(0)), max_us: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one tick.
    pub(super) fn count(&self, late: Duration) {
        let us = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(us)].fetch_add(1, Relaxed);
        self.max_us.fetch_max(us, Relaxed);
    }

    /// The quantiles over several threads' histograms.
    pub(super) fn snapshot<'a>(histograms: impl Iterator<Item = &'a Histogram> + Clone) -> Lateness {
        let of_bucket = |n: usize| histograms.clone().map(|h| h.counts[n].load(Relaxed)).sum::<u64>();
        let counts: Vec<u64> = (0..BUCKETS).map(of_bucket).collect();
        let max_us = histograms.clone().map(|h| h.max_us.load(Relaxed)).max().unwrap_or(0);
        let quantile = |share: f64| Duration::from_micros(quantile_us(&counts, share).min(max_us));
        Lateness { p50: quantile(0.5), p99: quantile(0.99), max: Duration::from_micros(max_us) }
    }
}

/// The octave and the bits below the highest.
fn bucket(us: u64) -> usize {
    let us = us.clamp(1, u64::from(u32::MAX));
    let octave = us.ilog2();
    let part = ((us * PER_OCTAVE) >> octave) - PER_OCTAVE;
    (u64::from(octave) * PER_OCTAVE + part) as usize
}

/// The first value above a bucket.
fn upper_end_us(bucket: usize) -> u64 {
    let (octave, part) = (bucket as u64 / PER_OCTAVE, bucket as u64 % PER_OCTAVE);
    ((PER_OCTAVE + 1 + part) << octave).div_ceil(PER_OCTAVE)
}

/// The upper end of the bucket in which the quantile lies.
fn quantile_us(counts: &[u64], share: f64) -> u64 {
    let wanted = (counts.iter().sum::<u64>() as f64 * share).ceil() as u64;
    let mut seen = 0;
    let found = counts.iter().position(|count| {
        seen += count;
        seen >= wanted && wanted > 0
    });
    found.map_or(0, upper_end_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_a_bucket() {
        let (one, two) = (Histogram::default(), Histogram::default());
        for us in 1..=1_000 {
            one.count(Duration::from_micros(us));
            two.count(Duration::from_micros(us));
        }
        two.count(Duration::from_millis(70));
        let told = Histogram::snapshot([&one, &two].into_iter());
        let near = |told: Duration, us: f64| (told.as_micros() as f64 / us - 1.0).abs() < 0.02;
        assert!(near(told.p50, 500.0) && near(told.p99, 990.0), "{told:?}");
        assert_eq!(told.max, Duration::from_millis(70));
    }

    #[test]
    fn every_value_lies_below_its_buckets_end() {
        for us in (1..70_000).chain([1 << 31, 1 << 40]) {
            let end = upper_end_us(bucket(us));
            assert!(us < end || bucket(us) == BUCKETS - 1, "{us} and {end}");
            assert!(us >= 1 << 31 || end <= us + us / PER_OCTAVE + 1, "{us} and {end}");
        }
    }

    #[test]
    fn without_ticks_there_is_no_lateness() {
        assert_eq!(Histogram::snapshot([&Histogram::default()].into_iter()), Lateness::default());
    }
}
