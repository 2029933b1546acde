//! The picture at one eighth of its size: a DC coefficient is eight times the average of its block (ITU-T T.81 section
//! A.3.3), so it comes without an inverse DCT.

use super::color::Model;
use super::frame::{Frame, Layout};
use crate::Error;
use crate::pixels::{Color, Pixels};

/// A DC coefficient of 8-bit samples, in steps of one, is at most 1,024 (section A.3.3). Twice that leaves room for
/// steps of any size.
const MOST_BRIGHTNESS: u32 = 2048;

/// Width and height of the DC image: an eighth of the picture's, rounded, at least 1.
pub(super) fn size(frame: &Frame) -> (usize, usize) {
    let eighth = |side: u16| (usize::from(side) + 4).div_euclid(8).max(1);
    (eighth(frame.width), eighth(frame.height))
}

/// Whether an eighth of the picture is what the DC image shows: not if what makes up its detail is sampled more coarsely
/// than another component.
pub(super) fn is_an_eighth(frame: &Frame, model: Model) -> bool {
    let factors = || frame.components.iter().map(|component| component.sampling);
    let most = (factors().map(|(h, _)| h).max(), factors().map(|(_, v)| v).max());
    let with_detail = match model {
        Model::Gray | Model::YCbCr => 1,
        Model::Rgb | Model::Cmyk(_) | Model::Ycck(_) => frame.components.len(),
    };
    factors().take(with_detail).all(|(h, v)| (Some(h), Some(v)) == most)
}

/// Whether the averages of all blocks are those of 8-bit samples, give or take what rounding may do. Decoders do not
/// agree on what others look like.
pub(super) fn is_in_range(dc: &[Vec<i16>], frame: &Frame) -> bool {
    dc.iter().zip(&frame.components).all(|(dc, component)| {
        let step = component.quant.and_then(|table| table.first().copied()).unwrap_or(1);
        let largest = dc.iter().fold(0, |largest, dc| largest.max(dc.unsigned_abs()));
        u32::from(largest) * u32::from(step) <= MOST_BRIGHTNESS
    })
}

/// The DC image, as it is stored.
///
/// # Errors
/// None, unless the coefficients do not fit the frame.
pub(super) fn of(dc: &[Vec<i16>], frame: &Frame, layout: &Layout, model: Model) -> Result<Pixels, Error> {
    let (width, height) = size(frame);
    let planes: Vec<Plane> = (0..frame.components.len())
        .filter_map(|component| Plane::of(dc, frame, layout, component))
        .collect();
    let mut data = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let mut samples = [0.0; 4];
            for (sample, plane) in samples.iter_mut().zip(&planes) {
                *sample = plane.at(x, y);
            }
            // The cast saturates.
            data.extend(model.to_rgb(samples).map(|sample| (sample + 0.5) as u8));
        }
    }
    Pixels::new(width as u32, height as u32, Color::Rgb, false, data)
}

/// The DC coefficients of a component, over the whole picture.
struct Plane<'a> {
    dc: &'a [i16],
    /// What makes a sample of a coefficient.
    scale: f32,
    stride: usize,
    /// Blocks of this component to an MCU, and eighths of the picture to an MCU, across and down.
    in_mcu: (usize, usize),
    eighths: (usize, usize),
}

impl<'a> Plane<'a> {
    fn of(dc: &'a [Vec<i16>], frame: &Frame, layout: &Layout, component: usize) -> Option<Self> {
        let blocks = layout.components.get(component)?;
        let quant = frame.components.get(component)?.quant.as_ref();
        let step = quant.and_then(|table| table.first()).copied().unwrap_or(1);
        Some(Self {
            dc: dc.get(component)?,
            scale: f32::from(step) / 8.0,
            stride: blocks.stride,
            in_mcu: blocks.in_mcu,
            eighths: (layout.mcu_pixels.0 / 8, layout.mcu_pixels.1 / 8),
        })
    }

    /// The sample (0–255, and beyond where rounding led) at an eighth.
    #[inline]
    fn at(&self, x: usize, y: usize) -> f32 {
        let (column, row) = (x * self.in_mcu.0 / self.eighths.0, y * self.in_mcu.1 / self.eighths.1);
        let dc = self.dc.get(row * self.stride + column).copied().unwrap_or_default();
        (f32::from(dc) * self.scale + 128.0).clamp(0.0, 255.0)
    }
}
