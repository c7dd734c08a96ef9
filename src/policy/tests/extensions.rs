//! Office extensions: by which modes, how often, and what a block of them stops.

use super::*;

const OFFICE: &str = "+1 425 234 5678";

fn extension(keys: &str, mode: Value) -> Job {
    job(json!({"to": format!("{OFFICE}x{keys}"), "user": format!("user of {keys}"), "mode": mode}))
}

fn challenge(keys: &str) -> Job {
    extension(keys, json!({"type": "challenge", "digits": "42"}))
}

/// "An extension needs challenge or pin unless the tenant says otherwise: an attendant presses # too."
#[test]
fn an_extension_is_called_by_challenge_or_pin_unless_its_tenant_says_otherwise() {
    let refusal =
        refused(call(&mut engine(), &extension("1", json!({"type": "confirm"})), Reason::Busy, s(0)));
    assert_eq!(refusal.reason, Reason::MethodNotAllowed);
    assert_eq!(refusal.allowed_modes, [ModeKind::Challenge, ModeKind::Pin]);
    call(&mut engine(), &challenge("1"), Reason::ChallengeMatched, s(0)).unwrap();
    let tenant = |modes: Vec<&'static str>, extension_modes: Vec<&'static str>| {
        engine_of(policy(), vec![Tenant { modes, extension_modes, ..Tenant::plain("default") }])
    };
    let mut open = tenant(vec!["confirm", "pin"], vec!["confirm", "challenge"]);
    call(&mut open, &extension("1", json!({"type": "confirm"})), Reason::KeyPressed, s(0)).unwrap();
    let refusal = refused(call(&mut open, &challenge("1"), Reason::Busy, s(1)));
    assert_eq!(refusal.allowed_modes, [ModeKind::Confirm], "those of its own modes alone");
    let refusal = refused(call(&mut tenant(vec!["challenge"], vec![]), &challenge("1"), Reason::Busy, s(0)));
    assert_eq!((refusal.reason, refusal.allowed_modes), (Reason::MethodNotAllowed, vec![]));
}

#[test]
fn an_extension_of_pauses_alone_is_none() {
    assert_eq!(
        refused(call(&mut engine(), &challenge(",,"), Reason::Busy, s(0))).reason,
        Reason::ExtensionInvalid
    );
}

#[test]
fn colleagues_behind_one_number_do_not_hold_each_other_up() {
    let mut engine = engine();
    for n in 0..200_u64 {
        call(&mut engine, &challenge(&n.to_string()), Reason::ChallengeMatched, s(n)).unwrap();
    }
    let [one, other] = ["7001", "7002"].map(|keys| engine.admit(&challenge(keys), s(300)).unwrap());
    let refusal = refused(call(&mut engine, &challenge(",7001"), Reason::Busy, s(300)));
    assert_eq!(refusal.reason, Reason::InProgress, "a pause makes no other person");
    engine.over(one);
    engine.over(other);
}

/// Bombing one phone by an extension that means nothing there.
#[test]
fn an_extension_is_no_way_to_ring_a_number_more_often() {
    let (mut one, mut many) = (engine(), engine());
    for n in 0..5_u64 {
        call(&mut one, &challenge(&format!("1{}", ",".repeat(n as usize))), Reason::NoAnswer, s(n)).unwrap();
    }
    assert_eq!(refused(call(&mut one, &challenge("1"), Reason::NoAnswer, s(9))).reason, Reason::Throttled);
    let rings = |n: &u64| call(&mut many, &challenge(&n.to_string()), Reason::NoAnswer, s(*n)).is_ok();
    assert_eq!((0..250_u64).filter(rings).count(), 10);
}

#[test]
fn what_an_office_was_called_is_remembered_across_a_restart() {
    let mut rows = Vec::new();
    let mut before = engine();
    for n in 0..10_u64 {
        let mut ticket = before.admit(&challenge(&n.to_string()), s(n)).unwrap();
        rows.extend(before.dialled(&mut ticket));
        before.over(ticket);
    }
    let mut after = engine();
    rows.iter().for_each(|row| after.restore_call(row.record.as_ref().unwrap(), s(10)));
    assert_eq!(refused(call(&mut after, &challenge("77"), Reason::Busy, s(11))).reason, Reason::Throttled);
}

#[test]
fn a_block_of_the_office_stops_its_extensions_and_one_of_an_extension_that_alone() {
    for (value, stopped) in [(OFFICE, [true, true]), ("+14252345678x12", [true, false])] {
        let mut engine = engine();
        let order = BlockOrder {
            kind: BlockKind::Number,
            value: value.to_owned(),
            tenant: None,
            reason: "abuse".to_owned(),
            actor: "ops".to_owned(),
            until: None,
        };
        let blocking = engine.block(order, s(0)).unwrap();
        engine.apply(&blocking);
        let is_stopped = |keys: &&str| call(&mut engine, &challenge(keys), Reason::Busy, s(1)).is_err();
        assert_eq!(["1,2", "13"].iter().map(is_stopped).collect::<Vec<_>>(), stopped, "{value}");
        assert!(!format!("{:?}", blocking.put).contains("x12"), "{:?}", blocking.put);
    }
}

/// A report of fraud by phone blocks the person who was called, not the office.
#[test]
fn a_report_of_fraud_at_an_extension_blocks_that_one() {
    let mut engine = engine();
    let blocking = engine.block_for_fraud(&challenge("12"), s(0));
    engine.apply(&blocking);
    assert!(call(&mut engine, &challenge("12"), Reason::Busy, s(1)).is_err());
    call(&mut engine, &challenge("13"), Reason::Busy, s(1)).unwrap();
}
