//! A gateway's configuration in a directory of its own, and the real binary run on it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::net::is_bound;
use super::process::Process;
use super::scratch::Scratch;
use super::wait_until;

/// The binary under test: `OCTOTHORPE_BIN`, else the one that cargo built for this test.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("OCTOTHORPE_BIN")
        .map(PathBuf::from)
        .or(option_env!("CARGO_BIN_EXE_octothorpe").map(PathBuf::from))
        .expect("cargo names the binary of this crate")
}

/// One configuration: `octothorpe.toml` and its trunks.
#[derive(Debug)]
pub(crate) struct Site {
    /// Where everything of this test lies.
    pub(crate) scratch: Scratch,
}

impl Site {
    /// A gateway whose SIP and media are on `address` (an IPv6 address without brackets).
    pub(crate) fn new(label: &str, address: &str) -> Site {
        let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
        let scratch = Scratch::new(label);
        scratch.write(
            "octothorpe.toml",
            format!(
                r#"[http]
listen = "127.0.0.1:8080"

[queue]
engine = "embedded"
path = "var"

[sip]
listen = ["udp:{host}:5060", "tcp:{host}:5060"]

[media]
address = "{address}"
ports = "10000-19999"

[prompts]
path = "{}"

[policy]
countries = ["US"]
test_prefixes = ["+1999"]
"#,
                prompts.display()
            ),
        );
        Site { scratch }
    }

    /// Adds a trunk; `keys` are further lines of its file, and `secret` the file that they may name.
    pub(crate) fn trunk(&self, name: &str, target: &str, keys: &str) {
        let secret = self.scratch.write("trunks/secret", "gateway-secret\n");
        fs::set_permissions(secret, Permissions::from_mode(0o600)).expect("the file is ours");
        let caller = if keys.contains("caller_ids") { "" } else { "caller_ids = [\"+14255550100\"]\n" };
        self.scratch
            .write(&format!("trunks/{name}.toml"), format!("target = \"{target}\"\n{caller}{keys}\n"));
    }

    /// Starts `octothorpe COMMAND … --config …`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        self.start_by(Command::new(binary()), arguments)
    }

    /// The same by a command that begins with the binary.
    pub(crate) fn start_by(&self, mut command: Command, arguments: &[&str]) -> Process {
        command.args(arguments).arg("--config").arg(self.scratch.path().join("octothorpe.toml"));
        Process::start(&mut command, &self.scratch.path().join("octothorpe.err"))
    }

    /// The same for what listens on a port, and waits until it does.
    #[track_caller]
    pub(crate) fn listen(&self, arguments: &[&str], port: u16) -> Process {
        let mut process = self.start(arguments);
        let up = wait_until(Duration::from_secs(30), || is_bound("udp", port) || !process.is_running());
        assert!(up && process.is_running(), "{arguments:?}: {}", self.scratch.read("octothorpe.err"));
        process
    }

    /// Starts one call by the trunk `carrier`.
    pub(crate) fn call(&self, number: &str, options: &[&str]) -> Process {
        let mut arguments = vec!["call", number, "--trunk", "carrier", "--json"];
        arguments.extend_from_slice(options);
        self.start(&arguments)
    }

    /// Waits for a call's end and reads its result.
    pub(crate) fn outcome(&self, mut call: Process, limit: Duration) -> Outcome {
        let exit = call.wait(limit);
        let events: Vec<Value> = call.objects().into_iter().map(|(_, value)| value).collect();
        let is_result = |line: &&Value| line["verdict"].is_string();
        let result = events.iter().rev().find(is_result).cloned().unwrap_or(Value::Null);
        Outcome { exit, result, events, stderr: self.scratch.read("octothorpe.err") }
    }
}

/// How a call ended, as an outsider sees it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; `None` if it did not end in time.
    pub(crate) exit: Option<i32>,
    /// The result of contract section 3; null if none was printed.
    pub(crate) result: Value,
    /// Every line of standard output.
    pub(crate) events: Vec<Value>,
    /// Standard error, for the message of a failed test.
    pub(crate) stderr: String,
}

impl Outcome {
    /// The verdict's reason, empty if there is none.
    pub(crate) fn reason(&self) -> &str {
        self.result["reason"].as_str().unwrap_or_default()
    }

    /// A field of the first attempt.
    pub(crate) fn attempt(&self, field: &str) -> &Value {
        &self.result["attempts"][0][field]
    }

    /// The key's paths, joined by commas.
    pub(crate) fn paths(&self) -> String {
        let paths = self.result["key"]["paths"].as_array().cloned().unwrap_or_default();
        paths.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
    }

    /// Asserts verdict, reason and the exit code that belongs to them (contract section 5).
    #[track_caller]
    pub(crate) fn assert_ended(&self, verdict: &str, reason: &str) {
        let seen = (self.result["verdict"].as_str().unwrap_or_default(), self.reason());
        assert_eq!(seen, (verdict, reason), "{self}");
        assert_eq!(self.exit, Some(i32::from(verdict != "verified")), "the exit code; {self}");
    }

    /// Asserts a verified call whose key came by exactly these paths.
    #[track_caller]
    pub(crate) fn assert_verified_by(&self, paths: &str) {
        self.assert_ended("verified", "key_pressed");
        assert_eq!(self.paths(), paths, "the key's paths; {self}");
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "exit {:?}, result {:#}", self.exit, self.result)?;
        for event in &self.events {
            writeln!(f, "{event}")?;
        }
        let tail: Vec<&str> = self.stderr.lines().rev().take(60).collect();
        tail.into_iter().rev().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
