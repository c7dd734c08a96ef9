//! The ear on one stream: from the ring's chunks to presses with their moment.

use std::time::Instant;

use crate::dsp::dtmf::{Detector, Event, Gap};
use crate::dsp::g711::Law;
use crate::dsp::units::Samples;
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
    pub(super) fn hear(&mut self, law: Law, octets: &[u8], place: Place<'_>, tell: &mut impl FnMut(Press)) {
        self.last = Some((place.end, place.arrived));
        let end = Samples(self.detector.position().0 + octets.len() as u64);
        let mut pcm = [0; BLOCK];
        for block in octets.chunks(BLOCK) {
            law.decode_into(block, &mut pcm);
            self.detector.feed(&pcm[..block.len()], &mut |event| {
                if let Some(press) = press(event, end, place) {
                    tell(press);
                }
            });
        }
    }

    /// Passes over audio that was lost on the way.
    pub(super) fn miss(&mut self, samples: u32) {
        // What was lost ends keys and begins none, so there is nothing to tell.
        self.pass_over(samples);
        self.detector.feed_gap(Samples(u64::from(samples)), Gap::Lost, &mut |_| {});
    }

    /// Passes over a pause of the far end. A key that ended right before it becomes sure in it.
    pub(super) fn pause(&mut self, samples: u32, clock: &MediaClock, tell: &mut impl FnMut(Press)) {
        let end = Samples(self.detector.position().0 + u64::from(samples));
        let last = self.pass_over(samples);
        self.detector.feed_gap(Samples(u64::from(samples)), Gap::Silence, &mut |event| {
            let place = last.map(|(end, arrived)| Place { clock, end, arrived });
            if let Some(press) = place.and_then(|place| press(event, end, place)) {
                tell(press);
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

fn press(event: Event, end: Samples, place: Place<'_>) -> Option<Press> {
    let began = match event {
        Event::Began(began) => began,
        Event::Ended(_) => return None,
    };
    let digit = Digit::from_char(began.key.as_char())?;
    // Within the second that a key takes, the samples and the stream's clock run as one.
    let back = u32::try_from(end.saturating_sub(began.onset).0).unwrap_or(0);
    let at = place.clock.instant(place.end.minus(back));
    let at = at.or_else(|| place.arrived.checked_sub(span_of(back)));
    let began = at.unwrap_or(place.arrived).min(place.arrived);
    Some(Press { digit, path: KeyPath::InBand, began })
}
