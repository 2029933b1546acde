//! A PNG without regions is compressed anew: the same pixels, and nothing besides.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Random, contains, decoded_png, png, with_chunk};
use gatehouse_redact::{Options, Region, redact};

const SECRET: &[u8] = b"SECRET-SECRET";
const REGIONS: [&[Region]; 2] = [&[], &[Region::WHOLE]];

#[test]
fn without_regions_each_kind_of_png_has_the_same_pixels() {
    use png::{BitDepth::*, ColorType::*};
    // 37 across: at low depths the last byte of a row is not full.
    let (width, height) = (37, 20);
    for (color, depths, channels) in [
        (Grayscale, &[One, Two, Four, Eight, Sixteen][..], 1),
        (Indexed, &[One, Two, Four, Eight], 1),
        (GrayscaleAlpha, &[Eight, Sixteen], 2),
        (Rgb, &[Eight, Sixteen], 3),
        (Rgba, &[Eight, Sixteen], 4),
    ] {
        for depth in depths {
            let mut random = Random(9);
            let row = (width * channels * *depth as usize).div_ceil(8);
            let data: Vec<u8> = (0..row * height).map(|_| random.next() as u8).collect();
            let plain = png(width, height, color, *depth, &data);
            let transparent = match color {
                Grayscale => with_chunk_before_picture(&plain, b"tRNS", &[0, 1]),
                Rgb => with_chunk_before_picture(&plain, b"tRNS", &data[..6]),
                Indexed => with_chunk_before_picture(&plain, b"tRNS", &[0, 100]),
                _ => plain.clone(),
            };
            for file in [plain, transparent] {
                let redacted = redact(&file, &[], &Options::default()).unwrap();
                assert_eq!(redacted.engine.as_str(), "untouched");
                let (before, after) = (shown(&file), shown(&redacted.bytes));
                assert!(before == after, "{color:?} {depth:?}");
                assert_eq!(decoded_png(&redacted.bytes).0.color_type == Indexed, color == Indexed);
                let again = redact(&redacted.bytes, &[], &Options::default()).unwrap();
                assert!(again.bytes == redacted.bytes, "{color:?} {depth:?}: the same again");
            }
        }
    }
}

/// What a viewer shows: eight or sixteen bits, palette and colour key resolved.
fn shown(file: &[u8]) -> (png::ColorType, png::BitDepth, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    (info.color_type, info.bit_depth, data)
}

/// The file with a chunk more right before its first IDAT.
fn with_chunk_before_picture(png: &[u8], kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let idat = png.windows(4).position(|four| four == b"IDAT").unwrap() - 4;
    // `with_chunk` puts it behind the first 33 bytes.
    let chunk = with_chunk(&[0; 33], kind, data).split_off(33);
    [&png[..idat], &chunk, &png[idat..]].concat()
}

#[test]
fn nothing_hides_behind_the_compressed_picture_of_a_png_or_in_its_palette() {
    let grey: Vec<u8> = (0..32 * 32).map(|i| (i % 4) as u8).collect();
    for color in [png::ColorType::Grayscale, png::ColorType::Indexed] {
        let file = png(32, 32, color, png::BitDepth::Eight, &grey);
        // In IDAT behind the end of the zlib stream, the chunk's length and checksum put right.
        let idat = file.windows(4).position(|four| four == b"IDAT").unwrap();
        let end = file.len() - 12 - 4;
        let data = [&file[idat + 4..end], SECRET].concat();
        let hidden = with_chunk_before_picture(&file[..idat + 4], b"IDAT", &data);
        let behind = [&hidden[..hidden.len() - 8], &file[file.len() - 12..]].concat();
        // A second palette, and a first one that is longer than it may be.
        let twice = with_chunk_before_picture(&file, b"PLTE", &[SECRET, &SECRET[1..]].concat()[..24]);
        let bits = with_chunk(&file, b"sBIT", SECRET);
        let gamma = with_chunk(&file, b"gAMA", SECRET);
        for (name, file) in [("behind", behind), ("palette", twice), ("sBIT", bits), ("gAMA", gamma)] {
            assert!(contains(&file, &SECRET[..12]), "{name}");
            for regions in REGIONS {
                // Refusing would be as good.
                if let Ok(redacted) = redact(&file, regions, &Options::default()) {
                    assert!(!contains(&redacted.bytes, &SECRET[..12]), "{color:?} {name}");
                } else {
                    assert!(name == "palette", "{color:?} {name}: refused");
                }
            }
        }
    }
}
