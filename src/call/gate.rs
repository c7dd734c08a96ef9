//! The gate of contract section 1: when a key counts.

use std::time::Instant;

/// Closed spans remembered: a key is told at most a second after its press began.
const REMEMBERED: usize = 4;

/// Opens when the context's last sample has been sent, closes when a prompt starts anew.
///
/// A key belongs to the moment its press began. It may be told after the gate has closed again, so
/// the last spans are kept.
#[derive(Debug, Default)]
pub(super) struct Gate {
    opened: Option<Instant>,
    spans: Vec<(Instant, Instant)>,
}

impl Gate {
    pub(super) fn open(&mut self, at: Instant) {
        self.opened = Some(at);
    }

    pub(super) fn close(&mut self, at: Instant) {
        if let Some(opened) = self.opened.take() {
            if self.spans.len() == REMEMBERED {
                self.spans.remove(0);
            }
            self.spans.push((opened, at));
        }
    }

    /// Whether the gate was open at this moment.
    pub(super) fn was_open(&self, at: Instant) -> bool {
        self.opened.is_some_and(|opened| at >= opened)
            || self.spans.iter().any(|&(from, to)| from <= at && at < to)
    }
}
