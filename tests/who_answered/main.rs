//! Who answered, on synthetic calls of each kind, beside the classical detector:
//! `cargo test --release --test who_answered` for samples, with `OCTOTHORPE_LONG` for 1,000 calls a class.
//! `OCTOTHORPE_SEED` sets the seed. The argument `tuning` takes the half of the material on which the
//! limits were chosen instead of the half that judges them: other voices, texts and names.
//!
//! The voices are espeak-ng's, flite's and Debian's recorded ones. Nobody presses a key while a call is
//! labelled, which would tell a person from a machine at once; then the same call is led by its script, with
//! somebody at the keys. It has no test harness: the table is printed whether or not
//! every row is met.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the table is what this test is for"
)]

#[path = "../ear/mod.rs"]
mod ear;
#[path = "../ear_table/statistics.rs"]
#[allow(dead_code, reason = "the ear's table counts by the hour too")]
mod statistics;

mod amd;
mod calls;
mod hearing;
mod judged;
mod rows;
mod served;
mod texts;
mod voices;

use std::process::ExitCode;
use std::time::Instant;

use octothorpe::prompt::ClipName;
use rayon::prelude::*;

use calls::Class;
use ear::{random, short_or_long};
use judged::{Judged, judge};
use texts::Set;
use voices::Voices;

fn main() -> ExitCode {
    let began = Instant::now();
    let set = if std::env::args().any(|word| word == "tuning") { Set::Tuning } else { Set::Judging };
    let seed = ear::seed::asked().unwrap_or(20_261_122);
    let calls = short_or_long(60, 1_000);
    let voices = Voices::speak(set, short_or_long(1, 4), seed);
    let pack = served::pack();
    let prompt = [ClipName::ContextSignIn, ClipName::Instruction]
        .map(|name| pack.clip(name).expect("the shipped pack is whole").pcm().to_vec());
    let judged: Vec<Judged> = Class::ALL
        .iter()
        .flat_map(|class| (0..calls).map(move |number| (*class, number)))
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(class, number)| {
            let mut rng = random(seed, &format!("{set:?} {class:?}"), number);
            let call = calls::call(&mut rng, &voices, &prompt, class);
            judge(&call, &pack, &mut rng)
        })
        .collect();
    let is_met = rows::print(&judged);
    println!("\n{set:?}, seed {seed}, {calls} calls a class, {:.0} s", began.elapsed().as_secs_f64());
    println!("\ntest result: who_answered. {} passed; {} failed; of the rows", is_met.0, is_met.1);
    if is_met.1 == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
