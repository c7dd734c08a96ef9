//! The one loop that nearly all of the work is: weights that slide along samples.

use pulp::Simd;

/// Sums made at once: what the vector registers hold beside the samples.
pub(super) const SUMS: usize = 32;

/// Vectors of sums held at once.
const HELD: usize = 4;

/// Adds to each sum the weights times the samples that begin at the sum's own place.
#[inline(always)]
pub(super) fn slide<S: Simd>(simd: S, weights: &[f32], samples: &[f32], sums: &mut [f32; SUMS]) {
    let width = HELD * S::F32_LANES;
    for (index, part) in sums.chunks_exact_mut(width).enumerate() {
        slide_part(simd, weights, &samples[index * width..], part);
    }
}

/// [`HELD`] vectors of sums, twice: for even and for odd weights, so that no addition has to wait for
/// the one before it.
#[inline(always)]
fn slide_part<S: Simd>(simd: S, weights: &[f32], samples: &[f32], sums: &mut [f32]) {
    let width = HELD * S::F32_LANES;
    let zero = simd.splat_f32s(0.0);
    let (mut even, mut odd) = ([zero; HELD], [zero; HELD]);
    let (pairs, last) = weights.as_chunks::<2>();
    for ([w0, w1], near) in pairs.iter().zip(samples.windows(width + 1).step_by(2)) {
        add_scaled(simd, &mut even, *w0, &near[..width]);
        add_scaled(simd, &mut odd, *w1, &near[1..]);
    }
    if let [weight] = last {
        let first = weights.len() - 1;
        add_scaled(simd, &mut even, *weight, &samples[first..first + width]);
    }
    let (sums, _) = S::as_mut_simd_f32s(sums);
    for ((sum, even), odd) in sums.iter_mut().zip(even).zip(odd) {
        *sum = simd.add_f32s(*sum, simd.add_f32s(even, odd));
    }
}

#[inline(always)]
fn add_scaled<S: Simd>(simd: S, sums: &mut [S::f32s; HELD], weight: f32, samples: &[f32]) {
    let (rows, _) = S::as_simd_f32s(samples);
    let weight = simd.splat_f32s(weight);
    for (sum, row) in sums.iter_mut().zip(rows) {
        *sum = simd.add_f32s(*sum, simd.mul_f32s(weight, *row));
    }
}

/// Sum of squares.
#[inline(always)]
pub(super) fn energy<S: Simd>(simd: S, samples: &[f32]) -> f32 {
    product(simd, samples, samples)
}

/// Sum of products, as far as both reach.
#[inline(always)]
pub(super) fn product<S: Simd>(simd: S, left: &[f32], right: &[f32]) -> f32 {
    let count = left.len().min(right.len());
    let (rows, rest) = S::as_simd_f32s(&left[..count]);
    let (other_rows, other_rest) = S::as_simd_f32s(&right[..count]);
    let mut sums = simd.splat_f32s(0.0);
    for (l, r) in rows.iter().zip(other_rows) {
        sums = simd.add_f32s(sums, simd.mul_f32s(*l, *r));
    }
    let rest: f32 = rest.iter().zip(other_rest).map(|(l, r)| l * r).sum();
    simd.reduce_sum_f32s(sums) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sum_has_its_own_place() {
        let samples: Vec<f32> = (0..40).map(|n| n as f32).collect();
        let mut sums = [1.0; SUMS];
        slide(pulp::Scalar, &[1.0, 0.0, 10.0], &samples, &mut sums);
        assert!(sums.iter().enumerate().all(|(n, sum)| *sum == 1.0 + n as f32 + 10.0 * (n + 2) as f32));
    }

    #[test]
    fn products_count_every_sample() {
        assert_eq!(product(pulp::Scalar, &[2.0; 11], &[3.0; 10]), 60.0);
        assert_eq!(energy(pulp::Scalar, &[1.0, 2.0, 2.0]), 9.0);
    }
}
