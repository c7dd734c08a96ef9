//! The INVITE server transaction: RFC 3261 §17.2.1, figure 7, with `Accepted` of RFC 6026 §7.1.
//!
//! The 100 (Trying) that §17.2.1 wants within 200 ms is the user's: every user here answers an
//! INVITE at once, with a 100 or with something better.

use std::time::Instant;

use bytes::Bytes;

use super::timer::{Retransmission, T1_X64, T2, T4};
use super::{Deadline, Effects, Inform};

/// One INVITE received, until its final response is acknowledged.
#[derive(Debug)]
pub struct InviteServer {
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Proceeding { provisional: Option<Bytes> },
    Completed { response: Bytes, timer_g: Option<Retransmission>, timer_h: Instant },
    Confirmed { timer_i: Instant },
    Accepted { timer_l: Instant },
    Terminated,
}

impl InviteServer {
    /// A transaction for an INVITE just received.
    pub fn new(reliable: bool) -> InviteServer {
        InviteServer { reliable, state: State::Proceeding { provisional: None } }
    }

    /// Whether no final response was sent yet.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether the transaction is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Sends a response of the user.
    pub fn respond(&mut self, now: Instant, status: u16, response: Bytes) -> Effects {
        match (&mut self.state, status) {
            (State::Proceeding { provisional }, 100..=199) => {
                *provisional = Some(response.clone());
                Effects::send(response)
            }
            (State::Proceeding { .. }, 200..=299) => {
                // RFC 6026 §7.1: a 2xx leads to Accepted and sets Timer L to 64·T1; retransmitting
                // the 2xx is the user's.
                self.state = State::Accepted { timer_l: now + T1_X64 };
                Effects::send(response)
            }
            (State::Proceeding { .. }, _) => {
                // RFC 3261 §17.2.1: "For unreliable transports, timer G is set to fire in T1
                // seconds … timer H MUST be set to fire in 64*T1 seconds for all transports."
                let timer_g = (!self.reliable).then(|| Retransmission::start(now, T2));
                let timer_h = now + T1_X64;
                self.state = State::Completed { response: response.clone(), timer_g, timer_h };
                Effects::send(response)
            }
            // RFC 6026 §7.1: in Accepted the user's repeats of the 2xx go out.
            (State::Accepted { .. }, 200..=299) => Effects::send(response),
            (
                State::Completed { .. }
                | State::Confirmed { .. }
                | State::Accepted { .. }
                | State::Terminated,
                _,
            ) => Effects::none(),
        }
    }

    /// Takes a retransmission of the INVITE.
    pub fn handle_retransmission(&mut self) -> Effects {
        match &self.state {
            // RFC 3261 §17.2.1: in Proceeding the most recent provisional response "MUST be passed to
            // the transport layer for retransmission", in Completed the final one SHOULD.
            State::Proceeding { provisional: Some(response) } | State::Completed { response, .. } => {
                Effects::send(response.clone())
            }
            // RFC 6026 §7.1: in Accepted repeats of the INVITE are absorbed.
            State::Proceeding { provisional: None }
            | State::Confirmed { .. }
            | State::Accepted { .. }
            | State::Terminated => Effects::none(),
        }
    }

    /// Takes an ACK that matches the transaction or, in Accepted, its dialog.
    pub fn handle_ack(&mut self, now: Instant) -> Effects {
        match self.state {
            State::Completed { .. } if self.reliable => {
                self.state = State::Terminated;
                Effects::inform(Inform::Message).and_end()
            }
            State::Completed { .. } => {
                // RFC 3261 §17.2.1: "Timer I is set to fire in T4 seconds for unreliable
                // transports, and zero seconds for reliable transports."
                self.state = State::Confirmed { timer_i: now + T4 };
                Effects::inform(Inform::Message)
            }
            // RFC 6026 §7.1: an ACK in Accepted is passed to the user and changes no state.
            State::Accepted { .. } => Effects::inform(Inform::Message),
            State::Proceeding { .. } | State::Confirmed { .. } | State::Terminated => Effects::none(),
        }
    }

    /// Takes a failure of the transport.
    pub fn handle_transport_error(&mut self) -> Effects {
        match self.state {
            // RFC 6026 §7.1, figure 7: the user is told and the transaction stays, so that a
            // response that gets through later still finds it.
            State::Proceeding { .. } | State::Accepted { .. } => Effects::inform(Inform::TransportError),
            State::Completed { .. } => {
                self.state = State::Terminated;
                Effects::inform(Inform::TransportError).and_end()
            }
            State::Confirmed { .. } | State::Terminated => Effects::none(),
        }
    }

    /// When the next timer fires: G, H, I or L.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        match &self.state {
            State::Completed { timer_g: Some(g), timer_h, .. } if g.due() < *timer_h => {
                Some((g.due(), "Timer G: repeat the response"))
            }
            State::Completed { timer_h, .. } => Some((*timer_h, "Timer H: no ACK")),
            State::Confirmed { timer_i } => Some((*timer_i, "Timer I: ACK received")),
            State::Accepted { timer_l } => Some((*timer_l, "Timer L: INVITE accepted")),
            State::Proceeding { .. } | State::Terminated => None,
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Effects {
        match &mut self.state {
            State::Completed { timer_h, .. } if *timer_h <= now => {
                self.state = State::Terminated;
                Effects::inform(Inform::Timeout).and_end()
            }
            State::Completed { response, timer_g: Some(timer_g), .. } if timer_g.due() <= now => {
                // RFC 3261 §17.2.1: timer G is reset "to fire in MIN(2*T1, T2) seconds" and doubles
                // up to T2.
                *timer_g = timer_g.next(now);
                Effects::send(response.clone())
            }
            State::Confirmed { timer_i: end } | State::Accepted { timer_l: end } if *end <= now => {
                self.state = State::Terminated;
                Effects::end()
            }
            State::Proceeding { .. }
            | State::Completed { .. }
            | State::Confirmed { .. }
            | State::Accepted { .. }
            | State::Terminated => Effects::none(),
        }
    }
}
