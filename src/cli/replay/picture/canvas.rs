//! A picture in memory, and its way into a PNG file.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use embedded_graphics::Drawable as _;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::ascii::{FONT_7X13, FONT_8X13_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor as _};
use embedded_graphics::primitives::{Line, Primitive as _, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};

/// Pixels of three octets, row by row.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    octets: Vec<u8>,
}

/// How text stands at its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stand {
    /// Begins there.
    Left,
    /// Has its middle there.
    Centre,
    /// Ends there.
    Right,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize, ground: Rgb888) -> Canvas {
        let octets = [ground.r(), ground.g(), ground.b()].repeat(width * height);
        Canvas { width, height, octets }
    }

    /// Sets a pixel; what lies outside is cut.
    pub(super) fn set(&mut self, x: i32, y: i32, colour: Rgb888) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 3;
            self.octets[at..at + 3].copy_from_slice(&[colour.r(), colour.g(), colour.b()]);
        }
    }

    pub(super) fn line(&mut self, from: (i32, i32), to: (i32, i32), colour: Rgb888) {
        let line = Line::new(point(from), point(to));
        let Ok(()) = line.into_styled(PrimitiveStyle::with_stroke(colour, 1)).draw(self);
    }

    /// A vertical line of dashes.
    pub(super) fn dashes(&mut self, x: i32, (top, bottom): (i32, i32), colour: Rgb888) {
        (top..=bottom).filter(|y| y.rem_euclid(6) < 3).for_each(|y| self.set(x, y, colour));
    }

    pub(super) fn fill(&mut self, corner: (i32, i32), size: (i32, i32), colour: Rgb888) {
        let size = Size::new(size.0.max(0).unsigned_abs(), size.1.max(0).unsigned_abs());
        let area = Rectangle::new(point(corner), size);
        let Ok(()) = area.into_styled(PrimitiveStyle::with_fill(colour)).draw(self);
    }

    pub(super) fn frame(&mut self, corner: (i32, i32), size: (i32, i32), colour: Rgb888) {
        let size = Size::new(size.0.max(1).unsigned_abs(), size.1.max(1).unsigned_abs());
        let area = Rectangle::new(point(corner), size);
        let Ok(()) = area.into_styled(PrimitiveStyle::with_stroke(colour, 1)).draw(self);
    }

    /// Writes text whose middle line is at `y`; what is no ASCII becomes `?`.
    pub(super) fn text(&mut self, (x, y): (i32, i32), text: &str, stand: Stand, colour: Rgb888) {
        self.write((x, y), text, stand, colour, &FONT_7X13);
    }

    /// The same in bold.
    pub(super) fn bold(&mut self, (x, y): (i32, i32), text: &str, stand: Stand, colour: Rgb888) {
        self.write((x, y), text, stand, colour, &FONT_8X13_BOLD);
    }

    fn write(&mut self, at: (i32, i32), text: &str, stand: Stand, colour: Rgb888, font: &MonoFont<'_>) {
        let alignment = match stand {
            Stand::Left => Alignment::Left,
            Stand::Centre => Alignment::Center,
            Stand::Right => Alignment::Right,
        };
        let style = TextStyleBuilder::new().alignment(alignment).baseline(Baseline::Middle).build();
        let ascii: String =
            text.chars().map(|c| if c.is_ascii() && !c.is_control() { c } else { '?' }).collect();
        let text = Text::with_text_style(&ascii, point(at), MonoTextStyle::new(font, colour), style);
        let Ok(_) = text.draw(self);
    }

    /// Writes the picture as PNG.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let too_large = || io::Error::other("the picture is too large");
        let width = u32::try_from(self.width).map_err(|_| too_large())?;
        let height = u32::try_from(self.height).map_err(|_| too_large())?;
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.octets)?;
        Ok(writer.finish()?)
    }
}

fn point((x, y): (i32, i32)) -> Point {
    Point::new(x, y)
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        pixels.into_iter().for_each(|Pixel(at, colour)| self.set(at.x, at.y, colour));
        Ok(())
    }
}
