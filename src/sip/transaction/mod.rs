//! Transactions (RFC 3261 §17 with RFC 6026): one file a machine, all in virtual time.
//!
//! A machine knows bytes, status codes and whether the transport is reliable, and nothing else of
//! SIP. It takes one event and returns [`Effects`]; the next moment at which it wants
//! `handle_timeout` stands in `poll_timeout`, with the timer's letter of the RFC's table 4.
//!
//! The state is an enum whose variants own the timers legal there, so that no timer outlives its
//! state.

pub mod invite_client;
pub mod invite_server;
pub mod key;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod timer;

use std::time::Instant;

use bytes::Bytes;

pub use invite_client::InviteClient;
pub use invite_server::InviteServer;
pub use key::{ClientKey, ServerKey};
pub use non_invite_client::NonInviteClient;
pub use non_invite_server::NonInviteServer;

/// When a machine wants to be woken, and by which timer.
pub type Deadline = (Instant, &'static str);

/// What a machine wants done after one event, in the order of the fields.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[must_use = "a transaction does nothing by itself: its effects are to be carried out"]
pub struct Effects {
    /// Hand these bytes to the transport.
    pub send: Option<Bytes>,
    /// Tell the transaction user.
    pub inform: Option<Inform>,
    /// The transaction is over: drop it.
    pub ended: bool,
}

/// What a machine tells its transaction user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inform {
    /// The message just handed in is new to the user: a response, a request or an ACK.
    Message,
    /// Nothing final came in time (Timer B, F), or no ACK (Timer H).
    Timeout,
    /// The transport could not deliver (RFC 3261 §17.1.4, §17.2.4).
    TransportError,
}

impl Effects {
    /// Nothing to do: the event was absorbed.
    pub(crate) fn none() -> Effects {
        Effects::default()
    }

    pub(crate) fn send(bytes: Bytes) -> Effects {
        Effects { send: Some(bytes), ..Effects::default() }
    }

    pub(crate) fn inform(inform: Inform) -> Effects {
        Effects { inform: Some(inform), ..Effects::default() }
    }

    pub(crate) fn end() -> Effects {
        Effects { ended: true, ..Effects::default() }
    }

    pub(crate) fn and_inform(self, inform: Inform) -> Effects {
        Effects { inform: Some(inform), ..self }
    }

    pub(crate) fn and_end(self) -> Effects {
        Effects { ended: true, ..self }
    }
}

/// The earlier of two deadlines.
pub fn earlier(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}
