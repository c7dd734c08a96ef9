//! How the far end spoke: its opening, what it said later, and whether somebody came on.

use std::time::{Duration, Instant};

use super::rules::Facts;
use super::{CAME_ON_AFTER, OVER};

/// What was said so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Talk {
    /// What was said before the first pause that is not short, without its pauses and what sounds now.
    opening: Option<Duration>,
    /// What came after the opening, without its pauses.
    later: Duration,
    /// The same of what was said since the last such pause, if it is not the opening.
    block: Option<Duration>,
    /// When the block of now began, if it came after a long silence.
    came_on: Option<Instant>,
    /// The longest block that did.
    returned: Option<Duration>,
    since: Option<Instant>,
    ended: Option<Instant>,
}

impl Talk {
    pub(super) fn begin(&mut self, at: Instant) {
        self.since = Some(at);
        let pause = self.ended.map(|ended| at.saturating_duration_since(ended));
        if self.opening.is_none() {
            self.opening = Some(Duration::ZERO);
        } else if pause.is_some_and(|pause| pause >= OVER) {
            self.block = Some(Duration::ZERO);
            self.came_on = pause.filter(|pause| *pause >= CAME_ON_AFTER).map(|_| at);
        }
    }

    pub(super) fn end(&mut self, at: Instant) {
        let Some(since) = self.since.take() else { return };
        let voiced = at.saturating_duration_since(since);
        self.ended = Some(at.max(since));
        let Some(block) = &mut self.block else {
            self.opening = self.opening.map(|opening| opening + voiced);
            return;
        };
        *block += voiced;
        self.later += voiced;
        if self.came_on.is_some() {
            self.returned = self.returned.max(self.block);
        }
    }

    pub(super) fn spoke(&self) -> bool {
        self.opening.is_some()
    }

    /// When a voice was heard last.
    pub(super) fn last_voice(&self) -> Option<Instant> {
        self.since.or(self.ended)
    }

    /// Since when nobody speaks, if anybody has.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        if self.since.is_some() { None } else { self.ended }
    }

    /// Whether the opening was longer than this.
    pub(super) fn greeted(&self, longest: Duration) -> bool {
        self.opening.is_some_and(|opening| opening > longest)
    }

    /// When who speaks now or spoke last began to, if it was after a long silence.
    pub(super) fn came_on(&self) -> Option<Instant> {
        self.came_on
    }

    /// When the opening will have this length, if it goes on without a pause.
    pub(super) fn reaches(&self, length: Duration) -> Option<Instant> {
        let opening = self.opening.filter(|_| self.block.is_none())?;
        Some(self.since? + length.saturating_sub(opening))
    }

    /// What was heard besides, with what was said.
    pub(super) fn facts(&self, now: Instant, heard: Facts) -> Facts {
        let sounding = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let [opening, later] = match self.block {
            Some(_) => [Duration::ZERO, sounding],
            None => [sounding, Duration::ZERO],
        };
        let of_now = self.came_on.and(self.block).map(|block| block + sounding);
        Facts {
            opening: self.opening.unwrap_or_default() + opening,
            later: self.later + later,
            returned: self.returned.max(of_now),
            quiet: self.quiet_since().map(|since| now.saturating_duration_since(since)),
            ..heard
        }
    }
}
