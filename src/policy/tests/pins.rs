//! PINs that are guessed over many calls.

use super::*;

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
        let (locked_for, changes) = engine.wrong_entry(&ann, s(n * 60));
        assert_eq!(locked_for, (n == 4).then(|| Duration::from_secs(3_600)), "try {n}");
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
            assert_eq!(engine.wrong_entry(&ann, s(round * 400 + n)).0, None, "round {round}, try {n}");
        }
        call(&mut engine, &ann, Reason::PinMatched, s(round * 400 + 10)).unwrap();
    }
}
