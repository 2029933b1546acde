//! Turns the model's maps into boxes.

use crate::Error;

/// What the model says about one window: maps of `rows × columns` cells of 4×4 pixels.
pub(crate) struct Maps {
    pub columns: usize,
    pub rows: usize,
    /// How surely a face has its centre in this cell, 0–1.
    pub heatmap: Vec<f32>,
    /// Natural logarithms of the height (first plane) and the width (second), in cells.
    pub scale: Vec<f32>,
    /// Where in the cell the centre is: down (first plane) and to the right (second), in cells.
    pub offset: Vec<f32>,
}

/// A box in pixels of the model's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
    pub confidence: f32,
}

/// Pixels per cell.
const CELL: f32 = 4.0;

impl Maps {
    /// The boxes whose confidence is at least `threshold`. Neighbouring cells find the same face: see [`crate::union`].
    ///
    /// # Errors
    /// [`Error::Inference`] if a value is missing or is no usable number. It is not known then whether there is a
    /// face, which must never read as "no faces".
    pub(crate) fn faces(&self, threshold: f32) -> Result<Vec<Found>, Error> {
        let cells = self.rows * self.columns;
        if self.heatmap.len() != cells || !self.heatmap.iter().all(|value| value.is_finite()) {
            return Err(Error::inference("the heatmap is not made of numbers"));
        }
        let (heights, widths) = planes(&self.scale, cells)?;
        let (downs, rights) = planes(&self.offset, cells)?;
        let sizes = heights.iter().zip(widths);
        let offsets = downs.iter().zip(rights);
        let positions = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| (row, column)));
        positions
            .zip(&self.heatmap)
            .zip(sizes.zip(offsets))
            .filter(|((_, confidence), _)| **confidence >= threshold)
            .map(|(((row, column), &confidence), ((height, width), (down, right)))| {
                let (width, height) = (width.exp() * CELL, height.exp() * CELL);
                let centre_x = (column as f32 + right + 0.5) * CELL;
                let centre_y = (row as f32 + down + 0.5) * CELL;
                Found {
                    left: centre_x - width / 2.0,
                    top: centre_y - height / 2.0,
                    width,
                    height,
                    confidence,
                }
                .checked()
            })
            .collect()
    }
}

impl Found {
    /// This box, if it lies somewhere and has a size.
    fn checked(self) -> Result<Self, Error> {
        let lies_somewhere = self.left.is_finite() && self.top.is_finite();
        // "Normal" is neither zero nor infinite nor NaN.
        if lies_somewhere && self.width.is_normal() && self.height.is_normal() {
            Ok(self)
        } else {
            Err(Error::inference("a face has a box without a place or a size"))
        }
    }
}

/// Both planes of a map.
fn planes(map: &[f32], cells: usize) -> Result<(&[f32], &[f32]), Error> {
    let both = map.split_at_checked(cells).filter(|(_, second)| second.len() == cells);
    both.ok_or_else(|| Error::inference("a map is incomplete"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Two rows of three cells; a face of 3×2 cells (width × height) in the last.
    fn maps() -> Maps {
        let mut maps = Maps {
            columns: 3,
            rows: 2,
            heatmap: vec![0.1; 6],
            scale: vec![0.0; 12],
            offset: vec![0.0; 12],
        };
        maps.heatmap.splice(5.., [0.9]);
        maps.scale.splice(5..6, [2_f32.ln()]);
        maps.scale.splice(11.., [3_f32.ln()]);
        maps.offset.splice(5..6, [0.25]);
        maps.offset.splice(11.., [-0.25]);
        maps
    }

    #[test]
    fn a_cell_above_the_threshold_becomes_a_box_around_its_centre() {
        let found = maps().faces(0.5).unwrap();
        let [face] = found.as_slice() else { panic!("{found:?}") };
        // Centre: column 2 + 0.5 − 0.25 = 2.25 cells = 9 pixels; row 1 + 0.5 + 0.25 = 1.75 cells = 7 pixels.
        assert!(
            (face.left - 3.0).abs() < 1e-4 && (face.width - 12.0).abs() < 1e-4,
            "{face:?}"
        );
        assert!(
            (face.top - 3.0).abs() < 1e-4 && (face.height - 8.0).abs() < 1e-4,
            "{face:?}"
        );
    }

    fn assert_no_answer(broken: &Maps, threshold: f32) {
        let answer = broken.faces(threshold);
        assert!(matches!(answer, Err(Error::Inference { .. })), "{answer:?}");
    }

    #[test]
    fn a_heatmap_with_a_value_that_is_not_a_number_is_an_error_and_not_no_faces() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut broken = maps();
            broken.heatmap.splice(2..3, [value]);
            assert_no_answer(&broken, 0.5);
            assert_no_answer(&broken, 2.0);
        }
    }

    #[test]
    fn a_face_whose_box_has_no_usable_size_or_place_is_an_error_and_not_no_faces() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1000.0, -1000.0] {
            for cell in [5, 11] {
                let mut broken = maps();
                broken.scale.splice(cell..=cell, [value]);
                assert_no_answer(&broken, 0.5);
            }
        }
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for cell in [5, 11] {
                let mut broken = maps();
                broken.offset.splice(cell..=cell, [value]);
                assert_no_answer(&broken, 0.5);
            }
        }
    }

    #[test]
    fn the_size_of_what_is_no_face_does_not_matter() {
        let mut odd = maps();
        odd.scale.splice(0..1, [f32::INFINITY]);
        assert_eq!(odd.faces(0.5).unwrap(), maps().faces(0.5).unwrap());
    }

    #[test]
    fn maps_that_are_too_short_are_an_error_and_not_no_faces() {
        for cut in [
            |maps: &mut Maps| maps.heatmap.truncate(5),
            |maps: &mut Maps| maps.scale.truncate(11),
            |maps: &mut Maps| maps.offset.truncate(3),
        ] {
            let mut short = maps();
            cut(&mut short);
            assert_no_answer(&short, 0.5);
        }
    }
}
