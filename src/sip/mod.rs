//! RFC 3261 without I/O: messages and their bytes, digest credentials, framing on streams.
//!
//! Nothing here reads a clock, a socket or a random source: time, bytes and randomness are arguments.

pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod framing;
pub mod message;
pub mod transaction;
