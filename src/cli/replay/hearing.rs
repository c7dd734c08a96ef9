//! One line's samples through the ear.

use super::finding::{Finding, HeardKey};
use crate::dsp::dtmf::{Detector, Event, Gap};
use crate::dsp::units::Samples;

/// All that listens to one stream of samples. Time is that of the samples, missing ones included.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    ear: Detector,
}

impl Hearing {
    /// Samples heard or passed over so far.
    pub(super) fn position(&self) -> Samples {
        self.ear.position()
    }

    /// Hears samples.
    pub(super) fn feed(&mut self, samples: &[i16], tell: &mut impl FnMut(Finding)) {
        self.ear.feed(samples, &mut |event| told(event, tell));
    }

    /// Passes over samples that were not received.
    pub(super) fn feed_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(Finding)) {
        self.ear.feed_gap(missing, gap, &mut |event| told(event, tell));
    }

    /// The audio is over.
    pub(super) fn finish(&mut self, tell: &mut impl FnMut(Finding)) {
        self.ear.finish(&mut |event| told(event, tell));
    }
}

fn told(event: Event, tell: &mut impl FnMut(Finding)) {
    match event {
        Event::Began(_) | Event::Undecided { .. } => {}
        Event::Ended(key) => tell(Finding::Key(HeardKey::from(&key))),
    }
}
