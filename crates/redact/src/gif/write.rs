//! Writing GIF: blocks, and whole frames that are given by what they change.

use std::collections::{HashMap, HashSet};

use super::blocks::Image;
use super::lzw;
use super::palette::Palette;
use crate::animation::{Disposal, Rect};
use crate::pixels::Pixels;

/// Signature, screen, global palette (red, green, blue of a power of two of colours, or empty), repetitions.
pub(super) fn start((width, height): (u32, u32), palette: &[u8], loops: Option<u16>) -> Vec<u8> {
    let mut out = b"GIF89a".to_vec();
    out.extend((width as u16).to_le_bytes());
    out.extend((height as u16).to_le_bytes());
    out.extend([0x70 | packed(palette), 0, 0]);
    out.extend_from_slice(palette);
    if let Some(loops) = loops {
        out.extend(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01");
        out.extend(loops.to_le_bytes());
        out.push(0);
    }
    out
}

/// An image with these indices, placed, timed and disposed of as before. `palette`: its own, or empty.
pub(super) fn image(out: &mut Vec<u8>, image: &Image, palette: &[u8], indices: &[u8]) {
    write_control(out, image.disposal, image.delay, image.transparent);
    let largest = indices.iter().copied().max().unwrap_or_default();
    write_image(out, image.rect, palette, bits(usize::from(largest) + 1), indices);
}

/// What a viewer shows of the frames written so far.
pub(super) struct Shown {
    width: usize,
    height: usize,
    /// Red, green, blue and alpha, which is 0 or 255.
    rgba: Vec<[u8; 4]>,
}

impl Shown {
    pub fn new((width, height): (u32, u32)) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            rgba: vec![[0; 4]; width * height],
        }
    }

    /// Writes a whole frame. Pixels that are shown already are left transparent, so that a frame's palette has to hold
    /// only what is new.
    pub fn write(
        &mut self,
        out: &mut Vec<u8>,
        frame: &Pixels,
        next: Option<&Pixels>,
        delay: u16,
        own: &HashSet<[u8; 3]>,
    ) {
        let mut counts: HashMap<[u8; 3], u32> = HashMap::new();
        let mut has_gaps = false;
        for (pixel, shown) in colors(frame).zip(&self.rgba) {
            match new_color(pixel, *shown) {
                Some(color) => *counts.entry(color).or_default() += 1,
                None => has_gaps = true,
            }
        }
        let mut palette = Palette::of(&counts, own, 256 - usize::from(has_gaps));
        let gap = palette.colors.len().min(255) as u8;
        let mut indices = Vec::with_capacity(self.rgba.len());
        for (pixel, shown) in colors(frame).zip(&mut self.rgba) {
            let index = new_color(pixel, *shown).map(|color| palette.index(color));
            if let Some([red, green, blue]) = index.and_then(|index| palette.colors.get(usize::from(index))) {
                *shown = [*red, *green, *blue, u8::MAX];
            }
            indices.push(index.unwrap_or(gap));
        }
        let clears = next.is_some_and(|next| colors(frame).zip(colors(next)).any(|(now, then)| now[3] > then[3]));
        let disposal = if clears { Disposal::Clear } else { Disposal::Keep };
        write_control(out, disposal, delay, has_gaps.then_some(gap));
        let bits = bits(palette.colors.len() + usize::from(has_gaps));
        let mut bytes = palette.colors.concat();
        bytes.resize(3 << bits, 0);
        let rect = Rect {
            left: 0,
            top: 0,
            width: self.width,
            height: self.height,
        };
        write_image(out, rect, &bytes, bits, &indices);
        if clears {
            self.rgba.fill([0; 4]);
        }
    }
}

/// The pixels of a frame, each opaque or not at all.
fn colors(frame: &Pixels) -> impl Iterator<Item = [u8; 4]> {
    frame.data.chunks_exact(frame.pixel_bytes()).map(|pixel| match *pixel {
        [red, green, blue] => [red, green, blue, u8::MAX],
        [red, green, blue, alpha] if alpha >= 128 => [red, green, blue, u8::MAX],
        _ => [0; 4],
    })
}

/// The colour that has to be written, if another one is shown now.
fn new_color(pixel: [u8; 4], shown: [u8; 4]) -> Option<[u8; 3]> {
    let [red, green, blue, alpha] = pixel;
    (alpha > 0 && pixel != shown).then_some([red, green, blue])
}

fn write_control(out: &mut Vec<u8>, disposal: Disposal, delay: u16, transparent: Option<u8>) {
    let method = match disposal {
        Disposal::Keep => 1,
        Disposal::Clear => 2,
        Disposal::Restore => 3,
    };
    out.extend([0x21, 0xF9, 4, method << 2 | u8::from(transparent.is_some())]);
    out.extend(delay.to_le_bytes());
    out.extend([transparent.unwrap_or_default(), 0]);
}

/// `bits`: how many an index takes.
fn write_image(out: &mut Vec<u8>, rect: Rect, palette: &[u8], bits: u8, indices: &[u8]) {
    out.push(0x2C);
    for number in [rect.left, rect.top, rect.width, rect.height] {
        out.extend((number as u16).to_le_bytes());
    }
    out.push(packed(palette));
    out.extend_from_slice(palette);
    // Section 22: codes of two bits at least.
    lzw::encode(indices, bits.max(2), out);
}

/// Flag and size of a palette (sections 18 and 20).
fn packed(palette: &[u8]) -> u8 {
    match palette.len() / 3 {
        0 => 0,
        colors => 0x80 | (bits(colors) - 1),
    }
}

/// How many bits it takes to tell so many things apart, at least 1.
fn bits(things: usize) -> u8 {
    usize::BITS
        .saturating_sub(things.saturating_sub(1).leading_zeros())
        .max(1) as u8
}
