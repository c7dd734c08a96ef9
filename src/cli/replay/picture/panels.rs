//! Waveform, spectrogram and their scales.

use embedded_graphics::pixelcolor::Rgb888;

use super::canvas::{Canvas, Stand};
use super::layout::{Layout, palette};
use super::spectrum::{BINS, Spectrum, frequency};
use crate::cli::replay::film::Film;
use crate::dsp::dtmf::{HIGH_GROUP, LOW_GROUP};
use crate::dsp::units::{Dbm0, SAMPLE_RATE, Samples};

/// The darkest and the brightest level of the spectrogram.
const LEVELS: (f32, f32) = (-70.0, -5.0);
/// Steps of the time scale, in milliseconds.
const STEPS_MS: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];
/// The height of a name beside a line.
const NAME_ROOM: i32 = 13;
/// The fewest pixels between two figures of the time scale.
const STEP_ROOM: i32 = 80;

/// The waveform: from the least to the greatest sample of each column, scaled to the loudest.
pub(super) fn waveform(canvas: &mut Canvas, layout: &Layout, film: &Film) {
    let ((left, right), (top, height)) = (layout.sides(), layout.waveform());
    canvas.fill((left, top), (layout.width(), height), palette::PANEL);
    holes(canvas, layout, film, (top, height));
    let peak = film.samples().iter().map(|x| x.unsigned_abs()).max().unwrap_or(0).max(1);
    let middle = top + height / 2;
    let y = |sample: i16| middle - i32::from(sample) * (height / 2 - 3) / i32::from(peak);
    for column in 0..layout.width() {
        let (from, to) = (layout.sample(column), layout.sample(column + 1).max(layout.sample(column) + 1));
        let block = film.samples().get(from..to.min(film.samples().len())).unwrap_or_default();
        if let (Some(least), Some(greatest)) = (block.iter().min(), block.iter().max()) {
            canvas.line((left + column, y(*greatest)), (left + column, y(*least)), palette::WAVE);
        }
    }
    canvas.frame((left, top), (layout.width(), height), palette::EDGE);
    let level = Dbm0::from_mean_square(f32::from(peak).powi(2) / 2.0);
    canvas.text((left - 8, top + 8), "waveform", Stand::Right, palette::TEXT);
    canvas.text((right + 6, top + 8), &format!("peak {peak}"), Stand::Left, palette::FAINT);
    canvas.text((right + 6, top + 23), &format!("{:.0} dBm0", level.0), Stand::Left, palette::FAINT);
}

/// The spectrogram from 0 to 4 kHz, with the lines of the eight tones.
pub(super) fn spectrogram(canvas: &mut Canvas, layout: &Layout, film: &Film) {
    let ((left, _), (top, height)) = (layout.sides(), layout.spectrogram());
    let spectrum = Spectrum::new();
    for column in 0..layout.width() {
        let middle = layout.sample(column) + layout.sample(1) / 2;
        let levels = spectrum.at(film.samples(), middle);
        for row in 0..height {
            let hz = (height - 1 - row) as f32 * 4_000.0 / (height - 1) as f32;
            canvas.set(left + column, top + row, heat(between(&levels, hz)));
        }
    }
    holes(canvas, layout, film, (top, height));
    tone_lines(canvas, layout);
    for khz in 0..=4_i32 {
        let y = layout.frequency_y((khz * 1_000) as f32);
        canvas.line((left - 5, y), (left, y), palette::EDGE);
        canvas.text((left - 8, y), &format!("{khz} kHz"), Stand::Right, palette::TEXT);
    }
    canvas.frame((left, top), (layout.width(), height), palette::EDGE);
}

/// The lines of the eight tones, each named beside the panel; the names keep clear of each other.
fn tone_lines(canvas: &mut Canvas, layout: &Layout) {
    let (left, right) = layout.sides();
    let mut free = i32::MAX;
    let tones = LOW_GROUP.map(|hz| (hz, "low")).into_iter().chain(HIGH_GROUP.map(|hz| (hz, "high")));
    for (hz, group) in tones {
        let y = layout.frequency_y(hz.0);
        (left..right).filter(|x| x % 8 < 2).for_each(|x| canvas.set(x, y, palette::TONE_LINE));
        let name_y = y.min(free);
        free = name_y - NAME_ROOM;
        canvas.line((right, y), (right + 10, name_y), palette::EDGE);
        canvas.text((right + 13, name_y), &format!("{} {group}", hz.0), Stand::Left, palette::TEXT);
    }
}

/// The time scale below the spectrogram, in seconds from the beginning of the audio.
pub(super) fn time_axis(canvas: &mut Canvas, layout: &Layout) {
    let per_ms = layout.width() as f64 / layout.span().as_ms();
    let step =
        STEPS_MS.into_iter().find(|step| *step as f64 * per_ms >= f64::from(STEP_ROOM)).unwrap_or(5_000);
    let samples = Samples::from_ms(step).0;
    let mut at = Samples(layout.begin().0.next_multiple_of(samples));
    let (_, right) = layout.sides();
    while layout.x(at) <= right {
        let x = layout.x(at);
        for (top, height) in [layout.waveform(), layout.spectrogram()] {
            canvas.line((x, top + height), (x, top + height + 4), palette::EDGE);
        }
        canvas.line((x, layout.lane_top()), (x, layout.lanes_end() - 4), palette::GRID);
        let seconds = at.0 as f64 / f64::from(SAMPLE_RATE);
        let digits = if step < 10 {
            3
        } else if step < 100 {
            2
        } else {
            1
        };
        canvas.text(
            (x, layout.time_axis() + 10),
            &format!("{seconds:.digits$}"),
            Stand::Centre,
            palette::TEXT,
        );
        at += Samples(samples);
    }
    canvas.text((right + 24, layout.time_axis() + 10), "s", Stand::Left, palette::TEXT);
}

/// Shades what was not received.
fn holes(canvas: &mut Canvas, layout: &Layout, film: &Film, (top, height): (i32, i32)) {
    let (left, right) = layout.sides();
    for &(from, to) in film.holes().iter().filter(|(from, to)| layout.shows(*from, *to)) {
        let (from, to) = (layout.x(from).max(left), layout.x(to).min(right));
        for x in from..to.max(from + 1) {
            let hatched = (top..top + height).filter(|y| (x + y).rem_euclid(6) < 3);
            hatched.for_each(|y| canvas.set(x, y, palette::HOLE));
        }
    }
}

/// The level at a frequency, between the two bins beside it.
fn between(levels: &[Dbm0; BINS], hz: f32) -> Dbm0 {
    let place = hz / frequency(1);
    let below = (place as usize).min(BINS - 1);
    let above = (below + 1).min(BINS - 1);
    let share = place - below as f32;
    Dbm0(levels[below].0 + (levels[above].0 - levels[below].0) * share.clamp(0.0, 1.0))
}

/// A level as a colour: black, blue, red, yellow, white.
fn heat(level: Dbm0) -> Rgb888 {
    const STOPS: [(f32, f32, f32); 5] = [
        (10.0, 10.0, 25.0),
        (40.0, 40.0, 130.0),
        (170.0, 40.0, 90.0),
        (250.0, 180.0, 50.0),
        (255.0, 255.0, 235.0),
    ];
    let (darkest, brightest) = LEVELS;
    let place = ((level.0 - darkest) / (brightest - darkest)).clamp(0.0, 1.0) * (STOPS.len() - 1) as f32;
    let below = (place as usize).min(STOPS.len() - 2);
    let share = place - below as f32;
    let mix = |one: f32, other: f32| (one + (other - one) * share).round() as u8;
    let (one, other) = (STOPS[below], STOPS[below + 1]);
    Rgb888::new(mix(one.0, other.0), mix(one.1, other.1), mix(one.2, other.2))
}
