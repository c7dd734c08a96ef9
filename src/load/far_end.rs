//! The far end: an answering phone in a process of its own, and what it saw.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Lines};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What the far end is told.
#[derive(Debug, Clone)]
pub struct FarEndOrder {
    /// By which path it presses: the word of `phone --path`.
    pub path: String,
    /// From the answer to the key.
    pub after: Duration,
    /// The processor that it runs on, if it shall have one of its own.
    pub cpu: Option<usize>,
}

/// Why there is no far end.
#[derive(Debug, thiserror::Error)]
pub enum FarEndError {
    /// It could not be started.
    #[error("the far end does not start: {0}")]
    Start(#[from] std::io::Error),
    /// It said nothing.
    #[error("the far end ended before it answered")]
    Silent,
}

/// What the far end saw of all calls.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When the first packet with any of the key left, by Call-ID, in monotonic nanoseconds.
    pub(super) pressed_ns: HashMap<String, u64>,
    /// When the BYE came, by Call-ID.
    pub(super) bye_ns: HashMap<String, u64>,
    pub(super) packets_sent: u64,
    pub(super) packets_received: u64,
    pub(super) lost_received: u64,
    /// Spacing of what it received, 99 of 100 not wider, in milliseconds.
    pub(super) spacing_p99_ms: Option<f64>,
}

/// A running far end; it ends when dropped.
#[derive(Debug)]
pub struct FarEnd {
    child: Child,
    address: SocketAddr,
    reader: Option<JoinHandle<Seen>>,
}

impl FarEnd {
    /// Starts a phone and waits until it answers.
    ///
    /// # Errors
    /// [`FarEndError`] if it does not.
    pub fn start(order: &FarEndOrder) -> Result<FarEnd, FarEndError> {
        // A port that is free now; the phone takes it by UDP and TCP.
        let address = UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["phone", "--json", "--measure", "--ring-ms", "100", "--ports", "38000-65535"]);
        command.arg("--listen").arg(address.to_string());
        command.args(["--path", &order.path, "--after-ms", &order.after.as_millis().to_string()]);
        if let Some(cpu) = order.cpu {
            command.arg("--cpu").arg(cpu.to_string());
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or(FarEndError::Silent)?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = lines.next().and_then(Result::ok).ok_or(FarEndError::Silent)?;
        if !ready.contains("listening") {
            return Err(FarEndError::Silent);
        }
        let reader = std::thread::spawn(move || read(lines));
        Ok(FarEnd { child, address, reader: Some(reader) })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and tells what it saw.
    pub(super) async fn finish(&mut self) -> Seen {
        self.signal(Signal::TERM);
        let Some(reader) = self.reader.take() else { return Seen::default() };
        let joined = tokio::task::spawn_blocking(move || reader.join().ok()).await;
        joined.ok().flatten().unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // One that has ended needs no signal.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        // Nothing is left to do for a child that cannot be waited for.
        let _ = self.child.wait();
    }
}

fn read(lines: Lines<BufReader<ChildStdout>>) -> Seen {
    let mut seen = Seen::default();
    for line in lines.map_while(Result::ok) {
        if let Ok(event) = serde_json::from_str::<Value>(&line) {
            seen.take(&event);
        }
    }
    seen
}

impl Seen {
    fn take(&mut self, event: &Value) {
        let call_id = || event["call_id"].as_str().unwrap_or_default().to_owned();
        let number = |field: &str| event[field].as_u64().unwrap_or(0);
        match event["event"].as_str() {
            Some("pressed") => {
                self.pressed_ns.entry(call_id()).or_insert(number("at_ns"));
            }
            Some("ended") => {
                self.bye_ns.insert(call_id(), number("at_ns"));
                self.packets_sent += number("packets_sent");
                self.packets_received += number("packets_received");
                self.lost_received += number("lost_received");
            }
            Some("summary") => self.spacing_p99_ms = event["spacing_p99_ms"].as_f64(),
            Some(_) | None => {}
        }
    }
}
