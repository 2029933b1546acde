//! What the components of a JPEG mean, by the rules that decoders share (JFIF; Adobe TN 5116).

use super::header::Header;
use crate::pixels::Color;

/// The colour model of the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Gray,
    YCbCr,
    Rgb,
    /// Four inks.
    Cmyk(Color),
    /// Four inks, the first three as YCbCr.
    Ycck(Color),
}

impl Model {
    pub fn of(header: &Header) -> Self {
        let transform = header.adobe_transform();
        match header.frame.components.len() {
            1 => Self::Gray,
            4 => {
                let inks = Color::Cmyk {
                    inverted: header.adobe.is_some(),
                };
                if transform.is_some_and(|transform| transform != 0) {
                    Self::Ycck(inks)
                } else {
                    Self::Cmyk(inks)
                }
            }
            _ if header.jfif.is_some() => Self::YCbCr,
            _ => {
                let named_rgb = || header.frame.components.iter().map(|component| component.id).eq(*b"RGB");
                match transform {
                    Some(0) => Self::Rgb,
                    Some(_) => Self::YCbCr,
                    None if named_rgb() => Self::Rgb,
                    None => Self::YCbCr,
                }
            }
        }
    }

    /// Red, green and blue of these samples, all 0–255.
    pub fn to_rgb(self, samples: [f32; 4]) -> [f32; 3] {
        let [a, b, c, black] = samples;
        match self {
            Self::Gray => [a, a, a],
            Self::YCbCr => rgb_of_ycbcr([a, b, c]),
            Self::Rgb => [a, b, c],
            Self::Cmyk(inks) => inks.to_rgb(samples),
            Self::Ycck(inks) => {
                let [cyan, magenta, yellow] = rgb_of_ycbcr([a, b, c]).map(|sample| 255.0 - sample);
                inks.to_rgb([cyan, magenta, yellow, black])
            }
        }
    }

    /// The samples of a colour, 0–255.
    pub fn of_rgb(self, rgb: [u8; 3]) -> [f32; 4] {
        let with_fourth = |[a, b, c]: [f32; 3], fourth| [a, b, c, fourth];
        match self {
            Self::Gray => Color::Gray.of_rgb(rgb).map(f32::from),
            Self::YCbCr => with_fourth(ycbcr_of_rgb(rgb.map(f32::from)), 0.0),
            Self::Rgb => with_fourth(rgb.map(f32::from), 0.0),
            Self::Cmyk(inks) => inks.of_rgb(rgb).map(f32::from),
            Self::Ycck(inks) => {
                let [cyan, magenta, yellow, black] = inks.of_rgb(rgb).map(f32::from);
                with_fourth(ycbcr_of_rgb([cyan, magenta, yellow].map(|ink| 255.0 - ink)), black)
            }
        }
    }
}

/// JFIF 1.02, "Conversion to and from RGB".
fn rgb_of_ycbcr([y, cb, cr]: [f32; 3]) -> [f32; 3] {
    let (blue, red) = (cb - 128.0, cr - 128.0);
    let rgb = [
        y + 1.402 * red,
        y - 0.344_136 * blue - 0.714_136 * red,
        y + 1.772 * blue,
    ];
    rgb.map(|sample| sample.clamp(0.0, 255.0))
}

/// The same the other way.
fn ycbcr_of_rgb([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let y = 0.299 * red + 0.587 * green + 0.114 * blue;
    [y, 128.0 + (blue - y) / 1.772, 128.0 + (red - y) / 1.402]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_survives_the_way_through_every_model() {
        let inks = [true, false].map(|inverted| Color::Cmyk { inverted });
        let models = [Model::YCbCr, Model::Rgb].into_iter();
        let models = models.chain(inks.into_iter().flat_map(|inks| [Model::Cmyk(inks), Model::Ycck(inks)]));
        for model in models {
            for rgb in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [12, 200, 90]] {
                let back = model.to_rgb(model.of_rgb(rgb));
                let near = back.iter().zip(rgb).all(|(a, b)| (a - f32::from(b)).abs() < 1.0);
                assert!(near, "{model:?}: {rgb:?} became {back:?}");
            }
        }
    }
}
