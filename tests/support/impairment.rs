//! A bad network before a gateway: packets that come in are lost or held up, and what gets through is
//! kept as a capture, exactly as the gateway received it. Needs root and a namespace of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use nfq::{Message, Queue, Verdict};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Which packets are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Loss {
    /// Each with this chance.
    Random(f64),
    /// The first so many of every so many.
    Bursts(usize, usize),
}

/// What the network does to every UDP packet that comes in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Impairment {
    pub(crate) loss: Loss,
    /// The longest time a packet is held up; each has its own, so that they overtake each other.
    pub(crate) jitter: Duration,
    pub(crate) seed: u64,
}

/// The network while it is bad.
#[derive(Debug)]
pub(crate) struct BadNetwork {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Sent>>>,
    capture: PathBuf,
}

/// One IP packet that was sent to the gateway.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) packet: Vec<u8>,
    pub(crate) lost: bool,
}

impl BadNetwork {
    /// Begins in the namespace of the calling thread.
    pub(crate) fn begin(impairment: Impairment, capture: &Path) -> BadNetwork {
        let rule = ["-A", "INPUT", "-p", "udp", "-j", "NFQUEUE", "--queue-num", "1"];
        let status = Command::new("iptables").args(rule).status().expect("iptables is installed");
        assert!(status.success(), "iptables takes the rule");
        let mut queue = Queue::open().expect("root may queue packets");
        queue.bind(1).expect("nobody else has the queue");
        queue.set_nonblocking(true);
        let file = File::create(capture).expect("the scratch directory is writable");
        let stop = Arc::new(AtomicBool::new(false));
        let mut line = Line { impairment, queue, file, held: BTreeMap::new(), sent: Vec::new() };
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            line.run(&until);
            line.sent
        });
        BadNetwork { stop, thread: Some(thread), capture: capture.to_owned() }
    }

    /// Ends it; the capture of what got through, and all that was sent, in order.
    pub(crate) fn end(mut self) -> (PathBuf, Vec<Sent>) {
        self.stop.store(true, Ordering::Relaxed);
        let sent = self.thread.take().expect("it ends once").join().expect("the queue stays open");
        (self.capture.clone(), sent)
    }
}

struct Line {
    impairment: Impairment,
    queue: Queue,
    file: File,
    /// Packets on their way, by when they are due.
    held: BTreeMap<(Instant, usize), Message>,
    sent: Vec<Sent>,
}

impl Line {
    fn run(&mut self, stop: &AtomicBool) {
        let mut rng = StdRng::seed_from_u64(self.impairment.seed);
        self.write_header();
        while !stop.load(Ordering::Relaxed) {
            self.take(&mut rng);
            self.let_go();
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    fn take(&mut self, rng: &mut StdRng) {
        loop {
            match self.queue.recv() {
                Ok(message) => {
                    let delay = rng.random_range(Duration::ZERO..=self.impairment.jitter);
                    let lost = self.is_lost(rng);
                    self.sent.push(Sent { packet: message.get_payload().to_vec(), lost });
                    if lost {
                        self.judge(message, Verdict::Drop);
                    } else {
                        self.held.insert((Instant::now() + delay, self.sent.len()), message);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("the packet queue: {error}"),
            }
        }
    }

    fn is_lost(&self, rng: &mut StdRng) -> bool {
        match self.impairment.loss {
            Loss::Random(share) => rng.random_bool(share),
            Loss::Bursts(lost, of) => (self.sent.len() + 1) % of < lost,
        }
    }

    fn let_go(&mut self) {
        while let Some(entry) = self.held.first_entry()
            && entry.key().0 <= Instant::now()
        {
            let message = entry.remove();
            self.write(message.get_payload());
            self.judge(message, Verdict::Accept);
        }
    }

    fn judge(&mut self, mut message: Message, verdict: Verdict) {
        message.set_verdict(verdict);
        self.queue.verdict(message).expect("the queue takes verdicts");
    }

    /// A pcap file of raw IP packets (link type 101), times in microseconds.
    fn write_header(&mut self) {
        let words = [0xA1B2_C3D4_u32, 0x0004_0002, 0, 0, 65_535, 101];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.file.write_all(&bytes).expect("the disk has room");
    }

    fn write(&mut self, packet: &[u8]) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is past 1970");
        let length = packet.len() as u32;
        let words = [now.as_secs() as u32, now.subsec_micros(), length, length];
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(packet);
        self.file.write_all(&bytes).expect("the disk has room");
    }
}
