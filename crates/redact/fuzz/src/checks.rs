//! The checks. Each takes an input, gives whether its file was accepted, and panics when something does not hold.

use gatehouse_redact::{Engine, Error, Format, KeepMetadata, Options, Photo, Redacted, Region};

use super::identity;
use super::markers::markers;
use super::{Input, allowance, limits, peak_during};

/// Opened, a photo is within the limits, and little was allocated.
pub fn open(input: &Input) -> bool {
    let (opened, peak) = peak_during(|| {
        let photo = Photo::open(input.file, &limits()).ok()?;
        Some((photo.upright_size(), photo.orientation(), photo.format()))
    });
    // Nothing of the picture's size: what is allocated are lists of segments.
    assert!(peak <= 4 * input.file.len() + (1 << 20), "to open it took {peak} bytes");
    let Some(((width, height), orientation, format)) = opened else {
        return false;
    };
    assert!(width > 0 && height > 0);
    assert!(u64::from(width) * u64::from(height) <= limits().pixels);
    assert!((1..=8).contains(&orientation.exif()));
    assert_eq!(Format::of(input.file), Ok(format));
    true
}

/// What is seen is within bounds, seen twice the same, and of a photo that can be redacted.
pub fn walk(input: &Input) -> bool {
    let (seen, peak) = peak_during(|| {
        let mut photo = Photo::open(input.file, &limits()).ok()?;
        let previews = photo.previews_within(input.sides.clone()).ok()?;
        Some((previews, photo))
    });
    let Some((previews, mut photo)) = seen else {
        return false;
    };
    let seen: usize = previews.iter().map(|preview| preview.rgb().len()).sum();
    // Twice, because previews are turned upright.
    let allowance = allowance(input.file, &limits()) + 2 * seen;
    assert!(
        peak <= allowance,
        "to look at it took {peak} bytes, more than {allowance}"
    );
    assert!(!previews.is_empty());
    let (width, height) = photo.upright_size();
    for preview in &previews {
        let longest = preview.width().max(preview.height());
        assert!(longest <= (*input.sides.end()).max(1));
        assert_eq!(preview.rgb().len(), (preview.width() * preview.height() * 3) as usize);
        if photo.format() == Format::Jpeg {
            assert_eq!(previews.len(), 1);
            assert!(preview.width() <= width && preview.height() <= height);
            let wanted = width.max(height).min(*input.sides.start()).min(*input.sides.end());
            assert!(longest >= wanted, "{longest} pixels, not {wanted}");
        }
    }
    assert_eq!(photo.previews_within(input.sides.clone()).as_ref(), Ok(&previews));
    let options = Options {
        stop_early: false,
        ..input.options
    };
    photo
        .redact(&[], &options)
        .expect("what was read to its end can be redacted");
    true
}

/// What comes out is a whole photo of the same size, and clean: redacted again it stays as it is.
pub fn redact(input: &Input) -> bool {
    let (redacted, peak) = peak_during(|| redacted(input));
    let Some(redacted) = redacted else { return false };
    let capacity = redacted.bytes.len();
    let allowance = allowance(input.file, &limits()) + capacity;
    assert!(
        peak <= allowance,
        "to redact it took {peak} bytes, more than {allowance}"
    );
    assert_eq!(redacted.report.regions + redacted.report.outside, input.regions.len());
    let before = Photo::open(input.file, &limits()).expect("it was opened before");
    // What comes out may be larger than what came in.
    let limits = gatehouse_redact::Limits {
        bytes: u64::MAX,
        ..limits()
    };
    let after = Photo::open(&redacted.bytes, &limits).expect("what comes out can be opened");
    assert_eq!(
        (after.upright_size(), after.format()),
        (before.upright_size(), before.format())
    );
    if before.format() == Format::Jpeg {
        assert_eq!(after.orientation(), before.orientation());
        assert_only_known_segments(&redacted.bytes);
    }
    // With an early stop damage may have gone unnoticed; it is in what comes out.
    if redacted.report.read_to_end || is_whole(input.file) {
        assert_stays_as_it_is(&redacted, after, &input.options);
    }
    true
}

/// Outside of the regions every coefficient of a JPEG is the original's, inside nothing fine is left.
pub fn splice_identity(input: &Input) -> bool {
    if Format::of(input.file) != Ok(Format::Jpeg) {
        return false;
    }
    let Some(redacted) = redacted(input) else { return false };
    // Behind an early stop there may be damage, which everybody reads in another way.
    if !redacted.report.read_to_end && !is_whole(input.file) {
        return true;
    }
    let photo = Photo::open(input.file, &limits()).expect("it was opened before");
    identity::assert_identity(input, &redacted, photo.orientation());
    true
}

fn redacted(input: &Input) -> Option<Redacted> {
    let mut photo = Photo::open(input.file, &limits()).ok()?;
    if input.look_first {
        photo.previews_within(input.sides.clone()).ok()?;
    }
    match photo.redact(&input.regions, &input.options) {
        Err(error @ Error::Encoding(_)) => panic!("{error}"),
        redacted => redacted.ok(),
    }
}

fn is_whole(file: &[u8]) -> bool {
    Photo::open(file, &limits()).is_ok_and(|photo| photo.redact(&[], &Options::default()).is_ok())
}

fn assert_stays_as_it_is(redacted: &Redacted, after: Photo, options: &Options) {
    let format = after.format();
    // An early stop would only copy it.
    let options = &Options {
        stop_early: false,
        ..*options
    };
    let again = after
        .redact(&[] as &[Region], options)
        .expect("what comes out can be redacted again");
    assert_eq!(again.engine, Engine::Untouched);
    if format == Format::Jpeg {
        assert!(again.bytes == redacted.bytes, "redacted again, it is another file");
    }
    let cleaned = Options {
        keep_metadata: KeepMetadata::OnlyNeeded,
        ..*options
    };
    let reopened = Photo::open(&again.bytes, &limits());
    if let Ok(photo) = reopened {
        photo.redact(&[], &cleaned).expect("and with less metadata, too");
    }
}

/// Frame, tables, scans, and the metadata that may be kept; nothing behind the end.
fn assert_only_known_segments(file: &[u8]) {
    let (found, behind) = markers(file).expect("it is segments from SOI to EOI");
    assert!(behind.is_empty(), "something follows the end");
    for marker in found {
        let is_known = matches!(marker, 0xC0..=0xC2 | 0xC4 | 0xD9..=0xDB | 0xDD | 0xE0..=0xE2 | 0xEE);
        assert!(is_known, "a segment {marker:02X} came out");
    }
}
