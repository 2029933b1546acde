//! What a photo may cost, checked from its headers before anything of its size is allocated.

use crate::Error;

/// Upper bounds on one photo. Each is inclusive: a photo exactly at the limit is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file, in bytes. Default: 64 MiB.
    pub bytes: u64,
    /// Width × height. Default: 100 million pixels.
    pub pixels: u64,
    /// Memory for decoding and encoding, estimated from the header, in bytes; the file itself is not counted.
    /// Default: 1 GiB.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            pixels: 100_000_000,
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
        let bytes = pixels.saturating_mul(bytes_per_pixel);
        if bytes > self.memory {
            return Err(Error::TooMuchMemory {
                bytes,
                limit: self.memory,
            });
        }
        Ok(())
    }
}
