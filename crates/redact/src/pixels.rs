//! A decoded picture, as it is stored (not turned upright).

use crate::Error;

/// Decoded pixels: rows from top to bottom without padding, channels interleaved.
pub(crate) struct Pixels {
    pub width: usize,
    pub height: usize,
    pub color: Color,
    /// Whether a sample is two bytes, the higher first (PNG, TIFF), instead of one.
    pub wide: bool,
    pub data: Vec<u8>,
}

/// What the channels of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Color {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// Four inks. Adobe stores them inverted: 255 is no ink.
    Cmyk {
        inverted: bool,
    },
}

impl Color {
    /// Samples per pixel, alpha included.
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk { .. } => 4,
        }
    }

    /// Whether the last channel is alpha.
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }

    /// This colour in the channels of the picture, opaque; 0–255.
    pub fn of_rgb(self, [red, green, blue]: [u8; 3]) -> [u8; 4] {
        match self {
            Self::Gray | Self::GrayAlpha => [luma(red, green, blue), 255, 0, 0],
            Self::Rgb | Self::Rgba => [red, green, blue, 255],
            Self::Cmyk { inverted: true } => [red, green, blue, 255],
            Self::Cmyk { inverted: false } => [255 - red, 255 - green, 255 - blue, 0],
        }
    }

    /// The red, green and blue of a pixel in these channels, 0–255, alpha ignored.
    pub fn to_rgb(self, samples: [f32; 4]) -> [f32; 3] {
        let [a, b, c, d] = samples;
        match self {
            Self::Gray | Self::GrayAlpha => [a, a, a],
            Self::Rgb | Self::Rgba => [a, b, c],
            Self::Cmyk { inverted: true } => [a, b, c].map(|ink| ink * d / 255.0),
            Self::Cmyk { inverted: false } => [a, b, c].map(|ink| (255.0 - ink) * (255.0 - d) / 255.0),
        }
    }
}

/// ITU-R BT.601 luma.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let weighted = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    u8::try_from((weighted + 500) / 1000).unwrap_or(u8::MAX)
}

impl Pixels {
    /// Takes decoded bytes for what they are said to be.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when their number does not fit the size.
    pub fn new(width: u32, height: u32, color: Color, wide: bool, data: Vec<u8>) -> Result<Self, Error> {
        let pixels = Self {
            width: width as usize,
            height: height as usize,
            color,
            wide,
            data,
        };
        if pixels.width == 0 || pixels.stride().checked_mul(pixels.height) != Some(pixels.data.len()) {
            return Err(Error::corrupt(
                "the decoded picture is not of the size that its header states",
            ));
        }
        Ok(pixels)
    }

    /// Bytes per pixel.
    pub fn pixel_bytes(&self) -> usize {
        self.color.channels() * if self.wide { 2 } else { 1 }
    }

    /// Whether no pixel lets anything through.
    pub fn is_opaque(&self) -> bool {
        let alpha = if self.wide { 2 } else { 1 };
        !self.color.has_alpha()
            || self
                .data
                .chunks_exact(self.pixel_bytes())
                .all(|pixel| pixel.iter().rev().take(alpha).all(|byte| *byte == u8::MAX))
    }

    /// The same picture with an alpha channel, opaque if it had none. Four inks stay as they are.
    pub fn with_alpha(self) -> Self {
        let color = match self.color {
            Color::Gray => Color::GrayAlpha,
            Color::Rgb => Color::Rgba,
            _ => return self,
        };
        let alpha: &[u8] = if self.wide { &[0xFF, 0xFF] } else { &[0xFF] };
        let mut data = Vec::with_capacity(self.data.len() / self.color.channels() * color.channels());
        for pixel in self.data.chunks_exact(self.pixel_bytes()) {
            data.extend_from_slice(pixel);
            data.extend_from_slice(alpha);
        }
        Self { color, data, ..self }
    }

    /// The same picture without its alpha channel, in the memory that it has.
    pub fn without_alpha(mut self) -> Self {
        let color = match self.color {
            Color::GrayAlpha => Color::Gray,
            Color::Rgba => Color::Rgb,
            _ => return self,
        };
        let (pixel, kept) = (
            self.pixel_bytes(),
            self.pixel_bytes() / self.color.channels() * color.channels(),
        );
        for at in 0..self.data.len() / pixel {
            self.data.copy_within(at * pixel..at * pixel + kept, at * kept);
        }
        self.data.truncate(self.data.len() / pixel * kept);
        self.data.shrink_to_fit();
        self.color = color;
        self
    }

    /// Bytes per row.
    pub fn stride(&self) -> usize {
        self.width * self.pixel_bytes()
    }
}

impl std::fmt::Debug for Pixels {
    /// The shape only: a photo is nobody's business in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Pixels({}×{} {:?}, wide: {})",
            self.width, self.height, self.color, self.wide
        )
    }
}
