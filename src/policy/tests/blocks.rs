//! Whom nobody calls: blocks, one by one and as lists.

use super::*;

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
