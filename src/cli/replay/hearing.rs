//! One line's samples through the ear, and whatever else was asked to listen.

use super::film::Film;
use super::finding::{Finding, HeardKey};
use super::prompt::{self, Played, Prompt};
use crate::dsp::dtmf::{Detector, Event, Gap};
use crate::dsp::progress::{Listener, TonePlan};
use crate::dsp::units::Samples;

/// What is wanted of every stream of samples.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    /// What else the line says, by this plan of tones; undecided stretches too.
    pub(super) events: Option<&'static TonePlan>,
    /// The samples of a picture.
    pub(super) film: bool,
    /// What we said meanwhile.
    pub(super) played: Option<Played>,
}

/// All that listens to one stream of samples. Time is that of the samples, missing ones included.
#[derive(Debug)]
pub(super) struct Hearing {
    ear: Detector,
    listener: Option<Box<Listener>>,
    film: Option<Film>,
    prompt: Option<Box<Prompt>>,
}

impl Hearing {
    pub(super) fn new(wishes: &Wishes) -> Hearing {
        Hearing {
            ear: Detector::new(),
            listener: wishes.events.map(|plan| Box::new(Listener::new(plan))),
            film: wishes.film.then(Film::default),
            prompt: wishes.played.clone().map(|played| Box::new(Prompt::new(played))),
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
        if self.prompt.is_none() {
            return self.listen(samples, tell);
        }
        // A key is judged by what was played right before it: no later block may be known by then.
        for block in samples.chunks(prompt::BLOCK) {
            let residual = self.prompt.as_mut().map(|prompt| prompt.residual(block));
            self.listen(residual.as_ref().map_or(block, |left| &left[..block.len()]), tell);
        }
    }

    /// Hears samples out of which our own echo is taken.
    fn listen(&mut self, samples: &[i16], tell: &mut impl FnMut(Finding)) {
        let Hearing { ear, listener, film, prompt } = self;
        let tell = &mut noting(film, tell);
        ear.feed(samples, &mut |event| told(event, prompt, tell));
        if let Some(listener) = listener {
            listener.feed(samples, &mut |sound| tell(Finding::Sound { sound, stream: None }));
        }
    }

    /// Passes over samples that were not received.
    pub(super) fn feed_gap(&mut self, missing: Samples, gap: Gap, tell: &mut impl FnMut(Finding)) {
        if missing == Samples(0) {
            return;
        }
        let Hearing { ear, listener, film, prompt } = self;
        if let Some(film) = film {
            film.push_hole(missing);
        }
        if let Some(prompt) = prompt {
            prompt.pass_over(missing);
        }
        let tell = &mut noting(film, tell);
        ear.feed_gap(missing, gap, &mut |event| told(event, prompt, tell));
        if let Some(listener) = listener {
            listener.feed_gap(missing, gap, &mut |sound| tell(Finding::Sound { sound, stream: None }));
        }
    }

    /// The audio is over; its film, if one was wished for.
    pub(super) fn finish(self, tell: &mut impl FnMut(Finding)) -> Option<Film> {
        let Hearing { mut ear, listener, mut film, mut prompt } = self;
        {
            let mut tell = noting(&mut film, tell);
            ear.finish(&mut |event| told(event, &mut prompt, &mut tell));
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

fn told(event: Event, prompt: &mut Option<Box<Prompt>>, tell: &mut impl FnMut(Finding)) {
    if prompt.as_mut().is_some_and(|prompt| prompt.explains(&event)) {
        return;
    }
    match event {
        Event::Began(_) => {}
        Event::Ended(key) => tell(Finding::Key(HeardKey::from(&key))),
        Event::Undecided { from, to } => tell(Finding::Undecided { from, to, stream: None }),
    }
}
