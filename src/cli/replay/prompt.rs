//! `--played`: what we said meanwhile, so that its echo makes no key and hides none.

use std::path::Path;
use std::sync::Arc;

use crate::audio::{AudioError, decode_file};
use crate::dsp::dtmf::{Began, Event};
use crate::dsp::echo::EchoModel;
use crate::dsp::units::Samples;

/// Samples handed to the echo model at once: what is played is told at most so far ahead.
pub(super) const BLOCK: usize = 160;

/// What was played, and from which sample of the recording on.
#[derive(Debug, Clone)]
pub(super) struct Played {
    samples: Arc<[i16]>,
    at: Samples,
}

impl Played {
    /// Reads a recording of what was played `at` milliseconds after the beginning.
    pub(super) fn open(path: &Path, at_ms: u64) -> Result<Played, AudioError> {
        Ok(Played { samples: decode_file(path)?.into(), at: Samples::from_ms(at_ms) })
    }

    /// What was played from one place to another.
    fn between(&self, from: Samples, to: Samples) -> &[i16] {
        let index = |place: Samples| usize::try_from(place.saturating_sub(self.at).0).unwrap_or(usize::MAX);
        let end = index(to).min(self.samples.len());
        self.samples.get(index(from).min(end)..end).unwrap_or_default()
    }
}

/// One line that knows what we say.
#[derive(Debug)]
pub(super) struct Prompt {
    played: Played,
    model: EchoModel,
    at: Samples,
    /// Whether the key that is down is our own tones.
    is_own: bool,
}

impl Prompt {
    pub(super) fn new(played: Played) -> Prompt {
        Prompt { played, model: EchoModel::new(), at: Samples(0), is_own: false }
    }

    /// What is left of a block of received samples when our echo is taken out.
    pub(super) fn residual(&mut self, block: &[i16]) -> [i16; BLOCK] {
        let mut left = [0; BLOCK];
        let block = &block[..block.len().min(BLOCK)];
        let end = self.at + Samples(block.len() as u64);
        let played = self.played.between(self.at, end);
        self.model.played(self.at.max(self.played.at), played);
        self.model.residual(self.at, block, &mut left);
        self.at = end;
        left
    }

    /// Passes over samples that were not received; what was played meanwhile is told all the same.
    pub(super) fn pass_over(&mut self, missing: Samples) {
        let end = self.at + missing;
        self.model.lost(missing);
        let from = end.saturating_sub(Samples(BLOCK as u64)).max(self.at);
        self.model.played(from.max(self.played.at), self.played.between(from, end));
        self.at = end;
    }

    /// Whether what the ear tells is our own tones coming back.
    pub(super) fn explains(&mut self, event: &Event) -> bool {
        match event {
            Event::Began(Began { key, onset, told_at }) => {
                self.is_own = self.model.explains(key.low(), key.high(), *onset, *told_at);
                self.is_own
            }
            Event::Ended(_) => self.is_own,
            Event::Undecided { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_played_lies_where_it_was_played() {
        let played = Played { samples: [1, 2, 3, 4, 5].into(), at: Samples(10) };
        let between = |from, to| played.between(Samples(from), Samples(to));
        assert_eq!(between(0, 10), [0_i16; 0]);
        assert_eq!(between(8, 12), [1, 2]);
        assert_eq!(between(12, 14), [3, 4]);
        assert_eq!(between(13, 99), [4, 5]);
        assert_eq!(between(99, 120), [0_i16; 0]);
    }
}
