//! What one line hears, on its way to another that says it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI16, AtomicUsize, Ordering};

/// Samples that wait at most: what comes on top is dropped, so that a bridge never lags by more.
const ROOM: usize = 2_048;
/// Samples that wait before the first is taken: packets of 20 ms come two at a time, and late.
const CUSHION: usize = 960;
/// Samples for which what came last is said again where nothing has come: a gap of silence in a hum would
/// be heard as a voice.
const CONCEALED: usize = 3_200;

/// A ring of samples between two lines: one writes, one reads, and neither waits.
pub struct Pipe {
    samples: [AtomicI16; ROOM],
    /// Samples ever written, and ever read.
    written: AtomicUsize,
    read: AtomicUsize,
}

impl Pipe {
    /// An empty one, for its two ends.
    pub fn between() -> (PipeEnd, Arc<Pipe>) {
        let pipe = Arc::new(Pipe {
            samples: [const { AtomicI16::new(0) }; ROOM],
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
        });
        (PipeEnd { pipe: pipe.clone(), is_filling: true, last: Vec::new(), concealed: 0 }, pipe)
    }

    /// Takes samples in, as far as there is room. Its one writer alone calls it.
    pub fn write(&self, samples: &[i16]) {
        let written = self.written.load(Ordering::Relaxed);
        let waiting = written.wrapping_sub(self.read.load(Ordering::Acquire));
        let count = samples.len().min(ROOM.saturating_sub(waiting));
        for (offset, sample) in samples[..count].iter().enumerate() {
            self.samples[written.wrapping_add(offset) % ROOM].store(*sample, Ordering::Relaxed);
        }
        self.written.store(written.wrapping_add(count), Ordering::Release);
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipe(..)")
    }
}

/// The end at which samples come out.
#[derive(Debug, Clone)]
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    /// Nothing is taken until the cushion is there.
    is_filling: bool,
    /// What was taken last.
    last: Vec<i16>,
    /// How much was said in place of what has not come.
    concealed: usize,
}

impl PipeEnd {
    /// Fills `samples`; where nothing has come with what came last, and then with silence, until a cushion
    /// is there again.
    pub fn read(&mut self, samples: &mut [i16]) {
        let read = self.pipe.read.load(Ordering::Relaxed);
        let waiting = self.pipe.written.load(Ordering::Acquire).wrapping_sub(read);
        self.is_filling = if self.is_filling { waiting < CUSHION } else { waiting < samples.len() };
        if self.is_filling {
            return self.conceal(samples);
        }
        for (offset, sample) in samples.iter_mut().enumerate() {
            *sample = self.pipe.samples[read.wrapping_add(offset) % ROOM].load(Ordering::Relaxed);
        }
        self.pipe.read.store(read.wrapping_add(samples.len()), Ordering::Release);
        self.concealed = 0;
        self.last.clear();
        self.last.extend_from_slice(samples);
    }

    fn conceal(&mut self, samples: &mut [i16]) {
        if self.concealed >= CONCEALED || self.last.is_empty() {
            return samples.fill(0);
        }
        self.concealed += samples.len();
        samples.iter_mut().zip(self.last.iter().cycle()).for_each(|(sample, last)| *sample = *last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(end: &mut PipeEnd, count: usize) -> Vec<i16> {
        let mut samples = vec![7; count];
        end.read(&mut samples);
        samples
    }

    #[test]
    fn what_goes_in_comes_out_in_order_once_a_cushion_is_there() {
        let (mut end, pipe) = Pipe::between();
        let all: Vec<i16> = (1..=10_000).collect();
        pipe.write(&all[..CUSHION - 1]);
        assert_eq!(read(&mut end, 160), [0; 160], "silence until then");
        pipe.write(&all[CUSHION - 1..CUSHION]);
        let mut came = Vec::new();
        for chunk in all[CUSHION..].chunks(160) {
            pipe.write(chunk);
            came.extend(read(&mut end, 160));
        }
        assert_eq!(came, all[..came.len()]);
        assert_eq!(came.len() % 160, 0);
        assert!(came.len() >= 9_000, "{}", came.len());
    }

    #[test]
    fn a_reader_that_starves_repeats_itself_for_400_ms_and_then_is_silent_until_a_cushion_is_there() {
        let (mut end, pipe) = Pipe::between();
        pipe.write(&[1; CUSHION]);
        assert_eq!(read(&mut end, CUSHION - 160), [1; CUSHION - 160]);
        assert_eq!(read(&mut end, 160), [1; 160]);
        pipe.write(&[2; 100]);
        for _ in 0..CONCEALED / 160 {
            assert_eq!(read(&mut end, 160), [1; 160]);
        }
        assert_eq!(read(&mut end, 160), [0; 160]);
        pipe.write(&[2; CUSHION]);
        assert_eq!(read(&mut end, 160), [2; 160]);
    }

    #[test]
    fn a_writer_that_runs_ahead_is_cut() {
        let (mut end, pipe) = Pipe::between();
        pipe.write(&[2; 100]);
        pipe.write(&[3; 100 * ROOM]);
        let heard = read(&mut end, ROOM);
        assert_eq!((heard[0], heard[99], heard[100], heard[ROOM - 1]), (2, 2, 3, 3));
    }
}
