//! What else the line says: voices, beeps and call tones, told with their moments.

use std::time::Instant;

use super::ear::Place;
use crate::dsp::dtmf::Gap;
use crate::dsp::progress::{Listener, Sound, SoundEvent, TonePlan};
use crate::dsp::units::Samples;
use crate::leg::{LineSound, MediaEvent};

/// Attends to one line.
#[derive(Debug)]
pub(super) struct Attention {
    listener: Listener,
    /// Whether the beginning of a voice was told, and its end was not.
    speaking: bool,
    /// Whether a steady tone sounds.
    sounding: bool,
    /// Whether the beginning of a burst of ringing was told, and its end was not.
    ringing: bool,
    /// The begin of the busy tone told last.
    engaged: Option<Samples>,
}

impl Attention {
    /// Nothing heard yet.
    pub(super) fn new(plan: &'static TonePlan) -> Attention {
        Attention {
            listener: Listener::new(plan),
            speaking: false,
            sounding: false,
            ringing: false,
            engaged: None,
        }
    }

    /// Hears samples, what is left of them when they were mostly our own echo.
    pub(super) fn hear(
        &mut self,
        samples: &[i16],
        is_echo: bool,
        end: Samples,
        place: Place<'_>,
        tell: &mut impl FnMut(MediaEvent),
    ) {
        let Attention { listener, speaking, .. } = self;
        let heard = &mut |event| told(speaking, event, end, place, tell);
        if is_echo {
            listener.feed_echo(samples, heard)
        } else {
            listener.feed(samples, heard)
        }
        self.note_begins(end, place, tell);
    }

    /// Passes over samples that were not received.
    pub(super) fn hear_gap(
        &mut self,
        missing: Samples,
        gap: Gap,
        end: Samples,
        place: Place<'_>,
        tell: &mut impl FnMut(MediaEvent),
    ) {
        let Attention { listener, speaking, .. } = self;
        listener.feed_gap(missing, gap, &mut |event| told(speaking, event, end, place, tell));
    }

    /// What has begun is told while it goes on: a key may follow at once.
    fn note_begins(&mut self, end: Samples, place: Place<'_>, tell: &mut impl FnMut(MediaEvent)) {
        if let (Some(since), false) = (self.listener.voice_since(), self.speaking) {
            self.speaking = true;
            tell(MediaEvent::VoiceBegan { at: place.moment(end, since) });
        }
        let tone = self.listener.tone_since();
        if let (Some(since), false) = (tone, self.sounding) {
            tell(MediaEvent::Sound { sound: LineSound::Tone, from: place.moment(end, since) });
        }
        self.sounding = tone.is_some();
        if self.sounding || self.ringing {
            self.note_ringing(end, place, tell);
        }
        let engaged = self.listener.engaged_since();
        if let Some(since) = engaged.filter(|_| engaged != self.engaged) {
            self.engaged = engaged;
            tell(MediaEvent::Engaged { from: place.moment(end, since) });
        }
    }

    fn note_ringing(&mut self, end: Samples, place: Place<'_>, tell: &mut impl FnMut(MediaEvent)) {
        match (self.listener.ringing_since(), self.ringing) {
            (Some(since), false) => tell(MediaEvent::RingbackBegan { at: place.moment(end, since) }),
            (None, true) => {
                tell(MediaEvent::RingbackEnded { at: place.moment(end, self.listener.position()) });
            }
            (Some(_), true) | (None, false) => return,
        }
        self.ringing = !self.ringing;
    }

    /// Nothing came for a while: who spoke has paused.
    pub(super) fn rest(&mut self, heard_until: Instant, tell: &mut impl FnMut(MediaEvent)) {
        if self.speaking || self.ringing {
            self.finish(heard_until, tell);
        }
    }

    /// The stream is over.
    pub(super) fn finish(&mut self, heard_until: Instant, tell: &mut impl FnMut(MediaEvent)) {
        self.listener.finish(&mut |_| {});
        if std::mem::take(&mut self.ringing) {
            tell(MediaEvent::RingbackEnded { at: heard_until });
        }
        if std::mem::take(&mut self.speaking) {
            tell(MediaEvent::VoiceEnded { at: heard_until });
        }
    }
}

fn told(
    speaking: &mut bool,
    event: SoundEvent,
    end: Samples,
    place: Place<'_>,
    tell: &mut impl FnMut(MediaEvent),
) {
    let from = place.moment(end, event.begin);
    if let Some(sound) = line_sound(event.sound) {
        return tell(MediaEvent::Sound { sound, from });
    }
    if event.sound == Sound::Speech {
        if !std::mem::take(speaking) {
            tell(MediaEvent::VoiceBegan { at: from });
        }
        tell(MediaEvent::VoiceEnded { at: place.moment(end, event.end) });
    }
}

fn line_sound(sound: Sound) -> Option<LineSound> {
    match sound {
        Sound::Speech | Sound::Silence => None,
        Sound::Beep => Some(LineSound::Beep),
        Sound::Ringback => Some(LineSound::Ringback),
        Sound::DialTone | Sound::Busy | Sound::Reorder => Some(LineSound::CallTone),
        Sound::SpecialInformation => Some(LineSound::Information),
        Sound::FaxCalling | Sound::FaxAnswering => Some(LineSound::Fax),
    }
}
