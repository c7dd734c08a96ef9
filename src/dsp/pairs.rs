//! Products of 16-bit numbers, summed in adjacent pairs: the multiply-add of
//! the vector units, which does sixteen of them at once.
//!
//! Compilers find it in a plain dot product only, so that here it has a name.
//! Its sums are integers: every unit gives the same.

/// Numbers taken at once.
pub const WIDTH: usize = 16;

/// Sums of two products each.
pub type Sums = [i32; WIDTH / 2];

/// A unit that multiplies and adds in pairs.
pub trait Pairs: Copy {
    /// `left[2n]·right[2n] + left[2n + 1]·right[2n + 1]`, modulo 2³².
    fn multiply_add(self, left: [i16; WIDTH], right: [i16; WIDTH]) -> Sums;
}

/// Work to be compiled for each unit.
pub trait WithPairs {
    /// What it gives.
    type Output;

    /// Does it with one unit; to be inlined.
    fn with<P: Pairs>(self, pairs: P) -> Self::Output;
}

/// Any processor.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Pairs for Plain {
    #[inline(always)]
    fn multiply_add(self, left: [i16; WIDTH], right: [i16; WIDTH]) -> Sums {
        let product = |n: usize| i32::from(left[n]) * i32::from(right[n]);
        std::array::from_fn(|n| product(2 * n).wrapping_add(product(2 * n + 1)))
    }
}

#[cfg(target_arch = "x86_64")]
impl Pairs for pulp::x86::V3 {
    #[inline(always)]
    fn multiply_add(self, left: [i16; WIDTH], right: [i16; WIDTH]) -> Sums {
        pulp::cast(self.multiply_wrapping_add_adjacent_i16x16(pulp::cast(left), pulp::cast(right)))
    }
}

/// What this machine has.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    /// Nothing that is known here.
    Plain,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
}

impl Default for Unit {
    /// The best one.
    fn default() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            return Self::Avx2(avx2);
        }
        Self::Plain
    }
}

impl Unit {
    /// Does work with this unit.
    #[inline(always)]
    pub fn run<W: WithPairs>(self, work: W) -> W::Output {
        match self {
            Self::Plain => work.with(Plain),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => pulp::Simd::vectorize(avx2, OnAvx2 { avx2, work }),
        }
    }
}

#[cfg(target_arch = "x86_64")]
struct OnAvx2<W> {
    avx2: pulp::x86::V3,
    work: W,
}

#[cfg(target_arch = "x86_64")]
impl<W: WithPairs> pulp::WithSimd for OnAvx2<W> {
    type Output = W::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> W::Output {
        self.work.with(self.avx2)
    }
}
