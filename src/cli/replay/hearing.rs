//! One line's samples through the ear, and whatever else was asked to listen.

use super::film::Film;
use super::finding::{Finding, HeardKey};
use crate::dsp::dtmf::Gap;
use crate::dsp::ear::{Ear, Heard};
use crate::dsp::echo::Recording;
use crate::dsp::progress::{Listener, TonePlan};
use crate::dsp::units::Samples;

/// Samples heard at a time.
const BLOCK: usize = 160;

/// What is wanted of every stream of samples.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    /// What else the line says, by this plan of tones; undecided stretches too.
    pub(super) events: Option<&'static TonePlan>,
    /// The samples of a picture.
    pub(super) film: bool,
    /// What we said meanwhile.
    pub(super) played: Option<Recording>,
}

/// All that listens to one stream of samples. Time is that of the samples, missing ones included.
#[derive(Debug)]
pub(super) struct Hearing {
    ear: Ear<Recording>,
    listener: Option<Box<Listener>>,
    film: Option<Film>,
}

impl Hearing {
    pub(super) fn new(wishes: &Wishes) -> Hearing {
        Hearing {
            ear: Ear::new(wishes.played.clone().unwrap_or_default()),
            listener: wishes.events.map(|plan| Box::new(Listener::new(plan))),
            film: wishes.film.then(Film::default),
        }
    }

    /// Samples heard or passed over so far.
    pub(super) fn position(&self) -> Samples {
        self.ear.position()
    }

    /// Hears samples.
    pub(super) fn feed(&mut self, samples: &[i16], tell: &mut impl FnMut(Finding)) {
        if let Some(film) = &mut self.film {
            film.push(samples);
        }
        let Hearing { ear, listener, film } = self;
        let tell = &mut noting(film, tell);
        let mut block = [0; BLOCK];
        for samples in samples.chunks(BLOCK) {
            let block = &mut block[..samples.len()];
            block.copy_from_slice(samples);
            ear.hear(block, &mut |heard| told(heard, tell));
            if let Some(listener) = listener {
                let tell = &mut |sound| tell(Finding::Sound { sound, stream: None });
                if ear.hears_echo() { listener.feed_echo(block, tell) } else { listener.feed(block, tell) }
            }
        }
    }

    /// Passes over samples that were not received.
    pub(super) fn feed_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(Finding)) {
        if missing == Samples(0) {
            return;
        }
        let Hearing { ear, listener, film } = self;
        if let Some(film) = film {
            film.push_hole(missing);
        }
        let tell = &mut noting(film, tell);
        ear.hear_gap(missing, gap, &mut |heard| told(heard, tell));
        if let Some(listener) = listener {
            listener.feed_gap(missing, gap, &mut |sound| tell(Finding::Sound { sound, stream: None }));
        }
    }

    /// The audio is over; its film, if one was wished for.
    pub(super) fn finish(self, tell: &mut impl FnMut(Finding)) -> Option<Film> {
        let Hearing { mut ear, listener, mut film } = self;
        {
            let mut tell = noting(&mut film, tell);
            ear.finish(&mut |heard| told(heard, &mut tell));
            if let Some(mut listener) = listener {
                listener.finish(&mut |sound| tell(Finding::Sound { sound, stream: None }));
            }
        }
        film
    }
}

/// Tells findings on, after the film has taken note of those that a picture is about.
fn noting<'a>(film: &'a mut Option<Film>, tell: &'a mut impl FnMut(Finding)) -> impl FnMut(Finding) + 'a {
    move |finding| {
        if let Some(film) = film {
            match &finding {
                Finding::Key(key) => film.note(key.first.start),
                Finding::Undecided { from, .. } => film.note(*from),
                Finding::Sound { .. } => {}
            }
        }
        tell(finding);
    }
}

fn told(heard: Heard, tell: &mut impl FnMut(Finding)) {
    match heard {
        Heard::Began(_) | Heard::OwnEcho(_) => {}
        Heard::Ended(key) => tell(Finding::Key(HeardKey::from(&key))),
        Heard::Undecided { from, to } => tell(Finding::Undecided { from, to, stream: None }),
    }
}
