//! The audio encodings that we speak.

/// An audio encoding, 8 kHz and one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// PCMU, G.711 µ-law (RFC 3551 §4.5.14).
    Pcmu,
    /// PCMA, G.711 A-law (RFC 3551 §4.5.14).
    Pcma,
}

/// The clock of both laws and of the events that we take (RFC 3551 §6, RFC 4733 §2.1).
pub(super) const CLOCK_HZ: u32 = 8_000;

impl Encoding {
    /// The encoding name in an `rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Pcmu => "PCMU",
            Encoding::Pcma => "PCMA",
        }
    }

    /// The static payload type (RFC 3551 §6, table 4).
    pub fn static_payload(self) -> u8 {
        match self {
            Encoding::Pcmu => 0,
            Encoding::Pcma => 8,
        }
    }

    /// The encoding of a static payload type, which needs no `rtpmap` (RFC 3551 §6).
    pub(super) fn of_static(payload: u8) -> Option<Encoding> {
        match payload {
            0 => Some(Encoding::Pcmu),
            8 => Some(Encoding::Pcma),
            _ => None,
        }
    }

    /// The encoding of an `rtpmap`; names compare without case (RFC 8866 §6.6).
    pub(super) fn of_rtpmap(name: &str, clock_hz: u32) -> Option<Encoding> {
        let known = [Encoding::Pcmu, Encoding::Pcma];
        let same = |encoding: &Encoding| encoding.name().eq_ignore_ascii_case(name);
        known.into_iter().find(same).filter(|_| clock_hz == CLOCK_HZ)
    }
}
