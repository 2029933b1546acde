//! What is hidden, and what is left as it was.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Picture, Random, decoded_png, exif, png, scan_start, with_chunk, with_segment};
use gatehouse_redact::{Engine, Limits, Options, Photo, Region, Shape, Style, redact};
use libjpeg_turbo_rs::{PixelFormat, Subsampling};

const REGION: Region = Region {
    left: 0.125,
    top: 0.25,
    width: 0.25,
    height: 0.5,
};
const RED: Options = Options {
    style: Style::Fill([255, 0, 0]),
    shape: Shape::Rectangle,
    keep_metadata: gatehouse_redact::KeepMetadata::OnlyNeeded,
    baseline_output: false,
    stop_early: false,
};

/// The upright picture of a file, at its full size.
fn upright(file: &[u8]) -> Picture {
    let preview = Photo::open(file, &Limits::default())
        .unwrap()
        .previews(u32::MAX)
        .unwrap()
        .remove(0);
    Picture {
        width: preview.width() as usize,
        height: preview.height() as usize,
        rgb: preview.rgb().to_vec(),
    }
}

/// Whether REGION, and some pixels around it, covers a pixel.
fn within_region(picture: &Picture, x: usize, y: usize, around: usize) -> bool {
    let (w, h) = (picture.width, picture.height);
    x + around >= w / 8 && x < w * 3 / 8 + around && y + around >= h / 4 && y < h * 3 / 4 + around
}

fn difference(a: [u8; 3], b: [u8; 3]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap()
}

#[test]
fn in_a_png_of_each_orientation_exactly_the_region_changes() {
    let picture = Picture::new(96, 64);
    for orientation in 1..=8 {
        let file = with_chunk(&picture.stored(orientation).png(), b"eXIf", &exif(orientation));
        assert!(upright(&file) == picture, "orientation {orientation} is shown upright");
        let redacted = redact(&file, &[REGION], &RED).unwrap();
        assert_eq!(redacted.engine, Engine::Pixels);
        let after = upright(&redacted.bytes);
        for (x, y) in (0..64).flat_map(|y| (0..96).map(move |x| (x, y))) {
            let expected = if within_region(&picture, x, y, 0) {
                [255, 0, 0]
            } else {
                picture.at(x, y)
            };
            assert_eq!(after.at(x, y), expected, "orientation {orientation} at ({x}, {y})");
        }
    }
}

#[test]
fn in_a_jpeg_of_each_orientation_only_the_region_changes() {
    let picture = Picture::new(128, 96);
    let cases = (1..=8).flat_map(|orientation| [(orientation, Engine::Splice), (orientation, Engine::Coefficients)]);
    for (orientation, engine) in cases {
        let exif = [b"Exif\0\0", exif(orientation).as_slice()].concat();
        let stored = picture.stored(orientation);
        let file = stored
            .jpeg_encoder()
            .progressive(engine == Engine::Coefficients)
            .encode()
            .unwrap();
        let file = with_segment(&file, 0xE1, &exif);
        let before = upright(&file);
        let redacted = redact(&file, &[REGION], &RED).unwrap();
        assert_eq!(redacted.engine, engine);
        let after = upright(&redacted.bytes);
        for (x, y) in (0..96).flat_map(|y| (0..128).map(move |x| (x, y))) {
            let what = format!("{engine:?}, orientation {orientation} at ({x}, {y})");
            if within_region(&picture, x, y, 0) {
                let inner = x > 128 / 8 && x + 1 < 128 * 3 / 8 && y > 96 / 4 && y + 1 < 96 * 3 / 4;
                assert!(!inner || difference(after.at(x, y), [254, 0, 0]) < 40, "{what}");
            } else if !within_region(&picture, x, y, 17) {
                // Beyond the MCUs that the region touches, and what chroma upsampling takes from them.
                assert_eq!(after.at(x, y), before.at(x, y), "{what}");
            }
        }
    }
}

#[test]
fn a_jpeg_keeps_its_quantisation_tables_sampling_and_colours() {
    let picture = Picture::new(80, 64);
    let tables = |file: &[u8]| -> Vec<Vec<u8>> {
        let starts = file
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| *pair == [0xFF, 0xDB])
            .map(|(at, _)| at);
        starts
            .filter(|at| *at < scan_start(file))
            .map(|at| file[at..at + 69].to_vec())
            .collect()
    };
    let sampling = |file: &[u8]| {
        let at = file
            .windows(2)
            .position(|pair| matches!(pair, [0xFF, 0xC0..=0xC2]))
            .unwrap();
        [file[at + 11], file[at + 14], file[at + 17]]
    };
    for quality in [35, 75, 98] {
        for subsampling in [
            Subsampling::S444,
            Subsampling::S422,
            Subsampling::S420,
            Subsampling::S440,
            Subsampling::S411,
        ] {
            for progressive in [false, true] {
                let encoder = picture
                    .jpeg_encoder()
                    .quality(quality)
                    .subsampling(subsampling)
                    .progressive(progressive);
                let file = encoder.encode().unwrap();
                let after = redact(&file, &[REGION], &RED).unwrap().bytes;
                assert_eq!(tables(&after), tables(&file), "quality {quality}");
                assert_eq!(sampling(&after), sampling(&file), "{subsampling:?}");
            }
        }
    }
    let rgb = picture
        .jpeg_encoder()
        .colorspace(libjpeg_turbo_rs::ColorSpace::Rgb)
        .subsampling(Subsampling::S444)
        .encode()
        .unwrap();
    let after = upright(&redact(&rgb, &[REGION], &RED).unwrap().bytes);
    assert!(difference(after.at(20, 30), [255, 0, 0]) < 20 && difference(after.at(70, 10), picture.at(70, 10)) < 20);
}

#[test]
fn grey_and_four_ink_jpegs_keep_their_components() {
    let grey: Vec<u8> = Picture::new(64, 64).rgb.iter().step_by(3).copied().collect();
    let inks: Vec<u8> = (0..64 * 64)
        .flat_map(|i| [(i % 64 * 4) as u8, 200, (i / 64 * 4) as u8, 230])
        .collect();
    for (format, data, components) in [(PixelFormat::Grayscale, &grey, 1), (PixelFormat::Cmyk, &inks, 4)] {
        let file = libjpeg_turbo_rs::Encoder::new(data, 64, 64, format)
            .quality(95)
            .subsampling(Subsampling::S444)
            .encode()
            .unwrap();
        let before = upright(&file);
        let after = redact(&file, &[REGION], &RED).unwrap().bytes;
        let sof = after.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        assert_eq!(after[sof + 9], components);
        let after = upright(&after);
        let hidden = if components == 1 { [76, 76, 76] } else { [255, 0, 0] };
        assert!(difference(after.at(16, 32), hidden) < 20, "{:?}", after.at(16, 32));
        assert!(difference(after.at(55, 55), before.at(55, 55)) < 20);
    }
}

#[test]
fn originals_with_the_same_averages_give_the_same_region() {
    // Shuffling the pixels within each 8×8 cell changes every detail and no average.
    let picture = Picture::new(64, 64);
    let mut shuffled = picture.clone();
    let mut random = Random(3);
    for _ in 0..20_000 {
        let (x, y) = (random.next() % 64, random.next() % 64);
        let (other_x, other_y) = (x / 8 * 8 + random.next() % 8, y / 8 * 8 + random.next() % 8);
        for channel in 0..3 {
            shuffled
                .rgb
                .swap((y * 64 + x) * 3 + channel, (other_y * 64 + other_x) * 3 + channel);
        }
    }
    assert!(shuffled != picture);
    let region = Region {
        left: 0.25,
        top: 0.25,
        width: 0.5,
        height: 0.5,
    };
    for style in [Style::Blur, Style::Pixelate, Style::Fill([1, 2, 3])] {
        let options = Options {
            style,
            ..Options::default()
        };
        let [a, b] =
            [&picture, &shuffled].map(|picture| upright(&redact(&picture.png(), &[region], &options).unwrap().bytes));
        for (x, y) in (16..48).flat_map(|y| (16..48).map(move |x| (x, y))) {
            assert_eq!(a.at(x, y), b.at(x, y), "{style:?} at ({x}, {y})");
        }
    }
}

#[test]
fn a_blur_is_smooth_and_has_no_detail() {
    let picture = Picture::new(200, 200);
    let after = upright(
        &redact(&picture.png(), &[Region::WHOLE], &Options::default())
            .unwrap()
            .bytes,
    );
    for (x, y) in (1..200).flat_map(|y| (1..200).map(move |x| (x, y))) {
        assert!(
            difference(after.at(x, y), after.at(x - 1, y)) <= 4 && difference(after.at(x, y), after.at(x, y - 1)) <= 4
        );
    }
}

#[test]
fn an_ellipse_leaves_the_corners_and_hides_the_middle() {
    let picture = Picture::new(100, 100);
    let region = Region {
        left: 0.2,
        top: 0.2,
        width: 0.6,
        height: 0.6,
    };
    let options = Options {
        shape: Shape::Ellipse,
        ..RED
    };
    let after = upright(&redact(&picture.png(), &[region], &options).unwrap().bytes);
    assert_eq!(after.at(21, 21), picture.at(21, 21));
    for (x, y) in [(50, 50), (20, 50), (79, 50), (50, 20), (50, 79), (30, 30)] {
        assert_eq!(after.at(x, y), [255, 0, 0], "at ({x}, {y})");
    }
}

#[test]
fn each_kind_of_png_keeps_its_depth_and_colours() {
    use png::{BitDepth::*, ColorType::*};
    for (color, depth, bytes) in [
        (Grayscale, Eight, 1),
        (Grayscale, Sixteen, 2),
        (GrayscaleAlpha, Eight, 2),
        (GrayscaleAlpha, Sixteen, 4),
        (Rgb, Eight, 3),
        (Rgb, Sixteen, 6),
        (Rgba, Eight, 4),
        (Rgba, Sixteen, 8),
        (Indexed, Eight, 1),
    ] {
        let mut random = Random(5);
        let data: Vec<u8> = (0..40 * 40 * bytes).map(|_| random.next() as u8).collect();
        let file = png(40, 40, color, depth, &data);
        let (info, after) = decoded_png(&redact(&file, &[REGION], &RED).unwrap().bytes);
        assert_eq!(info.bit_depth, depth);
        assert_eq!(info.color_type, if color == Indexed { Rgb } else { color });
        if color != Indexed {
            assert_eq!(
                after[..bytes * 5],
                data[..bytes * 5],
                "{color:?} {depth:?}: left of the region"
            );
            assert_eq!(
                after[bytes * 40 * 35..],
                data[bytes * 40 * 35..],
                "{color:?} {depth:?}: below the region"
            );
            assert_ne!(
                after[bytes * (40 * 20 + 10)..][..bytes],
                data[bytes * (40 * 20 + 10)..][..bytes]
            );
        }
    }
}

#[test]
fn a_region_of_numbers_that_are_none_hides_everything() {
    let picture = Picture::new(40, 40);
    let broken = Region {
        left: f32::NAN,
        top: 0.0,
        width: 0.1,
        height: 0.1,
    };
    let after = upright(&redact(&picture.png(), &[broken], &RED).unwrap().bytes);
    assert!(after.rgb.chunks_exact(3).all(|pixel| pixel == [255, 0, 0]));
}

#[test]
fn regions_may_overlap_and_reach_beyond_the_image() {
    let picture = Picture::new(50, 50);
    let beyond = Region {
        left: -1.0,
        top: -1.0,
        width: 1.2,
        height: 1.2,
    };
    let outside = Region {
        left: 2.0,
        top: 2.0,
        width: 1.0,
        height: 1.0,
    };
    let redacted = redact(&picture.jpeg(), &[beyond, beyond, REGION, outside], &Options::default()).unwrap();
    assert_eq!((redacted.report.regions, redacted.report.outside), (3, 1));
}

#[test]
fn a_preview_averages_and_never_grows() {
    let checks: Vec<u8> = (0..90 * 60)
        .flat_map(|i| if (i % 90 + i / 90) % 2 == 0 { [200; 3] } else { [100; 3] })
        .collect();
    let file = png(90, 60, png::ColorType::Rgb, png::BitDepth::Eight, &checks);
    let mut photo = Photo::open(&file, &Limits::default()).unwrap();
    let small = photo.previews(45).unwrap().remove(0);
    assert_eq!((small.width(), small.height()), (45, 30));
    assert!(small.rgb().iter().all(|sample| *sample == 150));
    let odd = photo.previews(40).unwrap().remove(0);
    assert_eq!((odd.width(), odd.height()), (40, 27));
    assert!(odd.rgb().iter().all(|sample| sample.abs_diff(150) < 12));
    assert_eq!(photo.previews(1).unwrap().remove(0).rgb(), [150; 3]);
    assert_eq!(photo.previews(1000).unwrap().remove(0).rgb(), checks);
    let part = small.crop(40, 20, 5, 10).unwrap();
    assert_eq!((part.width(), part.height(), part.rgb().len()), (5, 10, 150));
    assert!(
        small.crop(41, 20, 5, 10).is_err() && small.crop(0, 0, 0, 1).is_err() && small.crop(u32::MAX, 0, 2, 2).is_err()
    );
    assert!(small.to_jpeg(85).unwrap().starts_with(&[0xFF, 0xD8, 0xFF]));
}
