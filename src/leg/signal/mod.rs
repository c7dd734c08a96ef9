//! The signalling half of a leg: SIP calls placed and taken, without I/O.
//!
//! [`Outgoing`] is one attempt of the gateway, [`Incoming`] one call at the answering phone, and
//! [`Cleanup`] ends what a dead process left up. All three are driven alike: `handle_*(now, …)` takes
//! what happened, then `poll_transmit`, `poll_event` and `poll_record` are drained, and `poll_timeout`
//! says when `handle_timeout` wants to be called.
//!
//! What both ends of a call share once they have a dialog is one `usage`.

mod accepting;
mod cause;
mod cleanup;
mod facts;
mod incoming;
pub mod info;
mod media;
mod outgoing;
mod output;
mod servers;
mod setup;
mod tokens;
mod usage;

pub use cleanup::Cleanup;
pub use facts::Facts;
pub use incoming::Incoming;
pub use info::{DTMF, DTMF_RELAY};
pub use media::MediaSetup;
pub use outgoing::Outgoing;
pub use output::{Peer, RecordRequest, TargetNews, Transmit};
pub use setup::{IncomingSetup, OutgoingSetup, Target, Us};
