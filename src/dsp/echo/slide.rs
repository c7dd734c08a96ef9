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
    let zero = simd.splat_f32s(0.0);
    let (mut even, mut odd) = ([zero; HELD], [zero; HELD]);
    let (pairs, last) = weights.as_chunks::<2>();
    for (index, [w0, w1]) in pairs.iter().enumerate() {
        even = with_scaled(simd, even, *w0, &samples[2 * index..]);
        odd = with_scaled(simd, odd, *w1, &samples[2 * index + 1..]);
    }
    if let [weight] = last {
        even = with_scaled(simd, even, *weight, &samples[weights.len() - 1..]);
    }
    let (sums, _) = S::as_mut_simd_f32s(sums);
    for ((sum, even), odd) in sums.iter_mut().zip(even).zip(odd) {
        *sum = simd.add_f32s(*sum, simd.add_f32s(even, odd));
    }
}

#[inline(always)]
fn with_scaled<S: Simd>(simd: S, sums: [S::f32s; HELD], weight: f32, samples: &[f32]) -> [S::f32s; HELD] {
    // Taken apart one by one, so that the sums stay in registers.
    let [a, b, c, d, ..] = S::as_simd_f32s(samples).0 else { return sums };
    let weight = simd.splat_f32s(weight);
    let with = |sum, row| simd.add_f32s(sum, simd.mul_f32s(weight, row));
    [with(sums[0], *a), with(sums[1], *b), with(sums[2], *c), with(sums[3], *d)]
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
    // Four sums, so that no addition has to wait for the one before it.
    let [mut a, mut b, mut c, mut d] = [simd.splat_f32s(0.0); 4];
    let (fours, last) = rows.as_chunks::<4>();
    let (other_fours, other_last) = other_rows.as_chunks::<4>();
    for ([l0, l1, l2, l3], [r0, r1, r2, r3]) in fours.iter().zip(other_fours) {
        a = simd.add_f32s(a, simd.mul_f32s(*l0, *r0));
        b = simd.add_f32s(b, simd.mul_f32s(*l1, *r1));
        c = simd.add_f32s(c, simd.mul_f32s(*l2, *r2));
        d = simd.add_f32s(d, simd.mul_f32s(*l3, *r3));
    }
    for (l, r) in last.iter().zip(other_last) {
        a = simd.add_f32s(a, simd.mul_f32s(*l, *r));
    }
    let sums = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
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
