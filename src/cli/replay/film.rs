//! The samples that a picture shows: all of a short recording, or the part of a long one that holds
//! the first thing heard.

use std::collections::VecDeque;

use crate::dsp::units::Samples;

/// The longest stretch that is drawn.
pub(super) const LONGEST: Samples = Samples::from_ms(15_000);
/// Of a longer recording so much is drawn before the first thing heard.
const LEAD: Samples = Samples::from_ms(1_000);
/// Kept beyond the end of the picture's first stretch: a key is told when it has ended.
const RECENT: Samples = Samples::from_ms(6_000);
/// A find so close to the end of the first stretch has no room behind it.
const ROOM: Samples = Samples::from_ms(3_000);

/// A stretch of samples; where some are missing they are zero and the hole is noted.
#[derive(Debug, Default)]
pub(super) struct Film {
    begin: Samples,
    samples: Vec<i16>,
    /// The latest samples, while nothing was found and the first stretch is full.
    recent: VecDeque<i16>,
    holes: Vec<(Samples, Samples)>,
    length: Samples,
    has_found: bool,
}

impl Film {
    /// Takes the next samples.
    pub(super) fn push(&mut self, samples: &[i16]) {
        self.length += Samples(samples.len() as u64);
        let room = (LONGEST.0 as usize).saturating_sub(self.samples.len());
        let (kept, rest) = samples.split_at(room.min(samples.len()));
        self.samples.extend_from_slice(kept);
        if !self.has_found {
            self.recent.extend(samples.iter().skip(samples.len() - rest.len()));
            let over = self.recent.len().saturating_sub(RECENT.0 as usize);
            self.recent.drain(..over);
        }
    }

    /// Notes that so many samples were not received.
    pub(super) fn push_hole(&mut self, missing: Samples) {
        let begin = self.length;
        let longest = LONGEST + RECENT;
        let zeros = vec![0; missing.0.min(longest.0) as usize];
        self.length += Samples(missing.0 - zeros.len() as u64);
        self.push(&zeros);
        self.holes.push((begin, self.length));
    }

    /// Notes that something was heard: the first time this decides what is drawn.
    pub(super) fn note(&mut self, start: Samples) {
        if std::mem::replace(&mut self.has_found, true) {
            return;
        }
        let is_inside = start + ROOM < self.begin + LONGEST || self.recent.is_empty();
        if !is_inside {
            let recent_begin = self.length.saturating_sub(Samples(self.recent.len() as u64));
            let begin = start.saturating_sub(LEAD).max(recent_begin);
            let skipped = begin.saturating_sub(recent_begin).0 as usize;
            self.samples = self.recent.iter().skip(skipped).copied().collect();
            self.begin = begin;
        }
        self.recent = VecDeque::new();
    }

    /// Where the stretch begins.
    pub(super) fn begin(&self) -> Samples {
        self.begin
    }

    /// Its samples.
    pub(super) fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// Where it ends.
    pub(super) fn end(&self) -> Samples {
        self.begin + Samples(self.samples.len() as u64)
    }

    /// Holes, from where to where.
    pub(super) fn holes(&self) -> &[(Samples, Samples)] {
        &self.holes
    }

    /// How long the whole recording is.
    pub(super) fn length(&self) -> Samples {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A film of `seconds`, sample n being n / 8000, in which something is heard at `found_ms`, told
    /// 200 ms later.
    fn film(seconds: u64, found_ms: Option<u64>) -> Film {
        let mut film = Film::default();
        for n in 0..seconds * 50 {
            film.push(&[(n / 50) as i16; 160]);
            if found_ms.is_some_and(|ms| (ms + 200) / 20 == n) {
                film.note(Samples::from_ms(found_ms.unwrap_or_default()));
            }
        }
        film
    }

    #[test]
    fn a_short_recording_is_shown_whole() {
        let film = film(10, Some(5_000));
        assert_eq!((film.begin(), film.end(), film.length()), (Samples(0), Samples(80_000), Samples(80_000)));
    }

    #[test]
    fn of_a_long_one_the_part_around_the_first_find() {
        let film = film(100, Some(50_500));
        assert_eq!(film.begin(), Samples::from_ms(49_500));
        assert_eq!((film.samples().len() as u64, film.samples()[0]), (LONGEST.0, 49));
        assert_eq!(film.samples().last(), Some(&64));
    }

    #[test]
    fn of_a_long_one_without_any_find_the_beginning() {
        assert_eq!(
            (film(100, None).begin(), film(100, None).samples().len() as u64),
            (Samples(0), LONGEST.0)
        );
        assert_eq!(film(100, Some(2_000)).begin(), Samples(0), "or where it was found there");
    }

    #[test]
    fn holes_take_their_time() {
        let mut film = Film::default();
        film.push(&[1; 80]);
        film.push_hole(Samples(160));
        film.push_hole(Samples(80_000_000));
        assert_eq!(film.holes()[0], (Samples(80), Samples(240)));
        assert_eq!((film.length(), film.samples().len() as u64), (Samples(80_000_240), LONGEST.0));
    }
}
