//! RTP timestamps of the 8 kHz clock.

use std::time::Duration;

/// Ticks of the RTP clock a second, for both laws and for events (RFC 3551 §4.5.14).
pub const CLOCK_HZ: u32 = 8_000;

/// A timestamp as it stands in a packet (RFC 3550 §5.1): one tick a sample. It wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtpTimestamp(pub u32);

impl RtpTimestamp {
    /// So many samples later.
    #[must_use]
    pub fn plus(self, samples: u32) -> RtpTimestamp {
        RtpTimestamp(self.0.wrapping_add(samples))
    }

    /// So many samples earlier.
    #[must_use]
    pub fn minus(self, samples: u32) -> RtpTimestamp {
        RtpTimestamp(self.0.wrapping_sub(samples))
    }

    /// Samples from `earlier` to this, negative if it is later; right within 74 hours.
    pub fn since(self, earlier: RtpTimestamp) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }
}

/// Samples in a span, cut to whole ones.
pub fn samples_in(span: Duration) -> u32 {
    let whole = span.as_secs().saturating_mul(u64::from(CLOCK_HZ));
    let rest = u64::from(span.subsec_nanos() / (1_000_000_000 / CLOCK_HZ));
    u32::try_from(whole.saturating_add(rest)).unwrap_or(u32::MAX)
}

/// The span of so many samples.
pub fn span_of(samples: u32) -> Duration {
    Duration::from_micros(u64::from(samples) * 1_000_000 / u64::from(CLOCK_HZ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_right_across_the_wrap() {
        let late = RtpTimestamp(u32::MAX - 79);
        assert_eq!(late.plus(160).since(late), 160);
        assert_eq!(late.since(late.plus(160)), -160);
    }

    #[test]
    fn twenty_milliseconds_are_160_samples() {
        assert_eq!(samples_in(Duration::from_millis(20)), 160);
        assert_eq!(span_of(160), Duration::from_millis(20));
        assert_eq!(samples_in(Duration::from_millis(3_001)), 24_008);
        assert_eq!(samples_in(Duration::MAX), u32::MAX);
    }
}
