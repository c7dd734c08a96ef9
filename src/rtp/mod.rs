//! RTP and RTCP (RFC 3550) as a verification call needs them: G.711 audio and key events.
//!
//! Imports no sibling room; time, bytes and randomness are arguments. Nothing here allocates for
//! a packet.
//!
//! - [`seq`], [`timestamp`]: the wrapping counters of RTP.
//! - [`packet`]: one packet, read and written in place; the place where SRTP will sit.
//! - [`source`]: whose packets count.
//! - [`reception`]: sequence validity, loss and jitter of one stream.
//! - [`jitter_buffer`]: puts audio in order and tells what is missing.
//! - [`media_clock`]: the moment of a timestamp.
//! - [`telephone_event`]: key presses as events (RFC 4733), received and sent.
//! - [`rtcp`]: sender and receiver reports.
//! - [`quality`]: the estimate of listening quality (ITU-T G.107).

pub mod jitter_buffer;
pub mod media_clock;
pub mod packet;
pub mod quality;
pub mod reception;
pub mod rtcp;
pub mod seq;
pub mod source;
pub mod telephone_event;
pub mod timestamp;
