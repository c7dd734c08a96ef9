//! The ear of a line that knows what it says.
//!
//! What of the received samples is our own voice is taken out before the detector hears them, and a
//! key that is made of our own tones is told as such.

use super::dtmf::{Began, Detector, Ended, Event, Gap};
use super::echo::{EchoModel, Reference};
use super::units::Samples;

/// Samples worked at a time: a key is judged by what was received right before it was told.
const BLOCK: usize = 160;

/// What the ear tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard {
    /// A key is down.
    Began(Began),
    /// The key told last is up.
    Ended(Ended),
    /// What sounds like a key is our own tones that come back. Its end is not told.
    OwnEcho(Began),
    /// A key may have been there: see [`Event::Undecided`].
    Undecided {
        /// Its first sample.
        from: Samples,
        /// The end of its last sample.
        to: Samples,
    },
}

impl Heard {
    /// From when to when a key may have been that was not told: a `#` after it is not lone. What sounds
    /// like our own tones may have been a person's all the same.
    pub fn trace(&self) -> Option<[Samples; 2]> {
        match *self {
            Heard::OwnEcho(began) => Some([began.onset, began.told_at]),
            Heard::Undecided { from, to } => Some([from, to]),
            Heard::Began(_) | Heard::Ended(_) => None,
        }
    }
}

/// The ear of one line. On a line that sends nothing, hearing allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Ear<R> {
    detector: Detector,
    echo: EchoModel,
    reference: R,
    /// Whether the key that is down is our own tones.
    is_own: bool,
}

impl<R: Reference> Ear<R> {
    /// An ear that has heard nothing yet, on a line that says what `reference` holds.
    pub fn new(reference: R) -> Self {
        Self { detector: Detector::new(), echo: EchoModel::new(), reference, is_own: false }
    }

    /// The samples heard so far, missing ones included.
    pub fn position(&self) -> Samples {
        self.detector.position()
    }

    /// What we say.
    pub fn reference_mut(&mut self) -> &mut R {
        &mut self.reference
    }

    /// True if what was heard last is our own voice for the most part, as far as can be told.
    pub fn hears_echo(&self) -> bool {
        self.echo.is_echo()
    }

    /// Hears samples that were received, and leaves what is not our echo in their place.
    pub fn hear(&mut self, samples: &mut [i16], tell: &mut impl FnMut(Heard)) {
        for block in samples.chunks_mut(BLOCK) {
            self.echo.take_out(&self.reference, self.detector.position(), block);
            let Self { detector, echo, reference, is_own } = self;
            if echo.may_be_heard() {
                detector.expect_voice(Samples(block.len() as u64));
            }
            detector.feed(block, &mut |event| told(echo, reference, is_own, event, tell));
        }
    }

    /// Passes over samples that were not received.
    pub fn hear_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(Heard)) {
        self.echo.pass_over(missing);
        let Self { detector, echo, reference, is_own } = self;
        detector.feed_gap(missing, gap, &mut |event| told(echo, reference, is_own, event, tell));
    }

    /// The audio is over: a key that is still down ends here.
    pub fn finish(&mut self, tell: &mut impl FnMut(Heard)) {
        let Self { detector, echo, reference, is_own } = self;
        detector.finish(&mut |event| told(echo, reference, is_own, event, tell));
    }
}

fn told(
    echo: &EchoModel,
    reference: &impl Reference,
    is_own: &mut bool,
    event: Event,
    tell: &mut impl FnMut(Heard),
) {
    match event {
        Event::Began(began) => {
            *is_own = echo.explains(reference, &began);
            tell(if *is_own { Heard::OwnEcho(began) } else { Heard::Began(began) });
        }
        Event::Ended(ended) if !*is_own => tell(Heard::Ended(ended)),
        Event::Ended(_) => {}
        Event::Undecided { from, to } => tell(Heard::Undecided { from, to }),
    }
}
