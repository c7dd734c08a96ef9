//! A call through the ear and the listener, as a line hears it, packet by packet.

use octothorpe::dsp::ear::Ear;
use octothorpe::dsp::echo::{Recording, Reference};
use octothorpe::dsp::progress::{Listener, Sound, SoundEvent, TonePlan};
use octothorpe::dsp::units::Samples;

/// Samples a packet.
pub(crate) const PACKET: usize = 160;

/// What is told of a line, and the sample at which it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Told {
    pub(crate) at: usize,
    pub(crate) what: What,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// A voice began here; it goes on.
    Voice(usize),
    /// It ended here.
    Quiet(usize),
    /// A tone began here; it goes on.
    Steady(usize),
    /// A tone that began here, once it is over.
    Tone(Sound, usize),
}

/// What we say, known no further than it has left.
struct Said {
    recording: Recording,
    /// The end of what is no silence, up to each packet.
    ends: Vec<Samples>,
    packets: usize,
}

impl Said {
    fn new(samples: &[i16]) -> Said {
        let mut end = Samples(0);
        let ends = samples.chunks(PACKET).enumerate().map(|(index, packet)| {
            if packet.iter().any(|sample| sample.unsigned_abs() > 8) {
                end = Samples(((index + 1) * PACKET) as u64);
            }
            end
        });
        let ends = ends.collect();
        Said { recording: Recording::new(samples, Samples(0)), ends, packets: 0 }
    }
}

impl Reference for Said {
    fn end(&self) -> Samples {
        self.ends[self.packets.min(self.ends.len() - 1)]
    }

    fn read(&self, from: i64, out: &mut [f32]) {
        self.recording.read(from, out);
    }
}

/// What a line tells that says `said` and receives this.
pub(crate) fn hear(said: &[i16], received: &[i16]) -> Vec<Told> {
    let mut telling = Telling::default();
    let mut ear = Ear::new(Said::new(said));
    let mut listener = Listener::new(TonePlan::for_region("US"));
    let mut received = received.to_vec();
    for packet in received.chunks_mut(PACKET) {
        ear.hear(packet, &mut |_| {});
        ear.reference_mut().packets += 1;
        telling.at += packet.len();
        let mut tell = |event| telling.sound(event);
        if ear.hears_echo() {
            listener.feed_echo(packet, &mut tell)
        } else {
            listener.feed(packet, &mut tell)
        }
        if let Some(begin) = listener.voice_since() {
            telling.voice(begin.0 as usize);
        }
        let tone = listener.tone_since();
        if let (Some(begin), false) = (tone, telling.sounds) {
            telling.tell(What::Steady(begin.0 as usize));
        }
        telling.sounds = tone.is_some();
    }
    listener.finish(&mut |event| telling.sound(event));
    telling.told
}

#[derive(Default)]
struct Telling {
    at: usize,
    speaks: bool,
    sounds: bool,
    told: Vec<Told>,
}

impl Telling {
    fn tell(&mut self, what: What) {
        self.told.push(Told { at: self.at, what });
    }

    fn voice(&mut self, begin: usize) {
        if !std::mem::replace(&mut self.speaks, true) {
            self.tell(What::Voice(begin));
        }
    }

    fn sound(&mut self, event: SoundEvent) {
        let [begin, end] = [event.begin.0 as usize, event.end.0 as usize];
        match event.sound {
            Sound::Speech => {
                self.voice(begin);
                self.speaks = false;
                self.tell(What::Quiet(end));
            }
            Sound::Silence => {}
            Sound::DialTone
            | Sound::Ringback
            | Sound::Busy
            | Sound::Reorder
            | Sound::SpecialInformation
            | Sound::FaxCalling
            | Sound::FaxAnswering
            | Sound::Beep => self.tell(What::Tone(event.sound, begin)),
        }
    }
}
