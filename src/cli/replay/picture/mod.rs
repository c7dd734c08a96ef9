//! `--picture`: waveform, spectrogram with the eight lines, what was heard on each path, and what decided.

mod canvas;
mod lanes;
mod layout;
mod legend;
mod panels;
mod spectrum;

use std::io;
use std::path::Path;

use super::film::Film;
use super::finding::Finding;
use canvas::Canvas;
use layout::{Layout, palette};

/// Draws what was heard in `name`; findings outside the film's stretch are left out.
pub(super) fn draw(name: &str, film: &Film, findings: &[Finding], path: &Path) -> io::Result<()> {
    let layout = Layout::new(film);
    let listed = legend::entries(findings, film);
    let mut canvas = Canvas::new(layout::WIDTH, layout.height(listed.len()), palette::GROUND);
    legend::title(&mut canvas, name, film);
    panels::waveform(&mut canvas, &layout, film);
    panels::spectrogram(&mut canvas, &layout, film);
    panels::time_axis(&mut canvas, &layout);
    lanes::draw(&mut canvas, &layout, findings);
    legend::key(&mut canvas, &layout);
    legend::list(&mut canvas, &layout, &listed);
    canvas.save(path)
}
