//! Key presses as named events in RTP (RFC 4733, telephone-event).

mod payload;
mod receiver;
mod sender;

pub use payload::Payload;
pub use receiver::{Heard, Receiver};
pub use sender::{EventPacket, Sender};
