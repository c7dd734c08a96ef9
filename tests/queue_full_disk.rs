//! A full disk, on a small tmpfs in a mount namespace of its own (which takes root): intake says so
//! while calls in progress finish, and nothing is published before it is durable.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by its panic and tells its seed")]

mod store;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use octothorpe::leg::record::RecordStage;
use octothorpe::queue::embedded::Settings;
use octothorpe::queue::{Claim, Consumer, Finished, JobStore, Store, StoreError, Submitted};
use octothorpe::reason::Reason;
use octothorpe::report::progress::Progress;

use store::*;

const CHILD: &str = "OCTOTHORPE_TEST_FULL_DISK";
const RESERVE_BYTES: u64 = 4 << 20;

#[test]
fn a_full_disk_stops_intake_and_loses_no_result() {
    let directory = Directory::new();
    std::fs::create_dir(&directory.0).unwrap();
    let mount =
        "mount -t tmpfs -o size=16m tmpfs \"$0\" && exec \"$1\" on_the_small_disk --exact --nocapture";
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", mount])
        .arg(&directory.0)
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, &directory.0)
        .status()
        .expect("unshare (util-linux) is there");
    assert!(status.success(), "as root, with a small tmpfs: {status}");
}

/// A file that takes what room there is.
struct Filler(PathBuf);

impl Filler {
    fn fill(&self, leave_bytes: u64) {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.0).unwrap();
        while free_bytes(&self.0) > leave_bytes && file.write_all(&[7; 4096]).is_ok() {}
    }

    fn clear(&self) {
        File::create(&self.0).unwrap();
    }
}

fn free_bytes(path: &Path) -> u64 {
    let disk = rustix::fs::statvfs(path).unwrap();
    disk.f_bavail * disk.f_frsize
}

async fn up(store: &Store, count: usize) -> Vec<Claim> {
    let claims = claim(store, count, NOW).await;
    for claim in &claims {
        let permit = store.begin_dial(claim, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert!(permit.is_ok());
    }
    claims
}

async fn published(store: &Store) -> Vec<String> {
    let core = Consumer::new(None, "core").unwrap();
    let results = store.results(&core, 1000, Duration::ZERO).await.unwrap();
    results.into_iter().map(|p| p.result.job).collect()
}

/// Started by the test above on its small disk; alone it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_small_disk() {
    let Some(directory) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let path = directory.join("store");
    let store = embedded(&Settings { reserve_bytes: RESERVE_BYTES, ..settings(&path) }).unwrap();
    let filler = Filler(directory.join("filler"));
    for n in 0..400 {
        submit(&store, &n.to_string(), "").await;
    }
    let mut calls = up(&store, 300).await;
    short_of_the_reserve(&store, &filler, &mut calls).await;
    full_to_the_last_block(&store, &filler, calls).await;
}

/// "intake says 503 with `Retry-After` while `reserve_mib` is left, so that calls in progress have
/// room to finish"
async fn short_of_the_reserve(store: &Store, filler: &Filler, calls: &mut Vec<Claim>) {
    filler.fill(RESERVE_BYTES - 64 * 1024);
    let refused = store.submit(order("one-more", ""), NOW).await.unwrap();
    assert!(matches!(refused, Submitted::StoreFull { retry_after } if !retry_after.is_zero()));
    let before = published(store).await.len();
    for claim in calls.drain(..20) {
        let told = store.finish(&claim, result(&claim, Reason::KeyPressed, NOW)).await;
        assert_eq!(told, Ok(Finished::Now));
    }
    assert_eq!(published(store).await.len(), before + 20);
    assert_eq!(up(store, 1).await.len(), 1, "what was accepted may still be dialled");
}

/// "a finish that fails is repeated and nothing is published before it is durable"
async fn full_to_the_last_block(store: &Store, filler: &Filler, calls: Vec<Claim>) {
    // Empties the log, which otherwise is written anew in the room that it has.
    store.prune(NOW).await.unwrap();
    let (mut finished, mut stuck) = (20, None);
    for claim in calls {
        // Also what the store gave up of its ballast, and what its log freed, is taken by others.
        filler.fill(0);
        let id = claim.job.key.id.clone();
        let told = result(&claim, Reason::KeyPressed, NOW);
        let store = store.clone();
        let mut finish = tokio::spawn(async move { store.finish(&claim, told).await });
        match tokio::time::timeout(Duration::from_millis(300), &mut finish).await {
            Ok(told) => assert_eq!(told.unwrap(), Ok(Finished::Now)),
            Err(_) => {
                stuck = Some((id, finish));
                break;
            }
        }
        finished += 1;
    }
    let (id, finish) = stuck.expect("the disk is full before 300 calls have finished");
    println!("{finished} calls finished before the disk had no block left");
    assert!(finished > 20, "the ballast lets some finish");
    assert_eq!(published(store).await.len(), finished, "what is not durable is not published");
    assert_ne!(store.get(key(&id)).await.unwrap().unwrap().state, Progress::Finished);
    assert_eq!(store.claim(1, NOW).await.unwrap_err(), StoreError::NoRoom);
    assert!(matches!(store.submit(order("one-more", ""), NOW).await, Ok(Submitted::StoreFull { .. })));

    filler.clear();
    assert_eq!(finish.await.unwrap(), Ok(Finished::Now), "repeated until it fits");
    let all = published(store).await;
    assert_eq!(all.len(), finished + 1);
    assert_eq!(all.last(), Some(&id));
    submit(store, "one-more", "").await;
    assert_eq!(claim(store, 1, NOW).await.len(), 1);
}
