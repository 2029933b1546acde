//! A face can hide behind transparency, or in the alpha channel alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Picture, decoded_png, png};
use gatehouse_redact::{Limits, Options, Photo, Region, Style, redact};

#[test]
fn colours_that_nobody_can_see_do_not_leak_into_a_blur() {
    // Every other pixel is transparent, and red underneath; the visible ones are blue.
    let rgba: Vec<u8> = (0..64 * 64)
        .flat_map(|i| if i % 2 == 0 { [255, 0, 0, 0] } else { [0, 0, 200, 255] })
        .collect();
    let file = png(64, 64, png::ColorType::Rgba, png::BitDepth::Eight, &rgba);
    for style in [Style::Blur, Style::Pixelate] {
        let options = Options {
            style,
            ..Options::default()
        };
        let (_, after) = decoded_png(&redact(&file, &[Region::WHOLE], &options).unwrap().bytes);
        for pixel in after.chunks_exact(4) {
            assert!(
                pixel[..3] == [0, 0, 200] && (127..=128).contains(&pixel[3]),
                "{style:?}: {pixel:?}"
            );
        }
    }
}

/// A picture of one colour all over, that is seen only by its alpha channel.
fn only_alpha(color: png::ColorType, depth: png::BitDepth) -> Vec<u8> {
    let picture = Picture::new(64, 64);
    let grey = |sample: u8| match (color, depth) {
        (png::ColorType::Rgba, png::BitDepth::Eight) => vec![90, 90, 90, sample],
        (png::ColorType::Rgba, _) => vec![90, 0, 90, 0, 90, 0, sample, 7],
        (_, png::BitDepth::Eight) => vec![90, sample],
        _ => vec![90, 0, sample, 7],
    };
    let data: Vec<u8> = picture.rgb.iter().step_by(3).flat_map(|sample| grey(*sample)).collect();
    png(64, 64, color, depth, &data)
}

#[test]
fn an_opaque_photo_has_one_preview_and_one_with_a_single_transparent_pixel_three() {
    for (color, alpha) in [(png::ColorType::Rgba, 3), (png::ColorType::GrayscaleAlpha, 1)] {
        let mut data = vec![255; 32 * 32 * (alpha + 1)];
        let count = |data: &[u8]| {
            let file = png(32, 32, color, png::BitDepth::Eight, data);
            Photo::open(&file, &Limits::default())
                .unwrap()
                .previews(16)
                .unwrap()
                .len()
        };
        assert_eq!(count(&data), 1);
        let last = data.len() - 1;
        data[last] = 254;
        assert_eq!(count(&data), 3);
    }
    let jpeg = Picture::new(32, 32).jpeg();
    assert_eq!(
        Photo::open(&jpeg, &Limits::default())
            .unwrap()
            .previews(16)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_face_in_the_alpha_channel_alone_is_seen_over_white_and_over_black() {
    let picture = Picture::new(64, 64);
    for color in [png::ColorType::Rgba, png::ColorType::GrayscaleAlpha] {
        for depth in [png::BitDepth::Eight, png::BitDepth::Sixteen] {
            let file = only_alpha(color, depth);
            let previews = Photo::open(&file, &Limits::default()).unwrap().previews(64).unwrap();
            let [stored, white, black] = previews.as_slice() else {
                panic!("{} previews", previews.len())
            };
            assert!(stored.rgb().iter().all(|sample| *sample == 90));
            for (at, sample) in picture.rgb.iter().step_by(3).enumerate() {
                let alpha = f32::from(*sample) / 255.0;
                for (preview, backdrop) in [(white, 255.0), (black, 0.0)] {
                    let expected = (alpha * 90.0 + (1.0 - alpha) * backdrop).round() as u8;
                    assert!(preview.rgb()[at * 3].abs_diff(expected) <= 1, "{color:?} {depth:?}");
                }
            }
        }
    }
}

#[test]
fn no_detail_survives_in_the_alpha_channel() {
    for color in [png::ColorType::Rgba, png::ColorType::GrayscaleAlpha] {
        for depth in [png::BitDepth::Eight, png::BitDepth::Sixteen] {
            let file = only_alpha(color, depth);
            for style in [Style::Blur, Style::Pixelate, Style::Fill([1, 2, 3])] {
                let options = Options {
                    style,
                    ..Options::default()
                };
                let (info, after) = decoded_png(&redact(&file, &[Region::WHOLE], &options).unwrap().bytes);
                let pixel = info.line_size / 64;
                let high = if depth == png::BitDepth::Sixteen { 2 } else { 1 };
                let alpha: Vec<u8> = after
                    .chunks_exact(pixel)
                    .map(|pixel| pixel[pixel.len() - high])
                    .collect();
                for at in 1..64 * 64 {
                    let step = alpha[at].abs_diff(alpha[at - 1]);
                    match style {
                        Style::Blur => assert!(at % 64 == 0 || step <= 6, "{color:?} {depth:?}: {step} at {at}"),
                        Style::Pixelate => assert!(at % 16 == 0 || step == 0, "{color:?} {depth:?}: {step} at {at}"),
                        _ => assert_eq!(alpha[at], 255, "{color:?} {depth:?}"),
                    }
                }
            }
        }
    }
}
