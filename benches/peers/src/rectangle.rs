//! A rectangle of pixels.

use std::{error::Error, str::FromStr};

/// A rectangle of pixels that lies within its photo.
#[derive(Debug, Clone, Copy)]
pub struct Rectangle {
    /// The first column.
    pub x: usize,
    /// The first row.
    pub y: usize,
    /// The number of columns.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
}

impl Rectangle {
    /// The same place in a plane of half the width and half the height, the chroma of 4:2:0.
    pub fn halved(self) -> Self {
        let (right, bottom) = (self.x + self.width, self.y + self.height);
        let (x, y) = (self.x / 2, self.y / 2);
        Self {
            x,
            y,
            width: right.div_ceil(2) - x,
            height: bottom.div_ceil(2) - y,
        }
    }
}

impl FromStr for Rectangle {
    type Err = Box<dyn Error>;

    /// Reads `X,Y,WIDTH,HEIGHT`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Vec<usize> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let [x, y, width, height] = numbers[..] else {
            return Err(format!("not X,Y,WIDTH,HEIGHT: {text}").into());
        };
        Ok(Self { x, y, width, height })
    }
}
