//! The engine over loopback: what goes in and comes out, never when.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use super::*;
use crate::clip::Clip;
use crate::config::{MediaConfig, PortRange};
use crate::leg::key::{Digit, KeyPath};
use crate::leg::{Codec, MediaCommand, MediaEvent, MediaFigures, MediaFormat, PressOrder};

struct Bench {
    media: MediaHandle,
    events: Receiver<(u64, MediaEvent)>,
}

impl Bench {
    /// Each test has its own ports, for they run at one time.
    fn new(ports: (u16, u16)) -> Bench {
        let config = MediaConfig {
            ipv4: Some(Ipv4Addr::LOCALHOST.into()),
            ipv6: Some(Ipv6Addr::LOCALHOST.into()),
            ports: PortRange::new(ports.0, ports.1).unwrap(),
            advertise: None,
        };
        let options =
            Options { threads: 2, realtime: false, port_rest: Duration::from_secs(60), ..Options::default() };
        let (media, events) = MediaEngine::start_with(&config, options).unwrap();
        Bench { media, events }
    }

    fn agree(&self, line: u64, remote: SocketAddr) {
        self.media.command(line, MediaCommand::Negotiated(Arc::new(format(remote))));
    }

    fn next(&mut self) -> (u64, MediaEvent) {
        self.events.blocking_recv().expect("the engine runs")
    }

    fn close(&mut self, line: u64) -> MediaFigures {
        self.media.command(line, MediaCommand::Close);
        loop {
            if let (from, MediaEvent::Closed(figures)) = self.next() {
                assert_eq!(from, line);
                return figures;
            }
        }
    }
}

fn format(remote: SocketAddr) -> MediaFormat {
    MediaFormat {
        remote: Some(remote),
        remote_rtcp: Some(SocketAddr::new(remote.ip(), remote.port() + 1)),
        codec: Codec::Pcma,
        send_payload: 8,
        receive_payloads: vec![(8, Codec::Pcma)],
        send_event_payload: Some(101),
        receive_event_payload: Some(101),
        ptime: Duration::from_millis(20),
        sending: true,
    }
}

fn phone(local: &LocalMedia) -> UdpSocket {
    let any = SocketAddr::new(local.rtp.ip(), 0);
    let socket = UdpSocket::bind(any).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

fn event_packet(seq: u16, timestamp: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, 101];
    bytes.extend(seq.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend([0, 0, 0, 77, 11, 10, 0, 160]);
    bytes
}

fn is_hash(event: &MediaEvent) -> bool {
    matches!(event, MediaEvent::Key(press) if press.digit == Digit::HASH)
}

#[test]
fn both_families_send_receive_and_close() {
    let mut bench = Bench::new((41_000, 41_099));
    for (line, is_ipv4) in [(1, true), (2, false)] {
        let local = bench.media.open(line, is_ipv4).unwrap();
        assert!(local.rtp.port().is_multiple_of(2) && local.rtcp.port() == local.rtp.port() + 1);
        let phone = phone(&local);
        bench.agree(line, phone.local_addr().unwrap());
        let mut buffer = [0; 2_048];
        for _ in 0..5 {
            let (len, from) = phone.recv_from(&mut buffer).unwrap();
            assert_eq!((len, from), (172, local.rtp));
        }
        phone.send_to(&event_packet(1, 8_000), local.rtp).unwrap();
        let (from, event) = bench.next();
        assert!(from == line && is_hash(&event), "{event:?}");
        let figures = bench.close(line);
        assert!(figures.packets_sent >= 5);
        assert_eq!((figures.packets_received, figures.foreign), (1, 0));
    }
}

/// The key that arrives with the BYE: what lies in the socket at the order is heard first.
#[test]
fn close_reads_the_socket_empty() {
    for line in 0..20 {
        let mut bench = Bench::new((41_100 + 2 * line as u16, 41_101 + 2 * line as u16));
        let local = bench.media.open(line, true).unwrap();
        let phone = phone(&local);
        bench.agree(line, phone.local_addr().unwrap());
        phone.recv_from(&mut [0; 2_048]).unwrap();
        phone.send_to(&event_packet(1, 8_000), local.rtp).unwrap();
        bench.media.command(line, MediaCommand::Close);
        assert!(is_hash(&bench.next().1));
        assert!(matches!(bench.next().1, MediaEvent::Closed(_)));
    }
}

/// The issue: ICMP errors never end a call.
#[test]
fn a_phone_that_is_gone_for_a_while_is_still_heard() {
    let mut bench = Bench::new((41_200, 41_299));
    let local = bench.media.open(1, true).unwrap();
    let first = phone(&local);
    let address = first.local_addr().unwrap();
    bench.agree(1, address);
    first.send_to(&event_packet(1, 8_000), local.rtp).unwrap();
    assert!(is_hash(&bench.next().1));
    drop(first);
    // Clips whose end is told only while packets leave: many of them meet a closed port.
    let clips = vec![Arc::new(Clip::new("clip", vec![0; 1_600]))];
    bench.media.command(1, MediaCommand::Play { saying: 1, lead: Duration::ZERO, clips });
    assert!(matches!(bench.next().1, MediaEvent::Played { .. }));
    let again = UdpSocket::bind(address).unwrap();
    again.send_to(&event_packet(2, 16_000), local.rtp).unwrap();
    assert!(is_hash(&bench.next().1));
    assert!(bench.close(1).packets_sent >= 10);
}

#[test]
fn two_lines_of_ours_talk_to_each_other() {
    let mut bench = Bench::new((41_300, 41_399));
    let (a, b) = (bench.media.open(1, true).unwrap(), bench.media.open(2, true).unwrap());
    bench.agree(1, b.rtp);
    bench.agree(2, a.rtp);
    let press = PressOrder {
        digit: Digit::HASH,
        path: KeyPath::InBand,
        after: Duration::from_millis(100),
        held: Duration::from_millis(100),
        level_dbm0: -10.0,
    };
    bench.media.command(2, MediaCommand::Press(vec![press]));
    let mut told = [bench.next(), bench.next()];
    told.sort_by_key(|(line, _)| *line);
    assert!(is_hash(&told[0].1) && told[0].0 == 1, "{told:?}");
    assert!(matches!(told[1].1, MediaEvent::Pressed { .. }));
    assert_eq!(bench.close(1).lost_received, 0);
}

#[test]
fn ports_run_out_rest_and_are_not_given_twice() {
    let mut bench = Bench::new((41_400, 41_403));
    let (a, b) = (bench.media.open(1, true).unwrap(), bench.media.open(2, true).unwrap());
    assert_ne!(a, b);
    assert_eq!(bench.media.open(3, true), Err(NoPort));
    bench.close(1);
    assert_eq!(bench.media.open(4, true), Err(NoPort), "it rests");
    assert_eq!(bench.media.capacity(), 2);
}

#[test]
fn a_port_that_another_program_holds_is_passed_over() {
    let bench = Bench::new((41_500, 41_503));
    let _held = UdpSocket::bind("127.0.0.1:41501").unwrap();
    assert_eq!(bench.media.open(1, true).unwrap().rtp.port(), 41_502);
    assert_eq!(bench.media.open(2, true), Err(NoPort));
}

#[test]
fn lateness_is_measured_always() {
    let bench = Bench::new((42_400, 42_403));
    let local = bench.media.open(1, true).unwrap();
    let phone = phone(&local);
    bench.agree(1, phone.local_addr().unwrap());
    for _ in 0..3 {
        phone.recv_from(&mut [0; 2_048]).unwrap();
    }
    let lateness = bench.media.lateness();
    assert!(lateness.max > Duration::ZERO && lateness.p50 <= lateness.p99);
}
