//! Our own sound that comes back.

use super::*;
use crate::dsp::dtmf::Key;
use crate::dsp::g711::Law;

/// Packets from our sending of a sound to its coming back: 100 ms.
const LATE: usize = 5;

fn tones(key: char, len_ms: usize) -> Vec<i16> {
    let key = Key::from_char(key).unwrap();
    let sine = |n: usize, step: f32| 3_000.0 * (step * n as f32).sin();
    let [low, high] = [key.low(), key.high()].map(|tone| tone.radians_per_sample());
    (0..len_ms * 8).map(|n| (sine(n, low) + sine(n, high)) as i16).collect()
}

impl Bench {
    /// Runs with a far end that sends our packets back half as loud, and `own` besides.
    fn run_echoing(&mut self, own: &[i16]) {
        let (law, begin) = (Law::Mu, self.sent.len());
        for (n, own) in own.chunks(160).enumerate() {
            self.now += ms(20);
            self.tick_gateway();
            let echoed = (begin + n).checked_sub(LATE).map(|n| self.sent[n].2.clone());
            let echo = |i: usize| echoed.as_ref().map_or(0, |payload| law.decode(payload[i]) / 2);
            let payload: Vec<u8> =
                own.iter().enumerate().map(|(i, own)| law.encode(own.saturating_add(echo(i)))).collect();
            self.inject(PHONE, header(0, n as u16, 160 * n as u32), &payload);
        }
    }
}

/// Pain: a prompt that holds key tones verifies itself. Its echo is no key, from the first second on,
/// and the key that a person presses meanwhile is one.
#[test]
fn our_own_tones_that_come_back_are_no_key_and_the_persons_are() {
    let mut bench = Bench::agreed(3, Codec::Pcmu);
    // Something like a voice, by which the echo's path is learnt.
    let voice: Vec<i16> = (0..8_000).map(|_| bench.rng.random_range(-4_000..4_000)).collect();
    let prompt = [vec![0; 1_600], tones('#', 200), voice, tones('1', 400), vec![0; 8_000]].concat();
    let clips = vec![Arc::new(Clip::new("tones", prompt))];
    bench.order(MediaCommand::Play { saying: 1, lead: ms(0), clips });
    // The person's key lies within the second tone's echo.
    let mut own = vec![0_i16; 24_000];
    own[13_000..13_800].copy_from_slice(&tones('5', 100));
    bench.run_echoing(&own);
    let told = bench.told();
    let keys: Vec<&Told> = told.iter().filter(|told| matches!(told, Told::Key(..))).collect();
    assert_eq!(keys, [&Told::Key('5', KeyPath::InBand)], "{told:?}");
    let own =
        told.iter().position(|told| *told == Told::OwnEcho).expect("the record tells that such a key came");
    assert!(matches!(told.get(own + 1), Some(Told::Undecided)), "a `#` after it is not lone: {told:?}");
}
