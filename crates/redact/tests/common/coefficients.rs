//! What a JPEG's quantised coefficients are, read by another decoder than the one under test, and what may change.

use gatehouse_redact::Region;
use libjpeg_turbo_rs::{ComponentCoefficients, JpegCoefficients, read_coefficients};

/// Where the coefficients of two files may differ: the MCUs that regions (of an upright picture) touch.
pub struct Hidden {
    mcu: (usize, usize),
    pixels: Vec<[usize; 4]>,
}

impl Hidden {
    pub fn by(regions: &[Region], file: &JpegCoefficients) -> Self {
        let (width, height) = (f64::from(file.width), f64::from(file.height));
        let touched = |from: f64, length: f64, whole: f64| {
            let (from, to) = (from * whole, (from + length) * whole);
            let first = from.floor().clamp(0.0, whole - 1.0) as usize;
            (first, (to.ceil().clamp(0.0, whole) as usize).max(first + 1))
        };
        let pixels = regions.iter().map(|region| {
            let (left, right) = touched(region.left.into(), region.width.into(), width);
            let (top, bottom) = touched(region.top.into(), region.height.into(), height);
            [left, top, right, bottom]
        });
        let most = |factor: fn(&ComponentCoefficients) -> u8| {
            let factors = file.components.iter().map(factor);
            if file.components.len() == 1 {
                8
            } else {
                8 * usize::from(factors.max().unwrap())
            }
        };
        Self {
            mcu: (
                most(|component| component.h_sampling),
                most(|component| component.v_sampling),
            ),
            pixels: pixels.collect(),
        }
    }

    /// Whether a block of a component lies in an MCU that a region touches.
    pub fn contains(&self, file: &JpegCoefficients, component: &ComponentCoefficients, x: usize, y: usize) -> bool {
        let (h, v) = match file.components.len() {
            1 => (1, 1),
            _ => (usize::from(component.h_sampling), usize::from(component.v_sampling)),
        };
        let (left, top) = (x / h * self.mcu.0, y / v * self.mcu.1);
        let overlaps =
            |[l, t, r, b]: &[usize; 4]| left < *r && *l < left + self.mcu.0 && top < *b && *t < top + self.mcu.1;
        self.pixels.iter().any(overlaps)
    }
}

/// Outside of the hidden MCUs each coefficient must be the same; inside, only the lowest six may be there. Gives how
/// many blocks are outside.
pub fn assert_only_hidden_changed(before: &[u8], after: &[u8], regions: &[Region], what: &str) -> usize {
    let (before, after) = (read_coefficients(before).unwrap(), read_coefficients(after).unwrap());
    assert_eq!((before.width, before.height), (after.width, after.height), "{what}");
    assert_eq!(before.components.len(), after.components.len(), "{what}");
    let hidden = Hidden::by(regions, &before);
    let mut outside = 0;
    for (a, b) in before.components.iter().zip(&after.components) {
        assert_eq!(
            (a.h_sampling, a.v_sampling, a.component_id),
            (b.h_sampling, b.v_sampling, b.component_id)
        );
        let table = |file: &JpegCoefficients, part: &ComponentCoefficients| {
            file.quant_tables[usize::from(part.quant_table_index)]
        };
        assert_eq!(table(&before, a), table(&after, b), "{what}: quantisation tables");
        // A component alone has no blocks but those of the picture.
        let alone = before.components.len() == 1;
        let across = if alone {
            usize::from(before.width).div_ceil(8)
        } else {
            a.blocks_x
        };
        let down = if alone {
            usize::from(before.height).div_ceil(8)
        } else {
            a.blocks_y
        };
        for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
            let (old, new) = (&a.blocks[y * a.blocks_x + x], &b.blocks[y * b.blocks_x + x]);
            if hidden.contains(&before, a, x, y) {
                assert!(
                    new[6..].iter().all(|coefficient| *coefficient == 0),
                    "{what}: detail in block ({x}, {y})"
                );
            } else {
                assert_eq!(new, old, "{what}: block ({x}, {y})");
                outside += 1;
            }
        }
    }
    outside
}
