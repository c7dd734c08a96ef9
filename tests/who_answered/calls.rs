//! Calls as the gateway hears them from the answer on, made of phrases, tones, noise and our own echo.

use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Db, Dbm0};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::ear::echoes::{EchoPath, rounded, through};
use crate::ear::gauss;
use crate::texts::{Kind, LANGUAGES};
use crate::voices::{LEVEL, Phrase, Voices, varied};

/// What really answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Human,
    Machine,
    Screening,
    Ivr,
    Fax,
}

impl Class {
    pub(crate) const ALL: [Class; 5] =
        [Class::Human, Class::Machine, Class::Screening, Class::Ivr, Class::Fax];

    /// Whether a person comes on.
    pub(crate) fn is_person(self) -> bool {
        match self {
            Class::Human | Class::Screening => true,
            Class::Machine | Class::Ivr | Class::Fax => false,
        }
    }
}

/// Recordings that calls are made of: announcements, menus, and the parts of a mailbox's greeting.
pub(crate) const RECORDED: [&[&str]; 3] = [
    &[
        "ss-noservice",
        "cannot-complete-as-dialed",
        "all-circuits-busy-now",
        "tt-allbusy",
        "number-not-answering",
        "feature-not-avail-line",
        "vm-mailboxfull",
    ],
    &[
        "basic-pbx-ivr-main",
        "demo-congrats",
        "vm-options",
        "conf-adminmenu",
        "conf-usermenu",
        "dir-intro",
        "vm-opts",
    ],
    &[
        "vm-theperson",
        "vm-isunavail",
        "vm-isonphone",
        "vm-intro",
        "vm-nobodyavail",
        "beep",
        "hello",
        "privacy-prompt",
        "priv-callpending",
        "one-moment-please",
        "pls-hold-while-try",
        "pbx-invalid",
    ],
];

/// One call.
pub(crate) struct Call {
    pub(crate) class: Class,
    /// What happens in it, in words.
    pub(crate) story: String,
    /// What arrives.
    pub(crate) received: Vec<i16>,
    /// The same without our echo, as a gateway hears it that waits before it speaks.
    pub(crate) unechoed: Vec<i16>,
    /// What we say meanwhile.
    pub(crate) said: Vec<i16>,
    /// When a person comes on, in a call that is screened.
    pub(crate) person_at: Option<usize>,
    /// What is said, recorded or beeped, from the first sample to the end of the last.
    pub(crate) sounds: Vec<(Part, [usize; 2])>,
}

/// A part of what a far end sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Speech,
    Beep,
}

/// The longest that a call lasts: three sayings and what is waited after each.
const LONGEST_S: f32 = 42.0;

/// Samples of a time.
fn s(seconds: f32) -> usize {
    (seconds * 8_000.0) as usize
}

/// What the far end sends, as it is put together.
struct Line<'a> {
    rng: &'a mut StdRng,
    voices: &'a Voices,
    samples: Vec<f32>,
    level: Dbm0,
    language: usize,
    story: String,
    person_at: Option<usize>,
    sounds: Vec<(Part, [usize; 2])>,
}

impl Line<'_> {
    fn new<'a>(rng: &'a mut StdRng, voices: &'a Voices) -> Line<'a> {
        let level = Dbm0(rng.random_range(-28.0..-12.0));
        let language = rng.random_range(0..LANGUAGES.len());
        let (story, samples, sounds) = (LANGUAGES[language].to_owned(), Vec::new(), Vec::new());
        Line { rng, voices, samples, level, language, story, person_at: None, sounds }
    }

    fn tell(&mut self, what: &str) -> &mut Self {
        self.story += ", ";
        self.story += what;
        self
    }

    fn pause(&mut self, least: f32, most: f32) -> &mut Self {
        let pause = s(self.rng.random_range(least..most));
        self.samples.extend(std::iter::repeat_n(0.0, pause));
        self
    }

    /// What was put since `begin` was this.
    fn note(&mut self, part: Part, begin: usize) {
        self.sounds.push((part, [begin, self.samples.len()]));
    }

    fn put(&mut self, samples: &[f32]) {
        let gain = Db(self.level.0 - LEVEL.0).amplitude_ratio();
        let begin = self.samples.len();
        self.samples.extend(samples.iter().map(|x| x * gain));
        self.note(Part::Speech, begin);
    }

    /// Sentences, with pauses between them that are now and then longer than a person waits.
    fn say(&mut self, kind: Kind) -> &mut Self {
        let phrase = self.voices.any(self.rng, kind, self.language);
        self.say_phrase(&phrase)
    }

    fn say_phrase(&mut self, phrase: &Phrase) -> &mut Self {
        for (index, sentence) in phrase.iter().enumerate() {
            if index > 0 {
                let [least, most] = if self.rng.random_bool(0.25) { [0.7, 1.0] } else { [0.2, 0.7] };
                self.pause(least, most);
            }
            let sentence = varied(self.rng, sentence);
            self.put(&sentence);
        }
        self
    }

    fn play(&mut self, name: &str) -> bool {
        let recording = self.voices.recording(self.language, name);
        if let Some(recording) = &recording {
            let varied = varied(self.rng, recording);
            self.put(&varied);
        }
        recording.is_some()
    }

    /// One of these recordings.
    fn play_any(&mut self, of: &[&str]) -> &mut Self {
        self.language = self.voices.recorded_language(self.rng);
        loop {
            let name = of[self.rng.random_range(0..of.len())];
            if self.play(name) {
                return self.tell(name);
            }
        }
    }

    /// Tones together, for so many seconds.
    fn tone(&mut self, frequencies: &[f32], level: Dbm0, seconds: f32) -> &mut Self {
        let peak = level.sine_peak() / (frequencies.len() as f32).sqrt();
        let sine = |n: usize, f: &f32| (std::f32::consts::TAU * f * n as f32 / 8_000.0).sin();
        let sample = |n| frequencies.iter().map(|f| peak * sine(n, f)).sum::<f32>();
        self.samples.extend((0..s(seconds)).map(sample));
        self
    }

    fn beep(&mut self) -> &mut Self {
        let (level, seconds) = (Dbm0(self.rng.random_range(-24.0..-8.0)), self.rng.random_range(0.26..1.2));
        let usual = [425.0, 440.0, 620.0, 800.0, 850.0, 1_000.0, 1_000.0, 1_400.0];
        let frequency = if self.rng.random_bool(0.6) {
            usual[self.rng.random_range(0..usual.len())]
        } else {
            self.rng.random_range(500.0..1_800.0)
        };
        let begin = self.samples.len();
        self.tone(&[frequency], level, seconds).tell(&format!("beep {frequency:.0} Hz"));
        self.note(Part::Beep, begin);
        self
    }

    /// Noise under it all, our echo, and G.711.
    fn finish(self, class: Class, prompt: &[Vec<i16>]) -> Call {
        let Line { rng, mut samples, level, story, person_at, sounds, .. } = self;
        samples.truncate(s(LONGEST_S));
        let is_noisy = rng.random_bool(0.25);
        let snr = if is_noisy { rng.random_range(10.0..20.0) } else { rng.random_range(25.0..50.0) };
        let deviation = (level + Db(-snr)).mean_square().sqrt();
        // Half of all noise is a room's: most of it low.
        let smooth: f32 = if rng.random_bool(0.5) { 0.9 } else { 0.0 };
        let (mut low, gain) = (0.0, deviation * ((1.0 + smooth) / (1.0 - smooth)).sqrt());
        for x in &mut samples {
            low = smooth * low + (1.0 - smooth) * gauss(rng);
            *x += gain * low;
        }
        let law = if rng.random() { Law::Mu } else { Law::A };
        let said = through(law, &our_prompt(prompt, samples.len()));
        let unechoed = through(law, &rounded(&samples));
        let echo = EchoPath::any(rng, [20.0, 40.0]).echo(&said);
        let both: Vec<f32> = samples.iter().zip(&echo).map(|(x, echo)| x + echo).collect();
        let received = through(law, &rounded(&both));
        let story = format!("{story}, {:.0} dBm0, noise {snr:.0} dB down", level.0);
        Call { class, story, received, unechoed, said, person_at, sounds }
    }
}

impl Call {
    /// Where a recording may hold a `#`: before its speech, under it, right behind it, behind the beep.
    pub(crate) fn places(&self, rng: &mut StdRng) -> Vec<usize> {
        let all = |what| self.sounds.iter().filter(move |(of, _)| *of == what).map(|(_, span)| *span);
        let spoken: Vec<[usize; 2]> = all(Part::Speech).collect();
        let (Some(first), Some(last)) = (spoken.first(), spoken.last()) else { return Vec::new() };
        let under = spoken[rng.random_range(0..spoken.len())];
        let behind = |[_, end]: [usize; 2], rng: &mut StdRng| end + s(rng.random_range(0.1..1.5));
        let mut places =
            vec![rng.random_range(0..first[0]), rng.random_range(under[0]..under[1]), behind(*last, rng)];
        places.extend(all(Part::Beep).map(|beep| behind(beep, rng)));
        places
    }
}

/// Lead, prompt, wait, and again.
fn our_prompt(prompt: &[Vec<i16>], count: usize) -> Vec<i16> {
    let mut said = vec![0; s(0.2)];
    while said.len() < count {
        prompt.iter().for_each(|clip| said.extend(clip));
        said.extend(std::iter::repeat_n(0, s(6.1)));
    }
    said.truncate(count);
    said
}

/// A call of a class by chance.
pub(crate) fn call(rng: &mut StdRng, voices: &Voices, prompt: &[Vec<i16>], class: Class) -> Call {
    let mut line = Line::new(rng, voices);
    match class {
        Class::Human => human(&mut line),
        Class::Machine => machine(&mut line),
        Class::Screening => screening(&mut line),
        Class::Ivr => menu(&mut line),
        Class::Fax => fax(&mut line),
    }
    line.finish(class, prompt)
}

/// Nobody here presses a key: that would tell too much.
fn human(line: &mut Line<'_>) {
    match line.rng.random_range(0..100u32) {
        0..42 => {
            line.tell("hello").pause(0.1, 1.3).say(Kind::Hello);
        }
        42..67 => {
            line.tell("business").pause(0.2, 1.2).say(Kind::Business);
        }
        67..77 => {
            line.tell("hello twice").pause(0.1, 1.0).say(Kind::Hello).pause(1.0, 3.0).say(Kind::Hello);
        }
        77..85 => {
            line.tell("late hello").pause(2.0, 6.0).say(Kind::Hello);
        }
        85..91 => {
            line.tell("silence");
        }
        91.. => {
            line.tell("talks over the prompt").pause(0.1, 1.0).say(Kind::Hello);
            for _ in 0..line.rng.random_range(1..4) {
                line.pause(0.8, 4.0).say(Kind::Wonder);
            }
        }
    }
    // Some say a word more, later.
    if line.rng.random_bool(0.2) {
        line.pause(2.0, 12.0).say(Kind::Wonder).tell("a word more");
    }
    let hangs_up = s(line.rng.random_range(5.0..LONGEST_S));
    let count = line.samples.len().max(hangs_up);
    line.samples.resize(count, 0.0);
}

fn machine(line: &mut Line<'_>) {
    line.pause(0.2, 2.0);
    match line.rng.random_range(0..100u32) {
        0..55 => {
            line.tell("greeting").say(Kind::Greeting);
        }
        55..72 => {
            line.tell("short greeting").say(Kind::ShortGreeting);
        }
        72..84 => return announcement(line),
        84.. => recorded_greeting(line),
    }
    if line.rng.random_bool(0.9) {
        line.pause(0.2, 1.5).beep().pause(1.0, 2.0);
    } else {
        line.tell("no beep").pause(LONGEST_S, LONGEST_S + 1.0);
    }
}

fn recorded_greeting(line: &mut Line<'_>) {
    line.language = line.voices.recorded_language(line.rng);
    line.tell("recorded greeting");
    if line.rng.random() {
        line.play("vm-nobodyavail");
    } else {
        line.play("vm-theperson");
        line.pause(0.1, 0.3);
        for _ in 0..line.rng.random_range(3..6) {
            let digit = line.rng.random_range(0..10).to_string();
            line.play(&digit);
        }
        line.play("vm-isunavail");
    }
    line.pause(0.2, 1.0);
    line.play("vm-intro");
}

fn announcement(line: &mut Line<'_>) {
    line.tell("announcement");
    if line.rng.random_bool(0.4) {
        line.tell("special information tone");
        for frequency in [950.0, 1_400.0, 1_800.0] {
            line.tone(&[frequency], Dbm0(-16.0), 0.33);
        }
        line.pause(0.3, 1.0);
    }
    let is_recorded = line.rng.random();
    let phrase = line.voices.any(line.rng, Kind::Announcement, line.language);
    let name = RECORDED[0][line.rng.random_range(0..5)];
    for _ in 0..line.rng.random_range(1..4) {
        if is_recorded {
            line.language = line.voices.recorded_language(line.rng);
            if !line.play(name) {
                line.play("ss-noservice");
            }
        } else {
            line.say_phrase(&phrase);
        }
        line.pause(0.8, 3.0);
    }
    if line.rng.random() {
        line.tell("busy tone");
        for _ in 0..8 {
            line.tone(&[480.0, 620.0], Dbm0(-18.0), 0.5).pause(0.5, 0.501);
        }
    }
    line.pause(1.0, 8.0);
}

fn screening(line: &mut Line<'_>) {
    line.pause(0.2, 1.2);
    line.say(Kind::Screen);
    // It listens; what it hears is not judged here.
    line.pause(1.5, 3.0);
    if line.rng.random_bool(0.6) {
        line.say(Kind::Hold).tell("says to hold");
    }
    let waits = line.rng.random_range(5.0..20.0);
    if line.rng.random_bool(0.25) {
        line.tell("rings");
        let until = line.samples.len() + s(waits);
        while line.samples.len() < until {
            line.tone(&[440.0, 480.0], Dbm0(-20.0), 2.0).pause(4.0, 4.001);
        }
    } else {
        line.pause(waits, waits + 0.001);
    }
    line.person_at = Some(line.samples.len());
    line.tell("person").say(Kind::Hello);
    line.pause(1.0, 8.0);
}

fn menu(line: &mut Line<'_>) {
    line.pause(0.2, 1.5);
    if line.rng.random_bool(0.3) {
        line.play_any(RECORDED[1]);
        line.pause(3.0, 6.0);
    } else {
        let phrase = line.voices.any(line.rng, Kind::Menu, line.language);
        for _ in 0..line.rng.random_range(1..4) {
            line.say_phrase(&phrase).pause(3.0, 6.0);
            if line.rng.random() {
                line.say(Kind::Retry).pause(0.2, 0.8);
            }
        }
    }
    if line.rng.random_bool(0.5) {
        line.tell("puts through").say(Kind::Hold).pause(0.5, 1.5);
        for _ in 0..3 {
            line.tone(&[440.0, 480.0], Dbm0(-20.0), 2.0).pause(4.0, 4.001);
        }
    }
    line.pause(2.0, 10.0);
}

fn fax(line: &mut Line<'_>) {
    let level = Dbm0(line.rng.random_range(-24.0..-10.0));
    if line.rng.random_bool(0.15) {
        line.tell("CNG").pause(0.2, 2.0);
        let off = line.rng.random_range(-30.0..30.0);
        for _ in 0..6 {
            line.tone(&[1_100.0 + off], level, 0.5).pause(3.0, 3.001);
        }
        return;
    }
    line.tell("CED").pause(0.2, 2.5);
    let (off, seconds) = (line.rng.random_range(-12.0..12.0), line.rng.random_range(2.6..4.0));
    line.tone(&[2_100.0 + off], level, seconds).pause(0.075, 0.08);
    for _ in 0..3 {
        frequency_shift(line, level);
        line.pause(2.5, 4.0);
    }
}

/// ITU-T V.21, channel 2: 1,650 and 1,850 Hz, 300 bits a second.
fn frequency_shift(line: &mut Line<'_>, level: Dbm0) {
    let (mut phase, peak) = (0.0f32, level.sine_peak());
    for _ in 0..line.rng.random_range(300..500) {
        let step = std::f32::consts::TAU * if line.rng.random() { 1_650.0 } else { 1_850.0 } / 8_000.0;
        for _ in 0..27 {
            phase = (phase + step) % std::f32::consts::TAU;
            line.samples.push(peak * phase.sin());
        }
    }
}
