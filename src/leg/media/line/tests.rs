//! A gateway's line and a phone's, joined by a network in virtual time.

use std::sync::Arc;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::*;
use crate::clip::Clip;
use crate::dsp::dtmf::Key;
use crate::dsp::echo::EchoModel;
use crate::dsp::g711::Law;
use crate::dsp::tone::KeyTone;
use crate::dsp::units::{Dbm0, Samples};
use crate::leg::key::{Digit, Distrust, KeyPath};
use crate::leg::{Codec, MediaFormat, PressOrder};
use crate::rtp::packet::{self, Header, Packet};
use crate::rtp::seq::Seq;
use crate::rtp::timestamp::RtpTimestamp;

const GATEWAY: &str = "192.0.2.1:10000";
const PHONE: &str = "198.51.100.7:4000";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn format(remote: &str, codec: Codec) -> MediaFormat {
    let remote = at(remote);
    MediaFormat {
        remote: Some(remote),
        remote_rtcp: Some(SocketAddr::new(remote.ip(), remote.port() + 1)),
        codec,
        send_payload: if codec == Codec::Pcmu { 0 } else { 8 },
        receive_payloads: vec![(0, Codec::Pcmu), (8, Codec::Pcma)],
        send_event_payload: Some(101),
        receive_event_payload: Some(101),
        ptime: ms(20),
        sending: true,
    }
}

/// What the gateway's line told, without the clock.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Undecided,
    OwnEcho,
    Foreign,
    Voice(bool),
    Ringback(bool),
    Engaged,
    Sound(crate::leg::LineSound),
    Key(char, KeyPath),
    Played(u32, usize),
    Pressed,
    Closed,
}

mod echo;
mod keys;
mod reports;
mod voices;

struct Bench {
    zero: Instant,
    now: Duration,
    gateway: Line,
    phone: Line,
    rng: StdRng,
    /// Share of the packets to the gateway that are lost, in percent.
    loss_percent: u32,
    /// Packets that the gateway sent, by time.
    sent: Vec<(Duration, Header, Vec<u8>)>,
    told: Vec<(Duration, Told)>,
    keys: Vec<Duration>,
}

impl Bench {
    fn new(seed: u64) -> Bench {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        let zero = Instant::now();
        let mut rng = StdRng::seed_from_u64(seed);
        let (gateway, phone) = (Line::new(zero, &mut rng), Line::new(zero, &mut rng));
        Bench {
            zero,
            now: Duration::ZERO,
            gateway,
            phone,
            rng,
            loss_percent: 0,
            sent: Vec::new(),
            told: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn agreed(seed: u64, codec: Codec) -> Bench {
        let mut bench = Bench::new(seed);
        bench.negotiate(format(PHONE, codec));
        bench.order_phone(MediaCommand::Negotiated(Arc::new(format(GATEWAY, codec))));
        bench
    }

    fn at(&self) -> Instant {
        self.zero + self.now
    }

    fn negotiate(&mut self, format: MediaFormat) {
        self.order(MediaCommand::Negotiated(Arc::new(format)));
    }

    fn order(&mut self, command: MediaCommand) {
        self.gateway.handle_command(self.at(), command);
        self.collect();
    }

    fn order_phone(&mut self, command: MediaCommand) {
        self.phone.handle_command(self.at(), command);
    }

    fn press(&mut self, path: KeyPath, keys: &str) {
        let order = |c| PressOrder {
            digit: Digit::from_char(c).unwrap(),
            path,
            after: ms(70),
            held: ms(100),
            level_dbm0: -10.0,
        };
        self.order_phone(MediaCommand::Press(keys.chars().map(order).collect()));
    }

    /// Both lines tick every 20 ms; packets take 5 ms.
    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.now += ms(20);
            let mut buffer = [0; BUFFER];
            if let Some((to, len)) = self.phone.tick(self.at(), &mut buffer) {
                assert_eq!(to, at(GATEWAY));
                let lost = self.rng.random_range(0..100) < self.loss_percent;
                if !lost {
                    let came = self.at() + ms(5);
                    self.gateway.handle_rtp(came, at(PHONE), &mut buffer[..len]);
                }
            }
            self.tick_gateway();
            self.report();
            self.collect();
        }
    }

    fn tick_gateway(&mut self) {
        let mut buffer = [0; BUFFER];
        let now = self.at();
        if let Some((to, len)) = self.gateway.tick(now, &mut buffer) {
            let packet = Packet::read(&buffer[..len]).unwrap();
            self.sent.push((self.now, packet.header, packet.payload.to_vec()));
            if to == at(PHONE) {
                self.phone.handle_rtp(now + ms(5), at(GATEWAY), &mut buffer[..len]);
            }
        }
    }

    fn report(&mut self) {
        let mut buffer = [0; BUFFER];
        let now = self.at();
        if let Some((to, len)) = self.gateway.poll_rtcp(now, &mut buffer) {
            assert_eq!(to, at("198.51.100.7:4001"));
            self.phone.handle_rtcp(now + ms(30), at("192.0.2.1:10001"), &buffer[..len]);
        }
        if let Some((_, len)) = self.phone.poll_rtcp(now, &mut buffer) {
            self.gateway.handle_rtcp(now + ms(30), at(PHONE), &buffer[..len]);
        }
    }

    fn collect(&mut self) {
        while let Some(event) = self.gateway.poll_event() {
            let told = match event {
                MediaEvent::Key(press) => {
                    self.keys.push(press.began.duration_since(self.zero));
                    Told::Key(press.digit.as_char(), press.path)
                }
                MediaEvent::Undecided { .. } => Told::Undecided,
                MediaEvent::Untrusted { why: Distrust::ForeignSource, .. } => Told::Foreign,
                MediaEvent::Untrusted { .. } => Told::OwnEcho,
                MediaEvent::VoiceBegan { .. } => Told::Voice(true),
                MediaEvent::VoiceEnded { .. } => Told::Voice(false),
                MediaEvent::RingbackBegan { .. } => Told::Ringback(true),
                MediaEvent::RingbackEnded { .. } => Told::Ringback(false),
                MediaEvent::Engaged { .. } => Told::Engaged,
                MediaEvent::Sound { sound, .. } => Told::Sound(sound),
                MediaEvent::Played { saying, clip, at } => {
                    assert_eq!(at, self.at());
                    Told::Played(saying, clip)
                }
                MediaEvent::Pressed { .. } => Told::Pressed,
                MediaEvent::Closed(_) => Told::Closed,
            };
            self.told.push((self.now, told));
        }
    }

    fn told(&self) -> Vec<Told> {
        self.told.iter().map(|(_, told)| told.clone()).collect()
    }

    /// A packet of a peer of our own making.
    fn inject(&mut self, from: &str, header: Header, payload: &[u8]) {
        let mut buffer = [0; BUFFER];
        let len = packet::write(&header, payload, &mut buffer);
        self.gateway.handle_rtp(self.at(), at(from), &mut buffer[..len]);
        self.collect();
    }

    fn figures(&mut self) -> MediaFigures {
        self.gateway.figures()
    }
}

fn header(payload_type: u8, seq: u16, timestamp: u32) -> Header {
    let (seq, timestamp) = (Seq(seq), RtpTimestamp(timestamp));
    Header { payload_type, marker: false, seq, timestamp, ssrc: 77 }
}

fn clip(len_ms: usize) -> Arc<Clip> {
    Arc::new(Clip::new("clip", vec![1_000; len_ms * 8]))
}

fn play(saying: u32, lead_ms: u64, clips: &[usize]) -> MediaCommand {
    let clips = clips.iter().map(|&len| clip(len)).collect();
    MediaCommand::Play { saying, lead: ms(lead_ms), clips }
}

const HASH_EVENT: [u8; 4] = [11, 10, 0, 160];
const HASH: Told = Told::Key('#', KeyPath::Rfc4733);

#[test]
fn nothing_is_sent_before_anything_is_agreed() {
    let mut bench = Bench::new(1);
    bench.run(ms(100));
    assert!(bench.sent.is_empty());
}

/// Contract §9 and pain 19: no gap in our RTP, silence between the clips.
#[test]
fn packets_go_out_without_a_pause_and_number_on() {
    let mut bench = Bench::agreed(1, Codec::Pcmu);
    bench.order(play(1, 200, &[100]));
    bench.run(ms(1_000));
    assert_eq!(bench.sent.len(), 50);
    assert!(bench.sent[0].1.marker, "RFC 3551 §4.1: the first packet of a talkspurt");
    for pair in bench.sent.windows(2) {
        let [(then, first, _), (now, second, payload)] = pair else { unreachable!() };
        assert_eq!(*now - *then, ms(20));
        assert_eq!(second.seq, first.seq.next());
        assert_eq!(second.timestamp, first.timestamp.plus(160));
        assert_eq!((second.ssrc, second.marker, payload.len()), (first.ssrc, false, 160));
    }
    let spoken = bench.sent.iter().filter(|(_, _, p)| p.iter().any(|octet| *octet != 0xFF)).count();
    assert_eq!(spoken, 5, "100 ms of the clip, else silence");
    assert_eq!(bench.told, [(ms(300), Told::Played(1, 0))], "200 ms of lead and 100 ms of clip");
}

#[test]
fn two_calls_begin_at_random_places() {
    let (mut one, mut two) = (Bench::agreed(1, Codec::Pcmu), Bench::agreed(2, Codec::Pcmu));
    one.run(ms(20));
    two.run(ms(20));
    let (one, two) = (one.sent[0].1, two.sent[0].1);
    assert!(one.ssrc != two.ssrc && one.seq != two.seq && one.timestamp != two.timestamp);
}

#[test]
fn the_packet_length_is_the_agreed_one() {
    for length in [10, 30, 60] {
        let mut bench = Bench::new(1);
        bench.negotiate(MediaFormat { ptime: ms(length), ..format(PHONE, Codec::Pcma) });
        assert_eq!(bench.gateway.ptime(), ms(length));
        bench.tick_gateway();
        assert_eq!(bench.sent[0].2.len() as u64, length * 8);
        assert_eq!(bench.sent[0].1.payload_type, 8);
    }
}

/// The issue: on hold the script pauses, and what was said is said on afterwards.
#[test]
fn hold_consumes_nothing_of_the_saying() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.order(play(1, 0, &[100]));
    bench.run(ms(40));
    bench.order(MediaCommand::Hold(true));
    bench.run(ms(500));
    assert!(bench.told.is_empty() && bench.sent.len() == 27, "silence goes on");
    bench.order(MediaCommand::Hold(false));
    bench.run(ms(200));
    assert_eq!(bench.told, [(ms(600), Told::Played(1, 0))]);
}

#[test]
fn a_far_end_that_holds_us_hears_nothing_and_the_timestamp_goes_on() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.order(play(1, 0, &[100]));
    bench.run(ms(40));
    bench.negotiate(MediaFormat { sending: false, ..format(PHONE, Codec::Pcma) });
    bench.run(ms(200));
    bench.negotiate(MediaFormat { remote: None, ..format(PHONE, Codec::Pcma) });
    bench.run(ms(200));
    assert_eq!(bench.sent.len(), 2);
    bench.negotiate(format(PHONE, Codec::Pcma));
    bench.run(ms(200));
    let (before, after) = (bench.sent[1].1, bench.sent[2].1);
    assert_eq!(after.seq, before.seq.next(), "nothing was lost");
    assert_eq!(after.timestamp, before.timestamp.plus(160 * 21), "but 400 ms went by");
    assert!(after.marker);
    assert_eq!(bench.told, [(ms(500), Told::Played(1, 0))]);
}

#[test]
fn stop_ends_the_saying_and_a_new_one_takes_its_place() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.order(play(1, 0, &[500]));
    bench.run(ms(100));
    bench.order(MediaCommand::Stop);
    bench.run(ms(100));
    bench.order(play(2, 0, &[40, 40]));
    bench.run(ms(40));
    bench.order(play(3, 0, &[20]));
    bench.run(ms(100));
    let expected = [(ms(240), Told::Played(2, 0)), (ms(260), Told::Played(3, 0))];
    assert_eq!(bench.told, expected);
}

/// AST-2017-005: RTP from elsewhere is neither heard nor answered.
#[test]
fn keys_from_elsewhere_are_not_keys() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.run(ms(100));
    for n in 0..100 {
        bench.inject("203.0.113.9:4000", header(101, n, 8_000 * u32::from(n)), &HASH_EVENT);
        bench.run(ms(20));
    }
    assert_eq!(bench.told(), [const { Told::Foreign }; 8], "told for the record, and not without end");
    assert_eq!(bench.figures().foreign, 100);
    assert_eq!(bench.gateway.only_peer(), Some(at(PHONE)));
}

#[test]
fn a_phone_behind_a_nat_is_taken_after_a_while_and_answered_there() {
    let nat = "203.0.113.9:4000";
    let mut bench = Bench::new(1);
    bench.negotiate(format(PHONE, Codec::Pcma));
    for n in 0..11 {
        bench.inject(nat, header(8, n, 160 * u32::from(n)), &[0xD5; 160]);
        bench.now += ms(20);
    }
    assert_eq!(bench.gateway.tick(bench.at(), &mut [0; BUFFER]).unwrap().0, at(nat));
    assert_eq!(bench.gateway.only_peer(), None, "the signalled address may still come");
    bench.inject(nat, header(101, 11, 160 * 11), &HASH_EVENT);
    assert_eq!(bench.told(), [HASH]);
    assert_eq!(bench.figures().foreign, 10);
}

#[test]
fn a_reinvite_moves_the_source_and_the_target() {
    let moved = "198.51.100.8:6000";
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.inject(PHONE, header(8, 1, 0), &[0xD5; 160]);
    bench.inject(moved, header(101, 1, 8_000), &HASH_EVENT);
    assert_eq!(bench.told(), [Told::Foreign]);
    bench.told.clear();
    bench.negotiate(format(moved, Codec::Pcma));
    // Though it has the same SSRC, the numbers of another host are another stream's.
    bench.inject(moved, header(101, 30_000, 16_000), &HASH_EVENT);
    assert_eq!(bench.told(), [HASH]);
    assert_eq!(bench.gateway.tick(bench.at(), &mut [0; BUFFER]).unwrap().0, at(moved));
}

/// The issue: a new SSRC from the locked address is a new stream and the ring starts again. RTP bleed,
/// AST-2017-008: its keys count once it has sent sound for a second, as nobody does who plays keys in.
#[test]
fn a_new_ssrc_is_a_new_stream_whose_keys_count_after_a_second_of_sound() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    bench.run(ms(100));
    let received = bench.figures().packets_received;
    let ours = header(101, 40_000, 8_000);
    let other = |payload_type, seq, timestamp| Header { ssrc: 78, ..header(payload_type, seq, timestamp) };
    bench.inject(PHONE, ours, &HASH_EVENT);
    bench.inject(PHONE, other(101, 9, 8_000), &HASH_EVENT);
    assert_eq!(bench.told(), [Told::Foreign, Told::Foreign], "the phone's own source is a third one");
    for n in 0..50 {
        bench.inject(PHONE, other(8, 10 + n, 8_160 + 160 * u32::from(n)), &[0xD5; 160]);
        bench.now += ms(20);
    }
    bench.inject(PHONE, other(101, 60, 17_000), &HASH_EVENT);
    assert_eq!(bench.told()[2..], [HASH]);
    let figures = bench.figures();
    assert_eq!((figures.packets_received, figures.lost_received), (received + 53, 0));
}

#[test]
fn a_lossy_line_still_tells_each_press_once() {
    for seed in 0..40 {
        let mut bench = Bench::agreed(seed, Codec::Pcmu);
        bench.loss_percent = 2;
        bench.run(ms(200));
        bench.press(KeyPath::Rfc4733, "0#");
        bench.run(ms(800));
        let keys: Vec<Told> = vec![Told::Key('0', KeyPath::Rfc4733), HASH];
        assert_eq!(bench.told(), keys, "seed {seed}");
    }
}

/// The key that arrives with the BYE: what waits behind a hole is heard before the end.
#[test]
fn close_hears_what_waits_and_is_the_last_word() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    let mut phone = Bench::agreed(2, Codec::Pcma);
    phone.gateway.handle_command(
        phone.at(),
        MediaCommand::Press(vec![PressOrder {
            digit: Digit::HASH,
            path: KeyPath::InBand,
            after: ms(20),
            held: ms(200),
            level_dbm0: -10.0,
        }]),
    );
    phone.run(ms(80));
    // The second packet is lost, so the third and fourth wait with the tone when the order comes.
    for n in [0, 2, 3] {
        let (_, header, payload) = &phone.sent[n];
        let (header, payload) = (*header, payload.clone());
        bench.inject(PHONE, header, &payload);
    }
    assert!(bench.told.is_empty(), "a hole: it may still come");
    bench.order(MediaCommand::Close);
    bench.order(MediaCommand::Close);
    assert_eq!(bench.told(), [Told::Key('#', KeyPath::InBand), Told::Closed]);
    assert_eq!(bench.gateway.tick(bench.at(), &mut [0; BUFFER]), None);
}

/// The issue asks for at most 32 KiB a call in all.
#[test]
fn a_line_is_small() {
    // On a line that sends sound while we speak, the echo model holds more than the line itself.
    let silent = size_of::<Line>();
    let sounding = silent + EchoModel::MOST_BYTES - size_of::<EchoModel>();
    assert!(silent <= 4 * 1_024, "{silent} bytes");
    assert!(sounding <= 14 * 1_024, "{sounding} bytes");
}

#[test]
fn no_flood_of_keys_grows_memory() {
    let mut bench = Bench::agreed(1, Codec::Pcma);
    for n in 0..10_000_u16 {
        let mut buffer = [0; BUFFER];
        let header = header(101, n, u32::from(n) * 8_000);
        let len = packet::write(&header, &HASH_EVENT, &mut buffer);
        bench.gateway.handle_rtp(bench.at(), at(PHONE), &mut buffer[..len]);
    }
    assert_eq!(bench.gateway.events.len(), MAX_EVENTS);
}

proptest::proptest! {
    #[test]
    fn hostile_datagrams_never_panic(
        datagrams in proptest::collection::vec(
            (proptest::num::u8::ANY, proptest::collection::vec(proptest::num::u8::ANY, 0..60)), 0..40
        ),
    ) {
        let mut bench = Bench::agreed(1, Codec::Pcma);
        for (payload_type, bytes) in datagrams {
            let mut shaped = [&[0x80, payload_type][..], &bytes].concat();
            bench.gateway.handle_rtp(bench.at(), at(PHONE), &mut shaped);
            bench.gateway.handle_rtcp(bench.at(), at(PHONE), &bytes);
            bench.now += ms(7);
            bench.gateway.tick(bench.at(), &mut [0; BUFFER]);
        }
        bench.order(MediaCommand::Close);
    }
}
