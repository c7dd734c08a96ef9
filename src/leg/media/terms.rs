//! What was agreed, in the line's own form: small, without a pointer, so that a packet finds all
//! of it where the rest of the line is.

use std::net::SocketAddr;
use std::time::Duration;

use super::law;
use crate::dsp::g711::Law;
use crate::leg::MediaFormat;
use crate::rtp::packet::{Header, MAX_PAYLOAD};
use crate::rtp::timestamp::samples_in;

/// Comfort noise (RFC 3389): part of the call, but nothing to hear.
const COMFORT_NOISE: u8 = 13;
/// Audio payload types that are told apart: both laws under our number and under theirs.
const AUDIO_TYPES: usize = 4;

/// The terms of a [`MediaFormat`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) remote: Option<SocketAddr>,
    pub(super) remote_rtcp: Option<SocketAddr>,
    pub(super) ptime: Duration,
    /// Samples of a packet of ours.
    pub(super) samples: u32,
    pub(super) law: Law,
    pub(super) send_payload: u8,
    pub(super) send_events: Option<u8>,
    receive_events: Option<u8>,
    pub(super) sending: bool,
    audio: [Option<(u8, Law)>; AUDIO_TYPES],
}

/// What a packet holds, by its payload type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Audio,
    Event,
    ComfortNoise,
}

impl Terms {
    pub(super) fn new(format: &MediaFormat) -> Terms {
        let mut audio = [None; AUDIO_TYPES];
        for (place, &(number, codec)) in audio.iter_mut().zip(&format.receive_payloads) {
            *place = Some((number, law(codec)));
        }
        Terms {
            remote: format.remote,
            remote_rtcp: format.remote_rtcp,
            ptime: format.ptime,
            samples: samples_in(format.ptime).clamp(1, MAX_PAYLOAD as u32),
            law: law(format.codec),
            send_payload: format.send_payload,
            send_events: format.send_event_payload,
            receive_events: format.receive_event_payload,
            sending: format.sending,
            audio,
        }
    }

    /// The law of audio that comes under this number.
    pub(super) fn law_of(&self, number: u8) -> Option<Law> {
        self.audio.iter().flatten().find(|(audio, _)| *audio == number).map(|(_, law)| *law)
    }

    /// What a packet holds; `None` for what is not of this call. Events are taken by our number
    /// and by theirs: many peers send in the one that they named.
    pub(super) fn kind(&self, header: &Header) -> Option<Kind> {
        let number = header.payload_type;
        if self.law_of(number).is_some() {
            return Some(Kind::Audio);
        }
        if [self.receive_events, self.send_events].contains(&Some(number)) {
            return Some(Kind::Event);
        }
        (number == COMFORT_NOISE).then_some(Kind::ComfortNoise)
    }
}
