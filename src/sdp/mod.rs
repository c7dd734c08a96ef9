//! Offer and answer (RFC 3264) in SDP (RFC 8866) for one stream of G.711 audio with key events.
//!
//! [`Session`] holds our side of one session: it writes our offers and answers and turns what the
//! far end says into [`Agreed`], plain data that names no SDP type. The text itself is read and
//! written by ezk-sdp-types behind `description`; lines that we do not use never reach it, so a
//! fault in one of them cannot spoil a call.

mod agreed;
mod audio;
mod compose;
mod description;
mod encoding;
mod error;
mod session;

pub use agreed::{Agreed, Direction};
pub use encoding::Encoding;
pub use error::SdpError;
pub use session::{Answer, Local, Session, Settings};

#[cfg(test)]
mod tests;
