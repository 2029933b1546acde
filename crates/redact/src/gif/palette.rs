//! Palettes of at most 256 colours.

use std::collections::{HashMap, HashSet};

/// A palette for one frame, and the index of each of its colours.
pub(super) struct Palette {
    pub colors: Vec<[u8; 3]>,
    indices: HashMap<[u8; 3], u8>,
    /// What a colour that has no place of its own is shown by: see [`bin`].
    nearest: HashMap<[u8; 3], u8>,
}

impl Palette {
    /// At most `most` of these colours, each given with how many pixels have it. Those in `own` come first; of the
    /// others the most frequent in each [`bin`].
    pub fn of(counts: &HashMap<[u8; 3], u32>, own: &HashSet<[u8; 3]>, most: usize) -> Self {
        let (own, others): (Vec<_>, Vec<_>) = counts.iter().partition(|(color, _)| own.contains(*color));
        let has_room = own.len() + others.len() <= most;
        let mut colors = most_frequent(own);
        let others = if has_room {
            most_frequent(others)
        } else {
            most_frequent_bins(others)
        };
        colors.extend(others);
        colors.truncate(most);
        let indices = colors.iter().zip(0..=u8::MAX).map(|(color, index)| (*color, index));
        Self {
            indices: indices.collect(),
            colors,
            nearest: HashMap::new(),
        }
    }

    /// The index that a pixel of this colour gets: its own, or that of a colour near to it.
    pub fn index(&mut self, color: [u8; 3]) -> u8 {
        if let Some(index) = self.indices.get(&color) {
            return *index;
        }
        let colors = &self.colors;
        *self.nearest.entry(bin(color)).or_insert_with(|| {
            let nearest = colors
                .iter()
                .zip(0..=u8::MAX)
                .min_by_key(|(other, _)| distance(color, **other));
            nearest.map_or(0, |(_, index)| index)
        })
    }
}

/// The colours of a palette, those that no pixel has turned black: they would be room to hide something in.
pub(super) fn only_used<'a>(colors: &[u8], indices: impl IntoIterator<Item = &'a u8>) -> Vec<u8> {
    let mut used = [false; 256];
    for index in indices {
        if let Some(used) = used.get_mut(usize::from(*index)) {
            *used = true;
        }
    }
    let mut colors = colors.to_vec();
    for (color, used) in colors.chunks_exact_mut(3).zip(used) {
        if !used {
            color.fill(0);
        }
    }
    colors
}

fn most_frequent(mut colors: Vec<(&[u8; 3], &u32)>) -> Vec<[u8; 3]> {
    // By colour where frequencies are equal: the same input gives the same file.
    colors.sort_unstable_by_key(|(color, count)| (std::cmp::Reverse(**count), **color));
    colors.into_iter().map(|(color, _)| *color).collect()
}

/// The most frequent colour of each bin, bins with the most pixels first.
fn most_frequent_bins(mut colors: Vec<(&[u8; 3], &u32)>) -> Vec<[u8; 3]> {
    colors.sort_unstable_by_key(|(color, count)| (std::cmp::Reverse(**count), **color));
    let mut bins: HashMap<[u8; 3], ([u8; 3], u32)> = HashMap::new();
    for (color, count) in colors {
        bins.entry(bin(*color)).or_insert((*color, 0)).1 += count;
    }
    let bins: HashMap<[u8; 3], u32> = bins.into_values().collect();
    most_frequent(bins.iter().collect())
}

/// Colours that differ only in their lowest three bits count as one where there is no room for all.
fn bin(color: [u8; 3]) -> [u8; 3] {
    color.map(|sample| sample >> 3)
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_colours_keep_their_place_and_others_share_the_rest() {
        let grey = |value: u8| [value; 3];
        let mut counts: HashMap<[u8; 3], u32> = (0..250).map(|value| (grey(value), 1)).collect();
        let own: HashSet<[u8; 3]> = counts.keys().copied().collect();
        counts.extend((0..=255).map(|red| ([red, 0, 7], 1_000)));
        let mut palette = Palette::of(&counts, &own, 255);
        assert_eq!(palette.colors.len(), 255);
        for color in own {
            let index = palette.index(color);
            assert_eq!(palette.colors[usize::from(index)], color);
        }
        let index = palette.index([200, 0, 7]);
        assert!(index >= 250 || distance(palette.colors[usize::from(index)], [200, 0, 7]) < 40_000);
    }

    #[test]
    fn colours_that_no_pixel_has_are_gone() {
        assert_eq!(
            only_used(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[2, 0, 2]),
            [1, 2, 3, 0, 0, 0, 7, 8, 9]
        );
    }
}
