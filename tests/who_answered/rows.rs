//! The table's rows.

use octothorpe::report::record::AnsweredBy;

use crate::amd::Amd;
use crate::calls::Class;
use crate::judged::{Judged, count, name};
use crate::statistics::{could_come_of, most_missed};

/// A share that must stay below a limit.
struct Limit {
    name: &'static str,
    class: Class,
    wrong: AnsweredBy,
    /// In per cent.
    below: f64,
}

/// So many calls of a class hold the limit with their bound.
const WHOLE: usize = 1_000;

const LIMITS: [Limit; 2] = [
    Limit { name: "humans called machine", class: Class::Human, wrong: AnsweredBy::Machine, below: 2.0 },
    Limit { name: "machines called human", class: Class::Machine, wrong: AnsweredBy::Human, below: 5.0 },
];

/// Prints all rows; how many limits were met, and how many not.
pub(crate) fn print(judged: &[Judged]) -> (usize, usize) {
    matrix(judged);
    println!("\n| row | required | ours | 95 % bound | AMD() | of |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let labels = LIMITS.map(|limit| at_the_end(judged, &limit));
    let met = [&labels[..], &served(judged)].concat();
    LIMITS.iter().for_each(|limit| at_first(judged, limit));
    for class in [Class::Human, Class::Machine] {
        times(judged, class);
    }
    tell_wrong(judged);
    let met_count = met.iter().filter(|met| **met).count();
    (met_count, met.len() - met_count)
}

/// Which calls were not what they should be.
fn tell_wrong(judged: &[Judged]) {
    for limit in &LIMITS {
        let is_wrong = |of: &&Judged| of.class == limit.class && of.label == limit.wrong;
        judged.iter().filter(is_wrong).for_each(|of| println!("  {}: {}", limit.name, of.story));
    }
    let is_refused = |of: &&Judged| of.class.is_person() && !of.served.is_verified();
    for of in judged.iter().filter(is_refused) {
        println!("  refused, {:?}, key after {:?}: {}", of.served.reason, of.reaction, of.story);
    }
    let is_taken_in = |of: &&Judged| has_verified(of) || !of.class.is_person() && of.served.is_verified();
    for of in judged.iter().filter(is_taken_in) {
        let whose = if has_verified(of) { "recording" } else { "robot" };
        println!("  a {whose}'s # verified: {}", of.story);
    }
}

/// Whether a `#` in a recording verified.
fn has_verified(judged: &Judged) -> bool {
    judged.recorded.iter().any(|served| served.is_verified())
}

/// Whoever presses what is asked for, by the script; recordings with a `#` in them; and robots, which wait
/// for the end of each question and press `#`: one that says no more than a person's hello is not told.
fn served(judged: &[Judged]) -> [bool; 6] {
    let refused = |of: &Judged| !of.served.is_verified();
    let taken_in = |of: &Judged| of.served.is_verified();
    let none = |[count, _]: [usize; 2]| count == 0;
    let robot = |class| format!("{class:?}, a robot that presses # behind each question: verified");
    let met = [
        row(judged, Class::Human, "people with keys refused", "0", None, refused),
        row(judged, Class::Screening, "people put on by a screener refused", "0", None, refused),
        row(judged, Class::Machine, "machines with # in their recording verified", "0", None, has_verified),
        row(judged, Class::Ivr, "menus with # in their recording verified", "0", None, has_verified),
        row(judged, Class::Ivr, &robot(Class::Ivr), "0", None, taken_in),
        row(judged, Class::Fax, &robot(Class::Fax), "0", None, taken_in),
    ];
    let asked = |of: &Judged| of.served.was_asked;
    row(judged, Class::Human, "people asked for two spoken digits", "told", None, asked);
    row(judged, Class::Machine, &robot(Class::Machine), "told", None, taken_in);
    met.map(none)
}

/// What each class was called at the end of the call.
fn matrix(judged: &[Judged]) {
    const LABELS: [AnsweredBy; 6] = [
        AnsweredBy::Human,
        AnsweredBy::Machine,
        AnsweredBy::Screening,
        AnsweredBy::Ivr,
        AnsweredBy::Fax,
        AnsweredBy::Unknown,
    ];
    println!("| called, % | {} |", LABELS.map(name).join(" | "));
    println!("| --- |{}", " --- |".repeat(LABELS.len()));
    for class in Class::ALL {
        let counts = count(judged, class);
        let all: usize = counts.values().sum();
        let share = |label| 100.0 * *counts.get(name(label)).unwrap_or(&0) as f64 / all.max(1) as f64;
        println!("| {class:?} | {} |", LABELS.map(|label| format!("{:.1}", share(label))).join(" | "));
    }
}

fn is_amd_wrong(judged: &Judged) -> bool {
    match judged.class {
        Class::Human => judged.amd.0 == Amd::Machine,
        Class::Machine | Class::Screening | Class::Ivr | Class::Fax => judged.amd.0 == Amd::Human,
    }
}

fn row(
    judged: &[Judged],
    class: Class,
    name: &str,
    required: &str,
    beside: Option<fn(&Judged) -> bool>,
    is_wrong: impl Fn(&Judged) -> bool,
) -> [usize; 2] {
    let of = || judged.iter().filter(|judged| judged.class == class);
    let (all, wrong) = (of().count(), of().filter(|judged| is_wrong(judged)).count());
    let percent = |count: usize| 100.0 * count as f64 / all.max(1) as f64;
    let amd = beside.map_or_else(
        || "-".to_owned(),
        |is_wrong| format!("{:.1} %", percent(of().filter(|judged| is_wrong(judged)).count())),
    );
    println!(
        "| {name} | {required} | {:.2} % | < {:.2} % | {amd} | {wrong} of {all} |",
        percent(wrong),
        100.0 * most_missed(wrong, all),
    );
    [wrong, all]
}

fn at_the_end(judged: &[Judged], limit: &Limit) -> bool {
    let name = format!("{}, at the end", limit.name);
    let required = format!("< {} %", limit.below);
    let is_wrong = |judged: &Judged| judged.label == limit.wrong;
    let [wrong, all] = row(judged, limit.class, &name, &required, Some(is_amd_wrong), is_wrong);
    // A sample disproves no more than what could not come of the rate that is allowed.
    let is_sample = all < WHOLE;
    is_sample && could_come_of(wrong, all, limit.below / 100.0)
        || most_missed(wrong, all) < limit.below / 100.0
}

fn at_first(judged: &[Judged], limit: &Limit) {
    let name = format!("{}, at first", limit.name);
    let is_wrong = |judged: &Judged| judged.first.is_some_and(|first| first.0 == limit.wrong);
    row(judged, limit.class, &name, "told", Some(is_amd_wrong), is_wrong);
}

fn times(judged: &[Judged], class: Class) {
    let of = || judged.iter().filter(|judged| judged.class == class);
    let ours = of().filter_map(|judged| judged.first.map(|first| first.1)).collect();
    let amd = of().map(|judged| judged.amd.1).collect();
    let [ours, amd] = [ours, amd].map(|mut times: Vec<u32>| {
        times.sort_unstable();
        let at = |share: f64| times.get((share * times.len() as f64) as usize).copied().unwrap_or(0);
        (format!("{:.1} s, {:.1} s", f64::from(at(0.5)) / 1e3, f64::from(at(0.95)) / 1e3), times.len())
    });
    println!("| {class:?}: first decision, p50 and p95 | told | {} | - | {} | {} |", ours.0, amd.0, ours.1);
}
