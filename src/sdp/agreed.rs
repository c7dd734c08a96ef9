//! What offer and answer agreed, as plain data.

use std::net::SocketAddr;
use std::time::Duration;

use super::encoding::Encoding;

/// Which way the stream flows, seen from us (RFC 3264 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// From us only.
    SendOnly,
    /// To us only: the far end holds us.
    RecvOnly,
    /// Neither way: both hold.
    Inactive,
}

impl Direction {
    /// Whether the far end wants to hear us.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// The direction that remains when the far end takes nothing.
    pub(super) fn without_sending(self) -> Direction {
        match self {
            Direction::SendRecv | Direction::RecvOnly => Direction::RecvOnly,
            Direction::SendOnly | Direction::Inactive => Direction::Inactive,
        }
    }
}

/// The outcome of one offer and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where our RTP goes; `None` with the address 0.0.0.0, the hold of RFC 3264 §8.4.
    pub remote_rtp: Option<SocketAddr>,
    /// Where our RTCP goes: `a=rtcp` (RFC 3605), else the RTP port plus one.
    pub remote_rtcp: Option<SocketAddr>,
    /// The encoding that we send: the first of the answer that is ours too (RFC 3264 §7).
    pub encoding: Encoding,
    /// Its payload type in the far end's numbering.
    pub send_payload: u8,
    /// Payload types in which audio may come, in our numbering.
    pub receive_payloads: Vec<(u8, Encoding)>,
    /// Payload type of telephone-event/8000 that the far end takes (RFC 4733), if it does.
    pub send_events: Option<u8>,
    /// Payload type of telephone-event/8000 that we said we take. It stays where the answer drops
    /// events: a key that comes by this number all the same is a key.
    pub receive_events: Option<u8>,
    /// Length of the packets that we send: a multiple of 10 ms from 10 to 60 ms.
    pub ptime: Duration,
    /// Which way the stream flows, seen from us.
    pub direction: Direction,
}
