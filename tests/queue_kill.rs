//! `kill -9` at any moment (contract §7.1 to §7.3): a child works on a store and says what it was
//! told; the parent kills it at random times, and at the end asks the store whether it all holds.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by its panic and tells its seed")]

mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use octothorpe::leg::record::RecordStage;
use octothorpe::queue::{Claim, Consumer, DialId, JobStore, Permit, Store, Submitted};
use octothorpe::reason::Reason;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use store::*;

const CHILD: &str = "OCTOTHORPE_TEST_KILL_CHILD";
const REASONS: [Reason; 4] = [Reason::KeyPressed, Reason::NoInput, Reason::Busy, Reason::OutcomeUnknown];

fn core() -> Consumer {
    Consumer::new(None, "core").unwrap()
}

/// One line to the parent; a pipe takes it whole (POSIX: writes up to PIPE_BUF are atomic).
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Started by the parent below; alone it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (directory, run) = told.rsplit_once('#').unwrap();
    // The numbering plan is read once a process; the kills are to hit the store, not that.
    order("warm", "");
    let store = embedded(&settings(std::path::Path::new(directory))).unwrap();
    say("ready");
    let seed: u64 = run.parse().unwrap();
    let orphans = store.orphans().await.unwrap();
    for orphan in &orphans {
        let last = orphan.legs.last().expect("no permit is without a leg record");
        say(&format!("leg {}", last.call_id()));
    }
    say("legs");
    for orphan in orphans {
        if let Some(permit) = orphan.permit {
            say(&format!("orphan {}", permit.claim().job.key.id));
            finish(&store, permit.claim(), Reason::OutcomeUnknown).await;
        }
        part(&store, orphan.dial, orphan.legs[0].call_id());
    }
    let (one, two) = (store.clone(), store.clone());
    let workers = [
        tokio::spawn(produce(store.clone(), seed, 0)),
        tokio::spawn(produce(store.clone(), seed, 1)),
        tokio::spawn(work(one, seed)),
        tokio::spawn(consume(two)),
    ];
    for worker in workers {
        worker.await.unwrap();
    }
}

async fn produce(store: Store, run: u64, producer: u64) {
    for n in 0u64.. {
        let id = format!("{run}-{producer}-{n}");
        let taken = store.submit(order(&id, ""), NOW).await.unwrap();
        assert!(matches!(taken, Submitted::New(_)));
        say(&format!("accepted {id}"));
    }
}

async fn work(store: Store, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    loop {
        for claim in claim(&store, 4, NOW).await {
            let store = store.clone();
            let (fails, reason) = (rng.random_bool(0.3), rng.random_range(0..3));
            tokio::spawn(async move {
                let mut claim = claim;
                let mut permit = dial(&store, &claim).await;
                if fails && claim.attempts.is_empty() {
                    let over = permit.dial();
                    let failed = call_id(&claim);
                    claim = store.end_attempt(permit, attempt("t1"), NOW).await.unwrap();
                    part(&store, over, &failed);
                    permit = dial(&store, &claim).await;
                }
                let call_id = call_id(&claim);
                drop(store.note_leg(&permit, leg_of(&call_id, answered(), 2)));
                finish(&store, permit.claim(), REASONS[reason]).await;
                part(&store, permit.dial(), &call_id);
            });
        }
    }
}

/// Each dial has one of its own.
fn call_id(claim: &Claim) -> String {
    format!("{}/{}", claim.job.key.id, claim.attempts.len())
}

/// The line says that the leg has ended; it comes first, as a store that forgets later has not erred.
fn part(store: &Store, dial: DialId, call_id: &str) {
    say(&format!("over {call_id}"));
    store.leg_over(dial);
}

/// The line says that an INVITE leaves: for this job, after so many ended dials.
async fn dial(store: &Store, claim: &Claim) -> Permit {
    let leg = leg_of(&call_id(claim), RecordStage::Inviting, 1);
    let permit = store.begin_dial(claim, leg, NOW).await.unwrap().unwrap();
    say(&format!("dialled {} {}", claim.job.key.id, claim.attempts.len()));
    permit
}

async fn finish(store: &Store, claim: &Claim, reason: Reason) {
    store.finish(claim, result(claim, reason, NOW)).await.unwrap();
    say(&format!("finished {} {}", claim.job.key.id, reason.word()));
}

async fn consume(store: Store) {
    loop {
        let results = store.results(&core(), 20, Duration::from_secs(60)).await.unwrap();
        for one in &results {
            say(&format!("delivered {}", one.result.job));
        }
        store.ack(&core(), results.last().unwrap().cursor.clone()).await.unwrap();
        say(&format!("acked {}", results.last().unwrap().result.job));
    }
}

/// What the child said over all its lives.
#[derive(Default)]
struct Said {
    accepted: BTreeSet<String>,
    /// By job: the numbers of ended dials at which one was begun.
    dialled: BTreeMap<String, Vec<usize>>,
    finished: BTreeMap<String, String>,
    delivered: BTreeSet<String>,
    acked: BTreeSet<String>,
    orphans: usize,
    dialled_twice: usize,
    /// Legs that were begun and not ended, by Call-ID.
    up: BTreeSet<String>,
    /// Legs that this life was told of at its start.
    legs: BTreeSet<String>,
    /// Legs that were up, and that the next life was not told of.
    left_up: BTreeSet<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["accepted", id] => _ = self.accepted.insert(id.to_owned()),
            ["leg", call_id] => _ = self.legs.insert(call_id.to_owned()),
            ["legs"] => self.left_up.extend(self.up.difference(&self.legs).cloned()),
            ["over", call_id] => _ = self.up.remove(call_id),
            ["dialled", id, ended] => {
                self.up.insert(format!("{id}/{ended}"));
                let dials = self.dialled.entry(id.to_owned()).or_default();
                let ended = ended.parse().unwrap();
                self.dialled_twice += usize::from(dials.contains(&ended));
                dials.push(ended);
            }
            ["finished", id, reason] => _ = self.finished.insert(id.to_owned(), reason.to_owned()),
            ["delivered", id] => _ = self.delivered.insert(id.to_owned()),
            ["acked", id] => _ = self.acked.insert(id.to_owned()),
            ["orphan", _] => self.orphans += 1,
            _ => {}
        }
    }
}

/// The child is killed when it has said so many lines, in the middle of whatever it does by then.
fn one_life(directory: &Directory, run: u64, said: &mut Said, lines_heard: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{}#{run}", directory.0.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok).filter_map(|l| l.strip_prefix('@').map(str::to_owned));
    assert_eq!(lines.next().as_deref(), Some("ready"), "the store opens after every kill");
    said.legs.clear();
    lines.by_ref().take(lines_heard).for_each(|line| said.hear(&line));
    child.kill().unwrap();
    // What it said before it died stands in the pipe.
    lines.for_each(|line| said.hear(&line));
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "{status}");
}

async fn judge(directory: &Directory, said: &mut Said, seed: u64, kills: u64) {
    let store = embedded(&settings(&directory.0)).unwrap();
    let resumed = store.results(&core(), 1000, Duration::ZERO).await.unwrap();
    let again = resumed.iter().filter(|p| said.acked.contains(&p.result.job)).count();
    assert_eq!(again, 0, "seed {seed}: an acknowledged result came again");
    for orphan in store.orphans().await.unwrap() {
        if let Some(permit) = orphan.permit {
            let claim = permit.claim();
            store.finish(claim, result(claim, Reason::OutcomeUnknown, NOW)).await.unwrap();
        }
    }
    let mut left = 0;
    loop {
        let claims = claim(&store, 500, NOW).await;
        if claims.is_empty() {
            break;
        }
        left += claims.len();
        for claim in claims {
            let ended = claim.attempts.len();
            said.hear(&format!("dialled {} {ended}", claim.job.key.id));
            store.finish(&claim, result(&claim, Reason::Busy, NOW)).await.unwrap();
        }
    }
    let published = published(&store).await;
    let lost = said.accepted.iter().filter(|id| !published.contains_key(*id)).count();
    let results_lost = said.finished.iter().filter(|(id, r)| published.get(*id) != Some(r)).count();
    for id in said.accepted.iter().filter(|id| !published.contains_key(*id)) {
        println!("lost: {id}");
    }
    println!(
        "seed {seed}: {kills} kills, accepted {} lost {lost}, dials {} twice {}, results told \
         durable {} lost {results_lost}, delivered {}, orphans {}, left over {left}, legs left up {}",
        said.accepted.len(),
        said.dialled.values().map(Vec::len).sum::<usize>(),
        said.dialled_twice,
        said.finished.len(),
        said.delivered.len(),
        said.orphans,
        said.left_up.len(),
    );
    assert_eq!((lost, said.dialled_twice, results_lost), (0, 0, 0), "seed {seed}");
    assert!(said.left_up.is_empty(), "seed {seed}: nobody ends {:?}", said.left_up);
    assert!(said.accepted.len() > 50 && said.orphans > 0, "seed {seed}: the kills came too soon");
}

/// Every result ever published, each exactly once, read by a new consumer from the oldest.
async fn published(store: &Store) -> BTreeMap<String, String> {
    let audit = Consumer::new(None, "audit").unwrap();
    let mut all = BTreeMap::new();
    loop {
        let page = store.results(&audit, 1000, Duration::ZERO).await.unwrap();
        let Some(last) = page.last() else { return all };
        store.ack(&audit, last.cursor.clone()).await.unwrap();
        for one in page {
            let twice = all.insert(one.result.job.clone(), one.result.reason.word());
            assert_eq!(twice, None, "{} was published twice", one.result.job);
        }
    }
}

/// The file as the kernel knows it: the directory stands where others tidy up, and a store that is
/// taken away under the test is not a store that lost anything.
fn store_file(directory: &Directory) -> u64 {
    std::fs::metadata(directory.0.join("store.sqlite")).unwrap().ino()
}

async fn killed(kills: u64) {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => rand::random(),
    };
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let directory = Directory::new();
    let mut said = Said::default();
    let mut first = None;
    for run in 0..kills {
        one_life(&directory, run, &mut said, rng.random_range(0..120));
        let here = store_file(&directory);
        assert_eq!(*first.get_or_insert(here), here, "run {run}: somebody replaced the store's file");
    }
    judge(&directory, &mut said, seed, kills).await;
}

#[tokio::test]
async fn twenty_kills_lose_nothing_and_dial_nobody_twice() {
    killed(20).await;
}

/// The same for longer; part of the long run.
#[tokio::test]
#[ignore = "takes some minutes"]
async fn three_hundred_kills_lose_nothing_and_dial_nobody_twice() {
    killed(300).await;
}
