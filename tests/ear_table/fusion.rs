//! One press, one event: made schedules of all paths at once.

use std::time::Instant;

use crate::ear::schedules::Schedule;
use crate::ear::short_or_long;
use crate::table::Table;
use crate::trials::each;

/// What the rules cannot decide is left out: more schedules are made than are asked for.
const SPARE: f64 = 1.2;

#[expect(clippy::disallowed_methods, reason = "any moment serves as the zero of a virtual clock")]
pub(crate) fn measure(table: &mut Table) {
    let (name, wanted) = ("fusion of all paths", short_or_long(20_000, 100_000));
    let zero = Instant::now();
    let made = each(table.seed, name, (wanted as f64 * SPARE) as usize, |rng, trial| {
        let schedule = Schedule::any(rng, zero);
        schedule.is_decidable().then(|| (trial, schedule.expected_and_made()))
    });
    let decided: Vec<_> = made.iter().flatten().take(wanted).collect();
    let presses: usize = decided.iter().map(|(_, (expected, _))| expected.len()).sum();
    let wrong = |is: fn(&[char], &[char]) -> bool| -> Vec<String> {
        let wrong = decided.iter().filter(|(_, (expected, made))| is(expected, made));
        wrong.map(|(trial, keys)| format!("schedule {trial}: pressed and made {keys:?}")).collect()
    };
    let lost = wrong(|expected, made| !holds(made, expected));
    let doubled = wrong(|expected, made| !holds(expected, made));
    let all = format!("{} schedules, {presses} presses", decided.len());
    println!("  {all}; {} left out as undecidable", made.iter().filter(|made| made.is_none()).count());
    assert_eq!(decided.len(), wanted, "more are decidable");
    table.none("fusion: schedules with a press lost", lost.len(), decided.len(), "-", lost);
    table.none("fusion: schedules with a press doubled", doubled.len(), decided.len(), "-", doubled);
}

/// Whether sorted keys hold all of others.
fn holds(all: &[char], some: &[char]) -> bool {
    let count = |keys: &[char], key: char| keys.iter().filter(|other| **other == key).count();
    some.iter().all(|key| count(all, *key) >= count(some, *key))
}
