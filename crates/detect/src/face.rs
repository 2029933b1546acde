//! A face, and how several findings of one face become one.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How far a head reaches beyond the box of its face on each side, as a part of the box's width and height: ears, hair,
/// chin. Whoever hides a face should hide this much more; see the crate's README for what less of it leaves behind.
pub const HEAD_MARGIN: f32 = 0.2;

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

    /// This face with a box that covers the other box, too.
    fn covering(&self, other: &Self) -> Self {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let right = (self.left + self.width).max(other.left + other.width);
        let bottom = (self.top + self.height).max(other.top + other.height);
        Self {
            left,
            top,
            width: right - left,
            height: bottom - top,
            ..*self
        }
    }
}

/// Joins findings of the same face. Give it the faces of several passes, or of several detectors.
///
/// Boxes that overlap the surest one by more than 0.3 (intersection over union) become one with it. So does a box of
/// which 80 % lie inside a larger one, however sure: it is a part of that face (an eye, a half at the edge of a tile).
/// The box that stays covers all that it stands for, so whoever hides it hides every one of them.
///
/// The answer is sorted by confidence, highest first, and is the same in whatever order the faces come.
pub fn union(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(surest_first);
    let mut joined: Vec<(Face, Face)> = Vec::new();
    for face in faces {
        // Compared with the surest box alone, not with what it grew to: else neighbours would join in a chain.
        match joined.iter_mut().find(|(surest, _)| surest.iou(&face) > SAME_FACE) {
            Some((_, all)) => *all = all.covering(&face),
            None => joined.push((face, face)),
        }
    }
    let mut whole: Vec<Face> = joined.into_iter().map(|(_, all)| all).collect();
    whole.sort_by(|a, b| b.area().total_cmp(&a.area()));
    let mut outermost: Vec<Face> = Vec::new();
    for face in whole {
        match outermost.iter_mut().find(|larger| face.is_inside(larger)) {
            Some(larger) => *larger = larger.covering(&face),
            None => outermost.push(face),
        }
    }
    outermost.sort_by(surest_first);
    outermost
}

fn surest_first(a: &Face, b: &Face) -> Ordering {
    b.confidence
        .total_cmp(&a.confidence)
        .then(b.area().total_cmp(&a.area()))
        .then(a.top.total_cmp(&b.top))
        .then(a.left.total_cmp(&b.left))
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
    fn two_findings_of_one_face_become_one_that_covers_both_and_is_as_sure_as_the_surer() {
        let (weak, sure) = (face(0.1, 0.1, 0.2, 0.5), face(0.12, 0.1, 0.2, 0.9));
        let both = union(vec![weak, sure]);
        assert_eq!(both, union(vec![sure, weak]));
        assert_eq!(both.len(), 1);
        assert_eq!((both[0].left, both[0].top, both[0].confidence), (0.1, 0.1, 0.9));
        assert!((both[0].width - 0.22).abs() < 1e-6 && (both[0].height - 0.2).abs() < 1e-6);
    }

    #[test]
    fn neighbours_that_touch_or_overlap_a_little_both_stay() {
        let (left, right) = (face(0.1, 0.1, 0.2, 0.9), face(0.28, 0.1, 0.2, 0.8));
        assert_eq!(union(vec![right, left]), [left, right]);
    }

    #[test]
    fn a_part_of_a_face_joins_the_whole_even_if_it_is_surer() {
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
