//! A decoded photo at the sizes to which a JPEG can be decoded.

use std::ops::RangeInclusive;

use gatehouse_detect::{Image, useful_sides};
use gatehouse_redact::{Limits, Photo, Preview};

/// A picture: width, height, RGB.
type Picture = (u32, u32, Vec<u8>);

/// A photo in all the sizes that are looked at.
pub struct Scaled {
    size: (u32, u32),
    /// An eighth, a quarter and a half.
    parts: Vec<Picture>,
    /// What was looked at before there were glances.
    useful: Picture,
}

impl Scaled {
    pub fn of(jpeg: &[u8]) -> Self {
        let mut photo = Photo::open(jpeg, &Limits::default()).unwrap();
        let (width, height) = photo.upright_size();
        let useful = photo
            .previews(*useful_sides(width, height).end())
            .unwrap()
            .swap_remove(0);
        let full = photo.previews(u32::MAX).unwrap().swap_remove(0);
        Self {
            size: (width, height),
            parts: [8, 4, 2].map(|part| shrunk(&full, part)).to_vec(),
            useful: (useful.width(), useful.height(), useful.into_rgb()),
        }
    }

    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The detailed picture.
    pub fn useful(&self) -> Image<'_> {
        image(&self.useful)
    }

    /// The smallest eighth, quarter or half that lies within these sides; else the detailed picture.
    pub fn within(&self, sides: RangeInclusive<u32>) -> Image<'_> {
        let fitting = self
            .parts
            .iter()
            .find(|(width, height, _)| sides.contains(width.max(height)));
        image(fitting.unwrap_or(&self.useful))
    }
}

fn image((width, height, rgb): &Picture) -> Image<'_> {
    Image::new(*width, *height, rgb).unwrap()
}

/// The photo with a pixel for every block of `part` × `part`: its average brightness, and the average colour of a block
/// twice as wide and high, as 4:2:0 has it. For an eighth this is what the DC coefficients say.
fn shrunk(full: &Preview, part: usize) -> Picture {
    let (bright, around) = (averages(full, part), averages(full, 2 * part));
    let (width, height) = (full.width() as usize / part, full.height() as usize / part);
    let coarse = (full.width() as usize).div_ceil(2 * part);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let own = bright[y * (full.width() as usize).div_ceil(part) + x];
            let colour = around[y / 2 * coarse + x / 2];
            let brighter = luma(own) - luma(colour);
            rgb.extend(colour.map(|sample| (sample + brighter).round() as u8));
        }
    }
    (width as u32, height as u32, rgb)
}

/// The average of each block, those at the edge included.
fn averages(full: &Preview, side: usize) -> Vec<[f32; 3]> {
    let across = (full.width() as usize).div_ceil(side);
    let mut averages = Vec::new();
    for rows in full.rgb().chunks(full.width() as usize * 3 * side) {
        let mut sums = vec![([0_u32; 3], 0_u32); across];
        for row in rows.chunks_exact(full.width() as usize * 3) {
            for (block, (sum, count)) in row.chunks(3 * side).zip(&mut sums) {
                for pixel in block.chunks_exact(3) {
                    sum.iter_mut()
                        .zip(pixel)
                        .for_each(|(sum, sample)| *sum += u32::from(*sample));
                    *count += 1;
                }
            }
        }
        averages.extend(
            sums.iter()
                .map(|(sum, count)| sum.map(|sum| sum as f32 / *count as f32)),
        );
    }
    averages
}

fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}
