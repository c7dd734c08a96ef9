//! The ear's measurements as one table, SpanDSP beside it where it can do the work at all:
//! `cargo test --release --test ear_table` for samples, with `OCTOTHORPE_LONG` for the long figures.
//! `OCTOTHORPE_SEED` sets the seed; the table is also written to `ear_table.json` in the target directory,
//! and the sound of what went wrong to `ear_table_wrong/` there.
//! Arguments are parts of groups' names: only those groups are made.
//!
//! It has no test harness: the table is printed whether or not every row is met.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "the table is what this test is for")]

#[path = "../ear/mod.rs"]
mod ear;

mod beeps;
mod calls;
mod damage;
mod echo;
mod fusion;
mod points;
mod progress;
mod statistics;
mod table;
mod talk_off;
mod time;
mod trials;

use std::process::ExitCode;

use table::Table;

/// Measures a group of rows.
type Measure = fn(&mut Table);

/// A group's name and what measures it.
const GROUPS: &[(&str, Measure)] = &[
    // First, while nothing else runs: the others use every core.
    ("time", time::measure),
    ("points", points::measure),
    ("told", points::tell),
    ("calls", calls::measure),
    ("damage", damage::measure),
    ("echo", echo::measure),
    ("fusion", fusion::measure),
    ("beeps", beeps::measure),
    ("talk-off", talk_off::measure),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut table = Table::begin(20_261_122);
    for (name, measure) in GROUPS {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            table.begin_group(name);
            measure(&mut table);
        }
    }
    table.end()
}
