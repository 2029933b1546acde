//! Which MCUs of a JPEG must be hidden, which may be, and whether they are. Computed in another way than by the crate.

use gatehouse_redact::{Engine, Orientation, Redacted, Region, Shape};
use libjpeg_turbo_rs::{ComponentCoefficients, Decoder, JpegCoefficients, read_coefficients};

use super::Input;
use super::markers::markers;

/// Coefficients of a hidden block that may be other than zero, in zigzag order.
const KEPT: usize = 6;

/// The tolerance in pixels at the edge of a region: ratios are not exact.
const EDGE: f64 = 0.01;

/// Compares the quantised coefficients of what came in and what came out.
pub fn assert_identity(input: &Input, redacted: &Redacted, orientation: Orientation) {
    assert!(matches!(
        redacted.engine,
        Engine::Splice | Engine::Coefficients | Engine::Untouched
    ));
    // Read by somebody else, who does not know sequential files of several scans.
    let before = read_coefficients(input.file);
    let after = match read_coefficients(&redacted.bytes) {
        Err(_) if before.is_err() => return,
        after => after.expect("what comes out can be decoded"),
    };
    let mcus = Mcus::of(&after);
    let regions: Vec<Placed> = input
        .regions
        .iter()
        .map(|region| Placed::of(*region, orientation, after.width, after.height))
        .collect();
    match before {
        Ok(before) => assert_same_coefficients(input, &mcus, &regions, &before, &after),
        Err(_) => assert_same_pixels(input.file, &redacted.bytes, &mcus, &regions),
    }
    for component in &after.components {
        let must_hide = |mcu: &(usize, usize)| mcus.must_hide(*mcu, &regions, input.options.shape);
        for (row, column) in mcus.all().filter(must_hide) {
            let is_hidden = mcus
                .blocks(component, row, column)
                .all(|block| is_coarse(at(component, block)));
            assert!(is_hidden, "MCU {column}, {row}: detail is left");
        }
    }
}

/// Every MCU that no region touches is the same; one at the edge of a region is, or is hidden.
fn assert_same_coefficients(
    input: &Input,
    mcus: &Mcus,
    regions: &[Placed],
    before: &JpegCoefficients,
    after: &JpegCoefficients,
) {
    assert_eq!((before.width, before.height), (after.width, after.height));
    assert_eq!(before.components.len(), after.components.len());
    // What is read are the tables that stand last, not those in force.
    let same_tables = !has_late_tables(input.file);
    for (index, (old, new)) in before.components.iter().zip(&after.components).enumerate() {
        assert_eq!((old.h_sampling, old.v_sampling), (new.h_sampling, new.v_sampling));
        let table = |of: &JpegCoefficients, component: &ComponentCoefficients| {
            of.quant_tables.get(usize::from(component.quant_table_index)).copied()
        };
        assert!(
            !same_tables || table(before, old) == table(after, new),
            "the quantisation of component {index} changed"
        );
        for (row, column) in mcus.all() {
            let mut of_picture = mcus.blocks(old, row, column).filter(|block| mcus.shows(old, *block));
            if of_picture.all(|block| at(old, block) == at(new, block)) {
                continue;
            }
            let may = regions.iter().any(|region| region.is_near(mcus.pixels(row, column)));
            let mut blocks = mcus.blocks(new, row, column);
            let is_hidden = may && blocks.all(|block| is_coarse(at(new, block)));
            assert!(is_hidden, "component {index}, MCU {column}, {row} changed");
        }
    }
}

/// What is seen is the same where no MCU nearby can be hidden.
fn assert_same_pixels(before: &[u8], after: &[u8], mcus: &Mcus, regions: &[Placed]) {
    let decode = |file| Decoder::new(file).and_then(|decoder| decoder.with_block_smoothing(false).decode_image());
    let (Ok(before), Ok(after)) = (decode(before), decode(after)) else {
        return;
    };
    assert_eq!((before.width, before.height), (after.width, after.height));
    // Chroma is smoothed across MCUs.
    let reach = [mcus.most.0, mcus.most.1].map(|factor| (8 * factor + 4) as f64);
    let channels = before.data.len() / before.height / before.width;
    for (place, (old, new)) in before
        .data
        .chunks(channels)
        .zip(after.data.chunks(channels))
        .enumerate()
    {
        let (x, y) = ((place % before.width) as f64, (place / before.width) as f64);
        let around = [x - reach[0], y - reach[1], x + 1.0 + reach[0], y + 1.0 + reach[1]];
        let may = regions.iter().any(|region| region.is_near(around));
        assert!(may || old == new, "pixel {x}, {y} changed");
    }
}

/// Whether nothing fine is in a block.
fn is_coarse(block: &[i16; 64]) -> bool {
    block[KEPT..].iter().all(|value| *value == 0)
}

/// Whether quantisation tables stand behind the first scan header.
fn has_late_tables(file: &[u8]) -> bool {
    markers(file).is_none_or(|(found, _)| {
        found
            .iter()
            .skip_while(|marker| **marker != 0xDA)
            .any(|marker| *marker == 0xDB)
    })
}

fn at(component: &ComponentCoefficients, (x, y): (usize, usize)) -> &[i16; 64] {
    &component.blocks[y * component.blocks_x + x]
}

/// How the MCUs lie in a scan of all components (ITU-T T.81 section A.2).
struct Mcus {
    width: usize,
    height: usize,
    /// Largest sampling factors; 1 for a component alone.
    most: (usize, usize),
    across: usize,
    down: usize,
    is_alone: bool,
}

impl Mcus {
    fn of(picture: &JpegCoefficients) -> Self {
        let (width, height) = (usize::from(picture.width), usize::from(picture.height));
        let is_alone = picture.components.len() == 1;
        let most = |factor: fn(&ComponentCoefficients) -> u8| {
            let factors = picture
                .components
                .iter()
                .map(|component| usize::from(factor(component)));
            factors.max().filter(|_| !is_alone).unwrap_or(1)
        };
        let most = (
            most(|component| component.h_sampling),
            most(|component| component.v_sampling),
        );
        let (across, down) = (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1));
        Self {
            width,
            height,
            most,
            across,
            down,
            is_alone,
        }
    }

    fn factors(&self, component: &ComponentCoefficients) -> (usize, usize) {
        match self.is_alone {
            true => (1, 1),
            false => (usize::from(component.h_sampling), usize::from(component.v_sampling)),
        }
    }

    /// Row and column of each MCU.
    fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let across = self.across;
        (0..self.down).flat_map(move |row| (0..across).map(move |column| (row, column)))
    }

    fn must_hide(&self, (row, column): (usize, usize), regions: &[Placed], shape: Shape) -> bool {
        let pixels = self.pixels(row, column);
        regions.iter().any(|region| region.touches(pixels, shape))
    }

    /// Left, top, right and bottom of an MCU within the picture.
    fn pixels(&self, row: usize, column: usize) -> [f64; 4] {
        let (width, height) = (8 * self.most.0, 8 * self.most.1);
        let right = ((column + 1) * width).min(self.width);
        let bottom = ((row + 1) * height).min(self.height);
        [column * width, row * height, right, bottom].map(|side| side as f64)
    }

    /// Column and row of each block of a component in an MCU.
    fn blocks(
        &self,
        component: &ComponentCoefficients,
        row: usize,
        column: usize,
    ) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (h, v) = self.factors(component);
        (row * v..(row + 1) * v).flat_map(move |y| (column * h..(column + 1) * h).map(move |x| (x, y)))
    }

    /// Whether a block shows anything of the picture.
    fn shows(&self, component: &ComponentCoefficients, (x, y): (usize, usize)) -> bool {
        let (h, v) = self.factors(component);
        x * 8 < (self.width * h).div_ceil(self.most.0) && y * 8 < (self.height * v).div_ceil(self.most.1)
    }
}

/// A region among the stored pixels: left, top, right, bottom.
struct Placed([f64; 4]);

impl Placed {
    fn of(region: Region, orientation: Orientation, width: u16, height: u16) -> Self {
        let ratios = [region.left, region.top, region.width, region.height].map(f64::from);
        let [left, top, width_ratio, height_ratio] = match ratios.iter().all(|ratio| ratio.is_finite()) {
            true => ratios,
            false => [0.0, 0.0, 1.0, 1.0],
        };
        let corner = |u: f64, v: f64| {
            let (u, v) = stored(orientation, u, v);
            (u * f64::from(width), v * f64::from(height))
        };
        let (one, other) = (corner(left, top), corner(left + width_ratio, top + height_ratio));
        Self([
            one.0.min(other.0),
            one.1.min(other.1),
            one.0.max(other.0),
            one.1.max(other.1),
        ])
    }

    /// Whether it touches these pixels, beyond doubt.
    fn touches(&self, pixels: [f64; 4], shape: Shape) -> bool {
        let [left, top, right, bottom] = self.0;
        let (centre_x, centre_y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        let (radius_x, radius_y) = (
            ((right - left) / 2.0 - EDGE).max(EDGE / 2.0),
            ((bottom - top) / 2.0 - EDGE).max(EDGE / 2.0),
        );
        // The distance of the nearest point of the pixels, in radii.
        let distance = |centre: f64, from: f64, to: f64, radius: f64| {
            let (from, to) = (from + EDGE, to - EDGE);
            (centre.clamp(from, to) - centre).abs() / radius
        };
        let x = distance(centre_x, pixels[0], pixels[2], radius_x);
        let y = distance(centre_y, pixels[1], pixels[3], radius_y);
        match shape {
            Shape::Ellipse => x * x + y * y < 1.0,
            _ => x < 1.0 && y < 1.0,
        }
    }

    /// Whether it is less than a pixel away from these.
    fn is_near(&self, pixels: [f64; 4]) -> bool {
        let [left, top, right, bottom] = self.0;
        let margin = 1.0 + EDGE;
        left < pixels[2] + margin
            && right > pixels[0] - margin
            && top < pixels[3] + margin
            && bottom > pixels[1] - margin
    }
}

/// Where a point of the upright picture is stored, in ratios (EXIF 2.32 section 4.6.4, tag 0x0112).
fn stored(orientation: Orientation, u: f64, v: f64) -> (f64, f64) {
    match orientation.exif() {
        2 => (1.0 - u, v),
        3 => (1.0 - u, 1.0 - v),
        4 => (u, 1.0 - v),
        5 => (v, u),
        6 => (v, 1.0 - u),
        7 => (1.0 - v, 1.0 - u),
        8 => (1.0 - v, u),
        _ => (u, v),
    }
}
