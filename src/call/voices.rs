//! Who else speaks on the line, and whether that makes keys doubtful.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::answered::{GREETING_PAUSE, OVER};

/// A voice that begins this near to the answer, or to the prompt's new start, may be a greeting.
const GREETS_WITHIN: Duration = Duration::from_millis(1_500);
/// A voice that goes on for this long without such a pause is like a greeting: "hello?" is shorter.
const GREETING_LIKE: Duration = Duration::from_millis(1_500);
/// Stretches of voice, and starts of the prompt, that are remembered: a key is told a second after its
/// press began at the latest.
const REMEMBERED: usize = 8;

/// A stretch of voice without a pause of 0.8 s.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    began: Instant,
    /// `None` while it is heard.
    ended: Option<Instant>,
}

impl Stretch {
    /// Whether it is going on at this moment, pauses included.
    fn holds(&self, at: Instant) -> bool {
        self.is_within(GREETING_PAUSE, at)
    }

    /// Whether it has begun, and not ended so long ago.
    fn is_within(&self, pause: Duration, at: Instant) -> bool {
        self.began <= at && self.ended.is_none_or(|ended| at < ended + pause)
    }
}

/// The far end's voice so far.
#[derive(Debug, Default)]
pub(super) struct Voices {
    answered: Option<Instant>,
    /// When the prompt was begun anew.
    starts: VecDeque<Instant>,
    stretches: VecDeque<Stretch>,
    /// When a voice had first gone on long enough to be like a greeting, among those that are over.
    like_greeting: Option<Instant>,
}

impl Voices {
    pub(super) fn answer(&mut self, at: Instant) {
        self.answered = Some(at);
    }

    /// The voices of somebody who is on the line from now on; one that is heard now is theirs.
    pub(super) fn begin_anew(&self, at: Instant) -> Voices {
        let stretches = self.stretches.iter().filter(|stretch| stretch.holds(at)).copied().collect();
        Voices { answered: Some(at), stretches, ..Voices::default() }
    }

    /// The prompt begins anew.
    pub(super) fn prompt_anew(&mut self, at: Instant) {
        remember(&mut self.starts, at);
    }

    pub(super) fn begin(&mut self, at: Instant) {
        match self.stretches.back_mut() {
            Some(last) if last.holds(at) => last.ended = None,
            Some(_) | None => remember(&mut self.stretches, Stretch { began: at, ended: None }),
        }
    }

    pub(super) fn end(&mut self, at: Instant) {
        if let Some(last) = self.stretches.back_mut() {
            last.ended = Some(at);
            let long = last.began + GREETING_LIKE;
            if self.like_greeting.is_none() && long <= at {
                self.like_greeting = Some(long);
            }
        }
    }

    /// Whether a key at this moment stands in a greeting's speech.
    pub(super) fn is_greeting(&self, at: Instant) -> bool {
        self.stretches.iter().any(|stretch| stretch.holds(at) && self.greets(stretch))
    }

    /// Whether what was said before this moment was like a greeting, or may be the begin of one: nobody knows
    /// how long a voice will be that is not over.
    pub(super) fn may_be_greeting(&self, at: Instant) -> bool {
        self.like_greeting.is_some_and(|long| long <= at)
            || self.stretches.iter().any(|stretch| stretch.is_within(OVER, at))
    }

    /// A voice that was there already at the answer is a greeting that began in early media.
    fn greets(&self, stretch: &Stretch) -> bool {
        let apart = |a: Instant, b: Instant| a.max(b).duration_since(a.min(b));
        self.answered.is_some_and(|answered| stretch.began <= answered + GREETS_WITHIN)
            || self.starts.iter().any(|start| apart(*start, stretch.began) <= GREETS_WITHIN)
    }
}

fn remember<T>(last: &mut VecDeque<T>, new: T) {
    if last.len() == REMEMBERED {
        last.pop_front();
    }
    last.push_back(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zero: Instant, ms: u64) -> Instant {
        zero + Duration::from_millis(ms)
    }

    fn spoken(zero: Instant, stretches: &[(u64, u64)]) -> Voices {
        let mut voices = Voices::default();
        voices.answer(at(zero, 0));
        for (from, to) in stretches {
            voices.begin(at(zero, *from));
            voices.end(at(zero, *to));
        }
        voices
    }

    fn zero() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any instant serves as the virtual zero")]
        Instant::now()
    }

    #[test]
    fn a_greeting_begins_near_the_answer_and_lasts_until_it_has_paused_0_8_s() {
        let zero = zero();
        let voices = spoken(zero, &[(1_500, 2_000), (2_799, 3_000)]);
        for (ms, inside) in [(1_499, false), (1_500, true), (2_500, true), (3_799, true), (3_800, false)] {
            assert_eq!(voices.is_greeting(at(zero, ms)), inside, "{ms} ms");
        }
        assert!(!spoken(zero, &[(1_501, 3_000)]).is_greeting(at(zero, 2_000)), "began too late for one");
        let voices = spoken(zero, &[(100, 500), (1_600, 3_000)]);
        assert!(!voices.is_greeting(at(zero, 2_000)), "after a pause it is another voice");
    }

    #[test]
    fn a_voice_at_the_prompts_new_start_is_a_greeting_again() {
        let zero = zero();
        let mut voices = spoken(zero, &[(9_000, 12_000)]);
        assert!(!voices.is_greeting(at(zero, 11_000)));
        voices.prompt_anew(at(zero, 10_400));
        assert!(voices.is_greeting(at(zero, 11_000)));
    }

    #[test]
    fn what_goes_on_for_1_5_s_without_a_pause_is_like_a_greeting() {
        let zero = zero();
        let much_later = at(zero, 60_000);
        let pauses = spoken(zero, &[(3_000, 3_600), (4_000, 4_500)]);
        assert!(pauses.may_be_greeting(much_later), "pauses within it are part of it");
        let shorter = spoken(zero, &[(3_000, 3_600), (4_000, 4_499)]);
        assert!(!shorter.may_be_greeting(much_later), "a millisecond less is no greeting");
        let hellos = spoken(zero, &[(300, 900), (1_800, 2_400), (5_000, 5_600)]);
        assert!(!hellos.may_be_greeting(much_later), "a person who says hello three times");
        let mut many = spoken(zero, &[(0, 2_000)]);
        for second in 1..100 {
            many.begin(at(zero, 3_000 * second));
            many.end(at(zero, 3_000 * second + 100));
        }
        assert!(many.may_be_greeting(at(zero, 400_000)), "it is not forgotten");
    }

    #[test]
    fn a_voice_may_become_a_greeting_until_it_has_been_over_for_1_5_s() {
        let zero = zero();
        let voices = spoken(zero, &[(3_000, 3_600)]);
        for (ms, may) in [(2_999, false), (3_000, true), (3_599, true), (5_099, true), (5_100, false)] {
            assert_eq!(voices.may_be_greeting(at(zero, ms)), may, "{ms} ms");
        }
        let mut goes_on = spoken(zero, &[]);
        goes_on.begin(at(zero, 3_000));
        assert!(goes_on.may_be_greeting(at(zero, 3_001)));
    }
}
