//! The files in `tests/files`, and what other decoders see in them.

use std::io::Cursor;
use std::path::Path;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, DynamicImage, Frames, ImageBuffer, Rgba};

/// How exactly a file keeps what is not hidden.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Exact,
    /// Exact but for the rounding where a half transparent frame lies over another.
    Blended,
    Lossy,
}

impl Kind {
    /// The largest difference of a sample inside of the region and outside, of 65,535.
    pub fn tolerance(self) -> (u32, u32) {
        match self {
            Self::Exact => (0, 0),
            Self::Blended => (0, 257),
            Self::Lossy => (16 * 257, 36 * 257),
        }
    }
}

pub const ALL: &[(&str, Kind)] = &[
    ("lossy.webp", Kind::Lossy),
    ("lossy-alpha.webp", Kind::Lossy),
    ("lossless-alpha.webp", Kind::Exact),
    ("animated.webp", Kind::Lossy),
    ("animated-alpha.webp", Kind::Blended),
    ("still.gif", Kind::Exact),
    ("animated.gif", Kind::Exact),
    ("parts.gif", Kind::Exact),
    ("lzw.tif", Kind::Exact),
    ("deflate-alpha.tif", Kind::Exact),
    ("sixteen.tif", Kind::Exact),
    ("pages.tif", Kind::Exact),
    ("rgb.bmp", Kind::Exact),
    ("palette.bmp", Kind::Exact),
    ("alpha.bmp", Kind::Exact),
    ("animated.png", Kind::Exact),
    ("parts.png", Kind::Blended),
    ("sixteen.png", Kind::Exact),
];

/// A frame as it looks, or a page.
pub struct Seen {
    pub pixels: ImageBuffer<Rgba<u16>, Vec<u16>>,
    /// Milliseconds, as a ratio.
    pub delay: (u32, u32),
}

pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)).unwrap()
}

/// What others see in a file: every frame, and for an APNG the still picture too.
pub fn frames(file: &[u8]) -> Vec<Seen> {
    let animated = |frames: Frames| frames.map(|frame| seen(frame.unwrap())).collect::<Vec<_>>();
    let still = || {
        vec![Seen {
            pixels: image::load_from_memory(file).unwrap().into_rgba16(),
            delay: (0, 1),
        }]
    };
    if file.starts_with(b"GIF") {
        return animated(GifDecoder::new(Cursor::new(file)).unwrap().into_frames());
    }
    if file.starts_with(b"RIFF") {
        let decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
        return if decoder.has_animation() {
            animated(decoder.into_frames())
        } else {
            still()
        };
    }
    if file.starts_with(b"\x89PNG") {
        let decoder = PngDecoder::new(Cursor::new(file)).unwrap();
        if !decoder.is_apng().unwrap() {
            return still();
        }
        let mut frames = still();
        frames.extend(animated(decoder.apng().unwrap().into_frames()));
        return frames;
    }
    if file.starts_with(b"II") || file.starts_with(b"MM") {
        return pages(file);
    }
    still()
}

fn seen(frame: image::Frame) -> Seen {
    let delay = frame.delay().numer_denom_ms();
    Seen {
        pixels: DynamicImage::ImageRgba8(frame.into_buffer()).into_rgba16(),
        delay,
    }
}

/// The `image` crate reads the first page of a TIFF only: the others are reached by making each the first in turn.
fn pages(file: &[u8]) -> Vec<Seen> {
    let little = file.starts_with(b"II");
    let number = |at: usize, size: usize| {
        let bytes = &file[at..at + size];
        let fold = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        if little {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        }
    };
    let mut found = Vec::new();
    let mut link = 4;
    while number(link, 4) != 0 {
        let mut file = file.to_vec();
        file.copy_within(link..link + 4, 4);
        let page = image::load_from_memory_with_format(&file, image::ImageFormat::Tiff).unwrap();
        found.push(Seen {
            pixels: page.into_rgba16(),
            delay: (0, 1),
        });
        let directory = number(link, 4);
        link = directory + 2 + 12 * number(directory, 2);
    }
    found
}

/// The file with another orientation in its EXIF, where it has one.
pub fn orientation_changed(file: &[u8], orientation: u8) -> Vec<u8> {
    let mut file = file.to_vec();
    let little = |at: usize| file[at..].starts_with(&[0x12, 1, 3, 0, 1, 0, 0, 0]).then_some(at + 8);
    let big = |at: usize| file[at..].starts_with(&[1, 0x12, 0, 3, 0, 0, 0, 1]).then_some(at + 9);
    let place = (0..file.len()).find_map(|at| little(at).or_else(|| big(at))).unwrap();
    file[place] = orientation;
    file
}
