//! A token bucket: many small things a time without remembering each.

use std::time::Duration;

use crate::config::Rate;
use crate::job::UnixMs;

/// Holds as many tokens as its rate allows in one go, and fills at that rate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    /// When it would have been empty of use: tokens are reckoned from here.
    spent_until: UnixMs,
}

impl Bucket {
    /// How long until it has a token; `None` when it has one now.
    pub(super) fn wait(&self, rate: Rate, now: UnixMs) -> Option<Duration> {
        // Generic cell rate algorithm (ITU-T I.371): a burst of `most` fits into `within`.
        let earliest = UnixMs(self.after_one(rate, now).0.saturating_sub(millis(rate.within)));
        (earliest > now).then(|| earliest.since(now))
    }

    /// Takes a token.
    pub(super) fn take(&mut self, rate: Rate, now: UnixMs) {
        self.spent_until = self.after_one(rate, now);
    }

    /// Puts a token back that was not used.
    pub(super) fn put_back(&mut self, rate: Rate) {
        self.spent_until = UnixMs(self.spent_until.0.saturating_sub(interval(rate)));
    }

    /// The bucket is full again then.
    pub(super) fn full_at(&self) -> UnixMs {
        self.spent_until
    }

    fn after_one(&self, rate: Rate, now: UnixMs) -> UnixMs {
        // A clock that was set back leaves no debt beyond one whole bucket.
        let ahead = now.plus(rate.within);
        let from = self.spent_until.clamp(now, ahead);
        UnixMs(from.0.saturating_add(interval(rate)))
    }
}

fn interval(rate: Rate) -> u64 {
    millis(rate.within) / u64::from(rate.most.max(1))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let rate = Rate::new(60, 60);
        let mut bucket = Bucket::default();
        let now = UnixMs(1_000_000);
        for n in 0..60 {
            assert_eq!(bucket.wait(rate, now), None, "{n}");
            bucket.take(rate, now);
        }
        assert_eq!(bucket.wait(rate, now), Some(Duration::from_secs(1)));
        assert_eq!(bucket.wait(rate, now.plus(Duration::from_secs(1))), None);
        bucket.put_back(rate);
        assert_eq!(bucket.wait(rate, now), None);
    }
}
