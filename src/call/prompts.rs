//! The clips of one call, as its script says them.

use std::sync::Arc;
use std::time::Duration;

use crate::clip::Clip;
use crate::leg::key::Digit;

/// The ten digits, by their value.
pub type DigitClips = [Arc<Clip>; 10];

/// The clips of one call. What is `None` is left out; nothing is said in its place.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// Who calls and what is being confirmed.
    pub context: Arc<Clip>,
    /// What to press, in the mode of this call.
    pub instruction: Arc<Clip>,
    /// Who calls and why, for a machine that asks, before the prompt is said anew.
    pub screening: Option<Arc<Clip>>,
    /// After a `#` that was not lone, before the prompt is said again.
    pub invalid: Option<Arc<Clip>>,
    /// After an entry that was not finished or not fully heard.
    pub incomplete: Option<Arc<Clip>>,
    /// After a wrong entry of this mode.
    pub wrong: Option<Arc<Clip>>,
    /// The request for two spoken digits; `None`: an unclean call cannot be verified.
    pub spoken: Option<SpokenClips>,
    /// Around the code; `None` in every other mode.
    pub code: Option<CodeClips>,
    /// After a report of fraud.
    pub fraud: FraudClips,
    /// After a key or an entry that counted; `None`: the BYE follows at once.
    pub thanks: Option<Arc<Clip>>,
    /// After a `#` that came too late for the login page.
    pub expired: Option<Arc<Clip>>,
    /// After the last wrong entry.
    pub locked: LockedClips,
    /// After the last waiting time.
    pub goodbye: Option<Arc<Clip>>,
}

/// "To make sure that this is you, please enter", a digit, a digit, "then the pound key".
#[derive(Debug, Clone)]
pub struct SpokenClips {
    /// Before the digits.
    pub ask: Arc<Clip>,
    /// Behind them.
    pub then: Arc<Clip>,
    /// The digits.
    pub digits: DigitClips,
    /// Farewell after other keys.
    pub wrong: Option<Arc<Clip>>,
}

/// What is said around a code.
#[derive(Debug, Clone)]
pub struct CodeClips {
    /// Before its first reading.
    pub intro: Arc<Clip>,
    /// Before each further one.
    pub again: Arc<Clip>,
    /// The digits.
    pub digits: DigitClips,
    /// Behind the last reading.
    pub goodbye: Option<Arc<Clip>>,
}

/// What is said after the last wrong entry.
#[derive(Debug, Clone, Default)]
pub struct LockedClips {
    /// Where another call may be asked for at once, or nobody knows when.
    pub plain: Option<Arc<Clip>>,
    /// Where PINs and challenges are locked: each for a wait of at most so long, the shortest first.
    pub waits: Vec<(Duration, Arc<Clip>)>,
}

impl LockedClips {
    /// The farewell where they stay locked for so long, rounded up to what can be said.
    pub(super) fn farewell(&self, wait: Option<Duration>) -> Option<Arc<Clip>> {
        wait.and_then(|wait| said_of(&self.waits, wait)).or(self.plain.as_ref()).cloned()
    }
}

/// What is said of a wait, out of what is said of waits of at most so long, the shortest first: nobody is
/// told less than is left.
pub fn said_of<T>(waits: &[(Duration, T)], wait: Duration) -> Option<&T> {
    waits.iter().find(|(longest, _)| wait <= *longest).map(|(_, said)| said)
}

/// What is said after a report of fraud.
#[derive(Debug, Clone, Default)]
pub struct FraudClips {
    /// Which key blocks calls; `None`: nobody is asked and nothing is blocked.
    pub question: Option<Arc<Clip>>,
    /// Farewell when calls are blocked.
    pub blocked: Option<Arc<Clip>>,
    /// Farewell when they are not.
    pub kept: Option<Arc<Clip>>,
    /// Farewell where nobody is asked.
    pub reported: Option<Arc<Clip>>,
}

/// The clip of a digit 0 to 9; `None` for the other keys.
fn spoken(digits: &DigitClips, digit: Digit) -> Option<Arc<Clip>> {
    let value = digit.as_char().to_digit(10)?;
    digits.get(value as usize).cloned()
}

impl SpokenClips {
    /// The whole request.
    pub(super) fn request(&self, asked: &[Digit]) -> Vec<Arc<Clip>> {
        let digits = asked.iter().filter_map(|digit| spoken(&self.digits, *digit));
        [self.ask.clone()].into_iter().chain(digits).chain([self.then.clone()]).collect()
    }
}

impl CodeClips {
    /// The code, read `times` times, and the farewell. Its first reading ends with the clip that has the
    /// number of digits as its index.
    pub(super) fn readings(&self, code: &[Digit], times: u8) -> Vec<Arc<Clip>> {
        let mut clips = Vec::new();
        for reading in 0..times.max(1) {
            clips.push(if reading == 0 { self.intro.clone() } else { self.again.clone() });
            clips.extend(code.iter().filter_map(|digit| spoken(&self.digits, *digit)));
        }
        clips.extend(self.goodbye.clone());
        clips
    }
}
