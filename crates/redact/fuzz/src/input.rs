//! An input: 16 bytes that say what to do, and a file.

use std::ops::RangeInclusive;

use gatehouse_redact::{KeepMetadata, Limits, Options, Region, Shape, Style};

/// Small, so that no single input takes long.
#[allow(
    clippy::needless_update,
    reason = "there may be other limits, which are of no matter here"
)]
pub fn limits() -> Limits {
    Limits {
        bytes: 8 << 20,
        pixels: 4_000_000,
        memory: 64 << 20,
        ..Limits::default()
    }
}

/// Bytes before the file.
pub const CHOICES: usize = 16;

/// An input, taken apart.
pub struct Input<'a> {
    pub file: &'a [u8],
    pub regions: Vec<Region>,
    pub options: Options,
    /// Bounds for the longest side of previews; not necessarily in order.
    pub sides: RangeInclusive<u32>,
    /// Whether somebody looks at previews before the photo is redacted.
    pub look_first: bool,
}

impl<'a> Input<'a> {
    /// The first 16 bytes: flags, sides, fill colour (2 bytes, blue is 90), then left, top, width and height of up to
    /// three regions. `None` if there are fewer.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (choices, file) = bytes.split_first_chunk::<CHOICES>()?;
        let [flags, sides, red, green, regions @ ..] = *choices;
        let regions = regions.chunks_exact(4).map(region);
        Some(Self {
            file,
            regions: regions.take(usize::from(flags & 3)).collect(),
            options: Options {
                shape: if flags & 4 == 0 {
                    Shape::Rectangle
                } else {
                    Shape::Ellipse
                },
                keep_metadata: if flags & 8 == 0 {
                    KeepMetadata::OnlyNeeded
                } else {
                    KeepMetadata::AllButPictures
                },
                baseline_output: flags & 16 != 0,
                stop_early: flags & 32 != 0,
                style: match flags >> 6 {
                    0 => Style::Blur,
                    1 => Style::Pixelate,
                    _ => Style::Fill([red, green, 90]),
                },
            },
            sides: side(sides >> 4)..=side(sides & 7),
            look_first: sides & 8 != 0,
        })
    }
}

/// In 64ths of the image, so that regions begin and end within MCUs, and beyond the image.
fn region(bytes: &[u8]) -> Region {
    let ratio = |place: usize| match bytes.get(place).map_or(0, |byte| byte.cast_signed()) {
        i8::MIN => f32::NAN,
        ratio => f32::from(ratio) / 64.0,
    };
    Region {
        left: ratio(0),
        top: ratio(1),
        width: ratio(2),
        height: ratio(3),
    }
}

fn side(choice: u8) -> u32 {
    match choice {
        0 => 0,
        1 => 1,
        2 => 7,
        3 => 16,
        4 => 40,
        5 => 200,
        6 => 4000,
        _ => u32::MAX,
    }
}
