//! Where everything stands in the picture, and in which colours.

use crate::cli::replay::film::Film;
use crate::dsp::units::Samples;

/// The picture's width in pixels.
pub(super) const WIDTH: usize = 1_800;
/// Left and right of the panels, for their scales.
const LEFT: i32 = 110;
const RIGHT: i32 = 90;
/// Panels: top and height.
const WAVEFORM: (i32, i32) = (60, 130);
const SPECTROGRAM: (i32, i32) = (205, 384);
const TIME_AXIS: i32 = 590;
const LANES: i32 = 622;
/// A lane's height and what lies between two.
pub(super) const LANE: i32 = 24;
const LANE_STEP: i32 = 28;
/// Rows of text below.
const ROW: i32 = 17;

/// What the lanes are for, from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    InBand,
    Rfc4733,
    SipInfo,
    Undecided,
    Events,
}

impl Lane {
    /// All, from above.
    pub(super) const ALL: [Lane; 5] =
        [Lane::InBand, Lane::Rfc4733, Lane::SipInfo, Lane::Undecided, Lane::Events];

    /// What stands beside it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Lane::InBand => "in-band",
            Lane::Rfc4733 => "RFC 4733",
            Lane::SipInfo => "SIP INFO",
            Lane::Undecided => "undecided",
            Lane::Events => "line",
        }
    }
}

/// The scales of one picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    begin: Samples,
    span: Samples,
}

impl Layout {
    pub(super) fn new(film: &Film) -> Layout {
        let span = film.end().saturating_sub(film.begin()).max(Samples(1));
        Layout { begin: film.begin(), span }
    }

    /// The panels' left and right edge.
    pub(super) fn sides(&self) -> (i32, i32) {
        (LEFT, WIDTH as i32 - RIGHT)
    }

    pub(super) fn width(&self) -> i32 {
        let (left, right) = self.sides();
        right - left
    }

    /// The column of a moment, which may lie outside.
    pub(super) fn x(&self, at: Samples) -> i32 {
        let ahead = at.0 as f64 - self.begin.0 as f64;
        let ahead = ahead * f64::from(self.width()) / self.span.0 as f64;
        LEFT + ahead.clamp(-1e6, 1e6).round() as i32
    }

    /// Whether any of this stretch is shown.
    pub(super) fn shows(&self, from: Samples, to: Samples) -> bool {
        to >= self.begin && from < self.begin + self.span
    }

    /// The moment at a column, counted from the left edge, as an index into the film.
    pub(super) fn sample(&self, column: i32) -> usize {
        let column = u64::try_from(column).unwrap_or(0);
        (column * self.span.0 / self.width().unsigned_abs().max(1) as u64) as usize
    }

    pub(super) fn begin(&self) -> Samples {
        self.begin
    }

    pub(super) fn span(&self) -> Samples {
        self.span
    }

    /// Top and height.
    pub(super) fn waveform(&self) -> (i32, i32) {
        WAVEFORM
    }

    /// Top and height.
    pub(super) fn spectrogram(&self) -> (i32, i32) {
        SPECTROGRAM
    }

    /// The row of a frequency in the spectrogram.
    pub(super) fn frequency_y(&self, hz: f32) -> i32 {
        let (top, height) = SPECTROGRAM;
        top + height - 1 - (hz / 4_000.0 * (height - 1) as f32).round() as i32
    }

    pub(super) fn time_axis(&self) -> i32 {
        TIME_AXIS
    }

    /// The top of a lane.
    pub(super) fn lane(&self, lane: Lane) -> i32 {
        let index = Lane::ALL.iter().position(|one| *one == lane).unwrap_or(0);
        LANES + LANE_STEP * index as i32
    }

    /// The top of the first lane.
    pub(super) fn lane_top(&self) -> i32 {
        LANES
    }

    /// The end of the last lane.
    pub(super) fn lanes_end(&self) -> i32 {
        LANES + LANE_STEP * Lane::ALL.len() as i32
    }

    /// The middle of a row of text below the lanes.
    pub(super) fn row(&self, index: usize) -> i32 {
        self.lanes_end() + 18 + ROW * index as i32
    }

    /// The picture's height, with so many rows listed.
    pub(super) fn height(&self, rows: usize) -> usize {
        usize::try_from(self.row(rows + 2) + 8).unwrap_or(0)
    }
}

/// The colours.
pub(super) mod palette {
    use embedded_graphics::pixelcolor::Rgb888;

    pub(in super::super) const GROUND: Rgb888 = Rgb888::new(250, 250, 248);
    pub(in super::super) const PANEL: Rgb888 = Rgb888::new(255, 255, 255);
    pub(in super::super) const EDGE: Rgb888 = Rgb888::new(120, 120, 120);
    pub(in super::super) const GRID: Rgb888 = Rgb888::new(225, 225, 225);
    pub(in super::super) const TEXT: Rgb888 = Rgb888::new(30, 30, 30);
    pub(in super::super) const FAINT: Rgb888 = Rgb888::new(110, 110, 110);
    pub(in super::super) const WAVE: Rgb888 = Rgb888::new(40, 80, 140);
    pub(in super::super) const HOLE: Rgb888 = Rgb888::new(215, 190, 190);
    pub(in super::super) const TONE_LINE: Rgb888 = Rgb888::new(235, 235, 235);
    pub(in super::super) const REPORT: Rgb888 = Rgb888::new(220, 30, 30);
    pub(in super::super) const IN_BAND: Rgb888 = Rgb888::new(60, 150, 80);
    pub(in super::super) const RFC4733: Rgb888 = Rgb888::new(50, 110, 190);
    pub(in super::super) const SIP_INFO: Rgb888 = Rgb888::new(140, 90, 170);
    pub(in super::super) const UNDECIDED: Rgb888 = Rgb888::new(230, 150, 40);
    pub(in super::super) const EVENT: Rgb888 = Rgb888::new(120, 140, 150);
    pub(in super::super) const ON_BOX: Rgb888 = Rgb888::new(255, 255, 255);
}
