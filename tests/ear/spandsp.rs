//! Debian's SpanDSP on the same samples: built from `tests/spandsp`, run as a
//! program of its own.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// SpanDSP's receiver, built.
pub struct SpanDsp {
    program: PathBuf,
}

/// What it told of a stream.
pub struct Told {
    /// Digit and the end of the 20 ms block in which it was told.
    pub reports: Vec<(char, u64)>,
    /// CPU time a sample, the least of the passes asked for.
    pub ns_per_sample: Option<f64>,
}

impl SpanDsp {
    /// Builds the program; needs gcc and `libspandsp-dev`.
    pub fn build() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spandsp/build");
        let output = Command::new(script).output().expect("the build script runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "libspandsp-dev and gcc are needed: {complaint}");
        let path = String::from_utf8(output.stdout).expect("a path in UTF-8");
        Self { program: path.trim().into() }
    }

    /// Hears samples; timed over so many passes, 0 for untimed.
    pub fn hear(&self, samples: &[i16], passes: u32) -> Told {
        let name = format!("octothorpe-ear-{}-{:p}.raw", std::process::id(), samples);
        let file = std::env::temp_dir().join(name);
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        std::fs::write(&file, bytes).expect("the temporary directory is writable");
        let output = Command::new(&self.program)
            .args(["--passes", &passes.to_string()])
            .stdin(File::open(&file).expect("it was just written"))
            .stderr(Stdio::inherit())
            .output();
        std::fs::remove_file(&file).expect("it was just read");
        let output = output.expect("the program was built");
        assert!(output.status.success(), "dtmf_rx failed");
        parse(&String::from_utf8_lossy(&output.stdout))
    }
}

fn parse(output: &str) -> Told {
    let mut told = Told { reports: Vec::new(), ns_per_sample: None };
    for line in output.lines() {
        let (word, value) = line.split_once(' ').expect("a word and a value");
        if word == "ns_per_sample" {
            told.ns_per_sample = value.parse().ok();
        } else {
            let digit = word.chars().next().expect("a digit");
            told.reports.push((digit, value.parse().expect("a sample")));
        }
    }
    told
}
