//! Turns the model's maps into boxes.

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
    pub(crate) fn faces(&self, threshold: f32) -> Vec<Found> {
        let cells = self.rows * self.columns;
        let (heights, widths) = self.scale.split_at_checked(cells).unwrap_or_default();
        let (downs, rights) = self.offset.split_at_checked(cells).unwrap_or_default();
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
            })
            .filter(|found| found.left.is_finite() && found.top.is_finite())
            .collect()
    }
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
        let found = maps().faces(0.5);
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

    #[test]
    fn values_that_are_not_numbers_give_no_box() {
        let mut broken = maps();
        broken.scale.fill(f32::NAN);
        assert!(broken.faces(0.5).is_empty());
        broken.heatmap.fill(f32::NAN);
        assert!(broken.faces(0.0).is_empty());
    }
}
