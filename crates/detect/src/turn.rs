//! Looks at a window by quarter turns, for faces that are not upright in it.

use crate::decode::Found;

/// How far the window is turned, clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Quarter,
    Half,
    ThreeQuarters,
}

/// Planes of floats, as the model takes them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planes {
    pub width: u32,
    pub height: u32,
    /// Red, green and blue, one after another; each is `height` rows of `width` values.
    pub values: Vec<f32>,
}

impl Turn {
    pub(crate) const ALL: [Self; 3] = [Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// The planes turned. The padding is turned with them, which the model does not mind.
    pub(crate) fn of(self, planes: &Planes) -> Planes {
        match self {
            Self::Quarter => quarter(planes),
            Self::Half => half(planes.clone()),
            Self::ThreeQuarters => half(quarter(planes)),
        }
    }

    /// Where a box that was found in the turned planes lies in the planes as they were, `width × height` pixels.
    pub(crate) fn back(self, found: &Found, width: u32, height: u32) -> Found {
        let (width, height) = (width as f32, height as f32);
        let (right, bottom) = (found.left + found.width, found.top + found.height);
        let (left, top) = match self {
            Self::Quarter => (found.top, height - right),
            Self::Half => (width - right, height - bottom),
            Self::ThreeQuarters => (width - bottom, found.left),
        };
        let (width, height) = match self {
            Self::Half => (found.width, found.height),
            Self::Quarter | Self::ThreeQuarters => (found.height, found.width),
        };
        Found {
            left,
            top,
            width,
            height,
            confidence: found.confidence,
        }
    }
}

/// Columns become rows: each from the bottom to the top, the leftmost first.
fn quarter(planes: &Planes) -> Planes {
    let (width, height) = (planes.width as usize, planes.height as usize);
    let mut values = Vec::with_capacity(planes.values.len());
    for plane in planes.values.chunks_exact((width * height).max(1)) {
        for column in 0..width {
            values.extend(plane.iter().skip(column).step_by(width).rev());
        }
    }
    Planes {
        width: planes.height,
        height: planes.width,
        values,
    }
}

/// The last pixel of each plane becomes the first.
fn half(mut planes: Planes) -> Planes {
    let area = planes.width as usize * planes.height as usize;
    for plane in planes.values.chunks_exact_mut(area.max(1)) {
        plane.reverse();
    }
    planes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Three planes of 5×4 (width × height), alike but for a mark of 2×1 at column 1, row 2: 1, 2, 3 by plane.
    fn marked() -> Planes {
        let mut values = vec![0.0; 60];
        for plane in 0..3_u8 {
            let start = usize::from(plane) * 20 + 2 * 5 + 1;
            values[start..start + 2].fill(f32::from(plane) + 1.0);
        }
        Planes {
            width: 5,
            height: 4,
            values,
        }
    }

    /// The box around the mark, and that it is filled with the same value in each plane.
    fn mark(planes: &Planes) -> Found {
        let (width, area) = (planes.width as usize, (planes.width * planes.height) as usize);
        let places: Vec<_> = (0..area).filter(|&i| planes.values[i] > 0.0).collect();
        for (plane, value) in [1.0, 2.0, 3.0].into_iter().enumerate() {
            let values = &planes.values[plane * area..(plane + 1) * area];
            assert!((0..area).all(|i| values[i] == if places.contains(&i) { value } else { 0.0 }));
        }
        let (first, last) = (places[0], *places.last().unwrap());
        Found {
            left: (first % width) as f32,
            top: (first / width) as f32,
            width: (last % width - first % width + 1) as f32,
            height: (last / width - first / width + 1) as f32,
            confidence: 0.7,
        }
    }

    #[test]
    fn what_is_found_in_turned_planes_is_mapped_back_to_where_it_was() {
        for turn in Turn::ALL {
            let turned = turn.of(&marked());
            assert_ne!(turned, marked());
            assert_eq!(turn.back(&mark(&turned), 5, 4), mark(&marked()), "{turn:?}");
        }
    }

    #[test]
    fn a_quarter_turn_brings_the_top_to_the_right() {
        let planes = Planes {
            width: 2,
            height: 1,
            values: vec![1., 2., 3., 4., 5., 6.],
        };
        assert_eq!(Turn::Quarter.of(&planes).values, [1., 2., 3., 4., 5., 6.]);
        assert_eq!(Turn::ThreeQuarters.of(&planes).values, [2., 1., 4., 3., 6., 5.]);
        let upright = Turn::Quarter.of(&planes);
        assert_eq!((upright.width, upright.height), (1, 2));
        assert_eq!(Turn::Quarter.of(&upright).values, [2., 1., 4., 3., 6., 5.]);
    }
}
