//! The gate: cheap, always on, open where a key may be.

use super::key::Key;
use super::limits::{GATE_SHARE, Limits};
use crate::dsp::goertzel::{BINS, Bank, HOP, Partial, energies};

/// Hops that the gate looks at together: 12 ms.
pub(super) const GATE_HOPS: usize = 3;

/// The last hops of one line as the eight bins see them, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate {
    hops: [Partial; GATE_HOPS],
    energy: [f32; GATE_HOPS],
}

impl Gate {
    /// Takes the next hop; tells the key that it may hold, if any.
    #[inline(always)]
    pub(super) fn pass(&mut self, bank: &Bank, limits: &Limits, hop: &[f32; HOP]) -> Option<Key> {
        self.hops.rotate_left(1);
        self.energy.rotate_left(1);
        self.energy[GATE_HOPS - 1] = energy_of(hop);
        self.hops[GATE_HOPS - 1] = bank.hop(hop);
        let energy: f32 = self.energy.iter().sum();
        if energy < limits.gate_floor * (GATE_HOPS * HOP) as f32 {
            return None;
        }
        let bins = energies(&bank.join(&self.hops), GATE_HOPS * HOP);
        candidate(&bins, energy, limits)
    }

    /// How far the tones of a candidate lie from their bins, in radians a sample.
    pub(super) fn offsets(&self, bank: &Bank, key: Key) -> [f32; 2] {
        [bank.offset(key.row(), &self.hops), bank.offset(4 + key.column(), &self.hops)]
    }
}

#[inline(always)]
fn energy_of(hop: &[f32; HOP]) -> f32 {
    let mut sums = [0.0; BINS];
    for row in hop.as_chunks::<BINS>().0 {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x * x;
        }
    }
    sums.iter().sum()
}

/// The strongest bin of each group, if together they are most of the energy.
#[inline(always)]
fn candidate(bins: &[f32; BINS], energy: f32, limits: &Limits) -> Option<Key> {
    let (row, low) = strongest(&bins[..4]);
    let (column, high) = strongest(&bins[4..]);
    let floor = limits.gate_floor * (GATE_HOPS * HOP) as f32;
    let open = low + high >= GATE_SHARE * energy
        && low.min(high) >= floor
        && high >= low * limits.gate_twist[0]
        && high <= low * limits.gate_twist[1];
    open.then(|| Key::at(row, column))
}

#[inline(always)]
fn strongest(group: &[f32]) -> (usize, f32) {
    let mut best = (0, 0.0);
    for (index, energy) in group.iter().enumerate() {
        if *energy > best.1 {
            best = (index, *energy);
        }
    }
    best
}
