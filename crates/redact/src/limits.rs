//! What a photo may cost, checked from its headers before anything of its size is allocated.

use crate::Error;

/// Upper bounds on one photo. Each is inclusive: a photo exactly at the limit is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file, in bytes. Default: 64 MiB.
    pub bytes: u64,
    /// Width × height. Default: 100 million pixels.
    pub pixels: u64,
    /// Frames of an animation, or pages of a TIFF. All of them together have at most [`Self::pixels`]. Default: 200.
    pub frames: u32,
    /// Memory for decoding and encoding, estimated from the header, in bytes; the file itself is not counted.
    /// Default: 1 GiB.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            pixels: 100_000_000,
            frames: 200,
            memory: 1 << 30,
        }
    }
}

impl Limits {
    /// Checks the size of the file.
    pub(crate) fn check_bytes(&self, bytes: usize) -> Result<(), Error> {
        let bytes = bytes as u64;
        if bytes > self.bytes {
            return Err(Error::TooManyBytes {
                bytes,
                limit: self.bytes,
            });
        }
        Ok(())
    }

    /// Checks what it takes to work on a picture, in bytes.
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), Error> {
        if bytes > self.memory {
            return Err(Error::TooMuchMemory {
                bytes,
                limit: self.memory,
            });
        }
        Ok(())
    }

    /// Checks the size of the picture, and what it takes to work on it at `bytes_per_pixel`.
    pub(crate) fn check_picture(&self, width: u32, height: u32, bytes_per_pixel: u64) -> Result<(), Error> {
        // Both factors are 32 bits wide: the product fits.
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.pixels {
            return Err(Error::TooManyPixels {
                width,
                height,
                limit: self.pixels,
            });
        }
        self.check_memory(pixels.saturating_mul(bytes_per_pixel))
    }

    /// Checks an animation: all its frames are held at the same time, and two more while they are put together, each at
    /// `bytes_per_pixel`.
    pub(crate) fn check_frames(&self, frames: u32, width: u32, height: u32, bytes_per_pixel: u64) -> Result<(), Error> {
        let pixels = (u64::from(width) * u64::from(height)).max(1);
        // A single picture that is too large is not an animation that is too long.
        let of_this_size = (self.pixels / pixels).max(1);
        let limit = of_this_size.min(u64::from(self.frames));
        if u64::from(frames) > limit {
            return Err(Error::TooManyFrames {
                frames: u64::from(frames),
                limit,
            });
        }
        let held = u64::from(frames).saturating_add(2);
        self.check_picture(width, height, bytes_per_pixel.saturating_mul(held))
    }

    /// Checks pictures of different sizes, all of which are held at the same time.
    pub(crate) fn check_pages(&self, sizes: &[(u32, u32)], bytes_per_pixel: u64) -> Result<(), Error> {
        let mut pixels = 0_u64;
        for (count, (width, height)) in (1_u64..).zip(sizes) {
            self.check_picture(*width, *height, bytes_per_pixel)?;
            pixels = pixels.saturating_add(u64::from(*width) * u64::from(*height));
            if pixels > self.pixels || count > u64::from(self.frames) {
                return Err(Error::TooManyFrames {
                    frames: sizes.len() as u64,
                    limit: count - 1,
                });
            }
        }
        self.check_memory(pixels.saturating_mul(bytes_per_pixel))
    }
}
