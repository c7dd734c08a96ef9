//! What can be wrong with a capture.

use thiserror::Error;

/// Why a capture cannot be heard, or not to its end. Packets count from 1, as Wireshark counts them.
#[derive(Debug, Error)]
pub(in crate::cli::replay) enum CaptureError {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It has the name of a capture and not its mark.
    #[error("is no capture: it begins with the mark of neither pcap nor pcapng")]
    NotACapture,
    /// It ends within a packet.
    #[error("is cut off after packet {after}")]
    CutOff {
        /// Whole packets before the end.
        after: u64,
    },
    /// A record that cannot be read.
    #[error("is damaged after packet {after}: {what}")]
    Damaged {
        /// Sound packets before the damage.
        after: u64,
        /// What the reader says.
        what: &'static str,
    },
    /// Frames of a kind that is not read here.
    #[error(
        "has frames of link type {link} at packet {packet}; Ethernet, raw IP, loopback and Linux cooked \
         captures can be read"
    )]
    LinkType {
        /// The first such packet.
        packet: u64,
        /// The number of the link type (tcpdump.org's list).
        link: u32,
    },
    /// Only the first bytes of audio packets were kept.
    #[error("keeps only {kept} of {sent} bytes of packet {packet}; capture whole packets (tcpdump -s 0)")]
    Snapped {
        /// The first such packet.
        packet: u64,
        /// Bytes of it that are there.
        kept: usize,
        /// Bytes that it had.
        sent: usize,
    },
    /// There is nothing of a call in it.
    #[error("holds no call: in its {packets} packets there is no RTP and no key in SIP INFO")]
    NoCall {
        /// Packets looked at.
        packets: u64,
    },
    /// There is RTP, but none that the ear hears.
    #[error("holds RTP of payload type {0} only; PCMU, PCMA and telephone-event can be heard")]
    Unhearable(String),
    /// What was played is taken out of recordings only.
    #[error("is a capture, for which --played is not in this version")]
    Played,
    /// There is more than one call in it.
    #[error("holds more than one call ({0}); cut one out of it")]
    SeveralCalls(String),
}
