//! One press, one event: made schedules of presses by tone, by RFC 4733 and by SIP INFO at once,
//! with all that senders and networks do to them. None may be lost and none doubled.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test tells its seed and counts")]
#![expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]

mod ear;

use std::time::Instant;

use ear::schedules::Schedule;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Pains 1 to 3: a lost marker, a cut press, a moving timestamp, a path that lags. What the rules
/// cannot decide is left out and counted.
#[test]
fn whatever_the_paths_do_no_press_is_lost_and_none_doubled() {
    let seed = ear::seed::asked().unwrap_or(20_263);
    let long = std::env::var_os("OCTOTHORPE_LONG").is_some();
    let schedules = if long { 100_000 } else { 20_000 };
    let mut rng = StdRng::seed_from_u64(seed);
    let zero = Instant::now();
    let (mut decided, mut left_out, mut presses) = (0, 0, 0);
    while decided < schedules {
        let schedule = Schedule::any(&mut rng, zero);
        if !schedule.is_decidable() {
            left_out += 1;
            continue;
        }
        let (expected, made) = schedule.expected_and_made();
        let told: Vec<_> = schedule
            .told
            .iter()
            .map(|(ms, press)| (*ms, press.digit.as_char(), press.path, (press.began - zero).as_millis()))
            .collect();
        assert_eq!(made, expected, "seed {seed}, schedule {decided}: {:?}\ntold {told:?}", schedule.presses);
        decided += 1;
        presses += expected.len();
    }
    println!(
        "seed {seed}: {decided} schedules, {presses} presses, none lost, none doubled; {left_out} left out"
    );
}
