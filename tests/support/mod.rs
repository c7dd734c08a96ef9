//! What the end-to-end tests share: private networks, processes that never outlive their test, a
//! gateway's configuration in a directory of its own, and readers of what came out.

pub(crate) mod dns;
pub(crate) mod hand;
pub(crate) mod http;
pub(crate) mod impairment;
pub(crate) mod listener;
pub(crate) mod media;
pub(crate) mod net;
pub(crate) mod office;
pub(crate) mod peers;
pub(crate) mod pins;
pub(crate) mod process;
pub(crate) mod scratch;
pub(crate) mod seed;
pub(crate) mod serving;
pub(crate) mod sipp;
pub(crate) mod site;
pub(crate) mod trace;
pub(crate) mod uas;
pub(crate) mod wav;

use std::time::{Duration, Instant};

/// Asks every 20 ms until `ready` says so; tells whether it did within `limit`.
pub(crate) fn wait_until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if ready() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
