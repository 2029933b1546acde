//! What is changed in a JPEG without decoding it, and what is not: read by `libjpeg-turbo-rs`, which shares no code with
//! the engines under test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::coefficients::{Hidden, assert_only_hidden_changed};
use common::jpegs::{noisy, not_interleaved};
use common::{Picture, contains, with_segment};
use gatehouse_redact::{Engine, Limits, Options, Photo, Region, Shape, Style, redact};
use libjpeg_turbo_rs::{ColorSpace, Encoder, HuffmanTableDef, PixelFormat, Subsampling, read_coefficients};

const MIDDLE: Region = Region {
    left: 0.3,
    top: 0.3,
    width: 0.35,
    height: 0.3,
};

const BEGINNING_AND_END: [Region; 2] = [
    Region {
        left: -0.1,
        top: -0.1,
        width: 0.2,
        height: 0.2,
    },
    Region {
        left: 0.9,
        top: 0.9,
        width: 0.3,
        height: 0.3,
    },
];

fn styles() -> [Options; 3] {
    [Style::Blur, Style::Pixelate, Style::Fill([250, 20, 90])].map(|style| Options {
        style,
        ..Options::default()
    })
}

/// Redacts in every style; checks coefficients and engine; gives the number of blocks that stayed.
fn check(file: &[u8], regions: &[Region], engine: Engine, what: &str) -> usize {
    let mut outside = 0;
    for options in styles() {
        let redacted = redact(file, regions, &options).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(redacted.engine, engine, "{what}");
        assert!(redacted.report.read_to_end);
        outside += assert_only_hidden_changed(file, &redacted.bytes, regions, what);
        // What comes out is what goes in again.
        let again = redact(&redacted.bytes, &[], &Options::default()).unwrap();
        assert!(again.bytes == redacted.bytes, "{what}: stable");
    }
    outside
}

#[test]
fn outside_of_the_hidden_mcus_every_coefficient_stays_whatever_the_sampling() {
    let mut outside = 0;
    let factors: [&[(u8, u8)]; 11] = [
        &[(1, 1), (1, 1), (1, 1)],
        &[(2, 1), (1, 1), (1, 1)],
        &[(2, 2), (1, 1), (1, 1)],
        &[(1, 2), (1, 1), (1, 1)],
        &[(4, 1), (1, 1), (1, 1)],
        &[(1, 4), (1, 1), (1, 1)],
        &[(4, 2), (1, 1), (1, 1)],
        &[(3, 1), (1, 1), (1, 1)],
        &[(2, 2), (2, 1), (1, 2)],
        &[(1, 1), (2, 2), (1, 1)],
        &[(2, 2), (1, 2), (1, 2)],
    ];
    for (index, factors) in factors.into_iter().enumerate() {
        for (width, height) in [(96, 80), (67, 45), (33, 17)] {
            let picture = noisy(width, height);
            for (quality, restart, optimised) in [(20, 0, true), (75, 3, false), (90, 1, true), (100, 0, false)] {
                let encoder = Encoder::new(&picture.rgb, width, height, PixelFormat::Rgb)
                    .quality(quality)
                    .sampling_factors(factors.to_vec())
                    .restart_blocks(restart)
                    .optimize_huffman(optimised);
                let file = encoder.encode().unwrap();
                let what =
                    format!("{factors:?} (number {index}), {width}×{height}, quality {quality}, restart {restart}");
                for regions in [&[MIDDLE][..], &BEGINNING_AND_END] {
                    outside += check(&file, regions, Engine::Splice, &what);
                }
            }
        }
    }
    assert!(outside > 10_000, "{outside} blocks were compared");
}

#[test]
fn pictures_from_one_pixel_up_are_spliced() {
    for (width, height) in (1..=18).flat_map(|side| [(side, side), (1, side), (side, 1), (side, 33)]) {
        let file = noisy(width, height).jpeg_encoder().encode().unwrap();
        check(&file, &[MIDDLE], Engine::Splice, &format!("{width}×{height}"));
        check(&file, &[Region::WHOLE], Engine::Splice, &format!("{width}×{height}"));
    }
}

#[test]
fn grey_and_four_inks_are_spliced() {
    let picture = noisy(61, 50);
    let grey: Vec<u8> = picture.rgb.iter().step_by(3).copied().collect();
    let inks: Vec<u8> = picture
        .rgb
        .chunks(3)
        .flat_map(|rgb| [rgb[0], rgb[1], rgb[2], rgb[0] ^ rgb[1]])
        .collect();
    for restart in [0, 2] {
        let grey = Encoder::new(&grey, 61, 50, PixelFormat::Grayscale).restart_blocks(restart);
        check(&grey.encode().unwrap(), &[MIDDLE], Engine::Splice, "grey");
        // A component alone may state any factors: they mean nothing.
        let wide = grey.sampling_factors(vec![(2, 2)]).encode().unwrap();
        check(&wide, &[MIDDLE], Engine::Splice, "grey, 2×2");
        for colorspace in [ColorSpace::Cmyk, ColorSpace::Ycck] {
            let encoder = Encoder::new(&inks, 61, 50, PixelFormat::Cmyk)
                .restart_blocks(restart)
                .colorspace(colorspace);
            let file = encoder.encode().unwrap();
            check(&file, &[MIDDLE], Engine::Splice, &format!("{colorspace:?}"));
        }
    }
}

#[test]
fn a_progressive_picture_stays_progressive_and_keeps_its_coefficients() {
    for (subsampling, restart) in [(Subsampling::S444, 0), (Subsampling::S420, 0), (Subsampling::S411, 5)] {
        let picture = noisy(90, 61);
        let encoder = picture
            .jpeg_encoder()
            .progressive(true)
            .subsampling(subsampling)
            .restart_blocks(restart);
        let file = encoder.encode().unwrap();
        let redacted = redact(&file, &[MIDDLE], &Options::default()).unwrap();
        assert!(contains(&redacted.bytes, &[0xFF, 0xC2, 0, 17]), "SOF2");
        check(&file, &[MIDDLE], Engine::Coefficients, "progressive");
    }
    let grey: Vec<u8> = noisy(90, 61).rgb.iter().step_by(3).copied().collect();
    let file = Encoder::new(&grey, 90, 61, PixelFormat::Grayscale)
        .progressive(true)
        .encode()
        .unwrap();
    check(&file, &[MIDDLE], Engine::Coefficients, "progressive grey");
}

#[test]
fn a_progressive_picture_becomes_baseline_when_asked() {
    let file = noisy(90, 61).jpeg_encoder().progressive(true).encode().unwrap();
    let options = Options {
        baseline_output: true,
        ..Options::default()
    };
    for regions in [&[][..], &[MIDDLE]] {
        let redacted = redact(&file, regions, &options).unwrap();
        assert_eq!(redacted.engine, Engine::Coefficients);
        assert!(contains(&redacted.bytes, &[0xFF, 0xC0, 0, 17]), "SOF0");
        assert_only_hidden_changed(&file, &redacted.bytes, regions, "baseline output");
    }
    let baseline = noisy(90, 61).jpeg();
    assert_eq!(redact(&baseline, &[], &options).unwrap().engine, Engine::Untouched);
}

#[test]
fn scans_of_one_component_each_are_spliced_one_by_one() {
    // The decoder of the other tests can't read these: each component is compared as a grey picture of its own.
    let picture = noisy(70, 41);
    let file = not_interleaved(&picture);
    for options in styles() {
        let redacted = redact(&file, &[MIDDLE], &options).unwrap();
        assert_eq!(redacted.engine, Engine::Splice);
        for component in 0..3 {
            let [before, after] = [&file, &redacted.bytes].map(|file| alone(file, component));
            let outside = assert_only_hidden_changed(&before, &after, &[MIDDLE], "one of three scans");
            assert!(outside > 20);
        }
    }
    assert!(redact(&file[..file.len() / 2], &[], &Options::default()).is_err());
    // Looked at in small and in large.
    let mut photo = Photo::open(&file, &Limits::default()).unwrap();
    for sides in [1..=10, 70..=70] {
        assert_eq!(photo.previews_within(sides).unwrap().len(), 1);
    }
}

/// One component of what [`not_interleaved`] made, as a grey picture.
fn alone(file: &[u8], component: usize) -> Vec<u8> {
    let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let marks = |marker: u8| {
        file.windows(2)
            .enumerate()
            .filter(move |(_, pair)| *pair == [0xFF, marker])
            .map(|(at, _)| at)
    };
    let scans: Vec<usize> = marks(0xDA).filter(|at| *at > frame).collect();
    let start = scans[component];
    // Tables that were extended stand before their scan.
    let tables_end = marks(0xC4).rfind(|at| *at > frame && *at < start).unwrap();
    let tables_end = tables_end + 2 + usize::from(u16::from_be_bytes([file[tables_end + 2], file[tables_end + 3]]));
    let marker_after = |from: usize| {
        from + file[from..]
            .windows(2)
            .position(|pair| pair[0] == 0xFF && pair[1] != 0)
            .unwrap()
    };
    let tables: Vec<u8> = marks(0xC4)
        .filter(|at| *at > frame && *at < tables_end)
        .flat_map(|at| file[at..at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]))].to_vec())
        .collect();
    let header = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];
    let data = &file[start + 10..marker_after(start + 10)];
    let size = &file[frame + 5..frame + 9];
    let grey_frame = [&[0xFF, 0xC0, 0, 11, 8], size, &[1, 1, 0x11, 0]].concat();
    [&file[..frame], &grey_frame, &tables, &header, data, &[0xFF, 0xD9]].concat()
}

#[test]
fn a_table_that_lacks_a_code_is_extended_and_all_else_stays() {
    // All of one grey: its own tables know no difference of brightness, and no AC coefficient.
    let grey = vec![128; 64 * 64 * 3];
    for subsampling in [Subsampling::S444, Subsampling::S420] {
        let encoder = Encoder::new(&grey, 64, 64, PixelFormat::Rgb).optimize_huffman(true);
        let file = encoder.subsampling(subsampling).encode().unwrap();
        for style in [Style::Fill([255, 0, 0]), Style::Fill([0, 0, 0])] {
            let options = Options {
                style,
                ..Options::default()
            };
            let redacted = redact(&file, &[MIDDLE], &options).unwrap();
            assert_eq!(redacted.engine, Engine::Splice);
            assert_only_hidden_changed(&file, &redacted.bytes, &[MIDDLE], "flat grey");
            let red = libjpeg_turbo_rs::decompress(&redacted.bytes).unwrap().data;
            let middle = &red[(32 * 64 + 32) * 3..][..3];
            let expected = if style == Style::Fill([0, 0, 0]) {
                [0; 3]
            } else {
                [255, 0, 0]
            };
            assert!(
                middle.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 12),
                "{middle:?}"
            );
        }
    }
}

#[test]
fn a_table_without_room_for_a_code_that_it_lacks_leads_to_the_coefficients() {
    // One code of each length: nothing is left but the code of all ones. Large differences have none of them.
    let mut bits = [1; 17];
    bits[0] = 0;
    let values = vec![0, 1, 2, 3, 4, 5, 6, 12, 13, 14, 15, 16, 17, 18, 19, 20];
    let table = HuffmanTableDef { bits, values };
    let grey = vec![120; 64 * 64];
    let encoder = Encoder::new(&grey, 64, 64, PixelFormat::Grayscale)
        .quality(90)
        .huffman_dc_table(0, table);
    let file = encoder.encode().unwrap();
    let white = Options {
        style: Style::Fill([255; 3]),
        ..Options::default()
    };
    let redacted = redact(&file, &[MIDDLE], &white).unwrap();
    assert_eq!(redacted.engine, Engine::Coefficients);
    assert_only_hidden_changed(&file, &redacted.bytes, &[MIDDLE], "no room");
}

#[test]
fn originals_with_the_same_block_averages_give_the_same_bytes() {
    for (progressive, subsampling) in [
        (false, Subsampling::S420),
        (false, Subsampling::S444),
        (true, Subsampling::S420),
    ] {
        let file = noisy(112, 96).jpeg_encoder().subsampling(subsampling).encode().unwrap();
        let original = read_coefficients(&file).unwrap();
        let hidden = Hidden::by(&[MIDDLE], &original);
        let mut other = original.clone();
        for component in &mut other.components {
            let part = component.clone();
            for (index, block) in component.blocks.iter_mut().enumerate() {
                if hidden.contains(&original, &part, index % part.blocks_x, index / part.blocks_x) {
                    block[1..].reverse();
                }
            }
        }
        let write = |file| match progressive {
            true => libjpeg_turbo_rs::write_coefficients_progressive(file, None).unwrap(),
            false => libjpeg_turbo_rs::write_coefficients(file).unwrap(),
        };
        let [a, b] = [&original, &other].map(write);
        assert_ne!(a, b);
        for options in styles() {
            let [a, b] = [&a, &b].map(|file| redact(file, &[MIDDLE], &options).unwrap().bytes);
            assert!(a == b, "{:?}, progressive: {progressive}", options.style);
        }
    }
}

#[test]
fn stopping_early_gives_the_same_picture_and_says_so() {
    for restart in [0, 4] {
        let file = noisy(160, 200).jpeg_encoder().restart_blocks(restart).encode().unwrap();
        let options = Options {
            stop_early: true,
            ..Options::default()
        };
        let corner = Region {
            left: 0.1,
            top: 0.1,
            width: 0.2,
            height: 0.1,
        };
        for regions in [&[][..], &[corner], &BEGINNING_AND_END] {
            let early = redact(&file, regions, &options).unwrap();
            assert!(!early.report.read_to_end);
            assert_only_hidden_changed(&file, &early.bytes, regions, "early");
            let whole = redact(&file, regions, &Options::default()).unwrap();
            // It is read to its end again.
            let again = redact(&early.bytes, &[], &Options::default()).unwrap();
            assert!(again.report.read_to_end && again.bytes == early.bytes);
            let [early, whole] = [early, whole].map(|redacted| libjpeg_turbo_rs::decompress(&redacted.bytes).unwrap());
            assert!(early.data == whole.data);
        }
    }
}

/// The mean step of brightness between neighbours, across the borders of blocks.
fn mean_step_at_borders(rgb: &[u8], width: usize, height: usize) -> f32 {
    let at = |x: usize, y: usize| i32::from(rgb[(y * width + x) * 3 + 1]);
    let places = (8..width).step_by(8).flat_map(|x| (0..height).map(move |y| (x, y)));
    let steps = places.map(|(x, y)| (at(x, y) - at(x - 1, y)).abs());
    steps.clone().sum::<i32>() as f32 / steps.count() as f32
}

#[test]
fn a_blur_shows_no_more_of_a_grid_than_a_smooth_picture_of_the_same_quality() {
    let picture = Picture::new(256, 256);
    // The same blur in pixels.
    let smooth = redact(&picture.png(), &[Region::WHOLE], &Options::default())
        .unwrap()
        .bytes;
    let (_, smooth) = common::decoded_png(&smooth);
    for quality in [30, 50, 75, 92, 100] {
        let file = picture.jpeg_encoder().quality(quality).encode().unwrap();
        let spliced = redact(&file, &[Region::WHOLE], &Options::default()).unwrap().bytes;
        let encoded = Encoder::new(&smooth, 256, 256, PixelFormat::Rgb)
            .quality(quality)
            .subsampling(Subsampling::S420);
        let [ours, theirs] = [&spliced, &encoded.encode().unwrap()]
            .map(|file| mean_step_at_borders(&libjpeg_turbo_rs::decompress(file).unwrap().data, 256, 256));
        assert!(ours < theirs * 1.05 + 0.1, "quality {quality}: {ours} against {theirs}");
    }
}

#[test]
fn an_ellipse_of_a_jpeg_leaves_the_corners() {
    let file = noisy(256, 256).jpeg();
    let options = Options {
        shape: Shape::Ellipse,
        style: Style::Fill([255, 0, 0]),
        ..Options::default()
    };
    let region = Region {
        left: 0.125,
        top: 0.125,
        width: 0.75,
        height: 0.75,
    };
    let after = redact(&file, &[region], &options).unwrap().bytes;
    let (before, after) = (read_coefficients(&file).unwrap(), read_coefficients(&after).unwrap());
    let block = |file: &libjpeg_turbo_rs::JpegCoefficients, x: usize, y: usize| file.components[0].blocks[y * 32 + x];
    for (x, y) in [(4, 4), (27, 4), (4, 27), (27, 27)] {
        assert_eq!(block(&before, x, y), block(&after, x, y), "corner");
    }
    for (x, y) in [(16, 16), (4, 16), (27, 16), (16, 4), (16, 27), (8, 8)] {
        assert!(
            block(&after, x, y)[1..].iter().all(|coefficient| *coefficient == 0),
            "({x}, {y})"
        );
    }
}

#[test]
fn the_cheapest_preview_is_the_picture_by_averages_of_eight_pixels() {
    let picture = Picture::new(160, 96);
    for orientation in 1..=8 {
        let exif = [b"Exif\0\0", common::exif(orientation).as_slice()].concat();
        for progressive in [false, true] {
            let encoder = picture.stored(orientation);
            let file = encoder
                .jpeg_encoder()
                .quality(95)
                .progressive(progressive)
                .encode()
                .unwrap();
            let file = with_segment(&file, 0xE1, &exif);
            let mut photo = Photo::open(&file, &Limits::default()).unwrap();
            let preview = photo.previews_within(10..=20).unwrap().remove(0);
            assert_eq!((preview.width(), preview.height()), (20, 12));
            for (x, y) in (0..12).flat_map(|y| (0..20).map(move |x| (x, y))) {
                for channel in 0..3 {
                    let samples = (0..64).map(|i| usize::from(picture.at(x * 8 + i % 8, y * 8 + i / 8)[channel]));
                    let average = samples.sum::<usize>() / 64;
                    let found = usize::from(preview.rgb()[(y * 20 + x) * 3 + channel]);
                    assert!(
                        found.abs_diff(average) < 20,
                        "orientation {orientation} ({x}, {y}): {found} {average}"
                    );
                }
            }
            let larger = photo.previews_within(30..=40).unwrap().remove(0);
            assert_eq!((larger.width(), larger.height()), (40, 24));
        }
    }
}
