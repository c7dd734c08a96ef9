//! The table: what was heard, to what answered.

use std::time::Duration;

use super::OVER;
use crate::report::record::AnsweredBy;

/// People who pick up say no more than this before they listen.
pub(super) const HUMAN_LONGEST: Duration = Duration::from_millis(2_400);

/// What says more than this at the beginning is a machine.
pub(super) const MACHINE_SHORTEST: Duration = Duration::from_millis(4_600);

/// Menus say more than this at the beginning, or more than the other in all.
const MENU_SHORTEST: Duration = Duration::from_millis(9_000);
const MENU_IN_ALL: Duration = Duration::from_millis(14_000);

/// Call screeners ask in 2.5 to 9 s.
const ASKING: [Duration; 2] = [Duration::from_millis(2_500), MENU_SHORTEST];

/// A person whom the screener puts on says no more than this at once.
const PUT_ON_LONGEST: Duration = Duration::from_millis(2_500);

/// What was heard of the far end since the answer; voices without their pauses and without our echo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// A fax machine's tone.
    pub fax: bool,
    /// A beep within 6 s of the last voice or the answer.
    pub beep: bool,
    /// A steady tone within 6 s of the last voice or the answer that had no other name.
    pub tone: bool,
    /// A special information tone.
    pub information: bool,
    /// Busy, congestion or dial tone.
    pub engaged: bool,
    /// Ringing after a voice.
    pub ringback: bool,
    /// A key that counts.
    pub pressed: bool,
    /// How long the far end spoke before its first pause of 1.5 s; zero: not at all.
    pub opening: Duration,
    /// How long it spoke after that.
    pub later: Duration,
    /// The longest that it spoke at once after a silence of 4.5 s or more.
    pub returned: Option<Duration>,
    /// How long it has been silent since it spoke; `None` while it speaks, or if it never did.
    pub quiet: Option<Duration>,
}

impl Facts {
    fn is_over(&self) -> bool {
        self.quiet.is_some_and(|quiet| quiet >= OVER)
    }

    fn all(&self) -> Duration {
        self.opening + self.later
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What has to be heard, in words.
    pub when: &'static str,
    /// What that is.
    pub label: AnsweredBy,
    holds: fn(&Facts) -> bool,
}

/// The first row that holds decides; if none does, it cannot be told.
pub const RULES: &[Rule] = &[
    Rule { when: "a fax machine's tone", label: AnsweredBy::Fax, holds: |heard| heard.fax },
    Rule {
        when: "a beep within 6 s of the answer or of the last voice",
        label: AnsweredBy::Machine,
        holds: |heard| heard.beep,
    },
    Rule {
        when: "the tone before an announcement of the network",
        label: AnsweredBy::Machine,
        holds: |heard| heard.information,
    },
    Rule {
        when: "an opening of 2.5 to 9 s, 4.5 s or more of silence, then a voice of at most 2.5 s",
        label: AnsweredBy::Screening,
        holds: |heard| {
            (ASKING[0]..=ASKING[1]).contains(&heard.opening)
                && heard.returned.is_some_and(|voice| voice <= PUT_ON_LONGEST)
                && heard.is_over()
        },
    },
    Rule { when: "a key that counts", label: AnsweredBy::Human, holds: |heard| heard.pressed },
    Rule {
        when: "an opening of more than 9 s, then more of it or ringing; or 14 s of voice in all",
        label: AnsweredBy::Ivr,
        holds: |heard| {
            let goes_on = heard.ringback || heard.later >= Duration::from_secs(1);
            heard.opening >= MENU_SHORTEST && goes_on || heard.all() >= MENU_IN_ALL
        },
    },
    Rule {
        when: "an opening of more than 4.6 s, or 7 s of voice in all",
        label: AnsweredBy::Machine,
        holds: |heard| heard.opening >= MACHINE_SHORTEST || heard.all() >= Duration::from_secs(7),
    },
    Rule {
        when: "any other steady tone within 6 s of the answer or of the last voice",
        label: AnsweredBy::Machine,
        holds: |heard| heard.tone,
    },
    Rule {
        when: "an opening of more than 2.4 s, then busy or dial tone",
        label: AnsweredBy::Machine,
        holds: |heard| heard.opening > HUMAN_LONGEST && heard.engaged,
    },
    Rule {
        when: "an opening of at most 2.4 s, and silence for 1.5 s",
        label: AnsweredBy::Human,
        holds: |heard| {
            heard.opening > Duration::ZERO
                && heard.opening <= HUMAN_LONGEST
                && (heard.is_over() || heard.later > Duration::ZERO)
        },
    },
];

pub(super) fn label(heard: &Facts) -> AnsweredBy {
    let rule = RULES.iter().find(|rule| (rule.holds)(heard));
    rule.map_or(AnsweredBy::Unknown, |rule| rule.label)
}
