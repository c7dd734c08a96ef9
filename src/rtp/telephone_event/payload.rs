//! The four octets of an event (RFC 4733 §2.3).

/// The highest event that is a key: DTMF 0–9, `*`, `#`, A–D (RFC 4733 §3.2, table 3).
const LAST_KEY: u8 = 15;
/// The power level that we send, in -dBm0: that of an ordinary key tone.
const VOLUME: u8 = 10;

/// One event payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// Event code, 0 to 15 for the keys.
    pub event: u8,
    /// The E bit: the event has ended (RFC 4733 §2.3.3).
    pub end: bool,
    /// Samples since the onset (RFC 4733 §2.3.5).
    pub duration: u16,
}

impl Payload {
    /// Reads an event that is a key; others (flash is 16, tones are above) are none of ours.
    ///
    /// Deviation: RFC 4733 §2.5.1.4 allows several events in one packet; only the first is read,
    /// since no sender of keys was found that does so.
    pub fn read(octets: &[u8]) -> Option<Payload> {
        let &[event, flags, high, low] = octets.first_chunk::<4>()?;
        let payload = Payload { event, end: flags & 0x80 != 0, duration: u16::from_be_bytes([high, low]) };
        (event <= LAST_KEY).then_some(payload)
    }

    /// The octets to send.
    pub fn write(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, if self.end { 0x80 | VOLUME } else { VOLUME }, high, low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        for end in [false, true] {
            let payload = Payload { event: 11, end, duration: 1_440 };
            assert_eq!(Payload::read(&payload.write()), Some(payload));
        }
    }

    #[test]
    fn events_above_15_and_short_payloads_are_no_keys() {
        assert_eq!(Payload::read(&[16, 0, 0, 160]), None, "flash (pain 5)");
        assert_eq!(Payload::read(&[255, 0, 0, 160]), None);
        assert_eq!(Payload::read(&[11, 0, 0]), None);
    }
}
