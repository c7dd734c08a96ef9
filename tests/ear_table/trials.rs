//! Trials on every core, each with random numbers of its own: the same with any number of cores.

use rand::rngs::StdRng;

pub(crate) use crate::ear::random;
use crate::ear::{self, Score, Stream};
use crate::progress::in_parallel;
use crate::table::Table;

/// Trials that go through one detector, one after the other.
const IN_A_ROW: usize = 100;

/// What comes of each trial, in their order.
pub(crate) fn each<T: Send>(
    seed: u64,
    row: &str,
    trials: usize,
    trial: impl Fn(&mut StdRng, usize) -> T + Sync,
) -> Vec<T> {
    in_parallel(row, trials, |n| trial(&mut random(seed, row, n), n))
}

/// What comes of each trial in their order, and the keys that SpanDSP tells in the samples that it made.
pub(crate) fn each_beside<T: Send>(
    table: &Table,
    row: &str,
    trials: usize,
    trial: impl Fn(&mut StdRng, usize) -> (T, Vec<i16>) + Sync,
) -> Vec<(T, String)> {
    let row_of_trials = |turn: usize| {
        let first = turn * IN_A_ROW;
        let (mut stream, mut came) = (Stream::default(), Vec::with_capacity(IN_A_ROW));
        for n in first..(first + IN_A_ROW).min(trials) {
            let (what, samples) = trial(&mut random(table.seed, row, n), n);
            stream.push(&samples, String::new());
            came.push(what);
        }
        let theirs = stream.heard(&table.spandsp.hear(&stream.samples, 0).reports);
        came.into_iter().zip(theirs).collect::<Vec<_>>()
    };
    in_parallel(row, trials.div_ceil(IN_A_ROW), row_of_trials).into_iter().flatten().collect()
}

/// How two detectors did on the same trials.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    pub(crate) ours: Score,
    pub(crate) theirs: Score,
}

impl Beside {
    pub(crate) fn plus(self, other: Beside) -> Beside {
        Beside { ours: sum(self.ours, other.ours), theirs: sum(self.theirs, other.theirs) }
    }
}

fn sum(a: Score, b: Score) -> Score {
    Score {
        trials: a.trials + b.trials,
        right: a.right + b.right,
        fired: a.fired + b.fired,
        doubled: a.doubled + b.doubled,
    }
}

/// Our ear and SpanDSP on trials that are samples and what they must give.
pub(crate) fn beside(
    table: &Table,
    row: &str,
    trials: usize,
    make: impl Fn(&mut StdRng) -> (Vec<i16>, String) + Sync,
) -> Beside {
    let row_of_trials = |turn: usize| {
        let first = turn * IN_A_ROW;
        let mut stream = Stream::default();
        for trial in first..(first + IN_A_ROW).min(trials) {
            let (samples, expected) = make(&mut random(table.seed, row, trial));
            stream.push(&samples, expected);
        }
        let ours = stream.score(&ear::reports(&stream.samples));
        let theirs = stream.score(&table.spandsp.hear(&stream.samples, 0).reports);
        Beside { ours, theirs }
    };
    let scores = in_parallel(row, trials.div_ceil(IN_A_ROW), row_of_trials);
    scores.into_iter().fold(Beside::default(), Beside::plus)
}
