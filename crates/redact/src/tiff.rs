//! TIFF (6.0): its pages, each read strictly and written anew with the tags that show it as it was.

mod page;
mod samples;
mod write;

use page::Page;

use crate::metadata::tiff::Tiff as Structure;
use crate::pixels::Pixels;
use crate::{Error, KeepMetadata, Limits, Orientation};

/// Red, green, blue and alpha of two bytes each; twice, for the file that is written; three previews.
const BYTES_PER_PIXEL: u64 = 8 + 8 + 9;

/// A TIFF whose pages are known to be of a kind that can be read, and within the limits.
#[derive(Debug)]
pub(crate) struct Tiff<'a> {
    pages: Vec<Page<'a>>,
    orientation: Orientation,
    file_size: usize,
}

impl<'a> Tiff<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken. The compressed data is not looked at.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let structure = Structure::new(file).ok_or_else(|| Error::corrupt("it ends within its header"))?;
        let pages = page::all(structure, limits)?;
        let sizes: Vec<(u32, u32)> = pages.iter().map(|page| (page.width, page.height)).collect();
        limits.check_pages(&sizes, BYTES_PER_PIXEL)?;
        let orientation = pages.first().map(|page| page.exif.orientation).unwrap_or_default();
        if pages.iter().any(|page| page.exif.orientation != orientation) {
            return Err(Error::UnsupportedFormat("TIFF whose pages are turned differently"));
        }
        Ok(Self {
            pages,
            orientation,
            file_size: file.len(),
        })
    }

    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// Stored width and height of the first page in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.pages.first().map_or((0, 0), |page| (page.width, page.height))
    }

    /// The pages. Palettes become RGB.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Vec<Pixels>, Error> {
        self.pages.iter().map(samples::decode).collect()
    }

    /// The file with these pages, and how many bytes of it were neither picture nor metadata to keep.
    ///
    /// # Errors
    /// [`Error::Encoding`], when the file would be larger than TIFF can be.
    pub fn encode(&self, pages: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        let (mut out, mut other_bytes) = (write::Writer::new(), self.file_size);
        for (index, (page, pixels)) in self.pages.iter().zip(pages).enumerate() {
            // Texts are of the file, not of each page.
            let keep = if index == 0 { keep } else { KeepMetadata::OnlyNeeded };
            let overhead = out.add(page, &pixels, keep)?;
            other_bytes = other_bytes.saturating_sub(page.stored_bytes() + overhead);
        }
        Ok((out.finish(), other_bytes as u64))
    }
}
