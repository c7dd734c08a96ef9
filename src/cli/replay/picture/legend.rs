//! Words: what the picture shows, what its signs mean, and what was told of each key.

use embedded_graphics::pixelcolor::Rgb888;

use super::canvas::{Canvas, Stand};
use super::layout::{Layout, palette};
use crate::cli::replay::film::Film;
use crate::cli::replay::finding::{ByPath, Finding, HeardKey, Tones};
use crate::dsp::units::Samples;
use crate::leg::key::KeyPath;

/// The most lines of the list.
const MOST_LISTED: usize = 24;
/// Keys are named, with a colour each.
const SIGNS: [(&str, Rgb888); 7] = [
    ("key by its tones", palette::IN_BAND),
    ("key by RFC 4733 event", palette::RFC4733),
    ("key by SIP INFO", palette::SIP_INFO),
    ("undecided", palette::UNDECIDED),
    ("what else the line says", palette::EVENT),
    ("moment of report: all that lies left of it decided", palette::REPORT),
    ("never received", palette::HOLE),
];

/// The head of the picture.
pub(super) fn title(canvas: &mut Canvas, name: &str, film: &Film) {
    let seconds = |at: Samples| at.as_ms() / 1_000.0;
    let (begin, end, length) = (seconds(film.begin()), seconds(film.end()), seconds(film.length()));
    let whole = film.end().saturating_sub(film.begin()) >= film.length();
    let part = if whole {
        format!("{length:.3} s")
    } else {
        format!("{begin:.3} s to {end:.3} s of {length:.3} s: the rest does not fit")
    };
    canvas.bold((12, 18), name, Stand::Left, palette::TEXT);
    canvas.text((12, 37), &part, Stand::Left, palette::FAINT);
}

/// What the signs mean.
pub(super) fn key(canvas: &mut Canvas, layout: &Layout) {
    let mut x = layout.sides().0;
    for (name, colour) in SIGNS {
        canvas.fill((x, layout.row(0) - 5), (12, 10), colour);
        canvas.text((x + 17, layout.row(0)), name, Stand::Left, palette::TEXT);
        x += 17 + 7 * name.len() as i32 + 24;
    }
}

/// What was told of each thing that the film shows.
pub(super) fn entries(findings: &[Finding], film: &Film) -> Vec<String> {
    let layout = Layout::new(film);
    let told = findings.iter().filter_map(|finding| match finding {
        Finding::Key(key) => layout.shows(key.first.start, key.first.end).then(|| entry(key)),
        Finding::Undecided { from, to, .. } => layout.shows(*from, *to).then(|| undecided(*from, *to)),
        // The lane says it all.
        Finding::Sound { .. } => None,
    });
    let mut told: Vec<String> = told.collect();
    let over = told.len().saturating_sub(MOST_LISTED);
    if over > 0 {
        told.truncate(MOST_LISTED);
        told.push(format!("and {over} more"));
    }
    if told.is_empty() {
        told.push("nothing was heard".to_owned());
    }
    told
}

/// Writes the list.
pub(super) fn list(canvas: &mut Canvas, layout: &Layout, entries: &[String]) {
    for (index, entry) in entries.iter().enumerate() {
        canvas.text((layout.sides().0, layout.row(index + 2)), entry, Stand::Left, palette::TEXT);
    }
}

fn entry(key: &HeardKey) -> String {
    let ByPath { path, start, end, report } = key.first;
    let length = end.saturating_sub(start).as_ms();
    let wait = report.saturating_sub(start).as_ms();
    let mut text = format!(
        "{}  {:.1} to {:.1} ms ({length:.1} ms), told by {} at {:.1} ms, {wait:.1} ms after its onset",
        key.digit,
        start.as_ms(),
        end.as_ms(),
        path_name(path),
        report.as_ms(),
    );
    if let Some(Tones { level, twist, snr, confidence }) = key.tones {
        text += &format!(
            "; both tones {level:.1} dBm0, high minus low {twist:+.1} dB, over all else {snr:.1} dB"
        );
        text += &format!(", confidence {confidence:.2}");
    }
    for told in &key.further {
        text += &format!("; also by {} from {:.1} ms", path_name(told.path), told.start.as_ms());
    }
    text
}

fn undecided(from: Samples, to: Samples) -> String {
    format!(
        "?  {:.1} to {:.1} ms: two tones that fell short of a key, or a key that may have been lost",
        from.as_ms(),
        to.as_ms()
    )
}

fn path_name(path: KeyPath) -> &'static str {
    match path {
        KeyPath::InBand => "its tones",
        KeyPath::Rfc4733 => "RFC 4733 event",
        KeyPath::SipInfo => "SIP INFO",
        KeyPath::Modem => "a modem",
    }
}
