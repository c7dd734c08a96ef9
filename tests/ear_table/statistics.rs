//! What a count of trials says about the rate behind it.

/// What is said holds in so many cases of 100.
const CONFIDENCE: f64 = 0.95;

/// The chance of at most `count` among `trials` where each has the chance `rate`.
fn binomial(count: usize, trials: usize, rate: f64) -> f64 {
    if rate <= 0.0 || count >= trials {
        return 1.0;
    }
    if rate >= 1.0 {
        return 0.0;
    }
    let odds = (rate / (1.0 - rate)).ln();
    let mut log_term = trials as f64 * (1.0 - rate).ln();
    let mut sum = log_term.exp();
    for n in 1..=count {
        log_term += ((trials - n + 1) as f64 / n as f64).ln() + odds;
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// The chance of at most `count` where `expected` are to be expected.
fn poisson(count: usize, expected: f64) -> f64 {
    let mut log_term = -expected;
    let mut sum = log_term.exp();
    for n in 1..=count {
        log_term += (expected / n as f64).ln();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// The rate at which a chance that falls with it has come down to what is left of the confidence.
fn bound(most: f64, chance: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if chance(middle) > 1.0 - CONFIDENCE { low = middle } else { high = middle }
    }
    high
}

/// The rate of misses is below this (Clopper and Pearson, one-sided).
pub(crate) fn most_missed(missed: usize, trials: usize) -> f64 {
    if missed >= trials { 1.0 } else { bound(1.0, |rate| binomial(missed, trials, rate)) }
}

/// What was counted comes less often than this in so much time.
pub(crate) fn most_often(count: usize, hours: f64) -> f64 {
    bound(10.0 * (count as f64 + 1.0), |expected| poisson(count, expected)) / hours
}

/// Whether so many misses could come of a rate that is allowed: a sample disproves no more than that.
pub(crate) fn could_come_of(missed: usize, trials: usize, allowed: f64) -> bool {
    missed == 0 || 1.0 - binomial(missed - 1, trials, allowed) >= 1.0 - CONFIDENCE
}
