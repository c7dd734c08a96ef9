//! Captures of calls, made.

#![allow(unreachable_pub, reason = "a helper of one test crate")]

use std::net::{IpAddr, SocketAddr};

use octothorpe::dsp::g711::Law;

/// How frames begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Ethernet,
    /// Ethernet with a VLAN tag (IEEE 802.1Q).
    Vlan,
    Raw,
    Loopback,
    Cooked,
    Cooked2,
    /// IEEE 802.11, which holds nothing for us.
    Wireless,
}

/// Frames with their time in microseconds.
#[derive(Debug, Clone)]
pub struct Capture {
    link: Link,
    frames: Vec<(u64, Vec<u8>)>,
}

/// One party's RTP.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub ssrc: u32,
    pub payload_type: u8,
}

/// One telephone-event: when its onset is on the stream's clock and how long it lasts, in samples.
#[derive(Debug, Clone, Copy)]
pub struct Press {
    pub event: u8,
    pub onset: u32,
    pub samples: u32,
}

const FIRST_SEQ: u16 = 65_000;
const FIRST_TIMESTAMP: u32 = u32::MAX - 3_000;

pub fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

impl Capture {
    pub fn new(link: Link) -> Capture {
        Capture { link, frames: Vec::new() }
    }

    pub fn udp(&mut self, at_us: u64, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
        let mut udp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        udp.extend((8 + payload.len() as u16).to_be_bytes());
        udp.extend([0, 0]);
        udp.extend(payload);
        let ip = ip(from.ip(), to.ip(), 0, &udp);
        self.ip(at_us, &ip, from.is_ipv4());
    }

    /// The same datagram in two fragments (RFC 791 §3.2).
    pub fn fragmented(&mut self, at_us: u64, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
        let mut udp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        udp.extend((8 + payload.len() as u16).to_be_bytes());
        udp.extend([0, 0]);
        udp.extend(payload);
        let cut = udp.len() / 16 * 8;
        self.ip(at_us, &ip(from.ip(), to.ip(), 0x2000, &udp[..cut]), true);
        self.ip(at_us + 5, &ip(from.ip(), to.ip(), cut as u16 / 8, &udp[cut..]), true);
    }

    fn ip(&mut self, at_us: u64, ip: &[u8], is_v4: bool) {
        let kind: [u8; 2] = if is_v4 { [0x08, 0x00] } else { [0x86, 0xdd] };
        let head = match self.link {
            Link::Ethernet => [&[2; 12][..], &kind].concat(),
            Link::Vlan => [&[2; 12][..], &[0x81, 0, 0, 7], &kind].concat(),
            Link::Raw => Vec::new(),
            Link::Loopback => vec![2, 0, 0, 0],
            Link::Cooked => [&[0; 14][..], &kind].concat(),
            Link::Cooked2 => [&kind[..], &[0; 18]].concat(),
            Link::Wireless => vec![8; 24],
        };
        self.frames.push((at_us, [&head, ip].concat()));
    }

    /// Audio in packets of 20 ms from `at_us` on; `keeps` tells which arrive.
    pub fn audio(&mut self, at_us: u64, stream: Stream, pcm: &[i16], keeps: impl Fn(usize) -> bool) {
        let law = if stream.payload_type == 8 { Law::A } else { Law::Mu };
        for (n, block) in pcm.chunks(160).enumerate().filter(|(n, _)| keeps(*n)) {
            let octets: Vec<u8> = block.iter().map(|sample| law.encode(*sample)).collect();
            let packet = rtp(stream, n as u16, 160 * n as u32, n == 0, &octets);
            // A packet leaves when its last sample has been made.
            self.udp(at_us + 20_000 * (n as u64 + 1), stream.from, stream.to, &packet);
        }
    }

    /// Audio with a telephone-event beside it, under the same sequence of numbers (RFC 4733 §2.5.1).
    pub fn audio_and_event(&mut self, stream: Stream, event_type: u8, pcm: &[i16], press: Press) {
        let (first, steps) = ((press.onset / 160) as usize, press.samples.div_ceil(160) as usize);
        let mut seq = 0;
        for (n, block) in pcm.chunks(160).enumerate() {
            let octets: Vec<u8> = block.iter().map(|sample| Law::Mu.encode(*sample)).collect();
            let at_us = 20_000 * (n as u64 + 1);
            self.udp(at_us, stream.from, stream.to, &rtp(stream, seq, 160 * n as u32, n == 0, &octets));
            seq += 1;
            if (first..first + steps + 2).contains(&n) {
                self.event_packet(
                    at_us,
                    Stream { payload_type: event_type, ..stream },
                    seq,
                    press,
                    n - first,
                );
                seq += 1;
            }
        }
    }

    /// One telephone-event and nothing else.
    pub fn event(&mut self, at_us: u64, stream: Stream, seq: u16, press: Press) {
        for n in 0..press.samples.div_ceil(160) as usize + 2 {
            let sent = at_us + 20_000 * (n as u64 + 1);
            self.event_packet(sent, stream, seq + n as u16, press, n);
        }
    }

    fn event_packet(&mut self, at_us: u64, stream: Stream, seq: u16, press: Press, n: usize) {
        let duration = (160 * (n as u32 + 1)).min(press.samples);
        let [high, low] = (duration as u16).to_be_bytes();
        let payload = [press.event, if duration == press.samples { 0x8a } else { 10 }, high, low];
        self.udp(at_us, stream.from, stream.to, &rtp(stream, seq, press.onset, n == 0, &payload));
    }

    fn sorted(&self) -> Vec<(u64, Vec<u8>)> {
        let mut frames = self.frames.clone();
        frames.sort_by_key(|(at_us, _)| *at_us);
        frames
    }

    fn link_type(&self) -> u32 {
        match self.link {
            Link::Ethernet | Link::Vlan => 1,
            Link::Raw => 101,
            Link::Loopback => 0,
            Link::Cooked => 113,
            Link::Cooked2 => 276,
            Link::Wireless => 105,
        }
    }

    /// The file as tcpdump writes it.
    pub fn pcap(&self) -> Vec<u8> {
        self.snapped(usize::MAX)
    }

    /// The same, with only the first bytes of each frame.
    pub fn snapped(&self, length: usize) -> Vec<u8> {
        let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.extend(65_535_u32.to_le_bytes());
        file.extend(self.link_type().to_le_bytes());
        for (at_us, frame) in self.sorted() {
            let kept = frame.len().min(length);
            let at = [1_700_000_000 + (at_us / 1_000_000) as u32, (at_us % 1_000_000) as u32];
            for word in [at[0], at[1], kept as u32, frame.len() as u32] {
                file.extend(word.to_le_bytes());
            }
            file.extend(&frame[..kept]);
        }
        file
    }

    /// The file as Wireshark writes it, big-endian, with nanoseconds.
    pub fn pcapng(&self) -> Vec<u8> {
        let mut file =
            block(0x0a0d_0d0a, &[0x1a2b_3c4d_u32.to_be_bytes(), [0, 1, 0, 0], [255; 4], [255; 4]].concat());
        let link = (self.link_type() as u16).to_be_bytes();
        let resolution = [0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0];
        file.extend(block(1, &[&link[..], &[0, 0, 0, 4, 0, 0], &resolution].concat()));
        for (at_us, frame) in self.sorted() {
            let at_ns = (1_700_000_000_000_000 + at_us) * 1_000;
            let length = (frame.len() as u32).to_be_bytes();
            let mut body =
                [[0; 4], ((at_ns >> 32) as u32).to_be_bytes(), (at_ns as u32).to_be_bytes()].concat();
            body.extend([length, length].concat());
            body.extend(&frame);
            body.resize(body.len().next_multiple_of(4), 0);
            file.extend(block(6, &body));
        }
        file
    }
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (12 + body.len() as u32).to_be_bytes();
    [&kind.to_be_bytes()[..], &length, body, &length].concat()
}

fn ip(from: IpAddr, to: IpAddr, fragment: u16, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let length = (20 + payload.len() as u16).to_be_bytes();
            let [high, low] = fragment.to_be_bytes();
            let head = [0x45, 0, length[0], length[1], 0, 1, high, low, 64, 17, 0, 0];
            [&head[..], &from.octets(), &to.octets(), payload].concat()
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let length = (payload.len() as u16).to_be_bytes();
            let head = [0x60, 0, 0, 0, length[0], length[1], 17, 64];
            [&head[..], &from.octets(), &to.octets(), payload].concat()
        }
        _ => panic!("one family a packet"),
    }
}

fn rtp(stream: Stream, seq: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
    let payload_type = stream.payload_type | if marker { 0x80 } else { 0 };
    let mut packet = vec![0x80, payload_type];
    packet.extend(FIRST_SEQ.wrapping_add(seq).to_be_bytes());
    packet.extend(FIRST_TIMESTAMP.wrapping_add(timestamp).to_be_bytes());
    packet.extend(stream.ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

/// A SIP message of the call: an INVITE or its 200, with a description.
pub fn described(start: &str, call_id: &str, media: SocketAddr, formats: &str, maps: &[&str]) -> Vec<u8> {
    let family = if media.is_ipv4() { "IP4" } else { "IP6" };
    let mut sdp =
        format!("v=0\r\no=- 1 1 IN {family} {0}\r\ns=-\r\nc=IN {family} {0}\r\nt=0 0\r\n", media.ip());
    sdp += &format!("m=audio {} RTP/AVP {formats}\r\n", media.port());
    for map in maps {
        sdp += &format!("a=rtpmap:{map}\r\n");
    }
    message(start, call_id, ["a", "b"], "1 INVITE", "application/sdp", &sdp)
}

/// A key in an INFO (application/dtmf-relay) of the one who was called.
pub fn info(call_id: &str, cseq: u32, body: &str) -> Vec<u8> {
    let start = "INFO sip:gw@192.0.2.1 SIP/2.0";
    message(start, call_id, ["b", "a"], &format!("{cseq} INFO"), "application/dtmf-relay", body)
}

fn message(start: &str, call_id: &str, [from, to]: [&str; 2], cseq: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "{start}\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK{}\r\nFrom: <sip:a@x>;tag={from}\r\n\
         To: <sip:b@x>;tag={to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\nMax-Forwards: 70\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        cseq.replace(' ', ""),
        body.len()
    )
    .into_bytes()
}
