//! The signals of a service.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Failure;

/// The signal that has a service read its files anew.
pub(super) fn hang_up() -> Result<Signal, Failure> {
    signal(SignalKind::hangup()).map_err(|error| Failure::cannot_run(format!("no signals: {error}")))
}

/// The signals that stop a service.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub(super) fn new() -> Result<Stop, Failure> {
        let of = |kind| signal(kind).map_err(|error| Failure::cannot_run(format!("no signals: {error}")));
        Ok(Stop { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    /// Returns at the next of them.
    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
