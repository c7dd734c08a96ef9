//! The media half of a leg: RTP in, RTP out, without I/O.
//!
//! A [`Line`] is owned by one media thread, which hands it datagrams and asks it once a packet
//! length for the next packet. What it holds is bounded and small; nothing is allocated for a
//! packet.

mod attention;
mod ear;
mod keypad;
mod line;
mod playout;
mod prefetch;
mod receiver;
mod said;
mod sender;
mod terms;

pub use line::{BUFFER, Line};
pub use prefetch::prefetch;
pub use receiver::Heard;

use super::Codec;
use crate::dsp::g711::Law;

/// The law of the dsp room for a codec of the boundary.
pub(crate) fn law(codec: Codec) -> Law {
    match codec {
        Codec::Pcmu => Law::Mu,
        Codec::Pcma => Law::A,
    }
}
