//! A directory of its own for each test; kept, and named, when the test fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Removed when dropped, except by a panic.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes an empty directory whose name holds `label`.
    pub(crate) fn new(label: &str) -> Scratch {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("octothorpe-{}-{number}-{label}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory can be written");
        Scratch { path }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, making the directories above it, and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        let parent = path.parent().expect("a joined path has a parent");
        fs::create_dir_all(parent).expect("the scratch directory can be written");
        fs::write(&path, content).expect("the scratch directory can be written");
        path
    }

    /// Reads a file as text; empty if it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's files are kept in {}", self.path.display());
        } else {
            // A file that cannot be removed costs disk in /tmp, not a test.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
