//! Makes the seeds: `cargo run --example seeds` in this folder. Each is 16 bytes that say what to do, and a small file.

use std::fs;
use std::path::Path;

use libjpeg_turbo_rs::{
    ColorSpace, Encoder, PixelFormat, ScanScript, read_coefficients, write_coefficients_progressive,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    fs::create_dir_all(&folder)?;
    for (number, (name, file)) in jpegs()?.into_iter().chain(pngs()?).enumerate() {
        fs::write(folder.join(name), [&choices(number)[..], &file].concat())?;
    }
    Ok(())
}

/// What to do with a seed: each style, shape and other option in turn, one or two regions.
fn choices(number: usize) -> [u8; 16] {
    let number = number as u8;
    let (style, others, regions) = (number % 3, number % 8, 1 + number % 2);
    // All but the last of the other options: no seed stops early.
    let flags = style << 6 | others << 2 | regions;
    let near_the_centre = [16, 12, 20 + number % 7, 24];
    let beyond_the_edge = [50, 0xF8, 40, 30];
    let mut choices = [0; 16];
    choices[..4].copy_from_slice(&[flags, 0x20 | (number % 7), 200, 60]);
    choices[4..8].copy_from_slice(&near_the_centre);
    choices[8..12].copy_from_slice(&beyond_the_edge);
    choices
}

const WIDTH: usize = 45;
const HEIGHT: usize = 37;

/// Samples of a picture with smooth parts, edges and grain.
fn picture(width: usize, height: usize, channels: usize) -> Vec<u8> {
    let mut samples = Vec::new();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let grain = (x * 31 + y * 17 + x * y) % 13;
        let edge = if (x / 11 + y / 9) % 2 == 0 { 70 } else { 0 };
        let sample = |channel: usize| (edge + grain + x * (channel + 1) + y * (4 - channel)).min(255) as u8;
        samples.extend((0..channels).map(sample));
    }
    samples
}

fn jpegs() -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    let rgb = picture(WIDTH, HEIGHT, 3);
    let colors = |factors: &[(u8, u8)]| {
        Encoder::new(&rgb, WIDTH, HEIGHT, PixelFormat::Rgb)
            .quality(75)
            .sampling_factors(factors.to_vec())
    };
    let plain = || colors(&[(2, 2), (1, 1), (1, 1)]);
    let gray = picture(WIDTH, HEIGHT, 1);
    let gray = || Encoder::new(&gray, WIDTH, HEIGHT, PixelFormat::Grayscale).quality(60);
    let four = picture(WIDTH, HEIGHT, 4);
    let inks = Encoder::new(&four, WIDTH, HEIGHT, PixelFormat::Cmyk)
        .quality(60)
        .encode()?;
    let ycck = ycck(&inks)?;
    let ycck_progressive = write_coefficients_progressive(&read_coefficients(&ycck)?, None)?;
    let exif = exif();
    let icc = icc();
    Ok(vec![
        ("baseline-420", plain().encode()?),
        ("baseline-422", colors(&[(2, 1), (1, 1), (1, 1)]).encode()?),
        ("baseline-444", colors(&[(1, 1), (1, 1), (1, 1)]).encode()?),
        ("baseline-440", colors(&[(1, 2), (1, 1), (1, 1)]).encode()?),
        ("baseline-411", colors(&[(4, 1), (1, 1), (1, 1)]).encode()?),
        ("baseline-410", colors(&[(4, 2), (1, 1), (1, 1)]).encode()?),
        ("odd-sampling-32", colors(&[(3, 2), (1, 1), (1, 1)]).encode()?),
        ("odd-sampling-chroma", colors(&[(2, 2), (2, 1), (1, 2)]).encode()?),
        ("optimised", plain().optimize_huffman(true).encode()?),
        (
            "optimised-restart-1",
            plain().optimize_huffman(true).restart_blocks(1).encode()?,
        ),
        ("restart-3", plain().restart_blocks(3).encode()?),
        (
            "restart-row",
            colors(&[(1, 1), (1, 1), (1, 1)]).restart_rows(1).encode()?,
        ),
        ("quality-100", plain().quality(100).encode()?),
        ("quality-1", plain().quality(1).encode()?),
        ("gray", gray().encode()?),
        ("gray-factors-22", gray().sampling_factors(vec![(2, 2)]).encode()?),
        ("gray-progressive", gray().progressive(true).encode()?),
        (
            "rgb",
            colors(&[(1, 1), (1, 1), (1, 1)]).colorspace(ColorSpace::Rgb).encode()?,
        ),
        ("cmyk", inks),
        ("ycck", ycck),
        ("ycck-progressive", ycck_progressive),
        ("progressive-420", plain().progressive(true).encode()?),
        (
            "progressive-411",
            colors(&[(4, 1), (1, 1), (1, 1)]).progressive(true).encode()?,
        ),
        (
            "progressive-restart",
            plain().progressive(true).restart_blocks(2).encode()?,
        ),
        (
            "progressive-spectral",
            plain().progressive(true).scan_script(spectral()).encode()?,
        ),
        ("several-scans-444", several_scans([(1, 1), (1, 1), (1, 1)])?),
        ("several-scans-420", several_scans([(2, 2), (1, 1), (1, 1)])?),
        (
            "exif-icc-comment",
            plain()
                .exif_data(&exif)
                .icc_profile(&icc)
                .comment("nobody sees this")
                .encode()?,
        ),
        (
            "exif-progressive",
            plain()
                .progressive(true)
                .exif_data(&exif)
                .xmp_data(b"<x:xmpmeta/>")
                .encode()?,
        ),
        ("thumbnail-and-trailer", thumbnail_and_trailer(&plain().encode()?)?),
        ("tiny", Encoder::new(&rgb[..3], 1, 1, PixelFormat::Rgb).encode()?),
        ("narrow", Encoder::new(&rgb[..600], 1, 200, PixelFormat::Rgb).encode()?),
    ])
}

/// The same four planes, the first three said to be YCbCr.
fn ycck(inks: &[u8]) -> Result<Vec<u8>, Failure> {
    let adobe = inks
        .windows(5)
        .position(|bytes| bytes == b"Adobe")
        .ok_or("no Adobe segment")?;
    let mut file = inks.to_vec();
    file[adobe + 11] = 2;
    Ok(file)
}

/// Spectral selection without successive approximation.
fn spectral() -> Vec<ScanScript> {
    let scan = |components: &[u8], ss, se| ScanScript {
        components: components.to_vec(),
        ss,
        se,
        ah: 0,
        al: 0,
    };
    let bands = (0..3).flat_map(|component| [(component, 1, 9), (component, 10, 63)]);
    let mut script = vec![scan(&[0, 1, 2], 0, 0)];
    script.extend(bands.map(|(component, ss, se)| scan(&[component], ss, se)));
    script
}

/// A sequential picture, a scan for each component: three grey ones joined.
fn several_scans(factors: [(u8, u8); 3]) -> Result<Vec<u8>, Failure> {
    let most = factors[0];
    let mut joined = Vec::new();
    for (index, (h, v)) in factors.into_iter().enumerate() {
        let (width, height) = (
            (WIDTH * usize::from(h)).div_ceil(usize::from(most.0)),
            (HEIGHT * usize::from(v)).div_ceil(usize::from(most.1)),
        );
        let plane = Encoder::new(&picture(width, height, 1), width, height, PixelFormat::Grayscale)
            .quality(60)
            .encode()?;
        let at = |marker: u8| {
            plane
                .windows(2)
                .position(|pair| pair == [0xFF, marker])
                .ok_or("no such segment")
        };
        let (frame, scan) = (at(0xC0)?, at(0xDA)?);
        if index == 0 {
            joined.extend(&plane[..frame]);
            joined.extend([0xFF, 0xC0, 0, 17, 8]);
            joined.extend([(HEIGHT as u16).to_be_bytes(), (WIDTH as u16).to_be_bytes()].concat());
            joined.push(3);
            for (id, (h, v)) in (1..).zip(factors) {
                joined.extend([id, h << 4 | v, 0]);
            }
            joined.extend(&plane[frame + 13..scan]);
        }
        joined.extend([0xFF, 0xDA, 0, 8, 1, index as u8 + 1, 0, 0, 63, 0]);
        joined.extend(&plane[scan + 10..plane.len() - 2]);
    }
    joined.extend([0xFF, 0xD9]);
    Ok(joined)
}

/// EXIF with an orientation, a density, an author and a GPS directory.
fn exif() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [
            &tag.to_be_bytes()[..],
            &kind.to_be_bytes(),
            &count.to_be_bytes(),
            &value,
        ]
        .concat()
    };
    [
        b"MM\0*\0\0\0\x08\0\x04".to_vec(),
        entry(0x0112, 3, 1, [0, 6, 0, 0]),
        entry(0x011A, 5, 1, [0, 0, 0, 62]),
        entry(0x013B, 2, 4, *b"Ann\0"),
        entry(0x8825, 4, 1, [0, 0, 0, 70]),
        vec![0; 4],
        [72_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat(),
        vec![0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

/// The header of an ICC profile with no tags (ICC.1 section 7.2).
fn icc() -> Vec<u8> {
    let mut profile = vec![0; 132];
    profile[..4].copy_from_slice(&132_u32.to_be_bytes());
    profile[8] = 4;
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

fn thumbnail_and_trailer(file: &[u8]) -> Result<Vec<u8>, Failure> {
    let thumbnail = Encoder::new(&picture(16, 16, 3), 16, 16, PixelFormat::Rgb).encode()?;
    let payload = [b"Exif\0\0".as_slice(), &exif(), &thumbnail].concat();
    let length = (payload.len() as u16 + 2).to_be_bytes();
    Ok([
        &file[..2],
        &[0xFF, 0xE1],
        &length,
        &payload,
        &file[2..],
        b"ftypmp42 a video",
    ]
    .concat())
}

fn pngs() -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    use png::{BitDepth::*, ColorType::*};
    let kinds = [
        ("png-gray-1", Grayscale, One),
        ("png-gray-8", Grayscale, Eight),
        ("png-gray-16", Grayscale, Sixteen),
        ("png-gray-alpha", GrayscaleAlpha, Eight),
        ("png-palette-2", Indexed, Two),
        ("png-palette-8", Indexed, Eight),
        ("png-rgb", Rgb, Eight),
        ("png-rgba", Rgba, Eight),
        ("png-rgba-16", Rgba, Sixteen),
    ];
    kinds
        .into_iter()
        .map(|(name, color, depth)| Ok((name, png(color, depth)?)))
        .collect()
}

fn png(color: png::ColorType, depth: png::BitDepth) -> Result<Vec<u8>, Failure> {
    const SIDE: usize = 20;
    let bits = SIDE * color.samples() * depth as usize;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE as u32, SIDE as u32);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        let colors = 1_u8.checked_shl(depth as u32).map_or(255, |colors| colors.max(1));
        encoder.set_palette(
            (0..=colors)
                .flat_map(|index| [index, 255 - index, 90])
                .collect::<Vec<_>>(),
        );
        encoder.set_trns(vec![255, 0, 128]);
    }
    encoder.add_text_chunk("Author".into(), "Ann".into())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture(bits.div_ceil(8), SIDE, 1))?;
    writer.finish()?;
    Ok(file)
}
