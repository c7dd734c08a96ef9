//! CPU time a sample, of whatever hears.

use octothorpe::dsp::dtmf::Detector;
use octothorpe::dsp::ear::Ear;
use octothorpe::dsp::echo::Recording;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::Samples;
use rand::rngs::StdRng;
use rustix::time::{ClockId, clock_gettime};

use super::calls::PACKET;
use super::echoes::{EchoPath, prompt_of, through};

/// Lines of the bank.
pub const LINES: usize = 1_024;

/// A sound as each of the timed ears hears it.
pub struct Sound {
    pub alone: Vec<i16>,
    /// Cut in as many lines, packet by packet: those of a turn lie side by side, as a media thread
    /// decodes them.
    turns: Vec<i16>,
    pub prompt: Vec<i16>,
    /// The sound over the prompt's echo, 12 to 18 dB down.
    pub over_echo: Vec<i16>,
}

impl Sound {
    pub fn make(alone: Vec<i16>, rng: &mut StdRng) -> Self {
        let line = alone.len() / LINES / PACKET * PACKET;
        let packet = |at: usize, n: usize| alone[n * line + at..][..PACKET].iter().copied();
        let turn = |at: usize| (0..LINES).flat_map(move |n| packet(at, n));
        let turns = (0..line).step_by(PACKET).flat_map(turn).collect();
        let prompt = prompt_of(rng, alone.len());
        let echo = EchoPath::any(rng, [12.0, 18.0]).echo(&prompt);
        let both = alone.iter().zip(echo).map(|(sound, echo)| (f32::from(*sound) + echo).round() as i16);
        let over_echo = through(Law::Mu, &both.collect::<Vec<i16>>());
        Self { alone, turns, prompt, over_echo }
    }

    pub fn ns_alone(&self) -> f64 {
        ns_per_sample(self.alone.len(), |count| {
            let mut ear = Detector::new();
            for frame in self.alone.chunks(PACKET) {
                ear.feed(frame, &mut |_| *count += 1);
            }
        })
    }

    pub fn ns_in_a_bank(&self) -> f64 {
        let mut ears = vec![Detector::new(); LINES];
        ns_per_sample(self.turns.len(), |count| {
            let mut frames: Vec<&[i16]> = Vec::with_capacity(LINES);
            for turn in self.turns.chunks_exact(PACKET * LINES) {
                frames.clear();
                frames.extend(turn.chunks_exact(PACKET));
                Detector::feed_each(&mut ears, &frames, &mut |_, _| *count += 1);
            }
        })
    }

    pub fn ns_with_a_prompt(&self) -> f64 {
        let mut ear = Ear::new(Recording::new(&*self.prompt, Samples(0)));
        self.ns_over_echo(|_, packet, count| ear.hear(packet, &mut |_| *count += 1))
    }

    /// Of something that is given the sound over the echo packet by packet, with its place.
    pub fn ns_over_echo(&self, mut hear: impl FnMut(Samples, &mut [i16], &mut usize)) -> f64 {
        let mut received = self.over_echo.clone();
        ns_per_sample(received.len(), |count| {
            for (n, packet) in received.chunks_mut(PACKET).enumerate() {
                hear(Samples((n * PACKET) as u64), packet, count);
            }
        })
    }
}

/// This thread's CPU time a sample, of work that counts what it hears.
pub fn ns_per_sample(samples: usize, work: impl FnOnce(&mut usize)) -> f64 {
    let (begin, mut count) = (cpu_ns(), 0);
    work(&mut count);
    std::hint::black_box(count);
    (cpu_ns() - begin) / samples.max(1) as f64
}

fn cpu_ns() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
