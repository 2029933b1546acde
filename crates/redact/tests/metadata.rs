//! What a redacted file still says, and what it no longer does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Picture, contains, exif, scan_start, with_chunk, with_segment};
use gatehouse_redact::{Engine, KeepMetadata, Limits, Options, Photo, Region, redact};

const SECRET: &[u8] = b"SECRET-SECRET";
const REGIONS: [&[Region]; 2] = [
    &[],
    &[Region {
        left: 0.2,
        top: 0.2,
        width: 0.2,
        height: 0.2,
    }],
];

fn keeping(keep_metadata: KeepMetadata) -> Options {
    Options {
        keep_metadata,
        ..Options::default()
    }
}

/// An EXIF block: orientation 6, an artist, a GPS directory, a maker note, and a thumbnail behind.
fn rich_exif() -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x04\0".to_vec();
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    };
    entry(0x0112, 3, 1, 6);
    entry(0x013B, 2, 13, 100);
    entry(0x8825, 4, 1, 120);
    entry(0x927C, 7, 13, 140);
    tiff.resize(100, 0);
    tiff.extend(b"Ada Lovelace\0");
    tiff.resize(140, 0);
    tiff.extend(SECRET);
    tiff.extend([&[0xFF, 0xD8, 0xFF], SECRET].concat());
    [b"Exif\0\0".as_slice(), &tiff].concat()
}

fn icc() -> Vec<u8> {
    [
        b"ICC_PROFILE\0\x01\x01".as_slice(),
        &(0..=255).cycle().take(3_000).collect::<Vec<u8>>(),
    ]
    .concat()
}

fn rich_jpeg() -> Vec<u8> {
    let mut file = Picture::new(96, 64).jpeg();
    for (marker, payload) in [
        (0xFE, SECRET.to_vec()),
        (0xED, [b"Photoshop 3.0\08BIM".as_slice(), SECRET].concat()),
        (0xE2, [b"MPF\0".as_slice(), SECRET].concat()),
        (0xE2, icc()),
        (0xE1, [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat()),
        (0xE0, [b"JFXX\0\x10".as_slice(), SECRET].concat()),
        (0xE5, SECRET.to_vec()),
        (0xE1, rich_exif()),
    ] {
        file = with_segment(&file, marker, &payload);
    }
    // A motion photo: a video behind the picture.
    file.extend(SECRET);
    file
}

#[test]
fn a_jpeg_loses_everything_but_what_shows_the_picture() {
    let file = rich_jpeg();
    for regions in REGIONS {
        for keep in [KeepMetadata::OnlyNeeded, KeepMetadata::AllButPictures] {
            let redacted = redact(&file, regions, &keeping(keep)).unwrap();
            let out = &redacted.bytes;
            assert!(!contains(out, b"SECRET"), "{keep:?}");
            assert!(contains(out, &icc()), "the colour profile is the same");
            assert_eq!(contains(out, b"Ada Lovelace"), keep == KeepMetadata::AllButPictures);
            assert_eq!(Photo::open(out, &Limits::default()).unwrap().orientation().exif(), 6);
            assert!(out.ends_with(&[0xFF, 0xD9]));
            assert!(redacted.report.metadata_bytes_removed > 8 * SECRET.len() as u64);
        }
    }
}

#[test]
fn a_thumbnail_in_the_jfif_segment_goes_and_the_density_stays() {
    let file = Picture::new(32, 32).jpeg();
    // Replace the JFIF segment by one with a thumbnail of 2×2.
    let jfif = [b"JFIF\0\x01\x02\x01\x01\x2C\x01\x2C\x02\x02".as_slice(), &SECRET[..12]].concat();
    let file = with_segment(&[&file[..2], &file[20..]].concat(), 0xE0, &jfif);
    for regions in REGIONS {
        let out = redact(&file, regions, &Options::default()).unwrap().bytes;
        assert!(!contains(&out, b"SECRET"));
        assert!(contains(&out, b"\xFF\xE0\0\x10JFIF\0\x01\x02\x01\x01\x2C\x01\x2C\0\0"));
    }
}

#[test]
fn without_regions_the_compressed_picture_is_the_same_bit_for_bit() {
    for encoder in [
        Picture::new(96, 64).jpeg_encoder(),
        Picture::new(96, 64).jpeg_encoder().restart_blocks(3).progressive(true),
    ] {
        let plain = encoder.encode().unwrap();
        let rich = with_segment(&plain, 0xFE, SECRET);
        let redacted = redact(&rich, &[], &Options::default()).unwrap();
        assert_eq!(redacted.engine, Engine::Untouched);
        assert_eq!(
            redacted.bytes[scan_start(&redacted.bytes)..],
            plain[scan_start(&plain)..]
        );
        assert_eq!(
            redact(&redacted.bytes, &[], &Options::default()).unwrap().bytes,
            redacted.bytes
        );
    }
    let plain = Picture::new(96, 64).png();
    let rich = with_chunk(&plain, b"tIME", &[7, 0xE8, 1, 1, 1, 1, 1]);
    let redacted = redact(&rich, &[], &Options::default()).unwrap();
    assert_eq!((redacted.engine.as_str(), redacted.bytes), ("untouched", plain));
}

#[test]
fn a_png_loses_everything_but_what_shows_the_picture() {
    let mut file = Picture::new(96, 64).png();
    let gamma = 45_455_u32.to_be_bytes();
    for (kind, data) in [
        (b"tEXt", [b"Raw profile type exif\0".as_slice(), SECRET].concat()),
        (b"tEXt", b"Author\0Ada Lovelace".to_vec()),
        (b"iTXt", [b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), SECRET].concat()),
        (b"zTXt", [b"Comment\0\0".as_slice(), SECRET].concat()),
        (b"eXIf", rich_exif()[6..].to_vec()),
        (b"iDOT", SECRET.to_vec()),
        (b"prVt", SECRET.to_vec()),
        (b"tIME", SECRET[..7].to_vec()),
        (b"pHYs", vec![0, 0, 0x0B, 0x13, 0, 0, 0x0B, 0x13, 1]),
        (b"gAMA", gamma.to_vec()),
    ] {
        file = with_chunk(&file, kind, &data);
    }
    file.extend(SECRET);
    for regions in REGIONS {
        for keep in [KeepMetadata::OnlyNeeded, KeepMetadata::AllButPictures] {
            let out = redact(&file, regions, &keeping(keep)).unwrap().bytes;
            assert!(!contains(&out, b"SECRET") && !contains(&out, b"tIME"), "{keep:?}");
            assert!(contains(&out, b"gAMA") && contains(&out, b"pHYs"));
            assert_eq!(contains(&out, b"Ada Lovelace"), keep == KeepMetadata::AllButPictures);
            assert_eq!(Photo::open(&out, &Limits::default()).unwrap().orientation().exif(), 6);
        }
    }
}

#[test]
fn a_png_keeps_its_colour_profile() {
    let profile = [b"icc\0\0".as_slice(), &[1, 2, 3, 4]].concat();
    let file = with_chunk(&Picture::new(32, 32).png(), b"iCCP", &profile);
    for regions in REGIONS {
        assert!(contains(
            &redact(&file, regions, &Options::default()).unwrap().bytes,
            &[b"iCCP", profile.as_slice()].concat()
        ));
    }
}

#[test]
fn broken_exif_is_upright_and_gone() {
    let mut broken = exif(6);
    broken.truncate(15);
    let file = with_segment(
        &Picture::new(32, 32).jpeg(),
        0xE1,
        &[b"Exif\0\0".as_slice(), &broken].concat(),
    );
    assert_eq!(Photo::open(&file, &Limits::default()).unwrap().orientation().exif(), 1);
    assert!(!contains(
        &redact(&file, &[], &Options::default()).unwrap().bytes,
        b"Exif"
    ));
}
