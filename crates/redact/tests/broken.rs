//! Files that must be refused, and never make the code panic or take much memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Picture, Random, assert_refused, decoded_png, png, scan_start, with_chunk, with_segment};
use gatehouse_redact::{Limits, Options, Photo, Region, redact};

/// Small JPEGs: baseline, with restart markers, progressive, 4:4:4, grey-like.
fn jpegs() -> Vec<(&'static str, Vec<u8>)> {
    let picture = Picture::new(72, 56);
    let encoder = || picture.jpeg_encoder().quality(85);
    vec![
        ("baseline", encoder().encode().unwrap()),
        ("restart", encoder().restart_blocks(3).encode().unwrap()),
        ("progressive", encoder().progressive(true).encode().unwrap()),
        (
            "optimised 4:4:4",
            encoder()
                .subsampling(libjpeg_turbo_rs::Subsampling::S444)
                .optimize_huffman(true)
                .encode()
                .unwrap(),
        ),
    ]
}

#[test]
fn whole_files_are_accepted() {
    for (name, file) in jpegs() {
        redact(&file, &[], &Options::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_file_cut_short_anywhere_is_corrupt() {
    for (name, file) in jpegs().into_iter().chain([("png", Picture::new(24, 24).png())]) {
        for cut in 1..file.len() {
            assert_refused(&file[..cut], "corrupt-image", &format!("{name} cut at {cut}"));
        }
    }
}

#[test]
fn a_scan_cut_short_is_corrupt_even_with_an_end_marker() {
    for (name, file) in jpegs() {
        for cut in scan_start(&file)..file.len() - 3 {
            let mut broken = file[..cut].to_vec();
            if broken.ends_with(&[0xFF]) {
                broken.push(0); // else the end marker would be read as data
            }
            broken.extend([0xFF, 0xD9]);
            // A progressive file that ends between two scans is a whole file of less detail, no more.
            let between_scans = name == "progressive" && redact(&broken, &[], &Options::default()).is_ok();
            if between_scans {
                assert!(matches!(file[cut..cut + 2], [0xFF, 0xC4 | 0xDA]), "{name} cut at {cut}");
            } else {
                assert_refused(&broken, "corrupt-image", &format!("{name} cut at {cut}, ended"));
            }
        }
    }
}

#[test]
fn extra_data_in_a_scan_is_corrupt() {
    for (name, file) in jpegs() {
        for extra in [&[0x12, 0x34][..], &[0; 40]] {
            let broken = [&file[..file.len() - 2], extra, &[0xFF, 0xD9]].concat();
            assert_refused(&broken, "corrupt-image", &format!("{name} with {} bytes", extra.len()));
        }
    }
}

#[test]
fn restart_markers_out_of_order_are_corrupt() {
    let (_, file) = jpegs().remove(1);
    let start = scan_start(&file);
    let markers: Vec<usize> = (start..file.len() - 1)
        .filter(|at| file[*at] == 0xFF && (0xD0..0xD8).contains(&file[at + 1]))
        .collect();
    assert!(markers.len() > 4);
    for at in markers {
        let mut swapped = file.clone();
        swapped[at + 1] = 0xD0 + (swapped[at + 1] - 0xD0 + 1) % 8;
        assert_refused(&swapped, "corrupt-image", "wrong number");
        assert_refused(
            &[&file[..at], &file[at + 2..]].concat(),
            "corrupt-image",
            "marker missing",
        );
        assert_refused(
            &[&file[..at + 2], &file[at..]].concat(),
            "corrupt-image",
            "marker twice",
        );
    }
}

#[test]
fn damage_that_throws_the_codes_out_of_step_is_noticed() {
    // Huffman codes fall into step again, and a changed value bit is just another valid picture; so only a part of
    // all damage can be seen.
    let (_, file) = jpegs().remove(0);
    let range = scan_start(&file)..file.len() - 2;
    let noticed = range.clone().filter(|at| {
        let mut broken = file.clone();
        broken[*at] ^= 0x55;
        redact(&broken, &[], &Options::default()).is_err()
    });
    let noticed = noticed.count();
    assert!(noticed * 100 > range.len() * 20, "{noticed} of {}", range.len());
}

#[test]
fn other_formats_are_refused_by_name() {
    for (start, name) in [
        (&b"\0\0\0\x18ftypheic\0\0\0\0"[..], "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"),
        (b"\0\0\0\x1Cftypavif\0\0\0\0", "AVIF"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
        (b"RIFF\0\0\0\0WAVE", "this kind of file"),
        (b"\0\0\x01\0\x01\0", "ICO"),
        (b"%PDF-1.7", "PDF"),
        (b"hello, world", "this kind of file"),
    ] {
        assert_refused(start, "unsupported-format", name);
        let message = redact(start, &[], &Options::default()).unwrap_err().to_string();
        assert!(
            message.contains(name) && message.ends_with("is not supported; JPEG, PNG, WebP, GIF, TIFF and BMP are"),
            "{message}"
        );
    }
    assert_refused(b"", "empty-file", "nothing");
}

#[test]
fn unusual_kinds_of_jpeg_are_refused_by_name() {
    let (_, file) = jpegs().remove(0);
    let sof = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let changed = |at: usize, value: u8| {
        let mut file = file.clone();
        file[at] = value;
        file
    };
    for (broken, name) in [
        (changed(sof + 1, 0xC3), "lossless"),
        (changed(sof + 1, 0xC9), "arithmetic"),
        (changed(sof + 1, 0xC5), "hierarchical"),
        (changed(sof + 4, 12), "12-bit"),
    ] {
        assert_refused(&broken, "unsupported-format", name);
        assert!(
            redact(&broken, &[], &Options::default())
                .unwrap_err()
                .to_string()
                .contains(name)
        );
    }
}

#[test]
fn limits_hold_exactly() {
    let file = Picture::new(30, 20).jpeg();
    let limits = Limits {
        bytes: file.len() as u64,
        pixels: 600,
        ..Limits::default()
    };
    assert!(Photo::open(&file, &limits).is_ok());
    let reason = |limits: Limits| Photo::open(&file, &limits).unwrap_err().reason();
    assert_eq!(
        reason(Limits {
            bytes: limits.bytes - 1,
            ..limits
        }),
        "too-many-bytes"
    );
    assert_eq!(reason(Limits { pixels: 599, ..limits }), "too-many-pixels");
    assert_eq!(reason(Limits { memory: 600, ..limits }), "too-much-memory");
}

#[test]
fn hostile_headers_are_refused_before_anything_is_allocated() {
    let (_, file) = jpegs().remove(0);
    let sof = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let mut huge = file.clone();
    huge[sof + 5..sof + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    assert_refused(&huge, "too-many-pixels", "65500×65500");
    let mut long = file.clone();
    long[sof + 5..sof + 9].copy_from_slice(&[0, 8, 0xFF, 0xDD]);
    assert_refused(&long, "unsupported-format", "65501×8");
    let message = redact(&long, &[], &Options::default()).unwrap_err().to_string();
    assert!(message.contains("more than 65,500 pixels"), "{message}");
    let mut huge = Picture::new(8, 8).png();
    huge[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    let sum = crc32fast::hash(&huge[12..29]);
    huge[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_refused(&huge, "too-many-pixels", "2³¹×2³¹");
    let mut fill = vec![0xFF, 0xD8];
    fill.resize(10_000_000, 0xFF);
    assert_refused(&fill, "corrupt-image", "endless fill");
    assert_refused(
        &[0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xFF, 1, 2, 3],
        "corrupt-image",
        "a segment beyond the end",
    );
    assert_refused(
        &[0xFF, 0xD8, 0xFF, 0xE1, 0, 0, 0xFF, 0xD9],
        "corrupt-image",
        "a segment of no length",
    );
    assert_refused(
        &[b"\x89PNG\r\n\x1a\n\xFF\xFF\xFF\xFFIHDR".as_slice(), &[0; 40]].concat(),
        "corrupt-image",
        "a chunk beyond the end",
    );
    let segments: Vec<u8> = [0xFF, 0xEF, 0, 2].repeat(2_000_000);
    let many = [&file[..2], &segments, &file[2..]].concat();
    assert_refused(&many, "corrupt-image", "two million segments");
    let small = Limits {
        pixels: 1,
        ..Limits::default()
    };
    let cut = Photo::open(&file[..file.len() / 2], &small).unwrap_err();
    assert_eq!(cut.reason(), "too-many-pixels", "the limits come first");
    assert_refused(
        &with_segment(&file, 0xC4, &[0, 255, 255]),
        "corrupt-image",
        "a broken table",
    );
}

#[test]
fn a_wrong_checksum_in_a_png_is_corrupt() {
    let file = Picture::new(24, 24).png();
    for at in 8..file.len() {
        let mut broken = file.clone();
        broken[at] ^= 1;
        assert!(redact(&broken, &[], &Options::default()).is_err(), "bit 0 of byte {at}");
    }
}

#[test]
fn a_png_of_one_bit_becomes_one_of_eight() {
    let bits: Vec<u8> = (0..16 * 2).map(|i| (i * 37) as u8).collect();
    let file = png(16, 16, png::ColorType::Grayscale, png::BitDepth::One, &bits);
    let (info, _) = decoded_png(&redact(&file, &[Region::WHOLE], &Options::default()).unwrap().bytes);
    assert_eq!(
        (info.color_type, info.bit_depth),
        (png::ColorType::Grayscale, png::BitDepth::Eight)
    );
}

#[test]
fn an_interlaced_png_can_be_read() {
    // 8×8 grey in the seven passes of Adam7, each row behind its filter byte; stored, not compressed.
    let passes = [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)];
    let rows = passes.iter().flat_map(|(width, height)| vec![*width; *height]);
    let data: Vec<u8> = rows.flat_map(|width| [vec![0], vec![77; width]].concat()).collect();
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let length = data.len() as u16;
    let zlib = [
        &[0x78, 1, 1],
        &length.to_le_bytes()[..],
        &(!length).to_le_bytes(),
        &data,
        &(b << 16 | a).to_be_bytes(),
    ]
    .concat();
    let mut file = png(8, 8, png::ColorType::Grayscale, png::BitDepth::Eight, &[0; 64]);
    file[28] = 1;
    let sum = crc32fast::hash(&file[12..29]);
    file[29..33].copy_from_slice(&sum.to_be_bytes());
    let end = file[file.len() - 12..].to_vec();
    file.truncate(33);
    let file = [with_chunk(&file, b"IDAT", &zlib), end].concat();
    let left = Region {
        width: 0.5,
        ..Region::WHOLE
    };
    let (_, after) = decoded_png(&redact(&file, &[left], &Options::default()).unwrap().bytes);
    assert_eq!(after, [77; 64]);
}

/// Thousands of damaged files; whatever comes out must itself be whole.
#[test]
fn no_mutation_makes_it_panic() {
    let mut random = Random(42);
    let mut seeds: Vec<Vec<u8>> = jpegs().into_iter().map(|(_, file)| file).collect();
    seeds.push(Picture::new(20, 20).png());
    seeds.push(with_segment(
        &seeds[0],
        0xE1,
        &[b"Exif\0\0".as_slice(), &common::exif(6)].concat(),
    ));
    let limits = Limits {
        pixels: 1_000_000,
        ..Limits::default()
    };
    let mut accepted = 0;
    for round in 0..6_000 {
        let mut file = seeds[round % seeds.len()].clone();
        // Headers are where the traps are: half of the damage goes there.
        let reach = if round % 2 == 0 {
            file.len()
        } else {
            file.len().min(700)
        };
        for _ in 0..1 + random.next() % 4 {
            let at = random.next() % reach.min(file.len());
            match random.next() % 5 {
                0 => file[at] = random.next() as u8,
                1 => file[at] ^= 1 << (random.next() % 8),
                2 => file[at] = [0, 1, 0x7F, 0x80, 0xFF][random.next() % 5],
                3 => drop(file.drain(at..(at + random.next() % 8).min(file.len()))),
                _ => file.insert(at, random.next() as u8),
            }
            if file.is_empty() {
                break;
            }
        }
        let Ok(mut photo) = Photo::open(&file, &limits) else {
            continue;
        };
        let _ = photo.previews(16);
        let regions = [Region {
            left: 0.1,
            top: 0.1,
            width: 0.5,
            height: 0.5,
        }];
        if let Ok(redacted) = photo.redact(&regions[..round / 2 % 2], &Options::default()) {
            accepted += 1;
            redact(&redacted.bytes, &[], &Options::default()).unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
    assert!(
        accepted > 100,
        "{accepted} accepted: the damage is too coarse to test anything"
    );
}
