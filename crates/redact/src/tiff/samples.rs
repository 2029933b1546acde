//! The samples of a page: decompressed, put together from strips or tiles, and given their meaning.

use std::io::Read;

use flate2::read::ZlibDecoder;
use weezl::{BitOrder, decode::Decoder};

use super::page::{Compression, Meaning, Page};
use crate::Error;
use crate::pixels::{Color, Pixels};

/// Decodes a page to its end.
///
/// # Errors
/// [`Error::CorruptImage`].
pub(super) fn decode(page: &Page) -> Result<Pixels, Error> {
    let mut data = assembled(page)?;
    if page.wide && page.little_endian {
        data.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.reverse());
    }
    let color = match (&page.meaning, page.has_alpha) {
        (Meaning::Rgb, false) => Color::Rgb,
        (Meaning::Rgb, true) => Color::Rgba,
        (Meaning::Palette(colors), has_alpha) => {
            data = expanded(&data, colors, page.samples());
            if has_alpha { Color::Rgba } else { Color::Rgb }
        }
        (_, false) => Color::Gray,
        (_, true) => Color::GrayAlpha,
    };
    if page.meaning == Meaning::GrayInverted {
        let sample = if page.wide { 2 } else { 1 };
        for pixel in data.chunks_exact_mut(page.samples() * sample) {
            pixel.iter_mut().take(sample).for_each(|byte| *byte = !*byte);
        }
    }
    Pixels::new(page.width, page.height, color, page.wide, data)
}

/// Replaces the index that each pixel starts with by its colour. Each index of 8 bits is in the palette.
fn expanded(data: &[u8], colors: &[[u8; 3]], samples: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() / samples * (samples + 2));
    for pixel in data.chunks_exact(samples) {
        let index = pixel.first().copied().unwrap_or_default();
        out.extend(colors.get(usize::from(index)).copied().unwrap_or_default());
        out.extend(pixel.iter().skip(1));
    }
    out
}

/// The samples of the page, rows from top to bottom, channels interleaved, in the byte order of the file.
fn assembled(page: &Page) -> Result<Vec<u8>, Error> {
    let sample = if page.wide { 2 } else { 1 };
    let samples = page.samples();
    let (width, height) = (page.width as usize, page.height as usize);
    let (part_width, part_height) = (page.part.0 as usize, page.part.1 as usize);
    // A plane holds one channel; without planes there is one with all of them.
    let (planes, channels) = if page.planar { (samples, 1) } else { (1, samples) };
    let mut data = vec![0; width * height * samples * sample];
    let (across, down) = (width.div_ceil(part_width), height.div_ceil(part_height));
    let places = (0..planes).flat_map(|plane| (0..down).flat_map(move |y| (0..across).map(move |x| (plane, x, y))));
    for ((plane, x, y), stored) in places.zip(&page.parts) {
        let (left, top) = (x * part_width, y * part_height);
        let rows = if page.tiled {
            part_height
        } else {
            part_height.min(height - top)
        };
        let row_bytes = part_width
            .checked_mul(channels * sample)
            .filter(|bytes| {
                bytes
                    .checked_mul(rows)
                    .is_some_and(|size| size <= largest_part(data.len()))
            })
            .ok_or_else(|| Error::corrupt("a part of a page is far larger than the page"))?;
        let mut part = decompressed(stored, page.compression, row_bytes * rows)?;
        if page.predicted {
            part.chunks_exact_mut(row_bytes)
                .for_each(|row| add_up(row, channels, page));
        }
        let columns = part_width.min(width - left);
        for (row, source) in data
            .chunks_exact_mut(width * samples * sample)
            .skip(top)
            .zip(part.chunks_exact(row_bytes))
        {
            let first = (left * samples + plane) * sample;
            let targets = row.get_mut(first..).unwrap_or_default().chunks_mut(samples * sample);
            for (target, pixel) in targets.zip(source.chunks_exact(channels * sample)).take(columns) {
                target.iter_mut().zip(pixel).for_each(|(target, byte)| *target = *byte);
            }
        }
    }
    Ok(data)
}

/// Tiles at the edge reach beyond the page, but not by more than a tile of common size.
fn largest_part(page_bytes: usize) -> usize {
    page_bytes.saturating_mul(4).max(16 << 20)
}

/// Exactly `size` bytes. What follows them is never seen: some writers fill up the last strip.
fn decompressed(stored: &[u8], compression: Compression, size: usize) -> Result<Vec<u8>, Error> {
    let short = || Error::corrupt("a page ends before its last pixel");
    match compression {
        Compression::None => stored.get(..size).map(<[u8]>::to_vec).ok_or_else(short),
        Compression::PackBits => unpacked(stored, size).ok_or_else(short),
        Compression::Deflate => {
            let mut data = vec![0; size];
            let mut decoder = ZlibDecoder::new(stored);
            let read = decoder.read_exact(&mut data);
            // Reading on to the end verifies the checksum.
            let end = read.and_then(|()| decoder.read(&mut [0]));
            end.map_err(|error| Error::corrupt(error.to_string()))?;
            Ok(data)
        }
        Compression::Lzw => {
            let mut data = vec![0; size];
            let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
            let (mut rest, mut filled) = (stored, 0);
            while filled < size {
                let step = decoder.decode_bytes(rest, data.get_mut(filled..).unwrap_or_default());
                rest = rest.get(step.consumed_in..).unwrap_or_default();
                filled += step.consumed_out;
                step.status.map_err(|error| Error::corrupt(error.to_string()))?;
                if step.consumed_in == 0 && step.consumed_out == 0 {
                    return Err(short());
                }
            }
            Ok(data)
        }
    }
}

/// PackBits (section 9).
fn unpacked(mut stored: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut data = Vec::with_capacity(size);
    while data.len() < size {
        let (head, rest) = stored.split_first()?;
        let count = usize::from(*head);
        stored = match count {
            0..128 => {
                let (literal, rest) = rest.split_at_checked(count + 1)?;
                data.extend_from_slice(literal);
                rest
            }
            128 => rest,
            _ => {
                let (byte, rest) = rest.split_first()?;
                data.resize(data.len() + 257 - count, *byte);
                rest
            }
        };
    }
    data.truncate(size);
    Some(data)
}

/// Undoes horizontal differencing (section 14) in one row.
fn add_up(row: &mut [u8], channels: usize, page: &Page) {
    if page.wide {
        let (pairs, _) = row.as_chunks_mut::<2>();
        let mut before = vec![0_u16; channels];
        for pixel in pairs.chunks_exact_mut(channels) {
            for (pair, before) in pixel.iter_mut().zip(&mut before) {
                let difference = match page.little_endian {
                    true => u16::from_le_bytes(*pair),
                    false => u16::from_be_bytes(*pair),
                };
                *before = before.wrapping_add(difference);
                *pair = match page.little_endian {
                    true => before.to_le_bytes(),
                    false => before.to_be_bytes(),
                };
            }
        }
    } else {
        let mut before = vec![0_u8; channels];
        for pixel in row.chunks_exact_mut(channels) {
            for (byte, before) in pixel.iter_mut().zip(&mut before) {
                *before = before.wrapping_add(*byte);
                *byte = *before;
            }
        }
    }
}
