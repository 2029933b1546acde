//! A face, and how several findings of one face become one.

use serde::{Deserialize, Serialize};

/// Two boxes that share more than this part of their union are one face.
const SAME_FACE: f32 = 0.3;

/// A box of whose area more than this part lies inside a larger box is a part of that face.
const INSIDE: f32 = 0.8;

/// One face: its box in ratios (0–1) of the upright image's width and height, and how sure the model is (0–1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Left edge, as a part of the image's width.
    pub left: f32,
    /// Top edge, as a part of the image's height.
    pub top: f32,
    /// Width of the box, as a part of the image's width.
    pub width: f32,
    /// Height of the box, as a part of the image's height.
    pub height: f32,
    /// How sure the model is that this is a face, 0–1.
    pub confidence: f32,
}

impl Face {
    /// The middle of the box, in ratios of the image: across, down.
    pub(crate) fn centre(&self) -> (f32, f32) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }

    fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Area that both boxes cover.
    fn overlap(&self, other: &Self) -> f32 {
        let width = (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let height = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    /// Intersection over union, 0–1.
    fn iou(&self, other: &Self) -> f32 {
        let overlap = self.overlap(other);
        let either = self.area() + other.area() - overlap;
        if either > 0.0 { overlap / either } else { 0.0 }
    }

    fn is_inside(&self, other: &Self) -> bool {
        self.area() < other.area() && self.overlap(other) > INSIDE * self.area()
    }
}

/// Joins findings of the same face. Give it the faces of several passes, or of several detectors.
///
/// Of boxes that overlap by more than 0.3 (intersection over union) the surest stays. A box of which 80 % lie inside a
/// larger one goes too, however sure: it is a part of that face (an eye, a half at the edge of a tile), and whoever
/// hides the larger box hides it as well.
///
/// The answer is sorted by confidence, highest first, and is the same in whatever order the faces come.
pub fn union(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then(b.area().total_cmp(&a.area()))
            .then(a.top.total_cmp(&b.top))
            .then(a.left.total_cmp(&b.left))
    });
    let mut surest: Vec<Face> = Vec::new();
    for face in faces {
        if !surest.iter().any(|better| better.iou(&face) > SAME_FACE) {
            surest.push(face);
        }
    }
    let outermost = |face: &&Face| !surest.iter().any(|other| face.is_inside(other));
    surest.iter().filter(outermost).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f32, top: f32, size: f32, confidence: f32) -> Face {
        Face {
            left,
            top,
            width: size,
            height: size,
            confidence,
        }
    }

    #[test]
    fn of_two_findings_of_one_face_the_surer_stays() {
        let (weak, sure) = (face(0.1, 0.1, 0.2, 0.5), face(0.12, 0.1, 0.2, 0.9));
        assert_eq!(union(vec![weak, sure]), [sure]);
        assert_eq!(union(vec![sure, weak]), [sure]);
    }

    #[test]
    fn neighbours_that_touch_or_overlap_a_little_both_stay() {
        let (left, right) = (face(0.1, 0.1, 0.2, 0.9), face(0.28, 0.1, 0.2, 0.8));
        assert_eq!(union(vec![right, left]), [left, right]);
    }

    #[test]
    fn a_part_of_a_face_goes_even_if_it_is_surer_than_the_whole() {
        let (whole, part) = (face(0.1, 0.1, 0.6, 0.5), face(0.2, 0.2, 0.1, 0.9));
        assert_eq!(union(vec![part, whole]), [whole]);
    }

    #[test]
    fn no_faces_and_empty_boxes_are_no_problem() {
        assert_eq!(union(Vec::new()), []);
        let nothing = face(0.5, 0.5, 0.0, 0.9);
        assert_eq!(union(vec![nothing, nothing]).len(), 2);
    }
}
