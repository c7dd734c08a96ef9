//! The far end of the media benches: as many phones as there are calls, in a process of its own on
//! a core of its own. It sends a packet a phone every 20 ms and measures what comes back.
//!
//! The bench starts itself again with the word `far-end`, hands the ports of the near end over
//! standard input, and reads one line of figures when it is over.

use std::io::{self, BufRead as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the near end; the far end has the next.
pub(crate) const NEAR_CORE: usize = 0;
const FAR_CORE: usize = 1;
/// An RTP header and 20 ms of G.711.
pub(crate) const PACKET: usize = 172;
/// How finely the far end looks and sends.
const SLOT: Duration = Duration::from_millis(1);
/// Slots a packet.
const PERIOD: u64 = 20;
/// After a packet the next is looked for from this slot on.
const LOOK_FROM: u64 = 17;
/// How long packets under way are waited for at the end.
const TAIL: u64 = 200;

/// What the far end saw.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Packets sent to the near end.
    pub(crate) sent: u64,
    /// Packets that came.
    pub(crate) received: u64,
    /// Packets whose numbers were passed over.
    pub(crate) lost: u64,
    /// Time between two packets of one call: median, 99th percentile, longest, in milliseconds.
    pub(crate) spacing_ms: [f64; 3],
}

/// A far end that waits for its word to begin.
pub(crate) struct FarEnd {
    process: Child,
    /// Where its phones are.
    pub(crate) phones: Vec<SocketAddr>,
}

impl FarEnd {
    /// Starts a far end for these near ports, one a call.
    pub(crate) fn start(near: &[SocketAddr], seconds: u64) -> io::Result<FarEnd> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["far-end", &seconds.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut ports = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        for address in near {
            writeln!(ports, "{address}")?;
        }
        writeln!(ports)?;
        process.stdin = Some(ports);
        let mut far = FarEnd { process, phones: Vec::new() };
        let line = far.read_line()?;
        far.phones = line.split_whitespace().filter_map(|port| port.parse().ok()).map(phone).collect();
        Ok(far)
    }

    /// Gives the word to begin.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let word = self.process.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(word, "begin")
    }

    /// Whether it is over.
    pub(crate) fn is_over(&mut self) -> io::Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Waits for its figures.
    pub(crate) fn finish(mut self) -> io::Result<Seen> {
        let line = self.read_line()?;
        self.process.wait()?;
        let figures: Vec<f64> = line.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let &[sent, received, lost, p50, p99, max] = figures.as_slice() else {
            return Err(io::Error::other(format!("the far end told: {line}")));
        };
        let count = |figure: f64| figure as u64;
        let spacing_ms = [p50, p99, max];
        Ok(Seen { sent: count(sent), received: count(received), lost: count(lost), spacing_ms })
    }

    fn read_line(&mut self) -> io::Result<String> {
        let output = self.process.stdout.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = Vec::new();
        // Byte by byte, so that nothing of the next line is taken.
        loop {
            let mut byte = [0];
            if io::Read::read(output, &mut byte)? == 0 || byte == *b"\n" {
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            line.extend(byte);
        }
    }
}

fn phone(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Pins the process to a core and claims SCHED_FIFO where that is allowed.
pub(crate) fn settle(core: usize) {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(core);
    // A machine with one core, or without privileges: the figures are then worse, not wrong.
    let _ = rustix::thread::sched_setaffinity(None, &cores);
}

/// Puts the current thread under SCHED_FIFO where that is allowed.
pub(crate) fn claim_realtime() {
    use thread_priority::unix::{
        RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    if let Ok(priority) = thread_priority::ThreadPriorityValue::try_from(50) {
        let priority = thread_priority::ThreadPriority::Crossplatform(priority);
        let _ = set_thread_priority_and_policy(thread_native_id(), priority, policy);
    }
}

/// The far end's process, if this is one; tells whether it was.
pub(crate) fn run_if_asked() -> io::Result<bool> {
    let words: Vec<String> = std::env::args().collect();
    let Some(at) = words.iter().position(|word| word == "far-end") else { return Ok(false) };
    let seconds = words.get(at + 1).and_then(|word| word.parse().ok()).unwrap_or(10);
    run(seconds)?;
    Ok(true)
}

struct Phone {
    socket: UdpSocket,
    near: SocketAddr,
    last: Option<(u16, Instant)>,
    look_from: u64,
}

fn run(seconds: u64) -> io::Result<()> {
    settle(FAR_CORE);
    let mut lines = io::stdin().lock().lines();
    let mut phones = Vec::new();
    while let Some(line) = lines.next().transpose()? {
        let Ok(near) = line.parse() else { break };
        let socket = UdpSocket::bind(phone(0))?;
        socket.set_nonblocking(true)?;
        phones.push(Phone { socket, near, last: None, look_from: 0 });
    }
    let mut output = io::stdout().lock();
    for phone in &phones {
        write!(output, "{} ", phone.socket.local_addr()?.port())?;
    }
    writeln!(output)?;
    output.flush()?;
    lines.next();
    claim_realtime();
    let (seen, mut spacings) = talk(&mut phones, seconds * 1_000);
    spacings.sort_unstable();
    let at = |share: f64| spacings.get((spacings.len() as f64 * share) as usize).or(spacings.last());
    let ms = |us: Option<&u32>| us.map_or(0.0, |us| f64::from(*us) / 1_000.0);
    let [p50, p99, max] = [ms(at(0.5)), ms(at(0.99)), ms(spacings.last())];
    writeln!(output, "{} {} {} {p50} {p99} {max}", seen.sent, seen.received, seen.lost)
}

fn talk(phones: &mut [Phone], slots: u64) -> (Seen, Vec<u32>) {
    let mut seen = Seen::default();
    let mut spacings = Vec::with_capacity(phones.len() * (slots / PERIOD) as usize);
    let audio = audio();
    let start = Instant::now();
    for n in 0..slots + TAIL {
        let due = start + SLOT * n as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for (index, phone) in phones.iter_mut().enumerate() {
            if phone.look_from <= n {
                phone.look(n, &mut seen, &mut spacings);
            }
            if (n + index as u64).is_multiple_of(PERIOD) && n < slots {
                phone.send(n / PERIOD, index, &audio);
                seen.sent += 1;
            }
        }
    }
    (seen, spacings)
}

impl Phone {
    fn look(&mut self, n: u64, seen: &mut Seen, spacings: &mut Vec<u32>) {
        let mut buffer = [0; 2_048];
        while let Ok(len) = self.socket.recv(&mut buffer) {
            if len != PACKET {
                continue;
            }
            let now = Instant::now();
            let seq = u16::from_be_bytes([buffer[2], buffer[3]]);
            seen.received += 1;
            if let Some((last, then)) = self.last {
                seen.lost += u64::from(seq.wrapping_sub(last).saturating_sub(1));
                spacings.push((now - then).as_micros() as u32);
            }
            self.last = Some((seq, now));
            self.look_from = n + LOOK_FROM;
        }
    }

    fn send(&self, count: u64, index: usize, audio: &[u8]) {
        let mut packet = [0; PACKET];
        let count = count as u32;
        packet[0] = 0x80;
        packet[2..4].copy_from_slice(&(count as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(count * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(index as u32 + 1).to_be_bytes());
        // Every phone speaks at another place of the same speech.
        let from = (count as usize * 160 + index * 1_777) % (audio.len() - 160);
        packet[12..].copy_from_slice(&audio[from..from + 160]);
        let _ = self.socket.send_to(&packet, self.near);
    }
}

/// Ten seconds of what an ear has to work on: noise in syllables, at the level of speech.
fn audio() -> Vec<u8> {
    let mut state = 1_u32;
    let sample = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(state >> 16) / 32_768.0 - 1.0;
        let syllable = (f64::from(n) / 8_000.0 * 4.0 * std::f64::consts::TAU).sin().max(0.0);
        octothorpe::dsp::g711::Law::Mu.encode((noise * (100.0 + 5_000.0 * syllable)) as i16)
    };
    (0..80_000).map(sample).collect()
}
