//! What of each key was lost on the way, read off the very packets: so that a miss is matched to it.

use octothorpe::dsp::dtmf::{Detector, Ended, Event};
use octothorpe::dsp::g711::Law;

use crate::support::impairment::Sent;

/// IPv4 and UDP before what a datagram holds.
const HEADERS: usize = 28;
/// RTP's fixed header (RFC 3550 §5.1).
const RTP: usize = 12;
/// RFC 4733 §3.2.
const EVENTS: &str = "0123456789*#ABCD";

/// A key that was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SentKey {
    pub(crate) key: char,
    /// The part of it that did not get through, from 0 to 1.
    pub(crate) lost: f64,
}

/// Whether what was lost of a key excuses that it was not heard. An event or INFO of which any packet
/// gets through is heard; of a tone of 200 ms half must get through.
pub(crate) fn is_excuse(key: SentKey, is_tone: bool) -> bool {
    if is_tone { key.lost >= 0.5 } else { key.lost >= 1.0 }
}

/// The keys that were sent as events: all packets of one timestamp are of one key.
pub(crate) fn by_events(sent: &[Sent]) -> Vec<SentKey> {
    let mut keys: Vec<(u32, char, [usize; 2])> = Vec::new();
    for (packet, lost) in
        rtp(sent).filter(|(packet, _)| packet.len() == RTP + 4 && payload_type(packet) >= 96)
    {
        let Some(key) = EVENTS.chars().nth(packet[RTP].into()) else { continue };
        match keys.iter_mut().find(|(of, ..)| *of == timestamp(packet)) {
            Some((.., count)) => count[usize::from(lost)] += 1,
            None => keys.push((timestamp(packet), key, if lost { [0, 1] } else { [1, 0] })),
        }
    }
    keys.into_iter().map(|(_, key, [through, lost])| share(key, through, lost)).collect()
}

/// The keys that were sent as INFO, each with its retransmissions.
pub(crate) fn by_info(sent: &[Sent]) -> Vec<SentKey> {
    let mut keys: Vec<(String, char, [usize; 2])> = Vec::new();
    for (text, lost) in sent.iter().filter_map(|sent| Some((text(sent)?, sent.lost))) {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let (Some(cseq), Some(signal)) = (field("CSeq:"), field("Signal=")) else { continue };
        let Some(key) = signal.chars().next() else { continue };
        match keys.iter_mut().find(|(of, ..)| of == cseq) {
            Some((.., count)) => count[usize::from(lost)] += 1,
            None => keys.push((cseq.to_owned(), key, if lost { [0, 1] } else { [1, 0] })),
        }
    }
    keys.into_iter().map(|(_, key, [through, lost])| share(key, through, lost)).collect()
}

/// The keys that were sent as tones: heard in all that was sent, as if nothing had been lost.
pub(crate) fn by_tones(sent: &[Sent]) -> Vec<SentKey> {
    let mut audio: Vec<(u32, &[u8], bool)> = rtp(sent)
        .filter(|(packet, _)| payload_type(packet) == 0)
        .map(|(p, lost)| (timestamp(p), &p[RTP..], lost))
        .collect();
    let Some(first) = audio.first().map(|(at, ..)| *at) else { return Vec::new() };
    audio.sort_by_key(|(at, ..)| at.wrapping_sub(first));
    let end = audio.last().map_or(0, |(at, octets, _)| at.wrapping_sub(first) as usize + octets.len());
    let (mut samples, mut lost) = (vec![0; end], vec![false; end]);
    for (at, octets, is_lost) in audio {
        let at = at.wrapping_sub(first) as usize;
        for (n, octet) in octets.iter().enumerate() {
            samples[at + n] = Law::Mu.decode(*octet);
            lost[at + n] = is_lost;
        }
    }
    let of = |ended: &Ended| {
        let span = &lost[ended.onset.0 as usize..(ended.end.0 as usize).min(end)];
        let gone = span.iter().filter(|lost| **lost).count();
        share(ended.key.as_char(), span.len() - gone, gone)
    };
    ends(&samples).iter().map(of).collect()
}

fn ends(samples: &[i16]) -> Vec<Ended> {
    let mut ended = Vec::new();
    let mut tell = |event| match event {
        Event::Ended(key) => ended.push(key),
        Event::Began(_) | Event::Undecided { .. } => {}
    };
    let mut ear = Detector::new();
    ear.feed(samples, &mut tell);
    ear.finish(&mut tell);
    ended
}

fn share(key: char, through: usize, lost: usize) -> SentKey {
    SentKey { key, lost: lost as f64 / (through + lost).max(1) as f64 }
}

/// The text of a datagram that is an INFO.
fn text(sent: &Sent) -> Option<&str> {
    std::str::from_utf8(sent.packet.get(HEADERS..)?).ok().filter(|text| text.starts_with("INFO "))
}

fn rtp(sent: &[Sent]) -> impl Iterator<Item = (&[u8], bool)> {
    let packets = sent.iter().filter_map(|sent| Some((sent.packet.get(HEADERS..)?, sent.lost)));
    // RFC 3550 §5.1: version 2, here without extensions or sources.
    packets.filter(|(packet, _)| {
        packet.len() > RTP && packet[0] == 0x80 && !(72..77).contains(&payload_type(packet))
    })
}

fn payload_type(packet: &[u8]) -> u8 {
    packet[1] & 0x7f
}

fn timestamp(packet: &[u8]) -> u32 {
    u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]])
}
