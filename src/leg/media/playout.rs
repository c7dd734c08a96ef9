//! What is said: clips one after the other, after a lead of silence.

use std::sync::Arc;
use std::time::Duration;
use std::vec;

use super::said::Excerpt;
use crate::clip::Clip;
use crate::dsp::g711::Law;
use crate::rtp::timestamp::samples_in;

/// A clip whose last sample has just been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finished {
    pub(super) saying: u32,
    pub(super) clip: usize,
}

/// What is told of a packet.
#[derive(Debug)]
pub(super) enum Told<'a> {
    /// A clip ends in it.
    Finished(Finished),
    /// It says part of a clip.
    Says(Excerpt<'a>),
}

/// The cursor over what is being said.
#[derive(Debug, Default)]
pub(super) struct Playout {
    saying: Option<Saying>,
}

#[derive(Debug)]
struct Saying {
    number: u32,
    /// Samples of silence still before the first clip.
    lead: usize,
    /// The clip under the cursor; `None` after the last. Here and not in a list, which would have to be
    /// fetched from memory for every packet.
    clip: Option<Arc<Clip>>,
    /// How many came before it.
    number_of_clip: usize,
    /// Samples of it that were taken.
    taken: usize,
    /// Those after it.
    later: vec::IntoIter<Arc<Clip>>,
}

impl Playout {
    /// Begins a saying in place of the one before.
    pub(super) fn play(&mut self, number: u32, lead: Duration, clips: Vec<Arc<Clip>>) {
        let lead = samples_in(lead) as usize;
        let mut later = clips.into_iter();
        let clip = later.next();
        self.saying = Some(Saying { number, lead, clip, number_of_clip: 0, taken: 0, later });
    }

    /// Says no more.
    pub(super) fn stop(&mut self) {
        self.saying = None;
    }

    /// Fills a payload with what is due: lead, clips, and silence once all is said.
    pub(super) fn fill(&mut self, law: Law, payload: &mut [u8], tell: &mut impl FnMut(Told<'_>)) {
        let mut filled = 0;
        if let Some(saying) = &mut self.saying {
            filled = saying.take_lead(law, payload);
            while filled < payload.len() || saying.stands_at_an_end() {
                let Some(taken) = saying.take(law, payload, filled, tell) else { break };
                filled += taken;
                saying.pass_end(tell);
            }
            if saying.clip.is_none() {
                self.saying = None;
            }
        }
        payload[filled..].fill(law.silence());
    }
}

impl Saying {
    fn take_lead(&mut self, law: Law, payload: &mut [u8]) -> usize {
        let count = self.lead.min(payload.len());
        payload[..count].fill(law.silence());
        self.lead -= count;
        count
    }

    /// Copies from the clip under the cursor into a payload from `offset` on; `None` after the last clip.
    fn take(
        &mut self,
        law: Law,
        payload: &mut [u8],
        offset: usize,
        tell: &mut impl FnMut(Told<'_>),
    ) -> Option<usize> {
        let clip = self.clip.as_ref()?;
        let left = &clip.octets(law)[self.taken..];
        let count = left.len().min(payload.len() - offset);
        payload[offset..offset + count].copy_from_slice(&left[..count]);
        if count > 0 {
            tell(Told::Says(Excerpt { clip, from: self.taken, offset, count }));
        }
        self.taken += count;
        Some(count)
    }

    /// Whether nothing of the clip under the cursor is left, as with an empty one.
    fn stands_at_an_end(&self) -> bool {
        self.lead == 0 && self.clip.as_ref().is_some_and(|clip| clip.pcmu().len() == self.taken)
    }

    fn pass_end(&mut self, tell: &mut impl FnMut(Told<'_>)) {
        if self.stands_at_an_end() {
            tell(Told::Finished(Finished { saying: self.number, clip: self.number_of_clip }));
            (self.clip, self.taken) = (self.later.next(), 0);
            self.number_of_clip += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(len: usize) -> Arc<Clip> {
        Arc::new(Clip::new("clip", vec![1_000; len]))
    }

    /// Fills packets of 160 until nothing is said any more; tells each packet's count of spoken
    /// samples and the clips that ended in it.
    fn say(lead_ms: u64, clips: &[usize]) -> Vec<(usize, Vec<usize>)> {
        let mut playout = Playout::default();
        let clips = clips.iter().map(|&len| clip(len)).collect();
        playout.play(7, Duration::from_millis(lead_ms), clips);
        let mut packets = Vec::new();
        while playout.saying.is_some() {
            let (mut payload, mut ended) = ([0; 160], Vec::new());
            let mut told = 0;
            playout.fill(Law::A, &mut payload, &mut |event| match event {
                Told::Finished(finished) => {
                    assert_eq!(finished.saying, 7);
                    ended.push(finished.clip);
                }
                Told::Says(excerpt) => told += excerpt.count,
            });
            let spoken = payload.iter().filter(|octet| **octet == Law::A.encode(1_000)).count();
            assert_eq!(told, spoken, "the ear knows of what is said");
            packets.push((spoken, ended));
        }
        packets
    }

    /// Pains 6 and 7: neither the first syllable nor the last word is clipped.
    #[test]
    fn every_sample_is_said_and_the_end_is_told_with_its_packet() {
        let packets = say(30, &[200, 100]);
        assert_eq!(packets, [(0, vec![]), (80, vec![]), (160, vec![0]), (60, vec![1])]);
    }

    #[test]
    fn a_clip_that_ends_with_a_packet_is_told_with_it() {
        assert_eq!(say(0, &[160, 160]), [(160, vec![0]), (160, vec![1])]);
    }

    #[test]
    fn empty_clips_are_told_too() {
        assert_eq!(say(0, &[0, 160, 0]), [(160, vec![0, 1, 2])]);
        assert_eq!(say(20, &[]), [(0, vec![])]);
    }

    #[test]
    fn after_a_stop_there_is_silence() {
        let mut playout = Playout::default();
        playout.play(1, Duration::ZERO, vec![clip(1_000)]);
        playout.stop();
        let mut payload = [0; 160];
        playout.fill(Law::Mu, &mut payload, &mut |_| panic!("nothing was finished"));
        assert_eq!(payload, [0xFF; 160]);
    }
}
