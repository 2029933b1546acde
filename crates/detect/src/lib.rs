//! Finds faces in an image: pixels in, boxes out. Knows one model, no files, no network, no AWS.
//!
//! The one thing to know: the image has to be **upright** (EXIF orientation already applied). The model was trained
//! on upright faces. Images in which no face is certain are looked at turned, too, but that is the fallback.
//!
//! ```
//! use gatehouse_detect::{Detector, Image, Options};
//!
//! let pixels = vec![128; 320 * 240 * 3]; // RGB, rows from top to bottom
//! let image = Image::new(320, 240, &pixels)?;
//!
//! let detector = Detector::embedded()?; // once per process
//! let faces = detector.detect(&image, &Options::default())?;
//! assert!(faces.is_empty(), "a grey wall has no face");
//! # Ok::<(), gatehouse_detect::Error>(())
//! ```
//!
//! A large photo need not be decoded in detail for that: [`Detector::detect_lazily`] asks for a coarse picture first, and
//! for a detailed one only if that leaves doubt.
//!
//! ```
//! use gatehouse_detect::{Detector, Error, Image, Options};
//!
//! # fn scaled_down(longest_side: u32) -> Vec<u8> {
//! #     vec![128; (longest_side * (longest_side * 3 / 4) * 3) as usize]
//! # }
//! let faces = Detector::embedded()?.detect_lazily(
//!     (4000, 3000),
//!     |sides| {
//!         let width = *sides.start(); // any size within these bounds, whichever costs the least
//!         let picture = Image::new(width, width * 3 / 4, scaled_down(width))?;
//!         Ok::<_, Error>(vec![picture])
//!     },
//!     &Options::default(),
//! )?;
//! # assert!(faces.is_empty());
//! # Ok::<(), Error>(())
//! ```

mod centerface;
mod decode;
mod detector;
mod doubt;
mod error;
mod face;
mod glance;
mod image;
mod plan;
mod resize;
mod sides;
mod turn;

pub use detector::{DEFAULT_THRESHOLD, Detector, Options, Tiles};
pub use error::Error;
pub use face::{Face, HEAD_MARGIN, union};
pub use image::Image;
pub use sides::{glance_sides, useful_sides};
