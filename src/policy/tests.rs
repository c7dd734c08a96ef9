//! The limits as people and attackers meet them, on a virtual clock.

use std::time::Duration;

use serde_json::{Value, json};

use super::engine::{End, Engine};
use super::refusal::Refusal;
use super::{BlockFilter, BlockKind, BlockOrder, Change, Kind, ListDefaults, Settings, Ticket};
use crate::config::{
    ConfirmKey, Money, Opening, PolicyConfig, QuietHours, Rate, Rates, Rule, Tenant, Tenants,
};
use crate::job::{Job, ModeKind, UnixMs};
use crate::reason::Reason;

mod blocks;
mod extensions;
mod pins;

/// 2026-11-22T12:00:00Z.
const NOON: UnixMs = UnixMs(1_795_348_800_000);
const ANN: &str = "+14252345667";

fn s(seconds: u64) -> UnixMs {
    NOON.plus(Duration::from_secs(seconds))
}

fn policy() -> PolicyConfig {
    PolicyConfig {
        countries: ["US", "CA", "GB", "DE", "FR", "IT", "ES", "LV"].map(|r| Opening::Region(r.into())).into(),
        test_prefixes: vec!["+1999".into()],
        ..PolicyConfig::default()
    }
}

fn engine() -> Engine {
    Engine::new(policy().into(), &[7; 32], 1)
}

fn engine_of(policy: PolicyConfig, tenants: Vec<Tenant>) -> Engine {
    Engine::new(Settings::new(policy, Tenants::new(tenants), Rates::default()), &[7; 32], 1)
}

fn job(order: Value) -> Job {
    Job::read(order.to_string().as_bytes(), "default", NOON, 1).unwrap()
}

fn order(to: &str, user: &str) -> Job {
    job(json!({"to": to, "user": user}))
}

/// Admits, dials and ends one call.
fn call(engine: &mut Engine, job: &Job, reason: Reason, at: UnixMs) -> Result<(), Refusal> {
    let mut ticket = engine.admit(job, at)?;
    engine.dialled(&mut ticket);
    engine.ended(&mut ticket, &End { reason, rung: true, up: Duration::from_secs(20) });
    engine.over(ticket);
    Ok(())
}

fn refused(result: Result<(), Refusal>) -> Refusal {
    result.expect_err("it must be refused")
}

/// "Support tells people to try five times in five minutes: the first five ring whatever they end with."
#[test]
fn five_tries_in_five_minutes_ring_and_the_sixth_is_told_when_to_come_again() {
    for reason in [Reason::NoInput, Reason::HungUp, Reason::NoAnswer] {
        let mut engine = engine();
        for n in 0..5 {
            call(&mut engine, &order(ANN, "ann"), reason, s(n * 55)).unwrap();
        }
        let refusal = refused(call(&mut engine, &order(ANN, "ann"), reason, s(275)));
        assert_eq!(refusal.reason, Reason::Throttled, "{reason:?}");
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(25)));
    }
}

#[test]
fn a_user_with_many_numbers_and_a_number_with_many_users_are_both_held() {
    let (mut by_user, mut by_number) = (engine(), engine());
    for n in 0..5_u64 {
        let number = format!("+1425234{:04}", 5000 + n);
        call(&mut by_user, &order(&number, "ann"), Reason::Busy, s(n)).unwrap();
        call(&mut by_number, &order(ANN, &format!("user-{n}")), Reason::Busy, s(n)).unwrap();
    }
    assert_eq!(refused(call(&mut by_user, &order(ANN, "ann"), Reason::Busy, s(9))).reason, Reason::Throttled);
    assert_eq!(refused(call(&mut by_number, &order(ANN, "x"), Reason::Busy, s(9))).reason, Reason::Throttled);
    // Another tenant's user of the same name is somebody else.
    let other = job(json!({"to": ANN, "user": "ann", "tenant": "other"}));
    call(&mut by_user, &other, Reason::KeyPressed, s(9)).unwrap();
}

/// Only jobs that were dialled count, and no failure of ours holds anybody back.
#[test]
fn what_did_not_ring_by_our_fault_counts_for_nobody() {
    let mut engine = engine();
    for n in 0..20 {
        let mut ticket = engine.admit(&order(ANN, "ann"), s(n)).unwrap();
        if n % 2 == 0 {
            let kept = engine.dialled(&mut ticket);
            let end = End { reason: Reason::TrunkFailed, rung: false, up: Duration::ZERO };
            let dropped = engine.ended(&mut ticket, &end);
            assert_eq!((kept[0].key.clone(), dropped[0].record.clone()), (dropped[0].key.clone(), None));
        }
        engine.over(ticket);
    }
}

/// One press never settles two jobs: across tenants one call at a time to a number.
#[test]
fn a_number_that_is_being_called_is_in_progress_until_the_call_is_over() {
    let mut engine = engine();
    let ticket = engine.admit(&order(ANN, "ann"), s(0)).unwrap();
    let other = job(json!({"to": ANN, "user": "bob", "tenant": "other"}));
    let refusal = engine.admit(&other, UnixMs(NOON.0 + 50)).unwrap_err();
    assert_eq!(refusal.reason, Reason::InProgress);
    assert!(refusal.retry_after.unwrap() >= Duration::from_secs(5), "{refusal:?}");
    engine.over(ticket);
    assert!(engine.admit(&other, s(1)).is_ok());
}

/// "One call at a time to a number": the phone may ring on though the process that rang it has died.
#[test]
fn a_number_that_an_earlier_process_called_is_held_until_its_call_must_be_over() {
    let hold = |seconds| {
        let mut engine = engine();
        engine.hold(&order(ANN, "ann").to, Duration::from_secs(seconds), s(0));
        engine
    };
    let mut held = hold(150);
    let refusal = held.admit(&order(ANN, "bob"), s(30)).unwrap_err();
    assert_eq!((refusal.reason, refusal.retry_after), (Reason::InProgress, Some(Duration::from_secs(120))));
    assert!(held.admit(&order("+14252345668", "bob"), s(30)).is_ok(), "nobody else is held");
    held.sweep(s(149));
    assert!(held.admit(&order(ANN, "bob"), s(149)).is_err());
    let ticket = held.admit(&order(ANN, "bob"), s(150)).unwrap();
    // What the far end says late of the old call frees nothing of the new one.
    held.let_go(&order(ANN, "ann").to);
    held.sweep(s(151));
    assert_eq!(held.admit(&order(ANN, "eve"), s(152)).unwrap_err().reason, Reason::InProgress);
    held.over(ticket);
    let mut told = hold(150);
    told.let_go(&order(ANN, "ann").to);
    assert!(told.admit(&order(ANN, "bob"), s(1)).is_ok(), "the far end has said that it is over");
}

#[test]
fn a_lab_number_counts_in_no_limit_but_is_called_once_at_a_time() {
    let mut engine = engine();
    for n in 0..100 {
        call(&mut engine, &order("+19995550100", "ann"), Reason::NoAnswer, s(n)).unwrap();
    }
    let ticket = engine.admit(&order("+19995550100", "ann"), s(100)).unwrap();
    assert_eq!(engine.admit(&order("+19995550100", "bob"), s(100)).unwrap_err().reason, Reason::InProgress);
    engine.over(ticket);
}

#[test]
fn one_address_calls_sixty_times_in_ten_minutes_and_into_five_countries_a_day() {
    let from = |to: &str, address: &str| job(json!({"to": to, "client_ip": address}));
    let (rates, _) = Rates::read("1,0.01,6\n", std::path::Path::new("rates.csv"));
    let mut engine = Engine::new(Settings::new(policy(), Tenants::default(), rates), &[7; 32], 1);
    for n in 0..60_u64 {
        let number = format!("+1425234{:04}", 5000 + n);
        call(&mut engine, &from(&number, "2001:db8::1"), Reason::Busy, s(n)).unwrap();
    }
    let sixty_first = from("+14252346000", "2001:db8::ffff");
    assert_eq!(refused(call(&mut engine, &sixty_first, Reason::Busy, s(60))).reason, Reason::Throttled);
    let elsewhere = from("+14252346000", "2001:db8:0:1::1");
    call(&mut engine, &elsewhere, Reason::Busy, s(60)).unwrap();

    let world =
        ["+442079460958", "+4930123456", "+33123456789", "+390612345678", "+34912345678", "+37167012345"];
    for (n, to) in (0..).zip(&world[..5]) {
        call(&mut engine, &from(to, "192.0.2.1"), Reason::Busy, s(n)).unwrap();
    }
    let sixth = refused(call(&mut engine, &from(world[5], "192.0.2.1"), Reason::Busy, s(9)));
    assert_eq!(sixth.retry_after, Some(Duration::from_secs(86_400 - 9)));
    let mut listed = policy();
    listed.limits.address_exempt = vec!["192.0.2.0/24".parse().unwrap()];
    engine.configure(listed.into());
    call(&mut engine, &from(world[5], "192.0.2.1"), Reason::Busy, s(9)).unwrap();
}

/// MFA fatigue: after five unanswered calls in a row only a challenge rings the phone.
#[test]
fn after_unanswered_calls_in_a_row_only_a_challenge_is_allowed() {
    let mut engine = engine();
    for n in 0..5 {
        call(&mut engine, &order(ANN, "ann"), Reason::NoAnswer, s(n * 60)).unwrap();
    }
    let refusal = refused(call(&mut engine, &order(ANN, "ann"), Reason::NoAnswer, s(600)));
    assert_eq!(refusal.reason, Reason::MethodNotAllowed);
    assert_eq!(refusal.allowed_modes, [ModeKind::Challenge]);
}

/// A restart forgets nothing: the rows of the dialled calls are what the limits stand on.
#[test]
fn limits_outlive_the_process() {
    let mut engine = engine();
    let mut rows: std::collections::BTreeMap<Vec<u8>, Change> = std::collections::BTreeMap::new();
    for n in 0..5 {
        let mut ticket: Ticket = engine.admit(&order(ANN, "ann"), s(n)).unwrap();
        for row in engine.dialled(&mut ticket) {
            rows.insert(row.key.clone(), row);
        }
        let end = End { reason: Reason::NoAnswer, rung: true, up: Duration::ZERO };
        // The process dies before the end of the last call is durable.
        if n < 4 {
            for row in engine.ended(&mut ticket, &end) {
                rows.insert(row.key.clone(), row);
            }
        }
        engine.over(ticket);
    }
    let text =
        String::from_utf8(rows.values().flat_map(|row| row.record.clone().unwrap()).collect()).unwrap();
    assert!(!text.contains("2345667") && !text.contains("ann"), "{text}");
    let mut again = self::engine();
    for row in rows.values().rev() {
        assert_eq!(row.kind, Kind::Call);
        again.restore_call(row.record.as_ref().unwrap(), s(60));
    }
    let refusal = refused(call(&mut again, &order(ANN, "ann"), Reason::NoAnswer, s(60)));
    assert_eq!((refusal.reason, refusal.retry_after), (Reason::Throttled, Some(Duration::from_secs(240))));
}

#[test]
fn a_clock_that_is_set_back_holds_nobody_and_frees_nobody() {
    let mut engine = engine();
    for n in 0..5 {
        call(&mut engine, &order(ANN, "ann"), Reason::Busy, s(n)).unwrap();
    }
    let hour_back = |seconds: u64| UnixMs(s(seconds).0 - 3_600_000);
    let refusal = refused(call(&mut engine, &order(ANN, "ann"), Reason::Busy, hour_back(4)));
    assert!(refusal.retry_after.unwrap() <= Duration::from_secs(300), "{refusal:?}");
    call(&mut engine, &order(ANN, "ann"), Reason::Busy, hour_back(320)).unwrap();
}

/// The verdicts of people's own calls from an address that they confirmed from before: not locked out.
#[test]
fn a_stranger_who_knows_the_name_locks_nobody_out() {
    let from = |address: &str| job(json!({"to": ANN, "user": "ann", "client_ip": address}));
    let (home, elsewhere) = (from("192.0.2.7"), from("198.51.100.1"));
    let mut engine = engine();
    call(&mut engine, &home, Reason::KeyPressed, s(0)).unwrap();
    let night = 50_000;
    let rung =
        (0..100).filter(|n| call(&mut engine, &elsewhere, Reason::NoAnswer, s(night + n * 120)).is_ok());
    assert_eq!(rung.count(), 5, "then only a challenge is allowed");
    call(&mut engine, &home, Reason::KeyPressed, s(night + 100 * 120 + 600)).unwrap();
}

#[test]
fn a_tenants_rule_asks_for_more_at_the_third_call_in_ten_minutes() {
    let rule = Rule {
        countries: Vec::new(),
        calls: Some(Rate::new(3, 600)),
        modes: vec!["challenge", "pin"],
        confirm_key: Some(ConfirmKey::Spoken),
    };
    let abroad = Rule {
        countries: vec![Opening::Region("LV".into())],
        calls: None,
        modes: vec!["pin"],
        confirm_key: None,
    };
    let tenant = Tenant { rules: vec![rule, abroad], ..Tenant::plain("default") };
    let mut engine = engine_of(policy(), vec![tenant]);
    let ann = order(ANN, "ann");
    assert_eq!(engine.confirm_key(&ann, s(0)), ConfirmKey::Hash);
    call(&mut engine, &ann, Reason::KeyPressed, s(0)).unwrap();
    call(&mut engine, &ann, Reason::KeyPressed, s(60)).unwrap();
    let refusal = refused(call(&mut engine, &ann, Reason::KeyPressed, s(120)));
    assert_eq!(refusal, Refusal::method(vec![ModeKind::Challenge, ModeKind::Pin]));
    assert_eq!(engine.confirm_key(&ann, s(120)), ConfirmKey::Spoken);
    call(&mut engine, &ann, Reason::KeyPressed, s(661)).unwrap();
    let abroad = refused(call(&mut engine, &order("+37167012345", "bob"), Reason::KeyPressed, s(0)));
    assert_eq!(abroad, Refusal::method(vec![ModeKind::Pin]));
}

#[test]
fn a_tenant_without_a_file_goes_by_the_default_one_or_is_refused() {
    let strict = Tenant { modes: vec!["pin"], ..Tenant::plain("default") };
    let other = || job(json!({"to": ANN, "tenant": "other"}));
    let mut engine = engine_of(policy(), vec![strict]);
    assert_eq!(refused(call(&mut engine, &other(), Reason::KeyPressed, s(0))).allowed_modes, [ModeKind::Pin]);
    let mut engine = engine_of(PolicyConfig { refuse_unknown_tenants: true, ..policy() }, Vec::new());
    let refusal = refused(call(&mut engine, &other(), Reason::KeyPressed, s(0)));
    assert_eq!(refusal.reason, Reason::JobInvalid);
    assert!(refusal.message.unwrap().contains("tenant"));
    call(&mut engine, &order(ANN, "ann"), Reason::KeyPressed, s(0)).unwrap();
}

#[test]
fn quiet_hours_hold_at_night_and_say_until_when() {
    let night = QuietHours { from_min: 22 * 60, to_min: 7 * 60 };
    let mut engine = engine_of(PolicyConfig { quiet_hours: Some(night), ..policy() }, Vec::new());
    let berlin = order("+4930123456", "ann");
    call(&mut engine, &berlin, Reason::KeyPressed, s(0)).unwrap();
    // 23:30 in Berlin.
    let refusal = refused(call(&mut engine, &berlin, Reason::KeyPressed, s(10 * 3_600 + 1_800)));
    assert_eq!(refusal.reason, Reason::QuietHours);
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(7 * 3_600 + 1_800)));
    assert_eq!(refusal.allowed_modes, [ModeKind::Challenge]);
    call(&mut engine, &order(ANN, "bob"), Reason::KeyPressed, s(10 * 3_600 + 1_800)).unwrap();
}

#[test]
fn a_tenant_that_has_spent_its_budget_waits_for_the_next_day() {
    let (rates, errors) = Rates::read("1,0.10,60\n", std::path::Path::new("rates.csv"));
    assert!(errors.is_empty());
    let policy = PolicyConfig { budget_per_day: Money::parse("0.5"), ..policy() };
    let mut engine = Engine::new(Settings::new(policy, Tenants::default(), rates), &[7; 32], 1);
    for n in 0..5_u64 {
        let number = format!("+1425234{:04}", 5000 + n);
        call(&mut engine, &order(&number, &format!("user-{n}")), Reason::KeyPressed, s(n)).unwrap();
    }
    let refusal = refused(call(&mut engine, &order(ANN, "ann"), Reason::KeyPressed, s(9)));
    assert_eq!(
        (refusal.reason, refusal.retry_after),
        (Reason::BudgetExceeded, Some(Duration::from_secs(43_191)))
    );
    call(&mut engine, &job(json!({"to": ANN, "tenant": "other"})), Reason::KeyPressed, s(9)).unwrap();
    call(&mut engine, &order(ANN, "ann"), Reason::KeyPressed, s(43_200)).unwrap();
}

/// IRSF: a range that nobody called before, numbers that nobody verifies. Those who verified are served.
#[test]
fn a_prefix_that_pumps_is_stopped_and_serves_whom_it_knows() {
    let mut engine = engine();
    let known = order("+37167010001", "old");
    call(&mut engine, &known, Reason::KeyPressed, s(0)).unwrap();
    let pumped = |n: u64| order(&format!("+3716701{:04}", 2000 + n), &format!("fake-{n}"));
    let stopped_at = (0..100).find(|n| call(&mut engine, &pumped(*n), Reason::NoInput, s(600 + n)).is_err());
    // The known one was new once, too.
    assert_eq!(stopped_at, Some(9));
    let alerts = engine.take_alerts();
    assert_eq!((alerts.len(), alerts[0].prefix.as_str()), (1, "3716701"));
    assert_eq!(
        refused(call(&mut engine, &pumped(200), Reason::NoInput, s(900))),
        Refusal::new(Reason::PrefixRisk)
    );
    call(&mut engine, &known, Reason::KeyPressed, s(900)).unwrap();
    let shown = engine.blocks(&BlockFilter::default(), None, 10, s(900)).0;
    assert_eq!(
        (shown.len(), shown[0].shown.as_str(), shown[0].actor.as_str()),
        (1, "+3716701", "octothorpe")
    );
    let lifted = engine.unblock(&shown[0].id, None, "ops", "a mistake", s(900)).unwrap();
    engine.apply(&lifted);
    call(&mut engine, &pumped(200), Reason::NoInput, s(901)).unwrap();
}

/// An office whose people register on one morning has many new numbers too: they verify.
#[test]
fn people_who_register_on_one_morning_are_no_pumping() {
    let mut engine = engine();
    for n in 0..500_u64 {
        let order = json!({"to": format!("+1425234{:04}", 2000 + n), "user": format!("u{n}"), "purpose": "registration"});
        let reason = if n % 5 == 0 { Reason::NoAnswer } else { Reason::KeyPressed };
        call(&mut engine, &job(order), reason, s(n * 6)).unwrap();
    }
}
