//! The ear on one stream: from the ring's chunks to presses with their moment.

use std::time::Instant;

use crate::dsp::dtmf::{Detector, Event, Gap};
use crate::dsp::g711::Law;
use crate::dsp::units::Samples;
use crate::leg::MediaEvent;
use crate::leg::key::{Digit, KeyPath, Press};
use crate::rtp::media_clock::MediaClock;
use crate::rtp::timestamp::{RtpTimestamp, span_of};

/// Samples decoded at a time.
const BLOCK: usize = 160;

/// Hears one line.
#[derive(Debug, Default)]
pub(super) struct Ear {
    detector: Detector,
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
    /// Hears audio; presses that become sure by it go to `tell`.
    pub(super) fn hear(
        &mut self,
        law: Law,
        octets: &[u8],
        place: Place<'_>,
        tell: &mut impl FnMut(MediaEvent),
    ) {
        self.last = Some((place.end, place.arrived));
        let end = Samples(self.detector.position().0 + octets.len() as u64);
        let mut pcm = [0; BLOCK];
        for block in octets.chunks(BLOCK) {
            law.decode_into(block, &mut pcm);
            self.detector.feed(&pcm[..block.len()], &mut |event| told(event, end, place, tell));
        }
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
        let end = Samples(self.detector.position().0 + u64::from(samples));
        let last = self.pass_over(samples);
        self.detector.feed_gap(Samples(u64::from(samples)), gap, &mut |event| {
            if let Some((stamp, arrived)) = last {
                told(event, end, Place { clock, end: stamp, arrived }, tell);
            }
        });
    }

    /// Moves the place in time on; nothing stands there before the first audio.
    fn pass_over(&mut self, samples: u32) -> Option<(RtpTimestamp, Instant)> {
        let moved = |(end, due): (RtpTimestamp, Instant)| (end.plus(samples), due + span_of(samples));
        self.last = self.last.map(moved);
        self.last
    }

    /// The stream is over.
    pub(super) fn finish(&mut self) {
        self.detector.finish(&mut |_| {});
    }
}

/// Tells what the detector found, with its moment on our clock.
fn told(event: Event, end: Samples, place: Place<'_>, tell: &mut impl FnMut(MediaEvent)) {
    match event {
        Event::Began(began) => {
            if let Some(digit) = Digit::from_char(began.key.as_char()) {
                let began = place.moment(end, began.onset);
                tell(MediaEvent::Key(Press { digit, path: KeyPath::InBand, began }));
            }
        }
        Event::Undecided { from, to } => {
            let (from, to) = (place.moment(end, from), place.moment(end, to));
            tell(MediaEvent::Undecided { from, to });
        }
        Event::Ended(_) => {}
    }
}

impl Place<'_> {
    /// The moment of the sample at `at`, where the sample at `end` stands here.
    fn moment(&self, end: Samples, at: Samples) -> Instant {
        // Within the second that a key takes, the samples and the stream's clock run as one.
        let back = u32::try_from(end.saturating_sub(at).0).unwrap_or(0);
        let by_clock = self.clock.instant(self.end.minus(back));
        let moment = by_clock.or_else(|| self.arrived.checked_sub(span_of(back)));
        moment.unwrap_or(self.arrived).min(self.arrived)
    }
}
