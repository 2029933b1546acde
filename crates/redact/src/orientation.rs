//! How the stored pixels must be turned and mirrored to stand upright (EXIF 2.32 section 4.6.4, tag 0x0112).

/// An EXIF orientation, 1–8. Stored 1 is upright; anything that EXIF does not define counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation(u8);

impl Default for Orientation {
    fn default() -> Self {
        Self::UPRIGHT
    }
}

impl Orientation {
    /// The pixels are stored upright.
    pub const UPRIGHT: Self = Self(1);

    /// The orientation of an EXIF value; values other than 1–8 are upright.
    pub fn from_exif(value: u16) -> Self {
        match u8::try_from(value) {
            Ok(value @ 1..=8) => Self(value),
            _ => Self::UPRIGHT,
        }
    }

    /// The EXIF value, 1–8.
    pub fn exif(self) -> u8 {
        self.0
    }

    /// Whether width and height change places between stored and upright.
    pub fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// The size of the upright image, from its stored size.
    pub(crate) fn upright_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Maps a rectangle (left, top, right, bottom, as ratios) of the upright image to the stored one.
    pub(crate) fn to_stored(self, [left, top, right, bottom]: [f64; 4]) -> [f64; 4] {
        // What the eye sees at (u, v) is stored at:
        match self.0 {
            2 => [1.0 - right, top, 1.0 - left, bottom],             // (1-u, v)
            3 => [1.0 - right, 1.0 - bottom, 1.0 - left, 1.0 - top], // (1-u, 1-v)
            4 => [left, 1.0 - bottom, right, 1.0 - top],             // (u, 1-v)
            5 => [top, left, bottom, right],                         // (v, u)
            6 => [top, 1.0 - right, bottom, 1.0 - left],             // (v, 1-u)
            7 => [1.0 - bottom, 1.0 - right, 1.0 - top, 1.0 - left], // (1-v, 1-u)
            8 => [1.0 - bottom, left, 1.0 - top, right],             // (1-v, u)
            _ => [left, top, right, bottom],
        }
    }

    /// Where the upright pixel (x, y) is stored, in an image whose stored size is `width` × `height`.
    pub(crate) fn stored_pixel(self, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
        let (last_x, last_y) = (width.saturating_sub(1), height.saturating_sub(1));
        match self.0 {
            2 => (last_x.saturating_sub(x), y),
            3 => (last_x.saturating_sub(x), last_y.saturating_sub(y)),
            4 => (x, last_y.saturating_sub(y)),
            5 => (y, x),
            6 => (y, last_y.saturating_sub(x)),
            7 => (last_x.saturating_sub(y), last_y.saturating_sub(x)),
            8 => (last_x.saturating_sub(y), x),
            _ => (x, y),
        }
    }
}
