//! What media costs at least, and what our engine makes of it.
//!
//! `cargo bench --bench bare_loop -- [--calls N,N,…] [--seconds S] [--only bare|connected|engine] [--json]`
//!
//! The bare loop is one thread with one socket a call and nothing around it: every 20 ms it reads
//! each socket empty and sends 172 bytes. `connected` is the same with connected sockets, which
//! spare the kernel a look-up a packet. The engine carries the same packets with its lines, the
//! ear on. Both run on one core, the far end in another process on another core; clean means, as
//! everywhere, no packet lost either way and a spacing at the far end of 25 ms or less at p99.

#![expect(clippy::print_stdout, reason = "a bench tells its figures there")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

mod far_end;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use far_end::{FarEnd, NEAR_CORE, PACKET, Seen, claim_realtime, settle};
use octothorpe::clip::Clip;
use octothorpe::config::{MediaConfig, PortRange};
use octothorpe::gateway::media::{MediaEngine, Options};
use octothorpe::leg::{Codec, MediaCommand, MediaEvent, MediaFormat};
use rustix::time::{ClockId, clock_gettime};

/// Lines are hashed to four sub-slots by the engine; the bare loop does the same.
const SUB_SLOT: Duration = Duration::from_millis(5);

/// One row of the table.
struct Row {
    engine: &'static str,
    calls: usize,
    cpu_ms: f64,
    received: u64,
    seen: Seen,
    /// How late packets left at p99, in milliseconds.
    late_ms: f64,
}

impl Row {
    /// Contract, section 8.
    fn is_clean(&self) -> bool {
        self.lost_in() == 0 && self.seen.lost == 0 && self.seen.spacing_ms[1] <= 25.0
    }

    fn lost_in(&self) -> u64 {
        self.seen.sent.saturating_sub(self.received)
    }

    fn print(&self) {
        let [p50, p99, max] = self.seen.spacing_ms;
        println!(
            "{:<9} {:>6} {:>14.3} {:>6} {:>8} {:>8} {p50:>8.1} {p99:>7.1} {max:>7.1} {:>9.2}",
            self.engine,
            self.calls,
            self.cpu_ms,
            if self.is_clean() { "yes" } else { "no" },
            self.lost_in(),
            self.seen.lost,
            self.late_ms,
        );
    }

    fn print_json(&self) {
        let [p50, p99, max] = self.seen.spacing_ms;
        let row = serde_json::json!({
            "engine": self.engine, "calls": self.calls, "cpu_ms_per_call_second": self.cpu_ms,
            "clean": self.is_clean(), "lost_to_near": self.lost_in(), "lost_to_far": self.seen.lost,
            "spacing_ms": { "p50": p50, "p99": p99, "max": max }, "lateness_ms_p99": self.late_ms,
        });
        println!("{row}");
    }
}

fn main() -> io::Result<()> {
    if far_end::run_if_asked()? {
        return Ok(());
    }
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).cloned();
    let calls = after("--calls").unwrap_or_else(|| "1000".to_owned());
    let seconds = after("--seconds").and_then(|word| word.parse().ok()).unwrap_or(10);
    let only = after("--only");
    let json = words.iter().any(|word| word == "--json");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    rlimit::increase_nofile_limit(u64::MAX)?;
    settle(NEAR_CORE);
    if !json {
        println!(
            "engine     calls  ms/call-second  clean  lost in lost out  spacing p50  p99   max  late p99"
        );
    }
    for count in calls.split(',').filter_map(|word| word.parse().ok()) {
        let plain = wanted("bare").then(|| bare(count, seconds, false)).transpose()?;
        let connected = wanted("connected").then(|| bare(count, seconds, true)).transpose()?;
        let engine = wanted("engine").then(|| engine(count, seconds)).transpose()?;
        for row in [&plain, &connected, &engine].into_iter().flatten() {
            if json { row.print_json() } else { row.print() }
        }
        for bare in [&plain, &connected].into_iter().flatten() {
            if let (Some(engine), false) = (&engine, json) {
                println!("engine / {}: {:.2}", bare.engine, engine.cpu_ms / bare.cpu_ms);
            }
        }
    }
    Ok(())
}

fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), spent.tv_nsec as u32)
}

fn per_call_second(spent: Duration, calls: usize, seconds: u64) -> f64 {
    spent.as_secs_f64() * 1_000.0 / (calls as f64 * seconds as f64)
}

fn bare(calls: usize, seconds: u64, connects: bool) -> io::Result<Row> {
    // The loop has a thread of its own, so that only it is under SCHED_FIFO.
    let run = std::thread::spawn(move || bare_loop(calls, seconds, connects));
    run.join().map_err(|_| io::Error::other("the bare loop failed"))?
}

fn bare_loop(calls: usize, seconds: u64, connects: bool) -> io::Result<Row> {
    let bind = |_| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let sockets = (0..calls).map(bind).collect::<io::Result<Vec<_>>>()?;
    let near = sockets.iter().map(UdpSocket::local_addr).collect::<io::Result<Vec<_>>>()?;
    let mut far = FarEnd::start(&near, seconds)?;
    if connects {
        sockets.iter().zip(&far.phones).try_for_each(|(socket, phone)| socket.connect(phone))?;
    }
    claim_realtime();
    let (mut received, mut late) = (0, Vec::new());
    let before = cpu();
    far.begin()?;
    let start = Instant::now();
    let slots = seconds * 200;
    for n in 0..slots + 20 {
        let due = start + SUB_SLOT * n as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for (socket, phone) in sockets.iter().zip(&far.phones).skip(n as usize % 4).step_by(4) {
            received += match connects {
                true => read_empty(|buffer| socket.recv(buffer)),
                false => read_empty(|buffer| socket.recv_from(buffer).map(|(len, _)| len)),
            };
            if n < slots {
                let packet = packet(n as u32 / 4);
                // What the kernel has no room for counts as lost at the far end.
                let _ = if connects { socket.send(&packet) } else { socket.send_to(&packet, phone) };
            }
        }
        late.push(Instant::now() - due);
    }
    let cpu_ms = per_call_second(cpu() - before, calls, seconds);
    late.sort_unstable();
    let late_ms = late[late.len() * 99 / 100].as_secs_f64() * 1_000.0;
    let engine = if connects { "connected" } else { "bare" };
    Ok(Row { engine, calls, cpu_ms, received, seen: far.finish()?, late_ms })
}

/// Reads a socket empty; tells how many packets came.
fn read_empty(receive: impl Fn(&mut [u8]) -> io::Result<usize>) -> u64 {
    let mut buffer = [0; 2_048];
    let mut received = 0;
    while receive(&mut buffer).is_ok() {
        received += 1;
    }
    received
}

fn packet(number: u32) -> [u8; PACKET] {
    let mut packet = [0xFF; PACKET];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(number * 160).to_be_bytes());
    packet
}

fn engine(calls: usize, seconds: u64) -> io::Result<Row> {
    let ports = PortRange::new(10_000, 32_767).ok_or(io::ErrorKind::InvalidInput)?;
    let address = Ipv4Addr::LOCALHOST.into();
    let config = MediaConfig { ipv4: Some(address), ipv6: None, ports, advertise: None };
    let options = Options { threads: 1, ..Options::default() };
    let (media, mut events) = MediaEngine::start_with(&config, options).map_err(io::Error::other)?;
    let open = |line| media.open(line, true).map(|local| local.rtp).map_err(io::Error::other);
    let near = (0..calls as u64).map(open).collect::<io::Result<Vec<_>>>()?;
    let mut far = FarEnd::start(&near, seconds)?;
    let clip = Arc::new(Clip::new("prompt", (0..80_000).map(|n| (n % 997) as i16).collect()));
    let before = cpu();
    far.begin()?;
    for (line, phone) in far.phones.iter().enumerate() {
        let line = line as u64;
        media.command(line, MediaCommand::Negotiated(Arc::new(format(*phone))));
        let clips = vec![clip.clone(); seconds as usize / 10 + 1];
        media.command(line, MediaCommand::Play { saying: 0, lead: Duration::from_millis(200), clips });
    }
    while !far.is_over()? {
        std::thread::sleep(Duration::from_millis(100));
    }
    let cpu_ms = per_call_second(cpu() - before, calls, seconds);
    for line in 0..calls as u64 {
        media.command(line, MediaCommand::Close);
    }
    let (mut received, mut closed) = (0, 0);
    while closed < calls {
        match events.blocking_recv() {
            Some((_, MediaEvent::Closed(figures))) => {
                received += figures.packets_received;
                closed += 1;
            }
            Some((
                _,
                MediaEvent::Key(_)
                | MediaEvent::Undecided { .. }
                | MediaEvent::Untrusted { .. }
                | MediaEvent::VoiceBegan { .. }
                | MediaEvent::VoiceEnded { .. }
                | MediaEvent::RingbackBegan { .. }
                | MediaEvent::RingbackEnded { .. }
                | MediaEvent::Engaged { .. }
                | MediaEvent::Sound { .. }
                | MediaEvent::Played { .. }
                | MediaEvent::Pressed { .. },
            )) => {}
            None => return Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
    let late_ms = media.lateness().p99.as_secs_f64() * 1_000.0;
    Ok(Row { engine: "engine", calls, cpu_ms, received, seen: far.finish()?, late_ms })
}

fn format(phone: SocketAddr) -> MediaFormat {
    MediaFormat {
        remote: Some(phone),
        remote_rtcp: Some(SocketAddr::new(phone.ip(), phone.port() | 1)),
        codec: Codec::Pcmu,
        send_payload: 0,
        receive_payloads: vec![(0, Codec::Pcmu), (8, Codec::Pcma)],
        send_event_payload: Some(101),
        receive_event_payload: Some(101),
        ptime: Duration::from_millis(20),
        sending: true,
    }
}
