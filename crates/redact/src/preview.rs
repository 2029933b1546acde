//! The upright image in small, for whoever looks for faces.

use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

use crate::pixels::Pixels;
use crate::{Error, Orientation};

/// An upright 8-bit RGB image, rows from top to bottom, without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Preview {
    /// Takes red, green, blue bytes for an upright image of this size.
    ///
    /// # Errors
    /// [`Error::OutsidePreview`] when the number of bytes is not width × height × 3, or either side is 0.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, Error> {
        let expected = u64::from(width)
            .checked_mul(u64::from(height))
            .and_then(|pixels| pixels.checked_mul(3));
        if rgb.is_empty() || expected != Some(rgb.len() as u64) {
            return Err(Error::OutsidePreview { width, height });
        }
        Ok(Self { width, height, rgb })
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Red, green, blue of each pixel: width × height × 3 bytes.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The same bytes as [`Self::rgb`], without a copy.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// This image as a JPEG without any metadata, at a quality of 1–100 (values beyond are clipped), 4:2:0.
    ///
    /// # Errors
    /// [`Error::Encoding`], which would be a defect of this crate.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, Error> {
        Encoder::new(&self.rgb, self.width as usize, self.height as usize, PixelFormat::Rgb)
            .quality(quality.clamp(1, 100))
            .subsampling(Subsampling::S420)
            .encode()
            .map_err(|error| Error::Encoding(error.to_string()))
    }

    /// The rectangle at (`left`, `top`) of `width` × `height`, all in pixels of this preview.
    ///
    /// # Errors
    /// [`Error::OutsidePreview`] when the rectangle is empty or does not lie within the preview.
    pub fn crop(&self, left: u32, top: u32, width: u32, height: u32) -> Result<Self, Error> {
        let outside = Error::OutsidePreview {
            width: self.width,
            height: self.height,
        };
        let fits =
            |from: u32, length: u32, whole: u32| length > 0 && from.checked_add(length).is_some_and(|end| end <= whole);
        if !fits(left, width, self.width) || !fits(top, height, self.height) {
            return Err(outside);
        }
        let (from, length) = (left as usize * 3, width as usize * 3);
        let rows = self
            .rgb
            .chunks_exact(self.width as usize * 3)
            .skip(top as usize)
            .take(height as usize);
        let rgb = rows
            .filter_map(|row| row.get(from..from + length))
            .flatten()
            .copied()
            .collect();
        Self::from_rgb(width, height, rgb)
    }

    /// Every way in which the picture can look: one if it is opaque, else three.
    pub(crate) fn all_of(pixels: &Pixels, orientation: Orientation, longest_side: u32) -> Vec<Self> {
        let looks: &[Look] = if pixels.is_opaque() {
            &[Look::Stored]
        } else {
            &[Look::Stored, Look::Over(255.0), Look::Over(0.0)]
        };
        let preview = |look: &Look| Self::of(pixels, orientation, longest_side, *look);
        looks.iter().map(preview).collect()
    }

    /// Scales down by averaging, then turns upright.
    fn of(pixels: &Pixels, orientation: Orientation, longest_side: u32, look: Look) -> Self {
        let longest = longest_side.max(1) as f64 / pixels.width.max(pixels.height) as f64;
        let shrink = |side: usize| ((side as f64 * longest.min(1.0)).round() as usize).clamp(1, side);
        let (width, height) = (shrink(pixels.width), shrink(pixels.height));
        let stored = shrunk(pixels, width, height, look);
        let (upright_width, upright_height) = orientation.upright_size(width as u32, height as u32);
        let rgb = if orientation == Orientation::UPRIGHT {
            stored
        } else {
            turned(&stored, orientation, width, height)
        };
        Self {
            width: upright_width,
            height: upright_height,
            rgb,
        }
    }
}

impl std::fmt::Debug for Preview {
    /// The size only: a photo is nobody's business in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Preview({}×{})", self.width, self.height)
    }
}

/// What becomes of transparency.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// It is ignored: the colours as they are stored.
    Stored,
    /// The picture lies over a grey of 0–255: 0 is black, 255 white.
    Over(f32),
}

/// The picture as 8-bit RGB in `width` × `height`, each pixel the average of the area that it stands for.
///
/// Rows are summed first, because that runs along memory; columns once per row of the result.
fn shrunk(pixels: &Pixels, width: usize, height: usize, look: Look) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(width * height * 3);
    let mut sums = vec![0_f32; pixels.width * pixels.color.channels()];
    for span in spans(pixels.height, height) {
        sums.fill(0.0);
        let rows = pixels.data.chunks_exact(pixels.stride()).skip(span.first);
        for (row, weight) in rows.zip(span.weights()) {
            let weight = weight / span.length;
            match look {
                Look::Stored => add_row(&mut sums, row, weight, pixels.wide),
                Look::Over(backdrop) => add_row_over(backdrop, &mut sums, row, weight, pixels),
            }
        }
        shrink_row(&sums, pixels, width, &mut rgb);
    }
    rgb
}

/// Adds one row of samples. Of a 16-bit sample the higher byte is enough for a preview.
fn add_row(sums: &mut [f32], row: &[u8], weight: f32, wide: bool) {
    if wide {
        sums.iter_mut()
            .zip(row.iter().step_by(2))
            .for_each(|(sum, sample)| *sum += weight * f32::from(*sample));
    } else {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, sample)| *sum += weight * f32::from(*sample));
    }
}

/// Adds one row of pixels as they look over a backdrop. The picture must have an alpha channel.
fn add_row_over(backdrop: f32, sums: &mut [f32], row: &[u8], weight: f32, pixels: &Pixels) {
    let channels = pixels.color.channels();
    let step = if pixels.wide { 2 } else { 1 };
    let places = sums.chunks_exact_mut(channels);
    for (place, pixel) in places.zip(row.chunks_exact(pixels.pixel_bytes())) {
        let samples = || pixel.iter().step_by(step).map(|sample| f32::from(*sample));
        let alpha = samples().next_back().unwrap_or(255.0) / 255.0;
        place
            .iter_mut()
            .zip(samples())
            .for_each(|(sum, sample)| *sum += weight * (alpha * sample + (1.0 - alpha) * backdrop));
    }
}

/// Averages the columns of one row of sums.
fn shrink_row(sums: &[f32], pixels: &Pixels, width: usize, rgb: &mut Vec<u8>) {
    let channels = pixels.color.channels();
    for span in spans(pixels.width, width) {
        let mut average = [0_f32; 4];
        let columns = sums.chunks_exact(channels).skip(span.first);
        for (column, weight) in columns.zip(span.weights()) {
            average
                .iter_mut()
                .zip(column)
                .for_each(|(sum, sample)| *sum += weight * sample);
        }
        let average = average.map(|sum| sum / span.length);
        // The cast saturates, so rounding errors beyond 0–255 do no harm.
        rgb.extend(pixels.color.to_rgb(average).map(|sample| (sample + 0.5) as u8));
    }
}

/// The pixels of a line that one pixel of a shorter line stands for.
struct Span {
    first: usize,
    /// Share of the first pixel that belongs here, 0–1.
    first_weight: f32,
    /// Length in pixels, with fractions.
    length: f32,
}

impl Span {
    /// The share of each pixel from `first` on, until the length is used up.
    fn weights(&self) -> impl Iterator<Item = f32> {
        let mut left = self.length;
        let mut next = self.first_weight;
        std::iter::from_fn(move || {
            let weight = next.min(left);
            left -= weight;
            next = 1.0;
            // What remains below that is rounding.
            (left + weight > 1e-4).then_some(weight)
        })
    }
}

/// Divides a line of `from` pixels into `to` equal spans.
fn spans(from: usize, to: usize) -> impl Iterator<Item = Span> {
    let length = from as f64 / to as f64;
    (0..to).map(move |index| {
        let start = index as f64 * length;
        let first = start.floor();
        Span {
            first: first as usize,
            first_weight: (1.0 - (start - first)) as f32,
            length: length as f32,
        }
    })
}

/// Turns a stored RGB image upright.
fn turned(stored: &[u8], orientation: Orientation, width: usize, height: usize) -> Vec<u8> {
    let (upright_width, upright_height) = if orientation.swaps_sides() {
        (height, width)
    } else {
        (width, height)
    };
    let places = (0..upright_height).flat_map(|y| (0..upright_width).map(move |x| (x, y)));
    places
        .filter_map(|(x, y)| {
            let (column, row) = orientation.stored_pixel(x, y, width, height);
            let at = (row * width + column) * 3;
            stored.get(at..at + 3)
        })
        .flatten()
        .copied()
        .collect()
}
