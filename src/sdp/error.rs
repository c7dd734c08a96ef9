//! Why a session description is of no use to us.

/// Why offer and answer came to nothing. The text is fit for a Warning header or a call record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than we read: bytes, lines or media sections.
    #[error("session description too large")]
    TooLarge,
    /// A `c=`, `m=` or `a=rtcp` line that says nothing we can read.
    #[error("session description malformed")]
    Malformed,
    /// No audio line at our place: T.38 or video alone, or nothing at all.
    #[error("no audio stream")]
    NoAudio,
    /// The audio line came back with port 0 (RFC 3264 §6).
    #[error("audio stream refused")]
    Refused,
    /// Audio only over a profile that we do not speak: RTP/SAVP and its kin.
    #[error("audio only by an unsupported transport profile")]
    Profile,
    /// None of PCMU and PCMA at 8 kHz.
    #[error("no common audio codec")]
    NoCodec,
    /// An address that no packet of ours can reach: a name, multicast, or the other IP family.
    #[error("media address unusable")]
    Address,
    /// An answer although no offer of ours is open.
    #[error("answer without an offer")]
    Unexpected,
}
