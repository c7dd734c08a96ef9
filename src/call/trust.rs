//! Whether a key can be a person's answer to us, and whether the call is clean.

use std::time::Instant;

use super::gate::Gate;
use super::voices::Voices;
use crate::leg::LineSound;
use crate::leg::key::Distrust;

/// Judges keys by the moment at which their press began.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pub(super) gate: Gate,
    pub(super) voices: Voices,
    answered: Option<Instant>,
    /// Since when whoever is on the line now is: a machine may have put a person through.
    met: Option<Instant>,
    /// Whether the network led the call elsewhere.
    diverted: bool,
    /// What made the call unclean for good: a sound of a machine, a key that nobody could have pressed
    /// in answer to us, a diversion.
    stained: bool,
}

impl Trust {
    pub(super) fn answer(&mut self, at: Instant) {
        self.answered = Some(at);
        self.met = Some(at);
        self.voices.answer(at);
    }

    /// Somebody else is on the line from now on: what was heard of the one before says nothing of them.
    pub(super) fn begin_anew(&mut self, at: Instant) {
        let Trust { answered, diverted, .. } = *self;
        let voices = self.voices.begin_anew(at);
        *self = Trust { voices, answered, met: Some(at), diverted, stained: diverted, gate: Gate::default() };
    }

    /// The network led the call elsewhere, whoever answers.
    pub(super) fn divert(&mut self) {
        self.diverted = true;
        self.stained = true;
    }

    /// Why a key that began at this moment must not count; `None`: it counts.
    pub(super) fn doubt(&self, began: Instant) -> Option<Distrust> {
        if self.answered.is_none_or(|answered| began < answered) {
            Some(Distrust::EarlyMedia)
        } else if !self.gate.was_open(began) {
            Some(Distrust::BeforeGate)
        } else if self.voices.is_greeting(began) {
            Some(Distrust::Greeting)
        } else {
            None
        }
    }

    /// The line said something that no person says. What began before the answer was the network's.
    pub(super) fn hear(&mut self, sound: LineSound, from: Instant) {
        match sound {
            LineSound::Tone
            | LineSound::Beep
            | LineSound::Ringback
            | LineSound::CallTone
            | LineSound::Information
            | LineSound::Fax => {
                self.stained |= self.met.is_some_and(|met| from >= met);
            }
        }
    }

    /// The call is unclean from now on.
    pub(super) fn stain(&mut self) {
        self.stained = true;
    }

    /// Whether it is unclean for good.
    pub(super) fn is_stained(&self) -> bool {
        self.stained
    }

    /// Whether a `#` at this moment is not enough.
    pub(super) fn is_unclean(&self, at: Instant) -> bool {
        self.stained || self.voices.may_be_greeting(at)
    }
}
