//! Broken and hostile WebP, GIF, TIFF, BMP and APNG: refused, and never a panic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::files::{ALL, read};
use common::{Random, assert_refused};
use gatehouse_redact::{Limits, Options, Photo, Region, redact};

/// All files, and the one with a palette.
fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name).chain(["palette.tif"])
}

#[test]
fn a_file_cut_short_anywhere_is_corrupt() {
    for name in names() {
        let file = read(name);
        // Some of these files are large for a test: each cut of the head and of the end, and some between.
        let far = 64..file.len().saturating_sub(64);
        let cuts = (1..file.len()).filter(|cut| !far.contains(cut) || cut % 197 == 0);
        let whole = redact(&file, &[], &Options::default()).unwrap().bytes;
        for cut in cuts {
            // A TIFF may end with bytes that fill it up to an even length: nothing is lost with them.
            match redact(&file[..cut], &[], &Options::default()) {
                Ok(redacted) if name.ends_with("tif") => assert!(redacted.bytes == whole, "{name} cut at {cut}"),
                _ => assert_refused(&file[..cut], "corrupt-image", &format!("{name} cut at {cut}")),
            }
        }
    }
}

#[test]
fn damage_never_makes_the_code_panic() {
    let mut random = Random(11);
    for name in names() {
        let file = read(name);
        for _ in 0..150 {
            let mut broken = file.clone();
            for _ in 0..1 + random.next() % 3 {
                // The structure stands mostly at the start and at the end.
                let range = match random.next() % 3 {
                    0 => 0..file.len().min(200),
                    1 => file.len().saturating_sub(300)..file.len(),
                    _ => 0..file.len(),
                };
                let at = range.start + random.next() % range.len();
                broken[at] = random.next() as u8;
            }
            let limits = Limits {
                pixels: 1 << 20,
                memory: 64 << 20,
                ..Limits::default()
            };
            if let Ok(mut photo) = Photo::open(&broken, &limits) {
                let previews = photo.previews(32).is_ok();
                let redacted = photo.redact(&[Region::WHOLE], &Options::default());
                assert_eq!(previews, redacted.is_ok(), "{name}");
            }
        }
    }
}

fn replaced(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

fn position(file: &[u8], needle: &[u8]) -> usize {
    file.windows(needle.len()).position(|window| window == needle).unwrap()
}

/// A WebP whose last chunk, a picture, has lost its end, and whose sizes agree with that.
fn shortened_webp(file: &[u8], kind: &[u8], lost: usize) -> Vec<u8> {
    let at = position(file, kind);
    let size = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap()) as usize;
    let kept = (size - lost) & !1;
    let mut short = file[..at + 8 + kept].to_vec();
    short[at + 4..at + 8].copy_from_slice(&(kept as u32).to_le_bytes());
    let riff = (short.len() as u32 - 8).to_le_bytes();
    replaced(&short, 4, &riff)
}

#[test]
fn a_webp_picture_cut_short_is_corrupt_even_if_all_sizes_agree() {
    for (name, kind) in [("lossy-alpha.webp", b"VP8 "), ("lossless-alpha.webp", b"VP8L")] {
        let file = read(name);
        for lost in [20, 100, 400, 700] {
            assert_refused(
                &shortened_webp(&file, kind, lost),
                "corrupt-image",
                &format!("{name} without {lost}"),
            );
        }
    }
}

#[test]
fn webp_chunks_that_contradict_each_other_are_corrupt() {
    let animated = read("animated.webp");
    let frame = position(&animated, b"ANMF") + 8;
    for (file, what) in [
        (replaced(&animated, 24, &[10, 0, 0]), "a canvas smaller than its frames"),
        (
            replaced(&animated, frame + 6, &[10, 0, 0]),
            "a frame of another size than its picture",
        ),
        (replaced(&animated, 20, &[0]), "an animation that says it is none"),
    ] {
        assert_refused(&file, "corrupt-image", what);
    }
    let lossy = read("lossy.webp");
    assert_refused(&replaced(&lossy, 24, &[10, 0, 0]), "corrupt-image", "another canvas");
}

#[test]
fn a_gif_that_ends_early_or_reaches_beyond_its_screen_is_corrupt() {
    let file = read("animated.gif");
    assert_refused(&file[..file.len() - 1], "corrupt-image", "no trailer");
    assert_refused(
        &replaced(&file, 6, &[79, 0]),
        "corrupt-image",
        "a screen smaller than its frames",
    );
    assert_refused(&replaced(&file, 6, &[0, 0]), "corrupt-image", "no screen");
    let still = read("still.gif");
    let image = position(&still, &[0x2C, 0, 0, 0, 0, 48, 0, 48, 0]);
    // The first sub-block ends the data: fewer pixels than promised, a sound structure.
    let data = image + 11;
    let short = [&still[..data + 1 + usize::from(still[data])], &[0, 0x3B]].concat();
    assert_refused(&short, "corrupt-image", "a frame without its end");
}

#[test]
fn frames_of_an_apng_that_are_missing_or_out_of_order_are_corrupt() {
    let file = read("animated.png");
    let fix = |mut file: Vec<u8>, at: usize| {
        let size = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
        let sum = crc32fast::hash(&file[at..at + 4 + size]).to_be_bytes();
        file[at + 4 + size..at + 8 + size].copy_from_slice(&sum);
        file
    };
    let head = position(&file, b"acTL");
    for frames in [0, 2, 4] {
        let broken = fix(replaced(&file, head + 7, &[frames]), head);
        assert_refused(&broken, "corrupt-image", &format!("{frames} frames promised"));
    }
    let many = fix(replaced(&file, head + 4, &[1]), head);
    assert_refused(&many, "too-many-frames", "16 million frames");
    let data = position(&file, b"fdAT");
    assert_refused(
        &fix(replaced(&file, data + 7, &[9]), data),
        "corrupt-image",
        "out of order",
    );
    assert_refused(
        &replaced(&file, data + 30, &[file[data + 30] ^ 1]),
        "corrupt-image",
        "a wrong checksum",
    );
    let control = data - 42;
    let outside = position(&file[control - 20..], b"fcTL") + control - 20;
    assert_refused(
        &fix(replaced(&file, outside + 16, &[0, 0, 0, 90]), outside),
        "corrupt-image",
        "outside",
    );
}

/// Little-endian TIFF with these SHORT fields, the pixels of a 2×2 grey picture, and a text as the maker.
fn tiff(changes: &[(u16, u32)], make: &str) -> Vec<u8> {
    let mut fields: Vec<(u16, u32)> = vec![
        (256, 2),
        (257, 2),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 2),
        (279, 4),
    ];
    for (tag, value) in changes {
        fields.retain(|(known, _)| known != tag);
        fields.push((*tag, *value));
    }
    fields.sort();
    let mut out = b"II*\0\x0C\0\0\0".to_vec();
    out.extend([10, 20, 30, 40]);
    out.extend((fields.len() as u16 + 1).to_le_bytes());
    let make_at = 12 + 2 + 12 * (fields.len() + 1) + 4;
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    };
    for (tag, value) in fields.iter().filter(|(tag, _)| *tag < 271) {
        entry(*tag, 4, 1, *value);
    }
    entry(271, 2, 8, make_at as u32);
    for (tag, value) in fields.iter().filter(|(tag, _)| *tag > 271) {
        entry(*tag, 4, 1, *value);
    }
    out.extend([0; 4]);
    out.extend(make.as_bytes());
    out.resize(out.len() + 8 - make.len(), 0);
    out
}

#[test]
fn raw_files_and_unusual_kinds_of_tiff_are_refused_by_name() {
    assert!(redact(&tiff(&[], "Scanner"), &[], &Options::default()).is_ok());
    for (changes, make, name) in [
        (&[(50_706, 0x0401)][..], "Leica", "DNG"),
        (&[(330, 8)], "NIKON C", "Nikon RAW (NEF)"),
        (&[(330, 8)], "SONY", "Sony RAW (ARW)"),
        (&[(330, 8)], "Samsung", "RAW, or TIFF"),
        (&[(262, 32_803)], "Pentax", "RAW"),
        (&[(254, 1)], "Canon", "thumbnail (RAW?)"),
        (&[(259, 34_713)], "NIKON C", "unusual compression (RAW?)"),
        (&[(259, 7)], "Scanner", "JPEG compression"),
        (&[(259, 4)], "Scanner", "fax compression"),
        (&[(258, 1)], "Scanner", "other than 8 or 16 bits"),
        (&[(262, 5)], "Scanner", "CMYK"),
        (&[(262, 6)], "Scanner", "YCbCr"),
        (&[(277, 2), (338, 1)], "Scanner", "premultiplied"),
        (&[(277, 2), (338, 0)], "Scanner", "channels beyond"),
        (&[(339, 3)], "Scanner", "fractional"),
        (&[(317, 3)], "Scanner", "predictor"),
        (&[(266, 2)], "Scanner", "reversed bits"),
    ] {
        let file = tiff(changes, make);
        assert_refused(&file, "unsupported-format", name);
        let message = redact(&file, &[], &Options::default()).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
    assert_refused(b"II*\0\x10\0\0\0CR\x02\0", "unsupported-format", "CR2");
}

#[test]
fn tiff_directories_that_lie_are_corrupt() {
    for (changes, what) in [
        (&[(256, 0)][..], "no width"),
        (&[(279, 400)], "a strip beyond the end"),
        (&[(273, 4_000_000_000)], "a strip far away"),
        (&[(278, 1)], "too few strips"),
        (&[(279, 3)], "a strip that is too short"),
        (&[(262, 2)], "too few channels"),
    ] {
        assert_refused(&tiff(changes, "Scanner"), "corrupt-image", what);
    }
    assert_refused(
        &tiff(&[(256, 40_000), (257, 40_000), (278, 40_000)], "Scanner"),
        "too-many-pixels",
        "huge",
    );
    let file = tiff(&[], "Scanner");
    let next = file.len() - 8 - 4;
    assert_refused(
        &replaced(&file, next, &[12]),
        "corrupt-image",
        "directories in a circle",
    );
    assert_refused(
        &replaced(&file, next, &[255, 255]),
        "corrupt-image",
        "a directory beyond the end",
    );
}

#[test]
fn pages_that_are_turned_differently_are_refused() {
    let file = read("pages.tif");
    assert!(redact(&file, &[], &Options::default()).is_ok());
    let one = tiff(&[(274, 6)], "Scanner");
    let two = tiff(&[(274, 1)], "Scanner");
    // The second file behind the first: its directory is moved, its strip may be that of the first.
    let link = one.len() - 12;
    let second = [&one[..], &two[12..]].concat();
    let joined = replaced(&second, link, &(one.len() as u32).to_le_bytes());
    assert_refused(&joined, "unsupported-format", "turned differently");
}

#[test]
fn unusual_kinds_of_bmp_are_refused_by_name() {
    let file = read("rgb.bmp");
    for (at, value, name) in [
        (14, 12, "OS/2"),
        (30, 1, "run-length"),
        (30, 4, "JPEG or PNG"),
        (28, 2, "unusual depth"),
    ] {
        let broken = replaced(&file, at, &[value]);
        assert_refused(&broken, "unsupported-format", name);
        let message = redact(&broken, &[], &Options::default()).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
    assert_refused(&replaced(&file, 18, &[0, 0]), "corrupt-image", "no width");
    assert_refused(
        &replaced(&file, 10, &[255, 255]),
        "corrupt-image",
        "pixels beyond the end",
    );
    assert_refused(&replaced(&file, 20, &[255, 127]), "too-many-pixels", "huge");
    let palette = read("palette.bmp");
    let colors = position(&palette[46..], &[200, 0, 0, 0]) + 46;
    assert_refused(
        &replaced(&palette, colors, &[2]),
        "corrupt-image",
        "colours that are not in the palette",
    );
}
