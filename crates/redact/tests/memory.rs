//! How much memory a file can make us take: no more than was estimated from its header, whatever the header says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;
#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, unused_imports, reason = "the fuzz targets use the rest")]
mod fuzz;

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::{Picture, with_chunk, with_segment};
use fuzz::{allowance, limits, peak_during};
use gatehouse_redact::{Error, Limits, Options, Photo, Region};
use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

const SIDES: [RangeInclusive<u32>; 3] = [1..=64, 300..=600, 4000..=4000];

/// Memory is counted for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at a file and redacts it; asserts that no step takes more memory than it may, and gives the last outcome.
fn within_allowance(what: &str, file: &[u8], limits: &Limits) -> Result<(), Error> {
    let allowed = allowance(file, limits);
    let mut worst = 0;
    let mut seen = 0;
    let mut outcome = Ok(());
    for sides in [None].into_iter().chain(SIDES.map(Some)) {
        for regions in [&[][..], &[Region::WHOLE]] {
            let (redacted, peak) = peak_during(|| {
                let mut photo = Photo::open(file, limits)?;
                if let Some(sides) = sides.clone() {
                    let previews = photo.previews_within(sides)?;
                    seen = previews.iter().map(|preview| preview.rgb().len()).sum();
                }
                photo.redact(regions, &Options::default())
            });
            // What is asked for is not counted.
            let asked_for = seen + redacted.as_ref().map_or(0, |redacted| redacted.bytes.len());
            worst = worst.max(peak.saturating_sub(asked_for));
            outcome = redacted.map(drop);
        }
    }
    println!(
        "{what}: {} kB in, {} of {} kB taken",
        file.len() >> 10,
        worst >> 10,
        allowed >> 10
    );
    assert!(worst <= allowed, "{what} took {worst} bytes, more than {allowed}");
    outcome
}

fn refused(what: &str, file: &[u8], limits: &Limits) -> &'static str {
    match within_allowance(what, file, limits) {
        Ok(()) => panic!("{what} is accepted"),
        Err(error) => error.reason(),
    }
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker], &length[..], payload].concat()
}

/// A quantisation table, a grey frame, and Huffman tables with a single code, 0: of no difference for DC, and for AC of
/// as long a run of ended bands as there is.
fn start(frame: u8, width: u16, height: u16) -> Vec<u8> {
    let [w1, w0] = width.to_be_bytes();
    let [h1, h0] = height.to_be_bytes();
    let one_code = |head: u8, value: u8| segment(0xC4, &[&[head, 1][..], &[0; 15], &[value]].concat());
    [
        vec![0xFF, 0xD8],
        segment(0xDB, &[&[0][..], &[16; 64]].concat()),
        segment(frame, &[8, h1, h0, w1, w0, 1, 1, 0x11, 0]),
        one_code(0x00, 0),
        one_code(0x10, 0xE0),
    ]
    .concat()
}

fn scan(first: u8, last: u8, bits: u8, data: &[u8]) -> Vec<u8> {
    [segment(0xDA, &[1, 1, 0, first, last, bits]), data.to_vec()].concat()
}

const END: [u8; 2] = [0xFF, 0xD9];

/// A grey progressive picture of so many blocks across and down, all grey: a scan of DC coefficients, and so many that
/// only say that there is nothing.
fn scans_of_nothing(across: u16, down: u16, scans: u8) -> Vec<u8> {
    let blocks = usize::from(across) * usize::from(down);
    let mut dc = vec![0; blocks / 8];
    dc.push((0xFF_u16 >> (blocks % 8)) as u8);
    // A run is written as 15 bits: the code, 0, and how many blocks it is longer than 2¹⁴.
    let mut bits = String::new();
    let mut left = blocks;
    while left >= 1 << 14 {
        let run = left.min((1 << 15) - 1);
        bits += &format!("0{:014b}", run - (1 << 14));
        left -= run;
    }
    assert_eq!(left, 0, "no code for shorter runs");
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let bytes = bits
        .as_bytes()
        .chunks(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    let nothing: Vec<u8> = bytes
        .flat_map(|byte| if byte == 0xFF { vec![byte, 0] } else { vec![byte] })
        .collect();
    let refined = (1..=scans / 2).flat_map(|k| [scan(k, k, 0x01, &nothing), scan(k, k, 0x10, &nothing)]);
    [
        start(0xC2, across * 8, down * 8),
        scan(0, 0, 0, &dc),
        refined.collect::<Vec<_>>().concat(),
        END.to_vec(),
    ]
    .concat()
}

#[test]
fn a_picture_of_any_kind_takes_what_was_estimated() {
    let _alone = alone();
    let picture = Picture::new(800, 600);
    let gray: Vec<u8> = picture.rgb.iter().step_by(3).copied().collect();
    let gray = || Encoder::new(&gray, 800, 600, PixelFormat::Grayscale).quality(90);
    let inks: Vec<u8> = picture.rgb.iter().cycle().take(800 * 600 * 4).copied().collect();
    let inks = Encoder::new(&inks, 800, 600, PixelFormat::Cmyk).quality(90);
    let jpeg = || picture.jpeg_encoder();
    for (what, file) in [
        ("4:2:0", jpeg().encode().unwrap()),
        ("4:4:4", jpeg().subsampling(Subsampling::S444).encode().unwrap()),
        (
            "4:4:4 at its best",
            jpeg().subsampling(Subsampling::S444).quality(100).encode().unwrap(),
        ),
        ("a restart behind each MCU", jpeg().restart_blocks(1).encode().unwrap()),
        ("progressive 4:2:0", jpeg().progressive(true).encode().unwrap()),
        (
            "progressive 4:4:4",
            jpeg()
                .subsampling(Subsampling::S444)
                .progressive(true)
                .encode()
                .unwrap(),
        ),
        ("grey", gray().encode().unwrap()),
        ("progressive grey", gray().progressive(true).encode().unwrap()),
        ("four inks", inks.encode().unwrap()),
    ] {
        within_allowance(what, &file, &limits()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[test]
fn a_png_of_any_kind_takes_what_was_estimated() {
    let _alone = alone();
    use png::{BitDepth, ColorType};
    let data: Vec<u8> = Picture::new(500, 400)
        .rgb
        .into_iter()
        .cycle()
        .take(500 * 400 * 8)
        .collect();
    for (color, depth) in [
        (ColorType::Grayscale, BitDepth::One),
        (ColorType::Grayscale, BitDepth::Eight),
        (ColorType::Grayscale, BitDepth::Sixteen),
        (ColorType::GrayscaleAlpha, BitDepth::Eight),
        (ColorType::Indexed, BitDepth::One),
        (ColorType::Indexed, BitDepth::Eight),
        (ColorType::Rgb, BitDepth::Eight),
        (ColorType::Rgba, BitDepth::Eight),
        (ColorType::Rgba, BitDepth::Sixteen),
    ] {
        let bytes = (500 * color.samples() * depth as usize).div_ceil(8) * 400;
        let file = common::png(500, 400, color, depth, &data[..bytes]);
        let what = format!("{color:?} {depth:?}");
        within_allowance(&what, &file, &limits()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[test]
fn a_picture_of_65500_by_65500_pixels_takes_nothing() {
    let _alone = alone();
    let file = [start(0xC0, 65_500, 65_500), scan(0, 63, 0, &[0; 100]), END.to_vec()].concat();
    assert_eq!(refused("65,500 × 65,500", &file, &Limits::default()), "too-many-pixels");
}

#[test]
fn ten_thousand_scans_take_nothing() {
    let _alone = alone();
    let scans = scan(0, 63, 0, &[0; 4]).repeat(10_000);
    let file = [start(0xC0, 64, 64), scans, END.to_vec()].concat();
    assert_eq!(refused("10,000 scans", &file, &limits()), "corrupt-image");
}

#[test]
fn endless_fill_takes_nothing() {
    let _alone = alone();
    let fill = vec![0xFF; 8_000_000];
    let start = start(0xC0, 64, 64);
    assert_eq!(
        refused("fill", &[&start[..2], &fill].concat(), &limits()),
        "corrupt-image"
    );
    let in_scan = [start, scan(0, 63, 0, &fill)].concat();
    assert_eq!(refused("fill in the scan", &in_scan, &limits()), "corrupt-image");
}

#[test]
fn segments_of_two_bytes_take_nothing() {
    let _alone = alone();
    let file = [vec![0xFF, 0xD8], segment(0xEF, &[]).repeat((16 << 20) - 1)].concat();
    assert_eq!(
        refused("64 MiB of segments", &file, &Limits::default()),
        "corrupt-image"
    );
}

#[test]
fn a_hundred_scans_of_nothing_take_what_was_estimated() {
    let _alone = alone();
    let file = scans_of_nothing(256, 240, 98);
    within_allowance("100 scans of nothing", &file, &limits()).unwrap();
}

#[test]
fn a_large_picture_of_more_scans_than_any_encoder_writes_is_corrupt() {
    let _alone = alone();
    let limits = Limits::default();
    let opened = |scans| Photo::open(&scans_of_nothing(1250, 1249, scans), &limits).map(|photo| photo.upright_size());
    assert_eq!(opened(10), Ok((10_000, 9_992)));
    assert_eq!(opened(98).map_err(|error| error.reason()), Err("corrupt-image"));
}

#[test]
fn restart_intervals_without_data_take_what_was_estimated() {
    let _alone = alone();
    let restarts = segment(0xDD, &[0, 1]);
    for (frame, last) in [(0xC0, 63), (0xC2, 0)] {
        let file = [
            start(frame, 10_000, 10_000),
            restarts.clone(),
            scan(0, last, 0, &[]),
            END.to_vec(),
        ]
        .concat();
        assert_eq!(
            refused("restarts without data", &file, &Limits::default()),
            "corrupt-image"
        );
    }
}

#[test]
fn huffman_tables_of_256_values_take_nothing() {
    let _alone = alone();
    let values: Vec<u8> = (0..=255).collect();
    let full = |head: u8| segment(0xC4, &[&[head][..], &[0; 14], &[1, 255], &values].concat());
    let tables: Vec<u8> = (0..4)
        .flat_map(|slot| [full(slot), full(0x10 | slot)].concat())
        .collect();
    let file = [
        start(0xC0, 512, 512),
        tables.repeat(50),
        scan(0, 63, 0, &[0xAA; 5000]),
        END.to_vec(),
    ]
    .concat();
    let _ = within_allowance("tables of 256 values", &file, &limits());
    let most = segment(0xC4, &[&[0][..], &[255; 16], &vec![0; 255 * 16]].concat());
    let file = [start(0xC0, 512, 512), most, scan(0, 63, 0, &[0xAA; 5000]), END.to_vec()].concat();
    assert_eq!(refused("a table of 4,080 values", &file, &limits()), "corrupt-image");
}

#[test]
fn exif_that_counts_on_endless_values_takes_nothing() {
    let _alone = alone();
    let entries = [1, 0x0E, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 8].repeat(5000);
    let exif = [b"Exif\0\0MM\0*\0\0\0\x08\xFF\xFF", &entries[..]].concat();
    let file = with_segment(&Picture::new(64, 64).jpeg(), 0xE1, &exif);
    within_allowance("endless EXIF", &file, &limits()).unwrap();
}

#[test]
fn a_profile_that_inflates_without_end_takes_little() {
    let _alone = alone();
    let mut bomb = png::Info::with_size(8, 8);
    bomb.icc_profile = Some(vec![0; 16 << 20].into());
    let mut file = Vec::new();
    let mut writer = png::Encoder::with_info(&mut file, bomb)
        .unwrap()
        .write_header()
        .unwrap();
    writer.write_image_data(&[0; 64]).unwrap();
    writer.finish().unwrap();
    within_allowance("an endless profile", &file, &limits()).unwrap();
    let text = with_chunk(&Picture::new(8, 8).png(), b"zTXt", &file[41..]);
    within_allowance("an endless text", &text, &limits()).unwrap();
}
