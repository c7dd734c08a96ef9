//! The non-INVITE server transaction: RFC 3261 §17.2.2, figure 8.

use std::time::Instant;

use bytes::Bytes;

use super::timer::T1_X64;
use super::{Deadline, Effects, Inform};

/// One request other than INVITE and ACK received, until its response needs no repeating.
#[derive(Debug)]
pub struct NonInviteServer {
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Trying,
    Proceeding { provisional: Bytes },
    Completed { response: Bytes, timer_j: Instant },
    Terminated,
}

impl NonInviteServer {
    /// A transaction for a request just received.
    pub fn new(reliable: bool) -> NonInviteServer {
        NonInviteServer { reliable, state: State::Trying }
    }

    /// Whether the transaction is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Sends a response of the user.
    pub fn respond(&mut self, now: Instant, status: u16, response: Bytes) -> Effects {
        match (&self.state, status) {
            (State::Trying | State::Proceeding { .. }, 100..=199) => {
                self.state = State::Proceeding { provisional: response.clone() };
                Effects::send(response)
            }
            (State::Trying | State::Proceeding { .. }, _) if self.reliable => {
                self.state = State::Terminated;
                Effects::send(response).and_end()
            }
            (State::Trying | State::Proceeding { .. }, _) => {
                // RFC 3261 §17.2.2: "it MUST set Timer J to fire in 64*T1 seconds for unreliable
                // transports, and zero seconds for reliable transports."
                let timer_j = now + T1_X64;
                self.state = State::Completed { response: response.clone(), timer_j };
                Effects::send(response)
            }
            // RFC 3261 §17.2.2: "Any other final responses passed by the TU to the server
            // transaction MUST be discarded while in the "Completed" state."
            (State::Completed { .. } | State::Terminated, _) => Effects::none(),
        }
    }

    /// Takes a retransmission of the request.
    pub fn handle_retransmission(&mut self) -> Effects {
        match &self.state {
            State::Proceeding { provisional: response } | State::Completed { response, .. } => {
                Effects::send(response.clone())
            }
            State::Trying | State::Terminated => Effects::none(),
        }
    }

    /// Takes a failure of the transport.
    pub fn handle_transport_error(&mut self) -> Effects {
        match self.state {
            State::Proceeding { .. } | State::Completed { .. } => {
                self.state = State::Terminated;
                Effects::inform(Inform::TransportError).and_end()
            }
            State::Trying | State::Terminated => Effects::none(),
        }
    }

    /// When Timer J fires.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        match &self.state {
            State::Completed { timer_j, .. } => Some((*timer_j, "Timer J: request answered")),
            State::Trying | State::Proceeding { .. } | State::Terminated => None,
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Effects {
        match &self.state {
            State::Completed { timer_j, .. } if *timer_j <= now => {
                self.state = State::Terminated;
                Effects::end()
            }
            State::Trying | State::Proceeding { .. } | State::Completed { .. } | State::Terminated => {
                Effects::none()
            }
        }
    }
}
