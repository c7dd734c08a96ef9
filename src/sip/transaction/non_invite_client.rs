//! The non-INVITE client transaction: RFC 3261 §17.1.2, figure 6.

use std::time::Instant;

use bytes::Bytes;

use super::timer::{Retransmission, T1_X64, T2, T4};
use super::{Deadline, Effects, Inform};

/// One BYE, CANCEL, INFO or OPTIONS on its way to a final response.
#[derive(Debug)]
pub struct NonInviteClient {
    request: Bytes,
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Trying { timer_e: Option<Retransmission>, timer_f: Instant },
    Proceeding { timer_e: Option<Retransmission>, timer_f: Instant },
    Completed { timer_k: Instant },
    Terminated,
}

impl NonInviteClient {
    /// Starts the transaction with the wire form of the request; the effect sends it.
    pub fn start(now: Instant, request: Bytes, reliable: bool) -> (NonInviteClient, Effects) {
        // RFC 3261 §17.1.2.2: "the client transaction SHOULD set timer F to fire in 64*T1 seconds
        // … If an unreliable transport is in use, the client transaction MUST set timer E to fire
        // in T1 seconds."
        let timer_e = (!reliable).then(|| Retransmission::start(now, T2));
        let state = State::Trying { timer_e, timer_f: now + T1_X64 };
        let effects = Effects::send(request.clone());
        (NonInviteClient { request, reliable, state }, effects)
    }

    /// Whether a final response is still awaited.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Trying { .. } | State::Proceeding { .. })
    }

    /// Whether the transaction is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes a response with this status.
    pub fn handle_response(&mut self, now: Instant, status: u16) -> Effects {
        match (&self.state, status) {
            (State::Trying { timer_e, timer_f }, 100..=199) => {
                // RFC 3261 §17.1.2.2: in Proceeding "timer E MUST be reset with a value of T2".
                let timer_e = timer_e.map(Retransmission::at_limit);
                self.state = State::Proceeding { timer_e, timer_f: *timer_f };
                Effects::inform(Inform::Message)
            }
            (State::Proceeding { .. }, 100..=199) => Effects::inform(Inform::Message),
            (State::Trying { .. } | State::Proceeding { .. }, _) => self.complete(now),
            (State::Completed { .. } | State::Terminated, _) => Effects::none(),
        }
    }

    fn complete(&mut self, now: Instant) -> Effects {
        // RFC 3261 §17.1.2.2: "it MUST set Timer K to fire in T4 seconds for unreliable
        // transports, and zero seconds for reliable transports."
        let effects = Effects::inform(Inform::Message);
        // Nothing repeats the request any more: its bytes are let go.
        self.request = Bytes::new();
        if self.reliable {
            self.state = State::Terminated;
            return effects.and_end();
        }
        self.state = State::Completed { timer_k: now + T4 };
        effects
    }

    /// Takes a failure of the transport.
    pub fn handle_transport_error(&mut self) -> Effects {
        match self.state {
            State::Trying { .. } | State::Proceeding { .. } => {
                self.state = State::Terminated;
                Effects::inform(Inform::TransportError).and_end()
            }
            State::Completed { .. } | State::Terminated => Effects::none(),
        }
    }

    /// When the next timer fires: E, F or K.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        match &self.state {
            State::Trying { timer_e: Some(e), timer_f } | State::Proceeding { timer_e: Some(e), timer_f }
                if e.due() < *timer_f =>
            {
                Some((e.due(), "Timer E: repeat the request"))
            }
            State::Trying { timer_f, .. } | State::Proceeding { timer_f, .. } => {
                Some((*timer_f, "Timer F: no final response"))
            }
            State::Completed { timer_k } => Some((*timer_k, "Timer K: request completed")),
            State::Terminated => None,
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Effects {
        match &mut self.state {
            State::Trying { timer_f, .. } | State::Proceeding { timer_f, .. } if *timer_f <= now => {
                self.state = State::Terminated;
                Effects::inform(Inform::Timeout).and_end()
            }
            State::Trying { timer_e: Some(timer_e), .. }
            | State::Proceeding { timer_e: Some(timer_e), .. }
                if timer_e.due() <= now =>
            {
                // RFC 3261 §17.1.2.2: timer E is reset "with a value of MIN(2*T1, T2)", then
                // MIN(4*T1, T2) and so on: 500 ms, 1 s, 2 s, 4 s, 4 s.
                *timer_e = timer_e.next(now);
                Effects::send(self.request.clone())
            }
            State::Completed { timer_k } if *timer_k <= now => {
                self.state = State::Terminated;
                Effects::end()
            }
            State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. } | State::Terminated => {
                Effects::none()
            }
        }
    }
}
