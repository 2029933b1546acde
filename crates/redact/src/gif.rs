//! GIF (87a and 89a), animated or not: its blocks read strictly, and written anew.
//!
//! Kept are the frames with their times, and how often they are shown. Comments and application extensions go, and so
//! do palette entries that no pixel has.

mod blocks;
mod lzw;
mod palette;
mod write;

use std::collections::HashSet;

use blocks::{Image, Screen};

use crate::animation::{Blend, Canvas, Placement, without_idle_alpha};
use crate::pixels::{Color, Pixels};
use crate::{Error, Limits};

/// A GIF whose blocks are known to be whole and within the limits.
#[derive(Debug)]
pub(crate) struct Gif<'a> {
    screen: Screen<'a>,
    images: Vec<Image<'a>>,
    /// How often the animation is repeated; 0 is for ever, nothing is once.
    loops: Option<u16>,
    /// Size of all blocks that do not serve the picture, and of what follows the trailer.
    other_bytes: u64,
}

impl<'a> Gif<'a> {
    /// # Errors
    /// What is beyond the limits or visibly broken. The compressed data is not looked at.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let (screen, images) = blocks::read_screen(file)?;
        // Red, green, blue, alpha; three previews; the file that is written.
        limits.check_picture(screen.width, screen.height, 4 + 9 + 2)?;
        let gif = blocks::read_images(file.len(), screen, images, limits)?;
        limits.check_frames(gif.images.len() as u32, gif.screen.width, gif.screen.height, 4 + 9 + 2)?;
        Ok(gif)
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.screen.width, self.screen.height)
    }

    /// Each frame as it looks on the canvas. The background colour counts as transparent, as in all browsers.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Vec<Pixels>, Error> {
        let mut canvas = Canvas::new(self.screen.width, self.screen.height, Color::Rgba, false);
        let mut frames = Vec::with_capacity(self.images.len());
        for image in &self.images {
            let placement = Placement {
                rect: image.rect,
                blend: Blend::Over,
                disposal: image.disposal,
            };
            frames.push(canvas.show(self.colored(image)?, placement)?);
        }
        Ok(without_idle_alpha(frames))
    }

    /// The file with the same frames, compressed anew; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::CorruptImage`], which [`Self::decode`] would have given before.
    pub fn recompress(&self) -> Result<(Vec<u8>, u64), Error> {
        let mut indices = Vec::with_capacity(self.images.len());
        for image in &self.images {
            indices.push(image.indices()?);
        }
        let of_screen = self.images.iter().zip(&indices);
        let global = of_screen
            .filter(|(image, _)| image.palette.is_none())
            .flat_map(|(_, indices)| indices);
        let global = palette::only_used(self.screen.palette, global);
        let mut out = write::start(self.size(), &global, self.loops);
        for (image, indices) in self.images.iter().zip(&indices) {
            let local = image.palette.map(|colors| palette::only_used(colors, indices));
            write::image(&mut out, image, local.as_deref().unwrap_or_default(), indices);
        }
        out.push(blocks::TRAILER);
        Ok((out, self.other_bytes))
    }

    /// The file with other pixels, in whole frames; and how many bytes of metadata were left out.
    ///
    /// Colours of the file's own palettes stay as they are, as long as one frame does not bring more of them than it
    /// can hold. Others, which hiding has brought, share what is left of the frame's palette.
    ///
    /// # Errors
    /// None so far; as the other formats.
    pub fn encode(&self, frames: Vec<Pixels>) -> Result<(Vec<u8>, u64), Error> {
        let own = self.own_colors();
        let mut out = write::start(self.size(), &[], self.loops);
        let mut screen = write::Shown::new(self.size());
        let mut frames = frames.into_iter().peekable();
        let mut images = self.images.iter();
        while let (Some(frame), Some(image)) = (frames.next(), images.next()) {
            screen.write(&mut out, &frame, frames.peek(), image.delay, &own);
        }
        out.push(blocks::TRAILER);
        Ok((out, self.other_bytes))
    }

    fn own_colors(&self) -> HashSet<[u8; 3]> {
        let locals = self.images.iter().filter_map(|image| image.palette);
        locals
            .chain([self.screen.palette])
            .flat_map(|colors| colors.chunks_exact(3))
            .filter_map(|color| color.first_chunk().copied())
            .collect()
    }

    /// The pixels of one image in red, green, blue and alpha.
    fn colored(&self, image: &Image) -> Result<Pixels, Error> {
        let colors = image.palette.unwrap_or(self.screen.palette);
        let (colors, _) = colors.as_chunks::<3>();
        let indices = image.indices()?;
        let mut data = Vec::with_capacity(indices.len() * 4);
        for index in indices {
            match colors.get(usize::from(index)) {
                _ if image.transparent == Some(index) => data.extend([0; 4]),
                Some([red, green, blue]) => data.extend([*red, *green, *blue, u8::MAX]),
                None => return Err(Error::corrupt("a pixel has a colour that is not in its palette")),
            }
        }
        Pixels::new(
            image.rect.width as u32,
            image.rect.height as u32,
            Color::Rgba,
            false,
            data,
        )
    }
}
