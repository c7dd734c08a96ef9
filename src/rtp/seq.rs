//! Sequence numbers: the 16 bits on the wire and the count behind them.

/// A sequence number as it stands in a packet (RFC 3550 §5.1). It wraps, so it has no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seq(pub u16);

impl Seq {
    /// The number of the next packet.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0.wrapping_add(1))
    }
}

/// A sequence number with its cycles counted (RFC 3550 §6.4.1), which is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtSeq(pub u64);

impl ExtSeq {
    /// The first packet of a stream, one cycle up so that earlier ones have a number too.
    pub fn first(seq: Seq) -> ExtSeq {
        ExtSeq(0x1_0000 + u64::from(seq.0))
    }

    /// The extended number of `seq` that lies nearest to this one.
    #[must_use]
    pub fn nearest(self, seq: Seq) -> ExtSeq {
        let step = seq.0.wrapping_sub(self.0 as u16) as i16;
        ExtSeq(self.0.saturating_add_signed(i64::from(step)))
    }

    /// The next packet's number.
    #[must_use]
    pub fn next(self) -> ExtSeq {
        ExtSeq(self.0 + 1)
    }

    /// How many packets this one lies behind `earlier`; 0 if it does not.
    pub fn since(self, earlier: ExtSeq) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The 32 bits of a report block: cycles above, number below (RFC 3550 §6.4.1).
    pub fn as_report(self) -> u32 {
        self.0.saturating_sub(0x1_0000) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_across_the_wrap_in_both_directions() {
        let before = ExtSeq::first(Seq(65_534));
        let after = before.nearest(Seq(3));
        assert_eq!(after.since(before), 5);
        assert_eq!(after.nearest(Seq(65_535)), before.next());
        assert_eq!(Seq(65_535).next(), Seq(0));
    }

    #[test]
    fn a_packet_before_the_first_has_a_number() {
        let first = ExtSeq::first(Seq(0));
        assert!(first.nearest(Seq(65_535)) < first);
        assert_eq!(first.as_report(), 0);
    }
}
