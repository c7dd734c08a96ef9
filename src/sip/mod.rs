//! RFC 3261 without I/O: messages and their bytes, digest credentials, framing on streams; and where a
//! server is to be found (RFC 3263).
//!
//! Nothing here reads a clock, a socket or a random source: time, bytes and randomness are arguments.

pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod framing;
pub mod locate;
pub mod message;
pub mod transaction;
