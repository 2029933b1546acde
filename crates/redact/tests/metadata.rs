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

/// An ICC profile by its size and its signature; the rest is made up.
fn profile(size: usize) -> Vec<u8> {
    let mut profile: Vec<u8> = (0..=255).cycle().take(size).collect();
    profile[..4].copy_from_slice(&(size as u32).to_be_bytes());
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

fn icc() -> Vec<u8> {
    [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile(3_000)].concat()
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

/// A JPEG with these APP2 segments: number, count, and that part of the profile.
fn with_icc_chunks(chunks: &[(u8, u8, &[u8])]) -> Vec<u8> {
    let plain = Picture::new(32, 32).jpeg();
    chunks.iter().rev().fold(plain, |file, (number, of, data)| {
        with_segment(&file, 0xE2, &[b"ICC_PROFILE\0", &[*number, *of][..], data].concat())
    })
}

#[test]
fn a_jpeg_keeps_a_whole_colour_profile_in_several_segments() {
    let profile = profile(3_000);
    let (a, b) = profile.split_at(1_000);
    for chunks in [[(1, 2, a), (2, 2, b)], [(2, 2, b), (1, 2, a)]] {
        for regions in REGIONS {
            let out = redact(&with_icc_chunks(&chunks), regions, &Options::default())
                .unwrap()
                .bytes;
            assert!(contains(&out, &[b"ICC_PROFILE\0\x01\x02", a].concat()));
            assert!(contains(&out, &[b"ICC_PROFILE\0\x02\x02", b].concat()));
        }
    }
}

#[test]
fn what_is_no_colour_profile_goes_from_a_jpeg() {
    let profile = profile(3_000);
    let longer = [&profile[..], SECRET].concat();
    let (a, b) = profile.split_at(1_000);
    let mut unsigned = profile.clone();
    unsigned[36] = 0;
    let large = large_profile();
    let too_large: Vec<(u8, u8, &[u8])> = large.chunks(65_000).zip(1..).map(|(part, at)| (at, 65, part)).collect();
    for chunks in [
        &[(1, 1, SECRET)][..],
        &[(1, 1, &longer)],
        &[(1, 1, &profile[..2_999])],
        &[(1, 1, &unsigned)],
        &[(0, 1, &profile)],
        &[(1, 2, a)],
        &[(1, 2, a), (2, 3, b)],
        &[(1, 2, a), (1, 2, a), (2, 2, b)],
        &[(1, 1, &profile), (2, 2, SECRET)],
        &[(1, 1, &profile), (1, 1, &profile)],
        &too_large,
    ] {
        for regions in REGIONS {
            let out = redact(&with_icc_chunks(chunks), regions, &Options::default())
                .unwrap()
                .bytes;
            assert!(!contains(&out, b"ICC_PROFILE") && !contains(&out, SECRET));
        }
    }
}

/// A little more than 4 MiB, in 65 parts of 65,000 bytes.
fn large_profile() -> Vec<u8> {
    profile(65 * 65_000)
}

#[test]
fn tables_behind_the_last_scan_go() {
    let plain = Picture::new(96, 64).jpeg();
    let (picture, end) = plain.split_at(plain.len() - 2);
    let table = [&[2], SECRET, &[7; 51]].concat();
    let codes = [&[0x11][..], &[0, 0, 0, 13], &[0; 12], SECRET].concat();
    let behind = |marker: u8, payload: &[u8]| with_segment(&[0; 2], marker, payload).split_off(2);
    let file = [
        picture,
        &behind(0xDB, &table),
        &behind(0xC4, &codes),
        &behind(0xDD, &[0, 9]),
        end,
    ]
    .concat();
    let redacted = redact(&file, &[], &Options::default()).unwrap();
    assert!(redacted.bytes == plain);
    assert_eq!(
        redacted.report.metadata_bytes_removed as usize,
        file.len() - plain.len()
    );
}

#[test]
fn of_several_adobe_segments_the_last_whole_one_before_the_scan_counts_and_is_kept_alone() {
    let adobe = |transform: u8, more: &[u8]| [b"Adobe\0\x64\0\0\0\0", &[transform][..], more].concat();
    // Without JFIF, Adobe's segment says whether the picture is RGB (0) or YCbCr (1).
    let plain = Picture::new(32, 32).jpeg();
    let plain = [&plain[..2], &plain[20..]].concat();
    let shown = |file: &[u8]| {
        Photo::open(file, &Limits::default())
            .unwrap()
            .previews(32)
            .unwrap()
            .remove(0)
    };
    let file = with_segment(&plain, 0xEE, b"Adobe\0\x64");
    let file = with_segment(&file, 0xEE, &adobe(1, SECRET));
    let file = with_segment(&file, 0xEE, &adobe(0, SECRET));
    let behind = with_segment(&[0; 2], 0xEE, &adobe(0, b"")).split_off(2);
    let (picture, end) = file.split_at(file.len() - 2);
    let file = [picture, &behind, end].concat();
    assert!(shown(&file) == shown(&plain), "YCbCr");
    let out = redact(&file, &[], &Options::default()).unwrap().bytes;
    assert!(shown(&out) == shown(&plain) && !contains(&out, SECRET));
    assert_eq!(out.windows(5).filter(|five| five == b"Adobe").count(), 1);
    assert!(contains(&out, &adobe(1, b"")));
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

/// A chunk of type iCCP under some name, its data stored without compression.
fn iccp(name: &[u8], profile: &[u8]) -> Vec<u8> {
    let (low, high) = profile.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    let length = profile.len() as u16;
    let stored = [&length.to_le_bytes()[..], &(!length).to_le_bytes(), profile].concat();
    [name, &[0, 0, 0x78, 1, 1], &stored, &(high << 16 | low).to_be_bytes()].concat()
}

/// The ICC profile that a PNG holds.
fn profile_of(file: &[u8]) -> Option<Vec<u8>> {
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    reader.info().icc_profile.as_ref().map(|profile| profile.to_vec())
}

#[test]
fn a_png_keeps_its_colour_profile_and_nothing_around_it() {
    let plain = Picture::new(32, 32).png();
    let chunk = [iccp(SECRET, &profile(3_000)), SECRET.to_vec()].concat();
    let file = with_chunk(&plain, b"iCCP", &chunk);
    for regions in REGIONS {
        let redacted = redact(&file, regions, &Options::default()).unwrap();
        assert_eq!(profile_of(&redacted.bytes), Some(profile(3_000)));
        assert!(!contains(&redacted.bytes, SECRET));
        assert_eq!(redacted.report.metadata_bytes_removed, 0);
    }
}

#[test]
fn what_is_no_colour_profile_goes_from_a_png() {
    let plain = Picture::new(32, 32).png();
    for broken in [
        [profile(300), SECRET.to_vec()].concat(),
        profile(300)[..299].to_vec(),
        SECRET.to_vec(),
    ] {
        let file = with_chunk(&plain, b"iCCP", &iccp(b"icc", &broken));
        for regions in REGIONS {
            let out = redact(&file, regions, &Options::default()).unwrap().bytes;
            assert!(profile_of(&out).is_none() && !contains(&out, b"iCCP"));
        }
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
