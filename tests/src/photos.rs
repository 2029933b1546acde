//! The sample photos, and what a person would see in them.

use std::path::PathBuf;
use std::sync::LazyLock;

use gatehouse_detect::{Detector, Face, Image, Options, useful_sides};
use gatehouse_redact::{Limits, Photo, Preview};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::embedded().unwrap());

/// A file from the folder `samples`.
pub fn sample(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../samples");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The upright picture in a file, at the size that a detector looks at.
pub fn upright(file: &[u8]) -> Preview {
    let mut photo = Photo::open(file, &Limits::default()).unwrap();
    let (width, height) = photo.upright_size();
    photo
        .previews_within(useful_sides(width, height))
        .unwrap()
        .swap_remove(0)
}

/// The faces that the function's own detector sees in a file.
pub fn faces(file: &[u8]) -> Vec<Face> {
    let picture = upright(file);
    let image = Image::new(picture.width(), picture.height(), picture.rgb()).unwrap();
    DETECTOR.detect(&image, &Options::default()).unwrap()
}

/// Those faces in `after` that lie where a face was in `before`.
pub fn still_visible(before: &[u8], after: &[u8]) -> Vec<Face> {
    let were = faces(before);
    let centre_in = |face: &Face, other: &Face| {
        let (x, y) = (face.left + face.width / 2.0, face.top + face.height / 2.0);
        (other.left..other.left + other.width).contains(&x) && (other.top..other.top + other.height).contains(&y)
    };
    faces(after)
        .into_iter()
        .filter(|face| were.iter().any(|was| centre_in(face, was) || centre_in(was, face)))
        .collect()
}

/// How much two photos differ in a part of them (left, top, width, height, as ratios): the mean
/// difference per colour sample, in levels of 0–255.
pub fn difference_in(part: [f32; 4], before: &[u8], after: &[u8]) -> f64 {
    let cut = |file: &[u8]| {
        let picture = upright(file);
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let [left, top, wide, high] = part;
        let pixels = [left * width, top * height, wide * width, high * height].map(|length| length as u32);
        picture.crop(pixels[0], pixels[1], pixels[2], pixels[3]).unwrap()
    };
    let (before, after) = (cut(before), cut(after));
    let differences = before
        .rgb()
        .iter()
        .zip(after.rgb())
        .map(|(old, new)| f64::from(old.abs_diff(*new)));
    differences.sum::<f64>() / before.rgb().len() as f64
}

/// Whether these bytes stand somewhere in the file.
pub fn contains(file: &[u8], bytes: &[u8]) -> bool {
    file.windows(bytes.len()).any(|window| window == bytes)
}

/// A 4,000 × 3,000 pixel JPEG in which one face fills most of the height: the sample app's
/// endless loop.
pub fn twelve_megapixels_with_a_large_face() -> Vec<u8> {
    let face = upright(&sample("closeup.jpg"));
    let (width, height) = (4000_usize, 3000_usize);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let column = x * face.width() as usize / width;
            let row = y * face.height() as usize / height;
            let at = (row * face.width() as usize + column) * 3;
            rgb.extend_from_slice(&face.rgb()[at..at + 3]);
        }
    }
    Preview::from_rgb(width as u32, height as u32, rgb)
        .unwrap()
        .to_jpeg(90)
        .unwrap()
}

/// A 4,000 × 3,000 pixel JPEG with the same person ten times, in two rows.
pub fn twelve_megapixels_with_ten_faces() -> Vec<u8> {
    let person = upright(&sample("astronaut.jpg"));
    let (width, height, side) = (4000_usize, 3000_usize, 800_usize);
    let mut rgb = vec![128; width * height * 3];
    for (place, pixel) in rgb.chunks_exact_mut(3).enumerate().take(width * side * 2) {
        let (x, y) = (place % width % side, place / width % side);
        let (column, row) = (x * person.width() as usize / side, y * person.height() as usize / side);
        let at = (row * person.width() as usize + column) * 3;
        pixel.copy_from_slice(&person.rgb()[at..at + 3]);
    }
    Preview::from_rgb(width as u32, height as u32, rgb)
        .unwrap()
        .to_jpeg(90)
        .unwrap()
}

/// The same JPEG with an EXIF orientation (1–8) put in front, for a decoder to turn it by.
pub fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let tiff = [
        b'M',
        b'M',
        0,
        42,
        0,
        0,
        0,
        8,
        0,
        1,
        0x01,
        0x12,
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    let exif = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

/// The upright picture as a camera that was turned would store it: a decoder that applies the
/// orientation gets the upright picture back.
pub fn turned_back(upright: &Preview, orientation: u8) -> Vec<u8> {
    let (width, height) = (upright.width() as usize, upright.height() as usize);
    let (stored_width, stored_height) = if orientation >= 5 {
        (height, width)
    } else {
        (width, height)
    };
    let mut stored = Vec::with_capacity(width * height * 3);
    for row in 0..stored_height {
        for column in 0..stored_width {
            // TIFF 6.0, tag Orientation: where row 0 and column 0 of the stored picture lie.
            let (x, y) = match orientation {
                1 => (column, row),
                2 => (width - 1 - column, row),
                3 => (width - 1 - column, height - 1 - row),
                4 => (column, height - 1 - row),
                5 => (row, column),
                6 => (width - 1 - row, column),
                7 => (width - 1 - row, height - 1 - column),
                _ => (row, height - 1 - column),
            };
            let at = (y * width + x) * 3;
            stored.extend_from_slice(&upright.rgb()[at..at + 3]);
        }
    }
    let stored = Preview::from_rgb(stored_width as u32, stored_height as u32, stored);
    stored.unwrap().to_jpeg(92).unwrap()
}
