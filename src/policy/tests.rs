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

fn block(kind: BlockKind, value: &str, tenant: Option<&str>) -> BlockOrder {
    BlockOrder {
        kind,
        value: value.to_owned(),
        tenant: tenant.map(str::to_owned),
        reason: "abuse".to_owned(),
        actor: "ops".to_owned(),
        until: Some(s(1_000)),
    }
}

#[test]
fn each_kind_of_block_stops_whom_it_names_until_it_ends() {
    let ann = job(json!({"to": ANN, "user": "ann", "client_ip": "2001:db8::1"}));
    let bob = job(json!({"to": "+442079460958", "user": "bob", "client_ip": "192.0.2.1", "tenant": "other"}));
    for (kind, value, tenant, reason) in [
        (BlockKind::User, "ann", Some("default"), Reason::UserBlocked),
        (BlockKind::Number, "+1 (425) 234-5667", None, Reason::NumberBlocked),
        (BlockKind::Number, ANN, Some("default"), Reason::NumberBlocked),
        (BlockKind::Prefix, "+1425", None, Reason::PrefixRisk),
        (BlockKind::Tenant, "default", None, Reason::UserBlocked),
        (BlockKind::Network, "2001:db8::/32", Some("default"), Reason::UserBlocked),
    ] {
        let mut engine = engine();
        let blocking = engine.block(block(kind, value, tenant), s(0)).unwrap();
        engine.apply(&blocking);
        assert_eq!(refused(call(&mut engine, &ann, Reason::Busy, s(1))).reason, reason, "{kind:?}");
        call(&mut engine, &bob, Reason::Busy, s(1)).unwrap();
        let written = format!("{:?}", blocking.changes);
        assert!(!written.contains("2345667") && !written.contains("\"ann\""), "{written}");
        let filter = BlockFilter {
            kind: Some(kind),
            value: Some(value.to_owned()),
            tenant: tenant.map(str::to_owned),
        };
        assert_eq!(
            engine.blocks(&filter, None, 10, s(1)).0.len(),
            1,
            "{kind:?} is found by what it was ordered with"
        );
        call(&mut engine, &ann, Reason::Busy, s(1_000)).unwrap();
        let mut again = self::engine();
        again.restore_block(blocking.changes[0].record.as_ref().unwrap());
        assert_eq!(refused(call(&mut again, &ann, Reason::Busy, s(1))).reason, reason, "after a restart");
    }
}

#[test]
fn an_order_that_is_wrong_blocks_nobody_and_says_why() {
    let mut engine = engine();
    for (kind, value, tenant, words) in [
        (BlockKind::User, "ann", None, "name the tenant"),
        (BlockKind::User, "", Some("default"), "no user"),
        (BlockKind::Number, "4252345667", None, "+"),
        (BlockKind::Number, "hmac:12", None, "hmac:"),
        (BlockKind::Prefix, "371", None, "no prefix"),
        (BlockKind::Tenant, "other", Some("default"), "everybody"),
        (BlockKind::Tenant, "a tenant", None, "no tenant"),
        (BlockKind::Network, "192.0.2.0/33", None, "no IP network"),
    ] {
        let why = engine.block(block(kind, value, tenant), s(0)).unwrap_err();
        assert!(why.contains(words), "{kind:?} {value}: {why}");
    }
    let ended = BlockOrder { until: Some(s(0)), ..block(BlockKind::Prefix, "+371", None) };
    assert!(engine.block(ended, s(0)).unwrap_err().contains("passed"));
    let silent = BlockOrder { reason: " ".to_owned(), ..block(BlockKind::Prefix, "+371", None) };
    assert!(engine.block(silent, s(0)).unwrap_err().contains("reason"));
}

#[test]
fn a_report_of_fraud_blocks_the_tenants_user_and_number_for_ninety_days() {
    let mut engine = engine();
    let blocking = engine.block_for_fraud(&order(ANN, "ann"), s(0));
    engine.apply(&blocking);
    let days = |days: u64| s(days * 86_400);
    let other_number = order("+14252345668", "ann");
    assert_eq!(refused(call(&mut engine, &other_number, Reason::Busy, days(89))).reason, Reason::UserBlocked);
    assert_eq!(
        refused(call(&mut engine, &order(ANN, "bob"), Reason::Busy, days(89))).reason,
        Reason::NumberBlocked
    );
    call(&mut engine, &job(json!({"to": ANN, "tenant": "other"})), Reason::Busy, days(1)).unwrap();
    call(&mut engine, &order(ANN, "ann"), Reason::Busy, days(91)).unwrap();
}

/// "100,000 numbers from a block list with bad lines: told by line, the good ones taken only with
/// `--partial`; no half-made state."
#[test]
fn a_list_of_a_hundred_thousand_is_taken_whole_or_its_good_lines_on_request() {
    let mut list = String::from("value,reason\n");
    for n in 0..100_000 {
        list += &if n % 10_000 == 17 {
            "nonsense,x\n".to_owned()
        } else {
            format!("+1425{:07},abuse\n", 2_000_000 + n)
        };
    }
    let defaults = ListDefaults {
        kind: BlockKind::Number,
        tenant: None,
        reason: "list".to_owned(),
        actor: "ops".to_owned(),
        until: None,
    };
    let mut engine = engine();
    let reader = engine.list_reader();
    let read = |list: &str| reader.read(list, &defaults, s(0));
    let whole = engine.block_list(read(&list).unwrap(), false, s(0)).unwrap();
    assert!(whole.put.is_empty() && whole.changes.is_empty());
    assert_eq!(whole.bad.len(), 10);
    assert_eq!(whole.bad[0].line, 19);
    assert!(whole.bad[0].problem.contains('+'), "{:?}", whole.bad[0]);
    let partial = engine.block_list(read(&list).unwrap(), true, s(0)).unwrap();
    engine.apply(&partial);
    assert_eq!(partial.put.len(), 99_990);
    assert_eq!(
        refused(call(&mut engine, &order("+14252000123", "x"), Reason::Busy, s(1))).reason,
        Reason::NumberBlocked
    );
    let strange = "value;reason\n+14252345667;x\n";
    assert_eq!(engine.block_list(read(strange).unwrap(), false, s(0)).unwrap().bad.len(), 2);
    assert!(read("value,colour\n").unwrap_err().contains("colour"));
}

fn pin(to: &str, user: &str) -> Job {
    let verifier = json!({"algorithm": "hmac-sha256", "key_id": "pins",
        "tag": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="});
    job(json!({"to": to, "user": user, "mode": {"type": "pin", "verifier": verifier}}))
}

/// "Lock-out by tenant and user and by tenant and number across calls": three numbers, and a restart
/// between two tries frees nobody.
#[test]
fn wrong_pins_over_several_calls_lock_the_user_and_the_number() {
    let mut engine = engine();
    let ann = pin(ANN, "ann");
    let mut rows = std::collections::BTreeMap::new();
    for n in 0..5 {
        let (locked, changes) = engine.wrong_entry(&ann, s(n * 60));
        assert_eq!(locked, n == 4, "try {n}");
        rows.extend(changes.into_iter().map(|row| (row.key.clone(), row)));
    }
    let mut again = self::engine();
    for row in rows.values() {
        again.restore_lock(&row.key, row.record.as_ref().unwrap(), s(300));
    }
    for engine in [&mut engine, &mut again] {
        let refusal = refused(call(engine, &ann, Reason::PinMatched, s(300)));
        assert_eq!(
            (refusal.reason, refusal.retry_after),
            (Reason::PinLocked, Some(Duration::from_secs(3_540)))
        );
        // Her PIN by another phone, another's by her phone; but not another way to confirm.
        let other_phone = refused(call(engine, &pin("+14252345668", "ann"), Reason::PinMatched, s(301)));
        let other_user = refused(call(engine, &pin(ANN, "bob"), Reason::PinMatched, s(301)));
        assert_eq!((other_phone.reason, other_user.reason), (Reason::PinLocked, Reason::PinLocked));
        call(engine, &order(ANN, "ann"), Reason::KeyPressed, s(302)).unwrap();
        call(engine, &ann, Reason::PinMatched, s(240 + 3_600)).unwrap();
    }
}

#[test]
fn a_right_pin_ends_the_row_of_wrong_ones() {
    let mut engine = engine();
    let ann = pin(ANN, "ann");
    for round in 0..3 {
        for n in 0..4 {
            assert!(!engine.wrong_entry(&ann, s(round * 400 + n)).0, "round {round}, try {n}");
        }
        call(&mut engine, &ann, Reason::PinMatched, s(round * 400 + 10)).unwrap();
    }
}
