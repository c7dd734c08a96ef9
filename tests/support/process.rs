//! A process that ends with its test, and what it said, line by line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

/// One line of standard output.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// When it was read.
    pub(crate) at: Instant,
    /// Without its line feed.
    pub(crate) text: String,
}

/// A running child, killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<Line>>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts it with its standard output read and its standard error in a file.
    pub(crate) fn start(command: &mut Command, stderr: &Path) -> Process {
        let file = File::options().create(true).append(true).open(stderr);
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.expect("the scratch directory can be written"))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for text in stdout.split(b'\n').map_while(Result::ok) {
                let text = String::from_utf8_lossy(&text).into_owned();
                sink.lock().expect("no reader panics").push(Line { at: Instant::now(), text });
            }
        });
        Process { child, lines, reader: Some(reader) }
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().expect("no reader panics").clone()
    }

    /// The lines so far that are JSON objects, with the time of each.
    pub(crate) fn objects(&self) -> Vec<(Instant, Value)> {
        let object = |line: Line| {
            let value: Value = serde_json::from_str(&line.text).ok()?;
            value.is_object().then_some((line.at, value))
        };
        self.lines().into_iter().filter_map(object).collect()
    }

    /// Sends a signal; one that comes after the end is none.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal);
    }

    /// `kill -9` to it and to the children that it has; it is gone, and all that it had written is
    /// read, when this returns.
    pub(crate) fn kill(&mut self) {
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
        self.read_to_end();
    }

    fn read_to_end(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no reader panics");
        }
    }

    fn pid(&self) -> Pid {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        pid.expect("a child has an id")
    }

    /// Whether it runs still.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end and its last line; the exit code, or `None` past the limit or by a signal.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<i32> {
        if !super::wait_until(limit, || !self.is_running()) {
            return None;
        }
        self.read_to_end();
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
