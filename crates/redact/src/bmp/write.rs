//! Writing BMP, rows from the bottom to the top as every reader expects them.

use super::header::{EMBEDDED, FILE_HEADER, Header};
use crate::pixels::Pixels;

/// `LCS_sRGB`.
const SRGB: u32 = 0x7352_4742;
/// Size of a `BITMAPV5HEADER`, needed for alpha and for a colour profile.
const LARGE: u32 = 124;
const SMALL: u32 = 40;

/// A picture of 24 bits per pixel, or with alpha of 32.
pub(super) fn colors(header: &Header, pixels: &Pixels) -> Vec<u8> {
    let has_alpha = pixels.color.has_alpha();
    let rows = pixels.data.chunks_exact(pixels.stride()).map(|row| {
        let pixels = row.chunks_exact(pixels.pixel_bytes());
        let swapped = pixels.flat_map(|pixel| match *pixel {
            [red, green, blue, alpha] => [blue, green, red, alpha].into_iter().take(4),
            [red, green, blue] => [blue, green, red, 0].into_iter().take(3),
            _ => [0; 4].into_iter().take(0),
        });
        swapped.collect()
    });
    let bits = if has_alpha { 32 } else { 24 };
    write(header, bits, &[], rows.collect())
}

/// A picture with a palette. `rows`: the index of each pixel.
pub(super) fn palette(header: &Header, colors: &[[u8; 3]], rows: &[Vec<u8>]) -> Vec<u8> {
    let mut used = [false; 256];
    for index in rows.iter().flatten() {
        used.iter_mut()
            .skip(usize::from(*index))
            .take(1)
            .for_each(|used| *used = true);
    }
    // What no pixel has would be room to hide something in.
    let color = |([red, green, blue], used): (&[u8; 3], bool)| if used { [*blue, *green, *red, 0] } else { [0; 4] };
    let colors: Vec<[u8; 4]> = colors.iter().zip(used).map(color).collect();
    let per_byte = usize::from(8 / header.bits);
    let pack = |indices: &[u8]| {
        let places = (1..).zip(indices);
        places.fold(0, |byte, (place, index)| byte | index << (8 - place * header.bits))
    };
    let rows = rows.iter().map(|row| row.chunks(per_byte).map(pack).collect());
    write(header, header.bits, &colors, rows.collect())
}

/// `rows`: from top to bottom, not padded.
fn write(header: &Header, bits: u16, palette: &[[u8; 4]], rows: Vec<Vec<u8>>) -> Vec<u8> {
    // Where alpha was a guess, it is for the next reader too.
    let has_masks = bits == 32 && header.says_alpha();
    let is_large = has_masks || header.icc.is_some();
    let info_size = if is_large { LARGE } else { SMALL };
    let offset = FILE_HEADER + info_size as usize + palette.len() * 4;
    let mut out = vec![0; offset];
    for row in rows.into_iter().rev() {
        out.extend_from_slice(&row);
        out.resize(out.len() + row.len().next_multiple_of(4) - row.len(), 0);
    }
    let picture = out.len() - offset;
    let profile = out.len() - FILE_HEADER;
    out.extend_from_slice(header.icc.unwrap_or_default());

    let mut head = b"BM".to_vec();
    head.extend((out.len() as u32).to_le_bytes());
    head.extend([0; 4]);
    let [across, down] = header.resolution;
    let compression = if has_masks { 3 } else { 0 };
    let fields = [offset as u32, info_size, header.width, header.height];
    fields.iter().for_each(|field| head.extend(field.to_le_bytes()));
    head.extend([1, 0]);
    head.extend(bits.to_le_bytes());
    let colors = palette.len() as u32;
    let fields = [compression, picture as u32, across, down, colors, 0];
    fields.iter().for_each(|field| head.extend(field.to_le_bytes()));
    if is_large {
        let masks: [u32; 4] = if has_masks {
            [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000]
        } else {
            [0; 4]
        };
        masks.iter().for_each(|mask| head.extend(mask.to_le_bytes()));
        let space = if header.icc.is_some() { EMBEDDED } else { SRGB };
        head.extend(space.to_le_bytes());
        // Primaries and gamma, which neither space looks at.
        head.extend([0; 48]);
        let (start, size) = header.icc.map_or((0, 0), |icc| (profile as u32, icc.len() as u32));
        // 4: the intent of photos (LCS_GM_IMAGES).
        [4, start, size, 0]
            .iter()
            .for_each(|field: &u32| head.extend(field.to_le_bytes()));
    }
    palette.iter().for_each(|color| head.extend(color));
    out.iter_mut().zip(head).for_each(|(place, byte)| *place = byte);
    out
}
