//! BMP of Windows 3 and later ("DIB"), uncompressed: read strictly and written anew.

mod header;
mod write;

use header::{Header, Layout};

use crate::pixels::{Color, Pixels};
use crate::{Error, Limits};

/// A BMP whose header is known to be sound and within the limits, and whose pixels are all there.
#[derive(Debug)]
pub(crate) struct Bmp<'a> {
    header: Header<'a>,
    /// Rows as they are stored, padded to four bytes.
    rows: &'a [u8],
    file_size: usize,
}

impl<'a> Bmp<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or cut short.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let header = Header::read(file)?;
        limits.check_picture(header.width, header.height, 8)?;
        // The limits keep this within 64 bits.
        let size = header.row_bytes() as u64 * u64::from(header.height);
        let rows = usize::try_from(size).ok().and_then(|size| header.pixels.get(..size));
        Ok(Self {
            rows: rows.ok_or_else(header::cut_short)?,
            header,
            file_size: file.len(),
        })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.header.width, self.header.height)
    }

    /// Decodes the picture. Palettes become RGB. The fourth byte of a pixel of 32 bits is alpha if the header says so,
    /// or if it is not 0 throughout: some viewers take it for that.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Pixels, Error> {
        let masks = match &self.header.layout {
            Layout::Palette(colors) => return self.decode_palette(colors),
            Layout::Masks(masks) => masks,
        };
        let width = self.header.width as usize;
        let bytes = usize::from(self.header.bits / 8);
        let mut data = Vec::with_capacity(width * self.header.height as usize * 4);
        for row in self.rows_from_top() {
            for pixel in row.chunks_exact(bytes).take(width) {
                let mut word = [0; 4];
                word.iter_mut().zip(pixel).for_each(|(place, byte)| *place = *byte);
                data.extend(masks.samples(u32::from_le_bytes(word)));
            }
        }
        let pixels = Pixels::new(self.header.width, self.header.height, Color::Rgba, false, data)?;
        let is_unused = || pixels.data.iter().skip(3).step_by(4).all(|alpha| *alpha == 0);
        let no_alpha = !masks.has_alpha() || masks.alpha_is_a_guess && is_unused();
        Ok(if no_alpha { pixels.without_alpha() } else { pixels })
    }

    fn decode_palette(&self, colors: &[[u8; 3]]) -> Result<Pixels, Error> {
        let mut data = Vec::with_capacity(self.header.width as usize * self.header.height as usize * 3);
        for row in self.rows_from_top() {
            for index in self.indices(row) {
                let color = colors.get(usize::from(index));
                data.extend(color.ok_or_else(|| Error::corrupt("a pixel has a colour that is not in its palette"))?);
            }
        }
        Pixels::new(self.header.width, self.header.height, Color::Rgb, false, data)
    }

    /// The file with its pixels as they are, a palette included; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn untouched(&self, frames: &[Pixels]) -> Result<(Vec<u8>, u64), Error> {
        let Layout::Palette(colors) = &self.header.layout else {
            return self.encode(frames);
        };
        let rows: Vec<Vec<u8>> = self.rows_from_top().map(|row| self.indices(row).collect()).collect();
        Ok(self.counted(write::palette(&self.header, colors, &rows)))
    }

    /// The file with other pixels, of 24 bits or with alpha of 32; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn encode(&self, frames: &[Pixels]) -> Result<(Vec<u8>, u64), Error> {
        let pixels = frames
            .first()
            .ok_or_else(|| Error::Encoding("there is no picture".into()))?;
        Ok(self.counted(write::colors(&self.header, pixels)))
    }

    fn counted(&self, written: Vec<u8>) -> (Vec<u8>, u64) {
        let palette = match &self.header.layout {
            Layout::Palette(colors) => colors.len() * 4,
            Layout::Masks(_) => 0,
        };
        let kept = header::SMALLEST + palette + self.rows.len() + self.header.icc.map_or(0, <[u8]>::len);
        (written, self.file_size.saturating_sub(kept) as u64)
    }

    fn rows_from_top(&self) -> impl Iterator<Item = &'a [u8]> {
        let rows = self.rows.chunks_exact(self.header.row_bytes());
        let (down, up) = match self.header.top_down {
            true => (Some(rows), None),
            false => (None, Some(rows.rev())),
        };
        down.into_iter().flatten().chain(up.into_iter().flatten())
    }

    /// The palette index of each pixel of a row, the first in the highest bits.
    fn indices(&self, row: &'a [u8]) -> impl Iterator<Item = u8> + use<'a> {
        let bits = u32::from(self.header.bits);
        let mask = ((1_u16 << bits) - 1) as u8;
        let in_byte = move |byte: &u8| {
            let byte = *byte;
            (1..=8 / bits).map(move |place| byte >> (8 - place * bits) & mask)
        };
        row.iter().flat_map(in_byte).take(self.header.width as usize)
    }
}
