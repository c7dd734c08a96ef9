//! Free disk: the reserve below which no new job is taken in, and a ballast to finish by when even
//! that is gone.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Largest ballast: enough for the results of some thousand calls.
const MAX_BALLAST_BYTES: u64 = 8 << 20;

/// The disk under the store.
pub(super) struct Room {
    directory: PathBuf,
    reserve_bytes: u64,
    ballast_bytes: u64,
    /// Whether the ballast stands.
    stands: bool,
}

impl Room {
    pub(super) fn new(directory: &Path, reserve_bytes: u64) -> Self {
        let ballast_bytes = (reserve_bytes / 4).min(MAX_BALLAST_BYTES);
        let mut room = Self { directory: directory.to_owned(), reserve_bytes, ballast_bytes, stands: false };
        room.refill();
        room
    }

    fn ballast(&self) -> PathBuf {
        self.directory.join("ballast")
    }

    /// A disk that cannot be asked counts as roomy: the commit itself will tell.
    fn free_bytes(&self) -> u64 {
        statvfs(&self.directory).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    pub(super) fn is_short(&self) -> bool {
        self.reserve_bytes > 0 && self.free_bytes() < self.reserve_bytes
    }

    /// Gives the ballast's room to those who have to finish. Tells whether there was any.
    pub(super) fn release(&mut self) -> bool {
        self.stands && {
            self.stands = false;
            fs::remove_file(self.ballast()).is_ok()
        }
    }

    /// Takes the ballast's room again once the disk can spare it.
    pub(super) fn refill(&mut self) {
        let spare = || self.free_bytes() >= self.reserve_bytes.saturating_add(self.ballast_bytes);
        if self.ballast_bytes > 0 && !self.stands && spare() {
            self.stands = self.allocate().is_ok();
        }
    }

    fn allocate(&self) -> std::io::Result<()> {
        let path = self.ballast();
        let file: File = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        Ok(fallocate(&file, FallocateFlags::empty(), 0, self.ballast_bytes)?)
    }
}
