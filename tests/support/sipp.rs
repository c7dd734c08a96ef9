//! SIPp as the carrier: one scenario file a peculiarity, made of the parts in `tests/sipp/parts`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::media;
use super::net;
use super::process::Process;
use super::scratch::Scratch;
use super::trace::Trace;

/// The port on which SIPp takes calls in a test's own network.
pub(crate) const PORT: u16 = 5070;
/// Its media is that far above: at 6000.
const MEDIA_ABOVE: u16 = 930;

/// Reads a scenario and puts in its parts: `{{name}}` stands for the value of that key, or for the
/// file `parts/name`.
fn expand(name: &str, keys: &[(&str, &str)]) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp");
    let read = |path: PathBuf| {
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let mut text = read(directory.join(format!("{name}.xml")));
    while let Some(start) = text.find("{{") {
        let end = start + text[start..].find("}}").expect("an opened part is closed");
        let part = &text[start + 2..end];
        let value = keys.iter().find(|(key, _)| *key == part).map(|(_, value)| (*value).to_owned());
        let part = value.unwrap_or_else(|| read(directory.join("parts").join(part)));
        text.replace_range(start..end + 2, part.trim_end());
    }
    text
}

/// A running SIPp that takes calls.
#[derive(Debug)]
pub(crate) struct Sipp {
    process: Process,
    scratch: Scratch,
}

impl Sipp {
    /// Starts it on `address` over `udp` or `tcp` and waits until it listens; `options` are SIPp's own.
    pub(crate) fn serve(
        scenario: &str,
        address: &str,
        transport: &str,
        keys: &[(&str, &str)],
        options: &[&str],
    ) -> Sipp {
        Sipp::serve_at(PORT, scenario, address, transport, keys, options)
    }

    /// As [`serve`](Sipp::serve), on a port of its own where several carriers share a network.
    pub(crate) fn serve_at(
        port: u16,
        scenario: &str,
        address: &str,
        transport: &str,
        keys: &[(&str, &str)],
        options: &[&str],
    ) -> Sipp {
        let scratch = Scratch::new(&format!("sipp-{scenario}"));
        scratch.write("scenario.xml", expand(scenario, keys));
        scratch.write("noise.ul", media::noise_ulaw());
        scratch.write("pound.ul", media::pound_ulaw());
        let mut command = Command::new("sipp");
        command.current_dir(scratch.path()).args(["-sf", "scenario.xml", "-i", address, "-mi", address]);
        command.args(["-p", &port.to_string(), "-t", if transport == "tcp" { "t1" } else { "u1" }]);
        command.args([
            "-mp",
            &(port + MEDIA_ABOVE).to_string(),
            "-nostdin",
            "-trace_msg",
            "-message_file",
            "messages",
        ]);
        command.args(["-trace_err", "-error_file", "errors"]);
        command.args(options);
        let mut process = Process::start(&mut command, &scratch.path().join("stderr"));
        let up = super::wait_until(Duration::from_secs(10), || {
            net::is_bound(transport, port) || !process.is_running()
        });
        let errors = scratch.read("stderr");
        assert!(up && process.is_running(), "SIPp does not load {scenario}: {errors}");
        Sipp { process, scratch }
    }

    /// The messages until now.
    pub(crate) fn trace(&self) -> Trace {
        Trace::parse(&self.scratch.read("messages"))
    }

    /// Asks it to end with its last call.
    pub(crate) fn finish(mut self) -> Finished {
        self.process.signal(Signal::USR1);
        let exit = self.process.wait(Duration::from_secs(10));
        let errors = self.scratch.read("errors");
        let followed = if exit == Some(0) { Ok(()) } else { Err(format!("exit {exit:?}\n{errors}")) };
        Finished { followed, trace: self.trace(), _scratch: self.scratch }
    }
}

/// What a carrier saw.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Whether every call followed the scenario; else SIPp's own words.
    pub(crate) followed: Result<(), String>,
    /// All messages.
    pub(crate) trace: Trace,
    /// Kept, and named, when the test fails.
    _scratch: Scratch,
}
