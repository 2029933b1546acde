//! Real files of each format, written by others (see `files/README.md`) and looked at through the decoders of `image`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::io::Cursor;

use common::files::{ALL, Kind, Seen, frames, orientation_changed, read};
use common::{Picture, contains};
use gatehouse_redact::{Engine, KeepMetadata, Limits, Options, Orientation, Photo, Region, Style, redact};

const RED: [u8; 3] = [230, 20, 40];
/// Its luma.
const GREY: u8 = 85;
/// In the upright image.
const REGION: Region = Region {
    left: 0.25,
    top: 0.25,
    width: 0.5,
    height: 0.375,
};

fn fill() -> Options {
    Options {
        style: Style::Fill(RED),
        ..Options::default()
    }
}

/// Which stored pixels of a frame the region covers.
fn hidden(seen: &Seen, orientation: Orientation) -> Vec<bool> {
    let (stored_width, stored_height) = (seen.pixels.width() as usize, seen.pixels.height() as usize);
    let swaps = orientation.swaps_sides();
    let (width, height) = if swaps {
        (stored_height, stored_width)
    } else {
        (stored_width, stored_height)
    };
    let within = |at: usize, length: usize, from: f32, size: f32| {
        let (first, last) = (from * length as f32, (from + size) * length as f32);
        (first.floor() as usize..last.ceil() as usize).contains(&at)
    };
    let mut upright = Picture {
        width,
        height,
        rgb: Vec::new(),
    };
    for y in 0..height {
        for x in 0..width {
            let is_hidden = within(x, width, REGION.left, REGION.width) && within(y, height, REGION.top, REGION.height);
            upright.rgb.extend([u8::from(is_hidden); 3]);
        }
    }
    let stored = upright.stored(orientation.exif());
    stored.rgb.chunks_exact(3).map(|pixel| pixel[0] == 1).collect()
}

/// The largest difference of a sample, by whether the pixel should be hidden: to red inside, to the original outside.
fn differences(kind: Kind, before: &Seen, after: &Seen, map: &[bool]) -> [u32; 2] {
    let mut largest = [0; 2];
    let is_grey = before
        .pixels
        .pixels()
        .all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]);
    let [red, green, blue] = if is_grey { [GREY; 3] } else { RED };
    let color = [red, green, blue, 255].map(|sample| u16::from(sample) * 257);
    let width = before.pixels.width() as usize;
    let pixels = before.pixels.pixels().zip(after.pixels.pixels()).zip(map);
    for (at, ((before, after), hidden)) in pixels.enumerate() {
        let is_edge = |step: usize| {
            [at.checked_sub(step), Some(at + step)]
                .iter()
                .flatten()
                .any(|at| map.get(*at) == Some(&!hidden))
        };
        if kind == Kind::Lossy && (1..=2).any(|step| is_edge(step) || is_edge(step * width)) {
            continue; // where two pixels share their colour
        }
        let expected = if *hidden { color } else { before.0 };
        for (expected, found) in expected.iter().zip(after.0) {
            let difference = u32::from(expected.abs_diff(found));
            largest[usize::from(!hidden)] = largest[usize::from(!hidden)].max(difference);
        }
    }
    largest
}

/// The mean difference of the samples that are not hidden.
fn mean_difference(before: &Seen, after: &Seen, map: &[bool]) -> f64 {
    let pixels = before.pixels.pixels().zip(after.pixels.pixels()).zip(map);
    let (mut sum, mut count) = (0.0, 0.0);
    for ((before, after), _) in pixels.filter(|(_, hidden)| !**hidden) {
        let differences = before
            .0
            .iter()
            .zip(after.0)
            .map(|(before, after)| f64::from(before.abs_diff(after)));
        sum += differences.sum::<f64>();
        count += 4.0;
    }
    sum / count
}

fn check_region(name: &str, file: &[u8], kind: Kind) {
    let photo = Photo::open(file, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let orientation = photo.orientation();
    let redacted = photo.redact(&[REGION], &fill()).unwrap();
    assert_eq!(redacted.engine, Engine::Pixels);
    let (before, after) = (frames(file), frames(&redacted.bytes));
    assert_eq!(before.len(), after.len(), "{name}");
    for (index, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_eq!(before.pixels.dimensions(), after.pixels.dimensions(), "{name}");
        assert_eq!(before.delay, after.delay, "{name}, frame {index}");
        let [inside, outside] = differences(kind, before, after, &hidden(before, orientation));
        let (most_inside, most_outside) = kind.tolerance();
        assert!(inside <= most_inside, "{name}, frame {index}: {inside} inside");
        let mean = mean_difference(before, after, &hidden(before, orientation));
        assert!(mean <= 3.0 * 257.0, "{name}, frame {index}: {mean} on average");
        assert!(outside <= most_outside, "{name}, frame {index}: {outside} outside");
    }
}

#[test]
fn in_each_frame_the_region_is_filled_and_all_else_is_as_it_was() {
    for (name, kind) in ALL {
        check_region(name, &read(name), *kind);
    }
}

#[test]
fn each_orientation_of_webp_and_tiff_hides_the_right_place() {
    for orientation in 1..=8 {
        for (name, kind) in [("lossy.webp", Kind::Lossy), ("lzw.tif", Kind::Exact)] {
            let file = orientation_changed(&read(name), orientation);
            let photo = Photo::open(&file, &Limits::default()).unwrap();
            assert_eq!(photo.orientation().exif(), orientation, "{name}");
            check_region(&format!("{name}, orientation {orientation}"), &file, kind);
            let redacted = redact(&file, &[REGION], &fill()).unwrap().bytes;
            let written = Photo::open(&redacted, &Limits::default()).unwrap().orientation();
            assert_eq!(written.exif(), orientation, "{name}");
        }
    }
}

#[test]
fn without_regions_every_frame_has_the_same_pixels() {
    for (name, kind) in ALL {
        let file = read(name);
        let redacted = redact(&file, &[], &Options::default()).unwrap();
        assert_eq!(redacted.engine, Engine::Untouched);
        let (before, after) = (frames(&file), frames(&redacted.bytes));
        assert_eq!(before.len(), after.len(), "{name}");
        for (index, (before, after)) in before.iter().zip(&after).enumerate() {
            assert_eq!(before.delay, after.delay, "{name}");
            let no_hidden = vec![false; before.pixels.pixels().len()];
            let [_, outside] = differences(*kind, before, after, &no_hidden);
            let most = if *kind == Kind::Lossy { 0 } else { kind.tolerance().1 };
            assert!(outside <= most, "{name}, frame {index}: {outside}");
        }
    }
}

#[test]
fn without_regions_a_lossy_webp_is_copied_bit_for_bit() {
    for name in ["lossy.webp", "lossy-alpha.webp", "animated.webp"] {
        let file = read(name);
        let redacted = redact(&file, &[], &Options::default()).unwrap().bytes;
        let starts: Vec<usize> = (0..file.len() - 8)
            .filter(|at| &file[*at..*at + 4] == b"VP8 ")
            .collect();
        assert!(!starts.is_empty());
        for at in starts {
            let size = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap()) as usize;
            assert!(contains(&redacted, &file[at..at + 8 + size]), "{name}");
        }
    }
}

#[test]
fn a_lossy_webp_stays_lossy_and_small() {
    for name in ["lossy.webp", "lossy-alpha.webp", "animated.webp"] {
        let file = read(name);
        let redacted = redact(&file, &[REGION], &Options::default()).unwrap().bytes;
        assert!(contains(&redacted, b"VP8 ") && !contains(&redacted, b"VP8L"), "{name}");
        assert!(
            redacted.len() < file.len() * 3 / 2,
            "{name}: {} of {}",
            redacted.len(),
            file.len()
        );
    }
}

#[test]
fn animations_are_shown_as_often_as_before() {
    let cases: [(&str, &[u8]); 6] = [
        ("animated.webp", b"ANIM\x06\0\0\0\0\0\0\0\x03\0"),
        ("animated-alpha.webp", b"ANIM\x06\0\0\0\0\0\0\0\0\0"),
        ("animated.gif", b"NETSCAPE2.0\x03\x01\x02\0\0"),
        ("parts.gif", b"NETSCAPE2.0\x03\x01\0\0\0"),
        ("animated.png", b"acTL\0\0\0\x03\0\0\0\x04"),
        ("parts.png", b"acTL\0\0\0\x04\0\0\0\0"),
    ];
    for (name, head) in cases {
        for regions in [&[][..], &[REGION]] {
            let redacted = redact(&read(name), regions, &Options::default()).unwrap().bytes;
            assert!(contains(&redacted, head), "{name}");
        }
    }
    let once = redact(&read("still.gif"), &[REGION], &Options::default())
        .unwrap()
        .bytes;
    assert!(!contains(&once, b"NETSCAPE"));
}

#[test]
fn metadata_and_what_follows_the_end_are_gone() {
    for (name, _) in ALL {
        let file = [&read(name)[..], b"secret video"].concat();
        for regions in [&[][..], &[REGION]] {
            for keep_metadata in [KeepMetadata::OnlyNeeded, KeepMetadata::AllButPictures] {
                let options = Options {
                    keep_metadata,
                    ..Options::default()
                };
                let redacted = redact(&file, regions, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
                let keeps_texts = keep_metadata == KeepMetadata::AllButPictures;
                for secret in [
                    &b"secret "[..],
                    b"xmpmeta",
                    b"GPS",
                    b"tEXt",
                    b"Lovelace",
                    b"Secret Camera",
                ] {
                    let may_stay = keeps_texts && matches!(secret, b"Lovelace" | b"Secret Camera");
                    assert!(
                        may_stay || !contains(&redacted.bytes, secret),
                        "{name}: {}",
                        secret.escape_ascii()
                    );
                }
                assert!(
                    redacted.report.metadata_bytes_removed >= 12,
                    "{name}: {:?}",
                    redacted.report
                );
            }
        }
    }
}

#[test]
fn short_texts_stay_on_demand_where_the_format_has_a_place() {
    let options = Options {
        keep_metadata: KeepMetadata::AllButPictures,
        ..Options::default()
    };
    for (name, text) in [("lossy.webp", &b"Ada Lovelace"[..]), ("lzw.tif", b"Secret Camera")] {
        assert!(
            contains(&redact(&read(name), &[REGION], &options).unwrap().bytes, text),
            "{name}"
        );
    }
}

#[test]
fn a_sound_colour_profile_stays_and_a_broken_one_goes() {
    for name in ["lossy.webp", "lzw.tif"] {
        let file = read(name);
        let at = file.windows(4).position(|four| four == b"acsp").unwrap() - 36;
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let profile = file[at..at + size].to_vec();
        for regions in [&[][..], &[REGION]] {
            assert!(
                contains(&redact(&file, regions, &Options::default()).unwrap().bytes, &profile),
                "{name}"
            );
            let mut broken = file.clone();
            broken[at + 3] ^= 1;
            let redacted = redact(&broken, regions, &Options::default()).unwrap();
            assert!(!contains(&redacted.bytes, b"acsp"), "{name}");
        }
    }
}

#[test]
fn everything_that_can_be_seen_is_among_the_previews() {
    // Frames that differ, times the ways in which transparency can look.
    for (name, count) in [
        ("animated.webp", 4),
        ("animated-alpha.webp", 3 + 3 + 1),
        ("animated.gif", 3),
        ("parts.gif", 1 + 1 + 1 + 3),
        ("animated.png", 3),
        ("parts.png", 1 + 4 * 3),
        ("pages.tif", 3),
        ("still.gif", 3),
        ("lossless-alpha.webp", 3),
        ("alpha.bmp", 3),
        ("rgb.bmp", 1),
    ] {
        let file = read(name);
        let mut photo = Photo::open(&file, &Limits::default()).unwrap();
        assert_eq!(photo.previews(80).unwrap().len(), count, "{name}");
    }
}

#[test]
fn every_output_can_be_redacted_again() {
    for (name, _) in ALL {
        let once = redact(&read(name), &[REGION], &fill()).unwrap().bytes;
        let twice = redact(&once, &[], &Options::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(frames(&once).len(), frames(&twice.bytes).len(), "{name}");
    }
}

#[test]
fn limits_on_frames_hold_exactly() {
    for (name, frames) in [
        ("animated.webp", 4),
        ("animated.gif", 4),
        ("parts.png", 4),
        ("pages.tif", 3),
    ] {
        let file = read(name);
        let open = |limits: Limits| Photo::open(&file, &limits).map(|_| ()).map_err(|error| error.reason());
        let limits = |frames, pixels| Limits {
            frames,
            pixels,
            ..Limits::default()
        };
        let pixels = u64::from(frames) * 80 * 64;
        assert_eq!(open(limits(frames, pixels)), Ok(()), "{name}");
        assert_eq!(open(limits(frames - 1, pixels)), Err("too-many-frames"), "{name}");
        assert_eq!(open(limits(frames, 80 * 64)), Err("too-many-frames"), "{name}");
        assert_eq!(open(limits(frames, 80 * 64 - 1)), Err("too-many-pixels"), "{name}");
        let little = Limits {
            memory: 80 * 64 * 30,
            ..Limits::default()
        };
        assert_eq!(open(little), Err("too-much-memory"), "{name}");
    }
}

#[test]
fn each_format_says_what_it_is() {
    for (name, format, media_type) in [
        ("lossy.webp", "WebP", "image/webp"),
        ("still.gif", "GIF", "image/gif"),
        ("lzw.tif", "TIFF", "image/tiff"),
        ("rgb.bmp", "BMP", "image/bmp"),
        ("parts.png", "PNG", "image/png"),
    ] {
        let file = read(name);
        let found = Photo::open(&file, &Limits::default()).unwrap().format();
        assert_eq!((found.to_string().as_str(), found.media_type()), (format, media_type));
        let redacted = redact(&file, &[REGION], &Options::default()).unwrap().bytes;
        assert!(
            image::ImageReader::new(Cursor::new(&redacted))
                .with_guessed_format()
                .unwrap()
                .format()
                .is_some()
        );
    }
}

#[test]
fn a_tiff_with_a_palette_shows_what_a_bmp_with_the_same_colours_does() {
    // The other decoder does not read such a TIFF; what comes out is RGB.
    for regions in [&[][..], &[REGION]] {
        let [tiff, bmp] =
            ["palette.tif", "palette.bmp"].map(|name| redact(&read(name), regions, &fill()).unwrap().bytes);
        assert!(frames(&tiff)[0].pixels == frames(&bmp)[0].pixels);
    }
}
