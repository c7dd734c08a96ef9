//! What fell short of a key: traces of two tones, and long holes.

use super::event::Event;
use super::key::Key;
use super::limits::{FELL_SHORT_AFTER_MS, RESIDUE_MS, UNHEARD_MS};
use crate::dsp::units::Samples;

/// Two tones near a key's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    key: Key,
    from: Samples,
    to: Samples,
}

/// The traces of one line.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    /// Seen, and still able to become a key.
    stretch: Option<Stretch>,
    /// The last key told, and where its tones were last present.
    told: Option<(Key, Samples)>,
    /// Where the hole began that is open now.
    lost_from: Option<Samples>,
}

impl Trace {
    /// True while a stretch waits to become a key or to fall short.
    #[inline(always)]
    pub(super) fn is_waiting(&self) -> bool {
        self.stretch.is_some()
    }

    /// Two tones were seen from `from` to `to`.
    pub(super) fn see(&mut self, key: Key, from: Samples, to: Samples, tell: &mut impl FnMut(Event)) {
        if self.is_residue(key, from) {
            return;
        }
        match &mut self.stretch {
            Some(stretch) if stretch.key == key => {
                stretch.from = Samples(stretch.from.0.min(from.0));
                stretch.to = Samples(stretch.to.0.max(to.0));
            }
            // An edge of one key may look like another's for one look.
            Some(stretch) if stretch.to > from => stretch.to = Samples(stretch.to.0.max(to.0)),
            Some(_) | None => {
                self.fall_short(tell);
                self.stretch = Some(Stretch { key, from, to });
            }
        }
    }

    /// True for the end of the key told last and what the line makes of it.
    fn is_residue(&self, key: Key, from: Samples) -> bool {
        self.told.is_some_and(|(told, end)| {
            let after = if told == key { Samples::from_ms(RESIDUE_MS) } else { Samples(0) };
            from < end + after
        })
    }

    /// A key began at `onset`: the stretch that became it is none.
    pub(super) fn became(&mut self, key: Key, onset: Samples, tell: &mut impl FnMut(Event)) {
        if let Some(stretch) = self.stretch
            && stretch.key != key
            && stretch.to <= onset
        {
            self.fall_short(tell);
        }
        self.stretch = None;
    }

    /// The tones of a key that was told are present up to `end`.
    pub(super) fn key_lasts(&mut self, key: Key, end: Samples) {
        self.told = Some((key, end));
    }

    /// Time passes: a stretch that no key followed fell short.
    pub(super) fn wait(&mut self, at: Samples, tell: &mut impl FnMut(Event)) {
        let is_over = |stretch: Stretch| at >= stretch.to + Samples::from_ms(FELL_SHORT_AFTER_MS);
        if self.stretch.is_some_and(is_over) {
            self.fall_short(tell);
        }
    }

    /// Tells the stretch that waits, if one does.
    pub(super) fn fall_short(&mut self, tell: &mut impl FnMut(Event)) {
        if let Some(Stretch { key: _, from, to }) = self.stretch.take() {
            tell(Event::Undecided { from, to });
        }
    }

    /// Samples are missing from `at` on.
    pub(super) fn lose(&mut self, at: Samples) {
        self.lost_from.get_or_insert(at);
    }

    /// What is missing now is known to be silent.
    pub(super) fn lose_nothing(&mut self) {
        self.lost_from = None;
    }

    /// The line is heard again, or known to be silent, at `at`.
    #[inline(always)]
    pub(super) fn hear_again(&mut self, at: Samples, tell: &mut impl FnMut(Event)) {
        if let Some(from) = self.lost_from.take()
            && at.saturating_sub(from) >= Samples::from_ms(UNHEARD_MS)
        {
            tell(Event::Undecided { from, to: at });
        }
    }
}
