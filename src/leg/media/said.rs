//! What we said of late: where in which clip, not the samples themselves.

use std::sync::Arc;

use crate::clip::Clip;
use crate::dsp::echo::{Reference, shared};
use crate::dsp::g711::Law;
use crate::dsp::units::Samples;

/// Stretches kept: a packet's delay makes a new one, and so does a clip; half a second is wanted.
const STRETCHES: usize = 8;

/// Part of a clip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Excerpt<'a> {
    pub(super) clip: &'a Arc<Clip>,
    /// Its first sample in the clip.
    pub(super) from: usize,
    /// Its first sample in the packet that takes it away.
    pub(super) offset: usize,
    pub(super) count: usize,
}

/// Part of a clip, from the position on at which it left.
#[derive(Debug)]
struct Stretch {
    clip: Arc<Clip>,
    law: Law,
    at: Samples,
    from: usize,
    count: usize,
}

/// The stretches that were said last, the newest first.
#[derive(Debug, Default)]
pub(super) struct Said {
    stretches: [Option<Stretch>; STRETCHES],
}

impl Said {
    /// An excerpt leaves at a position.
    pub(super) fn say(&mut self, at: Samples, law: Law, excerpt: Excerpt<'_>) {
        let Excerpt { clip, from, count, .. } = excerpt;
        if let Some(newest) = &mut self.stretches[0]
            && Arc::ptr_eq(&newest.clip, clip)
            && newest.law == law
            && newest.from + newest.count == from
            && newest.end() == at
        {
            newest.count += count;
            return;
        }
        self.stretches.rotate_right(1);
        self.stretches[0] = Some(Stretch { clip: clip.clone(), law, at, from, count });
    }
}

impl Reference for Said {
    fn end(&self) -> Samples {
        self.stretches[0].as_ref().map_or(Samples(0), Stretch::end)
    }

    fn read(&self, from: i64, out: &mut [f32]) {
        out.fill(0.0);
        // What was said later stands where two overlap.
        for stretch in self.stretches.iter().rev().flatten() {
            stretch.read(from, out);
        }
    }
}

impl Stretch {
    fn end(&self) -> Samples {
        self.at + Samples(self.count as u64)
    }

    fn read(&self, from: i64, out: &mut [f32]) {
        let (late, skipped) = shared(from, out.len(), self.at.0, self.count);
        let octets = &self.clip.octets(self.law)[self.from..];
        for (wide, octet) in out[late..].iter_mut().zip(&octets[skipped..self.count]) {
            *wide = f32::from(self.law.decode(*octet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(said: &Said, from: i64, count: usize) -> Vec<f32> {
        let mut out = vec![9.0; count];
        said.read(from, &mut out);
        out
    }

    fn clip(samples: std::ops::Range<i16>) -> Arc<Clip> {
        Arc::new(Clip::new("clip", samples.map(|n| Law::Mu.decode(n as u8)).collect()))
    }

    #[test]
    fn what_was_said_is_read_where_it_left() {
        let (one, other) = (clip(0..100), clip(100..120));
        let mut line = Said::default();
        let excerpt = |clip, from, count| Excerpt { clip, from, offset: 0, count };
        assert_eq!((line.end(), said(&line, 0, 2)), (Samples(0), vec![0.0; 2]));
        for n in 0..50 {
            line.say(Samples(1000 + 2 * n), Law::Mu, excerpt(&one, 2 * n as usize, 2));
        }
        line.say(Samples(1100), Law::Mu, excerpt(&other, 5, 10));
        let code = |code: u8| f32::from(Law::Mu.decode(code));
        assert_eq!(said(&line, 998, 4), [0.0, 0.0, code(0), code(1)]);
        assert_eq!(said(&line, 1098, 4), [code(98), code(99), code(105), code(106)]);
        assert_eq!(said(&line, 1109, 3), [code(114), 0.0, 0.0]);
        assert_eq!(line.end(), Samples(1110));
    }

    /// A line that says one clip a second for hours holds what it said last and no more.
    #[test]
    fn only_the_newest_stretches_are_kept() {
        let clips: Vec<Arc<Clip>> = (0..20).map(|n| clip(n..n + 1)).collect();
        let mut line = Said::default();
        for (n, clip) in clips.iter().enumerate() {
            line.say(Samples(10 * n as u64), Law::A, Excerpt { clip, from: 0, offset: 0, count: 1 });
        }
        let kept = clips.iter().filter(|clip| Arc::strong_count(clip) > 1).count();
        assert_eq!(kept, STRETCHES);
        assert_eq!(line.end(), Samples(191));
    }
}
