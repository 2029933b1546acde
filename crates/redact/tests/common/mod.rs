//! Images made in code, and what is done to their files.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

pub mod coefficients;
pub mod files;
pub mod jpegs;

use gatehouse_redact::{Options, Region, redact};
use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

/// An upright RGB image.
#[derive(Clone, PartialEq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Smooth colours with some grain, no two corners alike.
    pub fn new(width: usize, height: usize) -> Self {
        let mut random = Random(7);
        let mut rgb = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let grain = (random.next() % 16) as f32;
                let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
                let wave = (u * 9.0).sin() * (v * 7.0).cos() * 40.0;
                rgb.extend([u * 180.0 + 20.0 + grain, v * 180.0 + 20.0 + grain, wave + 100.0 + grain].map(|s| s as u8));
            }
        }
        Self { width, height, rgb }
    }

    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The pixels of this picture as they are stored under an EXIF orientation.
    pub fn stored(&self, orientation: u8) -> Self {
        match orientation {
            1 => self.clone(),
            2 => self.mirrored(),
            3 => self.turned_right().turned_right(),
            4 => self.mirrored().turned_right().turned_right(),
            5 => self.turned_right().mirrored(),
            // Shown after a turn to the right: stored turned to the left.
            6 => self.turned_right().turned_right().turned_right(),
            7 => self.mirrored().turned_right(),
            8 => self.turned_right(),
            _ => unreachable!(),
        }
    }

    fn from_fn(width: usize, height: usize, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Self {
        let rgb = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| pixel(x, y))
            .collect();
        Self { width, height, rgb }
    }

    fn mirrored(&self) -> Self {
        Self::from_fn(self.width, self.height, |x, y| self.at(self.width - 1 - x, y))
    }

    /// A quarter clockwise.
    fn turned_right(&self) -> Self {
        Self::from_fn(self.height, self.width, |x, y| self.at(y, self.height - 1 - x))
    }

    pub fn jpeg_encoder(&self) -> Encoder<'_> {
        Encoder::new(&self.rgb, self.width, self.height, PixelFormat::Rgb)
            .quality(92)
            .subsampling(Subsampling::S420)
    }

    pub fn jpeg(&self) -> Vec<u8> {
        self.jpeg_encoder().encode().unwrap()
    }

    pub fn png(&self) -> Vec<u8> {
        png(
            self.width,
            self.height,
            png::ColorType::Rgb,
            png::BitDepth::Eight,
            &self.rgb,
        )
    }
}

pub fn png(width: usize, height: usize, color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette((0..=255).flat_map(|i: u8| [i, 255 - i, i / 2]).collect::<Vec<_>>());
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    file
}

/// What a PNG decodes to, as it is stored.
pub fn decoded_png(file: &[u8]) -> (png::OutputInfo, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    (info, data)
}

/// An EXIF block (TIFF) with one orientation.
pub fn exif(orientation: u8) -> Vec<u8> {
    [
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

/// Puts a segment behind SOI.
pub fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = ((payload.len() + 2) as u16).to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, payload, &jpeg[2..]].concat()
}

/// Puts a chunk behind IHDR.
pub fn with_chunk(png: &[u8], kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(kind);
    sum.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [
        &png[..33],
        &length,
        kind,
        data,
        &sum.finalize().to_be_bytes(),
        &png[33..],
    ]
    .concat()
}

pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Where the entropy-coded data of the first scan starts.
pub fn scan_start(jpeg: &[u8]) -> usize {
    let sos = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    sos + 2 + usize::from(u16::from_be_bytes([jpeg[sos + 2], jpeg[sos + 3]]))
}

/// Refused with this code, whether or not there is anything to hide.
pub fn assert_refused(file: &[u8], reason: &str, what: &str) {
    for regions in [&[][..], &[Region::WHOLE]] {
        match redact(file, regions, &Options::default()) {
            Ok(_) => panic!("{what}: accepted"),
            Err(error) => assert_eq!(error.reason(), reason, "{what}: {error}"),
        }
    }
}

/// A linear congruential generator: the same numbers each time (Knuth's MMIX constants).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }
}
