//! What was heard, each path in a lane of its own, and the moment that decided.

use embedded_graphics::pixelcolor::Rgb888;

use super::canvas::{Canvas, Stand};
use super::layout::{LANE, Lane, Layout, palette};
use crate::cli::replay::finding::{ByPath, Finding, HeardKey};
use crate::dsp::progress::{Sound, SoundEvent};
use crate::dsp::units::Samples;
use crate::leg::key::KeyPath;

/// Draws all lanes.
pub(super) fn draw(canvas: &mut Canvas, layout: &Layout, findings: &[Finding]) {
    for lane in Lane::ALL {
        let (left, top) = (layout.sides().0, layout.lane(lane));
        canvas.frame((left, top), (layout.width(), LANE), palette::GRID);
        canvas.text((left - 8, top + LANE / 2), lane.name(), Stand::Right, palette::TEXT);
    }
    for finding in findings {
        match finding {
            Finding::Key(key) => draw_key(canvas, layout, key),
            Finding::Undecided { from, to, .. } => {
                stretch(canvas, layout, Lane::Undecided, (*from, *to), ("?", palette::UNDECIDED));
            }
            Finding::Sound { sound, .. } => {
                let SoundEvent { sound, begin, end, .. } = *sound;
                let colour = if sound == Sound::Silence { palette::GRID } else { palette::EVENT };
                stretch(canvas, layout, Lane::Events, (begin, end), (sound.name(), colour));
            }
        }
    }
}

/// A box a path, and the line of the report through everything above it.
fn draw_key(canvas: &mut Canvas, layout: &Layout, key: &HeardKey) {
    for told in key.paths() {
        let (lane, colour) = look(told.path);
        stretch(canvas, layout, lane, (told.start, told.end), (&key.digit.to_string(), colour));
    }
    let ByPath { path, report, .. } = key.first;
    if layout.shows(report, report) {
        let x = layout.x(report);
        let bottom = layout.lane(look(path).0) + 1;
        canvas.dashes(x, (layout.waveform().0, bottom), palette::REPORT);
        for half in 0..6 {
            let y = layout.waveform().0 - 6 + half;
            canvas.line((x - 5 + half, y), (x + 5 - half, y), palette::REPORT);
        }
    }
}

fn look(path: KeyPath) -> (Lane, Rgb888) {
    match path {
        KeyPath::InBand => (Lane::InBand, palette::IN_BAND),
        KeyPath::Rfc4733 => (Lane::Rfc4733, palette::RFC4733),
        // A capture holds no modem's report.
        KeyPath::SipInfo | KeyPath::Modem => (Lane::SipInfo, palette::SIP_INFO),
    }
}

/// A box from one moment to another, with its name in it if there is room, else beside it.
pub(super) fn stretch(
    canvas: &mut Canvas,
    layout: &Layout,
    lane: Lane,
    (from, to): (Samples, Samples),
    (name, colour): (&str, Rgb888),
) {
    if !layout.shows(from, to) {
        return;
    }
    let ((left, right), top) = (layout.sides(), layout.lane(lane));
    let (begin, end) = (layout.x(from).clamp(left, right), layout.x(to).clamp(left, right));
    let width = (end - begin).max(2);
    canvas.fill((begin, top + 2), (width, LANE - 4), colour);
    let room = 8 * name.len() as i32 + 2;
    if width >= room {
        let ink = if colour == palette::GRID { palette::FAINT } else { palette::ON_BOX };
        canvas.bold((begin + width / 2, top + LANE / 2), name, Stand::Centre, ink);
    } else {
        canvas.bold((begin + width + 2, top + LANE / 2), name, Stand::Left, colour);
    }
}
