//! The ear on one stream: from the ring's chunks to presses with their moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attention::Attention;
use super::prefetch::prefetch;
use super::said::{Excerpt, Said};
use super::terms::Terms;
use crate::dsp::dtmf::Gap;
use crate::dsp::ear::{self, Heard};
use crate::dsp::g711::Law;
use crate::dsp::progress::TonePlan;
use crate::dsp::units::Samples;
use crate::leg::MediaEvent;
use crate::leg::key::{Digit, Distrust, KeyPath, Press};
use crate::leg::pipe::Pipe;
use crate::rtp::media_clock::MediaClock;
use crate::rtp::timestamp::{RtpTimestamp, samples_in, span_of};

/// Samples decoded at a time.
const BLOCK: usize = 160;

/// A voice that nothing was received of for so long has paused: the far end sends no silence.
const UNHEARD: Duration = Duration::from_millis(300);

/// Hears one line.
#[derive(Debug, Default)]
pub(super) struct Ear {
    ear: ear::Ear<Said>,
    /// What else is listened for, where somebody asked.
    attention: Option<Box<Attention>>,
    /// Another line that says what is heard here.
    tap: Option<Arc<Pipe>>,
    /// When one of our packets left, and which sample was received then.
    said: Option<(Instant, Samples)>,
    /// The timestamp after the last sample that was heard or passed over, and when it was due here.
    last: Option<(RtpTimestamp, Instant)>,
}

/// Where a chunk of audio stands in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) clock: &'a MediaClock,
    /// The timestamp after the last sample.
    pub(super) end: RtpTimestamp,
    /// When the packet came, which is the latest that its last sample can have been made.
    pub(super) arrived: Instant,
}

impl Ear {
    /// Tells voices, beeps and call tones from now on.
    pub(super) fn attend(&mut self, plan: &'static TonePlan) {
        self.attention.get_or_insert_with(|| Box::new(Attention::new(plan)));
    }

    /// Hands what is heard to another line too.
    pub(super) fn tap(&mut self, pipe: Arc<Pipe>) {
        self.tap = Some(pipe);
    }

    /// Audio is about to come.
    pub(super) fn prefetch_attention(&self) {
        if let Some(attention) = self.attention.as_deref() {
            prefetch(attention);
        }
    }

    /// Hears audio; presses that become sure by it go to `tell`.
    pub(super) fn hear(
        &mut self,
        law: Law,
        octets: &[u8],
        place: Place<'_>,
        tell: &mut impl FnMut(MediaEvent),
    ) {
        self.last = Some((place.end, place.arrived));
        let end = Samples(self.ear.position().0 + octets.len() as u64);
        let mut pcm = [0; BLOCK];
        for block in octets.chunks(BLOCK) {
            let pcm = &mut pcm[..block.len()];
            law.decode_into(block, pcm);
            if let Some(tap) = &self.tap {
                tap.write(pcm);
            }
            self.ear.hear(pcm, &mut |heard| told(heard, end, place, tell));
            if let Some(attention) = &mut self.attention {
                attention.hear(pcm, self.ear.hears_echo(), end, place, tell);
            }
        }
    }

    /// Learns what a packet of ours says that leaves now, so that its echo is known.
    pub(super) fn say(&mut self, now: Instant, terms: &Terms, excerpt: Excerpt<'_>) {
        let Some(packet) = self.place_of(now, u64::from(terms.samples)) else { return };
        self.ear.reference_mut().say(packet + Samples(excerpt.offset as u64), terms.law, excerpt);
    }

    /// Which sample is received as a packet of `length` samples leaves. Packets leave a packet length
    /// apart: counting them is steadier than the clock. `None` before anything was received.
    fn place_of(&mut self, now: Instant, length: u64) -> Option<Samples> {
        let (_, due) = self.last?;
        let position = self.ear.position();
        let since = |from: Instant| u64::from(samples_in(now.saturating_duration_since(from)));
        let first = position + Samples(since(due));
        let (began, first) = *self.said.get_or_insert((now, first));
        let length = length.max(1);
        Some(first + Samples((since(began) + length / 2) / length * length))
    }

    /// Passes over audio that was lost on the way: it ends keys and begins none, but may have held one.
    pub(super) fn miss(&mut self, samples: u32, clock: &MediaClock, tell: &mut impl FnMut(MediaEvent)) {
        self.hear_gap(samples, Gap::Lost, clock, tell);
    }

    /// Passes over a pause of the far end. A key that ended right before it becomes sure in it.
    pub(super) fn pause(&mut self, samples: u32, clock: &MediaClock, tell: &mut impl FnMut(MediaEvent)) {
        self.hear_gap(samples, Gap::Silence, clock, tell);
    }

    fn hear_gap(&mut self, samples: u32, gap: Gap, clock: &MediaClock, tell: &mut impl FnMut(MediaEvent)) {
        let end = Samples(self.ear.position().0 + u64::from(samples));
        let last = self.pass_over(samples);
        let missing = Samples(u64::from(samples));
        let place = last.map(|(stamp, arrived)| Place { clock, end: stamp, arrived });
        self.ear.hear_gap(missing, gap, &mut |heard| {
            if let Some(place) = place {
                told(heard, end, place, tell);
            }
        });
        if let (Some(attention), Some(place)) = (&mut self.attention, place) {
            attention.hear_gap(missing, gap, end, place, tell);
        }
    }

    /// Moves the place in time on; nothing stands there before the first audio.
    fn pass_over(&mut self, samples: u32) -> Option<(RtpTimestamp, Instant)> {
        let moved = |(end, due): (RtpTimestamp, Instant)| (end.plus(samples), due + span_of(samples));
        self.last = self.last.map(moved);
        self.last
    }

    /// Time goes on, though nothing may come. Asked every packet length: while something does come, what
    /// attends stays out of the cache.
    pub(super) fn handle_timeout(&mut self, now: Instant, tell: &mut impl FnMut(MediaEvent)) {
        let unheard = |(_, due): &(RtpTimestamp, Instant)| now.saturating_duration_since(*due) >= UNHEARD;
        if let (Some((_, due)), Some(attention)) = (self.last.filter(unheard), &mut self.attention) {
            attention.rest(due, tell);
        }
    }

    /// The stream is over.
    pub(super) fn finish(&mut self, tell: &mut impl FnMut(MediaEvent)) {
        self.ear.finish(&mut |_| {});
        if let (Some(attention), Some((_, due))) = (&mut self.attention, self.last) {
            attention.finish(due, tell);
        }
        self.said = None;
    }
}

/// Tells what the detector found, with its moment on our clock.
fn told(heard: Heard, end: Samples, place: Place<'_>, tell: &mut impl FnMut(MediaEvent)) {
    match heard {
        Heard::OwnEcho(began) => {
            let began = place.moment(end, began.onset);
            tell(MediaEvent::Untrusted { why: Distrust::Echo, began });
        }
        Heard::Began(began) => {
            if let Some(digit) = Digit::from_char(began.key.as_char()) {
                let began = place.moment(end, began.onset);
                tell(MediaEvent::Key(Press { digit, path: KeyPath::InBand, began }));
            }
        }
        Heard::Undecided { .. } | Heard::Ended(_) => {}
    }
    if let Some(trace) = heard.trace() {
        let [from, to] = trace.map(|at| place.moment(end, at));
        tell(MediaEvent::Undecided { from, to });
    }
}

impl Place<'_> {
    /// The moment of the sample at `at`, where the sample at `end` stands here.
    pub(super) fn moment(&self, end: Samples, at: Samples) -> Instant {
        // Within the second that a key takes, the samples and the stream's clock run as one.
        let back = u32::try_from(end.saturating_sub(at).0).unwrap_or(0);
        let by_clock = self.clock.instant(self.end.minus(back));
        let moment = by_clock.or_else(|| self.arrived.checked_sub(span_of(back)));
        moment.unwrap_or(self.arrived).min(self.arrived)
    }
}
