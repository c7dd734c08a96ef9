//! One gateway a store.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// Held as long as this lives; the kernel lets go of it when the process dies, however it dies.
pub(super) struct Lock {
    _file: File,
}

/// Why the lock was not taken.
pub(super) enum NotLocked {
    /// Another process has it, by its own words.
    Held(String),
    /// The lock file cannot be used.
    Io(io::Error),
}

impl Lock {
    pub(super) fn take(directory: &Path) -> Result<Self, NotLocked> {
        let path = directory.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(NotLocked::Io)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                write_holder(&mut file).map_err(NotLocked::Io)?;
                Ok(Self { _file: file })
            }
            Err(rustix::io::Errno::WOULDBLOCK) => Err(NotLocked::Held(holder(&mut file))),
            Err(error) => Err(NotLocked::Io(error.into())),
        }
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut told = String::new();
    let read = file.take(64).read_to_string(&mut told);
    if read.is_ok() && !told.trim().is_empty() {
        told.trim().to_owned()
    } else {
        "an unnamed process".to_owned()
    }
}
