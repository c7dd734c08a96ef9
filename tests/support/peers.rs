//! Phones and a carrier's proxy that others wrote, each started in the network of the thread that
//! asks, with a copy of its configuration in the test's directory.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::net::is_bound;
use super::process::Process;
use super::scratch::Scratch;
use super::{media, wait_until};

/// How long a peer may take to start, or a call to be answered.
const START: Duration = Duration::from_secs(20);

fn config(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn assert_up(name: &str, transport: &str, port: u16, scratch: &Scratch) {
    let up = wait_until(START, || is_bound(transport, port));
    assert!(up, "{name} does not start: {}", scratch.read(&format!("{name}.err")));
}

/// baresip: presses by RFC 4733 events, or by a tone in a file that it plays.
#[derive(Debug)]
pub(crate) struct Baresip {
    _process: Process,
    control: TcpStream,
    buffer: Vec<u8>,
    /// Where the sound that it plays is written.
    sound: PathBuf,
}

impl Baresip {
    /// Answers at once at 10.99.7.1:5071 as `user`.
    pub(crate) fn start(scratch: &Scratch, user: &str) -> Baresip {
        let directory = scratch.path().join("baresip");
        let text = config("baresip/config").replace("@DIR@", &directory.to_string_lossy());
        scratch.write("baresip/config", text);
        scratch.write("baresip/accounts", config("baresip/accounts").replace("@USER@", user));
        scratch.write("baresip/contacts", "");
        scratch.write("baresip/speech.wav", media::noise_wav());
        let sound = directory.join("keys.wav");
        let mut command = Command::new("baresip");
        let process = Process::start(command.arg("-f").arg(&directory), &scratch.path().join("baresip.err"));
        assert_up("baresip", "udp", 5071, scratch);
        assert_up("baresip", "tcp", 4571, scratch);
        let control = TcpStream::connect("127.0.0.1:4571").expect("baresip listens");
        control.set_read_timeout(Some(Duration::from_millis(100))).expect("the time-out is not zero");
        Baresip { _process: process, control, buffer: Vec::new(), sound }
    }

    /// Waits until a call is up.
    pub(crate) fn wait_answered(&mut self) -> bool {
        wait_until(START, || self.read().iter().any(|event| event["type"] == "CALL_ESTABLISHED"))
    }

    /// 180 ms of any key as telephone-event.
    pub(crate) fn press_key(&mut self, key: char) {
        self.command("sndcode", &key.to_ascii_lowercase().to_string());
    }

    /// These keys as tones of 200 ms, half a second apart, from a second on.
    pub(crate) fn press_tones(&mut self, keys: &str) {
        fs::write(&self.sound, media::keys_wav(keys)).expect("the scratch directory is writable");
        self.command("ausrc", &format!("aufile,{}", self.sound.display()));
    }

    fn command(&mut self, command: &str, params: &str) {
        let text = json!({"command": command, "params": params}).to_string();
        write!(self.control, "{}:{text},", text.len()).expect("baresip reads its control port");
    }

    /// The events that came: netstrings of JSON.
    fn read(&mut self) -> Vec<Value> {
        let mut bytes = [0; 4096];
        let length = self.control.read(&mut bytes).unwrap_or(0);
        self.buffer.extend_from_slice(&bytes[..length]);
        let mut events = Vec::new();
        while let Some((event, rest)) = netstring(&self.buffer) {
            events.push(event);
            self.buffer.drain(..rest);
        }
        events
    }
}

/// The first netstring's JSON, and where the next one begins.
fn netstring(bytes: &[u8]) -> Option<(Value, usize)> {
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok()?.trim().parse().ok()?;
    let text = bytes.get(colon + 1..colon + 1 + length)?;
    let end = colon + 1 + length + 1;
    (bytes.len() >= end).then(|| (serde_json::from_slice(text).unwrap_or(Value::Null), end))
}

/// How linphone sends a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinphoneKeys {
    /// RFC 4733 events, the only RTP that it sends at all: it has no sound card.
    Events,
    /// `application/dtmf-relay`.
    Info,
}

/// linphone, without a sound card.
#[derive(Debug)]
pub(crate) struct Linphone {
    _process: Process,
    pipe: PathBuf,
}

impl Linphone {
    /// Answers at once at 10.99.7.1:5091.
    pub(crate) fn start(scratch: &Scratch, keys: LinphoneKeys) -> Linphone {
        let flag = |on: bool| if on { "1" } else { "0" };
        let text = config("linphone/linphonerc")
            .replace("@INFO@", flag(keys == LinphoneKeys::Info))
            .replace("@EVENTS@", flag(keys == LinphoneKeys::Events));
        let config = scratch.write("linphone/linphonerc", text);
        // Without this directory the daemon cannot open its database, and stops.
        scratch.write("linphone/.local/share/linphone/here", "");
        let name = scratch.path().file_name().expect("a scratch directory has a name");
        let pipe = Path::new("/tmp").join(format!("{}-pipe", name.to_string_lossy()));
        let mut command = Command::new("linphone-daemon");
        command.env("HOME", scratch.path().join("linphone")).arg("--config").arg(config);
        command.arg("--pipe").arg(pipe.file_name().expect("joined above")).arg("--auto-answer");
        let process = Process::start(&mut command, &scratch.path().join("linphone.err"));
        assert_up("linphone", "udp", 5091, scratch);
        Linphone { _process: process, pipe }
    }

    /// Waits until a call is up.
    pub(crate) fn wait_answered(&mut self) -> bool {
        wait_until(START, || self.command("call-status").contains("StreamsRunning"))
    }

    /// Any key, as it was started to send it.
    pub(crate) fn press_key(&mut self, key: char) {
        self.command(&format!("dtmf {key}"));
    }

    /// One command a connection; the answer, or nothing where there is none.
    fn command(&mut self, command: &str) -> String {
        let Ok(mut stream) = UnixStream::connect(&self.pipe) else { return String::new() };
        let mut answer = [0; 4096];
        let sent = stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .and_then(|()| stream.write_all(format!("{command}\n").as_bytes()));
        let length = sent.and_then(|()| stream.read(&mut answer)).unwrap_or(0);
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.pipe);
    }
}

/// Kamailio as the trunk at 10.99.7.1:5060, with rtpengine as its media relay.
#[derive(Debug)]
pub(crate) struct Kamailio {
    _processes: [Process; 2],
}

impl Kamailio {
    /// User `gateway`, password `gateway-secret`.
    pub(crate) fn start(scratch: &Scratch) -> Kamailio {
        let mut relay = Command::new("rtpengine");
        // No kernel module: all media passes through user space.
        relay.args(["--table=-1", "--interface=10.99.7.1", "--listen-ng=127.0.0.1:2223"]);
        relay.args(["--port-min=40000", "--port-max=40999", "--foreground", "--log-stderr", "--log-level=6"]);
        let relay = Process::start(&mut relay, &scratch.path().join("rtpengine.err"));
        assert_up("rtpengine", "udp", 2223, scratch);
        let file = scratch.write("kamailio/kamailio.cfg", config("kamailio/kamailio.cfg"));
        let directory = scratch.path().join("kamailio");
        let mut proxy = Command::new("kamailio");
        proxy.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]).arg(file).arg("-Y").arg(&directory);
        proxy.arg("-P").arg(directory.join("pid"));
        let proxy = Process::start(&mut proxy, &scratch.path().join("kamailio.err"));
        assert_up("kamailio", "udp", 5060, scratch);
        assert_up("kamailio", "tcp", 5060, scratch);
        Kamailio { _processes: [proxy, relay] }
    }
}
