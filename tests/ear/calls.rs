//! Keys as real calls carry them: either law, the prompt's echo under them, packets lost on the way.

use std::path::Path;

use octothorpe::audio::decode_file;
use octothorpe::dsp::dtmf::{Gap, Key};
use octothorpe::dsp::ear::{self, Ear};
use octothorpe::dsp::echo::Recording;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Dbm0, Samples};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Audio, Press, ms};

/// Samples a packet.
pub const PACKET: usize = 160;

/// One call: what arrives, packet by packet.
pub struct Call {
    pub samples: Vec<i16>,
    /// What we said meanwhile, as the far end decodes it.
    pub played: Vec<i16>,
    /// Which packets were lost.
    pub lost: Vec<bool>,
}

/// What was heard of a call: keys in order, and stretches that stayed undecided.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Heard {
    pub keys: String,
    /// Where the keys began.
    pub onsets: Vec<Samples>,
    /// Where the undecided stretches ended.
    pub traces: Vec<Samples>,
}

/// The prompts of the default pack, as they are played.
pub fn prompts() -> Vec<Vec<i16>> {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/en-US");
    let mut files: Vec<_> = std::fs::read_dir(pack).expect("the default pack").flatten().collect();
    files.sort_by_key(|file| file.path());
    let clips =
        files.iter().map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "flac"));
    clips.map(|path| decode_file(&path).expect("a clip of the pack")).collect()
}

impl Call {
    /// A call of two seconds in which `keys` are pressed from half a second on: 65 to 400 ms each,
    /// 80 to 300 ms apart, twist -6 to +3 dB, by either law, our prompt 9 to 30 dB down all the
    /// while, 0 to 2 % of the packets lost.
    pub fn with_keys(rng: &mut StdRng, keys: &str, prompts: &[Vec<i16>]) -> Call {
        let mut audio = Audio::silence(ms(1_900.0));
        let mut begin = ms(500.0) + rng.random_range(0..PACKET);
        for key in keys.chars().filter_map(Key::from_char) {
            let press = Press::twisted(
                rng.random_range(-20.0..-6.0),
                rng.random_range(-6.0..3.0),
                rng.random_range(65.0..400.0),
            );
            let press = press.off(rng.random_range(-0.5..0.5), rng.random_range(-0.5..0.5));
            press.put(rng, &mut audio, key, begin);
            begin += press.count + ms(rng.random_range(80.0..300.0));
        }
        let played = echo(rng, &mut audio, prompts);
        let noise = Dbm0(rng.random_range(-70.0..-45.0));
        audio.noise(rng, noise);
        let law = if rng.random_bool(0.5) { Law::Mu } else { Law::A };
        let samples = audio.quantised(Some(law));
        let loss = rng.random_range(0.0..0.02);
        let lost = samples.chunks(PACKET).map(|_| rng.random_bool(loss)).collect();
        Call { samples, played, lost }
    }

    /// What our ear hears, told by the ring which packets never came, and knowing what we say.
    pub fn hear(&self) -> Heard {
        let mut ear = Ear::new(Recording::new(&*self.played, Samples(0)));
        let mut heard = Heard::default();
        for (packet, lost) in self.samples.chunks(PACKET).zip(&self.lost) {
            if *lost {
                ear.hear_gap(Samples(packet.len() as u64), Gap::Lost, &mut |event| heard.take(event));
            } else {
                ear.hear(&mut packet.to_vec(), &mut |event| heard.take(event));
            }
        }
        ear.finish(&mut |event| heard.take(event));
        heard
    }

    /// The samples as a receiver without a map of the losses gets them: silence where packets are missing.
    pub fn silenced(&self) -> Vec<i16> {
        let packets = self.samples.chunks(PACKET).zip(&self.lost);
        packets.flat_map(|(packet, lost)| packet.iter().map(move |s| if *lost { 0 } else { *s })).collect()
    }
}

impl Heard {
    fn take(&mut self, event: ear::Heard) {
        self.traces.extend(event.trace().map(|[_, to]| to));
        if let ear::Heard::Began(began) = event {
            self.keys.push(began.key.as_char());
            self.onsets.push(began.onset);
        }
    }

    /// Whether a call's script would take it for a lone `#`: no other key and no trace of one in the
    /// three seconds before it (contract, section 2).
    pub fn is_lone_hash(&self) -> bool {
        let Some(hash) = self.keys.find('#') else { return false };
        let onset = self.onsets[hash];
        let traced = self.traces.iter().any(|to| *to + Samples::from_ms(40) <= onset);
        self.keys[..hash].is_empty() && !traced
    }
}

/// Our prompt back at us: 9 to 30 dB down from -16 dBm0, 10 to 300 ms late, somewhere in a sentence.
/// What was played.
fn echo(rng: &mut StdRng, audio: &mut Audio, prompts: &[Vec<i16>]) -> Vec<i16> {
    let gain = 10f32.powf(-rng.random_range(9.0..30.0) / 20.0);
    let prompt = &prompts[rng.random_range(0..prompts.len())];
    let (begin, late) = (rng.random_range(0..prompt.len()), rng.random_range(80..2_400));
    let played = prompt.iter().cycle().skip(begin).map(|sample| Law::Mu.decode(Law::Mu.encode(*sample)));
    let played: Vec<i16> = played.take(audio.0.len()).collect();
    for (sample, played) in audio.0.iter_mut().skip(late).zip(&played) {
        *sample += gain * f32::from(*played);
    }
    played
}
