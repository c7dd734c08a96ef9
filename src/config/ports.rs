//! The range of UDP ports for media.

use std::fmt;

/// Ports below this one need privileges and belong to others (RFC 6335 §6, System Ports).
const LOWEST_PORT: u16 = 1024;

/// A range of ports, both ends included, that holds at least one pair for RTP and RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// A range from `first` to `last`; `None` when it begins below 1024 or has no even port with
    /// its odd successor: RTP takes the even one, RTCP the next (RFC 3550 §11).
    pub fn new(first: u16, last: u16) -> Option<PortRange> {
        let range = PortRange { first, last };
        (first >= LOWEST_PORT && first <= last && range.pairs() > 0).then_some(range)
    }

    /// Reads `FIRST-LAST`.
    pub(super) fn parse(text: &str) -> Option<PortRange> {
        let (first, last) = text.split_once('-')?;
        PortRange::new(first.trim().parse().ok()?, last.trim().parse().ok()?)
    }

    /// The lowest port.
    pub fn first(self) -> u16 {
        self.first
    }

    /// The highest port.
    pub fn last(self) -> u16 {
        self.last
    }

    /// How many lines find an even port with its successor at one time.
    pub fn pairs(self) -> usize {
        let first_even = u32::from(self.first).next_multiple_of(2);
        let ends = u32::from(self.last) + 1;
        (ends.saturating_sub(first_even) / 2) as usize
    }

    /// Whether a port lies within.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_begin_with_an_even_port() {
        let pairs = |first, last| PortRange::new(first, last).map(PortRange::pairs);
        assert_eq!(pairs(10_000, 10_001), Some(1));
        assert_eq!(pairs(10_001, 10_002), None, "RTCP of 10002 would lie outside");
        assert_eq!(pairs(10_001, 10_003), Some(1));
        assert_eq!(pairs(10_000, 32_767), Some(11_384));
        assert_eq!(pairs(65_534, 65_535), Some(1));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "10000", "10000-", "20000-10000", "1000-2000", "10000-70000", "a-b"] {
            assert_eq!(PortRange::parse(text), None, "{text}");
        }
    }
}
