//! What was heard beside what was pressed.

use std::fmt;

use serde::Serialize;

/// How many keys ahead are looked at to tell what became of one.
const AHEAD: usize = 32;

/// How a sequence of keys was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) struct Score {
    /// Keys heard as they were pressed.
    pub(super) right: usize,
    /// Pressed and not heard.
    pub(super) missed: usize,
    /// Heard once more than pressed, right beside its own press.
    pub(super) doubled: usize,
    /// Heard as another key.
    pub(super) wrong: usize,
    /// Heard without a press.
    pub(super) extra: usize,
}

/// One step of the way from what was pressed to what was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Same,
    Wrong,
    Missed,
    Extra,
}

impl Score {
    /// Compares by the fewest mistakes that explain the difference.
    pub(super) fn of(pressed: &str, heard: &str) -> Score {
        let (pressed, heard): (Vec<char>, Vec<char>) = (pressed.chars().collect(), heard.chars().collect());
        let mut score = Score::default();
        let (mut p, mut h) = (0, 0);
        while p < pressed.len() || h < heard.len() {
            let step = step(&pressed[p..], &heard[h..]);
            match step {
                Step::Same => score.right += 1,
                Step::Wrong => score.wrong += 1,
                Step::Missed => score.missed += 1,
                Step::Extra if is_doubled(&pressed, &heard, p, h) => score.doubled += 1,
                Step::Extra => score.extra += 1,
            }
            p += usize::from(step != Step::Extra);
            h += usize::from(step != Step::Missed);
        }
        score
    }

    /// Nothing missed, doubled, wrong or extra.
    pub(super) fn is_clean(&self) -> bool {
        let Score { right: _, missed, doubled, wrong, extra } = *self;
        missed + doubled + wrong + extra == 0
    }

    /// Adds another file's.
    pub(super) fn add(&mut self, other: &Score) {
        self.right += other.right;
        self.missed += other.missed;
        self.doubled += other.doubled;
        self.wrong += other.wrong;
        self.extra += other.extra;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { right, missed, doubled, wrong, extra } = self;
        write!(f, "{right} right, {missed} missed, {doubled} doubled, {wrong} wrong, {extra} extra")
    }
}

/// The first step of a way with the fewest mistakes through what is left. Equal keys always belong
/// together; otherwise the next keys decide.
fn step(pressed: &[char], heard: &[char]) -> Step {
    let (Some(one), Some(other)) = (pressed.first(), heard.first()) else {
        return if heard.is_empty() { Step::Missed } else { Step::Extra };
    };
    if one == other {
        return Step::Same;
    }
    let costs = costs(&pressed[..pressed.len().min(AHEAD)], &heard[..heard.len().min(AHEAD)]);
    let least = costs[1][1].min(costs[0][1]).min(costs[1][0]);
    if costs[1][1] == least {
        Step::Wrong
    } else if costs[0][1] == least {
        Step::Extra
    } else {
        Step::Missed
    }
}

/// The fewest mistakes from every place on: `costs[p][h]` for what is left after `p` pressed and `h`
/// heard keys. What lies further ahead costs nothing.
fn costs(pressed: &[char], heard: &[char]) -> Vec<Vec<usize>> {
    let mut costs = vec![vec![0; heard.len() + 1]; pressed.len() + 1];
    let is_end = |length: usize| length < AHEAD;
    for p in (0..=pressed.len()).rev() {
        for h in (0..=heard.len()).rev() {
            costs[p][h] = match (pressed.get(p), heard.get(h)) {
                (None, None) => 0,
                (Some(_), None) if is_end(heard.len()) => pressed.len() - p,
                (None, Some(_)) if is_end(pressed.len()) => heard.len() - h,
                (Some(_), None) | (None, Some(_)) => 0,
                (Some(one), Some(other)) => {
                    let both = costs[p + 1][h + 1] + usize::from(one != other);
                    both.min(1 + costs[p + 1][h]).min(1 + costs[p][h + 1])
                }
            };
        }
    }
    costs
}

/// Whether an extra key is the one before once more.
fn is_doubled(pressed: &[char], heard: &[char], p: usize, h: usize) -> bool {
    p > 0 && h > 0 && heard[h] == heard[h - 1] && heard[h] == pressed[p - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pressed: &str, heard: &str) -> [usize; 5] {
        let Score { right, missed, doubled, wrong, extra } = Score::of(pressed, heard);
        [right, missed, doubled, wrong, extra]
    }

    #[test]
    fn every_mistake_is_named() {
        assert_eq!(counts("", ""), [0, 0, 0, 0, 0]);
        assert_eq!(counts("12#", "12#"), [3, 0, 0, 0, 0]);
        assert_eq!(counts("12#", "1#"), [2, 1, 0, 0, 0]);
        assert_eq!(counts("12#", "122#"), [3, 0, 1, 0, 0]);
        assert_eq!(counts("12#", "12##"), [3, 0, 1, 0, 0]);
        assert_eq!(counts("12#", "13#"), [2, 0, 0, 1, 0]);
        assert_eq!(counts("12#", "712#"), [3, 0, 0, 0, 1]);
        assert_eq!(counts("", "55"), [0, 0, 0, 0, 2]);
        assert_eq!(counts("0#", "#"), [1, 1, 0, 0, 0]);
        assert_eq!(counts("11", "111"), [2, 0, 1, 0, 0]);
        assert_eq!(counts("12", ""), [0, 2, 0, 0, 0]);
        let long = "0123456789".repeat(100);
        assert_eq!(counts(&long, &long[1..]), [999, 1, 0, 0, 0]);
    }

    proptest::proptest! {
        /// Every pressed key is right, wrong or missed; every heard one right, wrong, doubled or extra.
        #[test]
        fn all_keys_are_counted_once(pressed in "[0-9#]{0,12}", heard in "[0-9#]{0,12}") {
            let [right, missed, doubled, wrong, extra] = counts(&pressed, &heard);
            proptest::prop_assert_eq!(right + wrong + missed, pressed.len());
            proptest::prop_assert_eq!(right + wrong + doubled + extra, heard.len());
        }
    }
}
