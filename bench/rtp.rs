//! The hot core of media: what one packet costs without the kernel.
//!
//! `cargo bench --bench rtp`. The line benches move one packet in and one out, the ear on, as each
//! call does fifty times a second; with 1,000 lines in turn the caches are as cold as in service.

#![expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use octothorpe::leg::media::{BUFFER, Line};
use octothorpe::leg::{Codec, MediaCommand, MediaFormat};
use octothorpe::rtp::jitter_buffer::{Arrival, JitterBuffer};
use octothorpe::rtp::packet::{self, Header, Packet};
use octothorpe::rtp::seq::{ExtSeq, Seq};
use octothorpe::rtp::telephone_event::{Payload, Receiver};
use octothorpe::rtp::timestamp::RtpTimestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const PTIME: Duration = Duration::from_millis(20);

fn header(n: u32) -> Header {
    let timestamp = RtpTimestamp(n.wrapping_mul(160));
    Header { payload_type: 0, marker: false, seq: Seq(n as u16), timestamp, ssrc: 7 }
}

fn packets(criterion: &mut Criterion) {
    let mut buffer = [0; BUFFER];
    let payload = [0x55; 160];
    criterion.bench_function("packet write", |bencher| {
        bencher.iter(|| packet::write(black_box(&header(1)), &payload, &mut buffer));
    });
    let len = packet::write(&header(1), &payload, &mut buffer);
    criterion.bench_function("packet read", |bencher| {
        bencher.iter(|| Packet::read(black_box(&buffer[..len])));
    });
}

/// Pushes packets in the order that `order` gives to each block of four.
fn ring(criterion: &mut Criterion, name: &str, order: [u64; 4]) {
    let now = Instant::now();
    let payload = [0x55; 160];
    criterion.bench_function(name, |bencher| {
        let mut ring = JitterBuffer::default();
        let mut block = 0;
        bencher.iter(|| {
            for place in order {
                let n = block * 4 + place;
                let arrival = Arrival {
                    seq: ExtSeq(0x1_0000 + n),
                    timestamp: RtpTimestamp(n as u32 * 160),
                    at: now,
                    payload_type: 0,
                    audio: Some(&payload),
                };
                ring.handle_packet(&arrival, &mut |chunk| {
                    black_box(chunk);
                });
            }
            block += 1;
        });
    });
}

fn rings(criterion: &mut Criterion) {
    ring(criterion, "ring, four packets in order", [0, 1, 2, 3]);
    ring(criterion, "ring, four packets, two pairs swapped", [1, 0, 3, 2]);
}

fn events(criterion: &mut Criterion) {
    criterion.bench_function("event packet", |bencher| {
        let mut receiver = Receiver::default();
        let mut n = 0_u32;
        bencher.iter(|| {
            n = n.wrapping_add(1);
            let payload = Payload { event: 11, end: false, duration: 160 };
            receiver.handle_packet(RtpTimestamp(n / 10 * 4_000), n.is_multiple_of(10), payload)
        });
    });
}

fn format(remote: SocketAddr) -> MediaFormat {
    MediaFormat {
        remote: Some(remote),
        remote_rtcp: None,
        codec: Codec::Pcmu,
        send_payload: 0,
        receive_payloads: vec![(0, Codec::Pcmu), (8, Codec::Pcma)],
        send_event_payload: Some(101),
        receive_event_payload: Some(101),
        ptime: PTIME,
        sending: true,
    }
}

/// One packet in and one out, for each of `count` lines in turn.
fn lines(criterion: &mut Criterion, name: &str, count: usize) {
    let start = Instant::now();
    let remote = SocketAddr::from(([127, 0, 0, 1], 4_000));
    let mut rng = StdRng::seed_from_u64(1);
    let mut lines: Vec<Box<Line>> = (0..count).map(|_| Box::new(Line::new(start, &mut rng))).collect();
    for line in &mut lines {
        line.handle_command(start, MediaCommand::Negotiated(Arc::new(format(remote))));
    }
    let noise: Vec<u8> = (0..80_160).map(|_| rng.random_range(0x20..0xA0)).collect();
    // The stream goes on from one round of criterion's to the next, or its packets would be late.
    let (mut turn, mut n) = (0, 0_u32);
    let (mut datagram, mut buffer) = ([0; BUFFER], [0; BUFFER]);
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let now = start + PTIME * n;
            let from = (n as usize * 160) % 80_000;
            let len = packet::write(&header(n), &noise[from..from + 160], &mut datagram);
            lines[turn].handle_rtp(now, remote, &mut datagram[..len]);
            black_box(lines[turn].tick(now, &mut buffer));
            turn += 1;
            if turn == count {
                turn = 0;
                n += 1;
            }
        });
    });
}

fn all_lines(criterion: &mut Criterion) {
    lines(criterion, "line, a packet each way", 1);
    lines(criterion, "line, a packet each way, 1,000 lines in turn", 1_000);
}

criterion_group!(benches, packets, rings, events, all_lines);
criterion_main!(benches);
