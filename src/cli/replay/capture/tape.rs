//! The audio of one captured stream on one time line: what the call's own line does not tell, since a
//! script needs no more of a key than its moment.

use std::time::Instant;

use super::signalling::Formats;
use crate::cli::replay::film::Film;
use crate::cli::replay::finding::Finding;
use crate::cli::replay::hearing::{Hearing, Wishes};
use crate::dsp::dtmf::Gap;
use crate::dsp::units::Samples;
use crate::leg::media::law;
use crate::rtp::jitter_buffer::{Arrival, Chunk, JitterBuffer};
use crate::rtp::packet::Packet;
use crate::rtp::reception::{Reception, Validity};
use crate::rtp::seq::ExtSeq;
use crate::rtp::timestamp::{RtpTimestamp, samples_in, span_of};

/// A gap that the time line does not believe: the timestamps have jumped instead.
const LONGEST_GAP: u64 = 3_600 * 8_000;

/// One stream's audio, in order and with every gap, as the ear hears it.
#[derive(Debug)]
pub(super) struct Tape {
    hearing: Hearing,
    source: Option<Source>,
    /// When the first sample was made, by the arrival of its packet.
    zero: Option<Instant>,
    findings: Vec<Finding>,
}

/// One synchronisation source.
#[derive(Debug)]
struct Source {
    reception: Reception,
    ring: JitterBuffer,
    anchor: Anchor,
}

/// Where a timestamp stands on the time line.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    timestamp: RtpTimestamp,
    place: Samples,
}

impl Tape {
    pub(super) fn new(wishes: &Wishes) -> Tape {
        Tape { hearing: Hearing::new(wishes), source: None, zero: None, findings: Vec::new() }
    }

    /// Takes a packet; `audio` is what it is by its payload type.
    pub(super) fn handle_packet(&mut self, now: Instant, packet: &Packet<'_>, formats: &Formats) {
        let is_audio = formats.codec(packet.header.payload_type).is_some();
        let Some(seq) = self.number(now, packet, is_audio) else { return };
        let arrival = Arrival {
            seq,
            timestamp: packet.header.timestamp,
            at: now,
            payload_type: packet.header.payload_type,
            audio: is_audio.then_some(packet.payload),
        };
        let Tape { hearing, source, findings, .. } = self;
        if let Some(Source { ring, anchor, .. }) = source {
            ring.handle_packet(&arrival, &mut |chunk| hear(hearing, anchor, formats, chunk, findings));
        }
    }

    /// Gives up holes whose time is over.
    pub(super) fn handle_timeout(&mut self, now: Instant, formats: &Formats) {
        let Tape { hearing, source, findings, .. } = self;
        if let Some(Source { ring, anchor, .. }) = source {
            ring.handle_timeout(now, &mut |chunk| hear(hearing, anchor, formats, chunk, findings));
        }
    }

    /// The capture is over: all that was heard, and the film of it if one was wished for.
    pub(super) fn finish(mut self, formats: &Formats) -> (Vec<Finding>, Option<Film>) {
        self.end_source(formats);
        let Tape { hearing, mut findings, .. } = self;
        let film = hearing.finish(&mut |finding| findings.push(finding));
        (findings, film)
    }

    /// Where a timestamp of the current source stands on the time line.
    pub(super) fn place(&self, timestamp: RtpTimestamp) -> Samples {
        self.source.as_ref().map_or(Samples(0), |source| source.anchor.place(timestamp))
    }

    /// Where a moment of the capture stands on the time line; the first moment asked for is its zero if
    /// nothing came before.
    pub(super) fn place_of(&mut self, at: Instant) -> Samples {
        let zero = *self.zero.get_or_insert(at);
        Samples(samples_in(at.saturating_duration_since(zero)).into())
    }

    fn number(&mut self, now: Instant, packet: &Packet<'_>, is_audio: bool) -> Option<ExtSeq> {
        let validity = match &mut self.source {
            Some(source) => source.reception.handle_packet(now, &packet.header, is_audio),
            None => Validity::Restarted,
        };
        match validity {
            Validity::Valid(seq) => Some(seq),
            Validity::Doubtful => None,
            Validity::Restarted => Some(self.begin_source(now, packet, is_audio)),
        }
    }

    /// A source begins where its first packet arrived, less what that holds; the packet's number.
    fn begin_source(&mut self, now: Instant, packet: &Packet<'_>, is_audio: bool) -> ExtSeq {
        let holds = if is_audio { packet.payload.len() as u32 } else { 0 };
        let begin = now.checked_sub(span_of(holds)).unwrap_or(now);
        let place = self.place_of(begin).max(self.hearing.position());
        let (reception, seq) = Reception::begin(now, &packet.header, is_audio);
        let anchor = Anchor { timestamp: packet.header.timestamp, place };
        self.source = Some(Source { reception, ring: JitterBuffer::default(), anchor });
        seq
    }

    fn end_source(&mut self, formats: &Formats) {
        let Tape { hearing, source, findings, .. } = self;
        if let Some(Source { mut ring, mut anchor, .. }) = source.take() {
            ring.finish(&mut |chunk| hear(hearing, &mut anchor, formats, chunk, findings));
        }
    }
}

impl Anchor {
    fn place(&self, timestamp: RtpTimestamp) -> Samples {
        let ahead = i64::from(timestamp.since(self.timestamp));
        Samples(self.place.0.saturating_add_signed(ahead))
    }
}

fn hear(
    hearing: &mut Hearing,
    anchor: &mut Anchor,
    formats: &Formats,
    chunk: Chunk<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut tell = |finding| findings.push(finding);
    match chunk {
        Chunk::Audio { payload_type, octets, end, arrived: _ } => {
            let Some(codec) = formats.codec(payload_type) else { return };
            let begin = anchor.place(end.minus(octets.len() as u32));
            // The ring tells at most a second of a pause; the time line has all of it.
            let more = begin.saturating_sub(hearing.position());
            if more.0 <= LONGEST_GAP {
                hearing.feed_gap(more, Gap::Silence, &mut tell);
            }
            let mut pcm = vec![0; octets.len()];
            law(codec).decode_into(octets, &mut pcm);
            hearing.feed(&pcm, &mut tell);
            *anchor = Anchor { timestamp: end, place: hearing.position() };
        }
        Chunk::Lost(samples) => hearing.feed_gap(Samples(samples.into()), Gap::Lost, &mut tell),
        Chunk::Unsent(samples) => hearing.feed_gap(Samples(samples.into()), Gap::Silence, &mut tell),
    }
}
