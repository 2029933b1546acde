//! Animations: how each frame looks on the canvas, whichever format it comes from.
//!
//! Frames of GIF, APNG and WebP may be parts that are laid over what was there before. Here each becomes a whole
//! picture, because that is what is seen, and so what faces must be looked for and hidden in. Written are whole
//! pictures too: a file of many small parts becomes larger by it.

use crate::Error;
use crate::pixels::{Color, Pixels};

/// A part of the canvas that a frame changes, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

/// How a frame is laid on the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blend {
    /// It replaces what is there, transparency included.
    Replace,
    /// It lies over what is there.
    Over,
}

/// What becomes of a frame's rectangle before the next frame is laid on the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposal {
    /// It stays.
    Keep,
    /// It becomes transparent.
    Clear,
    /// It becomes what it was before this frame.
    Restore,
}

/// Where a frame goes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placement {
    pub rect: Rect,
    pub blend: Blend,
    pub disposal: Disposal,
}

impl Rect {
    /// Whether it has an area, all of it within a canvas of this size.
    pub fn fits(self, width: u32, height: u32) -> bool {
        let within = |from: usize, length: usize, whole: u32| {
            length > 0 && from.checked_add(length).is_some_and(|end| end <= whole as usize)
        };
        within(self.left, self.width, width) && within(self.top, self.height, height)
    }
}

/// The canvas that frames are laid on, transparent at first.
pub(crate) struct Canvas(Pixels);

impl Canvas {
    /// `color` has an alpha channel; `wide` as in [`Pixels`].
    pub fn new(width: u32, height: u32, color: Color, wide: bool) -> Self {
        let mut pixels = Pixels {
            width: width as usize,
            height: height as usize,
            color,
            wide,
            data: Vec::new(),
        };
        pixels.data = vec![0; pixels.stride() * pixels.height];
        Self(pixels)
    }

    /// What is seen once this frame is laid on the canvas, and until the next one is.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the frame does not have the size or the channels that it should.
    pub fn show(&mut self, frame: Pixels, placement: Placement) -> Result<Pixels, Error> {
        let Placement { rect, blend, disposal } = placement;
        let frame = frame.with_alpha();
        let same_kind = frame.color == self.0.color && frame.wide == self.0.wide;
        if !same_kind || (frame.width, frame.height) != (rect.width, rect.height) {
            return Err(Error::corrupt("a frame is not of the size or kind that it should be"));
        }
        let before = (disposal == Disposal::Restore).then(|| self.copy());
        let wide = self.0.wide;
        let stride = frame.stride();
        for (row, source) in self.rows(rect).zip(frame.data.chunks_exact(stride)) {
            match blend {
                Blend::Replace => row.copy_from_slice(source),
                Blend::Over => lay_over(row, source, frame.pixel_bytes(), wide),
            }
        }
        let seen = self.copy();
        match before {
            Some(before) => self.0 = before,
            None if disposal == Disposal::Clear => self.rows(rect).for_each(|row| row.fill(0)),
            None => {}
        }
        Ok(seen)
    }

    fn copy(&self) -> Pixels {
        Pixels {
            data: self.0.data.clone(),
            ..self.0
        }
    }

    /// The bytes of each row of a rectangle that lies within the canvas.
    fn rows(&mut self, rect: Rect) -> impl Iterator<Item = &mut [u8]> {
        let (stride, pixel) = (self.0.stride(), self.0.pixel_bytes());
        let rows = self.0.data.chunks_exact_mut(stride).skip(rect.top).take(rect.height);
        rows.filter_map(move |row| row.get_mut(rect.left * pixel..(rect.left + rect.width) * pixel))
    }
}

/// Without the alpha channels, if no picture makes use of its own: they take memory, and demand more previews.
pub(crate) fn without_idle_alpha(frames: Vec<Pixels>) -> Vec<Pixels> {
    if frames.iter().all(Pixels::is_opaque) {
        return frames.into_iter().map(Pixels::without_alpha).collect();
    }
    frames
}

/// Lays pixels over others of the same kind, alpha last.
fn lay_over(row: &mut [u8], source: &[u8], pixel_bytes: usize, wide: bool) {
    for (below, above) in row.chunks_exact_mut(pixel_bytes).zip(source.chunks_exact(pixel_bytes)) {
        if wide {
            let sample = |pair: &[u8]| {
                pair.first_chunk()
                    .map_or(0, |pair| u64::from(u16::from_be_bytes(*pair)))
            };
            let alphas = [above, &*below].map(|pixel| pixel.rchunks_exact(2).next().map_or(0, sample));
            let places = below.chunks_exact_mut(2).zip(above.chunks_exact(2));
            let Some(over) = Over::new(alphas, u64::from(u16::MAX)) else {
                continue;
            };
            let last = pixel_bytes / 2 - 1;
            for (index, (place, above)) in places.enumerate() {
                let mixed = over.mix(sample(above), sample(place), index == last);
                place.copy_from_slice(&(mixed as u16).to_be_bytes());
            }
        } else {
            let alphas = [above, &*below].map(|pixel| pixel.last().map_or(0, |alpha| u64::from(*alpha)));
            let Some(over) = Over::new(alphas, u64::from(u8::MAX)) else {
                continue;
            };
            let last = pixel_bytes - 1;
            for (index, (place, above)) in below.iter_mut().zip(above).enumerate() {
                *place = over.mix(u64::from(*above), u64::from(*place), index == last) as u8;
            }
        }
    }
}

/// The weights of two pixels, one over the other, neither premultiplied (PNG section 13.16).
struct Over {
    above: u64,
    below: u64,
    most: u64,
}

impl Over {
    /// `None` when nothing of the pixel above is seen.
    fn new([above, below]: [u64; 2], most: u64) -> Option<Self> {
        (above > 0).then_some(Self {
            above: above * most,
            below: below * (most - above),
            most,
        })
    }

    /// A sample of the result; it is no larger than the largest of the two, or than `most` if it is alpha.
    fn mix(&self, above: u64, below: u64, is_alpha: bool) -> u64 {
        let total = self.above + self.below;
        if self.below == 0 && !is_alpha {
            return above; // most pixels are opaque, or over nothing: no division for them
        }
        if is_alpha {
            return (total + self.most / 2) / self.most;
        }
        (above * self.above + below * self.below + total / 2) / total
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn one(samples: [u8; 4]) -> Pixels {
        Pixels::new(1, 1, Color::Rgba, false, samples.to_vec()).unwrap()
    }

    fn shown(canvas: &mut Canvas, samples: [u8; 4], left: usize, blend: Blend, disposal: Disposal) -> Vec<u8> {
        let rect = Rect {
            left,
            top: 0,
            width: 1,
            height: 1,
        };
        let placement = Placement { rect, blend, disposal };
        canvas.show(one(samples), placement).unwrap().data
    }

    #[test]
    fn frames_are_kept_cleared_and_restored() {
        use Blend::*;
        use Disposal::*;
        let mut canvas = Canvas::new(2, 1, Color::Rgba, false);
        let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
        assert_eq!(shown(&mut canvas, red, 0, Replace, Keep), [red, [0; 4]].concat());
        assert_eq!(shown(&mut canvas, blue, 0, Replace, Restore), [blue, [0; 4]].concat());
        assert_eq!(shown(&mut canvas, blue, 1, Over, Clear), [red, blue].concat());
        assert_eq!(shown(&mut canvas, [9, 9, 9, 0], 0, Over, Keep), [red, [0; 4]].concat());
        assert_eq!(
            shown(&mut canvas, [9, 9, 9, 0], 0, Replace, Keep),
            [[9, 9, 9, 0], [0; 4]].concat()
        );
    }

    #[test]
    fn half_transparent_frames_mix_with_what_is_below() {
        let mut canvas = Canvas::new(1, 1, Color::Rgba, false);
        shown(&mut canvas, [0, 0, 0, 255], 0, Blend::Replace, Disposal::Keep);
        let mixed = shown(&mut canvas, [255, 0, 100, 128], 0, Blend::Over, Disposal::Clear);
        assert_eq!(mixed, [128, 0, 50, 255]);
        let alone = shown(&mut canvas, [255, 0, 100, 128], 0, Blend::Over, Disposal::Keep);
        assert_eq!(alone, [255, 0, 100, 128]);
    }

    #[test]
    fn sixteen_bits_mix_as_eight_do() {
        let mut canvas = Canvas::new(1, 1, Color::GrayAlpha, true);
        let rect = Rect {
            left: 0,
            top: 0,
            width: 1,
            height: 1,
        };
        let placement = Placement {
            rect,
            blend: Blend::Over,
            disposal: Disposal::Keep,
        };
        let pixel = |data: &[u8]| Pixels::new(1, 1, Color::GrayAlpha, true, data.to_vec()).unwrap();
        canvas.show(pixel(&[0, 0, 255, 255]), placement).unwrap();
        let mixed = canvas.show(pixel(&[255, 255, 128, 0]), placement).unwrap().data;
        assert_eq!(mixed, [128, 0, 255, 255]);
    }

    #[test]
    fn a_rectangle_fits_only_within_its_canvas() {
        let rect = |left, width| Rect {
            left,
            top: 0,
            width,
            height: 1,
        };
        assert!(rect(3, 2).fits(5, 1) && !rect(4, 2).fits(5, 1));
        assert!(!rect(0, 0).fits(5, 1) && !rect(usize::MAX, 2).fits(5, 1));
    }
}
