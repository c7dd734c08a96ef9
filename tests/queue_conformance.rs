//! What every queue engine has to do, one test a promise (contract §7), over each engine.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by its panic and tells its seed")]

mod store;

use std::time::Duration;

use octothorpe::job::UnixMs;
use octothorpe::leg::record::{LegRecord, RecordStage};
use octothorpe::queue::embedded::{OpenError, Settings};
use octothorpe::queue::{
    Cancelled, Consumer, Cursor, DialRefused, Finished, JobStore, Keep, ListFilter, Orphan, Store,
    StoreError, Submitted,
};
use octothorpe::reason::Reason;
use octothorpe::report::progress::Progress;

use store::*;

type Open = fn(&Settings) -> Result<Store, OpenError>;

/// Every engine by name. Each test runs over all of them.
const ENGINES: [(&str, Open); 1] = [("embedded", embedded)];

/// One engine's store, to be closed and opened again.
struct Bench {
    directory: Directory,
    open: Open,
}

impl Bench {
    fn open(&self) -> Store {
        self.open_with(|_| ())
    }

    fn open_with(&self, change: impl FnOnce(&mut Settings)) -> Store {
        let mut settings = settings(&self.directory.0);
        change(&mut settings);
        (self.open)(&settings).unwrap()
    }
}

fn benches() -> impl Iterator<Item = Bench> {
    ENGINES.into_iter().map(|(name, open)| {
        println!("engine {name}");
        Bench { directory: Directory::new(), open }
    })
}

fn core() -> Consumer {
    Consumer::new(None, "core").unwrap()
}

async fn outbox(store: &Store, consumer: &Consumer) -> Vec<(String, Reason)> {
    let results = store.results(consumer, 1000, Duration::ZERO).await.unwrap();
    results.into_iter().map(|p| (p.result.job, p.result.reason)).collect()
}

async fn state(store: &Store, id: &str) -> Progress {
    store.get(key(id)).await.unwrap().unwrap().state
}

/// "The same id with the same content is the same job; with other content it is a conflict."
#[tokio::test]
async fn a_job_comes_in_once_however_often_it_is_sent() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let deadline = r#","expires_at":"2026-11-21T22:31:00Z""#;
        assert!(matches!(store.submit(order("a", deadline), NOW).await, Ok(Submitted::Same(_))));
        let other = store.submit(order("a", r#","user":"bob""#), NOW).await;
        assert_eq!(other, Ok(Submitted::Conflict));
        let elsewhere = store.submit(order("a", r#","tenant":"other""#), NOW).await.unwrap();
        assert!(matches!(elsewhere, Submitted::New(_)), "ids are unique per tenant");
        assert_eq!(store.depth(), 2);
    }
}

/// "kept as an HMAC, so that it outlives the job's secrets": after the end and a restart.
#[tokio::test]
async fn the_same_job_after_its_end_and_a_restart_has_its_result() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim = claim_one(&store).await;
        store.finish(&claim, result(&claim, Reason::Throttled, NOW)).await.unwrap();
        drop(store);
        let store = bench.open();
        let Ok(Submitted::Same(view)) = store.submit(order("a", ""), NOW).await else {
            panic!("not the same job")
        };
        assert_eq!(view.state, Progress::Finished);
        assert_eq!(view.result.unwrap().reason, Reason::Throttled);
        let other = store.submit(order("a", r#","user":"bob""#), NOW).await;
        assert_eq!(other, Ok(Submitted::Conflict));
    }
}

/// "priority: 9 first", then deadline order (contract §2, §7).
#[tokio::test]
async fn the_most_urgent_is_claimed_first_and_no_more_than_asked_for() {
    for bench in benches() {
        let store = bench.open();
        let until = |s: u32| format!(r#","expires_at":"2026-11-21T22:31:{s:02}Z""#);
        submit(&store, "low", &format!(r#"{},"priority":0"#, until(1))).await;
        submit(&store, "late", &until(30)).await;
        submit(&store, "soon", &until(10)).await;
        submit(&store, "top", &format!(r#"{},"priority":9"#, until(59))).await;
        assert_eq!(ids(&claim(&store, 2, NOW).await), ["top", "soon"]);
        assert_eq!(ids(&claim(&store, 9, NOW).await), ["late", "low"]);
        assert!(claim(&store, 9, NOW).await.is_empty());
        assert_eq!(store.depth(), 0);
    }
}

#[tokio::test]
async fn a_new_job_wakes_the_one_that_waits_for_work() {
    for bench in benches() {
        let store = bench.open();
        let waiting = store.clone();
        let woken = tokio::spawn(async move {
            waiting.work().await;
            ids(&claim(&waiting, 1, NOW).await)
        });
        submit(&store, "a", "").await;
        assert_eq!(woken.await.unwrap(), ["a"]);
    }
}

#[tokio::test]
async fn a_released_job_comes_back_when_its_time_has_come() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let old = claim_one(&store).await;
        store.release(old.clone(), later(500)).await.unwrap();
        let none = store.claim(1, later(499)).await.unwrap();
        assert!(none.claims.is_empty());
        assert_eq!(none.wake_at, Some(later(500)));
        assert_eq!(store.depth(), 1);
        assert_eq!(ids(&claim(&store, 1, later(500)).await), ["a"]);
        // The old claim is nobody's: neither to dial nor to release.
        let dial = store.begin_dial(&old, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert_eq!(dial.unwrap_err(), DialRefused::NotHeld);
        assert_eq!(store.release(old, NOW).await, Err(StoreError::NotHeld));
    }
}

/// Crash in `claimed`: requeue at once.
#[tokio::test]
async fn a_claimed_job_is_claimed_again_after_a_restart_with_the_dials_it_had() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        submit(&store, "b", "").await;
        let claim_a = claim_one(&store).await;
        let permit = store.begin_dial(&claim_a, leg(RecordStage::Inviting, 1), NOW).await.unwrap().unwrap();
        store.leg_over(permit.dial());
        let again = store.end_attempt(permit, attempt("t1"), NOW).await.unwrap();
        let _b = claim_one(&store).await;
        drop(store);
        let store = bench.open();
        assert_eq!(store.depth(), 2);
        let claims = claim(&store, 9, NOW).await;
        assert_eq!(ids(&claims), ["a", "b"]);
        assert_eq!(claims[0].attempts, [attempt("t1")]);
        assert!(store.orphans().await.unwrap().is_empty());
        let dial = store.begin_dial(&again, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert_eq!(dial.unwrap_err(), DialRefused::NotHeld, "a claim of the earlier run");
    }
}

/// "one dial permit per job; the next attempt's permit comes only from the ended one's" (§7.2).
#[tokio::test]
async fn a_job_has_one_live_permit() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim = claim_one(&store).await;
        let dial = |claim| store.begin_dial(claim, leg(RecordStage::Inviting, 1), NOW);
        let (one, two) = tokio::join!(dial(&claim), dial(&claim));
        let permits: Vec<_> = [one.unwrap(), two.unwrap()].into_iter().collect();
        assert_eq!(permits.iter().filter(|p| p.is_ok()).count(), 1);
        assert!(permits.iter().any(|p| p.as_ref().err() == Some(&DialRefused::NotHeld)));
        let permit = permits.into_iter().find_map(Result::ok).unwrap();
        let next = store.end_attempt(permit, attempt("t1"), NOW).await.unwrap();
        assert_eq!(dial(&claim).await.unwrap().unwrap_err(), DialRefused::NotHeld);
        assert!(dial(&next).await.unwrap().is_ok());
        assert_eq!(store.release(next, NOW).await, Err(StoreError::NotHeld), "only before a dial");
    }
}

/// "Nothing is dialled after `expires_at`, however long it waited; it ends as `expired`" (§7.4).
#[tokio::test]
async fn nothing_is_dialled_at_or_after_its_deadline() {
    for bench in benches() {
        let store = bench.open();
        for id in ["dial", "queued", "waiting", "claimed", "up"] {
            submit(&store, id, "").await;
        }
        let end = later(120_000);
        let mut claims = claim(&store, 5, NOW).await;
        claims.sort_by_key(|c| c.job.key.id.clone());
        let [claimed, dial, queued, up, waiting] = claims.try_into().unwrap();
        let permit = store.begin_dial(&up, leg(RecordStage::Inviting, 1), later(119_999)).await;
        assert!(permit.unwrap().is_ok());
        let refused = store.begin_dial(&dial, leg(RecordStage::Inviting, 1), end).await.unwrap();
        assert_eq!(refused.unwrap_err(), DialRefused::Expired);
        store.release(queued, NOW).await.unwrap();
        store.release(waiting, later(900_000)).await.unwrap();
        assert!(claim(&store, 0, later(119_999)).await.is_empty());
        assert_eq!(store.expire(later(119_999)).await, Ok(0));
        assert!(claim(&store, 9, end).await.is_empty());
        let refused = store.begin_dial(&claimed, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert_eq!(refused.unwrap_err(), DialRefused::Expired);
        let mut ended = outbox(&store, &core()).await;
        ended.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            ended,
            ["claimed", "dial", "queued", "waiting"].map(|id| (id.to_owned(), Reason::Expired))
        );
        assert_eq!(state(&store, "up").await, Progress::Dialling, "a call that is up goes on");
        assert_eq!((store.depth(), store.expire(later(u64::from(u32::MAX))).await), (0, Ok(0)));
    }
}

/// "A job found after a crash with a permit and no outcome ends as `outcome_unknown`; it is never
/// dialled again" (§7.2), and its legs are known in the order in which they were noted.
#[tokio::test]
async fn a_dialled_job_is_an_orphan_after_a_restart_until_it_is_finished() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim_a = claim_one(&store).await;
        let permit = store.begin_dial(&claim_a, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        let permit = permit.unwrap();
        store.note_leg(&permit, leg(RecordStage::Inviting, 2)).durable().await.unwrap();
        drop(store.note_leg(&permit, leg(answered(), 2)));
        assert!(store.orphans().await.unwrap().is_empty(), "a call of this run is no orphan");
        drop(store);
        for _ in 0..2 {
            let store = bench.open();
            assert!(claim(&store, 9, NOW).await.is_empty());
            let orphans = store.orphans().await.unwrap();
            let legs = [(RecordStage::Inviting, 1), (RecordStage::Inviting, 2), (answered(), 2)];
            assert_eq!(orphans[0].legs, legs.map(|(stage, cseq)| leg(stage, cseq)));
            assert_eq!(orphans[0].dialled_at, Some(NOW));
            let permit = orphans[0].permit.as_ref().unwrap();
            assert_eq!(permit.claim().job.to.e164(), "+14252345667");
        }
        let store = bench.open();
        let orphan = store.orphans().await.unwrap().remove(0);
        let permit = orphan.permit.unwrap();
        let claim_a = permit.claim();
        let told = result(claim_a, Reason::OutcomeUnknown, NOW);
        assert_eq!(store.finish(claim_a, told).await, Ok(Finished::Now));
        assert_eq!(outbox(&store, &core()).await, [("a".to_owned(), Reason::OutcomeUnknown)]);
        let late = store.note_leg(&permit, leg(answered(), 3)).durable().await;
        assert_eq!(late, Err(StoreError::NotHeld));
    }
}

/// The orphans as a restarted gateway meets them: whether the outcome is known, and the last CSeq.
async fn to_clean_up(store: &Store) -> Vec<(bool, u32)> {
    let orphans = store.orphans().await.unwrap();
    let told = |orphan: &Orphan| {
        let Some(LegRecord::Sip(last)) = orphan.legs.last() else { panic!("a dial without a leg") };
        (orphan.permit.is_none(), last.cseq)
    };
    let mut told: Vec<_> = orphans.iter().map(told).collect();
    told.sort_unstable();
    told
}

/// A process that dies during the farewell owes a BYE, though the verdict is told already: the phone
/// would stay connected until its owner notices.
#[tokio::test]
async fn a_leg_is_ended_after_a_crash_though_its_job_has_its_result() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim_a = claim_one(&store).await;
        let permit = store.begin_dial(&claim_a, leg(RecordStage::Inviting, 1), NOW).await.unwrap().unwrap();
        drop(store.note_leg(&permit, leg(answered(), 1)));
        store.finish(&claim_a, result(&claim_a, Reason::KeyPressed, NOW)).await.unwrap();
        assert_eq!(to_clean_up(&store).await, [], "this run ends its legs itself");
        drop(store);
        for _ in 0..2 {
            let store = bench.open();
            assert_eq!(to_clean_up(&store).await, [(true, 1)], "until it has been ended");
            assert!(claim(&store, 9, NOW).await.is_empty());
            assert_eq!(outbox(&store, &core()).await, [("a".to_owned(), Reason::KeyPressed)]);
        }
        let store = bench.open();
        let orphan = store.orphans().await.unwrap().remove(0);
        assert_eq!(orphan.legs, [leg(RecordStage::Inviting, 1), leg(answered(), 1)]);
        assert_eq!(orphan.dialled_at, Some(NOW), "how long its phone may ring or talk yet");
        store.leg_over(orphan.dial);
        drop(store);
        assert_eq!(to_clean_up(&bench.open()).await, []);
    }
}

/// A second `kill -9` during the clean-up must not lose what the first one left.
#[tokio::test]
async fn an_orphan_that_is_finished_keeps_its_leg_until_it_has_been_ended() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim_a = claim_one(&store).await;
        assert!(store.begin_dial(&claim_a, leg(RecordStage::Inviting, 1), NOW).await.unwrap().is_ok());
        drop(store);
        let store = bench.open();
        let orphan = store.orphans().await.unwrap().remove(0);
        let claim_a = orphan.permit.as_ref().unwrap().claim();
        store.finish(claim_a, result(claim_a, Reason::OutcomeUnknown, NOW)).await.unwrap();
        drop(store);
        let store = bench.open();
        assert_eq!(to_clean_up(&store).await, [(true, 1)]);
        store.leg_over(orphan.dial);
        assert_eq!(to_clean_up(&store).await, [], "in order with what was asked before");
    }
}

/// The leg of an ended attempt may still wait for its BYE's answer while the next one is dialled.
#[tokio::test]
async fn each_dial_of_a_job_has_a_leg_of_its_own() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let first = claim_one(&store).await;
        let one = store.begin_dial(&first, leg(RecordStage::Inviting, 1), NOW).await.unwrap().unwrap();
        let first_dial = one.dial();
        let next = store.end_attempt(one, attempt("t1"), NOW).await.unwrap();
        drop(store);
        let store = bench.open();
        assert_eq!(to_clean_up(&store).await, [(true, 1)]);
        let again = claim_one(&store).await;
        assert_eq!(again.attempts, next.attempts, "a leg to be ended does not hold the job back");
        let two = store.begin_dial(&again, leg(RecordStage::Inviting, 2), NOW).await.unwrap().unwrap();
        assert_ne!(two.dial(), first_dial);
        drop(store);
        let store = bench.open();
        assert_eq!(to_clean_up(&store).await, [(false, 2), (true, 1)]);
        store.leg_over(first_dial);
        assert_eq!(to_clean_up(&store).await, [(false, 2)]);
    }
}

/// A leg whose end nobody saw must not keep its number for ever.
#[tokio::test]
async fn what_is_kept_of_a_leg_goes_a_day_after_its_job() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim_a = claim_one(&store).await;
        assert!(store.begin_dial(&claim_a, leg(RecordStage::Inviting, 1), NOW).await.unwrap().is_ok());
        assert_eq!(store.prune(later(DAY_MS + 1)).await, Ok(0), "it is up");
        store.finish(&claim_a, result(&claim_a, Reason::Busy, NOW)).await.unwrap();
        assert_eq!(store.prune(later(DAY_MS)).await, Ok(0));
        assert_eq!(store.prune(later(DAY_MS + 1)).await, Ok(1));
        assert!(!on_disk(&bench, "2345667"));
        drop(store);
        assert_eq!(to_clean_up(&bench.open()).await, []);
    }
}

#[tokio::test]
async fn a_dial_with_endless_forks_keeps_a_bounded_record_and_the_latest_leg() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim = claim_one(&store).await;
        let permit = store.begin_dial(&claim, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        let permit = permit.unwrap();
        for cseq in 2..=200 {
            drop(store.note_leg(&permit, leg(answered(), cseq)));
        }
        drop(store);
        let orphan = bench.open().orphans().await.unwrap().remove(0);
        assert_eq!(orphan.legs.len(), 32);
        assert_eq!(orphan.legs[0], leg(RecordStage::Inviting, 1));
        assert_eq!(orphan.legs[31], leg(answered(), 200));
    }
}

/// "finish(claim, result): terminal state + outbox, atomic, idempotent"
#[tokio::test]
async fn a_job_has_one_result_and_the_first_one_stands() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim = claim_one(&store).await;
        let permit = store.begin_dial(&claim, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        let first = result(&claim, Reason::KeyPressed, later(7));
        assert_eq!(store.finish(&claim, first.clone()).await, Ok(Finished::Now));
        let second = store.finish(&claim, result(&claim, Reason::HungUp, later(9))).await;
        assert_eq!(second, Ok(Finished::Already(Box::new(first))));
        assert_eq!(outbox(&store, &core()).await, [("a".to_owned(), Reason::KeyPressed)]);
        let ended = store.end_attempt(permit.unwrap(), attempt("t1"), NOW).await;
        assert_eq!(ended.unwrap_err(), StoreError::NotHeld, "the permit was closed with the job");
    }
}

#[tokio::test]
async fn a_stale_claim_cannot_finish_the_job_of_the_next_holder() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let old = claim_one(&store).await;
        store.release(old.clone(), NOW).await.unwrap();
        let new = claim_one(&store).await;
        let told = store.finish(&old, result(&old, Reason::Internal, NOW)).await;
        assert_eq!(told, Err(StoreError::NotHeld));
        assert_eq!(store.finish(&new, result(&new, Reason::Busy, NOW)).await, Ok(Finished::Now));
    }
}

/// "cancel works also while it rings" (contract §6).
#[tokio::test]
async fn a_withdrawn_job_ends_at_once_or_its_holder_is_told() {
    for bench in benches() {
        let store = bench.open();
        for id in ["queued", "claimed", "up"] {
            submit(&store, id, &format!(r#","priority":{}"#, 9 - id.len())).await;
        }
        assert_eq!(store.cancel(key("nobody"), NOW).await, Ok(Cancelled::NotFound));
        let up = claim_one(&store).await;
        let permit = store.begin_dial(&up, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert!(permit.is_ok());
        let mut two = claim(&store, 2, NOW).await;
        assert_eq!(ids(&two), ["queued", "claimed"]);
        store.release(two.remove(0), NOW).await.unwrap();

        let Ok(Cancelled::Finished(view)) = store.cancel(key("queued"), NOW).await else {
            panic!("a queued job ends at once")
        };
        assert_eq!(view.state, Progress::Finished);
        assert_eq!(view.result.unwrap().reason, Reason::Cancelled);
        assert!(matches!(store.cancel(key("queued"), NOW).await, Ok(Cancelled::Already(_))));

        assert!(matches!(store.cancel(key("claimed"), NOW).await, Ok(Cancelled::Finished(_))));
        assert_eq!(store.cancelled().await, key("claimed"), "its holder drops it");
        let refused = store.begin_dial(&two[0], leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert_eq!(refused.unwrap_err(), DialRefused::Cancelled);

        let waiting = store.clone();
        let told = tokio::spawn(async move { waiting.cancelled().await });
        let Ok(Cancelled::Asked(view)) = store.cancel(key("up"), NOW).await else {
            panic!("a call that is up is its holder's to end")
        };
        assert_eq!((view.state, view.result), (Progress::Dialling, None));
        assert_eq!(told.await.unwrap(), key("up"));
        store.finish(&up, result(&up, Reason::Cancelled, NOW)).await.unwrap();
        assert_eq!((outbox(&store, &core()).await.len(), store.depth()), (3, 0));
    }
}

async fn finish_all(store: &Store, names: &[&str]) {
    for name in names {
        let (tenant, id) = name.split_once('/').unwrap_or(("acme", name));
        submit(store, id, &format!(r#","tenant":"{tenant}""#)).await;
        let claim = claim_one(store).await;
        store.finish(&claim, result(&claim, Reason::Busy, NOW)).await.unwrap();
    }
}

async fn names(store: &Store, consumer: &Consumer, limit: usize) -> (Vec<String>, Vec<Cursor>) {
    let results = store.results(consumer, limit, Duration::ZERO).await.unwrap();
    results.into_iter().map(|p| (p.result.job, p.cursor)).unzip()
}

/// "in order, long poll; a new consumer starts at the oldest kept; all up to that cursor are done;
/// cursors are opaque and durable" (contract §6).
#[tokio::test]
async fn a_consumer_that_dies_goes_on_where_it_acknowledged() {
    for bench in benches() {
        let store = bench.open();
        finish_all(&store, &["a", "b", "c", "d"]).await;
        let (seen, cursors) = names(&store, &core(), 3).await;
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(names(&store, &core(), 1).await.0, ["a"], "not acknowledged, so again");
        store.ack(&core(), cursors[1].clone()).await.unwrap();
        store.ack(&core(), cursors[0].clone()).await.unwrap();
        drop(store);
        let store = bench.open();
        assert_eq!(names(&store, &core(), 9).await.0, ["c", "d"], "a late ack brings nothing back");
        let new = Consumer::new(None, "audit").unwrap();
        assert_eq!(names(&store, &new, 9).await.0, ["a", "b", "c", "d"]);
        let kept = Cursor::from_text(&cursors[2].to_string());
        store.ack(&core(), kept).await.unwrap();
        assert_eq!(names(&store, &core(), 9).await.0, ["d"]);
    }
}

#[tokio::test]
async fn a_cursor_of_no_result_is_refused() {
    for bench in benches() {
        let store = bench.open();
        finish_all(&store, &["a"]).await;
        for text in ["", "1", "e2", "e7fffffffffffffff", "x1"] {
            let acked = store.ack(&core(), Cursor::from_text(text)).await;
            assert_eq!(acked, Err(StoreError::BadCursor), "{text}");
        }
        assert_eq!(names(&store, &core(), 9).await.0, ["a"]);
    }
}

#[tokio::test]
async fn a_tenants_consumer_sees_its_own_results_only() {
    for bench in benches() {
        let store = bench.open();
        finish_all(&store, &["acme/a", "other/b", "acme/c"]).await;
        let of = |tenant| Consumer::new(Some(tenant), "core").unwrap();
        assert_eq!(names(&store, &of("acme"), 9).await.0, ["a", "c"]);
        let (seen, cursors) = names(&store, &of("other"), 9).await;
        assert_eq!(seen, ["b"]);
        store.ack(&of("other"), cursors[0].clone()).await.unwrap();
        assert_eq!(names(&store, &of("other"), 9).await.0, Vec::<String>::new());
        assert_eq!(names(&store, &of("acme"), 9).await.0, ["a", "c"]);
        assert_eq!(names(&store, &core(), 9).await.0, ["a", "b", "c"]);
    }
}

#[tokio::test]
async fn a_long_poll_answers_when_a_result_is_durable_and_when_its_time_is_over() {
    for bench in benches() {
        let store = bench.open();
        let waiting = store.clone();
        let poll = tokio::spawn(async move {
            waiting.results(&core(), 9, Duration::from_secs(600)).await.unwrap().len()
        });
        finish_all(&store, &["a"]).await;
        assert_eq!(poll.await.unwrap(), 1);
        let other = Consumer::new(Some("nobody"), "core").unwrap();
        let none = store.results(&other, 9, Duration::from_millis(5)).await;
        assert_eq!(none, Ok(Vec::new()));
    }
}

#[tokio::test]
async fn made_up_consumers_are_bounded() {
    for bench in benches() {
        let store = bench.open();
        let mut told = Ok(Vec::new());
        for n in 0..65 {
            let consumer = Consumer::new(None, &format!("c{n}")).unwrap();
            told = store.results(&consumer, 1, Duration::ZERO).await;
        }
        assert_eq!(told, Err(StoreError::TooManyConsumers));
    }
}

const DAY_MS: u64 = 24 * 3600 * 1000;

/// "results are kept until acknowledged by every consumer or for `results_days`, whichever is
/// first"; ids are kept 7 days.
#[tokio::test]
async fn results_and_ids_go_when_they_are_done_with_and_not_before() {
    for bench in benches() {
        let store = bench.open_with(|s| s.results_kept = Duration::from_secs(2 * 24 * 3600));
        finish_all(&store, &["acme/a", "other/b"]).await;
        let slow = Consumer::new(Some("acme"), "slow").unwrap();
        assert_eq!(names(&store, &slow, 9).await.0, ["a"]);
        let (_, cursors) = names(&store, &core(), 9).await;
        store.ack(&core(), cursors[1].clone()).await.unwrap();
        assert_eq!(store.prune(NOW).await, Ok(1), "the other tenant's, acknowledged by all");
        let fresh = Consumer::new(None, "fresh").unwrap();
        assert_eq!(names(&store, &fresh, 9).await.0, ["a"], "held for the slow consumer");
        assert_eq!(store.prune(later(2 * DAY_MS)).await, Ok(0));
        assert_eq!(store.prune(later(2 * DAY_MS + 1)).await, Ok(1), "its days have passed");
        assert!(names(&store, &fresh, 9).await.0.is_empty());
        assert_eq!(store.get(key("a")).await.unwrap().unwrap().state, Progress::Finished);
        assert!(matches!(store.submit(order("a", r#","tenant":"acme""#), NOW).await, Ok(Submitted::Same(_))));
        assert_eq!(store.prune(later(7 * DAY_MS)).await, Ok(0));
        assert_eq!(store.prune(later(7 * DAY_MS + 1)).await, Ok(2), "both ids");
        assert_eq!(store.get(key("a")).await, Ok(None));
        // Cursors never begin anew, so that an old acknowledgement cannot swallow a new result.
        finish_all(&store, &["z"]).await;
        assert_eq!(names(&store, &core(), 9).await.0, ["z"]);
    }
}

/// "Every queue and buffer has a bound; past it the producer is told" (§7.5).
#[tokio::test]
async fn past_its_bound_the_queue_says_so_and_takes_in_again_when_there_is_room() {
    for bench in benches() {
        let store = bench.open_with(|s| s.max_waiting = 3);
        let orders: Vec<_> = (0..8).map(|n| store.submit(order(&n.to_string(), ""), NOW)).collect();
        let mut taken = Vec::new();
        for one in orders {
            taken.push(one.await.unwrap());
        }
        assert_eq!(taken.iter().filter(|t| matches!(t, Submitted::New(_))).count(), 3);
        assert!(matches!(taken[7], Submitted::QueueFull { retry_after } if !retry_after.is_zero()));
        let again = store.submit(order("0", ""), NOW).await.unwrap();
        assert!(matches!(again, Submitted::Same(_)), "what is in is in, full or not");
        claim_one(&store).await;
        submit(&store, "9", "").await;
    }
}

#[tokio::test]
async fn a_jobs_state_is_its_last_event_and_lists_are_told_in_pages() {
    for bench in benches() {
        let store = bench.open();
        for id in ["a", "b", "c", "d", "e"] {
            submit(&store, id, "").await;
        }
        let up = claim_one(&store).await;
        assert_eq!(state(&store, "a").await, Progress::Queued);
        let permit = store.begin_dial(&up, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        assert!(permit.is_ok());
        store.progress(&key("a"), Progress::Ringing, NOW);
        store.progress(&key("b"), Progress::Ringing, NOW);
        assert_eq!(state(&store, "a").await, Progress::Ringing);
        assert_eq!(state(&store, "b").await, Progress::Queued, "nobody holds it");
        let done = claim_one(&store).await;
        store.finish(&done, result(&done, Reason::Busy, NOW)).await.unwrap();

        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = store.list(ListFilter::default(), after, 2).await.unwrap();
            assert!(page.jobs.len() <= 2);
            seen.extend(page.jobs.into_iter().map(|job| job.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
        for (wanted, expected) in [
            (Progress::Ringing, vec!["a"]),
            (Progress::Finished, vec!["b"]),
            (Progress::Queued, vec!["c", "d", "e"]),
        ] {
            let filter = ListFilter { tenant: Some("acme".into()), state: Some(wanted) };
            let page = store.list(filter, None, 9).await.unwrap();
            assert_eq!(page.jobs.iter().map(|j| j.id.as_str()).collect::<Vec<_>>(), expected);
        }
        let filter = ListFilter { tenant: Some("other".into()), state: None };
        assert!(store.list(filter, None, 9).await.unwrap().jobs.is_empty());
        let bad = store.list(ListFilter::default(), Some(Cursor::from_text("x")), 9).await;
        assert_eq!(bad, Err(StoreError::BadCursor));
    }
}

/// "A second gateway on the same store: refused, named."
#[tokio::test]
async fn a_second_gateway_on_the_same_store_is_refused_by_the_name_of_the_first() {
    for bench in benches() {
        let store = bench.open();
        let Err(refused) = (bench.open)(&settings(&bench.directory.0)) else {
            panic!("two gateways on one store")
        };
        let told = refused.to_string();
        let process = format!("process {}", std::process::id());
        assert!(matches!(refused, OpenError::Held { .. }));
        assert!(told.contains(&process) && told.contains("octothorpe-store"), "{told}");
        submit(&store, "a", "").await;
        drop(store);
        assert_eq!(bench.open().depth(), 1);
    }
}

/// "Erase secrets at terminal state": no file of the store holds the number once the job has ended and
/// its last leg is over.
#[tokio::test]
async fn the_number_is_gone_from_the_disk_after_the_end() {
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let claim = claim_one(&store).await;
        let permit = store.begin_dial(&claim, leg(RecordStage::Inviting, 1), NOW).await.unwrap();
        let permit = permit.unwrap();
        store.leg_over(permit.dial());
        let next = store.end_attempt(permit, attempt("t1"), NOW).await.unwrap();
        let permit = store.begin_dial(&next, leg(RecordStage::Inviting, 2), NOW).await.unwrap().unwrap();
        store.finish(&next, result(&next, Reason::Busy, NOW)).await.unwrap();
        store.prune(NOW).await.unwrap();
        assert!(on_disk(&bench, "2345667"), "a BYE may still be owed");
        store.leg_over(permit.dial());
        store.prune(NOW).await.unwrap();
        assert!(!on_disk(&bench, "2345667"));
        assert!(on_disk(&bench, "+1********67"), "the result stays, masked");
    }
}

fn on_disk(bench: &Bench, text: &str) -> bool {
    let files = std::fs::read_dir(&bench.directory.0).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test]
async fn the_store_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    for bench in benches() {
        let store = bench.open();
        submit(&store, "a", "").await;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(mode(&bench.directory.0), 0);
        for file in std::fs::read_dir(&bench.directory.0).unwrap() {
            let path = file.unwrap().path();
            let holds_jobs = path.file_name().unwrap().to_string_lossy().starts_with("store");
            assert!(!holds_jobs || mode(&path) == 0, "{}", path.display());
        }
    }
}

/// Many producers at once: each answer is right, and none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_producers_at_once_lose_nothing() {
    for bench in benches() {
        let store = bench.open();
        let producers = (0..100).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                for k in 0..20 {
                    submit(&store, &format!("{n}-{k}"), "").await;
                }
            })
        });
        for producer in producers.collect::<Vec<_>>() {
            producer.await.unwrap();
        }
        assert_eq!(store.depth(), 2000);
        let mut claimed = Vec::new();
        while claimed.len() < 2000 {
            claimed.extend(ids(&claim(&store, 700, NOW).await));
        }
        claimed.sort();
        claimed.dedup();
        assert_eq!(claimed.len(), 2000, "none was handed out twice");
        assert!(claim(&store, 1, UnixMs(NOW.0)).await.is_empty());
    }
}

/// What another room has to remember is durable no later than the permit that was asked for after it,
/// comes back greatest key first, and goes when it may be forgotten.
#[tokio::test]
async fn what_is_kept_for_others_is_durable_with_the_next_permit() {
    let row = |key: u8, until_ms: u64, text: &str| Keep {
        kind: 1,
        key: vec![key],
        until: later(until_ms),
        record: (!text.is_empty()).then(|| text.as_bytes().to_vec()),
    };
    for bench in benches() {
        let store = bench.open();
        let secret = store.secret("limits");
        submit(&store, "a", "").await;
        let claim = claim_one(&store).await;
        store.keep(vec![row(1, 1_000, "one"), row(2, 9_000, "two"), row(3, 9_000, "three")]);
        store.begin_dial(&claim, leg(RecordStage::Inviting, 1), NOW).await.unwrap().unwrap();
        drop((claim, store));
        let store = bench.open();
        assert_eq!((store.secret("limits"), store.secret("else") == secret), (secret, false));
        let kept = |store: Store, before: Option<Vec<u8>>, limit: usize| async move {
            let rows = store.kept(1, before, limit).await.unwrap();
            rows.into_iter().map(|row| String::from_utf8(row.record).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(kept(store.clone(), None, 2).await, ["three", "two"]);
        assert_eq!(kept(store.clone(), Some(vec![2]), 2).await, ["one"]);
        store.keep_now(vec![row(3, 9_000, ""), row(2, 9_000, "more")]).await.unwrap();
        store.prune(later(5_000)).await.unwrap();
        assert_eq!(kept(store.clone(), None, 9).await, ["more"]);
        assert_eq!(store.kept(2, None, 9).await.unwrap(), []);
    }
}
