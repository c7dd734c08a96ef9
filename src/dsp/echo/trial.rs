//! Whether an echo comes at a delay: a path is learnt there from what was received of late.

use pulp::Simd;

use super::canceller::{BLOCK, Canceller};
use super::history::History;
use super::reference::Reference;
use super::slide::energy;
use crate::dsp::units::{Dbm0, Samples};

/// What is received below this is not worth a trial.
const WORTH_A_TRIAL: Dbm0 = Dbm0(-50.0);

/// Samples from which a path is learnt.
pub(super) const LEARNT_FROM: usize = 2400;

/// The fewest of them.
const LEARNT_FROM_AT_LEAST: usize = 640;

/// Times that they are gone through.
const PASSES: usize = 2;

/// A trial that leaves more than this share in any pass is given up.
const HOPELESS: f32 = 0.9;

/// Where a trial that ends at a position begins, if nothing was lost for long enough.
pub(super) fn beginning(unbroken_since: Samples, end: Samples) -> Option<Samples> {
    let begin = unbroken_since.max(end.saturating_sub(Samples(LEARNT_FROM as u64)));
    (end.saturating_sub(begin) >= Samples(LEARNT_FROM_AT_LEAST as u64)).then_some(begin)
}

/// A path at a delay, learnt from what was received between two moments, and the share of its later half
/// that is left. `None` if there is little to hear, or if nothing is learnt at once.
#[inline(always)]
pub(super) fn learn<S: Simd>(
    simd: S,
    played: &impl Reference,
    received: &History,
    lag: usize,
    [begin, end]: [Samples; 2],
) -> Option<(Canceller, f32)> {
    let mut canceller = Canceller::new(lag);
    let mut left = 1.0;
    for _ in 0..PASSES {
        canceller.jump(simd, played, begin);
        left = pass(simd, played, received, &mut canceller, [begin, end])?;
        if left > HOPELESS {
            return None;
        }
    }
    canceller.trust();
    Some((canceller, left))
}

/// Teaches a path what was received between two moments; the share of the later half's energy that it
/// left. `None` if there is little to hear.
#[inline(always)]
fn pass<S: Simd>(
    simd: S,
    played: &impl Reference,
    history: &History,
    canceller: &mut Canceller,
    [begin, end]: [Samples; 2],
) -> Option<f32> {
    let (mut received, mut left) = (0.0f32, 0.0f32);
    let mut at = begin;
    while at < end {
        let count = end.saturating_sub(at).0.min(BLOCK as u64);
        let mut block = [0.0; BLOCK];
        history.read(at.0 as i64, &mut block[BLOCK - count as usize..]);
        let now = canceller.teach(simd, played, at, &block, count as usize);
        at += Samples(count);
        if 2 * at.0 > begin.0 + end.0 {
            received += energy(simd, &block);
            left += now;
        }
    }
    let half = end.saturating_sub(begin).0 as f32 / 2.0;
    (received > WORTH_A_TRIAL.mean_square() * half).then(|| left / received)
}
