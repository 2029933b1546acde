//! The pixels that faces are looked for in.

use crate::Error;
use std::borrow::Cow;

/// An upright RGB image, borrowed or owned: 8 bits per channel, rows from top to bottom, no padding between rows.
#[derive(Clone)]
pub struct Image<'a> {
    width: u32,
    height: u32,
    rgb: Cow<'a, [u8]>,
}

impl<'a> Image<'a> {
    /// Wraps `rgb`, a slice or a vector, which must hold exactly `width × height × 3` bytes.
    ///
    /// # Errors
    /// [`Error::BadImage`] if the length does not fit, or if there is no pixel at all.
    pub fn new(width: u32, height: u32, rgb: impl Into<Cow<'a, [u8]>>) -> Result<Self, Error> {
        let rgb = rgb.into();
        let expected = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(3);
        if expected == 0 || u64::try_from(rgb.len()) != Ok(expected) {
            return Err(Error::BadImage {
                width,
                height,
                expected,
                actual: rgb.len(),
            });
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

    /// The rows `top..top + height`, each cut to the columns `left..left + width`. What lies outside is left out.
    pub(crate) fn rows(&self, left: u32, top: u32, width: u32, height: u32) -> impl Iterator<Item = &[u8]> {
        let stride = self.width as usize * 3;
        let from = left.min(self.width) as usize * 3;
        let to = left.saturating_add(width).min(self.width) as usize * 3;
        self.rgb
            .chunks_exact(stride)
            .skip(top as usize)
            .take(height as usize)
            .map(move |row| row.get(from..to).unwrap_or_default())
    }
}

impl std::fmt::Debug for Image<'_> {
    /// The size only: a photo is nobody's business in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({}×{})", self.width, self.height)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn pixels_that_do_not_fit_the_size_are_refused() {
        for (width, height, bytes) in [(0, 0, 0), (0, 5, 0), (2, 2, 11), (2, 2, 13), (u32::MAX, u32::MAX, 12)] {
            let pixels = vec![0; bytes];
            let error = Image::new(width, height, &pixels).unwrap_err();
            assert!(
                matches!(error, Error::BadImage { actual, .. } if actual == bytes),
                "{error}"
            );
        }
    }

    #[test]
    fn rows_are_cut_to_the_window_and_to_the_image() {
        let pixels: Vec<u8> = (0..27).collect();
        let image = Image::new(3, 3, &pixels).unwrap();
        let rows: Vec<_> = image.rows(1, 1, 9, 9).collect();
        assert_eq!(rows, [&pixels[12..18], &pixels[21..27]]);
    }
}
